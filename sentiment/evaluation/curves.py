"""How good answers are at every threshold: ROC and precision–recall."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sentiment.evaluation.ranking import Ranks

# More points than this cannot be told apart where a curve is drawn.
POINTS = 300

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Curve:
    """Points of a curve, float64 [at most `POINTS`]; the threshold falls along it."""

    x: Floats
    y: Floats


def roc_curve(p_positive: Floats, labels: NDArray[np.integer]) -> Curve:
    """Give the share of positive reviews found (y) by the share of negative ones taken for such.

    Args:
        p_positive: float64 [n].
        labels: 0 or 1, [n], both of them.
    """
    ranks = Ranks.of(p_positive, labels)
    shares = [np.cumsum(side) / side.sum() for side in (ranks.negative, ranks.positive)]
    return _thinned(*(np.concatenate(([0.0], share)) for share in shares))


def precision_recall_curve(p_positive: Floats, labels: NDArray[np.integer]) -> Curve:
    """Give the precision of the answer *positive* (y) by the share of positive reviews found.

    Args:
        p_positive: float64 [n].
        labels: 0 or 1, [n], both of them.
    """
    ranks = Ranks.of(p_positive, labels)
    true = np.cumsum(ranks.positive)
    precision = true / np.cumsum(ranks.positive + ranks.negative)
    return _thinned(true / true[-1], precision)


def _thinned(x: Floats, y: Floats) -> Curve:
    """Keep points that are about as far from each other along the curve, and both ends."""
    if x.size <= POINTS:
        return Curve(x, y)
    way = np.concatenate(([0.0], np.cumsum(np.abs(np.diff(x)) + np.abs(np.diff(y)))))
    kept = np.unique(np.searchsorted(way, np.linspace(0, way[-1], POINTS)))
    kept[-1] = x.size - 1
    return Curve(x[kept], y[kept])
