from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sklearn_metrics

from sentiment.evaluation.intervals import mean_interval, resampled_means
from sentiment.evaluation.metrics import Evaluation, metrics_of, of_two
from sentiment.evaluation.ranking import Ranks, pr_auc_interval, roc_auc_interval
from sentiment.model.decision import Decision, confusion_matrix


def intervals_of(p, labels, **bootstrap):
    return Evaluation(of_two(p), labels, Decision(), **bootstrap).intervals


def drawn(n, seed=0, spread=3.0):
    """Draw calibrated probabilities and labels."""
    random = np.random.default_rng(seed)
    p = 1 / (1 + np.exp(-random.normal(0, spread, n)))
    return p, (random.random(n) < p).astype(int)


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1)), min_size=1))
def test_figures_of_counts_are_those_of_scikit_learn(rows):
    labels, answers = np.array(rows).T
    found = metrics_of(confusion_matrix(labels, answers))
    precision, recall, f1, _ = sklearn_metrics.precision_recall_fscore_support(
        labels, answers, labels=[0, 1], zero_division=0
    )
    expected = {
        "accuracy": np.mean(labels == answers),
        "macro_f1": f1.mean(),
        "mcc": sklearn_metrics.matthews_corrcoef(labels, answers) if len(set(labels)) > 1 else 0,
    }
    for label, name in enumerate(("negative", "positive")):
        expected |= {f"precision_{name}": precision[label], f"recall_{name}": recall[label]}
        expected[f"f1_{name}"] = f1[label]
    assert {name: float(value) for name, value in found.items()} == pytest.approx(expected)


def test_losses_are_those_of_scikit_learn():
    p, labels = np.array([0.0, 0.2, 1.0, 0.7]), np.array([1, 0, 1, 1])
    log_loss, brier = Evaluation(of_two(p), labels, Decision()).losses.mean(axis=0)
    assert log_loss == pytest.approx(sklearn_metrics.log_loss(labels, p))
    assert brier == pytest.approx(np.mean((p - labels) ** 2))


def _population():
    """Give 2,001 reviews that stand for all there are, with the chance that each is positive."""
    quantiles = (np.arange(2001) + 0.5) / 2001
    scores = 0.5 + 2.5 * np.array([NormalDist().inv_cdf(q) for q in quantiles])
    return 1 / (1 + np.exp(-scores)), 1 / (1 + np.exp(-scores / 1.3))  # rather too sure


def _truth(p, chances):
    """Give the figures of the whole population, each review with both labels by their weights."""
    labels = np.repeat([1, 0], p.size)
    twice, weights = np.tile(p, 2), np.concatenate([chances, 1 - chances])
    cells = 2 * labels + (twice >= 0.5)
    counts = np.bincount(cells, weights=weights, minlength=4).reshape(2, 2)
    log_loss, brier = np.average(
        Evaluation(of_two(twice), labels, Decision()).losses, axis=0, weights=weights
    )
    return {
        **metrics_of(counts),
        "roc_auc": sklearn_metrics.roc_auc_score(labels, twice, sample_weight=weights),
        "pr_auc": sklearn_metrics.average_precision_score(labels, twice, sample_weight=weights),
        "log_loss": log_loss,
        "brier": brier,
    }


@pytest.mark.slow
def test_intervals_hold_the_truth_in_95_of_100_data_sets():
    p, chances = _population()
    truth = _truth(p, chances)
    random = np.random.default_rng(20)
    held = dict.fromkeys(truth, 0)
    for number in range(2000):
        rows = random.integers(p.size, size=500)
        labels = (random.random(500) < chances[rows]).astype(int)
        intervals = intervals_of(p[rows], labels, replicates=300, seed=number)
        for name, value in truth.items():
            low, high = intervals[name]
            held[name] += low <= value <= high
    assert {name: count / 2000 for name, count in held.items()} == pytest.approx(
        dict.fromkeys(truth, 0.95), abs=0.02
    )


@pytest.mark.parametrize(
    ("interval", "figure"),
    [
        (roc_auc_interval, sklearn_metrics.roc_auc_score),
        (pr_auc_interval, sklearn_metrics.average_precision_score),
    ],
)
def test_areas_vary_as_a_bootstrap_of_scikit_learn_finds(interval, figure):
    p, labels = drawn(600)
    p = p.round(2)  # ties
    low, high = (np.log(end / (1 - end)) for end in interval([Ranks.of(p, labels)]))
    value = figure(labels, p)
    assert 1 / (1 + np.exp(-(low + high) / 2)) == pytest.approx(value)
    random = np.random.default_rng(1)
    draws = (random.integers(600, size=600) for _ in range(400))
    spread = np.std([figure(labels[rows], p[rows]) for rows in draws])
    assert (high - low) / 2 / 1.96 * value * (1 - value) == pytest.approx(spread, rel=0.1)


def test_the_same_seed_gives_the_same_intervals():
    p, labels = drawn(100)
    assert intervals_of(p, labels) == intervals_of(p, labels)
    assert intervals_of(p, labels) != intervals_of(p, labels, seed=1)


@settings(max_examples=40)
@given(st.lists(st.tuples(st.floats(0, 1), st.integers(0, 1)), min_size=1, max_size=60))
def test_intervals_hold_the_figure_itself(rows):
    p, labels = map(np.array, zip(*rows, strict=True))
    found = Evaluation(of_two(p), labels, Decision(), replicates=100)
    for name, interval in found.intervals.items():
        if interval is not None and name not in ("log_loss", "brier"):
            assert interval[0] - 1e-9 <= found.figures[name] <= interval[1] + 1e-9


def test_all_answers_right_is_not_taken_for_certain():
    p, labels = np.repeat([0.1, 0.9], 10), np.repeat([0, 1], 10)
    intervals = intervals_of(p, labels)
    assert intervals["accuracy"][0] < 0.9
    assert intervals["accuracy"][1] == 1
    assert intervals["roc_auc"] is None


def test_an_undefined_metric_has_no_interval():
    intervals = intervals_of(np.array([0.9, 0.2]), np.array([1, 1]))
    assert {name for name, interval in intervals.items() if interval is None} == {
        "roc_auc", "pr_auc", "log_loss", "brier", "macro_f1", "mcc",
        "precision_negative", "recall_negative", "f1_negative",
    }  # fmt: skip


def test_values_that_are_all_the_same_have_an_interval_without_width():
    values = np.full((30, 1), 0.1)
    assert mean_interval(values[:, 0], resampled_means(values)[:, 0]) == pytest.approx((0.1, 0.1))


def test_many_rows_are_resampled_as_few_are():
    values = np.random.default_rng(0).random((300_000, 1))  # more than are drawn at a time
    means = resampled_means(values, replicates=20)
    assert np.std(means) == pytest.approx(np.std(values) / np.sqrt(300_000), rel=0.5)
