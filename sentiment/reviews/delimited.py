"""Read CSV and TSV: headers, unclosed quotes, and rows that only another dialect makes fit."""

import csv
from abc import abstractmethod
from collections import Counter
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
from sentiment.reviews.dialects import (
    COMMENT,
    SPACES,
    Beginning,
    Given,
    Notation,
    begin,
    count_titles,
    ends_in_text,
    split_at_spaces,
    surplus,
    without_comments,
)
from sentiment.reviews.feed import SWAPPED_ENDS, FeedSource, Item, TextFeed, block_lines, too_long
from sentiment.reviews.foreign import READ_LINES
from sentiment.reviews.header import (
    SURVEY_LEFT_OUT,
    detect_header,
    is_survey_row,
    numbered_names,
)

ROWS_LOOKED_AT = 100
CHARS_LOOKED_AT = 1 << 21  # to search for the first rows
SURPLUS = "with empty fields beyond the last column, which are left out"
FIELD_LIMIT = 2**31 - 1  # csv's own limit of 131,072 characters refuses long reviews


class RowTooLong(csv.Error):
    """A row is too long, usually because a quote is not closed."""


class CsvLines:
    """The lines of a text, which buffers those of the current row.

    An unclosed quote swallows good rows. When a row turns out to be invalid, the caller calls
    `give_up`, and reading continues with the row's second line.
    """

    def __init__(self, feed: TextFeed, comment: str | None = None) -> None:
        self._feed = feed
        self._comment = comment  # what lines to leave out begin with
        self.comments = 0  # lines left out
        self._blocks = feed.blocks()
        self._lines: list[str] = []
        self._first = 0  # the index of the current row's first line
        self._next = 0  # the index of the next line
        self._before = feed.skipped  # the number of lines before them
        self._chars_before = 0  # characters read from the feed when the last row ended

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        """Return the next line, with its line end."""
        while self.would_block:
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
        if self._comment is not None and self._first == self._next:
            self._leave_out_comments(self._comment)
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

    def _leave_out_comments(self, comment: str) -> None:
        while self._next < len(self._lines) and self._lines[self._next].startswith(comment):
            self._next += 1
            self.comments += 1
        self._first = self._next

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


class Dialect(NamedTuple):
    """The notation of a table."""

    delimiter: str = ","
    line_end: str = "\n"
    marked: bool = False  # with a byte order mark, by which Excel recognizes UTF-8
    encoding: str = "utf-8"
    preface: str = ""  # a line that names the delimiter, `sep=;`, without its line end
    quote: str = '"'


