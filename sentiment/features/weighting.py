"""Which n-grams matter, and how much: counts by class → naive-Bayes weights → the top K."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sentiment.features.incidence import Incidence


@dataclass(frozen=True)
class ClassCounts:
    """How many reviews of each class hold each feature; a review may belong to both in part.

    Attributes:
        negative, positive: float64 [features], numbers of reviews.
        n_negative, n_positive: numbers of reviews counted.
    """

    negative: NDArray[np.float64]
    positive: NDArray[np.float64]
    n_negative: float
    n_positive: float

    @property
    def held(self) -> NDArray[np.float64]:
        """How many reviews hold each feature, float64 [features]."""
        return self.negative + self.positive


def count_by_class(
    incidence: Incidence, labels: NDArray[np.floating], times: NDArray[np.integer]
) -> ClassCounts:
    """Count the reviews of each class that hold each feature.

    Args:
        incidence: which features the reviews hold.
        labels: how far each review is positive, from 0 to 1, [n].
        times: how often each review counts, [n]; 0 leaves it out, and its label, which may be NaN,
            is not looked at.
    """
    positive = np.where(times > 0, labels, 0.0) * times
    negative = times - positive
    return ClassCounts(
        _held_by(incidence, negative),
        _held_by(incidence, positive),
        float(negative.sum()),
        float(positive.sum()),
    )


def _held_by(incidence: Incidence, amounts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum, for each feature, an amount of each review that holds it."""
    sums = np.zeros(incidence.keys.size)
    # Never so few pairs at once that adding up costs more than counting.
    for block in incidence.blocks(max(sums.size, 1 << 20)):
        if amounts[block].any():
            columns, offsets = incidence.pairs(block)
            each = np.repeat(amounts[block], np.diff(offsets))
            sums += np.bincount(columns, each, minlength=sums.size)
    return sums


def log_count_ratios(counts: ClassCounts, smoothing: float = 2.0) -> NDArray[np.float64]:
    """The naive-Bayes log-count ratio of each feature (Wang and Manning, ACL 2012).

    r = log((p + a·π₊) / N₊) − log((q + a·π₋) / N₋), with p and q the numbers of positive and
    negative reviews that hold the feature, N the sizes of the classes and π their shares. The
    smoothing mass a is shared out in proportion to the classes, so that a feature never seen has
    r = 0 however unbalanced the data are; with balanced classes a = 2 is add-one smoothing.

    Returns:
        float64 [features]; positive where the feature speaks for the positive class.
    """
    total = counts.n_positive + counts.n_negative
    share = counts.n_positive / total
    positive = (counts.positive + smoothing * share) / counts.n_positive
    negative = (counts.negative + smoothing * (1 - share)) / counts.n_negative
    ratios: NDArray[np.float64] = np.log(positive) - np.log(negative)
    return ratios


def strongest(
    counts: ClassCounts, ratios: NDArray[np.float64], limit: int, min_count: int
) -> NDArray[np.int64]:
    """Choose the features that move the most reviews furthest: the top `limit` by count · r².

    Args:
        counts: document counts by class.
        ratios: log-count ratios, float64 [features].
        limit: how many features at the most.
        min_count: features held by fewer reviews are left out.

    Returns:
        Indices of the chosen features, sorted; ties go to the smaller key.
    """
    held = counts.held
    candidates = np.flatnonzero(held >= min_count)
    if candidates.size <= limit:
        return candidates
    scores = held[candidates] * ratios[candidates] ** 2
    bar = np.partition(scores, scores.size - limit)[scores.size - limit]
    above = candidates[scores > bar]
    ties = candidates[scores == bar][: limit - above.size]
    return np.sort(np.concatenate((above, ties)))
