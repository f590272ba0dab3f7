"""Sparse rows: the feature vectors of a batch of reviews."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class CSRMatrix:
    """Feature vectors in compressed sparse row form.

    Attributes:
        columns: int32 [non-zeros], feature numbers, each once in a row.
        values: float32 [non-zeros].
        offsets: int64 [rows + 1]; row i owns the entries offsets[i]:offsets[i + 1].
        width: the number of features.
    """

    columns: NDArray[np.int32]
    values: NDArray[np.float32]
    offsets: NDArray[np.int64]
    width: int

    def __len__(self) -> int:
        """Return the number of rows."""
        return self.offsets.size - 1

    @classmethod
    def empty(cls, width: int) -> "CSRMatrix":
        """Return one row without features."""
        return cls(np.zeros(0, np.int32), np.zeros(0, np.float32), np.zeros(2, np.int64), width)

    def take(self, rows: NDArray[np.integer]) -> "CSRMatrix":
        """Return some rows, in the given order."""
        lengths = np.diff(self.offsets)[rows]
        offsets = np.concatenate(([0], np.cumsum(lengths)))
        entries = np.arange(offsets[-1]) + np.repeat(self.offsets[rows] - offsets[:-1], lengths)
        return CSRMatrix(self.columns[entries], self.values[entries], offsets, self.width)

    @staticmethod
    def concatenate(parts: "list[CSRMatrix]", width: int) -> "CSRMatrix":
        """Concatenate batches of rows."""
        lengths = [np.zeros(1, np.int64), *(np.diff(part.offsets) for part in parts)]
        return CSRMatrix(
            np.concatenate([np.zeros(0, np.int32), *(part.columns for part in parts)]),
            np.concatenate([np.zeros(0, np.float32), *(part.values for part in parts)]),
            np.cumsum(np.concatenate(lengths)),
            width,
        )


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
    rows: NDArray[np.uint16], columns: NDArray[np.int32], count: int
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Group pairs of row and column by row, in stable order.

    Args:
        rows: the row of each pair, uint16 [pairs].
        columns: its column, [pairs].
        count: the number of rows.

    Returns:
        The start of each row's columns, and the end of the last, int64 [count + 1]; the columns.
    """
    order = np.argsort(rows, kind="stable")  # a radix sort for 16 bits
    offsets = np.concatenate(([0], np.cumsum(np.bincount(rows, minlength=count))))
    return offsets, columns.take(order)


def inverse_norms(values: NDArray[np.float32], offsets: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return the inverse Euclidean norm of each row: float32 [rows].

    Args:
        values: float32 [non-zeros].
        offsets: int64 [rows + 1].
    """
    filled = np.flatnonzero(np.diff(offsets))  # reduceat is wrong for empty rows
    squares = np.zeros(offsets.size - 1)
    squares[filled] = np.add.reduceat(values**2, offsets[filled], dtype=np.float64)
    squares[squares == 0] = 1  # rows with zero weights only stay zero
    scales: NDArray[np.float32] = (1 / np.sqrt(squares)).astype(np.float32)
    return scales
