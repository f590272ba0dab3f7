import warnings

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sklearn import metrics as sklearn
from sklearn.dummy import DummyClassifier

from sentiment.evaluation.metrics import Evaluation, metrics_for, of_two
from sentiment.evaluation.reliability import calibration_error, calibration_noise
from sentiment.evaluation.slices import slices_of
from sentiment.labels import WITH_NEUTRAL, LabelSet
from sentiment.model.decision import Decision, MultiDecision


def evaluation(p, labels, threshold=0.5):
    return Evaluation(of_two(p), labels, Decision(threshold))


def test_figures_of_a_case_worked_out_by_hand():
    p = np.array([0.9, 0.8, 0.6, 0.4, 0.3, 0.1])
    labels = np.array([1, 0, 1, 1, 0, 0])
    found = evaluation(p, labels).as_json()
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


@settings(max_examples=50)
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
    found = evaluation(p, labels, threshold).as_json()
    matrix = sklearn.confusion_matrix(labels, answers, labels=[0, 1]).tolist()
    assert found.pop("confusion_matrix") == matrix
    assert set(found) - set(expected) == {"ece", "ece_floor"}
    for name, value in expected.items():
        assert found[name] == (value if value is None else pytest.approx(value, abs=1e-9)), name


def test_an_undefined_metric_is_none_in_figures_slices_and_intervals():
    p, labels = np.array([0.9, 0.2, 0.8]), np.array([1, 1, 1])
    found = evaluation(p, labels).as_json()
    (part,) = slices_of(["x"] * 3, labels, (p >= 0.5).astype(int))
    intervals = evaluation(p, labels).intervals
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
    flat = evaluation(np.array([0.9, 0.2]), np.array([1, 0])).as_json()
    assert {"accuracy", "macro_f1", "roc_auc", "log_loss", "n", "f1_positive"} <= set(flat)
    assert all(isinstance(v, int | float) for k, v in flat.items() if k != "confusion_matrix")


def test_calibration_error_of_a_case_worked_out_by_hand():
    # Two bins: 0.9 said and 1 of 2 positive; 0.1 said and 0 of 2 positive.
    p, labels = np.array([0.9, 0.9, 0.1, 0.1]), np.array([1, 0, 0, 0])
    assert calibration_error(p, labels) == pytest.approx((0.4 * 2 + 0.1 * 2) / 4)
    assert evaluation(p, labels).figures["brier"] == pytest.approx((0.01 + 0.81 + 0.01 + 0.01) / 4)


def test_the_noise_of_calibration_is_what_a_perfect_model_shows_on_average():
    random = np.random.default_rng(0)
    p = random.beta(0.5, 0.5, 2000)
    shown = [calibration_error(p, random.random(2000) < p) for _ in range(300)]
    assert calibration_noise(p) == pytest.approx(np.mean(shown), rel=0.05)


def test_certainty_that_is_right_has_no_calibration_error():
    p = np.array([0.0, 1.0])
    assert (calibration_error(p, np.array([0, 1])), calibration_noise(p)) == (0, 0)


STARS = LabelSet(("1", "2", "4", "5"), ordered=True)
WORDS = LabelSet(("joy", "anger", "fear"))
# Rows of a label and of weights of each class.
ROWS_OF_MANY = st.sampled_from([WITH_NEUTRAL, STARS, WORDS]).flatmap(
    lambda label_set: st.tuples(
        st.just(label_set),
        st.lists(
            st.tuples(
                st.integers(0, len(label_set) - 1),
                st.lists(st.integers(1, 20), min_size=len(label_set), max_size=len(label_set)),
            ),
            min_size=1,
            max_size=60,
        ),
        st.sampled_from([0.0, 0.7]),
    )
)


