"""Texts and names of classes in the columns of tables."""

import re
from unicodedata import category, east_asian_width

from sentiment.labels import LabelSet
from sentiment.reviews.cells import encode, printable

_NAME_WIDTH = 20  # of a class
_JOINING = " ,;:–-("  # what does not stand before an ellipsis


def one_line(text: str) -> str:
    """Return a text on one line and safe for terminals."""
    return encode(printable(" ".join(text.split()))).decode()  # no lone surrogates either


def shortened(text: str, width: int) -> str:
    """Return a text cut to the columns of a terminal, on one line and safe for it."""
    line = one_line(text)
    return line if _fitting(line, width) == len(line) else _cut(line, width - 1).rstrip() + "…"


def padded(text: str, width: int) -> str:
    """Return a text cut to the columns of a terminal, or filled up to them."""
    line = shortened(text, width)
    return line + " " * (width - columns(line))


def columns(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    return sum(map(_columns, text))


def excerpt(text: str, found: re.Pattern[str], width: int) -> str:
    """Return what stands around something in a text, in the columns of a terminal.

    It begins and ends with whole words, if they are not longer than half of it. A text in which
    nothing is found is cut at its end.
    """
    line = one_line(text)
    if _fitting(line, width) == len(line):
        return line
    match = found.search(line)
    begin, end = match.span() if match else (0, 0)
    start = 0
    if _fitting(line, width - 1) < end:
        to_the_end = len(line) - _fitting(line[::-1], width - 1)
        start = min(max(begin - max(width - (end - begin), 0) // 3, 0), to_the_end)
        start = line.find(" ", start, begin) + 1 or start
    head = "…" if start else ""
    rest = line[start:]
    if _fitting(rest, width - len(head)) == len(rest):
        return head + rest
    part = _cut(rest, width - len(head) - 1)
    whole = part if rest[len(part)] == " " else part[: max(part.rfind(" "), 0)]
    if len(whole) < max(end - start, len(part) // 2):
        whole = part
    return f"{head}{whole.rstrip(_JOINING)}…"


def _cut(line: str, width: int) -> str:
    return line[: _fitting(line, width)]


def _fitting(line: str, width: int) -> int:
    """Return how many characters of a line fit."""
    used = 0
    for place, character in enumerate(line):
        used += _columns(character)
        if used > width:
            return place
    return len(line)


def _columns(character: str) -> int:
    """Return how many columns of a terminal a character takes: of emoji and Chinese ones, two."""
    if character < "\u0300":
        return 1
    if category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 1 + (east_asian_width(character) in "WF")


def class_name(name: str) -> str:
    """Return the name of a class as tables show it."""
    return shortened(name, _NAME_WIDTH)


def width_of(classes: LabelSet) -> int:
    """Return the width of a column of the names of classes."""
    return max(9, *(len(class_name(name)) + 1 for name in classes.names))
