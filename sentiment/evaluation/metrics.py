"""The metrics of an evaluation, each declared once in `METRICS`, and reliability in bins."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sentiment.evaluation.intervals import (
    FEWEST_LOSSES,
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

Floats = NDArray[np.float64]
Labels = NDArray[np.integer]
# Reviews by label (rows) and answer (columns), [..., 2, 2]; further columns hold reviews without an
# answer. Shares of all reviews will do as well.
Counts = NDArray[np.int64] | Floats
Figures = dict[str, float | None]
Intervals = dict[str, Interval | None]
Loss = Callable[[Floats], Floats]


def percent(value: float | None) -> str:
    """Write a share; a dash for None."""
    return "–" if value is None else f"{value:.1%}"


def number(value: float | None) -> str:
    """Write a number that is not a share; a dash for None."""
    return "–" if value is None else f"{value:.4f}".replace("-", "−")


@dataclass(frozen=True)
class Metric:
    """A metric: its name, how it is computed, and where it is shown.

    It is computed by one of `of_counts`, `loss` and `value`. The first two give its interval as
    well; counts alone are known of slices. Gates take all metrics of which more is better.

    Attributes:
        name: in JSON and in gates.
        title: in text.
        kind: whether it is written in percent.
        meaning: what it is, in a few words.
        heading: its title on the page, if another.
        of_class: the class it is about, None for all reviews.
        of_counts: confusion matrices → its values, float64 [...].
        labels: classes that must occur among the labels.
        answers: classes that must occur among the answers.
        loss: probabilities of the right class → the loss of each review, [n].
        value: the evaluation → its value, None where it is undefined.
        interval: the evaluation → its 95% interval.
        floor: the evaluation → what a perfectly calibrated model would have on average.
        larger_is_better: whether more is better.
        headline: whether it is shown by slice, and next to that of the constant answer.
        compared: how `compare` finds the interval of a difference, None for not at all.
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
        """Write a value."""
        return percent(value) if self.kind == "share" else number(value)

    def write_interval(self, ends: Interval | None) -> str:
        """Write an interval; nothing for None."""
        if ends is None:
            return ""
        low, high = ends
        if self.kind == "share":
            return f"{100 * low:.1f}–{high:.1%}"
        return f"{number(low)}–{number(high)}"


def confusion_matrix(labels: Labels, answers: Labels) -> NDArray[np.int64]:
    """Count reviews by label (rows) and answer (columns), both 0 or 1, [n].

    Returns:
        int64 [2, 2].
    """
    return np.bincount(2 * labels.astype(np.int64) + answers, minlength=4).reshape(2, 2)


def answers_by(p_positive: Floats, threshold: float) -> NDArray[np.int64]:
    """Return the class on whose side of a threshold each probability is, 0 or 1, [n]."""
    return (p_positive >= threshold).astype(np.int64)


def constant(counts: Counts) -> NDArray[np.int64]:
    """Return the confusion matrix [2, 2] if the most frequent label were the answer to all."""
    support = np.asarray(counts).sum(axis=1)
    answered = np.zeros((2, 2), np.int64)
    answered[:, support.argmax()] = support
    return answered


def _ratio(part: Floats, whole: Floats) -> Floats:
    """Divide; 0 where there is nothing to divide by."""
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
    return (_f1(counts, 0) + _f1(counts, 1)) / 2


def _mcc(counts: Floats) -> Floats:
    """Compute Matthews' correlation of labels and answers (Baldi et al., Bioinformatics 16, 2000).

    It is 0 where all answers are the same.
    """
    (tn, fp), (fn, tp) = np.moveaxis(counts[..., :2], (-2, -1), (0, 1))
    products = (tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)
    return _ratio(tp * tn - fp * fn, np.sqrt(products))


def _log_loss(p_label: Floats) -> Floats:
    """Compute the cross-entropy in nats, which of a certainty that is wrong is large, not endless.

    It is cut off where scikit-learn cuts it off.
    """
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


