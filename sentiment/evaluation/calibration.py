"""How far probabilities are from what they say."""

import numpy as np
from numpy.typing import NDArray

BINS = 15


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
