"""Intervals: bootstrap, paired differences, and prediction bounds for new reviews."""

from bisect import bisect_left
from math import erfc, sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Interval = tuple[float, float]
Floats = NDArray[np.float64]
Labels = NDArray[np.integer]

REPLICATES = 1000
SEED = 0
LEVEL = 0.95

# Means of fewer losses, or changes of a loss, get no interval: they miss the rare large one.
MIN_LOSSES, MIN_CHANGES = 20, 30

_DRAWS_AT_ONCE = 1 << 17  # fits the processor's cache
_NORMAL = NormalDist()
_LOWER, _UPPER = (1 - LEVEL) / 2, (1 + LEVEL) / 2
Z = _NORMAL.inv_cdf(_UPPER)


def resampled_counts(
    counts: NDArray[np.integer] | Floats, replicates: int = REPLICATES, seed: int = SEED
) -> Floats:
    """Draw tables of counts by a smoothed Bayesian bootstrap.

    Rubin (Annals of Statistics 9, 1981), with half a review added to each cell as in Goutte and
    Gaussier (ECIR 2005): plain resampling never fills an empty cell. The wrong answers to a label
    share one half, so that each recall and precision varies as with two classes.

    Args:
        counts: by label and answer, [K, K], or by label and both answers, [K, K + 1, K + 1].
        replicates: number of draws.
        seed: of the draws.

    Returns:
        Shares of all reviews, float64 [replicates, *counts.shape].
    """
    random = np.random.default_rng(seed)
    labels, answers, *others = counts.shape
    added = np.full((labels, answers), 1 / max(labels - 1, 1))
    added[:, labels:] = 1
    np.fill_diagonal(added, 1)
    if others:
        added = added[:, :, None] * added[:, None, :]
    cells = (np.asarray(counts, np.float64) + 0.5 * added).ravel()
    return random.dirichlet(cells, replicates).reshape(-1, *counts.shape)


