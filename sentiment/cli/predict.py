"""`sentiment predict`: answers for texts, files and pipes."""

import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sentiment.cli import options
from sentiment.cli.console import in_color, stdout_has_colors
from sentiment.cli.inputs import Given, open_inputs, sort_arguments
from sentiment.cli.models import open_model
from sentiment.cli.predict_options import Engine, Rows, engine_options, row_options, summary_option
from sentiment.errors import UsageError
from sentiment.features.repair import repairs
from sentiment.files import is_stream
from sentiment.labels import shown_probability
from sentiment.model.model import Model
from sentiment.reviews.cells import encode, text_line
from sentiment.reviews.streams import OUTPUT_FORMATS, ReadOptions
from sentiment.runtime import require

if TYPE_CHECKING:
    from sentiment.cli.answering import Target
    from sentiment.cli.tally import Tally
    from sentiment.reviews.batch import Policy


@dataclass(frozen=True)
class _Job:
    """What `predict` was asked to do; fields are named like its options."""

    model_path: Path | None
    output: Path | None
    output_format: str | None
    threshold: float | None
    only: tuple[str, ...]
    repair: bool | None
    languages: tuple[str, ...] | None
    words: Path | None
    explain: bool
    sentences: bool
    workers: int | None
    prefix: str
    on_bad_row: "Policy"
    rejects: Path | None
    fail_if_empty: bool
    rows: Rows
    summary: Path | None
    engine: Engine
    reading: ReadOptions
    force: bool

    def open_model(self) -> tuple[Path, Model]:
        """Load the model; it answers and repairs as the options ask."""
        return open_model(
            self.model_path,
            self.threshold,
            classes=self.only,
            repair=self.repair,
            languages=self.languages,
            words=self.words,
        )


@click.command(cls=options.TextCommand, short_help="Classify reviews as positive or negative.")
@click.argument("arguments", nargs=-1, type=options.TextOrFile(), metavar="[TEXT]...")
@options.model
@click.option("-i", "--input", "inputs", multiple=True, type=options.NAME, metavar="FILE",
              help="File, glob or folder of reviews, - for stdin; may be repeated.")  # fmt: skip
@click.option("-o", "--output", type=options.TARGET, metavar="FILE",
              help="Write the answers here instead of stdout; with Ray, a folder.")  # fmt: skip
@click.option("--format", "output_format", type=options.Choice(OUTPUT_FORMATS),
              help="Format of the answers. Default: that of -o, else text.")  # fmt: skip
@options.answered_classes
@options.threshold
@options.repair
@options.languages
@options.words
@click.option("--json", "as_json", is_flag=True, help="Short for --format jsonl.")
@click.option("--explain", is_flag=True,
              help="Add what each word adds to the log-odds; JSON only.")  # fmt: skip
@click.option("--sentences", is_flag=True,
              help="Answer each sentence, with the number of its review and its own.")  # fmt: skip
@options.answering_workers
@click.option("--prefix", default="", metavar="WORD",
              help="Put before the names of the added columns.")  # fmt: skip
@options.on_bad_row("stop", "skip", "keep")
@options.rejects
@row_options
@summary_option
@click.option("--fail-if-empty", is_flag=True,
              help="Exit with code 3 if there are no rows at all.")  # fmt: skip
