import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from sentiment.evaluation import NO_ANSWER, Side, compare, measure
from sentiment.evaluation.comparison import mcnemar


def side(p):
    return Side((p >= 0.5).astype(np.int64), p)


@given(st.integers(0, 3000), st.integers(0, 3000))
def test_mcnemar_is_the_exact_binomial_test(only_a, only_b):
    n = only_a + only_b
    expected = binomtest(only_a, n).pvalue if n else 1.0
    assert mcnemar(only_a, only_b) == pytest.approx(expected, rel=1e-6, abs=1e-200)


def test_one_compared_with_itself_differs_in_nothing():
    p = np.linspace(0.1, 0.9, 50)
    found = compare(side(p), side(p), np.resize([0, 1], 50))
    assert [(each.difference, each.interval) for each in found.figures.values()] == [
        (0, (0, 0))
    ] * 3
    assert (found.p_value, found.unlike.size) == (1, 0)


def test_figures_are_those_that_measure_gives():
    random = np.random.default_rng(0)
    p, q, labels = random.random(80), random.random(80), random.integers(0, 2, 80)
    found = compare(side(p), side(q), labels)
    a, b = measure(p, labels, 0.5), measure(q, labels, 0.5)
    for name, each in found.figures.items():
        assert (each.a, each.b) == pytest.approx((getattr(a, name), getattr(b, name)))
        assert each.interval[0] < each.difference < each.interval[1]
    assert found.right.sum() == 80


def test_the_one_that_is_clearly_better_is_told():
    labels = np.resize([0, 1], 400)
    good = np.where(np.arange(400) % 10 == 0, 1 - labels, labels) * 0.8 + 0.1
    bad = np.where(np.arange(400) % 4 == 0, 1 - labels, labels) * 0.8 + 0.1
    found = compare(side(bad), side(good), labels)
    assert found.p_value < 0.001
    assert found.figures["accuracy"].interval[0] > 0
    assert found.figures["log_loss"].interval[1] < 0


def test_no_answer_is_a_wrong_one_and_probabilities_are_not_needed():
    labels = np.array([0, 1, 1, 0])
    found = compare(Side(labels.copy()), Side(np.array([0, 1, NO_ANSWER, NO_ANSWER])), labels)
    assert found.figures["accuracy"].b == 0.5
    assert found.figures["macro_f1"].b == pytest.approx(2 / 3)
    assert "log_loss" not in found.figures
    assert found.unlike.tolist() == [2, 3]


def test_those_that_are_furthest_apart_come_first():
    a, b = np.array([0.4, 0.1, 0.9, 0.6]), np.array([0.6, 0.9, 0.8, 0.1])
    assert compare(side(a), side(b), np.array([0, 1, 1, 0])).unlike.tolist() == [1, 3, 0]
