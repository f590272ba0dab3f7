"""How well reviews are ranked, and how far that would move with other reviews.

The area under the ROC curve is how often a positive review is ranked above a negative one, equal
scores counting half. That under the precision–recall curve is the average precision: with T and N
the positive and all reviews down to a step and p its positive ones, Σ p·T/N ÷ Σ p.

Both areas are smooth functions of the weight of each review. The square root of the sum of its
squared derivatives by them is the standard error of the infinitesimal jackknife (Efron, *The
jackknife, the bootstrap and other resampling plans*, 1982, section 6). For the ROC AUC this is the
estimate of DeLong et al. (Biometrics 44, 1988), but for the factor n / (n - 1) of each class. One
sort does for both, where a bootstrap would run over all reviews a thousand times.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sentiment.evaluation.bootstrap import LEVEL, Interval, logit_interval

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Ranks:
    """Reviews by falling score; those of equal scores are one step.

    Attributes:
        positive: positive reviews of each step, float64 [steps].
        negative: negative reviews of each step, float64 [steps].
    """

    positive: Floats
    negative: Floats

    @classmethod
    def of(cls, scores: Floats, labels: NDArray[np.integer]) -> "Ranks":
        """Count the reviews of each class at every score."""
        _, steps = np.unique(-scores, return_inverse=True)
        return cls(
            np.bincount(steps, weights=labels).astype(np.float64),
            np.bincount(steps, weights=1 - labels).astype(np.float64),
        )

    @property
    def has_both_classes(self) -> bool:
        """Whether there is something to rank."""
        return bool(self.positive.any() and self.negative.any())


def roc_auc(ranks: Ranks) -> float | None:
    """Give the area under the ROC curve; None with one class."""
    if not ranks.has_both_classes:
        return None
    return float(_beaten(ranks) @ ranks.positive / ranks.positive.sum())


def pr_auc(ranks: Ranks) -> float | None:
    """Give the average precision; None with one class."""
    if not ranks.has_both_classes:
        return None
    return float(_precision(ranks) @ ranks.positive / ranks.positive.sum())


def roc_auc_interval(
    scores: Floats, labels: NDArray[np.integer], level: float = LEVEL
) -> Interval | None:
    """Give the interval of the ROC AUC, on the logit scale.

    A review's share in the AUC is how many of the other class it is on the right side of.

    Args:
        scores: float64 [n].
        labels: 0 or 1, [n].
        level: how often it is to hold the truth.

    Returns:
        None with one class, fewer than two reviews of either, or nothing ranked wrongly.
    """
    ranks = Ranks.of(scores, labels)
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


def pr_auc_interval(scores: Floats, labels: NDArray[np.integer]) -> Interval | None:
    """Give the interval of the average precision, on the logit scale.

    Each review has a hand in the precision of all steps from its own on.

    Args:
        scores: float64 [n].
        labels: 0 or 1, [n].

    Returns:
        None with one class, or nothing ranked wrongly.
    """
    ranks = Ranks.of(scores, labels)
    average = pr_auc(ranks)
    if average is None:
        return None
    positives = ranks.positive.sum()
    precision = _precision(ranks)
    answered = np.cumsum(ranks.positive + ranks.negative)
    less = _from_here_on(ranks.positive * precision / answered)
    more = _from_here_on(ranks.positive / answered)
    of_negative = -less / positives
    of_positive = (precision - average + more - less) / positives
    squares = ranks.positive @ of_positive**2 + ranks.negative @ of_negative**2
    return logit_interval(average, float(np.sqrt(squares)))


def _beaten(ranks: Ranks) -> Floats:
    """Give the share of negative reviews below each step, half of those on it included."""
    return 1 - (np.cumsum(ranks.negative) - ranks.negative / 2) / ranks.negative.sum()


def _precision(ranks: Ranks) -> Floats:
    """Give the share of positive reviews down to each step."""
    return np.cumsum(ranks.positive) / np.cumsum(ranks.positive + ranks.negative)


def _from_here_on(steps: Floats) -> Floats:
    return np.cumsum(steps[::-1])[::-1]
