"""How well scores rank reviews: ROC and precision-recall curves, and the areas below them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sentiment.evaluation.intervals import LEVEL, Floats, Interval, logit_interval


@dataclass(frozen=True)
class Ranks:
    """Numbers of reviews by descending score; equal scores form one step.

    Attributes:
        positive: positive reviews of each step, float64 [steps].
        negative: negative reviews of each step, float64 [steps].
        steps: the step of each review, int64 [n].
        labels: 0 or 1, [n].
    """

    positive: Floats
    negative: Floats
    steps: NDArray[np.int64]
    labels: NDArray[np.integer]

    @classmethod
    def of(cls, scores: Floats, labels: NDArray[np.integer]) -> "Ranks":
        """Count the reviews of each class, labels 0 or 1, at every score."""
        _, steps = np.unique(-scores, return_inverse=True)
        return cls(
            np.bincount(steps, weights=labels).astype(np.float64),
            np.bincount(steps, weights=1 - labels).astype(np.float64),
            steps,
            labels,
        )

    @property
    def has_both_classes(self) -> bool:
        """Whether both classes occur."""
        return bool(self.positive.any() and self.negative.any())


def roc_auc(ranks: Ranks) -> float | None:
    """Compute the area under the ROC curve; None with one class."""
    if not ranks.has_both_classes:
        return None
    return float(_beaten(ranks) @ ranks.positive / ranks.positive.sum())


def pr_auc(ranks: Ranks) -> float | None:
    """Compute the average precision; None with one class."""
    if not ranks.has_both_classes:
        return None
    return float(_precision(ranks) @ ranks.positive / ranks.positive.sum())


# Of positive and of negative reviews: how far each of a step moves an area, float64 [steps], and
# the number that their squares are divided by.
_Influence = tuple[tuple[Floats, float], tuple[Floats, float]]


def roc_auc_interval(ranks: Sequence[Ranks], level: float = LEVEL) -> Interval | None:
    """Compute the interval of the mean ROC AUC of the rankings, on the logit scale.

    DeLong's variance (Biometrics 44, 1988): that of the share of the other class that each review
    is ranked correctly against.

    Returns:
        None with one class, fewer than two reviews of any, or a perfect ranking.
    """
    if any(min(each.positive.sum(), each.negative.sum()) < 2 for each in ranks):
        return None
    return _area_interval(ranks, roc_auc, _roc_influence, level)


def pr_auc_interval(ranks: Sequence[Ranks]) -> Interval | None:
    """Compute the interval of the mean average precision of the rankings, on the logit scale.

    The influence of each review is its share in the precision of all steps from its own downward.

    Returns:
        None with one class, or a perfect ranking.
    """
    return _area_interval(ranks, pr_auc, _pr_influence, LEVEL)


def mean_or_none(areas: Iterable[float | None]) -> float | None:
    """Return the mean; None if any area is undefined."""
    known: list[float] = []
    for area in areas:
        if area is None:
            return None
        known.append(area)
    return sum(known) / len(known)


def _area_interval(
    ranks: Sequence[Ranks],
    area: Callable[[Ranks], float | None],
    influence: Callable[[Ranks, float], _Influence],
    level: float,
) -> Interval | None:
    """Compute the interval of a mean area; rankings of the same reviews vary together."""
    areas = [area(each) for each in ranks]
    mean = mean_or_none(areas)
    if mean is None:
        return None
    influences = [influence(each, own or 0.0) for each, own in zip(ranks, areas, strict=True)]
    if len(ranks) == 1:
        sides = zip((ranks[0].positive, ranks[0].negative), influences[0], strict=True)
        variance = float(sum(counts @ moves**2 / divisor for counts, (moves, divisor) in sides))
    else:
        moved = np.mean([*map(_by_review, ranks, influences)], axis=0)
        variance = float(np.sum(moved**2))
    return logit_interval(mean, float(np.sqrt(variance)), level)


def _by_review(ranks: Ranks, influence: _Influence) -> Floats:
    """Return how far each review moves an area, float64 [n]."""
    positive, negative = (moves / np.sqrt(divisor) for moves, divisor in influence)
    return np.where(ranks.labels == 1, positive[ranks.steps], negative[ranks.steps])


def _roc_influence(ranks: Ranks, auc: float) -> _Influence:
    positives, negatives = ranks.positive.sum(), ranks.negative.sum()
    right_of_negative = (np.cumsum(ranks.positive) - ranks.positive / 2) / positives
    return (
        (_beaten(ranks) - auc, positives * (positives - 1)),
        (right_of_negative - auc, negatives * (negatives - 1)),
    )


def _pr_influence(ranks: Ranks, average: float) -> _Influence:
    positives = ranks.positive.sum()
    precision = _precision(ranks)
    answered = np.cumsum(ranks.positive + ranks.negative)
    less = _sum_downward(ranks.positive * precision / answered)
    more = _sum_downward(ranks.positive / answered)
    return ((precision - average + more - less) / positives, 1.0), (-less / positives, 1.0)


def _beaten(ranks: Ranks) -> Floats:
    """Return the share of negative reviews below each step, counting half of those on it."""
    return 1 - (np.cumsum(ranks.negative) - ranks.negative / 2) / ranks.negative.sum()


def _precision(ranks: Ranks) -> Floats:
    """Return the share of positive reviews down to each step."""
    return np.cumsum(ranks.positive) / np.cumsum(ranks.positive + ranks.negative)


def _sum_downward(steps: Floats) -> Floats:
    return np.cumsum(steps[::-1])[::-1]


POINTS = 300  # more look the same


@dataclass(frozen=True, eq=False)
class Curve:
    """Points of a curve by descending threshold, float64 [at most `POINTS`]."""

    x: Floats
    y: Floats


def roc_curve(ranks: Ranks) -> Curve:
    """Return the true positive rate (y) by the false positive rate, with both classes."""
    shares = [np.cumsum(side) / side.sum() for side in (ranks.negative, ranks.positive)]
    return _simplified(*(np.concatenate(([0.0], share)) for share in shares))


def precision_recall_curve(ranks: Ranks) -> Curve:
    """Return the precision of *positive* (y) by its recall, with both classes."""
    true = np.cumsum(ranks.positive)
    precision = true / np.cumsum(ranks.positive + ranks.negative)
    return _simplified(true / true[-1], precision)


def _simplified(x: Floats, y: Floats) -> Curve:
    """Keep both ends and points about equally spaced along the curve."""
    if x.size <= POINTS:
        return Curve(x, y)
    length = np.concatenate(([0.0], np.cumsum(np.abs(np.diff(x)) + np.abs(np.diff(y)))))
    kept = np.unique(np.searchsorted(length, np.linspace(0, length[-1], POINTS)))
    kept[-1] = x.size - 1
    return Curve(x[kept], y[kept])
