"""Reviews with labels."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from sentiment.digests import digests_of
from sentiment.errors import DataError
from sentiment.reviews.rules import Rules
from sentiment.reviews.texts import taken


@dataclass(frozen=True)
class Assumed:
    """Labels that do not say themselves which way round they are, such as 0 and 1.

    Attributes:
        name: the files that hold them, in few words.
        column: the column they stand in.
        negative, positive: what was read as either, as `--negative` and `--positive` take it.
        spans: which of all rows that were read are theirs: the first, and the one behind the last.
    """

    name: str
    column: str
    negative: tuple[str, ...]
    positive: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]

    def rows_of(self, places: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return which of some reviews have these labels, by their places; int64 [m]."""
        theirs = np.zeros(places.size, np.bool_)
        for start, end in self.spans:
            theirs |= (start <= places) & (places < end)
        return np.flatnonzero(theirs)


@dataclass(frozen=True, eq=False)
class LabelledReviews:
    """Texts with labels, ready to train on.

    Attributes:
        texts: n texts, none empty; a list, or in a file if there is no room for them.
        labels: int8 [n]: 1 positive, 0 negative.
        notes: How the files were read, to be announced.
        warnings: What the user should know about rows that were dropped.
        rules: The rules by which the labels were read, for `read_labelled(…, like=…)`.
        columns: n cells of each further column that was to be kept, by the name asked for.
        places: int64 [n]: which row of all that were read each is, from 0; those that were
            dropped are missing.
        rows_read: How many rows were read.
        files: Each file that was read, and how many rows of it; none if made by hand.
        assumed: Labels that could be the other way round, for all that they say.
        one_reading: Whether all labels were read together, so that options can turn them round.
    """

    texts: Sequence[str]
    labels: NDArray[np.int8]
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    rules: Rules = field(default_factory=dict, repr=False)
    columns: dict[str, list[str]] = field(default_factory=dict, repr=False)
    places: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64), repr=False)
    rows_read: int = 0
    files: tuple[tuple[str, int], ...] = field(default=(), repr=False)
    assumed: tuple[Assumed, ...] = field(default=(), repr=False)
    one_reading: bool = True

    def __post_init__(self) -> None:
        if not self.rows_read:  # made by hand: none was dropped
            object.__setattr__(self, "places", np.arange(len(self.texts)))
            object.__setattr__(self, "rows_read", len(self.texts))

    def __len__(self) -> int:
        return len(self.texts)

    def take(self, rows: NDArray[np.int64] | Sequence[int]) -> "LabelledReviews":
        """Give the rows with these 0-based numbers, in this order."""
        chosen = np.asarray(rows, dtype=np.int64)
        return replace(
            self,
            texts=taken(self.texts, chosen),
            labels=self.labels[chosen],
            columns={name: [cells[row] for row in chosen] for name, cells in self.columns.items()},
            places=self.places[chosen],
        )

    def place(self, number: int) -> tuple[str, int]:
        """Say where the review with this 0-based number stands: its file, and its row from 1 on."""
        place = int(self.places[number])
        ends = list(accumulate((rows for _, rows in self.files), initial=0))
        which = bisect_right(ends, place) - 1
        return (self.files[which][0] if self.files else ""), place - ends[which] + 1

    def digest(self) -> NDArray[np.uint64]:
        """Give a stable 64-bit hash of each text, the same where only white space differs.

        Returns:
            uint64 [n], for finding rows that two sets share; computed once.
        """
        return self._digest

    @cached_property
    def _digest(self) -> NDArray[np.uint64]:
        return digests_of(self.texts)


def require_both_classes(reviews: LabelledReviews, name: str, purpose: str = "training") -> None:
    """Make sure there is something to tell apart.

    Args:
        reviews: What was read.
        name: What it was read from.
        purpose: What it is for.

    Raises:
        DataError: All reviews have the same label, or there is none.
    """
    positive = int(np.count_nonzero(reviews.labels))
    if 0 < positive < len(reviews):
        return
    found = (
        f"only {'positive' if positive else 'negative'} reviews" if len(reviews) else "no reviews"
    )
    raise DataError(f"{name}: {found} (n={len(reviews):,}); {purpose} needs both classes")
