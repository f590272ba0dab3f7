"""Bytes that do not fit the encoding: marked in the text, so that the row they are in is known."""

import codecs
import re
from typing import Any

from sentiment.reviews.source import BadRow, Row

# The error handler by which a decoder marks bytes: each becomes a lone surrogate, which no bytes
# decode to otherwise.
MARKING = "sentiment.marking"
_FIRST_MARK = 0xDC00
_MARKS = re.compile("[\udc00-\udcff]")
_REPLACEMENT = "\ufffd"


def damaged_byte(text: str) -> int | None:
    """Give the first byte that was marked in a text, None if there is none."""
    found = _MARKS.search(text)
    return ord(found[0]) - _FIRST_MARK if found else None


def readable(text: str) -> str:
    """Put U+FFFD in the place of each marked byte."""
    return _MARKS.sub(_REPLACEMENT, text)


def bad_row(reason: str, row: Row, raw: str, line: int | None = None) -> BadRow:
    r"""Report a row without marks: U+FFFD in its values, and bytes such as `\xe9` in what is raw.

    Args:
        reason: What is wrong, and the way out.
        row: What can be read of it.
        raw: How it stands in the file.
        line: The line it is on, where that is not the number of the row.
    """
    values = {readable(name): _readable_value(value) for name, value in row.items()}
    spelled = _MARKS.sub(lambda mark: f"\\x{ord(mark[0]) - _FIRST_MARK:02x}", raw)
    return BadRow(reason, values, spelled, line)


def _readable_value(value: Any) -> Any:
    return readable(value) if isinstance(value, str) else value


def _mark(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    damaged = error.object[error.start : error.end]
    return "".join(chr(_FIRST_MARK + byte) for byte in damaged), error.end


codecs.register_error(MARKING, _mark)
