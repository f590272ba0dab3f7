"""What a decision is to hold on new reviews, and the decision that holds it: `precision=0.95`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sentiment.errors import GoalError, UsageError
from sentiment.evaluation.cutoffs import for_coverage, for_precision, for_recall
from sentiment.evaluation.prediction_bounds import CONFIDENCE, lower_bound
from sentiment.model import Decision
from sentiment.model.decision import CLASSES

GOALS = ("precision", "recall", "coverage")

# Where a goal is missed, these are tried to say what is in reach.
_REACHES = np.arange(0.995, 0.5, -0.005).round(3).tolist()

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Goal:
    """A figure and the least value it is to have.

    Attributes:
        metric: one of `GOALS`.
        least: above 0, below 1.
    """

    metric: str
    least: float

    def __str__(self) -> str:
        """Write it as the command line has it."""
        return f"{self.metric}={self.least!r}"


@dataclass(frozen=True)
class Part:
    """What a goal is held on: the answers of a label, the reviews of a class, or all reviews.

    Attributes:
        name: `negative`, `positive` or `all`.
        n: how many there are.
        good: how many of them are right (precision), found (recall) or answered (coverage).
    """

    name: str
    n: int
    good: int

    @property
    def bound(self) -> float:
        """The share that would be held among the next n, had no cut-off been chosen on these."""
        return lower_bound(self.good, self.n, 1 - CONFIDENCE)


@dataclass(frozen=True)
class Choice:
    """A decision that holds all goals.

    Attributes:
        decision: its threshold and band.
        coverage: the share of the reviews that it answers.
        held: the goals, each with what it is held on.
    """

    decision: Decision
    coverage: float
    held: dict[Goal, tuple[Part, ...]]


def read_goals(texts: Sequence[str]) -> tuple[Goal, ...]:
    """Read goals as the command line has them.

    Returns:
        The goals; the first is the one that the decision is chosen for.

    Raises:
        UsageError: One is written wrongly, there is no such goal, or they do not go together.
    """
    goals = tuple(sorted(map(_read_goal, texts), key=lambda goal: GOALS.index(goal.metric)))
    metrics = [goal.metric for goal in goals]
    if len(set(metrics)) < len(metrics):
        raise UsageError(f"--goal is given twice for {max(metrics, key=metrics.count)}")
    if metrics == ["recall", "coverage"]:
        raise UsageError(
            "--goal recall and coverage do not go together: recall leaves nothing unanswered; "
            "give one of them, or both with precision"
        )
    return goals


def _read_goal(text: str) -> Goal:
    metric, _, number = text.partition("=")
    try:
        least = float(number)
    except ValueError:
        least = 0.0
    if metric not in GOALS or not 0 < least < 1:
        raise UsageError(
            f"--goal {text}: write precision, recall or coverage, and a number between 0 and 1, "
            "for instance precision=0.95"
        )
    return Goal(metric, least)


def choose_decision(
    goals: Sequence[Goal], p_positive: Floats, labels: NDArray[np.integer], threshold: float
) -> Choice:
    """Choose where to answer so that each goal holds on as many new reviews.

    *Precision*: the threshold stays. Each label by itself is answered from a cut-off on, as many
    as can be; one that cannot be held to the goal is never answered. *Recall*: nothing is
    uncertain; the threshold is moved, no further than it must be. *Coverage*: the answers nearest
    to the threshold are left uncertain, as many as may be.

    With precision, recall and coverage are asked of what it leaves answered: since that is as much
    as can be, they hold with it or not at all. Recall then counts what is answered and right.

    Args:
        goals: what is to hold, as `read_goals` gives them.
        p_positive: of reviews that the model was not trained on, float64 [n]; NaN where it knows
            too little of one to answer it, whatever the decision.
        labels: 0 or 1, [n]; both occur.
        threshold: the model's own.

    Raises:
        GoalError: No cut-off holds one of them; the message says which, and what is in reach.
    """
    first, *others = goals
    decision = _WAYS[first.metric](first.least, p_positive, labels, threshold)
    if decision is None:
        reach = _reach(first.metric, p_positive, labels, threshold)
        raise _out_of_reach(str(first), labels.size, reach)
    answers = np.array(decision.answers(p_positive), dtype=object)
    held = {goal: _parts(goal.metric, answers, labels) for goal in goals}
    for goal in others:
        if min(part.bound for part in held[goal]) < goal.least:
            reached = " and ".join(
                f"{np.floor(1000 * part.bound) / 1000:g} of {part.name}" for part in held[goal]
            )
            raise _out_of_reach(f"{goal} beside {first}", labels.size, reached)
    return Choice(decision, float(np.mean(np.isin(answers, CLASSES))), held)


def _out_of_reach(what: str, n: int, reach: str) -> GoalError:
    return GoalError(
        f"{what} cannot be held with {CONFIDENCE:.0%} confidence on these {n:,} reviews; "
        f"{reach} is in reach: ask for less, or give more reviews"
    )


_Way = Callable[[float, Floats, NDArray[np.integer], float], Decision | None]
_WAYS: dict[str, _Way] = {
    "precision": for_precision,
    "recall": for_recall,
    "coverage": for_coverage,
}


def _reach(metric: str, p_positive: Floats, labels: NDArray[np.integer], threshold: float) -> str:
    """Say what is the highest goal that can be held; of precision, for either label."""
    tried = ((least, _WAYS[metric](least, p_positive, labels, threshold)) for least in _REACHES)
    held = [(least, decision) for least, decision in tried if decision is not None]
    if not held:
        return "nothing above 0.5"
    if metric != "precision":
        return f"{held[0][0]:g}"
    answered = [(f"{least:g}", decision.answers(np.array([0.0, 1.0]))) for least, decision in held]
    reaches = {
        name: next((least for least, answers in answered if name in answers), "nothing")
        for name in CLASSES
    }
    return " and ".join(f"{reach} of {name}" for name, reach in reaches.items())


def _parts(
    metric: str, answers: NDArray[np.object_], labels: NDArray[np.integer]
) -> tuple[Part, ...]:
    if metric == "coverage":
        return (Part("all", labels.size, int(np.count_nonzero(np.isin(answers, CLASSES)))),)
    parts = []
    for label, name in enumerate(CLASSES):
        of = answers == name if metric == "precision" else labels == label
        good = (answers == name) & (labels == label)
        parts.append(Part(name, int(np.count_nonzero(of)), int(np.count_nonzero(good))))
    return tuple(parts)
