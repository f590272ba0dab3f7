"""Read CSV and TSV: find the dialect, mend unclosed quotes and rows of the wrong width."""

import csv
import re
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from io import StringIO
from typing import NamedTuple

from sentiment.reviews.batch import (
    BATCH_ROWS,
    STOP,
    Ahead,
    BadRows,
    Unreadable,
    bad_row,
    unique_names,
)
from sentiment.reviews.cells import count_of
from sentiment.reviews.feed import SWAPPED_ENDS, FeedSource, Item, TextFeed, block_lines, too_long
from sentiment.reviews.header import (
    describe_columns,
    is_plain_header,
    is_plain_name,
    numbered_names,
    reads_as_header,
    stands_above,
)
from sentiment.reviews.lines import SEPARATOR_LINE

ROWS_LOOKED_AT = 100
HEADER_TAKEN = "first row taken as header; --no-header reads it as a row"
CHARS_LOOKED_AT = 1 << 21  # to search for the first rows
DELIMITERS = ",;\t|"
MAX_TITLES = 5  # lines above a header
FIELD_LIMIT = 2**31 - 1  # csv's own limit of 131,072 characters refuses long reviews


class RowTooLong(csv.Error):
    """A row is too long, usually because a quote is not closed."""


class CsvLines:
    """The lines of a text, which buffers those of the current row.

    An unclosed quote swallows good rows. When a row turns out to be invalid, the caller calls
    `give_up`, and reading continues with the row's second line.
    """

    def __init__(self, feed: TextFeed) -> None:
        self._feed = feed
        self._blocks = feed.blocks()
        self._lines: list[str] = []
        self._first = 0  # the index of the current row's first line
        self._next = 0  # the index of the next line
        self._before = 0  # the number of lines before them
        self._chars_before = 0  # characters read from the feed when the last row ended

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        """Return the next line, with its line end."""
        if self.would_block:
            self._read_on()
        line = self._lines[self._next]
        self._next += 1
        return line

    @property
    def number(self) -> int:
        """The number of lines read."""
        return self._before + self._next

    @property
    def would_block(self) -> bool:
        """Whether the next line needs another block, which may have to be waited for."""
        return self._next == len(self._lines)

    def end_row(self) -> str:
        """Finish the current row, and return its lines."""
        first, end = self._first, self._next
        self._first = end
        self._chars_before = self._feed.chars
        # Most rows have one line, which need not be copied.
        return self._lines[first] if end == first + 1 else "".join(self._lines[first:end])

    def give_up(self) -> str:
        """Finish the current row after its first line, and continue after that."""
        self._next = self._first + 1
        return self.end_row()

    def _read_on(self) -> None:
        del self._lines[: self._first]
        self._before += self._first
        self._next -= self._first
        self._first = 0
        block = next(self._blocks)
        # newline="" splits as csv expects: at \n, \r\n and the \r of old Macs.
        self._lines += StringIO(block, newline="")
        most = self._feed.max_row_chars
        if self._feed.chars - self._chars_before > most + len(block):
            raise RowTooLong(f"{too_long('a row', most)}, or close the quote that opens in it")


class Record(NamedTuple):
    """A parsed row; an invalid one is parsed leniently."""

    fields: list[str]  # empty if it is blank
    raw: str  # its original text, with the line end
    line: int  # the number of its last line
    reason: str | None = None  # why it is invalid, and how to fix it

    @property
    def is_blank(self) -> bool:
        """Whether it is a blank line, which is not a row of several columns."""
        return len(self.fields) < 2 and not self.raw.strip()

    @property
    def is_of_survey(self) -> bool:
        """Whether it is a second header, of Qualtrics or SurveyMonkey."""
        filled = [cell for cell in map(str.strip, self.fields) if cell]
        return bool(filled) and all(
            cell.startswith('{"ImportId"') or cell in ("Response", "Open-Ended Response")
            for cell in filled
        )


class Dialect(NamedTuple):
    """The notation of a table."""

    delimiter: str = ","
    line_end: str = "\n"
    marked: bool = False  # with a byte order mark, by which Excel recognizes UTF-8
    encoding: str = "utf-8"
    preface: str = ""  # a line that names the delimiter, `sep=;`, without its line end


