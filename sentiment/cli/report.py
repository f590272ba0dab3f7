"""`sentiment report`: a page and pictures of how good a model is."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import click
import numpy as np

from sentiment.cli import options
from sentiment.cli.console import console
from sentiment.cli.info import about_model, facts_of
from sentiment.cli.models import open_model, test_reviews
from sentiment.cli.reading import read_reviews, score, shared_classes
from sentiment.errors import UsageError
from sentiment.evaluation.mistakes import explain_mistakes, rank_mistakes
from sentiment.evaluation.report.content import PICTURES, Report, picture_of
from sentiment.evaluation.report.page import page_of
from sentiment.evaluation.slices import BUILT_IN, reading_for, slice_values, slices_of
from sentiment.files import replacing
from sentiment.model.model import Model
from sentiment.pages.plotting import format_of, plot
from sentiment.reviews.cells import and_more, count_of_class
from sentiment.reviews.dataset import LabelledReviews
from sentiment.reviews.streams import STDIN, ReadOptions
from sentiment.runtime import require

_PAGE = Path("report.html")
_MISTAKES = 20


@click.command(short_help="Write a page that shows how good a model is, and why.")
@click.argument("data", nargs=-1, type=options.NAME, metavar="[DATA]...")
@options.model
@click.option("-o", "--output", type=options.TARGET, metavar="FILE",
              help="Write the page here. Default: report.html, or none with --plot.")  # fmt: skip
@click.option("--plot", "plots", multiple=True, type=options.TARGET, metavar="FILE",
              help="Write a single picture; the end of its name says which, as in roc.png or "
              "shop-reliability.png; may be repeated.")  # fmt: skip
@options.threshold
@click.option("--slice", "sliced", multiple=True, metavar="COLUMN",
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
    threshold: float | None,
    sliced: tuple[str, ...],
    workers: int | None,
    force: bool,
    reading: ReadOptions,
) -> None:
    """Write a page that shows how good a model is, and why.

    DATA are files, globs, folders or names of sets, as for evaluate; without DATA:
    data/test.csv, else the test reviews that are part of the program.

    The page is one file that needs no network: metrics with 95% intervals, answers at any
    threshold (with more than two classes, the confusion matrix), ROC and precision-recall curves,
    reliability, slices, the words that move the model most, its most confident mistakes with the
    words that led to them, and the training.

    Single pictures are PNG, SVG or PDF: confusion, roc, precision_recall, reliability, scores,
    training. They need matplotlib.

    \b
    Examples:
      sentiment report held_out.csv
      sentiment report held_out.csv -m big.safetensors -o big.html --slice domain
      sentiment report held_out.csv --plot roc.png --plot big-reliability.png
    """
    named = {path: _picture_name(path) for path in plots}
    page = output or (None if plots else _PAGE)
    targets = [*([page] if page else []), *plots]
    if plots:
        require("pictures need matplotlib", "matplotlib")
    path, model = open_model(model_path, threshold, classes=reading.classes)
    paths = data or test_reviews()
    options.check_targets(
        targets, [*options.resolve_inputs(paths, "evaluation"), path], force=force
    )
    report = _report(paths, path, model, sliced, reading, workers)
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


def _report(
    paths: Sequence[str],
    path: Path,
    model: Model,
    sliced: Sequence[str],
    reading: ReadOptions,
    workers: int | None,
) -> Report:
    """Measure a model on reviews, and collect what the page shows."""
    columns = list(dict.fromkeys([*sliced, *BUILT_IN]))
    reading = reading_for(list(dict.fromkeys(sliced)), reading)
    reviews = read_reviews(paths, reading, "evaluation", label_set=model.labels)
    (model,), reviews = shared_classes([model], reviews, reading.named)
    reviews, scores = score(model, reviews, workers=workers)
    answers = model.decision.choose(scores.probabilities)
    worst = rank_mistakes(scores.probabilities, reviews.labels, model.decision)[:_MISTAKES]
    return Report(
        model=model,
        probabilities=scores.probabilities,
        unknown=scores.unknown,
        labels=reviews.labels,
        slices={
            column: slices_of(slice_values(column, reviews), reviews.labels, answers, model.labels)
            for column in columns
        },
        mistakes=[
            replace(mistake, file=_without_folders(mistake.file, reviews))
            for mistake in explain_mistakes(model, reviews, worst)
        ],
        model_name=path.name,
        data_name=_data_name(paths),
        about=[*_about(path, model), *_about_reviews(paths, reviews)],
        warnings=[_without_folders(warning, reviews) for warning in console.warnings],
    )


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
    raise UsageError(
        f"--plot {path}: the name must end with one of {', '.join(PICTURES)}, as in roc.png"
    )
