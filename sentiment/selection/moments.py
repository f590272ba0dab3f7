"""Times in a column: dates, dates with a time, or numbers."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from sentiment.reviews.batch import row_error
from sentiment.reviews.dataset import LabelledReviews
from sentiment.values import number_of, visible

# Beside ISO's, forms that can be read in one way only.
_FORMS = (
    "%Y-%m-%d %H:%M:%S %z",
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d",
    "%b %d, %Y",
    "%B %d, %Y",
    "%d %b %Y",
    "%d %B %Y",
    "%a %b %d %H:%M:%S %z %Y",
)
# 24-02-2015 11.35, 2/24/2015 11:35:52: the column tells which of the first two is the day.
_NUMERIC = re.compile(
    r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})(?:[ T]+(\d{1,2})[:.](\d{2})(?:[:.](\d{2}))?)?"
)


def moments_of(reviews: LabelledReviews, column: str) -> NDArray[np.float64]:
    """Return the times in a kept column as numbers that order the reviews, [n].

    All are dates, read as UTC unless they name a zone, or all are numbers.

    Raises:
        DataError: a cell is neither, or of another kind than the first.
    """
    return np.fromiter(_moments(reviews, column), np.float64, len(reviews))


def _moments(reviews: LabelledReviews, column: str) -> Iterator[float]:
    cells = [cell.strip() for cell in reviews.columns[column]]
    day_first = _day_first(cells)
    numbered = isfinite(number_of(cells[0]))
    for row, cell in enumerate(cells):
        number = number_of(cell)
        is_number = isfinite(number)
        moment = number if is_number else _seconds(cell, day_first)
        if moment is None or is_number != numbered:
            what = "no time"
            if moment is not None:
                what = "a date among numbers" if numbered else "a number among dates"
            elif _NUMERIC.fullmatch(cell):
                what = "no date, or it is not clear which is the day and which the month"
            raise row_error(
                *reviews.place(row),
                f'"{visible(cell)}" in "{column}" is {what}: write all as 2024-05-31, as '
                "2024-05-31 14:30 or as numbers, or leave out --time",
            )
        yield moment


def _day_first(cells: Sequence[str]) -> bool | None:
    """Return whether dates such as 24-02-2015 begin with the day; None if no cell tells."""
    found = [match for cell in cells if (match := _NUMERIC.fullmatch(cell))]
    first, second = (any(int(match[place]) > 12 for match in found) for place in (1, 3))
    return None if first == second else first


def _seconds(cell: str, day_first: bool | None) -> float | None:
    """Return the seconds since 1970 of a date or time, None if it is none."""
    match = _NUMERIC.fullmatch(cell)
    if match and day_first is not None:
        one, other, year = int(match[1]), int(match[3]), int(match[4])
        hour, minute, second = (int(part or 0) for part in match.groups()[4:])
        month, day = (other, one) if day_first else (one, other)
        try:
            return datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp()
        except ValueError:
            return None
    for form in (None, *_FORMS):
        try:
            parsed = datetime.strptime(cell, form) if form else datetime.fromisoformat(cell)
        except ValueError:
            continue
        return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()
    return None
