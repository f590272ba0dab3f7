import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import balanced_accuracy_score, f1_score, recall_score

from sentiment.model.decision import MultiDecision
from sentiment.training.decide import (
    choose_decision,
    choose_threshold,
    score,
    spread_to_neighbors,
)

SCORES = {
    "macro-f1": lambda labels, answers, **given: f1_score(
        labels, answers, average="macro", **given
    ),
    "balanced-accuracy": balanced_accuracy_score,
}


@pytest.mark.slow
@given(st.integers(0, 10**6), st.sampled_from(sorted(SCORES)), st.sampled_from([1, 2, 3]))
def test_no_threshold_is_expected_to_do_better(seed, objective, digits):
    """Each row stands for as many of both labels as its probability says: that is the expectation.

    Macro F1 of expected counts; balanced accuracy is linear in them.
    """
    p = np.random.default_rng(seed).beta(0.5, 1.0, 80).clip(0.001, 0.999).round(digits)
    p = p[(p > 0) & (p < 1)]
    labels, both = np.repeat([1, 0], p.size), np.tile(p, 2)
    weights = np.concatenate([p, 1 - p])

    def expected(cut):
        return SCORES[objective](labels, both >= cut, sample_weight=weights)

    chosen = expected(choose_threshold(p, objective))
    assert chosen == pytest.approx(max(expected(cut) for cut in [*p, 2]))


def test_it_varies_less_than_the_best_threshold_of_a_small_sample():
    random, chosen, best = np.random.default_rng(0), [], []
    for _ in range(200):
        p = random.beta(0.6, 1.8, 60)  # calibrated: labels are drawn by it
        labels = (random.random(60) < p).astype(int)
        chosen.append(choose_threshold(p, "macro-f1"))
        cuts = np.sort(p)
        best.append(
            cuts[np.argmax([score("macro-f1", (p >= cut).astype(int), labels, 2) for cut in cuts])]
        )
    assert np.std(chosen) < 0.5 * np.std(best)


def expected(objective: str, probabilities: np.ndarray, answers: np.ndarray) -> float:
    """The objective of answers over the labels that the probabilities say, by scikit-learn."""
    count, classes = probabilities.shape
    labels, weights = np.tile(np.arange(classes), count), probabilities.ravel()
    return SCORES[objective](labels, np.repeat(answers, classes), sample_weight=weights)


def drawn(seed: int, count: int, classes: int) -> np.ndarray:
    """Probabilities of classes of which the first is rare, some of them equal, [n, K]."""
    random = np.random.default_rng(seed)
    p = random.dirichlet([0.2, *[0.8] * (classes - 1)], count).round(random.integers(2, 6)) + 0.01
    return p / p.sum(axis=1, keepdims=True)


@pytest.mark.slow
@given(st.integers(0, 10**6), st.sampled_from(sorted(SCORES)), st.integers(3, 5))
def test_no_offset_is_expected_to_do_better_and_none_at_all_does_not(seed, objective, classes):
    p = drawn(seed, 12, classes)
    decision = choose_decision(p, objective)
    assert decision.offsets[0] == 0
    chosen = expected(objective, p, decision.choose(p))
    assert chosen >= expected(objective, p, MultiDecision().choose(p)) - 1e-9
    for label in range(classes):
        others = np.delete(np.log(p) - decision.offsets, label, axis=1).max(axis=1)
        margins = np.unique(np.log(p[:, label]) - others)
        for cut in (margins[1:] + margins[:-1]) / 2:
            offsets = np.array(decision.offsets)
            offsets[label] = cut
            other = MultiDecision(tuple(offsets)).choose(p)
            assert chosen >= expected(objective, p, other) - 1e-9


@pytest.mark.slow
@pytest.mark.parametrize("objective", sorted(SCORES))
def test_offsets_nearly_reach_the_best_of_all(objective):
    """Of three classes the best of all offsets is found by trying every pair of cuts."""
    lacking = []
    for seed in range(8):
        p = drawn(seed, 6, 3)
        logs = np.log(p)
        best = 0.0
        for first in np.sort(logs[:, 1] - logs[:, 0]):
            for second in np.sort(np.r_[logs[:, 2] - logs[:, 0], logs[:, 2] - logs[:, 1] + first]):
                for nudge in np.array(np.meshgrid([-1e-6, 1e-6], [-2e-6, 2e-6])).T.reshape(-1, 2):
                    offsets = (0.0, first + nudge[0], second + nudge[1])
                    answers = MultiDecision(offsets).choose(p)
                    best = max(best, expected(objective, p, answers))
        lacking.append(best - expected(objective, p, choose_decision(p, objective).choose(p)))
    assert np.mean(lacking) < 0.005


def test_labels_are_spread_to_their_neighbors_alone():
    found = spread_to_neighbors(np.eye(4))
    assert found.sum(axis=1) == pytest.approx(np.ones(4))
    apart = np.abs(np.subtract.outer(range(4), range(4)))
    assert ((found > 0) == (apart <= 1)).all()
    assert (found.argmax(axis=1) == range(4)).all()
    assert found[::-1, ::-1] == pytest.approx(found)


def test_the_most_likely_of_several_classes_is_most_accurate():
    assert choose_decision(drawn(0, 9, 3), "accuracy") == MultiDecision()


@given(st.lists(st.tuples(*[st.integers(0, 3)] * 2), min_size=1, max_size=40))
def test_what_several_classes_reach_is_what_scikit_learn_says(rows):
    answers, labels = np.array(rows).T
    assert score("accuracy", answers, labels, 4) == pytest.approx(np.mean(answers == labels))
    every = {"labels": range(4), "average": "macro", "zero_division": 0}
    assert score("macro-f1", answers, labels, 4) == pytest.approx(
        f1_score(labels, answers, **every)
    )
    recall = recall_score(labels, answers, **every)
    assert score("balanced-accuracy", answers, labels, 4) == pytest.approx(recall)


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=2, max_size=40))
def test_what_is_reached_is_what_scikit_learn_says(rows):
    answers, labels = np.array(rows).T
    if labels.all() or not labels.any():
        return
    theirs = f1_score(labels, answers, average="macro", zero_division=0)
    assert score("macro-f1", answers.astype(int), labels.astype(int), 2) == pytest.approx(theirs)


def test_for_accuracy_a_calibrated_probability_is_cut_in_half():
    assert choose_threshold(np.linspace(0, 1, 100), "accuracy") == 0.5


def test_where_all_rows_are_alike_the_threshold_stays():
    assert choose_threshold(np.zeros(9), "macro-f1") == 0.5
