"""`sentiment calibrate`: refit the probabilities of a model, or set where it abstains."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import click
import numpy as np
from numpy.typing import NDArray

from sentiment.cli import options
from sentiment.cli.console import console
from sentiment.cli.models import open_model
from sentiment.cli.reading import data_name, read_reviews, score, shared_classes
from sentiment.cli.scoring import score_in_memory
from sentiment.cli.tables import class_name, width_of
from sentiment.errors import DataError
from sentiment.evaluation.intervals import CONFIDENCE, Floats, Labels
from sentiment.evaluation.metrics import Evaluation, percent
from sentiment.evaluation.selective import (
    Choice,
    Goal,
    Sample,
    attainable_precision,
    check_goals,
    choose_decision,
    read_goals,
)
from sentiment.features.hashing import Hashes
from sentiment.labels import LabelSet
from sentiment.model.cells import ScoreCells
from sentiment.model.component import Calibration, log_odds_of
from sentiment.model.decision import AnyDecision, Decision, describe_band
from sentiment.model.file import save_model
from sentiment.model.model import Model, Scores
from sentiment.model.sketch import HeldOutScores
from sentiment.reviews.dataset import LabelledReviews, require_classes
from sentiment.reviews.streams import ReadOptions
from sentiment.training.decide import enough_to_choose

_GOOD = {"precision": "correct", "recall": "found", "coverage": "answered"}
_OF = {"precision": "answered", "recall": "reviews", "coverage": "reviews"}
_FOLDS = 5


@dataclass(frozen=True)
class _Job:
    """What `calibrate` was asked to do.

    Attributes:
        goals: where to abstain or to move the threshold; empty for a refit alone.
        refit: whether to refit the calibration.
        workers: processes that score; None for a good default.
    """

    data: tuple[str, ...]
    model_path: Path | None
    goals: tuple[Goal, ...]
    refit: bool
    output: Path
    workers: int | None
    reading: ReadOptions
    force: bool


class _Refit(NamedTuple):
    """A new calibration of a model's log-odds, and metrics of the old and the new probabilities.

    Attributes:
        n: number of reviews it was fitted on.
        before: log loss and ECE of the old probabilities.
        after: the same of new probabilities, out-of-fold.
    """

    calibration: Calibration
    n: int
    before: dict[str, float]
    after: dict[str, float]

    def as_json(self) -> dict[str, Any]:
        metrics = {
            name: {"before": self.before[name], "after": self.after[name]} for name in self.before
        }
        return {"refit": {"n": self.n, **self.calibration.as_json(), **metrics}}


@click.command(
    cls=options.TopicCommand, short_help="Refit a model's probabilities, or set where it abstains."
)
@click.argument("data", nargs=-1, required=True, type=options.NAME, metavar="DATA...")
@options.model
@click.option("--goal", "goal_texts", multiple=True, metavar="GOAL=NUMBER",
              help="Set where to answer: precision=0.95, recall=0.9 or coverage=0.8; others may be "
              "combined with precision.")  # fmt: skip
@click.option("--refit", is_flag=True,
              help="With --goal: refit on half of DATA, and set the goal on the rest.")  # fmt: skip
@click.option("-o", "--output", required=True, type=options.TARGET, metavar="FILE",
              help="Write the new model here.")  # fmt: skip
@options.workers
@options.measured_reading
@options.force
@options.as_json
@options.verbosity
def command(goal_texts: tuple[str, ...], refit: bool, as_json: bool, **chosen: Any) -> None:
    """Refit a model's probabilities, or set where it abstains.

    DATA are labelled reviews that the model was not trained on. The new model remembers them, so
    that evaluate warns of them, too, and how it scored those of each class, by which summarize
    corrects the shares of many reviews.

    Without --goal, the calibration is refitted (Platt scaling): of new reviews like DATA that get
    probability 0.8, about 80% will be positive. The threshold keeps its value, as a probability, so
    answers may change; abstention from an earlier goal is dropped. The change of log loss and ECE
    is printed.

    With --goal, probabilities stay as they are, and the model is set to reach the goal on as many
    new reviews like DATA, with 90% confidence. The more reviews, the closer to the goal it can go.
    Exit code 6 if the goal is out of reach: then the message says what is possible, and nothing is
    written. With --refit --goal, half of DATA, chosen by a hash of the text, is for the refit, the
    other half for the goal.

    \b
    Goals:
      precision=0.95  95% of the answers of each label are correct; otherwise the answer is
                      `uncertain`, as rarely as possible
      recall=0.9      90% of the reviews of each class are found: the threshold is moved; with two
                      classes only
      coverage=0.8    80% of the reviews are answered, the least clear ones are `uncertain`

    With precision, coverage=… and recall=… may be asked of what it leaves answered. With more than
    two classes, each has a least probability from which it is answered.

    A model with neutral, calibrated on negative and positive reviews alone, is written without it.

    \b
    Examples:
      sentiment calibrate held_out.csv -o refit.safetensors
      sentiment calibrate held_out.csv --goal precision=0.95 -o careful.safetensors
      sentiment calibrate held_out.csv --refit --goal precision=0.9 -o both.safetensors
      sentiment calibrate held_out.csv -m big.safetensors --goal recall=0.8 -o even.safetensors
      sentiment calibrate held_out.csv --goal precision=0.9 --goal coverage=0.5 -o half.safetensors
      sentiment calibrate held_out.csv --goal coverage=0.9 -o most.safetensors --json
    """
    goals = read_goals(goal_texts)
    job = _Job(goals=goals, refit=refit or not goals, **chosen)
    facts, lines = _calibrate(job)
    if as_json:
        click.echo(json.dumps({"model": str(job.output), "data": list(job.data)} | facts))
    else:
        click.echo("\n".join(lines))


def _calibrate(job: _Job) -> tuple[dict[str, Any], list[str]]:
    """Write the new model; return what was found as JSON values and as text."""
    # The output may be the model itself: its weights are kept.
    options.check_targets(
        [job.output], options.resolve_inputs(job.data, "calibration"), force=job.force
    )
    _, model = open_model(job.model_path, classes=job.reading.classes)
    reviews = read_reviews(job.data, job.reading, "calibration", label_set=model.labels)
    (model,), reviews = shared_classes([model], reviews, job.reading.named)
    require_classes(reviews, data_name(job.data), "calibration")
    check_goals(job.goals, model.labels)
    reviews, scores = score(model, reviews, workers=job.workers)
    facts: dict[str, Any] = {"n": len(reviews)}
    lines: list[str] = []
    made = _with_record(model, reviews, job)
    known, rest = np.flatnonzero(~scores.unknown), reviews
    p = scores.probabilities[known]
    if job.refit:
        rows, others = _halves(reviews) if job.goals else (np.arange(len(reviews)),) * 2
        decision = model.decision.always_answering()
        refit = _fit(reviews.take(rows), scores.take(rows), decision, data_name(job.data))
        made = replace(made.recalibrated(refit.calibration), decision=decision)
        p = refit.calibration.probabilities(log_odds_of(p))
        rest = reviews.take(others)
        facts |= refit.as_json() | decision.as_json()
        lines += _refit_as_text(refit, decision, made.labels)
    if job.goals:
        if job.refit:
            scores = score_in_memory(made, rest.texts, job.workers)
        choice = _choose(job.goals, Sample(scores.known, rest.labels, made.decision, made.labels))
        made = replace(made, decision=choice.decision)
        facts |= _goal_facts(choice)
        lines += [*([""] if lines else []), *_goals_as_text(choice, len(rest), made.labels)]
    else:
        _note_dropped_goal(model)
    made = _with_scores(made, p, reviews.labels[known])
    console.clear_status()
    save_model(made, job.output)
    console.note(f"saved {job.output}")
    return facts, lines


def _with_record(model: Model, reviews: LabelledReviews, job: _Job) -> Model:
    """Return the model with new goals, and the hashes of the reviews."""
    about = model.record.provenance
    if about is not None:
        about = replace(about, goal=", ".join(map(str, job.goals)))
        # Validation figures are those of the old probabilities, and of all classes.
        if job.refit or set(about.validation.counts) != set(model.labels.names):
            calibrated = about.calibrated or job.refit
            about = replace(about, calibrated=calibrated, accuracy=None, right=None)
    seen = model.record.training_hashes.adding(reviews.texts)
    return replace(model, record=replace(model.record, provenance=about, training_hashes=seen))


def _with_scores(model: Model, probabilities: Floats, labels: Labels) -> Model:
    """Return the model with these reviews as what is known of its scores and errors."""
    cells, sketch = ScoreCells.of(probabilities, labels), model.record.sketch
    if sketch is not None:
        sketch = replace(sketch, scores=HeldOutScores.of(probabilities, labels))
    return replace(model, record=replace(model.record, cells=cells, sketch=sketch))


def _halves(reviews: LabelledReviews) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the rows to refit on, and those to set a goal on, by the hash of their text.

    Raises:
        DataError: the second half has no reviews of one class.
    """
    odd = reviews.digest() % 2 == 1
    if not np.bincount(reviews.labels[odd], minlength=len(reviews.label_set)).all():
        raise DataError("too few reviews to refit on one half and set a goal on the other")
    return np.flatnonzero(~odd), np.flatnonzero(odd)


