"""Texts and names of classes in the columns of tables."""

from sentiment.labels import LabelSet
from sentiment.reviews.cells import encode, printable

_NAME_WIDTH = 20  # of a class


def shortened(text: str, width: int) -> str:
    """Return a text cut to a width, on one line and safe for terminals."""
    line = encode(printable(" ".join(text.split()))).decode()  # no lone surrogates either
    return line if len(line) <= width else line[: width - 1].rstrip() + "…"


def class_name(name: str) -> str:
    """Return the name of a class as tables show it."""
    return shortened(name, _NAME_WIDTH)


def width_of(classes: LabelSet) -> int:
    """Return the width of a column of the names of classes."""
    return max(9, *(len(class_name(name)) + 1 for name in classes.names))
