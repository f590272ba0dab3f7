"""`sentiment tune`: search for better training options, and train with them."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import click

from sentiment.cli import options
from sentiment.cli.console import console
from sentiment.cli.models import BUNDLED, DEFAULT_MODEL, find_model
from sentiment.cli.progress import duration
from sentiment.cli.reading import data_name, overlap_of, read_reviews, warn_of_overlap
from sentiment.cli.train_options import (
    base_options,
    check_activation,
    load_base,
    load_encoder,
    training_options,
)
from sentiment.cli.training import shown_progress
from sentiment.digests import digest_of_file
from sentiment.errors import UsageError, command_line
from sentiment.evaluation.metrics import metrics_for, percent
from sentiment.files import is_stream
from sentiment.model.file import save_model
from sentiment.reviews.cells import count_of
from sentiment.reviews.dataset import require_classes
from sentiment.reviews.streams import ReadOptions, Where
from sentiment.runtime import require
from sentiment.selection import fits
from sentiment.selection.folds import stratified
from sentiment.selection.tuning import Outcome, Search, options_of
from sentiment.training.options import TrainingOptions, objective_for
from sentiment.training.run import Run
from sentiment.training.train import train

_FOLDS = 5
_MINUTES = 5.0
_SHOWN = 5  # options that mattered
_PURPOSE = {"accuracy": "accuracy", "macro-f1": "macro_f1", "balanced-accuracy": "macro_f1"}


@dataclass(frozen=True)
class _Job:
    """What `tune` was asked to do.

    Attributes:
        minutes: of the search; None if only the number of trials ends it.
        trials: how many, with those of an earlier run.
        study: the file of the search.
    """

    data: tuple[str, ...]
    output: Path
    minutes: float | None
    trials: int | None
    study: Path
    folds: int
    base_path: Path | None
    encoder_path: Path | None
    options: TrainingOptions
    reading: ReadOptions
    force: bool
    as_json: bool


@click.command(
    cls=options.TopicCommand, short_help="Search for better training options, and train with them."
)
@click.argument("data", nargs=-1, required=True, type=options.NAME, metavar="DATA...")
@click.option("-o", "--output", type=options.TARGET, default=DEFAULT_MODEL, show_default=True,
              metavar="FILE", help="Write the model here.")  # fmt: skip
@click.option("--minutes", type=options.Number(0, min_open=True), metavar="M",
              help="Minutes to search; the last trial is finished. Default: 5, or no limit with "
              "--trials.")  # fmt: skip
@click.option("--trials", type=click.IntRange(1), metavar="N",
              help="Trials in all, with those of an interrupted search. The same number, data, "
              "options and seed give the same model.")  # fmt: skip
@click.option("--study", type=options.TARGET, metavar="FILE",
              help="Keep the search here, to resume it. Default: the name of the model, ending in "
              ".study.db.")  # fmt: skip
@click.option("--folds", type=click.IntRange(2, 100), default=_FOLDS, show_default=True,
              metavar="K", help="Parts of the reviews that each trial is measured on.")  # fmt: skip
@base_options
@training_options
@options.training_reading
@options.force
@options.as_json
@options.verbosity
def command(
    output: Path,
    minutes: float | None,
    trials: int | None,
    study: Path | None,
    **chosen: Any,
) -> None:
    """Search for better training options, and train with them.

    DATA are files, globs, folders or names of data sets, as for train. Hidden units, dropout,
    epochs, learning rate, and which n-grams are features are searched; options that you give are
    left as they are. Each trial trains a model for each fold on the other ones, and is measured on
    the reviews held out: by accuracy, or macro F1 if a class is rare (--optimize says which). The
    defaults are tried first. Others are taken only if they are better by more than chance on the
    same folds. At the end a model is trained on all reviews.

    The search is saved after each trial. If it is interrupted, the same command resumes it; after
    it has ended, it goes on for longer.

    tune needs Optuna: pip install optuna.

    \b
    Examples:
      sentiment tune reviews.csv
      sentiment tune reviews.csv --minutes 30 -o tuned.safetensors
      sentiment tune reviews.csv --trials 20 --seed 1 -o tuned.safetensors
      sentiment tune few.csv --base general --hidden '' -o tuned.safetensors
    """
    require("tune needs optuna", "optuna")
    if minutes is None and trials is None:
        minutes = _MINUTES
    place = study or output.with_name(f"{output.stem}.study.db")
    job = _Job(output=output, minutes=minutes, trials=trials, study=place, **chosen)
    _tune(job)


def _tune(job: _Job) -> None:
    """Search, and train with what was found."""
    if "-" in job.data:
        raise UsageError("a search cannot be resumed from stdin: save the reviews to a file first")
    if not job.options.refit:
        raise UsageError("--no-refit: tune trains on all reviews at the end; leave it out")
    check_activation(job.options)
    base = load_base(job.base_path)
    encoder = load_encoder(job.options, job.encoder_path, base=base is not None)
    inputs = [
        *options.resolve_inputs(job.data, "training"),
        *map(Path, job.reading.label_files),
    ]
    options.check_targets([job.output], inputs, force=job.force)
    _check_study(job, inputs)
    reviews = read_reviews(job.data, job.reading, "training", label_set=None)
    require_classes(reviews, data_name(job.data))
    if (known := base or encoder) is not None:
        warn_of_overlap({f"the {'base' if base else 'encoder'}": overlap_of(known, reviews)})
    (folds,) = stratified(reviews, job.folds, 1, job.options.seed)
    named = _PURPOSE[objective_for(reviews.labels, job.options)]
    metric = next(each for each in metrics_for(reviews.label_set).all if each.name == named)
    search = Search(
        job.study,
        reviews,
        folds,
        job.options,
        metric,
        lambda tried: fits.trained(tried, Run(), base, encoder),
        about=_fingerprint(job) if known else "",
    )
    _search(job, search)
    outcome = search.outcome()
    _report(job, outcome, metric.title)
    chosen = options_of(outcome.chosen.values, job.options)
    model = train(reviews, chosen, base=base, encoder=encoder, run=Run(shown_progress()))
    save_model(model, job.output)
    console.note(f"saved {job.output}; the same model: {_command(job, chosen)}")
    if job.as_json:
        click.echo(json.dumps(_facts(job, outcome, chosen, named)))


def _check_study(job: _Job, inputs: Sequence[Where]) -> None:
    """Check that the search can be kept in its file."""
    if is_stream(job.study):
        raise UsageError(f"--study {job.study}: a search is kept in a file: name one")
    if job.study.resolve() == job.output.resolve():
        raise UsageError(f"{job.study} would be written twice; choose another --study")
    options.check_targets([job.study], inputs, force=True)


def _fingerprint(job: _Job) -> str:
    """Return a hash of the model that trainings begin with."""
    path = find_model(job.base_path or job.encoder_path or Path(BUNDLED))
    return digest_of_file(path)


def _search(job: _Job, search: Search) -> None:
    """Run the search, and show how far it is."""
    ends = [count_of(job.trials, "trial")] if job.trials is not None else []
    if job.minutes is not None:
        ends.append(duration(60 * job.minutes))
    console.note(f"searching on {job.folds} folds, for {' or '.join(ends)}; the defaults are first")
    if search.done:
        console.note(f"resuming {job.study} after {count_of(search.done, 'trial')}")
    began = time.monotonic()

    def told(number: int, fold: int) -> None:
        seconds = time.monotonic() - began
        left = f" of {job.trials}" if job.trials else ""
        if job.minutes is not None:
            rest = max(60 * job.minutes - seconds, 1)
            left += f", {duration(rest)} left"
        what = "the defaults" if number == 0 else f"trial {number + 1}"
        text = f"{what}{left}: fold {fold + 1} of {job.folds} …"
        if console.shows_status:
            console.status(text)
        elif fold == 0:
            console.detail(text)

    seconds = None if job.minutes is None else 60 * job.minutes
    search.run(job.trials, seconds, told)
    console.clear_status()


def _report(job: _Job, outcome: Outcome, title: str) -> None:
    """Print what was found, and what mattered."""
    stopped = f", {outcome.stopped:,} stopped early" if outcome.stopped else ""
    console.note(f"{count_of(outcome.finished, 'trial')} finished{stopped}; kept in {job.study}")
    default, best = (percent(each.score) for each in (outcome.default, outcome.best))
    points = f"{100 * outcome.gain:+.1f} ± {100 * outcome.error:.1f} points"
    if outcome.best is outcome.default:
        verdict = f"{title} {default} with the defaults, and no trial was better: they are kept"
    elif outcome.chosen is outcome.default:
        verdict = (
            f"{title} {default} with the defaults, {best} at best ({points}): no more than chance, "
            "so the defaults are kept"
        )
    else:
        verdict = f"{title} {default} with the defaults, {best} with the best ({points})"
    console.note(f"on {job.folds} folds: {verdict}")
    if outcome.importance:
        shares = [
            f"{name.replace('_', ' ')} {share:.0%}"
            for name, share in outcome.importance[:_SHOWN]
            if share >= 0.01
        ]
        console.note(f"what mattered: {', '.join(shares)}")


def _changed(job: _Job, chosen: TrainingOptions) -> dict[str, Any]:
    """Return the options that the search changed."""
    return {
        each.name: getattr(chosen, each.name)
        for each in fields(chosen)
        if getattr(chosen, each.name) != getattr(job.options, each.name)
    }


def _command(job: _Job, chosen: TrainingOptions) -> str:
    """Return the command of `train` that makes the model: as this one, with what was found."""
    words = list(click.get_current_context().obj)
    words[words.index("tune")] = "train"
    own = {"--minutes", "--trials", "--study", "--folds"}
    kept, skip = [], False
    for word in words:
        name, equals, _ = word.partition("=")
        if skip or name in own:
            skip = not skip and not equals
            continue
        kept.append(word)
    if not (job.force or is_stream(job.output)):  # which exists now
        kept.append("--force")
    for name, value in _changed(job, chosen).items():
        text = ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
        kept += [f"--{name.replace('_', '-')}", text]
    return command_line(*kept)


def _facts(job: _Job, outcome: Outcome, chosen: TrainingOptions, metric: str) -> dict[str, Any]:
    """Return the result as a JSON object."""
    return {
        "model": str(job.output),
        "study": str(job.study),
        "metric": metric,
        "folds": job.folds,
        "trials": outcome.finished,
        "stopped": outcome.stopped,
        "default": outcome.default.score,
        "best": outcome.best.score,
        "gain": outcome.gain,
        "standard_error": outcome.error,
        "chosen": _changed(job, chosen),
        "importance": dict(outcome.importance),
    }
