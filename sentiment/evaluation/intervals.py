"""Intervals: by the bootstrap, of paired differences, and bounds for as many new reviews."""

from bisect import bisect_left
from math import erfc, sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Interval = tuple[float, float]
Floats = NDArray[np.float64]

REPLICATES = 1000
SEED = 0
LEVEL = 0.95

# Of fewer losses, or changes of a loss, the mean does not show how large they can get.
FEWEST_LOSSES, FEWEST_CHANGES = 20, 30

# Draws made at a time: few enough for the processor's cache.
_AT_ONCE = 1 << 17
_NORMAL = NormalDist()
_LOWER, _UPPER = (1 - LEVEL) / 2, (1 + LEVEL) / 2
Z = _NORMAL.inv_cdf(_UPPER)


def resampled_counts(
    counts: NDArray[np.integer] | Floats, replicates: int = REPLICATES, seed: int = SEED
) -> Floats:
    """Draw tables like the one that was seen, by a smoothed bootstrap.

    Rubin's Bayesian bootstrap (Annals of Statistics 9, 1981), with half a review added to each
    cell as in Goutte and Gaussier (ECIR 2005). Plain draws never fill a cell that is empty, and
    find 20 right answers of 20 to be certain.

    Returns:
        Shares of all reviews, float64 [replicates, *counts.shape].
    """
    random = np.random.default_rng(seed)
    cells = np.asarray(counts, np.float64).ravel() + 0.5
    return random.dirichlet(cells, replicates).reshape(-1, *counts.shape)


