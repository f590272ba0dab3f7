"""`sentiment drift`: tell whether new texts differ from earlier ones."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click
import numpy as np

from sentiment.checks.distributions import Distribution, distributions_from, distributions_of
from sentiment.checks.drift import FIGURES, LEVEL, Drift, Sample, drift
from sentiment.checks.page import write_page
from sentiment.checks.sketched import drift_from
from sentiment.checks.two_samples import Move
from sentiment.cli import options
from sentiment.cli.console import console
from sentiment.cli.gates import fail_over
from sentiment.cli.models import open_model
from sentiment.cli.reading import read_reviews
from sentiment.cli.scoring import score_texts
from sentiment.cli.tables import class_name, shortened
from sentiment.errors import DataError, ModelError, UsageError, command_line
from sentiment.evaluation.gates import Gate, check_gates, read_maximum
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
# Up to this share of seen texts ("Thank you") is left out; leaving out more would shift the scores.
_FEW_SEEN = 0.01
_WORD_WIDTH = 20

Compared = tuple[Drift, list[Distribution]]


@dataclass(frozen=True)
class _Job:
    """What `drift` was asked to do.

    Attributes:
        reference, new: files of texts; the reference may be a model.
        model_path: whose scores are compared; None for the reference's, or the usual one.
        classifier: whether to train a classifier that tells new from old, too.
        html: where to write a page; None for nowhere.
    """

    reference: str
    new: str
    model_path: Path | None
    classifier: bool
    gates: Sequence[Gate]
    seed: int
    workers: int | None
    reading: ReadOptions
    html: Path | None
    force: bool
    as_json: bool

    @property
    def from_model(self) -> bool:
        """Whether the reference is the sketch in a model."""
        return self.reference != "-" and _is_model(self.reference)


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
@click.option("--html", type=options.TARGET, metavar="FILE",
              help="Write a page for a browser: one file that needs no network.")  # fmt: skip
@options.force
@options.as_json
@options.verbosity
def command(fail_over: tuple[str, ...], **chosen: Any) -> None:
    """Tell whether new texts differ from earlier ones, and what it may cost.

    REFERENCE and NEW are files, globs or folders of texts, such as the training data and last
    week's reviews; NEW needs no labels. Up to 2,000 texts of each, evenly spaced, are compared by
    their words, lengths, and the scores that the model gives them. Texts of one kind give an alarm
    in 5% of cases, all tests together.

    With labels in REFERENCE, the accuracy on NEW is estimated without its labels, by how confident
    the model is. Of texts that it has seen, a model is surer than of others: up to 1% of them are
    left out; if there are more, scores and accuracy are not compared.

    REFERENCE may be a model: it keeps a sketch of its training texts (counts of words by their
    hashes, lengths, scores of held-out texts). Nothing but --classifier needs the texts themselves.

    \b
    Examples:
      sentiment drift shop.safetensors last_week.csv --html drift.html
      sentiment drift reviews.csv last_week.csv
      sentiment drift held_out.csv last_week.csv -m shop.safetensors --fail-over accuracy_drop=0.05
      sentiment drift reviews.csv last_week.csv --fail-over alarm=0 --json
    """
    _drift(_Job(gates=[read_maximum(text, FIGURES, _EXAMPLE) for text in fail_over], **chosen))


def _drift(job: _Job) -> None:
    """Read, score, compare and print."""
    _check(job)
    options.check_targets([job.html] if job.html else [], _places(job), force=job.force)
    found, distributions = _with_model(job) if job.from_model else _with_texts(job)
    console.clear_status()
    if job.as_json:
        sides = {"reference": job.reference, "new_texts": job.new}
        click.echo(json.dumps(found.as_json() | sides))
    else:
        click.echo("\n".join(_as_text(found)))
    if job.html is not None:
        write_page(found, distributions, job.reference, job.new, job.html)
        console.note(f"saved {job.html}")
    check_gates(job.gates, found.figures)


def _check(job: _Job) -> None:
    """Check that what was asked for goes together.

    Raises:
        UsageError: it does not.
    """
    if job.reference == job.new == "-":
        raise UsageError("stdin is named twice: name REFERENCE or NEW as a file")
    if not job.classifier and any(gate.metric == "classifier_auc" for gate in job.gates):
        raise UsageError("--fail-over classifier_auc needs --classifier: add it")
    if job.new != "-" and _is_model(job.new):
        raise UsageError(f"{job.new}: a model; name the model first, and then new texts")
    if job.html == options.STDOUT and job.as_json:
        raise UsageError("two results would go to standard output; give the page a file name")
    if not job.from_model:
        return
    if job.classifier:
        raise UsageError(
            f"--classifier needs reference texts, and {job.reference} keeps none: name them in "
            "place of the model, or leave out --classifier"
        )
    if job.model_path is not None and not _is_same(job.model_path, job.reference):
        raise UsageError(
            f"{job.reference} is a model, and -m names another one: leave out -m, or name "
            "reference texts"
        )


def _is_model(name: str) -> bool:
    """Return whether a model is meant: a damaged or missing one is no file of texts, either."""
    path = Path(name)
    return path.suffix.lower() == ".safetensors" or is_model_file(path)


def _is_same(path: Path, name: str) -> bool:
    return path.is_file() and Path(name).is_file() and path.samefile(name)


def _places(job: _Job) -> list[Path]:
    """Return the files that are read."""
    names = [job.new] if job.from_model else [job.reference, job.new]
    places = [each for name in names for each in options.resolve_inputs([name], "answering")]
    model = [Path(job.reference)] if job.from_model else []
    return [*model, *(place for place in places if isinstance(place, Path))]


def _with_model(job: _Job) -> Compared:
    """Compare new texts with the sketch that a model keeps of its training texts.

    Raises:
        ModelError: it keeps none.
    """
    path, model = open_model(Path(job.reference), classes=job.reading.classes)
    sketch = model.record.sketch
    if sketch is None:
        again = command_line("drift", "TRAINING_TEXTS.csv", job.new, "-m", path)
        raise ModelError(
            f"{path}: keeps no sketch of its training texts, as models made before do not; train "
            f"it again, or name texts to compare with: `{again}`"
        )
    if model.words:  # its held-out scores are from before they were added
        sketch = sketch.without_scores()
    if sketch.scores is None:
        console.note(f"{path}: no held-out scores, so scores and accuracy are not compared")
    new = _sample(job.new, job, model, labelled=False)
    console.status("comparing …")
    phrases = [text for each in model.components for text in each.phrases.values()]
    names = model.labels.names
    found = drift_from(sketch, new, names, phrases, job.seed)
    return found, distributions_from(sketch, new, names)


def _with_texts(job: _Job) -> Compared:
    """Compare new texts with those of the reference."""
    _, model = open_model(job.model_path, classes=job.reading.classes)
    old = _sample(job.reference, job, model, labelled=True)
    new = _sample(job.new, job, model, labelled=False)
    console.status("comparing …")
    names = model.labels.names
    found = drift(old, new, names, job.seed, classifier=job.classifier)
    return found, distributions_of(old, new, names)


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
    hashes = model.record.training_hashes
    new = hashes.new(hashes.digests(some))
    seen = int(np.count_nonzero(~new))
    if seen > _FEW_SEEN * len(some):
        other = "name newer texts" if job.from_model else "name others, or another model with -m"
        console.note(
            f"{name}: the model has seen some of these texts, so scores and accuracy are not "
            f"compared; {'name held-out reviews, or another model with -m' if labelled else other}"
        )
        return Sample(some, None, labels)
    if seen:
        are = "is" if seen == 1 else "are"
        console.note(f"{name}: {count_of(seen, 'text')} that the model has seen {are} left out")
        some, labels = [*take(some, np.flatnonzero(new))], None if labels is None else labels[new]
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
    reference = "training texts, by the model's sketch" if found.sketched else "of the reference"
    yield f"{count_of(found.new, 'new text')}, {found.old:,} {reference}"
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
            f"{shortened(move.word, _WORD_WIDTH)} {'≤ ' * move.at_most}{percent(move.old)} → "
            f"{percent(move.new)}"
            for move in moves
        )
        yield f"{title}: {shown}"
