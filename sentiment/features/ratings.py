"""Ratings within a text → one word for each: ★★★★☆, 4/5, 8/10 and 4* are all `8of10`.

So a model that has met one of them knows the others. What looks like a rating but may be a date, a
share or a length of time stays as it is. docs/format.md has the rules for other languages.
"""

import re
from collections.abc import Iterator

from sentiment.features.edits import Edit

_FULL, _EMPTY = "★⭐🌟✪✭✮✯", "☆✩✰"
# Between two stars: a sign that says how a star is to look, and a space.
_APART = "[\ufe0e\ufe0f]?[ ]?"
_STARS = rf"[{_FULL}](?:{_APART}[{_FULL}])*½?(?:{_APART}[{_EMPTY}])*[\ufe0e\ufe0f]?"
# Stars without empty ones are out of as many as most people give; in longer rows they adorn.
_USUAL, _MOST_STARS = 5, 10

# What a number is out of, and what follows a share or a length of time instead.
_OUT_OF = (
    r"(?ai)/ ?(?P<most>10|5)(?:\.0)?(?![0-9A-Za-z_/]|[.,:][0-9])"
    r"(?! (?:of|people|times|minutes|mins|min|hours|hrs|hr|days|weeks|months|years)"
    r"(?![0-9A-Za-z_]))"
)
_ASTERISK = r"\*(?![0-9A-Za-z_*])"
# A number by itself, at the end of what stands before that.
_NUMBER = (
    r"(?:^|[^0-9A-Za-z_.,/*$€£+−-])(?P<minus>[−-]?)(?P<whole>[0-9]{1,3})"
    r"(?:[.,](?P<part>[0-9]{1,2})|(?P<half>½))? ?\Z"
)
_LONGEST_NUMBER = len(" -100.25 ")


def ratings(text: str) -> list[Edit]:
    """Find the ratings in a text; in the place of each comes its word, with spaces around it."""
    found = list(_fractions(text)) if "/" in text else []
    if "*" in text:
        found += _starred(text)
    if not text.isascii():
        found += _rows_of_stars(text)
    return list(_apart(sorted(found)))


def _apart(edits: list[Edit]) -> Iterator[Edit]:
    """Of two that share characters, as in `3/ 5*`, keep the first."""
    done = 0
    for edit in edits:
        if edit.start >= done:
            yield edit
            done = edit.end


def _fractions(text: str) -> Iterator[Edit]:
    """Find 4/5, 8/10, -2/10, 4.5/5."""
    for out_of in re.finditer(_OUT_OF, text):
        if number := _number_before(text, out_of.start()):
            start, hundredths = number
            most = int(out_of["most"])
            if hundredths <= 100 * (most + 1):
                yield _rated(start, out_of.end(), hundredths, most)


def _starred(text: str) -> Iterator[Edit]:
    """Find 4* and 4.5*."""
    for asterisk in re.finditer(_ASTERISK, text):
        if text[asterisk.start() - 1 : asterisk.start()] != " ":
            yield from _counted(text, *asterisk.span())


def _rows_of_stars(text: str) -> Iterator[Edit]:
    """Find ★★★★☆, ⭐⭐, and 4★."""
    for row in re.finditer(_STARS, text):
        full, half, empty = (sum(map(row[0].count, kind)) for kind in (_FULL, "½", _EMPTY))
        stars = full + half + empty
        hundredths = 100 * full + 50 * half
        if stars == 1:
            yield from _counted(text, *row.span())
        elif empty and 3 <= stars <= _MOST_STARS:
            yield _rated(*row.span(), hundredths, stars)
        elif not empty and full <= _MOST_STARS:
            yield _rated(*row.span(), hundredths, _USUAL if full <= _USUAL else _MOST_STARS)


def _counted(text: str, star: int, end: int) -> Iterator[Edit]:
    """Take a number of stars from before the one that stands there."""
    if number := _number_before(text, star):
        start, hundredths = number
        if 0 < hundredths <= 100 * _USUAL:
            yield _rated(start, end, hundredths, _USUAL)


def _number_before(text: str, end: int) -> tuple[int, int] | None:
    """Read the number before a place: where it begins, and its hundredths, below 0 for −1."""
    first = max(end - _LONGEST_NUMBER, 0)
    found = re.search(_NUMBER, text[first:end])
    if not found:
        return None
    part = "50" if found["half"] else (found["part"] or "").ljust(2, "0")
    hundredths = 100 * int(found["whole"]) + int(part)
    return first + found.start("minus"), -1 if found["minus"] else hundredths


def _rated(start: int, end: int, hundredths: int, most: int) -> Edit:
    """Write a rating out of ten, rounded: below 0 it is 0, above 10 it is 10."""
    tenths = (20 * hundredths + 100 * most) // (200 * most)
    return Edit(start, end, f" {min(max(tenths, 0), 10)}of10 ")
