"""Which n-grams matter, and how much: counts by class → naive-Bayes weights → the top K."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sentiment.features.hashing import Hashes
from sentiment.features.ngrams import (
    ROWS_PER_BATCH,
    NGrams,
    batches,
    feature_keys,
    occurrences,
)

# As many steps of a soft label as the bits that a key leaves free can tell apart.
_LEVELS = ROWS_PER_BATCH - 1


@dataclass(frozen=True)
class ClassCounts:
    """How many reviews of each class hold each feature; a review may belong to both in part.

    Attributes:
        keys: uint64 [features], sorted, distinct.
        negative, positive: float64 [features], numbers of reviews.
        n_negative, n_positive: numbers of reviews counted.
    """

    keys: Hashes
    negative: NDArray[np.float64]
    positive: NDArray[np.float64]
    n_negative: float
    n_positive: float


def count_by_class(
    texts: Sequence[str], labels: NDArray[np.integer] | NDArray[np.floating], ngrams: NGrams
) -> ClassCounts:
    """Count the reviews of each class that hold each feature.

    Args:
        texts: reviews, [n].
        labels: how far each is positive, from 0 to 1, [n]; counted in steps of 1/1023.
        ngrams: which n-grams are features.
    """
    levels = np.rint(np.asarray(labels, dtype=np.float64) * _LEVELS).astype(np.uint64)
    # The label travels in the lowest bits of the key, so that one sort counts both classes.
    parts = [np.zeros(0, np.uint64)]
    for rows in batches(texts):
        found = occurrences(texts[rows], ngrams)
        parts.append(found.keys | levels[rows][found.rows])
    pairs = np.concatenate(parts)
    del parts
    pairs.sort()
    keys = feature_keys(pairs)
    starts = np.flatnonzero(np.concatenate(([pairs.size > 0], keys[1:] != keys[:-1])))
    keys = keys[starts]
    held = np.diff(starts, append=pairs.size)
    pairs &= np.uint64(_LEVELS)
    positive = np.add.reduceat(pairs, starts) / _LEVELS if starts.size else np.zeros(0)
    n_positive = float(levels.sum()) / _LEVELS
    return ClassCounts(keys, held - positive, positive, len(texts) - n_positive, n_positive)


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
    held = counts.positive + counts.negative
    candidates = np.flatnonzero(held >= min_count)
    if candidates.size <= limit:
        return candidates
    scores = held[candidates] * ratios[candidates] ** 2
    bar = np.partition(scores, scores.size - limit)[scores.size - limit]
    above = candidates[scores > bar]
    ties = candidates[scores == bar][: limit - above.size]
    return np.sort(np.concatenate((above, ties)))
