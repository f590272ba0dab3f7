"""Tables and the labelled reviews in them; splits and folds."""

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
from sentiment.storage import GrowingTexts, taken


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


Rows = NDArray[np.int64]


def stratified_split(
    labels: ArrayLike, share: float, seed: int, groups: ArrayLike | None = None
) -> tuple[Rows, Rows]:
    """Split rows into those to train on and those held out.

    Each class gives the same share of its rows. Rows of one group stay together and count with
    the class of the group's first row: with `LabelledReviews.digest` as groups, a text that
    occurs twice cannot be learnt on one side and asked for on the other.

    Args:
        labels: Integer labels, shape [n].
        share: The share to hold out, between 0 and 1.
        seed: The same seed, labels and groups give the same split.
        groups: Integers, shape [n]; None lets every row stand for itself.

    Returns:
        Two sorted int64 arrays, (train_rows, held_out_rows). A class of two groups or more has
        rows in both.

    Raises:
        UsageError: The share is not between 0 and 1.
    """
    if not 0 < share < 1:
        raise UsageError(f"a share to hold out lies between 0 and 1, not at {share:g}")
    group_of_row, sizes, classes = _shuffled(labels, seed, groups)
    held_out = np.zeros(len(sizes), dtype=bool)
    for members in classes:
        held_out[members[: _how_many(sizes[members], share)]] = True
    mask = held_out[group_of_row]
    return np.flatnonzero(~mask), np.flatnonzero(mask)


def stratified_folds(
    labels: ArrayLike, folds: int, seed: int, groups: ArrayLike | None = None
) -> list[Rows]:
    """Deal rows out into folds, each class evenly, rows of one group together.

    Args:
        labels: Integer labels, shape [n].
        folds: How many; no more than the groups of the rarer class, or one stays without it.
        seed: As for `stratified_split`.
        groups: As for `stratified_split`.

    Returns:
        Sorted int64 arrays; together all rows.
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
    """Give each row's group, each group's size, and the groups of each class in random order."""
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
    """Count the first groups whose rows come closest to the share, leaving one on each side."""
    rows = np.cumsum(sizes)
    closest = int(np.argmin(np.abs(rows - share * rows[-1]))) + 1
    return min(closest, len(sizes) - 1)


SHOWN = 5
_NO_CLASS = re.compile(r"(label|class)?[\s_]*-?\d*", re.IGNORECASE)  # `LABEL_1` says nothing
FIXED = (*PLAIN, "fasttext")
_SHORT = 32  # characters of a label that may be one of few


class HasName(Protocol):
    """What messages call by a name, such as a file."""

    @property
    def name(self) -> str: ...  # noqa: D102


@dataclass(frozen=True)
class Opened:
    """A source whose columns are chosen.

    Attributes:
        source: Where the rows come from.
        columns: Where its texts and labels are; none if it has no rows.
        batches: Its rows.
    """

    source: Source
    columns: Columns
    batches: Iterator[Batch]


@dataclass(frozen=True, eq=False)
class Table:
    """A file that was read, its labels as they stand.

    Attributes:
        name: The file.
        column: The column of labels.
        filled: which of its n rows have a text.
        values: n labels.
        how: How it was read, to be announced.
        kept: n cells of each column that was to be kept, by the name it was asked for.
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
        DataError: It cannot be read, or its columns cannot be told.
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
    # A header alone tells where texts would be; without labels, nothing can be learned from it.
    if (need_label or not source.columns) and not first_rows(batches):
        return Opened(source, Columns((), None, ""), batches)
    for name in source.columns:
        if name.casefold() in options.not_columns:
            raise UsageError(
                f'{source.name}: "{name}" is a column here, and a slice that needs none; '
                "rename the column to slice by either"
            )
    # Where the format says which column is which, no row is waited for.
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
    """Read a file of reviews with labels.

    Args:
        where: the file.
        options: how to read it.
        texts: where its texts go.

    Raises:
        DataError: It cannot be read, or its columns cannot be told.
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
    """Return what a file itself calls the numbers of its labels; nothing if that says nothing.

    Nor where the user says what numbers mean.
    """
    names = source.class_names.get(label, []) if isinstance(source, ParquetSource) else []
    asked = asked_keys([*options.positive, *options.negative])
    if any(map(_NO_CLASS.fullmatch, names)) or (asked and asked.isdisjoint(map(key_of, names))):
        return []
    return names


def _named(values: Sequence[Any], names: Sequence[str]) -> list[Any]:
    """Return the names of numbered classes; −1 is no label."""
    return [
        names[value] if isinstance(value, int) and 0 <= value < len(names)
        else None if value == -1 else value
        for value in values
    ]  # fmt: skip


def _once(value: Any) -> Any:
    """Keep a label that millions of rows share in memory once."""
    return sys.intern(value) if type(value) is str and len(value) < _SHORT else value


def name_of(tables: Iterable[HasName]) -> str:
    """Name some files in few words: `a.csv and 2 more`."""
    return and_more([table.name for table in tables], 1)
