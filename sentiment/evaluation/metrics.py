"""The metrics of an evaluation, each declared once in `metrics_for`, and reliability in bins."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property, partial
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sentiment.evaluation import confusion
from sentiment.evaluation.confusion import Counts
from sentiment.evaluation.intervals import (
    MIN_LOSSES,
    REPLICATES,
    SEED,
    Floats,
    Interval,
    Labels,
    mean_interval,
    percentile_interval,
    resampled_counts,
    resampled_means,
)
from sentiment.evaluation.ranking import (
    Ranks,
    mean_or_none,
    pr_auc,
    pr_auc_interval,
    roc_auc,
    roc_auc_interval,
)
from sentiment.evaluation.reliability import calibration_error, calibration_noise
from sentiment.labels import SENTIMENT, LabelSet
from sentiment.model.decision import AnyDecision, Decision, confusion_matrix

Figures = dict[str, float | None]
Intervals = dict[str, Interval | None]
# Probabilities [n, K] and labels [n] → losses [n].
Loss = Callable[[Floats, Labels], Floats]


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
        loss: maps probabilities, [n, K], and labels to losses, [n].
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

    def write_change(self, value: float) -> str:
        """Return a difference as text: shares in points, with a real minus sign."""
        text = f"{100 * value:+.1f}" if self.kind == "share" else f"{value:+.4f}"
        return text.replace("-", "−") if float(text) else text.lstrip("+-")

    def write_interval(self, ends: Interval | None) -> str:
        """Return the interval as text, "" for None."""
        if ends is None:
            return ""
        low, high = ends
        if self.kind == "share":
            return f"{100 * low:.1f}–{high:.1%}"
        return f"{number(low)}–{number(high)}"


def constant_confusion(counts: Counts) -> Counts:
    """Return the confusion matrix [K, K] of always answering with the most frequent label."""
    support = np.asarray(counts).sum(axis=1)
    answered = np.zeros((support.size, support.size), support.dtype)
    answered[:, support.argmax()] = support
    return answered


def of_two(p_positive: Floats) -> Floats:
    """Return the probabilities of two classes, [n, 2], from those of the second, [n]."""
    return np.stack([1 - p_positive, p_positive], axis=1)


def _log_loss(probabilities: Floats, labels: Labels) -> Floats:
    """Compute the cross-entropy in nats, clipped as in scikit-learn."""
    return -np.log(np.clip(_p_of(labels, probabilities), np.finfo(np.float64).eps, 1))


def _squared_error(probabilities: Floats, labels: Labels) -> Floats:
    return (1 - _p_of(labels, probabilities)) ** 2


def _squared_errors(probabilities: Floats, labels: Labels) -> Floats:
    """Sum the squared errors of all classes (Brier, Monthly Weather Review 78, 1950), 0 to 2."""
    return ((probabilities - np.eye(probabilities.shape[1])[labels]) ** 2).sum(axis=1)


def _p_of(labels: Labels, probabilities: Floats) -> Floats:
    """Return the probability of a label of each review, [n]."""
    return np.take_along_axis(probabilities, labels.astype(np.int64)[:, None], axis=1)[:, 0]


def _metrics_of_class(label: int, name: str) -> list[Metric]:
    of_class = partial(Metric, kind="share", of_class=name, labels=(label,))
    precision, recall, f1 = (
        partial(each, label=label) for each in (confusion.precision, confusion.recall, confusion.f1)
    )
    return [
        of_class(f"precision_{name}", "precision", of_counts=precision, answers=(label,)),
        of_class(f"recall_{name}", "recall", of_counts=recall),
        of_class(f"f1_{name}", "F1", of_counts=f1),
    ]


def _area_of_class(label: int, name: str) -> Metric:
    return Metric(
        f"roc_auc_{name}", "ROC AUC", "number", of_class=name,
        value=lambda evaluation: roc_auc(evaluation.ranks[label]),
        interval=lambda evaluation: roc_auc_interval([evaluation.ranks[label]]),
    )  # fmt: skip


_WEIGHTED_F1 = Metric("weighted_f1", "weighted F1", "share",
                      "mean F1, weighted by the reviews of each class", "Weighted F1",
                      of_counts=confusion.weighted_f1)  # fmt: skip
_OF_ORDER = (
    Metric("mean_absolute_error", "MAE", "number",
           "mean number of classes between label and answer", "Mean absolute error",
           of_counts=confusion.absolute_error, larger_is_better=False),
    Metric("quadratic_kappa", "kappa", "number",
           "agreement beyond chance, errors weighted by their squared distance",
           "Quadratic weighted kappa", of_counts=confusion.quadratic_kappa),
)  # fmt: skip


def _of_answers(label_set: LabelSet) -> list[Metric]:
    """Declare the metrics of the confusion matrix, of all reviews."""
    two, every = label_set.is_binary, tuple(range(len(label_set)))
    mcc = partial(Metric, "mcc", "MCC", "number", "correlation of labels and answers")
    found = [
        Metric("accuracy", "accuracy", "share", "share of correct answers",
               of_counts=confusion.accuracy, headline=True, compared="proportion"),
        Metric("macro_f1", "macro F1", "share", f"mean F1 of {'both' if two else 'all'} classes",
               "Macro F1", of_counts=confusion.macro_f1, labels=every, headline=True,
               compared="bootstrap"),
    ]  # fmt: skip
    if two:
        return [*found, mcc(of_counts=confusion.mcc, labels=every)]
    return [
        *found,
        _WEIGHTED_F1,
        mcc(of_counts=confusion.rk),
        *(_OF_ORDER if label_set.ordered else ()),
    ]


def _of_probabilities(label_set: LabelSet) -> list[Metric]:
    """Declare the metrics of the probabilities; those of two classes are about the second."""
    two = label_set.is_binary
    first, second = label_set.names[0], label_set.names[-1]
    pair = f"chance that a {second} review is ranked above a {first} one"
    any_pair = "chance that a review of a class is ranked above another, mean of all classes"
    curve = "mean precision over all thresholds"
    square = "mean squared error of the probabilities"
    return [
        Metric("roc_auc", "ROC AUC", "number", pair if two else any_pair,
               value=lambda evaluation: mean_or_none(map(roc_auc, evaluation.ranks)),
               interval=lambda evaluation: roc_auc_interval(evaluation.ranks)),
        Metric("pr_auc", "PR AUC", "number", curve if two else f"{curve}, mean of all classes",
               value=lambda evaluation: mean_or_none(map(pr_auc, evaluation.ranks)),
               interval=lambda evaluation: pr_auc_interval(evaluation.ranks)),
        Metric("log_loss", "log loss", "number", "mean cross-entropy", "Log loss",
               loss=_log_loss, larger_is_better=False, compared="mean"),
        Metric("brier", "Brier", "number", square if two else f"{square}, summed over classes",
               "Brier score", loss=_squared_error if two else _squared_errors,
               larger_is_better=False),
        Metric("ece", "ECE", "number", larger_is_better=False,
               heading=f"calibration error {'' if two else 'of the answer '}(ECE)",
               value=lambda evaluation: calibration_error(*evaluation.claims),
               floor=lambda evaluation: calibration_noise(evaluation.claims[0])),
    ]  # fmt: skip


@dataclass(frozen=True)
class Metrics:
    """The metrics of a label set, in the order in which they are shown."""

    label_set: LabelSet
    all: tuple[Metric, ...]

    @cached_property
    def overall(self) -> tuple[Metric, ...]:
        """Those of all reviews."""
        return tuple(metric for metric in self.all if metric.of_class is None)

    @cached_property
    def headline(self) -> tuple[Metric, ...]:
        """Those also shown by slice and for the constant answer."""
        return tuple(metric for metric in self.all if metric.headline)

    @cached_property
    def counted(self) -> dict[str, Callable[[Floats], Floats]]:
        """Those of a confusion matrix, by name."""
        return {metric.name: metric.of_counts for metric in self.all if metric.of_counts}

    @cached_property
    def losses(self) -> dict[str, Loss]:
        """Those that are a mean loss, by name."""
        return {metric.name: metric.loss for metric in self.all if metric.loss}

    @cached_property
    def of_class(self) -> dict[str, tuple[Metric, ...]]:
        """Those of each class, by its name."""
        return {
            name: tuple(metric for metric in self.all if metric.of_class == name)
            for name in self.label_set.names
        }

    @cached_property
    def gated(self) -> tuple[str, ...]:
        """The names of those that can have a minimum."""
        return tuple(metric.name for metric in self.all if metric.larger_is_better)


@cache
def metrics_for(label_set: LabelSet) -> Metrics:
    """Return the metrics of a label set."""
    found = _of_answers(label_set)
    for label, name in enumerate(label_set.names):
        found += _metrics_of_class(label, name)
        if not label_set.is_binary:
            found.append(_area_of_class(label, name))
    return Metrics(label_set, (*found, *_of_probabilities(label_set)))


def metrics_of(counts: Counts, label_set: LabelSet = SENTIMENT) -> dict[str, Floats]:
    """Compute each metric of counts, float64 [...]; 0 or NaN where it is undefined."""
    counts = np.asarray(counts, np.float64)
    found = metrics_for(label_set).counted.items()
    return {name: of_counts(counts) for name, of_counts in found}


def metrics_or_none(counts: Counts, label_set: LabelSet = SENTIMENT) -> Figures:
    """Compute each metric of counts for one matrix, None where a class it needs is missing."""
    labelled, answered = counts.sum(axis=1), counts.sum(axis=0)
    values = metrics_of(counts, label_set)
    return {
        metric.name: float(values[metric.name])
        if labelled[list(metric.labels)].all()
        and answered[list(metric.answers)].all()
        and not np.isnan(values[metric.name])
        else None
        for metric in metrics_for(label_set).all
        if metric.of_counts
    }


def count_intervals(
    counts: Counts,
    label_set: LabelSet = SENTIMENT,
    replicates: int = REPLICATES,
    seed: int = SEED,
) -> Intervals:
    """Compute the 95% interval of each metric of counts, None where the metric is undefined."""
    drawn = metrics_of(resampled_counts(counts, replicates, seed), label_set)
    return {
        name: None if value is None else percentile_interval(value, drawn[name])
        for name, value in metrics_or_none(counts, label_set).items()
    }


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Every metric of labelled reviews and their scores.

    Attributes:
        probabilities: calibrated, float64 [n, K], n ≥ 1, no NaN.
        labels: of `label_set`, [n].
        decision: whose side of the threshold, or highest score, is the answer.
        label_set: the classes.
        replicates: bootstrap draws.
        seed: of the bootstrap.
        given: the label answered, int64 [n], where reviews have decisions of their own.
    """

    probabilities: Floats
    labels: Labels
    decision: AnyDecision
    label_set: LabelSet = SENTIMENT
    replicates: int = REPLICATES
    seed: int = SEED
    given: NDArray[np.int64] | None = None

    @property
    def n(self) -> int:
        """The number of reviews."""
        return int(self.labels.size)

    @property
    def metrics(self) -> Metrics:
        """The metrics of these classes."""
        return metrics_for(self.label_set)

    @cached_property
    def answers(self) -> NDArray[np.int64]:
        """The label answered, whether uncertain or not, int64 [n]."""
        return self.decision.choose(self.probabilities) if self.given is None else self.given

    @cached_property
    def confusion(self) -> NDArray[np.int64]:
        """Reviews by label (rows) and answer (columns), int64 [K, K]."""
        return confusion_matrix(self.labels, self.answers, len(self.label_set))

    @property
    def support(self) -> dict[str, int]:
        """The number of reviews of each class."""
        return dict(zip(self.label_set.names, self.confusion.sum(axis=1).tolist(), strict=True))

    @cached_property
    def ranks(self) -> list[Ranks]:
        """The reviews ranked by the probability of each class, of two classes of the second."""
        labels = (1,) if self.label_set.is_binary else range(len(self.label_set))
        return [
            Ranks.of(self.probabilities[:, label], (self.labels == label).astype(np.int64))
            for label in labels
        ]

    @cached_property
    def claims(self) -> tuple[Floats, Labels]:
        """Probabilities to calibrate and whether each came true, both [n].

        Of two classes the probability of the second, of more that of the answer.
        """
        if self.label_set.is_binary:
            return self.probabilities[:, 1], self.labels
        correct = (self.answers == self.labels).astype(np.int64)
        return _p_of(self.answers, self.probabilities), correct

    @cached_property
    def losses(self) -> Floats:
        """Each loss of each review, float64 [n, losses]."""
        losses = self.metrics.losses.values()
        return np.stack([loss(self.probabilities, self.labels) for loss in losses], axis=1)

    @cached_property
    def figures(self) -> Figures:
        """The value of each metric by name, None where undefined."""
        found = metrics_or_none(self.confusion, self.label_set)
        found |= zip(self.metrics.losses, self.losses.mean(axis=0).tolist(), strict=True)
        found |= {metric.name: metric.value(self) for metric in self.metrics.all if metric.value}
        return found

    @cached_property
    def intervals(self) -> Intervals:
        """The 95% interval of each metric that has one, None where undefined."""
        found = count_intervals(self.confusion, self.label_set, self.replicates, self.seed)
        metrics = self.metrics.all
        found |= {metric.name: metric.interval(self) for metric in metrics if metric.interval}
        if self.n < MIN_LOSSES:
            return found | dict.fromkeys(self.metrics.losses)
        means = resampled_means(self.losses, self.replicates, self.seed)
        intervals = map(mean_interval, self.losses.T, means.T)
        found |= zip(self.metrics.losses, intervals, strict=True)
        return found

    @property
    def most_frequent(self) -> str:
        """The most frequent label."""
        return self.label_set.names[int(self.confusion.sum(axis=1).argmax())]

    @property
    def constant(self) -> Figures:
        """The metrics of always answering with the most frequent label: the baseline to beat."""
        return metrics_or_none(constant_confusion(self.confusion), self.label_set)

    def as_json(self) -> dict[str, Any]:
        """Return all metrics as a flat JSON object, and the confusion matrix."""
        facts: dict[str, Any] = {"n": self.n}
        for metric in self.metrics.overall:
            facts[metric.name] = self.figures[metric.name]
            if metric.floor:
                facts[f"{metric.name}_floor"] = metric.floor(self)
        if isinstance(self.decision, Decision):
            facts["threshold"] = self.decision.threshold
        else:
            facts["classes"] = list(self.label_set.names)
            facts["offsets"] = list(self.decision.offsets or [0.0] * len(self.label_set))
        for name, metrics in self.metrics.of_class.items():
            facts |= {metric.name: self.figures[metric.name] for metric in metrics}
            facts[f"support_{name}"] = self.support[name]
        constant = self.constant
        facts |= {f"constant_{each.name}": constant[each.name] for each in self.metrics.headline}
        return facts | {"confusion_matrix": self.confusion.tolist()}
