"""`sentiment report`: a page and pictures of how good a model is."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256
from pathlib import Path

import click
import numpy as np

from sentiment.cli import options
from sentiment.cli.console import console
from sentiment.cli.info import about_model, by_class, facts_of
from sentiment.cli.models import find_model, open_model, test_reviews
from sentiment.cli.reading import (
    overlap_of,
    read_reviews,
    score,
    shared_classes,
    warn_of_overlap,
)
from sentiment.cli.systems import common_classes, open_systems, system_of_file, system_of_model
from sentiment.errors import UsageError, hint
from sentiment.evaluation.baseline import why_not
from sentiment.evaluation.beside import Against, Beside, Change, baseline_beside
from sentiment.evaluation.comparison import System
from sentiment.evaluation.metrics import Evaluation
from sentiment.evaluation.mistakes import explain_mistakes, rank_mistakes
from sentiment.evaluation.report.content import Report
from sentiment.evaluation.report.page import page_of
from sentiment.evaluation.report.pictures import PICTURES, picture_of
from sentiment.evaluation.slices import BUILT_IN, reading_for, slice_values, slices_of
from sentiment.files import replacing
from sentiment.model.model import Model
from sentiment.pages.plotting import format_of, plot
from sentiment.reviews.cells import and_more, count_of, count_of_class
from sentiment.reviews.dataset import LabelledReviews
from sentiment.reviews.predictions import PredictionFile
from sentiment.reviews.streams import STDIN, ReadOptions
from sentiment.runtime import require

_PAGE = Path("report.html")
_MISTAKES = 50
_CHANGES = 50  # answers that differ from those of --against


@click.command(
    cls=options.TopicCommand, short_help="Write a page that shows how good a model is, and why."
)
@click.argument("data", nargs=-1, type=options.NAME, metavar="[DATA]...")
@options.model
@click.option("-o", "--output", type=options.TARGET, metavar="FILE",
              help="Write the page here. Default: report.html, or none with --plot.")  # fmt: skip
@click.option("--plot", "plots", multiple=True, type=options.TARGET, metavar="FILE",
              help="Write a single picture; the end of its name says which, as in roc.png or "
              "shop-reliability.png; may be repeated.")  # fmt: skip
@click.option("--against", type=options.NAME, metavar="OLD",
              help="Show what has changed since OLD: an older model, or a file of its predictions "
              "for the same rows, as compare takes it.")  # fmt: skip
@click.option("--baseline/--no-baseline", default=True,
              help="Fit TF-IDF and logistic regression on the same reviews, cross-validated, and "
              "show their figures, too. Default: baseline.")  # fmt: skip
@options.threshold
@options.words
@click.option("--slice", "sliced", multiple=True, metavar="COLUMN",
              type=options.Column("length", "negation"),
              help="Show the reviews of each value of a column separately, in addition to those by "
              "length and negation; may be repeated.")  # fmt: skip
@options.workers
@options.force
@options.measured_reading
@options.verbosity
def command(
    data: tuple[str, ...],
    model_path: Path | None,
    output: Path | None,
    plots: tuple[Path, ...],
    against: str | None,
    baseline: bool,
    threshold: float | None,
    words: Path | None,
    sliced: tuple[str, ...],
    workers: int | None,
    force: bool,
    reading: ReadOptions,
) -> None:
    """Write a page that shows how good a model is, and why.

    DATA are files, globs, folders or names of sets, as for evaluate; without DATA:
    data/test.csv, else the test reviews that are part of the program.

    The page is one file that needs no network: what the figures mean in a few sentences, metrics
    with 95% intervals, compared with simpler answers and with OLD, answers at any threshold
    (with more than two classes, the confusion matrix), ROC and precision-recall curves,
    reliability, slices, the words that move the model most, its 50 most confident mistakes with
    the words that led to them, to be searched, filtered and sorted, and the training.

    The baseline is fitted on DATA itself: each fifth of the reviews is answered by what was fitted
    on the other four; equal texts are in the same fifth. It needs 100 to 50,000 reviews.

    Single pictures are PNG, SVG or PDF: confusion, roc, precision_recall, reliability, scores,
    training. They need matplotlib.

    \b
    Examples:
      sentiment report held_out.csv
      sentiment report held_out.csv -m big.safetensors -o big.html --slice domain
      sentiment report held_out.csv -m new.safetensors --against old.safetensors
      sentiment report held_out.csv --plot roc.png --plot big-reliability.png
    """
    named = {path: _picture_name(path) for path in plots}
    if plots and not output and against is not None:
        raise UsageError(
            "--against is shown on the page, and --plot alone writes none: add -o FILE"
        )
    page = output or (None if plots else _PAGE)
    targets = [*([page] if page else []), *plots]
    if plots:
        require("pictures need matplotlib", "matplotlib")
    path, model = open_model(model_path, threshold, classes=reading.classes, words=words)
    paths = data or test_reviews()
    inputs = [*options.resolve_inputs(paths, "evaluation"), path]
    inputs += [Path(each) for each in (against, words) if each is not None]
    options.check_targets(targets, inputs, force=force)
    job = _Job(tuple(paths), path, against, baseline and page is not None, sliced, reading, workers)
    report = _report(job, model)
    console.status("drawing …")
    pictures = {path: picture_of(name, report) for path, name in named.items()}
    for target, picture in pictures.items():
        with replacing(target) as file:
            plot(picture, file, format_of(target))
    if page is not None:
        content = page_of(report)
        with replacing(page) as file:
            file.write(content)
    for target in targets:
        console.note(f"saved {target}")


@dataclass(frozen=True)
class _Job:
    """What is measured: `paths` by the model in `path`."""

    paths: tuple[str, ...]
    path: Path
    against: str | None
    baseline: bool
    sliced: tuple[str, ...]
    reading: ReadOptions
    workers: int | None


def _report(job: _Job, model: Model) -> Report:
    """Measure a model on reviews, and collect what the page shows."""
    columns = list(dict.fromkeys([*job.sliced, *BUILT_IN]))
    reading = reading_for(list(dict.fromkeys(job.sliced)), job.reading)
    model, old, read = _read(job, model, reading)
    reviews, scores = score(model, read, workers=job.workers)
    if isinstance(old, System):
        old = old.take(np.flatnonzero(np.isin(read.places, reviews.places)))
    evaluation = Evaluation(scores.probabilities, reviews.labels, model.decision, model.labels)
    values = {column: slice_values(column, reviews) for column in columns}
    worst = rank_mistakes(scores.probabilities, reviews.labels, model.decision)[:_MISTAKES]
    today = date.today()
    baseline, no_baseline = _baseline(job, reviews, evaluation)
    report = Report(
        model=model,
        probabilities=scores.probabilities,
        unknown=scores.unknown,
        labels=reviews.labels,
        slices={
            column: slices_of(of, reviews.labels, evaluation.answers, model.labels)
            for column, of in values.items()
        },
        mistakes=[
            replace(mistake, file=_without_folders(mistake.file, reviews))
            for mistake in explain_mistakes(model, reviews, worst)
        ],
        mistake_slices=[[of[row] for of in values.values()] for row in worst.tolist()],
        baseline=baseline,
        no_baseline=no_baseline,
        against=None if old is None else _against(job, old, reviews, evaluation),
        model_name=job.path.name,
        data_name=_data_name(job.paths),
        date=f"{today.day} {today:%B %Y}",
        origin=_origin(job.path, model),
        about=[*_about(job.path, model), *_about_reviews(job.paths, reviews)],
    )
    return replace(report, warnings=[_without_folders(each, reviews) for each in console.warnings])


def _baseline(
    job: _Job, reviews: LabelledReviews, evaluation: Evaluation
) -> tuple[Beside | None, str]:
    """Return a baseline beside the model, and why there is none if one was wanted."""
    if not job.baseline:
        return None, ""
    if reason := why_not(reviews.texts, reviews.labels):
        return None, reason
    console.status("fitting a baseline …")
    return baseline_beside(reviews.texts, evaluation), ""


def _read(
    job: _Job, model: Model, reading: ReadOptions
) -> tuple[Model, Model | System | None, LabelledReviews]:
    """Read the reviews; return the model and what is before it, with the classes that both have.

    A file of predictions is read as well: what is wrong with it is said before the long part.
    """
    label_set, old = model.labels, None
    if job.against is not None:
        (old,) = open_systems([job.against], reading.classes, model.labels.names).values()
        shared = common_classes({str(job.path): model, job.against: old}, reading)
        label_set = shared or label_set
    reviews = read_reviews(job.paths, reading, "evaluation", label_set=label_set)
    models = [model, old] if isinstance(old, Model) else [model]
    (model, *others), reviews = shared_classes(models, reviews, reading.named)
    if isinstance(old, PredictionFile):
        return model, system_of_file(str(job.against), old, reviews), reviews
    return model, others[0] if others else None, reviews


def _against(
    job: _Job, old: Model | System, reviews: LabelledReviews, evaluation: Evaluation
) -> Against:
    """Compare the model with an older one, or its predictions."""
    name = Path(job.against or "").name
    if isinstance(old, Model):
        warn_of_overlap({name: overlap_of(old, reviews)})
        system = system_of_model(name, old, reviews, job.workers)
        note = _origin(find_model(Path(job.against or "")), old)
    else:
        system, note = old, "a file of predictions"
    beside = Beside.of(name, note, system, evaluation)
    names = [*reviews.label_set.names, "no answer"]
    before = system.answers_or(len(names) - 1)
    changes = []
    for row in beside.found.disagreements[:_CHANGES].tolist():
        file, number = reviews.place(row)
        place = _without_folders(file, reviews), number
        answers = names[before[row]], names[evaluation.answers[row]]
        labelled = names[reviews.labels[row]]
        changes.append(Change(reviews.texts[row], *place, labelled, *answers))
    return Against(beside, int(np.count_nonzero(before == len(names) - 1)), changes)


def _origin(path: Path, model: Model) -> str:
    """Return a line that tells which model it is."""
    digest = sha256(path.read_bytes()).hexdigest()
    about = model.record.provenance
    trained = f", trained on {by_class(about.training.counts)}" if about is not None else ""
    own = len(model.words.phrases)
    words = f", with {count_of(own, 'word')} of a user" if own else ""
    return f"{path.name}, SHA-256 {digest[:12]}{trained}{words}"


def _about(path: Path, model: Model) -> Iterator[tuple[str, str]]:
    content = path.read_bytes()
    digest = sha256(content).hexdigest()
    yield "model", f"{path.name}, {len(content) / 1e6:.1f} MB, SHA-256 {digest}"
    yield from about_model(facts_of(model))


def _about_reviews(paths: Sequence[str], reviews: LabelledReviews) -> Iterator[tuple[str, str]]:
    names = reviews.label_set.names
    counts = np.bincount(reviews.labels, minlength=len(names)).tolist()
    of_each = [*map(count_of_class, counts, names)][::-1]
    listed = f"{', '.join(of_each[:-1])} and {of_each[-1]} reviews"
    yield "measured on", f"{_data_name(paths)}: {listed}"
    yield "read as", "; ".join(_without_folders(note, reviews) for note in reviews.notes)


def _data_name(paths: Sequence[str]) -> str:
    names = [STDIN if path == "-" else Path(path).name or path for path in paths]
    return and_more(names, 1)


def _without_folders(text: str, reviews: LabelledReviews) -> str:
    """Remove the folders of files: not all readers of the page need to know them."""
    for file in reviews.files:
        text = text.replace(file.name, Path(file.name).name)
    return text


def _picture_name(path: Path) -> str:
    """Return the picture that a file name ends with; UsageError if there is none."""
    format_of(path)
    stem = path.stem.lower().replace("-", "_")
    for name in PICTURES:
        if stem == name or stem.endswith(f"_{name}"):
            return name
    meant = hint(stem.rpartition("_")[2], PICTURES)
    raise UsageError(
        f"--plot {path}{meant}: the name must end with one of {', '.join(PICTURES)}, as in roc.png"
    )