class DelimitedSource(FeedSource):
    """The base of CSV and TSV: an optional header, and rows that must be as wide as the first.

    With one column, a blank line is a row with an empty text; otherwise it is not a row. With None,
    the header is detected; a first row with a column that the user asked for is one.

    Raises:
        Unreadable: The first row cannot be read.
    """

    advice: str  # for a row with too many fields
    filled: str  # for one with too few

    def __init__(
        self,
        feed: TextFeed,
        header: bool | None = None,
        asked: Sequence[str] = (),
        bad_rows: BadRows = STOP,
        given: Given = Given(),  # noqa: B008  # immutable
    ) -> None:
        csv.field_size_limit(FIELD_LIMIT)
        self._given = given
        beginning = self._begin(feed.peek(), asked, header=header)
        self._titles, self._has_comments = beginning.titles, beginning.has_comments
        if beginning.preface:
            self._titles = 0
        self._comments = 0  # lines left out
        self._mended: Counter[str] = Counter()  # rows that were, by what
        self._blocks = Ahead(self._records(feed))
        rows = self._first_rows(1)
        first = rows[0] if rows else Record([], "", 1)
        notes = list(beginning.notes)
        if header is None:
            self.has_header, more = self._detect_header(first, asked)
            notes += more
        else:
            self.has_header = header and bool(rows)
        if self._titles:
            notes.insert(0, f"{count_of(self._titles, 'line')} above the header left out")
        if self.has_header:
            if reason := first.reason or feed.damage_in(first.raw):
                raise Unreadable(reason, first.line)
            names = first.fields
            survey = [row for row in rows[1:3] if is_survey_row(row.fields)]
            self._drop_through(survey[-1] if survey else first)
            if survey:
                notes.append(SURVEY_LEFT_OUT)
        else:  # prefer valid rows to determine the width
            valid = next((row for row in rows if not row.reason), first)
            names = numbered_names(len(valid.fields))
        super().__init__(feed, unique_names(names), bad_rows)
        self.header = names
        self.notes += notes
        self.dialect = self._dialect(first)

    @abstractmethod
    def _begin(self, text: str, asked: Sequence[str], *, header: bool | None) -> Beginning:
        """Find how the table is written, and what stands above it."""

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
        width = len(self.columns)
        for records in self._blocks:
            as_read = not (self.feed.damaged or self.feed.of_old_mac)
            # Bad rows are filled up; a block of them in a wide table would need too much memory.
            for start in range(0, max(len(records), 1), BATCH_ROWS):
                self._rows_ahead = max(len(records) - start - BATCH_ROWS, 0)
                items: list[Item] = []
                for record in records[start : start + BATCH_ROWS]:
                    fields, _, _, reason = record
                    if as_read and fields and len(fields) == width and not reason:  # nearly all
                        items.append(dict(zip(self.columns, fields, strict=True)))
                    elif (width == 1 or len(fields) > 1 or not record.is_blank) and not (
                        self._has_comments and self._is_comment(record)
                    ):
                        items.append(self._item(record))
                yield items
        self.notes += [f"{count_of(rows, 'row')} {what}" for what, rows in self._mended.items()]
        if self._comments:
            self.notes.append(f"{count_of(self._comments, 'line')} of comment left out")

    def _is_comment(self, record: Record) -> bool:
        """Return whether a row is a comment between the rows of a table that begins with some."""
        found = record.raw.startswith(COMMENT) and len(record.fields) != len(self.columns)
        self._comments += found
        return found

    def _item(self, record: Record) -> Item:
        fields, raw, line, reason = record
        fields = fields or [""]
        damage = self.feed.damage_in(raw)
        if reason or (not damage and len(fields) != len(self.columns)):
            fields, reason = self._made_to_fit(fields, raw, reason)
        if self.feed.of_old_mac:
            fields = [field.translate(SWAPPED_ENDS) for field in fields]
            raw = raw.translate(SWAPPED_ENDS)
        if not reason and not damage:
            return dict(zip(self.columns, fields, strict=True))
        filled = fields + [""] * (len(self.columns) - len(fields))
        row = dict(zip(self.columns, filled, strict=False))
        # A bad byte is reported with its row number, other errors with the line number as well.
        return bad_row(reason or damage or "", row, raw.rstrip("\r\n"), line if reason else None)

    def _made_to_fit(
        self, fields: list[str], raw: str, reason: str | None
    ) -> tuple[list[str], str | None]:
        """Return as many fields as there are columns, or the reason why there are others."""
        ways = [] if reason else [("", fields)]
        for how, some in [*ways, *self._other_readings(fields, raw)]:
            if (fitting := self._fitted(some)) is not None:
                if how or len(some) > len(fitting):
                    self._mended[how or SURPLUS] += 1
                return fitting, None
        return fields, reason or self._explain_width(fields, raw)

    def _other_readings(self, fields: list[str], raw: str) -> Iterator[tuple[str, list[str]]]:
        """Yield the fields by other dialects, and what to note if they fit."""
        return iter(())

    def _fitted(self, fields: list[str]) -> list[str] | None:
        """Return fields without surplus empty ones, filled up under columns without a name."""
        width = len(self.columns)
        if len(fields) < width and not any(self.header[len(fields) :]) and self.has_header:
            return fields + [""] * (width - len(fields))
        fitting = fields[: len(fields) - surplus(fields, width)]
        return fitting if len(fitting) == width else None

    def _explain_width(self, fields: list[str], raw: str) -> str:
        what = f"{count_of(len(fields), 'field')} where {len(self.columns)} are expected"
        if raw.startswith(COMMENT):
            return f"{what}; if this is a comment, --comment '{COMMENT}' leaves such lines out"
        if len(fields) < len(self.columns) and '"' not in raw:
            return f"{what}; {self.filled}"
        return f"{what}; {self.advice}"

    def _detect_header(self, first: Record, asked: Sequence[str]) -> tuple[bool, list[str]]:
        """Return whether the first row is a header, and notes about it."""
        second = [row.fields for row in self._first_rows(1)[1:3]]

        def below() -> list[list[str]]:
            rows = [row.fields for row in self._first_rows(2)[1:] if not row.reason]
            return rows[:ROWS_LOOKED_AT]

        certain = bool(first.reason) or any(map(is_survey_row, second))
        return detect_header(first.fields, below, asked, certain=certain)

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
    """Comma-separated values; other dialects are detected, or named by the user."""

    format = "csv"
    advice = 'put fields that hold a delimiter in quotes ("fine, thanks")'
    filled = "write a delimiter for each field that is missing"

    def _begin(self, text: str, asked: Sequence[str], *, header: bool | None) -> Beginning:
        beginning = begin(text, self._given, asked, header=header)
        self._notation, self._preface = beginning.notation, beginning.preface
        return beginning

    def _records(self, feed: TextFeed) -> Iterator[list[Record]]:
        lines = CsvLines(feed, self._given.comment or None)
        for _ in range(self._titles or bool(self._preface)):
            next(lines)
            lines.end_row()
        reader = self._notation.reader(lines)
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
        if lines.comments:
            feed.notes.append(f"{count_of(lines.comments, 'line')} of comment left out")

    def _dialect(self, first: Record) -> Dialect:
        line_end = first.raw[len(first.raw.rstrip("\r\n")) :] or "\n"
        line_end = "\r" if self.feed.of_old_mac else line_end
        notation, feed = self._notation, self.feed
        return Dialect(
            notation.written,
            line_end,
            feed.marked,
            feed.encoding,
            self._preface,
            notation.quote or '"',
        )

    def _explain_width(self, fields: list[str], raw: str) -> str:
        """Return what is wrong with the width of a row, and the quote by which it would fit."""
        notation = self._notation
        if notation.quote == '"' and "'" in raw:
            rows = notation._replace(quote="'").parse(raw)
            if len(rows) == 1 and len(rows[0]) == len(self.columns):
                what = f"{count_of(len(fields), 'field')} where {len(rows[0])} are expected"
                return f"""{what}; --quote "'" reads cells in single quotes"""
        return super()._explain_width(fields, raw)

    def _malformed(self, lines: CsvLines, error: csv.Error) -> Record:
        raw = lines.give_up()
        fields = self._notation.parse_leniently(raw.rstrip("\r\n"))
        return Record(fields, raw, lines.number, _explain(error))

    def _other_readings(self, fields: list[str], raw: str) -> Iterator[tuple[str, list[str]]]:
        """Yield the fields of a row quoted as a whole, and those with backslashes as escapes."""
        notation = self._notation
        if notation.delimiter == SPACES and ends_in_text(self.header):
            yield "with several spaces in the last column", split_at_spaces(raw, len(self.columns))
        inner = notation.unwrapped(fields)
        if inner and notation.parse(raw):
            yield "quoted once more as a whole", inner
        if notation.quote and f"\\{notation.quote}" in raw:
            other = notation._replace(escaped=not notation.escaped).parse(raw)
            if len(other) == 1:
                how = "not escaped" if notation.escaped else "escaped by a backslash"
                yield f"with quotes {how}", other[0]


