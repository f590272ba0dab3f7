import numpy as np
import pytest

from sentiment.model.component import Calibration, sigmoid


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
