"""What the sources of all line-based formats share: cutting rows into batches in time."""

from abc import ABC, abstractmethod
from collections.abc import Iterator

from sentiment.errors import DataError
from sentiment.reviews.ahead import Unreadable
from sentiment.reviews.bad_rows import STOP, BadRows
from sentiment.reviews.feed import TextFeed
from sentiment.reviews.source import BATCH_CHARS, BATCH_ROWS, BadRow, Batch, Row, row_error

Item = Row | BadRow


class FeedSource(ABC):
    """A source that turns blocks of text into rows.

    A format says how in `pieces`. The rows of a block are handed out before the next block is
    waited for, so that a slow producer sees each line's answer as it comes.
    """

    format: str
    has_header = True

    def __init__(self, feed: TextFeed, columns: list[str], bad_rows: BadRows = STOP) -> None:
        self.name = feed.name
        self.feed = feed
        self.bad_rows = bad_rows
        self.columns = columns
        self.header = columns
        self.notes: list[str] = []

    @abstractmethod
    def pieces(self) -> Iterator[list[Item]]:
        """Give the rows of each block, and in the place of one that cannot be read a `BadRow`.

        Raises:
            Unreadable: From here on none can be; all rows before have been given.
        """

    def batches(self) -> Iterator[Batch]:
        """Give the rows in batches; see `Source.batches`."""
        first = 1
        try:
            for items in regroup(self._located(), self.feed):
                yield from self.bad_rows.batches(items, first, name=self.name, format=self.format)
                first += len(items)
        finally:
            self.close()

    def waits(self) -> bool:
        """Tell whether the next block has yet to be produced by somebody."""
        return self.feed.waits()

    def close(self) -> None:
        """Close the input."""
        self.feed.close()

    def _located(self) -> Iterator[list[Item]]:
        """Give the pieces; where nothing more can be read, that is reported with its row."""
        read = 0
        try:
            for rows in self.pieces():
                read += len(rows)
                yield rows
        except Unreadable as error:
            raise row_error(self.name, read + 1, str(error), error.line) from error


def regroup(pieces: Iterator[list[Item]], feed: TextFeed) -> Iterator[list[Item]]:
    """Join and cut pieces into batches, none withheld while the producer is waited for.

    Args:
        pieces: The rows of each block of the feed.
        feed: Knows how much was read, and whether the next block has yet to be produced.

    Raises:
        DataError: What the pieces raise, after all rows before it were given out.
    """
    rows: list[Item] = []
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
