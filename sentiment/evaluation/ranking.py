"""How well scores rank reviews: ROC and precision-recall curves, and the areas below them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sentiment.evaluation.intervals import LEVEL, Interval, logit_interval

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Ranks:
    """Numbers of reviews by descending score; equal scores form one step.

    Attributes:
        positive: positive reviews of each step, float64 [steps].
        negative: negative reviews of each step, float64 [steps].
    """

    positive: Floats
    negative: Floats

    @classmethod
    def of(cls, scores: Floats, labels: NDArray[np.integer]) -> "Ranks":
        """Count the reviews of each class, labels 0 or 1, at every score."""
        _, steps = np.unique(-scores, return_inverse=True)
        return cls(
            np.bincount(steps, weights=labels).astype(np.float64),
            np.bincount(steps, weights=1 - labels).astype(np.float64),
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


def roc_auc_interval(ranks: Ranks, level: float = LEVEL) -> Interval | None:
    """Compute the interval of the ROC AUC, on the logit scale.

    DeLong's variance (Biometrics 44, 1988): that of the share of the other class that each review
    is ranked correctly against.

    Returns:
        None with one class, fewer than two reviews of either, or a perfect ranking.
    """
    positives, negatives = ranks.positive.sum(), ranks.negative.sum()
    auc = roc_auc(ranks)
    if auc is None or min(positives, negatives) < 2:
        return None
    right_of_positive = _beaten(ranks)
    right_of_negative = (np.cumsum(ranks.positive) - ranks.positive / 2) / positives
    variance = sum(
        counts @ (shares - auc) ** 2 / (size * (size - 1))
        for counts, shares, size in (
            (ranks.positive, right_of_positive, positives),
            (ranks.negative, right_of_negative, negatives),
        )
    )
    return logit_interval(auc, float(np.sqrt(variance)), level)


def pr_auc_interval(ranks: Ranks) -> Interval | None:
    """Compute the interval of the average precision, on the logit scale.

    The influence of each review is its share in the precision of all steps from its own downward.

    Returns:
        None with one class, or a perfect ranking.
    """
    average = pr_auc(ranks)
    if average is None:
        return None
    positives = ranks.positive.sum()
    precision = _precision(ranks)
    answered = np.cumsum(ranks.positive + ranks.negative)
    less = _sum_downward(ranks.positive * precision / answered)
    more = _sum_downward(ranks.positive / answered)
    of_negative = -less / positives
    of_positive = (precision - average + more - less) / positives
    squares = ranks.positive @ of_positive**2 + ranks.negative @ of_negative**2
    return logit_interval(average, float(np.sqrt(squares)))


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
