"""Whether a new network would answer better on top of a base, by held-out reviews."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sentiment.model.calibration import sigmoid
from sentiment.training.decide import choose_threshold, reached
from sentiment.training.options import Objective
from sentiment.training.stacking import Stack

# With more reviews of its own a network needs no base so much that it would be worth asking one.
FEW_ENOUGH = 2_000
# So many reviews, at most, are asked about, and a smaller gain is not worth a word.
ASKED = 300
_LEAST_GAIN = 0.01

Floats = NDArray[np.float64]


class Gain(NamedTuple):
    """What a base adds on held-out reviews, from 0 to 1.

    Attributes:
        objective: which figure is compared.
        reviews: how many were asked about.
        alone: of the new network.
        together: of network and base.
    """

    objective: Objective
    reviews: int
    alone: float
    together: float


def gain_of(
    base: Floats,
    logits: Floats,
    alone: NDArray[np.bool_],
    labels: NDArray[np.int8],
    objective: Objective,
) -> Gain | None:
    """Compare a network with what it would be on top of a base.

    The weights of both are fitted on one half of the reviews and tried on the other, and the other
    way round: nothing is judged by what it was fitted on.

    Args:
        base: log-odds that the base gives reviews, [n].
        logits: of the network, of reviews that it was not fitted on, [n].
        alone: which of them the network answers *positive*, [n].
        labels: 0 or 1, [n].
        objective: what thresholds are chosen for, and what is compared.

    Returns:
        The gain; None where it is not larger than a point and its standard error.
    """
    together = np.zeros(labels.size, np.bool_)
    halves = _halves(labels)
    for fitted, tried in (halves, halves[::-1]):
        if len(set(labels[fitted].tolist())) < 2:
            return None
        stack = Stack.fit(logits[fitted], base[fitted], labels[fitted])
        p_fitted, p_tried = (sigmoid(stack.log_odds(logits[h], base[h])) for h in (fitted, tried))
        together[tried] = p_tried >= choose_threshold(p_fitted, objective)
    right, right_alone = (answers == (labels == 1) for answers in (together, alone))
    error = float(np.sqrt(np.count_nonzero(right != right_alone))) / labels.size
    of_alone, of_together = (reached(objective, each, labels) for each in (alone, together))
    if of_together - of_alone <= max(_LEAST_GAIN, error):
        return None
    return Gain(objective, labels.size, of_alone, of_together)


def _halves(labels: NDArray[np.int8]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Deal the reviews of each class out to two halves."""
    by_class = np.argsort(labels, kind="stable")
    return by_class[::2], by_class[1::2]
