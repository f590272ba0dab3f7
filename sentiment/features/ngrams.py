"""Tokens → n-grams, as hashes with the places where they stand.

Families, told apart by a salt: n-grams of words; the same once more where they stand at a review's
end, because people conclude there; the stems of words; words under a negation; n-grams of
characters, for data too small or too short to meet each word often.
"""

from collections.abc import Iterator, Sequence
from enum import Enum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sentiment.features.hashing import Hashes, SubstringHasher, combine, salt
from sentiment.features.negation import negations
from sentiment.features.repair import repair
from sentiment.features.tokens import Codes, Piece, pieces


class NGrams(NamedTuple):
    """Which n-grams are features, and how a text is read for them.

    Attributes:
        words: longest word n-gram; all from single words up to it are features.
        tail: how many tokens at the end of a review have features of their own; 0 for none.
        tail_words: longest word n-gram among those.
        stem: how many letters of each word are a feature; 0 for none.
        negation: how many words after a negation, up to the next punctuation mark, are features of
            their own; 0 for none.
        reversal: how many words before a negation that stands alone are such features, too, as are
            words after phrases like *used to*; 0 for none. Only beside `negation`.
        characters: shortest and longest character n-gram; (0, 0) for none.
        repair: whether damaged apostrophes and misread characters are put right first.
        ratings: whether stars and fractions such as 4/5 become words that say how many of ten.
    """

    words: int = 3
    tail: int = 40
    tail_words: int = 2
    stem: int = 5
    negation: int = 6
    characters: tuple[int, int] = (0, 0)
    reversal: int = 0
    repair: bool = True
    ratings: bool = False

    def pieces(self, texts: Sequence[str]) -> Iterator[Piece]:
        """Split reviews into tokens."""
        return pieces(texts, repaired=self.repair, rated=self.ratings)

    def length(self, text: str) -> int:
        """Count the characters of a review, of a damaged one those that were meant."""
        return len(repair(text)) if self.repair else len(text)


class Family(Enum):
    """What kind of feature an n-gram is."""

    WORDS = "words"
    END = "end"
    STEM = "stem"
    NEGATED = "negated"
    CHARACTERS = "characters"


_SALTS = {family: salt(family.value) for family in Family if family is not Family.WORDS}


class Found(NamedTuple):
    """All n-grams of one family and order.

    Attributes:
        family: what kind of feature they are.
        order: how many tokens or characters long.
        hashes: uint64 [n-grams].
        starts: the number of the first token or character of each, int64 [n-grams].
    """

    family: Family
    order: int
    hashes: Hashes
    starts: NDArray[np.int64]


class Tokens(NamedTuple):
    """The tokens of some reviews, one after the other.

    Attributes:
        hashes: uint64 [tokens].
        stems: hashes of their first letters, uint64 [tokens]; empty where stems are no features.
        rows: which review each belongs to, ascending, int64 [tokens].
    """

    hashes: Hashes
    stems: Hashes
    rows: NDArray[np.int64]

    @classmethod
    def of(cls, piece: Piece, ngrams: NGrams) -> "Tokens":
        """Hash the tokens of a piece."""
        stems = piece.stems(ngrams.stem) if ngrams.stem else np.zeros(0, np.uint64)
        return cls(piece.hashes(), stems, piece.token_rows())

    @classmethod
    def none(cls) -> "Tokens":
        """No tokens."""
        return cls(np.zeros(0, np.uint64), np.zeros(0, np.uint64), np.zeros(0, np.int64))

    def joined(self, more: "Tokens") -> "Tokens":
        """Append tokens."""
        if not self.hashes.size:
            return more
        return Tokens(
            np.concatenate((self.hashes, more.hashes)),
            np.concatenate((self.stems, more.stems)),
            np.concatenate((self.rows, more.rows)),
        )

    def last(self, count: int) -> "Tokens":
        """Keep the last tokens."""
        first = max(self.hashes.size - count, 0)
        return Tokens(self.hashes[first:], self.stems[first:], self.rows[first:])


def word_features(tokens: Tokens, ngrams: NGrams, *, goes_on: bool = False) -> Iterator[Found]:
    """Hash every feature that is made of words.

    Args:
        tokens: the tokens of some reviews.
        ngrams: which n-grams are features.
        goes_on: the last review has more tokens than these, so its end is not here.
    """
    hashes, rows = tokens.hashes, tokens.rows
    ends = np.cumsum(np.bincount(rows, minlength=1))[rows]
    left = ends - np.arange(hashes.size)  # tokens from here to the end of the review
    is_end = left <= ngrams.tail
    if goes_on and rows.size:
        is_end &= rows != rows[-1]
    negated = np.zeros(hashes.size, np.bool_)
    if ngrams.negation:
        negated = negations(hashes, rows, ngrams.negation, ngrams.reversal).flags
    # Where negations reach far, a word under one is no longer what it is by itself.
    itself = ~negated if ngrams.reversal else np.ones(hashes.size, np.bool_)
    for order in range(1, ngrams.words + 1):
        if order > 1:
            hashes = combine(hashes[:-1], tokens.hashes[order - 1 :])
        fits = left[: hashes.size] >= order if order > 1 else itself
        yield _chosen(Family.WORDS, order, hashes, fits)
        if ngrams.tail and order <= ngrams.tail_words:
            yield _chosen(Family.END, order, hashes, fits & is_end[: hashes.size])
    if ngrams.stem:
        yield _chosen(Family.STEM, 1, tokens.stems, itself)
    if ngrams.negation:
        yield _chosen(Family.NEGATED, 1, tokens.hashes, negated)


def character_features(codes: Codes, rows: NDArray[np.int64], ngrams: NGrams) -> Iterator[Found]:
    """Hash every run of characters of every review.

    Args:
        codes: code points with single spaces between words (`Piece.squeezed`).
        rows: which review each character belongs to, int64 [characters].
        ngrams: which n-grams are features.
    """
    shortest, longest = ngrams.characters
    hasher = SubstringHasher(codes)
    for order in range(shortest, longest + 1):
        starts = np.flatnonzero(rows[: max(codes.size - order + 1, 0)] == rows[order - 1 :])
        hashes = hasher.hash(starts, starts + order) ^ _SALTS[Family.CHARACTERS]
        yield Found(Family.CHARACTERS, order, hashes, starts)


def _chosen(family: Family, order: int, hashes: Hashes, chosen: NDArray[np.bool_]) -> Found:
    starts = np.flatnonzero(chosen)
    salted = hashes[starts]
    if family in _SALTS:
        salted ^= _SALTS[family]
    return Found(family, order, salted, starts)
