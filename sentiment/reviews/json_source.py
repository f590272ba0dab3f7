"""JSON as a source of rows: one on each line, or in lists and objects."""

from collections.abc import Iterator, Sequence

from sentiment.errors import DataError
from sentiment.reviews.batch import STOP, Ahead, BadRows, Batch, Unreadable, first_readable
from sentiment.reviews.feed import FeedSource, Item, TextFeed, block_lines
from sentiment.reviews.fields import nested_in
from sentiment.reviews.json_layout import Layout, find_layout
from sentiment.reviews.json_rows import RowMaker, ValueReader
from sentiment.reviews.streams import JSON_FORMATS


class JsonSource(FeedSource):
    """Rows of JSON, an object each; a string is a text in the column `text`.

    The columns are the keys of the first batch with a readable row, in order of appearance; only
    `text` if all rows are unreadable. The format is `jsonl` for a row on each line, else `json`.

    Raises:
        DataError: Too many rows at the start are unreadable.
    """

    def __init__(
        self,
        feed: TextFeed,
        layout: Layout,
        asked: Sequence[str] = (),
        bad_rows: BadRows = STOP,
    ) -> None:
        super().__init__(feed, [], bad_rows)
        self.format = "jsonl" if layout.kind == "lines" else "json"
        self._values: ValueReader | None = None
        if layout.kind != "lines":
            keeps_all = bad_rows.policy == "keep"
            self._values = ValueReader(feed, layout, asked, self.notes, keeps_all=keeps_all)
        self._batches = Ahead(super().batches())
        found = first_readable(self._batches)
        first = next(self._batches.ahead(), None)
        if found is None and first:
            rows = "rows" if self._values else "lines"
            what = f"too many unreadable {rows} at the start; the first is {first.bad[0].reason}"
            raise DataError(f"{self.name}: {what}")
        names = list(dict.fromkeys(key for row in found.rows for key in row)) if found else []
        self.columns = self.header = names if found or not first else ["text"]
        self.nested = nested_in(found.rows if found else (), names)
        self.within = self._values.within if self._values else ""

    def batches(self) -> Iterator[Batch]:
        """Yield the rows in batches; see `Source.batches`."""
        return self._batches

    def row_lists(self) -> Iterator[list[Item]]:
        """Yield the rows; what is neither an object nor a string is a bad one."""
        return self._values.row_lists() if self._values else self._lines()

    def _lines(self) -> Iterator[list[Item]]:
        """Yield a row for each line; blank ones are skipped."""
        maker = RowMaker(self.feed, self.notes, by_line=True)
        number = self.feed.skipped
        for block in self.feed.blocks():
            items: list[Item] = []
            for line in block_lines(block):
                number += 1
                if line and not line.isspace() and (item := maker.item(line, number)) is not None:
                    items.append(item)
            yield items


def open_json(
    feed: TextFeed, by_name: str, asked: Sequence[str] = (), bad_rows: BadRows = STOP
) -> JsonSource | None:
    """Open a text that is JSON by its name or its content; return None for others.

    Args:
        feed: The text.
        by_name: The format according to the user or the suffix.
        asked: Columns that the user named, see `find_layout`.
        bad_rows: What to do with rows that cannot be read.

    Raises:
        DataError: It cannot be read.
    """
    is_named = by_name in JSON_FORMATS
    try:
        layout = find_layout(feed, by_name, asked)
    except Unreadable:  # raised again when it is read
        layout = Layout("lines" if is_named else "other")
    if layout.kind == "other":
        if not is_named:
            return None
        layout = Layout("lines")  # an empty text
    return JsonSource(feed, layout, asked, bad_rows)
