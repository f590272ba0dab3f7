"""JSON lines: an object a line, or a string a line."""

import json
import math
from collections import Counter
from collections.abc import Iterator
from typing import Any

from sentiment.reviews.feed import TextFeed, Unreadable, block_lines
from sentiment.reviews.feed_source import FeedSource
from sentiment.reviews.source import Batch, Row

SHOWN_DIGITS = 20


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
        decode = json.JSONDecoder(
            object_pairs_hook=make_object,
            parse_constant=refuse_constant,
            parse_float=make_float,
            parse_int=make_int,
        ).decode
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


def make_object(pairs: list[tuple[str, Any]]) -> Row:
    """Make an object of its keys and values.

    Raises:
        ValueError: A key occurs twice, of which Python would keep the last.
    """
    made = dict(pairs)
    if len(made) < len(pairs):
        twice = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        raise ValueError(f'the key "{twice}" occurs twice; keep one')
    return made


def make_float(digits: str) -> float:
    """Read a number.

    Raises:
        ValueError: It is larger than a float can be, and would become infinite.
    """
    value = float(digits)
    if math.isinf(value):
        raise ValueError(f"{_cut(digits)} is too large a number; write it as a string")
    return value


def make_int(digits: str) -> int:
    """Read an integer.

    Raises:
        ValueError: It has more digits than Python reads.
    """
    try:
        return int(digits)
    except ValueError as error:
        what = f"a number of {len(digits.lstrip('-')):,} digits is too long; write it as a string"
        raise ValueError(what) from error


def _cut(digits: str) -> str:
    return digits if len(digits) <= SHOWN_DIGITS else f"{digits[:SHOWN_DIGITS]}…"


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
