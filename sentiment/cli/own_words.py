"""`--words FILE`: a user's own words and phrases, with a sign or a weight in log-odds."""

import csv
import math
from pathlib import Path

from sentiment.errors import DataError, hint_file
from sentiment.labels import LabelSet
from sentiment.model.own_words import LARGEST, MOST, OwnWords, signed_weights, tokens_of
from sentiment.reviews.batch import row_error
from sentiment.reviews.cells import printable

# What a sign alone adds: at a probability of 0.5 it makes 0.88 or 0.12.
SIGN = 2.0
_SIGNS = {"+": SIGN, "-": -SIGN, "−": -SIGN}
_HEADER = ({"word", "words", "phrase", "phrases", "text"}, {"weight", "sign", "value", "class"})
_EXAMPLE = "write word,+ or word,- or word,1.5"


def read_words(path: Path, labels: LabelSet) -> OwnWords:
    """Read a file of words: `word,sign or weight`, or `word,class,sign or weight`, one a line.

    CSV with or without a header; lines that begin with # and empty ones are left out. A sign alone
    is `SIGN` log-odds.

    Args:
        path: the file.
        labels: the classes of the model.

    Raises:
        DataError: it cannot be read, a row is not of this form, two contradict each other, or there
            are none.
    """
    found: dict[str, dict[str, tuple[float, int]]] = {}  # phrase → class, "" for none → weight, row
    first = True
    for row, line in enumerate(_lines(path), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        cells = _cells(path, row, line)
        if first and cells[0].casefold() in _HEADER[0] and cells[1].casefold() in _HEADER[1]:
            first = False
            continue
        first = False
        phrase, name, weight = _entry(path, row, cells, labels)
        before, at = found.setdefault(phrase, {}).setdefault(name, (weight, row))
        if before != weight:
            said = f"{printable(cells[0])!r} has another weight than in row {at}; keep one of both"
            raise row_error(str(path), row, said)
    if not found:
        raise DataError(f"{path}: no words; {_EXAMPLE}, one a line")
    if len(found) > MOST:
        raise DataError(f"{path}: {len(found):,} words; at most {MOST:,} can be used")
    weights = [_sum(of, labels) for of in found.values()]
    return OwnWords(tuple(found), tuple(weights))


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8-sig").split("\n")
    except OSError as error:
        near = hint_file(path, sorted(path.parent.glob("*")))
        raise DataError(f"{path}: {error.strerror}{near}") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not UTF-8; save it as UTF-8") from error


def _cells(path: Path, row: int, line: str) -> list[str]:
    """Return the two or three cells of a line."""
    try:
        (cells,) = csv.reader([line], skipinitialspace=True, strict=True)
    except (csv.Error, ValueError):
        cells = []
    cells = [cell.strip() for cell in cells]
    if len(cells) not in (2, 3):
        what = f"not a word and its weight; {_EXAMPLE}, a phrase with a comma in double quotes"
        raise row_error(str(path), row, what)
    return cells


def _entry(path: Path, row: int, cells: list[str], labels: LabelSet) -> tuple[str, str, float]:
    """Return the tokens of a row's phrase, its class ("" for none), and its weight."""
    word, *names, value = cells
    phrase = tokens_of(word)
    if not phrase:
        raise row_error(str(path), row, f"{printable(word)!r} has no word; {_EXAMPLE}")
    try:
        name = labels.names[labels.label_of(names[0])] if names else ""
        if not name:
            signed_weights(0, labels)
    except ValueError as error:
        named = ", ".join(labels.names[:5])
        what = f"{error}; write word,class,weight with one of its classes: {named}"
        raise row_error(str(path), row, what) from None
    weight = _SIGNS.get(value)
    if weight is None:
        try:
            weight = float(value.replace("−", "-"))
        except ValueError:
            weight = math.nan
    if not abs(weight) <= LARGEST:
        what = f"{printable(value)!r} is no weight; write +, - or a number up to {LARGEST:.0f}"
        raise row_error(str(path), row, what)
    return phrase, name, weight


def _sum(of: dict[str, tuple[float, int]], labels: LabelSet) -> tuple[float, ...]:
    """Return the weights of a phrase of each class, [K]."""
    total = [0.0] * len(labels)
    for name, (weight, _) in of.items():
        one = [weight * (each == name) for each in labels.names]
        added = one if name else signed_weights(weight, labels)
        total = [sum(pair) for pair in zip(total, added, strict=True)]
    return tuple(total)
