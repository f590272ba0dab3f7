"""`sentiment evaluate`: how good a model is on labelled reviews."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from sentiment.cli.answering import scored
from sentiment.cli.console import console
from sentiment.cli.models import describe_band, open_model, test_reviews
from sentiment.cli.options import (
    NAME,
    TARGET,
    check_targets,
    force_option,
    json_option,
    model_option,
    read_label_options,
    repair_option,
    resolve_inputs,
    threshold_option,
    verbosity_options,
)
from sentiment.cli.predict import Engine, engine_options
from sentiment.cli.reading import read_reviews
from sentiment.errors import GoalError, UsageError
from sentiment.evaluation.gates import check_values, missed, read_gate
from sentiment.evaluation.metrics import (
    HEADLINE,
    OF_CLASS,
    OVERALL,
    Evaluation,
    Figures,
    Intervals,
    Metric,
    answers_by,
    percent,
)
from sentiment.evaluation.mistakes import (
    FEWEST,
    MOST,
    SHOWN_SLICES,
    Mistake,
    Slice,
    explain_mistakes,
    rank_mistakes,
    reading_for,
    slice_values,
    slices_of,
)
from sentiment.evaluation.selective import Abstention, abstention_of
from sentiment.files import replacing
from sentiment.labels import POSITIVE
from sentiment.model.model import Decision, Model
from sentiment.reviews.batch import Batch, RowsSource
from sentiment.reviews.cells import count_of, encode, printable
from sentiment.reviews.columns import Columns
from sentiment.reviews.dataset import LabelledReviews
from sentiment.reviews.formats import ReadOptions, output_format_of
from sentiment.reviews.writers import writer_for
from sentiment.runtime import require

_FORMATS = ("csv", "tsv", "jsonl", "parquet")
_COLUMNS = ("file", "row", "label", "text", "words", "predicted", "p_positive")
_REASON = "reason"  # why an answer is uncertain, in JSON lines
_ADDED = 2  # the last ones, which every writer adds by itself


def check_errors_file(path: Path, columns: Sequence[str]) -> None:
    """Check the file of mistakes before any work is done.

    Args:
        path: the file to write.
        columns: what the reviews are sliced by; it is written, too.

    Raises:
        UsageError: its format is not a table, or a column has a name that is taken.
    """
    format = output_format_of(path)
    if format not in _FORMATS:
        raise UsageError(f"--errors {path}: name it .csv, .tsv, .jsonl or .parquet")
    own = (*_COLUMNS, _REASON) if format == "jsonl" else _COLUMNS
    if taken := [name for name in columns if name in own]:
        raise UsageError(
            f'--errors writes a column "{taken[0]}" of its own; rename that of --slice, '
            "or leave one of the two options out"
        )


def write_mistakes(path: Path, mistakes: Sequence[Mistake], reviews: LabelledReviews) -> None:
    """Write a record for each mistake, in order, with the columns that were kept of its row."""
    format = output_format_of(path)
    rows = [_row(mistake, reviews, as_json=format == "jsonl") for mistake in mistakes]
    names = [*_COLUMNS[:-_ADDED], *reviews.columns]
    source = RowsSource(rows, names, str(path))
    with replacing(path) as stream:
        writer = writer_for(format, stream, source, Columns(("text",), "label", ""))
        if rows:
            explained = [mistake.explanation for mistake in mistakes]
            writer.write(
                Batch(rows, 1, name=source.name, format=source.format),
                [explanation.answer for explanation in explained],
                np.array([explanation.p_positive for explanation in explained]),
                [explanation.reason for explanation in explained],
            )
        writer.close()


def _row(mistake: Mistake, reviews: LabelledReviews, *, as_json: bool) -> dict[str, Any]:
    words = mistake.drivers
    return {
        "file": mistake.file,
        "row": mistake.row,
        "label": mistake.label,
        "text": mistake.explanation.text,
        "words": [[word.text, round(word.contribution, 6)] for word in words]
        if as_json
        else ", ".join(f"{word.text} {word.contribution:+.2f}" for word in words),
        **{name: cells[mistake.number] for name, cells in reviews.columns.items()},
    }


_VALUE_WIDTH = 30


def metrics_as_text(evaluation: Evaluation) -> str:
    """Write all metrics of all reviews."""
    return "\n".join([*_overall(evaluation), "", *_classes(evaluation)])


def slices_as_text(column: str, slices: Sequence[Slice]) -> str:
    """Write the metrics of the slices of a column, as many as can be looked through."""
    shown = slices[:SHOWN_SLICES]
    names = [shortened(each.value, _VALUE_WIDTH) or "(empty)" for each in shown]
    title = shortened(f"by {column}", _VALUE_WIDTH)
    width = max(map(len, [title, *names]))
    titles = "".join(f"{metric.title:>10}{'':13}" for metric in HEADLINE)
    rows = [f"{title:<{width}}{'reviews':>9}{titles}".rstrip()]
    for name, each in zip(names, shown, strict=True):
        figures = _side_by_side(HEADLINE, each.figures, each.intervals, 10)
        note = "  too small to tell" if each.too_small else ""
        rows.append(f"{name:<{width}}{each.n:>9,}{figures}{note}".rstrip())
    if len(slices) > len(shown):
        rows.append(f"and {len(slices) - len(shown):,} more; --json has them all")
    if any(each.too_small for each in shown):
        rows.append(f"(too small: fewer than {FEWEST} reviews)")
    return "\n".join(rows)


def abstention_as_text(abstention: Abstention, decision: Decision) -> str:
    """Write what is answered, and how much of that is right."""
    right = percent(abstention.accuracy_answered)
    return (
        f"answered {percent(abstention.coverage):>9} of the reviews, {right} of these right\n"
        f"         ({describe_band(decision)})"
    )


def shortened(text: str, width: int) -> str:
    """Cut a text to a width, safe for terminals and on one line."""
    line = encode(printable(" ".join(text.split()))).decode()  # no lone surrogates either
    return line if len(line) <= width else line[: width - 1].rstrip() + "…"


def _overall(evaluation: Evaluation) -> Iterator[str]:
    constant = ", ".join(f"{m.title} {m.write(evaluation.constant[m.name])}" for m in HEADLINE)
    notes = {
        "accuracy": f"of {count_of(evaluation.n, 'review')}, "
        f"positive from {evaluation.threshold:.3g} on",
        "macro_f1": f"answering always {evaluation.most_frequent}: {constant}",
    }
    yield f"{'95% interval':>35}"
    for metric in OVERALL:
        figure = metric.write(evaluation.figures[metric.name])
        interval = metric.write_interval(evaluation.intervals.get(metric.name))
        note = notes.get(metric.name, "")
        if metric.floor:
            note = f"{metric.heading}; {metric.write(metric.floor(evaluation))} would be perfect"
        yield f"{metric.title:<9}{figure:>9}{interval:>17}    {note}".rstrip()


def _side_by_side(
    metrics: Sequence[Metric], figures: Figures, intervals: Intervals, width: int
) -> str:
    return "".join(
        f"{metric.write(figures[metric.name]):>{width}}  "
        f"{metric.write_interval(intervals[metric.name]):<11}"
        for metric in metrics
    )


def _classes(evaluation: Evaluation) -> Iterator[str]:
    titles = "".join(f"{metric.title:>9}{'':13}" for metric in OF_CLASS[POSITIVE])
    yield f"{'':<9}{titles}{'reviews':>10}"
    for name, metrics in OF_CLASS.items():
        figures = _side_by_side(metrics, evaluation.figures, evaluation.intervals, 9)
        yield f"{name:<9}{figures}{evaluation.support[name]:>10,}"
    (true_negative, false_positive), (false_negative, true_positive) = evaluation.confusion.tolist()
    yield ""
    yield "           answered: negative   positive"
    yield f"is negative {true_negative:18,} {false_positive:10,}"
    yield f"is positive {false_negative:18,} {true_positive:10,}"


@click.command(short_help="Measure a model on reviews with labels.")
@click.argument("data", nargs=-1, type=NAME, metavar="[DATA]...")
@model_option
@threshold_option
@repair_option
@click.option("--slice", "sliced", multiple=True, metavar="COLUMN",
              help="Measure the reviews of each value of a column by themselves; `length` and "
              "`negation` need no column; may be repeated.")  # fmt: skip
@click.option("--fail-under", multiple=True, metavar="METRIC=NUMBER",
              help="Exit with code 6 where a figure is lower, as in accuracy=0.9 or "
              "slice:COLUMN=VALUE:accuracy=0.8; may be repeated.")  # fmt: skip
@click.option("--errors", type=TARGET, metavar="FILE",
              help="Write the mistakes that the model is surest of here, with the words that led "
              "to each: CSV, TSV, JSONL or Parquet.")  # fmt: skip
@engine_options
@read_label_options
@force_option
@json_option
@verbosity_options
def command(
    data: tuple[str, ...],
    model_path: Path | None,
    threshold: float | None,
    repair: bool | None,
    sliced: tuple[str, ...],
    fail_under: tuple[str, ...],
    errors: Path | None,
    engine: Engine,
    reading: ReadOptions,
    force: bool,
    as_json: bool,
) -> None:
    """Measure a model on reviews with labels.

    DATA are files, globs, folders or names of sets, as for train. Without DATA: data/test.csv, else
    the test reviews that come with the program. Reviews that the model was trained or calibrated on
    are counted, and warned of. With each figure comes its 95% interval: how far it would move with
    other reviews. A model that leaves reviews uncertain, or knows hardly a word of some, is
    measured by its threshold on all of them; what it answers, and how much of that is right, stands
    below.

    With --engine ray, each file is read and scored on whichever core of a cluster is free; the
    figures are the same. Without --address, Ray is started here for the run.

    --errors writes the 100 reviews that are furthest on the wrong side of the threshold, the
    furthest first: where each stands, its label, what it is answered (a mistake within the band is
    `uncertain`), the words that moved it there with what they add to the logit, and its columns
    that --slice names.

    \b
    Examples:
      sentiment evaluate held_out.csv
      sentiment evaluate held_out.csv -m big.safetensors --json
      sentiment evaluate held_out.csv --slice domain --slice length --slice negation
      sentiment evaluate held_out.csv --errors mistakes.csv
      sentiment evaluate held_out.csv --fail-under accuracy=0.9
      sentiment evaluate 'held_out/*.parquet' --engine ray
      sentiment evaluate held_out.csv --fail-under slice:negation=yes:macro_f1=0.8
    """
    gates = [read_gate(text) for text in fail_under]
    of_gates = [gate.column for gate in gates if gate.column is not None]
    columns = list(dict.fromkeys([*sliced, *of_gates]))
    reading = reading_for(columns, reading)
    engine.refuse([
        (errors, "leaves the texts where they are, and --errors writes some: run it without"),
        ("-" in data, "reads files, not stdin: name them"),
    ])  # fmt: skip
    if engine.is_ray:
        from sentiment.cluster.engine import RAY  # before anything is read

        require(*RAY)
    if errors is not None:
        check_errors_file(errors, reading.keep)
    path, model = open_model(model_path, threshold, repair=repair)
    paths = data or test_reviews()
    if errors is not None:
        check_targets([errors], [*resolve_inputs(paths, "evaluation"), path], force=force)
    if engine.is_ray:
        from sentiment.cli.cluster import scored_where_they_are  # others do without

        reviews, scores = scored_where_they_are(engine, model, paths, reading, columns)
    else:
        reviews, scores = scored(model, read_reviews(paths, reading, "evaluation"))
    values = {column: slice_values(column, reviews) for column in columns}
    check_values(gates, values)
    decision = model.decision
    evaluation = Evaluation(scores.p_positive, reviews.labels, decision.threshold)
    answers = answers_by(scores.p_positive, decision.threshold)
    slices = {name: slices_of(of, reviews.labels, answers) for name, of in values.items()}
    facts, parts = evaluation.as_json(), [metrics_as_text(evaluation)]
    if decision.abstention_interval is not None or scores.unknown.any():
        abstention = abstention_of(scores.p_known, reviews.labels, decision)
        facts |= asdict(abstention)
        parts.append(abstention_as_text(abstention, decision))
    failures = missed(gates, facts, slices)
    console.clear_status()
    if as_json:
        facts["intervals"] = evaluation.intervals
        if slices:
            facts["slices"] = {name: [s.as_json() for s in of] for name, of in slices.items()}
        click.echo(json.dumps(facts | {"model": str(path), "data": list(paths)}))
    else:
        click.echo("\n\n".join(parts + [slices_as_text(*each) for each in slices.items()]))
    if errors is not None:
        _write_errors(errors, model, reviews, scores.p_positive)
    if failures:
        raise GoalError(f"missed: {'; '.join(failures)}")


def _write_errors(
    path: Path, model: Model, reviews: LabelledReviews, p_positive: NDArray[np.float64]
) -> None:
    ranked = rank_mistakes(p_positive, reviews.labels, model.decision.threshold)
    shown = ranked[:MOST]
    console.status(f"explaining {shown.size} mistakes …")
    write_mistakes(path, explain_mistakes(model, reviews, shown), reviews)
    which = f"the {shown.size} surest" if shown.size < ranked.size else "all"
    console.note(f"saved {path}: {which} of {ranked.size:,} mistakes")