def resampled_means(values: Floats, replicates: int = REPLICATES, seed: int = SEED) -> Floats:
    """Return bootstrap means of each column of `values` [n, k], float64 [replicates, k]."""
    random = np.random.default_rng(seed)
    means = np.zeros((replicates, values.shape[1]))
    step = max(1, _DRAWS_AT_ONCE // len(values))
    for start in range(0, replicates, step):
        stop = min(start + step, replicates)
        rows = random.integers(len(values), size=(stop - start, len(values)), dtype=np.int32)
        for column, of_column in enumerate(values.T.copy()):
            means[start:stop, column] = of_column.take(rows).mean(axis=1)
    return means


def percentile_interval(value: float, replicates: Floats) -> Interval:
    """Return the middle 95% of the replicates, widened to include the value itself."""
    low, high = np.quantile(replicates, [_LOWER, _UPPER])
    return min(float(low), value), max(float(high), value)


def mean_interval(values: Floats, replicates: Floats) -> Interval:
    """Compute the BCa interval of the mean of values, [n], from its bootstrap means, [replicates].

    Efron (JASA 82, 1987): the percentiles are shifted by the bias of the replicates and by the
    acceleration, which for a mean is a sixth of its skewness.
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
    """Compute the normal interval on the logit scale, which stays between 0 and 1.

    Args:
        value: the estimate, between 0 and 1.
        deviation: its standard error.
        level: the confidence level.

    Returns:
        None if the value is 0 or 1, or the standard error is 0.
    """
    if not 0 < value < 1 or deviation == 0:
        return None
    reach = _NORMAL.inv_cdf((1 + level) / 2) * deviation / (value * (1 - value))
    ends = np.log(value / (1 - value)) + np.array([-reach, reach])
    low, high = 1 / (1 + np.exp(-ends))
    return float(low), float(high)


def wilson_interval(shares: Floats, n: NDArray[np.integer]) -> tuple[Floats, Floats]:
    """Compute Wilson's intervals (JASA 22, 1927) of shares [m] of n [m] reviews."""
    middle = (shares + Z**2 / (2 * n)) / (1 + Z**2 / n)
    reach = Z * np.sqrt(shares * (1 - shares) / n + Z**2 / (4 * n**2)) / (1 + Z**2 / n)
    return np.maximum(middle - reach, 0), np.minimum(middle + reach, 1)


_BISECTIONS = 60  # beyond float64 precision


def mcnemar(only_a: int, only_b: int) -> float:
    """Compute the two-sided p-value of McNemar's test (Psychometrika 12, 1947), uncorrected.

    Fagerland et al. (BMC Medical Research Methodology 13, 2013) prefer it to the exact test,
    which is conservative. `only_a` and `only_b` count reviews that only one answers correctly.
    """
    n = only_a + only_b
    return erfc(abs(only_b - only_a) / sqrt(2 * n)) if n else 1.0


def paired_interval(only_a: int, only_b: int, n: int) -> Interval:
    """Compute the 95% interval of the difference of two accuracies on the same n ≥ 1 reviews.

    Tango's score interval (Statistics in Medicine 17, 1998): every difference that a score test
    does not reject. It contains 0 exactly if McNemar's test is not significant. `only_a` and
    `only_b` count reviews that only one answers correctly.
    """
    observed = (only_b - only_a) / n

    def is_possible(difference: float) -> bool:
        # The variance at the maximum likelihood estimate under this difference.
        linear = (2 * n - only_b + only_a) * difference - only_a - only_b
        root = sqrt(max(linear**2 + 8 * n * only_a * difference * (1 - difference), 0))
        variance = (root - linear) / (2 * n) + difference * (1 - difference)
        return n * (observed - difference) ** 2 <= Z**2 * variance

    ends = []
    for end in (-1.0, 1.0):
        inside, outside = observed, end
        for _ in range(0 if is_possible(end) else _BISECTIONS):
            middle = (inside + outside) / 2
            inside, outside = (middle, outside) if is_possible(middle) else (inside, middle)
        ends.append(end if is_possible(end) else inside)
    return ends[0], ends[1]


def mean_change_interval(changes: Floats) -> Interval | None:
    """Compute Student's 95% interval of the mean of changes [n], None below `MIN_CHANGES`.

    With heavy tails it is too wide rather than too narrow, unlike the bootstrap.
    """
    if changes.size < MIN_CHANGES:
        return None
    from scipy.special import stdtrit

    quantile = float(stdtrit(changes.size - 1, _UPPER))
    reach = quantile * float(changes.std(ddof=1)) / sqrt(changes.size)
    mean = float(changes.mean())
    return mean - reach, mean + reach


CONFIDENCE = 0.9

Numbers = NDArray[np.integer] | int

_EPSILON = 1e-9  # 0.05 · 60 is slightly less than 3 in floating point


def share_holds(good: Numbers, n: Numbers, minimum: float, risk: float) -> NDArray[np.bool_]:
    """Return whether at least this share of the next n reviews will be good.

    The probability of so few bad reviews now falls with their total number, so only the smallest
    total that makes the next n fail is tested.

    Args:
        good: number of good reviews among the n observed, [m] or a scalar.
        n: number observed, [m] or a scalar; as many come next.
        minimum: the share to reach.
        risk: the probability of a wrong "yes", at most.
    """
    bad, allowed = np.subtract(n, good), np.floor(np.multiply(1 - minimum, n) + _EPSILON)
    return _probability(bad, n, allowed) <= risk


def lower_bound(good: int, n: int, risk: float) -> float:
    """Return the largest share of good reviews that holds among the next n."""
    bad = bisect_left(
        range(n), True, key=lambda allowed: bool(_probability(n - good, n, allowed) <= risk)
    )
    return (n - bad) / n if n else 0.0


def min_good(n: int, minimum: float, risk: float) -> int | None:
    """Return how many of n must be good for a share to hold, None if all are not enough."""
    good = bisect_left(
        range(n + 1), True, key=lambda good: bool(share_holds(good, n, minimum, risk))
    )
    return good if good <= n else None


def min_sample(minimum: float, risk: float) -> int:
    """Return how many must be observed for a share to hold if all of them are good."""
    allowed = np.arange(1, 2 - int(np.log2(risk)))
    n = np.ceil(allowed / (1 - minimum) - _EPSILON).astype(int)
    return int(n[np.argmax(share_holds(n, n, minimum, risk))])


def _probability(bad: Numbers, n: Numbers, allowed: Numbers) -> Floats:
    """Return P(at most `bad` among the first n) if the next n have one more than allowed."""
    from scipy.stats import hypergeom

    probability: Floats = hypergeom.cdf(bad, np.multiply(2, n), np.add(np.add(bad, allowed), 1), n)
    return probability
