"""Excel workbooks (.xlsx) as a source of rows, and rows with their answers as a workbook."""

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from math import isinf, isnan
from typing import Any, BinaryIO
from weakref import finalize

import numpy as np
from numpy.typing import NDArray

from sentiment.errors import DataError, UsageError, hint
from sentiment.reviews.batch import (
    BATCH_CHARS,
    BATCH_ROWS,
    STOP,
    Ahead,
    BadRow,
    BadRows,
    Batch,
    Row,
    Source,
    row_error,
    unique_names,
)
from sentiment.reviews.cells import and_more, cell, count_of, json_probability
from sentiment.reviews.header import (
    MAX_TITLES,
    SURVEY_LEFT_OUT,
    detect_header,
    is_survey_row,
    numbered_names,
    reads_as_header,
    stands_above,
)
from sentiment.reviews.spreadsheetml import MAX_COLUMNS, SheetRow, escape, letters_of
from sentiment.reviews.workbook import Workbook, import_openpyxl
from sentiment.reviews.writers import Writer, instead, new_column_error
from sentiment.values import is_missing, visible

ROWS_LOOKED_AT = 100
MAX_CHARS = 32_767  # of a cell, as in Excel, in UTF-16
MAX_ROWS = 1 << 20
MAX_DIGITS = 15  # of an integer; Excel changes those after them
SHEETS_LOOKED_AT = 100
_SHEET_NAME = re.compile(r"[^\\*?:/\[\]\x00-\x1f]{1,31}")  # that Excel allows
SHOWN_SHEETS = 5


