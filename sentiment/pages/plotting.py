"""Charts drawn by matplotlib into PNG, SVG or PDF."""

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from sentiment.errors import UsageError
from sentiment.labels import NEGATIVE, NEUTRAL, POSITIVE
from sentiment.pages.charts import (
    GUIDE,
    LINES,
    MAIN,
    OTHER,
    Axis,
    Band,
    Bars,
    Cut,
    Dots,
    ForestPlot,
    Here,
    Layer,
    Line,
    Picture,
    Table,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Metadata left out of each format, so that the same data gives the same bytes.
_METADATA: dict[str, dict[str, None]] = {
    "png": {"Software": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
    "svg": {"Date": None, "Creator": None},
}
FORMATS = tuple(_METADATA)

_DOTS_PER_INCH = 200
_ROW = 0.3  # inches, of a forest plot
_UPRIGHT = 4  # names of more classes are slanted
_INK, _QUIET, _RULE, _HERE = "#1a1f26", "#57606c", "#d9dde3", "#7a2fb5"
_COLORS = {
    MAIN: _INK,
    OTHER: "#8a93a0",
    GUIDE: "#8a93a0",
    NEUTRAL: "#8a93a0",
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
    "text.parse_math": False,  # a name may hold dollar signs
    "xtick.color": _QUIET,
    "ytick.color": _QUIET,
    "svg.hashsalt": "sentiment",
}


def format_of(path: Path) -> str:
    """Return which of `FORMATS` the name of a picture ends with.

    Raises:
        UsageError: it ends with none of them.
    """
    format = path.suffix.lower().removeprefix(".")
    if format not in FORMATS:
        raise UsageError(f"--plot {path}: pictures are {', '.join(f'.{name}' for name in FORMATS)}")
    return format


def plot(picture: Picture | Table | ForestPlot, file: BinaryIO, format: str) -> None:
    """Draw a picture into a file in one of `FORMATS`."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context(_STYLE), warnings.catch_warnings():
        # A name may hold characters that the font lacks; they are drawn as boxes.
        warnings.filterwarnings("ignore", "Glyph .* missing from font", UserWarning)
        figure = Figure(figsize=_size(picture), layout="constrained")
        axes = figure.add_subplot()
        axes.set_title(picture.title)
        match picture:
            case Table():
                _plot_table(picture, axes)
            case ForestPlot():
                _plot_forest(picture, axes)
            case Picture():
                _plot_chart(picture, axes)
        figure.savefig(file, format=format, dpi=_DOTS_PER_INCH, metadata=_METADATA[format])


def _size(picture: Picture | Table | ForestPlot) -> tuple[float, float]:
    """Return width and height in inches."""
    match picture:
        case Table():
            side = max(4.2, 0.7 * len(picture.rows) + 1.5)
            return side, side
        case ForestPlot():
            return 6.4, 1.4 + _ROW * len(picture.rows)
        case Picture():
            return (4.2, 4.2) if picture.square else (6.4, 3.6)


def _plot_chart(picture: Picture, axes: "Axes") -> None:
    _set_axis(picture.x, axes.set_xlim, axes.set_xticks, axes.set_xlabel)
    _set_axis(picture.y, axes.set_ylim, axes.set_yticks, axes.set_ylabel)
    _quiet_frame(axes)
    if picture.square:
        axes.set_box_aspect(1)
    for layer in picture.layers:
        _plot_layer(layer, axes)
    axes.legend(frameon=False, fontsize=8, labelcolor=_QUIET)


def _set_axis(axis: Axis, limits: Any, ticks: Any, label: Any) -> None:
    limits(axis.low, axis.high)
    ticks(list(axis.ticks), axis.tick_texts())
    label(axis.label)


def _quiet_frame(axes: "Axes") -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color=_RULE, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(length=0)


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
        case Band():
            axes.fill_between(layer.x, layer.low, layer.high, color=color, alpha=0.16, linewidth=0,
                              label=name)  # fmt: skip
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


def _plot_forest(picture: ForestPlot, axes: "Axes") -> None:
    _set_axis(picture.x, axes.set_xlim, axes.set_xticks, axes.set_xlabel)
    rows = np.arange(len(picture.rows))
    axes.set_yticks(rows, picture.rows)
    axes.set_ylim(len(picture.rows) - 0.4, -0.6)
    _quiet_frame(axes)
    axes.grid(visible=False, axis="y")
    for role, place in picture.guides:
        axes.axvline(place, color=_COLORS[role], linewidth=1, linestyle=(0, (3, 4)), alpha=0.7)
    known = np.array([np.isfinite(series.x) for series in picture.series])
    # Those in a row stand below each other, so that they do not hide each other.
    places = (np.cumsum(known, axis=0) - (known.sum(axis=0) + 1) / 2) / (2 * len(known))
    for series, place in zip(picture.series, places, strict=True):
        y = rows + place
        reach = np.stack([series.x - series.low, series.high - series.x])
        axes.errorbar(series.x, y, xerr=np.maximum(reach, 0), color=_COLORS[series.role], fmt="o",
                      markersize=4, elinewidth=1.2, clip_on=False, label=series.name)  # fmt: skip
    axes.figure.legend(loc="outside lower left", ncols=4, frameon=False, fontsize=8,
                       labelcolor=_QUIET)  # fmt: skip


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
