"""`sentiment cross-validate`: measure what training makes of reviews, by cross-validation."""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click
import numpy as np

from sentiment.cli import options
from sentiment.cli.console import console
from sentiment.cli.curve import Curve, check_plot
from sentiment.cli.estimates import Result, result_as_json, result_as_text
from sentiment.cli.gates import fail_under
from sentiment.cli.out_of_fold import check_out_of_fold, write_out_of_fold
from sentiment.cli.progress import duration
from sentiment.cli.reading import (
    Repairs,
    data_name,
    overlap_of,
    read_reviews,
    warn_of_overlap,
)
from sentiment.cli.train_options import (
    base_options,
    check_activation,
    load_base,
    load_encoder,
    training_options,
)
from sentiment.errors import DataError, UsageError
from sentiment.evaluation.baseline import NAME as TFIDF
from sentiment.evaluation.gates import Gate, check_gates, check_metrics, check_slices, read_gate
from sentiment.evaluation.metrics import metrics_for
from sentiment.evaluation.slices import (
    Slice,
    reading_for,
    slice_values,
)
from sentiment.reviews.cells import count_of
from sentiment.reviews.dataset import LabelledReviews, require_classes
from sentiment.reviews.streams import ReadOptions
from sentiment.selection import fits
from sentiment.selection.crossing import (
    Fit,
    OutOfFold,
    count_estimates,
    cross_validate,
    differences,
    estimates,
)
from sentiment.selection.curve import subsets
from sentiment.selection.estimates import NONE
from sentiment.selection.folds import Fold, by_group, in_time, stratified
from sentiment.training.options import TrainingOptions, objective_for
from sentiment.training.run import Progress, Run

_FOLDS = 10
_BASELINES = {"constant": fits.constant, TFIDF: fits.tfidf}


@dataclass(frozen=True)
class _Job:
    """What `cross-validate` was asked to do.

    Attributes:
        columns: what to slice by, for the table or a gate.
        gates: limits of metrics.
        out_of_fold: where to write each row with its answer; None for nowhere.
        curve: whether to train on fewer reviews, too.
        plot: where to draw the curve; None for nowhere.
        group: a column whose values are not divided.
        time: a column with the time of each review.
    """

    data: tuple[str, ...]
    folds: int
    repeats: int
    columns: tuple[str, ...]
    gates: tuple[Gate, ...]
    out_of_fold: Path | None
    baseline: bool
    curve: bool
    plot: Path | None
    group: str | None
    time: str | None
    base_path: Path | None
    encoder_path: Path | None
    options: TrainingOptions
    reading: ReadOptions
    force: bool
    as_json: bool


@click.command(
    cls=options.TopicCommand,
    short_help="Measure what training makes of reviews.",
)
@click.argument("data", nargs=-1, required=True, type=options.NAME, metavar="DATA...")
@click.option("--folds", type=click.IntRange(2, 1000), default=_FOLDS, show_default=True,
              metavar="K", help="Parts of the reviews; each is answered by a model trained on the "
              "others.")  # fmt: skip
@click.option("--repeats", type=click.IntRange(1, 1000), default=1, show_default=True,
              metavar="R", help="Times to divide the reviews into folds.")  # fmt: skip
@click.option("--group", type=options.COLUMN, metavar="COLUMN",
              help="Keep reviews with the same value of a column, such as a customer, in one "
              "fold.")  # fmt: skip
@click.option("--time", type=options.COLUMN, metavar="COLUMN",
              help="Train on the past: divide the reviews into blocks by the time in a column, and "
              "answer each by a model of those before it.")  # fmt: skip
@click.option("--baseline", is_flag=True,
              help="Measure two baselines on the same folds: the most frequent label for all, and "
              "TF-IDF with logistic regression.")  # fmt: skip
@click.option("--curve", is_flag=True,
              help="Train on a sixteenth to half of the reviews, too, and tell what more labels "
              "would give.")  # fmt: skip