def _fit(reviews: LabelledReviews, scores: Scores, decision: AnyDecision, name: str) -> _Refit:
    """Fit a calibration of the model's log-odds on the reviews that it knows enough of.

    Raises:
        DataError: there are too few, or those of a class are not more probable.
    """
    known = np.flatnonzero(~scores.unknown)
    labels, p = reviews.labels[known], scores.probabilities[known]
    label_set, z = reviews.label_set, log_odds_of(p)
    if not enough_to_choose(labels, len(label_set)):
        raise DataError(f"{name}: too few reviews of a class to refit the calibration")
    calibration = Calibration.fit(z, labels)
    if calibration == Calibration():
        less = "the reviews of a class do not get higher probabilities of it than others"
        if label_set.is_binary:
            first, second = label_set.names
            less = f"{second} reviews do not get higher probabilities than {first} ones"
        raise DataError(
            f"{name}: {less}, so the calibration cannot be refitted; check the labels"
            f"{' (--positive VALUE)' if label_set.is_binary else ''}"
        )
    fitted = _out_of_fold(z, labels, reviews.digest()[known] // 2 % _FOLDS)
    before, after = (
        _metrics(Evaluation(each, labels, decision, label_set)) for each in (p, fitted)
    )
    if after["log_loss"] >= before["log_loss"]:
        console.warn("the refit does not lower the log loss: the old calibration fits as well")
    return _Refit(calibration, known.size, before, after)


def _out_of_fold(z: Floats, labels: Labels, fold: Hashes) -> Floats:
    """Return calibrated probabilities, each fitted without the reviews of its fold, [n, K]."""
    p = np.empty((len(z), z.shape[1] + 1))
    for each in np.unique(fold):
        inside = fold == each
        p[inside] = Calibration.fit(z[~inside], labels[~inside]).probabilities(z[inside])
    return p


def _metrics(evaluation: Evaluation) -> dict[str, float]:
    return {name: float(evaluation.figures[name] or 0) for name in ("log_loss", "ece")}


def _note_dropped_goal(model: Model) -> None:
    if model.record.provenance and (goal := model.record.provenance.goal):
        again = " ".join(f"--goal {each}" for each in goal.split(", "))
        console.note(
            f"{goal} was reached with the old probabilities and is dropped; to set it again: "
            f"--refit {again}"
        )


def _choose(goals: tuple[Goal, ...], sample: Sample) -> Choice:
    """Choose a decision for the goals; warn of a label that is never answered."""
    choice = choose_decision(goals, sample)
    # A goal of precision comes first, and may leave a label without answers.
    if silent := [part.name for parts in choice.goals.values() for part in parts if not part.n]:
        reach = attainable_precision(sample)
        for name in silent:
            console.warn(
                f"no threshold reaches {goals[0]} for {name}, so this model will never answer "
                f"{name}; precision {reach[name]} is in reach"
            )
    return choice


def _goal_facts(choice: Choice) -> dict[str, Any]:
    goals = [
        {"goal": str(goal)} | {part.name: {"n": part.n, goal.metric: part.share} for part in parts}
        for goal, parts in choice.goals.items()
    ]
    facts = {"confidence": CONFIDENCE, **choice.decision.as_json()}
    return facts | {"coverage": choice.coverage, "goals": goals}


def _refit_as_text(refit: _Refit, decision: AnyDecision, label_set: LabelSet) -> Iterator[str]:
    slope, intercepts = refit.calibration
    if isinstance(decision, Decision):
        moved = f"{intercepts[0]:+.3f}, threshold still {decision.threshold:.3g}"
    else:
        pairs = zip(label_set.names[1:], intercepts, strict=True)
        moved = ", ".join(f"{intercept:+.3f} for {name}" for name, intercept in pairs)
    before, after = refit.before, refit.after
    yield f"calibration refitted on {refit.n:,} reviews: log-odds × {slope:.3f} {moved}"
    yield (
        f"log loss {before['log_loss']:.4f} → {after['log_loss']:.4f}, "
        f"ECE {before['ece']:.4f} → {after['ece']:.4f} (by 5-fold cross-validation)"
    )


def _goals_as_text(choice: Choice, n: int, label_set: LabelSet) -> Iterator[str]:
    band = describe_band(choice.decision, label_set)
    yield f"{choice.coverage:.1%} of {n:,} reviews answered; {band}"
    width = width_of(label_set)
    title = f"at least ({CONFIDENCE:.0%} confidence)"
    for goal, parts in choice.goals.items():
        yield ""
        yield f"{'':<{width}}{_OF[goal.metric]:>9}{_GOOD[goal.metric]:>10}{title:>29}"
        for part in parts:
            least = f"{100 * goal.minimum:g}%" if part.n else "–"
            name, share = class_name(part.name), percent(part.share)
            yield f"{name:<{width}}{part.n:>9,}{share:>10}{least:>29}"