@settings(max_examples=30)
@given(ROWS_OF_MANY)
def test_every_figure_of_many_classes_is_that_of_scikit_learn(drawn):
    label_set, rows, offset = drawn
    labels = np.array([label for label, _ in rows])
    weights = np.array([each for _, each in rows], float)
    p, every = weights / weights.sum(axis=1, keepdims=True), list(range(len(label_set)))
    decision = MultiDecision((offset, *(0.0 for _ in every[1:])))
    answers = decision.choose(p)
    found = Evaluation(p, labels, decision, label_set).as_json()
    precision, recall, f1, support = sklearn.precision_recall_fscore_support(
        labels, answers, labels=every, zero_division=0
    )
    present = set(labels)
    complete, several = len(present) == len(every), len(present) > 1
    one_hot = np.eye(len(every))[labels]
    expected = {
        "n": len(rows),
        "accuracy": sklearn.accuracy_score(labels, answers),
        "macro_f1": f1.mean() if complete else None,
        "weighted_f1": np.average(f1, weights=support),
        "mcc": sklearn.matthews_corrcoef(labels, answers) if several else None,
        "roc_auc": sklearn.roc_auc_score(one_hot, p) if complete else None,
        "pr_auc": sklearn.average_precision_score(one_hot, p) if complete else None,
        "log_loss": sklearn.log_loss(labels, p, labels=every),
        "brier": sklearn.brier_score_loss(labels, p, labels=every),
        "ece": calibration_error(np.take_along_axis(p, answers[:, None], 1)[:, 0],
                                 (answers == labels).astype(int)),
    }  # fmt: skip
    if label_set.ordered:
        expected["mean_absolute_error"] = sklearn.mean_absolute_error(labels, answers)
        with warnings.catch_warnings(action="ignore"):
            kappa = sklearn.cohen_kappa_score(labels, answers, weights="quadratic", labels=every)
        expected["quadratic_kappa"] = None if np.isnan(kappa) else kappa
    for label, name in enumerate(label_set.names):
        here, answered = support[label] > 0, bool((answers == label).any())
        area = 0 < support[label] < len(rows)
        expected |= {
            f"precision_{name}": precision[label] if here and answered else None,
            f"recall_{name}": recall[label] if here else None,
            f"f1_{name}": f1[label] if here else None,
            f"roc_auc_{name}": sklearn.roc_auc_score(labels == label, p[:, label])
            if area
            else None,
            f"support_{name}": support[label],
        }
    matrix = sklearn.confusion_matrix(labels, answers, labels=every).tolist()
    assert found.pop("confusion_matrix") == matrix
    names = {name for name in found if not name.startswith("constant_")}
    assert names - set(expected) == {"ece_floor", "classes", "offsets"}
    for name, value in expected.items():
        assert found[name] == (value if value is None else pytest.approx(value, abs=1e-9)), name


@given(st.lists(st.tuples(st.integers(1, 19), st.integers(0, 1)), min_size=1, max_size=60))
def test_two_classes_are_the_same_in_the_formulas_of_many(rows):
    """A third class that never occurs, and is never likely, changes no figure."""
    p = np.array([twentieths / 20 for twentieths, _ in rows])
    labels = np.array([label for _, label in rows])
    two = Evaluation(of_two(p), labels, Decision())
    third = np.concatenate([of_two(p), np.zeros((p.size, 1))], axis=1)
    many = Evaluation(third, labels, MultiDecision(), LabelSet(("negative", "positive", "other")))
    tied = np.isclose(p, 0.5)
    if tied.any():  # the threshold answers positive, the most likely class is the first
        return
    for name in ("accuracy", "log_loss", "precision_positive", "recall_negative", "f1_positive"):
        ours, theirs = two.figures[name], many.figures[name]
        assert theirs == (None if ours is None else pytest.approx(ours, abs=1e-12)), name
    if two.figures["mcc"] is not None:
        assert many.figures["mcc"] == pytest.approx(two.figures["mcc"], abs=1e-12)
        assert many.figures["roc_auc_positive"] == pytest.approx(two.figures["roc_auc"])
    assert many.figures["brier"] == pytest.approx(2 * two.figures["brier"], abs=1e-12)
    assert set(two.figures) == {metric.name for metric in metrics_for(two.label_set).all}


@pytest.mark.slow
@pytest.mark.parametrize("label_set", [WITH_NEUTRAL, STARS])
def test_intervals_of_many_classes_hold_the_truth_in_95_of_100_data_sets(label_set):
    random, classes = np.random.default_rng(5), len(label_set)

    def draw(n):
        logits = random.normal(0, 1.5, (n, classes))
        p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        labels = (p.cumsum(axis=1) < random.random((n, 1))).sum(axis=1)
        sure = p**1.3 / (p**1.3).sum(axis=1, keepdims=True)
        return sure, labels

    truth = Evaluation(*draw(400_000), MultiDecision(), label_set).figures
    truth.pop("ece")
    held = dict.fromkeys(truth, 0)
    for seed in range(400):
        found = Evaluation(*draw(400), MultiDecision(), label_set, replicates=200, seed=seed)
        for name, value in truth.items():
            low, high = found.intervals[name]
            held[name] += low <= value <= high
    shares = {name: count / 400 for name, count in held.items()}
    assert shares == pytest.approx(dict.fromkeys(truth, 0.95), abs=0.045)
