"""A report as one file of HTML that needs nothing else and lets nothing in.

Reviews, models and file names are strangers' text. Jinja escapes whatever is inserted, `visible`
spells out what would move other text about, and the page's own policy (Content Security Policy,
W3C) allows the one style and the one script that came with this program, by their hashes, and no
connection at all.
"""

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
from sentiment.evaluation.report.content import Report
from sentiment.evaluation.report.cuts import STEPS, Cuts
from sentiment.evaluation.report.pictures import CHARTS
from sentiment.evaluation.report.svg import Drawing, draw
from sentiment.evaluation.slices import WIDEST
from sentiment.evaluation.wording import number, numbers, percent, percents, signed
from sentiment.model.emphasis import Part, level_of, parts_of
from sentiment.model.explanation import Explanation

if TYPE_CHECKING:
    from jinja2 import Environment

SHOWN_SLICES = 20
# Words of a mistake that are shown at once, and characters of it that are in the page at all.
_AT_ONCE = 70
_LONGEST = 6000

_TEMPLATES = Path(__file__).parent / "templates"
_SHARES = {"accuracy", "macro_f1"}
_CONTROLS = {*range(0x20), *range(0x7F, 0xA0)} - {ord("\t"), ord("\n")}
# Marks, overrides and isolates that turn the direction of text, and separators of lines.
_TURNING = {0x061C, 0x200E, 0x200F, *range(0x2028, 0x202F), *range(0x2066, 0x206A)}
_SPELLED = {code: f"\\x{code:02x}" for code in _CONTROLS} | {
    code: f"\\u{code:04x}" for code in _TURNING
}

# Characters, and the class that colors them.
Marked = tuple[str, str]


def page_of(report: Report) -> bytes:
    """Write the page; of the same report always the same."""
    style, script = (_part(name) for name in ("report.css", "report.js"))
    page = _environment().get_template("report.html.jinja")
    text = page.render(
        report=report,
        metrics=report.metrics,
        drawings=_drawings(report),
        cuts=Cuts.of(report),
        steps=STEPS,
        forest=Forest.of(report),
        widest=WIDEST,
        shown_slices=SHOWN_SLICES,
        style=style,
        script=script,
        style_hash=_hash(style),
        script_hash=_hash(script),
    )
    # A lone surrogate, which UTF-8 does not have, is spelled out too.
    return text.encode("utf-8", "backslashreplace")


def visible(value: Any) -> Any:
    """Spell out control characters, and those that would turn text round, in what is inserted."""
    return value.translate(_SPELLED) if type(value) is str else value


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
    """Lay out a review with its words marked."""
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


@dataclass(frozen=True)
class Forest:
    """How the intervals of slices are laid out beside each other: from `low` to 1.

    Attributes:
        low: the accuracy at the left end; intervals may reach beyond.
        width: of the drawing.
    """

    low: float
    width: float = 160.0

    @classmethod
    def of(cls, report: Report) -> "Forest":
        """Find a round number below all that can be told."""
        ends = [
            each.intervals["accuracy"][0]
            for found in report.slices.values()
            for each in found[:SHOWN_SLICES]
            if not each.too_small
        ]
        return cls(min(int(min(ends, default=0.0) * 20), 19) / 20)

    def x(self, accuracy: float) -> str:
        """Place an accuracy."""
        share = max((accuracy - self.low) / (1 - self.low), 0)
        return f"{4 + share * (self.width - 8):.1f}"


def _drawings(report: Report) -> dict[str, Drawing]:
    """Lay out every chart that there is something to show on."""
    drawings = {}
    for name, picture in CHARTS.items():
        with suppress(DataError):
            drawings[name] = draw(picture(report))
    return drawings


def _space(part: str) -> str:
    """Make one line break, or one space, of whatever space there is."""
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


def _figure(report: Report, name: str) -> tuple[str, str]:
    """Write a figure of all reviews, and its interval."""
    value, ends = getattr(report.metrics, name), report.intervals.get(name)
    if name in _SHARES:
        return percent(value), percents(ends)
    return number(value), numbers(ends)


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
    environment.filters |= {
        "percent": percent,
        "percents": percents,
        "number": number,
        "signed": signed,
    }
    environment.globals |= {"figure": _figure, "body_of": body_of}
    return environment


def _part(name: str) -> Any:
    from markupsafe import Markup

    return Markup((_TEMPLATES / name).read_text(encoding="utf-8"))


def _hash(text: str) -> str:
    return b64encode(hashlib.sha256(text.encode()).digest()).decode()
