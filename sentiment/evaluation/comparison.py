"""Which of two systems is better on the same reviews, and whether the difference is significant."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sentiment.evaluation.intervals import (
    REPLICATES,
    SEED,
    Interval,
    mcnemar,
    mean_change_interval,
    paired_interval,
    percentile_interval,
    resampled_counts,
)
from sentiment.evaluation.metrics import (
    COUNTED,
    METRICS,
    Floats,
    Labels,
    Loss,
    Metric,
    metrics_or_none,
    probability_of_label,
)
from sentiment.labels import CLASSES


@dataclass(frozen=True, eq=False)
class System:
    """The answers of one of the two systems.

    Attributes:
        answers: labels, K for no answer, int64 [n].
        p_positive: float64 [n], NaN where missing; None if all are missing.
        uncertain: reviews left uncertain, which count by their probability, bool [n].
    """

    answers: NDArray[np.int64]
    p_positive: Floats | None = None
    uncertain: NDArray[np.bool_] | None = None

    @property
    def probabilities(self) -> Floats | None:
        """The probabilities; None if any is missing, since losses must cover the same reviews."""
        missing = self.p_positive is None or bool(np.isnan(self.p_positive).any())
        return None if missing else self.p_positive

    def take(self, rows: NDArray[np.int64]) -> "System":
        """Return the answers to the given rows."""
        p_positive = None if self.p_positive is None else self.p_positive[rows]
        uncertain = None if self.uncertain is None else self.uncertain[rows]
        return replace(self, answers=self.answers[rows], p_positive=p_positive, uncertain=uncertain)


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
    a: System, b: System, labels: Labels, replicates: int = REPLICATES, seed: int = SEED
) -> Comparison:
    """Compare two systems on n labelled reviews; a missing answer counts as wrong."""
    a_correct, b_correct = (system.answers == labels for system in (a, b))
    correct = np.bincount(2 * a_correct + b_correct, minlength=4).reshape(2, 2)
    pairs = _count_pairs(a, b, labels)
    drawn = resampled_counts(pairs, replicates, seed)
    return Comparison(
        differences={
            metric.name: _mean_difference(metric.loss, a, b, labels)
            if metric.loss
            else _count_difference(metric, pairs, correct, drawn)
            for metric in METRICS
            if metric.compared
        },
        correct=correct,
        p_value=mcnemar(int(correct[1, 0]), int(correct[0, 1])),
        disagreements=_disagreements(a, b),
    )


def _count_pairs(a: System, b: System, labels: Labels) -> NDArray[np.int64]:
    """Count reviews by label, answer of A and answer of B, [K, K + 1, K + 1]."""
    shape = (len(CLASSES), len(CLASSES) + 1, len(CLASSES) + 1)
    cells = np.ravel_multi_index((labels.astype(np.int64), a.answers, b.answers), shape)
    return np.bincount(cells, minlength=int(np.prod(shape))).reshape(shape)


def _count_difference(
    metric: Metric, pairs: NDArray[np.int64], correct: NDArray[np.int64], drawn: Floats
) -> Difference | None:
    """Compare a metric of counts; None where it is undefined."""
    a, b = (metrics_or_none(pairs.sum(axis=axis))[metric.name] for axis in (2, 1))
    if a is None or b is None:
        return None
    if metric.compared == "proportion":
        interval = paired_interval(int(correct[1, 0]), int(correct[0, 1]), int(correct.sum()))
    else:
        drawn_a, drawn_b = (COUNTED[metric.name](drawn.sum(axis=axis)) for axis in (3, 2))
        interval = percentile_interval(b - a, drawn_b - drawn_a)
    return Difference(a, b, interval)


def _mean_difference(loss: Loss, a: System, b: System, labels: Labels) -> Difference | None:
    """Compare mean losses; None if a probability is missing."""
    if a.probabilities is None or b.probabilities is None:
        return None
    losses_a, losses_b = (
        loss(probability_of_label(p_positive, labels))
        for p_positive in (a.probabilities, b.probabilities)
    )
    interval = mean_change_interval(losses_b - losses_a)
    return Difference(float(losses_a.mean()), float(losses_b.mean()), interval)


def _disagreements(a: System, b: System) -> NDArray[np.int64]:
    """Order the reviews with different answers by how far apart the probabilities are."""
    rows = np.flatnonzero(a.answers != b.answers)
    if a.probabilities is None or b.probabilities is None:
        return rows
    return rows[np.argsort(-np.abs(a.probabilities - b.probabilities)[rows], kind="stable")]
