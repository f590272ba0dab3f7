"""Selective classification: where to abstain so that a goal holds, and what that costs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, log

import numpy as np
from numpy.typing import NDArray

from sentiment.errors import GoalError, UsageError
from sentiment.evaluation.intervals import (
    CONFIDENCE,
    fewest_good,
    fewest_seen,
    lower_bound,
    share_holds,
)
from sentiment.evaluation.metrics import Floats, Labels
from sentiment.labels import CLASSES, POSITIVE
from sentiment.model.component import log_odds
from sentiment.model.model import Decision

# Edges of a band beyond every probability: that label is never answered.
BELOW_ALL, ABOVE_ALL = -1.0, 2.0

_RISK = 1 - CONFIDENCE
# Precision is tried from the most confident answers on, each time for this much more of them …
_STEP = 1.1
# … and once more from this many times as many, if those at the very top are not the surest.
_NEXT_START = 8


def for_precision(
    least: float, p_positive: Floats, labels: Labels, threshold: float
) -> Decision | None:
    """Answer each label from a cut-off on, as many as possible; the threshold stays.

    Returns:
        None if neither label can be held; one that cannot is never answered.
    """
    low = _cut(-p_positive[p_positive < threshold], labels[p_positive < threshold] == 0, least)
    high = _cut(p_positive[p_positive >= threshold], labels[p_positive >= threshold] == 1, least)
    if low is None and high is None:
        return None
    edges = (
        BELOW_ALL if low is None else min(-low, threshold),
        ABOVE_ALL if high is None else max(high, threshold),
    )
    return Decision(threshold, None if edges == (threshold, threshold) else edges)


def _cut(scores: Floats, right: NDArray[np.bool_], least: float) -> float | None:
    """Find the least score from which on the share of right answers holds.

    Taking the best of many cut-offs would be too hopeful. So they are tested in an order that does
    not depend on the labels, from the most confident on, and the first that fails ends the walk:
    fixed-sequence testing, as in Angelopoulos et al., "Learn then test" (2021), section 3. Where
    there are enough answers there are several walks, which share the risk equally (Bonferroni).

    Args:
        scores: the higher the more confident, float64 [n].
        right: whether each answer is, [n].
        least: the share to hold.

    Returns:
        −∞ if all may be answered, None if none.
    """
    order = np.argsort(-scores, kind="stable")
    ranked, hits = scores[order], np.cumsum(right[order])
    risk, starts = _starts(scores.size, least)
    most = 0
    for start in starts:
        steps = ceil(log(scores.size / start) / log(_STEP)) + 1
        ranks = np.minimum(np.round(start * _STEP ** np.arange(steps)), scores.size).astype(int)
        # Equal scores are answered alike.
        ranks = np.searchsorted(-ranked, -ranked[ranks - 1], side="right")
        passes = share_holds(hits[ranks - 1], ranks, least, risk)
        walked = steps if passes.all() else int(np.argmin(passes))
        most = max(most, int(ranks[walked - 1]) if walked else 0)
    if not most:
        return None
    return -np.inf if most == scores.size else float(ranked[most - 1])


def _starts(n: int, least: float) -> tuple[float, list[int]]:
    """Return the risk of each walk and the ranks where they start.

    The first is as short as it can be: if all of it is right, it reaches the goal.
    """
    found: tuple[float, list[int]] = (_RISK, [])
    if n * (1 - least) < 0.5:  # too few for any walk; to compute how many it takes would take hours
        return found
    for walks in range(1, 64):
        risk = _RISK / walks
        first = fewest_seen(least, risk)
        if first * _NEXT_START ** (walks - 1) > n:
            break
        found = (risk, [first * _NEXT_START**walk for walk in range(walks)])
    return found


def for_recall(
    least: float, p_positive: Floats, labels: Labels, threshold: float
) -> Decision | None:
    """Keep the threshold between the bounds of both classes; None if they leave no room.

    The recall of a class only falls as the threshold moves its way: one bound is enough.
    """
    # Those without a probability are on the wrong side of every threshold.
    positive = np.sort(np.nan_to_num(p_positive[labels == 1], nan=BELOW_ALL))[::-1]
    negative = np.sort(np.nan_to_num(p_positive[labels == 0], nan=ABOVE_ALL))
    needed = [fewest_good(each.size, least, _RISK) for each in (positive, negative)]
    if None in needed:
        return None
    highest = float(positive[(needed[0] or 1) - 1])
    lowest = float(np.nextafter(negative[(needed[1] or 1) - 1], 2.0))
    if lowest > highest or highest == BELOW_ALL or lowest >= ABOVE_ALL:
        return None
    return Decision(min(max(threshold, lowest), highest))


def for_coverage(
    least: float, p_positive: Floats, labels: Labels, threshold: float
) -> Decision | None:
    """Abstain nearest to the threshold in log-odds, as often as possible; None if impossible.

    There is one order: one bound is enough.
    """
    needed = fewest_good(labels.size, least, _RISK)
    if needed is None:
        return None
    distances = np.abs(log_odds(p_positive) - log_odds(np.array(threshold)))
    ranked = np.sort(distances[~np.isnan(distances)])[::-1]
    if needed > ranked.size:
        return None
    answered = distances >= ranked[needed - 1]
    below = p_positive[answered & (p_positive < threshold)]
    above = p_positive[answered & (p_positive >= threshold)]
    return Decision(
        threshold,
        (float(below.max(initial=BELOW_ALL)), float(above.min(initial=ABOVE_ALL))),
    )


@dataclass(frozen=True)
class Abstention:
    """How much is answered, and how well.

    Attributes:
        coverage: share of the reviews that are answered.
        accuracy_answered: share of right answers among them; None where there are none.
    """

    coverage: float
    accuracy_answered: float | None


def abstention_of(p_positive: Floats, labels: Labels, decision: Decision) -> Abstention:
    """Measure what a decision answers of n ≥ 1 reviews; NaN is never answered."""
    answers = np.array(decision.answers(p_positive), dtype=object)
    answered = np.isin(answers, CLASSES)
    right = (answers == POSITIVE) == (labels == 1)
    accuracy = float(np.mean(right[answered])) if answered.any() else None
    return Abstention(float(np.mean(answered)), accuracy)


GOALS = ("precision", "recall", "coverage")

# Where a goal is missed, these are tried to say what is in reach.
_NOTHING = "nothing above 0.5"
_REACHES = np.arange(0.995, 0.5, -0.005).round(3).tolist()


@dataclass(frozen=True)
class Goal:
    """A metric of `GOALS` and its least value, above 0 and below 1."""

    metric: str
    least: float

    def __str__(self) -> str:
        """Write it as the command line has it."""
        return f"{self.metric}={self.least!r}"


@dataclass(frozen=True)
class Part:
    """Where a goal holds: among the answers of a label, the reviews of a class, or all reviews.

    Attributes:
        name: `negative`, `positive` or `all`.
        n: how many there are.
        good: how many of them are right (precision), found (recall) or answered (coverage).
    """

    name: str
    n: int
    good: int

    @property
    def share(self) -> float | None:
        """The share of good ones; None of none."""
        return self.good / self.n if self.n else None

    @property
    def bound(self) -> float:
        """The share that holds among the next n, unless a cut-off was chosen on these."""
        return lower_bound(self.good, self.n, 1 - CONFIDENCE)


@dataclass(frozen=True)
class Choice:
    """A decision that holds all goals.

    Attributes:
        decision: its threshold and band.
        coverage: the share of the reviews that it answers.
        held: each goal with its parts.
    """

    decision: Decision
    coverage: float
    held: dict[Goal, tuple[Part, ...]]


def read_goals(texts: Sequence[str]) -> tuple[Goal, ...]:
    """Read goals as the command line has them; the decision is chosen for the first returned.

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
    goals: Sequence[Goal], p_positive: Floats, labels: Labels, threshold: float
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


