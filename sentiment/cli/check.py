"""`sentiment check`: find what is wrong with labelled reviews before training on them."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from sentiment.checks.audit import FIGURES, KINDS, Audit, Problem, audit
from sentiment.checks.out_of_fold import folds_for, out_of_fold
from sentiment.cli import options
from sentiment.cli.console import console
from sentiment.cli.evaluate import check_table
from sentiment.cli.gates import fail_over
from sentiment.cli.models import find_model
from sentiment.cli.reading import data_name, read_reviews
from sentiment.cli.scoring import score_texts
from sentiment.cli.tables import class_name, shortened, width_of
from sentiment.errors import UsageError
from sentiment.evaluation.gates import Gate, check_gates, read_maximum
from sentiment.evaluation.metrics import percent
from sentiment.general import NAME, bundled
from sentiment.model.component import log_odds_of
from sentiment.model.file import load_model
from sentiment.model.model import Model
from sentiment.reviews.batch import Batch, RowsSource
from sentiment.reviews.cells import and_more, count_of, count_of_class
from sentiment.reviews.columns import Columns
from sentiment.reviews.compression import writing
from sentiment.reviews.dataset import LabelledReviews, require_classes
from sentiment.reviews.separate_labels import open_labelled
from sentiment.reviews.streams import STDIN, ReadOptions, output_format_of
from sentiment.reviews.writers import writer_for

_EXAMPLE = "wrong_labels=0.05"
_SHOWN = 5  # rows of each kind
_TEXT_WIDTH = 60
_FIX_COLUMNS = ("file", "row", "label", "text", "problem", "why")
# If the largest class has more of the reviews, answering it alone looks good.
_UNBALANCED = 0.8
_NONE = "none"

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class _Job:
    """What `check` was asked to do.

    Attributes:
        test: files of test reviews that must not stand among DATA.
        model: whose opinion is asked for; None for the bundled model.
        fix: where to write the rows to look at; None for nowhere.
    """

    data: tuple[str, ...]
    test: tuple[str, ...]
    model: Path | None
    fix: Path | None
    gates: Sequence[Gate]
    seed: int
    workers: int | None
    reading: ReadOptions
    force: bool
    as_json: bool


@click.command(
    cls=options.TopicCommand, short_help="Find wrong labels, repeats and leaks in labelled reviews."
)
@click.argument("data", nargs=-1, required=True, type=options.NAME, metavar="DATA...")
@click.option("--test", multiple=True, type=options.NAME, metavar="FILE",
              help="Test reviews; none should stand in DATA. May be repeated.")  # fmt: skip
@click.option("-m", "--model", type=options.MODEL, metavar="MODEL",
              help="A model whose opinion is weighed in where it has not seen the reviews; or "
              "none. Default: general.")  # fmt: skip
@click.option("--fix", type=options.TARGET, metavar="FILE",
              help="Write all rows to look at here: CSV, TSV, JSON, JSONL, Excel or "
              "Parquet.")  # fmt: skip
@fail_over(FIGURES, _EXAMPLE)
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True,
              metavar="N", help="Seed of the folds: the same gives the same figures.")  # fmt: skip
@options.workers
@options.training_reading
@options.force
@options.as_json
@options.verbosity
def command(fail_over: tuple[str, ...], **chosen: Any) -> None:
    """Find what is wrong with labelled reviews before training on them.

    DATA are files, globs, folders or names of data sets, as for train. Rows are shown that are
    worth a look, the clearest first: labels that are likely wrong, texts that stand under different
    labels, repeated texts, texts without an opinion or in another language, and those that stand in
    the reviews of --test, too. Columns and words that give the label away are named.

    A label is in doubt if models that were fitted on other reviews, and a model that saw none of
    them, find another class likelier; confident learning estimates how many are. It is an opinion:
    read the rows before you change them. --fix writes them all, with the label that they may have.

    \b
    Examples:
      sentiment check reviews.csv
      sentiment check reviews.csv --test held_out.csv --fix look_at.csv
      sentiment check reviews.csv --fail-over wrong_labels=0.05 --fail-over leaks=0 --json
    """
    _check(_Job(gates=[read_maximum(text, FIGURES, _EXAMPLE) for text in fail_over], **chosen))


def _check(job: _Job) -> None:
    """Read, check, print and write."""
    inputs = options.resolve_inputs(job.data, "training")
    if "-" in job.data and "-" in job.test:
        raise UsageError("stdin is named twice: name DATA or --test as a file")
    opinion = _model(job.model)
    if job.fix is not None:
        check_table(job.fix, "--fix")
        read = [*inputs, *options.resolve_inputs(job.test, "evaluation")]
        read += map(Path, job.reading.label_files)
        options.check_targets([job.fix], read, force=job.force)
    reading = replace(job.reading, keep=_other_columns(inputs, job.reading))
    reviews = read_reviews(job.data, reading, "training", label_set=None)
    require_classes(reviews, data_name(job.data), "a check")
    test = None
    if job.test:
        plain = replace(job.reading, label_files=())
        test = read_reviews(job.test, plain, "evaluation", reviews, label_set=reviews.label_set)
    folds = folds_for(len(reviews))
    log_odds = out_of_fold(
        reviews, job.seed, folds, lambda done: console.status(f"fitting {done}/{2 * folds} …")
    )
    if unchecked := int(np.isnan(log_odds).any(axis=1).sum()):
        console.warn(
            f"the labels of {count_of(unchecked, 'review')} were not checked: too few others of a "
            "class; add more"
        )
    other = None if opinion is None else _opinion(opinion, reviews, job.workers)
    console.status("looking for repeats and leaks …")
    found = audit(reviews, log_odds, other, test)
    console.clear_status()
    if job.as_json:
        click.echo(json.dumps(found.as_json() | {"data": list(job.data)}))
    else:
        click.echo("\n".join(_as_text(found)))
    if job.fix is not None:
        _write(job.fix, found)
    check_gates(job.gates, found.figures)


def _model(named: Path | None) -> Model | None:
    """Load the model whose opinion is asked for; None if there is none."""
    if named is None:
        path = bundled()[NAME]
        return load_model(path) if path.is_file() else None
    return None if str(named) == _NONE else load_model(find_model(named))


def _other_columns(inputs: Sequence[Any], reading: ReadOptions) -> tuple[str, ...]:
    """Return the columns beside text and label that all files have; none for stdin."""
    if STDIN in map(str, inputs) or "-" in map(str, inputs) or reading.label_files:
        return ()
    shared: list[str] | None = None
    for where in inputs:
        opened = open_labelled(where, reading)
        try:
            if not opened.source.has_header:
                return ()
            used = {*opened.columns.text, opened.columns.label}
            own = [name for name in opened.source.columns if name and name not in used]
        finally:
            opened.source.close()
        shared = own if shared is None else [name for name in shared if name in own]
    return tuple(dict.fromkeys(shared or ()))


def _opinion(model: Model, reviews: LabelledReviews, workers: int | None) -> Floats | None:
    """Return a model's log-odds, [n, K − 1], NaN where it may have seen a review; None for none."""
    label_set, hashes = reviews.label_set, model.record.training_hashes
    if not set(label_set.names) <= set(model.labels.names):
        console.detail("the model has other classes: its opinion is left out")
        return None
    digests = hashes.digests(reviews.texts)
    new = np.flatnonzero(hashes.new(digests))
    if hashes.is_known_set(digests) or not new.size:
        console.note("the model has seen these reviews: its opinion is left out")
        return None
    asked = model.restricted(label_set)
    found = np.full((len(reviews), len(label_set) - 1), np.nan)
    scores = score_texts(asked, [reviews.texts[row] for row in new.tolist()], workers=workers)
    found[new] = log_odds_of(scores.probabilities)
    return found


