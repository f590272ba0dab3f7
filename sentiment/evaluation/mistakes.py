"""Where a model is surest and wrong, and the words that led it there."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sentiment.model import Model
from sentiment.model.calibration import log_odds
from sentiment.model.decision import CLASSES, POSITIVE
from sentiment.model.explanation import Explanation, WordSum, explain
from sentiment.reviews import LabelledReviews

# Explaining a review takes some milliseconds: what a person reads through costs less than a second.
MOST = 100
_DRIVERS = 8
_LEAST = 0.005  # less than this rounds to nothing


@dataclass(frozen=True)
class Mistake:
    """A review that the model's threshold puts on the wrong side.

    Attributes:
        number: which of the reviews it is, from 0.
        file: where it was read; empty if it was not read from a file.
        row: its row there, from 1.
        label: `negative` or `positive`.
        explanation: its text, the answer (`uncertain` within the band), the probability, and every
            word with its place and what it adds to the logit.
    """

    number: int
    file: str
    row: int
    label: str
    explanation: Explanation

    @property
    def drivers(self) -> list[WordSum]:
        """The words that moved it to the wrong side, strongest first, eight at the most."""
        sign = -1 if self.label == POSITIVE else 1
        words = [word for word in self.explanation.by_word() if sign * word.contribution >= _LEAST]
        return sorted(words, key=lambda word: -abs(word.contribution))[:_DRIVERS]


def rank_mistakes(
    p_positive: NDArray[np.float64], labels: NDArray[np.integer], threshold: float
) -> NDArray[np.int64]:
    """Number the reviews on the wrong side of the threshold, the surest first.

    As in all other figures every review counts, answered or left uncertain. How sure a model is of
    an answer is how far it is from the threshold in log-odds: of a threshold of 0.2, too, both
    sides can be equally far.

    Args:
        p_positive: float64 [n], none of them NaN.
        labels: 0 or 1, [n].
        threshold: from which probability of *positive* on a review counts as positive.
    """
    wrong = np.flatnonzero((p_positive >= threshold) != (labels == 1))
    distances = np.abs(log_odds(p_positive[wrong]) - log_odds(np.array(threshold)))
    return wrong[np.argsort(-distances, kind="stable")]


def explain_mistakes(
    model: Model, reviews: LabelledReviews, rows: NDArray[np.int64]
) -> list[Mistake]:
    """Take some mistakes apart, some milliseconds each.

    Args:
        model: with the decision that was measured.
        reviews: what it was measured on.
        rows: which of them, of those that `rank_mistakes` gives.
    """
    return [
        Mistake(
            row,
            *reviews.place(row),
            CLASSES[reviews.labels[row]],
            explain(model, reviews.texts[row]),
        )
        for row in rows.tolist()
    ]
