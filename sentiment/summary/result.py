"""What a summary holds: plain values, which the terminal, JSON, CSV, page and pictures show.

A *group* is a tuple with one value of each column of `--by`; `()` is all reviews. A *period* is a
day, week or month, known by the ISO date of its first day. Shares are between 0 and 1.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Group = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Passage:
    """A review of the sample that themes, aspects and quotes are found in.

    Attributes:
        text: the review.
        label: the class of its answer, or of its own label if the reviews are labelled.
        place: where it was read: file and row, to be shown.
        period: the index of its period among `Summary.periods`; None without dates.
        likelihood: the probability of each class, float64 [K]; NaN where none is known.
    """

    text: str
    label: int
    place: str
    period: int | None
    likelihood: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Share:
    """The share of a class among the answered reviews of a cell.

    Attributes:
        value: the estimate, corrected for the model's errors where these are known.
        low: where its 95% interval begins.
        high: where it ends.
        counted: the share of answers, without correction.
        labelled: the share of labels; None if the reviews have none.
    """

    value: float
    low: float
    high: float
    counted: float
    labelled: float | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """The reviews of a group in a period.

    Attributes:
        group: `()` for all reviews.
        period: the first day of the period; None for all periods.
        reviews: how many have an answer; the base of the shares.
        uncertain: how many were left without an answer.
        shares: of each class, in the order of `Summary.classes`; () below the minimum of reviews.
    """

    group: Group
    period: str | None
    reviews: int
    uncertain: int
    shares: tuple[Share, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """A share that differs beyond chance: of a group from the rest, or of two halves of the time.

    Attributes:
        group: whose share it is.
        label: the class.
        share: its share there; of a move, that in the second half of the periods.
        other: the share in the rest; of a move, that in the first half.
        p: the p-value of a two-sided test.
        q: that adjusted for all comparisons made (Benjamini and Hochberg, 1995).
    """

    group: Group
    label: int
    share: float
    other: float
    p: float
    q: float


@dataclass(frozen=True, slots=True)
class Quote:
    """A sentence of a review, with the review behind it."""

    sentence: str
    review: str
    place: str
    label: int


@dataclass(frozen=True, slots=True)
class Theme:
    """Words and phrases that say the same, used more in one kind of review than in the others.

    Attributes:
        name: the phrase that stands for it.
        phrases: all of them, the most frequent first.
        label: the class whose reviews it is over-used in.
        reviews: how many reviews of that class in the sample have it.
        share: their share of the reviews of that class in the sample.
        z: the z-score of its log-odds (Monroe, Colaresi and Quinn, 2008).
        trend: its share among the reviews of that class in each period; () without dates.
        quotes: the most telling sentences.
    """

    name: str
    phrases: tuple[str, ...]
    label: int
    reviews: int
    share: float
    z: float
    trend: tuple[float | None, ...] = ()
    quotes: tuple[Quote, ...] = ()


@dataclass(frozen=True, slots=True)
class Aspect:
    """Something that people talk about.

    Attributes:
        name: a noun or noun phrase.
        phrases: the ways in which it is written, the most frequent first.
        sentences: how many sentences of the sample are about it.
        shares: the share of each class among those with an answer; () if there is none.
        asked: whether the user named it.
        quotes: the most telling sentences.
    """

    name: str
    phrases: tuple[str, ...]
    sentences: int
    shares: tuple[float, ...]
    asked: bool = False
    quotes: tuple[Quote, ...] = ()


@dataclass(frozen=True, slots=True)
class Repeated:
    """A text that stands more than once, word for word or nearly; it is counted once."""

    text: str
    times: int


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What the shares leave out.

    Attributes:
        empty: reviews without a word.
        unreadable: rows that could not be read, where these are skipped.
        uncertain: reviews left without an answer, other languages included.
        languages: other languages by name, with how many reviews are in each.
        repeated: how many reviews repeat an earlier one.
        texts: the texts that are repeated most.
    """

    empty: int = 0
    unreadable: int = 0
    uncertain: int = 0
    languages: tuple[tuple[str, int], ...] = ()
    repeated: int = 0
    texts: tuple[Repeated, ...] = ()


@dataclass(frozen=True, slots=True)
class Summary:
    """The summary of some reviews.

    Attributes:
        title: what was read, to be shown.
        model: the name of the model; "" for answers that a file has.
        rows: how many were read.
        reviews: how many were answered and counted.
        classes: the names of the answers.
        by: the names of the columns of groups.
        unit: `day`, `week` or `month`; "" without dates.
        periods: the first day of each period, in order, gaps included.
        corrected: whether the shares account for the model's errors.
        cells: that of all reviews first, then the periods, the groups by size, and both crossed.
        differences: groups that differ from the rest, the most certain first.
        moves: groups (`()` for all) whose share moved from the first half of the periods to the
            second, the most certain first.
        sampled: how many reviews the themes were found in.
        themes: of each class, the most telling first.
        aspects: the most frequent first; those asked for before.
        left_out: what the shares leave out.
        notes: what a reader must know, a sentence each.
    """

    title: str
    model: str
    rows: int
    reviews: int
    classes: tuple[str, ...]
    by: tuple[str, ...]
    unit: str
    periods: tuple[str, ...]
    corrected: bool
    cells: tuple[Cell, ...]
    differences: tuple[Difference, ...]
    moves: tuple[Difference, ...]
    sampled: int
    themes: tuple[Theme, ...]
    aspects: tuple[Aspect, ...]
    left_out: LeftOut
    notes: tuple[str, ...] = ()

    @property
    def total(self) -> Cell:
        """The cell of all reviews."""
        return self.cells[0]

    def of_periods(self, group: Group = ()) -> Sequence[Cell]:
        """Return the cells of a group in each period that has any reviews."""
        return [cell for cell in self.cells if cell.group == group and cell.period is not None]

    @property
    def groups(self) -> Sequence[Cell]:
        """The cells of the groups in all periods, the largest first."""
        return [cell for cell in self.cells if cell.group and cell.period is None]
