"""`sentiment evaluate`: measure a model on labelled reviews."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import click
import numpy as np

from sentiment.cli import options
from sentiment.cli.answering import check_rejects, handling
from sentiment.cli.console import console
from sentiment.cli.gates import fail_under
from sentiment.cli.models import open_model, test_reviews
from sentiment.cli.predict_options import Engine, engine_options
from sentiment.cli.reading import read_reviews, score, shared_classes
from sentiment.cli.tables import class_name, shortened, width_of
from sentiment.errors import UsageError
from sentiment.evaluation.gates import Gate, check_gates, check_metrics, check_slices, read_gate
from sentiment.evaluation.metrics import Evaluation, Figures, Intervals, Metric, percent
from sentiment.evaluation.mistakes import MAX_MISTAKES, Mistake, explain_mistakes, rank_mistakes
from sentiment.evaluation.selective import Abstention, abstention_of
from sentiment.evaluation.slices import (
    MIN_SLICE,
    SHOWN_SLICES,
    Slice,
    reading_for,
    slice_values,
    slices_of,
)
from sentiment.labels import LabelSet
from sentiment.model.decision import AnyDecision, Decision, describe_band
from sentiment.model.model import Model, Scores
from sentiment.reviews.batch import Batch, Policy, RowsSource
from sentiment.reviews.cells import count_of
from sentiment.reviews.columns import Columns
from sentiment.reviews.compression import writing
from sentiment.reviews.dataset import LabelledReviews
from sentiment.reviews.streams import JSON_FORMATS, ReadOptions, output_format_of
from sentiment.reviews.writers import writer_for
from sentiment.runtime import require

_FORMATS = ("csv", "tsv", *JSON_FORMATS, "parquet", "xlsx")
_COLUMNS = ("file", "row", "label", "text", "words")
_REASON = "reason"  # why an answer is uncertain, in JSON
_VALUE_WIDTH = 30
_MATRIX_CLASSES = 10  # more do not fit a terminal


@dataclass(frozen=True)
class _Job:
    """What `evaluate` was asked to do.

    Attributes:
        columns: what to slice by, for the table or a gate.
        gates: limits of metrics.
        errors: where to write mistakes; None for nowhere.
        on_bad_row: what to do with a row that cannot be read.
        rejects: where to list skipped rows; None for nowhere.
        workers: processes that score, or files at a time on a cluster; None for a good default.
    """

    data: tuple[str, ...]
    model_path: Path | None
    threshold: float | None
    repair: bool | None
    languages: tuple[str, ...] | None
    words: Path | None
    columns: tuple[str, ...]
    gates: tuple[Gate, ...]
    errors: Path | None
    on_bad_row: Policy
    rejects: Path | None
    workers: int | None
    engine: Engine
    reading: ReadOptions
    force: bool
    as_json: bool


@click.command(cls=options.TopicCommand, short_help="Measure a model on labelled reviews.")
@click.argument("data", nargs=-1, type=options.NAME, metavar="[DATA]...")
@options.model
@options.threshold
@options.repair
@options.languages
@options.words
@click.option("--slice", "sliced", multiple=True, metavar="COLUMN",
              type=options.Column("length", "negation"),
              help="Measure the reviews of each value of a column separately; `length` and "
              "`negation` need no column; may be repeated.")  # fmt: skip
@fail_under
@click.option("--errors", type=options.TARGET, metavar="FILE",
              help="Write the most confident mistakes here, with the words that led to each: CSV, "
              "TSV, JSON, JSONL, Excel or Parquet.")  # fmt: skip
@options.on_bad_row("stop", "skip")
@options.rejects
@options.workers_or_files
@engine_options
@options.measured_reading
@options.force
@options.as_json
@options.verbosity
def command(
    sliced: tuple[str, ...], fail_under: tuple[str, ...], reading: ReadOptions, **chosen: Any
) -> None:
    """Measure a model on labelled reviews.

    DATA are files, globs, folders or names of data sets, as for train. Without DATA: data/test.csv,
    else the test reviews that are part of the program. Warns if the model has already seen any of
    these reviews. Each metric comes with its 95% interval: how far it would move with other
    reviews. Reviews that the model answers `uncertain` are measured by its threshold like all
    others; coverage, and the accuracy of what it does answer, are printed below. A model with
    neutral is measured without it where DATA has negative and positive reviews alone.

    With --engine ray, each file is read and scored on any free core of a cluster; the metrics are
    the same. Without --address, Ray is started here for the run.

    --on-bad-row skip leaves out rows that cannot be read, with their number; --rejects lists them.

    --errors writes the 100 most confident mistakes, the most confident first: those furthest on the
    wrong side of the threshold, or with more than two classes furthest above the label. Each has
    file and row, label, answer (`uncertain` where the model abstains), the words that led to it
    with their part of the log-odds, and the columns of --slice.

    \b
    Examples:
      sentiment evaluate held_out.csv
      sentiment evaluate held_out.csv -m big.safetensors --json
      sentiment evaluate held_out.csv --slice domain --slice length --slice negation
      sentiment evaluate held_out.csv --errors mistakes.csv
      sentiment evaluate held_out.csv --fail-under accuracy=0.9 --fail-under recall_negative=0.8
      sentiment evaluate 'held_out/*.parquet' --engine ray
      sentiment evaluate held_out.csv --fail-under slice:negation=yes:macro_f1=0.8
    """
    gates = tuple(map(read_gate, fail_under))
    of_gates = (gate.column for gate in gates if gate.column is not None)
    columns = tuple(dict.fromkeys([*sliced, *of_gates]))
    _evaluate(_Job(columns=columns, gates=gates, reading=reading_for(columns, reading), **chosen))


def _evaluate(job: _Job) -> None:
    """Measure a model, print its metrics, write its mistakes, and check the gates."""
    _check(job)
    classes = job.reading.classes
    path, model = open_model(
        job.model_path,
        job.threshold,
        classes=classes,
        repair=job.repair,
        languages=job.languages,
        words=job.words,
    )
    check_metrics(job.gates, model.labels)
    paths = job.data or test_reviews()
    if job.errors is not None:
        check_errors_file(job.errors, job.reading.keep, model.labels)
    if targets := [target for target in (job.errors, job.rejects) if target is not None]:
        labels = map(Path, job.reading.label_files)
        inputs = [*options.resolve_inputs(paths, "evaluation"), *labels, path]
        inputs += [] if job.words is None else [job.words]
        options.check_targets(targets, inputs, force=job.force)
    model, reviews, scores = _score(job, path, model, paths)
    check_metrics(job.gates, model.labels)  # a class may have been left out
    values = {column: slice_values(column, reviews) for column in job.columns}
    check_slices(job.gates, values)
    evaluation = Evaluation(scores.probabilities, reviews.labels, model.decision, model.labels)
    slices = {
        name: slices_of(of, reviews.labels, evaluation.answers, model.labels)
        for name, of in values.items()
    }
    facts, parts = evaluation.as_json(), [metrics_as_text(evaluation)]
    if model.decision.may_abstain or scores.unknown.any():
        abstention = abstention_of(scores.known, reviews.labels, model.decision)
        facts |= asdict(abstention)
        parts.append(abstention_as_text(abstention, model.decision, model.labels))
    console.clear_status()
    if job.as_json:
        facts["intervals"] = evaluation.intervals
        if slices:
            facts["slices"] = {name: [s.as_json() for s in of] for name, of in slices.items()}
        click.echo(json.dumps(facts | {"model": str(path), "data": list(paths)}))
    else:
        headline = evaluation.metrics.headline
        parts += [slices_as_text(name, of, headline) for name, of in slices.items()]
        click.echo("\n\n".join(parts))
    if job.errors is not None:
        _write_errors(job.errors, model, reviews, scores)
    check_gates(job.gates, facts, slices)


def _check(job: _Job) -> None:
    """Check options before anything is read."""
    job.engine.refuse([
        (job.errors, "leaves the texts where they are, and --errors writes some: run it without"),
        ("-" in job.data, "reads files, not stdin: name them"),
        (job.reading.label_files, "reads labels beside the texts: leave out --labels"),
        (job.on_bad_row != "stop", "stops at a row that cannot be read: leave out --on-bad-row"),
    ])  # fmt: skip
    if job.rejects is not None:
        check_rejects(job.rejects, job.on_bad_row)
    if job.reading.label_files and not job.data:
        raise UsageError("--labels has the labels of DATA: name the file of texts, too")
    if job.engine.is_ray:
        from sentiment.cluster.engine import RAY

        require(*RAY)


def _score(
    job: _Job, path: Path, model: Model, paths: Sequence[str]
) -> tuple[Model, LabelledReviews, Scores]:
    """Read and score reviews; return the model without a class that they do not have, too."""
    if job.engine.is_ray:
        from sentiment.cli.cluster import score_files

        reading = replace(job.reading, label_set=model.labels)
        reviews, scores = score_files(job.engine, model, paths, reading, job.columns, job.workers)
        (shared,), reviews = shared_classes([model], reviews, reading.named)
        if shared is not model:
            kept = scores.probabilities[:, model.labels.indices_of(shared.labels.names)]
            scores = Scores(kept / kept.sum(axis=1, keepdims=True), scores.coverage)
        return shared, reviews, scores
    with handling(job.on_bad_row, job.rejects) as bad_rows:
        reading = replace(job.reading, bad_rows=bad_rows)
        reviews = read_reviews(paths, reading, "evaluation", label_set=model.labels)
    (model,), reviews = shared_classes([model], reviews, job.reading.named)
    return model, *score(model, reviews, path, job.workers)


def check_errors_file(path: Path, columns: Sequence[str], label_set: LabelSet) -> None:
    """Check the file of mistakes before any work is done.

    Args:
        path: the file to write.
        columns: columns of the reviews that are written, too.
        label_set: the classes of the model.

    Raises:
        UsageError: its format is not a table, or a column has the name of another.
    """
    format = check_table(path, "--errors")
    own = [*_COLUMNS, "predicted", *(name for name, _ in label_set.columns)]
    own += [_REASON] * (format in JSON_FORMATS)
    if taken := [name for name in columns if name in own]:
        raise UsageError(
            f'--errors writes its own column "{taken[0]}"; rename that of --slice, '
            "or leave one of the two options out"
        )


def check_table(path: Path, option: str) -> str:
    """Return the format of a table that an option names.

    Raises:
        UsageError: it is another format.
    """
    format = output_format_of(path)
    if format not in _FORMATS:
        raise UsageError(f"{option} {path}: name it .csv, .tsv, .json, .jsonl, .xlsx or .parquet")
    return format


def _write_errors(path: Path, model: Model, reviews: LabelledReviews, scores: Scores) -> None:
    ranked = rank_mistakes(scores.probabilities, reviews.labels, model.decision)
    shown = ranked[:MAX_MISTAKES]
    console.status(f"explaining {shown.size} mistakes …")
    write_mistakes(path, explain_mistakes(model, reviews, shown), reviews, model.labels)
    which = f"the {shown.size} most confident" if shown.size < ranked.size else "all"
    console.note(f"saved {path}: {which} of {ranked.size:,} mistakes")


def write_mistakes(
    path: Path, mistakes: Sequence[Mistake], reviews: LabelledReviews, label_set: LabelSet
) -> None:
    """Write a record for each mistake, in order, with the kept columns of its row."""
    format = output_format_of(path)
    rows = [_row(mistake, reviews, as_json=format in JSON_FORMATS) for mistake in mistakes]
    names = [*_COLUMNS, *reviews.columns]
    source = RowsSource(rows, names, str(path))
    with writing(path) as stream:
        columns = Columns(("text",), "label", "")
        writer = writer_for(format, stream, source, columns, labels=label_set)
        if rows:
            explained = [mistake.explanation for mistake in mistakes]
            shown = [label for _, label in label_set.columns]
            writer.write(
                Batch(rows, 1, name=source.name, format=source.format),
                [explanation.answer for explanation in explained],
                np.array([explanation.probabilities for explanation in explained])[:, shown],
                [explanation.reason for explanation in explained],
            )
        writer.close()


def _row(mistake: Mistake, reviews: LabelledReviews, *, as_json: bool) -> dict[str, Any]:
    words = mistake.drivers
    return {
        "file": mistake.file,
        "row": mistake.row,
        "label": mistake.labelled,
        "text": mistake.explanation.text,
        "words": [[word.text, round(word.contribution, 6)] for word in words]
        if as_json
        else ", ".join(f"{word.text} {word.contribution:+.2f}" for word in words),
        **{name: cells[mistake.number] for name, cells in reviews.columns.items()},
    }


def metrics_as_text(evaluation: Evaluation) -> str:
    """Return all metrics of all reviews as text."""
    return "\n".join([*_overall(evaluation), "", *_classes(evaluation)])


def slices_as_text(column: str, slices: Sequence[Slice], headline: Sequence[Metric]) -> str:
    """Return the metrics of the first slices of a column as a table."""
    shown = slices[:SHOWN_SLICES]
    names = [shortened(each.value, _VALUE_WIDTH) or "(empty)" for each in shown]
    title = shortened(f"by {column}", _VALUE_WIDTH)
    width = max(map(len, [title, *names]))
    titles = "".join(f"{metric.title:>10}{'':13}" for metric in headline)
    rows = [f"{title:<{width}}{'reviews':>9}{titles}".rstrip()]
    for name, each in zip(names, shown, strict=True):
        figures = side_by_side(headline, each.figures, each.intervals, 10)
        note = "  too few reviews" if each.too_small else ""
        rows.append(f"{name:<{width}}{each.n:>9,}{figures}{note}".rstrip())
    if len(slices) > len(shown):
        rows.append(f"and {len(slices) - len(shown):,} more; --json has them all")
    if any(each.too_small for each in shown):
        rows.append(f"(too few: fewer than {MIN_SLICE} reviews)")
    return "\n".join(rows)


def abstention_as_text(abstention: Abstention, decision: AnyDecision, label_set: LabelSet) -> str:
    """Return coverage and selective accuracy as text."""
    return (
        f"coverage {percent(abstention.coverage):>9} of the reviews are answered, "
        f"{percent(abstention.accuracy_answered)} of these correctly\n"
        f"         ({describe_band(decision, label_set)})"
    )


def _overall(evaluation: Evaluation) -> Iterator[str]:
    metrics = evaluation.metrics
    values = evaluation.constant
    constant = ", ".join(f"{m.title} {m.write(values[m.name])}" for m in metrics.headline)
    decision = evaluation.decision
    side = f", threshold {decision.threshold:.3g}" if isinstance(decision, Decision) else ""
    notes = {
        "accuracy": f"{count_of(evaluation.n, 'review')}{side}",
        "macro_f1": f"always {evaluation.most_frequent}: {constant}",
    }
    width = max(9, *(len(metric.title) + 1 for metric in metrics.overall))
    yield f"{'95% interval':>{width + 26}}"
    for metric in metrics.overall:
        figure = metric.write(evaluation.figures[metric.name])
        interval = metric.write_interval(evaluation.intervals.get(metric.name))
        note = notes.get(metric.name, "")
        if metric.floor:
            chance = metric.write(metric.floor(evaluation))
            note = f"{metric.heading}; about {chance} by chance if perfectly calibrated"
        yield f"{metric.title:<{width}}{figure:>9}{interval:>17}    {note}".rstrip()


def side_by_side(
    metrics: Sequence[Metric], figures: Figures, intervals: Intervals, width: int
) -> str:
    """Return metrics with their intervals in columns of a table, each value so wide."""
    return "".join(
        f"{metric.write(figures[metric.name]):>{width}}  "
        f"{metric.write_interval(intervals[metric.name]):<11}"
        for metric in metrics
    )


def _classes(evaluation: Evaluation) -> Iterator[str]:
    """Write the metrics of the answers to each class, and the confusion matrix."""
    names = [*map(class_name, evaluation.label_set.names)]
    width = width_of(evaluation.label_set)
    of_class = [
        [metric for metric in metrics if metric.of_counts]
        for metrics in evaluation.metrics.of_class.values()
    ]
    titles = "".join(f"{metric.title:>9}{'':13}" for metric in of_class[0])
    yield f"{'':<{width}}{titles}{'reviews':>10}"
    for name, metrics, n in zip(names, of_class, evaluation.support.values(), strict=True):
        figures = side_by_side(metrics, evaluation.figures, evaluation.intervals, 9)
        yield f"{name:<{width}}{figures}{n:>10,}"
    yield ""
    if len(names) <= _MATRIX_CLASSES:
        yield from _matrix(names, evaluation)
    else:
        yield f"the confusion matrix of {len(names)} classes: --json, or sentiment report"


def _matrix(names: Sequence[str], evaluation: Evaluation) -> Iterator[str]:
    first, *others = (max(10, len(name)) for name in names)
    widths = [first + len("answered"), *(width + 1 for width in others)]
    side = max(map(len, names)) + len("is ")
    header = f"answered:{names[0]:>{first - 1}}"
    yield f"{'':{side}}{header}" + "".join(
        f"{name:>{width}}" for name, width in zip(names[1:], widths[1:], strict=True)
    )
    for name, row in zip(names, evaluation.confusion.tolist(), strict=True):
        cells = (f"{count:>{width},}" for count, width in zip(row, widths, strict=True))
        yield f"{f'is {name}':<{side}} {''.join(cells)}"
