"""What a difference between two on the same reviews can be told from."""

from math import erfc, sqrt

import numpy as np
from numpy.typing import NDArray

from sentiment.evaluation.bootstrap import LEVEL, Interval, Z

# Of fewer changes of a loss their mean does not show how large they can get.
FEWEST_CHANGES = 30

# Halvings of an interval: beyond what a float can tell.
_HALVINGS = 60


def mcnemar(only_a: int, only_b: int) -> float:
    """Test whether two are right equally often: McNemar's test, two-sided, without correction.

    Of the reviews that one alone has right, each is a fair coin if they are equally good
    (McNemar, Psychometrika 12, 1947). Fagerland et al. (BMC Medical Research Methodology 13, 2013)
    find it better than the exact test, which is right too seldom.

    Args:
        only_a: reviews that only the first has right.
        only_b: reviews that only the second has right.

    Returns:
        The chance of a split at least as uneven, by the normal approximation.
    """
    n = only_a + only_b
    return erfc(abs(only_b - only_a) / sqrt(2 * n)) if n else 1.0


def paired_interval(only_a: int, only_b: int, n: int) -> Interval:
    """Give the 95% interval of how much larger a share of all reviews the second has right.

    Tango's score interval (Statistics in Medicine 17, 1998): every difference that a score test
    does not reject. Of no difference that test is McNemar's, so 0 is in it just where McNemar's
    test tells nothing; and reviews that both answer alike do not make it a certainty.

    Args:
        only_a: reviews that only the first has right.
        only_b: reviews that only the second has right.
        n: all reviews, at least one.
    """
    found = (only_b - only_a) / n

    def is_possible(difference: float) -> bool:
        # The likeliest share of `only_a` if that were the difference, and the variance it gives.
        linear = (2 * n - only_b + only_a) * difference - only_a - only_b
        root = sqrt(max(linear**2 + 8 * n * only_a * difference * (1 - difference), 0))
        variance = (root - linear) / (2 * n) + difference * (1 - difference)
        return n * (found - difference) ** 2 <= Z**2 * variance

    ends = []
    for end in (-1.0, 1.0):
        inside, outside = found, end
        for _ in range(0 if is_possible(end) else _HALVINGS):
            middle = (inside + outside) / 2
            inside, outside = (middle, outside) if is_possible(middle) else (inside, middle)
        ends.append(end if is_possible(end) else inside)
    return ends[0], ends[1]


def mean_change_interval(changes: NDArray[np.float64]) -> Interval | None:
    """Give Student's 95% interval of the mean of changes, [n]; None of too few.

    If two are equally good, changes either way are alike: heavy tails then make this interval too
    wide rather than too narrow, where a bootstrap sees none that it has not drawn.
    """
    if changes.size < FEWEST_CHANGES:
        return None
    from scipy.special import stdtrit

    quantile = float(stdtrit(changes.size - 1, (1 + LEVEL) / 2))
    reach = quantile * float(changes.std(ddof=1)) / sqrt(changes.size)
    mean = float(changes.mean())
    return mean - reach, mean + reach
