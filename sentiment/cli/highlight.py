"""A text on a terminal, its words marked by what they add to an answer."""

import re
import unicodedata
from collections.abc import Iterator, Sequence

import click

from sentiment.model.explanation import Word
from sentiment.reviews.cells import printable

# Backgrounds of the 256-color palette from faint to strong; black letters are legible on each,
# whether the terminal itself is light or dark.
_GREENS = (194, 157, 120, 77)
_REDS = (224, 217, 210, 203)
_BLACK = 16
# From which share of the strongest contribution on each is used.
_LEVELS = (0.06, 0.2, 0.45, 0.75)

_BREAK = re.compile(r"<br\s{0,9}/?>|\r\n|[\n\r]", re.IGNORECASE)
_SPACE = re.compile(r"(\s+)")

# Characters that are shown, and what they add to the answer, as a share of the strongest.
Part = tuple[str, float]


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
    for shown, share in _parts(text, words):
        if shown.isspace():
            if unit:
                yield between, unit
                between, unit = "", []
            between = "\n" if "\n" in (*between, *shown) else " "
        else:
            unit.append((printable(shown), share))
    if unit:
        yield between, unit


def _parts(text: str, words: Sequence[Word]) -> Iterator[Part]:
    """Cut a text into words, spaces, and what else stands between."""
    most = max((abs(word.contribution) for word in words), default=0.0) or 1.0
    done = 0
    for word in words:
        yield from _gap(text[done : word.start])
        yield text[word.start : word.end], word.contribution / most
        done = word.end
    yield from _gap(text[done:])


def _gap(text: str) -> Iterator[Part]:
    return ((part, 0.0) for part in _SPACE.split(_BREAK.sub("\n", text)) if part)


def _styled(line: Sequence[Part], colored: bool) -> str:
    return "".join(styled(text, share) if colored else text for text, share in line)


def styled(text: str, share: float) -> str:
    """Color a word: stronger as its share of the strongest contribution grows."""
    level = sum(abs(share) >= bound for bound in _LEVELS)
    if not level:
        return text
    backgrounds = _GREENS if share > 0 else _REDS
    return click.style(text, fg=_BLACK, bg=backgrounds[level - 1], bold=level == len(_LEVELS))


def _columns(text: str) -> int:
    """How many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(char) else 1 + (unicodedata.east_asian_width(char) in "WF")
        for char in text
    )
