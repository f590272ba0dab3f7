"""`sentiment evaluate`: a model and reviews with labels in, figures out."""

import json
from pathlib import Path

import click

from sentiment.cli.bundled import bundled_reviews
from sentiment.cli.console import console
from sentiment.cli.models import open_model
from sentiment.cli.options import (
    json_option,
    model_option,
    read_label_options,
    talk_options,
    threshold_option,
)
from sentiment.cli.reading import read_reviews
from sentiment.evaluation import Metrics, find_overlap, measure
from sentiment.model import SEEN_LIMIT, Model
from sentiment.reviews import LabelledReviews, ReadOptions


@click.command(short_help="Measure a model on reviews with labels.")
@click.argument("data", nargs=-1, type=click.Path(), metavar="[DATA]...")
@model_option
@threshold_option
@read_label_options
@json_option
@talk_options
def command(
    data: tuple[str, ...],
    model_path: Path | None,
    threshold: float | None,
    reading: ReadOptions,
    as_json: bool,
) -> None:
    """Measure a model on reviews with labels.

    DATA are files, globs or folders, as for train. Without DATA: data/test.csv, else the test
    reviews that come with the program. Reviews that the model was trained on are counted, and
    warned of.

    \b
    Examples:
      sentiment evaluate held_out.csv
      sentiment evaluate held_out.csv -m big.safetensors --json
    """
    path, model = open_model(model_path)
    paths = data or (bundled_reviews("test.csv"),)
    reviews = read_reviews(paths, reading, "evaluation")
    _warn_of_overlap(model, reviews)
    chosen = model.decision.threshold if threshold is None else threshold
    metrics = measure(model.probabilities(reviews.texts), reviews.labels, chosen)
    console.clear_status()
    if as_json:
        click.echo(json.dumps(metrics.as_json() | {"model": str(path), "data": list(paths)}))
    else:
        click.echo(_as_text(metrics))


def _warn_of_overlap(model: Model, reviews: LabelledReviews) -> None:
    overlap = find_overlap(model.seen, SEEN_LIMIT, reviews.digest())
    if overlap.found:
        sample = "" if overlap.checked == len(reviews) else " that could be checked"
        console.warn(
            f"{overlap.found:,} of {overlap.checked:,} reviews{sample} stood in the training "
            "data; the figures are better than they would be on new reviews"
        )


def _as_text(metrics: Metrics) -> str:
    roc_auc = "–" if metrics.roc_auc is None else f"{metrics.roc_auc:.4f}"
    (true_negative, false_positive), (false_negative, true_positive) = metrics.confusion.tolist()
    rows = [
        f"accuracy {metrics.accuracy:9.1%}    of {metrics.n:,} reviews, "
        f"positive from {metrics.threshold:.3g} on",
        f"macro F1 {metrics.macro_f1:9.1%}",
        f"ROC AUC  {roc_auc:>9}",
        f"log loss {metrics.log_loss:9.4f}",
        f"Brier    {metrics.brier:9.4f}",
        f"ECE      {metrics.ece:9.4f}    {metrics.ece_floor:.4f} would be perfect calibration",
        "",
        "           precision   recall       F1  reviews",
    ]
    for name in ("negative", "positive"):
        each = getattr(metrics, name)
        rows.append(
            f"{name:<11}{each.precision:9.1%}{each.recall:9.1%}{each.f1:9.1%}{each.support:9,}"
        )
    rows += [
        "",
        "           answered: negative   positive",
        f"is negative {true_negative:18,} {false_positive:10,}",
        f"is positive {false_negative:18,} {true_positive:10,}",
    ]
    return "\n".join(rows)
