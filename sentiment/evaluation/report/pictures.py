"""The report's pictures: what is on each, and how the page lays it out as SVG."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sentiment.errors import DataError
from sentiment.evaluation.metrics import Floats, calibration_noise, number, percent, reliability_of
from sentiment.evaluation.ranking import precision_recall_curve, roc_curve
from sentiment.evaluation.report.content import Report
from sentiment.labels import CLASSES

# The role of a layer decides its color: the curve itself, another one, what to compare it with, or
# the reviews of a class.
MAIN, OTHER, GUIDE, NEGATIVE, POSITIVE = "main", "other", "guide", "negative", "positive"


@dataclass(frozen=True)
class Axis:
    """An axis from `low` to `high`.

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

    def place(self, value: Floats | float) -> Floats:
        """Return where along the axis values are, from 0 to 1."""
        share = (np.asarray(value, np.float64) - self.low) / (self.high - self.low)
        return np.clip(share, 0, 1)

    def written(self) -> list[str]:
        """Write the numbers at the ticks without sign: below 0 something is counted downward."""
        return [self.format.format(abs(tick)) for tick in self.ticks]


@dataclass(frozen=True, eq=False)
class Line:
    """Points joined by a line, and marked if they are few."""

    role: str
    x: Floats
    y: Floats
    name: str = ""
    marked: bool = False


@dataclass(frozen=True, eq=False)
class Dots:
    """Points, each with its interval."""

    role: str
    x: Floats
    y: Floats
    low: Floats
    high: Floats
    name: str = ""


@dataclass(frozen=True, eq=False)
class Bars:
    """Bars from 0 up, or down where negative, between their edges."""

    role: str
    edges: Floats
    heights: Floats
    name: str = ""


@dataclass(frozen=True)
class Here:
    """The point of a curve where the model is."""

    x: float
    y: float
    name: str = ""