@click.option("--plot", type=options.TARGET, metavar="FILE",
              help="Draw the curve here: PNG, SVG or PDF. Needs matplotlib.")  # fmt: skip
@click.option("--slice", "sliced", multiple=True, metavar="COLUMN",
              type=options.Column("length", "negation"),
              help="Measure the reviews of each value of a column separately; `length` and "
              "`negation` need no column; may be repeated.")  # fmt: skip
@click.option("--out-of-fold", type=options.TARGET, metavar="FILE",
              help="Write each row here, with the answer of the model that was not trained on "
              "it, in the first repeat.")  # fmt: skip
@fail_under
@base_options
@training_options
@options.training_reading
@options.force
@options.as_json
@options.verbosity
def command(
    sliced: tuple[str, ...], fail_under: tuple[str, ...], reading: ReadOptions, **chosen: Any
) -> None:
    """Measure what training makes of reviews, by cross-validation.

    DATA are files, globs, folders or names of data sets, as for train. They are divided into
    folds, and a model is trained for each fold on the other ones, as train would, with the same
    options. So each review is answered by a model that did not see it, and no test reviews are
    needed. Each class is divided evenly, and equal texts stay in one fold.

    The metrics are those of models trained on part of the reviews: a little lower than those of one
    trained on all. Their 95% intervals respect that folds share training reviews (Nadeau and
    Bengio, 2003). --repeats 3 makes them steadier.

    Where reviews of one customer or product resemble each other, --group keeps them together. Where
    a model will answer reviews to come, --time trains on the past only.

    --curve tells how the accuracy (macro F1, if a class is rare) depends on the number of labels,
    what twice and four times as many would give, and how many more raise it by one point.

    \b
    Examples:
      sentiment cross-validate reviews.csv
      sentiment cross-validate reviews.csv --folds 10 --repeats 3 --baseline
      sentiment cross-validate reviews.csv --group customer --slice product
      sentiment cross-validate reviews.csv --time date --folds 5
      sentiment cross-validate reviews.csv --curve --plot curve.png
      sentiment cross-validate reviews.csv --out-of-fold answers.csv --fail-under macro_f1=0.8
    """
    gates = tuple(map(read_gate, fail_under))
    of_gates = (gate.column for gate in gates if gate.column is not None)
    columns = tuple(dict.fromkeys([*sliced, *of_gates]))
    reading = reading_for(columns, reading)
    divided = {f"--{name}": chosen[name] for name in ("group", "time") if chosen[name] is not None}
    if divided:
        uses = " or ".join([*divided, *(["a slice"] if reading.keep else [])])
        keep = tuple(dict.fromkeys([*reading.keep, *divided.values()]))
        reading = replace(reading, keep=keep, kept_for=uses)
    _cross_validate(_Job(columns=columns, gates=gates, reading=reading, **chosen))


def _cross_validate(job: _Job) -> None:
    """Read, divide, train, and print."""
    _check(job)
    check_activation(job.options)
    base = load_base(job.base_path)
    encoder = load_encoder(job.options, job.encoder_path, base=base is not None)
    reviews = read_reviews(job.data, job.reading, "training", label_set=None)
    require_classes(reviews, data_name(job.data))
    check_metrics(job.gates, reviews.label_set)
    values = {column: slice_values(column, reviews) for column in job.columns}
    check_slices(job.gates, values)
    if job.out_of_fold is not None:
        check_out_of_fold(job.out_of_fold, job.data, job.reading, reviews.label_set)
    if (known := base or encoder) is not None:
        what = "base" if base else "encoder"
        warn_of_overlap({f"the {what}": overlap_of(known, reviews)})
    plan = _plan(job, reviews)
    smaller = subsets(reviews, plan[0], job.options.seed) if job.curve else {}
    _announce(plan, smaller, reviews)
    if len(plan) == 1 and len(plan[0]) == 2:
        console.note("two folds make intervals too wide to be of use; more --folds or --repeats")
    repairs = Repairs(wanted=job.options.repair)
    repairs.count(reviews.texts)
    repairs.report()
    progress = _FoldProgress(len(plan), len(plan[0]), [*smaller])
    fit = fits.trained(job.options, Run(progress), base, encoder)
    results = cross_validate(reviews, plan, fit, progress.begin)
    console.clear_status()
    _warn_of_unread(results, plan, reviews)
    curve = _curve(job, reviews, smaller, results[0], fit, progress) if smaller else None
    found = replace(_measured(job, reviews, plan, results, values), curve=curve)
    _print(job, reviews, plan, found)  # before files, which may fail after hours of training
    if job.out_of_fold is not None:
        write_out_of_fold(job.out_of_fold, job.data, job.reading, reviews, results[0], len(plan))
    if curve is not None and job.plot is not None:
        curve.draw(job.plot)
    figures = {name: each.value for name, each in found.overall.items()}
    check_gates(job.gates, figures, found.slices)


