"""Tokens → n-gram features of each review, as (key, row) pairs in a batch.

Three families, told apart by a salt: n-grams of words; the same n-grams once more where they stand
at a review's end, because people conclude there; n-grams of characters, for data too small or too
short to meet each word often.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sentiment.features.hashing import Hashes, SubstringHasher, combine, salt
from sentiment.features.tokens import Codes, pieces

# A key is a hash whose lowest bits are zero: sorting keys that carry a row number there finds the
# distinct (key, row) pairs of a batch in one go.
ROW_BITS = 10
ROWS_PER_BATCH = 1 << ROW_BITS
_ROW_MASK = np.uint64(ROWS_PER_BATCH - 1)

_TAIL_SALT = salt("tail")
_CHARACTER_SALT = salt("char")

# Bounds of memory: characters of a batch, and (key, row) pairs held before repeats are dropped.
_BATCH_CHARACTERS = 1 << 21
_PAIRS_AT_ONCE = 1 << 22


@dataclass(frozen=True)
class NGrams:
    """Which n-grams are features.

    Attributes:
        words: longest word n-gram; all from single words up to it are features.
        tail: how many tokens at the end of a review have features of their own; 0 for none.
        characters: shortest and longest character n-gram; (0, 0) for none.
    """

    words: int = 3
    tail: int = 40
    characters: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class Occurrences:
    """Which features occur in which rows of a batch, each pair once, sorted by key, then row.

    Attributes:
        keys: uint64 [pairs], the lowest `ROW_BITS` bits zero.
        rows: uint16 [pairs], below `ROWS_PER_BATCH`.
    """

    keys: Hashes
    rows: NDArray[np.uint16]


def batches(texts: Sequence[str]) -> Iterator[slice]:
    """Cut reviews into batches small enough to featurize at once, in rows and in characters."""
    first = size = 0
    for number, text in enumerate(texts):
        if number - first == ROWS_PER_BATCH or (size and size + len(text) > _BATCH_CHARACTERS):
            yield slice(first, number)
            first, size = number, 0
        size += len(text)
    if first < len(texts):
        yield slice(first, len(texts))


def occurrences(texts: Sequence[str], ngrams: NGrams) -> Occurrences:
    """Find the distinct features of each review.

    Args:
        texts: at most `ROWS_PER_BATCH` reviews.
        ngrams: which n-grams are features.
    """
    distinct = _Distinct()
    no_tokens, no_rows = np.zeros(0, np.uint64), np.zeros(0, np.int64)
    tokens, rows = no_tokens, no_rows
    for piece in pieces(texts):
        tokens = np.concatenate((tokens, piece.hashes()))
        rows = np.concatenate((rows, piece.token_rows()))
        distinct.add(word_ngrams(tokens, rows, ngrams, goes_on=piece.goes_on), rows)
        if ngrams.characters[1]:
            codes, owners = piece.squeezed()
            distinct.add(character_ngrams(codes, owners, ngrams), owners)
        # A review that goes on is joined to its next part by the tokens that n-grams reach across.
        kept = ngrams.tail + ngrams.words if piece.goes_on else 0
        start = max(tokens.size - kept, 0)
        tokens, rows = tokens[start:], rows[start:]
    pairs = distinct.pairs()
    return Occurrences(feature_keys(pairs), (pairs & _ROW_MASK).astype(np.uint16))


class _Distinct:
    """Gathers (key, row) pairs; however often each is found, memory is taken by the distinct."""

    def __init__(self) -> None:
        self._parts: list[Hashes] = []
        self._size = 0

    def add(self, found: "Iterable[Found]", rows: NDArray[np.int64]) -> None:
        """Add n-grams, given which row each token or character belongs to."""
        for ngram in found:
            tagged = feature_keys(ngram.hashes) | rows[ngram.starts].astype(np.uint64)
            self._parts.append(tagged)
            self._size += tagged.size
        if self._size > _PAIRS_AT_ONCE:
            self._parts = [self.pairs()]
            self._size = 0

    def pairs(self) -> Hashes:
        """Return the distinct pairs, sorted."""
        pairs = np.concatenate(self._parts) if self._parts else np.zeros(0, np.uint64)
        pairs.sort()
        return pairs[np.concatenate(([True], pairs[1:] != pairs[:-1]))] if pairs.size else pairs


@dataclass(frozen=True)
class Found:
    """All n-grams of one family and order.

    Attributes:
        order: how many tokens or characters long.
        at_end: whether these are the features of a review's end.
        hashes: uint64 [n-grams].
        starts: the number of the first token or character of each, int64 [n-grams].
    """

    order: int
    at_end: bool
    hashes: Hashes
    starts: NDArray[np.int64]


def word_ngrams(
    tokens: Hashes, rows: NDArray[np.int64], ngrams: NGrams, *, goes_on: bool = False
) -> Iterator[Found]:
    """Hash every word n-gram of every review, and those at its end once more.

    Args:
        tokens: hashes of the tokens of all reviews, uint64 [tokens].
        rows: which review each token belongs to, ascending, int64 [tokens].
        ngrams: which n-grams are features.
        goes_on: the last review has more tokens than these, so its end is not here.
    """
    ends = np.cumsum(np.bincount(rows, minlength=1))[rows]
    left = ends - np.arange(tokens.size)  # tokens from here to the end of the review
    is_end = left <= ngrams.tail
    if goes_on and rows.size:
        is_end &= rows != rows[-1]
    hashes = tokens
    for order in range(1, ngrams.words + 1):
        if order > 1:
            hashes = combine(hashes[:-1], tokens[order - 1 :])
        fits = left[: hashes.size] >= order
        starts = np.flatnonzero(fits)
        yield Found(order, False, hashes[starts], starts)
        if ngrams.tail:
            starts = np.flatnonzero(fits & is_end[: hashes.size])
            yield Found(order, True, hashes[starts] ^ _TAIL_SALT, starts)


def character_ngrams(codes: Codes, rows: NDArray[np.int64], ngrams: NGrams) -> Iterator[Found]:
    """Hash every run of characters of every review.

    Args:
        codes: code points with single spaces between words (`Piece.squeezed`).
        rows: which review each character belongs to, int64 [characters].
        ngrams: which n-grams are features.
    """
    shortest, longest = ngrams.characters
    if not longest:
        return
    hasher = SubstringHasher(codes)
    for order in range(shortest, longest + 1):
        starts = np.flatnonzero(rows[: max(codes.size - order + 1, 0)] == rows[order - 1 :])
        hashes = hasher.hash(starts, starts + order)
        yield Found(order, False, hashes ^ _CHARACTER_SALT, starts)


def feature_keys(hashes: Hashes) -> Hashes:
    """Clear the bits in which a key carries its row."""
    return hashes & ~_ROW_MASK
