"""Small makers of inputs, and readers of what was written."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import BinaryIO
from unittest.mock import patch

import numpy as np

from sentiment.labels import SENTIMENT
from sentiment.reviews import columns as of_columns
from sentiment.reviews import opening
from sentiment.reviews.columns import Columns
from sentiment.reviews.streams import ReadOptions
from sentiment.reviews.writers import writer_for


def open_source(where, *, need_label=False, columns=(), **options):
    """Open an input; the options are those of `ReadOptions`, and columns that are asked for."""
    reading = ReadOptions(keep=tuple(columns), **options)
    return opening.open_source(where, reading, need_label=need_label)


def find_columns(columns, sample, *, need_label, name, **options):
    return of_columns.find_columns(
        columns, sample, ReadOptions(**options), need_label=need_label, name=name
    )


def rows_of(where, **options):
    return [row for batch in open_source(where, **options).batches() for row in batch.rows]


@contextmanager
def stdin(data: bytes | BinaryIO) -> Iterator[None]:
    """Put bytes, or a stream, in the place of standard input for what is opened meanwhile."""
    stream = io.BytesIO(data) if isinstance(data, bytes) else data
    with patch("sys.stdin", SimpleNamespace(buffer=stream)):
        yield


def rows_from(data, **options):
    """Read bytes as standard input."""
    with stdin(data):
        return rows_of("-", **options)


def save(folder, name, data):
    path = Path(folder) / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def written(format, source, *, answer=("positive", 0.98), columns=None, labels=SENTIMENT, **more):
    """Write all rows of a source with one and the same answer and its probabilities."""
    stream = io.BytesIO()
    batches = list(source.batches())
    sample = batches[0] if batches else None
    if columns is None:
        try:
            columns = find_columns(source.columns, lambda: sample, need_label=False, name="x")
        except Exception:
            columns = Columns((), None, "")
    writer = writer_for(format, stream, source, columns, labels=labels, **more)
    for batch in batches:
        n = len(batch.rows)
        writer.write(batch, [answer[0]] * n, np.tile(answer[1:], (n, 1)))
    writer.close()
    return stream.getvalue()


def stdin_source(data, format, **options):
    with stdin(data):
        return open_source("-", format=format, **options)