def _as_text(found: Audit) -> Iterator[str]:
    """Yield the lines of what was found."""
    counts = ", ".join(count_of_class(count, name) for name, count in found.counts.items())
    yield f"{count_of(len(found.reviews), 'review')}: {counts}"
    largest = max(found.counts, key=lambda name: found.counts[name])
    share = found.figures["largest_class"]
    if share > _UNBALANCED:
        yield (
            f"unbalanced: always answering {class_name(largest)} would be right in {percent(share)}"
        )
    if found.dropped:
        several = len(found.reviews.files) > 1
        places = [f"{file} row {row}" if several else f"row {row}" for file, row in found.dropped]
        rows = and_more(places, _SHOWN)
        yield f"left out in reading, without a text or a label in use: {rows}"
    for leak in found.leaks:
        name = shortened(leak.name, _TEXT_WIDTH)
        if leak.label is None:
            yield f'leak: the column "{name}" alone tells {percent(leak.share)} of the labels'
        else:
            label = class_name(found.reviews.label_set.names[leak.label])
            yield (
                f'leak: {percent(leak.share)} of the {leak.reviews:,} reviews with "{name}" are '
                f"{label}"
            )
    shown = False
    for kind, problems in groupby(found.problems, key=lambda problem: problem.kind):
        yield ""
        yield from _rows(found, kind, list(problems))
        shown = True
    if not (shown or found.leaks):
        yield "nothing to look at"


def _rows(found: Audit, kind: str, problems: Sequence[Problem]) -> Iterator[str]:
    """Yield the title and the first rows of one kind."""
    share = percent(len(problems) / len(found.reviews))
    yield f"{KINDS[kind]}: {len(problems):,} ({share})"
    width = width_of(found.reviews.label_set)
    for problem in problems[:_SHOWN]:
        label = class_name(found.reviews.label_set.names[found.reviews.labels[problem.number]])
        text = shortened(found.reviews.texts[problem.number], _TEXT_WIDTH)
        why = shortened(problem.why, _TEXT_WIDTH)
        yield f"  {found.where(problem.number)}  {label:<{width}}{why}  {text}"
    if len(problems) > _SHOWN:
        yield f"  and {len(problems) - _SHOWN:,} more; --fix FILE writes them all"


def _write(path: Path, found: Audit) -> None:
    """Write the rows to look at, in order, each with the label that it may have."""
    reviews, names = found.reviews, found.reviews.label_set.names
    rows, answers, numbers = [], [], []
    for kind, number, why, suggested in found.problems:
        file, row = reviews.place(number)
        values = (file, row, names[reviews.labels[number]], reviews.texts[number], kind, why)
        rows.append(dict(zip(_FIX_COLUMNS, values, strict=True)))
        answers.append("" if suggested is None else names[suggested])
        numbers.append(number)
    source = RowsSource(rows, _FIX_COLUMNS, str(path))
    with writing(path) as stream:
        columns = Columns(("text",), "label", "")
        writer = writer_for(
            output_format_of(path), stream, source, columns, labels=reviews.label_set
        )
        if rows:
            shown = [label for _, label in reviews.label_set.columns]
            probabilities = found.wrong.probabilities[numbers][:, shown]
            batch = Batch(rows, 1, name=source.name, format=source.format)
            writer.write(batch, answers, probabilities, [""] * len(rows))
        writer.close()
    console.note(f"saved {path}: {count_of(len(rows), 'row')} to look at")
