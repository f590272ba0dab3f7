"""Files of predictions, as `sentiment predict` or another program writes them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import nan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment.errors import DataError
from sentiment.labels import (
    MAX_CLASSES,
    NEGATIVE,
    NEUTRAL,
    POSITIVE,
    SENTIMENT,
    UNCERTAIN,
    WITH_NEUTRAL,
    LabelSet,
    can_be_class,
)
from sentiment.reviews.batch import Ahead, Batch, Source, first_readable, row_error
from sentiment.reviews.cells import and_more
from sentiment.reviews.dataset import SHOWN_CLASSES
from sentiment.reviews.opening import open_source
from sentiment.reviews.rules import WORDS, class_key, key_of, numbered
from sentiment.reviews.streams import ReadOptions
from sentiment.values import number_of

PREDICTED = "predicted"
NO_ANSWER = -1
_FURTHER = -2  # a class that was not asked for
_LEAST_SUM = 0.999  # of the rounded probabilities of all classes


@dataclass(frozen=True, eq=False)
class Predictions:
    """The predictions of a file.

    Attributes:
        answers: int64 [n]: labels, `NO_ANSWER` if missing or `uncertain`. Without this column, or
            where the file has further classes, the label of the highest probability, of two classes
            the second for at least 0.5.
        probabilities: float64 [n, K], NaN if missing; None without these columns. Those of a file
            with further classes are scaled to add up to 1, as `Model.restricted` does.
    """

    answers: NDArray[np.int64]
    probabilities: NDArray[np.float64] | None

    def __len__(self) -> int:
        return len(self.answers)


class PredictionFile:
    """A file with the columns `predicted`, the probabilities of all classes, or both.

    Without a header, they are recognized by the values that `sentiment predict` writes. It is
    opened before the classes are known that it is read for, and read once, as a pipe can be.
    """

    def __init__(self, path: str, names: Sequence[str], encoding: str = "utf-8") -> None:
        """Open a file.

        Args:
            path: of the file.
            names: of the classes that it may have.
            encoding: of a text file.

        Raises:
            DataError: it cannot be read.
        """
        self._path = path
        columns = (PREDICTED, *(f"p_{name}" for name in names))
        self._source = open_source(path, ReadOptions(encoding=encoding, keep=columns))
        self._batches = Ahead(self._source.batches())
        self._sample = first_readable(self._batches) or Batch([])

    def classes_among(self, names: Sequence[str]) -> tuple[str, ...]:
        """Return those classes that the file has a probability of; () if it has none.

        Two classes have that of the second alone, so that of *positive* implies *negative*.
        """
        found = [name for name in names if f"p_{name}" in self._source.columns]
        return (NEGATIVE, POSITIVE) if found == [POSITIVE] else tuple(found)

    def read(self, labels: LabelSet) -> Predictions:
        """Return the predictions; close the file.

        Raises:
            DataError: it has neither column, or has invalid predictions.
        """
        answer_column, p_columns = _find_columns(self._source, self._sample, labels)
        if answer_column is None and not p_columns:
            self._source.close()
            there = ", ".join(f'"{name}"' for name in self._source.columns) or "none"
            ps = and_more([f'"{name}"' for name, _ in labels.columns], SHOWN_CLASSES)
            raise DataError(
                f'{self._path}: neither a model nor predictions, which have a column "{PREDICTED}" '
                f"or {ps}; its columns: {there}"
            )
        meaning = self._further_classes() | _meaning_of(labels)
        answers: list[int] = []
        found: list[list[float]] = []
        for batch in self._batches:
            if answer_column is not None:
                for number, value in enumerate(batch.column(answer_column), start=batch.first_row):
                    answers.append(_answer(value, labels, meaning, self._path, number))
            rows = zip(*(batch.column(column) for column in p_columns), strict=True)
            for number, row in enumerate(rows, start=batch.first_row):
                found.append([_probability(value, self._path, number) for value in row])
        given = np.array(answers, np.int64)
        if not p_columns:
            return Predictions(given, None)
        return _with_probabilities(
            given if answer_column else None,
            np.array(found, np.float64).reshape(-1, len(p_columns)),
        )

    def _further_classes(self) -> dict[str, int]:
        """Return all classes that the file has a probability of, as answers that are no label."""
        columns = [name for name in self._source.columns if name.startswith("p_")]
        return {_kind_of(name.removeprefix("p_")): _FURTHER for name in columns}


def classes_of(columns: Sequence[str]) -> LabelSet | None:
    """Return the classes that a file of answers has probabilities of; None if it is none.

    They are those of the columns `p_…` beside `predicted`, in the order of `predict`'s models.
    """
    names = [name.removeprefix("p_") for name in columns if name.startswith("p_")]
    if PREDICTED not in columns or not names:
        return None
    if set(names) <= set(WITH_NEUTRAL.names):
        return SENTIMENT if NEUTRAL not in names else WITH_NEUTRAL
    if len(names) == 1 or not all(map(can_be_class, names)) or len(names) > MAX_CLASSES:
        return None
    others = [name for name in names if name != POSITIVE]
    return LabelSet((*others, POSITIVE) if POSITIVE in names else tuple(others))


def two_classes_of(columns: Sequence[str], answers: Iterable[Any]) -> LabelSet | None:
    """Return the two classes of a file that has the probability of the second alone.

    The first is the other one that is answered. None if there is none, or not one such column.
    """
    names = [name.removeprefix("p_") for name in columns if name.startswith("p_")]
    if PREDICTED not in columns or len(names) != 1 or not can_be_class(names[0]):
        return None
    own = _kind_of(names[0])
    for answer in answers:
        kind = _kind_of(answer)
        if (
            kind not in (own, UNCERTAIN)
            and key_of(answer) is not None
            and can_be_class(str(answer))
        ):
            return LabelSet((str(answer), names[0]))
    return None


def predictions_in(batch: Batch, labels: LabelSet, columns: Sequence[str]) -> Predictions:
    """Read the answers of a batch of a file that has these columns, which `classes_of` knows.

    Raises:
        DataError: an answer or a probability is none.
    """
    meaning, name = _meaning_of(labels), batch.name
    numbers = [batch.row_number(place) for place in range(len(batch))]
    answers = [
        _answer(value, labels, meaning, name, number)
        for value, number in zip(batch.column(PREDICTED), numbers, strict=True)
    ]
    written_columns = [f"p_{each}" for each in labels.names if f"p_{each}" in columns]
    rows = zip(*map(batch.column, written_columns), strict=True)
    found = [
        [_probability(value, name, number) for value in row]
        for number, row in zip(numbers, rows, strict=True)
    ]
    written = np.array(found, np.float64).reshape(-1, len(written_columns))
    if len(written_columns) == 1:
        written = np.hstack([1 - written, written])
    return Predictions(np.array(answers, np.int64), written)


def _with_probabilities(
    answers: NDArray[np.int64] | None, written: NDArray[np.float64]
) -> Predictions:
    """Return answers, [n], and probabilities, [n, K]; that of the second alone is enough of two."""
    if written.shape[1] == 1:
        written = np.hstack([1 - written, written])
    total = written.sum(axis=1, keepdims=True)
    of_more = bool((total < _LEAST_SUM).any())
    if of_more:
        written = np.divide(written, total, out=np.full_like(written, nan), where=total > 0)
    # The last of equal ones: of two classes, the second from 0.5 on.
    best = written.shape[1] - 1 - np.argmax(written[:, ::-1], axis=1)
    best[np.isnan(written).any(axis=1)] = NO_ANSWER
    if answers is None:
        answers = best
    elif of_more:
        answers = np.where(answers == NO_ANSWER, NO_ANSWER, best)
    return Predictions(np.where(answers == _FURTHER, NO_ANSWER, answers), written)


def _find_columns(
    source: Source, sample: Batch, labels: LabelSet
) -> tuple[str | None, Sequence[str]]:
    """Return the columns of answers and of probabilities by label; None and () if missing.

    Of two classes there may be that of the second alone.
    """
    written = [name for name, _ in labels.columns]
    by_label = [f"p_{name}" for name in labels.names]
    if source.has_header:
        answers = PREDICTED if PREDICTED in source.columns else None
        for ps in (by_label, written):
            if all(name in source.columns for name in ps):
                return answers, ps
        return answers, ()
    # Text output has one probability.
    for width in dict.fromkeys((len(written), 1)):
        for start in range(len(source.columns) - width):
            answers, *ps = source.columns[start : start + 1 + width]
            rows = zip(*map(sample.column, (answers, *ps)), strict=True)
            if all(_is_written(answer, row, labels) for answer, *row in rows):
                if width < len(written):
                    return answers, ()
                order = [0] if labels.is_binary else [written.index(name) for name in by_label]
                return answers, [ps[place] for place in order]
    return None, ()


def _is_written(answer: str, row: Sequence[str], labels: LabelSet) -> bool:
    """Return whether cells are an answer and the probabilities of `sentiment predict`."""
    if answer in labels.names or answer == UNCERTAIN:
        return all(p.replace(".", "").replace("e-", "").isdecimal() for p in row)  # 0.98 or 1e-06
    return not any((answer, *row))


def _meaning_of(labels: LabelSet) -> dict[str, int]:
    """Return the labels that answers mean: the names of classes, and other words for these."""
    names = {name: label for label, name in enumerate(labels.names)}
    words = {str(word): names[name] for word, name in WORDS.meaning.items() if name in names}
    own = {_kind_of(name): label for name, label in names.items()}
    numbers = {"0": 0, "1": 1} if labels.is_binary else {}
    return numbers | words | own


def _kind_of(value: Any) -> str:
    return class_key(key_of(value, frozenset()))


def _answer(value: Any, labels: LabelSet, meaning: dict[str, int], path: str, row: int) -> int:
    kind, key = _kind_of(value), key_of(value)
    if kind in meaning:
        return meaning[kind]
    number, word = numbered(key), WORDS.meaning_of(key)
    if number is not None and labels.is_binary and number < 2:
        return int(number)
    if word in labels.names:
        return labels.names.index(word)
    if key is None or NEUTRAL in (kind, word) or kind == UNCERTAIN:
        return NO_ANSWER
    names = and_more(labels.names, SHOWN_CLASSES)
    what = f'"{value}" is no answer; write {names} or uncertain'
    raise row_error(path, row, what)


def _probability(value: Any, path: str, row: int) -> float:
    if key_of(value) is None:
        return nan
    p = number_of(value)
    if not 0 <= p <= 1:
        what = f'"{value}" is no probability; write a number between 0 and 1'
        raise row_error(path, row, what)
    return p