@engine_options
@options.reading
@options.force
@options.verbosity
def command(
    arguments: tuple[str, ...], inputs: tuple[str, ...], as_json: bool, **chosen: Any
) -> None:
    """Classify reviews: positive or negative, or the classes that the model was trained on.

    One line per review: the answer, the probability that the review is positive, and its text. With
    CSV, TSV, JSON, JSONL, Parquet and Excel each row keeps its own columns and gets `predicted` and
    `p_positive`; a table without a header stays without. Rows come out in order, none missing,
    none added; an empty text gets an empty answer. A zip archive with one table is read as that
    table; -o FILE.gz, .bz2, .xz or .zst is compressed.

    A model of more than two classes, such as negative, neutral and positive, adds a column for each
    of the others, too: `p_negative`, `p_neutral`. A line has the probability of the answer if no
    class is called positive. --classes negative,positive leaves out the other classes.

    The answer is `uncertain` if the model knows few words of a text or none, such as one in another
    script; if a text looks to be in another language than the model answers; or if the model was
    calibrated to abstain there. JSON then has a `reason`. The bundled models answer English;
    --languages all makes them answer every text.

    A TEXT that is the name of a file of reviews, such as reviews.csv, is read like -i, with a
    message; so is the name of an existing file with a slash. Arguments after -- are always texts.

    A row that cannot be read (too few or too many fields, an open quote, bytes that do not fit the
    encoding, a line that is not JSON) stops the run with exit code 3. With --on-bad-row skip it is
    left out, counted, and listed in --rejects FILE (even if the run ends early, if the answers went
    to stdout). With keep it keeps its place, without an answer and with what can be read of it:
    fields cut or filled up, U+FFFD for bad bytes; in JSON also the reason as `error` and the
    row as `raw`.

    With --top or --sort nothing is written before all rows are read; rows without text come last.
    --summary is written whole, also if the run fails or is interrupted. After --max-rejects what
    was written stays.

    With --sentences each sentence has a row: the columns of its review, except the text; `review`,
    the number of its row in the input; `sentence`, its place in the review; `text`, the sentence;
    and its answer. An empty review has one empty row. Lines have both numbers before the text.

    With --engine ray, -o is a folder: each Parquet file is scored on one core of a cluster and
    written to a file of the same name, completely or not at all. Without --address, Ray is started
    here for the run.

    \b
    Examples:
      sentiment predict "Great coffee, lovely staff."
      cat reviews.txt | sentiment predict
      sentiment predict reviews.csv -o scored.csv
      sentiment predict feedback.xlsx --sheet May -o scored.xlsx
      sentiment predict -- "$text"
      sentiment predict -i reviews.jsonl --format fasttext
      sentiment predict --sentences reviews.csv -o sentences.csv
      sentiment predict reviews.csv --top 20 --sort negative
      sentiment predict --json --explain "Great coffee, lovely staff."
      sentiment predict -i dump.csv -o scored.csv --on-bad-row skip --rejects bad.csv
      sentiment predict -q reviews.csv -o scored.csv --summary run.json
      tail -f chat.log | sentiment predict | grep ^negative
      sentiment predict -i 'reviews/*.parquet' -o scored/ --engine ray
    """
    named = chosen["output_format"]
    if as_json and named not in (None, "jsonl"):
        raise UsageError(f"--json is short for --format jsonl; --format {named} contradicts it")
    chosen["output_format"] = "jsonl" if as_json else named
    job = _Job(**chosen)
    given = sort_arguments(arguments, inputs, command="predict", verb="score")
    plain = job.output is None and job.output_format in (None, "text")
    plain = plain and not (job.explain or job.sentences or job.summary) and job.rows == Rows()
    if job.engine.is_ray:
        _answer_on_cluster(job, given)
    elif given.texts and plain and job.rejects is None:
        _answer_texts(given.texts, job.open_model()[1])
    else:
        _answer_inputs(job, given)


def _answer_texts(texts: Sequence[str], model: Model) -> None:
    """Write a line for each of a few texts, with as few imports as possible."""
    if model.repairs and any(any(True for _ in repairs(text)) for text in texts):
        from sentiment.cli.reading import Repairs  # few texts are damaged

        damaged = Repairs(wanted=True)
        damaged.count(texts)
        damaged.report()
    scores = model.scores(texts)
    answers = model.answers(scores)
    probabilities = scores.of_columns(model.labels).tolist()
    shown = map(shown_probability(model.labels), answers, probabilities)
    styled = map(in_color, answers) if stdout_has_colors() else answers
    lines = map(text_line, styled, shown, texts)
    sys.stdout.buffer.write(encode("".join([f"{line}\n" for line in lines])))


