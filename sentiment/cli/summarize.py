"""`sentiment summarize`: what many reviews say."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np
from numpy.typing import NDArray

from sentiment.cli import options
from sentiment.cli.answering import check_rejects, handling
from sentiment.cli.console import console
from sentiment.cli.models import open_model
from sentiment.cli.progress import Meter
from sentiment.cli.reading import Repairs, data_name
from sentiment.cli.scoring import MeteredScorer
from sentiment.cli.summary_text import page_lines, terminal_width
from sentiment.errors import DataError, UsageError
from sentiment.general import bundled
from sentiment.labels import LabelSet
from sentiment.model.model import Model, Scores
from sentiment.reviews.batch import Ahead, Batch, first_readable
from sentiment.reviews.cells import and_more, csv_cell, encode, to_json
from sentiment.reviews.compression import writing
from sentiment.reviews.dataset import SHOWN_CLASSES
from sentiment.reviews.dates import UNITS, Unit
from sentiment.reviews.labels import read_labels
from sentiment.reviews.opening import Opened, open_reviews
from sentiment.reviews.predictions import PREDICTED, classes_of, predictions_in, two_classes_of
from sentiment.reviews.streams import SUFFIXES, ReadOptions, Where, output_format_of, suffix_of
from sentiment.reviews.texts import texts_to_score
from sentiment.runtime import require
from sentiment.summary.build import Request, summarize
from sentiment.summary.collect import EMPTY, UNCERTAIN, Collector, Rows
from sentiment.summary.page import write_page
from sentiment.summary.pictures import kind_of, picture_of, write_picture
from sentiment.summary.result import Summary
from sentiment.summary.tables import as_json, tidy_columns, tidy_rows
from sentiment.workers import default_workers

if TYPE_CHECKING:
    from sentiment.reviews.batch import Policy

# Of a label, so many equal values are read by a rule.
_SHOWN_TO_RULE = 100


@dataclass(frozen=True)
class _Job:
    """What `summarize` was asked to do; fields are named like its options."""

    model_path: Path | None
    by: tuple[str, ...]
    over: str | None
    unit: Unit | None
    timezone: str | None
    minimum: int
    themes: bool
    aspects: tuple[str, ...]
    count_repeats: bool
    threshold: float | None
    repair: bool | None
    languages: tuple[str, ...] | None
    workers: int | None
    on_bad_row: "Policy"
    rejects: Path | None
    output: Path | None
    as_json: bool
    csv: Path | None
    html: Path | None
    plots: tuple[Path, ...]
    reading: ReadOptions
    force: bool

    @property
    def kept(self) -> tuple[str, ...]:
        """The columns to read beside the texts: groups, dates, labels."""
        label = self.reading.label_column
        return (*self.by, *([self.over] if self.over else []), *([label] if label else []))

    @property
    def of_models(self) -> list[str]:
        """The options that say how a model answers, where they are given."""
        given = {
            "--threshold": self.threshold is not None,
            "--classes": bool(self.reading.classes),
            "--repair": self.repair is True,
            "--no-repair": self.repair is False,
            "--languages": self.languages is not None,
        }
        return [name for name, there in given.items() if there]

    @property
    def prints_other(self) -> bool:
        """Whether the CSV or the page for a browser goes to standard output."""
        return options.STDOUT in (self.csv, self.html)

    @property
    def targets(self) -> list[Path]:
        """The files to write."""
        named = (self.output, self.csv, self.html, *self.plots, self.rejects)
        return [path for path in named if path is not None]


class _Names(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.4 on
    """Words, separated by commas."""

    name = "words"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[str, ...]:
        if isinstance(value, tuple):
            return value
        return tuple(word for each in value.split(",") if (word := each.strip()))


@click.command(
    cls=options.TopicCommand,
    short_help="Show what many reviews say: shares, trends, groups, themes.",
)
@click.argument("files", nargs=-1, type=options.NAME, metavar="[FILE]...")
@click.option("-i", "--input", "inputs", multiple=True, type=options.NAME, metavar="FILE",
              help="Another file; - for stdin. The same as FILE.")  # fmt: skip
@options.model
@click.option("--by", multiple=True, type=options.COLUMN, metavar="COLUMN",
              help="Show each value of this column; repeat it to cross several.")  # fmt: skip
@click.option(
    "--over",
    type=options.COLUMN,
    metavar="COLUMN",
    help="Show the trend over the dates in this column.",
)
@click.option("--unit", type=options.Choice(UNITS),
              help="Length of a period. Default: by the span of the dates.")  # fmt: skip
@click.option("--timezone", metavar="NAME",
              help="Time zone that days are of, for dates with a zone, such as Europe/Berlin. "
              "Default: that of each date.")  # fmt: skip
@click.option("--min", "minimum", type=click.IntRange(1), default=30, show_default=True,
              metavar="N", help="Show groups of at least N reviews.")  # fmt: skip
@click.option("--aspects", type=_Names(), default=(), metavar="WORDS",
              help="Things to look for, as in battery,staff,price; others are found.")  # fmt: skip
@click.option("--themes/--no-themes", default=True, show_default=True,
              help="Whether to find themes and aspects; without is quicker.")  # fmt: skip
@click.option("--count-repeats", is_flag=True, help="Count repeated texts each time.")
@options.threshold
@options.repair
@options.languages
@options.summarizing_workers
@options.on_bad_row("stop", "skip")
@options.rejects
@click.option("-o", "--output", type=options.TARGET, metavar="FILE",
              help="Write the page, or with --json the JSON, here instead of stdout.")  # fmt: skip
@options.as_json
@click.option("--csv", type=options.TARGET, metavar="FILE",
              help="Write a row for each group, period and class.")  # fmt: skip
@click.option("--html", type=options.TARGET, metavar="FILE",
              help="Write a page for a browser: one file that needs no network.")  # fmt: skip
@click.option("--plot", "plots", multiple=True, type=options.TARGET, metavar="FILE",
              help="Write a picture: PNG, SVG or PDF. A name that ends with trend, groups or "
              "shares says which, as in shop-groups.png; may be repeated.")  # fmt: skip
@options.summarized_reading
@options.force
@options.verbosity
def command(files: tuple[str, ...], inputs: tuple[str, ...], **chosen: Any) -> None:
    """Show what many reviews say: shares, trends, groups, themes.

    Says first, in a few sentences, how many reviews are negative and positive (or of the classes of
    the model), what each kind is about, which groups differ and what moved. Then it shows the
    figures, with 95% intervals, in all, by the values of columns (--by) and over time (--over), and
    words that are typical of each kind, each with a sentence.

    A model makes errors, so to count its answers is wrong. Models that `sentiment train` or
    `sentiment calibrate` made know how often they err, and shares are corrected for that. They hold
    for reviews like those that the model was trained on, not for another kind of text. The bundled
    models do not know how often they err on your reviews: then shares are plain counts, and the
    intervals cover chance alone; `sentiment calibrate` with a few hundred labelled reviews of yours
    mends that.

    A review that the model is not sure of counts with its likelier side: a model that was
    calibrated to abstain does not abstain here. Left out, and counted apart, are reviews without a
    word, those of which the model knows too little, and texts of eight words or more that repeat an
    earlier one, word for word or nearly.

    A file that `sentiment predict` wrote is summarized by its answers, without a model, unless one
    is named with -m. With --label-column, the shares of its labels are shown, too.

    \b
    Examples:
      sentiment summarize reviews.csv
      sentiment summarize reviews.csv --by store --over date
      sentiment summarize 'reviews/*.jsonl' --over created_at --unit week
      sentiment summarize tweets.csv --by airline --label-column airline_sentiment
      sentiment summarize hotel.csv --aspects breakfast,staff,bed
      sentiment summarize scored.csv --by country --by product --min 50
      sentiment summarize reviews.csv --by store --html summary.html
      sentiment summarize reviews.csv --over date --plot trend.png --csv shares.csv
      sentiment summarize reviews.csv --json -o summary.json
    """
    paths = (*files, *inputs)
    if not paths:
        if sys.stdin is None or sys.stdin.isatty():
            raise UsageError(
                "nothing to summarize: name a file, or pipe reviews in; see sentiment summarize "
                "--help"
            )
        paths = ("-",)
    job = _Job(**chosen)
    if twice := [name for place, name in enumerate(job.by) if name in job.by[:place]]:
        raise UsageError(f"--by {twice[0]} is given twice")
    if (job.unit or job.timezone) and not job.over:
        raise UsageError("--unit and --timezone are of dates: name their column with --over")
    if job.aspects and not job.themes:
        raise UsageError("--no-themes leaves out aspects, too; give it or --aspects")
    _check_names(job)
    for path in job.plots:
        kind_of(path, dated=bool(job.over), grouped=bool(job.by))
    if job.plots:
        require("pictures need matplotlib", "matplotlib")
    summary = _summary(job, paths)
    console.clear_status()
    _write(summary, job)


def _check_names(job: _Job) -> None:
    """Check that files are named as what they are, and that one thing alone goes to stdout.

    Raises:
        UsageError: they are not.
    """
    if job.csv is not None and output_format_of(job.csv) not in ("csv", "text"):
        raise UsageError(f"--csv {job.csv}: it is written as CSV; name it {job.csv.stem}.csv")
    if job.html is not None and suffix_of(job.html) in SUFFIXES:
        raise UsageError(f"--html {job.html}: it is a page; name it {job.html.stem}.html")
    if job.as_json and job.output is None and job.prints_other:
        raise UsageError("two results would go to standard output; give one of them a file name")


def _summary(job: _Job, paths: Sequence[str]) -> Summary:
    """Read and answer the reviews, and return their summary."""
    places = options.resolve_inputs(paths, "answering")
    if job.rejects is not None:
        check_rejects(job.rejects, job.on_bad_row)
    options.check_targets(job.targets, places, force=job.force)
    with handling(job.on_bad_row, job.rejects) as bad_rows:
        reading = replace(
            job.reading, bad_rows=bad_rows, keep=job.kept,
            kept_for="--by, --over or --label-column",
        )  # fmt: skip
        inputs = _announced(places, reading)
        first = next(inputs)
        batches = Ahead(first.batches)
        first = replace(first, batches=batches)
        answered = _answered_classes(job, first, batches)
        path, model = (None, None) if answered else _open(job)
        if path is not None:
            options.check_targets(job.targets, [path], force=job.force)
        labels = answered or (model.labels if model else LabelSet(()))
        cells = model.record.cells if model else None
        collected = Collector(
            len(labels), cells, len(job.by), job.timezone,
            repeats=not job.count_repeats, sampling=job.themes,
        )  # fmt: skip
        opened = chain([first], inputs)
        if model is None:
            _collect_answers(job, opened, labels, collected)
        else:
            meter = Meter(path, places)
            _collect_scores(job, opened, model, collected, meter)
        unreadable = bad_rows.found
    request = Request(
        data_name(paths), job.by, job.over or "", job.unit, job.minimum,
        themes=10 if job.themes else 0, aspects=job.aspects, unreadable=unreadable,
    )  # fmt: skip
    own = _labels_of(collected, job, labels, request.title)
    console.status("summarizing …")
    name = "" if path is None else path.stem if path in bundled().values() else path.name
    return summarize(collected, request, labels.names, own, model, name)


def _open(job: _Job) -> tuple[Path, Model]:
    path, model = open_model(
        job.model_path,
        job.threshold,
        classes=job.reading.classes,
        repair=job.repair,
        languages=job.languages,
    )
    return path, replace(model, decision=model.decision.always_answering())


def _announced(places: Sequence[Where], reading: ReadOptions) -> Iterator[Opened]:
    """Open the inputs one after the other, and print which column has the texts of each."""
    for where in places:
        opened = open_reviews(where, reading, need_label=False)
        source = opened.source
        if opened.columns.text:
            for note in ([] if source.format == "lines" else [opened.columns.how]) + source.notes:
                console.note(f"{source.name}: {note}")
        yield opened


def _answered_classes(job: _Job, first: Opened, batches: Ahead[Batch]) -> LabelSet | None:
    """Return the classes of the answers that a file has; None if a model is to answer.

    Of two classes other than sentiment, `predict` writes the probability of the second alone; the
    answers of the first batch name the other.

    Raises:
        DataError: they cannot be told.
    """
    columns = first.source.columns
    if job.model_path is not None or PREDICTED not in columns:
        return None
    found = classes_of(columns)
    if found is None and (sample := first_readable(batches)):
        found = two_classes_of(columns, sample.column(PREDICTED))
    if found is None:
        raise DataError(
            f'{first.source.name}: it has answers in "{PREDICTED}", but not a column of '
            "probabilities for each class, such as p_positive; name a model with -m to answer anew"
        )
    if job.of_models:
        raise UsageError(
            f"{first.source.name} has answers, which {job.of_models[0]} does not change; name a "
            "model with -m to answer anew, or leave it out"
        )
    console.note(f'{first.source.name}: answers from "{PREDICTED}"; -m MODEL answers anew')
    return found


def _collect_answers(
    job: _Job, inputs: Iterator[Opened], labels: LabelSet, collected: Collector
) -> None:
    """Collect reviews with the answers that their files have."""
    for each in inputs:
        with closing(each.source):
            if not each.columns.text:
                continue
            columns = each.source.columns
            found = classes_of(columns) or two_classes_of(columns, labels.names)
            if found != labels:
                raise DataError(
                    f"{each.source.name}: it has other answers than the first file, or none; "
                    "name a model with -m to answer all anew"
                )
            for batch in each.batches:
                answered = predictions_in(batch, labels, columns)
                known = answered.probabilities
                if known is None:
                    known = np.full((len(batch), len(labels)), np.nan)
                texts = texts_to_score(batch, columns=each.columns)
                collected.add(_rows(job, each, batch, texts, known, answered.answers))


def _collect_scores(
    job: _Job, inputs: Iterator[Opened], model: Model, collected: Collector, meter: Meter
) -> None:
    """Collect reviews with the answers of a model."""
    repairs = Repairs(wanted=model.repairs)
    scoring = model.with_repair(False) if repairs.wanted else model
    with MeteredScorer(scoring, job.workers or default_workers(), meter) as scorer:
        for each in inputs:
            with closing(each.source):
                meter.begin()
                if not each.columns.text:
                    continue
                pairs = ((batch, repairs.count(texts_to_score(batch, columns=each.columns)))
                         for batch in each.batches)  # fmt: skip
                scored = scorer.scored(
                    pairs, lambda pair: pair[1], each.source.would_block, each.source.expected_rows
                )
                for (batch, texts), scores in scored:
                    collected.languages.update(scores.languages)
                    answers = _answers(model, scores)
                    collected.add(_rows(job, each, batch, texts, scores.probabilities, answers))
    repairs.report()


def _answers(model: Model, scores: Scores) -> NDArray[np.int64]:
    """Return the label of each answer; what it is not known of is not answered."""
    answers = model.decision.choose(scores.probabilities)
    answers[scores.unknown] = UNCERTAIN
    answers[np.isnan(scores.probabilities[:, 0])] = EMPTY
    return answers


def _rows(
    job: _Job,
    opened: Opened,
    batch: Batch,
    texts: Sequence[str],
    probabilities: NDArray[np.float64],
    answers: NDArray[np.int64],
) -> Rows:
    """Return a batch with its answers, and the columns that are looked at."""
    kept = [batch.column(name) for name in opened.columns.kept]
    groups, rest = kept[: len(job.by)], kept[len(job.by) :]
    dates = rest.pop(0) if job.over else None
    first = batch.first_row
    numbers: Sequence[int] = range(first, first + len(batch))
    if batch.gaps:
        numbers = [batch.row_number(place) for place in range(len(batch))]
    labels = rest.pop(0) if rest else None
    return Rows(texts, probabilities, answers, groups, dates, labels, batch.name, numbers)


def _labels_of(
    collected: Collector, job: _Job, classes: LabelSet, title: str
) -> NDArray[np.int64] | None:
    """Return the class of each label by its number, −1 for none; None without labels."""
    column = job.reading.label_column
    if column is None:
        return None
    counts = collected.label_counts()
    shown = np.minimum(counts, _SHOWN_TO_RULE)
    rows = np.repeat(np.arange(len(counts)), shown).tolist()
    reading = read_labels(
        [collected.label_values[number] for number in rows],
        replace(job.reading, label_set=classes),
        name=title,
        column=column,
        label_set=classes,
    )
    console.note(reading.description)
    if not (reading.labels >= 0).any():
        raise DataError(
            f'{title}: "{column}" never names {and_more(classes.names, SHOWN_CLASSES)}; name '
            "another with --label-column"
        )
    for warning in reading.warnings:
        console.warn(warning)
    meaning = np.full(len(counts), -1)
    meaning[rows] = reading.labels
    return meaning


def _write(summary: Summary, job: _Job) -> None:
    """Write the summary where it was asked for."""
    if job.as_json:
        content = to_json(as_json(summary)) + "\n"
    else:
        width = terminal_width() if job.output is None else 100
        content = "".join(f"{line}\n" for line in page_lines(summary, width))
    pictures = {path: picture_of(summary, path) for path in job.plots}
    if job.csv is not None:
        with writing(job.csv) as file:
            for row in chain([tidy_columns(summary)], tidy_rows(summary)):
                file.write(encode(",".join(map(csv_cell, row)) + "\n"))
        console.note(f"saved {job.csv}")
    if job.html is not None:
        write_page(summary, job.html)
        console.note(f"saved {job.html}")
    for path, picture in pictures.items():
        write_picture(picture, path)
        console.note(f"saved {path}: {picture.title}")
    if job.output is not None:
        with writing(job.output) as file:
            file.write(encode(content))
        console.note(f"saved {job.output}")
    elif not job.prints_other:
        click.echo(content, nl=False)
