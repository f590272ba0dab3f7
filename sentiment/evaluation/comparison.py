"""Which of two systems is better on the same reviews, and whether the difference is significant."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sentiment.evaluation.intervals import (
    REPLICATES,
    SEED,
    Floats,
    Interval,
    Labels,
    mcnemar,
    mean_change_interval,
    paired_interval,
    percentile_interval,
    resampled_counts,
)
from sentiment.evaluation.metrics import Figures, Loss, Metric, metrics_for, metrics_or_none
from sentiment.labels import SENTIMENT, LabelSet


@dataclass(frozen=True, eq=False)
class System:
    """The answers of one of the two systems.

    Attributes:
        answers: labels, any other number for no answer, int64 [n].
        probabilities: float64 [n, K], NaN where missing; None if all are missing.
        uncertain: reviews left uncertain, which count by their probability, bool [n].
    """

    answers: NDArray[np.int64]
    probabilities: Floats | None = None
    uncertain: NDArray[np.bool_] | None = None

    @property
    def complete(self) -> Floats | None:
        """The probabilities; None if any is missing, since losses must cover the same reviews."""
        missing = self.probabilities is None or bool(np.isnan(self.probabilities).any())
        return None if missing else self.probabilities

    def answers_or(self, none: int) -> NDArray[np.int64]:
        """Return the answers, K = `none` for no answer."""
        return np.where((self.answers >= 0) & (self.answers < none), self.answers, none)

    def take(self, rows: NDArray[np.int64]) -> "System":
        """Return the answers to the given rows."""
        p = None if self.probabilities is None else self.probabilities[rows]
        uncertain = None if self.uncertain is None else self.uncertain[rows]
        return replace(self, answers=self.answers[rows], probabilities=p, uncertain=uncertain)


@dataclass(frozen=True)
class Difference:
    """A metric of both systems, and the 95% interval of b − a, None with too few reviews."""

    a: float
    b: float
    interval: Interval | None

    @property
    def difference(self) -> float:
        """B − a."""
        return self.b - self.a

    @property
    def is_significant(self) -> bool:
        """Whether the interval excludes 0."""
        return self.interval is not None and not self.interval[0] <= 0 <= self.interval[1]


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two systems compared.

    Attributes:
        differences: by metric; None where a metric is undefined: macro F1 with one class, log loss
            with missing probabilities.
        correct: reviews by whether A (rows) and B (columns) are wrong or correct, int64 [2, 2].
        p_value: of McNemar's test of the accuracies.
        disagreements: rows with different answers, the furthest apart first, int64 [m].
    """

    differences: dict[str, Difference | None]
    correct: NDArray[np.int64]
    p_value: float
    disagreements: NDArray[np.int64]


def compare(
    a: System,
    b: System,
    labels: Labels,
    label_set: LabelSet = SENTIMENT,
    replicates: int = REPLICATES,
    seed: int = SEED,
) -> Comparison:
    """Compare two systems on n labelled reviews; a missing answer counts as wrong."""
    a_correct, b_correct = (system.answers == labels for system in (a, b))
    correct = np.bincount(2 * a_correct + b_correct, minlength=4).reshape(2, 2)
    pairs = _count_pairs(a, b, labels, len(label_set))
    figures_a, figures_b = (metrics_or_none(pairs.sum(axis=axis), label_set) for axis in (2, 1))
    drawn = resampled_counts(pairs, replicates, seed)
    return Comparison(
        differences={
            metric.name: _mean_difference(metric.loss, a, b, labels)
            if metric.loss
            else _count_difference(metric, (figures_a, figures_b), correct, drawn)
            for metric in metrics_for(label_set).all
            if metric.compared
        },
        correct=correct,
        p_value=mcnemar(int(correct[1, 0]), int(correct[0, 1])),
        disagreements=_disagreements(a, b),
    )


def _count_pairs(a: System, b: System, labels: Labels, classes: int) -> NDArray[np.int64]:
    """Count reviews by label, answer of A and answer of B, [K, K + 1, K + 1]."""
    shape = (classes, classes + 1, classes + 1)
    answers = (system.answers_or(classes) for system in (a, b))
    cells = np.ravel_multi_index((labels.astype(np.int64), *answers), shape)
    return np.bincount(cells, minlength=int(np.prod(shape))).reshape(shape)


def _count_difference(
    metric: Metric,
    figures: tuple[Figures, Figures],
    correct: NDArray[np.int64],
    drawn: Floats,
) -> Difference | None:
    """Compare a metric of counts; None where it is undefined."""
    a, b = (each[metric.name] for each in figures)
    if a is None or b is None:
        return None
    if metric.compared == "proportion":
        interval = paired_interval(int(correct[1, 0]), int(correct[0, 1]), int(correct.sum()))
    else:
        assert metric.of_counts is not None
        drawn_a, drawn_b = (metric.of_counts(drawn.sum(axis=axis)) for axis in (3, 2))
        interval = percentile_interval(b - a, drawn_b - drawn_a)
    return Difference(a, b, interval)


def _mean_difference(loss: Loss, a: System, b: System, labels: Labels) -> Difference | None:
    """Compare mean losses; None if a probability is missing."""
    if a.complete is None or b.complete is None:
        return None
    losses_a, losses_b = (loss(p, labels) for p in (a.complete, b.complete))
    interval = mean_change_interval(losses_b - losses_a)
    return Difference(float(losses_a.mean()), float(losses_b.mean()), interval)


def _disagreements(a: System, b: System) -> NDArray[np.int64]:
    """Order the reviews with different answers by how far apart the probabilities are.

    The probability of the first class follows from those of the others, and is left out.
    """
    rows = np.flatnonzero(a.answers != b.answers)
    if a.complete is None or b.complete is None:
        return rows
    apart = np.abs(a.complete - b.complete)[rows, 1:].max(axis=1)
    return rows[np.argsort(-apart, kind="stable")]
