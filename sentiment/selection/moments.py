"""Times in a column: dates, dates with a time, or numbers."""

from collections.abc import Iterator
from datetime import UTC, datetime
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from sentiment.reviews.batch import row_error
from sentiment.reviews.cells import visible
from sentiment.reviews.dataset import LabelledReviews
from sentiment.values import number_of

# Beside ISO's, forms that can be read in one way only: 05/06/2024 is in May or in June.
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


def moments_of(reviews: LabelledReviews, column: str) -> NDArray[np.float64]:
    """Return the times in a kept column as numbers that order the reviews, [n].

    All are dates, read as UTC unless they name a zone, or all are numbers.

    Raises:
        DataError: a cell is neither, or of another kind than the first.
    """
    return np.fromiter(_moments(reviews, column), np.float64, len(reviews))


def _moments(reviews: LabelledReviews, column: str) -> Iterator[float]:
    numbered: bool | None = None
    for row, cell in enumerate(reviews.columns[column]):
        number = number_of(cell.strip())
        is_number = isfinite(number)
        moment = number if is_number else _seconds(cell.strip())
        numbered = is_number if numbered is None else numbered
        if moment is None or is_number != numbered:
            what = "no time"
            if moment is not None:
                what = "a date among numbers" if numbered else "a number among dates"
            raise row_error(
                *reviews.place(row),
                f'"{visible(cell)}" in "{column}" is {what}: write all as 2024-05-31, as '
                "2024-05-31 14:30 or as numbers, or leave out --time",
            )
        yield moment


def _seconds(cell: str) -> float | None:
    """Return the seconds since 1970 of a date or time, None if it is none."""
    for form in (None, *_FORMS):
        try:
            parsed = datetime.strptime(cell, form) if form else datetime.fromisoformat(cell)
        except ValueError:
            continue
        return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()
    return None
