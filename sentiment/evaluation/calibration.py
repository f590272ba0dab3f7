"""How far probabilities are from what they say."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sentiment.evaluation.bootstrap import Z

BINS = 15

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Reliability:
    """What was said and what was so, in bins of equal width; bins without reviews are left out.

    Attributes:
        said: mean probability of *positive*, float64 [bins].
        found: share of positive reviews, float64 [bins].
        low, high: its 95% interval, float64 [bins].
        n: how many reviews, int64 [bins].
    """

    said: Floats
    found: Floats
    low: Floats
    high: Floats
    n: NDArray[np.int64]


def reliability_of(p_positive: Floats, labels: NDArray[np.integer]) -> Reliability:
    """Set the probabilities of *positive* beside the shares of positive reviews, in `BINS` bins.

    The intervals are Wilson's (JASA 22, 1927), which stay within 0 and 1.

    Args:
        p_positive: float64 [n], n ≥ 1.
        labels: 0 or 1, [n].
    """
    bins = _bins(p_positive)
    counts = np.bincount(bins, minlength=BINS)
    filled = np.flatnonzero(counts)
    n = counts[filled]
    said, found = (
        np.bincount(bins, weights=values, minlength=BINS)[filled] / n
        for values in (p_positive, labels)
    )
    middle = (found + Z**2 / (2 * n)) / (1 + Z**2 / n)
    reach = Z * np.sqrt(found * (1 - found) / n + Z**2 / (4 * n**2)) / (1 + Z**2 / n)
    return Reliability(said, found, np.maximum(middle - reach, 0), np.minimum(middle + reach, 1), n)


def calibration_error(p_positive: NDArray[np.float64], labels: NDArray[np.integer]) -> float:
    """The expected calibration error of the probabilities of *positive*.

    ECE = Σ (n_b / n) · |mean label − mean probability| over 15 bins of equal width (Guo et al.,
    "On calibration of modern neural networks", ICML 2017).

    Args:
        p_positive: float64 [n], n ≥ 1.
        labels: 0 or 1, [n].
    """
    gaps = np.bincount(_bins(p_positive), weights=labels - p_positive, minlength=BINS)
    return float(np.abs(gaps).sum() / p_positive.size)


def calibration_noise(p_positive: NDArray[np.float64]) -> float:
    """The ECE to expect on these rows of a model that is perfectly calibrated.

    The gap of a bin is a sum of independent draws, close to normal with the variance Σ p·(1 − p):
    its mean size is σ·√(2/π). What lies below the sum of these cannot be told from perfect.

    Args:
        p_positive: float64 [n], n ≥ 1.
    """
    bins = _bins(p_positive)
    variance = np.bincount(bins, weights=p_positive * (1 - p_positive), minlength=BINS)
    return float(np.sqrt(variance * 2 / np.pi).sum() / p_positive.size)


def _bins(p_positive: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.minimum((p_positive * BINS).astype(np.int64), BINS - 1)
