"""The texts of rows: their text columns, joined; rows with an object in the place of a text."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from typing import Any

from sentiment.reviews.batch import BadRow, BadRows, Batch, Row, Source
from sentiment.reviews.cells import to_json
from sentiment.reviews.columns import PLAIN, Columns
from sentiment.reviews.fields import is_nested
from sentiment.reviews.rules import as_text, text_in


def without_nested(
    batches: Iterable[Batch], source: Source, columns: Columns, bad_rows: BadRows
) -> Iterator[Batch]:
    """Yield batches in which rows with an object or a list in the place of a text are bad.

    The source is closed at the end.

    Raises:
        DataError: The policy is to stop at a bad row; the rows before it are yielded first.
    """
    with closing(source):
        for batch in batches:
            yield from bad_rows.without(batch, _nested_texts(batch, columns))


def _nested_texts(batch: Batch, columns: Columns) -> dict[int, BadRow]:
    """Return the rows that have an object or a list in the place of a text, by their indices."""
    bad = {}
    for name in columns.text:
        for place, value in enumerate(batch.column(name)):
            if is_nested(value) and place not in batch.bad:
                kind = "an object" if isinstance(value, dict) else "a list"
                reason = f'"{name}" holds {kind}, not a text; write a string, or null'
                bad[place] = BadRow(reason, batch.rows[place], to_json(batch.rows[place]))
    return bad


def text_of(row: Row, columns: Columns) -> str:
    """Return a row's text: its text columns joined by line breaks, without empty ones.

    None, NaN and words for them are empty; other values are converted to strings.
    """
    return _joined([text_in(row.get(name)) for name in columns.text])


def texts_of(batch: Batch, columns: Columns) -> list[str]:
    """Return the text of each row of a batch, as `text_of` does; lines are not changed."""
    return _texts(batch, columns, as_text if batch.format in PLAIN else text_in)


def texts_to_show(batch: Batch, columns: Columns) -> list[str]:
    """Return the text of each row of a batch as it is in the file, including `N/A`."""
    return _texts(batch, columns, as_text)


def texts_to_score(batch: Batch, columns: Columns) -> list[str]:
    """Return the text of each row of a batch, "" for bad rows."""
    texts = texts_of(batch, columns)
    for place in batch.bad:
        texts[place] = ""
    return texts


def _texts(batch: Batch, columns: Columns, read: Callable[[Any], str]) -> list[str]:
    cells = [list(map(read, batch.column(name))) for name in columns.text]
    return cells[0] if len(cells) == 1 else list(map(_joined, zip(*cells, strict=True)))


def _joined(cells: Sequence[str]) -> str:
    return cells[0] if len(cells) == 1 else "\n".join(filter(None, cells))
