"""Held-out reviews counted by class and score: how often a model errs, and how.

Scores are divided into *cells* that cover all probabilities. How the held-out reviews of each class
fall into them is what corrects the shares of new reviews (`evaluation/shares.py`). No answer
needs it.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from sentiment.model.tensors import listed, mapping, number, whole

Floats = NDArray[np.float64]

# Fewer held-out reviews of a class say nothing of how it is answered.
_ENOUGH = 5
# Held-out reviews in a cell, about, and cells of a region, at most.
_IN_A_CELL, _CELLS = 30, 12
# With more classes, the second most likely one does not divide the cells.
_PAIRED = 5
# Margins are below it, and the largest count of a file.
_LIMIT, _LARGEST = 1e3, 10**12


@dataclass(frozen=True, eq=False)
class ScoreCells:
    """Cells of scores, with the held-out reviews of each class in each.

    A *region* is the most likely class and the second most likely one; of more than five classes,
    the most likely one alone. The *margin* is the log-odds of the first against the second. A cell
    is an interval of margins in a region.

    Attributes:
        edges: of each region, the margins at which its second cell begins, its third, and so on.
        counts: held-out reviews, int64 [K, C]; the cells of a region are next to each other.
    """

    edges: tuple[tuple[float, ...], ...]
    counts: NDArray[np.int64]

    @classmethod
    def of(cls, probabilities: Floats, labels: NDArray[np.integer]) -> Self | None:
        """Count held-out reviews; None if there are fewer than five of a class.

        Args:
            probabilities: calibrated, of reviews that the model was not fitted on, [n, K].
            labels: of these, [n].
        """
        classes = probabilities.shape[1]
        if np.bincount(labels, minlength=classes).min() < _ENOUGH:
            return None
        region, margin = _located(probabilities)
        edges = [_edges(margin[region == each]) for each in range(_regions(classes))]
        empty = cls(tuple(edges), np.zeros((classes, 0), np.int64))
        return cls(empty.edges, _counted(labels, empty.index(probabilities), classes, empty.size))

    @property
    def size(self) -> int:
        """The number of cells."""
        return len(self._starts)

    def index(self, probabilities: Floats) -> NDArray[np.int64]:
        """Return the cell of each review: probabilities [n, K] → int64 [n]."""
        region, margin = _located(probabilities)
        return np.searchsorted(self._starts, _LIMIT * region + margin, side="right") - 1

    @cached_property
    def _starts(self) -> Floats:
        """Where each cell begins, those of each region behind the last, [C]."""
        return np.concatenate(
            [_LIMIT * region + np.array((0.0, *inner)) for region, inner in enumerate(self.edges)]
        )

    def as_json(self) -> dict[str, Any]:
        """Return JSON values."""
        return {"edges": [[*inner] for inner in self.edges], "counts": self.counts.tolist()}

    @classmethod
    def from_json(cls, value: object, classes: int) -> Self:
        """Read what `as_json` returns.

        Raises:
            ValueError, TypeError, KeyError: it is not of so many classes.
        """
        fields = mapping(value)
        edges = tuple(_inner_edges(inner) for inner in listed(fields["edges"]))
        rows = map(listed, listed(fields["counts"]))
        counts = [[whole(count, 0, _LARGEST) for count in row] for row in rows]
        cells = len(edges) + sum(map(len, edges))
        if len(edges) != _regions(classes) or [len(row) for row in counts] != [cells] * classes:
            raise ValueError("its cells are of other classes")
        if any(sum(row) < _ENOUGH for row in counts):
            raise ValueError("its cells lack a class")
        return cls(edges, np.array(counts, np.int64))


def _regions(classes: int) -> int:
    return classes * (classes - 1) if classes <= _PAIRED else classes


def _located(probabilities: Floats) -> tuple[NDArray[np.int64], Floats]:
    """Return the region and the margin of each review, [n]; the first of equal classes counts."""
    classes = probabilities.shape[1]
    logs = np.log(np.maximum(probabilities, 1e-15))
    rows = np.arange(len(logs))
    first = logs.argmax(axis=1)
    best = logs[rows, first]
    logs[rows, first] = -np.inf
    second = logs.argmax(axis=1)
    margin = np.minimum(best - logs[rows, second], _LIMIT / 2)
    if classes > _PAIRED:
        return first, margin
    return first * (classes - 1) + second - (second > first), margin


def _edges(margins: Floats) -> tuple[float, ...]:
    """Return where to divide the margins of a region: at quantiles, each once."""
    cells = min(max(margins.size // _IN_A_CELL, 1), _CELLS)
    if cells == 1:
        return ()
    inner = np.unique(np.quantile(margins, np.arange(1, cells) / cells, method="higher"))
    return tuple(inner[inner > 0].tolist())


def _inner_edges(value: object) -> tuple[float, ...]:
    inner = [number(each, 0, _LIMIT / 2) for each in listed(value)]
    if inner != sorted(set(inner)) or 0.0 in inner:
        raise ValueError("the cells of its held-out reviews are not in order")
    return tuple(inner)


def _counted(
    labels: NDArray[np.integer], cells: NDArray[np.int64], classes: int, size: int
) -> NDArray[np.int64]:
    counts = np.bincount(labels.astype(np.int64) * size + cells, minlength=classes * size)
    return counts.reshape(classes, size)
