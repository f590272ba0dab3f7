"""Selective classification: where to abstain so that a goal holds, and what that costs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, log

import numpy as np
from numpy.typing import NDArray

from sentiment.errors import GoalError, UsageError
from sentiment.evaluation.intervals import (
    CONFIDENCE,
    lower_bound,
    min_good,
    min_sample,
    share_holds,
)
from sentiment.evaluation.metrics import Floats, Labels
from sentiment.labels import CLASSES
from sentiment.model.component import log_odds
from sentiment.model.model import Decision

# Ends of an abstention interval beyond every probability: that label is never answered.
BELOW_ALL, ABOVE_ALL = -1.0, 2.0

_RISK = 1 - CONFIDENCE
_STEP = 1.1  # precision is tested on this many times as many answers each time
_NEXT_START = 8  # each further walk starts at this many times as many answers


def for_precision(
    minimum: float, p_positive: Floats, labels: Labels, threshold: float
) -> Decision | None:
    """Keep the threshold; answer each label beyond its own cutoff, as often as possible.

    Returns:
        None if no label reaches the precision; a label that does not is never answered.
    """
    below = p_positive < threshold
    low = _cutoff(-p_positive[below], labels[below] == 0, minimum)
    above = p_positive >= threshold
    high = _cutoff(p_positive[above], labels[above] == 1, minimum)
    if low is None and high is None:
        return None
    interval = (
        BELOW_ALL if low is None else min(-low, threshold),
        ABOVE_ALL if high is None else max(high, threshold),
    )
    return Decision(threshold, None if interval == (threshold, threshold) else interval)


def _cutoff(scores: Floats, correct: NDArray[np.bool_], minimum: float) -> float | None:
    """Return the lowest score down to which the share of correct answers holds, both [n].

    Choosing the best of many cutoffs would be optimistic. They are tested in an order that does
    not depend on the labels, the highest scores first, until one fails: fixed-sequence testing as
    in Angelopoulos et al., "Learn then test" (2021), section 3. With enough answers there are
    several walks, which share the risk equally (Bonferroni).

    Returns:
        −∞ if all may be answered, None if none may.
    """
    order = np.argsort(-scores, kind="stable")
    ranked, hits = scores[order], np.cumsum(correct[order])
    risk, starts = _starts(scores.size, minimum)
    most = 0
    for start in starts:
        steps = ceil(log(scores.size / start) / log(_STEP)) + 1
        ranks = np.minimum(np.round(start * _STEP ** np.arange(steps)), scores.size).astype(int)
        # Equal scores get equal answers.
        ranks = np.searchsorted(-ranked, -ranked[ranks - 1], side="right")
        passes = share_holds(hits[ranks - 1], ranks, minimum, risk)
        walked = steps if passes.all() else int(np.argmin(passes))
        most = max(most, int(ranks[walked - 1]) if walked else 0)
    if not most:
        return None
    return -np.inf if most == scores.size else float(ranked[most - 1])


def _starts(n: int, minimum: float) -> tuple[float, list[int]]:
    """Return the risk of each walk and the ranks where they start.

    The first walk is as short as possible: it passes only if all its answers are correct.
    """
    found: tuple[float, list[int]] = (_RISK, [])
    if n * (1 - minimum) < 0.5:  # too few for any walk; `min_sample` would take hours
        return found
    for walks in range(1, 64):
        risk = _RISK / walks
        first = min_sample(minimum, risk)
        if first * _NEXT_START ** (walks - 1) > n:
            break
        found = (risk, [first * _NEXT_START**walk for walk in range(walks)])
    return found


def for_recall(
    minimum: float, p_positive: Floats, labels: Labels, threshold: float
) -> Decision | None:
    """Move the threshold no further than both recalls need; None if they conflict.

    The recall of a class changes monotonically with the threshold, so one bound each is enough.
    """
    # Reviews without a probability are on the wrong side of every threshold.
    positive = np.sort(np.nan_to_num(p_positive[labels == 1], nan=BELOW_ALL))[::-1]
    negative = np.sort(np.nan_to_num(p_positive[labels == 0], nan=ABOVE_ALL))
    needed = [min_good(each.size, minimum, _RISK) for each in (positive, negative)]
    if None in needed:
        return None
    highest = float(positive[(needed[0] or 1) - 1])
    lowest = float(np.nextafter(negative[(needed[1] or 1) - 1], 2.0))
    if lowest > highest or highest == BELOW_ALL or lowest >= ABOVE_ALL:
        return None
    return Decision(min(max(threshold, lowest), highest))


def for_coverage(
    minimum: float, p_positive: Floats, labels: Labels, threshold: float
) -> Decision | None:
    """Abstain nearest to the threshold in log-odds, as often as possible; None if impossible."""
    needed = min_good(labels.size, minimum, _RISK)
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
    """The share of reviews answered, and of correct answers among them, None without any."""

    coverage: float
    accuracy_answered: float | None


def abstention_of(p_positive: Floats, labels: Labels, decision: Decision) -> Abstention:
    """Measure a decision on n ≥ 1 reviews; NaN is never answered."""
    answers = np.array(decision.answers(p_positive), dtype=object)
    answered = np.isin(answers, CLASSES)
    correct = (answers == np.array(CLASSES, dtype=object)[labels])[answered]
    return Abstention(float(np.mean(answered)), float(np.mean(correct)) if correct.size else None)


GOALS = ("precision", "recall", "coverage")
# Goals tried to find the highest attainable one.
_TRIED = np.arange(0.995, 0.5, -0.005).round(3).tolist()
_NONE = "nothing above 0.5"


@dataclass(frozen=True)
class Goal:
    """A metric of `GOALS` and its minimum, strictly between 0 and 1."""

    metric: str
    minimum: float

    def __str__(self) -> str:
        """Return the goal as written on the command line."""
        return f"{self.metric}={self.minimum!r}"


@dataclass(frozen=True)
class Part:
    """The reviews that a goal is about: answers of a label, reviews of a class, or all reviews.

    Attributes:
        name: the class, or `all`.
        n: number of reviews.
        good: how many are correct (precision), found (recall) or answered (coverage).
    """

    name: str
    n: int
    good: int

    @property
    def share(self) -> float | None:
        """Good / n, None for n = 0."""
        return self.good / self.n if self.n else None

    @property
    def bound(self) -> float:
        """The share that holds among the next n, unless a cutoff was chosen on these."""
        return lower_bound(self.good, self.n, 1 - CONFIDENCE)


@dataclass(frozen=True)
class Choice:
    """A decision that meets all goals, its coverage, and each goal with its parts."""

    decision: Decision
    coverage: float
    goals: dict[Goal, tuple[Part, ...]]


def read_goals(texts: Sequence[str]) -> tuple[Goal, ...]:
    """Read goals from the command line; the decision is chosen for the first one returned.

    Raises:
        UsageError: wrong syntax, an unknown metric, or goals that cannot be combined.
    """
    goals = tuple(sorted(map(_read_goal, texts), key=lambda goal: GOALS.index(goal.metric)))
    metrics = [goal.metric for goal in goals]
    if len(set(metrics)) < len(metrics):
        raise UsageError(f"--goal is given twice for {max(metrics, key=metrics.count)}")
    if metrics == ["recall", "coverage"]:
        raise UsageError(
            "--goal recall and coverage cannot be combined, since recall leaves nothing "
            "unanswered; give one of them, or both with precision"
        )
    return goals


def _read_goal(text: str) -> Goal:
    metric, _, number = text.partition("=")
    try:
        minimum = float(number)
    except ValueError:
        minimum = 0.0
    if metric not in GOALS or not 0 < minimum < 1:
        raise UsageError(
            f"--goal {text}: write precision, recall or coverage, and a number between 0 and 1, "
            "for instance precision=0.95"
        )
    return Goal(metric, minimum)


def choose_decision(
    goals: Sequence[Goal], p_positive: Floats, labels: Labels, threshold: float
) -> Choice:
    """Choose where to answer so that each goal holds on as many new reviews.

    *Precision* keeps the threshold and answers each label beyond its own cutoff. *Recall* moves
    the threshold and leaves nothing uncertain. *Coverage* leaves the answers nearest to the
    threshold uncertain. With precision, recall and coverage are checked on what it leaves
    answered; recall then counts correct answers.

    Args:
        goals: as returned by `read_goals`.
        p_positive: of reviews the model was not trained on, float64 [n]; NaN where the model
            abstains whatever the decision.
        labels: 0 or 1, [n]; both occur.
        threshold: the model's own.

    Raises:
        GoalError: a goal cannot be met; the message says what is attainable.
    """
    first, *others = goals
    decision = _CHOOSERS[first.metric](first.minimum, p_positive, labels, threshold)
    if decision is None:
        attainable = _attainable(first.metric, p_positive, labels, threshold)
        raise _unattainable(str(first), labels.size, attainable)
    answers = np.array(decision.answers(p_positive), dtype=object)
    measured = {goal: _parts(goal.metric, answers, labels) for goal in goals}
    for goal in others:
        if min(part.bound for part in measured[goal]) < goal.minimum:
            reached = " and ".join(
                f"{np.floor(1000 * part.bound) / 1000:g} of {part.name}" for part in measured[goal]
            )
            raise _unattainable(f"{goal} together with {first}", labels.size, reached)
    return Choice(decision, float(np.mean(np.isin(answers, CLASSES))), measured)


def _unattainable(what: str, n: int, attainable: str) -> GoalError:
    return GoalError(
        f"{what} cannot be guaranteed with {CONFIDENCE:.0%} confidence on these {n:,} reviews "
        f"(attainable: {attainable}); lower the goal or give more reviews"
    )


_Chooser = Callable[[float, Floats, Labels, float], Decision | None]
_CHOOSERS: dict[str, _Chooser] = {
    "precision": for_precision,
    "recall": for_recall,
    "coverage": for_coverage,
}


def _attainable(metric: str, p_positive: Floats, labels: Labels, threshold: float) -> str:
    """Describe the highest goal that can be met; of precision, for each label."""
    if metric == "precision":
        reached = attainable_precision(p_positive, labels, threshold)
        if set(reached.values()) == {"nothing"}:
            return _NONE
        return " and ".join(f"{reached[name]} of {name}" for name in CLASSES)
    choose = _CHOOSERS[metric]
    met = (f"{each:g}" for each in _TRIED if choose(each, p_positive, labels, threshold))
    return next(met, _NONE)


def attainable_precision(p_positive: Floats, labels: Labels, threshold: float) -> dict[str, str]:
    """Return the highest attainable precision of each label, as text."""
    reached = dict.fromkeys(CLASSES, "nothing")
    for minimum in reversed(_TRIED):
        if decision := for_precision(minimum, p_positive, labels, threshold):
            answered = decision.answers(np.array([0.0, 1.0]))
            reached |= {name: f"{minimum:g}" for name in CLASSES if name in answered}
    return reached


def _parts(metric: str, answers: NDArray[np.object_], labels: Labels) -> tuple[Part, ...]:
    if metric == "coverage":
        return (Part("all", labels.size, int(np.count_nonzero(np.isin(answers, CLASSES)))),)
    parts = []
    for label, name in enumerate(CLASSES):
        members = answers == name if metric == "precision" else labels == label
        good = (answers == name) & (labels == label)
        parts.append(Part(name, int(np.count_nonzero(members)), int(np.count_nonzero(good))))
    return tuple(parts)
