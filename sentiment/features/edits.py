"""Changes to a text that keep in mind where each character came from."""

from collections.abc import Sequence
from typing import NamedTuple


class Edit(NamedTuple):
    """Characters of a text and what takes their place.

    Attributes:
        start, end: where they stand; at least one character.
        text: what takes their place.
    """

    start: int
    end: int
    text: str


def edited(text: str, edits: Sequence[Edit]) -> str:
    """Return the text with every edit made.

    Args:
        text: what is changed.
        edits: ascending; none overlaps another.
    """
    parts, done = [], 0
    for start, end, put in edits:
        parts += [text[done:start], put]
        done = end
    return "".join([*parts, text[done:]])
