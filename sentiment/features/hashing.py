"""Hashes of tokens and n-grams, and lookup among a model's features."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]

_BASE = 0x9E3779B97F4A7C15
_BASE_INVERSE = pow(_BASE, -1, 2**64)


def mix(values: Hashes) -> Hashes:
    """Scatter 64-bit integers, in place, so that every bit depends on every bit of the input.

    A bijection: the finalizer of SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom
    number generators", OOPSLA 2014).
    """
    values ^= values >> np.uint64(30)
    values *= np.uint64(0xBF58476D1CE4E5B9)
    values ^= values >> np.uint64(27)
    values *= np.uint64(0x94D049BB133111EB)
    values ^= values >> np.uint64(31)
    return values


def names_of(size: int, numbers: NDArray[np.integer], texts: Iterable[str]) -> list[str]:
    """Return a different name for each feature: its text, else `feature_` and its number.

    Args:
        size: how many features there are.
        numbers: of those with a text, −1 for one that is none of them, [n].
        texts: of these, [n]; the first feature of a text is called by it.
    """
    names = [f"feature_{number}" for number in range(size)]
    taken = set[str]()
    for number, text in zip(numbers.tolist(), texts, strict=True):
        if number >= 0 and text not in taken:
            taken.add(text)
            names[number] = text
    return names


def combine(left: Hashes, right: Hashes) -> Hashes:
    """Hash pairs; the order matters, and chained calls hash sequences."""
    combined: Hashes = left * np.uint64(0xD6E8FEB86659FD93)
    combined += right
    return mix(combined)


def among(hashes: Hashes, others: Hashes) -> NDArray[np.bool_]:
    """Return which hashes are among others: bool, of the shape of the first."""
    # The default kind fails in numpy 2.0, which takes large values for signed numbers.
    return np.isin(hashes, others, kind="sort")


def salt(name: str) -> Hashes:
    """Return a constant that separates families of features: uint64 [1]."""
    codes = np.frombuffer(name.encode("ascii"), dtype=np.uint8)
    return SubstringHasher(codes).hash(np.array([0]), np.array([codes.size]))


class SubstringHasher:
    """Hashes substrings of one character array, each in constant time.

    The polynomial hash of Karp and Rabin (1987) over prefix sums: with P[i] the sum of
    c[j]·B**j for j < i, the substring [s, e) has the hash (P[e] − P[s])·B**−s modulo 2**64, equal
    for equal substrings wherever they stand; `mix` then spreads it over all bits.
    """

    def __init__(self, codes: NDArray[np.uint8] | NDArray[np.uint32]) -> None:
        """Prepare to hash substrings of code points, shape [n]."""
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
    """Return the first `count` powers of an odd base, from a table that grows as needed."""
    table = _power_tables.get(base)
    if table is None or table.size < count:
        size = 1 << max(10, (count - 1).bit_length())
        table = np.full(size, base, dtype=np.uint64)
        table[0] = 1
        np.cumprod(table, out=table)
        _power_tables[base] = table
    return table[:count]


# For few needles, a binary search is faster than building the buckets.
_FEW = 1 << 12
# Steps into a bucket before the rest is left to a binary search: hashes fill buckets evenly, but
# the keys of a hostile model file may not.
_STEPS = 8


@dataclass(frozen=True, eq=False)
class KeyIndex:
    """An index of sorted, distinct keys, in buckets by their highest bits that differ."""

    keys: Hashes

    @cached_property
    def _shift(self) -> np.uint64:
        """The number of low bits to drop for about as many buckets as keys."""
        span = int(self.keys[-1] - self.keys[0])
        return np.uint64(max(span.bit_length() - self.keys.size.bit_length(), 0))

    @cached_property
    def _starts(self) -> NDArray[np.int32]:
        """The start of each bucket, followed by the end, twice."""
        counts = np.bincount(self._buckets(self.keys))
        return np.concatenate(([0], np.cumsum(counts), [self.keys.size])).astype(np.int32)

    def _buckets(self, needles: Hashes) -> NDArray[np.int64]:
        # For needles below the lowest key the difference wraps around to a large number.
        return ((needles - self.keys[0]) >> self._shift).view(np.int64)

    def find(self, needles: Hashes) -> NDArray[np.int32]:
        """Return the index of each needle among the keys, −1 if missing: int32 [needles]."""
        if needles.size < _FEW or not self.keys.size:
            return self._bisect(needles)
        found = np.full(needles.size, -1, np.int32)
        starts = self._starts
        buckets = self._buckets(needles)
        buckets[buckets.view(np.uint64) >= starts.size - 2] = starts.size - 2
        left = np.arange(needles.size)  # the needles not yet found
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
