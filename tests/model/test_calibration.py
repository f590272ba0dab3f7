import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression

from sentiment.model.component import (
    Calibration,
    fit_logistic,
    fit_softmax,
    probabilities_of,
    sigmoid,
    smoothed,
)


def test_an_overconfident_model_is_brought_back_to_the_truth():
    random = np.random.default_rng(0)
    true_logits = random.normal(0, 2, 50_000) + 0.5
    labels = (random.random(50_000) < sigmoid(true_logits)).astype(int)
    logits = (3 * true_logits - 1)[:, None]
    fitted = Calibration.fit(logits, labels)
    assert fitted.slope == pytest.approx(1 / 3, rel=0.05)
    assert fitted.probabilities(logits)[:, 1] == pytest.approx(sigmoid(true_logits), abs=0.02)


def test_perfectly_separated_rows_keep_the_slope_finite():
    logits = np.array([[-2.0], [-1.0], [1.0], [2.0]])
    p = Calibration.fit(logits, np.array([0, 0, 1, 1])).probabilities(logits)[:, 1]
    assert 0.5 < p[2] < 0.95


def test_a_model_that_is_wrong_everywhere_is_not_turned_round():
    logits = np.array([[2.0], [1.0], [-1.0], [-2.0]])
    assert Calibration.fit(logits, np.array([0, 0, 1, 1])) == Calibration()


def test_the_sigmoid_does_not_overflow():
    assert sigmoid(np.array([-1e9, 0.0, 1e9])).tolist() == [0.0, 0.5, 1.0]


def some_logits(seed: int, classes: int, rows: int = 60) -> tuple[np.ndarray, np.ndarray]:
    """Return logits, [n, K − 1], and labels drawn by them, every class among them."""
    random = np.random.default_rng(seed)
    logits = random.normal(0, 2, (rows, classes - 1)) + random.normal(size=classes - 1)
    p = probabilities_of(0.5 * logits + 0.3)
    labels = (random.random((rows, 1)) > p.cumsum(axis=1)).sum(axis=1).clip(0, classes - 1)
    labels[:classes] = range(classes)
    return logits, labels


@settings(max_examples=25)  # scikit-learn takes 40 ms
@given(st.integers(0, 10**6), st.integers(2, 5))
def test_log_odds_that_are_linear_are_fitted_as_scikit_learn_does(seed, classes):
    rows, labels = some_logits(seed, classes)
    inputs = np.concatenate((rows[:, :2], np.ones((len(rows), 1))), axis=1)
    size = inputs.shape[1]
    design = np.zeros((len(rows), classes - 1, (classes - 1) * size))
    for label in range(classes - 1):  # each class has its own coefficients
        design[:, label, label * size :][:, :size] = inputs
    none = np.zeros(design.shape[2])
    weights = np.random.default_rng(seed).integers(1, 4, len(rows)).astype(float)
    fitted = fit_softmax(design, np.eye(classes)[labels], none, none, weights)
    found = probabilities_of(design @ fitted)
    regression = LogisticRegression(C=np.inf, tol=1e-10, max_iter=10_000)
    theirs = regression.fit(rows[:, :2], labels, weights)
    assert found == pytest.approx(theirs.predict_proba(rows[:, :2]), abs=1e-4)


@given(st.integers(0, 10**6), st.booleans())
def test_two_classes_are_fitted_alike_by_both(seed, prior):
    random = np.random.default_rng(seed)
    design, targets, weights = random.normal(size=(40, 3)), random.random(40), random.random(40)
    mean, precision = (random.random(3), 2 * random.random(3)) if prior else np.zeros((2, 3))
    both = np.stack((1 - targets, targets), axis=1)
    found = fit_softmax(design[:, None], both, mean, precision, weights)
    expected = fit_logistic(design, targets, mean, precision, weights)
    assert found == pytest.approx(expected, abs=1e-8)


@given(st.integers(0, 10**6), st.integers(2, 6))
def test_no_other_slope_and_intercepts_are_likelier(seed, classes):
    logits, labels = some_logits(seed, classes)
    weights = np.random.default_rng(seed).integers(1, 4, len(labels)).astype(float)
    fitted = Calibration.fit(logits, labels, weights)

    def loss(calibration: Calibration) -> float:
        logs = np.log(calibration.probabilities(logits))
        return -(weights[:, None] * smoothed(labels, classes, weights) * logs).sum()

    if fitted == Calibration():
        return
    best = minimize(
        lambda each: loss(Calibration(each[0], tuple(each[1:]))), [1.0, *[0.0] * (classes - 1)]
    )
    assert loss(fitted) == pytest.approx(best.fun, rel=1e-5)


def test_platt_s_targets_of_two_classes_are_those_of_more():
    labels = np.array([0, 0, 0, 1])
    assert smoothed(labels, 2, np.ones(4))[:, 1] == pytest.approx([1 / 5, 1 / 5, 1 / 5, 2 / 3])


def test_perfectly_separated_classes_keep_the_slope_finite():
    labels = np.repeat([0, 1, 2], 10)
    every = 50 * np.eye(3)[labels]
    logits = every[:, 1:] - every[:, :1]
    p = Calibration.fit(logits, labels).probabilities(logits)
    assert (p.argmax(axis=1) == labels).all()
    assert p.max(axis=1) == pytest.approx(11 / 12, abs=0.02)


def test_three_classes_that_are_wrong_everywhere_are_not_reversed():
    labels = np.repeat([0, 1, 2], 10)
    logits = -4 * np.eye(3)[labels]
    assert Calibration.fit(logits[:, 1:] - logits[:, :1], labels) == Calibration()


def test_the_softmax_does_not_overflow():
    p = probabilities_of(np.array([[-1e9, 0.0], [1e9, 1e9], [np.nan, np.nan]]))
    assert p[:2].tolist() == [[0.5, 0.0, 0.5], [0.0, 0.5, 0.5]]
    assert np.isnan(p[2]).all()
