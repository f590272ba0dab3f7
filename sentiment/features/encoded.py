"""Reviews by the features that they hold, in memory or in a file; weighted where they are used."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sentiment.features.incidence import Incidence
from sentiment.features.lookup import KeyIndex
from sentiment.features.rows import SparseRows, row_scales
from sentiment.features.shard import Shard
from sentiment.features.vectorizer import Vectorizer
from sentiment.spill import Spill, Stored, gather


@dataclass(frozen=True, eq=False)
class EncodedRows:
    """What a vectorizer makes of reviews; of a feature only its number is kept.

    Attributes:
        columns: int32 [non-zeros], feature numbers, each once in a row.
        offsets: int64 [rows + 1]; row i owns the entries offsets[i]:offsets[i + 1].
        scales: float32 [rows], by what the weights in each row are multiplied.
        weights: float32 [features].
    """

    columns: Stored
    offsets: NDArray[np.int64]
    scales: NDArray[np.float32]
    weights: NDArray[np.float32]

    @classmethod
    def of(cls, incidence: Incidence, vectorizer: Vectorizer) -> "EncodedRows":
        """Turn reviews whose n-grams are found already into rows, [reviews, features].

        They are kept where the n-grams are.
        """
        spill = Spill() if len(incidence.shards) > 1 else None
        # Memory that is reserved but never written takes no room: enough for all pairs will do.
        most = 0 if spill else sum(shard.columns.size for shard in incidence.shards)
        columns: Stored = np.empty(most, np.int32)
        offsets, scales = [np.zeros(1, np.int64)], [np.zeros(0, np.float32)]
        for shard in incidence.shards:
            for known, bounds in _encoded(shard, vectorizer):
                first = int(offsets[-1][-1])
                if spill:
                    spill.put(known)
                else:
                    columns[first : first + known.size] = known  # type: ignore[index]
                scales.append(row_scales(vectorizer.weights.take(known), bounds))
                offsets.append(first + bounds[1:])
        columns = spill.whole(np.int32) if spill else columns[: int(offsets[-1][-1])]
        return cls(columns, np.concatenate(offsets), np.concatenate(scales), vectorizer.weights)

    @property
    def width(self) -> int:
        """How many features there are."""
        return self.weights.size

    def __len__(self) -> int:
        """Return the number of rows."""
        return self.scales.size

    def take(self, rows: NDArray[np.integer]) -> SparseRows:
        """Give the vectors of the given rows, in the given order."""
        starts = self.offsets[rows]
        lengths = self.offsets[rows + 1] - starts
        offsets = np.concatenate((np.zeros(1, np.int64), np.cumsum(lengths)))
        columns = gather(self.columns, starts, lengths)
        values = self.weights.take(columns)
        values *= np.repeat(self.scales[rows], lengths)
        return SparseRows(columns, values, offsets, self.width)


def _encoded(
    shard: Shard, vectorizer: Vectorizer
) -> Iterator[tuple[NDArray[np.int32], NDArray[np.int64]]]:
    """Give the known features of each review: columns and offsets, some reviews at a time."""
    keys = shard.keys[:]
    places = KeyIndex(keys).find(vectorizer.keys)
    there = np.flatnonzero(places >= 0)
    numbers = np.full(keys.size, -1, np.int32)
    numbers[places.take(there)] = there
    for block in shard.blocks():
        held, bounds = shard.pairs(block)
        held = numbers.take(held)
        known = np.flatnonzero(held >= 0)
        yield held.take(known), np.searchsorted(known, bounds)
