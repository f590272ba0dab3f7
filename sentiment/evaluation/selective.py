"""Selective classification: where to abstain so that a goal holds, and what that costs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import ceil, log

import numpy as np
from numpy.typing import NDArray

from sentiment.errors import GoalError, UsageError, hint
from sentiment.evaluation.intervals import (
    CONFIDENCE,
    Floats,
    Labels,
    lower_bound,
    min_good,
    min_sample,
    share_holds,
)
from sentiment.labels import SENTIMENT, LabelSet
from sentiment.model.component import log_odds
from sentiment.model.decision import AnyDecision, Decision, MultiDecision
from sentiment.reviews.cells import and_more

# Beyond every probability, the end of an abstention interval: that label is never answered.
BELOW_ALL, ABOVE_ALL = -1.0, 2.0

_RISK = 1 - CONFIDENCE
_STEP = 1.1  # precision is tested on this many times as many answers each time
_NEXT_START = 8  # each further walk starts at this many times as many answers


_NO_LABEL = -1


def answered_labels(probabilities: Floats, decision: AnyDecision) -> NDArray[np.int64]:
    """Return the labels answered, −1 where the decision or NaN leaves none, int64 [n]."""
    silent = decision.abstains(probabilities) | np.isnan(probabilities).any(axis=1)
    return np.where(silent, _NO_LABEL, decision.choose(probabilities))


@dataclass(frozen=True, eq=False)
class Sample:
    """Reviews to choose a decision on.

    Attributes:
        probabilities: of reviews the model was not trained on, float64 [n, K]; NaN where the model
            abstains whatever the decision.
        labels: [n]; all classes occur.
        decision: the model's own; only where it abstains is chosen, and for recall the threshold.
        label_set: the classes.
    """

    probabilities: Floats
    labels: Labels
    decision: AnyDecision
    label_set: LabelSet = SENTIMENT

    @property
    def p_positive(self) -> Floats:
        """The probability of the second of two classes, [n]."""
        return self.probabilities[:, 1]

    @property
    def threshold(self) -> float:
        """The threshold of two classes."""
        assert isinstance(self.decision, Decision)
        return self.decision.threshold

    @cached_property
    def sides(self) -> NDArray[np.int64]:
        """The label that each review would be answered, −1 without a probability, int64 [n]."""
        known = ~np.isnan(self.probabilities).any(axis=1)
        return np.where(known, self.decision.choose(self.probabilities), _NO_LABEL)

    @property
    def clarity(self) -> Floats:
        """How clear each answer is, [n]: the distance from the threshold, or its probability."""
        if isinstance(self.decision, Decision):
            return np.abs(log_odds(self.p_positive) - log_odds(np.array(self.threshold)))
        of_answer = np.take_along_axis(self.probabilities, self.sides[:, None], axis=1)[:, 0]
        return np.where(self.sides == _NO_LABEL, np.nan, of_answer)


def for_precision(minimum: float, sample: Sample) -> AnyDecision | None:
    """Answer each label beyond its own cutoff, as often as possible.

    Returns:
        None if no label reaches the precision; a label that does not is never answered.
    """
    cutoffs = _precision_cutoffs(minimum, sample)
    if all(cutoff is None for cutoff in cutoffs):
        return None
    if isinstance(sample.decision, MultiDecision):
        minima = tuple(ABOVE_ALL if each is None else max(each, 0.0) for each in cutoffs)
        return MultiDecision(sample.decision.offsets, minima if any(minima) else None)
    (low, high), threshold = cutoffs, sample.threshold
    interval = (
        BELOW_ALL if low is None else min(-low, threshold),
        ABOVE_ALL if high is None else max(high, threshold),
    )
    return Decision(threshold, None if interval == (threshold, threshold) else interval)


def _precision_cutoffs(minimum: float, sample: Sample) -> list[float | None]:
    """Return the cutoff of each label: of two classes of ∓`p_positive`, else of its probability."""
    binary = sample.label_set.is_binary
    scores = (-sample.p_positive, sample.p_positive) if binary else sample.probabilities.T
    answered = ((of_label, sample.sides == label) for label, of_label in enumerate(scores))
    return [
        _cutoff(of_label[rows], sample.labels[rows] == label, minimum)
        for label, (of_label, rows) in enumerate(answered)
    ]


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


def for_recall(minimum: float, sample: Sample) -> Decision | None:
    """Move the threshold no further than both recalls need; None if they conflict.

    The recall of a class changes monotonically with the threshold, so one bound each is enough.
    """
    p_positive, labels = sample.p_positive, sample.labels
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
    return Decision(min(max(sample.threshold, lowest), highest))


def for_coverage(minimum: float, sample: Sample) -> AnyDecision | None:
    """Abstain from the least clear answers, as often as possible; None if impossible."""
    needed = min_good(sample.labels.size, minimum, _RISK)
    if needed is None:
        return None
    clarity = sample.clarity
    ranked = np.sort(clarity[~np.isnan(clarity)])[::-1]
    if needed > ranked.size:
        return None
    least = float(ranked[needed - 1])
    if isinstance(sample.decision, MultiDecision):
        return MultiDecision(sample.decision.offsets, (least,) * len(sample.label_set))
    p_positive, answered = sample.p_positive, clarity >= least
    below = p_positive[answered & (p_positive < sample.threshold)]
    above = p_positive[answered & (p_positive >= sample.threshold)]
    return Decision(
        sample.threshold,
        (float(below.max(initial=BELOW_ALL)), float(above.min(initial=ABOVE_ALL))),
    )


@dataclass(frozen=True)
class Abstention:
    """The share of reviews answered, and of correct answers among them, None without any."""

    coverage: float
    accuracy_answered: float | None


def abstention_of(probabilities: Floats, labels: Labels, decision: AnyDecision) -> Abstention:
    """Measure a decision on n ≥ 1 reviews; NaN is never answered."""
    answers = answered_labels(probabilities, decision)
    answered = answers != _NO_LABEL
    correct = (answers == labels)[answered]
    return Abstention(float(np.mean(answered)), float(np.mean(correct)) if correct.size else None)


GOALS = ("precision", "recall", "coverage")
# Goals tried to find the highest attainable one.
_TRIED = np.arange(0.995, 0.5, -0.005).round(3).tolist()
_NONE = "nothing above 0.5"
_SHOWN_NAMES = 5


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

    decision: AnyDecision
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
        meant = "" if metric in GOALS else hint(metric, GOALS)
        raise UsageError(
            f"--goal {text}{meant}: write precision, recall or coverage, and a number between 0 "
            "and 1, for instance precision=0.95"
        )
    return Goal(metric, minimum)


def check_goals(goals: Sequence[Goal], label_set: LabelSet) -> None:
    """Check that the goals are possible with these classes.

    Raises:
        UsageError: recall, with more than two: no threshold moves one recall against another.
    """
    if not label_set.is_binary and any(goal.metric == "recall" for goal in goals):
        raise UsageError(
            f"--goal recall is for models of two classes, and this one has {len(label_set)} "
            f"({and_more(label_set.names, _SHOWN_NAMES)}); give precision or coverage"
        )


def choose_decision(goals: Sequence[Goal], sample: Sample) -> Choice:
    """Choose where to answer so that each goal holds on as many new reviews.

    *Precision* answers each label beyond its own cutoff. *Recall* moves the threshold of two
    classes and leaves nothing uncertain. *Coverage* leaves the least clear answers uncertain. With
    precision, recall and coverage are checked on what it leaves answered; recall then counts
    correct answers.

    Args:
        goals: as returned by `read_goals`, possible with these classes.
        sample: reviews.

    Raises:
        GoalError: a goal cannot be met; the message says what is attainable.
    """
    first, *others = goals
    n = sample.labels.size
    decision = _CHOOSERS[first.metric](first.minimum, sample)
    if decision is None:
        raise _unattainable(str(first), n, _attainable(first.metric, sample))
    answers = answered_labels(sample.probabilities, decision)
    measured = {goal: _parts(goal.metric, answers, sample) for goal in goals}
    for goal in others:
        if min(part.bound for part in measured[goal]) < goal.minimum:
            reached = " and ".join(
                f"{np.floor(1000 * part.bound) / 1000:g} of {part.name}" for part in measured[goal]
            )
            raise _unattainable(f"{goal} together with {first}", n, reached)
    return Choice(decision, float(np.mean(answers != _NO_LABEL)), measured)


def _unattainable(what: str, n: int, attainable: str) -> GoalError:
    return GoalError(
        f"{what} cannot be guaranteed with {CONFIDENCE:.0%} confidence on these {n:,} reviews "
        f"(attainable: {attainable}); lower the goal or give more reviews"
    )


_Chooser = Callable[[float, Sample], AnyDecision | None]
_CHOOSERS: dict[str, _Chooser] = {
    "precision": for_precision,
    "recall": for_recall,
    "coverage": for_coverage,
}


def _attainable(metric: str, sample: Sample) -> str:
    """Describe the highest goal that can be met; of precision, for each label."""
    if metric == "precision":
        reached = attainable_precision(sample)
        if set(reached.values()) == {"nothing"}:
            return _NONE
        return " and ".join(f"{reached[name]} of {name}" for name in sample.label_set.names)
    choose = _CHOOSERS[metric]
    met = (f"{each:g}" for each in _TRIED if choose(each, sample))
    return next(met, _NONE)


def attainable_precision(sample: Sample) -> dict[str, str]:
    """Return the highest attainable precision of each label, as text."""
    names = sample.label_set.names
    reached = dict.fromkeys(names, "nothing")
    for minimum in reversed(_TRIED):
        cutoffs = zip(names, _precision_cutoffs(minimum, sample), strict=True)
        reached |= {name: f"{minimum:g}" for name, cutoff in cutoffs if cutoff is not None}
    return reached


def _parts(metric: str, answers: NDArray[np.int64], sample: Sample) -> tuple[Part, ...]:
    if metric == "coverage":
        answered = int(np.count_nonzero(answers != _NO_LABEL))
        return (Part("all", answers.size, answered),)
    parts = []
    for label, name in enumerate(sample.label_set.names):
        members = (answers if metric == "precision" else sample.labels) == label
        good = (answers == label) & (sample.labels == label)
        parts.append(Part(name, int(np.count_nonzero(members)), int(np.count_nonzero(good))))
    return tuple(parts)
