"""`sentiment predict`: texts in, one answer a row out."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sentiment.cli.commands import Choice, TextCommand, TextOrFile
from sentiment.cli.engines import Engine, engine_options
from sentiment.cli.inputs import sort_out
from sentiment.cli.models import open_model
from sentiment.cli.options import (
    force_option,
    model_option,
    read_options,
    repair_option,
    talk_options,
    threshold_option,
)
from sentiment.cli.paths import NAME, STDOUT, TARGET, check_targets, places_of
from sentiment.errors import UsageError
from sentiment.files import is_stream
from sentiment.model import Model
from sentiment.reviews import OUTPUT_FORMATS, ReadOptions
from sentiment.reviews.cells import encode, text_line

if TYPE_CHECKING:
    from sentiment.reviews.bad_rows import Policy


@click.command(cls=TextCommand, short_help="Say of each review whether it is positive or negative.")
@click.argument("arguments", nargs=-1, type=TextOrFile(), metavar="[TEXT]...")
@model_option
@click.option("-i", "--input", "inputs", multiple=True, type=NAME, metavar="FILE",
              help="File, glob or folder of reviews, - for stdin; may be repeated.")  # fmt: skip
@click.option("-o", "--output", type=TARGET, metavar="FILE",
              help="Write the answers here, not to stdout; with Ray, a folder.")  # fmt: skip
@click.option("--format", "output_format", type=Choice(OUTPUT_FORMATS),
              help="Format of the answers; by default that of -o, else text.")  # fmt: skip
@threshold_option
@repair_option
@click.option("--json", "as_json", is_flag=True, help="Short for --format jsonl.")
@click.option("--explain", is_flag=True,
              help="Add what each word contributes to the logit; JSON lines only.")  # fmt: skip
@click.option("--workers", type=click.IntRange(1), metavar="N",
              help="Processes that score where there are many; by default one a core, six at "
              "the most. With Ray, files at a time; by default one a core.")  # fmt: skip
@click.option("--prefix", default="", metavar="WORD",
              help="Put before the names of the columns that are added.")  # fmt: skip
@click.option("--on-bad-row", type=Choice(["stop", "skip", "keep"]), default="stop",
              show_default=True,
              help="What to do about a row that cannot be read.")  # fmt: skip
@click.option("--rejects", type=TARGET, metavar="FILE",
              help="List the rows that skip leaves out here: CSV, TSV or JSONL.")  # fmt: skip
@click.option("--fail-if-empty", is_flag=True,
              help="Exit with code 3 where no row comes in at all.")  # fmt: skip
@engine_options
@read_options
@force_option
@talk_options
def command(
    arguments: tuple[str, ...],
    model_path: Path | None,
    inputs: tuple[str, ...],
    output: Path | None,
    output_format: str | None,
    as_json: bool,
    threshold: float | None,
    repair: bool | None,
    explain: bool,
    workers: int | None,
    prefix: str,
    on_bad_row: "Policy",
    rejects: Path | None,
    fail_if_empty: bool,
    engine: Engine,
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

    A TEXT that is the name of a file of reviews, such as reviews.csv, is read like one of -i, and
    that is said; so is a name with a slash that is there. What stands after -- is always a text.

    A row that cannot be read (too few or too many fields, an open quote, bytes that do not fit the
    encoding, a line that is no JSON) stops the run with exit code 3. With --on-bad-row skip it is
    left out and counted, and listed with the reason in --rejects FILE (also if the run ends early
    and the answers went to stdout); with keep it comes out in
    its place, without an answer and with what can be read of it: fields cut or filled up to the
    header, U+FFFD for bad bytes; JSON lines get its reason as `error` and the row as `raw`.

    With --engine ray, -o is a folder: each Parquet file is scored by itself, on all cores of a
    cluster, to a file of the same name; one appears with all of its rows or not at all. Without
    --address, Ray is started here for the run.

    \b
    Examples:
      sentiment predict "Great coffee, lovely staff."
      cat reviews.txt | sentiment predict
      sentiment predict reviews.csv -o scored.csv
      sentiment predict -- "$text"
      sentiment predict -i reviews.jsonl --format fasttext
      sentiment predict --json --explain "Great coffee, lovely staff."
      sentiment predict -i dump.csv -o scored.csv --on-bad-row skip --rejects bad.csv
      tail -f chat.log | sentiment predict | grep ^negative
      sentiment predict -i 'reviews/*.parquet' -o scored/ --engine ray
    """
    if as_json and output_format not in (None, "jsonl"):
        raise UsageError(f"--json is short for --format jsonl; --format {output_format} is another")
    named_format = "jsonl" if as_json else output_format
    texts, inputs = sort_out(arguments, inputs, command="predict", verb="score")
    if engine.is_ray:
        engine.refuse([
            (texts, "scores Parquet files, not texts: name them with -i"),
            (not inputs, "scores Parquet files, not stdin: name them with -i"),
            (named_format not in (None, "parquet"), f"writes Parquet, not {named_format}"),
            (reading.format not in (None, "parquet"), f"reads Parquet, not {reading.format}"),
            (explain, "writes Parquet, and --explain JSON lines: run it without"),
            (rejects or on_bad_row != "stop", "has no --on-bad-row: Parquet has no such rows"),
        ])  # fmt: skip
        from sentiment.cli.cluster import answer_files  # one machine does without
        from sentiment.cli.layout import Layout
        from sentiment.cluster import need_ray

        layout = Layout.of(inputs, output, named=reading.format is not None)
        need_ray()
        path, model = open_model(model_path, threshold, repair=repair)
        layout.check(path, force=force)
        jobs = layout.jobs(reading, prefix)
        tally = answer_files(engine, model, jobs, layout.folder, workers)
        tally.report(layout.folder)
        tally.warn_if_empty()
        if fail_if_empty:
            tally.fail_if_empty()
        return
    plain = output is None and named_format in (None, "text") and not explain
    at_once = texts and plain and rejects is None
    if at_once:
        _, model = open_model(model_path, threshold, repair=repair)
        _answer(texts, model)
        return
    from sentiment.cli.answering import Target, answer_rows  # a few texts do without
    from sentiment.cli.inputs import open_inputs
    from sentiment.cli.rejects import check_rejects, handling

    target = Target(output, named_format, prefix, explain, kept=on_bad_row == "keep")
    targets = [output or STDOUT]
    if rejects is not None:
        check_rejects(rejects, on_bad_row)
        targets.append(rejects)
    path, model = open_model(model_path, threshold, repair=repair)
    places = [] if texts else places_of(inputs or ["-"], "answering")
    check_targets(targets, [*places, path], force=force)
    with handling(on_bad_row, rejects, streamed=is_stream(targets[0])) as bad_rows:
        opened = open_inputs(texts, places, replace(reading, bad_rows=bad_rows))
        tally = answer_rows(model, opened, target, workers, fail_if_empty=fail_if_empty)
    tally.warn_if_empty()
    if not is_stream(targets[0]):
        tally.report(targets[0])


def _answer(texts: Sequence[str], model: Model) -> None:
    """Answer a few texts with a line each."""
    scores = model.scores(texts)
    answers = model.decision.answers(*scores)
    lines = map(text_line, answers, scores.p_positive.tolist(), texts)
    sys.stdout.buffer.write(encode("".join(lines)))
