"""Pictures of a summary: the trend, the groups as a forest plot, the shares."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from sentiment.errors import DataError, UsageError
from sentiment.evaluation.metrics import percent
from sentiment.files import replacing
from sentiment.labels import NEGATIVE, NEUTRAL, POSITIVE
from sentiment.pages.charts import (
    LINES,
    MAIN,
    Axis,
    Band,
    Floats,
    ForestPlot,
    Layer,
    Line,
    Picture,
    Series,
)
from sentiment.pages.plotting import format_of, plot
from sentiment.summary.result import Cell, Share, Summary
from sentiment.summary.wording import group_name, period_name, shortened
from sentiment.values import visible

SHOWN_GROUPS = 40  # in the picture
_NAMED_PERIODS = {"month": 5, "week": 4, "day": 4}
_MARKED_PERIODS = 40  # with more of them, points hide the line
_LONGEST = 32  # characters of a name
_ROUND = np.array([0.05, 0.1, 0.2, 0.25])

# By the ends of file names, the first that there is for other names; each with what it needs.
KINDS = {"trend": "dates: give --over", "groups": "groups: give --by", "shares": ""}


def kind_of(path: Path, *, dated: bool, grouped: bool) -> str:
    """Return which of `KINDS` a picture shows.

    The end of its name says it, as in `shop-groups.png`. Other names get the trend if there are
    dates, else the groups, else the shares.

    Raises:
        UsageError: the suffix is no format of pictures, or what the name asks for is not there.
    """
    format_of(path)
    there = {"trend": dated, "groups": grouped, "shares": True}
    kind = next((kind for kind in KINDS if path.stem.lower().endswith(kind)), None)
    if kind is None:
        return next(kind for kind in KINDS if there[kind])
    if not there[kind]:
        raise UsageError(
            f"--plot {path}: {kind} needs {KINDS[kind]} COLUMN, or another name for the picture"
        )
    return kind


def picture_of(summary: Summary, path: Path) -> Picture | ForestPlot:
    """Return the picture that the name of a file asks for.

    Raises:
        UsageError: as `kind_of`.
        DataError: there are too few reviews for it.
    """
    kind = kind_of(path, dated=bool(summary.periods), grouped=bool(summary.groups))
    cells = {"trend": summary.of_periods(), "groups": summary.groups, "shares": [summary.total]}
    if not any(cell.shares for cell in cells[kind]):
        of = {
            "trend": f"no {summary.unit} has",
            "groups": "no group has",
            "shares": "there are not",
        }
        raise DataError(f"--plot {path}: {of[kind]} enough reviews for shares; lower --min")
    draw: dict[str, Callable[[Summary], Picture | ForestPlot]]
    draw = {"trend": trend, "groups": groups, "shares": shares}
    return draw[kind](summary)


def write_picture(picture: Picture | ForestPlot, path: Path) -> None:
    """Draw a picture into a file, whole or not at all; the suffix decides the format."""
    with replacing(path) as file:
        plot(picture, file, format_of(path))


def roles_of(summary: Summary) -> dict[int, str]:
    """Return the labels that are drawn, with the role of each, which decides its color.

    All are, or the most frequent ones.
    """
    classes, total = summary.classes, summary.total.shares
    if set(classes) <= {NEGATIVE, NEUTRAL, POSITIVE}:
        return dict(enumerate(classes))
    counted = [-share.counted for share in total] or [0.0] * len(classes)
    most = sorted(np.argsort(counted, kind="stable")[: len(LINES)].tolist())
    return dict(zip(most, LINES, strict=False))


def compared(summary: Summary) -> dict[int, str]:
    """Return the labels that groups are compared by, with their roles: of two, one says all."""
    roles = roles_of(summary)
    return {0: roles[0]} if len(summary.classes) == 2 else roles


def leading(summary: Summary) -> int:
    """Return the label that groups are sorted by: the first of those compared."""
    return next(iter(compared(summary)))


def trend(summary: Summary) -> Picture:
    """Return the share of each class over time, with the band of its intervals."""
    layers: list[Layer] = []
    lines: list[Layer] = []
    marked = len(summary.periods) <= _MARKED_PERIODS
    shown = [cell for cell in summary.of_periods() if cell.shares]
    for label, role in roles_of(summary).items():
        ends = _ends(summary, [cell.shares[label] for cell in shown], shown)
        name = summary.classes[label]
        for x, value, low, high in ends:
            layers.append(Band(role, x, low, high))
            lines.append(Line(role, x, value, name, marked=marked or x.size == 1))
            name = ""  # once in the legend
    every = -(-len(summary.periods) // _NAMED_PERIODS.get(summary.unit, 4))
    ticks = range(0, len(summary.periods), every)
    return Picture(
        f"Share of each answer by {summary.unit}",
        Axis(
            summary.unit,
            -0.5,
            len(summary.periods) - 0.5,
            list(ticks),
            names=[period_name(summary.periods[tick], summary.unit) for tick in ticks],
        ),
        _share_axis("share of the reviews", [cell.shares for cell in shown]),
        (*layers, *lines),
        _trend_in_words(summary, shown),
    )


Segment = tuple[Floats, Floats, Floats, Floats]


def _ends(summary: Summary, values: Sequence[Share], cells: Sequence[Cell]) -> Iterator[Segment]:
    """Yield x, share, low and high of each run of periods without a gap."""
    at = {period: number for number, period in enumerate(summary.periods)}
    x = np.array([at[cell.period or ""] for cell in cells], np.float64)
    table = np.array([[each.value, each.low, each.high] for each in values]).reshape(-1, 3)
    for run in np.split(np.arange(x.size), np.flatnonzero(np.diff(x) > 1) + 1):
        if run.size:
            value, low, high = table[run].T
            yield x[run], value, low, high


def _trend_in_words(summary: Summary, shown: Sequence[Cell]) -> str:
    if not shown:
        return "No period has enough reviews for shares."
    said = [
        f"{summary.classes[label]} from {percent(shown[0].shares[label].value)} "
        f"to {percent(shown[-1].shares[label].value)}"
        for label in roles_of(summary)
    ]
    begins, ends = (period_name(cell.period or "", summary.unit) for cell in (shown[0], shown[-1]))
    few = len(summary.periods) - len(shown)
    have = "has" if few == 1 else "have"
    left_out = f" {few} of {len(summary.periods)} periods {have} too few reviews." if few else ""
    return f"From {begins} to {ends}: {', '.join(said)}. Bands are 95% intervals.{left_out}"


def groups(summary: Summary) -> ForestPlot:
    """Return the shares of the largest groups, the largest share of the leading class on top."""
    largest = [cell for cell in summary.groups if cell.shares][:SHOWN_GROUPS]
    first = leading(summary)
    shown = sorted(largest, key=lambda cell: -cell.shares[first].value)
    differ = {each.group for each in summary.differences}
    roles = compared(summary)
    star = any(cell.group in differ for cell in shown)
    share = "share of " + (summary.classes[first] if len(roles) == 1 else "the reviews")
    return ForestPlot(
        f"By {', '.join(map(_short, summary.by))}, with 95% intervals",
        _share_axis(
            f"{share}{'; * differs from the rest beyond chance' if star else ''}",
            [[cell.shares[label] for label in roles] for cell in shown],
        ),
        [
            f"{_short(group_name(cell.group))}{' *' if cell.group in differ else ''}"
            for cell in shown
        ],
        [
            _series(role, summary.classes[label], [cell.shares[label] for cell in shown])
            for label, role in roles.items()
        ],
        [(role, summary.total.shares[label].value) for label, role in roles.items()],
    )


def shares(summary: Summary) -> ForestPlot:
    """Return the shares of all reviews; those counted beside them if they were corrected."""
    total, roles = summary.total.shares, roles_of(summary)
    series = []
    for row, (label, role) in enumerate(roles.items()):
        alone = np.full((len(roles), 3), np.nan)
        alone[row] = total[label].value, total[label].low, total[label].high
        series.append(Series(role, summary.classes[label], *alone.T))
    if summary.corrected:
        counted = np.array([total[label].counted for label in roles])
        series.append(Series(MAIN, "answers counted", counted, counted, counted))
    return ForestPlot(
        f"{summary.reviews:,} reviews, with 95% intervals",
        _share_axis("share of the reviews", [total]),
        [_short(summary.classes[label]) for label in roles],
        series,
    )


def _series(role: str, name: str, values: Sequence[Share]) -> Series:
    x, low, high = np.array([[each.value, each.low, each.high] for each in values]).reshape(-1, 3).T
    return Series(role, name, x, low, high)


def _short(name: str) -> str:
    return shortened(visible(name).encode("utf-8", "backslashreplace").decode(), _LONGEST)


def _share_axis(label: str, shown: Sequence[Sequence[Share]]) -> Axis:
    """Return an axis from 0 to a round number above all intervals."""
    highest = max((each.high for row in shown for each in row), default=1.0)
    step = float(next((step for step in _ROUND if highest <= 5 * step), 0.25))
    top = min(step * np.ceil(highest / step - 1e-9), 1.0) or step
    return Axis(label, 0, top, np.arange(0, top + step / 2, step).tolist())
