"""The metrics of an evaluation, each declared once in `METRICS`, and reliability in bins."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sentiment.evaluation.intervals import (
    MIN_LOSSES,
    REPLICATES,
    SEED,
    Interval,
    mean_interval,
    percentile_interval,
    resampled_counts,
    resampled_means,
    wilson_interval,
)
from sentiment.evaluation.ranking import Ranks, pr_auc, pr_auc_interval, roc_auc, roc_auc_interval
from sentiment.labels import CLASSES

_K = len(CLASSES)
_ALL = tuple(range(_K))

Floats = NDArray[np.float64]
Labels = NDArray[np.integer]
# Confusion matrices, labels in rows and answers in columns, [..., K, K]: counts or shares. Further
# columns hold reviews without an answer.
Counts = NDArray[np.int64] | Floats
Figures = dict[str, float | None]
Intervals = dict[str, Interval | None]
Loss = Callable[[Floats], Floats]


def percent(value: float | None) -> str:
    """Write a share in percent, None as a dash."""
    return "–" if value is None else f"{value:.1%}"


def number(value: float | None) -> str:
    """Write a number with four digits, None as a dash."""
    return "–" if value is None else f"{value:.4f}".replace("-", "−")


@dataclass(frozen=True)
class Metric:
    """A metric: its name, how it is computed, and where it is shown.

    Exactly one of `of_counts`, `loss` and `value` computes it; the first two also give its
    interval. Slices have only metrics of counts. Gates accept every metric with
    `larger_is_better`.

    Attributes:
        name: in JSON and in gates.
        title: in text.
        kind: a share is written in percent.
        meaning: a short definition.
        heading: title on the page, if it differs.
        of_class: the class it is about, None for all reviews.
        of_counts: maps confusion matrices, [..., K, K + 1] where some reviews have no answer, to
            values, float64 [...].
        labels: classes that must occur among the labels.
        answers: classes that must occur among the answers.
        loss: maps the probabilities of the true class to losses, [n].
        value: maps an evaluation to the value, None where undefined.
        interval: maps an evaluation to the 95% interval.
        floor: maps an evaluation to the expected value of a perfectly calibrated model.
        headline: also shown by slice and for the constant answer.
        compared: the kind of interval of a difference; None if `compare` leaves the metric out.
    """

    name: str
    title: str
    kind: Literal["share", "number"]
    meaning: str = ""
    heading: str = ""
    of_class: str | None = None
    of_counts: Callable[[Floats], Floats] | None = None
    labels: tuple[int, ...] = ()
    answers: tuple[int, ...] = ()
    loss: Loss | None = None
    value: Callable[["Evaluation"], float | None] | None = None
    interval: Callable[["Evaluation"], Interval | None] | None = None
    floor: Callable[["Evaluation"], float] | None = None
    larger_is_better: bool = True
    headline: bool = False
    compared: Literal["proportion", "bootstrap", "mean"] | None = None

    def write(self, value: float | None) -> str:
        """Return the value as text."""
        return percent(value) if self.kind == "share" else number(value)

    def write_interval(self, ends: Interval | None) -> str:
        """Return the interval as text, "" for None."""
        if ends is None:
            return ""
        low, high = ends
        if self.kind == "share":
            return f"{100 * low:.1f}–{high:.1%}"
        return f"{number(low)}–{number(high)}"


def confusion_matrix(labels: Labels, answers: Labels) -> NDArray[np.int64]:
    """Count reviews by label (rows) and answer (columns), both [n]; int64 [K, K]."""
    cells = _K * labels.astype(np.int64) + answers
    return np.bincount(cells, minlength=_K**2).reshape(_K, _K)


def answers_by(p_positive: Floats, threshold: float) -> NDArray[np.int64]:
    """Return 1 for each probability that reaches the threshold, else 0, int64 [n]."""
    return (p_positive >= threshold).astype(np.int64)


def constant_confusion(counts: Counts) -> NDArray[np.int64]:
    """Return the confusion matrix [K, K] of always answering with the most frequent label."""
    support = np.asarray(counts).sum(axis=1)
    answered = np.zeros((support.size, support.size), np.int64)
    answered[:, support.argmax()] = support
    return answered


def _ratio(part: Floats, whole: Floats) -> Floats:
    """Divide; 0 where the divisor is 0."""
    return np.divide(part, whole, out=np.zeros(np.shape(whole)), where=whole > 0)


def _accuracy(counts: Floats) -> Floats:
    right = np.trace(counts, axis1=-2, axis2=-1)
    return _ratio(right, counts.reshape(*counts.shape[:-2], -1).sum(axis=-1))


def _precision(counts: Floats, label: int) -> Floats:
    return _ratio(counts[..., label, label], counts[..., label].sum(axis=-1))


def _recall(counts: Floats, label: int) -> Floats:
    return _ratio(counts[..., label, label], counts[..., label, :].sum(axis=-1))


def _f1(counts: Floats, label: int) -> Floats:
    right = 2 * counts[..., label, label]
    wrong = (
        counts[..., row, column]
        for row in reversed(range(counts.shape[-2]))
        for column in range(counts.shape[-1])
        if (row == label) != (column == label)
    )
    return _ratio(right, sum(wrong, start=right))


def _macro_f1(counts: Floats) -> Floats:
    mean: Floats = np.mean([_f1(counts, label) for label in _ALL], axis=0)
    return mean


def _mcc(counts: Floats) -> Floats:
    """Compute Matthews' correlation (Baldi et al., Bioinformatics 16, 2000), 0 if undefined."""
    (tn, fp), (fn, tp) = np.moveaxis(counts[..., :2], (-2, -1), (0, 1))
    products = (tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)
    return _ratio(tp * tn - fp * fn, np.sqrt(products))


