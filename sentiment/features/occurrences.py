"""Reviews → which features occur in which of them, each pair of feature and review once."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sentiment.features.hashing import Hashes
from sentiment.features.ngrams import NGrams, Tokens, character_features, word_features
from sentiment.features.tokens import PIECE_ROWS, Piece

# A key is a hash whose lowest bits are zero, and a tag is a key that carries a row number there:
# pairs of feature and review that take one integer each.
_ROW_MASK = np.uint64(PIECE_ROWS - 1)

# Tags of one long review gathered before repeats are dropped, as a bound of memory.
_TAGS_AT_ONCE = 1 << 22

# Odd multipliers that scatter tags, one a round.
_SCATTER = (0x9E3779B97F4A7C15, 0xD6E8FEB86659FD93, 0xC2B2AE3D27D4EB4F)


class Occurrences(NamedTuple):
    """Which features occur in which of some consecutive reviews, each pair once, in no order.

    Attributes:
        first_row: the number of the first review.
        reviews: how many reviews these are, `PIECE_ROWS` at the most.
        keys: uint64 [pairs], the lowest bits zero.
        rows: uint16 [pairs], the review of each, counted from the first.
    """

    first_row: int
    reviews: int
    keys: Hashes
    rows: NDArray[np.uint16]


def occurrences(texts: Sequence[str], ngrams: NGrams) -> Iterator[Occurrences]:
    """Find the distinct features of each review, some reviews at a time.

    Args:
        texts: reviews.
        ngrams: which n-grams are features.

    Yields:
        All reviews, in order; one without features has no pairs.
    """
    parts: list[Hashes] = []  # more than one while a long review goes on
    fresh = 0
    tokens = Tokens.none()
    for piece in ngrams.pieces(texts):
        tokens = tokens.joined(Tokens.of(piece, ngrams))
        parts.append(distinct(np.concatenate(list(_tags(piece, tokens, ngrams)))))
        fresh += parts[-1].size
        if not piece.goes_on or fresh > _TAGS_AT_ONCE:
            parts = [distinct(np.concatenate(parts))] if len(parts) > 1 else parts
            fresh = 0
        if piece.goes_on:
            # The next part is joined by the tokens that features reach across.
            tokens = tokens.last(ngrams.tail + ngrams.words + ngrams.negation + ngrams.reversal)
            continue
        (tags,) = parts
        rows = (tags & _ROW_MASK).astype(np.uint16)
        yield Occurrences(piece.first_row, len(piece), feature_keys(tags), rows)
        parts, tokens = [], Tokens.none()


def feature_keys(hashes: Hashes) -> Hashes:
    """Clear the bits in which a tag carries its row."""
    return hashes & ~_ROW_MASK


def _tags(piece: Piece, tokens: Tokens, ngrams: NGrams) -> Iterator[Hashes]:
    """Tag every feature of a piece with its row."""
    for found in word_features(tokens, ngrams, goes_on=piece.goes_on):
        yield feature_keys(found.hashes) | tokens.rows[found.starts].astype(np.uint64)
    if ngrams.characters[1]:
        codes, rows = piece.squeezed()
        for found in character_features(codes, rows, ngrams):
            yield feature_keys(found.hashes) | rows[found.starts].astype(np.uint64)


def distinct(tags: Hashes) -> Hashes:
    """Return each tag once, where it stands last: what stays of a review is so in any company.

    Every tag writes its place into a slot of a table; the one found there afterwards stays, its
    equals go, and those who find another tag there try again with other slots. A sort of as many
    takes several times as long.
    """
    bits = max(10, tags.size.bit_length() + 1)
    table = np.empty(1 << bits, np.int64)
    stays = np.zeros(tags.size, np.bool_)
    left, places = tags, np.arange(tags.size)
    for multiplier in _SCATTER:
        slots = (left * np.uint64(multiplier) >> np.uint64(64 - bits)).view(np.int64)
        table[slots] = places  # of several that share a slot, the last is found there
        winners = table.take(slots)
        stays[winners] = True
        others = np.flatnonzero(tags.take(winners) != left)
        left, places = left.take(others), places.take(others)
    if left.size:
        _, last = np.unique(left[::-1], return_index=True)
        stays[places[::-1].take(last)] = True
    return tags.compress(stays)
