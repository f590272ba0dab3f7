"""Which words stand under a negation: `not a good film` says little good of the film."""

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sentiment.features.hashing import Hashes, combine
from sentiment.features.lookup import KeyIndex
from sentiment.features.tokens import pieces

_NEGATIONS = (
    "not no never n't nothing nobody nor neither without hardly barely cannot ain't don't doesn't "
    "didn't isn't wasn't aren't weren't won't wouldn't couldn't can't shouldn't hasn't haven't "
    "hadn't mustn't needn't dont doesnt didnt isnt wasnt arent werent wont wouldnt couldnt cant"
)
_STOPS = ". , ; : ! ? ( ) but"

# What may stand between a negation that ends its clause and the end: not at all. No, not really!
_FILLERS = "at all really so quite even close anymore it they this one here me for of the kind sort"
# Ends of a clause before which a negation stands alone.
_ENDS = ". , ; : ! ?"
# Two words that take back what follows, as a negation does, and single ones that do.
_PAIRS = (
    "used to could have should have would have supposed to far from anything but wish i wish it "
    "no longer instead of back when remember when days when"
)
_SINGLES = "could've should've lack lacks lacked lacking fails failed without none neither stopped"
# Words that take back what stands before them: it was good until it changed hands.
_TURNS = "until till"


class Negated(NamedTuple):
    """Which words stand under a negation.

    Attributes:
        flags: bool [tokens].
        by: the number of the negation, int64 [tokens]; to be looked at where there is one.
    """

    flags: NDArray[np.bool_]
    by: NDArray[np.int64]


def negations(tokens: Hashes, rows: NDArray[np.int64], reach: int, reversal: int = 0) -> Negated:
    """Find the words under a negation, and what negates them.

    After Das and Chen (2001), who mark every word between a negation and the next punctuation.

    Args:
        tokens: hashes of the tokens of some reviews, uint64 [tokens].
        rows: which review each belongs to, int64 [tokens].
        reach: how many words after the negation count at the most.
        reversal: how many words before a negation that stands alone count, too (*I hoped it would
            be good. It wasn't.*); then phrases that take back what follows (*used to*, *far from*)
            are negations as well. 0 for neither.
    """
    numbers = np.arange(tokens.size)
    nowhere = -1 - reach
    plain = _among(tokens, _NEGATIONS)
    starts = plain | _among(tokens, _SINGLES) | _ends_of_pairs(tokens, rows) if reversal else plain
    negation = np.maximum.accumulate(np.where(starts, numbers, nowhere))
    stop = np.maximum.accumulate(np.where(_among(tokens, _STOPS), numbers, nowhere))
    negated = (negation > stop) & (numbers > negation) & (numbers - negation <= reach)
    _within_rows(negated, negation, rows)
    if not reversal:
        return Negated(negated, negation)
    # Seen from the end, the last negation that stands alone is the next one.
    alone, beyond = _alone(tokens, rows, plain), tokens.size + reversal
    following = np.minimum.accumulate(np.where(alone, numbers, beyond)[::-1])[::-1]
    reversed_ = ~negated & (following > numbers) & (following - numbers <= reversal)
    _within_rows(reversed_, following, rows)
    return Negated(negated | reversed_, np.where(reversed_, following, negation))


def _within_rows(flags: NDArray[np.bool_], by: NDArray[np.int64], rows: NDArray[np.int64]) -> None:
    """Clear the flags of words that another review's negation would reach."""
    candidates = np.flatnonzero(flags)
    flags[candidates] = rows[by[candidates]] == rows[candidates]


def _alone(
    tokens: Hashes, rows: NDArray[np.int64], negation: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Find what takes back the words before it: bool [tokens].

    Negations after which their clause ends, but for a few fillers; and turns.
    """
    ends, fillers = _among(tokens, _ENDS), _among(tokens, _FILLERS)
    places = np.flatnonzero(negation)
    last = tokens.size - 1
    after = places + 1
    for _ in range(3):
        after += fillers[np.minimum(after, last)] & (after <= last)
    inside = np.minimum(after, last)
    over = (after > last) | (rows[inside] != rows[places]) | ends[inside]
    alone = _among(tokens, _TURNS)
    alone[places[over]] = True
    return alone


def _ends_of_pairs(tokens: Hashes, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Find the second words of the pairs that negate, each pair in one review: bool [tokens]."""
    found = np.zeros(tokens.size, np.bool_)
    found[1:] = KeyIndex(_hashes_of_pairs()).find(combine(tokens[:-1], tokens[1:])) >= 0
    found[1:] &= rows[1:] == rows[:-1]
    return found


@cache
def _hashes_of_pairs() -> Hashes:
    (piece,) = pieces([_PAIRS])
    hashes = piece.hashes()
    return np.sort(combine(hashes[::2], hashes[1::2]))


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
