"""CSV and TSV: dialects, quotes that never end, rows that do not fit."""

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


class RowTooLong(csv.Error):
    """A row has more characters than one may have; most often for want of a quote."""


class CsvLines:
    """The lines of a text, with those of the row that is being read held back.

    A quote that is never closed swallows good rows. Whoever finds that a row is none calls
    `give_up`, and reads on with the line after its first.
    """

    def __init__(self, feed: TextFeed) -> None:
        self._feed = feed
        self._blocks = feed.blocks()
        self._held: list[str] = []
        self._first = 0  # where in them the row begins that is being read
        self._next = 0  # where in them reading goes on
        self._before = 0  # lines of the text before them
        self._ended = 0  # characters given out by the feed when the last row ended

    def __iter__(self) -> Iterator[str]:
        """Iterate over itself."""
        return self

    def __next__(self) -> str:
        """Give the next line, with its end.

        Raises:
            RowTooLong: The row is.
            Unreadable: Nothing more can be read.
        """
        if self._next == len(self._held):
            self._read_on()
        line = self._held[self._next]
        self._next += 1
        return line

    @property
    def number(self) -> int:
        """How many lines have been given out."""
        return self._before + self._next

    @property
    def waits(self) -> bool:
        """Whether the next line needs another block, which may take its time."""
        return self._next == len(self._held)

    def end_row(self) -> str:
        """Let go of what was given out, and give it: it was a row."""
        first, end = self._first, self._next
        self._first = end
        self._ended = self._feed.chars
        # Most rows are a line, which need not be copied.
        return self._held[first] if end == first + 1 else "".join(self._held[first:end])

    def give_up(self) -> str:
        """Take the first line since the last row for a row, and read on after it."""
        self._next = self._first + 1
        return self.end_row()

    def _read_on(self) -> None:
        del self._held[: self._first]
        self._before += self._first
        self._next -= self._first
        self._first = 0
        block = next(self._blocks)
        # newline="" cuts where csv expects it: at \n, \r\n and the \r of old Macs.
        self._held += StringIO(block, newline="")
        most = self._feed.row_chars
        if self._feed.chars - self._ended > most + len(block):
            raise RowTooLong(f"{too_long('a row', most)}, or close the quote that opens in it")


class Record(NamedTuple):
    """A row as the format has it.

    Attributes:
        fields: What is in it; none if it is blank. Of what is no row, what it comes to if read
            leniently.
        raw: How it stands in the file, with the end of its line.
        line: The number of the line it ends on.
        reason: Why it is none, and the way out.
    """

    fields: list[str]
    raw: str
    line: int
    reason: str | None = None


class Dialect(NamedTuple):
    """How a table is written, apart from what it holds.

    Attributes:
        delimiter: What stands between cells.
        line_end: What stands behind rows.
        marked: Whether there is a byte order mark, by which Excel knows UTF-8.
        encoding: How its characters are bytes.
        preface: A line that names the delimiter, `sep=;`, without its end; "" for none.
    """

    delimiter: str = ","
    line_end: str = "\n"
    marked: bool = False
    encoding: str = "utf-8"
    preface: str = ""


ROWS_LOOKED_AT = 100
HEADER_TAKEN = "first row taken as header; --no-header reads it as a row"
CHARS_LOOKED_AT = 1 << 21  # in which the first rows are looked for
DELIMITERS = ",;\t|"
MOST_TITLES = 5  # lines above a header
FIELD_LIMIT = 2**31 - 1  # csv's own limit of 131,072 characters refuses long reviews


