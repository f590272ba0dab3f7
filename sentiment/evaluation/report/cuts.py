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
        unknown: reviews of either class that are left unanswered whatever the cut-off.
    """

    places: list[float]
    negative: list[int]
    positive: list[int]
    unknown: list[int]

    @classmethod
    def of(cls, report: Report) -> "Cuts":
        """Count the reviews of a report."""
        decision = report.decision
        own = (decision.threshold, *(decision.band or ()))
        places = np.unique(np.concatenate((np.arange(STEPS + 1) / STEPS, own)))
        of_class = [report.p_known[report.labels == label] for label in (0, 1)]
        known = [p_known[~np.isnan(p_known)] for p_known in of_class]
        negative, positive = (_counted(each, places) for each in known)
        unknown = [a.size - b.size for a, b in zip(of_class, known, strict=True)]
        return cls(places.tolist(), negative, positive, unknown)


def _counted(p_positive: NDArray[np.float64], places: NDArray[np.float64]) -> list[int]:
    cells = np.searchsorted(places, p_positive, "left") + np.searchsorted(
        places, p_positive, "right"
    )
    counts: list[int] = np.bincount(cells, minlength=2 * places.size + 1).tolist()
    return counts
