"""One review → which known features stand where in it: what an explanation is made of."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sentiment.features.alignment import aligned
from sentiment.features.hashing import Hashes
from sentiment.features.negation import negations
from sentiment.features.ngrams import (
    Family,
    Found,
    NGrams,
    Tokens,
    character_features,
    word_features,
)
from sentiment.features.tokens import Piece
from sentiment.features.vectorizer import Vectorizer

Numbers = NDArray[np.int64]
_SPACE = ord(" ")


@dataclass(frozen=True, eq=False)
class Places:
    """Where the known features of a review stand, each place by itself.

    Attributes:
        columns: the number of the feature, int64 [places].
        first, last: the tokens it covers, int64 [places] each.
        apart: whether it covers these two only and none between, as a word under a negation and
            the negation do; bool [places].
        spelled: whether it is made of whole words, unlike stems and runs of characters; bool
            [places].
        starts, ends: where each token stands in the text as it was written, int64 [tokens] each.
    """

    columns: Numbers
    first: Numbers
    last: Numbers
    apart: NDArray[np.bool_]
    spelled: NDArray[np.bool_]
    starts: Numbers
    ends: Numbers

    def of_features(self, columns: NDArray[np.integer]) -> "Places":
        """Keep the places of some features, and every token."""
        kept = np.flatnonzero(np.isin(self.columns, columns))
        return Places(
            self.columns[kept],
            self.first[kept],
            self.last[kept],
            self.apart[kept],
            self.spelled[kept],
            self.starts,
            self.ends,
        )

    def shared(self, credit: NDArray[np.float64]) -> NDArray[np.float64]:
        """Share what each place is given equally among the tokens that it covers.

        Args:
            credit: float64 [places].

        Returns:
            float64 [tokens]; the sum stays the same.
        """
        size = self.starts.size + 1
        share = credit / np.where(self.apart, 2, self.last - self.first + 1)
        from_first = np.bincount(self.first, share, size)
        # A run of tokens gets its share from its first on, until after its last.
        runs = ~self.apart
        until_last = np.bincount(self.last[runs] + 1, share[runs], size)
        singles = np.bincount(self.first[self.apart], share[self.apart], size)
        tokens: NDArray[np.float64] = np.cumsum(from_first - singles - until_last) + singles
        return (tokens + np.bincount(self.last[self.apart], share[self.apart], size))[:-1]


def find_places(text: str, vectorizer: Vectorizer) -> Places:
    """Find each place of each known feature in a review, and each token in its text."""
    ngrams = vectorizer.ngrams
    parts = list(ngrams.pieces([text]))
    groups = [*_of_words(_tokens(parts, ngrams), ngrams)]
    if ngrams.characters[1]:
        groups += _of_characters(parts, ngrams)
    every = np.concatenate([vectorizer.columns_of(group.hashes) for group in groups])
    known = np.flatnonzero(every >= 0)
    kinds = np.repeat(np.arange(len(groups)), [group.first.size for group in groups])[known]
    apart = np.array([group.family is Family.NEGATED for group in groups])
    spelled = np.array([group.family not in (Family.STEM, Family.CHARACTERS) for group in groups])
    return Places(
        every[known].astype(np.int64),
        np.concatenate([group.first for group in groups])[known],
        np.concatenate([group.last for group in groups])[known],
        apart[kinds],
        spelled[kinds],
        *_written(text, parts, ngrams),
    )


@dataclass(frozen=True, eq=False)
class _Group:
    """All n-grams of one family and order, known or not, with the tokens they cover.

    Attributes:
        hashes: uint64 [n-grams].
        first, last: int64 [n-grams] each.
        family: what kind of feature they are.
    """

    hashes: Hashes
    first: Numbers
    last: Numbers
    family: Family


def _tokens(parts: Sequence[Piece], ngrams: NGrams) -> Tokens:
    """The tokens of a review that may have been read in several pieces."""
    tokens = Tokens.none()
    for part in parts:
        tokens = tokens.joined(Tokens.of(part, ngrams))
    return tokens


def _of_words(tokens: Tokens, ngrams: NGrams) -> Iterator[_Group]:
    """Each family and order of word features, with the first and the last token of each."""
    for found in word_features(tokens, ngrams):
        first, last = found.starts, found.starts + found.order - 1
        if found.family is Family.NEGATED:
            _, by = negations(tokens.hashes, tokens.rows, ngrams.negation, ngrams.reversal)
            negation = by[found.starts]
            first, last = np.minimum(first, negation), np.maximum(last, negation)
        yield _Group(found.hashes, first, last, found.family)


def _of_characters(parts: Sequence[Piece], ngrams: NGrams) -> Iterator[_Group]:
    """Each order of character features, with the first and the last token each runs over."""
    tokens = 0
    for part in parts:
        codes, rows = part.squeezed()
        if not part.starts.size:
            continue
        solid = codes != _SPACE
        token_of = np.repeat(np.arange(part.starts.size), part.ends - part.starts)
        before = np.cumsum(solid)  # of the characters up to and with this one
        for found in character_features(codes, rows, ngrams):
            yield _covered(found, token_of, before - solid, before, tokens)
        tokens += part.starts.size


def _covered(
    found: Found, token_of: Numbers, before: Numbers, through: Numbers, tokens: int
) -> _Group:
    """Say which tokens runs of characters touch; a lone space touches its neighbors."""
    most = token_of.size - 1
    one = token_of[np.minimum(before[found.starts], most)]
    other = token_of[np.maximum(through[found.starts + found.order - 1] - 1, 0)]
    first, last = np.minimum(one, other) + tokens, np.maximum(one, other) + tokens
    return _Group(found.hashes, first, last, found.family)


def _written(text: str, parts: Sequence[Piece], ngrams: NGrams) -> tuple[Numbers, Numbers]:
    """Where each token stands in the text as it was written."""
    starts, ends = aligned(text, repaired=ngrams.repair, rated=ngrams.ratings)
    first, last = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    done = -1  # each piece begins and ends with a space of its own
    for part in parts:
        first.append(starts[part.starts + done])
        last.append(ends[part.ends - 1 + done])
        done += part.codes.size - 2
    return np.concatenate(first), np.concatenate(last)
