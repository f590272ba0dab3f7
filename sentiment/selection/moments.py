"""Times in a column, by which reviews are put in order: dates, or numbers."""

import numpy as np
from numpy.typing import NDArray

from sentiment.reviews.batch import row_error
from sentiment.reviews.dataset import LabelledReviews
from sentiment.reviews.dates import DateReader
from sentiment.values import number_of, visible


def moments_of(reviews: LabelledReviews, column: str) -> NDArray[np.float64]:
    """Return the times in a kept column as numbers that order the reviews, float64 [n].

    All are dates, read as UTC unless they name a zone, or all are numbers.

    Raises:
        DataError: a cell is neither, or of another kind than the first.
    """
    cells = reviews.columns[column]
    numbers = np.array([number_of(cell) for cell in cells], np.float64)
    is_number = np.isfinite(numbers)
    if is_number.all():
        return numbers
    dates = DateReader()
    seconds = dates.seconds(cells)
    is_date = np.isfinite(seconds) & ~is_number
    expected, other = (is_number, is_date) if is_number[0] else (is_date, is_number)
    if not expected.all():
        row = int(np.argmin(expected))
        if other[row]:
            what = "a date among numbers" if is_number[0] else "a number among dates"
        elif dates.is_assumed or dates.is_mixed:
            what = "no date, or it is not clear which is the day and which the month"
        else:
            what = "no time"
        raise row_error(
            *reviews.place(row),
            f'"{visible(cells[row])}" in "{column}" is {what}: write all as 2024-05-31, as '
            "2024-05-31 14:30 or as numbers, or leave out --time",
        )
    return seconds
