"""`sentiment train`: reviews with labels in, a model file out."""

import json
from pathlib import Path
from typing import Any, get_args

import click

from sentiment.cli.bundled import bundled_reviews
from sentiment.cli.console import console
from sentiment.cli.models import DEFAULT_MODEL
from sentiment.cli.options import (
    force_option,
    gathered,
    json_option,
    read_label_options,
    refuse_overwriting,
    talk_options,
)
from sentiment.cli.reading import read_reviews
from sentiment.cli.training_progress import ShownProgress
from sentiment.model import Model, save_model
from sentiment.reviews import LabelledReviews, ReadOptions, require_both_classes
from sentiment.training import TrainingOptions, train
from sentiment.training.options import Objective


class _Units(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.4 on
    """Units of hidden layers: `16`, `64,32`, or nothing."""

    name = "units"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[int, ...]:
        if isinstance(value, tuple):
            return value
        parts = [part.strip() for part in value.split(",")] if value.strip() else []
        if all(part.isdecimal() and 0 < int(part) <= 4096 for part in parts) and len(parts) <= 16:
            return tuple(map(int, parts))
        return self.fail(f"{value!r}: give numbers such as 16 or 64,32, or '' for no hidden layer.")


_training_options = gathered(
    TrainingOptions,
    "options",
    [
        click.option("--hidden", type=_Units(), default="16", show_default=True, metavar="UNITS",
                     help="Units of each ReLU layer, such as 64,32; '' for none."),
        click.option("--dropout", type=click.FloatRange(0, 1, max_open=True), default=0.0,
                     show_default=True, metavar="SHARE", help="Hidden activations to drop."),
        click.option("--epochs", type=click.IntRange(1), metavar="N",
                     help="Epochs at the most; by default 6, with few reviews 20."),
        click.option("--patience", type=click.IntRange(1), default=2, show_default=True,
                     metavar="N", help="Epochs to wait for a better validation loss."),
        click.option("--batch-size", type=click.IntRange(1), metavar="N",
                     help="Rows a step; by default 32 to 1024, by the number of reviews."),
        click.option("--learning-rate", type=click.FloatRange(0, min_open=True), metavar="R",
                     help="Adam's; by default 0.01 for batches of 1024, less for smaller ones."),
        click.option("--features", type=click.IntRange(1), default=300_000, show_default=True,
                     metavar="N", help="N-grams to keep at the most."),
        click.option("--validation-share", type=click.FloatRange(0, 1, min_open=True,
                     max_open=True), default=0.1, show_default=True, metavar="SHARE",
                     help="Rows to hold out where --validation is not given."),
        click.option("--optimize", type=click.Choice(get_args(Objective)),
                     help="What the decision threshold is chosen for; by default accuracy, "
                     "macro-f1 where one label is rarer than 40%."),
        click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True,
                     metavar="N", help="Same data, options and seed: same file, byte for byte."),
    ],
)  # fmt: skip


@click.command(short_help="Train a model on reviews with labels.")
@click.argument("data", nargs=-1, metavar="[DATA]...")
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE",
              help="Write the model here; by default ./model.safetensors.")  # fmt: skip
@click.option("--validation", multiple=True, metavar="FILE",
              help="Hold these reviews out, not a share of DATA; may be repeated.")  # fmt: skip
@_training_options
@read_label_options
@force_option
@json_option
@talk_options
def command(
    data: tuple[str, ...],
    output: Path | None,
    validation: tuple[str, ...],
    options: TrainingOptions,
    reading: ReadOptions,
    force: bool,
    as_json: bool,
) -> None:
    """Train a model on reviews with labels.

    DATA are files, globs or folders: CSV, TSV, JSONL, Parquet, fastText, folders of text files
    (pos/ and neg/), also compressed. Columns and labels are found, and what was found is said.
    Without DATA: data/train.csv, else the reviews that come with the program.

    \b
    Examples:
      sentiment train reviews.csv
      sentiment train 'shards/*.parquet' -o big.safetensors
      sentiment train products.csv --text-column title --text-column body --label-column stars
    """
    target = output or DEFAULT_MODEL
    # Without -o, train replaces its own earlier model, and says so.
    refuse_overwriting(target, force or output is None)
    paths = data or (bundled_reviews("train.csv"),)
    reviews = _read(paths, reading, "training")
    held_out = _read(validation, reading, "validation") if validation else None
    console.status("featurizing, and starting TensorFlow …")
    model = train(reviews, options, held_out, ShownProgress(console))
    replaced = output is None and target.exists()
    save_model(model, target)
    _report(model, target, replaced, as_json)


def _read(paths: tuple[str, ...], reading: ReadOptions, purpose: str) -> LabelledReviews:
    reviews = read_reviews(paths, reading, purpose)
    require_both_classes(reviews, paths[0] if len(paths) == 1 else f"{len(paths)} files")
    return reviews


def _report(model: Model, target: Path, replaced: bool, as_json: bool) -> None:
    """Say what came out."""
    about = model.provenance
    size = target.stat().st_size if target.is_file() else 0
    console.note(
        f"{'replaced' if replaced else 'saved'} {target} ({size / 1e6:.1f} MB): "
        f"{about['validation']['accuracy']:.1%} of the held-out reviews right"
    )
    if as_json:
        result = {
            "model": str(target),
            "bytes": size,
            "features": int(model.vectorizer.keys.size),
            "threshold": model.decision.threshold,
            **{key: about[key] for key in ("training", "validation", "best_epoch")},
        }
        click.echo(json.dumps(result))