class DelimitedSource(FeedSource):
    """The base of CSV and TSV: an optional header, and rows that must be as wide as the first.

    With one column, a blank line is a row with an empty text; otherwise it is not a row. With None,
    the header is detected; a first row with a column that the user asked for is one.

    Raises:
        Unreadable: The first row cannot be read.
    """

    advice: str

    def __init__(
        self,
        feed: TextFeed,
        header: bool | None = None,
        asked: Sequence[str] = (),
        bad_rows: BadRows = STOP,
    ) -> None:
        csv.field_size_limit(FIELD_LIMIT)
        self._titles = 0 if header is False else _count_titles(feed.peek(), asked)
        self._blocks = Ahead(self._records(feed))
        rows = self._first_rows(1)
        first = rows[0] if rows else Record([], "", 1)
        notes: list[str] = []
        if header is None:
            self.has_header, notes = self._detect_header(first, asked)
        else:
            self.has_header = header and bool(rows)
        if self._titles:
            notes.insert(0, f"{count_of(self._titles, 'line')} above the header left out")
        if self.has_header:
            if reason := first.reason or feed.damage_in(first.raw):
                raise Unreadable(reason, first.line)
            names = first.fields
            survey = [row for row in rows[1:3] if row.is_of_survey]
            self._drop_through(survey[-1] if survey else first)
            if survey:
                notes.append("rows of a survey program below the header left out")
        else:  # prefer valid rows to determine the width
            valid = next((row for row in rows if not row.reason), first)
            names = numbered_names(len(valid.fields))
        super().__init__(feed, unique_names(names), bad_rows)
        self.header = names
        self.notes += notes
        self.dialect = self._dialect(first)

    @abstractmethod
    def _dialect(self, first: Record) -> Dialect:
        """Return the dialect, from the first row."""

    @abstractmethod
    def _records(self, feed: TextFeed) -> Iterator[list[Record]]:
        """Yield the records that end in each block; a blank line has no fields."""

    def row_lists(self) -> Iterator[list[Item]]:
        """Yield a row for each record; see `FeedSource.row_lists`.

        Malformed records, and those with too many or too few fields, are bad rows; fields are
        cut, or filled with empty ones.
        """
        single = len(self.columns) == 1
        for records in self._blocks:
            # Bad rows are filled up; a block of them in a wide table would need too much memory.
            for start in range(0, max(len(records), 1), BATCH_ROWS):
                self._rows_ahead = max(len(records) - start - BATCH_ROWS, 0)
                yield [
                    self._item(record)
                    for record in records[start : start + BATCH_ROWS]
                    if single or len(record.fields) > 1 or not record.is_blank
                ]

    def _item(self, record: Record) -> Item:
        fields, raw, line, reason = record
        fields = fields or [""]
        if self.feed.of_old_mac:
            fields = [field.translate(SWAPPED_ENDS) for field in fields]
            raw = raw.translate(SWAPPED_ENDS)
        damage = None if reason else self.feed.damage_in(raw)
        if not reason and not damage:
            if len(fields) == len(self.columns):
                return dict(zip(self.columns, fields, strict=True))
            what = f"{count_of(len(fields), 'field')} where {len(self.columns)} are expected"
            reason = f"{what}; {self.advice}"
        filled = fields + [""] * (len(self.columns) - len(fields))
        row = dict(zip(self.columns, filled, strict=False))
        # A bad byte is reported with its row number, other errors with the line number as well.
        return bad_row(damage or reason or "", row, raw.rstrip("\r\n"), None if damage else line)

    def _detect_header(self, first: Record, asked: Sequence[str]) -> tuple[bool, list[str]]:
        """Return whether the first row is a header, and notes about it."""
        names = first.fields
        is_header = reads_as_header(names, asked)
        if any(row.is_of_survey for row in self._first_rows(1)[1:3]):
            is_header = True
        if is_header is None and not first.reason:
            below = [row.fields for row in self._first_rows(2)[1:] if not row.reason]
            is_header = stands_above(names, below[:ROWS_LOOKED_AT])
        if is_header or first.reason:
            return True, [] if is_plain_header(names, asked) else [HEADER_TAKEN]
        return False, [describe_columns(len(names))] if names else []

    def _first_rows(self, count: int) -> list[Record]:
        """Look ahead until there are `count` valid rows; return all that are there."""
        found: list[Record] = []
        valid = chars = 0
        for block in self._blocks.ahead():
            rows = [record for record in block if not record.is_blank]
            found += rows
            valid += sum(not row.reason for row in rows)
            chars += sum(len(record.raw) + 1 for record in block)
            if valid >= count or (found and chars >= CHARS_LOOKED_AT):
                break
            if chars >= CHARS_LOOKED_AT:
                raise Unreadable("too many blank lines from here on; delete them")
        return found

    def _drop_through(self, header: Record) -> None:
        """Drop buffered records up to the header."""
        for block in self._blocks.ahead():
            if header in block:
                del block[: block.index(header) + 1]
                return
            block.clear()


