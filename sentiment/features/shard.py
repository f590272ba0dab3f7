"""Some reviews and the n-grams that each of them holds."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sentiment.features.hashing import Hashes
from sentiment.features.lookup import KeyIndex
from sentiment.features.ngrams import NGrams
from sentiment.features.occurrences import occurrences
from sentiment.features.rows import by_row, runs
from sentiment.features.tokens import PIECE_ROWS
from sentiment.spill import Spill, Stored

_GROUPS = 256
_THREADS = 2

# Keys are told apart by their highest bits where the n-grams of shards are put together.
_RANGES = 1 << 12
_RANGE_BITS = np.uint64(64 - 12)


@dataclass(frozen=True, eq=False)
class Shard:
    """The n-grams of some consecutive reviews, in memory or in a file.

    Attributes:
        keys: uint64 [n-grams], sorted, distinct.
        columns: int32 [pairs], numbers of n-grams, each once in a review.
        offsets: int64 [reviews + 1]; review i holds columns[offsets[i]:offsets[i + 1]].
        bounds: how many keys stand below each 4,096th of all numbers there are; after the last,
            all. int64 [4,097]; empty where there is no other shard.
    """

    keys: Stored
    columns: Stored
    offsets: NDArray[np.int64]
    bounds: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))

    def __len__(self) -> int:
        """Return the number of reviews."""
        return self.offsets.size - 1

    def blocks(self, pairs: int = 1 << 19) -> Iterator[slice]:
        """Cut the reviews into blocks of some pairs each, of one review at least."""
        return runs(self.offsets, pairs)

    def pairs(self, reviews: slice) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Give the columns of consecutive reviews, and offsets into these."""
        offsets = self.offsets[reviews.start : reviews.stop + 1]
        return self.columns[int(offsets[0]) : int(offsets[-1])], offsets - offsets[0]

    def first_holders(self, wanted: Hashes) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Number the wanted n-grams that are here, and the first reviews that hold them: int64."""
        keys = self.keys[:]
        places = KeyIndex(keys).find(wanted)
        here = np.flatnonzero(places >= 0)
        missing = np.zeros(keys.size, np.bool_)
        missing[places[here]] = True
        left, holders = here.size, [np.zeros(0, np.int64)]
        for block in self.blocks(1 << 14):
            if not left:
                break
            columns, offsets = self.pairs(block)
            hits = np.flatnonzero(missing.take(columns))
            found, first = np.unique(columns.take(hits), return_index=True)
            missing[found] = False
            left -= found.size
            holders.append(block.start + np.searchsorted(offsets, hits[first], side="right") - 1)
        return here, np.unique(np.concatenate(holders))

    def spilled(self, spill: Spill) -> "Shard":
        """Put it into a file, as one of several."""
        bounds = np.searchsorted(
            self.keys[:] >> _RANGE_BITS, np.arange(_RANGES + 1, dtype=np.uint64)
        )
        return Shard(spill.put(self.keys[:]), spill.put(self.columns[:]), self.offsets, bounds)

    @classmethod
    def of(
        cls, texts: Sequence[str], ngrams: NGrams, min_count: int = 1, threads: int = _THREADS
    ) -> "Shard":
        """Find the n-grams of each review.

        Args:
            texts: reviews, [n].
            ngrams: which n-grams to look for.
            min_count: n-grams that fewer reviews hold are left out.
            threads: how many may work at it.
        """
        from concurrent.futures import ThreadPoolExecutor  # prediction starts without it

        # Threads, because numpy lets go of Python's lock: two take two thirds of the time of one.
        with ThreadPoolExecutor(threads) as pool:
            size = max(len(texts) // (4 * threads), PIECE_ROWS)
            chunks = [texts[first : first + size] for first in range(0, len(texts), size)]
            found = pool.map(lambda chunk: _grouped(chunk, ngrams), chunks)
            parts = [part for some in found for part in some]
            keys = list(pool.map(lambda g: _number(g, parts, min_count), range(_GROUPS)))
        firsts = np.cumsum([0, *(some.size for some in keys)])
        # Memory that is reserved but never written takes no room: enough for all pairs will do.
        columns = np.empty(sum(part.rows.size for part in parts), np.int32)
        offsets = [np.zeros(1, np.int64)]
        while parts:
            part = parts.pop(0)  # and let it go
            numbers = part.keys.view(np.int64)
            known = np.flatnonzero(numbers >= 0)
            numbers += np.repeat(firsts[:-1], np.diff(part.bounds))
            held = numbers.take(known).astype(np.int32)
            bounds, held = by_row(part.rows.take(known), held, part.reviews)
            first = offsets[-1][-1]
            columns[first : first + held.size] = held
            offsets.append(first + bounds[1:])
        all_offsets = np.concatenate(offsets)
        return cls(np.concatenate(keys), columns[: all_offsets[-1]], all_offsets)


@dataclass(frozen=True, eq=False)
class _Part:
    """Pairs of feature and review, grouped by the highest byte of the key.

    Each group is worked on together with those of the other parts, by a sort and a search that
    stay in the processor's cache.

    Attributes:
        reviews: how many reviews these are.
        keys: uint64 [pairs]; later, as int64, their numbers in their group.
        rows: uint16 [pairs].
        bounds: where each group begins, and the end of the last, int64 [groups + 1].
    """

    reviews: int
    keys: Hashes
    rows: NDArray[np.uint16]
    bounds: NDArray[np.int64]

    def of_group(self, group: int) -> Hashes:
        """The keys of a group; a view."""
        return self.keys[self.bounds[group] : self.bounds[group + 1]]


def _grouped(texts: Sequence[str], ngrams: NGrams) -> list[_Part]:
    """Find the n-grams of some reviews."""
    parts = []
    for found in occurrences(texts, ngrams):
        highest = (found.keys >> np.uint64(56)).astype(np.uint8)
        order = np.argsort(highest, kind="stable")  # a radix sort
        bounds = np.concatenate(([0], np.cumsum(np.bincount(highest, minlength=_GROUPS))))
        parts.append(_Part(found.reviews, found.keys.take(order), found.rows.take(order), bounds))
    return parts


def _number(group: int, parts: list[_Part], min_count: int) -> Hashes:
    """Find the keys of a group that enough reviews hold, sorted, and put numbers in their place.

    Keys that fewer hold become −1.
    """
    together = np.concatenate([np.zeros(0, np.uint64), *(part.of_group(group) for part in parts)])
    in_order = np.sort(together)
    starts = np.flatnonzero(np.concatenate(([in_order.size > 0], in_order[1:] != in_order[:-1])))
    enough = np.diff(starts, append=in_order.size) >= min_count
    keys = in_order.take(starts.compress(enough))
    numbers = KeyIndex(keys).find(together)
    first = 0
    for part in parts:
        place = part.of_group(group).view(np.int64)
        place[:] = numbers[first : first + place.size]
        first += place.size
    return keys
