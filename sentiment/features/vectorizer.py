"""Texts to rows of features."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sentiment.features.hashing import Hashes, KeyIndex
from sentiment.features.matrix import (
    DocumentTermMatrix,
    Occurrences,
    Shard,
    extract_ngrams,
    feature_keys,
)
from sentiment.features.ngrams import NGrams
from sentiment.features.rows import CSRMatrix, by_row, inverse_norms
from sentiment.storage import ArrayFile, ArrayList


@dataclass(frozen=True, eq=False)
class Vectorizer:
    """Which features there are and what each weighs.

    A review's vector holds, for each known n-gram in it, the n-gram's weight, and is scaled to
    Euclidean length 1. A review without a known n-gram is the zero vector.

    Attributes:
        ngrams: which n-grams are looked for.
        keys: uint64 [features], sorted, distinct: the hashes of the known n-grams.
        weights: float32 [features]: their naive-Bayes log-count ratios.
    """

    ngrams: NGrams
    keys: Hashes
    weights: NDArray[np.float32]

    @classmethod
    def fit(
        cls,
        incidence: DocumentTermMatrix,
        labels: NDArray[np.integer] | NDArray[np.floating],
        times: NDArray[np.integer] | None = None,
        *,
        limit: int = 200_000,
        min_count: int = 1,
        smoothing: float = 2.0,
    ) -> "Vectorizer":
        """Choose and weigh features. It looks at labels: let it see training reviews only.

        Args:
            incidence: the n-grams of some reviews.
            labels: how far each is positive, from 0 to 1, [n]; both classes must occur.
            times: how often each review counts, [n]; 0 keeps it out of sight. None: once each.
            limit: how many features to keep at the most.
            min_count: n-grams that fewer of the reviews counted hold are left out.
            smoothing: of the weights, as in `log_count_ratios`.
        """
        from sentiment.features.weighting import (  # prediction starts without it
            FeatureSelection,
            count_by_class,
        )

        times = np.ones(len(incidence), np.int64) if times is None else times
        chosen = FeatureSelection.none()
        for keys, counts in count_by_class(incidence, np.asarray(labels, np.float64), times):
            chosen = chosen.among(keys, counts, limit, min_count, smoothing)
        # As the model file stores them, so that training sees what prediction will.
        weights = chosen.ratios.astype(np.float16).astype(np.float32)
        return cls(incidence.ngrams, chosen.keys, weights)

    @cached_property
    def _index(self) -> KeyIndex:
        return KeyIndex(self.keys)

    def columns_of(self, hashes: Hashes) -> NDArray[np.int32]:
        """Say which feature each n-gram is, −1 for an unknown one: int32 [n-grams]."""
        return self._index.find(feature_keys(hashes))

    def transform(self, texts: Sequence[str]) -> CSRMatrix:
        """Turn reviews into sparse rows, [reviews, features]."""
        parts = [self._transform(found) for found in extract_ngrams(texts, self.ngrams)]
        return CSRMatrix.concatenate(parts, self.keys.size)

    def _transform(self, found: Occurrences) -> CSRMatrix:
        places = self._index.find(found.keys)
        known = np.flatnonzero(places >= 0)
        offsets, columns = by_row(found.rows.take(known), places.take(known), found.reviews)
        return self._weighted(columns, offsets)

    def _weighted(self, columns: NDArray[np.int32], offsets: NDArray[np.int64]) -> CSRMatrix:
        """Give each feature its weight, and each row the length 1."""
        values = self.weights.take(columns)
        values *= np.repeat(inverse_norms(values, offsets), np.diff(offsets))
        return CSRMatrix(columns, values, offsets, self.keys.size)

    def __eq__(self, other: object) -> bool:
        """Whether both give every review the same row."""
        return (
            isinstance(other, Vectorizer)
            and self.ngrams == other.ngrams
            and np.array_equal(self.keys, other.keys)
            and np.array_equal(self.weights, other.weights)
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        """Name what it looks for and how many features it knows."""
        return f"Vectorizer({self.ngrams}, features={self.keys.size:,})"


@dataclass(frozen=True, eq=False)
class EncodedDataset:
    """What a vectorizer makes of reviews; of a feature only its number is kept.

    Attributes:
        columns: int32 [non-zeros], feature numbers, each once in a row.
        offsets: int64 [rows + 1]; row i owns the entries offsets[i]:offsets[i + 1].
        scales: float32 [rows], by what the weights in each row are multiplied.
        weights: float32 [features].
    """

    columns: NDArray[np.int32]
    offsets: NDArray[np.int64]
    scales: NDArray[np.float32]
    weights: NDArray[np.float32]

    @classmethod
    def of(cls, incidence: DocumentTermMatrix, vectorizer: Vectorizer) -> "EncodedDataset":
        """Turn reviews whose n-grams are found already into rows, [reviews, features].

        They are kept where the n-grams are.
        """
        columns = ArrayFile() if len(incidence.shards) > 1 else ArrayList()
        offsets, scales = [np.zeros(1, np.int64)], [np.zeros(0, np.float32)]
        for shard in incidence.shards:
            for known, bounds in _encoded(shard, vectorizer):
                columns.append(known)
                scales.append(inverse_norms(vectorizer.weights.take(known), bounds))
                offsets.append(offsets[-1][-1] + bounds[1:])
        return cls(
            columns.joined(np.int32),
            np.concatenate(offsets),
            np.concatenate(scales),
            vectorizer.weights,
        )

    @property
    def width(self) -> int:
        """How many features there are."""
        return self.weights.size

    def __len__(self) -> int:
        """Return the number of rows."""
        return self.scales.size

    def take(self, rows: NDArray[np.integer]) -> CSRMatrix:
        """Give the vectors of the given rows, in the given order."""
        starts = self.offsets[rows]
        lengths = self.offsets[rows + 1] - starts
        offsets = np.concatenate((np.zeros(1, np.int64), np.cumsum(lengths)))
        columns = self.columns[np.arange(offsets[-1]) + np.repeat(starts - offsets[:-1], lengths)]
        values = self.weights.take(columns)
        values *= np.repeat(self.scales[rows], lengths)
        return CSRMatrix(columns, values, offsets, self.width)


def _encoded(
    shard: Shard, vectorizer: Vectorizer
) -> Iterator[tuple[NDArray[np.int32], NDArray[np.int64]]]:
    """Give the known features of each review: columns and offsets, some reviews at a time."""
    places = KeyIndex(shard.keys).find(vectorizer.keys)
    there = np.flatnonzero(places >= 0)
    numbers = np.full(shard.keys.size, -1, np.int32)
    numbers[places.take(there)] = there
    for block in shard.blocks():
        held, bounds = shard.pairs(block)
        held = numbers.take(held)
        known = np.flatnonzero(held >= 0)
        yield held.take(known), np.searchsorted(known, bounds)
