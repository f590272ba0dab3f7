"""Delimited text: CSV with quoting, TSV without."""

import csv
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from sentiment.reviews.bad_rows import STOP, BadRows
from sentiment.reviews.cells import count_of, csv_cell
from sentiment.reviews.csv_lines import CsvLines, RowTooLong
from sentiment.reviews.damage import bad_row
from sentiment.reviews.feed import TextFeed, Unreadable, block_lines
from sentiment.reviews.feed_source import FeedSource, Item
from sentiment.reviews.header import describe_columns, names_other_values, reads_as_header
from sentiment.reviews.names import numbered_names
from sentiment.reviews.source import unique_names


@dataclass(frozen=True)
class Malformed:
    """A line that is no record, and none begins with.

    Attributes:
        reason: What is wrong, and the way out.
        raw: The line.
        fields: What it comes to if read leniently.
        line: Its number, where that helps.
    """

    reason: str
    raw: str
    fields: list[str]
    line: int | None


Record = tuple[int, list[str] | Malformed]  # the line it ends on, its fields

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
        self,
        feed: TextFeed,
        header: bool | None = None,
        asked: Sequence[str] = (),
        bad_rows: BadRows = STOP,
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
            if damage := feed.damage_in("".join(names)):
                raise Unreadable(damage, self._held[place][0])
            del self._held[: place + 1]
        else:
            names = numbered_names(len(names))
        super().__init__(feed, unique_names(names), bad_rows)
        self.header = names
        self.notes = notes

    @abstractmethod
    def _records(self, feed: TextFeed) -> Iterator[list[Record]]:
        """Give the records that end in each block; a blank line is one without fields."""

    def pieces(self) -> Iterator[list[Item]]:
        """Give a row for each record.

        Bad is one that is malformed, or has more or fewer fields than there are columns: it is
        cut, or filled with empty fields. See `FeedSource.pieces`.
        """
        single = len(self.columns) == 1
        for records in chain([self._held], self._blocks):
            yield [self._item(line, record) for line, record in records if record or single]

    def _item(self, line: int, record: list[str] | Malformed) -> Item:
        if isinstance(record, Malformed):
            return bad_row(record.reason, self._row(record.fields), record.raw, record.line)
        fields = record or [""]
        if damage := self.feed.damage_in("".join(fields)):
            return bad_row(damage, self._row(fields), self._raw(fields))
        if len(fields) == len(self.columns):
            return dict(zip(self.columns, fields, strict=True))
        what = f"{count_of(len(fields), 'field')} where {len(self.columns)} are expected"
        return bad_row(f"{what}; {self.advice}", self._row(fields), self._raw(fields), line)

    def _row(self, fields: list[str]) -> dict[str, str]:
        """Cut or fill the fields of a bad record to as many as there are columns."""
        missing = len(self.columns) - len(fields)
        return dict(zip(self.columns, fields + [""] * missing, strict=False))

    @abstractmethod
    def _raw(self, fields: list[str]) -> str:
        """Write fields as they stand in a file of the format."""

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
        """Read blocks until there are so many rows; give all rows that are there.

        Raises:
            Unreadable: The first row is malformed.
        """
        while True:
            found: list[list[str]] = []
            for _, record in self._held:
                if isinstance(record, Malformed):
                    if not found:
                        raise Unreadable(record.reason, record.line)
                elif record:
                    found.append(record)
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
        self._delimiter = sniff_delimiter(feed.peek())
        lines = CsvLines(feed)
        reader = csv.reader(lines, delimiter=self._delimiter, strict=True)
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
                lines.end_row()
                records.append((lines.number, fields))
            if lines.waits:
                yield records
                records = []
        yield records

    def _malformed(self, lines: CsvLines, error: csv.Error) -> Record:
        raw = lines.give_up().rstrip("\r\n")
        fields = next(csv.reader([raw], delimiter=self._delimiter), [])
        if isinstance(error, RowTooLong):
            return lines.number, Malformed(str(error), raw, fields, None)
        return lines.number, Malformed(explain_csv(error), raw, fields, lines.number)

    def _raw(self, fields: list[str]) -> str:
        return self._delimiter.join(map(csv_cell, fields))


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

    def _raw(self, fields: list[str]) -> str:
        return "\t".join(fields)


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
