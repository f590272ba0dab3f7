"""A report as one file of HTML that needs nothing else and lets nothing in.

Reviews, models and file names are strangers' text. Jinja escapes whatever is inserted, `visible`
spells out what would move other text about, and the page's own policy (Content Security Policy,
W3C) allows the one style and the one script that came with this program, by their hashes, and no
connection at all.
"""

import hashlib
from base64 import b64encode
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sentiment.errors import DataError
from sentiment.evaluation.report.body import body_of
from sentiment.evaluation.report.content import Report
from sentiment.evaluation.report.cuts import STEPS, Cuts
from sentiment.evaluation.report.forest import Forest
from sentiment.evaluation.report.pictures import CHARTS
from sentiment.evaluation.report.svg import Drawing, draw
from sentiment.evaluation.slices import FEWEST
from sentiment.evaluation.wording import number, numbers, percent, percents, signed

if TYPE_CHECKING:
    from jinja2 import Environment

SHOWN_SLICES = 20

_TEMPLATES = Path(__file__).parent / "templates"
_SHARES = {"accuracy", "macro_f1"}
_CONTROLS = {*range(0x20), *range(0x7F, 0xA0)} - {ord("\t"), ord("\n")}
# Marks, overrides and isolates that turn the direction of text, and separators of lines.
_TURNING = {0x061C, 0x200E, 0x200F, *range(0x2028, 0x202F), *range(0x2066, 0x206A)}
_SPELLED = {code: f"\\x{code:02x}" for code in _CONTROLS} | {
    code: f"\\u{code:04x}" for code in _TURNING
}


def page_of(report: Report) -> bytes:
    """Write the page; of the same report always the same."""
    style, script = (_part(name) for name in ("report.css", "report.js"))
    page = _environment().get_template("report.html.jinja")
    shown = [each for found in report.slices.values() for each in found[:SHOWN_SLICES]]
    text = page.render(
        report=report,
        metrics=report.metrics,
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
    """Spell out control characters, and those that would turn text round, in what is inserted."""
    return value.translate(_SPELLED) if type(value) is str else value


def _drawings(report: Report) -> dict[str, Drawing]:
    """Lay out every chart that there is something to show on."""
    drawings = {}
    for name, picture in CHARTS.items():
        with suppress(DataError):
            drawings[name] = draw(picture(report))
    return drawings


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