class DelimitedSource(FeedSource):
    """What CSV and TSV share: a header or none, and rows that must be as wide as the first.

    A blank line is a row with an empty text where there is one column, and no row otherwise.

    Args:
        feed: The text.
        header: Whether the first row names the columns; None decides by its looks.
        asked: Names of columns that the user gave; a first row that holds one is a header.

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
        self._titles = 0 if header is False else count_titles(feed.peek(), asked)
        self._blocks = Ahead(self._records(feed))
        rows = self._first_rows(1)
        first = rows[0] if rows else Record([], "", 1)
        notes: list[str] = []
        if header is None:
            self.has_header, notes = self._look_at(first, asked)
        else:
            self.has_header = header and bool(rows)
        if self._titles:
            lines = count_of(self._titles, "line")
            notes.insert(0, f"{lines} above the header left out")
        if self.has_header:
            if reason := first.reason or feed.damage_in(first.raw):
                raise Unreadable(reason, first.line)
            names = first.fields
            survey = [row for row in rows[1:3] if is_of_survey(row.fields)]
            self._drop_through(survey[-1] if survey else first)
            if survey:
                notes.append("rows of a survey program below the header left out")
        else:  # what is no row does not tell how wide rows are, if others do
            sound = next((row for row in rows if not row.reason), first)
            names = numbered_names(len(sound.fields))
        super().__init__(feed, unique_names(names), bad_rows)
        self.header = names
        self.notes = notes
        self.dialect = self._dialect(first)

    @abstractmethod
    def _dialect(self, first: Record) -> Dialect:
        """Return how the table is written, by its first row."""

    @abstractmethod
    def _records(self, feed: TextFeed) -> Iterator[list[Record]]:
        """Give the records that end in each block; a blank line is one without fields."""

    def pieces(self) -> Iterator[list[Item]]:
        """Give a row for each record.

        Bad is one that is malformed, or has more or fewer fields than there are columns: it is
        cut, or filled with empty fields. See `FeedSource.pieces`.
        """
        single = len(self.columns) == 1
        for records in self._blocks:
            # Bad rows are filled up: of a wide table, a block of them would be too many at once.
            for start in range(0, max(len(records), 1), BATCH_ROWS):
                yield [
                    self._item(*record)
                    for record in records[start : start + BATCH_ROWS]
                    if single or len(record[0]) > 1 or not is_blank(record)
                ]

    def _item(self, fields: list[str], raw: str, line: int, reason: str | None) -> Item:
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
        # A byte is found by the number of its row, all else by that of its line, too.
        raw = raw.rstrip("\r\n")
        return bad_row(damage or reason or "", self._row(fields), raw, None if damage else line)

    def _row(self, fields: list[str]) -> dict[str, str]:
        """Cut or fill the fields of a bad record to as many as there are columns."""
        missing = len(self.columns) - len(fields)
        return dict(zip(self.columns, fields + [""] * missing, strict=False))

    def _look_at(self, first: Record, asked: Sequence[str]) -> tuple[bool, list[str]]:
        """Decide whether the first row is a header; give what is to be said about it."""
        names = first.fields
        looks = reads_as_header(names, asked)
        if any(is_of_survey(row.fields) for row in self._first_rows(1)[1:3]):
            looks = True
        if looks is None and not first.reason:
            below = [row.fields for row in self._first_rows(2)[1:] if not row.reason]
            looks = stands_above(names, below[:ROWS_LOOKED_AT])
        if looks or first.reason:
            return True, [] if is_plain_header(names, asked) else [HEADER_TAKEN]
        return False, [describe_columns(len(names))] if names else []

    def _first_rows(self, count: int) -> list[Record]:
        """Look at the first blocks, until they hold so many rows; give all that are there.

        Raises:
            Unreadable: There are blank lines alone, and too many of them.
        """
        found: list[Record] = []
        sound = chars = 0
        for block in self._blocks.ahead():
            rows = [record for record in block if not is_blank(record)]
            found += rows
            sound += sum(not row.reason for row in rows)
            chars += sum(len(record.raw) + 1 for record in block)
            if sound >= count or (found and chars >= CHARS_LOOKED_AT):
                break
            if chars >= CHARS_LOOKED_AT:
                raise Unreadable("nothing but blank lines here and far below; cut them off")
        return found

    def _drop_through(self, header: Record) -> None:
        """Drop what is held back up to the header."""
        for block in self._blocks.ahead():
            if header in block:
                del block[: block.index(header) + 1]
                return
            block.clear()


class CsvSource(DelimitedSource):
    """Comma-separated values; semicolon, tab and bar are found, or named, in the first line."""

    format = "csv"
    advice = 'put fields that hold a delimiter in quotes ("fine, thanks")'

    def _records(self, feed: TextFeed) -> Iterator[list[Record]]:
        lines = CsvLines(feed)
        self._preface = ""
        first = feed.peek().partition("\n")[0]
        if (named := SEPARATOR_LINE.fullmatch(first)) and named[1] in DELIMITERS:
            self._delimiter, self._preface = named[1], first.rstrip("\r")
            self._titles = 0
            next(lines)
            lines.end_row()
        else:
            self._delimiter = sniff_delimiter(below_titles(feed.peek(), self._titles))
        for _ in range(self._titles):
            next(lines)
            lines.end_row()
        reader = csv.reader(
            lines,
            delimiter=self._delimiter,
            strict=True,
            skipinitialspace=_is_spaced(feed.peek(), self._delimiter),
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
            if lines.waits:
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
        return Record(fields, raw, lines.number, explain_csv(error))


class TsvSource(DelimitedSource):
    """Tab-separated values as IANA registered them: a quote is a plain character."""

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
                if line <= self._titles:
                    continue
                records.append(Record(text.split("\t") if text else [], text, line))
            yield records


def is_blank(record: Record) -> bool:
    """Tell whether a line is no row where there is more than one column."""
    return len(record.fields) < 2 and not record.raw.strip()


def is_of_survey(cells: Sequence[str]) -> bool:
    """Tell whether a row below a header is a second one, of Qualtrics or SurveyMonkey."""
    filled = [cell for cell in map(str.strip, cells) if cell]
    return bool(filled) and all(
        cell.startswith('{"ImportId"') or cell in ("Response", "Open-Ended Response")
        for cell in filled
    )


def below_titles(text: str, titles: int) -> str:
    """Return a text without its first lines."""
    return text.split("\n", titles)[titles] if titles else text


def count_titles(text: str, asked: Sequence[str] = ()) -> int:
    """Count the lines of title or comment above a header of well-known names."""
    lines = [line.rstrip("\r") for line in text.split("\n", MOST_TITLES + 1)]
    for place, line in enumerate(lines[: MOST_TITLES + 1]):
        delimiter = sniff_delimiter(line)
        names = _filled(line, delimiter)
        if reads_as_header(names, asked) and not line.startswith("#"):
            above = [each for each in lines[:place] if not each.startswith("#")]
            return place if all(len(_filled(each, delimiter)) < len(names) for each in above) else 0
    return 0


def _is_spaced(text: str, delimiter: str) -> bool:
    """Tell whether cells have a blank before the quote that opens them: `1, "Good, cheap"`.

    Or all names that a first line holds have one: `name, review`.
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
    """Return the cells of a line that are not empty."""
    cells = next(csv.reader([line.replace("\r", " ")], delimiter=delimiter), [])
    return [cell for cell in cells if cell.strip()]


def sniff_delimiter(text: str) -> str:
    """Find the delimiter that occurs most often outside quotes in the first filled line."""
    first_line = text.lstrip("\r\n").partition("\n")[0]
    unquoted = "".join(first_line.split('"')[::2])
    return max(DELIMITERS, key=unquoted.count)


def explain_csv(error: csv.Error) -> str:
    """Say what the csv module found in words that help to mend it."""
    what = str(error)
    if isinstance(error, RowTooLong):
        return what
    if "unexpected end" in what:
        what = "a quote that opens in this row is never closed"
    elif "expected after" in what:
        what = "text follows a closing quote"
    return f'{what}; write quotes inside a quoted field twice ("")'
