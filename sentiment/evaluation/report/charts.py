"""Charts: what is on one, its layout as SVG for the page, and drawing by matplotlib into a file."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from sentiment.evaluation.intervals import Floats
from sentiment.labels import NEGATIVE, POSITIVE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# The role of a layer decides its color: the curve itself, another one, something to compare with,
# the name of a class, or one of many classes.
MAIN, OTHER, GUIDE = "main", "other", "guide"
LINES = tuple(f"line-{number}" for number in range(8))


@dataclass(frozen=True)
class Axis:
    """An axis from `low` to `high`; `format` is applied to the numbers at the ticks.

    Below 0 these are written without a sign, as counts that grow downward, unless `signed`.
    """

    label: str
    low: float
    high: float
    ticks: Sequence[float]
    format: str = "{:.0%}"
    signed: bool = False

    def place(self, value: Floats | float) -> Floats:
        """Return positions along the axis, clipped to 0–1."""
        share = (np.asarray(value, np.float64) - self.low) / (self.high - self.low)
        return np.clip(share, 0, 1)

    def tick_texts(self) -> list[str]:
        """Return the numbers at the ticks."""
        return [self.format.format(tick if self.signed else abs(tick)) for tick in self.ticks]


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


Layer = Line | Dots | Bars | Here | Cut


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
    return layer.role if isinstance(layer, Line | Dots | Bars) else type(layer).__name__.lower()


# Metadata left out of each format, so that the same data gives the same bytes.
_METADATA: dict[str, dict[str, None]] = {
    "png": {"Software": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
    "svg": {"Date": None, "Creator": None},
}
FORMATS = tuple(_METADATA)

_DOTS_PER_INCH = 200
_UPRIGHT = 4  # names of more classes are slanted
_INK, _QUIET, _RULE, _HERE = "#1a1f26", "#57606c", "#d9dde3", "#7a2fb5"
_COLORS = {
    MAIN: _INK,
    OTHER: "#8a93a0",
    GUIDE: "#8a93a0",
    POSITIVE: "#0b62a8",
    NEGATIVE: "#b3470b",
    **dict(zip(LINES, ("#b3470b", "#2f7d32", "#0b62a8", "#a0307f", "#8a6a00", "#007a78", "#c0253a",
                       "#57606c"), strict=True)),
}  # fmt: skip
_STYLE: dict[str, Any] = {
    "font.size": 9,
    "axes.edgecolor": _RULE,
    "axes.labelcolor": _QUIET,
    "axes.titlelocation": "left",
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "text.color": _INK,
    "xtick.color": _QUIET,
    "ytick.color": _QUIET,
    "svg.hashsalt": "sentiment",
}


def plot(picture: Picture | Table, file: BinaryIO, format: str) -> None:
    """Draw a picture into a file in one of `FORMATS`."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context(_STYLE):
        square = isinstance(picture, Table) or picture.square
        side = max(4.2, 0.7 * len(picture.rows) + 1.5) if isinstance(picture, Table) else 4.2
        figure = Figure(figsize=(side, side) if square else (6.4, 3.6), layout="constrained")
        axes = figure.add_subplot()
        axes.set_title(picture.title)
        if isinstance(picture, Table):
            _plot_table(picture, axes)
        else:
            _plot_chart(picture, axes)
        figure.savefig(file, format=format, dpi=_DOTS_PER_INCH, metadata=_METADATA[format])


def _plot_chart(picture: Picture, axes: "Axes") -> None:
    for axis, limits, ticks, label in (
        (picture.x, axes.set_xlim, axes.set_xticks, axes.set_xlabel),
        (picture.y, axes.set_ylim, axes.set_yticks, axes.set_ylabel),
    ):
        limits(axis.low, axis.high)
        ticks(list(axis.ticks), axis.tick_texts())
        label(axis.label)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color=_RULE, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(length=0)
    if picture.square:
        axes.set_box_aspect(1)
    for layer in picture.layers:
        _plot_layer(layer, axes)
    axes.legend(frameon=False, fontsize=8, labelcolor=_QUIET)


def _plot_layer(layer: Layer, axes: "Axes") -> None:
    name = layer.name or None
    color = _COLORS.get(getattr(layer, "role", ""), _HERE)
    match layer:
        case Line(role="guide"):
            axes.plot(layer.x, layer.y, color=color, linewidth=1, linestyle=(0, (3, 4)), label=name)
        case Line():
            mark = "o" if layer.marked else None
            axes.plot(layer.x, layer.y, color=color, marker=mark, markersize=4, label=name)
        case Dots():
            reach = np.stack([layer.y - layer.low, layer.high - layer.y])
            axes.errorbar(layer.x, layer.y, np.maximum(reach, 0), color=color, fmt="o",
                          markersize=4, elinewidth=1.2, clip_on=False, label=name)  # fmt: skip
        case Bars():
            width = 0.9 * np.diff(layer.edges)
            middle = (layer.edges[1:] + layer.edges[:-1]) / 2
            axes.bar(middle, layer.heights, width, color=color, label=name)
        case Here():
            axes.plot(layer.x, layer.y, "o", color=color, markersize=6, zorder=3, clip_on=False,
                      label=name)  # fmt: skip
        case Cut():
            axes.axvspan(layer.low, layer.high, color=color, alpha=0.15, linewidth=0)
            axes.axvline(layer.low, color=color, linewidth=1.2, label=name)
            axes.axvline(layer.high, color=color, linewidth=1.2)


def _plot_table(table: Table, axes: "Axes") -> None:
    shares = table.counts / np.maximum(table.counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1.8)  # light enough for dark numbers
    for (row, column), count in np.ndenumerate(table.counts):
        share = shares[row, column]
        axes.text(column, row, f"{count:,}\n{share:.1%}", ha="center", va="center")
    axes.set_xticks(range(len(table.columns)), table.columns)
    axes.set_yticks(range(len(table.rows)), table.rows, rotation=90, va="center")
    if len(table.rows) > _UPRIGHT:
        axes.tick_params("x", rotation=45)
        axes.tick_params("y", rotation=0)
    axes.set_xlabel(table.x)
    axes.set_ylabel(table.y)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
