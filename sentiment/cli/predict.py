"""`sentiment predict`: texts in, one answer a row out."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

import click

from sentiment.cli.console import console
from sentiment.cli.models import open_model
from sentiment.cli.options import (
    check_target,
    force_option,
    model_option,
    read_options,
    talk_options,
    threshold_option,
)
from sentiment.errors import DataError, UsageError
from sentiment.model import Decision
from sentiment.model.files import replacing
from sentiment.reviews import (
    OUTPUT_FORMATS,
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


@click.command(short_help="Say of each review whether it is positive or negative.")
@click.argument("texts", nargs=-1, metavar="[TEXT]...")
@model_option
@click.option("-i", "--input", "inputs", multiple=True, type=click.Path(), metavar="FILE",
              help="File, glob or folder of reviews, - for stdin; may be repeated.")  # fmt: skip
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE",
              help="Write the answers here, not to stdout.")  # fmt: skip
@click.option("--format", "output_format", type=click.Choice(OUTPUT_FORMATS),
              help="Format of the answers; by default that of -o, else text.")  # fmt: skip
@threshold_option
@click.option("--json", "as_json", is_flag=True, help="Short for --format jsonl.")
@click.option("--workers", type=click.IntRange(1), metavar="N",
              help="Processes that score where there are many; by default one a core.")  # fmt: skip
@click.option("--prefix", default="", metavar="WORD",
              help="Put before the names of the columns that are added.")  # fmt: skip
@read_options
@force_option
@talk_options
def command(
    texts: tuple[str, ...],
    model_path: Path | None,
    inputs: tuple[str, ...],
    output: Path | None,
    output_format: str | None,
    as_json: bool,
    threshold: float | None,
    workers: int | None,
    prefix: str,
    reading: ReadOptions,
    force: bool,
) -> None:
    """Say of each review whether it is positive or negative.

    One line a review: the answer, the probability that the review is positive, and its text. With
    CSV, TSV, JSONL and Parquet each row keeps its own columns and gets `predicted` and
    `p_positive`. Rows come out in order, none missing, none added; an empty text gets an empty
    answer.

    \b
    Examples:
      sentiment predict "Great coffee, lovely staff."
      cat reviews.txt | sentiment predict
      sentiment predict -i reviews.csv -o scored.csv
      sentiment predict -i reviews.jsonl --format fasttext
      tail -f chat.log | sentiment predict | grep ^negative
    """
    if output is not None:
        check_target(output, force)
    sources = _sources(texts, inputs, reading)
    _, model = open_model(model_path)
    decision = model.decision if threshold is None else model.decision.at(threshold)
    if as_json and output_format not in (None, "jsonl"):
        raise UsageError(f"--json is short for --format jsonl; --format {output_format} is another")
    chosen_format = "jsonl" if as_json else output_format
    chosen_format = chosen_format or (output_format_of(output) if output else "text")
    with _target(output) as stream, Scorer(model, workers or default_workers()) as scorer:
        _score(scorer, decision, sources, reading, _Output(stream, chosen_format, prefix))


def _sources(texts: Sequence[str], inputs: Sequence[str], reading: ReadOptions) -> Iterator[Source]:
    """Open what is to be scored, one input after the other."""
    if texts and inputs:
        raise UsageError("give either texts or -i files, not both")
    if texts:
        # The shell's bytes are UTF-8 whatever the locale says.
        texts = [os.fsencode(text).decode("utf-8", "replace") for text in texts]
        for text in texts:
            if text == "-":
                console.note("scoring the text '-'; to score stdin: -i -")
            elif len(text) < 256 and "\0" not in text and Path(text).is_file():
                console.note(
                    f"scoring the text {text!r}; to score the file of that name: -i {text}"
                )
        return iter([TextsSource(texts)])
    if not inputs and (sys.stdin is None or sys.stdin.isatty()):
        raise UsageError(
            "nothing to score: give a text in quotes, a file with -i, or pipe reviews in; "
            "see sentiment predict --help"
        )
    return (
        open_source(
            where,
            format=reading.format,
            encoding=reading.encoding,
            header=reading.header,
            columns=reading.text_columns,
        )
        for where in expand(inputs or ["-"])
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


@contextmanager
def _target(output: Path | None) -> Iterator[BinaryIO]:
    """Open stdout, or a file that appears whole or not at all."""
    if output is None:
        yield sys.stdout.buffer
    else:
        with replacing(output) as file:
            yield file
