"""Charts as shapes with places on a drawing; the template writes them as SVG."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sentiment.evaluation.report.picture import Bars, Cut, Dots, Here, Layer, Line, Picture

Tick = tuple[float, str]

_RIGHT, _TOP, _BOTTOM = 14, 12, 46
# Room for the label of the y axis, and for each character that stands at its ticks.
_LABEL, _CHARACTER = 30, 6.8
_SQUARE, _WIDE, _LOW = 270, 400, 210


@dataclass(frozen=True)
class Shape:
    """Something that is drawn.

    Attributes:
        kind: `path`, `dot`, `here` or `cut`.
        role: what it stands for.
        path: what is drawn, for a path.
        x, y: where, for a dot or for `here`; the left edge of a cut.
        to: the right edge of a cut.
    """

    kind: str
    role: str = ""
    path: str = ""
    x: float = 0.0
    y: float = 0.0
    to: float = 0.0


@dataclass(frozen=True)
class Drawing:
    """A chart laid out.

    Attributes:
        picture: what is drawn.
        width, height: of the drawing; other lengths are in the same units.
        left, right, top, bottom: where the axes are.
        x_ticks, y_ticks: places and what stands there.
        shapes: what is drawn, the last on top.
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

    def x(self, value: NDArray[np.float64] | float) -> NDArray[np.float64]:
        """Place values along the x axis."""
        axis = self.picture.x
        share = (np.asarray(value, np.float64) - axis.low) / (axis.high - axis.low)
        return np.round(self.left + np.clip(share, 0, 1) * (self.right - self.left), 1)

    def y(self, value: NDArray[np.float64] | float) -> NDArray[np.float64]:
        """Place values along the y axis."""
        axis = self.picture.y
        share = (np.asarray(value, np.float64) - axis.low) / (axis.high - axis.low)
        return np.round(self.bottom - np.clip(share, 0, 1) * (self.bottom - self.top), 1)


def draw(picture: Picture) -> Drawing:
    """Lay a chart out."""
    x, y = picture.x, picture.y
    left = round(_LABEL + _CHARACTER * max(map(len, y.written())))
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
        x_ticks=list(zip(frame.x(np.array(x.ticks)).tolist(), x.written(), strict=True)),
        y_ticks=list(zip(frame.y(np.array(y.ticks)).tolist(), y.written(), strict=True)),
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
