"""Metrics of confusion matrices, each of [..., K, K + 1] where some reviews have no answer.

All return float64 [...], and 0 where a share is of no reviews.
"""

import numpy as np
from numpy.typing import NDArray

from sentiment.evaluation.intervals import Floats

# Confusion matrices, labels in rows and answers in columns, [..., K, K]: counts or shares. Further
# columns hold reviews without an answer.
Counts = NDArray[np.int64] | Floats


def _ratio(part: Floats, whole: Floats) -> Floats:
    """Divide; 0 where the divisor is 0."""
    return np.divide(part, whole, out=np.zeros(np.shape(whole)), where=whole > 0)


def accuracy(counts: Floats) -> Floats:
    """Return the share of correct answers."""
    right = np.trace(counts, axis1=-2, axis2=-1)
    return _ratio(right, counts.reshape(*counts.shape[:-2], -1).sum(axis=-1))


def precision(counts: Floats, label: int) -> Floats:
    """Return the share of the answers of a class that are correct."""
    return _ratio(counts[..., label, label], counts[..., label].sum(axis=-1))


def recall(counts: Floats, label: int) -> Floats:
    """Return the share of the reviews of a class that are answered so."""
    return _ratio(counts[..., label, label], counts[..., label, :].sum(axis=-1))


def f1(counts: Floats, label: int) -> Floats:
    """Return the harmonic mean of precision and recall of a class."""
    right = 2 * counts[..., label, label]
    wrong = (
        counts[..., row, column]
        for row in reversed(range(counts.shape[-2]))
        for column in range(counts.shape[-1])
        if (row == label) != (column == label)
    )
    return _ratio(right, sum(wrong, start=right))


def _f1_by_class(counts: Floats) -> Floats:
    """Return the F1 of each class, [K, ...]."""
    return np.stack([f1(counts, label) for label in range(counts.shape[-2])])


def macro_f1(counts: Floats) -> Floats:
    """Return the mean F1 of all classes."""
    mean: Floats = _f1_by_class(counts).mean(axis=0)
    return mean


def weighted_f1(counts: Floats) -> Floats:
    """Compute the mean F1 of all classes, weighted by their reviews."""
    support = np.moveaxis(counts.sum(axis=-1), -1, 0)
    return _ratio((support * _f1_by_class(counts)).sum(axis=0), support.sum(axis=0))


def mcc(counts: Floats) -> Floats:
    """Compute Matthews' correlation of two classes (Baldi et al., 2000), 0 if undefined."""
    (tn, fp), (fn, tp) = np.moveaxis(counts[..., :2], (-2, -1), (0, 1))
    products = (tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)
    return _ratio(tp * tn - fp * fn, np.sqrt(products))


def rk(counts: Floats) -> Floats:
    """Compute Matthews' correlation of K classes (Gorodkin, Computational Biology 28, 2004).

    It is 0 for constant answers, and undefined for one label.
    """
    n = counts.sum(axis=(-2, -1))
    labelled, answered = counts.sum(axis=-1), counts.sum(axis=-2)
    expected = (labelled * answered[..., : labelled.shape[-1]]).sum(axis=-1)
    covariance = n * np.trace(counts, axis1=-2, axis2=-1) - expected
    spread = n**2 - (labelled**2).sum(axis=-1)
    deviations = np.sqrt(spread * (n**2 - (answered**2).sum(axis=-1)))
    return np.where(spread > 0, _ratio(covariance, deviations), np.nan)


def _distances(counts: Floats) -> tuple[Floats, Floats]:
    """Return counts of the answered reviews, and how many classes apart label and answer are."""
    classes = np.arange(counts.shape[-2], dtype=np.float64)
    return counts[..., : classes.size], np.abs(classes[:, None] - classes)


def absolute_error(counts: Floats) -> Floats:
    """Return how many classes label and answer are apart on average."""
    answered, distances = _distances(counts)
    return _ratio((answered * distances).sum(axis=(-2, -1)), answered.sum(axis=(-2, -1)))


def quadratic_kappa(counts: Floats) -> Floats:
    """Compute Cohen's weighted kappa (Psychological Bulletin 70, 1968), undefined for one class."""
    answered, distances = _distances(counts)
    by_chance = answered.sum(axis=-1)[..., :, None] * answered.sum(axis=-2)[..., None, :]
    observed, expected = (
        (each * distances**2).sum(axis=(-2, -1)) for each in (answered, by_chance)
    )
    ratio = _ratio(observed * answered.sum(axis=(-2, -1)), expected)
    return np.where(expected > 0, 1 - ratio, np.nan)
