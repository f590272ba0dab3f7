"""Plain lines, and lines with a label each, such as fastText's."""

from collections.abc import Iterator

from sentiment.reviews.bad_rows import STOP, BadRows
from sentiment.reviews.damage import bad_row
from sentiment.reviews.feed import TextFeed, block_lines
from sentiment.reviews.feed_source import FeedSource, Item
from sentiment.reviews.layouts import LABEL_MARK, Split, split_label
from sentiment.reviews.source import Row

LABELS = "more than one label; keep one on each line"


def _lines_below(feed: TextFeed, skipped: int) -> Iterator[list[str]]:
    """Give the lines of each block below those that stand above them as a header."""
    for block in feed.blocks():
        lines = block_lines(block)
        yield lines[skipped:]
        skipped = max(0, skipped - len(lines))


class LinesSource(FeedSource):
    """One text a line, in the column `text`; an empty line is a row with an empty text."""

    format = "lines"

    def __init__(self, feed: TextFeed, bad_rows: BadRows = STOP, skipped: int = 0) -> None:
        super().__init__(feed, ["text"], bad_rows)
        self._skipped = skipped

    def pieces(self) -> Iterator[list[Item]]:
        """Give a row for each line; see `FeedSource.pieces`."""
        for lines in _lines_below(self.feed, self._skipped):
            yield [self._item(line) for line in lines]

    def _item(self, line: str) -> Item:
        row: Row = {"text": line}
        damage = self.feed.damage_in(line)
        return bad_row(damage, row, line) if damage else row


class FasttextSource(FeedSource):
    """`__label__positive the text`: columns `label` (None for a line without one) and `text`.

    Args:
        feed: The lines.
        bad_rows: What is done about those that cannot be read.
        split: Parts the label and the text of a line.
        skipped: How many lines stand above them as a header.
    """

    format = "fasttext"

    def __init__(
        self,
        feed: TextFeed,
        bad_rows: BadRows = STOP,
        split: Split = split_label,
        skipped: int = 0,
    ) -> None:
        super().__init__(feed, ["label", "text"], bad_rows)
        self._split = split
        self._skipped = skipped

    def pieces(self) -> Iterator[list[Item]]:
        """Give a row for each line; one with several labels is bad. See `FeedSource.pieces`."""
        for lines in _lines_below(self.feed, self._skipped):
            yield [self._item(line) for line in lines]

    def _item(self, line: str) -> Item:
        label, text = self._split(line)
        row: Row = {"label": label, "text": text}
        reason = self.feed.damage_in(line) or (LABELS if text.startswith(LABEL_MARK) else None)
        return bad_row(reason, row, line) if reason else row
