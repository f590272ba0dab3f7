"""Reviews → their sentences: a row for each, which knows its review and its place in it."""

from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import replace
from typing import Any

from sentiment.errors import UsageError
from sentiment.features.sentences import sentences
from sentiment.reviews.batch import Batch, Row, Source, row_error
from sentiment.reviews.columns import Columns
from sentiment.reviews.opening import Opened
from sentiment.reviews.texts import texts_to_score
from sentiment.reviews.writers import OTHER_NAMES

# The columns of a sentence: the number of its review, its own in that, and its text.
NAMES = ("review", "sentence", "text")


def by_sentence(opened: Opened, prefix: str = "") -> Opened:
    """Return reviews with a row for each sentence.

    A row keeps the columns of its review, but for its texts. In their place it has three: the
    number of the review in its source, that of the sentence in the review, both from 1, and the
    sentence. A review without words, or that cannot be read, has one row with an empty text.

    Args:
        opened: the reviews.
        prefix: of the names of these three columns.

    Raises:
        UsageError: the source has a column of one of these names.
    """
    if not opened.columns.text:  # an empty file
        return opened
    names = [f"{prefix}{name}" for name in NAMES]
    texts = frozenset(opened.columns.text)
    source = _with_columns(opened.source, texts, names)
    columns = Columns((names[-1],), None, opened.columns.how, tuple(names[:-1]))
    batches = (_split(batch, opened.columns, names) for batch in opened.batches)
    return Opened(source, columns, batches)


def _with_columns(given: Source, texts: frozenset[str], names: Sequence[str]) -> Source:
    """Return a source whose columns are those of sentences; it reads what the given one does."""
    source = copy(given)
    kept = [place for place, name in enumerate(given.columns) if name not in texts]
    source.columns = [given.columns[place] for place in kept]
    header = [given.header[place] for place in kept]
    if taken := [name for name in names if name in (*source.columns, *header)]:
        raise UsageError(f'{given.name} has a column "{taken[0]}" already; {OTHER_NAMES}')
    source.columns += names
    source.header = [*header, *names]
    if given.schema is not None:
        source.schema = _schema(given.schema, kept, names)
    return source


def _schema(given: Any, kept: Sequence[int], names: Sequence[str]) -> Any:
    """Return the Arrow schema of sentences."""
    import pyarrow  # the source is Parquet

    review, sentence, text = names
    own = [given.field(place) for place in kept]
    numbers = [pyarrow.field(name, pyarrow.int64()) for name in (review, sentence)]
    return pyarrow.schema([*own, *numbers, pyarrow.field(text, pyarrow.string())])


def _split(batch: Batch, columns: Columns, names: Sequence[str]) -> Batch:
    """Return the sentences of a batch, each with the number of its review."""
    rows: list[Row] = []
    bad = {}
    for place, (row, text) in enumerate(
        zip(batch.rows, texts_to_score(batch, columns), strict=True)
    ):
        number = batch.row_number(place)
        own = {name: value for name, value in row.items() if name not in columns.text}
        if taken := [name for name in names if name in own]:
            what = f'has "{taken[0]}" already; {OTHER_NAMES}'
            raise row_error(batch.name, number, what)
        if place in batch.bad:
            bad[len(rows)] = batch.bad[place]
        for count, sentence in enumerate(_sentences(text), start=1):
            rows.append(own | dict(zip(names, (number, count, sentence), strict=True)))
    return replace(batch, given=rows, first_row=1, arrow=None, bad=bad, gaps=())


def _sentences(text: str) -> Iterator[str]:
    """Yield the sentences of a text; of one without words the empty one."""
    found = sentences(text)
    yield from (text[start:end] for start, end in found)
    if not found:
        yield ""
