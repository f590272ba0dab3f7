"""Drawing reviews anew, again and again: how far figures would move with other reviews."""

from collections.abc import Iterator
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
