"""`sentiment train`: a model from labelled reviews."""

import json
from pathlib import Path
from typing import Any, NamedTuple

import click
import numpy as np

from sentiment.cli.answering import overlap_of
from sentiment.cli.console import console
from sentiment.cli.models import (
    BUNDLED,
    DEFAULT_MODEL,
    SAMPLE_SIZE,
    bundled_reviews,
    find_model,
    is_of_sample,
)
from sentiment.cli.options import (
    FILE,
    NAME,
    TARGET,
    check_targets,
    force_option,
    json_option,
    read_label_options,
    resolve_inputs,
    verbosity_options,
)
from sentiment.cli.reading import Repairs, files_named, read_reviews
from sentiment.cli.training import running_options, training_options
from sentiment.datasets.cache import resolve
from sentiment.errors import ModelError, UsageError, command_line
from sentiment.evaluation.metrics import constant, figures_of
from sentiment.features.hashing import among
from sentiment.labels import CLASSES
from sentiment.model.file import load_model, save_model
from sentiment.model.model import MAX_DEPTH, Model
from sentiment.model.provenance import Overlap, Provenance
from sentiment.reviews.cells import count_of
from sentiment.reviews.dataset import LabelledReviews, require_both_classes
from sentiment.reviews.formats import ReadOptions
from sentiment.reviews.labelled import read_texts
from sentiment.training.decide import Gain
from sentiment.training.options import FEW, TrainingOptions, cross_validates
from sentiment.training.run import Run
from sentiment.training.train import train

CHANCE = "no better than answering every review the same"


class HeldOut(NamedTuple):
    """Figures of held-out reviews, each from 0 to 1.

    Attributes:
        reviews: how many there are.
        figures: of the model, as `figures_of` names them.
        constant: of always answering the more frequent label.
        is_chance: whether the model is no better than one answer to all: by macro F1, or because
            the mean recall of both classes is within a standard error of one half.
    """

    reviews: int
    figures: dict[str, float]
    constant: dict[str, float]
    is_chance: bool

    @classmethod
    def of(cls, about: Provenance | None) -> "HeldOut | None":
        """Compute the figures from how many reviews there are of each class, and right.

        There are none where the base knew them all, or in a file of an older program.
        """
        if about is None or about.right is None or about.accuracy is None:
            return None
        rows, correct = about.validation, np.array(about.right)
        sizes = np.array([rows.negative, rows.positive])
        answered = np.diag(correct) + np.fliplr(np.diag(sizes - correct))
        figures, same = (_numbers(figures_of(each)) for each in (answered, constant(answered)))
        recall = correct / np.maximum(sizes, 1)
        error = 0.5 * np.sqrt((recall * (1 - recall) / np.maximum(sizes, 1)).sum())
        chance = figures["macro_f1"] <= same["macro_f1"] or recall.mean() <= 0.5 + error
        return cls(int(sizes.sum()), figures, same, bool(chance))

    def as_json(self) -> dict[str, float]:
        """Return what an accuracy alone does not tell, named as `evaluate --json` does."""
        own = ("macro_f1", *(f"recall_{name}" for name in CLASSES))
        of_constant = {f"constant_{name}": self.constant[name] for name in ("accuracy", "macro_f1")}
        return {name: self.figures[name] for name in own} | of_constant

    def describe(self, *, cross_validated: bool) -> str:
        """Return one line: accuracy and macro F1 beside the constant answer's, and recalls."""
        how = "in 5-fold cross-validation of" if cross_validated else "on"
        which = "reviews" if cross_validated else "held-out reviews"
        recalls = ", ".join(f"{name} {self.figures[f'recall_{name}']:.1%}" for name in CLASSES)
        return (
            f"{how} {self.reviews:,} {which}: accuracy {self.figures['accuracy']:.1%} (one answer "
            f"to all: {self.constant['accuracy']:.1%}), macro F1 {self.figures['macro_f1']:.1%}, "
            f"recall {recalls}"
        )


def _numbers(figures: dict[str, Any]) -> dict[str, float]:
    return {name: float(value) for name, value in figures.items()}


