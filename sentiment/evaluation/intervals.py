"""How sure metrics are: bootstrap, paired and prediction intervals."""

from bisect import bisect_left
from collections.abc import Iterator
from math import erfc, sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from sentiment.evaluation.counts import Counts

Interval = tuple[float, float]

REPLICATES = 1000
SEED = 0
LEVEL = 0.95

# Draws made at a time, a bound of memory that stays in the processor's cache.
_AT_ONCE = 1 << 17
_NORMAL = NormalDist()

# Standard errors that the middle 95% of a normal distribution reach.
Z = _NORMAL.inv_cdf((1 + LEVEL) / 2)


def resampled_counts(
    counts: Counts, replicates: int = REPLICATES, seed: int = SEED
) -> NDArray[np.float64]:
    """Draw tables of counts like the one that was seen, by a smoothed bootstrap.

    Rubin's Bayesian bootstrap (Annals of Statistics 9, 1981), with half a review added to each
    cell as in Goutte and Gaussier (ECIR 2005). Plain draws never fill a cell that is empty, and
    find 20 right answers of 20 to be certain.

    Args:
        counts: reviews by label and answer, [2, 2], or in any other table.
        replicates: how many tables to draw.
        seed: the same seed gives the same draws.

    Returns:
        Shares of such tables, float64 [replicates, 2, 2].
    """
    random = np.random.default_rng(seed)
    cells = np.asarray(counts, np.float64).ravel() + 0.5
    return random.dirichlet(cells, replicates).reshape(-1, *counts.shape)


def resampled_means(
    values: NDArray[np.float64], replicates: int = REPLICATES, seed: int = SEED
) -> NDArray[np.float64]:
    """Draw rows with replacement, as many as there are, and average each column.

    Args:
        values: what each review has, float64 [n, k].
        replicates: how often to draw.
        seed: the same seed gives the same draws.

    Returns:
        float64 [replicates, k].
    """
    random = np.random.default_rng(seed)
    means = np.zeros((replicates, values.shape[1]))
    for start, stop in _chunks(replicates, len(values)):
        rows = random.integers(len(values), size=(stop - start, len(values)), dtype=np.int32)
        for column, of_column in enumerate(values.T.copy()):
            means[start:stop, column] = of_column.take(rows).mean(axis=1)
    return means


def percentile_interval(value: float, replicates: NDArray[np.float64]) -> Interval:
    """Give the middle 95% of the replicates, widened where they miss the value itself."""
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(replicates, [tail, 1 - tail])
    return min(float(low), value), max(float(high), value)


def mean_interval(values: NDArray[np.float64], replicates: NDArray[np.float64]) -> Interval:
    """Give the BCa interval of a mean, which allows for the skew of its values.

    Efron (JASA 82, 1987): the percentiles are shifted by the bias of the replicates and by the
    acceleration, which for a mean is a sixth of its skewness.

    Args:
        values: what each review has, float64 [n].
        replicates: resampled means, float64 [replicates].
    """
    mean = float(values.mean())
    centred = values - mean
    spread = float(np.sqrt(np.mean(centred**2)))
    if spread <= 1e-12 * abs(mean):
        return mean, mean
    skewness = float(np.mean(centred**3)) / spread**3
    acceleration = skewness / (6 * np.sqrt(values.size))
    below = np.mean(replicates < mean) + np.mean(replicates == mean) / 2
    margin = 1 / (replicates.size + 1)
    bias = _NORMAL.inv_cdf(float(np.clip(below, margin, 1 - margin)))
    ends = []
    for tail in ((1 - LEVEL) / 2, (1 + LEVEL) / 2):
        shifted = bias + _NORMAL.inv_cdf(tail)
        ends.append(_NORMAL.cdf(bias + shifted / (1 - acceleration * shifted)))
    low, high = np.quantile(replicates, ends)
    return float(low), float(high)


def logit_interval(value: float, deviation: float, level: float = LEVEL) -> Interval | None:
    """Give the normal interval on the logit scale, which stays within 0 and 1.

    Args:
        value: what is estimated, between 0 and 1.
        deviation: its standard error.
        level: how often it is to hold the truth.

    Returns:
        None where the value is 0 or 1, or nothing varies: these reviews do not show how far it
        would move.
    """
    if not 0 < value < 1 or deviation == 0:
        return None
    reach = _NORMAL.inv_cdf((1 + level) / 2) * deviation / (value * (1 - value))
    ends = np.log(value / (1 - value)) + np.array([-reach, reach])
    low, high = 1 / (1 + np.exp(-ends))
    return float(low), float(high)


def _chunks(replicates: int, n: int) -> Iterator[tuple[int, int]]:
    """Cut the replicates into runs of about `_AT_ONCE` draws."""
    step = max(1, _AT_ONCE // n)
    return ((start, min(start + step, replicates)) for start in range(0, replicates, step))


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


CONFIDENCE = 0.9

Numbers = NDArray[np.integer] | int

# 0.05 · 60 is not quite 3 for floats.
_FUZZ = 1e-9


def holds(good: Numbers, n: Numbers, least: float, risk: float) -> NDArray[np.bool_]:
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


def _chance(bad: Numbers, n: Numbers, may_be_bad: Numbers) -> NDArray[np.float64]:
    """The chance of no more bad ones among the first n, if the next n hold just too many."""
    from scipy.stats import hypergeom

    chance: NDArray[np.float64] = hypergeom.cdf(
        bad, np.multiply(2, n), np.add(np.add(bad, may_be_bad), 1), n
    )
    return chance
