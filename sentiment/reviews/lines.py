"""Plain lines, and fastText's lines that begin with a label."""

from collections.abc import Iterator

from sentiment.reviews.feed import TextFeed, Unreadable, block_lines
from sentiment.reviews.feed_source import FeedSource
from sentiment.reviews.source import Row

LABEL_MARK = "__label__"


class LinesSource(FeedSource):
    """One text a line, in the column `text`; an empty line is a row with an empty text."""

    format = "lines"

    def __init__(self, feed: TextFeed) -> None:
        super().__init__(feed, ["text"])

    def pieces(self) -> Iterator[list[Row]]:
        """Give a row for each line."""
        for block in self.feed.blocks():
            yield [{"text": line} for line in block_lines(block)]


class FasttextSource(FeedSource):
    """`__label__positive the text`: columns `label` (None for a line without one) and `text`."""

    format = "fasttext"

    def __init__(self, feed: TextFeed) -> None:
        super().__init__(feed, ["label", "text"])

    def pieces(self) -> Iterator[list[Row]]:
        """Give a row for each line.

        Raises:
            Unreadable: A line has more than one label.
        """
        for block in self.feed.blocks():
            rows: list[Row] = []
            for line in block_lines(block):
                label, text = split_label(line)
                if text.startswith(LABEL_MARK):
                    yield rows
                    raise Unreadable("more than one label; keep one on each line")
                rows.append({"label": label, "text": text})
            yield rows


def split_label(line: str) -> tuple[str | None, str]:
    """Split a fastText line into its label, if any, and the rest."""
    if not line.startswith(LABEL_MARK):
        return None, line
    label, *text = line.removeprefix(LABEL_MARK).split(maxsplit=1) or [""]
    return label, text[0] if text else ""
