"""JSON lines: an object a line, or a string a line; JSON of other layouts, by its first lines."""

import json
import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from sentiment.errors import DataError
from sentiment.reviews.batch import STOP, Ahead, BadRows, Batch, Row, bad_row, first_rows, readable
from sentiment.reviews.feed import FeedSource, Item, TextFeed, block_lines
from sentiment.reviews.header import TEXT_NAMES, is_text_name, normal_name
from sentiment.reviews.streams import ERROR_ANSWER, READ_LINES, REFUSAL

SHOWN_DIGITS = 20
_LOOKED_AT = 1 << 16  # characters
_ARRAY = re.compile(
    r'\[\s*(?:\{\s*"(?:[^"\\]|\\.)*+"\s*:|"(?:[^"\\]|\\.)*+"\s*(?:,|\]\s*\Z)|\{\}|\[)'
)
_KEYS = re.compile(r'"((?:[^"\\]|\\.)*+)"\s*:\s*(\[\s*(?:\{|$))?')
_UNWRAP = (
    "write them one a line: jq -c 'first(.. | arrays | select(.[0] | objects))[]' FILE > "
    "reviews.jsonl"
)


class JsonlSource(FeedSource):
    """An object a line; a line that holds a string is a text in the column `text`.

    Blank lines are no rows. The columns are the keys of the first batch with a row that can be
    read, in order of appearance; `text` if there are rows, and none can be read.

    Raises:
        DataError: Of very many first rows none can be read.
    """

    format = "jsonl"

    def __init__(self, feed: TextFeed, bad_rows: BadRows = STOP) -> None:
        super().__init__(feed, [], bad_rows)
        self._batches = Ahead(super().batches())
        rows = first_rows(self._batches)
        first = next(self._batches.ahead(), None)
        if rows is None and first:
            what = f"none of very many first lines can be read; the first is {first.bad[0].reason}"
            raise DataError(f"{self.name}: {what}")
        names = list(dict.fromkeys(key for row in rows or [] for key in row))
        self.columns = self.header = names if rows or not first else ["text"]

    def batches(self) -> Iterator[Batch]:
        """Give the rows in batches; see `Source.batches`."""
        return self._batches

    def pieces(self) -> Iterator[list[Item]]:
        """Give a row for each line; bad is what is no JSON object or string.

        See `FeedSource.pieces`.
        """
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
            row = as_row(strict_json(readable(line) if damage else line))
        except (ValueError, RecursionError) as error:
            reason = explain_json(error)
        if damage:
            return bad_row(damage, row, line)
        return bad_row(reason, row, line, number) if reason else row


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


# JSON → what it says, as strictly as its standard is.
strict_json = json.JSONDecoder(
    object_pairs_hook=make_object,
    parse_constant=refuse_constant,
    parse_float=make_float,
    parse_int=make_int,
).decode


def is_json_lines(lines: Sequence[str], name: str) -> bool:
    """Tell whether some lines are JSON objects.

    Raises:
        DataError: It is JSON of another layout, or holds no reviews.
    """
    text = "\n".join(lines).strip()
    if text[0] not in "{[":
        return False
    value = _json(lines[0])
    if isinstance(value, dict):
        if len(lines) == 1:
            if _is_error(value):
                raise DataError(f"{name}: {ERROR_ANSWER}; {READ_LINES}")
            if _wraps(text):
                raise DataError(f"{name}: JSON that holds the rows in a list; {_UNWRAP}")
        return True
    if _ARRAY.match(text):
        raise DataError(
            f"{name}: a JSON array; JSON is read one object a line: "
            "jq -c '.[]' FILE > reviews.jsonl"
        )
    if re.match(r'\{\s*"(?:[^"\\]|\\.)*+"\s*:', text) and lines[0].rstrip()[-1] in "{[,":
        if _wraps(text):
            raise DataError(f"{name}: JSON that holds the rows in a list; {_UNWRAP}")
        raise DataError(
            f"{name}: JSON over several lines; it is read one object a line: "
            "jq -c . FILE > reviews.jsonl"
        )
    return False


def _wraps(text: str) -> bool:
    """Tell whether an object holds a list of objects, and no text before it."""
    for key, objects in _KEYS.findall(text[:_LOOKED_AT]):
        if objects:
            return True
        if normal_name(key) in TEXT_NAMES[0] - {"message"}:
            return False
    return False


def _is_error(value: dict[str, object]) -> bool:
    """Tell whether an object is what a web service answers when it has no data."""
    names = set(map(normal_name, value))
    if any(is_text_name(name) for name in names - {"message", "description", "title"}):
        return False
    codes = [value[key] for key in value if normal_name(key) in ("status", "status code", "code")]
    return (
        bool(names & {"error", "errors", "err", "fault", "exception", "documentation url"})
        or any(isinstance(code, int) and 400 <= code < 600 for code in codes)
        or any(isinstance(each, str) and REFUSAL.fullmatch(each) for each in value.values())
    )


def _json(line: str) -> object:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None
