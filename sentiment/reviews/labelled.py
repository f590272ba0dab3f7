"""Files of reviews with labels, read whole for training and evaluation."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from sentiment.errors import DataError
from sentiment.reviews.columns import Columns, find_columns, texts_of
from sentiment.reviews.dataset import LabelledReviews
from sentiment.reviews.labels import DROPPED, LabelReading, read_labels
from sentiment.reviews.opening import expand, open_source
from sentiment.reviews.parquet import ArrowRows
from sentiment.reviews.source import Batch, Source, peek
from sentiment.reviews.stream import Where


@dataclass(frozen=True)
class ReadOptions:
    """What the command-line options say about reading.

    Attributes:
        format: The input format; None decides by suffix and content.
        encoding: The encoding of text formats.
        header: Whether delimited files have a header; None decides by their first row.
        text_columns: The columns of text; none to have them found.
        label_column: The column of labels; None to have it found.
        positive: Values that mean positive.
        negative: Values that mean negative.
        strict: Neutral and missing labels are errors.
    """

    format: str | None = None
    encoding: str = "utf-8"
    header: bool | None = None
    text_columns: tuple[str, ...] = ()
    label_column: str | None = None
    positive: tuple[str, ...] = ()
    negative: tuple[str, ...] = ()
    strict: bool = False


def read_labelled(
    patterns: Sequence[str], options: ReadOptions, *, stdin: BinaryIO | None = None
) -> LabelledReviews:
    """Read files of reviews with labels.

    Files whose label columns have the same name are judged together, so that a shard in which
    all reviews are positive reads like the others. Rows that are neutral, have no label, or have
    no text are dropped, and counted in the notes and warnings.

    Args:
        patterns: Paths, globs, folders, "-" for standard input.
        options: How to read them.
        stdin: A binary stream that stands in for standard input.

    Raises:
        DataError: A file is missing, damaged, empty, or its columns or labels cannot be told.
        UsageError: An option does not fit.
    """
    tables = [_read_table(where, options, stdin) for where in expand(patterns)]
    notes = []
    for how in dict.fromkeys(table.how for table in tables):
        names = _group_name([table.name for table in tables if table.how == how])
        notes.append(f"{names}: {how}")
    warnings: list[str] = []
    labels = [np.empty(0, np.int8)] * len(tables)
    groups = _read_groups(tables, options)
    for members, reading in groups:
        ends = np.cumsum([len(tables[number].texts) for number in members])
        for number, part in zip(members, np.split(reading.labels, ends[:-1]), strict=True):
            labels[number] = part
        name = _group_name([tables[number].name for number in members])
        notes.append(f"{name}: {reading.description}" if len(groups) > 1 else reading.description)
        warnings += reading.warnings
    texts = [text for table in tables for text in table.texts]
    name = _group_name([table.name for table in tables])
    return _drop_rows(texts, np.concatenate([np.empty(0, np.int8), *labels]), notes, warnings, name)


def read_texts(
    patterns: Sequence[str], options: ReadOptions, *, stdin: BinaryIO | None = None
) -> list[str]:
    """Read files of reviews without looking at labels; empty texts are left out.

    Raises:
        DataError: A file is missing, damaged, or its column of text cannot be told.
        UsageError: An option does not fit.
    """
    texts: list[str] = []
    for where in expand(patterns):
        source = _open(where, options, need_label=False, stdin=stdin)
        columns, batches = _choose(source, options, need_label=False)
        for batch in batches:
            texts += filter(str.strip, texts_of(batch, columns))
    return texts


@dataclass(frozen=True)
class _Table:
    """One file, read whole, its labels as they stand."""

    name: str
    texts: list[str]
    column: str
    values: list[Any]
    how: str


def _open(
    where: Where, options: ReadOptions, *, need_label: bool, stdin: BinaryIO | None
) -> Source:
    return open_source(
        where,
        format=options.format,
        encoding=options.encoding,
        header=options.header,
        need_label=need_label,
        stdin=stdin,
    )


def _choose(
    source: Source, options: ReadOptions, *, need_label: bool
) -> tuple[Columns, Iterable[Batch]]:
    """Choose the columns by the first batch; give them and all batches.

    Raises:
        DataError: The source has no rows.
    """
    sample, batches = peek(source)
    if not sample:
        raise DataError(f"{source.name}: no rows")
    try:
        columns = find_columns(
            source.columns,
            sample,
            text_columns=options.text_columns,
            label_column=options.label_column if need_label else None,
            need_label=need_label,
            name=source.name,
        )
    except BaseException:
        source.close()
        raise
    return columns, batches


def _read_table(where: Where, options: ReadOptions, stdin: BinaryIO | None) -> _Table:
    source = _open(where, options, need_label=True, stdin=stdin)
    columns, batches = _choose(source, options, need_label=True)
    label = columns.label or ""
    texts: list[str] = []
    values: list[Any] = []
    for batch in batches:
        texts += texts_of(batch, columns)
        if isinstance(batch.rows, ArrowRows):
            values += batch.rows.column(label)
        else:
            values += [row.get(label) for row in batch.rows]
    return _Table(source.name, texts, label, values, columns.how)


def _read_groups(
    tables: Sequence[_Table], options: ReadOptions
) -> list[tuple[list[int], LabelReading]]:
    """Read together the tables whose label columns have the same name.

    Where that cannot be, as with 0 and 1 beside words, each table is read by itself.

    Returns:
        The numbers of the tables of each group, and the reading of their labels.
    """
    readings = []
    for column in dict.fromkeys(table.column for table in tables):
        members = [number for number, table in enumerate(tables) if table.column == column]
        try:
            group = [(members, _read_group([tables[number] for number in members], options))]
        except DataError:
            group = [([number], _read_group([tables[number]], options)) for number in members]
        readings += group
    return readings


def _read_group(tables: Sequence[_Table], options: ReadOptions) -> LabelReading:
    """Read the labels of tables whose label columns have the same name."""
    ends = list(accumulate(len(table.values) for table in tables))

    def locate(row: int) -> str:
        number = bisect_right(ends, row)
        start = ends[number - 1] if number else 0
        return f"{tables[number].name}, row {row - start + 1}"

    return read_labels(
        [value for table in tables for value in table.values],
        positive=options.positive,
        negative=options.negative,
        strict=options.strict,
        name=_group_name([table.name for table in tables]),
        column=tables[0].column,
        locate=locate,
    )


def _drop_rows(
    texts: list[str], labels: NDArray[np.int8], notes: list[str], warnings: list[str], name: str
) -> LabelledReviews:
    """Keep the rows that have a label and a text."""
    labelled = labels != DROPPED
    filled = np.fromiter((bool(text.strip()) for text in texts), dtype=bool, count=len(texts))
    if empty := int(np.count_nonzero(labelled & ~filled)):
        warnings.append(
            f"{name}: {empty:,} {'row has' if empty == 1 else 'rows have'} no text; dropped"
        )
    kept = np.flatnonzero(labelled & filled)
    return LabelledReviews(texts, labels, notes, warnings).take(kept)


def _group_name(names: Sequence[str]) -> str:
    if len(names) < 2:
        return names[0] if names else "no files"
    return f"{names[0]} and {len(names) - 1} more"
