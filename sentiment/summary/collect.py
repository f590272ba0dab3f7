"""One pass over answered reviews: counts, a sample of texts, repeats; nothing grows with the rows.

What is collected does not depend on how many processes scored the reviews.
"""

import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sentiment.errors import DataError
from sentiment.model.cells import ScoreCells
from sentiment.repeats import Repeats
from sentiment.reviews.cells import cell
from sentiment.reviews.dates import MISSING, UNREADABLE, DateReader, first_days
from sentiment.reviews.rules import Key, key_of
from sentiment.summary.tally import GroupNames, Tally

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]

# What is no answer: too little is known of the review, it repeats another, it is empty.
UNCERTAIN, REPEATED, EMPTY = -1, -2, -3
_WITHOUT = 3
# Different labels that a column may have; with more it is no column of labels.
_LABELS = 100
# The sample of texts: reviews, and characters of all together.
SAMPLE, _CHARS = 12_000, 24_000_000
_LONGEST = 10_000  # characters of a text of the sample


class Rows(NamedTuple):
    """Some reviews with their answers.

    Attributes:
        texts: n reviews.
        probabilities: of each class, float64 [n, K]; NaN where not known.
        answers: labels, int64 [n]; `UNCERTAIN` without an answer.
        groups: the values of the columns of groups, [n] each.
        dates: the values of the column of dates, [n]; None without.
        labels: those of the column of labels, [n]; None without.
        name: of the file.
        numbers: of the rows in the file, [n].
    """

    texts: Sequence[str]
    probabilities: Floats
    answers: Numbers
    groups: Sequence[Sequence[Any]]
    dates: Sequence[Any] | None
    labels: Sequence[Any] | None
    name: str
    numbers: Sequence[int]


@dataclass(slots=True)
class Sampled:
    """A review of the sample; its day is as `DateReader.read` returns it."""

    rank: int
    text: str
    answer: int
    label: int
    day: int
    place: str
    likelihood: Floats


@dataclass
class _Sample:
    """The reviews whose texts have the smallest hashes: any part of them is a random sample."""

    chosen: list[Sampled] = field(default_factory=list)
    below: int = 1 << 32
    _chars: int = 0

    def add(self, each: Sampled) -> None:
        self.chosen.append(each)
        self._chars += len(each.text)
        if len(self.chosen) >= 2 * SAMPLE or self._chars >= 2 * _CHARS:
            self.cut()

    def cut(self) -> None:
        """Keep those with the smallest hashes, as many as may stay."""
        self.chosen.sort(key=lambda each: each.rank)
        chars = np.cumsum([len(each.text) for each in self.chosen])
        kept = min(SAMPLE, int(np.searchsorted(chars, _CHARS, side="right")))
        if kept < len(self.chosen):
            self.below = self.chosen[kept].rank
            del self.chosen[kept:]
        self._chars = int(chars[kept - 1]) if kept else 0


