"""`sentiment evaluate`: a model and reviews with labels in, figures out."""

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import click
import numpy as np

from sentiment.cli.bundled import bundled_reviews
from sentiment.cli.console import console
from sentiment.cli.figures import abstention_as_text, metrics_as_text, slices_as_text
from sentiment.cli.models import open_model
from sentiment.cli.options import (
    json_option,
    model_option,
    read_label_options,
    talk_options,
    threshold_option,
)
from sentiment.cli.reading import read_reviews
from sentiment.cli.scoring import readable_rows, score_reviews, warn_of_overlap
from sentiment.errors import GoalError
from sentiment.evaluation import (
    BUILT_IN,
    Gate,
    abstention_of,
    check_values,
    intervals_of,
    measure,
    missed,
    read_gate,
    slice_values,
    slices_of,
)
from sentiment.reviews import ReadOptions


@click.command(short_help="Measure a model on reviews with labels.")
@click.argument("data", nargs=-1, type=click.Path(), metavar="[DATA]...")
@model_option
@threshold_option
@click.option("--slice", "sliced", multiple=True, metavar="COLUMN",
              help="Measure the reviews of each value of a column by themselves; `length` and "
              "`negation` need no column; may be repeated.")  # fmt: skip
@click.option("--fail-under", multiple=True, metavar="METRIC=NUMBER",
              help="Exit with code 6 where a figure is lower, as in accuracy=0.9 or "
              "slice:COLUMN=VALUE:accuracy=0.8; may be repeated.")  # fmt: skip
@read_label_options
@json_option
@talk_options
def command(
    data: tuple[str, ...],
    model_path: Path | None,
    threshold: float | None,
    sliced: tuple[str, ...],
    fail_under: tuple[str, ...],
    reading: ReadOptions,
    as_json: bool,
) -> None:
    """Measure a model on reviews with labels.

    DATA are files, globs or folders, as for train. Without DATA: data/test.csv, else the test
    reviews that come with the program. Reviews that the model was trained on are counted, and
    warned of. With each figure comes its 95% interval: how far it would move with other reviews.
    A model that leaves reviews uncertain is measured by its threshold on all of them; what it
    answers, and how much of that is right, stands below.

    \b
    Examples:
      sentiment evaluate held_out.csv
      sentiment evaluate held_out.csv -m big.safetensors --json
      sentiment evaluate held_out.csv --slice domain --slice length --slice negation
      sentiment evaluate held_out.csv --fail-under accuracy=0.9
      sentiment evaluate held_out.csv --fail-under slice:negation=yes:macro_f1=0.8
    """
    gates = [read_gate(text) for text in fail_under]
    columns = _columns(sliced, gates)
    path, model = open_model(model_path)
    paths = data or (bundled_reviews("test.csv"),)
    keep = tuple(column for column in columns if column not in BUILT_IN)
    reviews = read_reviews(paths, replace(reading, keep=keep), "evaluation")
    warn_of_overlap(model, reviews)
    p_positive = score_reviews(model, reviews)
    readable = readable_rows(np.isnan(p_positive))
    reviews, p_positive = reviews.take(readable), p_positive[readable]
    values = {column: slice_values(column, reviews) for column in columns}
    check_values(gates, values)
    decision = model.decision if threshold is None else model.decision.at(threshold)
    chosen = decision.threshold
    metrics = measure(p_positive, reviews.labels, chosen)
    intervals = intervals_of(p_positive, reviews.labels, chosen)
    answers = (p_positive >= chosen).astype(np.int64)
    slices = {name: slices_of(of, reviews.labels, answers) for name, of in values.items()}
    console.clear_status()
    figures, parts = metrics.as_json(), [metrics_as_text(metrics, intervals)]
    if decision.band is not None:
        abstention = abstention_of(p_positive, reviews.labels, decision)
        figures |= asdict(abstention)
        parts.append(abstention_as_text(abstention, decision))
    if as_json:
        facts = figures | {"intervals": intervals, "model": str(path), "data": list(paths)}
        if slices:
            facts["slices"] = {
                name: [each.as_json() for each in found] for name, found in slices.items()
            }
        click.echo(json.dumps(facts))
    else:
        tables = [slices_as_text(name, found) for name, found in slices.items()]
        click.echo("\n\n".join([*parts, *tables]))
    if failures := missed(gates, figures, slices):
        raise GoalError(f"missed: {'; '.join(failures)}")


def _columns(sliced: Sequence[str], gates: Sequence[Gate]) -> list[str]:
    """Name what to slice by, each once: as asked, and where a gate needs it."""
    of_gates = [gate.column for gate in gates if gate.column is not None]
    return list(dict.fromkeys([*sliced, *of_gates]))
