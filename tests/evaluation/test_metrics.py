import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.evaluation import find_overlap, measure
from sentiment.evaluation.calibration import calibration_error, calibration_noise


def test_figures_of_a_case_worked_out_by_hand():
    p = np.array([0.9, 0.8, 0.6, 0.4, 0.3, 0.1])
    labels = np.array([1, 0, 1, 1, 0, 0])
    metrics = measure(p, labels, 0.5)
    assert metrics.n == 6
    assert metrics.accuracy == pytest.approx(4 / 6)
    assert metrics.confusion.tolist() == [[2, 1], [1, 2]]
    assert metrics.positive.precision == pytest.approx(2 / 3)
    assert metrics.negative.recall == pytest.approx(2 / 3)
    assert metrics.macro_f1 == pytest.approx(2 / 3)
    assert metrics.roc_auc == pytest.approx(7 / 9)
    expected = -np.mean(np.log([0.9, 0.2, 0.6, 0.4, 0.7, 0.9]))
    assert metrics.log_loss == pytest.approx(expected)


def test_one_class_alone_has_no_roc_auc_and_nothing_fails():
    metrics = measure(np.array([0.9, 0.2]), np.array([1, 1]), 0.5)
    assert metrics.roc_auc is None
    assert (metrics.negative.support, metrics.negative.f1) == (0, 0)


def test_json_is_flat_but_for_the_confusion_matrix():
    flat = measure(np.array([0.9, 0.2]), np.array([1, 0]), 0.5).as_json()
    assert {"accuracy", "macro_f1", "roc_auc", "log_loss", "n", "f1_positive"} <= set(flat)
    assert all(isinstance(v, int | float) for k, v in flat.items() if k != "confusion_matrix")


@given(st.lists(st.integers(0, 50), max_size=30), st.lists(st.integers(0, 50), max_size=30))
def test_overlap_counts_evaluated_rows_that_were_trained_on(trained, evaluated):
    seen = np.unique(np.array(trained, np.uint64))
    overlap = find_overlap(seen, 1000, np.array(evaluated, np.uint64))
    assert overlap.found == sum(row in trained for row in evaluated)
    assert overlap.checked == len(evaluated)


def test_of_a_sketch_only_what_it_can_tell_is_checked():
    overlap = find_overlap(np.array([1, 3, 5], np.uint64), 3, np.array([1, 2, 5, 6, 7], np.uint64))
    assert (overlap.found, overlap.checked) == (2, 3)


def test_calibration_error_of_a_case_worked_out_by_hand():
    # Two bins: 0.9 said and 1 of 2 positive; 0.1 said and 0 of 2 positive.
    p, labels = np.array([0.9, 0.9, 0.1, 0.1]), np.array([1, 0, 0, 0])
    assert calibration_error(p, labels) == pytest.approx((0.4 * 2 + 0.1 * 2) / 4)
    assert measure(p, labels, 0.5).brier == pytest.approx((0.01 + 0.81 + 0.01 + 0.01) / 4)


def test_the_noise_of_calibration_is_what_a_perfect_model_shows_on_average():
    random = np.random.default_rng(0)
    p = random.beta(0.5, 0.5, 2000)
    shown = [calibration_error(p, random.random(2000) < p) for _ in range(300)]
    assert calibration_noise(p) == pytest.approx(np.mean(shown), rel=0.05)


def test_certainty_that_is_right_has_no_calibration_error():
    p = np.array([0.0, 1.0])
    assert (calibration_error(p, np.array([0, 1])), calibration_noise(p)) == (0, 0)
