import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import balanced_accuracy_score, f1_score

from sentiment.training.decide import choose_threshold

SCORES = {
    "macro-f1": lambda labels, answers: f1_score(labels, answers, average="macro"),
    "balanced-accuracy": balanced_accuracy_score,
}


@given(st.integers(0, 10**6), st.sampled_from(sorted(SCORES)), st.sampled_from([1, 2, 3]))
def test_no_threshold_does_better_on_the_held_out_rows(seed, objective, digits):
    random = np.random.default_rng(seed)
    labels = np.repeat([0, 1], [60, 25])
    p = np.clip(random.normal(0.3 + 0.3 * labels, 0.2), 0, 1).round(digits)
    score = SCORES[objective]
    chosen = score(labels, p >= choose_threshold(p, labels, objective))
    best = max(score(labels, p >= cut) for cut in [*p, 2])
    assert chosen == pytest.approx(best)


def test_for_accuracy_a_calibrated_probability_is_cut_in_half():
    p, labels = np.linspace(0, 1, 100), np.repeat([0, 1], 50)
    assert choose_threshold(p, labels, "accuracy") == 0.5


def test_a_handful_of_rows_does_not_move_the_threshold():
    p, labels = np.linspace(0, 0.4, 100), np.repeat([0, 1], [95, 5])
    assert choose_threshold(p, labels, "macro-f1") == 0.5
