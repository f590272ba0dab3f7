"""Counts → shares of groups and periods, and which of them differ beyond chance."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sentiment.evaluation.shares import ShareModel, Shares, adjusted, contrast, counted_shares
from sentiment.model.cells import ScoreCells
from sentiment.reviews.dates import iso
from sentiment.summary.collect import UNCERTAIN
from sentiment.summary.result import Cell, Difference, Group, Share

Numbers = NDArray[np.int64]

_BEYOND_CHANCE = 0.05  # of what is called a difference, so much is due to chance
# Groups that are compared with the rest, and shown by period: the largest.
_COMPARED = 1_000
# Cells that are estimated at once.
_AT_ONCE = 10_000


class Table(NamedTuple):
    """What was counted, a row for each group, period, answer, cell and label, int64 [m] each."""

    groups: Numbers
    periods: Numbers
    answers: Numbers
    cells: Numbers
    labels: Numbers
    counts: Numbers

    def where(self, chosen: NDArray[np.bool_]) -> "Table":
        """Return the rows that are chosen."""
        return Table(*(column[chosen] for column in self))


def by_size(answered: Table, groups: int) -> list[int]:
    """Return the numbers of the groups that have answers, the largest first."""
    sizes = np.zeros(groups, np.int64)
    np.add.at(sizes, answered.groups, answered.counts)
    order = np.argsort(-sizes, kind="stable")
    return [int(group) for group in order if sizes[group]]


class Counter:
    """Counts the reviews of groups and periods, and estimates their shares.

    Attributes:
        model: what corrects the shares; None to count answers alone.
        whole: what the shares of all reviews are estimated from.
        minimum, classes: as given.
        small: how many groups have fewer reviews.
    """

    def __init__(
        self,
        table: Table,
        score_cells: ScoreCells | None,
        classes: int,
        labels: Numbers | None,
        minimum: int,
    ) -> None:
        """Prepare to count.

        Args:
            table: all that was counted.
            score_cells: the cells it was counted in; None for answers alone.
            classes: the number of classes.
            labels: the class of each label by its number, −1 for none; None without labels.
            minimum: the fewest reviews of which shares are estimated.
        """
        self.model = None if score_cells is None else ShareModel.of(score_cells)
        self.minimum, self.classes = minimum, classes
        self._cells = score_cells.size if score_cells else classes
        self._labels = labels
        self._answered = table.where(table.answers >= 0)
        self._uncertain = table.where(table.answers == UNCERTAIN)
        self.small = 0
        self.whole = self.evidence(lambda each: np.zeros_like(each.groups), 1)[0]

    def evidence(self, key: Callable[[Table], Numbers], size: int) -> Numbers:
        """Count what shares are estimated from, by a key of each row below `size`; −1 for none."""
        table = self._answered
        column = table.answers if self.model is None else table.cells
        return _added(key(table), column, table.counts, (size, self._cells))

    def cells(
        self, key: Callable[[Table], Numbers], names: Sequence[tuple[Group, str | None]]
    ) -> list[Cell]:
        """Return the cells of some groups and periods, by the key of each row."""
        size, table = len(names), self._answered
        answers = _added(key(table), table.answers, table.counts, (size, self.classes))
        uncertain = self._uncertain
        others = _added(
            key(uncertain), np.zeros_like(uncertain.answers), uncertain.counts, (size, 1)
        )
        reviews = answers.sum(axis=1)
        enough = np.flatnonzero(reviews >= self.minimum)
        evidence = self.evidence(key, size)[enough]
        shares = (
            self.model.estimate_parts(evidence, self.whole)
            if self.model
            else counted_shares(evidence)
        )
        labelled = self._labelled(key, size)
        made: dict[int, tuple[Share, ...]] = {
            place: _shares(shares, number, answers[place], labelled[place] if labelled else ())
            for number, place in enumerate(enough.tolist())
        }
        return [
            Cell(group, period, int(reviews[place]), int(others[place, 0]), made.get(place, ()))
            for place, (group, period) in enumerate(names)
        ]

    def _labelled(self, key: Callable[[Table], Numbers], size: int) -> list[list[float]] | None:
        """Return the shares of labels in each cell; None without labels."""
        if self._labels is None:
            return None
        table = self._answered
        labels = self._labels[table.labels]
        has = labels >= 0
        counts = _added(
            np.where(has, key(table), -1), np.maximum(labels, 0), table.counts, (size, self.classes)
        )
        total = counts.sum(axis=1, keepdims=True)
        found: list[list[float]] = np.where(
            total > 0, counts / np.maximum(total, 1), np.nan
        ).tolist()
        return found


def _added(rows: Numbers, columns: Numbers, counts: Numbers, shape: tuple[int, int]) -> Numbers:
    """Add counts up into a table; rows below 0 are left out."""
    table = np.zeros(shape, np.int64)
    kept = rows >= 0
    np.add.at(table, (rows[kept], columns[kept]), counts[kept])
    return table


def _shares(
    shares: Shares, number: int, answers: Numbers, labelled: Sequence[float]
) -> tuple[Share, ...]:
    counted = (answers / answers.sum()).tolist()
    of_labels = labelled if labelled and not np.isnan(labelled[0]) else [None] * len(counted)
    value, low, high = (each[number].tolist() for each in shares)
    return tuple(map(Share, value, low, high, counted, of_labels))


def cells_of(
    counter: Counter,
    names: Sequence[Group],
    groups: Sequence[int],
    periods: Sequence[int],
    grouped: bool,
) -> Iterator[Cell]:
    """Yield the cells of all, of the periods, of the groups, and of both crossed."""
    total = counter.cells(lambda table: np.zeros_like(table.groups), [((), None)])
    if not total[0].shares:  # of few reviews, the total is shown all the same
        minimum, counter.minimum = counter.minimum, 1
        total = counter.cells(lambda table: np.zeros_like(table.groups), [((), None)])
        counter.minimum = minimum
    yield from total
    shown = [iso(day) for day in periods]
    yield from _with_reviews(
        counter.cells(lambda table: table.periods, [((), day) for day in shown])
    )
    if not grouped:
        return
    place = _places(groups, len(names))
    every = counter.cells(
        lambda table: place[table.groups], [(names[each], None) for each in groups]
    )
    yield from every
    counter.small = sum(not cell.shares for cell in every)
    large = [group for group, cell in zip(groups, every, strict=True) if cell.shares][:_COMPARED]
    step = max(_AT_ONCE // max(len(shown), 1), 1)
    for at in range(0, len(large) if shown else 0, step):
        yield from _crossed(counter, names, large[at : at + step], shown)


def _crossed(
    counter: Counter, names: Sequence[Group], groups: Sequence[int], periods: Sequence[str]
) -> Iterator[Cell]:
    """Yield the cells of each group in each period."""
    place = _places(groups, len(names))

    def key(table: Table) -> Numbers:
        both = place[table.groups] * len(periods) + table.periods
        return np.where((place[table.groups] >= 0) & (table.periods >= 0), both, -1)

    pairs = [(names[group], day) for group in groups for day in periods]
    yield from _with_reviews(counter.cells(key, pairs))


def _with_reviews(cells: Sequence[Cell]) -> Iterator[Cell]:
    return (cell for cell in cells if cell.reviews or cell.uncertain)


def _places(groups: Sequence[int], count: int) -> Numbers:
    """Return the place of each group among some; −1 for others."""
    places = np.full(count, -1)
    places[np.array(groups, np.int64)] = np.arange(len(groups))
    return places


def differences(
    counter: Counter, names: Sequence[Group], groups: Sequence[int]
) -> tuple[Difference, ...]:
    """Return the groups whose shares differ from those of all others beyond chance."""
    compared = groups[:_COMPARED]
    place = _places(compared, len(names))
    counts = counter.evidence(lambda table: place[table.groups], len(compared))
    rest = counter.evidence(lambda table: np.zeros_like(table.groups), 1) - counts
    return _beyond_chance(counter, [names[group] for group in compared], counts, rest)


def moves(
    counter: Counter, names: Sequence[Group], groups: Sequence[int], periods: int
) -> tuple[Difference, ...]:
    """Return where shares moved from the first half of the periods to the second beyond chance."""
    if periods < 2:
        return ()
    compared = groups[:_COMPARED]
    place = _places(compared, len(names))

    def of_half(late: bool) -> Numbers:
        def inside(table: Table, rows: Numbers) -> Numbers:
            chosen = (table.periods >= 0) & ((table.periods >= periods // 2) == late)
            return np.where(chosen, rows, -1)

        every = counter.evidence(lambda table: inside(table, np.zeros_like(table.groups)), 1)
        if names == [()]:
            return every
        each = counter.evidence(lambda table: inside(table, place[table.groups]), len(compared))
        return np.concatenate([every, each])

    shown = [(), *(names[group] for group in compared if names != [()])]
    return _beyond_chance(counter, shown, of_half(True), of_half(False))


def _beyond_chance(
    counter: Counter, names: Sequence[Group], counts: Numbers, others: Numbers
) -> tuple[Difference, ...]:
    """Return the differences of pairs with enough reviews, the most certain first."""
    sizes = np.minimum(counts.sum(axis=1), others.sum(axis=1))
    enough = np.flatnonzero(sizes >= max(counter.minimum, 1))
    if not enough.size:
        return ()
    found = contrast(counter.model, counts[enough], others[enough], counter.whole)
    labels = 1 if counter.classes == 2 else counter.classes  # of two, one share tells the other
    p = found.p[:, :labels]
    q = adjusted(p.ravel()).reshape(p.shape)
    differing = [
        Difference(
            names[enough[row]], label,
            float(found.share[row, label]), float(found.other[row, label]),
            float(p[row, label]), float(q[row, label]),
        )
        for row, label in np.argwhere(q <= _BEYOND_CHANCE).tolist()
    ]  # fmt: skip
    return tuple(sorted(differing, key=lambda each: (each.p, -abs(each.share - each.other))))
