"""Tokens to n-grams: words, negated words, stems, endings and characters."""

from collections.abc import Iterator, Sequence
from enum import Enum
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sentiment.features.hashing import Hashes, KeyIndex, SubstringHasher, combine, salt
from sentiment.features.repair import repair
from sentiment.features.tokens import Codes, TextChunk, pieces

_NEGATIONS = (
    "not no never n't nothing nobody nor neither without hardly barely cannot ain't don't doesn't "
    "didn't isn't wasn't aren't weren't won't wouldn't couldn't can't shouldn't hasn't haven't "
    "hadn't mustn't needn't dont doesnt didnt isnt wasnt arent werent wont wouldnt couldnt cant"
)
_STOPS = ". , ; : ! ? ( ) but"

# Fillers between a negation that ends its clause and the end: not at all. No, not really!
_FILLERS = "at all really so quite even close anymore it they this one here me for of the kind sort"
# Marks that end the clause of such a negation.
_ENDS = ". , ; : ! ?"
# Pairs of words, and single words, that reverse what follows, as a negation does.
_PAIRS = (
    "used to could have should have would have supposed to far from anything but wish i wish it "
    "no longer instead of back when remember when days when"
)
_SINGLES = "could've should've lack lacks lacked lacking fails failed without none neither stopped"
# Words that reverse what precedes them: it was good until it changed hands.
_TURNS = "until till"


class Negated(NamedTuple):
    """The words in the scope of a negation.

    Attributes:
        flags: bool [tokens].
        by: the index of the negation, int64 [tokens]; valid where the flag is set.
    """

    flags: NDArray[np.bool_]
    by: NDArray[np.int64]


def negations(
    tokens: Hashes, rows: NDArray[np.int64], scope: int, backward_scope: int = 0
) -> Negated:
    """Find the words in the scope of a negation, and the negation of each.

    After Das and Chen (2001), who mark every word between a negation and the next punctuation.

    Args:
        tokens: hashes of the tokens of some reviews, uint64 [tokens].
        rows: which review each belongs to, int64 [tokens].
        scope: how many words after a negation it covers.
        backward_scope: how many words before a negation that ends its clause (*I hoped it would be
            good. It wasn't.*) it covers; phrases that reverse what follows (*used to*, *far from*)
            are then negations as well. 0 for neither.
    """
    numbers = np.arange(tokens.size)
    nowhere = -1 - scope
    plain = _among(tokens, _NEGATIONS)
    starts = (
        plain | _among(tokens, _SINGLES) | _ends_of_pairs(tokens, rows) if backward_scope else plain
    )
    negation = np.maximum.accumulate(np.where(starts, numbers, nowhere))
    stop = np.maximum.accumulate(np.where(_among(tokens, _STOPS), numbers, nowhere))
    negated = (negation > stop) & (numbers > negation) & (numbers - negation <= scope)
    _within_rows(negated, negation, rows)
    if not backward_scope:
        return Negated(negated, negation)
    # On the reversed tokens, the last such negation is the next one.
    alone, beyond = _alone(tokens, rows, plain), tokens.size + backward_scope
    following = np.minimum.accumulate(np.where(alone, numbers, beyond)[::-1])[::-1]
    reversed_ = ~negated & (following > numbers) & (following - numbers <= backward_scope)
    _within_rows(reversed_, following, rows)
    return Negated(negated | reversed_, np.where(reversed_, following, negation))


def _within_rows(flags: NDArray[np.bool_], by: NDArray[np.int64], rows: NDArray[np.int64]) -> None:
    """Clear the flags of words in the scope of another review's negation."""
    candidates = np.flatnonzero(flags)
    flags[candidates] = rows[by[candidates]] == rows[candidates]


