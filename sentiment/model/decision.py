"""Probability → answer: positive, negative, uncertain, or none for an empty review."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

POSITIVE, NEGATIVE, UNCERTAIN, NO_ANSWER = "positive", "negative", "uncertain", ""

# By label: 0 and 1.
CLASSES = (NEGATIVE, POSITIVE)

# How much of its words a model knows of a review; only with enough it is answered.
ENOUGH, FEW, NOTHING, NO_OPINION = range(4)
_TOO_LITTLE = {
    FEW: "few known words",
    NOTHING: "no known words",
    NO_OPINION: "no opinion",  # "No comment", whatever a model makes of its words
}


class Scores(NamedTuple):
    """What a model makes of some reviews, before it decides.

    Attributes:
        p_positive: float64 [n]; NaN where a review has no token, that of an empty review where too
            little of it is known.
        evidence: `ENOUGH`, `FEW`, `NOTHING` or `NO_OPINION`, uint8 [n].
    """

    p_positive: NDArray[np.float64]
    evidence: NDArray[np.uint8]

    @property
    def unknown(self) -> NDArray[np.bool_]:
        """Of which reviews too little is known, bool [n]."""
        return self.evidence != ENOUGH

    @property
    def p_known(self) -> NDArray[np.float64]:
        """The probabilities, NaN where too little is known as well."""
        return np.where(self.unknown, np.nan, self.p_positive)

    def take(self, rows: NDArray[np.integer]) -> "Scores":
        """Give those of some reviews."""
        return Scores(self.p_positive[rows], self.evidence[rows])


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

    def answers(
        self, p_positive: NDArray[np.float64], evidence: NDArray[np.uint8] | None = None
    ) -> list[str]:
        """Answer each probability; NaN, an empty review, has the empty answer.

        Args:
            p_positive: float64 [n].
            evidence: as in `Scores`; None for enough of each.
        """
        words = np.where(p_positive >= self.threshold, POSITIVE, NEGATIVE).astype(object)
        if self.band is not None:
            low, high = self.band
            words[(p_positive > low) & (p_positive < high)] = UNCERTAIN
        if evidence is not None:
            words[evidence != ENOUGH] = UNCERTAIN
        words[np.isnan(p_positive)] = NO_ANSWER
        answers: list[str] = words.tolist()
        return answers

    def reason(self, evidence: int) -> str:
        """Say why the answer is `uncertain`, by what is known of the review: `few known words`."""
        if evidence != ENOUGH:
            return _TOO_LITTLE[evidence]
        low, high = self.band or (0, 1)
        if low < 0:
            return f"below {high:.3g}"
        return f"above {low:.3g}" if high > 1 else f"between {low:.3g} and {high:.3g}"

    def reasons(self, answers: Sequence[str], evidence: NDArray[np.uint8]) -> list[str]:
        """Give the reason of each answer that is `uncertain`, of others nothing."""
        return [
            self.reason(each) if answer == UNCERTAIN else ""
            for answer, each in zip(answers, evidence.tolist(), strict=True)
        ]
