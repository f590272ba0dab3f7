"""Finding many keys among sorted ones, without sorting what is looked for."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sentiment.features.hashing import Hashes

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
