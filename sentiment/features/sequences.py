"""Texts as sequences of numbers, one after the other in a single array."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Sequences:
    """Texts as sequences of numbers: of words, or of pieces of words.

    Attributes:
        ids: the numbers of all texts, int32 [numbers].
        bounds: where each text begins, and the last ends, int64 [texts + 1].
    """

    ids: NDArray[np.int32]
    bounds: Numbers

    def __len__(self) -> int:
        """Return the number of texts."""
        return self.bounds.size - 1

    @property
    def lengths(self) -> Numbers:
        """How many numbers each text has, int64 [texts]."""
        return np.diff(self.bounds)

    def take(self, rows: NDArray[np.integer]) -> Self:
        """Return some of the texts, in the order of `rows`."""
        lengths = self.lengths[rows]
        bounds = bounds_of(lengths)
        places = np.arange(bounds[-1]) + np.repeat(self.bounds[rows] - bounds[:-1], lengths)
        return replace(self, ids=self.ids[places], bounds=bounds)

    def cleared(self, rows: NDArray[np.bool_]) -> Self:
        """Return the texts, those marked as an empty one."""
        kept = ~np.repeat(rows, self.lengths)
        bounds = bounds_of(np.where(rows, 0, self.lengths))
        return replace(self, ids=self.ids[kept], bounds=bounds)


def bounds_of(lengths: Numbers) -> Numbers:
    """Return where texts of these lengths begin, and the last ends: int64 [texts + 1]."""
    return np.concatenate(([0], np.cumsum(lengths)))
