"""How often probabilities come true: reliability in bins, and the calibration error."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sentiment.evaluation.intervals import Floats, Labels, wilson_interval

BINS = 15


@dataclass(frozen=True, eq=False)
class Reliability:
    """Predicted and observed shares in the non-empty bins of equal width, each [bins].

    Attributes:
        mean_predicted: mean probability of the class.
        low, high: 95% interval of `fraction_positive`.
        n: number of reviews.
    """

    mean_predicted: Floats
    fraction_positive: Floats
    low: Floats
    high: Floats
    n: NDArray[np.int64]


def reliability_of(p_positive: Floats, labels: Labels) -> Reliability:
    """Compare probabilities of a class, [n], with 0/1 labels, [n], in `BINS` bins."""
    bins = _bins(p_positive)
    counts = np.bincount(bins, minlength=BINS)
    filled = np.flatnonzero(counts)
    n = counts[filled]
    predicted, observed = (
        np.bincount(bins, weights=values, minlength=BINS)[filled] / n
        for values in (p_positive, labels)
    )
    return Reliability(predicted, observed, *wilson_interval(observed, n), n)


def calibration_error(p_positive: Floats, labels: Labels) -> float:
    """Compute the expected calibration error (ECE) of probabilities of a class, [n].

    ECE = Σ (n_b / n) · |mean label − mean probability| over 15 bins of equal width (Guo et al.,
    "On calibration of modern neural networks", ICML 2017).
    """
    gaps = np.bincount(_bins(p_positive), weights=labels - p_positive, minlength=BINS)
    return float(np.abs(gaps).sum() / p_positive.size)


def calibration_noise(p_positive: Floats) -> float:
    """Compute the expected ECE of a perfectly calibrated model with these probabilities, [n].

    The gap of a bin is a sum of independent draws, roughly normal with variance Σ p·(1 − p), so
    its expected absolute value is σ·√(2/π).
    """
    variance = np.bincount(_bins(p_positive), weights=p_positive * (1 - p_positive), minlength=BINS)
    return float(np.sqrt(variance * 2 / np.pi).sum() / p_positive.size)


def _bins(p_positive: Floats) -> NDArray[np.int64]:
    return np.minimum((p_positive * BINS).astype(np.int64), BINS - 1)
