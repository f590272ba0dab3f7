"""Tokens → n-gram features of each review, as (key, row) pairs in a batch.

Three families, told apart by a salt: n-grams of words; the same n-grams once more where they stand
at a review's end, because people conclude there; n-grams of characters, for data too small or too
short to meet each word often.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sentiment.features.hashing import Hashes, SubstringHasher, combine, salt
from sentiment.features.tokens import Piece, pieces

# A key is a hash whose lowest bits are zero: sorting keys that carry a row number there finds the
# distinct (key, row) pairs of a batch in one go.
ROW_BITS = 10
ROWS_PER_BATCH = 1 << ROW_BITS
_ROW_MASK = np.uint64(ROWS_PER_BATCH - 1)

_TAIL_SALT = salt("tail")
_CHARACTER_SALT = salt("char")


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


def occurrences(texts: Sequence[str], ngrams: NGrams) -> Occurrences:
    """Find the distinct features of each review.

    Args:
        texts: at most `ROWS_PER_BATCH` reviews.
        ngrams: which n-grams are features.
    """
    tagged: list[Hashes] = []
    tokens: list[Hashes] = []
    owners: list[NDArray[np.int64]] = []
    for piece in pieces(texts):
        tokens.append(piece.hashes())
        owners.append(piece.token_rows())
        tagged += _character_ngrams(piece, ngrams.characters)
    if tokens:
        tagged += _word_ngrams(np.concatenate(tokens), np.concatenate(owners), ngrams)
    pairs = np.concatenate(tagged) if tagged else np.zeros(0, np.uint64)
    pairs.sort()
    if pairs.size:
        pairs = pairs[np.concatenate(([True], pairs[1:] != pairs[:-1]))]
    return Occurrences(pairs & ~_ROW_MASK, (pairs & _ROW_MASK).astype(np.uint16))


def _tag(hashes: Hashes, rows: NDArray[np.int64]) -> Hashes:
    """Put each n-gram's row where its key has zeros."""
    return (hashes & ~_ROW_MASK) | rows.astype(np.uint64)


def _word_ngrams(tokens: Hashes, rows: NDArray[np.int64], ngrams: NGrams) -> list[Hashes]:
    """Hash every word n-gram of every row, and those at its end once more."""
    counts = np.bincount(rows, minlength=1)
    ends = np.cumsum(counts)[rows]
    left = ends - np.arange(tokens.size)  # tokens from here to the end of the review
    tagged = []
    hashes = tokens
    for order in range(1, ngrams.words + 1):
        if order > 1:
            hashes = combine(hashes[:-1], tokens[order - 1 :])
        fits = left[: hashes.size] >= order
        tagged.append(_tag(hashes[fits], rows[: hashes.size][fits]))
        if ngrams.tail:
            fits &= left[: hashes.size] <= ngrams.tail
            tagged.append(_tag(hashes[fits] ^ _TAIL_SALT, rows[: hashes.size][fits]))
    return tagged


def _character_ngrams(piece: Piece, orders: tuple[int, int]) -> list[Hashes]:
    """Hash every run of characters, tokens being set apart by single spaces."""
    shortest, longest = orders
    if not longest:
        return []
    codes, rows = piece.squeezed()
    hasher = SubstringHasher(codes)
    tagged = []
    for order in range(shortest, longest + 1):
        starts = np.flatnonzero(rows[: max(codes.size - order + 1, 0)] == rows[order - 1 :])
        hashes = hasher.hash(starts, starts + order)
        tagged.append(_tag(hashes ^ _CHARACTER_SALT, rows[starts]))
    return tagged
