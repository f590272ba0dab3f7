"""A text on a terminal, its words marked by what they add to an answer."""

import unicodedata
from collections.abc import Iterator, Sequence

import click

from sentiment.model.emphasis import LEVELS, Part, level_of, parts_of
from sentiment.model.explanation import Word
from sentiment.reviews.cells import printable

# Backgrounds of the 256-color palette from faint to strong; black letters are legible on each,
# whether the terminal itself is light or dark.
_GREENS = (194, 157, 120, 77)
_REDS = (224, 217, 210, 203)
_BLACK = 16


def highlighted(text: str, words: Sequence[Word], width: int, *, colored: bool) -> Iterator[str]:
    """Wrap a text into lines, with green behind words that speak for *positive*, red against.

    Args:
        text: as it was written; nothing in it reaches the terminal as a control character.
        words: its words, in order.
        width: columns of a line.
        colored: False leaves the words as they are.
    """
    line: list[Part] = []
    used = 0
    for between, unit in _units(text, words):
        size = sum(_columns(part) for part, _ in unit)
        if used and (between == "\n" or used + 1 + size > width):
            yield _styled(line, colored)
            line, used = [], 0
        if used:
            line.append((" ", 0.0))
            used += 1
        line += unit
        used += size
    if line:
        yield _styled(line, colored)


def _units(text: str, words: Sequence[Word]) -> Iterator[tuple[str, list[Part]]]:
    """What stands between spaces, each with the space or the line break before it."""
    between, unit = "", list[Part]()
    for shown, share in parts_of(text, words):
        if shown.isspace():
            if unit:
                yield between, unit
                between, unit = "", []
            between = "\n" if "\n" in (*between, *shown) else " "
        else:
            unit.append((printable(shown), share))
    if unit:
        yield between, unit


def _styled(line: Sequence[Part], colored: bool) -> str:
    return "".join(styled(text, share) if colored else text for text, share in line)


def styled(text: str, share: float) -> str:
    """Color a word: stronger as its share of the strongest contribution grows."""
    level = level_of(share)
    if not level:
        return text
    backgrounds = _GREENS if share > 0 else _REDS
    return click.style(text, fg=_BLACK, bg=backgrounds[level - 1], bold=level == LEVELS)


def _columns(text: str) -> int:
    """How many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(char) else 1 + (unicodedata.east_asian_width(char) in "WF")
        for char in text
    )
