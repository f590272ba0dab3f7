"""Counts of reviews by group, day and outcome, in memory that grows with what differs only."""

import zlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment.reviews.cells import cell
from sentiment.reviews.rules import text_in
from sentiment.summary.result import Group

Numbers = NDArray[np.int64]

# The days that `reviews/dates.py` gives, settled or not, plus one.
_DAYS = 1 << 24
# Counted one by one until they are sorted in, and different ones kept before they are joined.
_PENDING, _MOST = 1 << 18, 1 << 22

MOST_GROUPS = 10_000
OTHERS, NOTHING = "(others)", "(none)"
_LONGEST = 80  # characters of the name of a group


class GroupNames:
    """Numbers the groups that the values of some columns make.

    Of more than 10,000 groups the first are told apart; the rest are one group.

    Attributes:
        names: of each group, by its number.
        overflowed: whether there were more.
    """

    def __init__(self, columns: int) -> None:
        """Begin with the group of all, if there are no columns, or without any group."""
        self.names: list[Group] = [] if columns else [()]
        self.overflowed = False
        self._numbers: dict[Any, int] = {}
        self._columns = columns

    def numbers_of(self, columns: Sequence[Sequence[Any]], rows: int) -> Numbers:
        """Return the number of the group of each row, int64 [rows]."""
        if not columns:
            return np.zeros(rows, np.int64)
        numbers, found = self._numbers, []
        for values in zip(*(map(_named, column) for column in columns), strict=True):
            number = numbers.get(values)
            found.append(self._new(values) if number is None else number)
        return np.array(found, np.int64)

    def _new(self, values: Group) -> int:
        if len(self.names) >= MOST_GROUPS:
            self.overflowed = True
            values = (OTHERS,) * self._columns
            if (number := self._numbers.get(values)) is not None:
                return number
        self._numbers[values] = len(self.names)
        self.names.append(values)
        return len(self.names) - 1


def _named(value: Any) -> str:
    """Return a value as the name of a group, one line."""
    text = value if isinstance(value, str) else text_in(value) or cell(value)
    text = text.strip()
    if len(text) > _LONGEST:  # others may begin alike
        told = zlib.crc32(text.encode("utf-8", "surrogatepass"))
        text = f"{text[: _LONGEST - 9]}…{told:08x}"
    return text or NOTHING


class Tally:
    """Counts reviews by group, day and outcome."""

    def __init__(self, outcomes: int) -> None:
        """Begin with nothing; outcomes are numbers below `outcomes`."""
        self._outcomes = outcomes
        self._keys = np.zeros(0, np.int64)
        self._counts = np.zeros(0, np.int64)
        self._pending: list[Numbers] = []
        self._size = 0

    def add(self, groups: Numbers, days: Numbers, outcomes: Numbers) -> None:
        """Count reviews by their groups, days (from −1 on) and outcomes, int64 [n] each."""
        self._pending.append(self._key(groups, days, outcomes))
        self._size += groups.size
        if self._size >= _PENDING:
            self._fold()

    @property
    def is_large(self) -> bool:
        """Whether so many different ones are kept that days should be joined."""
        return self._keys.size > _MOST

    def join_days(self, joined: Callable[[Numbers], Numbers]) -> None:
        """Replace days by others, such as the first of their months."""
        groups, days, outcomes, counts = self.table()
        self._keys, self._counts = _added_up(self._key(groups, joined(days), outcomes), counts)

    def table(self) -> tuple[Numbers, Numbers, Numbers, Numbers]:
        """Return groups, days, outcomes and how many reviews have them, int64 [m] each."""
        self._fold()
        rest, outcomes = np.divmod(self._keys, self._outcomes)
        groups, days = np.divmod(rest, _DAYS)
        return groups, days - 1, outcomes, self._counts

    def _key(self, groups: Numbers, days: Numbers, outcomes: Numbers) -> Numbers:
        return (groups * _DAYS + days + 1) * self._outcomes + outcomes

    def _fold(self) -> None:
        keys = np.concatenate([self._keys, *self._pending])
        ones = np.ones(keys.size - self._keys.size, np.int64)
        self._keys, self._counts = _added_up(keys, np.concatenate([self._counts, ones]))
        self._pending, self._size = [], 0


def _added_up(keys: Numbers, counts: Numbers) -> tuple[Numbers, Numbers]:
    """Return each key once, ascending, with the sum of its counts."""
    order = np.argsort(keys, kind="stable")
    keys, counts = keys[order], counts[order]
    first = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1]))[: keys.size])
    if not first.size:
        return keys, counts
    return keys[first], np.add.reduceat(counts, first)
