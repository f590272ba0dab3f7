"""A trained model: everything between a review and its answer."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sentiment.features import Vectorizer
from sentiment.features.hashing import Hashes
from sentiment.features.tokens import is_blank
from sentiment.model.calibration import Calibration, sigmoid
from sentiment.model.decision import Decision
from sentiment.model.network import Network
from sentiment.model.provenance import Provenance

# Enough to find reviews that another file shares with the training data, however large that was.
SEEN_LIMIT = 16_384


def remembered(*digests: Hashes) -> Hashes:
    """Put hashes of reviews together as a model keeps them: the smallest of all, sorted."""
    return np.unique(np.concatenate(digests))[:SEEN_LIMIT]


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
        seen: uint64 hashes of training and held-out reviews, sorted: all of them, or the
            `SEEN_LIMIT` smallest.
        phrases: the most influential n-grams as text, since hashes cannot be turned back.
        base: the model that this one stands on, if any, and its weight.
    """

    vectorizer: Vectorizer
    network: Network
    calibration: Calibration = Calibration()
    decision: Decision = Decision()
    history: tuple[dict[str, float], ...] = ()
    provenance: Provenance | None = None
    seen: Hashes = field(default_factory=lambda: np.zeros(0, np.uint64))
    phrases: dict[int, str] = field(default_factory=dict)
    base: "Base | None" = None

    @property
    def depth(self) -> int:
        """How many models stand one on the other, this one included."""
        return 1 + (self.base.model.depth if self.base is not None else 0)

    def probabilities(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Say how likely each review is positive: float64 [n], NaN where one has no token."""
        return sigmoid(self.log_odds(texts))

    def log_odds(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Give the log-odds of *positive*: float64 [n], NaN where a review has no token."""
        rows = self.vectorizer.transform(texts)
        log_odds = self.calibration.log_odds(self.network.logits(rows))
        for row in np.flatnonzero(np.diff(rows.offsets) == 0).tolist():
            if is_blank(texts[row]):
                log_odds[row] = np.nan
        if self.base is not None:
            log_odds += self.base.weight * self.base.model.log_odds(texts)
        return log_odds


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
