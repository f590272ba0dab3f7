"""`sentiment predict`: texts in, one answer a row out."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

import click

from sentiment.cli.inputs import open_sources, with_columns
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
from sentiment.model import Decision, Model
from sentiment.model.files import replacing
from sentiment.reviews import (
    OUTPUT_FORMATS,
    Columns,
    Explainer,
    ReadOptions,
    Source,
    Writer,
    output_format_of,
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
@click.option("--explain", is_flag=True,
              help="Add what each word contributes to the logit; JSON lines only.")  # fmt: skip
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
    explain: bool,
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
      sentiment predict --json --explain "Great coffee, lovely staff."
      tail -f chat.log | sentiment predict | grep ^negative
    """
    if output is not None:
        check_target(output, force)
    chosen_format = _format(output_format, as_json, output, explain)
    sources = open_sources(texts, inputs, reading, command="predict", verb="score")
    _, model = open_model(model_path)
    decision = model.decision if threshold is None else model.decision.at(threshold)
    explainer = _explainer(model) if explain else None
    # Where words are explained, this process is what others would wait for.
    workers = 1 if explain else workers or default_workers()
    with _target(output) as stream, Scorer(model, workers) as scorer:
        _score(
            scorer, decision, sources, reading, _Output(stream, chosen_format, prefix, explainer)
        )


def _format(output_format: str | None, as_json: bool, output: Path | None, explain: bool) -> str:
    """Choose the format of the answers.

    Raises:
        UsageError: what was asked for does not go together.
    """
    if as_json and output_format not in (None, "jsonl"):
        raise UsageError(f"--json is short for --format jsonl; --format {output_format} is another")
    chosen = "jsonl" if as_json else output_format
    chosen = chosen or (output_format_of(output) if output else "text")
    if explain and chosen != "jsonl":
        raise UsageError(
            f"--explain writes JSON lines, not {chosen}: add --json; "
            "for people there is `sentiment explain`"
        )
    return chosen


def _explainer(model: Model) -> Explainer:
    """Give what lists the words of a text with their contributions."""
    from sentiment.model.explanation import explain  # costs a start that most runs can do without

    def words(text: str) -> list[list[str | float]]:
        return [[word.text, round(word.contribution, 6)] for word in explain(model, text).words]

    return words


@dataclass
class _Output:
    """Where records go, and how; the first input decides which columns there are."""

    stream: BinaryIO
    format: str
    prefix: str
    explainer: Explainer | None = None
    first: Source | None = None
    _writer: Writer | None = None

    def writer(self, source: Source, columns: Columns) -> Writer:
        """Give the writer, made for the first source.

        Raises:
            DataError: a later source has other columns, and the format needs the same.
        """
        if self._writer is None or self.first is None:
            self.first = source
            self._writer = writer_for(
                self.format,
                self.stream,
                source,
                columns,
                prefix=self.prefix,
                explainer=self.explainer,
            )
        elif self.format in ("csv", "tsv", "parquet") and source.columns != self.first.columns:
            raise DataError(
                f"{source.name} has other columns than {self.first.name}; "
                "score them one by one, or with --format jsonl"
            )
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
    for source, columns, batches in with_columns(sources, reading):
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
