"""Feature selection, weights, and the rows of training reviews."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sentiment.features.hashing import Hashes, KeyIndex
from sentiment.features.matrix import (
    CSRMatrix,
    DocumentTermMatrix,
    Shard,
    entries_of,
    inverse_norms,
)
from sentiment.features.vectorizer import Vectorizer
from sentiment.storage import ArrayFile, ArrayList

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ClassCounts:
    """The document frequency of each feature by class; a review may belong to several in part.

    Attributes:
        counts: numbers of reviews, float64 [K, features].
        sizes: numbers of reviews counted, float64 [K].
    """

    counts: Floats
    sizes: Floats

    @property
    def document_frequency(self) -> Floats:
        """The document frequency of each feature, float64 [features]."""
        return self.counts.sum(axis=0)


def count_by_class(
    matrix: DocumentTermMatrix,
    targets: Floats,
    sample_weight: NDArray[np.integer] | Floats,
) -> Iterator[tuple[Hashes, ClassCounts]]:
    """Count the reviews of each class with each feature.

    Args:
        matrix: the document-term matrix.
        targets: the probability of each class, [n, K].
        sample_weight: how often each review counts, [n]; 0 leaves it out, and its targets may be
            NaN.

    Yields:
        Keys and their counts, in ascending order; in several parts if there are many.
    """
    amounts: Floats = np.multiply(np.where(sample_weight > 0, targets.T, 0.0), sample_weight)
    sizes = amounts.sum(axis=1)
    counts = ArrayFile() if len(matrix.shards) > 1 else ArrayList()
    for shard, rows in matrix.shards_with_rows():
        for sums in _sums_by_feature(shard, amounts[:, rows]):
            short = sums.astype(np.float32)
            counts.append(short if np.array_equal(short, sums) else sums)
    arrays, classes = counts.arrays(), len(amounts)
    for keys, parts in matrix.merged():
        by_class = np.zeros((classes, keys.size))
        by_shard = zip(*(arrays[label::classes] for label in range(classes)), strict=True)
        for of_shard, (some, places) in zip(by_shard, parts, strict=True):
            for sums, of_class in zip(by_class, of_shard, strict=True):
                sums[places] += of_class[some]  # keys are distinct within a shard
        yield keys, ClassCounts(by_class, sizes)


def _sums_by_feature(shard: Shard, amounts: Floats) -> Floats:
    """Sum the amounts, [kinds, reviews], of the reviews with each feature: [kinds, features]."""
    sums = np.zeros((len(amounts), shard.keys.size))
    # Enough pairs at a time that adding the sums does not cost more than counting.
    for block in shard.blocks(max(shard.keys.size, 1 << 20)):
        if not amounts[:, block].any():
            continue
        indices, indptr = shard.pairs(block)
        for kind, some in enumerate(amounts[:, block]):
            if some.any():
                each = np.repeat(some, np.diff(indptr))
                sums[kind] += np.bincount(indices, each, minlength=shard.keys.size)
    return sums


def log_count_ratios(counts: ClassCounts, smoothing: float = 2.0) -> Floats:
    """Return the naive-Bayes log-count ratio of each feature (Wang and Manning, ACL 2012).

    r = log((p + a·π) / N) − log((q + a·(1 − π)) / M), with p and q the numbers of reviews with the
    feature in a class and outside it, N and M those of all such reviews, and π the share of the
    class. The smoothing mass a is divided in proportion to the classes, so that an unseen feature
    has r = 0 even for unbalanced data; with two balanced classes a = 2 is add-one smoothing.

    Two classes have one ratio, that of the second. Of more, each against the rest, it is the square
    root of Σ π·r² (chosen in benchmarks/FINDINGS.md): with two classes this would be |r|.

    Returns:
        float64 [features]; for two classes above 0 for features of the second.
    """
    total, every = counts.sizes.sum(), counts.document_frequency
    squares = np.zeros(every.size)
    for of_class, size in zip(counts.counts[::-1], counts.sizes[::-1], strict=True):
        share, rest = size / total, total - size
        inside = np.log((of_class + smoothing * share) / size)
        ratios: Floats = inside - np.log((every - of_class + smoothing * (1 - share)) / rest)
        if counts.sizes.size == 2:
            return ratios
        squares += share * ratios**2
    return np.sqrt(squares)


@dataclass(frozen=True)
class FeatureSelection:
    """The selected features: those with the highest count · r².

    Attributes:
        keys: uint64 [features], sorted.
        ratios: their log-count ratios r, float64 [features].
        scores: their counts · r², float64 [features].
    """

    keys: Hashes
    ratios: Floats
    scores: Floats

    @classmethod
    def none(cls) -> "FeatureSelection":
        """Return an empty selection."""
        return cls(np.zeros(0, np.uint64), np.zeros(0), np.zeros(0))

    def merge(
        self,
        keys: Hashes,
        counts: ClassCounts,
        max_features: int,
        min_df: int,
        smoothing: float = 2.0,
    ) -> "FeatureSelection":
        """Select among these and more features, whose keys are higher.

        Args:
            keys: of the new features, uint64 [features], sorted.
            counts: their document frequencies by class.
            max_features: how many to keep; ties go to the smaller key.
            min_df: features in fewer reviews are left out.
            smoothing: of their log-count ratios.
        """
        enough = np.flatnonzero(counts.document_frequency >= min_df)
        ratios = log_count_ratios(counts, smoothing)[enough]
        scores = counts.document_frequency[enough] * ratios**2
        every = FeatureSelection(
            np.concatenate((self.keys, keys[enough])),
            np.concatenate((self.ratios, ratios)),
            np.concatenate((self.scores, scores)),
        )
        return every if every.keys.size <= max_features else every._top(max_features)

    def _top(self, count: int) -> "FeatureSelection":
        """Return the features with the highest scores, in order; of equal scores the first."""
        bar = np.partition(self.scores, self.scores.size - count)[self.scores.size - count]
        above = np.flatnonzero(self.scores > bar)
        ties = np.flatnonzero(self.scores == bar)[: count - above.size]
        chosen = np.sort(np.concatenate((above, ties)))
        return FeatureSelection(self.keys[chosen], self.ratios[chosen], self.scores[chosen])


@dataclass(frozen=True, eq=False)
class EncodedDataset:
    """The rows of training reviews; of each entry only the feature number is stored.

    Attributes:
        indices: int32 [non-zeros], feature numbers, each once in a row.
        indptr: int64 [rows + 1]; row i owns the entries indptr[i]:indptr[i + 1].
        scales: float32 [rows], the factor of the weights in each row.
        weights: float32 [features].
    """

    indices: NDArray[np.int32]
    indptr: NDArray[np.int64]
    scales: NDArray[np.float32]
    weights: NDArray[np.float32]

    @classmethod
    def of(cls, matrix: DocumentTermMatrix, vectorizer: Vectorizer) -> "EncodedDataset":
        """Look up the features of all reviews; the rows go to a file if the n-grams are in one."""
        weights = vectorizer.weights
        indices = ArrayFile() if len(matrix.shards) > 1 else ArrayList()
        indptr, scales = [np.zeros(1, np.int64)], [np.zeros(0, np.float32)]
        for shard in matrix.shards:
            for known, bounds in _known(shard, vectorizer.keys):
                indices.append(known)
                scales.append(inverse_norms(weights.take(known), bounds))
                indptr.append(indptr[-1][-1] + bounds[1:])
        return cls(
            indices.joined(np.int32), np.concatenate(indptr), np.concatenate(scales), weights
        )

    @property
    def width(self) -> int:
        """The number of features."""
        return self.weights.size

    def __len__(self) -> int:
        """Return the number of rows."""
        return self.scales.size

    def take(self, rows: NDArray[np.integer]) -> CSRMatrix:
        """Return some rows, in the given order."""
        indptr, entries = entries_of(self.indptr, rows)
        indices = self.indices[entries]
        data = self.weights.take(indices)
        data *= np.repeat(self.scales[rows], np.diff(indptr))
        return CSRMatrix(indices, data, indptr, self.width)


def _known(shard: Shard, keys: Hashes) -> Iterator[tuple[NDArray[np.int32], NDArray[np.int64]]]:
    """Yield the known features of each review, `indices` and `indptr`, some reviews at a time."""
    places = KeyIndex(shard.keys).find(keys)
    present = np.flatnonzero(places >= 0)
    numbers = np.full(shard.keys.size, -1, np.int32)
    numbers[places.take(present)] = present
    for block in shard.blocks():
        indices, bounds = shard.pairs(block)
        indices = numbers.take(indices)
        known = np.flatnonzero(indices >= 0)
        yield indices.take(known), np.searchsorted(known, bounds)
