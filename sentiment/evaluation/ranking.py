"""How well reviews are ranked, and how far that would move with other reviews.

Both areas are smooth functions of the weight of each review. The square root of the sum of its
squared derivatives by them is the standard error of the infinitesimal jackknife (Efron, *The
jackknife, the bootstrap and other resampling plans*, 1982, section 6). For the ROC AUC this is the
estimate of DeLong et al. (Biometrics 44, 1988), but for the factor n / (n - 1) of each class. One
sort does for both, where a bootstrap would run over all reviews a thousand times.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sentiment.evaluation.bootstrap import Interval, logit_interval

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


def roc_auc_interval(scores: Floats, labels: NDArray[np.integer]) -> Interval | None:
    """Give the interval of the ROC AUC, on the logit scale.

    A review's share in the AUC is how many of the other class it is on the right side of.

    Args:
        scores: float64 [n].
        labels: 0 or 1, [n].

    Returns:
        None with one class, fewer than two reviews of either, or nothing ranked wrongly.
    """
    ranks = Ranks.of(scores, labels)
    positives, negatives = ranks.positive.sum(), ranks.negative.sum()
    if min(positives, negatives) < 2:
        return None
    right_of_positive = (negatives - np.cumsum(ranks.negative) + ranks.negative / 2) / negatives
    right_of_negative = (np.cumsum(ranks.positive) - ranks.positive / 2) / positives
    auc = float(right_of_positive @ ranks.positive) / positives
    variance = sum(
        counts @ (shares - auc) ** 2 / (size * (size - 1))
        for counts, shares, size in (
            (ranks.positive, right_of_positive, positives),
            (ranks.negative, right_of_negative, negatives),
        )
    )
    return logit_interval(auc, float(np.sqrt(variance)))


def pr_auc_interval(scores: Floats, labels: NDArray[np.integer]) -> Interval | None:
    """Give the interval of the average precision, on the logit scale.

    With T and N the positive and all reviews down to a step and p its positive ones, the average
    precision is Σ p·T/N ÷ Σ p. Each review has a hand in T and N of all steps from its own on.

    Args:
        scores: float64 [n].
        labels: 0 or 1, [n].

    Returns:
        None with one class, or nothing ranked wrongly.
    """
    ranks = Ranks.of(scores, labels)
    positives = ranks.positive.sum()
    if not 0 < positives < labels.size:
        return None
    true = np.cumsum(ranks.positive)
    answered = np.cumsum(ranks.positive + ranks.negative)
    precision = true / answered
    average = float(precision @ ranks.positive) / positives
    less = _from_here_on(ranks.positive * precision / answered)
    more = _from_here_on(ranks.positive / answered)
    of_negative = -less / positives
    of_positive = (precision - average + more - less) / positives
    squares = ranks.positive @ of_positive**2 + ranks.negative @ of_negative**2
    return logit_interval(average, float(np.sqrt(squares)))


def _from_here_on(steps: Floats) -> Floats:
    return np.cumsum(steps[::-1])[::-1]
