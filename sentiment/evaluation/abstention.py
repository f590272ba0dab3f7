"""What a model that leaves reviews uncertain comes to."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sentiment.model import Decision
from sentiment.model.decision import CLASSES, POSITIVE


@dataclass(frozen=True)
class Abstention:
    """How much is answered, and how well.

    Attributes:
        coverage: share of the reviews that are answered.
        accuracy_answered: share of right answers among them; None where there are none.
    """

    coverage: float
    accuracy_answered: float | None


def abstention_of(
    p_positive: NDArray[np.float64], labels: NDArray[np.integer], decision: Decision
) -> Abstention:
    """Measure what is answered.

    Args:
        p_positive: float64 [n], n ≥ 1; NaN where the model knows too little to answer.
        labels: 0 or 1, [n].
        decision: what is answered otherwise.
    """
    answers = np.array(decision.answers(p_positive), dtype=object)
    answered = np.isin(answers, CLASSES)
    right = (answers == POSITIVE) == (labels == 1)
    accuracy = float(np.mean(right[answered])) if answered.any() else None
    return Abstention(float(np.mean(answered)), accuracy)
