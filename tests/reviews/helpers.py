"""Small makers of inputs, and readers of what was written."""

import io
from pathlib import Path

import numpy as np

from sentiment.reviews import Columns, find_columns, open_source, writer_for


def rows_of(where, **options):
    return [row for batch in open_source(where, **options).batches() for row in batch.rows]


def rows_from(data, **options):
    """Read bytes as standard input."""
    return rows_of("-", stdin=io.BytesIO(data), **options)


def save(folder, name, data):
    path = Path(folder) / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def written(format, source, *, answer=("positive", 0.98), columns=None, prefix=""):
    """Write all rows of a source with one and the same answer; give the bytes."""
    stream = io.BytesIO()
    batches = list(source.batches())
    sample = batches[0].rows if batches else []
    if columns is None:
        try:
            columns = find_columns(source.columns, sample, need_label=False, name="x")
        except Exception:
            columns = Columns((), None, "")
    writer = writer_for(format, stream, source, columns, prefix=prefix)
    for batch in batches:
        n = len(batch.rows)
        writer.write(batch, [answer[0]] * n, np.full(n, answer[1]))
    writer.close()
    return stream.getvalue()


def stdin_source(data, format, **options):
    return open_source("-", format=format, stdin=io.BytesIO(data), **options)
