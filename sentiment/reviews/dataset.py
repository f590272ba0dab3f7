"""Tables and labelled reviews; splits and folds."""

import re
import sys
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from itertools import accumulate
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sentiment.digests import digests_of
from sentiment.errors import DataError, UsageError
from sentiment.reviews.batch import STOP, Ahead, Batch, Source, first_rows
from sentiment.reviews.cells import and_more, cell, visible
from sentiment.reviews.columns import PLAIN, Columns, find_columns, texts_of, values_of
from sentiment.reviews.formats import ReadOptions
from sentiment.reviews.labels import Key, Rules, asked_keys, key_of
from sentiment.reviews.opening import open_source
from sentiment.reviews.parquet import ParquetSource
from sentiment.reviews.streams import Where
from sentiment.storage import GrowingTexts, take


@dataclass(frozen=True)
class Assumed:
    """Labels whose orientation was assumed, such as 0 and 1.

    Attributes:
        name: their files, in short.
        column: their column.
        negative, positive: the values read as such, as `--negative` and `--positive` take them.
        spans: their rows among all rows read, as ranges (first, last + 1).
    """

    name: str
    column: str
    negative: tuple[str, ...]
    positive: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]

    def rows_of(self, places: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the indices of the places that have these labels; int64 [m]."""
        theirs = np.zeros(places.size, np.bool_)
        for start, end in self.spans:
            theirs |= (start <= places) & (places < end)
        return np.flatnonzero(theirs)


@dataclass(frozen=True, eq=False)
class LabelledReviews:
    """Texts with labels, ready to train on.

    Attributes:
        texts: n non-empty texts; a list, or in a file if there are too many for memory.
        labels: int8 [n]: 1 positive, 0 negative.
        notes: How the files were read, for display.
        warnings: Warnings about dropped rows.
        rules: The rules by which the labels were read, for `read_labelled(…, like=…)`.
        columns: n cells of each column to keep, by the name asked for.
        places: int64 [n]: the index of each review among all rows read, including dropped ones.
        rows_read: The number of rows read.
        files: Each file and its number of rows; empty if made by hand.
        assumed: Labels that could be the other way round.
        one_reading: Whether all labels were read together, so that options can reverse them.
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
            columns={name: [cells[row] for row in chosen] for name, cells in self.columns.items()},
            places=self.places[chosen],
        )

    def place(self, number: int) -> tuple[str, int]:
        """Return the file and the 1-based row of the review with this 0-based index."""
        place = int(self.places[number])
        ends = list(accumulate((rows for _, rows in self.files), initial=0))
        which = bisect_right(ends, place) - 1
        return (self.files[which][0] if self.files else ""), place - ends[which] + 1

    def digest(self) -> NDArray[np.uint64]:
        """Return a stable 64-bit hash of each text; white space makes no difference.

        Returns:
            uint64 [n], for finding reviews that two sets share; cached.
        """
        return self._digest

    @cached_property
    def _digest(self) -> NDArray[np.uint64]:
        return digests_of(self.texts)


def require_both_classes(reviews: LabelledReviews, name: str, purpose: str = "training") -> None:
    """Check that both classes occur.

    Args:
        reviews: The reviews.
        name: Where they are from.
        purpose: What they are for.

    Raises:
        DataError: All reviews have the same label, or there are no reviews.
    """
    positive = int(np.count_nonzero(reviews.labels))
    if 0 < positive < len(reviews):
        return
    found = (
        f"only {'positive' if positive else 'negative'} reviews" if len(reviews) else "no reviews"
    )
    raise DataError(f"{name}: {found} (n={len(reviews):,}); {purpose} needs both classes")


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
        held_out[members[: _how_many(sizes[members], share)]] = True
    mask = held_out[group_of_row]
    return np.flatnonzero(~mask), np.flatnonzero(mask)


