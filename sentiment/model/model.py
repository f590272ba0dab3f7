"""A trained model: everything between a review and its answer."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sentiment.features import Vectorizer
from sentiment.features.hashing import Hashes
from sentiment.features.tokens import is_blank
from sentiment.model.calibration import Calibration
from sentiment.model.decision import Decision
from sentiment.model.network import Network
from sentiment.model.provenance import Provenance

# Enough to find reviews that another file shares with the training data, however large that was.
SEEN_LIMIT = 16_384


@dataclass(frozen=True)
class Model:
    """Vectorizer → network → calibration → decision, and where it all came from.

    Attributes:
        vectorizer: reviews → sparse rows.
        network: sparse rows → logits.
        calibration: logits → probabilities of *positive*.
        decision: probabilities → answers.
        history: one record an epoch: `number`, `loss`, `validation_loss`, `validation_accuracy`.
        provenance: data, options, package versions, held-out figures.
        seen: uint64 hashes of training and held-out reviews, sorted: all of them, or the
            `SEEN_LIMIT` smallest.
        phrases: the most influential n-grams as text, since hashes cannot be turned back.
    """

    vectorizer: Vectorizer
    network: Network
    calibration: Calibration = Calibration()
    decision: Decision = Decision()
    history: tuple[dict[str, float], ...] = ()
    provenance: Provenance | None = None
    seen: Hashes = field(default_factory=lambda: np.zeros(0, np.uint64))
    phrases: dict[int, str] = field(default_factory=dict)

    def probabilities(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Say how likely each review is positive: float64 [n], NaN where one has no token."""
        rows = self.vectorizer.transform(texts)
        p_positive = self.calibration.probabilities(self.network.logits(rows))
        for row in np.flatnonzero(np.diff(rows.offsets) == 0).tolist():
            if is_blank(texts[row]):
                p_positive[row] = np.nan
        return p_positive
