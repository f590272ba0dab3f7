"""Hashes of tokens and n-grams, and finding them among those that a model knows."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]

_BASE = 0x9E3779B97F4A7C15
_BASE_INVERSE = pow(_BASE, -1, 2**64)


def mix(values: Hashes) -> Hashes:
    """Scatter 64-bit integers so that every bit of the result depends on every bit of the input.

    A bijection: the finalizer of SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom
    number generators", OOPSLA 2014).

    Args:
        values: any shape, uint64; overwritten and returned, because the arrays are large.
    """
    values ^= values >> np.uint64(30)
    values *= np.uint64(0xBF58476D1CE4E5B9)
    values ^= values >> np.uint64(27)
    values *= np.uint64(0x94D049BB133111EB)
    values ^= values >> np.uint64(31)
    return values


def combine(left: Hashes, right: Hashes) -> Hashes:
    """Hash pairs: the order of the two matters, and chains of calls hash sequences."""
    combined: Hashes = left * np.uint64(0xD6E8FEB86659FD93)
    combined += right
    return mix(combined)


def among(hashes: Hashes, others: Hashes) -> NDArray[np.bool_]:
    """Say which hashes are among others: bool, of the shape of the first."""
    # By default numpy 2.0 takes large ones for signed numbers, and stops.
    return np.isin(hashes, others, kind="sort")


def salt(name: str) -> Hashes:
    """Give a constant that tells families of features apart: uint64 [1]."""
    codes = np.frombuffer(name.encode("ascii"), dtype=np.uint8)
    return SubstringHasher(codes).hash(np.array([0]), np.array([codes.size]))


class SubstringHasher:
    """Hashes any number of substrings of one character array in constant time each.

    The polynomial hash of Karp and Rabin (1987) over prefix sums: with P[i] the sum of
    c[j]·B**j for j < i, the substring [s, e) has the hash (P[e] − P[s])·B**−s modulo 2**64, equal
    for equal substrings wherever they stand; `mix` then spreads it over all bits.
    """

    def __init__(self, codes: NDArray[np.uint8] | NDArray[np.uint32]) -> None:
        """Take the code points of the characters, shape [n]."""
        self._prefix = np.zeros(codes.size + 1, dtype=np.uint64)
        # One is added so that a leading U+0000 does not vanish.
        terms = np.add(codes, 1, dtype=np.uint64)
        terms *= _powers(_BASE, codes.size)
        np.cumsum(terms, out=self._prefix[1:])

    def hash(self, starts: NDArray[np.int64], ends: NDArray[np.int64]) -> Hashes:
        """Return the hashes of the substrings [start, end), shape [len(starts)]."""
        hashes = self._prefix[ends]
        hashes -= self._prefix[starts]
        hashes *= _powers(_BASE_INVERSE, self._prefix.size)[starts]
        return mix(hashes)


_power_tables: dict[int, Hashes] = {}


def _powers(base: int, count: int) -> Hashes:
    """The first `count` powers of an odd base, from a table that grows as needed."""
    table = _power_tables.get(base)
    if table is None or table.size < count:
        size = 1 << max(10, (count - 1).bit_length())
        table = np.full(size, base, dtype=np.uint64)
        table[0] = 1
        np.cumprod(table, out=table)
        _power_tables[base] = table
    return table[:count]


# For a handful of needles a binary search is done before the buckets are made.
_FEW = 1 << 12
# Steps into a bucket before the rest is left to a binary search: hashes fill buckets evenly, but
# the keys of a hostile model file need not.
_STEPS = 8


@dataclass(frozen=True, eq=False)
class KeyIndex:
    """Sorted keys, found by the bucket of their highest bits that differ.

    Attributes:
        keys: uint64 [n], sorted, distinct.
    """

    keys: Hashes

    @cached_property
    def _shift(self) -> np.uint64:
        """How many bits to drop, so that there are about as many buckets as keys."""
        span = int(self.keys[-1] - self.keys[0])
        return np.uint64(max(span.bit_length() - self.keys.size.bit_length(), 0))

    @cached_property
    def _starts(self) -> NDArray[np.int32]:
        """Where each bucket begins; after the last, the end, twice."""
        counts = np.bincount(self._buckets(self.keys))
        return np.concatenate(([0], np.cumsum(counts), [self.keys.size])).astype(np.int32)

    def _buckets(self, needles: Hashes) -> NDArray[np.int64]:
        # Below the lowest key the difference wraps around, to far above the highest.
        buckets: NDArray[np.int64] = ((needles - self.keys[0]) >> self._shift).view(np.int64)
        return buckets

    def find(self, needles: Hashes) -> NDArray[np.int32]:
        """Say where each needle is among the keys, −1 where it is not: int32 [needles]."""
        if needles.size < _FEW or not self.keys.size:
            return self._bisect(needles)
        found = np.full(needles.size, -1, np.int32)
        starts = self._starts
        buckets = self._buckets(needles)
        buckets[buckets.view(np.uint64) >= starts.size - 2] = starts.size - 2
        left = np.arange(needles.size)  # which needles are still looked for
        places, ends = starts.take(buckets), starts.take(buckets + 1)
        for _ in range(_STEPS):
            inside = np.flatnonzero(places < ends)
            if not inside.size:
                return found
            left, places, ends = left.take(inside), places.take(inside), ends.take(inside)
            needles = needles.take(inside)
            hit = self.keys.take(places) == needles
            found[left.compress(hit)] = places.compress(hit)
            missed = np.flatnonzero(~hit)
            left, places, ends = left.take(missed), places.take(missed) + 1, ends.take(missed)
            needles = needles.take(missed)
        found[left] = self._bisect(needles)
        return found

    def _bisect(self, needles: Hashes) -> NDArray[np.int32]:
        if not self.keys.size:
            return np.full(needles.size, -1, np.int32)
        places = np.minimum(np.searchsorted(self.keys, needles), self.keys.size - 1)
        return np.where(self.keys[places] == needles, places, -1).astype(np.int32)
