"""`evaluate --errors FILE`: the mistakes that a model is surest of, in a file."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sentiment.errors import UsageError
from sentiment.evaluation import Mistake
from sentiment.files import replacing
from sentiment.reviews import (
    Batch,
    Columns,
    LabelledReviews,
    RowsSource,
    output_format_of,
    writer_for,
)

_FORMATS = ("csv", "tsv", "jsonl", "parquet")
_COLUMNS = ("file", "row", "label", "text", "words", "predicted", "p_positive")
_REASON = "reason"  # why an answer is uncertain, in JSON lines
_ADDED = 2  # the last ones, which every writer adds by itself


def check_errors_file(path: Path, columns: Sequence[str]) -> None:
    """Stop before work is done that could not be written.

    Args:
        path: the file to write.
        columns: what the reviews are sliced by; it is written, too.

    Raises:
        UsageError: the format is none of a table, or a column has a name that is taken.
    """
    if output_format_of(path) not in _FORMATS:
        raise UsageError(f"--errors {path}: name it .csv, .tsv, .jsonl or .parquet")
    own = (*_COLUMNS, _REASON) if output_format_of(path) == "jsonl" else _COLUMNS
    if taken := [name for name in columns if name in own]:
        raise UsageError(
            f'--errors writes a column "{taken[0]}" of its own; rename that of --slice, '
            "or leave one of the two options out"
        )


def write_mistakes(path: Path, mistakes: Sequence[Mistake], reviews: LabelledReviews) -> None:
    """Write a record for each mistake, with the columns that were kept of its row.

    Args:
        path: whose suffix tells the format.
        mistakes: in the order to write.
        reviews: what they are mistakes on.
    """
    format = output_format_of(path)
    rows = [_row(mistake, reviews, as_json=format == "jsonl") for mistake in mistakes]
    names = [*_COLUMNS[:-_ADDED], *reviews.columns]
    source = RowsSource(rows, names, str(path))
    with replacing(path) as stream:
        writer = writer_for(format, stream, source, Columns(("text",), "label", ""))
        if rows:
            explained = [mistake.explanation for mistake in mistakes]
            writer.write(
                Batch(rows, 1, name=source.name, format=source.format),
                [explanation.answer for explanation in explained],
                np.array([explanation.p_positive for explanation in explained]),
                [explanation.reason for explanation in explained],
            )
        writer.close()


def _row(mistake: Mistake, reviews: LabelledReviews, *, as_json: bool) -> dict[str, Any]:
    words = mistake.drivers
    return {
        "file": mistake.file,
        "row": mistake.row,
        "label": mistake.label,
        "text": mistake.explanation.text,
        "words": [[word.text, round(word.contribution, 6)] for word in words]
        if as_json
        else ", ".join(f"{word.text} {word.contribution:+.2f}" for word in words),
        **{name: cells[mistake.number] for name, cells in reviews.columns.items()},
    }