class TsvSource(DelimitedSource):
    """Tab-separated values as registered with IANA: quotes are plain characters."""

    format = "tsv"
    advice = "read quoted fields with --input-format csv, plain lines with --input-format lines"
    filled = f"write a tab for each field that is missing; {READ_LINES}"

    def _begin(self, text: str, asked: Sequence[str], *, header: bool | None) -> Beginning:
        text = without_comments(text, self._given.comment)
        titles = 0 if header is False else count_titles(text, asked, "\t")
        above = text.split("\n", titles)[:titles]
        comments = any(line.startswith(COMMENT) for line in above)
        return Beginning(Notation("\t"), titles, has_comments=comments)

    def _dialect(self, first: Record) -> Dialect:
        return Dialect("\t", self._line_end, self.feed.marked, self.feed.encoding)

    def _records(self, feed: TextFeed) -> Iterator[list[Record]]:
        line = feed.skipped
        above = self._titles
        comment = self._given.comment or None
        left_out = 0
        self._line_end = "\r\n" if feed.peek().partition("\n")[0].endswith("\r") else "\n"
        for block in feed.blocks():
            records: list[Record] = []
            for text in block_lines(block):
                line += 1
                if comment is not None and text.startswith(comment):
                    left_out += 1
                elif above:
                    above -= 1
                else:
                    records.append(Record(text.split("\t") if text else [], text, line))
            yield records
        if left_out:
            feed.notes.append(f"{count_of(left_out, 'line')} of comment left out")


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
