"""Charts: what is on one, and its layout as SVG for a page; `plotting.py` draws it into a file."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# The role of a layer decides its color: the curve itself, another one, something to compare with,
# the name of a class, or one of many classes.
MAIN, OTHER, GUIDE = "main", "other", "guide"
LINES = tuple(f"line-{number}" for number in range(8))


@dataclass(frozen=True)
class Axis:
    """An axis from `low` to `high`.

    Attributes:
        format: how the numbers at the ticks are written.
        names: texts at the ticks in their place.
    """

    label: str
    low: float
    high: float
    ticks: Sequence[float]
    format: str = "{:.0%}"
    names: Sequence[str] = ()

    def place(self, value: Floats | float) -> Floats:
        """Return positions along the axis, clipped to 0–1."""
        share = (np.asarray(value, np.float64) - self.low) / (self.high - self.low)
        return np.clip(share, 0, 1)

    def tick_texts(self) -> list[str]:
        """Return the texts at the ticks; numbers unsigned: below 0, counts grow downward."""
        return list(self.names) or [self.format.format(abs(tick)) for tick in self.ticks]


@dataclass(frozen=True, eq=False)
class Line:
    """Points joined by a line, optionally with markers."""

    role: str
    x: Floats
    y: Floats
    name: str = ""
    marked: bool = False


@dataclass(frozen=True, eq=False)
class Dots:
    """Points with intervals."""

    role: str
    x: Floats
    y: Floats
    low: Floats
    high: Floats
    name: str = ""


@dataclass(frozen=True, eq=False)
class Band:
    """The area between two curves, as of the intervals along a line."""

    role: str
    x: Floats
    low: Floats
    high: Floats
    name: str = ""


@dataclass(frozen=True, eq=False)
class Bars:
    """A histogram; negative heights point down."""

    role: str
    edges: Floats
    heights: Floats
    name: str = ""


@dataclass(frozen=True)
class Here:
    """The model's point on a curve."""

    x: float
    y: float
    name: str = ""


@dataclass(frozen=True)
class Cut:
    """The threshold, or the abstention interval, on the x axis."""

    low: float
    high: float
    name: str = ""


Layer = Line | Dots | Band | Bars | Here | Cut


@dataclass(frozen=True)
class Picture:
    """A chart; layers go from bottom to top, and the summary is the text alternative."""

    title: str
    x: Axis
    y: Axis
    layers: Sequence[Layer]
    summary: str
    square: bool = False


@dataclass(frozen=True, eq=False)
class Series:
    """An estimate with its interval in each row of a forest plot, float64 [rows]; NaN for none."""

    role: str
    name: str
    x: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True, eq=False)
class ForestPlot:
    """Estimates with intervals, a row each.

    Attributes:
        rows: their names, from top to bottom.
        guides: role and place on the axis of what to compare with.
    """

    title: str
    x: Axis
    rows: Sequence[str]
    series: Sequence[Series]
    guides: Sequence[tuple[str, float]] = ()


@dataclass(frozen=True, eq=False)
class Table:
    """A table of counts, int64 [rows, columns]; x and y are the titles of columns and rows."""

    title: str
    counts: NDArray[np.int64]
    rows: Sequence[str]
    columns: Sequence[str]
    x: str
    y: str


@dataclass(frozen=True)
class Cell:
    """A cell of a heat map: its place, count and share of the row; `kind` decides its color."""

    x: float
    y: float
    count: str
    share: float
    kind: str


@dataclass(frozen=True)
class HeatMap:
    """A table laid out as SVG, in units of a view box of `width` and `height`.

    Attributes:
        size: width and height of a cell.
        left, top: the corner of the first cell.
        slanted: whether the titles of columns are too long to be upright.
        cells: row by row.
    """

    table: Table
    size: float
    left: float
    top: float
    slanted: bool
    cells: Sequence[Cell]

    @property
    def width(self) -> float:
        """The width of the view box; slanted titles reach to the right."""
        return self.left + self.size * len(self.table.columns) + self.slanted * self.top * 0.6

    @property
    def height(self) -> float:
        """The height of the view box."""
        return self.top + self.size * len(self.table.rows) + 4


_CELL, _SMALL_CELL, _LARGE_TABLE = 66, 44, 7  # small from so many classes
_NAME = 16  # characters of a class


def draw_table(table: Table) -> HeatMap:
    """Lay out a table with equal rows and columns, and perhaps one column more."""
    size = _CELL if len(table.rows) < _LARGE_TABLE else _SMALL_CELL
    longest = _CHARACTER * min(max(map(len, [*table.rows, *table.columns])), _NAME)
    slanted = longest > size
    left, top = round(_LABEL + longest), round(34 + longest * 0.6) if slanted else 34
    totals = np.maximum(table.counts.sum(axis=1), 1)
    cells = [
        Cell(
            left + column * size,
            top + row * size,
            f"{count:,}",
            float(count / totals[row]),
            "right" if row == column else "wrong" if column < len(table.rows) else "open",
        )
        for (row, column), count in np.ndenumerate(table.counts)
    ]
    return HeatMap(table, size, left, top, slanted, cells)


