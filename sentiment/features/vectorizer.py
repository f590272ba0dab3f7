"""The fitted vectorizer: reviews in, sparse rows of naive-Bayes weights out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sentiment.features.hashing import Hashes
from sentiment.features.lookup import KeyIndex
from sentiment.features.ngrams import NGrams
from sentiment.features.occurrences import Occurrences, feature_keys, occurrences
from sentiment.features.rows import SparseRows, by_row, row_scales

if TYPE_CHECKING:
    from sentiment.features.incidence import Incidence

# A review of n characters, in a language that is known, holds nearly always so many features times
# n to the power, and so many more: for its words, and for its runs of characters of each length.
_WORDS_IN, _RUNS_IN, _POWER, _MARKS_IN = 0.3, 1.3, 0.85, 6


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
        incidence: "Incidence",
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
            Strongest,
            count_by_class,
        )

        times = np.ones(len(incidence), np.int64) if times is None else times
        chosen = Strongest.none()
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

    def transform(self, texts: Sequence[str]) -> SparseRows:
        """Turn reviews into sparse rows, [reviews, features]."""
        parts = [self._transform(found) for found in occurrences(texts, self.ngrams)]
        return SparseRows.concatenate(parts, self.keys.size)

    def poor(self, texts: Sequence[str], rows: SparseRows, share: float = 1.0) -> NDArray[np.int64]:
        """Number the reviews that hold few features for their length.

        Of all others it is sure, without a look at their words, that most of these are known.

        Args:
            texts: reviews, [n].
            rows: what `transform` makes of them.
            share: of the features that are usual; lower where many words are left out.
        """
        shortest, longest = self.ngrams.characters
        orders = longest - shortest + 1 if longest else 0
        features, least = np.diff(rows.offsets), share * (_WORDS_IN + _RUNS_IN * orders)

        def few(lengths: Iterable[int], features: NDArray[np.int64]) -> NDArray[np.int64]:
            usual = least * np.fromiter(lengths, np.float64) ** _POWER + _MARKS_IN
            return np.flatnonzero(features < usual)

        # Repaired, no text is longer: most need not be repaired again to be counted.
        some = few(map(len, texts), features)
        repaired = (self.ngrams.length(texts[row]) for row in some.tolist())
        return some[few(repaired, features[some])]

    def _transform(self, found: Occurrences) -> SparseRows:
        places = self._index.find(found.keys)
        known = np.flatnonzero(places >= 0)
        offsets, columns = by_row(found.rows.take(known), places.take(known), found.reviews)
        return self._weighted(columns, offsets)

    def _weighted(self, columns: NDArray[np.int32], offsets: NDArray[np.int64]) -> SparseRows:
        """Give each feature its weight, and each row the length 1."""
        values = self.weights.take(columns)
        values *= np.repeat(row_scales(values, offsets), np.diff(offsets))
        return SparseRows(columns, values, offsets, self.keys.size)

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
