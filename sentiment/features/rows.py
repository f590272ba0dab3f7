"""Sparse rows: the feature vectors of a batch of reviews."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class SparseRows:
    """Feature vectors in compressed sparse row form.

    Attributes:
        columns: int32 [non-zeros], feature numbers, ascending within a row.
        values: float32 [non-zeros].
        offsets: int64 [rows + 1]; row i owns the entries offsets[i]:offsets[i + 1].
        width: how many features there are.
    """

    columns: NDArray[np.int32]
    values: NDArray[np.float32]
    offsets: NDArray[np.int64]
    width: int

    def __len__(self) -> int:
        """Return the number of rows."""
        return self.offsets.size - 1

    def take(self, rows: NDArray[np.integer]) -> "SparseRows":
        """Return the given rows, in the given order."""
        lengths = np.diff(self.offsets)[rows]
        offsets = np.concatenate(([0], np.cumsum(lengths)))
        entries = np.arange(offsets[-1]) + np.repeat(self.offsets[rows] - offsets[:-1], lengths)
        return SparseRows(self.columns[entries], self.values[entries], offsets, self.width)

    @staticmethod
    def concatenate(parts: "list[SparseRows]", width: int) -> "SparseRows":
        """Stack batches of rows on top of each other."""
        lengths = [np.zeros(1, np.int64), *(np.diff(part.offsets) for part in parts)]
        return SparseRows(
            np.concatenate([np.zeros(0, np.int32), *(part.columns for part in parts)]),
            np.concatenate([np.zeros(0, np.float32), *(part.values for part in parts)]),
            np.cumsum(np.concatenate(lengths)),
            width,
        )


def sorted_by_row(
    rows: NDArray[np.integer], columns: NDArray[np.int32], count: int, width: int
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Bring pairs of row and column into the order of compressed sparse rows.

    Args:
        rows, columns: [pairs], each pair once, in any order.
        count: how many rows there are.
        width: how many columns there are.

    Returns:
        How many pairs each row has, int64 [count], and the columns, by row and ascending in it.
    """
    bits = width.bit_length()
    narrow = bits + count.bit_length() <= 32  # half the bytes, and two thirds of the time
    pairs = rows.astype(np.uint32 if narrow else np.uint64)
    pairs <<= pairs.dtype.type(bits)
    pairs |= columns.astype(pairs.dtype)
    pairs.sort()
    pairs &= pairs.dtype.type((1 << bits) - 1)
    return np.bincount(rows, minlength=count), pairs.astype(np.int32)
