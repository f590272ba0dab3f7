"""`sentiment calibrate`: a model, reviews with labels and goals in, a model that holds them out."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import click

from sentiment.cli.answering import scored
from sentiment.cli.console import console
from sentiment.cli.models import describe_band, open_model
from sentiment.cli.options import (
    NAME,
    TARGET,
    check_targets,
    force_option,
    json_option,
    model_option,
    read_label_options,
    resolve_inputs,
    verbosity_options,
)
from sentiment.cli.reading import files_named, read_reviews
from sentiment.evaluation.intervals import CONFIDENCE
from sentiment.evaluation.metrics import percent
from sentiment.evaluation.selective import (
    Choice,
    choose_decision,
    precision_in_reach,
    read_goals,
)
from sentiment.model.file import save_model
from sentiment.model.model import Model
from sentiment.reviews.dataset import LabelledReviews, require_both_classes
from sentiment.reviews.formats import ReadOptions

_GOOD = {"precision": "right", "recall": "found", "coverage": "answered"}
_OF = {"precision": "answered", "recall": "reviews", "coverage": "reviews"}


@click.command(short_help="Let a model answer only where it is as good as you need.")
@click.argument("data", nargs=-1, required=True, type=NAME, metavar="DATA...")
@model_option
@click.option("--goal", "goal_texts", required=True, multiple=True, metavar="GOAL=NUMBER",
              help="precision=0.95, recall=0.9 or coverage=0.8; with precision, others may be "
              "given, too.")  # fmt: skip
@click.option("-o", "--output", required=True, type=TARGET, metavar="FILE",
              help="Write the model that holds the goals here.")  # fmt: skip
@read_label_options
@force_option
@json_option
@verbosity_options
def command(
    data: tuple[str, ...],
    model_path: Path | None,
    goal_texts: tuple[str, ...],
    output: Path,
    reading: ReadOptions,
    force: bool,
    as_json: bool,
) -> None:
    """Let a model answer only where it is as good as you need.

    DATA are reviews with labels that the model was not trained on. The new model has the same
    probabilities; what it answers is chosen so that the goal holds on as many new reviews like
    these, with 90% confidence. The more reviews, the closer to the goal it can go. Exit code 6 if
    it cannot be held: what is in reach is said, and nothing is written. The new model remembers
    DATA, so that evaluate warns of them, too.

    \b
    Goals:
      precision=0.95  of the answers of each label 95% are right; where they would not be, the
                      answer is `uncertain`, as seldom as can be
      recall=0.9      of the reviews of each class 90% are found: the threshold is moved
      coverage=0.8    80% of the reviews are answered, those that are least clear `uncertain`

    With precision, coverage=… and recall=… may be asked of what it leaves answered.

    \b
    Examples:
      sentiment calibrate held_out.csv --goal precision=0.95 -o careful.safetensors
      sentiment calibrate held_out.csv -m big.safetensors --goal recall=0.8 -o even.safetensors
      sentiment calibrate held_out.csv --goal precision=0.9 --goal coverage=0.5 -o both.safetensors
      sentiment calibrate held_out.csv --goal coverage=0.9 -o most.safetensors --json
    """
    goals = read_goals(goal_texts)
    # The model may be the output as well: nothing of it is lost but its choice of what to answer.
    check_targets([output], resolve_inputs(data, "calibration"), force=force)
    _, model = open_model(model_path)
    reviews = read_reviews(data, reading, "calibration")
    require_both_classes(reviews, files_named(data), "calibration")
    reviews, scores = scored(model, reviews)
    choice = choose_decision(goals, scores.p_known, reviews.labels, model.decision.threshold)
    console.clear_status()
    # A goal of precision comes first, and may leave a label without answers.
    if silent := [part.name for parts in choice.held.values() for part in parts if not part.n]:
        reach = precision_in_reach(scores.p_known, reviews.labels, model.decision.threshold)
        for name in silent:
            console.warn(
                f"no cut-off holds {goals[0]} for {name}: it is never answered; {reach[name]} is "
                "in reach for it"
            )
    save_model(_with_choice(model, choice, reviews), output)
    console.note(f"saved {output}")
    if as_json:
        facts = {"model": str(output), "data": list(data), "n": len(reviews)}
        click.echo(json.dumps(facts | _facts(choice)))
    else:
        click.echo("\n".join(_as_text(choice, len(reviews))))


def _with_choice(model: Model, choice: Choice, reviews: LabelledReviews) -> Model:
    """Return the model with another decision, its goals and the hashes of its reviews."""
    goals = ", ".join(map(str, choice.held))
    about = model.record.provenance and replace(model.record.provenance, goal=goals)
    seen = model.record.training_hashes.adding(reviews.texts)
    record = replace(model.record, provenance=about, training_hashes=seen)
    return replace(model, decision=choice.decision, record=record)


def _facts(choice: Choice) -> dict[str, object]:
    goals = [
        {"goal": str(goal)} | {part.name: {"n": part.n, goal.metric: part.share} for part in parts}
        for goal, parts in choice.held.items()
    ]
    return {
        "confidence": CONFIDENCE,
        "threshold": choice.decision.threshold,
        "band": choice.decision.abstention_interval,
        "coverage": choice.coverage,
        "goals": goals,
    }


def _as_text(choice: Choice, n: int) -> Iterator[str]:
    yield f"{choice.coverage:.1%} of {n:,} reviews answered; {describe_band(choice.decision)}"
    held = f"held with {CONFIDENCE:.0%} confidence"
    for goal, parts in choice.held.items():
        yield ""
        yield f"{'':<9}{_OF[goal.metric]:>9}{_GOOD[goal.metric]:>10}{held:>29}"
        for part in parts:
            least = f"{100 * goal.least:g}%" if part.n else "–"
            yield f"{part.name:<9}{part.n:>9,}{percent(part.share):>10}{least:>29}"