class ExcelSource(Source):
    """A sheet of a workbook: an optional header, and rows that are not blank.

    Values have the types of their cells: text, int, float, bool, date, datetime, time, timedelta;
    None if a cell is empty, and the last value that Excel computed for a formula. A value beside
    the columns that the first rows have makes a row bad.

    Args:
        book: The workbook, which is closed.
        sheet: The name of the sheet; None for the first one with rows.
        header: Whether its first row has the names of the columns; None to detect it.
        asked: Columns that the user named; a row with one of them is a header.
        bad_rows: The policy for bad rows.

    Attributes:
        number_formats: The number format of the values of a column that have a type.

    Raises:
        DataError: There is no sheet with this name, or the workbook is damaged.
    """

    format = "xlsx"

    def __init__(
        self,
        book: Workbook,
        sheet: str | None = None,
        header: bool | None = None,
        asked: Sequence[str] = (),
        bad_rows: BadRows = STOP,
    ) -> None:
        self._book = book
        self._bad_rows = bad_rows
        self._rows_read = 0
        self.number_formats: dict[tuple[str, type], str] = {}
        notes: list[str] = []
        self.sheets = list(book.sheets)
        self.sheet, self._rows = self._open_sheet(sheet, notes)
        first = list(self._looked_at())
        table = [_texts(row) for row in first]
        titles = 0 if header is False else _count_titles(table, asked)
        below = first[titles:]
        self._left = min((min(row.cells) for row in below), default=0)
        width = max((max(row.cells) + 1 - self._left for row in below), default=0)
        table = [_texts(row, self._left, width) for row in below]
        if titles:
            notes.append(f"{count_of(titles, 'row')} above the header left out")
        survey = max((n for n in (1, 2) if any(map(is_survey_row, table[n : n + 1]))), default=0)
        if header is None and table:
            certain = survey > 0
            header, more = detect_header(table[0], lambda: table[1:], asked, certain=certain)
            notes += more
        self.has_header = bool(header and table)
        names = table[0] if self.has_header else numbered_names(width)
        if survey and self.has_header:
            notes.append(SURVEY_LEFT_OUT)
        for _ in range(titles + (1 + survey if self.has_header else 0)):
            next(self._rows)
        super().__init__(book.name, unique_names(names))
        self.header = names
        self.notes = [*notes, *self._uncalculated(below)]

    def batches(self) -> Iterator[Batch]:
        """Yield the rows in batches; see `Source.batches`."""
        items: list[Row | BadRow] = []
        size = before = 0
        try:
            for row in self._rows:
                items.append(self._item(row))
                size += len(self.columns) * 8 + sum(
                    len(value) for value in row.cells.values() if isinstance(value, str)
                )
                if len(items) == BATCH_ROWS or size >= BATCH_CHARS:
                    self._rows_read += len(items)
                    yield from self._bad_rows.batches(items, before + 1, self)
                    before += len(items)
                    items, size = [], 0
            self._rows_read += len(items)
            yield from self._bad_rows.batches(items, before + 1, self)
        finally:
            self.close()

    def expected_rows(self) -> int | None:
        """Return about how many rows there are, if each is as long as those read so far."""
        share = self._book.share_read()
        return max(round(self._rows_read / share), self._rows_read) if share else None

    def close(self) -> None:
        """Close the workbook."""
        self._book.close()

    def _open_sheet(self, sheet: str | None, notes: list[str]) -> tuple[str, Ahead[SheetRow]]:
        """Return the name of a sheet and its rows, and note which one it is."""
        book = self._book
        there = self.sheets
        shown = and_more([f'"{visible(name)}"' for name in there], SHOWN_SHEETS)
        if sheet is not None:
            named = [name for name in there if name.casefold() == sheet.casefold()]
            if sheet not in there and len(named) != 1:
                near = hint(sheet, there, '"')
                are = "are" if len(there) > 1 else "is"
                raise UsageError(f'{book.name}: no sheet "{sheet}"{near}; there {are} {shown}')
            name = sheet if sheet in there else named[0]
            return name, self._rows_of(name)
        if not there:
            raise DataError(f"{book.name}: a workbook without sheets")
        visible_first = sorted(there, key=book.hidden.__contains__)
        for name in visible_first[:SHEETS_LOOKED_AT]:
            rows = self._rows_of(name)
            if any(rows.ahead()):
                break
        else:
            name, rows = there[0], self._rows_of(there[0])
        if len(there) > 1:
            notes.append(f'sheet "{visible(name)}" of {shown}; --sheet NAME reads another')
        return name, rows

    def _rows_of(self, sheet: str) -> Ahead[SheetRow]:
        return Ahead(self._book.rows(sheet))

    def _looked_at(self) -> Iterator[SheetRow]:
        """Yield some first rows, without consuming them."""
        size = 0
        for place, row in enumerate(self._rows.ahead()):
            yield row
            size += sum(map(len, map(cell, row.cells.values())))
            if place == ROWS_LOOKED_AT + MAX_TITLES or size >= BATCH_CHARS:
                return

    def _item(self, row: SheetRow) -> Row | BadRow:
        left, cells = self._left, row.cells
        end = left + len(self.columns)
        values = {name: cells.get(left + place) for place, name in enumerate(self.columns)}
        for column, format in row.formats.items():
            if left <= column < end:
                name = self.columns[column - left]
                self.number_formats.setdefault((name, type(values[name])), format)
        beside = [
            column
            for column, value in cells.items()
            if value is not None and not left <= column < end
        ]
        if not beside:
            return values
        place = f"{letters_of(beside[0])}{row.number}"
        reason = f"a value in {place}, beside the columns of the first rows"
        what = f"{reason}; delete it, or give its column a name in the header"
        raw = "\t".join(cell(cells[column]) for column in sorted(cells))
        return BadRow(what, values, raw, row.number)

    def _uncalculated(self, rows: Sequence[SheetRow]) -> Iterator[str]:
        first = next((row.uncalculated for row in rows if row.uncalculated), None)
        if first:
            yield (
                f"formulas without a value, such as {first}, are empty: to have them calculated, "
                "open and save the file in a spreadsheet program"
            )


def _texts(row: SheetRow, left: int = 0, width: int | None = None) -> list[str]:
    """Return the cells of a row as text, from a column on."""
    end = max(row.cells) + 1 if width is None else left + width
    return [cell(row.cells.get(column)) for column in range(left, end)]


def _count_titles(table: Sequence[Sequence[str]], asked: Sequence[str]) -> int:
    """Count the rows above a header: one with well-known names, or the first of several cells."""
    filled = [[text for text in row if text.strip()] for row in table]
    for place, names in enumerate(filled[: MAX_TITLES + 1]):
        if reads_as_header(names, asked):
            return place if all(len(row) < len(names) for row in filled[:place]) else 0
    place = next((n for n, row in enumerate(filled[: MAX_TITLES + 1]) if len(row) > 1), 0)
    if not place or reads_as_header(filled[place], asked) is not None:
        return 0
    left = next(n for n, text in enumerate(table[place]) if text.strip())
    first, *below = [row[left:] for row in table[place:]]
    return place if stands_above(first, below) else 0