def _check(job: _Job) -> None:
    """Check options before anything is read."""
    if job.group is not None and job.time is not None:
        raise UsageError("--group and --time divide the reviews differently: leave out one of them")
    if job.time is not None and job.repeats > 1:
        raise UsageError("--time divides the reviews in one way only: leave out --repeats")
    if job.curve and job.time is not None:
        raise UsageError("--curve divides the reviews at random, not by --time: leave out one")
    if job.plot is not None:
        if not job.curve:
            raise UsageError("--plot draws the curve: add --curve")
        check_plot(job.plot)
    if job.out_of_fold is not None and "-" in job.data:
        raise UsageError("--out-of-fold reads DATA twice: save the reviews to a file first")
    if targets := [each for each in (job.out_of_fold, job.plot) if each is not None]:
        labels = map(Path, job.reading.label_files)
        inputs = [*options.resolve_inputs(job.data, "training"), *labels]
        options.check_targets(targets, inputs, force=job.force)


def _plan(job: _Job, reviews: LabelledReviews) -> list[list[Fold]]:
    """Divide the reviews as asked."""
    if job.time is not None:
        return in_time(reviews, job.time, job.folds)
    how = job.folds, job.repeats, job.options.seed
    if job.group is not None:
        return by_group(reviews, job.group, *how)
    return stratified(reviews, *how)


def _announce(
    plan: Sequence[Sequence[Fold]],
    smaller: Mapping[float, Sequence[Fold]],
    reviews: LabelledReviews,
) -> None:
    every = [*smaller.values(), *plan]
    trained = [fold.training.size for folds in every for fold in folds]
    sizes = f"{min(trained):,}"
    if max(trained) > min(trained):
        sizes += f" to {max(trained):,}"
    console.note(
        f"training {count_of(len(trained), 'model')}, each on {sizes} of "
        f"{count_of(len(reviews), 'review')}"
    )


class _FoldProgress(Progress):
    """Shows which fold is trained, and about how long the rest takes."""

    def __init__(self, repeats: int, folds: int, shares: Sequence[float]) -> None:
        self._repeats, self._folds = repeats, folds
        self._shares = shares
        self._started = time.monotonic()
        self._diverged = False
        self._done = 0.0  # in trainings on all reviews
        self._total = folds * (repeats + sum(shares))

    def begin(self, repeat: int, fold: int) -> None:
        """Say that a training begins; both are counted from 0."""
        again = f" of repeat {repeat + 1} of {self._repeats}" if self._repeats > 1 else ""
        self._show(fold, again, 1.0)

    def of_share(self, share: float) -> Callable[[int], None]:
        """Return what says that a training on a share of the reviews begins."""
        return lambda fold: self._show(fold, f" with 1/{1 / share:.0f} of the reviews", share)

    def _show(self, fold: int, what: str, size: float) -> None:
        rest = self._total - self._done
        left = ""
        if self._done:
            left = f", {duration((time.monotonic() - self._started) * rest / self._done)} left"
        self._done += size
        text = f"fold {fold + 1} of {self._folds}{what}{left} …"
        if console.shows_status:
            console.status(text)
        else:
            console.detail(text)

    def diverged(self, loss: float, constant: float) -> None:
        if not self._diverged:
            console.warn(
                f"training diverged: its loss reached {loss:.4f}, and one answer for all reviews "
                f"has {constant:.4f}; lower --learning-rate"
            )
        self._diverged = True


