import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from sentiment.evaluation.ranking import POINTS, Ranks, precision_recall_curve, roc_curve
from sentiment.evaluation.reliability import calibration_error, reliability_of

# Rows of a score and a label, equal scores among them, both labels at the least once.
ROWS = st.lists(st.tuples(st.integers(0, 20), st.integers(0, 1)), max_size=80).map(
    lambda rows: np.array([*rows, (3, 0), (4, 1)]).T
)


def drawn(n: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(1)
    p_positive = random.beta(0.5, 0.5, n)
    return p_positive, (random.random(n) < p_positive).astype(np.int8)


@given(ROWS)
def test_the_points_are_those_of_scikit_learn(rows):
    scores, labels = rows[0] / 20, rows[1]
    roc = roc_curve(Ranks.of(scores, labels))
    false, true, _ = metrics.roc_curve(labels, scores, drop_intermediate=False)
    assert (roc.x.tolist(), roc.y.tolist()) == (
        pytest.approx(false.tolist()),
        pytest.approx(true.tolist()),
    )
    curve = precision_recall_curve(Ranks.of(scores, labels))
    precision, recall, _ = metrics.precision_recall_curve(labels, scores)
    assert curve.x[::-1].tolist() == pytest.approx(recall[:-1].tolist())
    assert curve.y[::-1].tolist() == pytest.approx(precision[:-1].tolist())


def test_thousands_of_points_become_hundreds_that_look_the_same():
    p_positive, labels = drawn(20_000)
    ranks = Ranks.of(p_positive, labels)
    roc, curve = roc_curve(ranks), precision_recall_curve(ranks)
    assert max(roc.x.size, curve.x.size) <= POINTS
    assert (roc.x[0], roc.y[0], roc.x[-1], roc.y[-1]) == (0, 0, 1, 1)
    assert np.trapezoid(roc.y, roc.x) == pytest.approx(
        metrics.roc_auc_score(labels, p_positive), abs=1e-3
    )
    assert np.trapezoid(curve.y, curve.x) == pytest.approx(
        metrics.average_precision_score(labels, p_positive), abs=5e-3
    )


def test_reliability_adds_up_to_the_calibration_error():
    p_positive, labels = drawn(3_000)
    bins = reliability_of(p_positive**2, labels)
    gap = np.sum(bins.n * np.abs(bins.mean_predicted - bins.fraction_positive)) / bins.n.sum()
    assert gap == pytest.approx(calibration_error(p_positive**2, labels))
    assert np.all((bins.low < bins.fraction_positive) & (bins.fraction_positive < bins.high))


def test_reliability_of_ten_right_answers_is_no_certainty():
    bins = reliability_of(np.full(10, 0.99), np.ones(10, np.int8))
    assert (bins.n.tolist(), bins.fraction_positive.tolist(), bins.high.tolist()) == (
        [10],
        [1],
        [1],
    )
    assert bins.low[0] == pytest.approx(0.7225, abs=1e-4)  # Wilson's interval of 10 out of 10