class Collector:
    """Collects what a summary is made of.

    Attributes:
        classes: the number of classes.
        cells: by which shares are corrected; None to count answers alone.
        groups: the groups found.
        dates: reads the dates.
        tally: counts by group, day and outcome.
        repeats: finds repeated texts; None to count them like others.
        rows: how many were given.
        languages: other languages, with how many reviews look to be in each.
        undated: how many reviews have no date, and how many something else there.
        first_unreadable: the place and the value of the first of the latter; "" for none.
        labels, label_values: the number of each label, by its key; a value of each, by its number.
    """

    def __init__(
        self,
        classes: int,
        cells: ScoreCells | None,
        by: int,
        zone: str | None,
        *,
        repeats: bool,
        sampling: bool,
    ) -> None:
        """Begin; `by` is the number of columns of groups.

        Raises:
            UsageError: there is no such time zone.
        """
        self.classes, self.cells = classes, cells
        self.groups = GroupNames(by)
        self.dates = DateReader(zone)
        self.repeats = Repeats() if repeats else None
        self.rows = 0
        self.languages: Counter[str] = Counter()
        self.undated = {MISSING: 0, UNREADABLE: 0}
        self.first_unreadable = ""
        self.labels: dict[Key, int] = {None: 0}
        self.label_values: list[Any] = [None]
        self._sampling, self._by_month = sampling, False
        self._sample = _Sample()
        self._size = cells.size if cells else 1
        self.tally = Tally(self._outcomes * (_LABELS + 1))

    @property
    def _outcomes(self) -> int:
        return _WITHOUT + self._size * self.classes

    @property
    def sample(self) -> list[Sampled]:
        """The sample of answered reviews, in an order that does not depend on that of the file."""
        self._sample.cut()
        return self._sample.chosen

    def add(self, rows: Rows) -> None:
        """Count some reviews.

        Raises:
            DataError: the column of labels has too many values.
        """
        self.rows += len(rows.texts)
        answers = rows.answers.copy()
        answers[[not text.strip() for text in rows.texts]] = EMPTY
        if self.repeats is not None:
            again = self.repeats.add(rows.texts) & (answers != EMPTY)
            answers[again] = REPEATED
        groups = self.groups.numbers_of(rows.groups, len(rows.texts))
        days = self._days(rows, answers)
        labels = self._label_numbers(rows)
        outcomes = self._outcome(rows.probabilities, answers)
        counted = self._months(days) if self._by_month else days
        self.tally.add(groups, counted, outcomes * (_LABELS + 1) + labels)
        if self.tally.is_large and not self._by_month:
            self._by_month = True
            self.tally.join_days(self._months)
        if self._sampling:
            self._choose(rows, answers, days, labels)

    def _days(self, rows: Rows, answers: Numbers) -> Numbers:
        if rows.dates is None:
            return np.full(len(rows.texts), MISSING)
        days = self.dates.read(rows.dates)
        counted = answers >= 0
        for kind in self.undated:
            self.undated[kind] += int(np.count_nonzero(counted & (days == kind)))
        bad = np.flatnonzero(days == UNREADABLE)
        if bad.size and not self.first_unreadable:
            value = cell(rows.dates[bad[0]])[:60]
            self.first_unreadable = f"{rows.name}, row {rows.numbers[bad[0]]}: {value!r}"
        return days

    def _label_numbers(self, rows: Rows) -> Numbers:
        if rows.labels is None:
            return np.zeros(len(rows.texts), np.int64)
        numbers, found = self.labels, []
        for value in rows.labels:
            key = key_of(value)
            if key not in numbers:
                if len(numbers) > _LABELS:
                    raise DataError(
                        f"{rows.name}: the column of labels has more than {_LABELS} different "
                        "values; name another with --label-column"
                    )
                numbers[key] = len(numbers)
                self.label_values.append(value)
            found.append(numbers[key])
        return np.array(found, np.int64)

    def _outcome(self, probabilities: Floats, answers: Numbers) -> Numbers:
        """Return a number for each: why there is no answer, or its cell and answer, int64 [n]."""
        outcome = answers + _WITHOUT
        known = np.flatnonzero(answers >= 0)
        if self.cells is not None:
            outcome[known] += self.classes * self.cells.index(probabilities[known])
        return outcome

    def outcomes(self, numbers: Numbers) -> tuple[Numbers, Numbers, Numbers]:
        """Return answer, cell and number of the label of outcomes in the tally, int64 [m] each."""
        outcome, label = np.divmod(numbers, _LABELS + 1)
        cells, answers = np.divmod(np.maximum(outcome - _WITHOUT, 0), self.classes)
        return np.where(outcome < _WITHOUT, outcome - _WITHOUT, answers), cells, label

    def label_counts(self) -> list[int]:
        """Return how many reviews have each label, by its number."""
        _, _, outcomes, counts = self.tally.table()
        found = np.bincount(outcomes % (_LABELS + 1), counts, minlength=len(self.label_values))
        return found.astype(np.int64).tolist()

    def _months(self, days: Numbers) -> Numbers:
        """Return the first day of the months of days; what is no day stays as it is."""
        days = self.dates.settled(days).copy()
        dated = days > MISSING
        days[dated] = first_days(days[dated], "month")
        return days

    def _choose(self, rows: Rows, answers: Numbers, days: Numbers, labels: Numbers) -> None:
        """Add reviews with small hashes to the sample."""
        for row in np.flatnonzero(answers >= 0).tolist():
            text = rows.texts[row][:_LONGEST]
            rank = zlib.crc32(text.encode("utf-8", "surrogatepass")) * 0x9E3779B1 % (1 << 32)
            if rank < self._sample.below:
                number = rows.numbers[row]
                chosen = Sampled(
                    rank, text, int(answers[row]), int(labels[row]), int(days[row]),
                    f"{rows.name}, row {number}", rows.probabilities[row].copy(),
                )  # fmt: skip
                self._sample.add(chosen)
