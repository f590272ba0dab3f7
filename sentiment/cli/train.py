"""`sentiment train`: reviews with labels in, a model file out."""

import json
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, get_args

import click
import numpy as np

from sentiment.cli.bundled import bundled_reviews
from sentiment.cli.console import console
from sentiment.cli.models import DEFAULT_MODEL, find_model
from sentiment.cli.options import (
    Number,
    Size,
    force_option,
    gathered,
    json_option,
    read_label_options,
    talk_options,
)
from sentiment.cli.paths import FILE, NAME, TARGET, check_targets, places_of
from sentiment.cli.reading import files_named, read_reviews
from sentiment.cli.training_progress import ShownProgress
from sentiment.datasets import resolve
from sentiment.errors import ModelError, UsageError
from sentiment.memory import LEAST, Memory
from sentiment.model import DEEPEST, Model, Provenance, load_model, save_model
from sentiment.reviews import LabelledReviews, ReadOptions, read_texts, require_both_classes
from sentiment.reviews.cells import count_of
from sentiment.training import Run, TrainingOptions, holds_out_in_turns, logs, train
from sentiment.training.checkpoint import Checkpoint, opened
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
        click.option("--dropout", type=Number(0, 1, max_open=True), default=0.0,
                     show_default=True, metavar="SHARE", help="Hidden activations to drop."),
        click.option("--epochs", type=click.IntRange(1), metavar="N",
                     help="Epochs at the most; by default 3 for long reviews, 5 for short, "
                     "15 for few."),
        click.option("--patience", type=click.IntRange(1), default=3, show_default=True,
                     metavar="N", help="Epochs to wait for a better validation loss."),
        click.option("--batch-size", type=click.IntRange(1), metavar="N",
                     help="Rows a step; by default 32 to 1024, by the number of reviews."),
        click.option("--learning-rate", type=Number(0, min_open=True), metavar="R",
                     help="Adam's at the start; by default 0.02 at most, less for short or few "
                     "reviews."),
        click.option("--features", type=click.IntRange(1), default=200_000, show_default=True,
                     metavar="N", help="N-grams to keep at the most."),
        click.option("--validation-share", type=Number(0, 1, min_open=True,
                     max_open=True), default=0.1, show_default=True, metavar="SHARE",
                     help="Rows to hold out where --validation is not given."),
        click.option("--refit/--no-refit", default=True, show_default=True,
                     help="Fit once more on all rows, held-out ones included, at the end."),
        click.option("--optimize", type=click.Choice(get_args(Objective)),
                     help="What the decision threshold is chosen for; by default accuracy, "
                     "macro-f1 where one label is rarer than 40%."),
        click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True,
                     metavar="N", help="Same data, options and seed: same file, byte for byte."),
    ],
)  # fmt: skip


@click.command(short_help="Train a model on reviews with labels.")
@click.argument("data", nargs=-1, type=NAME, metavar="[DATA]...")
@click.option("-o", "--output", type=TARGET, metavar="FILE",
              help="Write the model here; by default ./model.safetensors.")  # fmt: skip
@click.option("--validation", multiple=True, type=NAME, metavar="FILE",
              help="Hold these reviews out, not a share of DATA; may be repeated.")  # fmt: skip
@click.option("--unlabeled", multiple=True, type=NAME, metavar="FILE",
              help="Learn from these reviews without labels too; may be repeated.")  # fmt: skip
@click.option("--base", "base_path", type=FILE, metavar="MODEL",
              help="Stand on what this model knows: the better, the fewer reviews there are. "
              "Fewer than 5,000 are held out in turns. `general` is the model that comes "
              "along.")  # fmt: skip
@click.option("--checkpoint", "checkpoint_folder", type=click.Path(path_type=Path),
              metavar="DIR", help="Write down after each epoch how far the training has come; "
              "deleted when it is done.")  # fmt: skip
@click.option("--resume", is_flag=True,
              help="Go on from what is in --checkpoint, to the same model as without a break."
              )  # fmt: skip
@click.option("--log-dir", type=click.Path(path_type=Path), metavar="DIR",
              help="Write the curves of loss and accuracy here for TensorBoard.")  # fmt: skip
@click.option("--memory", "memory_bytes", type=Size(LEAST), metavar="SIZE",
              help="Use so much memory, such as 1GB, beside TensorFlow's own; by default half of "
              "what there is. What does not fit goes to temporary files, and the model is the "
              "same.")  # fmt: skip
