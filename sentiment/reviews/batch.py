"""Batches of rows, sources of batches, and what happens to bad rows."""

import codecs
import re
from abc import ABC, abstractmethod
from bisect import bisect_right
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import count
from typing import Any, Literal, TypeVar

import numpy as np

from sentiment.errors import DataError
from sentiment.reviews.cells import count_of
from sentiment.reviews.fields import field_in, split_at_dots

T = TypeVar("T")
Row = dict[str, Any]

BATCH_ROWS = 1024
BATCH_CHARS = 1 << 20
MAX_BATCHES_AHEAD = 16  # full batches to search for a readable row


class Unreadable(Exception):  # noqa: N818
    """Reading cannot continue after this row; code that knows row numbers makes it a DataError."""

    def __init__(self, what: str, line: int | None = None) -> None:
        super().__init__(what)
        self.line = line  # if that is not the row number


class Ahead(Iterator[T]):
    """An iterator with look-ahead.

    An error met while looking ahead is raised in its place, after the items before it.
    """

    def __init__(self, items: Iterable[T]) -> None:
        self._items = iter(items)
        self._buffer: deque[T] = deque()
        self._failure: DataError | Unreadable | None = None

    def __next__(self) -> T:
        """Return the next item, or raise the error met in its place."""
        if self._buffer:
            return self._buffer.popleft()
        if self._failure:
            raise self._failure
        return next(self._items)

    def ahead(self, ready: Callable[[], bool] = lambda: True) -> Iterator[T]:
        """Yield the next items without consuming them, reading on while `ready()`.

        An error of the underlying iterator is raised if no item precedes it.
        """
        for place in count():
            if place == len(self._buffer) and not (ready() and self._read_on()):
                if self._failure and not self._buffer:
                    raise self._failure
                return
            yield self._buffer[place]

    def _read_on(self) -> bool:
        """Buffer one more item; return whether there was one."""
        if self._failure:
            return False
        try:
            self._buffer.append(next(self._items))
        except StopIteration:
            return False
        except (DataError, Unreadable) as error:
            self._failure = error
            return False
        return True


@dataclass(frozen=True)
class BadRow:
    """A row that cannot be read properly."""

    reason: str  # what is wrong, and how to fix it
    row: Row  # the readable part
    raw: str  # the original text
    line: int | None = None  # its line number, if that is not the row number
    file: str | None = None  # its file, if that is not the source


@dataclass(frozen=True)
class Batch:
    """Rows that were read together, as dictionaries or as a `pyarrow.RecordBatch`."""

    given: Sequence[Row]  # column name → value as read, for each row; () with Arrow data
    first_row: int = 1  # the number in the source of the first row read for it
    arrow: Any = None  # the untouched RecordBatch; only for Parquet
    names: Sequence[str] = ()  # of its columns, each once
    name: str = "<input>"  # of the source, for messages
    format: str = "lines"
    bad: Mapping[int, BadRow] = field(default_factory=dict)  # by their indices
    gaps: Sequence[int] = ()  # for each row left out, in order, the index before which it was

    def __len__(self) -> int:
        return len(self.given) if self.arrow is None else self.arrow.num_rows

    @cached_property
    def rows(self) -> Sequence[Row]:
        """Column name → value for each row; Arrow data are converted on first access."""
        if self.arrow is None:
            return self.given
        return self._as_python(self.arrow.rename_columns(self.names))

    def column(self, name: str) -> list[Any]:
        """Return the values of one column as they were read, None where missing.

        `review.text` is also the field `text` of the objects in the column `review`.
        """
        if self.arrow is None:
            if "." not in name:
                return [row.get(name) for row in self.given]
            return [row[name] if name in row else field_in(row, name) for row in self.given]
        if name in self.names:
            return self._as_python(self.arrow.column(self.names.index(name)))
        for head, rest in split_at_dots(name):
            if head in self.names:
                return [field_in(value, rest) for value in self.column(head)]
        return [None] * len(self)

    def row_number(self, place: int) -> int:
        """Return the 1-based number in the source of the row at an index."""
        return numbered_row(place, self.gaps, self.first_row)

    def part(self, start: int, end: int) -> "Batch":
        """Return the rows from index `start` to before `end`, without Arrow data."""
        return Batch(
            self.rows[start:end],
            self.row_number(start),
            name=self.name,
            format=self.format,
            bad={place - start: bad for place, bad in self.bad.items() if start <= place < end},
            gaps=[gap - start for gap in self.gaps if gap > start],
        )

    def take(self, places: Sequence[int]) -> "Batch":
        """Return the rows at some indices, which ascend."""
        arrow, given = self.arrow, self.given
        if arrow is None:
            given = [given[place] for place in places]
        else:
            arrow = arrow.take(np.array(places, np.int64))  # a list of none has no type
        bad = {new: self.bad[place] for new, place in enumerate(places) if place in self.bad}
        gaps = _gaps_between(self.first_row, [*map(self.row_number, places)])
        return replace(self, given=given, arrow=arrow, bad=bad, gaps=gaps)

    def readable(self) -> "Batch":
        """Return the rows that are not bad, without their numbers."""
        if not self.bad:
            return self
        return Batch([row for place, row in enumerate(self.rows) if place not in self.bad])

    def _as_python(self, arrow: Any) -> list[Any]:
        try:
            values: list[Any] = arrow.to_pylist()
        except (ValueError, OverflowError) as error:  # such as a date after the year 9999
            raise DataError(f"{self.name}: a value that Python cannot hold ({error})") from error
        return values


