"""Delimited text: CSV with quoting, TSV without."""

import csv
from abc import abstractmethod
from collections.abc import Iterator
from io import StringIO
from itertools import chain, count

from sentiment.errors import DataError
from sentiment.reviews.feed import BadBytes, TextFeed, block_lines
from sentiment.reviews.feed_source import FeedSource
from sentiment.reviews.header import looks_like_header
from sentiment.reviews.source import Row, row_error, unique_names

DELIMITERS = ",;\t|"
FIELD_LIMIT = 2**31 - 1  # csv's own limit of 131,072 is a guard no review should meet


class DelimitedSource(FeedSource):
    """What CSV and TSV share: a header or none, and rows that must be as wide as it.

    Args:
        feed: The text.
        header: Whether the first row names the columns; None decides by its looks.
    """

    advice: str

    def __init__(self, feed: TextFeed, *, header: bool | None = None) -> None:
        self._records = self._read_records(feed)
        self._line = 0
        first = self._first_record()
        if header is None:
            header = looks_like_header(first)
        self.has_header = bool(header and first)
        names = first if self.has_header else [str(number + 1) for number in range(len(first))]
        super().__init__(feed, unique_names(names))
        self.header = names
        self._pending = [] if self.has_header or not first else [first]

    @abstractmethod
    def _read_records(self, feed: TextFeed) -> Iterator[list[list[str]]]:
        """Give the records of each block, blank lines as empty lists, and note `_line`."""
"""
