"""What `sentiment predict` does with files and pipes: rows in, the same rows with answers out."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

from sentiment.cli.console import console
from sentiment.errors import DataError
from sentiment.model import Decision, Model
from sentiment.model.files import replacing
from sentiment.reviews import (
    Columns,
    ReadOptions,
    Source,
    TextsSource,
    TextWriter,
    Writer,
    expand,
    find_columns,
    open_source,
    output_format_of,
    peek,
    texts_of,
    writer_for,
)
from sentiment.scoring import Scorer, default_workers


@dataclass(frozen=True)
class Target:
    """Where answers go, and how.

    Attributes:
        path: a file that appears whole or not at all; None for stdout.
        named_format: None for that of the file's name, else text.
        prefix: put before the names of the columns that are added.
    """

    path: Path | None
    named_format: str | None
    prefix: str

    @property
    def format(self) -> str:
        """One of `OUTPUT_FORMATS`."""
        return self.named_format or (output_format_of(self.path) if self.path else "text")

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """Open it."""
        if self.path is None:
            yield sys.stdout.buffer
        else:
            with replacing(self.path) as file:
                yield file


def answer_rows(
    model: Model,
    decision: Decision,
    given: Sequence[str],
    are_texts: bool,
    reading: ReadOptions,
    target: Target,
    workers: int | None,
) -> None:
    """Answer every row of every input, in order.

    Args:
        model: gives the probabilities.
        decision: gives the answers.
        given: texts, or files, globs, folders and "-".
        are_texts: which of the two.
        reading: how files are read.
        target: where the answers go.
        workers: how many processes may score; None for as many as are of use.

    Raises:
        SentimentError: an input cannot be read, or the answers cannot be written as asked.
    """
    sources = iter([TextsSource(given)]) if are_texts else _open_each(given, reading)
    format = target.format
    with target.open() as stream, Scorer(model, workers or default_workers()) as scorer:
        _score(scorer, decision, sources, reading, _Output(stream, format, target.prefix))


def _open_each(inputs: Sequence[str], reading: ReadOptions) -> Iterator[Source]:
    """Open what is to be scored, one input after the other."""
    return (
        open_source(
            where,
            format=reading.format,
            encoding=reading.encoding,
            header=reading.header,
            columns=reading.text_columns,
        )
        for where in expand(inputs)
    )


@dataclass
class _Output:
    """Where records go, and how; the first input decides which columns there are."""

    stream: BinaryIO
    format: str
    prefix: str
    first: Source | None = None
    _writer: Writer | None = None

    def writer(self, source: Source, columns: Columns) -> Writer:
        """Give the writer, made for the first source.

        Raises:
            DataError: a later source has other columns, and the format needs the same.
        """
        if self._writer is None or self.first is None:
            self.first = source
            self._writer = writer_for(self.format, self.stream, source, columns, prefix=self.prefix)
        elif self.format in ("csv", "tsv", "parquet") and source.columns != self.first.columns:
            raise DataError(
                f"{source.name} has other columns than {self.first.name}; "
                "score them one by one, or with --format jsonl"
            )
        if isinstance(self._writer, TextWriter):
            self._writer.columns = columns
        return self._writer

    def close(self) -> None:
        """Write what the format ends with."""
        if self._writer is not None:
            self._writer.close()


def _score(
    scorer: Scorer,
    decision: Decision,
    sources: Iterator[Source],
    reading: ReadOptions,
    output: _Output,
) -> None:
    """Answer every row of every source, and give each batch out as soon as it is done."""
    for source in sources:
        first_rows, batches = peek(source)
        if not source.columns and not first_rows:
            continue  # an empty file has no columns to agree with the others'
        columns = find_columns(
            source.columns,
            first_rows,
            text_columns=reading.text_columns,
            need_label=False,
            name=source.name,
        )
        if source.format != "lines":
            for note in (columns.how, *source.notes):
                console.note(f"{source.name}: {note}")
        writer = output.writer(source, columns)
        texts = partial(texts_of, columns=columns)
        for batch, p_positive in scorer.scored(batches, texts, source.waits):
            writer.write(batch, decision.answers(p_positive), p_positive)
            output.stream.flush()
    output.close()