def numbered_row(place: int, gaps: Sequence[int], first: int = 1) -> int:
    """Return the number of the row at an index, with the gaps of `Batch.gaps`."""
    return first + place + bisect_right(gaps, place)


class Source(ABC):
    """One opened input.

    Attributes:
        name: The path as given, or `<stdin>`.
        format: One of `INPUT_FORMATS`.
        columns: The keys of the rows, each once; for JSON lines those of the first batch.
        header: The names as they are in the file, where they may be duplicated.
        has_header: False only for a delimited file or sheet without a header, whose columns are
            named "1", "2", ….
        notes: What was guessed about it, for display; some are added while it is read.
        within: The dotted name of the list that has the rows, if it is a part of an object.
        nested: The columns of objects and lists, with the dotted names of the objects' fields.
        class_names: For columns of numbers 0, 1, …, what the file's metadata call these.
        schema: The `pyarrow.Schema` of a Parquet file.
        sheets: The names of the sheets of a workbook.
        sheet: The name of the one that is read.
    """

    format: str
    within = ""
    has_header = True
    schema: Any = None
    sheets: Sequence[str] = ()
    sheet: str | None = None

    def __init__(self, name: str, columns: Sequence[str]) -> None:
        self.name = name
        self.columns = list(columns)
        self.header = self.columns
        self.notes: list[str] = []
        self.class_names: Mapping[str, Sequence[str]] = {}
        self.nested: Mapping[str, Sequence[str]] = {}

    @property
    def fields(self) -> list[str]:
        """The names of all columns; of a column of objects, those of their fields."""
        return [name for column in self.columns for name in self.nested.get(column) or [column]]

    @abstractmethod
    def batches(self) -> Iterator[Batch]:
        """Yield the rows once, in order, as they arrive; close the input at the end.

        Raises:
            DataError: A row cannot be read, and the policy is to stop at it. The rows before it
                are yielded first.
        """

    def would_block(self) -> bool:
        """Return whether the next batch is still to be produced at the other end of a pipe."""
        return False

    def expected_rows(self) -> int | None:
        """Return about how many rows there are in all, by those read so far; None if unknown."""
        return None

    def close(self) -> None:  # noqa: B027
        """Close the input early; standard input stays open."""


class RowsSource(Source):
    """Rows in memory, with JSON values."""

    format = "jsonl"

    def __init__(self, rows: Sequence[Row], columns: Sequence[str], name: str) -> None:
        super().__init__(name, columns)
        self._rows = rows

    def batches(self) -> Iterator[Batch]:
        """Yield the rows in batches of at most `BATCH_ROWS`."""
        for start in range(0, len(self._rows), BATCH_ROWS):
            rows = self._rows[start : start + BATCH_ROWS]
            yield Batch(rows, start + 1, name=self.name, format=self.format)

    def expected_rows(self) -> int:
        """Return the number of rows."""
        return len(self._rows)


class TextsSource(RowsSource):
    """Texts in memory, as a source with the column `text`."""

    format = "lines"

    def __init__(self, texts: Sequence[str], name: str = "<arguments>") -> None:
        super().__init__([{"text": text} for text in texts], ["text"], name)


def first_readable(batches: Ahead[Batch]) -> Batch | None:
    """Look ahead at the readable rows of the first batch with any; no rows if none has any.

    Return None after `MAX_BATCHES_AHEAD` full batches of bad rows, which bounds the memory.
    """
    buffered = 0.0  # in full batches
    for batch in batches.ahead():
        if rows := batch.readable():
            return rows
        chars = sum(len(bad.raw) for bad in batch.bad.values())
        buffered += max(len(batch) / BATCH_ROWS, chars / BATCH_CHARS)
        if buffered >= MAX_BATCHES_AHEAD:
            return None
    return Batch([])