_BOTH = (0, 1)
METRICS: tuple[Metric, ...] = (
    Metric("accuracy", "accuracy", "share", "share of right answers",
           of_counts=_accuracy, headline=True, compared="proportion"),
    Metric("macro_f1", "macro F1", "share", "mean F1 of both classes", "Macro F1",
           of_counts=_macro_f1, labels=_BOTH, headline=True, compared="bootstrap"),
    Metric("mcc", "MCC", "number", "correlation of labels and answers",
           of_counts=_mcc, labels=_BOTH),
    *(metric for label, name in enumerate(CLASSES) for metric in _metrics_of_class(label, name)),
    Metric("roc_auc", "ROC AUC", "number",
           "chance that a positive review is ranked above a negative one",
           value=lambda evaluation: roc_auc(evaluation.ranks),
           interval=lambda evaluation: roc_auc_interval(evaluation.ranks)),
    Metric("pr_auc", "PR AUC", "number", "mean precision over all thresholds",
           value=lambda evaluation: pr_auc(evaluation.ranks),
           interval=lambda evaluation: pr_auc_interval(evaluation.ranks)),
    Metric("log_loss", "log loss", "number", "cost of the probabilities", "Log loss",
           loss=_log_loss, larger_is_better=False, compared="mean"),
    Metric("brier", "Brier", "number", "squared distance of probability and label", "Brier score",
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


def figures_of(counts: Counts) -> dict[str, Floats]:
    """Compute the metrics that counts give, [..., 2, 2]; 0 where there is nothing to divide by.

    Returns:
        Each of `COUNTED`, float64 [...].
    """
    counts = np.asarray(counts, np.float64)
    return {name: of_counts(counts) for name, of_counts in COUNTED.items()}


def figures_or_none(counts: Counts) -> Figures:
    """Compute the metrics that one table gives, [2, 2]; None where it does not define them.

    A class without reviews has no metrics, nor has what takes both classes; one that is never
    answered has no precision.
    """
    labelled, answered = counts.sum(axis=1), counts.sum(axis=0)
    values = figures_of(counts)
    return {
        metric.name: float(values[metric.name])
        if labelled[list(metric.labels)].all() and answered[list(metric.answers)].all()
        else None
        for metric in METRICS
        if metric.of_counts
    }


def count_intervals(counts: Counts, replicates: int = REPLICATES, seed: int = SEED) -> Intervals:
    """Compute the 95% interval of each metric that a table gives, [2, 2]; None for others."""
    drawn = figures_of(resampled_counts(counts, replicates, seed))
    return {
        name: None if value is None else percentile_interval(value, drawn[name])
        for name, value in figures_or_none(counts).items()
    }


def probability_of_label(p_positive: Floats, labels: Labels) -> Floats:
    """Return the probability that each review's own label was given, [n]."""
    return np.where(labels == 1, p_positive, 1 - p_positive)


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Labelled reviews and their scores, and every metric of these.

    Attributes:
        p_positive: calibrated probabilities of *positive*, float64 [n], n ≥ 1, none of them NaN.
        labels: 0 or 1, [n].
        threshold: the least probability answered positive.
        replicates: how often the bootstrap draws.
        seed: the same seed gives the same intervals.
    """

    p_positive: Floats
    labels: Labels
    threshold: float
    replicates: int = REPLICATES
    seed: int = SEED

    @property
    def n(self) -> int:
        """How many reviews there are."""
        return int(self.labels.size)

    @cached_property
    def confusion(self) -> NDArray[np.int64]:
        """Reviews by label (rows: negative, positive) and answer (columns), int64 [2, 2]."""
        return confusion_matrix(self.labels, answers_by(self.p_positive, self.threshold))

    @property
    def support(self) -> dict[str, int]:
        """How many reviews of each class there are."""
        return dict(zip(CLASSES, self.confusion.sum(axis=1).tolist(), strict=True))

    @cached_property
    def ranks(self) -> Ranks:
        """The reviews by falling probability."""
        return Ranks.of(self.p_positive, self.labels)

    @cached_property
    def losses(self) -> Floats:
        """Each of `LOSSES` of each review, float64 [n, losses]."""
        p_label = probability_of_label(self.p_positive, self.labels)
        return np.stack([loss(p_label) for loss in LOSSES.values()], axis=1)

    @cached_property
    def figures(self) -> Figures:
        """The value of each metric by its name, None where it is undefined."""
        found = figures_or_none(self.confusion)
        found |= zip(LOSSES, self.losses.mean(axis=0).tolist(), strict=True)
        found |= {metric.name: metric.value(self) for metric in METRICS if metric.value}
        return found

    @cached_property
    def intervals(self) -> Intervals:
        """The 95% interval of each metric that can have one, None where these reviews have none."""
        found = count_intervals(self.confusion, self.replicates, self.seed)
        found |= {metric.name: metric.interval(self) for metric in METRICS if metric.interval}
        if self.n < FEWEST_LOSSES:
            return found | dict.fromkeys(LOSSES)
        means = resampled_means(self.losses, self.replicates, self.seed)
        found |= zip(LOSSES, map(mean_interval, self.losses.T, means.T), strict=True)
        return found

    @property
    def most_frequent(self) -> str:
        """The label that most reviews have."""
        return CLASSES[int(self.confusion.sum(axis=1).argmax())]

    @property
    def constant(self) -> Figures:
        """The metrics if that label were the answer to all: what any model has to beat."""
        return figures_or_none(constant(self.confusion))

    def as_json(self) -> dict[str, Any]:
        """Return one level of JSON values, and the confusion matrix."""
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
    """Predicted and observed shares in bins of equal width, but for those without reviews.

    Attributes:
        mean_predicted: mean probability of *positive*, float64 [bins].
        fraction_positive: share of positive reviews, float64 [bins].
        low, high: its 95% interval, float64 [bins].
        n: how many reviews, int64 [bins].
    """

    mean_predicted: Floats
    fraction_positive: Floats
    low: Floats
    high: Floats
    n: NDArray[np.int64]


def reliability_of(p_positive: Floats, labels: Labels) -> Reliability:
    """Compare probabilities of *positive*, [n], with labels, 0 or 1, [n], in `BINS` bins."""
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
    """Compute the expected calibration error of probabilities of *positive*, [n].

    ECE = Σ (n_b / n) · |mean label − mean probability| over 15 bins of equal width (Guo et al.,
    "On calibration of modern neural networks", ICML 2017).
    """
    gaps = np.bincount(_bins(p_positive), weights=labels - p_positive, minlength=BINS)
    return float(np.abs(gaps).sum() / p_positive.size)


def calibration_noise(p_positive: Floats) -> float:
    """Compute the ECE to expect on these rows of a perfectly calibrated model.

    The gap of a bin is a sum of independent draws, close to normal with the variance Σ p·(1 − p):
    its mean size is σ·√(2/π). An ECE below the sum of these cannot be told from perfect.
    """
    variance = np.bincount(_bins(p_positive), weights=p_positive * (1 - p_positive), minlength=BINS)
    return float(np.sqrt(variance * 2 / np.pi).sum() / p_positive.size)


def _bins(p_positive: Floats) -> NDArray[np.int64]:
    return np.minimum((p_positive * BINS).astype(np.int64), BINS - 1)
