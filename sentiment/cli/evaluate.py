"""`sentiment evaluate`: a model and reviews with labels in, figures out."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from sentiment.cli.bundled import test_reviews
from sentiment.cli.console import console
from sentiment.cli.engines import Engine, engine_options
from sentiment.cli.figures import abstention_as_text, metrics_as_text, slices_as_text
from sentiment.cli.mistakes import check_errors_file, write_mistakes
from sentiment.cli.models import open_model
from sentiment.cli.options import (
    force_option,
    json_option,
    model_option,
    read_label_options,
    repair_option,
    talk_options,
    threshold_option,
)
from sentiment.cli.paths import NAME, TARGET, check_targets, places_of
from sentiment.cli.reading import read_reviews
from sentiment.cli.scoring import scored
from sentiment.errors import GoalError
from sentiment.evaluation import (
    MOST,
    Abstention,
    Gate,
    Intervals,
    Metrics,
    Slice,
    abstention_of,
    answers_by,
    check_values,
    explain_mistakes,
    intervals_of,
    measure,
    missed,
    rank_mistakes,
    read_gate,
    reading_for,
    slice_values,
    slices_of,
)
from sentiment.model import Decision, Model, Scores
from sentiment.reviews import LabelledReviews, ReadOptions


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
@talk_options
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
    columns = _columns(sliced, gates)
    reading = reading_for(columns, reading)
    engine.refuse([
        (errors, "leaves the texts where they are, and --errors writes some: run it without"),
        ("-" in data, "reads files, not stdin: name them"),
    ])  # fmt: skip
    if engine.is_ray:
        from sentiment.cluster import need_ray  # before anything is read

        need_ray()
    if errors is not None:
        check_errors_file(errors, reading.keep)
    path, model = open_model(model_path, threshold, repair=repair)
    paths = data or test_reviews()
    if errors is not None:
        check_targets([errors], [*places_of(paths, "evaluation"), path], force=force)
    if engine.is_ray:
        from sentiment.cli.cluster import scored_where_they_are  # others do without

        reviews, scores = scored_where_they_are(engine, model, paths, reading, columns)
    else:
        reviews, scores = scored(model, read_reviews(paths, reading, "evaluation"))
    values = {column: slice_values(column, reviews) for column in columns}
    check_values(gates, values)
    found = _measured(scores, reviews.labels, model.decision, values)
    console.clear_status()
    if as_json:
        click.echo(json.dumps(_as_json(found) | {"model": str(path), "data": list(paths)}))
    else:
        click.echo(_as_text(found, model.decision))
    if errors is not None:
        _write_errors(errors, model, reviews, scores.p_positive)
    if failures := missed(gates, found.figures, found.slices):
        raise GoalError(f"missed: {'; '.join(failures)}")


@dataclass(frozen=True)
class _Measured:
    """What was found; `abstention` where reviews are left uncertain."""

    metrics: Metrics
    intervals: Intervals
    abstention: Abstention | None
    slices: dict[str, list[Slice]]

    @property
    def figures(self) -> dict[str, Any]:
        """Every figure of all reviews by its name."""
        return self.metrics.as_json() | (asdict(self.abstention) if self.abstention else {})


def _columns(sliced: Sequence[str], gates: Sequence[Gate]) -> list[str]:
    """Name what to slice by, each once: as asked, and where a gate needs it."""
    of_gates = [gate.column for gate in gates if gate.column is not None]
    return list(dict.fromkeys([*sliced, *of_gates]))


def _measured(
    scores: Scores,
    labels: NDArray[np.integer],
    decision: Decision,
    values: dict[str, list[str]],
) -> _Measured:
    p_positive = scores.p_positive
    answers = answers_by(p_positive, decision.threshold)
    abstains = decision.band is not None or bool(scores.unknown.any())
    return _Measured(
        measure(p_positive, labels, decision.threshold),
        intervals_of(p_positive, labels, decision.threshold),
        abstention_of(scores.p_known, labels, decision) if abstains else None,
        {name: slices_of(of, labels, answers) for name, of in values.items()},
    )


def _as_json(found: _Measured) -> dict[str, Any]:
    facts = found.figures | {"intervals": found.intervals}
    if found.slices:
        facts["slices"] = {
            name: [each.as_json() for each in slices] for name, slices in found.slices.items()
        }
    return facts


def _as_text(found: _Measured, decision: Decision) -> str:
    parts = [metrics_as_text(found.metrics, found.intervals)]
    if found.abstention:
        parts.append(abstention_as_text(found.abstention, decision))
    return "\n\n".join(parts + [slices_as_text(*each) for each in found.slices.items()])


def _write_errors(
    path: Path, model: Model, reviews: LabelledReviews, p_positive: NDArray[np.float64]
) -> None:
    ranked = rank_mistakes(p_positive, reviews.labels, model.decision.threshold)
    shown = ranked[:MOST]
    console.status(f"explaining {shown.size} mistakes …")
    write_mistakes(path, explain_mistakes(model, reviews, shown), reviews)
    which = f"the {shown.size} surest" if shown.size < ranked.size else "all"
    console.note(f"saved {path}: {which} of {ranked.size:,} mistakes")
