"""The report page: its content, from metrics to HTML."""

import hashlib
from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from itertools import groupby, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sentiment.errors import DataError
from sentiment.evaluation.metrics import (
    HEADLINE,
    OF_CLASS,
    OVERALL,
    Evaluation,
    Metric,
    number,
    percent,
)
from sentiment.evaluation.mistakes import FEWEST, SHOWN_SLICES
from sentiment.evaluation.report.content import STEPS, Cuts, Forest, Report
from sentiment.evaluation.report.pictures import CHARTS, Drawing, draw
from sentiment.model.explanation import Explanation, Part, level_of, parts_of
from sentiment.reviews.cells import SPELLED

if TYPE_CHECKING:
    from jinja2 import Environment


# Words that are shown at once, and characters that are in the page at all.
_AT_ONCE = 70
_LONGEST = 6000

# Characters, and the class that colors them.
Marked = tuple[str, str]


@dataclass(frozen=True)
class Body:
    """The text of a mistake.

    Attributes:
        beginning: what is shown at once.
        rest: what can be unfolded.
        words: how many words that holds.
        left_out: how many characters are not in the page.
    """

    beginning: Sequence[Marked]
    rest: Sequence[Marked]
    words: int
    left_out: int


def body_of(explanation: Explanation) -> Body:
    """Return the text of a review with its words marked."""
    text = explanation.text[:_LONGEST]
    words = [word for word in explanation.words if word.end <= len(text)]
    parts = ((_space(part), share) for part, share in parts_of(text, words))
    # Words and what stands between them come in turns, so this is a bit more than half of them.
    beginning = list(islice(parts, 2 * _AT_ONCE))
    rest = list(parts)
    if len(rest) < _AT_ONCE:
        beginning, rest = beginning + rest, []
    return Body(
        list(_marked(beginning)),
        list(_marked(rest)),
        sum(not part.isspace() for part, _ in rest),
        len(explanation.text) - len(text),
    )


def _space(part: str) -> str:
    """Reduce white space to one line break or one space."""
    return ("\n" if "\n" in part else " ") if part.isspace() else part


def _marked(parts: Sequence[Part]) -> Iterator[Marked]:
    def mark(part: Part) -> str:
        level = level_of(part[1])
        return f"{'for' if part[1] > 0 else 'against'}-{level}" if level else ""

    # Every marked word by itself; what is between them in one piece.
    for name, run in groupby(parts, mark):
        if name:
            yield from ((text, name) for text, _ in run)
        else:
            yield "".join(text for text, _ in run), ""


_TEMPLATES = Path(__file__).parent / "templates"
_SPELLED = {code: spelled for code, spelled in SPELLED.items() if chr(code) not in "\t\n"}


def page_of(report: Report) -> bytes:
    """Render the page; the same report gives the same bytes."""
    style, script = (_part(name) for name in ("report.css", "report.js"))
    page = _environment().get_template("report.html.jinja")
    shown = [each for found in report.slices.values() for each in found[:SHOWN_SLICES]]
    text = page.render(
        report=report,
        evaluation=report.evaluation,
        overall=OVERALL,
        headline=HEADLINE,
        of_class=OF_CLASS,
        drawings=_drawings(report),
        cuts=Cuts.of(report),
        steps=STEPS,
        forest=Forest.of(shown),
        fewest=FEWEST,
        shown_slices=SHOWN_SLICES,
        style=style,
        script=script,
        style_hash=_hash(style),
        script_hash=_hash(script),
    )
    # A lone surrogate, which UTF-8 does not have, is spelled out too.
    return text.encode("utf-8", "backslashreplace")


def visible(value: Any) -> Any:
    """Spell out control characters and those that turn text around in what is inserted."""
    return value.translate(_SPELLED) if type(value) is str else value


def _drawings(report: Report) -> dict[str, Drawing]:
    """Lay out every chart that has something to show."""
    drawings = {}
    for name, picture in CHARTS.items():
        with suppress(DataError):
            drawings[name] = draw(picture(report))
    return drawings


def meaning_of(metric: Metric, evaluation: Evaluation) -> str:
    """Write what a metric is, and what to hold its value against."""
    parts = [metric.meaning] if metric.meaning else []
    if metric.headline:
        constant = metric.write(evaluation.constant[metric.name])
        parts.append(f"answering always {evaluation.most_frequent}: {constant}")
    if metric.floor:
        parts.append(f"{metric.write(metric.floor(evaluation))} would be perfect")
    elif not metric.larger_is_better:
        parts.append("less is better")
    return "; ".join(parts)


def signed(value: float) -> str:
    """Write what is added to a logit, or taken from it."""
    return f"{value:+.2f}".replace("-", "−")


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        finalize=visible,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"percent": percent, "number": number, "signed": signed}
    environment.globals |= {"meaning_of": meaning_of, "body_of": body_of}
    return environment


def _part(name: str) -> Any:
    from markupsafe import Markup

    return Markup((_TEMPLATES / name).read_text(encoding="utf-8"))


def _hash(text: str) -> str:
    return b64encode(hashlib.sha256(text.encode()).digest()).decode()
