"""Probability → answer: positive, negative, uncertain, or none for an empty review."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

POSITIVE, NEGATIVE, UNCERTAIN, NO_ANSWER = "positive", "negative", "uncertain", ""

# By label: 0 and 1.
CLASSES = (NEGATIVE, POSITIVE)


class Decision(NamedTuple):
    """Where *positive* begins, and where the model would rather not say.

    Attributes:
        threshold: the least probability of *positive* that is answered `positive`.
        band: probabilities strictly between these two are answered `uncertain`; None for never.
    """

    threshold: float = 0.5
    band: tuple[float, float] | None = None

    def at(self, threshold: float) -> "Decision":
        """Move the threshold; a band set for another threshold goes."""
        return Decision(threshold)

    def answers(self, p_positive: NDArray[np.float64]) -> list[str]:
        """Answer each probability; NaN, an empty review, has the empty answer."""
        words = np.where(p_positive >= self.threshold, POSITIVE, NEGATIVE).astype(object)
        if self.band is not None:
            low, high = self.band
            words[(p_positive > low) & (p_positive < high)] = UNCERTAIN
        words[np.isnan(p_positive)] = NO_ANSWER
        answers: list[str] = words.tolist()
        return answers
