"""The report as an HTML page without external resources."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby, islice
from pathlib import Path

from sentiment.errors import DataError
from sentiment.evaluation.comparison import Difference
from sentiment.evaluation.metrics import (
    Evaluation,
    Metric,
    number,
    percent,
)
from sentiment.evaluation.report.content import STEPS, Cuts, Report
from sentiment.evaluation.report.pictures import CHARTS, matrix
from sentiment.evaluation.report.sieve import Sieve
from sentiment.evaluation.slices import MIN_SLICE, SHOWN_SLICES, Slice
from sentiment.labels import CLASSES, UNCERTAIN
from sentiment.model.explanation import Explanation
from sentiment.model.shown import Part, level_of, parts_of
from sentiment.pages.charts import Drawing, draw, draw_table
from sentiment.pages.rendering import render

_SHOWN_WORDS = 70  # before the rest is folded
_MAX_CHARACTERS = 6000  # of a review in the page

# Characters, and the CSS class of their color.
Marked = tuple[str, str]


@dataclass(frozen=True)
class Body:
    """The text of a mistake.

    Attributes:
        beginning: shown at once.
        rest: folded.
        words: number of words in the rest.
        left_out: number of characters that are not in the page.
    """

    beginning: Sequence[Marked]
    rest: Sequence[Marked]
    words: int
    left_out: int


def body_of(explanation: Explanation) -> Body:
    """Return the text of a review with its words marked."""
    text = explanation.text[:_MAX_CHARACTERS]
    words = [word for word in explanation.words if word.end <= len(text)]
    parts = ((_collapse(part), share) for part, share in parts_of(text, words))
    # Words alternate with the characters between them.
    beginning = list(islice(parts, 2 * _SHOWN_WORDS))
    rest = list(parts)
    if len(rest) < _SHOWN_WORDS:
        beginning, rest = beginning + rest, []
    return Body(
        list(_mark(beginning)),
        list(_mark(rest)),
        sum(not part.isspace() for part, _ in rest),
        len(explanation.text) - len(text),
    )


def _collapse(part: str) -> str:
    """Reduce white space to one line break or one space."""
    return ("\n" if "\n" in part else " ") if part.isspace() else part


def _mark(parts: Sequence[Part]) -> Iterator[Marked]:
    def css_class(part: Part) -> str:
        level = level_of(part[1])
        return f"{'for' if part[1] > 0 else 'against'}-{level}" if level else ""

    # Each marked word separately, everything between two of them in one piece.
    for name, run in groupby(parts, css_class):
        if name:
            yield from ((text, name) for text, _ in run)
        else:
            yield "".join(text for text, _ in run), ""


@dataclass(frozen=True)
class Forest:
    """The common x axis of the intervals of slices, from an accuracy of `low` to 1."""

    low: float
    width: float = 160.0

    @classmethod
    def of(cls, slices: Sequence[Slice]) -> "Forest":
        """Choose a round number below the intervals of all slices that are large enough."""
        intervals = [each.intervals["accuracy"] for each in slices if not each.too_small]
        ends = [interval[0] for interval in intervals if interval]
        return cls(min(int(min(ends, default=0.0) * 20), 19) / 20)

    def x(self, accuracy: float) -> str:
        """Return the x coordinate of an accuracy."""
        share = max((accuracy - self.low) / (1 - self.low), 0)
        return f"{4 + share * (self.width - 8):.1f}"


_TEMPLATES = Path(__file__).parent / "templates"


def page_of(report: Report) -> bytes:
    """Render the page; the same report gives the same bytes."""
    metrics, binary = report.evaluation.metrics, report.label_set.is_binary
    shown = [each for found in report.slices.values() for each in found[:SHOWN_SLICES]]
    return render(
        "report.html.jinja",
        _TEMPLATES,
        styles=["report.css"],
        scripts=["report.js"],
        filters={"percent": percent, "number": number, "signed": signed, "hue": hue},
        meaning_of=meaning_of,
        body_of=body_of,
        change_of=change_of,
        report=report,
        evaluation=report.evaluation,
        overall=metrics.overall,
        headline=metrics.headline,
        of_class=metrics.of_class,
        classes=report.label_set.names,
        answers=(report.label_set.names[0], UNCERTAIN, report.label_set.names[-1]),
        uncertain=UNCERTAIN,
        drawings=_drawings(report),
        cuts=Cuts.of(report) if binary else None,
        matrix=None if binary else draw_table(matrix(report)),
        steps=STEPS,
        forest=Forest.of(shown),
        sieve=Sieve.of(report),
        compared=[metric for metric in metrics.all if metric.compared],
        min_slice=MIN_SLICE,
        shown_slices=SHOWN_SLICES,
    )


def _drawings(report: Report) -> dict[str, Drawing]:
    """Lay out every chart that has something to show."""
    drawings = {}
    for name, picture in CHARTS.items():
        with suppress(DataError):
            drawings[name] = draw(picture(report))
    return drawings


def meaning_of(metric: Metric, evaluation: Evaluation) -> str:
    """Return what a metric means, and what to compare its value with."""
    parts = [metric.meaning] if metric.meaning else []
    if metric.headline:
        constant = metric.write(evaluation.constant[metric.name])
        parts.append(f"always answering {evaluation.most_frequent}: {constant}")
    if metric.floor:
        floor = metric.write(metric.floor(evaluation))
        parts.append(f"a perfectly calibrated model would show about {floor} by chance")
    elif not metric.larger_is_better:
        parts.append("lower is better")
    return "; ".join(parts)


def signed(value: float) -> str:
    """Write a change of the log-odds with its sign."""
    return f"{value:+.2f}".replace("-", "−")


def change_of(metric: Metric, each: Difference | None) -> str:
    """Return a difference and its interval, shares in points; "" if it is undefined."""
    if each is None:
        return ""
    ends = f" ({' to '.join(map(metric.write_change, each.interval))})" if each.interval else ""
    return f"{metric.write_change(each.difference)}{ends}"


def hue(name: str) -> str:
    """Return the CSS class for the color of a class; only two have one."""
    return name if name in CLASSES else ""
