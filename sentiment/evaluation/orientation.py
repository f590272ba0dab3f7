"""Whether labels go with sentiment, and which way round, by a model that knows English."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sentiment.evaluation.ranking import Ranks, roc_auc, roc_auc_interval
from sentiment.model.model import Model

# Fewer reviews of a label, which the model can read, say nothing.
FEWEST = 20
# How many of a label are asked about: at first, and where these leave it open.
_AT_FIRST, _IN_DOUBT = 150, 1_500
# Of a review in English the model knows so many of the words at least; so many are to be such.
_KNOWN, _ENGLISH = 0.5, 0.5
_LEVEL = 0.99
# Labels are turned round below the first; if they are surely within both, they hardly have to do
# with sentiment. Of 800 reviews with labels drawn by lot the interval is about 0.1 wide.
_TURNED, _RELATED = 0.4, 0.6
# Outside of these a first look leaves nothing open.
_CLEARLY_TURNED, _CLEAR = 0.3, 0.65
# Enough of a review to tell.
_CHARACTERS = 2_000

Labels = NDArray[np.integer]
Verdict = Literal["fits", "turned", "unrelated"]


@dataclass(frozen=True)
class Orientation:
    """What labels have to do with sentiment.

    Attributes:
        verdict: `turned` where positive labels stand at texts that read negative, `unrelated` where
            either label stands at either kind of text, else `fits`.
        auc: how often a text that is labelled positive reads more positive than one labelled
            negative.
        read: how many texts that was told by.
    """

    verdict: Verdict
    auc: float
    read: int

    @property
    def is_open(self) -> bool:
        """Whether more reviews might say something else."""
        return _CLEARLY_TURNED < self.auc < _CLEAR


def orientation_of(model: Model, texts: Sequence[str], labels: Labels) -> Orientation | None:
    """Compare labels with what a model says of some of the texts: three hundred, mostly.

    Args:
        model: of English reviews.
        texts: reviews, [n].
        labels: 0 or 1, [n].

    Returns:
        None where too few of the texts can be read by the model.
    """
    if min(np.count_nonzero(labels == label) for label in (0, 1)) < FEWEST:
        return None
    found = None
    for many in (_AT_FIRST, _IN_DOUBT):
        rows = np.concatenate([_evenly(np.flatnonzero(labels == label), many) for label in (0, 1)])
        found = _asked(model, [texts[row][:_CHARACTERS] for row in rows.tolist()], labels[rows])
        if found is None or not found.is_open:
            break
    return found


def _evenly(rows: NDArray[np.int64], many: int) -> NDArray[np.int64]:
    """Return so many of some rows, or all."""
    return rows[np.linspace(0, rows.size - 1, min(many, rows.size)).astype(np.int64)]


def _asked(model: Model, texts: list[str], labels: Labels) -> Orientation | None:
    """Return what labels have to do with sentiment, None if too few of the texts can be read."""
    can_read = model.own.encoder.coverage(texts) >= _KNOWN  # False for NaN
    enough = min(np.count_nonzero(can_read & (labels == label)) for label in (0, 1)) >= FEWEST
    if not enough or can_read.mean() < _ENGLISH:
        return None
    scores = model.log_odds([text for text, read in zip(texts, can_read, strict=True) if read])
    labels = labels[can_read]
    ranks = Ranks.of(scores, labels)
    auc = roc_auc(ranks)
    if auc is None:
        return None
    # None where nothing is ranked as the labels have it, or everything: that is certain enough.
    low, high = roc_auc_interval(ranks, _LEVEL) or (auc, auc)
    turned = auc < _TURNED and high < 0.5
    unrelated = low > _TURNED and high < _RELATED
    verdict: Verdict = "turned" if turned else "unrelated" if unrelated else "fits"
    return Orientation(verdict, auc, int(np.count_nonzero(can_read)))
