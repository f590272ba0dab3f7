"""Shares that account for the model's errors: against reviews whose labels are known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentiment.evaluation.shares import ShareModel, adjusted, contrast, counted_shares
from sentiment.model.cells import ScoreCells


def drawn(random, labels, classes, apart=2.0):
    """Probabilities of reviews with these labels, by a model that is partial to the first class."""
    scores = random.normal(size=(labels.size, classes)) + apart * np.eye(classes)[labels]
    scores[:, 0] += 1
    p = np.exp(scores)
    return p / p.sum(axis=1, keepdims=True)


def shifted(random, classes, size):
    shares = random.dirichlet(np.full(classes, 2.0))
    return random.choice(classes, size, p=shares)


@pytest.mark.parametrize(("classes", "held_out"), [(2, 300), (3, 600)])
def test_the_true_share_is_inside_in_95_of_100_models_and_is_closer_than_counting(
    classes, held_out
):
    random = np.random.default_rng(classes)
    inside, errors, counted = [], [], []
    for _ in range(80):
        learned = random.choice(classes, held_out, p=[0.7, *[0.3 / (classes - 1)] * (classes - 1)])
        cells = ScoreCells.of(drawn(random, learned, classes), learned)
        labels = [shifted(random, classes, random.integers(200, 1500)) for _ in range(6)]
        scored = [drawn(random, each, classes) for each in labels]
        counts = [np.bincount(cells.index(p), minlength=cells.size) for p in scored]
        true = np.array([np.bincount(each, minlength=classes) / each.size for each in labels])
        found = ShareModel.of(cells).estimate(np.array(counts))
        inside.append((found.low <= true) & (true <= found.high))
        errors.append(np.abs(found.value - true))
        plain = [np.bincount(p.argmax(axis=1), minlength=classes) / len(p) for p in scored]
        counted.append(np.abs(np.array(plain) - true))
    assert 0.93 <= np.mean(inside) <= 0.975
    assert np.mean(errors) < 0.6 * np.mean(counted)


def test_intervals_shrink_with_held_out_reviews_and_with_reviews():
    random = np.random.default_rng(3)
    widths = {}
    for held_out, size in ((200, 400), (20_000, 400), (200, 20_000), (20_000, 20_000)):
        learned = random.integers(0, 2, held_out)
        cells = ScoreCells.of(drawn(random, learned, 2), learned)
        labels = random.integers(0, 2, size)
        counts = np.bincount(cells.index(drawn(random, labels, 2)), minlength=cells.size)
        found = ShareModel.of(cells).estimate(counts[None])
        widths[held_out, size] = float(np.ptp([found.low, found.high], axis=0).max())
    assert widths[20_000, 400] < widths[200, 400]
    assert widths[200, 20_000] < widths[200, 400]
    assert widths[20_000, 20_000] < 0.05


@settings(max_examples=25)
@given(st.lists(st.lists(st.integers(0, 1000), min_size=9, max_size=9), min_size=1, max_size=4))
def test_any_counts_give_shares_inside_their_intervals(rows):
    random = np.random.default_rng(0)
    learned = random.integers(0, 3, 60)
    cells = ScoreCells.of(drawn(random, learned, 3), learned)
    counts = np.zeros((len(rows), cells.size), np.int64)
    counts[:, : min(9, cells.size)] = np.array(rows)[:, : cells.size]
    counts[:, 0] += 1
    for found in (ShareModel.of(cells).estimate(counts), counted_shares(counts)):
        assert np.allclose(found.value.sum(axis=1), 1)
        assert (found.low <= found.value + 1e-12).all()
        assert (found.value <= found.high + 1e-12).all()
        assert (found.low >= 0).all()
        assert (found.high <= 1).all()


def test_classes_that_look_alike_have_wide_intervals():
    random = np.random.default_rng(0)
    learned = random.integers(0, 2, 500)
    p = drawn(random, np.zeros_like(learned), 2)
    cells = ScoreCells.of(p, learned)
    found = ShareModel.of(cells).estimate(cells.counts.sum(axis=0)[None])
    assert (found.high - found.low > 0.6).all()


def test_groups_are_estimated_alike_alone_and_together(monkeypatch):
    random = np.random.default_rng(1)
    learned = random.integers(0, 3, 500)
    cells = ScoreCells.of(drawn(random, learned, 3), learned)
    model = ShareModel.of(cells)
    counts = random.integers(0, 50, (20, cells.size))
    together = model.estimate(counts)
    monkeypatch.setattr("sentiment.evaluation.shares._BLOCK", 1)
    for one, other in zip(model.estimate(counts), together, strict=True):
        assert np.allclose(one, other, atol=1e-6)


@pytest.mark.parametrize("corrected", [True, False])
def test_equal_groups_rarely_differ_and_others_do(corrected):
    random = np.random.default_rng(5)
    learned = random.integers(0, 2, 800)
    cells = ScoreCells.of(drawn(random, learned, 2), learned)
    model = ShareModel.of(cells) if corrected else None

    def counts(share):
        labels = (random.random((200, 300)) < share).astype(np.int64)
        p = [drawn(random, each, 2) for each in labels]
        of_cells = [np.bincount(cells.index(each), minlength=cells.size) for each in p]
        answers = [np.bincount(each.argmax(axis=1), minlength=2) for each in p]
        return np.array(of_cells if corrected else answers)

    same, moved = (
        contrast(model, counts(0.3), counts(0.3)),
        contrast(model, counts(0.3), counts(0.5)),
    )
    assert np.mean(same.p[:, 1] < 0.05) < 0.1
    assert np.mean(moved.p[:, 1] < 0.05) > 0.9
    assert (moved.other > moved.share)[:, 1].mean() > 0.9


def test_a_rare_class_that_a_small_group_happens_to_lack_is_no_difference():
    random = np.random.default_rng(8)
    counts = random.multinomial(60, [0.03, 0.97], 2000)
    rest = random.multinomial(10_000, [0.03, 0.97], 2000)
    found = contrast(None, counts, rest)
    assert np.mean(found.p[:, 0] < 0.05) < 0.07
    assert adjusted(found.p[:, 0]).min() > 0.01


def in_two_groups(random, rows, seen):
    """Labels, groups, and probabilities; `seen` is how far the model reads the group in a text."""
    groups = random.integers(0, 2, rows)
    labels = (random.random(rows) < np.array([0.2, 0.7])[groups]).astype(np.int64)
    odds = 2 * random.normal(size=rows) + 4 * (labels - 0.5)
    odds += seen * np.log([0.2 / 0.8, 0.7 / 0.3])[groups]
    p = 1 / (1 + np.exp(-odds))
    return labels, groups, np.stack([1 - p, p], axis=1)


@pytest.mark.parametrize("seen", [0, 1])
def test_groups_that_the_texts_tell_are_not_corrected_twice(seen):
    random = np.random.default_rng(seen)
    labels, _, p = in_two_groups(random, 20_000, seen)
    cells = ScoreCells.of(p, labels)
    model = ShareModel.of(cells)
    inside, error, alone = [], [], []
    for _ in range(40):
        labels, groups, p = in_two_groups(random, 2000, seen)
        counts = np.zeros((2, cells.size), np.int64)
        np.add.at(counts, (groups, cells.index(p)), 1)
        true = np.array([labels[groups == each].mean() for each in (0, 1)])
        found = model.estimate_parts(counts, counts.sum(axis=0))
        inside.append((found.low[:, 1] <= true) & (true <= found.high[:, 1]))
        error.append(np.abs(found.value[:, 1] - true))
        alone.append(np.abs(model.estimate(counts).value[:, 1] - true))
    assert np.mean(inside) >= 0.95
    if seen:
        assert np.mean(error) < 0.5 * np.mean(alone)


def test_the_shares_of_groups_add_up_to_those_of_all():
    random = np.random.default_rng(4)
    learned = random.integers(0, 3, 600)
    cells = ScoreCells.of(drawn(random, learned, 3), learned)
    model, counts = ShareModel.of(cells), random.integers(1, 9, (5, cells.size))
    whole = counts.sum(axis=0)
    found = model.estimate_parts(counts, whole)
    total = model.estimate(whole[None])
    weights = counts.sum(axis=1) / counts.sum()
    assert np.allclose(weights @ found.value, total.value[0], atol=1e-6)
    assert np.allclose(model.parts(counts, whole), found.value)
    for one, other in zip(model.estimate_parts(whole[None], whole), total, strict=True):
        assert np.array_equal(one, other)


def test_a_cell_without_held_out_reviews_says_nothing():
    counts = np.array([[50, 5, 5, 0, 9, 9], [5, 50, 5, 0, 9, 9], [5, 5, 50, 0, 9, 9]])
    model = ShareModel.of(ScoreCells(((),) * 6, counts))
    one, other = model.estimate(np.array([[9, 9, 9, 0, 9, 9], [9, 9, 9, 9, 9, 9]])).value
    assert np.allclose(one, 1 / 3, atol=1e-3)
    assert np.allclose(other, 1 / 3, atol=1e-3)


def test_a_rare_class_that_a_small_group_happens_to_have_is_no_difference():
    random = np.random.default_rng(9)
    false = 0
    for _ in range(100):
        counts = random.multinomial(40, [0.4, 0.005, 0.595], 60)
        found = contrast(None, counts, counts.sum(axis=0) - counts)
        false += bool((adjusted(found.p.ravel()) <= 0.05).any())
    assert false <= 8
    many = contrast(None, np.array([[10, 20]]), np.array([[9_990, 10]]))
    assert many.p.max() < 1e-20


@settings(max_examples=50)
@given(st.lists(st.integers(0, 40), min_size=4, max_size=4))
def test_a_rare_class_is_tested_exactly(table):
    stats = pytest.importorskip("scipy.stats")
    counts, others = np.array([table[:2]]) + 1, np.array([table[2:]]) * 50 + 1
    found = contrast(None, counts, others).p
    expected = min(counts.sum(), others.sum()) * (counts + others) / (counts + others).sum()
    if expected.min() < 5:
        both = np.vstack([counts, others])
        tails = [stats.fisher_exact(both, alternative=way)[1] for way in ("less", "greater")]
        assert found.min() >= min(2 * min(tails), 1) * (1 - 1e-6)
        assert 0 <= found.min() <= found.max() <= 1


def test_adjusted_p_values_are_those_of_benjamini_and_hochberg():
    p = np.array([0.01, 0.04, 0.03, 0.005, 0.9])
    assert np.allclose(adjusted(p), [0.025, 0.05, 0.05, 0.025, 0.9])
    assert adjusted(np.zeros(0)).size == 0