def _alone(
    tokens: Hashes, rows: NDArray[np.int64], negation: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Find what reverses the words before it: bool [tokens].

    These are negations that end their clause, apart from a few fillers, and words such as *until*.
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
    """Find the second words of pairs that negate, within a review: bool [tokens]."""
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
    """Find the reviews with a negation: bool [n]."""
    found = np.zeros(len(texts), dtype=np.bool_)
    for piece in pieces(texts):
        rows = piece.token_rows()[_among(piece.hashes(), _NEGATIONS)]
        found[piece.first_row + rows] = True
    return found


@cache
def _hashes_of(words: str) -> tuple[Hashes, NDArray[np.bool_]]:
    """Hash some words, and mark in a table the highest 16 bits of each."""
    (piece,) = pieces([words])
    hashes = np.sort(piece.hashes())
    marked = np.zeros(1 << 16, dtype=np.bool_)
    marked[hashes >> np.uint64(48)] = True
    return hashes, marked


def _among(tokens: Hashes, words: str) -> NDArray[np.bool_]:
    """Find the tokens that are among some words; their highest bits rule most out."""
    hashes, marked = _hashes_of(words)
    found: NDArray[np.bool_] = marked[tokens >> np.uint64(48)]
    likely = np.flatnonzero(found)
    found[likely] = KeyIndex(hashes).find(tokens[likely]) >= 0
    return found


class NGrams(NamedTuple):
    """Which n-grams are features, and how a text is read for them.

    Attributes:
        words: longest word n-gram; all from single words up to it are features.
        tail: the number of tokens at the end of a review with extra features; 0 for none.
        tail_words: longest word n-gram among those.
        stem: the number of letters at the start of a word that are a feature; 0 for none.
        negation: the scope of a negation: how many words after it, up to the next punctuation mark,
            have a feature for negated words; 0 for none.
        reversal: the same before a negation that ends its clause, and after phrases like *used to*;
            0 for none. Requires `negation`.
        characters: shortest and longest character n-gram; (0, 0) for none.
        repair: whether to repair damaged apostrophes and misread characters first.
        ratings: whether to replace stars and fractions such as 4/5 by words for a rating out of 10.
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

    def pieces(self, texts: Sequence[str]) -> Iterator[TextChunk]:
        """Split reviews into tokens."""
        return pieces(texts, repaired=self.repair, rated=self.ratings)

    def length(self, text: str) -> int:
        """Return the number of characters of a review, after repair if enabled."""
        return len(repair(text)) if self.repair else len(text)

    def describe(self) -> str:
        """Return which n-grams are features, in words."""
        words = {1: "single words", 2: "single words and pairs"}
        parts = [words.get(self.words, f"word n-grams up to {self.words}")]
        if self.tail:
            parts.append(f"extra features for the last {self.tail} word{'s' * (self.tail > 1)}")
        if self.stem:
            parts.append(f"{self.stem}-letter word beginnings")
        if self.negation:
            parts.append("words after a negation")
        if self.characters[1]:
            parts.append("{}–{}-character pieces".format(*self.characters))
        if self.ratings:
            parts.append("ratings")
        return ", ".join(parts) + "; texts are not repaired" * (not self.repair)


class Family(Enum):
    """The kinds of features."""

    WORDS = "words"
    END = "end"
    STEM = "stem"
    NEGATED = "negated"
    CHARACTERS = "characters"


_SALTS = {family: salt(family.value) for family in Family if family is not Family.WORDS}


class Found(NamedTuple):
    """All n-grams of one family and order.

    Attributes:
        family: the kind of feature.
        order: their length in tokens or characters.
        hashes: uint64 [n-grams].
        starts: the index of the first token or character of each, int64 [n-grams].
    """

    family: Family
    order: int
    hashes: Hashes
    starts: NDArray[np.int64]


class Tokens(NamedTuple):
    """The tokens of some reviews, concatenated.

    Attributes:
        hashes: uint64 [tokens].
        stems: hashes of their first letters, uint64 [tokens]; empty without stem features.
        rows: which review each belongs to, ascending, int64 [tokens].
    """

    hashes: Hashes
    stems: Hashes
    rows: NDArray[np.int64]

    @classmethod
    def of(cls, piece: TextChunk, ngrams: NGrams) -> "Tokens":
        """Hash the tokens of a piece."""
        stems = piece.stems(ngrams.stem) if ngrams.stem else np.zeros(0, np.uint64)
        return cls(piece.hashes(), stems, piece.token_rows())

    @classmethod
    def none(cls) -> "Tokens":
        """Return no tokens."""
        return cls(np.zeros(0, np.uint64), np.zeros(0, np.uint64), np.zeros(0, np.int64))

    def joined(self, more: "Tokens") -> "Tokens":
        """Return these tokens followed by others."""
        if not self.hashes.size:
            return more
        return Tokens(
            np.concatenate((self.hashes, more.hashes)),
            np.concatenate((self.stems, more.stems)),
            np.concatenate((self.rows, more.rows)),
        )

    def last(self, count: int) -> "Tokens":
        """Return the last tokens."""
        first = max(self.hashes.size - count, 0)
        return Tokens(self.hashes[first:], self.stems[first:], self.rows[first:])


def word_features(tokens: Tokens, ngrams: NGrams, *, continues: bool = False) -> Iterator[Found]:
    """Hash every feature made of words; the last review may continue in the next piece."""
    hashes, rows = tokens.hashes, tokens.rows
    ends = np.cumsum(np.bincount(rows, minlength=1))[rows]
    left = ends - np.arange(hashes.size)  # tokens from here to the end of the review
    is_end = left <= ngrams.tail
    if continues and rows.size:
        is_end &= rows != rows[-1]
    negated = np.zeros(hashes.size, np.bool_)
    if ngrams.negation:
        negated = negations(hashes, rows, ngrams.negation, ngrams.reversal).flags
    # With `reversal`, a negated word has only its negated feature.
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
    """Hash every character n-gram of `TextChunk.squeezed`."""
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