def resampled_means(values: Floats, replicates: int = REPLICATES, seed: int = SEED) -> Floats:
    """Draw rows with replacement, as many as there are, and average each column, [n, k].

    Returns:
        float64 [replicates, k].
    """
    random = np.random.default_rng(seed)
    means = np.zeros((replicates, values.shape[1]))
    step = max(1, _AT_ONCE // len(values))
    for start in range(0, replicates, step):
        stop = min(start + step, replicates)
        rows = random.integers(len(values), size=(stop - start, len(values)), dtype=np.int32)
        for column, of_column in enumerate(values.T.copy()):
            means[start:stop, column] = of_column.take(rows).mean(axis=1)
    return means


def percentile_interval(value: float, replicates: Floats) -> Interval:
    """Return the middle 95% of the replicates, widened where they miss the value itself."""
    low, high = np.quantile(replicates, [_LOWER, _UPPER])
    return min(float(low), value), max(float(high), value)


def mean_interval(values: Floats, replicates: Floats) -> Interval:
    """Compute the BCa interval of a mean, which allows for the skew of its values.

    Efron (JASA 82, 1987): the percentiles are shifted by the bias of the replicates and by the
    acceleration, which for a mean is a sixth of its skewness.

    Args:
        values: of each review, [n].
        replicates: resampled means, [replicates].
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
    shifted = [bias + _NORMAL.inv_cdf(tail) for tail in (_LOWER, _UPPER)]
    ends = [_NORMAL.cdf(bias + each / (1 - acceleration * each)) for each in shifted]
    low, high = np.quantile(replicates, ends)
    return float(low), float(high)


def logit_interval(value: float, deviation: float, level: float = LEVEL) -> Interval | None:
    """Compute the normal interval on the logit scale, which stays within 0 and 1.

    Args:
        value: the estimate, between 0 and 1.
        deviation: its standard error.
        level: how often the interval is to hold the truth.

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


def wilson_interval(shares: Floats, n: NDArray[np.integer]) -> tuple[Floats, Floats]:
    """Compute Wilson's intervals (JASA 22, 1927) of shares of n each, [m], within 0 and 1."""
    middle = (shares + Z**2 / (2 * n)) / (1 + Z**2 / n)
    reach = Z * np.sqrt(shares * (1 - shares) / n + Z**2 / (4 * n**2)) / (1 + Z**2 / n)
    return np.maximum(middle - reach, 0), np.minimum(middle + reach, 1)


# Halvings of an interval: beyond what a float can tell.
_HALVINGS = 60


def mcnemar(only_a: int, only_b: int) -> float:
    """Compute the p-value of McNemar's test, two-sided, without correction.

    Of the reviews that one alone has right, each is a fair coin if both are equally good
    (McNemar, Psychometrika 12, 1947). Fagerland et al. (BMC Medical Research Methodology 13, 2013)
    find it better than the exact test, which rejects too seldom.

    Args:
        only_a: how many reviews the first alone has right.
        only_b: how many the second alone has right.
    """
    n = only_a + only_b
    return erfc(abs(only_b - only_a) / sqrt(2 * n)) if n else 1.0


def paired_interval(only_a: int, only_b: int, n: int) -> Interval:
    """Compute the 95% interval of the difference of two accuracies on the same n reviews.

    Tango's score interval (Statistics in Medicine 17, 1998): every difference that a score test
    does not reject. For a difference of 0 that test is McNemar's, so 0 is in the interval just
    where McNemar's test is not significant; and if both always agree, it still has a width.

    Args:
        only_a: how many reviews the first alone has right.
        only_b: how many the second alone has right.
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


def mean_change_interval(changes: Floats) -> Interval | None:
    """Compute Student's 95% interval of the mean of changes, [n]; None for too few.

    If two are equally good, changes either way are alike: heavy tails then make this interval too
    wide rather than too narrow, where a bootstrap misses those that it has not drawn.
    """
    if changes.size < FEWEST_CHANGES:
        return None
    from scipy.special import stdtrit

    quantile = float(stdtrit(changes.size - 1, _UPPER))
    reach = quantile * float(changes.std(ddof=1)) / sqrt(changes.size)
    mean = float(changes.mean())
    return mean - reach, mean + reach


CONFIDENCE = 0.9

Numbers = NDArray[np.integer] | int

# 0.05 · 60 is not quite 3 for floats.
_FUZZ = 1e-9


def share_holds(good: Numbers, n: Numbers, least: float, risk: float) -> NDArray[np.bool_]:
    """Return whether at least this share of the next n reviews will be good.

    The more bad ones there are in all, the less often so few come first: it is enough to look at
    the fewest that make the next n fail.

    Args:
        good: how many of the n seen are good, [m] or one.
        n: how many were seen, [m] or one for all; as many come next.
        least: the share to hold.
        risk: the chance of a wrong yes, at most.
    """
    bad, may_be_bad = np.subtract(n, good), np.floor(np.multiply(1 - least, n) + _FUZZ)
    return _chance(bad, n, may_be_bad) <= risk


def lower_bound(good: int, n: int, risk: float) -> float:
    """Return the largest share that holds among the next n."""
    fewest_bad = bisect_left(
        range(n), True, key=lambda bad: bool(_chance(n - good, n, bad) <= risk)
    )
    return (n - fewest_bad) / n if n else 0.0


def fewest_good(n: int, least: float, risk: float) -> int | None:
    """Return how many of n must be good for a share to hold; None if all would not do."""
    good = bisect_left(range(n + 1), True, key=lambda good: bool(share_holds(good, n, least, risk)))
    return good if good <= n else None


def fewest_seen(least: float, risk: float) -> int:
    """Return how many must be seen for a share to hold if all of them are good."""
    may_be_bad = np.arange(1, 2 - int(np.log2(risk)))
    n = np.ceil(may_be_bad / (1 - least) - _FUZZ).astype(int)
    return int(n[np.argmax(share_holds(n, n, least, risk))])


def _chance(bad: Numbers, n: Numbers, may_be_bad: Numbers) -> Floats:
    """Return the chance of so few bad ones among the first n if the next n have just too many."""
    from scipy.stats import hypergeom

    chance: Floats = hypergeom.cdf(bad, np.multiply(2, n), np.add(np.add(bad, may_be_bad), 1), n)
    return chance