def unique_names(names: Sequence[str]) -> list[str]:
    """Make names unique: the second `a` becomes `a.2`, or the next free name."""
    taken = set(names)
    counts: dict[str, int] = {}  # the last number tried for each name
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
    """Return the error for one row: `name, row 3 (line 5): what`."""
    at_line = f" (line {line})" if line is not None else ""
    return DataError(f"{name}, row {row}{at_line}: {what}")


Policy = Literal["stop", "skip", "keep"]
DONE = {"skip": "left out", "keep": "kept, without an answer"}


@dataclass
class BadRows:
    """The policy for bad rows, and counts of them.

    `stop` raises an error at the first; `skip` leaves them out; `keep` yields their readable part
    and lists them in `Batch.bad`.
    """

    policy: Policy = "stop"
    # Called with the file, the row number and the row for each one left out or kept.
    report: Callable[[str, int, BadRow], None] | None = None
    advice: str = ""  # what else can be done, at the end of the message when it stops
    _counts: Counter[str] = field(default_factory=Counter)
    _firsts: dict[str, str] = field(default_factory=dict)

    def batches(
        self, items: Sequence[Row | BadRow], first_row: int, source: Source
    ) -> Iterator[Batch]:
        """Yield a batch of rows that were read together, unless no row is left.

        Raises:
            DataError: The policy is to stop at a bad row; the rows before it are yielded first.
        """
        rows = [item for item in items if not isinstance(item, BadRow)]
        bad: dict[int, BadRow] = {}
        if len(rows) < len(items):
            bad = {place: item for place, item in enumerate(items) if isinstance(item, BadRow)}
            rows = [item.row if isinstance(item, BadRow) else item for item in items]
        batch = Batch(rows, first_row, name=source.name, format=source.format)
        yield from self.without(batch, bad)

    def without(self, batch: Batch, bad: Mapping[int, BadRow]) -> Iterator[Batch]:
        """Yield a batch in which the rows at some indices are bad too, unless no row is left.

        Raises:
            DataError: As from `batches`.
        """
        if not bad:
            yield batch
            return
        numbers = {place: batch.row_number(place) for place in sorted(bad)}
        if self.policy == "stop":
            place, number = next(iter(numbers.items()))
            if place:
                yield batch.part(0, place)
            first = bad[place]
            reason = first.reason + self.advice
            raise row_error(first.file or batch.name, number, reason, first.line)
        for place, number in numbers.items():
            self._note(bad[place], number, batch.name)
        if self.policy == "keep":
            yield replace(batch, bad={**batch.bad, **bad})
        elif len(bad) < len(batch):
            yield batch.take([place for place in range(len(batch)) if place not in bad])

    @property
    def found(self) -> int:
        """The number of bad rows left out or kept so far."""
        return self._counts.total()

    def summaries(self) -> Iterator[str]:
        """Yield the number of bad rows of each source, and what was wrong with the first."""
        for name, times in self._counts.items():
            what = f"{count_of(times, 'row')} that cannot be read {DONE[self.policy]}"
            yield f"{what}; the first: {self._firsts[name]}"

    def _note(self, bad: BadRow, number: int, name: str) -> None:
        if name not in self._firsts:
            self._firsts[name] = str(row_error(bad.file or name, number, bad.reason, bad.line))
        self._counts[name] += 1
        if self.report:
            self.report(bad.file or name, number, bad)


def _gaps_between(first: int, numbers: Sequence[int]) -> list[int]:
    """Return `Batch.gaps` for rows with these numbers, of which the first could be `first`."""
    gaps: list[int] = []
    for place, number in enumerate(numbers):
        gaps += [place] * (number - first - place - len(gaps))
    return gaps


STOP = BadRows()


# A decoding error handler that marks each bad byte as a lone surrogate, which valid bytes never
# decode to.
MARKING = "sentiment.marking"
_FIRST_MARK = 0xDC00
_MARKS = re.compile("[\udc00-\udcff]")


def damaged_byte(text: str) -> int | None:
    """Return the first byte marked in a text, or None."""
    found = _MARKS.search(text)
    return ord(found[0]) - _FIRST_MARK if found else None


def readable(text: str) -> str:
    """Replace each marked byte by U+FFFD."""
    return _MARKS.sub("\ufffd", text)


def bad_row(reason: str, row: Row, raw: str, line: int | None = None) -> BadRow:
    r"""Return a bad row without marks: U+FFFD in its values, escapes such as `\xe9` in `raw`."""
    values = {
        readable(name): readable(value) if isinstance(value, str) else value
        for name, value in row.items()
    }
    escaped = _MARKS.sub(lambda mark: f"\\x{ord(mark[0]) - _FIRST_MARK:02x}", raw)
    return BadRow(reason, values, escaped, line)


def _mark(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    damaged = error.object[error.start : error.end]
    return "".join(chr(_FIRST_MARK + byte) for byte in damaged), error.end


codecs.register_error(MARKING, _mark)
