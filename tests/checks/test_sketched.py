"""New texts against the sketch that a model keeps of its training texts."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.checks.drift import Sample, unknown_words
from sentiment.checks.sketched import calmed, drift_from
from sentiment.checks.sketched import unknown_words as estimated_unknown_words
from sentiment.model.sketch import (
    SKETCHED,
    HeldOutScores,
    TextSketch,
    hashes_of_words,
    words_of_text,
)
from tests.checks.helpers import PLAIN, made
from tests.checks.test_drift import NAMES, SEA, halves, sample


def sketch_of(reference: Sample) -> TextSketch:
    assert reference.probabilities is not None
    labels = np.arange(len(reference.texts)) % 2
    return TextSketch.of(reference.texts, HeldOutScores.of(reference.probabilities, labels))


def test_new_words_raise_an_alarm_and_are_named():
    found = drift_from(sketch_of(sample(100, 1)), sample(100, 2, SEA), NAMES, ["hotel room"])
    assert "words" in found.differing
    assert {move.word for move in found.came} <= set(SEA)
    assert {move.word for move in found.went} == {"hotel", "room"}  # the phrases name no others
    assert found.unknown_words > 0.5 > found.unknown_expected
    assert found.sketched


def test_scores_and_lengths_are_compared():
    old, new = sample(200, 1), sample(200, 2)
    assert old.probabilities is not None
    surer = old.probabilities**4 / (old.probabilities**4).sum(axis=1, keepdims=True)
    assert "scores" in drift_from(sketch_of(old), Sample(new.texts, surer), NAMES).differing
    longer = Sample([f"{text} {text}" for text in new.texts], new.probabilities)
    assert "lengths" in drift_from(sketch_of(old), longer, NAMES).differing


def test_texts_of_one_kind_raise_an_alarm_about_as_rarely_as_asked():
    alarms = 0
    for seed in range(60):
        old, new = halves(40, seed)
        alarms += bool(drift_from(sketch_of(old), new, NAMES).differing)
    assert alarms <= 9  # of a binomial with 5%: more in 1 of 1,000


@pytest.mark.slow
def test_the_share_of_false_alarms_is_the_limit():
    alarms = 0
    for seed in range(600):
        old, new = halves(60, seed)
        alarms += bool(drift_from(sketch_of(old), new, NAMES).differing)
    assert 10 <= alarms <= 48  # fewer than 5%, since scores may be calmed


def test_new_scores_a_little_surer_are_of_one_kind_with_held_out_ones():
    old, new = sample(1_000, 1), sample(1_000, 2)
    assert old.probabilities is not None
    assert new.probabilities is not None
    scores = HeldOutScores.of(old.probabilities, np.zeros(1_000, int))
    assert scores is not None
    surer = new.probabilities ** (1 / 0.85)
    surer /= surer.sum(axis=1, keepdims=True)
    assert np.abs(calmed(scores, surer) - new.probabilities).max() < 0.03


def test_without_held_out_scores_only_texts_are_compared():
    found = drift_from(sketch_of(sample(50, 1)).without_scores(), sample(50, 2), NAMES)
    assert set(found.p_values) == {"words", "lengths"}
    assert (found.score_distance, found.accuracy, found.accuracy_expected) == (None, None, None)


def test_accuracy_is_estimated_by_confidence():
    old = sample(500, 1)
    sketch = sketch_of(old)
    assert sketch.scores is not None
    found = drift_from(sketch, old, NAMES)
    assert found.accuracy == sketch.scores.accuracy
    assert found.accuracy_expected == pytest.approx(found.accuracy, abs=0.03)


def test_a_sketch_of_few_texts_knows_every_word():
    texts, _ = made(40, 1)
    old = [words_of_text(text) for text in texts]
    new = [words_of_text(text) for text in made(30, 2, [*PLAIN[:6], *SEA[:3]])[0]]
    counted: dict[str, int] = {}
    for words in new:
        for word in words:
            counted[word] = counted.get(word, 0) + 1
    hashes = dict(zip(counted, hashes_of_words(list(counted)).tolist(), strict=True))
    sketch = TextSketch.of(texts, None)
    assert sketch.has_all_words
    exact, _ = unknown_words(old, new)
    assert estimated_unknown_words(sketch, counted, hashes) == pytest.approx(exact)


def test_a_sketch_of_many_words_estimates_the_unknown_ones():
    random = np.random.default_rng(0)
    weights = 1 / np.arange(1, 30_001)
    weights /= weights.sum()

    def texts(count: int) -> list[str]:
        return [
            " ".join(f"w{k}" for k in random.choice(30_000, 40, p=weights)) for _ in range(count)
        ]

    old, new = texts(1_000), Sample(texts(300), None)
    exact, expected = unknown_words(
        [words_of_text(text) for text in old], [words_of_text(text) for text in new.texts]
    )
    sketch = TextSketch.of(old, None)
    assert not sketch.has_all_words
    found = drift_from(sketch, new, NAMES)
    assert found.unknown_words == pytest.approx(exact, abs=0.05)
    assert found.unknown_expected == pytest.approx(expected)
    assert sum(tensor.nbytes for tensor in sketch.tensors().values()) < 32_000


def test_counts_of_words_are_exact_or_an_upper_limit():
    texts = [f"a b{k} c{k} d{k}" for k in range(SKETCHED)]
    sketch = TextSketch.of(texts, None)
    hashes = hashes_of_words(["a", *(f"b{k}" for k in range(SKETCHED)), "never"])
    counts, known = sketch.counts(hashes), sketch.checkable(hashes)
    assert counts[0] == SKETCHED
    assert set(counts[1:-1].tolist()) == {1}
    assert 0 < known.sum() < known.size
    assert counts[-1] == (0 if known[-1] else 1)


@given(st.lists(st.text(max_size=30), min_size=1, max_size=12))
def test_any_texts_come_back_from_a_file_as_they_are(texts):
    sketch = TextSketch.of(texts, None)
    back = TextSketch.read(sketch.document(), sketch.tensors(), 2)
    assert back.document() == sketch.document()
    assert all((back.tensors()[name] == each).all() for name, each in sketch.tensors().items())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sketch.buckets", np.zeros(3, np.float32)),
        ("sketch.frequent", np.array([5, 5], np.uint64)),
        ("sketch.frequent", np.array([1 << 23], np.uint64)),
        ("sketch.lengths", np.array([2.0, 1.0], np.float32)),
        ("sketch.scores", np.zeros((4, 3), np.float32)),
    ],
)
def test_a_damaged_sketch_is_refused(name, value):
    sketch = sketch_of(sample(40, 1))
    with pytest.raises(ValueError, match="sketch"):
        TextSketch.read(sketch.document(), sketch.tensors() | {name: value}, 2)


def test_held_out_scores_of_too_few_reviews_are_none():
    assert HeldOutScores.of(np.full((19, 2), 0.5), np.zeros(19, int)) is None


def test_many_classes_are_bounded():
    random = np.random.default_rng(0)
    p = random.dirichlet(np.ones(50), 2_000)
    scores = HeldOutScores.of(p, random.integers(0, 50, 2_000))
    assert scores is not None
    assert scores.values.nbytes <= 50 * 32 * 4
    names = [str(k) for k in range(50)]
    sketch = replace(TextSketch.of(made(50, 1)[0], None), scores=scores)
    found = drift_from(sketch, Sample(made(60, 2)[0], p[:60]), names)
    assert set(found.shares) == set(names)
