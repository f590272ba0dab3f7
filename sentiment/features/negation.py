"""Which words stand under a negation: `not a good film` says little good of the film."""

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from sentiment.features.hashing import Hashes
from sentiment.features.lookup import KeyIndex
from sentiment.features.tokens import pieces

_NEGATIONS = (
    "not no never n't nothing nobody nor neither without hardly barely cannot ain't don't doesn't "
    "didn't isn't wasn't aren't weren't won't wouldn't couldn't can't shouldn't hasn't haven't "
    "hadn't mustn't needn't dont doesnt didnt isnt wasnt arent werent wont wouldnt couldnt cant"
)
_STOPS = ". , ; : ! ? ( ) but"


def is_negated(tokens: Hashes, rows: NDArray[np.int64], reach: int) -> NDArray[np.bool_]:
    """Find the words that follow a negation.

    After Das and Chen (2001), who mark every word between a negation and the next punctuation.

    Args:
        tokens: hashes of the tokens of some reviews, uint64 [tokens].
        rows: which review each belongs to, int64 [tokens].
        reach: how many words after the negation count at the most.

    Returns:
        bool [tokens].
    """
    return negations(tokens, rows, reach)[0]


def negations(
    tokens: Hashes, rows: NDArray[np.int64], reach: int
) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Find the words that follow a negation, as `is_negated` does, and what negates them.

    Returns:
        bool [tokens]; and the number of the last negation before each token, int64 [tokens], to
        be looked at where a word is negated.
    """
    numbers = np.arange(tokens.size)
    nowhere = -1 - reach
    negation = np.maximum.accumulate(np.where(_among(tokens, _NEGATIONS), numbers, nowhere))
    stop = np.maximum.accumulate(np.where(_among(tokens, _STOPS), numbers, nowhere))
    negated = (negation > stop) & (numbers > negation) & (numbers - negation <= reach)
    candidates = np.flatnonzero(negated)
    negated[candidates] = rows[negation[candidates]] == rows[candidates]
    return negated, negation


def holds_negation(texts: Sequence[str]) -> NDArray[np.bool_]:
    """Find the reviews that hold a negation anywhere: bool [n]."""
    found = np.zeros(len(texts), dtype=np.bool_)
    for piece in pieces(texts):
        rows = piece.token_rows()[_among(piece.hashes(), _NEGATIONS)]
        found[piece.first_row + rows] = True
    return found


@cache
def _hashes_of(words: str) -> tuple[Hashes, NDArray[np.bool_]]:
    """Hash some words, and mark the highest 16 bits that any of them has."""
    (piece,) = pieces([words])
    hashes = np.sort(piece.hashes())
    marked = np.zeros(1 << 16, dtype=np.bool_)
    marked[hashes >> np.uint64(48)] = True
    return hashes, marked


def _among(tokens: Hashes, words: str) -> NDArray[np.bool_]:
    """Find the tokens that are one of some words: most are ruled out by their highest bits."""
    hashes, marked = _hashes_of(words)
    found: NDArray[np.bool_] = marked[tokens >> np.uint64(48)]
    likely = np.flatnonzero(found)
    found[likely] = KeyIndex(hashes).find(tokens[likely]) >= 0
    return found
