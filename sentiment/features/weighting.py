"""Which n-grams matter, and how much: counts by class → naive-Bayes weights → the top K."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sentiment.features.hashing import Hashes
from sentiment.features.ngrams import NGrams, batches, occurrences

_ONE = np.uint64(1)


@dataclass(frozen=True)
class ClassCounts:
    """How many reviews of each class hold each feature.

    Attributes:
        keys: uint64 [features], sorted, distinct.
        negative, positive: int64 [features], numbers of reviews.
        n_negative, n_positive: numbers of reviews counted.
    """

    keys: Hashes
    negative: NDArray[np.int64]
    positive: NDArray[np.int64]
    n_negative: int
    n_positive: int


def count_by_class(
    texts: Sequence[str], labels: NDArray[np.integer], ngrams: NGrams
) -> ClassCounts:
    """Count the reviews of each class that hold each feature.

    Args:
        texts: reviews, [n].
        labels: 0 (negative) or 1 (positive), [n].
        ngrams: which n-grams are features.
    """
    labels = np.asarray(labels).astype(np.uint64)
    # The label travels in the lowest bit of the key, so that one sort counts both classes.
    labelled = []
    for rows in batches(texts):
        found = occurrences(texts[rows], ngrams)
        labelled.append(found.keys | labels[rows][found.rows])
    merged = np.concatenate([np.zeros(0, np.uint64), *labelled])
    del labelled
    merged.sort()
    ends = np.flatnonzero(np.concatenate((merged[1:] != merged[:-1], [merged.size > 0])))
    keys, counts = merged[ends], np.diff(ends, prepend=-1)
    del merged
    is_positive = (keys & _ONE).astype(np.bool_)
    keys &= ~_ONE
    is_new = np.concatenate(([True], keys[1:] != keys[:-1])) if keys.size else np.zeros(0, np.bool_)
    slots = np.cumsum(is_new) - 1
    by_class = np.zeros((2, int(is_new.sum())), dtype=np.int64)
    by_class[is_positive.astype(np.int8), slots] = counts
    positives = int(labels.sum())
    return ClassCounts(keys[is_new], by_class[0], by_class[1], len(texts) - positives, positives)


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
