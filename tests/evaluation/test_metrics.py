import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sklearn import metrics as sklearn
from sklearn.dummy import DummyClassifier

from sentiment.evaluation.metrics import Evaluation, calibration_error, calibration_noise
from sentiment.evaluation.slices import slices_of


def test_figures_of_a_case_worked_out_by_hand():
    p = np.array([0.9, 0.8, 0.6, 0.4, 0.3, 0.1])
    labels = np.array([1, 0, 1, 1, 0, 0])
    found = Evaluation(p, labels, 0.5).as_json()
    assert found["confusion_matrix"] == [[2, 1], [1, 2]]
    expected = {
        "n": 6,
        "accuracy": 4 / 6,
        "precision_positive": 2 / 3,
        "recall_negative": 2 / 3,
        "macro_f1": 2 / 3,
        "roc_auc": 7 / 9,
        "log_loss": -np.mean(np.log([0.9, 0.2, 0.6, 0.4, 0.7, 0.9])),
    }
    assert {name: found[name] for name in expected} == pytest.approx(expected)


@given(
    st.lists(
        st.tuples(st.integers(0, 20).map(lambda n: n / 20) | st.floats(0, 1), st.integers(0, 1)),
        min_size=1,
        max_size=60,
    ),
    st.sampled_from([0, 0.3, 0.5, 1]),
)
@example([(0.5, 1)], 0.5)
@example([(0.2, 0), (0.2, 1)], 0.5)
def test_every_figure_is_that_of_scikit_learn(rows, threshold):
    p, labels = (np.array(column) for column in zip(*rows, strict=True))
    answers = (p >= threshold).astype(int)
    precision, recall, f1, support = sklearn.precision_recall_fscore_support(
        labels, answers, labels=[0, 1], zero_division=0
    )
    both = len(set(labels)) == 2
    dummy = DummyClassifier(strategy="most_frequent").fit(p[:, None], labels)
    constant = dummy.predict(p[:, None])
    expected = {
        "n": len(rows),
        "threshold": threshold,
        "accuracy": sklearn.accuracy_score(labels, answers),
        "macro_f1": f1.mean() if both else None,
        "mcc": sklearn.matthews_corrcoef(labels, answers) if both else None,
        "roc_auc": sklearn.roc_auc_score(labels, p) if both else None,
        "pr_auc": sklearn.average_precision_score(labels, p) if both else None,
        "constant_accuracy": sklearn.accuracy_score(labels, constant),
        "constant_macro_f1": sklearn.f1_score(labels, constant, average="macro") if both else None,
        "log_loss": sklearn.log_loss(labels, p, labels=[0, 1]),
        "brier": sklearn.brier_score_loss(labels, p, pos_label=1),
    }
    for label, name in enumerate(("negative", "positive")):
        here, answered = support[label] > 0, bool((answers == label).any())
        expected |= {
            f"precision_{name}": precision[label] if here and answered else None,
            f"recall_{name}": recall[label] if here else None,
            f"f1_{name}": f1[label] if here else None,
            f"support_{name}": support[label],
        }
    found = Evaluation(p, labels, threshold).as_json()
    matrix = sklearn.confusion_matrix(labels, answers, labels=[0, 1]).tolist()
    assert found.pop("confusion_matrix") == matrix
    assert set(found) - set(expected) == {"ece", "ece_floor"}
    for name, value in expected.items():
        assert found[name] == (value if value is None else pytest.approx(value, abs=1e-9)), name


def test_an_undefined_metric_is_none_in_figures_slices_and_intervals():
    p, labels = np.array([0.9, 0.2, 0.8]), np.array([1, 1, 1])
    found = Evaluation(p, labels, 0.5).as_json()
    (part,) = slices_of(["x"] * 3, labels, (p >= 0.5).astype(int))
    intervals = Evaluation(p, labels, 0.5).intervals
    assert found.pop("constant_macro_f1") is None
    absent = {name for name, value in found.items() if value is None}
    assert absent == {
        "macro_f1", "mcc", "roc_auc", "pr_auc", "precision_negative", "recall_negative",
        "f1_negative",
    }  # fmt: skip
    assert absent - {"roc_auc", "pr_auc"} == {
        name for name, value in part.figures.items() if value is None
    }
    assert {name: intervals[name] for name in absent} == dict.fromkeys(absent)


def test_json_is_flat_but_for_the_confusion_matrix():
    flat = Evaluation(np.array([0.9, 0.2]), np.array([1, 0]), 0.5).as_json()
    assert {"accuracy", "macro_f1", "roc_auc", "log_loss", "n", "f1_positive"} <= set(flat)
    assert all(isinstance(v, int | float) for k, v in flat.items() if k != "confusion_matrix")


def test_calibration_error_of_a_case_worked_out_by_hand():
    # Two bins: 0.9 said and 1 of 2 positive; 0.1 said and 0 of 2 positive.
    p, labels = np.array([0.9, 0.9, 0.1, 0.1]), np.array([1, 0, 0, 0])
    assert calibration_error(p, labels) == pytest.approx((0.4 * 2 + 0.1 * 2) / 4)
    assert Evaluation(p, labels, 0.5).figures["brier"] == pytest.approx(
        (0.01 + 0.81 + 0.01 + 0.01) / 4
    )


def test_the_noise_of_calibration_is_what_a_perfect_model_shows_on_average():
    random = np.random.default_rng(0)
    p = random.beta(0.5, 0.5, 2000)
    shown = [calibration_error(p, random.random(2000) < p) for _ in range(300)]
    assert calibration_noise(p) == pytest.approx(np.mean(shown), rel=0.05)


def test_certainty_that_is_right_has_no_calibration_error():
    p = np.array([0.0, 1.0])
    assert (calibration_error(p, np.array([0, 1])), calibration_noise(p)) == (0, 0)