_Way = Callable[[float, Floats, Labels, float], Decision | None]
_WAYS: dict[str, _Way] = {
    "precision": for_precision,
    "recall": for_recall,
    "coverage": for_coverage,
}


def _reach(metric: str, p_positive: Floats, labels: NDArray[np.integer], threshold: float) -> str:
    """Say what is the highest goal that can be held; of precision, for either label."""
    if metric == "precision":
        reaches = precision_in_reach(p_positive, labels, threshold)
        none = set(reaches.values()) == {"nothing"}
        return _NOTHING if none else " and ".join(f"{reaches[name]} of {name}" for name in CLASSES)
    tried = (_WAYS[metric](least, p_positive, labels, threshold) for least in _REACHES)
    held = (f"{least:g}" for least, decision in zip(_REACHES, tried, strict=True) if decision)
    return next(held, _NOTHING)


def precision_in_reach(
    p_positive: Floats, labels: NDArray[np.integer], threshold: float
) -> dict[str, str]:
    """Return for each label the highest precision that can be held, in words."""
    reaches = dict.fromkeys(CLASSES, "nothing")
    for least in reversed(_REACHES):
        if decision := for_precision(least, p_positive, labels, threshold):
            held = decision.answers(np.array([0.0, 1.0]))
            reaches |= {name: f"{least:g}" for name in CLASSES if name in held}
    return reaches


def _parts(metric: str, answers: NDArray[np.object_], labels: Labels) -> tuple[Part, ...]:
    if metric == "coverage":
        return (Part("all", labels.size, int(np.count_nonzero(np.isin(answers, CLASSES)))),)
    parts = []
    for label, name in enumerate(CLASSES):
        of = answers == name if metric == "precision" else labels == label
        good = (answers == name) & (labels == label)
        parts.append(Part(name, int(np.count_nonzero(of)), int(np.count_nonzero(good))))
    return tuple(parts)