def _log_loss(p_label: Floats) -> Floats:
    """Compute the cross-entropy in nats, clipped as in scikit-learn."""
    return -np.log(np.clip(p_label, np.finfo(np.float64).eps, 1))


def _squared_error(p_label: Floats) -> Floats:
    return (1 - p_label) ** 2


def _metrics_of_class(label: int, name: str) -> tuple[Metric, ...]:
    of_class = partial(Metric, kind="share", of_class=name, labels=(label,))
    precision, recall, f1 = (partial(each, label=label) for each in (_precision, _recall, _f1))
    return (
        of_class(f"precision_{name}", "precision", of_counts=precision, answers=(label,)),
        of_class(f"recall_{name}", "recall", of_counts=recall),
        of_class(f"f1_{name}", "F1", of_counts=f1),
    )


METRICS: tuple[Metric, ...] = (
    Metric("accuracy", "accuracy", "share", "share of correct answers",
           of_counts=_accuracy, headline=True, compared="proportion"),
    Metric("macro_f1", "macro F1", "share", "mean F1 of both classes", "Macro F1",
           of_counts=_macro_f1, labels=_ALL, headline=True, compared="bootstrap"),
    Metric("mcc", "MCC", "number", "correlation of labels and answers",
           of_counts=_mcc, labels=_ALL),
    *(metric for label, name in enumerate(CLASSES) for metric in _metrics_of_class(label, name)),
    Metric("roc_auc", "ROC AUC", "number",
           "chance that a positive review is ranked above a negative one",
           value=lambda evaluation: roc_auc(evaluation.ranks),
           interval=lambda evaluation: roc_auc_interval(evaluation.ranks)),
    Metric("pr_auc", "PR AUC", "number", "mean precision over all thresholds",
           value=lambda evaluation: pr_auc(evaluation.ranks),
           interval=lambda evaluation: pr_auc_interval(evaluation.ranks)),
    Metric("log_loss", "log loss", "number", "mean cross-entropy", "Log loss",
           loss=_log_loss, larger_is_better=False, compared="mean"),
    Metric("brier", "Brier", "number", "mean squared error of the probabilities", "Brier score",
           loss=_squared_error, larger_is_better=False),
    Metric("ece", "ECE", "number", heading="calibration error (ECE)", larger_is_better=False,
           value=lambda evaluation: calibration_error(evaluation.p_positive, evaluation.labels),
           floor=lambda evaluation: calibration_noise(evaluation.p_positive)),
)  # fmt: skip
OVERALL = tuple(metric for metric in METRICS if metric.of_class is None)
HEADLINE = tuple(metric for metric in METRICS if metric.headline)
COUNTED = {metric.name: metric.of_counts for metric in METRICS if metric.of_counts}
LOSSES = {metric.name: metric.loss for metric in METRICS if metric.loss}
OF_CLASS = {
    name: tuple(metric for metric in METRICS if metric.of_class == name) for name in CLASSES
}


