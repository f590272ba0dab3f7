"""Delimited text: CSV with quoting, TSV without."""

import csv
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from io import StringIO
from itertools import chain

from sentiment.reviews.cells import count_of
from sentiment.reviews.feed import ROW_CHARS, TextFeed, Unreadable, block_lines, too_long
from sentiment.reviews.feed_source import FeedSource
from sentiment.reviews.header import describe_columns, names_other_values, reads_as_header
from sentiment.reviews.names import numbered_names
from sentiment.reviews.source import Row, unique_names

Record = tuple[int, list[str]]  # the line it ends on, its fields

ROWS_LOOKED_AT = 100
DELIMITERS = ",;\t|"
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
        self, feed: TextFeed, header: bool | None = None, asked: Sequence[str] = ()
    ) -> None:
        self._blocks = self._records(feed)
        self._held: list[Record] = []  # what was read to know the columns, and is to be given out
        first = self._read_on(rows=1)
        names = first[0] if first else []
        notes: list[str] = []
        if header is None:
            self.has_header, notes = self._look_at(names, asked)
        else:
            self.has_header = header and bool(names)
        if self.has_header:
            place = next(number for number, (_, fields) in enumerate(self._held) if fields)
            del self._held[: place + 1]
        else:
            names = numbered_names(len(names))
        super().__init__(feed, unique_names(names))
        self.header = names
        self.notes = notes

    @abstractmethod
    def _records(self, feed: TextFeed) -> Iterator[list[Record]]:
        """Give the records that end in each block; a blank line is one without fields."""

    def pieces(self) -> Iterator[list[Row]]:
        """Give a row for each record.

        Raises:
            Unreadable: A record has more or fewer fields than there are columns, or is not text
                in the format.
        """
        columns = self.columns
        for records in chain([self._held], self._blocks):
            rows: list[Row] = []
            for line, record in records:
                if not record and len(columns) != 1:
                    continue
                fields = record or [""]
                if len(fields) != len(columns):
                    yield rows
                    what = f"{count_of(len(fields), 'field')} where {len(columns)} are expected"
                    raise Unreadable(f"{what}; {self.advice}", line)
                rows.append(dict(zip(columns, fields, strict=True)))
            yield rows

    def _look_at(self, names: list[str], asked: Sequence[str]) -> tuple[bool, list[str]]:
        """Decide whether the first row is a header; give what is to be said about it."""
        by_itself = reads_as_header(names, asked)
        if by_itself is None:
            _, *below = self._read_on(rows=2)
            is_header = names_other_values(names, below[:ROWS_LOOKED_AT])
        else:
            is_header = by_itself
        if not is_header:
            return False, [describe_columns(len(names))] if names else []
        told_by_columns = by_itself and len(names) > 1  # what is said of the columns tells it
        return True, [] if told_by_columns else ["first row taken as header"]

    def _read_on(self, rows: int) -> list[list[str]]:
        """Read blocks until there are so many rows; give all rows that are there."""
        while True:
            found = [fields for _, fields in self._held if fields]
            if len(found) >= rows:
                return found
            block = next(self._blocks, None)
            if block is None:
                return found
            self._held += block


class CsvSource(DelimitedSource):
    """Comma-separated values; semicolon, tab and bar are found by the first line."""

    format = "csv"
    advice = 'put fields that hold a delimiter in quotes ("fine, thanks")'

    def _records(self, feed: TextFeed) -> Iterator[list[Record]]:
        csv.field_size_limit(FIELD_LIMIT)
        given = 0  # lines
        ended = 0  # how many characters had been given when the last row ended

        def lines() -> Iterator[list[str]]:
            nonlocal given
            for block in feed.blocks():
                if feed.chars - ended > ROW_CHARS + len(block):
                    raise Unreadable(f"{too_long('a row')}, or close the quote that opens in it")
                # newline="" cuts where csv expects it: at \n, \r\n and the \r of old Macs.
                block_of_lines = list(StringIO(block, newline=""))
                given += len(block_of_lines)
                yield block_of_lines

        delimiter = sniff_delimiter(feed.peek())
        reader = csv.reader(chain.from_iterable(lines()), delimiter=delimiter, strict=True)
        records: list[Record] = []
        line = 0
        while True:
            try:
                fields = next(reader, None)
            except csv.Error as error:
                yield records
                raise Unreadable(explain_csv(error), line + 1) from error
            except Unreadable:
                yield records
                raise
            if fields is None:
                break
            line, ended = reader.line_num, feed.chars
            records.append((line, fields))
            if line == given:  # the next record needs another block, which may take its time
                yield records
                records = []


class TsvSource(DelimitedSource):
    """Tab-separated values as IANA registered them: a quote is a plain character."""

    format = "tsv"
    advice = "read quoted fields with --input-format csv, plain lines with --input-format lines"

    def _records(self, feed: TextFeed) -> Iterator[list[Record]]:
        line = 0
        for block in feed.blocks():
            records: list[Record] = []
            for text in block_lines(block):
                line += 1
                records.append((line, text.split("\t") if text else []))
            yield records


def sniff_delimiter(text: str) -> str:
    """Find the delimiter that occurs most often outside quotes in the first filled line."""
    first_line = text.lstrip("\r\n").partition("\n")[0]
    unquoted = "".join(first_line.split('"')[::2])
    return max(DELIMITERS, key=unquoted.count)


def explain_csv(error: csv.Error) -> str:
    """Say what the csv module found in words that help to mend it."""
    what = str(error)
    if "unexpected end" in what:
        what = "a quote that opens in this row is never closed"
    elif "expected after" in what:
        what = "text follows a closing quote"
    return f'{what}; write quotes inside a quoted field twice ("")'
