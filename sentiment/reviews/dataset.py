"""Labelled reviews; splits and folds."""

import shlex
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import accumulate
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sentiment.digests import digests_of
from sentiment.errors import DataError, UsageError
from sentiment.labels import CLASSES, NEUTRAL, SENTIMENT, LabelSet
from sentiment.reviews.batch import numbered_row
from sentiment.reviews.cells import and_more
from sentiment.reviews.rules import Rules
from sentiment.storage import take

MIN_OF_CLASS = 5
SHOWN_CLASSES = 5


@dataclass(frozen=True)
class Assumed:
    """Labels whose orientation was assumed, such as 0 and 1."""

    name: str  # their files, in short
    column: str
    negative: tuple[str, ...]  # the values read as such, as `--negative` takes them
    positive: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]  # their rows among all rows read: (first, last + 1)

    def rows_of(self, places: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the indices of the places that have these labels; int64 [m]."""
        theirs = np.zeros(places.size, np.bool_)
        for start, end in self.spans:
            theirs |= (start <= places) & (places < end)
        return np.flatnonzero(theirs)


class ReadFile(NamedTuple):
    """A file that was read."""

    name: str
    rows: int
    gaps: Sequence[int] = ()  # of rows left out, as `Batch.gaps`


@dataclass(frozen=True, eq=False)
class LabelledReviews:
    """Texts with labels, ready to train on.

    Attributes:
        texts: n non-empty texts; a list, or in a file if there are too many for memory.
        labels: int16 [n], indices into `label_set`.
        notes: How the files were read, for display.
        warnings: Warnings about dropped rows.
        rules: The rules by which the labels were read, for `read_labelled`.
        columns: n cells of each column to keep, by the name asked for.
        places: int64 [n]: the index of each review among all rows read, including dropped ones.
        rows_read: The number of rows read.
        files: Each file and its rows; empty if made by hand.
        assumed: Labels that could be the other way round.
        one_reading: Whether all labels were read together, so that options can reverse them.
        label_set: The classes.
        weights: how much each review counts in training, float64 [n]; 1 each by default.
    """

    texts: Sequence[str]
    labels: NDArray[np.int16]
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    rules: Rules = field(default_factory=dict, repr=False)
    columns: dict[str, list[str]] = field(default_factory=dict, repr=False)
    places: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64), repr=False)
    rows_read: int = 0
    files: tuple[ReadFile, ...] = field(default=(), repr=False)
    assumed: tuple[Assumed, ...] = field(default=(), repr=False)
    one_reading: bool = True
    label_set: LabelSet = SENTIMENT
    weights: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0), repr=False)

    def __post_init__(self) -> None:
        if not self.weights.size:
            object.__setattr__(self, "weights", np.ones(len(self.texts)))
        if not self.rows_read:  # made by hand, without dropped rows
            object.__setattr__(self, "places", np.arange(len(self.texts)))
            object.__setattr__(self, "rows_read", len(self.texts))

    def __len__(self) -> int:
        return len(self.texts)

    def take(self, rows: NDArray[np.int64] | Sequence[int]) -> "LabelledReviews":
        """Return the rows with these 0-based indices, in this order."""
        chosen = np.asarray(rows, dtype=np.int64)
        return replace(
            self,
            texts=take(self.texts, chosen),
            labels=self.labels[chosen],
            weights=self.weights[chosen],
            columns={name: [cells[row] for row in chosen] for name, cells in self.columns.items()},
            places=self.places[chosen],
        )

    def weighted(self, weights: NDArray[np.float64]) -> "LabelledReviews":
        """Return the reviews with these weights, [n]; one of weight 0 is left out.

        Only their ratios count: they are scaled to a mean of 1.
        """
        kept = np.flatnonzero(weights)
        return replace(self, weights=scaled_weights(weights)).take(kept)

    def place(self, number: int) -> tuple[str, int]:
        """Return the file and the 1-based row of the review with this 0-based index."""
        place = int(self.places[number])
        if not self.files:
            return "", place + 1
        ends = list(accumulate((file.rows for file in self.files), initial=0))
        which = bisect_right(ends, place) - 1
        file = self.files[which]
        return file.name, numbered_row(place - ends[which], file.gaps)

    def digest(self) -> NDArray[np.uint64]:
        """Return a stable 64-bit hash of each text, uint64 [n]; white space makes no difference."""
        return self._digest

    @cached_property
    def _digest(self) -> NDArray[np.uint64]:
        return digests_of(self.texts)


def without_neutral(reviews: LabelledReviews, named: Sequence[str] = ()) -> LabelledReviews | None:
    """Return reviews with the classes negative and positive alone, if no review is neutral.

    Return None if there are other classes, or if neutral is among those that the user named.
    """
    names = reviews.label_set.names
    present = {names[label] for label in np.unique(reviews.labels).tolist()}
    if NEUTRAL in named or not present == set(CLASSES) == set(names) - {NEUTRAL} != set(names):
        return None
    labels = np.array(SENTIMENT.indices_of(names), np.int16)[reviews.labels]
    return replace(reviews, labels=labels, label_set=SENTIMENT)


def scaled_weights(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return weights, [n], not all 0, as multiples of the mean of those above 0."""
    relative = weights / weights.max()  # so that their sum is finite
    return relative / relative[relative > 0].mean()


def require_classes(reviews: LabelledReviews, name: str, purpose: str = "training") -> None:
    """Check that at least two classes occur; for training on more, that each has enough reviews.

    Args:
        reviews: The reviews.
        name: What to call them in the message.
        purpose: What they are for.

    Raises:
        DataError: All reviews have the same label, or there are none; or a class is too small.
    """
    names = reviews.label_set.names
    counts = dict(
        zip(names, np.bincount(reviews.labels, minlength=len(names)).tolist(), strict=True)
    )
    found = [each for each in names if counts[each]]
    if len(found) < 2:
        what = f"only {found[0]} reviews" if found else "no reviews"
        need = "both classes" if reviews.label_set.is_binary else "at least two classes"
        raise DataError(f"{name}: {what} (n={len(reviews):,}); {purpose} needs {need}")
    small = [each for each in names if counts[each] < MIN_OF_CLASS]
    if len(names) == 2 or not small or purpose != "training":
        return
    few = {each: f"only {counts[each]}" if counts[each] else "none" for each in small}
    shown = and_more([f'{count} labelled "{each}"' for each, count in few.items()], SHOWN_CLASSES)
    large = [each for each in names if each not in small]
    can_be_named = len(large) > 1 and not any("," in each for each in large)
    kept = shlex.quote(",".join(large))
    leave = f", or leave them out with --classes {kept}" if can_be_named else ""
    raise DataError(
        f"{name}: {shown}; training needs at least {MIN_OF_CLASS} reviews of each class: add "
        f"more{leave}"
    )


Rows = NDArray[np.int64]


def stratified_split(
    labels: ArrayLike, share: float, seed: int, groups: ArrayLike | None = None
) -> tuple[Rows, Rows]:
    """Split rows into a training set and a held-out set, stratified by class.

    Rows of one group stay together and have the class of the group's first row: with
    `LabelledReviews.digest` as groups, duplicate texts never occur on both sides.

    Args:
        labels: Integer labels, shape [n].
        share: The share to hold out, between 0 and 1.
        seed: The same seed, labels and groups give the same split.
        groups: Integers, shape [n]; None makes every row its own group.

    Returns:
        Two sorted int64 arrays, (train_rows, held_out_rows). A class with at least two groups has
        rows in both.

    Raises:
        UsageError: The share is not between 0 and 1.
    """
    if not 0 < share < 1:
        raise UsageError(f"the share to hold out must be between 0 and 1, not {share:g}")
    group_of_row, sizes, classes = _shuffled(labels, seed, groups)
    held_out = np.zeros(len(sizes), dtype=bool)
    for members in classes:
        held_out[members[: _groups_for(sizes[members], share)]] = True
    mask = held_out[group_of_row]
    return np.flatnonzero(~mask), np.flatnonzero(mask)


def stratified_folds(
    labels: ArrayLike, folds: int, seed: int, groups: ArrayLike | None = None
) -> list[Rows]:
    """Divide rows into folds, each class evenly; the arguments are those of `stratified_split`.

    With more folds than the rarer class has groups, a fold lacks that class.

    Returns:
        Sorted int64 arrays that together have all rows.
    """
    group_of_row, sizes, classes = _shuffled(labels, seed, groups)
    fold_of_group = np.zeros(len(sizes), np.int64)
    dealt = 0
    for members in classes:
        fold_of_group[members] = (dealt + np.arange(len(members))) % folds
        dealt += len(members)
    return [np.flatnonzero(fold_of_group[group_of_row] == fold) for fold in range(folds)]


def _shuffled(
    labels: ArrayLike, seed: int, groups: ArrayLike | None
) -> tuple[Rows, Rows, list[Rows]]:
    """Return each row's group, each group's size, and the groups of each class, shuffled."""
    label_of_row = np.asarray(labels)
    names = np.arange(len(label_of_row)) if groups is None else np.asarray(groups)
    _, first, group_of_row, sizes = np.unique(
        names, return_index=True, return_inverse=True, return_counts=True
    )
    label_of_group = label_of_row[first]
    generator = np.random.Generator(np.random.PCG64(seed))
    classes = [
        generator.permutation(np.flatnonzero(label_of_group == label))
        for label in np.unique(label_of_group)
    ]
    return group_of_row, sizes, classes


def _groups_for(sizes: NDArray[np.int64], share: float) -> int:
    """Return how many first groups come closest to the share, at least one on each side."""
    rows = np.cumsum(sizes)
    closest = int(np.argmin(np.abs(rows - share * rows[-1]))) + 1
    return min(closest, len(sizes) - 1)