def metrics_of(counts: Counts) -> dict[str, Floats]:
    """Compute each metric of `COUNTED`, float64 [...]; 0 where it is undefined."""
    counts = np.asarray(counts, np.float64)
    return {name: of_counts(counts) for name, of_counts in COUNTED.items()}


def metrics_or_none(counts: Counts) -> Figures:
    """Compute each metric of `COUNTED` for one matrix, None where a class it needs is missing."""
    labelled, answered = counts.sum(axis=1), counts.sum(axis=0)
    values = metrics_of(counts)
    return {
        metric.name: float(values[metric.name])
        if labelled[list(metric.labels)].all() and answered[list(metric.answers)].all()
        else None
        for metric in METRICS
        if metric.of_counts
    }


def count_intervals(counts: Counts, replicates: int = REPLICATES, seed: int = SEED) -> Intervals:
    """Compute the 95% interval of each metric of `COUNTED`, None where the metric is undefined."""
    drawn = metrics_of(resampled_counts(counts, replicates, seed))
    return {
        name: None if value is None else percentile_interval(value, drawn[name])
        for name, value in metrics_or_none(counts).items()
    }


def probability_of_label(p_positive: Floats, labels: Labels) -> Floats:
    """Return the probability of the true label of each review, [n]."""
    return np.where(labels == 1, p_positive, 1 - p_positive)


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Every metric of labelled reviews and their scores.

    Attributes:
        p_positive: calibrated probabilities of *positive*, float64 [n], n ≥ 1, no NaN.
        labels: 0 or 1, [n].
        threshold: reviews with at least this probability are answered positive.
        replicates: bootstrap draws.
        seed: of the bootstrap.
    """

    p_positive: Floats
    labels: Labels
    threshold: float
    replicates: int = REPLICATES
    seed: int = SEED

    @property
    def n(self) -> int:
        """The number of reviews."""
        return int(self.labels.size)

    @cached_property
    def confusion(self) -> NDArray[np.int64]:
        """Reviews by label (rows) and answer (columns), int64 [K, K]."""
        return confusion_matrix(self.labels, answers_by(self.p_positive, self.threshold))

    @property
    def support(self) -> dict[str, int]:
        """The number of reviews of each class."""
        return dict(zip(CLASSES, self.confusion.sum(axis=1).tolist(), strict=True))

    @cached_property
    def ranks(self) -> Ranks:
        """The reviews in descending order of probability."""
        return Ranks.of(self.p_positive, self.labels)

    @cached_property
    def losses(self) -> Floats:
        """Each of `LOSSES` of each review, float64 [n, losses]."""
        p_label = probability_of_label(self.p_positive, self.labels)
        return np.stack([loss(p_label) for loss in LOSSES.values()], axis=1)

    @cached_property
    def figures(self) -> Figures:
        """The value of each metric by name, None where undefined."""
        found = metrics_or_none(self.confusion)
        found |= zip(LOSSES, self.losses.mean(axis=0).tolist(), strict=True)
        found |= {metric.name: metric.value(self) for metric in METRICS if metric.value}
        return found

    @cached_property
    def intervals(self) -> Intervals:
        """The 95% interval of each metric that has one, None where undefined."""
        found = count_intervals(self.confusion, self.replicates, self.seed)
        found |= {metric.name: metric.interval(self) for metric in METRICS if metric.interval}
        if self.n < MIN_LOSSES:
            return found | dict.fromkeys(LOSSES)
        means = resampled_means(self.losses, self.replicates, self.seed)
        found |= zip(LOSSES, map(mean_interval, self.losses.T, means.T), strict=True)
        return found

    @property
    def most_frequent(self) -> str:
        """The most frequent label."""
        return CLASSES[int(self.confusion.sum(axis=1).argmax())]

    @property
    def constant(self) -> Figures:
        """The metrics of always answering with the most frequent label: the baseline to beat."""
        return metrics_or_none(constant_confusion(self.confusion))

    def as_json(self) -> dict[str, Any]:
        """Return all metrics as a flat JSON object, and the confusion matrix."""
        facts: dict[str, Any] = {"n": self.n}
        for metric in OVERALL:
            facts[metric.name] = self.figures[metric.name]
            if metric.floor:
                facts[f"{metric.name}_floor"] = metric.floor(self)
        facts["threshold"] = self.threshold
        for name, metrics in OF_CLASS.items():
            facts |= {metric.name: self.figures[metric.name] for metric in metrics}
            facts[f"support_{name}"] = self.support[name]
        constant = self.constant
        facts |= {f"constant_{metric.name}": constant[metric.name] for metric in HEADLINE}
        return facts | {"confusion_matrix": self.confusion.tolist()}


BINS = 15


@dataclass(frozen=True, eq=False)
class Reliability:
    """Predicted and observed shares in the non-empty bins of equal width, each [bins].

    Attributes:
        mean_predicted: mean probability of *positive*.
        low, high: 95% interval of `fraction_positive`.
        n: number of reviews.
    """

    mean_predicted: Floats
    fraction_positive: Floats
    low: Floats
    high: Floats
    n: NDArray[np.int64]


def reliability_of(p_positive: Floats, labels: Labels) -> Reliability:
    """Compare probabilities of *positive*, [n], with 0/1 labels, [n], in `BINS` bins."""
    bins = _bins(p_positive)
    counts = np.bincount(bins, minlength=BINS)
    filled = np.flatnonzero(counts)
    n = counts[filled]
    predicted, observed = (
        np.bincount(bins, weights=values, minlength=BINS)[filled] / n
        for values in (p_positive, labels)
    )
    return Reliability(predicted, observed, *wilson_interval(observed, n), n)


def calibration_error(p_positive: Floats, labels: Labels) -> float:
    """Compute the expected calibration error (ECE) of probabilities of *positive*, [n].

    ECE = Σ (n_b / n) · |mean label − mean probability| over 15 bins of equal width (Guo et al.,
    "On calibration of modern neural networks", ICML 2017).
    """
    gaps = np.bincount(_bins(p_positive), weights=labels - p_positive, minlength=BINS)
    return float(np.abs(gaps).sum() / p_positive.size)


def calibration_noise(p_positive: Floats) -> float:
    """Compute the expected ECE of a perfectly calibrated model with these probabilities, [n].

    The gap of a bin is a sum of independent draws, roughly normal with variance Σ p·(1 − p), so
    its expected absolute value is σ·√(2/π).
    """
    variance = np.bincount(_bins(p_positive), weights=p_positive * (1 - p_positive), minlength=BINS)
    return float(np.sqrt(variance * 2 / np.pi).sum() / p_positive.size)


def _bins(p_positive: Floats) -> NDArray[np.int64]:
    return np.minimum((p_positive * BINS).astype(np.int64), BINS - 1)
