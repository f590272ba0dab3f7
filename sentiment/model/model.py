"""A trained model: everything between a review and its answer."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sentiment.features import SparseRows, Vectorizer
from sentiment.missing import gives_no_opinion
from sentiment.model.calibration import Calibration, sigmoid
from sentiment.model.decision import ENOUGH, FEW, NO_OPINION, NOTHING, Decision, Scores
from sentiment.model.network import Network
from sentiment.model.provenance import Provenance
from sentiment.model.seen import Seen

# The least share of its words that has to be known of a review, unless the model says less.
LEAST_KNOWN = 0.25


@dataclass(frozen=True)
class Model:
    """Vectorizer → network → calibration → decision, and where it all came from.

    A model may stand on another, its base: then the log-odds that the base gives are added to its
    own, by a weight (stacking: Wolpert, 1992).

    Attributes:
        vectorizer: reviews → sparse rows.
        network: sparse rows → logits.
        calibration: logits → log-odds of *positive*.
        decision: probabilities → answers.
        history: one record an epoch: `number`, `loss`, `validation_loss`, `validation_accuracy`.
        provenance: data, options, package versions, held-out figures.
        seen: what is remembered of training and held-out reviews.
        phrases: the most influential n-grams as text, since hashes cannot be turned back.
        base: the model that this one stands on, if any, and its weight.
        least_known: the share of its words that has to be known of a review to answer it, from 0 to
            1 (see `sentiment.features.known`). One of which nothing is known is never answered.
    """

    vectorizer: Vectorizer
    network: Network
    calibration: Calibration = Calibration()
    decision: Decision = Decision()
    history: tuple[dict[str, float], ...] = ()
    provenance: Provenance | None = None
    seen: Seen = Seen()
    phrases: dict[int, str] = field(default_factory=dict)
    base: "Base | None" = None
    least_known: float = LEAST_KNOWN

    @property
    def depth(self) -> int:
        """How many models stand one on the other, this one included."""
        return 1 + (self.base.model.depth if self.base is not None else 0)

    @property
    def repairs(self) -> bool:
        """Whether damaged texts are repaired before they are read, be it by the base alone."""
        below = self.base is not None and self.base.model.repairs
        return below or self.vectorizer.ngrams.repair

    def repairing(self, repair: bool) -> "Model":
        """Return the model, and what it stands on, told whether to repair texts."""
        ngrams = self.vectorizer.ngrams._replace(repair=repair)
        base = self.base and Base(self.base.model.repairing(repair), self.base.weight)
        return replace(self, vectorizer=replace(self.vectorizer, ngrams=ngrams), base=base)

    def probabilities(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Say how likely each review is positive: float64 [n], NaN where one has no token."""
        return self.scores(texts).p_positive

    def log_odds(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Give the log-odds of *positive*: float64 [n], NaN where a review has no token."""
        return self._weighed(texts)[0]

    def scores(self, texts: Sequence[str]) -> Scores:
        """Say how likely each review is positive, and whether enough of it is known."""
        log_odds, evidence = self._weighed(texts)
        return Scores(sigmoid(log_odds), evidence)

    @cached_property
    def silent(self) -> float:
        """The log-odds of *positive* of which no feature says anything; the base's not added."""
        empty = SparseRows.empty(self.vectorizer.keys.size)
        return float(self.calibration.log_odds(self.network.logits(empty))[0])

    def evidence(
        self, texts: Sequence[str], rows: SparseRows
    ) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        """Say how much is known of some reviews, the base aside, and which have no token.

        Args:
            texts: reviews, [n].
            rows: what the vectorizer makes of them.

        Returns:
            `ENOUGH`, `FEW`, `NOTHING` or `NO_OPINION`, uint8 [n]; and bool [n].
        """
        evidence, blank = np.zeros(len(texts), np.uint8), np.zeros(len(texts), np.bool_)
        poor = self.vectorizer.poor(texts, rows, min(self.least_known / LEAST_KNOWN, 1))
        if poor.size:
            from sentiment.features.known import known_shares  # most answers do without

            shares = known_shares([texts[row] for row in poor.tolist()], self.vectorizer)
            evidence[poor[shares < self.least_known]] = FEW
            evidence[poor[shares == 0]] = NOTHING
            blank[poor] = np.isnan(shares)
        evidence[[gives_no_opinion(text) for text in texts]] = NO_OPINION
        return evidence, blank

    def _weighed(self, texts: Sequence[str]) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
        """Give the log-odds of each review, and how much of it is known.

        Of what it knows too little of, a model says what it says of an empty review; and so does
        its base.
        """
        rows = self.vectorizer.transform(texts)
        log_odds = self.calibration.log_odds(self.network.logits(rows))
        evidence, blank = self.evidence(texts, rows)
        log_odds[evidence != ENOUGH] = self.silent
        log_odds[blank] = np.nan
        if self.base is not None:
            of_base, known_to_base = self.base.model._weighed(texts)
            log_odds += self.base.weight * of_base
            if self.base.weight > 0:
                evidence = np.minimum(evidence, known_to_base)
        return log_odds, evidence


# How many models may stand one on the other.
DEEPEST = 8


class Base(NamedTuple):
    """A model that another stands on.

    Attributes:
        model: whose log-odds are added.
        weight: how much of them; at least 0.
    """

    model: Model
    weight: float
