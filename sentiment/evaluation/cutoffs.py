"""From which probabilities on to answer, so that one figure holds on the next reviews."""

from math import ceil, log

import numpy as np
from numpy.typing import NDArray

from sentiment.evaluation.prediction_bounds import CONFIDENCE, fewest, holds, shortest
from sentiment.model import Decision
from sentiment.model.calibration import log_odds

# Edges of a band beyond every probability: that label is never answered.
BELOW_ALL, ABOVE_ALL = -1.0, 2.0

_RISK = 1 - CONFIDENCE
# Precision is tried from the most confident answers on, each time for this much more of them …
_STEP = 1.1
# … and once more from this many times as many, if those at the very top are not the surest.
_NEXT_START = 8

Floats = NDArray[np.float64]


def for_precision(
    least: float, p_positive: Floats, labels: NDArray[np.integer], threshold: float
) -> Decision | None:
    """Answer each label from a cut-off on, as many as may be; the threshold stays.

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
        passes = holds(hits[ranks - 1], ranks, least, risk)
        walked = steps if passes.all() else int(np.argmin(passes))
        most = max(most, int(ranks[walked - 1]) if walked else 0)
    if not most:
        return None
    return -np.inf if most == scores.size else float(ranked[most - 1])


def _starts(n: int, least: float) -> tuple[float, list[int]]:
    """Say at which ranks walks start, and what risk each may take.

    The first is as short as it can be: all right, it reaches the goal.
    """
    found: tuple[float, list[int]] = (_RISK, [])
    if n * (1 - least) < 0.5:  # too few for any walk; to compute how many it takes would take hours
        return found
    for walks in range(1, 64):
        risk = _RISK / walks
        first = shortest(least, risk)
        if first * _NEXT_START ** (walks - 1) > n:
            break
        found = (risk, [first * _NEXT_START**walk for walk in range(walks)])
    return found


def for_recall(
    least: float, p_positive: Floats, labels: NDArray[np.integer], threshold: float
) -> Decision | None:
    """Keep the threshold between the bounds of both classes; None if they leave no room.

    The recall of a class only falls as the threshold moves its way: one bound is enough.
    """
    # Those without a probability are on the wrong side of every threshold.
    positive = np.sort(np.nan_to_num(p_positive[labels == 1], nan=BELOW_ALL))[::-1]
    negative = np.sort(np.nan_to_num(p_positive[labels == 0], nan=ABOVE_ALL))
    needed = [fewest(each.size, least, _RISK) for each in (positive, negative)]
    if None in needed:
        return None
    highest = float(positive[(needed[0] or 1) - 1])
    lowest = float(np.nextafter(negative[(needed[1] or 1) - 1], 2.0))
    if lowest > highest or highest == BELOW_ALL or lowest >= ABOVE_ALL:
        return None
    return Decision(min(max(threshold, lowest), highest))


def for_coverage(
    least: float, p_positive: Floats, labels: NDArray[np.integer], threshold: float
) -> Decision | None:
    """Leave what is nearest to the threshold in log-odds, as many as may be; None if none may.

    There is one order: one bound is enough.
    """
    needed = fewest(labels.size, least, _RISK)
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
