"""What a reader's browser needs to count answers at any threshold, without the reviews."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sentiment.evaluation.report.content import Report

STEPS = 1000


@dataclass(frozen=True)
class Cuts:
    """Reviews by where their probability lies among some cut-offs.

    Attributes:
        places: the cut-offs, rising: every thousandth, and those of the model itself.
        negative, positive: reviews of either class: below the first cut-off, on it, between it and
            the second, on that … above the last.
    """

    places: list[float]
    negative: list[int]
    positive: list[int]

    @classmethod
    def of(cls, report: Report) -> "Cuts":
        """Count the reviews of a report."""
        decision = report.decision
        own = (decision.threshold, *(decision.band or ()))
        places = np.unique(np.concatenate((np.arange(STEPS + 1) / STEPS, own)))
        negative, positive = (
            _counted(report.p_positive[report.labels == label], places) for label in (0, 1)
        )
        return cls(places.tolist(), negative, positive)


def _counted(p_positive: NDArray[np.float64], places: NDArray[np.float64]) -> list[int]:
    cells = np.searchsorted(places, p_positive, "left") + np.searchsorted(
        places, p_positive, "right"
    )
    counts: list[int] = np.bincount(cells, minlength=2 * places.size + 1).tolist()
    return counts