def _answer_inputs(job: _Job, given: Given) -> None:
    """Answer texts, files or stdin in any format."""
    from sentiment.cli.answering import answer_rows, check_rejects, handling
    from sentiment.cli.progress import Meter
    from sentiment.cli.tally import Tally

    target, output = _target(job), job.output or options.STDOUT
    job.rows.check(target.format, job.on_bad_row)
    if job.rejects is not None:
        check_rejects(job.rejects, job.on_bad_row)
    path, model = job.open_model()
    target = replace(target, order=job.rows.order(model.labels))
    places = [] if given.texts else options.resolve_inputs(given.files or ["-"], "answering")
    targets = [each for each in (output, job.rejects, job.summary) if each is not None]
    read = [*places, path, *([] if job.words is None else [job.words])]
    options.check_targets(targets, read, force=job.force)
    # Answers on the terminal itself are a sign of progress, and a line between them is none.
    on_terminal = job.output is None and sys.stdout.isatty() and target.order is None
    meter, tally = Meter(path, places, shown=not on_terminal), Tally()
    with _summary(job, path, model, tally):
        with handling(job.on_bad_row, job.rejects, streamed=is_stream(output)) as bad_rows:
            tally.bad_rows = bad_rows
            opened = open_inputs(given.texts, places, replace(job.reading, bad_rows=bad_rows))
            answer_rows(
                model, opened, target, job.workers, meter, tally, fail_if_empty=job.fail_if_empty
            )
        tally.warn_if_empty()
        if not is_stream(output):
            tally.report(output, model.labels.names)
        if job.rows.max_rejects is not None:
            tally.check_rejects(job.rows.max_rejects)


def _target(job: _Job) -> "Target":
    """Return where the answers go, in the order of the input."""
    from sentiment.cli.answering import Target

    return Target(
        job.output,
        job.output_format,
        job.prefix,
        job.explain,
        kept=job.on_bad_row == "keep",
        by_sentence=job.sentences,
        skip_empty=job.rows.skip_empty,
        style=in_color if job.output is None and stdout_has_colors() else str,
    )


def _summary(job: _Job, path: Path, model: Model, tally: "Tally") -> AbstractContextManager[None]:
    """Return what writes the summary at the end of a run, if one was asked for."""
    if job.summary is None:
        return nullcontext()
    from sentiment.cli.run_summary import summarized

    return summarized(job.summary, path, model, job.output or options.STDOUT, tally)


def _answer_on_cluster(job: _Job, given: Given) -> None:
    """Answer Parquet files by Ray."""
    format, named = job.output_format, job.reading.format
    job.engine.refuse([
        (given.texts, "scores Parquet files, not texts: name them with -i"),
        (not given.files, "scores Parquet files, not stdin: name them with -i"),
        (format not in (None, "parquet"), f"writes Parquet, not {format}"),
        (named not in (None, "parquet"), f"reads Parquet, not {named}"),
        (job.explain, "writes Parquet, and --explain JSON: run it without"),
        (job.sentences, "answers whole reviews: leave out --sentences"),
        (job.rejects or job.on_bad_row != "stop", "has no --on-bad-row: Parquet has no such rows"),
        (job.rows != Rows(), "writes each file whole: leave out --top, --sort and the like"),
        (job.summary, "writes no --summary"),
    ])  # fmt: skip
    from sentiment.cli.cluster import Layout, answer_files
    from sentiment.cluster.engine import RAY

    layout = Layout.of(given.files, job.output, is_parquet=named is not None)
    require(*RAY)
    path, model = job.open_model()
    layout.check(path, force=job.force)
    jobs = layout.jobs(job.reading, job.prefix)
    tally = answer_files(job.engine, model, jobs, layout.folder, job.workers)
    tally.report(layout.folder, model.labels.names)
    tally.warn_if_empty()
    if job.fail_if_empty:
        tally.fail_if_empty()
