"""Labels that are not beside their texts: in the name of a file or folder, or in another file."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from sentiment.errors import DataError, UsageError
from sentiment.reviews.batch import (
    STOP,
    Ahead,
    BadRow,
    BadRows,
    Batch,
    Row,
    Source,
    first_readable,
)
from sentiment.reviews.cells import count_of
from sentiment.reviews.columns import NoColumnError, find_label_column
from sentiment.reviews.folders import label_of_file
from sentiment.reviews.header import LABEL_NAMES, normal_name
from sentiment.reviews.opening import Opened, expand, open_reviews, open_source
from sentiment.reviews.rules import is_label_word
from sentiment.reviews.streams import ReadOptions, Where, input_format_of

_HEADERS = frozenset().union(*LABEL_NAMES)


def paired_files(
    patterns: Sequence[str], options: ReadOptions
) -> Iterator[tuple[Where, ReadOptions]]:
    """Yield each file, and how to read it: with the file of its labels, if these are named.

    Raises:
        UsageError: There are not as many of these as files.
    """
    places = expand(patterns)
    if not options.label_files:
        yield from ((place, options) for place in places)
        return
    labels = expand(options.label_files)
    if len(labels) != len(places):
        raise UsageError(
            f"--labels names {count_of(len(labels), 'file')} for the labels of "
            f"{count_of(len(places), 'file')}; name one for each, in the same order"
        )
    for place, path in zip(places, labels, strict=True):
        yield place, replace(options, label_files=(str(path),))


def open_labelled(where: Where, options: ReadOptions) -> Opened:
    """Open a file of labelled reviews; `options.label_files` names at most one file.

    Without labels in the file, those that its name tells, or the name of its folder, are used.

    Raises:
        DataError: It cannot be read, or its columns cannot be determined.
        UsageError: An option does not fit.
    """
    if options.label_files:
        return _open_pair(where, Path(options.label_files[0]), options)
    try:
        return open_reviews(where, options, need_label=True)
    except NoColumnError:
        named = None if where == "-" or options.label_column else label_of_file(where)
        if named is None:
            raise
    opened = open_reviews(where, options, need_label=False)
    label, how = named
    batches = (_with_labels(batch, [label] * len(batch)) for batch in opened.batches)
    return _labelled(opened, f"label {label}, {how}", batches)


def _open_pair(where: Where, path: Path, options: ReadOptions) -> Opened:
    """Open a file of texts, and one of their labels."""
    if path.is_dir() or (where != "-" and where.is_dir()):
        raise UsageError("--labels pairs two files, and one of them is a folder; name its files")
    kept = replace(options, bad_rows=BadRows("keep"), label_files=())
    with ExitStack() as on_error:
        opened = open_reviews(where, kept, need_label=False)
        on_error.callback(opened.source.close)
        by_name = input_format_of(path) or "lines"
        labels = open_source(path, replace(kept, format=by_name))
        on_error.callback(labels.close)
        found = Ahead(labels.batches())
        column, how = find_label_column(
            labels.columns,
            lambda: first_readable(found),
            options,
            name=labels.name,
            nested=labels.nested,
        )
        on_error.pop_all()
    pairs = _paired(opened, labels, _labels_in(found, column), options.bad_rows or STOP)
    place = labels.name if len(labels.columns) == 1 else f'"{column}" of {labels.name} ({how})'
    return _labelled(opened, f"label from {place}", pairs)


def _labelled(opened: Opened, how: str, batches: Iterator[Batch]) -> Opened:
    """Return a source with a column of labels more."""
    columns = opened.columns
    if not columns.text:  # there are no rows
        return opened
    named = replace(columns, label=_LABEL, how=f"{columns.how}, {how}")
    return replace(opened, columns=named, batches=batches)


_LABEL = "label"


def _with_labels(batch: Batch, labels: list[Any]) -> Batch:
    rows = [{**row, _LABEL: label} for row, label in zip(batch.rows, labels, strict=True)]
    return replace(batch, given=rows, arrow=None)


def _labels_in(batches: Iterator[Batch], column: str) -> Iterator[Any]:
    """Yield the labels of a file, without a header above lines; a `BadRow` for a bad one."""
    for batch in batches:
        for place, value in enumerate(batch.column(column)):
            of_lines = batch.format in ("lines", "csv", "tsv")
            if of_lines and batch.row_number(place) == 1 and _is_header(value):
                continue
            yield batch.bad.get(place, value)


def _is_header(value: str) -> bool:
    return normal_name(value) in _HEADERS and not is_label_word(value) and len(value) > 1


def _paired(
    opened: Opened, labels: Source, values: Iterator[Any], bad_rows: BadRows
) -> Iterator[Batch]:
    """Yield the texts with their labels.

    Raises:
        DataError: There are not as many labels as texts, or a row of either cannot be read.
    """
    texts = rows = 0
    with closing(labels):
        for batch in opened.batches:
            some = list(islice(values, len(batch)))
            texts, rows = texts + len(batch), rows + len(some)
            if len(some) == len(batch):
                items = _items(batch, some, labels.name)
                yield from bad_rows.batches(items, batch.first_row, opened.source)
        rows += sum(1 for _ in values)
    if texts != rows:
        raise DataError(
            f"{labels.name}: {count_of(rows, 'label')} for the {count_of(texts, 'text')} of "
            f"{opened.source.name}; "
            "each text needs one, in the same order: add or delete rows"
        )


def _items(batch: Batch, labels: list[Any], name: str) -> list[Row | BadRow]:
    """Return the rows of a batch with their labels; bad ones as such."""
    items: list[Row | BadRow] = []
    for place, (row, label) in enumerate(zip(batch.rows, labels, strict=True)):
        if place in batch.bad:
            items.append(batch.bad[place])
        elif isinstance(label, BadRow):
            items.append(replace(label, file=name))
        else:
            items.append({**row, _LABEL: label})
    return items