class CsvSource(DelimitedSource):
    """Comma-separated values; other delimiters are detected, or named in the first line."""

    format = "csv"
    advice = 'put fields that hold a delimiter in quotes ("fine, thanks")'

    def _records(self, feed: TextFeed) -> Iterator[list[Record]]:
        start = feed.peek()
        first = start.partition("\n")[0]
        self._preface = ""
        if (named := SEPARATOR_LINE.fullmatch(first)) and named[1] in DELIMITERS:
            self._delimiter, self._preface = named[1], first.rstrip("\r")
            self._titles = 0
        else:
            below = start.split("\n", self._titles)[-1]
            self._delimiter = sniff_delimiter(below)
        lines = CsvLines(feed)
        for _ in range(self._titles or bool(self._preface)):
            next(lines)
            lines.end_row()
        reader = csv.reader(
            lines,
            delimiter=self._delimiter,
            strict=True,
            skipinitialspace=_is_spaced(start, self._delimiter),
        )
        records: list[Record] = []
        while True:
            try:
                fields = next(reader, None)
            except csv.Error as error:
                records.append(self._malformed(lines, error))
            except Unreadable:
                yield records
                raise
            else:
                if fields is None:
                    break
                records.append(Record(fields, lines.end_row(), lines.number))
            if lines.would_block:
                yield records
                records = []
        yield records

    def _dialect(self, first: Record) -> Dialect:
        line_end = first.raw[len(first.raw.rstrip("\r\n")) :] or "\n"
        line_end = "\r" if self.feed.of_old_mac else line_end
        return Dialect(
            self._delimiter, line_end, self.feed.marked, self.feed.encoding, self._preface
        )

    def _malformed(self, lines: CsvLines, error: csv.Error) -> Record:
        raw = lines.give_up()
        fields = next(csv.reader([raw.rstrip("\r\n")], delimiter=self._delimiter), [])
        return Record(fields, raw, lines.number, _explain(error))


class TsvSource(DelimitedSource):
    """Tab-separated values as registered with IANA: quotes are plain characters."""

    format = "tsv"
    advice = "read quoted fields with --input-format csv, plain lines with --input-format lines"

    def _dialect(self, first: Record) -> Dialect:
        return Dialect("\t", self._line_end, self.feed.marked, self.feed.encoding)

    def _records(self, feed: TextFeed) -> Iterator[list[Record]]:
        line = 0
        self._line_end = "\r\n" if feed.peek().partition("\n")[0].endswith("\r") else "\n"
        for block in feed.blocks():
            records: list[Record] = []
            for text in block_lines(block):
                line += 1
                if line > self._titles:
                    records.append(Record(text.split("\t") if text else [], text, line))
            yield records


def _count_titles(text: str, asked: Sequence[str] = ()) -> int:
    """Count the lines of title or comment above a header with well-known names."""
    lines = [line.rstrip("\r") for line in text.split("\n", MAX_TITLES + 1)]
    for place, line in enumerate(lines[: MAX_TITLES + 1]):
        delimiter = sniff_delimiter(line)
        names = _filled(line, delimiter)
        if reads_as_header(names, asked) and not line.startswith("#"):
            above = [each for each in lines[:place] if not each.startswith("#")]
            return place if all(len(_filled(each, delimiter)) < len(names) for each in above) else 0
    return 0


def _is_spaced(text: str, delimiter: str) -> bool:
    """Return whether delimiters are followed by spaces.

    That is, before opening quotes (`1, "Good, cheap"`), or before all names of a header
    (`name, review`).
    """
    first = text.partition("\n")[0].split(delimiter)
    if (
        len(first) > 1
        and all(cell[:1] == " " for cell in first[1:])
        and all(map(is_plain_name, first))
    ):
        return True
    return re.search(f'[{delimiter}] +"', re.sub('"[^"]*+"', '""', text)) is not None


def _filled(line: str, delimiter: str) -> list[str]:
    """Return the non-empty cells of a line."""
    cells = next(csv.reader([line.replace("\r", " ")], delimiter=delimiter), [])
    return [cell for cell in cells if cell.strip()]


def sniff_delimiter(text: str) -> str:
    """Return the delimiter that is most frequent outside quotes in the first non-empty line."""
    first_line = text.lstrip("\r\n").partition("\n")[0]
    unquoted = "".join(first_line.split('"')[::2])
    return max(DELIMITERS, key=unquoted.count)


def _explain(error: csv.Error) -> str:
    """Return a message that explains an error of the csv module."""
    what = str(error)
    if isinstance(error, RowTooLong):
        return what
    if "unexpected end" in what:
        what = "a quote that opens in this row is never closed"
    elif "expected after" in what:
        what = "text follows a closing quote"
    return f'{what}; write quotes inside a quoted field twice ("")'
