import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import balanced_accuracy_score, f1_score

from sentiment.training.decide import choose_threshold, score

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
