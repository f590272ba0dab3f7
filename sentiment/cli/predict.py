"""`sentiment predict`: texts in, one answer a row out."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

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
from sentiment.errors import UsageError
from sentiment.model import Decision, Model
from sentiment.reviews import OUTPUT_FORMATS, ReadOptions
from sentiment.reviews.cells import encode, text_line


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
    if texts and inputs:
        raise UsageError("give either texts or -i files, not both")
    if output is not None:
        check_target(output, force)
    if as_json and output_format not in (None, "jsonl"):
        raise UsageError(f"--json is short for --format jsonl; --format {output_format} is another")
    texts = _decoded(texts)
    if not (texts or inputs) and (sys.stdin is None or sys.stdin.isatty()):
        raise UsageError(
            "nothing to score: give a text in quotes, a file with -i, or pipe reviews in; "
            "see sentiment predict --help"
        )
    _, model = open_model(model_path)
    decision = model.decision if threshold is None else model.decision.at(threshold)
    chosen_format = "jsonl" if as_json else output_format
    if texts and output is None and chosen_format in (None, "text"):
        _answer(texts, model, decision)
        return
    from sentiment.cli.answering import Target, answer_rows  # a few texts do without

    target = Target(output, chosen_format, prefix)
    answer_rows(model, decision, texts or inputs or ("-",), bool(texts), reading, target, workers)


def _decoded(texts: Sequence[str]) -> tuple[str, ...]:
    """Take the shell's bytes as UTF-8 whatever the locale says, and hint at what was meant."""
    texts = tuple(os.fsencode(text).decode("utf-8", "replace") for text in texts)
    for text in texts:
        if text == "-":
            console.note("scoring the text '-'; to score stdin: -i -")
        elif len(text) < 256 and "\0" not in text and Path(text).is_file():
            console.note(f"scoring the text {text!r}; to score the file of that name: -i {text}")
    return texts


def _answer(texts: Sequence[str], model: Model, decision: Decision) -> None:
    """Answer a few texts with a line each."""
    p_positive = model.probabilities(texts)
    lines = map(text_line, decision.answers(p_positive), p_positive.tolist(), texts)
    sys.stdout.buffer.write(encode("".join(lines)))
