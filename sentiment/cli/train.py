"""`sentiment train`: train a model on labelled reviews."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click
import numpy as np

from sentiment.cli import options
from sentiment.cli.answering import check_rejects, handling
from sentiment.cli.console import console
from sentiment.cli.info import CHANCE, HeldOut, by_class
from sentiment.cli.models import (
    BUNDLED,
    DEFAULT_MODEL,
    SAMPLE_SIZE,
    bundled_reviews,
    find_model,
    is_of_sample,
)
from sentiment.cli.own_words import read_words
from sentiment.cli.reading import Repairs, data_name, overlap_of, read_reviews
from sentiment.cli.train_options import (
    base_options,
    check_activation,
    identity_options,
    load_base,
    load_encoder,
    running_options,
    training_options,
    warn_of_idle_activation,
    warn_of_idle_options,
    with_identity,
)
from sentiment.cli.training import FEATURIZING
from sentiment.datasets.cache import resolve
from sentiment.errors import DataError, ModelError, UsageError, command_line
from sentiment.features.hashing import among
from sentiment.general import FAST
from sentiment.model.file import load_model, save_model
from sentiment.model.model import Model
from sentiment.model.own_words import OwnWords
from sentiment.model.provenance import Overlap
from sentiment.reviews.batch import Policy, row_error
from sentiment.reviews.cells import count_of
from sentiment.reviews.dataset import LabelledReviews, require_classes
from sentiment.reviews.labelled import read_texts
from sentiment.reviews.streams import ReadOptions, Where
from sentiment.training.encoder import find_encoder
from sentiment.training.options import TrainingOptions, cross_validates
from sentiment.training.run import Run
from sentiment.training.stacking import Gain
from sentiment.training.train import train
from sentiment.values import number_of, visible


@dataclass(frozen=True)
class _Job:
    """What `train` was asked to do.

    Attributes:
        data, validation, unlabeled: names of files, globs, folders or data sets; `data` may be
            empty, for the sample.
        output: where to write the model; None for the default.
        base_path: the model to start from.
        encoder_path: the model whose encoder to take; None for the bundled one.
        weight_column: the column with the weight of each review.
        name, note: what the model is called, and what is said of it; empty for nothing.
        words: a file of words that the model keeps; None for none.
        on_bad_row: what to do with a row that cannot be read.
        rejects: where to list skipped rows; None for nowhere.
        force: whether to overwrite the output and old checkpoints.
    """

    data: tuple[str, ...]
    validation: tuple[str, ...]
    unlabeled: tuple[str, ...]
    output: Path | None
    base_path: Path | None
    encoder_path: Path | None
    weight_column: str | None
    name: str
    note: str
    words: Path | None
    on_bad_row: Policy
    rejects: Path | None
    run: Run
    options: TrainingOptions
    reading: ReadOptions
    force: bool

    @property
    def target(self) -> Path:
        """The file to write."""
        return self.output or DEFAULT_MODEL

    @property
    def weighed_reading(self) -> ReadOptions:
        """How to read labelled reviews, with their weights."""
        return replace(self.reading, keep=(self.weight_column,) if self.weight_column else ())


@click.command(cls=options.TopicCommand, short_help="Train a model on labelled reviews.")
@click.argument("data", nargs=-1, type=options.NAME, metavar="[DATA]...")
@click.option("-o", "--output", type=options.TARGET, metavar="FILE",
              help="Write the model here. Default: ./model.safetensors.")  # fmt: skip
@click.option("--validation", multiple=True, type=options.NAME, metavar="FILE",
              help="Hold out these reviews, not a share of DATA; may be repeated.")  # fmt: skip
@click.option("--unlabeled", multiple=True, type=options.NAME, metavar="FILE",
              help="Learn from these unlabelled reviews, too; may be repeated.")  # fmt: skip
@base_options
@click.option("--weight-column", type=options.COLUMN, metavar="NAME",
              help="Column with the weight of each review, 0 or more; only the ratios matter. Of "
              "--validation, too.")  # fmt: skip
@identity_options
@options.words
@options.on_bad_row("stop", "skip")
@options.rejects
@running_options
@training_options
@options.training_reading
@options.force
@options.as_json
@options.verbosity
def command(as_json: bool, **chosen: Any) -> None:
    """Train a model on labelled reviews.

    DATA are files, globs or folders: CSV, TSV, JSON, Parquet, Excel, fastText, folders of text
    files (pos/ and neg/), also compressed or in a zip archive; or names of public data sets, see
    sentiment datasets. Columns and labels are detected, and the choice is shown. Without DATA:
    data/train.csv, else the sample reviews that are part of the program. Of a folder with parts,
    such as train/ and test/, train reads the first, and evaluate the second.

    Labels may stand apart: in the names of files (reviews.pos, reviews.neg), or in a file of their
    own, a line for each text: --labels FILE.

    Labels of sentiment (positive, 0 and 1, stars, …) make two classes, or three if some are
    neutral. With --classes all each label is a class, whatever it is called.

    --words FILE keeps your own words and phrases in the model, which are added to what it learns.
    The figures of the held-out reviews are without them; evaluate has those with them.

    --on-bad-row skip leaves out rows that cannot be read, with their number; --rejects lists them.

    \b
    Examples:
      sentiment train reviews.csv
      sentiment train may.csv --name "shop, May" --note "with the returns" -o shop.safetensors
      sentiment train tickets.csv --classes all -o tickets.safetensors
      sentiment train 'shards/*.parquet' -o big.safetensors
      sentiment train products.csv --text-column title --text-column body --label-column stars
      sentiment train few.csv --base big.safetensors -o mine.safetensors
      sentiment train reviews.csv --checkpoint halfway --resume -o mine.safetensors
    """
    job = _Job(**chosen)
    if job.base_path is not None and job.unlabeled:
        raise UsageError("--base and --unlabeled cannot be combined")
    model = _train(job)
    if as_json:
        click.echo(json.dumps(_facts(model, job)))


def _train(job: _Job) -> Model:
    """Train, write and report a model."""
    if job.rejects is not None:
        check_rejects(job.rejects, job.on_bad_row)
    if job.reading.label_files and not job.data:
        raise UsageError("--labels has the labels of DATA: name the file of texts, too")
    check_activation(job.options)
    base = load_base(job.base_path)
    encoder = load_encoder(
        job.options, job.encoder_path, base=job.base_path is not None, unlabeled=job.unlabeled
    )
    paths = job.data or (bundled_reviews("train.csv"),)
    replaces = job.output is None and _may_replace(
        job.target, needs_force=not (job.data or job.force)
    )
    inputs = _inputs(job, paths)
    options.check_targets([job.target], inputs, force=job.force or replaces)
    if job.rejects is not None:
        both = [job.rejects, *[job.target] * (not replaces)]  # a list is never named like a model
        options.check_targets(both, inputs, force=job.force)
    with job.run.opened(overwrite=job.force):
        with handling(job.on_bad_row, job.rejects) as bad_rows:
            reading = replace(job.reading, bad_rows=bad_rows)
            reviews, held_out = _read(replace(job, reading=reading), paths)
            named = job.words
            words = read_words(named, reviews.label_set) if named is not None else OwnWords()
            console.status(FEATURIZING)
            unlabeled = resolve(job.unlabeled, "unlabeled")
            more = read_texts(unlabeled, reading, max_chars=job.run.memory.texts)
        repairs = Repairs(wanted=job.options.repair)
        for texts in (reviews.texts, held_out.texts if held_out else (), more):
            repairs.count(texts)
        repairs.report()
        model = train(reviews, job.options, held_out, more, base, job.run, encoder)
        model = with_identity(model.with_words(words), job.name, job.note)
        save_model(model, job.target)
        if job.run.checkpoint is not None:
            job.run.checkpoint.remove()
    _report(model, job.target, base or encoder, held_out or reviews)
    warn_of_idle_activation(model, job.options)
    if replaces:
        console.warn(f"replaced {job.target}; -o FILE writes elsewhere")
    _suggest_base(job.run.progress.gain, overwrites=job.output is not None)
    if not job.data:
        _warn_of_sample(model, job, paths[0])
    return model


def _inputs(job: _Job, paths: Sequence[str]) -> list[Where]:
    """Return all that is read, which nothing may be written over."""
    return [
        *options.resolve_inputs(paths, "training"),
        *options.resolve_inputs(job.validation, "validation"),
        *options.resolve_inputs(job.unlabeled, "unlabeled"),
        *(find_model(path) for path in (job.base_path, job.encoder_path) if path is not None),
        *map(Path, job.reading.label_files),
        *([] if job.words is None else [job.words]),
        *([] if job.options.embeddings is None else [job.options.embeddings.path]),
    ]


def _read(job: _Job, paths: Sequence[str]) -> tuple[LabelledReviews, LabelledReviews | None]:
    """Read and check the training reviews, and the held-out ones if any are named."""
    reviews = read_reviews(
        paths, job.weighed_reading, "training", max_chars=job.run.memory.texts, label_set=None
    )
    reviews = _weighed(reviews, job.weight_column)
    require_classes(reviews, data_name(paths))
    _warn_of_contradictions(reviews)
    held_out = _read_validation(job, reviews)
    if held_out is None and cross_validates(len(reviews), job.options):
        warn_of_idle_options()
    return reviews, held_out


def _weighed(reviews: LabelledReviews, column: str | None) -> LabelledReviews:
    """Return reviews with the weights in a column, those of weight 0 left out.

    Raises:
        DataError: one is not a number of at least 0, or all are 0.
    """
    if column is None:
        return reviews
    weights = np.array([_weight(reviews, row, cell) for row, cell in
                        enumerate(reviews.columns[column])])  # fmt: skip
    if not weights.any():
        raise DataError(f'all weights in "{column}" are 0; without --weight-column all count alike')
    if zero := int(np.count_nonzero(weights == 0)):
        console.note(f'"{column}": dropped {count_of(zero, "row")} of weight 0')
    return reviews.weighted(weights)


def _weight(reviews: LabelledReviews, row: int, cell: str) -> float:
    """Return the weight in a cell."""
    weight = number_of(cell)
    if not 0 <= weight < math.inf:
        raise row_error(
            *reviews.place(row),
            f'the weight "{visible(cell)}" is not a number of at least 0; correct it, or '
            "leave out --weight-column",
        )
    return weight


def _may_replace(path: Path, *, needs_force: bool) -> bool:
    """Return whether `train` may replace a file without `--force`: only a model.

    Raises:
        UsageError: it was not trained on the sample, and only such a model may be replaced.
    """
    try:
        old = load_model(path)
    except ModelError:
        return False
    if needs_force and not is_of_sample(old):
        raise UsageError(
            f"no DATA was given, and ./{path} was trained on other reviews: --force replaces it, "
            "-o FILE keeps both"
        )
    return True


def _read_validation(job: _Job, training: LabelledReviews) -> LabelledReviews | None:
    """Read the held-out reviews, if any; their labels are read like the training labels."""
    if not job.validation:
        return None
    held_out = read_reviews(
        job.validation,
        replace(job.weighed_reading, label_files=()),  # those are of DATA
        "validation",
        label_rule_from=training,
        max_chars=job.run.memory.texts,
    )
    held_out = _weighed(held_out, job.weight_column)
    require_classes(held_out, data_name(job.validation), "validation")
    if shared := int(among(held_out.digest(), training.digest()).sum()):
        console.warn(
            f"{shared:,} of {len(held_out):,} validation reviews are also training reviews: "
            "validation figures will be too good"
        )
    return held_out


def _warn_of_contradictions(reviews: LabelledReviews) -> None:
    digests = reviews.digest()
    order = np.lexsort((reviews.labels, digests))
    texts, labels = digests[order], reviews.labels[order]
    both = np.unique(texts[1:][(texts[1:] == texts[:-1]) & (labels[1:] != labels[:-1])])
    if both.size:
        rows = int(among(digests, both).sum())
        differ = "with different labels"
        if reviews.label_set.is_binary:
            first, second = reviews.label_set.names
            differ = f"{second} in some, {first} in others"
        console.warn(
            f"{count_of(both.size, 'text')} in {rows:,} rows: {differ}; nothing can be learned "
            "from these"
        )


def _report(model: Model, target: Path, known: Model | None, judged: LabelledReviews) -> None:
    """Print the validation metrics, and warn if there was too little data.

    Args:
        model: the new one.
        target: its file.
        known: the base, or the model of the encoder.
        judged: the reviews that it was measured on.
    """
    about = model.record.provenance
    if about is None:
        return
    size = f" ({target.stat().st_size / 1e6:.1f} MB)" if target.is_file() else ""
    figures = HeldOut.of(about)
    if figures is None:
        if known is not None:
            of_encoder = model.own.encoder.kind == "pieces"
            weight = None if of_encoder else model.own.weight
            _warn_of_no_figures(overlap_of(known, judged), weight)
    else:
        if not about.calibrated:
            console.warn(
                f"{by_class(about.validation.counts)} held out: too few to calibrate the "
                "probabilities"
            )
        console.note(figures.describe(cross_validated=about.cross_validated))
        if figures.is_chance:
            console.warn(f"{CHANCE}: too few reviews, or texts and labels are unrelated")
    with_encoder = ", with the encoder in it" if find_encoder(model) else ""
    console.note(f"saved {target}{size}{with_encoder}")


def _warn_of_no_figures(known: Overlap, weight: float | None) -> None:
    """Explain why these reviews cannot measure the base of a weight, or the encoder (None)."""
    which, why = "some of these", "those that are new to it all have the same label"
    if known.is_known_set:
        share = "all" if known.found == known.checked else "almost all"
        checked = "" if known.checked == known.reviews else " that could be checked"
        which = "these"
        why = f"it knows {share} of them ({known.found:,} of {known.checked:,}{checked})"
    what, so = ("encoder", "") if weight is None else ("base", f", and its weight is {weight:.2g}")
    console.warn(
        f"the {what} was made with {which} reviews: no figures, since {why}{so}; "
        "measure the model on others with sentiment evaluate"
    )


def _suggest_base(gain: Gain | None, *, overwrites: bool) -> None:
    """Suggest `--base general` if `fast`, which is quicker to try, made a better base."""
    if gain is None:
        return
    again = [*click.get_current_context().obj, "--base", BUNDLED]
    if overwrites and "--force" not in again:
        again.append("--force")
    # stdin cannot be read a second time.
    command = "add that" if "-" in again else command_line(*again)
    console.note(
        f"with --base {BUNDLED} it would likely do better: {gain.objective} {gain.together:.1%}, "
        f"not {gain.alone:.1%}, on {count_of(gain.reviews, 'held-out review')}, as tried "
        f"with {FAST}: {command}"
    )


def _warn_of_sample(model: Model, job: _Job, path: str) -> None:
    """Warn that no data was named, and that the model answers from now on."""
    what = f"the {SAMPLE_SIZE:,} sample reviews, {path}" if is_of_sample(model) else path
    takes_over = (
        f"; ./{job.target} now answers every command in this folder: delete it, or use "
        "-m general, to get the bundled model"
    )
    console.warn(f"no DATA was given: trained on {what}{takes_over * (job.output is None)}")


def _facts(model: Model, job: _Job) -> dict[str, Any]:
    provenance = model.record.provenance
    about = provenance.as_json() if provenance else {}
    kept = ("training", "validation", "accuracy", "right", "best_epoch", "calibrated", "in_turns")
    held_out = HeldOut.of(provenance)
    return {
        "model": str(job.target),
        "name": job.name or None,
        "features": model.own.encoder.size,
        **({"threshold": model.binary.threshold} if model.labels.is_binary else {}),
        **{name: about[name] for name in kept if name in about},
        **(held_out.as_json() if held_out else {}),
        "base": {"weight": model.own.weight} if job.base_path is not None else None,
    }
