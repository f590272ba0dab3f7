"""JSON lines: an object a line, or a string a line."""

import json
from collections.abc import Iterator
from typing import Any

from sentiment.reviews.feed import TextFeed, Unreadable, block_lines
from sentiment.reviews.feed_source import FeedSource
from sentiment.reviews.source import Batch, Row


class JsonlSource(FeedSource):
    """An object a line; a line that holds a string is a text in the column `text`.

    Blank lines are no rows. The columns are the keys of the first batch, in order of appearance.
    """

    format = "jsonl"

    def __init__(self, feed: TextFeed) -> None:
        super().__init__(feed, [])
        self._batches = super().batches()
        self._first = next(self._batches, None)
        rows = self._first.rows if self._first else []
        self.columns = self.header = list(dict.fromkeys(key for row in rows for key in row))

    def batches(self) -> Iterator[Batch]:
        """Give the rows in batches; see `Source.batches`."""
        if self._first:
            yield self._first
            self._first = None
        yield from self._batches

    def pieces(self) -> Iterator[list[Row]]:
        """Give a row for each line.

        Raises:
            Unreadable: A line is not a JSON object or string.
        """
        decode = json.JSONDecoder(parse_constant=refuse_constant).decode
        number = 0
        for block in self.feed.blocks():
            rows: list[Row] = []
            for line in block_lines(block):
                number += 1
                if not line or line.isspace():
                    continue
                try:
                    rows.append(as_row(decode(line)))
                except (ValueError, RecursionError) as error:
                    yield rows
                    raise Unreadable(explain_json(error), number) from error
            yield rows


def as_row(value: Any) -> Row:
    """Take a JSON value as a row.

    Raises:
        ValueError: It is neither an object nor a string.
    """
    if isinstance(value, dict):
        return value
    if isinstance(value, str):
        return {"text": value}
    kind = "null" if value is None else type(value).__name__
    raise ValueError(f"an object is expected on each line, not a {kind}")


def refuse_constant(name: str) -> None:
    """Refuse NaN and Infinity, which Python reads but JSON does not have.

    Raises:
        ValueError: Always.
    """
    raise ValueError(f"{name} is not JSON; write null")


def explain_json(error: Exception) -> str:
    """Say what is wrong with a line, and what a line should be."""
    if isinstance(error, RecursionError):
        return "nested too deeply"
    if isinstance(error, json.JSONDecodeError):
        what = f"not JSON ({error.msg} at character {error.pos + 1})"
        return f'{what}; each line must be one object, such as {{"text": "…"}}'
    return str(error)
