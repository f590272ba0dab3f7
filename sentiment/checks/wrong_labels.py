"""Labels that are likely wrong: confident learning on out-of-fold probabilities.

Northcutt, Jiang and Chuang, "Confident learning: estimating uncertainty in dataset labels" (JAIR,
2021). The opinion of a model that never saw the reviews is weighed in by stacking.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sentiment.model.component import Calibration, probabilities_of
from sentiment.training.stacking import Stack

Floats = NDArray[np.float64]
Labels = NDArray[np.integer]
Numbers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class WrongLabels:
    """Which labels are likely wrong.

    Attributes:
        probabilities: of each class, by models that did not see the review's label, float64 [n, K].
        estimated: how many labels are wrong, by the confident joint.
        rows: the reviews that are likely labelled wrongly, the likeliest first, int64 [m]; at most
            `estimated`.
    """

    probabilities: Floats
    estimated: int
    rows: Numbers

    @classmethod
    def find(cls, log_odds: Floats, labels: Labels) -> "WrongLabels":
        """Rank the reviews, and estimate how many are labelled wrongly.

        Args:
            log_odds: out-of-fold, against class 0, float64 [n, K − 1]; NaN where none are known.
            labels: from 0 to K − 1, [n].
        """
        probabilities = probabilities_of(log_odds)
        known = np.flatnonzero(~np.isnan(log_odds).any(axis=1))
        joint = confident_joint(probabilities[known], labels[known])
        estimated = round(float(joint.sum() - np.trace(joint)))
        ranked = ranking(log_odds, labels)
        others = probabilities[ranked].argmax(axis=1) != labels[ranked]
        return cls(probabilities, estimated, ranked[others][:estimated])


def joined(own: Floats, other: Floats | None, labels: Labels) -> Floats:
    """Calibrate out-of-fold log-odds, and weigh in another model's where it has any.

    Args:
        own: out-of-fold, float64 [n, K − 1].
        other: of a model that never saw the reviews, [n, K − 1]; NaN in rows that it has seen or
            cannot read; None for no such model.
        labels: from 0 to K − 1, [n].

    Returns:
        float64 [n, K − 1]; NaN in the rows in which `own` is.
    """
    known = ~np.isnan(own).any(axis=1)
    found = np.full(own.shape, np.nan)
    if not known.any():
        return found
    found[known] = Calibration.fit(own[known], labels[known]).log_odds(own[known])
    if other is not None:
        both = known & ~np.isnan(other).any(axis=1)
        if np.unique(labels[both]).size == own.shape[1] + 1:
            stack = Stack.fit(own[both], other[both], labels[both])
            found[both] = stack.log_odds(own[both], other[both])
    return found


def ranking(log_odds: Floats, labels: Labels) -> Numbers:
    """Return the reviews by how much their label is in doubt, the most first, int64 [m].

    That is the margin between the likeliest other class and the label, in log-odds. Reviews without
    log-odds are left out.
    """
    every = np.concatenate((np.zeros((len(log_odds), 1)), log_odds), axis=1)
    rows = np.arange(len(labels))
    own = every[rows, labels]
    rest = every.copy()
    rest[rows, labels] = -np.inf
    margins = rest.max(axis=1) - own
    order = np.argsort(-margins, kind="stable")
    return order[~np.isnan(margins[order])]


def confident_joint(probabilities: Floats, labels: Labels) -> Floats:
    """Estimate how many reviews have each label (rows) and true class (columns), float64 [K, K].

    A review counts for the likeliest class whose probability is at least the mean that reviews with
    that label have; each row is then scaled to the number of its label (equations 1 and 3).
    """
    classes = probabilities.shape[1]
    sizes = np.bincount(labels, minlength=classes)
    sums = np.array([probabilities[labels == label, label].sum() for label in range(classes)])
    thresholds = np.where(sizes > 0, sums / np.maximum(sizes, 1), 2.0)
    confident = np.where(probabilities >= thresholds, probabilities, -1.0)
    counted = confident.max(axis=1) >= 0
    joint = np.zeros((classes, classes))
    np.add.at(joint, (labels[counted], confident[counted].argmax(axis=1)), 1)
    totals = joint.sum(axis=1, keepdims=True)
    shares = np.where(totals > 0, joint / np.maximum(totals, 1), np.eye(classes))
    return shares * sizes[:, None]
