"""The summary as an HTML page without external resources."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sentiment.evaluation.metrics import percent
from sentiment.files import replacing
from sentiment.pages.charts import draw
from sentiment.pages.rendering import render
from sentiment.summary import pictures
from sentiment.summary.result import Aspect, Cell, Group, Quote, Summary, Theme
from sentiment.summary.wording import (
    gist,
    group_name,
    interval,
    period_name,
    shortened,
    shown_first,
    without_folders,
)

SHOWN_GROUPS = 200
_MAX_SENTENCE, _MAX_REVIEW = 400, 6000  # characters in the page
_TEMPLATES = Path(__file__).parent / "templates"
_LANE, _ROW = 9, 30  # heights of an interval in the forest plot, and at least of a row
_SPARK_WIDTH, _SPARK_HEIGHT = 72, 16


def write_page(summary: Summary, path: Path) -> None:
    """Write the page of a summary into a file, whole or not at all."""
    content = page_of(summary)
    with replacing(path) as file:
        file.write(content)


def page_of(summary: Summary) -> bytes:
    """Render the page; the same summary gives the same bytes."""
    rows = _rows(summary)
    return render(
        "summary.html.jinja",
        _TEMPLATES,
        styles=["summary.css"],
        scripts=["summary.js"],
        filters={
            "percent": percent,
            "interval": interval,
            "group_name": group_name,
            "period_name": period_name,
            "short": shortened,
            "without_folders": without_folders,
        },
        summary=summary,
        gist=gist(summary),
        roles=pictures.roles_of(summary),
        compared=pictures.compared(summary),
        leading=pictures.leading(summary),
        trend=draw(pictures.trend(summary)) if _has_trend(summary) else None,
        rows=rows,
        axis=Lanes.of(rows, summary) if rows else None,
        others=len(summary.groups) - len(rows),
        sparks_of_groups=any(row.spark for row in rows),
        columns=_columns(summary),
        quoted=quoted,
        stacked=stacked,
    )


def _has_trend(summary: Summary) -> bool:
    return any(cell.shares for cell in summary.of_periods())


@dataclass(frozen=True)
class Row:
    """A group: its cell, how it differs from the rest, and its trend.

    Attributes:
        differs: what is beyond chance: the class, and words for it.
        spark: the trend of the leading class as an SVG path; "" for none.
    """

    cell: Cell
    differs: Sequence[tuple[int, str]]
    spark: str


def _rows(summary: Summary) -> list[Row]:
    """Return the largest groups and those that differ, the most of the leading class first."""
    differing: dict[Group, list[tuple[int, str]]] = {}
    for each in summary.differences:
        more = "more" if each.share > each.other else "less"
        words = f"{more} {summary.classes[each.label]} than the rest ({percent(each.other)})"
        differing.setdefault(each.group, []).append((each.label, words))
    shown = [
        cell
        for number, cell in enumerate(summary.groups)
        if number < SHOWN_GROUPS or cell.group in differing
    ]
    leading = pictures.leading(summary)
    shown.sort(key=lambda cell: -cell.shares[leading].value if cell.shares else 1.0)
    over_time: dict[Group, dict[str, float]] = {}
    for cell in summary.cells:
        if cell.period is not None and cell.shares:
            over_time.setdefault(cell.group, {})[cell.period] = cell.shares[leading].value
    return [
        Row(
            cell,
            differing.get(cell.group, ()),
            spark([over_time.get(cell.group, {}).get(period) for period in summary.periods]),
        )
        for cell in shown
    ]


@dataclass(frozen=True)
class Lanes:
    """The common x axis of the intervals of groups, and a lane for each class compared.

    Attributes:
        low, high: its ends, multiples of 5%.
        lanes: how many classes are compared.
    """

    low: float
    high: float
    lanes: int
    width: float = 160.0

    @classmethod
    def of(cls, rows: Sequence[Row], summary: Summary) -> "Lanes":
        """Choose round numbers around all intervals."""
        labels = pictures.compared(summary)
        shares = [row.cell.shares[label] for row in rows if row.cell.shares for label in labels]
        low = np.floor(min((share.low for share in shares), default=0.0) * 20) / 20
        high = np.ceil(max((share.high for share in shares), default=1.0) * 20) / 20
        return cls(float(low), float(max(high, low + 0.05)), len(labels))

    @property
    def height(self) -> int:
        """The height of a row."""
        return max(_LANE * self.lanes + 6, _ROW)

    def x(self, share: float) -> str:
        """Return the x coordinate of a share."""
        along = np.clip((share - self.low) / (self.high - self.low), 0, 1)
        return f"{4 + along * (self.width - 8):.1f}"

    def y(self, lane: int) -> float:
        """Return the y coordinate of a lane."""
        return self.height / 2 + _LANE * (lane - (self.lanes - 1) / 2)


def spark(values: Sequence[float | None]) -> str:
    """Return a small line through the known values as an SVG path, from 0 to their maximum."""
    known = [(number, value) for number, value in enumerate(values) if value is not None]
    if len(known) < 2:
        return ""
    most = max(value for _, value in known) or 1.0
    step = (_SPARK_WIDTH - 4) / (len(values) - 1)
    points, before = [], -2
    for number, value in known:
        x, y = 2 + step * number, _SPARK_HEIGHT - 2 - (_SPARK_HEIGHT - 4) * value / most
        points.append(f"{'L' if number == before + 1 else 'M'}{x:.1f} {y:.1f}")
        before = number
    return "".join(points)


@dataclass(frozen=True)
class ShownTheme:
    """A theme, the width of its bar in percent, its trend as a path, and how much it rose."""

    theme: Theme
    width: float
    spark: str
    rise: float


@dataclass(frozen=True)
class Column:
    """The themes of a class."""

    name: str
    role: str
    themes: Sequence[ShownTheme]


def _columns(summary: Summary) -> list[Column]:
    """Return the themes of each class that has any."""
    roles = pictures.roles_of(summary)
    most = max((theme.share for theme in summary.themes), default=0.0) or 1.0
    columns = []
    for label in shown_first(summary.classes):
        themes = [
            ShownTheme(theme, 100 * theme.share / most, spark(theme.trend), _rise(theme.trend))
            for theme in summary.themes
            if theme.label == label
        ]
        if themes:
            columns.append(Column(summary.classes[label], roles.get(label, ""), themes))
    return columns


def _rise(trend: Sequence[float | None]) -> float:
    """Return by how much the mean of the second half of the periods exceeds that of the first."""
    half = len(trend) // 2
    first, second = (
        [value for value in part if value is not None] for part in (trend[:half], trend[half:])
    )
    return float(np.mean(second) - np.mean(first)) if first and second else 0.0


@dataclass(frozen=True)
class Quoted:
    """A quote as the page shows it: the review is before, sentence and after.

    Attributes:
        short: the sentence, shortened if it is very long.
        left_out: how many characters of the review are not in the page.
    """

    short: str
    before: str
    sentence: str
    after: str
    left_out: int


def quoted(quote: Quote) -> Quoted:
    """Return a quote with its place in the review, which is shortened if it is very long."""
    short = shortened(quote.sentence, _MAX_SENTENCE)
    at = max(quote.review.find(quote.sentence), 0)
    # A sentence far into a long review is shown with what stands around it.
    begin = 0 if at + len(quote.sentence) <= _MAX_REVIEW else max(at - _MAX_REVIEW // 4, 0)
    review = quote.review[begin : begin + _MAX_REVIEW]
    before, sentence, after = review.partition(quote.sentence[: len(review) - (at - begin)])
    before = f"… {before}" if begin else before
    return Quoted(short, before, sentence, after, len(quote.review) - len(review))


def stacked(aspect: Aspect, roles: dict[int, str]) -> list[tuple[str, float, float]]:
    """Return the shares of an aspect as parts of a bar: role, begin and width in percent."""
    ends = np.cumsum([0.0, *aspect.shares]) * 100
    return [
        (role, float(ends[label]), float(ends[label + 1] - ends[label]))
        for label, role in roles.items()
        if aspect.shares
    ]
