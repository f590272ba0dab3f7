"""Feature selection and weights: counts by class → naive-Bayes weights → the top K."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sentiment.features.hashing import Hashes
from sentiment.features.matrix import DocumentTermMatrix, Shard
from sentiment.storage import ArrayFile, ArrayList

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ClassCounts:
    """The document frequency of each feature by class; a review may belong to both in part.

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
        """The document frequency of each feature, float64 [features]."""
        return self.negative + self.positive


def count_by_class(
    incidence: DocumentTermMatrix, labels: NDArray[np.floating], times: NDArray[np.integer]
) -> Iterator[tuple[Hashes, ClassCounts]]:
    """Count the reviews of each class that hold each feature.

    Args:
        incidence: the document-term matrix.
        labels: the probability that each review is positive, [n].
        times: how often each review counts, [n]; 0 leaves it out, and its label may be NaN.

    Yields:
        Keys and their counts, in ascending order; in several parts if there are many.
    """
    positive = np.where(times > 0, labels, 0.0) * times
    negative = times - positive
    n_negative, n_positive = float(negative.sum()), float(positive.sum())
    amounts = np.stack([negative, positive])
    counts = ArrayFile() if len(incidence.shards) > 1 else ArrayList()
    for shard, rows in incidence.placed():
        for sums in _held_by(shard, amounts[:, rows]):
            short = sums.astype(np.float32)
            counts.append(short if np.array_equal(short, sums) else sums)
    arrays = counts.arrays()
    for keys, parts in incidence.together():
        held = np.zeros((2, keys.size))
        by_shard = zip(arrays[::2], arrays[1::2], strict=True)
        for of_shard, (some, places) in zip(by_shard, parts, strict=True):
            for sums, of_class in zip(held, of_shard, strict=True):
                sums[places] += of_class[some]  # keys are distinct within a shard
        yield keys, ClassCounts(held[0], held[1], n_negative, n_positive)


def _held_by(shard: Shard, amounts: Floats) -> Floats:
    """Sum, for each feature, the amounts of the reviews that hold it.

    Args:
        shard: the reviews.
        amounts: float64 [kinds, reviews].

    Returns:
        float64 [kinds, features].
    """
    sums = np.zeros((len(amounts), shard.keys.size))
    # Enough pairs at a time that adding the sums does not cost more than counting.
    for block in shard.blocks(max(shard.keys.size, 1 << 20)):
        if not amounts[:, block].any():
            continue
        columns, offsets = shard.pairs(block)
        for kind, some in enumerate(amounts[:, block]):
            if some.any():
                each = np.repeat(some, np.diff(offsets))
                sums[kind] += np.bincount(columns, each, minlength=shard.keys.size)
    return sums


def log_count_ratios(counts: ClassCounts, smoothing: float = 2.0) -> NDArray[np.float64]:
    """Return the naive-Bayes log-count ratio of each feature (Wang and Manning, ACL 2012).

    r = log((p + a·π₊) / N₊) − log((q + a·π₋) / N₋), with p and q the numbers of positive and
    negative reviews that hold the feature, N the sizes of the classes and π their shares. The
    smoothing mass a is divided in proportion to the classes, so that an unseen feature has r = 0
    even for unbalanced data; with balanced classes a = 2 is add-one smoothing.

    Returns:
        float64 [features]; above 0 for features of the positive class.
    """
    total = counts.n_positive + counts.n_negative
    share = counts.n_positive / total
    positive = (counts.positive + smoothing * share) / counts.n_positive
    negative = (counts.negative + smoothing * (1 - share)) / counts.n_negative
    ratios: NDArray[np.float64] = np.log(positive) - np.log(negative)
    return ratios


@dataclass(frozen=True)
class FeatureSelection:
    """The selected features: those with the highest count · r².

    Attributes:
        keys: uint64 [features], sorted.
        ratios: their log-count ratios, float64 [features].
        scores: their counts · r², float64 [features].
    """

    keys: Hashes
    ratios: Floats
    scores: Floats

    @classmethod
    def none(cls) -> "FeatureSelection":
        """Return an empty selection."""
        return cls(np.zeros(0, np.uint64), np.zeros(0), np.zeros(0))

    def among(
        self, keys: Hashes, counts: ClassCounts, limit: int, min_count: int, smoothing: float = 2.0
    ) -> "FeatureSelection":
        """Select among these and more features, whose keys are higher.

        Args:
            keys: of the new features, uint64 [features], sorted.
            counts: their document frequencies by class.
            limit: the maximum number of features; ties go to the smaller key.
            min_count: features in fewer reviews are left out.
            smoothing: of their log-count ratios.
        """
        enough = np.flatnonzero(counts.held >= min_count)
        ratios = log_count_ratios(counts, smoothing)[enough]
        scores = counts.held[enough] * ratios**2
        every = FeatureSelection(
            np.concatenate((self.keys, keys[enough])),
            np.concatenate((self.ratios, ratios)),
            np.concatenate((self.scores, scores)),
        )
        return every if every.keys.size <= limit else every.take(_top(every.scores, limit))

    def take(self, chosen: NDArray[np.int64]) -> "FeatureSelection":
        """Return some features, in this order."""
        return FeatureSelection(self.keys[chosen], self.ratios[chosen], self.scores[chosen])


def _top(scores: Floats, limit: int) -> NDArray[np.int64]:
    """Return the indices of the highest scores, ascending; of equal scores the first."""
    bar = np.partition(scores, scores.size - limit)[scores.size - limit]
    above = np.flatnonzero(scores > bar)
    ties = np.flatnonzero(scores == bar)[: limit - above.size]
    return np.sort(np.concatenate((above, ties)))
