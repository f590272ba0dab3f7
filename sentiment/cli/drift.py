"""`sentiment drift`: tell whether new texts differ from earlier ones."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click
import numpy as np

from sentiment.checks.drift import FIGURES, LEVEL, Drift, Sample, drift
from sentiment.checks.two_samples import Move
from sentiment.cli import options
from sentiment.cli.console import console
from sentiment.cli.limits import check_limits, fail_over, read_limits
from sentiment.cli.models import open_model
from sentiment.cli.reading import read_reviews
from sentiment.cli.scoring import score_texts
from sentiment.cli.tables import class_name, shortened
from sentiment.errors import DataError, UsageError
from sentiment.evaluation.metrics import percent
from sentiment.model.file import is_model_file
from sentiment.model.model import Model
from sentiment.reviews.cells import count_of
from sentiment.reviews.columns import NoColumnError
from sentiment.reviews.labelled import read_texts
from sentiment.reviews.streams import STDIN, ReadOptions
from sentiment.storage import take

_EXAMPLE = "alarm=0"
# More texts of each side than this find differences too small to matter, and take long to score.
_SAMPLE = 2_000
_LEAST = 20  # texts of each side
_WORD_WIDTH = 20


@dataclass(frozen=True)
class _Job:
    """What `drift` was asked to do.

    Attributes:
        reference, new: files of texts.
        model_path: whose scores are compared.
        classifier: whether to train a classifier that tells new from old, too.
    """

    reference: str
    new: str
    model_path: Path | None
    classifier: bool
    limits: dict[str, float]
    seed: int
    workers: int | None
    reading: ReadOptions
    as_json: bool


@click.command(
    cls=options.TopicCommand, short_help="Tell whether new texts differ from earlier ones."
)
@click.argument("reference", type=options.NAME)
@click.argument("new", type=options.NAME)
@options.model
@click.option("--classifier", is_flag=True,
              help="Train a classifier to tell new texts from old ones, too: slower, finds "
              "more.")  # fmt: skip
@fail_over(FIGURES, _EXAMPLE)
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True,
              metavar="N",
              help="Seed of the shuffles: the same gives the same figures.")  # fmt: skip
@options.workers
@options.measured_reading
@options.as_json
@options.verbosity
def command(fail_over: tuple[str, ...], **chosen: Any) -> None:
    """Tell whether new texts differ from earlier ones, and what it may cost.

    REFERENCE and NEW are files, globs or folders of texts, such as the training data and last
    week's reviews; NEW needs no labels. Up to 2,000 texts of each, evenly spaced, are compared by
    their words, lengths, and the scores that the model gives them. Texts of one kind give an alarm
    in 5% of cases, all tests together.

    With labels in REFERENCE, the accuracy on NEW is estimated without its labels, by how confident
    the model is. Of texts that it has seen, a model is surer than of others: if REFERENCE has some,
    scores and accuracy are left out.

    \b
    Examples:
      sentiment drift reviews.csv last_week.csv
      sentiment drift held_out.csv last_week.csv -m shop.safetensors --fail-over accuracy_drop=0.05
      sentiment drift reviews.csv last_week.csv --fail-over alarm=0 --json
    """
    _drift(_Job(limits=read_limits(fail_over, FIGURES, _EXAMPLE), **chosen))


def _drift(job: _Job) -> None:
    """Read, score, compare and print."""
    if job.reference == job.new == "-":
        raise UsageError("stdin is named twice: name REFERENCE or NEW as a file")
    if "classifier_auc" in job.limits and not job.classifier:
        raise UsageError("--fail-over classifier_auc needs --classifier: add it")
    for name in (job.reference, job.new):
        if name != "-" and is_model_file(Path(name)):
            raise UsageError(f"{name}: a model; name the texts it was trained on, and -m {name}")
    _, model = open_model(job.model_path, classes=job.reading.classes)
    old = _sample(job.reference, job, model, labelled=True)
    new = _sample(job.new, job, model, labelled=False)
    console.status("comparing …")
    found = drift(old, new, model.labels.names, job.seed, classifier=job.classifier)
    console.clear_status()
    if job.as_json:
        sides = {"reference": job.reference, "new_texts": job.new}
        click.echo(json.dumps(found.as_json() | sides))
    else:
        click.echo("\n".join(_as_text(found)))
    check_limits(job.limits, found.figures)


def _sample(name: str, job: _Job, model: Model, *, labelled: bool) -> Sample:
    """Read texts, with their labels if they have some, and score up to 2,000 of them.

    Raises:
        DataError: they cannot be read, or are too few.
    """
    texts, labels = _read(name, job, model, labelled=labelled)
    if len(texts) < _LEAST:
        shown = STDIN if name == "-" else name
        raise DataError(
            f"{shown}: {count_of(len(texts), 'text')}; drift needs at least {_LEAST} on each side"
        )
    rows = np.unique(np.linspace(0, len(texts) - 1, min(len(texts), _SAMPLE)).astype(np.int64))
    some, labels = [*take(texts, rows)], None if labels is None else labels[rows]
    seen = model.record.training_hashes
    if seen.overlap(digests := seen.digests(some)).found and not seen.new(digests).all():
        console.note(
            f"{name}: the model has seen some of these texts, so scores and accuracy are not "
            "compared; name held-out reviews, or another model with -m"
        )
        return Sample(some, None, labels)
    console.status(f"scoring {count_of(len(some), 'text')} …")
    return Sample(some, score_texts(model, some, workers=job.workers).probabilities, labels)


def _read(name: str, job: _Job, model: Model, *, labelled: bool) -> tuple[Sequence[str], Any]:
    """Return the texts of a file, and their labels; None for none."""
    asked = job.reading.label_column is not None or bool(job.reading.label_files)
    if labelled and (asked or name != "-"):
        try:
            reviews = read_reviews([name], job.reading, "training", label_set=model.labels)
        except NoColumnError:
            if asked:
                raise
        else:
            return reviews.texts, reviews.labels
    places = options.resolve_inputs([name], "answering")
    plain = replace(job.reading, label_column=None, label_files=())
    return read_texts([str(place) for place in places], plain), None


def _as_text(found: Drift) -> Iterator[str]:
    """Yield the lines of what was found."""
    yield f"{count_of(found.new, 'new text')}, {found.old:,} of the reference"
    yield ""
    yield f"{'':<18}{'old':>8}{'new':>8}"
    old, new = percent(found.unknown_expected), percent(found.unknown_words)
    yield f"{'unknown words':<18}{old:>8}{new:>8}"
    for name, shares in found.shares.items():
        old, new = map(percent, shares)
        yield f"{'reads ' + class_name(name):<18}{old:>8}{new:>8}"
    if found.accuracy is not None and found.accuracy_expected is not None:
        old, new = percent(found.accuracy), percent(found.accuracy_expected)
        yield f"{'accuracy':<18}{old:>8}{new:>8}  (new: estimated without labels)"
    yield ""
    yield from _moves("came", found.came)
    yield from _moves("went", found.went)
    if found.came or found.went:
        yield ""
    tests = ", ".join(f"{name} p = {p:.2g}" for name, p in found.p_values.items())
    yield f"tests, corrected for their number: {tests}"
    if found.classifier_auc is not None:
        yield f"a classifier tells new from old with ROC AUC {found.classifier_auc:.2f}"
    yield f"{found.verdict} (False alarms: {LEVEL:.0%}.)"


def _moves(title: str, moves: Sequence[Move]) -> Iterator[str]:
    """Yield a line of words that came, or went, with their shares of the texts."""
    if moves:
        shown = ", ".join(
            f"{shortened(move.word, _WORD_WIDTH)} {percent(move.old)} → {percent(move.new)}"
            for move in moves
        )
        yield f"{title}: {shown}"