class ExcelWriter(Writer):
    """Writes a sheet: the columns of the input, `predicted` and the probabilities.

    Values keep their types: numbers, dates and times that a workbook holds exactly are written as
    such, with the number format that a column had in a workbook. All else is text, never a formula;
    what XML cannot hold is escaped as Excel does, `_x0007_`. The stream need not be seekable.
    """

    needs_end = True

    def __init__(self, stream: BinaryIO, source: Source, added: Sequence[str]) -> None:
        super().__init__(stream)
        openpyxl = import_openpyxl()
        own = source if isinstance(source, ExcelSource) else None
        self._columns = source.columns
        self._formats = own.number_formats if own else {}
        self._book = openpyxl.Workbook(write_only=True)
        own_name = source.sheet if _SHEET_NAME.fullmatch(source.sheet or "") else None
        self._sheet = self._book.create_sheet(own_name or "reviews")
        finalize(self, _discard, self._sheet)
        self._rows = 0
        if (width := len(self._columns) + len(added)) > MAX_COLUMNS:
            what = f"{width:,} columns, and a sheet has at most {MAX_COLUMNS:,}"
            raise DataError(f"{source.name}: {what}; {instead('csv')}")
        if source.has_header:
            self._append([self._text(name) for name in (*source.header, *added)])

    def write(
        self,
        batch: Batch,
        predicted: Sequence[str],
        probabilities: NDArray[np.floating],
        reasons: Sequence[str] = (),
    ) -> None:
        """Add a batch of rows."""
        known = frozenset(self._columns)
        rows = zip(batch.rows, predicted, probabilities.tolist(), strict=True)
        for number, (row, word, ps) in enumerate(rows):
            if not row.keys() <= known and number not in batch.bad:
                raise new_column_error(batch, number, known, "xlsx")
            try:
                own = [self._cell(name, row.get(name)) for name in self._columns]
                self._append([*own, self._text(word), *map(json_probability, ps)])
            except _DoesNotFitError as error:
                what = f"{error}; {instead('csv')}"
                raise row_error(batch.name, batch.row_number(number), what) from error

    def close(self) -> None:
        """Write the workbook, which waits in a temporary file."""
        self._book.save(self._stream)
        super().close()

    def _append(self, cells: list[Any]) -> None:
        if self._rows == MAX_ROWS:
            raise _DoesNotFitError(f"a sheet has at most {MAX_ROWS:,} rows")
        self._rows += 1
        self._sheet.append(cells)

    def _cell(self, name: str, value: Any) -> Any:
        """Return a value as a cell that openpyxl writes as it is."""
        if is_missing(value):
            return None
        if isinstance(value, bool):
            return value
        if isinstance(value, (int, float)):
            written = self._number(value)
        elif isinstance(value, (date, time, timedelta)) and _is_exact(value):
            written = value
        else:
            return self._text(cell(value), name)
        format = self._formats.get((name, type(value)))
        if format is None:
            return written
        styled = written if hasattr(written, "number_format") else self._new_cell(written)
        styled.number_format = format
        return styled

    def _number(self, value: float) -> Any:
        """Return a number as a cell; one that Excel cannot hold as a text."""
        if isinstance(value, int):
            return value if len(str(abs(value))) <= MAX_DIGITS else self._text(str(value))
        if isnan(value) or isinf(value):
            return None if isnan(value) else self._text(str(value))
        if float(f"{value:.16g}") == value:  # as openpyxl writes it
            return value
        exact = self._new_cell(repr(value))
        exact.data_type = "n"
        return exact

    def _text(self, text: str, name: str = "") -> Any:
        """Return a cell with a text, which is no formula or error whatever it begins with."""
        escaped = escape(text)
        length = len(escaped) + sum(char > "\uffff" for char in escaped)
        if length > MAX_CHARS:
            where = f' in the column "{visible(name)}"' if name else ""
            raise _DoesNotFitError(
                f"a text of {length:,} characters{where}, and a cell holds {MAX_CHARS:,}"
            )
        text_cell = self._new_cell(escaped)
        text_cell.data_type = "s"
        return text_cell

    def _new_cell(self, value: Any) -> Any:
        from openpyxl.cell import WriteOnlyCell

        return WriteOnlyCell(self._sheet, value)


def _discard(sheet: Any) -> None:
    """End a sheet that is not saved; openpyxl would print an error when it is deleted."""
    if not sheet.closed:
        with suppress(OSError):
            sheet.close()


class _DoesNotFitError(Exception):
    """A value or row that a sheet cannot hold."""


def _is_exact(value: Any) -> bool:
    """Return whether Excel shows a date, time or duration, and it is read back as it is."""
    from openpyxl.utils.datetime import from_excel, to_excel

    if getattr(value, "tzinfo", None) is not None:
        return False
    try:
        serial = to_excel(value)
        found = from_excel(serial, timedelta=isinstance(value, timedelta))
    except (OverflowError, ValueError):
        return False
    if serial < 0:
        return False
    if isinstance(found, datetime) and not isinstance(value, datetime):
        return found.date() == value
    return bool(found == value)
