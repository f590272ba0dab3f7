"""What the sources of all line-based formats share: cutting rows into batches in time."""

from abc import ABC, abstractmethod
from collections.abc import Iterator

from sentiment.errors import DataError
from sentiment.reviews.feed import TextFeed, Unreadable
from sentiment.reviews.source import BATCH_CHARS, BATCH_ROWS, Batch, Row, row_error


class FeedSource(ABC):
    """A source that turns blocks of text into rows.

    A format says how in `pieces`. The rows of a block are handed out before the next block is
    waited for, so that a slow producer sees each line's answer as it comes.
    """

    format: str
    has_header = True

    def __init__(self, feed: TextFeed, columns: list[str]) -> None:
        self.name = feed.name
        self.feed = feed
        self.columns = columns
        self.header = columns
        self.notes: list[str] = []

    @abstractmethod
    def pieces(self) -> Iterator[list[Row]]:
        """Give the rows of each block.

        Raises:
            Unreadable: A row cannot be read; all rows before it have been given.
        """

    def batches(self) -> Iterator[Batch]:
        """Give the rows in batches; see `Source.batches`."""
        first = 1
        try:
            for rows in regroup(self._located(), self.feed):
                yield Batch(rows, first, name=self.name, format=self.format)
                first += len(rows)
        finally:
            self.close()

    def waits(self) -> bool:
        """Tell whether the next block has yet to be produced by somebody."""
        return self.feed.waits()

    def close(self) -> None:
        """Close the input."""
        self.feed.close()

    def _located(self) -> Iterator[list[Row]]:
        """Give the pieces; what cannot be read is reported with its row."""
        read = 0
        try:
            for rows in self.pieces():
                read += len(rows)
                yield rows
        except Unreadable as error:
            raise row_error(self.name, read + 1, str(error), error.line) from error


def regroup(pieces: Iterator[list[Row]], feed: TextFeed) -> Iterator[list[Row]]:
    """Join and cut pieces into batches, none withheld while the producer is waited for.

    Args:
        pieces: The rows of each block of the feed.
        feed: Knows how much was read, and whether the next block has yet to be produced.

    Raises:
        DataError: What the pieces raise, after all rows before it were given out.
    """
    rows: list[Row] = []
    chars = 0  # read when the last batch was given out
    failure: DataError | None = None
    try:
        for piece in pieces:
            rows += piece
            while len(rows) >= BATCH_ROWS:
                yield rows[:BATCH_ROWS]
                rows, chars = rows[BATCH_ROWS:], feed.chars
            if rows and (feed.chars - chars >= BATCH_CHARS or feed.waits()):
                yield rows
                rows, chars = [], feed.chars
    except DataError as error:
        failure = error
    if rows:
        yield rows
    if failure:
        raise failure
