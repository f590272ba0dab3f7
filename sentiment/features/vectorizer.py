"""Texts to rows of features, and how much of a text is known."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sentiment.features.hashing import Hashes, KeyIndex
from sentiment.features.matrix import Occurrences, feature_keys, occurrences
from sentiment.features.ngrams import NGrams
from sentiment.features.rows import SparseRows, by_row, row_scales

if TYPE_CHECKING:
    from sentiment.features.matrix import Incidence
import unicodedata
from collections.abc import Iterator

from sentiment.features.matrix import Incidence, Shard
from sentiment.features.ngrams import Family, Tokens, character_features, word_features
from sentiment.features.tokens import Piece
from sentiment.storage import ArrayFile, ArrayList

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


@dataclass(frozen=True, eq=False)
class EncodedRows:
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
    def of(cls, incidence: Incidence, vectorizer: Vectorizer) -> "EncodedRows":
        """Turn reviews whose n-grams are found already into rows, [reviews, features].

        They are kept where the n-grams are.
        """
        columns = ArrayFile() if len(incidence.shards) > 1 else ArrayList()
        offsets, scales = [np.zeros(1, np.int64)], [np.zeros(0, np.float32)]
        for shard in incidence.shards:
            for known, bounds in _encoded(shard, vectorizer):
                columns.append(known)
                scales.append(row_scales(vectorizer.weights.take(known), bounds))
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

    def take(self, rows: NDArray[np.integer]) -> SparseRows:
        """Give the vectors of the given rows, in the given order."""
        starts = self.offsets[rows]
        lengths = self.offsets[rows + 1] - starts
        offsets = np.concatenate((np.zeros(1, np.int64), np.cumsum(lengths)))
        columns = self.columns[np.arange(offsets[-1]) + np.repeat(starts - offsets[:-1], lengths)]
        values = self.weights.take(columns)
        values *= np.repeat(self.scales[rows], lengths)
        return SparseRows(columns, values, offsets, self.width)


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


Flags = NDArray[np.bool_]

# Of so many words two neighbors are known together, in a language that is known.
_MANY = 6
# Runs of characters are counted from one less than the longest on: short ones any language has.
_RUNS = 2
_SPACE = ord(" ")


def known_shares(texts: Sequence[str], vectorizer: Vectorizer) -> NDArray[np.float64]:
    """Say which share of its words is known of each review.

    Of six words or more it counts half where no two neighbors are a feature.

    Returns:
        float64 [n], from 0 to 1; 1 with an emoji that is known, NaN for a review without a token.
    """
    words, known, pairs, symbols, tokens = np.zeros((5, len(texts)))
    for piece in vectorizer.ngrams.pieces(texts):
        rows = piece.first_row + piece.token_rows()
        is_word, is_symbol = _kinds(piece)
        whole, part, paired = _known(piece, vectorizer, is_word)
        found = whole | part | _known_by_characters(piece, vectorizer)
        tokens += np.bincount(rows, minlength=tokens.size)
        words += np.bincount(rows, is_word, words.size)
        known += np.bincount(rows, is_word & found, known.size)
        pairs += np.bincount(rows, paired, pairs.size)
        symbols += np.bincount(rows, is_symbol & whole, symbols.size)
    shares = known / np.maximum(words, 1)
    if vectorizer.ngrams.words > 1:
        shares[(words >= _MANY) & (pairs == 0)] /= 2
    shares[symbols > 0] = 1
    shares[tokens == 0] = np.nan
    return shares


def _kinds(piece: Piece) -> tuple[Flags, Flags]:
    """Tell words, and emoji and emoticons, from the other tokens: bool [tokens] each."""
    first, kinds = np.unique(piece.codes[piece.starts], return_inverse=True)
    characters = [chr(code) for code in first.tolist()]
    categories = [unicodedata.category(character) for character in characters]
    letters = [
        character.isalnum() or category[0] == "M"
        for character, category in zip(characters, categories, strict=True)
    ]
    pictures = [
        category[0] == "S" and not character.isascii()
        for character, category in zip(characters, categories, strict=True)
    ]
    is_word = np.array(letters, np.bool_)[kinds]
    several = piece.ends - piece.starts > 1  # marks that are one token: an emoticon
    return is_word, ~is_word & (several | np.array(pictures, np.bool_)[kinds])


def _known(piece: Piece, vectorizer: Vectorizer, is_word: Flags) -> tuple[Flags, Flags, Flags]:
    """Find tokens that are a feature; by their stem, or among others; and words with the next one.

    Returns:
        bool [tokens] each.
    """
    whole, part, pairs = np.zeros((3, is_word.size), np.bool_)
    ngrams = vectorizer.ngrams._replace(tail=0, negation=0)
    for found in word_features(Tokens.of(piece, ngrams), ngrams):
        starts = found.starts[vectorizer.columns_of(found.hashes) >= 0]
        if found.family is Family.WORDS and found.order == 1:
            whole[starts] = True
        for place in range(found.order):
            part[starts + place] = True
        if found.order == 2:
            pairs[starts] = is_word[starts] & is_word[starts + 1]
    return whole, part, pairs


def _known_by_characters(piece: Piece, vectorizer: Vectorizer) -> Flags:
    """Find tokens of whose own long runs of characters half or more are features: bool [tokens]."""
    runs, known = np.zeros((2, piece.starts.size))
    shortest, longest = vectorizer.ngrams.characters
    if not longest or not runs.size:
        return runs > 0
    codes, rows = piece.squeezed()
    solid_before = np.concatenate(([0], np.cumsum(codes != _SPACE)))
    token_of = np.repeat(np.arange(runs.size), piece.ends - piece.starts)
    orders = (max(shortest, longest - _RUNS + 1), longest)
    for found in character_features(codes, rows, vectorizer.ngrams._replace(characters=orders)):
        ends = found.starts + found.order
        first, last = solid_before[found.starts], solid_before[ends] - 1
        some = np.flatnonzero(first <= last)
        one, other = token_of[first[some]], token_of[last[some]]
        of_one = np.flatnonzero(one == other)
        hits = vectorizer.columns_of(found.hashes[some[of_one]]) >= 0
        runs += np.bincount(one[of_one], minlength=runs.size)
        known += np.bincount(one[of_one], hits, known.size)
    return (runs > 0) & (2 * known >= runs)
