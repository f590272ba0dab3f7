"""Sparse matrices: rows of features, and the document-term matrix of many reviews."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sentiment.features.hashing import Hashes, KeyIndex
from sentiment.features.ngrams import NGrams, Tokens, character_features, word_features
from sentiment.features.tokens import PIECE_ROWS, TextChunk
from sentiment.storage import ArrayFile


@dataclass(frozen=True)
class CSRMatrix:
    """Feature vectors in compressed sparse row form.

    Attributes:
        indices: int32 [non-zeros], feature numbers, each once in a row.
        data: float32 [non-zeros].
        indptr: int64 [rows + 1]; row i owns the entries indptr[i]:indptr[i + 1].
        width: the number of features.
    """

    indices: NDArray[np.int32]
    data: NDArray[np.float32]
    indptr: NDArray[np.int64]
    width: int

    def __len__(self) -> int:
        """Return the number of rows."""
        return self.indptr.size - 1

    @classmethod
    def empty(cls, width: int) -> "CSRMatrix":
        """Return one row without features."""
        return cls(np.zeros(0, np.int32), np.zeros(0, np.float32), np.zeros(2, np.int64), width)

    def take(self, rows: NDArray[np.integer]) -> "CSRMatrix":
        """Return some rows, in the given order."""
        indptr, entries = entries_of(self.indptr, rows)
        return CSRMatrix(self.indices[entries], self.data[entries], indptr, self.width)

    def cleared(self, rows: NDArray[np.bool_]) -> "CSRMatrix":
        """Return the rows, those marked without their entries."""
        lengths = np.diff(self.indptr)
        kept = np.repeat(~rows, lengths)
        indptr = np.concatenate(([0], np.cumsum(np.where(rows, 0, lengths))))
        return CSRMatrix(self.indices[kept], self.data[kept], indptr, self.width)

    @staticmethod
    def concatenate(parts: "list[CSRMatrix]", width: int) -> "CSRMatrix":
        """Concatenate batches of rows."""
        lengths = [np.zeros(1, np.int64), *(np.diff(part.indptr) for part in parts)]
        return CSRMatrix(
            np.concatenate([np.zeros(0, np.int32), *(part.indices for part in parts)]),
            np.concatenate([np.zeros(0, np.float32), *(part.data for part in parts)]),
            np.cumsum(np.concatenate(lengths)),
            width,
        )


def entries_of(
    indptr: NDArray[np.int64], rows: NDArray[np.integer]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the `indptr` of some rows by themselves, and the indices of their entries."""
    starts = indptr[rows]
    lengths = indptr[rows + 1] - starts
    of_rows = np.concatenate((np.zeros(1, np.int64), np.cumsum(lengths)))
    return of_rows, np.arange(of_rows[-1]) + np.repeat(starts - of_rows[:-1], lengths)


def runs(offsets: NDArray[np.integer] | NDArray[np.floating], size: int) -> Iterator[slice]:
    """Yield runs of rows with at most `size` entries each, or of one row.

    Args:
        offsets: the number of entries before each row, and in total, [rows + 1].
        size: the maximum number of entries.
    """
    first = 0
    while first < offsets.size - 1:
        last = int(np.searchsorted(offsets, offsets[first] + size, side="right")) - 1
        last = max(last, first + 1)
        yield slice(first, last)
        first = last


