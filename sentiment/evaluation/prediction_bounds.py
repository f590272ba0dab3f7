"""How many of the next n will be good, when so many of n were: a bound for what comes next.

A bound of the true share would promise less than it seems to: measured again on n new reviews, a
share that is held to its 90% bound lies below it about one time in five, since these are a sample,
too. What is bounded here is the share among the next n. Of 2n reviews drawn alike, any n could have
come first; so with E bad ones in all, those among the first n are hypergeometric, whatever the true
share (Thatcher, Journal of the Royal Statistical Society B 26, 1964).
"""

from bisect import bisect_left

import numpy as np
from numpy.typing import NDArray

CONFIDENCE = 0.9

Counts = NDArray[np.integer] | int

# 0.05 · 60 is not quite 3 for floats.
_FUZZ = 1e-9


def holds(good: Counts, n: Counts, least: float, risk: float) -> NDArray[np.bool_]:
    """Say whether at least so large a share of the next n will be good.

    The more bad ones there are in all, the less often so few come first: it is enough to look at
    the fewest that make the next n fail.

    Args:
        good: of n each, [m] or one.
        n: how many there are, [m] or one for all; as many come next.
        least: the share to hold.
        risk: the chance of saying so of n where the next n fail, at the most.
    """
    bad, may_be_bad = np.subtract(n, good), np.floor(np.multiply(1 - least, n) + _FUZZ)
    return _chance(bad, n, may_be_bad) <= risk


def lower_bound(good: int, n: int, risk: float) -> float:
    """Give the largest share that holds among the next n."""
    fewest_bad = bisect_left(
        range(n), True, key=lambda bad: bool(_chance(n - good, n, bad) <= risk)
    )
    return (n - fewest_bad) / n if n else 0.0


def fewest(n: int, least: float, risk: float) -> int | None:
    """Say how many of n must be good for a share to hold; None if all would not do."""
    found = bisect_left(range(n + 1), True, key=lambda good: bool(holds(good, n, least, risk)))
    return found if found <= n else None


def shortest(least: float, risk: float) -> int:
    """Say how many must be seen for a share to hold if all are good."""
    may_be_bad = np.arange(1, 2 - int(np.log2(risk)))
    n = np.ceil(may_be_bad / (1 - least) - _FUZZ).astype(int)
    return int(n[np.argmax(holds(n, n, least, risk))])


def _chance(bad: Counts, n: Counts, may_be_bad: Counts) -> NDArray[np.float64]:
    """The chance of no more bad ones among the first n, if the next n hold just too many."""
    from scipy.stats import hypergeom

    chance: NDArray[np.float64] = hypergeom.cdf(
        bad, np.multiply(2, n), np.add(np.add(bad, may_be_bad), 1), n
    )
    return chance
