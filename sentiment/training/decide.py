"""Choose the decision threshold by calibrated probabilities of held-out rows."""

import numpy as np
from numpy.typing import NDArray

from sentiment.training.options import Objective

Floats = NDArray[np.float64]

# With fewer held-out rows of a class, a calibration would fit noise.
_ENOUGH = 5


def enough_to_choose(labels: NDArray[np.integer]) -> bool:
    """Return whether there are held-out rows enough, of both classes, to choose anything by."""
    positives = int(labels.sum())
    return min(positives, labels.size - positives) >= _ENOUGH


def choose_threshold(p_positive: Floats, objective: Objective) -> float:
    """Return the threshold that is expected to do best by the objective.

    The expectation is taken over the labels, by the probabilities: a threshold t answers *positive*
    to n(t) rows, of which the sum of their probabilities is expected to be right. It varies far
    less from one small sample to the next than the threshold that does best on the labels
    themselves, and with calibrated probabilities it estimates the same figure (after Lewis,
    "Evaluating and optimizing autonomous text classification systems", SIGIR 1995).

    Args:
        p_positive: calibrated probabilities of held-out rows, [n].
        objective: for `accuracy` a calibrated 0.5 is best by definition, and is returned.

    Returns:
        The midpoint of the best threshold's neighbors; of equally good ones the nearest to 0.5.
    """
    positives = float(p_positive.sum())
    negatives = p_positive.size - positives
    if objective == "accuracy" or not positives or not negatives:
        return 0.5
    ranked = -np.sort(-p_positive)
    true_positives = np.cumsum(ranked)
    answered_positive = np.arange(1, ranked.size + 1)
    scores = _OBJECTIVES[objective](true_positives, answered_positive, positives, negatives)
    cuts = (ranked + np.append(ranked[1:], 0)) / 2
    possible = np.append(ranked[1:] < ranked[:-1], True)  # equal probabilities stay together
    best = scores[possible] >= scores[possible].max() - 1e-12
    candidates = cuts[possible][best]
    return float(candidates[np.argmin(np.abs(candidates - 0.5))])


def reached(objective: Objective, answers: NDArray[np.bool_], labels: NDArray[np.integer]) -> float:
    """Return the figure that an objective is about.

    Args:
        objective: which figure.
        answers: which rows are answered *positive*, [n].
        labels: 0 or 1, of both classes, [n].
    """
    positive = labels == 1
    right = np.array(np.count_nonzero(answers & positive), np.float64)
    answered = np.array(np.count_nonzero(answers))
    positives = int(np.count_nonzero(positive))
    return float(_OBJECTIVES[objective](right, answered, positives, labels.size - positives))


def _accuracy(
    tp: Floats, answered: NDArray[np.int64], positives: float, negatives: float
) -> Floats:
    share: Floats = (tp + negatives - (answered - tp)) / (positives + negatives)
    return share


def _macro_f1(
    tp: Floats, answered: NDArray[np.int64], positives: float, negatives: float
) -> Floats:
    tn = negatives - (answered - tp)
    f1_positive = 2 * tp / (answered + positives)
    f1_negative = 2 * tn / ((positives + negatives - answered) + negatives)
    mean: Floats = (f1_positive + f1_negative) / 2
    return mean


def _balanced_accuracy(
    tp: Floats, answered: NDArray[np.int64], positives: float, negatives: float
) -> Floats:
    mean: Floats = (tp / positives + 1 - (answered - tp) / negatives) / 2
    return mean


_OBJECTIVES = {
    "accuracy": _accuracy,
    "macro-f1": _macro_f1,
    "balanced-accuracy": _balanced_accuracy,
}
