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
    figures_or_none,
    probability_of_label,
)


@dataclass(frozen=True, eq=False)
class System:
    """What one of the two answers.

    Attributes:
        answers: 0 negative, 1 positive, 2 no answer, int64 [n].
        p_positive: float64 [n], NaN for a review without; None for none at all.
        uncertain: reviews that are left uncertain, but count by their probability, bool [n].
    """

    answers: NDArray[np.int64]
    p_positive: Floats | None = None
    uncertain: NDArray[np.bool_] | None = None

    @property
    def probabilities(self) -> Floats | None:
        """Those of all reviews; None if some are missing: their loss would be of other reviews."""
        missing = self.p_positive is None or bool(np.isnan(self.p_positive).any())
        return None if missing else self.p_positive

    def take(self, rows: NDArray[np.int64]) -> "System":
        """Return what is answered to some reviews."""
        p_positive = None if self.p_positive is None else self.p_positive[rows]
        uncertain = None if self.uncertain is None else self.uncertain[rows]
        return replace(self, answers=self.answers[rows], p_positive=p_positive, uncertain=uncertain)


@dataclass(frozen=True)
class Difference:
    """A metric of both.

    Attributes:
        a, b: its values.
        interval: the 95% interval of b − a; None with too few reviews.
    """

    a: float
    b: float
    interval: Interval | None

    @property
    def difference(self) -> float:
        """How much higher the second is."""
        return self.b - self.a

    @property
    def is_significant(self) -> bool:
        """Whether its interval leaves out 0."""
        return self.interval is not None and not self.interval[0] <= 0 <= self.interval[1]


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two systems compared.

    Attributes:
        differences: each metric that is compared, None if it is undefined for these reviews: macro
            F1 with one class, log loss if not both have all probabilities.
        right: reviews by whether A (rows) and B (columns) are wrong or right, int64 [2, 2].
        p_value: of McNemar's test, below 0.05 where the difference in accuracy is significant.
        disagreements: reviews they answer differently, the furthest apart first, int64 [m].
    """

    differences: dict[str, Difference | None]
    right: NDArray[np.int64]
    p_value: float
    disagreements: NDArray[np.int64]


def compare(
    a: System, b: System, labels: Labels, replicates: int = REPLICATES, seed: int = SEED
) -> Comparison:
    """Compare two systems on the same reviews; no answer counts as a wrong one.

    Args:
        a: what one answers to n reviews.
        b: what the other answers to them.
        labels: 0 or 1, [n].
        replicates: how often the bootstrap draws.
        seed: the same seed gives the same intervals.
    """
    a_right, b_right = (system.answers == labels for system in (a, b))
    right = np.bincount(2 * a_right + b_right, minlength=4).reshape(2, 2)
    pairs = _count_pairs(a, b, labels)
    drawn = resampled_counts(pairs, replicates, seed)
    return Comparison(
        differences={
            metric.name: _mean_difference(metric.loss, a, b, labels)
            if metric.loss
            else _count_difference(metric, pairs, right, drawn)
            for metric in METRICS
            if metric.compared
        },
        right=right,
        p_value=mcnemar(int(right[1, 0]), int(right[0, 1])),
        disagreements=_disagreements(a, b),
    )


def _count_pairs(a: System, b: System, labels: Labels) -> NDArray[np.int64]:
    """Count reviews by label and by what both answer, [2, 3, 3]."""
    cells = (labels.astype(np.int64) * 3 + a.answers) * 3 + b.answers
    return np.bincount(cells, minlength=18).reshape(2, 3, 3)


def _count_difference(
    metric: Metric, pairs: NDArray[np.int64], right: NDArray[np.int64], drawn: Floats
) -> Difference | None:
    """Compare a metric that counts give; None where it is undefined."""
    a, b = (figures_or_none(pairs.sum(axis=axis))[metric.name] for axis in (2, 1))
    if a is None or b is None:
        return None
    if metric.compared == "proportion":
        interval = paired_interval(int(right[1, 0]), int(right[0, 1]), int(right.sum()))
    else:
        of_a, of_b = (COUNTED[metric.name](drawn.sum(axis=axis)) for axis in (3, 2))
        interval = percentile_interval(b - a, of_b - of_a)
    return Difference(a, b, interval)


def _mean_difference(loss: Loss, a: System, b: System, labels: Labels) -> Difference | None:
    """Compare mean losses; None if not both have all probabilities."""
    if a.probabilities is None or b.probabilities is None:
        return None
    of_a, of_b = (
        loss(probability_of_label(p_positive, labels))
        for p_positive in (a.probabilities, b.probabilities)
    )
    return Difference(float(of_a.mean()), float(of_b.mean()), mean_change_interval(of_b - of_a))


def _disagreements(a: System, b: System) -> NDArray[np.int64]:
    """Order the reviews with different answers by how far apart the probabilities are."""
    rows = np.flatnonzero(a.answers != b.answers)
    if a.probabilities is None or b.probabilities is None:
        return rows
    return rows[np.argsort(-np.abs(a.probabilities - b.probabilities)[rows], kind="stable")]