@_training_options
@read_label_options
@force_option
@json_option
@talk_options
def command(
    data: tuple[str, ...],
    output: Path | None,
    validation: tuple[str, ...],
    unlabeled: tuple[str, ...],
    base_path: Path | None,
    checkpoint_folder: Path | None,
    resume: bool,
    log_dir: Path | None,
    memory_bytes: int | None,
    options: TrainingOptions,
    reading: ReadOptions,
    force: bool,
    as_json: bool,
) -> None:
    """Train a model on reviews with labels.

    DATA are files, globs or folders: CSV, TSV, JSONL, Parquet, fastText, folders of text files
    (pos/ and neg/), also compressed; or names of public sets, see sentiment datasets. Columns and
    labels are found, and what was found is said. Without DATA: data/train.csv, else the reviews
    that come with the program.

    \b
    Examples:
      sentiment train reviews.csv
      sentiment train 'shards/*.parquet' -o big.safetensors
      sentiment train products.csv --text-column title --text-column body --label-column stars
      sentiment train few.csv --base big.safetensors -o mine.safetensors
      sentiment train reviews.csv --checkpoint halfway --resume -o mine.safetensors
    """
    if base_path is not None and unlabeled:
        raise UsageError("--base and --unlabeled do not go together: give one of them")
    if resume and checkpoint_folder is None:
        raise UsageError("--resume goes on from what is in --checkpoint DIR: name that, too")
    base = _load_base(base_path) if base_path is not None else None
    paths = data or (bundled_reviews("train.csv"),)
    target = output or DEFAULT_MODEL
    replaces = output is None and _is_model(target)
    read = [
        *places_of(paths, "training"),
        *places_of(validation, "validation"),
        *places_of(unlabeled, "unlabeled"),
        *([find_model(base_path)] if base_path is not None else []),
    ]
    check_targets([target], read, force=force or replaces)
    if log_dir is not None:
        logs.prepare(log_dir, resuming=resume)
    memory = Memory(memory_bytes) if memory_bytes else Memory.half()
    with _checkpoint(checkpoint_folder, resume, force) as checkpoint:
        reviews = read_reviews(paths, reading, "training", room=memory.texts)
        require_both_classes(reviews, files_named(paths))
        _warn_of_contradictions(reviews)
        held_out = (
            _read_validation(validation, reading, reviews, memory.texts) if validation else None
        )
        if base is not None and holds_out_in_turns(reviews, options, held_out):
            _warn_of_idle_options()
        console.status("featurizing, and starting TensorFlow …")
        more = (
            read_texts(resolve(unlabeled, "unlabeled"), reading, room=memory.texts)
            if unlabeled
            else []
        )
        run = Run(ShownProgress(console), checkpoint, log_dir, memory)
        model = train(reviews, options, held_out, more, base, run)
        save_model(model, target)
        if checkpoint is not None:
            checkpoint.remove()
    _report(model, target, replaces)
    if as_json:
        click.echo(json.dumps(_facts(model, target)))


def _warn_of_idle_options() -> None:
    """Warn of options that say how to hold out and when to stop, where all is held out in turns."""
    context = click.get_current_context()
    for name in ("patience", "validation_share"):
        if context.get_parameter_source(name) is not click.core.ParameterSource.DEFAULT:
            console.warn(
                f"--{name.replace('_', '-')} has no effect: with --base, so few reviews are all "
                "held out in turns"
            )


def _checkpoint(
    folder: Path | None, resume: bool, force: bool
) -> AbstractContextManager[Checkpoint | None]:
    """Have a folder for checkpoints to oneself, if there is to be one."""
    if folder is None:
        return nullcontext()
    return opened(folder, resuming=resume, anew=force)


def _load_base(path: Path) -> Model:
    base = load_model(find_model(path))
    if base.depth >= DEEPEST:
        raise UsageError(f"{path}: no more than {DEEPEST} models stand one on the other")
    return base


def _is_model(path: Path) -> bool:
    """Whether `train` may replace a file without being told to: only a model of its own."""
    try:
        load_model(path)
    except ModelError:
        return False
    return True


def _read_validation(
    paths: tuple[str, ...], reading: ReadOptions, training: LabelledReviews, room: int
) -> LabelledReviews:
    """Read held-out reviews, their labels by the rule that the training labels were read by."""
    held_out = read_reviews(paths, reading, "validation", like=training, room=room)
    require_both_classes(held_out, files_named(paths))
    shared = int(np.isin(held_out.digest(), training.digest()).sum())
    if shared:
        console.warn(
            f"{shared:,} of {len(held_out):,} validation reviews stand in the training data too; "
            "what is chosen by them is chosen too hopefully"
        )
    return held_out


def _warn_of_contradictions(reviews: LabelledReviews) -> None:
    digests = reviews.digest()
    both = np.intersect1d(digests[reviews.labels == 1], digests[reviews.labels == 0])
    if both.size:
        rows = int(np.isin(digests, both).sum())
        console.warn(
            f"{count_of(both.size, 'text')} in {rows:,} rows: positive in some, negative in others"
            "; nothing can be learned from these"
        )


def _report(model: Model, target: Path, replaced: bool) -> None:
    """Say what came out, and what there was too little data for."""
    about = model.provenance
    if about is None:
        return
    n = about.validation.positive + about.validation.negative
    if not about.calibrated:
        console.warn(
            f"{about.validation.positive:,} positive and "
            f"{count_of(about.validation.negative, 'negative review')} held out: "
            "too few to calibrate the probabilities or choose a threshold"
        )
    elif about.recipe["objective"] != "accuracy":
        console.note(
            f"answers positive from {model.decision.threshold:.3f} on, "
            f"chosen for {about.recipe['objective']}"
        )
    _warn_if_nothing_was_learned(about)
    size = f" ({target.stat().st_size / 1e6:.1f} MB)" if target.is_file() else ""
    console.note(
        f"{'replaced' if replaced else 'saved'} {target}{size}: "
        f"{about.accuracy:.1%} of {count_of(n, 'held-out review')} right"
    )


def _warn_if_nothing_was_learned(about: Provenance) -> None:
    """Compare with answering always the same, where the threshold is not chosen for rare labels."""
    held_out = about.validation
    always = max(held_out.positive, held_out.negative) / (held_out.positive + held_out.negative)
    if about.accuracy <= always and about.recipe["objective"] == "accuracy":
        console.warn(
            f"no better on the held-out reviews than one answer to them all ({always:.1%} right): "
            "too few reviews, or nothing in them that tells the labels apart"
        )


def _facts(model: Model, target: Path) -> dict[str, Any]:
    about = model.provenance.as_json() if model.provenance else {}
    kept = ("training", "validation", "accuracy", "best_epoch", "calibrated", "in_turns")
    return {
        "model": str(target),
        "features": int(model.vectorizer.keys.size),
        "threshold": model.decision.threshold,
        **{name: about[name] for name in kept if name in about},
        "base": None if model.base is None else {"weight": model.base.weight},
    }
