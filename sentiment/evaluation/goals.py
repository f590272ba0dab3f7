"""What a decision is to hold on new reviews, and the cut-offs that hold it: `precision=0.95`.

A cut-off is taken only where the lower bound of its figure reaches the goal. The bound is
one-sided and exact (Clopper and Pearson, Biometrika 26, 1934).
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, log

import numpy as np
from numpy.typing import NDArray

from sentiment.errors import GoalError, UsageError
from sentiment.model import Decision
from sentiment.model.calibration import log_odds

GOALS = ("precision", "recall", "coverage")
CONFIDENCE = 0.9
# Edges of a band beyond every probability: that label is never answered.
BELOW_ALL, ABOVE_ALL = -1.0, 2.0

# Precision is tried from the most confident answers on, each time for this much more of them …
_STEP = 1.1
# … and once more from this many times as many, if those at the very top are not the surest.
_NEXT_START = 8
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
        return f"{self.metric}={self.least:g}"


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
        """The lower bound of the share that is good."""
        return float(lower_bounds(np.array([self.good]), self.n, 1 - CONFIDENCE)[0])


@dataclass(frozen=True)
class Choice:
    """A decision that holds a goal.

    Attributes:
        decision: its threshold and band.
        coverage: the share of the reviews that it answers.
        parts: what the goal is held on.
    """

    decision: Decision
    coverage: float
    parts: tuple[Part, ...]


def read_goal(text: str) -> Goal:
    """Read a goal as the command line has it.

    Raises:
        UsageError: It is written wrongly, or there is no such goal.
    """
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


def lower_bounds(good: NDArray[np.integer], n: NDArray[np.integer] | int, risk: float) -> Floats:
    """Bound shares from below: the truth is lower with a chance of `risk` at the most.

    The `risk` quantile of Beta(good, n − good + 1), by Clopper and Pearson (1934).

    Args:
        good: of n each, [m].
        n: how many there are, [m] or one for all.
        risk: of each bound by itself.

    Returns:
        float64 [m].
    """
    from scipy.special import betaincinv

    some = betaincinv(np.maximum(good, 1), np.maximum(n - good, 0) + 1, risk)
    return np.where(good > 0, some, 0.0)


def choose_decision(
    goal: Goal, p_positive: Floats, labels: NDArray[np.integer], threshold: float
) -> Choice:
    """Choose where to answer so that the goal holds on new reviews, and as many as can be.

    *Precision*: the threshold stays. Each label by itself is answered from a cut-off on; one that
    cannot be held to the goal is never answered. *Recall*: nothing is uncertain; the threshold is
    moved, no further than it must be. *Coverage*: the answers nearest to the threshold are left
    uncertain, as many as may be.

    Args:
        goal: what is to hold.
        p_positive: of reviews that the model was not trained on, float64 [n].
        labels: 0 or 1, [n]; both occur.
        threshold: the model's own.

    Raises:
        GoalError: No cut-off holds it; the message says what is in reach.
    """
    decision = _WAYS[goal.metric](goal.least, p_positive, labels, threshold)
    if decision is None:
        reach = _reach(goal.metric, p_positive, labels, threshold)
        within = f"{reach:g} is in reach" if reach else "nothing above 0.5 is in reach"
        raise GoalError(
            f"{goal} cannot be held with {CONFIDENCE:.0%} confidence on these {labels.size:,} "
            f"reviews; {within}: ask for less, or give more reviews"
        )
    answers = np.array(decision.answers(p_positive), dtype=object)
    coverage = float(np.mean(answers != "uncertain"))
    return Choice(decision, coverage, _parts(goal.metric, answers, labels))


def _for_precision(
    least: float, p_positive: Floats, labels: NDArray[np.integer], threshold: float
) -> Decision | None:
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
        holds = lower_bounds(hits[ranks - 1], ranks, risk) >= least
        walked = steps if holds.all() else int(np.argmin(holds))
        most = max(most, int(ranks[walked - 1]) if walked else 0)
    if not most:
        return None
    return -np.inf if most == scores.size else float(ranked[most - 1])


def _starts(n: int, least: float) -> tuple[float, list[int]]:
    """Say at which ranks walks start, and what risk each may take.

    The first is as short as it can be: all right, it reaches the goal.
    """
    found: tuple[float, list[int]] = (1 - CONFIDENCE, [])
    for walks in range(1, 64):
        risk = (1 - CONFIDENCE) / walks
        first = ceil(log(risk) / log(least))
        if first * _NEXT_START ** (walks - 1) > n:
            break
        found = (risk, [first * _NEXT_START**walk for walk in range(walks)])
    return found


def _for_recall(
    least: float, p_positive: Floats, labels: NDArray[np.integer], threshold: float
) -> Decision | None:
    """Keep the threshold between the bounds of both classes.

    The recall of a class only falls as the threshold moves its way: one bound is enough.
    """
    positive, negative = np.sort(p_positive[labels == 1])[::-1], np.sort(p_positive[labels == 0])
    needed = [_fewest(each.size, least) for each in (positive, negative)]
    if None in needed:
        return None
    highest = float(positive[(needed[0] or 1) - 1])
    lowest = float(np.nextafter(negative[(needed[1] or 1) - 1], 2.0))
    if lowest > highest:
        return None
    return Decision(min(max(threshold, lowest), highest))


def _for_coverage(
    least: float, p_positive: Floats, labels: NDArray[np.integer], threshold: float
) -> Decision | None:
    """Leave what is nearest to the threshold in log-odds, in one order: one bound is enough."""
    needed = _fewest(labels.size, least)
    if needed is None:
        return None
    distances = np.abs(log_odds(p_positive) - log_odds(np.array(threshold)))
    answered = distances >= np.sort(distances)[::-1][needed - 1]
    below = p_positive[answered & (p_positive < threshold)]
    above = p_positive[answered & (p_positive >= threshold)]
    return Decision(
        threshold,
        (float(below.max(initial=BELOW_ALL)), float(above.min(initial=ABOVE_ALL))),
    )


_Way = Callable[[float, Floats, NDArray[np.integer], float], Decision | None]
_WAYS: dict[str, _Way] = {
    "precision": _for_precision,
    "recall": _for_recall,
    "coverage": _for_coverage,
}


def _fewest(n: int, least: float) -> int | None:
    """Say how many of n must be good for the bound to reach the goal; None if all would not do."""
    holds = np.flatnonzero(lower_bounds(np.arange(n + 1), n, 1 - CONFIDENCE) >= least)
    return int(holds[0]) if holds.size else None


def _reach(
    metric: str, p_positive: Floats, labels: NDArray[np.integer], threshold: float
) -> float | None:
    """Find the highest goal that can be held."""
    ways = (
        least
        for least in _REACHES
        if _WAYS[metric](least, p_positive, labels, threshold) is not None
    )
    return next(ways, None)


def _parts(
    metric: str, answers: NDArray[np.object_], labels: NDArray[np.integer]
) -> tuple[Part, ...]:
    if metric == "coverage":
        return (Part("all", labels.size, int(np.count_nonzero(answers != "uncertain"))),)
    parts = []
    for label, name in enumerate(("negative", "positive")):
        of = answers == name if metric == "precision" else labels == label
        good = (answers == name) & (labels == label)
        parts.append(Part(name, int(np.count_nonzero(of)), int(np.count_nonzero(good))))
    return tuple(parts)