def by_row(
    rows: NDArray[np.uint16], indices: NDArray[np.int32], count: int
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Return the `indptr` and `indices` of pairs of row and index, in stable order."""
    order = np.argsort(rows, kind="stable")  # a radix sort for 16 bits
    indptr = np.concatenate(([0], np.cumsum(np.bincount(rows, minlength=count))))
    return indptr, indices.take(order)


def inverse_norms(data: NDArray[np.float32], indptr: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return the inverse Euclidean norm of each row: float32 [rows]."""
    filled = np.flatnonzero(np.diff(indptr))  # reduceat is wrong for empty rows
    squares = np.zeros(indptr.size - 1)
    squares[filled] = np.add.reduceat(data**2, indptr[filled], dtype=np.float64)
    squares[squares == 0] = 1  # rows with zero weights only stay zero
    return (1 / np.sqrt(squares)).astype(np.float32)


# A key is a hash whose lowest bits are zero. A tag is a key with a row number in these bits: a pair
# of feature and review in one integer.
_ROW_MASK = np.uint64(PIECE_ROWS - 1)

# Tags of one long review to collect before dropping duplicates, to limit memory.
_TAGS_AT_ONCE = 1 << 22

# Odd multipliers that scatter tags, one per round.
_SCATTER = (0x9E3779B97F4A7C15, 0xD6E8FEB86659FD93, 0xC2B2AE3D27D4EB4F)


class Occurrences(NamedTuple):
    """The pairs of feature and review in some consecutive reviews, each once, unordered.

    Attributes:
        first_row: the number of the first review.
        reviews: the number of reviews, at most `PIECE_ROWS`.
        keys: uint64 [pairs], the lowest bits zero.
        rows: uint16 [pairs], the review of each, counted from the first.
    """

    first_row: int
    reviews: int
    keys: Hashes
    rows: NDArray[np.uint16]


def extract_ngrams(texts: Sequence[str], ngrams: NGrams) -> Iterator[Occurrences]:
    """Yield the distinct features of all reviews, in order, several reviews at a time."""
    parts: list[Hashes] = []  # more than one only within a long review
    fresh = 0
    tokens = Tokens.none()
    for piece in ngrams.pieces(texts):
        tokens = tokens.joined(Tokens.of(piece, ngrams))
        parts.append(distinct(np.concatenate(list(_tags(piece, tokens, ngrams)))))
        fresh += parts[-1].size
        if not piece.continues or fresh > _TAGS_AT_ONCE:
            parts = [distinct(np.concatenate(parts))] if len(parts) > 1 else parts
            fresh = 0
        if piece.continues:
            # Features may span parts: keep the tokens they can reach back to.
            tokens = tokens.last(ngrams.tail + ngrams.words + ngrams.negation + ngrams.reversal)
            continue
        (tags,) = parts
        rows = (tags & _ROW_MASK).astype(np.uint16)
        yield Occurrences(piece.first_row, len(piece), feature_keys(tags), rows)
        parts, tokens = [], Tokens.none()


def feature_keys(hashes: Hashes) -> Hashes:
    """Clear the bits that hold the row in a tag."""
    return hashes & ~_ROW_MASK


def _tags(piece: TextChunk, tokens: Tokens, ngrams: NGrams) -> Iterator[Hashes]:
    """Tag every feature of a piece with its row."""
    for found in word_features(tokens, ngrams, continues=piece.continues):
        yield feature_keys(found.hashes) | tokens.rows[found.starts].astype(np.uint64)
    if ngrams.characters[1]:
        codes, rows = piece.squeezed()
        for found in character_features(codes, rows, ngrams):
            yield feature_keys(found.hashes) | rows[found.starts].astype(np.uint64)


def distinct(tags: Hashes) -> Hashes:
    """Return each tag once, at its last position, so that other reviews do not change the order.

    Every tag writes its position into a slot of a hash table. The last writer stays, equal tags are
    dropped, and different tags in the same slot try again with another hash. Sorting would take
    several times as long.
    """
    bits = max(10, tags.size.bit_length() + 1)
    table = np.empty(1 << bits, np.int64)
    stays = np.zeros(tags.size, np.bool_)
    left, places = tags, np.arange(tags.size)
    for multiplier in _SCATTER:
        slots = (left * np.uint64(multiplier) >> np.uint64(64 - bits)).view(np.int64)
        table[slots] = places  # the last of several with the same slot wins
        winners = table.take(slots)
        stays[winners] = True
        others = np.flatnonzero(tags.take(winners) != left)
        left, places = left.take(others), places.take(others)
    if left.size:
        _, last = np.unique(left[::-1], return_index=True)
        stays[places[::-1].take(last)] = True
    return tags.compress(stays)


_GROUPS = 256
_THREADS = 2

# The n-grams of shards are merged by ranges of their highest bits.
_RANGES = 1 << 12
_RANGE_BITS = np.uint64(64 - 12)


@dataclass(frozen=True, eq=False)
class Shard:
    """The n-grams of some consecutive reviews, in memory or in a file.

    Attributes:
        keys: uint64 [n-grams], sorted, distinct.
        indices: int32 [pairs], numbers of n-grams, each once in a review.
        indptr: int64 [reviews + 1]; review i holds indices[indptr[i]:indptr[i + 1]].
        bounds: the start of each of 4,096 equal ranges of the key space among the keys, and the
            end of the last: int64 [4,097]; empty for a single shard.
    """

    keys: Hashes
    indices: NDArray[np.int32]
    indptr: NDArray[np.int64]
    bounds: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))

    def __len__(self) -> int:
        """Return the number of reviews."""
        return self.indptr.size - 1

    def blocks(self, pairs: int = 1 << 19) -> Iterator[slice]:
        """Yield blocks of consecutive reviews with up to `pairs` pairs, or of one review."""
        return runs(self.indptr, pairs)

    def pairs(self, reviews: slice) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Return the `indices` of consecutive reviews, and their `indptr`."""
        indptr = self.indptr[reviews.start : reviews.stop + 1]
        return self.indices[int(indptr[0]) : int(indptr[-1])], indptr - indptr[0]

    def first_rows_containing(self, wanted: Hashes) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Find wanted n-grams: indices of those found, and the first reviews with them; int64."""
        places = KeyIndex(self.keys).find(wanted)
        here = np.flatnonzero(places >= 0)
        missing = np.zeros(self.keys.size, np.bool_)
        missing[places[here]] = True
        left, holders = here.size, [np.zeros(0, np.int64)]
        for block in self.blocks(1 << 14):
            if not left:
                break
            indices, indptr = self.pairs(block)
            hits = np.flatnonzero(missing.take(indices))
            found, first = np.unique(indices.take(hits), return_index=True)
            missing[found] = False
            left -= found.size
            holders.append(block.start + np.searchsorted(indptr, hits[first], side="right") - 1)
        return here, np.unique(np.concatenate(holders))

    @classmethod
    def of(
        cls, texts: Sequence[str], ngrams: NGrams, min_df: int = 1, threads: int = _THREADS
    ) -> "Shard":
        """Find the n-grams of each review; those in fewer than `min_df` are left out."""
        from concurrent.futures import ThreadPoolExecutor  # not needed for prediction

        # numpy releases the GIL: two threads take two thirds of the time of one.
        with ThreadPoolExecutor(threads) as pool:
            size = max(len(texts) // (4 * threads), PIECE_ROWS)
            chunks = [texts[first : first + size] for first in range(0, len(texts), size)]
            found = pool.map(lambda chunk: _grouped(chunk, ngrams), chunks)
            parts = [part for some in found for part in some]
            keys = list(pool.map(lambda g: _number(g, parts, min_df), range(_GROUPS)))
        firsts = np.cumsum([0, *(some.size for some in keys)])
        # Reserved memory costs nothing until it is written, so this has room for all pairs.
        indices = np.empty(sum(part.rows.size for part in parts), np.int32)
        indptrs = [np.zeros(1, np.int64)]
        while parts:
            part = parts.pop(0)  # to free it
            numbers = part.keys.view(np.int64)
            known = np.flatnonzero(numbers >= 0)
            numbers += np.repeat(firsts[:-1], np.diff(part.bounds))
            some = numbers.take(known).astype(np.int32)
            bounds, some = by_row(part.rows.take(known), some, part.reviews)
            first = indptrs[-1][-1]
            indices[first : first + some.size] = some
            indptrs.append(first + bounds[1:])
        indptr = np.concatenate(indptrs)
        return cls(np.concatenate(keys), indices[: indptr[-1]], indptr)


@dataclass(frozen=True, eq=False)
class _Part:
    """Pairs of feature and review, grouped by the highest byte of the key.

    Each group is processed across all parts, with a sort and a search that fit the processor's
    cache.

    Attributes:
        reviews: the number of reviews.
        keys: uint64 [pairs]; later, as int64, their indices in the group.
        rows: uint16 [pairs].
        bounds: the start of each group, and the end of the last, int64 [groups + 1].
    """

    reviews: int
    keys: Hashes
    rows: NDArray[np.uint16]
    bounds: NDArray[np.int64]

    def of_group(self, group: int) -> Hashes:
        """Return the keys of a group, as a view."""
        return self.keys[self.bounds[group] : self.bounds[group + 1]]


def _grouped(texts: Sequence[str], ngrams: NGrams) -> list[_Part]:
    """Find the n-grams of some reviews."""
    parts = []
    for found in extract_ngrams(texts, ngrams):
        highest = (found.keys >> np.uint64(56)).astype(np.uint8)
        order = np.argsort(highest, kind="stable")  # a radix sort
        bounds = np.concatenate(([0], np.cumsum(np.bincount(highest, minlength=_GROUPS))))
        parts.append(_Part(found.reviews, found.keys.take(order), found.rows.take(order), bounds))
    return parts


def _number(group: int, parts: list[_Part], min_df: int) -> Hashes:
    """Return the keys of a group in at least `min_df` reviews, sorted.

    In the parts, keys are replaced by their indices among these, or −1.
    """
    together = np.concatenate([np.zeros(0, np.uint64), *(part.of_group(group) for part in parts)])
    in_order = np.sort(together)
    starts = np.flatnonzero(np.concatenate(([in_order.size > 0], in_order[1:] != in_order[:-1])))
    enough = np.diff(starts, append=in_order.size) >= min_df
    keys = in_order.take(starts.compress(enough))
    numbers = KeyIndex(keys).find(together)
    first = 0
    for part in parts:
        place = part.of_group(group).view(np.int64)
        place[:] = numbers[first : first + place.size]
        first += place.size
    return keys


# Keys of many shards merged at a time, counted before duplicates are dropped.
_KEYS_AT_ONCE = 1 << 21


@dataclass(frozen=True, eq=False)
class DocumentTermMatrix:
    """The document-term matrix of some reviews, without labels and weights.

    Attributes:
        ngrams: which n-grams were looked for.
        shards: the reviews, in order.
    """

    ngrams: NGrams
    shards: Sequence[Shard]

    @classmethod
    def of(cls, texts: Sequence[str], ngrams: NGrams, min_df: int = 1) -> "DocumentTermMatrix":
        """Find the n-grams of each review, in one shard; see `Shard.of`."""
        return cls(ngrams, [Shard.of(texts, ngrams, min_df)])

    @classmethod
    def in_file(cls, ngrams: NGrams, shards: Iterable[Shard]) -> "DocumentTermMatrix":
        """Put the n-grams of several shards into a file, as they come."""
        file, rest = ArrayFile(), []
        for shard in shards:
            file.append(shard.keys)
            file.append(shard.indices)
            ranges = shard.keys >> _RANGE_BITS
            bounds = np.searchsorted(ranges, np.arange(_RANGES + 1, dtype=np.uint64))
            rest.append((shard.indptr, bounds))
        arrays = iter(file.arrays())
        return cls(ngrams, [Shard(next(arrays), next(arrays), *each) for each in rest])

    def __len__(self) -> int:
        """Return the number of reviews."""
        return sum(map(len, self.shards))

    def shards_with_rows(self) -> Iterator[tuple[Shard, slice]]:
        """Yield each shard, and the slice of all reviews that it holds."""
        first = 0
        for shard in self.shards:
            yield shard, slice(first, first + len(shard))
            first += len(shard)

    def merged(self) -> Iterator[tuple[Hashes, list[tuple[slice, NDArray[np.int32]]]]]:
        """Merge the n-grams of all shards, some at a time, in ascending order.

        Yields:
            Keys, sorted and distinct, and for each shard a slice of its keys with the index of each
            among the keys yielded.
        """
        if len(self.shards) == 1:
            keys = self.shards[0].keys
            yield keys, [(slice(0, keys.size), np.arange(keys.size, dtype=np.int32))]
            return
        bounds = np.stack([shard.bounds for shard in self.shards])
        for some in runs(bounds.sum(axis=0), _KEYS_AT_ONCE):
            parts = [slice(int(each[some.start]), int(each[some.stop])) for each in bounds]
            every = [shard.keys[part] for shard, part in zip(self.shards, parts, strict=True)]
            found = np.concatenate(every)
            keys = np.sort(found)
            keys = keys.compress(np.concatenate(([True], keys[1:] != keys[:-1]))[: keys.size])
            places = KeyIndex(keys).find(found)
            ends = np.cumsum([part.size for part in every])
            yield keys, list(zip(parts, np.split(places, ends[:-1]), strict=True))

    def first_rows_containing(self, wanted: Hashes) -> NDArray[np.int64]:
        """Return reviews that together contain all wanted n-grams that occur: int64."""
        holders = [np.zeros(0, np.int64)]
        left = wanted
        for shard, rows in self.shards_with_rows():
            if not left.size:
                break
            found, first = shard.first_rows_containing(left)
            holders.append(rows.start + first)
            left = np.delete(left, found)
        return np.unique(np.concatenate(holders))
