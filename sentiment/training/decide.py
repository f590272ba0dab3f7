"""Choose the decision threshold on held-out rows."""

import numpy as np
from numpy.typing import NDArray

from sentiment.training.options import Objective

# With fewer held-out rows of a class, a threshold and a calibration would fit noise.
_ENOUGH = 10


def enough_to_choose(labels: NDArray[np.integer]) -> bool:
    """Whether there are held-out rows enough, of both classes, to choose anything by them."""
    positives = int(labels.sum())
    return min(positives, labels.size - positives) >= _ENOUGH


def choose_threshold(
    p_positive: NDArray[np.float64], labels: NDArray[np.integer], objective: Objective
) -> float:
    """Find the threshold that does best by the objective.

    Args:
        p_positive: calibrated probabilities of held-out rows, [n].
        labels: 0 or 1, [n].
        objective: for `accuracy` a calibrated 0.5 is best by definition, and is returned.

    Returns:
        The midpoint of the best threshold's neighbors; of equally good ones the nearest to 0.5.
    """
    positives = int(labels.sum())
    negatives = labels.size - positives
    if objective == "accuracy" or not enough_to_choose(labels):
        return 0.5
    order = np.argsort(-p_positive, kind="stable")
    ranked = p_positive[order]
    true_positives = np.cumsum(labels[order] == 1)
    answered_positive = np.arange(1, labels.size + 1)
    scores = _OBJECTIVES[objective](true_positives, answered_positive, positives, negatives)
    cuts = (ranked + np.append(ranked[1:], 0)) / 2
    possible = np.append(ranked[1:] < ranked[:-1], True)  # equal probabilities stay together
    best = scores[possible] >= scores[possible].max() - 1e-12
    candidates = cuts[possible][best]
    return float(candidates[np.argmin(np.abs(candidates - 0.5))])


def _macro_f1(
    tp: NDArray[np.int64], answered: NDArray[np.int64], positives: int, negatives: int
) -> NDArray[np.float64]:
    tn = negatives - (answered - tp)
    f1_positive = 2 * tp / (answered + positives)
    f1_negative = 2 * tn / ((positives + negatives - answered) + negatives)
    mean: NDArray[np.float64] = (f1_positive + f1_negative) / 2
    return mean


def _balanced_accuracy(
    tp: NDArray[np.int64], answered: NDArray[np.int64], positives: int, negatives: int
) -> NDArray[np.float64]:
    mean: NDArray[np.float64] = (tp / positives + 1 - (answered - tp) / negatives) / 2
    return mean


_OBJECTIVES = {"macro-f1": _macro_f1, "balanced-accuracy": _balanced_accuracy}
