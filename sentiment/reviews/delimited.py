"""Delimited text: CSV with quoting, TSV without."""

import csv
from abc import abstractmethod
from collections.abc import Iterator
from io import StringIO
from itertools import chain

from sentiment.reviews.feed import TextFeed, Unreadable, block_lines
from sentiment.reviews.feed_source import FeedSource
from sentiment.reviews.header import looks_like_header
from sentiment.reviews.source import Row, unique_names

Record = tuple[int, list[str]]  # the line it ends on, its fields

DELIMITERS = ",;\t|"
FIELD_LIMIT = 2**31 - 1  # csv's own limit of 131,072 characters refuses long reviews


class DelimitedSource(FeedSource):
    """What CSV and TSV share: a header or none, and rows that must be as wide as the first.

    Args:
        feed: The text.
        header: Whether the first row names the columns; None decides by its looks.

    Raises:
        Unreadable: The first row cannot be read.
    """

    advice: str

    def __init__(self, feed: TextFeed, header: bool | None = None) -> None:
        self._blocks = self._records(feed)
        self._first = next(filter(None, self._blocks), [])
        names = self._first[0][1] if self._first else []
        self.has_header = looks_like_header(names) if header is None else header and bool(names)
        if self.has_header:
            del self._first[0]
        else:
            names = [str(number) for number in range(1, len(names) + 1)]
        super().__init__(feed, unique_names(names))
        self.header = names

    @abstractmethod
    def _records(self, feed: TextFeed) -> Iterator[list[Record]]:
        """Give the records that end in each block, without blank lines."""

    def pieces(self) -> Iterator[list[Row]]:
        """Give a row for each record.

        Raises:
            Unreadable: A record has more or fewer fields than there are columns, or is not text
                in the format.
        """
        columns = self.columns
        for records in chain([self._first], self._blocks):
            rows: list[Row] = []
            for line, fields in records:
                if len(fields) != len(columns):
                    yield rows
                    what = f"{count_of(len(fields), 'field')} where {len(columns)} are expected"
                    raise Unreadable(f"{what}; {self.advice}", line)
                rows.append(dict(zip(columns, fields, strict=True)))
            yield rows


class CsvSource(DelimitedSource):
    """Comma-separated values; semicolon, tab and bar are found by the first line."""

    format = "csv"
    advice = 'put fields that hold a delimiter in quotes ("fine, thanks")'

    def _records(self, feed: TextFeed) -> Iterator[list[Record]]:
        csv.field_size_limit(FIELD_LIMIT)
        given = 0

        def lines() -> Iterator[list[str]]:
            nonlocal given
            for block in feed.blocks():
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
            line = reader.line_num
            if fields:
                records.append((line, fields))
            if line == given:  # the next record needs another block, which may take its time
                yield records
                records = []


class TsvSource(DelimitedSource):
    """Tab-separated values as IANA registered them: a quote is a plain character."""

    format = "tsv"
    advice = "if fields are quoted, read the file with --input-format csv"

    def _records(self, feed: TextFeed) -> Iterator[list[Record]]:
        line = 0
        width = 0
        for block in feed.blocks():
            records: list[Record] = []
            for text in block_lines(block):
                line += 1
                # A blank line is no row, unless a row is a single field, which may be empty.
                if text or width == 1:
                    fields = text.split("\t")
                    width = width or len(fields)
                    records.append((line, fields))
            yield records


def sniff_delimiter(text: str) -> str:
    """Find the delimiter that occurs most often outside quotes in the first line."""
    first_line = text.partition("\n")[0]
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


def count_of(number: int, noun: str) -> str:
    """Write a number and its noun: `1 field`, `2 fields`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