@dataclass(frozen=True)
class Cut:
    """Where answers change on the x axis: at one place, or from one to the other.

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
        summary: what it shows, for those who do not see it.
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

    def x(self, value: Floats | float) -> Floats:
        """Return the x of values in the drawing."""
        return np.round(self.left + self.picture.x.place(value) * (self.right - self.left), 1)

    def y(self, value: Floats | float) -> Floats:
        """Return the y of values in the drawing."""
        return np.round(self.bottom - self.picture.y.place(value) * (self.bottom - self.top), 1)


def draw(picture: Picture) -> Drawing:
    """Lay out a chart."""
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


_QUARTERS = (0, 0.25, 0.5, 0.75, 1)
_BINS = 40
# Epochs that are all numbered; of more, some are.
_NUMBERED = 10


def roc(report: Report) -> Picture:
    """True positive rate by false positive rate."""
    _need_both_classes(report)
    evaluation = report.evaluation
    curve = roc_curve(evaluation.ranks)
    false, true = (evaluation.confusion[:, 1] / evaluation.confusion.sum(axis=1)).tolist()
    return Picture(
        "ROC curve",
        _share("negative reviews answered positive"),
        _share("positive reviews answered positive"),
        (
            Line(GUIDE, np.array([0.0, 1]), np.array([0.0, 1]), "chance"),
            Line(MAIN, curve.x, curve.y),
            Here(false, true, "at the threshold"),
        ),
        f"The area under it is {number(evaluation.figures['roc_auc'])}. At the threshold "
        f"{percent(true)} of the positive reviews are found, with {percent(false)} of the "
        "negative ones.",
        square=True,
    )


def precision_recall(report: Report) -> Picture:
    """Precision of *positive* by its recall."""
    _need_both_classes(report)
    evaluation = report.evaluation
    curve = precision_recall_curve(evaluation.ranks)
    rate = evaluation.support["positive"] / evaluation.n
    precision, recall = (evaluation.figures[f"{name}_positive"] for name in ("precision", "recall"))
    here: tuple[Here, ...] = ()
    outcome = "nothing is answered positive"
    if precision is not None and recall is not None:
        here = (Here(recall, precision, "at the threshold"),)
        outcome = (
            f"{percent(precision)} of the answers positive are right, and "
            f"{percent(recall)} of the positive reviews are found"
        )
    return Picture(
        "Precision–recall curve",
        _share("recall of positive"),
        _share("precision of positive"),
        (
            Line(GUIDE, np.array([0.0, 1]), np.array([rate, rate]), "chance"),
            Line(MAIN, curve.x, curve.y),
            *here,
        ),
        f"The area under it is {number(evaluation.figures['pr_auc'])}. At the threshold {outcome}.",
        square=True,
    )


def reliability(report: Report) -> Picture:
    """Shares of positive reviews by predicted probability."""
    bins = reliability_of(report.p_positive, report.labels)
    predicted = bins.mean_predicted
    ece, floor = report.evaluation.figures["ece"], calibration_noise(report.p_positive)
    missed = int(np.count_nonzero((bins.low > predicted) | (bins.high < predicted)))
    return Picture(
        "Reliability",
        _share("probability of positive"),
        _share("positive reviews among them"),
        (
            Line(GUIDE, np.array([0.0, 1]), np.array([0.0, 1]), "perfect"),
            Dots(MAIN, predicted, bins.fraction_positive, bins.low, bins.high, "with 95% interval"),
        ),
        f"In {bins.n.size - missed} of {bins.n.size} bins the probability lies within the interval "
        f"of what was found. The expected calibration error is {number(ece)}; a perfectly "
        f"calibrated model would have {number(floor)} by chance.",
        square=True,
    )


def scores(report: Report) -> Picture:
    """Reviews of either class by probability."""
    edges = np.linspace(0, 1, _BINS + 1)
    up, down = (
        np.histogram(report.p_positive[report.labels == label], edges)[0].astype(np.float64)
        for label in (1, 0)
    )
    step = _round_step(max(up.max(), down.max()))
    low, high = -step * np.ceil(down.max() / step), step * np.ceil(up.max() / step)
    decision = report.decision
    return Picture(
        "Scores",
        _share("probability of positive"),
        Axis("reviews", low, high, np.arange(low, high + step / 2, step).tolist(), "{:,.0f}"),
        (
            Bars(POSITIVE, edges, up, "positive reviews, upward"),
            Bars(NEGATIVE, edges, -down, "negative reviews, downward"),
            Cut(
                *(decision.abstention_interval or (decision.threshold, decision.threshold)),
                "threshold",
            ),
        ),
        f"{percent(float(np.mean(np.abs(report.p_positive - 0.5) > 0.4)))} of the reviews have a "
        "probability below 10% or above 90%.",
    )


def training(report: Report) -> Picture:
    """Loss by epoch."""
    epochs = report.model.record.history
    about = report.model.record.provenance
    if not epochs:
        raise DataError("this model keeps no record of its training")
    losses = {
        name: np.array([epoch.get(name, np.nan) for epoch in epochs])
        for name in ("loss", "validation_loss")
    }
    highest = float(np.nanmax([losses["loss"], losses["validation_loss"]], initial=1e-9))
    step = _round_step(highest)
    top = step * np.ceil(highest / step)
    numbers = np.arange(1.0, len(epochs) + 1)
    every = -(-len(epochs) // _NUMBERED)
    best = about.best_epoch if about and about.best_epoch <= len(epochs) else None
    lowest = losses["validation_loss"][best - 1] if best else np.nan
    kept = (Here(best, float(lowest), "kept"),) if best and np.isfinite(lowest) else ()
    return Picture(
        "Loss by epoch",
        Axis("epoch", 0.5, len(epochs) + 0.5, numbers[::every].tolist(), "{:.0f}"),
        Axis("loss", 0, top, np.arange(0, top + step / 2, step).tolist(), "{:.3g}"),
        (
            Line(OTHER, numbers, losses["loss"], "training reviews", marked=True),
            Line(MAIN, numbers, losses["validation_loss"], "held-out reviews", marked=True),
            *kept,
        ),
        f"{len(epochs)} {'epoch' if len(epochs) == 1 else 'epochs'}"
        + (f"; the weights of epoch {best} were kept." if best else "."),
    )


def confusion(report: Report) -> Table:
    """Reviews by label and answer."""
    counts = report.evaluation.confusion
    return Table("Confusion matrix", counts, CLASSES, CLASSES, "answered", "labelled")


# By the names that users pick them by.
CHARTS: dict[str, Callable[[Report], Picture]] = {
    "roc": roc,
    "precision_recall": precision_recall,
    "reliability": reliability,
    "scores": scores,
    "training": training,
}
PICTURES: dict[str, Callable[[Report], Picture | Table]] = {"confusion": confusion, **CHARTS}


def picture_of(name: str, report: Report) -> Picture | Table:
    """Return one of `PICTURES`.

    Raises:
        DataError: there is nothing to show on it.
    """
    try:
        return PICTURES[name](report)
    except DataError as error:
        raise DataError(f"no picture {name}: {error}") from error


def _share(label: str) -> Axis:
    return Axis(label, 0, 1, _QUARTERS)


def _round_step(most: float) -> float:
    """Return a round number that goes two to five times into a positive one."""
    power = 10.0 ** np.floor(np.log10(most))
    steps = (power / 5, power / 2, power, 2 * power)
    return float(next(step for step in steps if most <= 5 * step))


def _need_both_classes(report: Report) -> None:
    if not report.has_both_classes:
        raise DataError("all reviews have the same label")