def _warn_of_unread(
    results: Sequence[OutOfFold], plan: Sequence[Sequence[Fold]], reviews: LabelledReviews
) -> None:
    """Warn of reviews that cannot be read; those before the first block of time are noted."""
    asked = sum(fold.held_out.size for fold in plan[0])
    if first := len(reviews) - asked:
        console.note(f"the first {count_of(first, 'review')} only train, and are not measured")
    if unread := asked - results[0].rows.size:
        console.warn(f"{count_of(unread, 'review')} with nothing to read: not measured")


def _curve(
    job: _Job,
    reviews: LabelledReviews,
    smaller: dict[float, list[Fold]],
    whole: OutOfFold,
    fit: Fit,
    progress: _FoldProgress,
) -> Curve | None:
    """Return the learning curve; None, with a warning, if its metric is undefined."""
    wanted = objective_for(reviews.labels, job.options)
    metric = "accuracy" if wanted == "accuracy" else "macro_f1"
    try:
        return Curve.measure(
            metric, reviews, smaller, whole, lambda share: (fit, progress.of_share(share))
        )
    except DataError as error:  # the figures of the folds are there all the same
        console.warn(f"no curve: {error}")
        return None


def _measured(
    job: _Job,
    reviews: LabelledReviews,
    plan: Sequence[Sequence[Fold]],
    results: Sequence[OutOfFold],
    values: Mapping[str, Sequence[str]],
) -> Result:
    """Compute all estimates; train the baselines on the same folds if they are asked for."""
    console.status("measuring …")
    others = {
        name: cross_validate(reviews, plan, fit, lambda _, __: None)
        for name, fit in (_BASELINES if job.baseline else {}).items()
    }
    slices = {column: list(_slices(of, reviews, results)) for column, of in values.items()}
    for each in slices.values():
        each.sort(key=lambda part: (part.too_small, part.accuracy, -part.n))
    found = Result(
        np.bincount(reviews.labels[results[0].rows], minlength=len(reviews.label_set)),
        estimates(results, reviews),
        {name: estimates(each, reviews) for name, each in others.items()},
        differences(results, others[TFIDF], reviews) if others else {},
        slices,
    )
    console.clear_status()
    return found


def _slices(
    values: Sequence[str], reviews: LabelledReviews, results: Sequence[OutOfFold]
) -> Iterator[Slice]:
    """Yield the metrics of counts of the reviews with each value, as far as they were answered."""
    cells = np.array(values, object)
    counted = metrics_for(reviews.label_set).counted
    for value in sorted(set(values)):
        some = cells == value
        n = int(np.count_nonzero(some[results[0].rows]))
        found = count_estimates(results, reviews, some) if n else dict.fromkeys(counted, NONE)
        figures = {name: each.value for name, each in found.items()}
        yield Slice(value, n, figures, {name: each.interval for name, each in found.items()})


def _print(
    job: _Job, reviews: LabelledReviews, plan: Sequence[Sequence[Fold]], found: Result
) -> None:
    if not job.as_json:
        click.echo(result_as_text(found, reviews))
        return
    facts = {
        "n": len(reviews),
        "folds": len(plan[0]),
        "repeats": len(plan),
        "trained_on": [fold.training.size for folds in plan for fold in folds],
        **result_as_json(found),
        "data": list(job.data),
    }
    click.echo(json.dumps(facts))
