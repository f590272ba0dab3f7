"""`sentiment predict`: texts in, one answer a row out."""

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from sentiment.cli.inputs import check_given
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
from sentiment.model import Model
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
@click.option("--explain", is_flag=True,
              help="Add what each word contributes to the logit; JSON lines only.")  # fmt: skip
@click.option("--workers", type=click.IntRange(1), metavar="N",
              help="Processes that score where there are many; by default one a core, six at "
              "the most.")  # fmt: skip
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
    `p_positive`; a table without a header stays without. Rows come out in order, none missing,
    none added; an empty text gets an empty answer.

    `uncertain` is answered to a text of which the model knows few words or none, such as one in
    another script, and by models that calibrate made. JSON lines have a `reason` then.

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
    if as_json and output_format not in (None, "jsonl"):
        raise UsageError(f"--json is short for --format jsonl; --format {output_format} is another")
    named_format = "jsonl" if as_json else output_format
    texts = check_given(texts, inputs, command="predict", verb="score")
    at_once = texts and output is None and named_format in (None, "text") and not explain
    if at_once:
        _, model = open_model(model_path, threshold)
        _answer(texts, model)
        return
    from sentiment.cli.answering import Target, answer_rows  # a few texts do without
    from sentiment.cli.inputs import open_inputs

    target = Target(output, named_format, prefix, explain)
    opened = open_inputs(texts, inputs, reading)
    _, model = open_model(model_path, threshold)
    answer_rows(model, opened, target, workers)


def _answer(texts: Sequence[str], model: Model) -> None:
    """Answer a few texts with a line each."""
    scores = model.scores(texts)
    answers = model.decision.answers(*scores)
    lines = map(text_line, answers, scores.p_positive.tolist(), texts)
    sys.stdout.buffer.write(encode("".join(lines)))
