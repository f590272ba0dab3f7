"""The encoder `ngrams`: texts → sparse rows of weighted n-grams, and their coverage."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from sentiment.features.hashing import Hashes, KeyIndex, names_of
from sentiment.features.matrix import (
    CSRMatrix,
    DocumentTermMatrix,
    Occurrences,
    by_row,
    extract_ngrams,
    feature_keys,
    inverse_norms,
)
from sentiment.features.ngrams import Family, NGrams, Tokens, character_features, word_features
from sentiment.features.tokens import TextChunk

if TYPE_CHECKING:
    from sentiment.features.places import Spans

# A text of n characters in a known language has nearly always this many known features times
# n ** _POWER, and _MARKS more: for its words, and for its character n-grams of each order.
_WORDS, _RUNS, _POWER, _MARKS = 0.3, 1.3, 0.85, 6
# The share of known words for which these figures hold.
_USUAL_SHARE = 0.25


@dataclass(frozen=True, eq=False)
class Vectorizer:
    """Which n-grams are features, and their weights.

    The row of a text holds the weight of each known n-gram in it, scaled to Euclidean length 1; a
    text without known n-grams is the zero vector.

    Attributes:
        ngrams: which n-grams to look for.
        keys: uint64 [features], sorted, distinct: the hashes of the known n-grams.
        weights: float32 [features]: their naive-Bayes log-count ratios.
    """

    kind: ClassVar[str] = "ngrams"
    unit: ClassVar[str] = "n-grams"

    ngrams: NGrams
    keys: Hashes
    weights: NDArray[np.float32]

    @classmethod
    def fit(
        cls,
        matrix: DocumentTermMatrix,
        labels: NDArray[np.integer] | NDArray[np.float64],
        sample_weight: NDArray[np.integer] | NDArray[np.float64] | None = None,
        *,
        max_features: int = 200_000,
        min_df: int = 1,
        smoothing: float = 2.0,
    ) -> "Vectorizer":
        """Select and weigh features by the labels of training reviews.

        Args:
            matrix: the n-grams of some reviews.
            labels: the probability of each class, [n, K], or of the second of two, [n]; all
                classes must occur.
            sample_weight: how often each review counts, [n]; 0 leaves it out. None: once each.
            max_features: the maximum number of features.
            min_df: n-grams in fewer of the counted reviews are left out.
            smoothing: of the weights, as in `log_count_ratios`.
        """
        from sentiment.features.weighting import (  # prediction starts without it
            FeatureSelection,
            count_by_class,
        )

        if sample_weight is None:
            sample_weight = np.ones(len(matrix), np.int64)
        targets = np.asarray(labels, np.float64)
        if targets.ndim == 1:
            targets = np.stack((1 - targets, targets), axis=1)
        chosen = FeatureSelection.none()
        for keys, counts in count_by_class(matrix, targets, sample_weight):
            chosen = chosen.merge(keys, counts, max_features, min_df, smoothing)
        # As the model file stores them, so that training sees what prediction will.
        weights = chosen.ratios.astype(np.float16).astype(np.float32)
        return cls(matrix.ngrams, chosen.keys, weights)

    @property
    def size(self) -> int:
        """The number of features."""
        return self.keys.size

    @property
    def repairs(self) -> bool:
        """Whether damaged texts are repaired before they are read."""
        return self.ngrams.repair

    @property
    def judges(self) -> bool:
        """Whether it tells if enough of a text is known: it does."""
        return True

    def with_repair(self, repair: bool) -> "Vectorizer":
        """Return the encoder with repair of texts on or off."""
        return replace(self, ngrams=self.ngrams._replace(repair=repair))

    def describe(self) -> str:
        """Return what it looks for, for people."""
        return self.ngrams.describe()

    def settings(self) -> dict[str, Any]:
        """Return what it looks for, as JSON values."""
        return self.ngrams._asdict()

    @cached_property
    def _index(self) -> KeyIndex:
        return KeyIndex(self.keys)

    def indices_of(self, hashes: Hashes) -> NDArray[np.int32]:
        """Return the feature number of each n-gram, −1 if unknown: int32 [n-grams]."""
        return self._index.find(feature_keys(hashes))

    def transform(self, texts: Sequence[str]) -> CSRMatrix:
        """Return the rows of texts, [texts, features]."""
        parts = [self._transform(found) for found in extract_ngrams(texts, self.ngrams)]
        return CSRMatrix.concatenate(parts, self.size)

    def _transform(self, found: Occurrences) -> CSRMatrix:
        places = self._index.find(found.keys)
        known = np.flatnonzero(places >= 0)
        indptr, indices = by_row(found.rows.take(known), places.take(known), found.reviews)
        data = self.weights.take(indices)
        data *= np.repeat(inverse_norms(data, indptr), np.diff(indptr))
        return CSRMatrix(indices, data, indptr, self.size)

    def empty(self) -> CSRMatrix:
        """Return the row of an empty text."""
        return CSRMatrix.empty(self.size)

    def single_rows(self, keys: Sequence[int]) -> tuple[NDArray[np.int64], CSRMatrix]:
        """Return the known ones among some features, each as a text of its own.

        A feature's value is its weight as a share of the largest weight, so that rare features do
        not count as much as certain ones.

        Returns:
            Indices into `keys`, int64 [known]; their rows.
        """
        indices = self.indices_of(np.array(keys, np.uint64))
        known = np.flatnonzero(indices >= 0)
        indices = indices[known]
        data = self.weights[indices] / max(np.abs(self.weights).max(initial=0), 1e-30)
        return known, CSRMatrix(indices, data, np.arange(indices.size + 1), self.size)

    def feature_names(self, phrases: Mapping[int, str]) -> list[str]:
        """Return a different name for each n-gram; only those in `phrases` have a text."""
        return names_of(
            self.size, self.indices_of(np.array([*phrases], np.uint64)), phrases.values()
        )

    def spans(self, text: str, row: CSRMatrix) -> "Spans":
        """Return where in a text the entries of its row are."""
        from sentiment.features.places import find_spans  # prediction starts without it

        return find_spans(text, self, row)

    def low_coverage(
        self, texts: Sequence[str], rows: CSRMatrix, share: float
    ) -> NDArray[np.int64]:
        """Return which texts may have a smaller share of known words: a cheap test.

        It compares the number of known features with what is usual for the length.

        Args:
            texts: [n].
            rows: their rows.
            share: of their words.
        """
        shortest, longest = self.ngrams.characters
        orders = longest - shortest + 1 if longest else 0
        features = np.diff(rows.indptr)
        least = min(share / _USUAL_SHARE, 1) * (_WORDS + _RUNS * orders)

        def few(lengths: Iterable[int], features: NDArray[np.int64]) -> NDArray[np.int64]:
            usual = least * np.fromiter(lengths, np.float64) ** _POWER + _MARKS
            return np.flatnonzero(features < usual)

        # Repair makes no text longer, so most need not be repaired again to be measured.
        some = few(map(len, texts), features)
        repaired = (self.ngrams.length(texts[row]) for row in some.tolist())
        return some[few(repaired, features[some])]

    def coverage(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Return the share of known words in each text.

        In a text of six words or more it counts half if no two neighbors are a feature.

        Returns:
            float64 [n], from 0 to 1; 1 with a known emoji, NaN for a text without a token.
        """
        words, known, pairs, symbols, tokens = np.zeros((5, len(texts)))
        for piece in self.ngrams.pieces(texts):
            rows = piece.first_row + piece.token_rows()
            is_word, is_symbol = _kinds(piece)
            whole, part, paired = _known(piece, self, is_word)
            found = whole | part | _known_by_characters(piece, self)
            tokens += np.bincount(rows, minlength=tokens.size)
            words += np.bincount(rows, is_word, words.size)
            known += np.bincount(rows, is_word & found, known.size)
            pairs += np.bincount(rows, paired, pairs.size)
            symbols += np.bincount(rows, is_symbol & whole, symbols.size)
        shares = known / np.maximum(words, 1)
        if self.ngrams.words > 1:
            shares[(words >= _MANY) & (pairs == 0)] /= 2
        shares[symbols > 0] = 1
        shares[tokens == 0] = np.nan
        return shares

    def __eq__(self, other: object) -> bool:
        """Return whether both give every text the same row."""
        return (
            isinstance(other, Vectorizer)
            and self.ngrams == other.ngrams
            and np.array_equal(self.keys, other.keys)
            and np.array_equal(self.weights, other.weights)
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        """Return what it looks for, and its number of features."""
        return f"Vectorizer({self.ngrams}, features={self.size:,})"


Flags = NDArray[np.bool_]

# In a known language, some two neighbors among this many words are a feature.
_MANY = 6
# Character n-grams count only at the longest orders: any language has the short ones.
_LONGEST_ORDERS = 2
_SPACE = ord(" ")


def _kinds(piece: TextChunk) -> tuple[Flags, Flags]:
    """Return which tokens are words, and which emoji or emoticons: bool [tokens] each."""
    first, kinds = np.unique(piece.codes[piece.starts], return_inverse=True)
    letters, pictures = [], []
    for character in map(chr, first.tolist()):
        category = unicodedata.category(character)
        letters.append(character.isalnum() or category[0] == "M")
        pictures.append(category[0] == "S" and not character.isascii())
    is_word = np.array(letters, np.bool_)[kinds]
    several = piece.ends - piece.starts > 1  # marks that are one token: an emoticon
    return is_word, ~is_word & (several | np.array(pictures, np.bool_)[kinds])


def _known(piece: TextChunk, vectorizer: Vectorizer, is_word: Flags) -> tuple[Flags, Flags, Flags]:
    """Return which tokens are features: whole, as a part of one, and paired with the next word.

    Returns:
        bool [tokens] each.
    """
    whole, part, pairs = np.zeros((3, is_word.size), np.bool_)
    ngrams = vectorizer.ngrams._replace(tail=0, negation=0)
    for found in word_features(Tokens.of(piece, ngrams), ngrams):
        starts = found.starts[vectorizer.indices_of(found.hashes) >= 0]
        if found.family is Family.WORDS and found.order == 1:
            whole[starts] = True
        for place in range(found.order):
            part[starts + place] = True
        if found.order == 2:
            pairs[starts] = is_word[starts] & is_word[starts + 1]
    return whole, part, pairs


def _known_by_characters(piece: TextChunk, vectorizer: Vectorizer) -> Flags:
    """Return which tokens have half or more of their long character n-grams as features."""
    runs, known = np.zeros((2, piece.starts.size))
    shortest, longest = vectorizer.ngrams.characters
    if not longest or not runs.size:
        return runs > 0
    codes, rows = piece.squeezed()
    solid_before = np.concatenate(([0], np.cumsum(codes != _SPACE)))
    token_of = np.repeat(np.arange(runs.size), piece.ends - piece.starts)
    orders = (max(shortest, longest - _LONGEST_ORDERS + 1), longest)
    for found in character_features(codes, rows, vectorizer.ngrams._replace(characters=orders)):
        ends = found.starts + found.order
        first, last = solid_before[found.starts], solid_before[ends] - 1
        some = np.flatnonzero(first <= last)
        one, other = token_of[first[some]], token_of[last[some]]
        of_one = np.flatnonzero(one == other)
        hits = vectorizer.indices_of(found.hashes[some[of_one]]) >= 0
        runs += np.bincount(one[of_one], minlength=runs.size)
        known += np.bincount(one[of_one], hits, known.size)
    return (runs > 0) & (2 * known >= runs)