@click.command(short_help="Train a model on reviews with labels.")
@click.argument("data", nargs=-1, type=NAME, metavar="[DATA]...")
@click.option("-o", "--output", type=TARGET, metavar="FILE",
              help="Write the model here; by default ./model.safetensors.")  # fmt: skip
@click.option("--validation", multiple=True, type=NAME, metavar="FILE",
              help="Hold these reviews out, not a share of DATA; may be repeated.")  # fmt: skip
@click.option("--unlabeled", multiple=True, type=NAME, metavar="FILE",
              help="Learn from these reviews without labels too; may be repeated.")  # fmt: skip
@click.option("--base", "base_path", type=FILE, metavar="MODEL",
              help="Start from an existing model; helps most when you have few reviews. `general` "
              "is the bundled model.")  # fmt: skip
@running_options
@training_options
@read_label_options
@force_option
@json_option
@verbosity_options
def command(
    data: tuple[str, ...],
    output: Path | None,
    validation: tuple[str, ...],
    unlabeled: tuple[str, ...],
    base_path: Path | None,
    run: Run,
    options: TrainingOptions,
    reading: ReadOptions,
    force: bool,
    as_json: bool,
) -> None:
    """Train a model on reviews with labels.

    DATA are files, globs or folders: CSV, TSV, JSONL, Parquet, fastText, folders of text files
    (pos/ and neg/), also compressed; or names of public sets, see sentiment datasets. Columns and
    labels are found, and what was found is said. Without DATA: data/train.csv, else the sample of
    reviews that comes with the program; to try it, and that is said.

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
    base = _load_base(base_path) if base_path is not None else None
    paths = data or (bundled_reviews("train.csv"),)
    target = output or DEFAULT_MODEL
    replaces = output is None and _may_replace(target, needs_force=not (data or force))
    read = [
        *resolve_inputs(paths, "training"),
        *resolve_inputs(validation, "validation"),
        *resolve_inputs(unlabeled, "unlabeled"),
        *([find_model(base_path)] if base_path is not None else []),
    ]
    check_targets([target], read, force=force or replaces)
    room = run.memory.texts
    with run.opened(overwrite=force):
        reviews = read_reviews(paths, reading, "training", room=room)
        require_both_classes(reviews, files_named(paths))
        _warn_of_contradictions(reviews)
        held_out = _read_validation(validation, reading, reviews, room)
        if held_out is None and cross_validates(len(reviews), options):
            _warn_of_idle_options()
        console.status("featurizing, and starting TensorFlow …")
        more = read_texts(resolve(unlabeled, "unlabeled"), reading, room=room)
        repairs = Repairs(wanted=options.repair)
        for texts in (reviews.texts, held_out.texts if held_out else (), more):
            repairs.counted(texts)
        repairs.say()
        model = train(reviews, options, held_out, more, base, run)
        save_model(model, target)
        if run.checkpoint is not None:
            run.checkpoint.remove()
    _report(model, target, base, held_out or reviews)
    if replaces:
        console.warn(f"replaced {target}; -o FILE writes elsewhere")
    _suggest_base(run.progress.gain, overwrites=output is not None)
    if not data:
        _warn_of_sample(model, target, paths[0], takes_over=output is None)
    if as_json:
        click.echo(json.dumps(_facts(model, target)))


def _warn_of_idle_options() -> None:
    """Warn of options that say how to hold out and when to stop, unused in cross-validation."""
    context = click.get_current_context()
    for name in ("patience", "validation_share"):
        if context.get_parameter_source(name) is not click.core.ParameterSource.DEFAULT:
            console.warn(
                f"--{name.replace('_', '-')} has no effect: fewer than {FEW:,} reviews are trained "
                "on by cross-validation"
            )


def _load_base(path: Path) -> Model:
    base = load_model(find_model(path))
    if len(base.components) >= MAX_DEPTH:
        raise UsageError(f"{path}: no more than {MAX_DEPTH} models stand one on the other")
    return base


def _may_replace(path: Path, *, needs_force: bool) -> bool:
    """Return whether `train` may replace a file without being told to: only a model of its own.

    Raises:
        UsageError: it is none of the sample, and only that would need no force.
    """
    try:
        old = load_model(path)
    except ModelError:
        return False
    if needs_force and not is_of_sample(old):
        raise UsageError(
            f"no DATA was given, and ./{path} is not of the sample: --force replaces it, -o FILE "
            "keeps both"
        )
    return True


def _read_validation(
    paths: tuple[str, ...], reading: ReadOptions, training: LabelledReviews, room: int
) -> LabelledReviews | None:
    """Read held-out reviews, if any, by the rule that the training labels were read by."""
    if not paths:
        return None
    held_out = read_reviews(paths, reading, "validation", like=training, room=room)
    require_both_classes(held_out, files_named(paths))
    shared = int(among(held_out.digest(), training.digest()).sum())
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
        rows = int(among(digests, both).sum())
        console.warn(
            f"{count_of(both.size, 'text')} in {rows:,} rows: positive in some, negative in others"
            "; nothing can be learned from these"
        )


def _report(model: Model, target: Path, base: Model | None, judged: LabelledReviews) -> None:
    """Print how good the model is, and what there was too little data for."""
    about = model.record.provenance
    if about is None:
        return
    size = f" ({target.stat().st_size / 1e6:.1f} MB)" if target.is_file() else ""
    saved = f"saved {target}{size}"
    figures = HeldOut.of(about)
    if figures is None:
        if base is not None:
            _warn_of_no_figures(overlap_of(base, judged))
        console.note(saved)
        return
    if not about.calibrated:
        console.warn(
            f"{about.validation.positive:,} positive and "
            f"{count_of(about.validation.negative, 'negative review')} held out: "
            "too few to calibrate the probabilities"
        )
    elif about.recipe["objective"] != "accuracy":
        console.note(
            f"threshold {model.decision.threshold:.3f}, chosen for {about.recipe['objective']}"
        )
    console.note(figures.describe(cross_validated=about.cross_validated))
    if figures.is_chance:
        console.warn(f"{CHANCE}: too few reviews, or nothing in them that tells the labels apart")
    console.note(saved)


def _warn_of_no_figures(known: Overlap) -> None:
    """Say why the base cannot be judged by these reviews."""
    which, why = "some of these", "those that are new to it all have the same label"
    if known.is_known_set:
        share = "all" if known.found == known.checked else "almost all"
        checked = "" if known.checked == known.reviews else " that could be checked"
        which = "these"
        why = f"it knows {share} of them ({known.found:,} of {known.checked:,}{checked})"
    console.warn(
        f"the base was made with {which} reviews: no figures, since {why}, and its weight stays 1; "
        "measure the model on others with sentiment evaluate"
    )


def _suggest_base(gain: Gain | None, *, overwrites: bool) -> None:
    """Say what the bundled model would add, and the command."""
    if gain is None:
        return
    again = [*click.get_current_context().obj, "--base", BUNDLED]
    if overwrites and "--force" not in again:
        again.append("--force")
    # What came in on stdin is gone.
    command = "add that" if "-" in again else command_line(*again)
    console.note(
        f"with --base {BUNDLED} it would likely do better: {gain.objective} {gain.together:.1%}, "
        f"not {gain.alone:.1%}, on {count_of(gain.reviews, 'held-out review')}: {command}"
    )


def _warn_of_sample(model: Model, target: Path, path: str, *, takes_over: bool) -> None:
    """Say what was trained on where nothing was named, and what answers from now on."""
    what = f"the {SAMPLE_SIZE:,} sample reviews, {path}" if is_of_sample(model) else path
    console.warn(
        f"no DATA was given: trained on {what}"
        + takes_over
        * (
            f"; ./{target} now answers every command in this folder: delete it, or name "
            "-m general, to ask the model that comes along"
        )
    )


def _facts(model: Model, target: Path) -> dict[str, Any]:
    provenance = model.record.provenance
    about = provenance.as_json() if provenance else {}
    kept = ("training", "validation", "accuracy", "right", "best_epoch", "calibrated", "in_turns")
    held_out = HeldOut.of(provenance)
    return {
        "model": str(target),
        "features": model.own.encoder.size,
        "threshold": model.decision.threshold,
        **{name: about[name] for name in kept if name in about},
        **(held_out.as_json() if held_out else {}),
        "base": {"weight": model.own.weight} if len(model.components) > 1 else None,
    }
