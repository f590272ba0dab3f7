"""One file of reviews each: opened as the options say, its columns chosen, read whole."""

import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, Protocol

from sentiment.errors import UsageError
from sentiment.reviews.ahead import Ahead
from sentiment.reviews.bad_rows import STOP
from sentiment.reviews.cells import cell, visible
from sentiment.reviews.columns import PLAIN, Columns, find_columns, texts_of, values_of
from sentiment.reviews.opening import open_source
from sentiment.reviews.options import ReadOptions
from sentiment.reviews.parquet import ParquetSource
from sentiment.reviews.rules import asked_keys
from sentiment.reviews.source import Batch, Source, first_rows
from sentiment.reviews.stream import Where
from sentiment.reviews.texts import GrowingTexts
from sentiment.reviews.values import Key, key_of

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
    first, *others = [table.name for table in tables]
    return f"{first} and {len(others)} more" if others else first
