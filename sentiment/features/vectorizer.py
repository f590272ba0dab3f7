"""The fitted vectorizer: reviews in, sparse rows of naive-Bayes weights out."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sentiment.features.hashing import Hashes
from sentiment.features.ngrams import NGrams, batches, occurrences
from sentiment.features.rows import SparseRows
from sentiment.features.weighting import count_by_class, log_count_ratios, strongest


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
        texts: Sequence[str],
        labels: NDArray[np.integer] | NDArray[np.floating],
        ngrams: NGrams,
        *,
        limit: int = 300_000,
        min_count: int = 2,
    ) -> "Vectorizer":
        """Choose and weigh features. It looks at labels: give it training rows only.

        Args:
            texts: reviews, [n].
            labels: how far each is positive, from 0 to 1, [n]; both classes must occur.
            ngrams: which n-grams are features.
            limit: how many features to keep at the most.
            min_count: n-grams that fewer reviews hold are left out.
        """
        counts = count_by_class(texts, labels, ngrams)
        ratios = log_count_ratios(counts)
        chosen = strongest(counts, ratios, limit, min_count)
        # As the model file stores them, so that training sees what prediction will.
        weights = ratios[chosen].astype(np.float16).astype(np.float32)
        return cls(ngrams, counts.keys[chosen], weights)

    def transform(self, texts: Sequence[str]) -> SparseRows:
        """Turn reviews into sparse rows, [reviews, features]."""
        parts = [self._transform_batch(texts[rows]) for rows in batches(texts)]
        return SparseRows.concatenate(parts, self.keys.size)

    def _transform_batch(self, texts: Sequence[str]) -> SparseRows:
        rows, columns = self._known(texts)
        lengths = np.bincount(rows, minlength=len(texts))
        values = self.weights[columns]
        norms = np.sqrt(np.bincount(rows, weights=values**2, minlength=len(texts)))
        norms[norms == 0] = 1  # only features of weight 0: leave them 0
        offsets = np.concatenate(([0], np.cumsum(lengths)))
        return SparseRows(
            columns, (values / norms[rows]).astype(np.float32), offsets, self.keys.size
        )

    def _known(self, texts: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """Find the known features: rows and columns of the pairs, sorted by row, then column."""
        found = occurrences(texts, self.ngrams)
        if not self.keys.size:
            return np.zeros(0, np.int64), np.zeros(0, np.int32)
        places = np.searchsorted(self.keys, found.keys)
        places[places == self.keys.size] = 0
        known = self.keys[places] == found.keys
        pairs = (found.rows[known].astype(np.int64) << 32) | places[known]
        pairs.sort()
        return pairs >> 32, (pairs & 0xFFFFFFFF).astype(np.int32)

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
