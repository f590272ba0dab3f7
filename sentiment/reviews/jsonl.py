"""JSON lines: an object or a string per line; detection of other JSON layouts."""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from sentiment.errors import DataError
from sentiment.reviews.batch import (
    STOP,
    Ahead,
    BadRows,
    Batch,
    Row,
    bad_row,
    first_readable,
    readable,
)
from sentiment.reviews.feed import FeedSource, Item, TextFeed, block_lines
from sentiment.reviews.header import TEXT_NAMES, is_text_name, normal_name
from sentiment.reviews.streams import ERROR_ANSWER, READ_LINES, is_refusal
from sentiment.values import read_strict_json

_LOOKED_AT = 1 << 16  # characters
_ARRAY = re.compile(
    r'\[\s*(?:\{\s*"(?:[^"\\]|\\.)*+"\s*:|"(?:[^"\\]|\\.)*+"\s*(?:,|\]\s*\Z)|\{\}|\[)'
)
_KEYS = re.compile(r'"((?:[^"\\]|\\.)*+)"\s*:\s*(\[\s*(?:\{|$))?')
_WRAPPED = (
    "JSON that holds the rows in a list; write them one a line: "
    "jq -c 'first(.. | arrays | select(.[0] | objects))[]' FILE > reviews.jsonl"
)


class JsonlSource(FeedSource):
    """One object per line; a line with a string is a text in the column `text`.

    Blank lines are skipped. The columns are the keys of the first batch with a readable row, in
    order of appearance; only `text` if all rows are unreadable.

    Raises:
        DataError: Too many rows at the start are unreadable.
    """

    format = "jsonl"

    def __init__(self, feed: TextFeed, bad_rows: BadRows = STOP) -> None:
        super().__init__(feed, [], bad_rows)
        self._batches = Ahead(super().batches())
        found = first_readable(self._batches)
        first = next(self._batches.ahead(), None)
        if found is None and first:
            what = f"too many unreadable lines at the start; the first is {first.bad[0].reason}"
            raise DataError(f"{self.name}: {what}")
        names = list(dict.fromkeys(key for row in found.rows for key in row)) if found else []
        self.columns = self.header = names if found or not first else ["text"]

    def batches(self) -> Iterator[Batch]:
        """Yield the rows in batches; see `Source.batches`."""
        return self._batches

    def row_lists(self) -> Iterator[list[Item]]:
        """Yield a row for each line; a line without a JSON object or string is bad."""
        number = 0
        for block in self.feed.blocks():
            items: list[Item] = []
            for line in block_lines(block):
                number += 1
                if line and not line.isspace():
                    items.append(self._item(line, number))
            yield items

    def _item(self, line: str, number: int) -> Item:
        damage = self.feed.damage_in(line)
        row: Row = {}
        reason = None
        try:
            row = as_row(read_strict_json(readable(line) if damage else line))
        except (ValueError, RecursionError) as error:
            reason = _explain_json(error)
        if damage:
            return bad_row(damage, row, line)
        return bad_row(reason, row, line, number) if reason else row


def as_row(value: Any) -> Row:
    """Return a JSON value as a row.

    Raises:
        ValueError: It is neither an object nor a string.
    """
    if isinstance(value, dict):
        return value
    if isinstance(value, str):
        return {"text": value}
    kind = "null" if value is None else type(value).__name__
    raise ValueError(f"an object is expected on each line, not a {kind}")


def _explain_json(error: Exception) -> str:
    """Return what is wrong with a line of JSON."""
    if isinstance(error, RecursionError):
        return "nested too deeply"
    if isinstance(error, json.JSONDecodeError):
        what = f"not JSON ({error.msg} at character {error.pos + 1})"
        return f'{what}; each line must be one object, such as {{"text": "…"}}'
    return str(error)


def is_json_lines(lines: Sequence[str], name: str) -> bool:
    """Return whether some lines are JSON objects.

    Raises:
        DataError: It is JSON with another layout, or without reviews.
    """
    text = "\n".join(lines).strip()
    if text[0] not in "{[":
        return False
    try:
        value = json.loads(lines[0])
    except (ValueError, RecursionError):
        value = None
    if isinstance(value, dict):
        if len(lines) == 1 and _is_error(value):
            raise DataError(f"{name}: {ERROR_ANSWER}; {READ_LINES}")
        if len(lines) == 1 and _wraps(text):
            raise DataError(f"{name}: {_WRAPPED}")
        return True
    if _ARRAY.match(text):
        raise DataError(
            f"{name}: a JSON array; JSON is read one object a line: "
            "jq -c '.[]' FILE > reviews.jsonl"
        )
    if re.match(r'\{\s*"(?:[^"\\]|\\.)*+"\s*:', text) and lines[0].rstrip()[-1] in "{[,":
        if _wraps(text):
            raise DataError(f"{name}: {_WRAPPED}")
        raise DataError(
            f"{name}: JSON over several lines; it is read one object a line: "
            "jq -c . FILE > reviews.jsonl"
        )
    return False


def _wraps(text: str) -> bool:
    """Return whether an object has a list of objects, and no text before it."""
    for key, objects in _KEYS.findall(text[:_LOOKED_AT]):
        if objects:
            return True
        if normal_name(key) in TEXT_NAMES[0] - {"message"}:
            return False
    return False


def _is_error(value: dict[str, object]) -> bool:
    """Return whether an object is the error response of a web service."""
    names = set(map(normal_name, value))
    if any(is_text_name(name) for name in names - {"message", "description", "title"}):
        return False
    codes = [value[key] for key in value if normal_name(key) in ("status", "status code", "code")]
    return (
        bool(names & {"error", "errors", "err", "fault", "exception", "documentation url"})
        or any(isinstance(code, int) and 400 <= code < 600 for code in codes)
        or any(isinstance(each, str) and is_refusal(each) for each in value.values())
    )
