"""What every input looks like from outside: a source of batches of rows."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from sentiment.errors import DataError
from sentiment.reviews.ahead import Ahead

Row = dict[str, Any]

BATCH_ROWS = 1024
BATCH_CHARS = 1 << 20
LOOKED_AT = 16  # full batches in which a row that can be read is looked for


@dataclass(frozen=True)
class BadRow:
    """A row that cannot be read as it should be.

    Attributes:
        reason: What is wrong, and the way out.
        row: What can be read of it.
        raw: How it stands in the file.
        line: The line it is on, where that is not the number of the row.
        file: The file it is in, where that is not the source.
    """

    reason: str
    row: Row
    raw: str
    line: int | None = None
    file: str | None = None


@dataclass(frozen=True)
class Batch:
    """Rows that arrived together.

    Attributes:
        rows: Column name → value as read: str for text formats, JSON or Arrow values for others.
        first_row: The 1-based number, within the source, of the first row that was read for it.
        arrow: The untouched `pyarrow.RecordBatch` the rows came from; only for Parquet.
        name: The name of the source, for messages.
        format: The format of the source.
        bad: Which of `rows`, by their places, could not be read as they should be.
        gaps: Before which places a row was left out, one for each such row, in order.
    """

    rows: Sequence[Row]
    first_row: int
    arrow: Any = None
    name: str = "<input>"
    format: str = "lines"
    bad: Mapping[int, BadRow] = field(default_factory=dict)
    gaps: Sequence[int] = ()

    def row_number(self, place: int) -> int:
        """Give the 1-based number, within the source, of the row at a place in `rows`."""
        return self.first_row + place + bisect_right(self.gaps, place)

    def part(self, start: int, end: int) -> "Batch":
        """Give the rows from one place to before another, as rows that are not Arrow's."""
        return Batch(
            self.rows[start:end],
            self.row_number(start),
            name=self.name,
            format=self.format,
            bad={place - start: bad for place, bad in self.bad.items() if start <= place < end},
            gaps=[gap - start for gap in self.gaps if gap > start],
        )

    def readable_rows(self) -> Sequence[Row]:
        """Give the rows that are not bad."""
        if not self.bad:
            return self.rows
        return [row for place, row in enumerate(self.rows) if place not in self.bad]


class Source(Protocol):
    """One opened input.

    Attributes:
        name: The path as given, or `<stdin>`.
        format: `lines`, `csv`, `tsv`, `jsonl`, `parquet`, `folder` or `fasttext`.
        columns: The keys of the rows, each once; for JSON lines those of the first batch.
        header: The names as they stand in the file; they differ from `columns` where a file
            uses one name twice.
        has_header: False only for a delimited file without a header line, whose columns are
            named "1", "2", ….
        notes: What was guessed to read it, to be announced.
    """

    name: str
    format: str
    columns: list[str]
    header: list[str]
    has_header: bool
    notes: list[str]

    def batches(self) -> Iterator[Batch]:
        """Give the rows once, in order, as they arrive; close the input at the end.

        Raises:
            DataError: A row cannot be read, and such rows are not to be left out or kept. The
                rows before it are given out first.
        """

    def waits(self) -> bool:
        """Tell whether the next batch has yet to be produced by somebody."""

    def close(self) -> None:
        """Close the input before its end; standard input stays open."""


class RowsSource:
    """Rows that are in memory already; their values are those of JSON."""

    format = "jsonl"
    has_header = True

    def __init__(self, rows: Sequence[Row], columns: Sequence[str], name: str) -> None:
        self.name = name
        self.columns = list(columns)
        self.header = self.columns
        self.notes: list[str] = []
        self._rows = rows

    def batches(self) -> Iterator[Batch]:
        """Give the rows in batches of at most `BATCH_ROWS`."""
        for start in range(0, len(self._rows), BATCH_ROWS):
            rows = self._rows[start : start + BATCH_ROWS]
            yield Batch(rows, start + 1, name=self.name, format=self.format)

    def waits(self) -> bool:
        """Nothing has to be waited for."""
        return False

    def close(self) -> None:
        """Nothing is open."""


class TextsSource(RowsSource):
    """Texts that are in memory already, as a source with the column `text`."""

    format = "lines"

    def __init__(self, texts: Sequence[str], name: str = "<arguments>") -> None:
        super().__init__([{"text": text} for text in texts], ["text"], name)


def first_rows(batches: Ahead[Batch]) -> Sequence[Row] | None:
    """Look at the first rows that can be read.

    Returns:
        Those of the first batch that has any; [] if no batch has, None where that is not known
        before more than `LOOKED_AT` full batches of bad rows would have to be held in memory.
    """
    held = 0.0  # in full batches
    for batch in batches.ahead():
        if rows := batch.readable_rows():
            return rows
        chars = sum(len(bad.raw) for bad in batch.bad.values())
        held += max(len(batch.rows) / BATCH_ROWS, chars / BATCH_CHARS)
        if held >= LOOKED_AT:
            return None
    return []


def unique_names(names: Sequence[str]) -> list[str]:
    """Make every name occur once: the second `a` becomes `a.2`, or the next that is free."""
    taken = set(names)
    counts: dict[str, int] = {}  # the number at the end of the last candidate for each name
    unique = []
    for name in names:
        candidate = name
        count = counts.get(name, 0) + 1
        if count > 1:
            while (candidate := f"{name}.{count}") in taken:
                count += 1
        counts[name] = count
        taken.add(candidate)
        unique.append(candidate)
    return unique


def row_error(name: str, row: int, what: str, line: int | None = None) -> DataError:
    """Build the error for one row: `name, row 3 (line 5): what`."""
    at_line = f" (line {line})" if line is not None else ""
    return DataError(f"{name}, row {row}{at_line}: {what}")
