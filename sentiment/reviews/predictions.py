"""Reading predictions from a file, one per row, as `sentiment predict` and others write them."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import nan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment.errors import DataError
from sentiment.reviews.batch import Ahead, Row, Source, first_rows, row_error
from sentiment.reviews.columns import values_of
from sentiment.reviews.labels import NEGATIVE_WORDS, NEUTRAL_WORDS, POSITIVE_WORDS, key_of
from sentiment.reviews.opening import open_source

PREDICTED, P_POSITIVE = "predicted", "p_positive"
NEGATIVE, POSITIVE, NO_ANSWER = range(3)


@dataclass(frozen=True, eq=False)
class Predictions:
    """The predictions of a file.

    Attributes:
        answers: 0 negative, 1 positive, `NO_ANSWER` if missing or `uncertain`, int64 [n]; without
            this column, 1 for probabilities of at least 0.5.
        p_positive: float64 [n], NaN if missing; None without this column.
    """

    answers: NDArray[np.int64]
    p_positive: NDArray[np.float64] | None

    def __len__(self) -> int:
        return len(self.answers)


def read_predictions(path: str, encoding: str = "utf-8") -> Predictions:
    """Read a file with the columns `predicted`, `p_positive`, or both.

    Without a header, they are recognized by the values that `sentiment predict` writes.

    Raises:
        DataError: It cannot be read, has neither column, or has invalid predictions.
    """
    source = open_source(path, encoding=encoding, columns=[PREDICTED, P_POSITIVE])
    batches = Ahead(source.batches())
    of_answers, of_chances = _find_columns(source, first_rows(batches) or [])
    if of_answers is None and of_chances is None:
        source.close()
        there = ", ".join(f'"{name}"' for name in source.columns) or "none"
        raise DataError(
            f'{path}: neither a model nor predictions, which have a column "{PREDICTED}" or '
            f'"{P_POSITIVE}"; its columns: {there}'
        )
    answers: list[int] = []
    chances: list[float] = []
    for batch in batches:
        if of_answers is not None:
            for number, value in enumerate(values_of(batch, of_answers), start=batch.first_row):
                answers.append(_answer(value, path, number))
        if of_chances is not None:
            for number, value in enumerate(values_of(batch, of_chances), start=batch.first_row):
                chances.append(_chance(value, path, number))
    p_positive = np.array(chances, np.float64) if of_chances is not None else None
    if of_answers is None and p_positive is not None:
        found = np.where(p_positive >= 0.5, POSITIVE, NEGATIVE)
        return Predictions(np.where(np.isnan(p_positive), NO_ANSWER, found), p_positive)
    return Predictions(np.array(answers, np.int64), p_positive)


def _find_columns(source: Source, sample: Sequence[Row]) -> tuple[str | None, str | None]:
    """Return the columns of answers and of probabilities, None if missing."""
    if source.has_header:
        there = [name if name in source.columns else None for name in (PREDICTED, P_POSITIVE)]
        return there[0], there[1]
    for answers, chances in pairwise(source.columns):
        if all(_is_written(row[answers], row[chances]) for row in sample):
            return answers, chances
    return None, None


def _is_written(answer: str, chance: str) -> bool:
    """Return whether two cells are an answer and a probability of `sentiment predict`."""
    if answer in ("positive", "negative", "uncertain"):
        return chance.replace(".", "").replace("e-", "").isdecimal()  # such as 0.98 or 1e-06
    return answer == chance == ""


def _answer(value: Any, path: str, row: int) -> int:
    key = key_of(value)
    if key is None or key in NEUTRAL_WORDS or key == "uncertain":
        return NO_ANSWER
    if key == 1 or key in POSITIVE_WORDS:
        return POSITIVE
    if key == 0 or key in NEGATIVE_WORDS:
        return NEGATIVE
    what = f'"{value}" is no answer; write positive, negative or uncertain'
    raise row_error(path, row, what)


def _chance(value: Any, path: str, row: int) -> float:
    if key_of(value) is None:
        return nan
    try:
        chance = float(value)
    except (TypeError, ValueError):
        chance = nan
    if not 0 <= chance <= 1:
        what = f'"{value}" is no probability; write a number between 0 and 1'
        raise row_error(path, row, what)
    return chance
