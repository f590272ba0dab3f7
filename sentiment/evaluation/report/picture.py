"""Charts as what is on them: axes and layers, whoever draws them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# What a layer stands for, which decides its color: the curve itself, another beside it, what it is
# to be compared with, or the reviews of a class.
MAIN, OTHER, GUIDE, NEGATIVE, POSITIVE = "main", "other", "guide", "negative", "positive"


@dataclass(frozen=True)
class Axis:
    """What is laid out along a side, from `low` to `high`.

    Attributes:
        label: what it is, and its unit.
        ticks: where a number stands.
        format: how it is written, for `str.format`.
    """

    label: str
    low: float
    high: float
    ticks: Sequence[float]
    format: str = "{:.0%}"

    def written(self) -> list[str]:
        """Write the numbers at the ticks, without sign: below 0 something is counted downward."""
        return [self.format.format(abs(tick)) for tick in self.ticks]


@dataclass(frozen=True, eq=False)
class Line:
    """Points that are joined; each is marked where there are few."""

    role: str
    x: Floats
    y: Floats
    name: str = ""
    marked: bool = False


@dataclass(frozen=True, eq=False)
class Dots:
    """Points with the interval that each is in."""

    role: str
    x: Floats
    y: Floats
    low: Floats
    high: Floats
    name: str = ""


@dataclass(frozen=True, eq=False)
class Bars:
    """Bars from 0 up, or down where they are negative, between edges one more than they are."""

    role: str
    edges: Floats
    heights: Floats
    name: str = ""


@dataclass(frozen=True)
class Here:
    """The point of the curve that the model is at."""

    x: float
    y: float
    name: str = ""


@dataclass(frozen=True)
class Cut:
    """Where answers change, on the x axis: at one place, or from one to the other.

    Attributes:
        low, high: negative up to the one, positive from the other on.
        name: what stands in the legend.
    """

    low: float
    high: float
    name: str = ""


Layer = Line | Dots | Bars | Here | Cut


@dataclass(frozen=True)
class Picture:
    """A chart.

    Attributes:
        title: what it shows.
        x, y: its axes.
        layers: what is on it, the last on top.
        summary: what is to be seen on it, for those who do not see it.
        square: whether both axes are as long.
    """

    title: str
    x: Axis
    y: Axis
    layers: Sequence[Layer]
    summary: str
    square: bool = False


@dataclass(frozen=True, eq=False)
class Table:
    """Counts in rows and columns.

    Attributes:
        title: what it shows.
        counts: int64 [rows, columns].
        rows, columns: what they are called.
        x, y: what the columns and rows are.
    """

    title: str
    counts: NDArray[np.int64]
    rows: Sequence[str]
    columns: Sequence[str]
    x: str
    y: str