def stratified_folds(
    labels: ArrayLike, folds: int, seed: int, groups: ArrayLike | None = None
) -> list[Rows]:
    """Divide rows into folds, each class evenly, rows of one group together.

    Args:
        labels: Integer labels, shape [n].
        folds: How many; with more than the rarer class has groups, a fold lacks that class.
        seed: As for `stratified_split`.
        groups: As for `stratified_split`.

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


def _how_many(sizes: NDArray[np.int64], share: float) -> int:
    """Return how many first groups come closest to the share, at least one on each side."""
    rows = np.cumsum(sizes)
    closest = int(np.argmin(np.abs(rows - share * rows[-1]))) + 1
    return min(closest, len(sizes) - 1)


SHOWN = 5
_NO_CLASS = re.compile(r"(label|class)?[\s_]*-?\d*", re.IGNORECASE)  # such as `LABEL_1`
FIXED = (*PLAIN, "fasttext")
_SHORT = 32  # characters of a label that is likely to repeat


class HasName(Protocol):
    """Anything with a name for messages, such as a file."""

    @property
    def name(self) -> str: ...  # noqa: D102


@dataclass(frozen=True)
class Opened:
    """A source whose columns are chosen.

    Attributes:
        source: Where the rows come from.
        columns: Where its texts and labels are; empty without rows.
        batches: Its rows.
    """

    source: Source
    columns: Columns
    batches: Iterator[Batch]


@dataclass(frozen=True, eq=False)
class Table:
    """A file that was read, with its labels as they are.

    Attributes:
        name: The file.
        column: The column of labels.
        filled: which of its n rows have a text.
        values: n labels.
        how: How it was read, for display.
        kept: n cells of each column to keep, by the name asked for.
    """

    name: str
    column: str
    filled: list[bool]
    values: list[Any]
    how: str
    kept: dict[str, list[str]]

    @cached_property
    def keys(self) -> set[Key]:
        """The distinct labels, without missing ones."""
        return {key_of(value) for value in self.values} - {None}


def open_reviews(where: Where, options: ReadOptions, *, need_label: bool) -> Opened:
    """Open a file and choose its columns by the first batch.

    Raises:
        DataError: It cannot be read, or its columns cannot be determined.
        UsageError: An option does not fit.
    """
    label_column = options.label_column if need_label else None
    source = open_source(
        where,
        format=options.format,
        encoding=options.encoding,
        header=options.header,
        need_label=need_label,
        columns=[*options.text_columns, *([label_column] if label_column else []), *options.keep],
        bad_rows=options.bad_rows or STOP,
    )
    try:
        return choose_columns(source, options, need_label=need_label)
    except BaseException:
        source.close()
        raise


def choose_columns(source: Source, options: ReadOptions, *, need_label: bool) -> Opened:
    """Choose the columns of a source; see `open_reviews`.

    Raises:
        UsageError: An option does not fit.
    """
    batches = Ahead(source.batches())
    # A header without rows is enough to find the texts; labels need rows.
    if (need_label or not source.columns) and not first_rows(batches):
        return Opened(source, Columns((), None, ""), batches)
    for name in source.columns:
        if name.casefold() in options.not_columns:
            raise UsageError(
                f'{source.name}: "{name}" is a column and also a built-in slice; '
                "rename the column to slice by either"
            )
    # Do not wait for rows if the format defines the columns.
    sample = list if source.format in FIXED else partial(first_rows, batches)
    columns = find_columns(
        source.columns,
        sample,
        text_columns=options.text_columns,
        label_column=options.label_column if need_label else None,
        keep=options.keep,
        slices=options.slices,
        need_label=need_label,
        named_labels=asked_keys([*options.positive, *options.negative]) if need_label else (),
        name=source.name,
    )
    return Opened(source, columns, batches)


def read_table(where: Where, options: ReadOptions, texts: GrowingTexts) -> Table:
    """Read a file of labelled reviews.

    Args:
        where: the file.
        options: how to read it.
        texts: receives its texts.

    Raises:
        DataError: It cannot be read, or its columns cannot be determined.
        UsageError: An option does not fit.
    """
    opened = open_reviews(where, options, need_label=True)
    label = opened.columns.label or ""
    names = _names_of_classes(opened.source, label, options)
    filled: list[bool] = []
    values: list[Any] = []
    kept: dict[str, list[str]] = {name: [] for name in options.keep}
    for batch in opened.batches:
        some = texts_of(batch, opened.columns)
        texts.extend(some)
        filled += map(bool, map(str.strip, some))
        labels = values_of(batch, label)
        values += map(_once, _named(labels, names) if names else labels)
        for asked, column in zip(options.keep, opened.columns.kept, strict=True):
            kept[asked] += map(cell, values_of(batch, column))
    how = "; ".join([*opened.source.notes, opened.columns.how])
    if names:
        meant = ", ".join(f"{number} {visible(name)}" for number, name in enumerate(names[:SHOWN]))
        how += f"; its metadata call {meant}{', …' if len(names) > SHOWN else ''}"
    return Table(opened.source.name, label, filled, values, how, kept)


def _names_of_classes(source: Source, label: str, options: ReadOptions) -> Sequence[str]:
    """Return the file's own names of numbered labels, unless they are meaningless.

    Return nothing if the user defines the numbers.
    """
    names = source.class_names.get(label, []) if isinstance(source, ParquetSource) else []
    asked = asked_keys([*options.positive, *options.negative])
    if any(map(_NO_CLASS.fullmatch, names)) or (asked and asked.isdisjoint(map(key_of, names))):
        return []
    return names


def _named(values: Sequence[Any], names: Sequence[str]) -> list[Any]:
    """Return the names of numbered classes; −1 means no label."""
    return [
        names[value] if isinstance(value, int) and 0 <= value < len(names)
        else None if value == -1 else value
        for value in values
    ]  # fmt: skip


def _once(value: Any) -> Any:
    """Intern a short label, so that millions of rows share one object."""
    return sys.intern(value) if type(value) is str and len(value) < _SHORT else value


def name_of(tables: Iterable[HasName]) -> str:
    """Return a short name of some files: `a.csv and 2 more`."""
    return and_more([table.name for table in tables], 1)