Tick = tuple[float, str]

_RIGHT, _TOP, _BOTTOM = 14, 12, 46
# Width of the y axis label, and of each character of its ticks.
_LABEL, _CHARACTER = 30, 6.8
_SQUARE, _WIDE, _LOW = 270, 400, 210


@dataclass(frozen=True)
class Shape:
    """An SVG `path`, a `dot` or `here` at x and y, or a `cut` from x to `to`."""

    kind: str
    role: str = ""
    path: str = ""
    x: float = 0.0
    y: float = 0.0
    to: float = 0.0


@dataclass(frozen=True)
class Drawing:
    """A chart laid out as SVG, in units of a view box of `width` and `height`.

    Attributes:
        left, right, top, bottom: ends of the axes.
        legend: roles and names.
    """

    picture: Picture
    width: float
    height: float
    left: float
    right: float
    top: float
    bottom: float
    x_ticks: Sequence[Tick] = ()
    y_ticks: Sequence[Tick] = ()
    shapes: Sequence[Shape] = ()
    legend: Sequence[tuple[str, str]] = ()

    def x(self, value: Floats | float) -> Floats:
        """Return the x coordinates of values."""
        return np.round(self.left + self.picture.x.place(value) * (self.right - self.left), 1)

    def y(self, value: Floats | float) -> Floats:
        """Return the y coordinates of values."""
        return np.round(self.bottom - self.picture.y.place(value) * (self.bottom - self.top), 1)


def draw(picture: Picture) -> Drawing:
    """Lay out a chart."""
    x, y = picture.x, picture.y
    left = round(_LABEL + _CHARACTER * max(map(len, y.tick_texts())))
    width, height = (_SQUARE, _SQUARE) if picture.square else (_WIDE, _LOW)
    frame = Drawing(
        picture,
        left + width + _RIGHT,
        _TOP + height + _BOTTOM,
        left,
        left + width,
        _TOP,
        _TOP + height,
    )
    return replace(
        frame,
        x_ticks=list(zip(frame.x(np.array(x.ticks)).tolist(), x.tick_texts(), strict=True)),
        y_ticks=list(zip(frame.y(np.array(y.ticks)).tolist(), y.tick_texts(), strict=True)),
        shapes=[shape for layer in picture.layers for shape in _shapes(layer, frame)],
        legend=[(_role(layer), layer.name) for layer in picture.layers if layer.name],
    )


def _shapes(layer: Layer, frame: Drawing) -> Iterator[Shape]:
    match layer:
        case Line():
            points = list(zip(frame.x(layer.x), frame.y(layer.y), layer.y, strict=True))
            known = [(x, y) for x, y, value in points if np.isfinite(value)]
            yield Shape("path", layer.role, "M" + "L".join(f"{x:g} {y:g}" for x, y in known))
            if layer.marked:
                yield from (Shape("dot", layer.role, x=float(x), y=float(y)) for x, y in known)
        case Dots():
            ends = zip(frame.x(layer.x), frame.y(layer.low), frame.y(layer.high), strict=True)
            yield Shape(
                "path", layer.role, "".join(f"M{x:g} {low:g}V{high:g}" for x, low, high in ends)
            )
            for x, y in zip(frame.x(layer.x), frame.y(layer.y), strict=True):
                yield Shape("dot", layer.role, x=float(x), y=float(y))
        case Band():
            there = zip(frame.x(layer.x), frame.y(layer.high), strict=True)
            back = zip(frame.x(layer.x[::-1]), frame.y(layer.low[::-1]), strict=True)
            path = "M" + "L".join(f"{x:g} {y:g}" for x, y in (*there, *back)) + "Z"
            yield Shape("path", f"{layer.role} band", path)
        case Bars():
            yield Shape("path", f"{layer.role} filled", _bars(layer, frame))
        case Here():
            yield Shape("here", x=float(frame.x(layer.x)), y=float(frame.y(layer.y)))
        case Cut():
            yield Shape("cut", x=float(frame.x(layer.low)), to=float(frame.x(layer.high)))


def _bars(layer: Bars, frame: Drawing) -> str:
    zero = float(frame.y(0))
    columns = zip(
        frame.x(layer.edges[:-1]), frame.x(layer.edges[1:]), frame.y(layer.heights), strict=True
    )
    return "".join(
        f"M{left + 0.5:g} {zero:g}V{end:g}H{right - 0.5:g}V{zero:g}Z"
        for left, right, end in columns
        if end != zero
    )


def _role(layer: Layer) -> str:
    match layer:
        case Line() | Dots():
            return layer.role
        case Band():
            return f"{layer.role} band"
        case Bars():
            return f"{layer.role} filled"
    return type(layer).__name__.lower()
