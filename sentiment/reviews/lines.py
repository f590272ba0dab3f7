"""Plain lines, and fastText's lines that begin with a label."""

from collections.abc import Iterator

from sentiment.reviews.bad_rows import STOP, BadRows
from sentiment.reviews.damage import bad_row
from sentiment.reviews.feed import TextFeed, block_lines
from sentiment.reviews.feed_source import FeedSource, Item
from sentiment.reviews.source import Row

LABEL_MARK = "__label__"
LABELS = "more than one label; keep one on each line"


class LinesSource(FeedSource):
    """One text a line, in the column `text`; an empty line is a row with an empty text."""

    format = "lines"

    def __init__(self, feed: TextFeed, bad_rows: BadRows = STOP) -> None:
        super().__init__(feed, ["text"], bad_rows)

    def pieces(self) -> Iterator[list[Item]]:
        """Give a row for each line; see `FeedSource.pieces`."""
        for block in self.feed.blocks():
            yield [self._item(line) for line in block_lines(block)]

    def _item(self, line: str) -> Item:
        row: Row = {"text": line}
        damage = self.feed.damage_in(line)
        return bad_row(damage, row, line) if damage else row


class FasttextSource(FeedSource):
    """`__label__positive the text`: columns `label` (None for a line without one) and `text`."""

    format = "fasttext"

    def __init__(self, feed: TextFeed, bad_rows: BadRows = STOP) -> None:
        super().__init__(feed, ["label", "text"], bad_rows)

    def pieces(self) -> Iterator[list[Item]]:
        """Give a row for each line; one with several labels is bad. See `FeedSource.pieces`."""
        for block in self.feed.blocks():
            yield [self._item(line) for line in block_lines(block)]

    def _item(self, line: str) -> Item:
        label, text = split_label(line)
        row: Row = {"label": label, "text": text}
        reason = self.feed.damage_in(line) or (LABELS if text.startswith(LABEL_MARK) else None)
        return bad_row(reason, row, line) if reason else row


def split_label(line: str) -> tuple[str | None, str]:
    """Split a fastText line into its label, if any, and the rest."""
    if not line.startswith(LABEL_MARK):
        return None, line
    label, *text = line.removeprefix(LABEL_MARK).split(maxsplit=1) or [""]
    return label, text[0] if text else ""
