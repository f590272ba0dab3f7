"""The lines that the csv module reads a row from, which can be had again if it is none."""

import csv
from collections.abc import Iterator
from io import StringIO

from sentiment.reviews.feed import TextFeed, too_long


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
