"""What every writer of predictions is, and how probabilities are written."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from sentiment.errors import DataError
from sentiment.reviews.cells import encode
from sentiment.reviews.columns import Columns
from sentiment.reviews.source import Batch, Row, row_error


class Writer(ABC):
    """Writes one record for each row, in order.

    Args:
        stream: A binary stream; the caller flushes and closes it.

    Attributes:
        columns: Where the texts are; to be set anew when the next batch comes from another source.
    """

    columns: Columns | None = None

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    @abstractmethod
    def write(
        self,
        batch: Batch,
        predicted: Sequence[str],
        p_positive: NDArray[np.floating],
        reasons: Sequence[str] = (),
    ) -> None:
        """Write a batch.

        Args:
            batch: The rows, n of them.
            predicted: `positive`, `negative`, `uncertain` or "" for each row.
            p_positive: The probability of positive for each row, NaN where there is no answer.
            reasons: Why rows are uncertain, "" for others; () for nothing to say. JSON lines alone
                have room for it.

        Raises:
            DataError: A row does not fit into the format; those before it are written.
        """

    @contextmanager
    def _lines(self) -> Iterator[list[str]]:
        """Write the lines that are put into a list, those before an error, too.

        An interrupt is none: then the stream may be closed before this ends.
        """
        lines: list[str] = []
        try:
            yield lines
        except Exception:
            self._put(lines)
            raise
        self._put(lines)

    def _put(self, lines: Sequence[str]) -> None:
        self._stream.write(encode("".join([f"{line}\n" for line in lines])))

    def close(self) -> None:
        """Write what is left, such as the header of an empty table, and flush the stream."""
        self._stream.flush()


def new_column_error(
    batch: Batch, number: int, row: Row, known: frozenset[str], format: str
) -> DataError:
    """Build the error for a row with a column that came too late for the header.

    Args:
        batch: The batch of the row.
        number: The 0-based place of the row in it.
        row: The row.
        known: The columns that were known when the header was written.
        format: The format that is written.
    """
    new = min(row.keys() - known)
    what = f'has a column "{new}" that the first rows have not, and {format} has one header'
    return row_error(batch.name, batch.row_number(number), f"{what}; write --format jsonl")
