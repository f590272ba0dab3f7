"""HTML pages in one file without external resources; everything inserted is escaped."""

import hashlib
from base64 import b64encode
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sentiment.values import SPELLED

if TYPE_CHECKING:
    from jinja2 import Environment

Filter = Callable[..., Any]

_SHARED = Path(__file__).parent / "templates"
_SPELLED = {code: spelled for code, spelled in SPELLED.items() if chr(code) not in "\t\n"}


def render(
    name: str,
    templates: Path,
    *,
    styles: Sequence[str],
    scripts: Sequence[str],
    filters: dict[str, Filter],
    **values: Any,
) -> bytes:
    """Return a page; the same values give the same bytes.

    Args:
        name: its template, which extends `page.html.jinja`.
        templates: the folder of its template, styles and scripts.
        styles: names of CSS files there, which follow those of all pages.
        scripts: names of JavaScript files there.
        filters: functions that the template uses as filters.
        values: what is shown.
    """
    environment = _environment(templates, tuple(filters.items()))
    style = _markup([_SHARED / "page.css", *(templates / each for each in styles)])
    script = _markup([*(templates / each for each in scripts), _SHARED / "theme.js"])
    text = environment.get_template(name).render(
        style=style,
        script=script,
        style_hash=_hash(style),
        script_hash=_hash(script),
        **values,
    )
    # Lone surrogates, which UTF-8 cannot encode, are spelled out.
    return text.encode("utf-8", "backslashreplace")


def visible(value: Any) -> Any:
    """Spell out control and bidirectional characters of inserted text."""
    return value.translate(_SPELLED) if type(value) is str else value


@cache
def _environment(templates: Path, filters: tuple[tuple[str, Filter], ...]) -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader([templates, _SHARED]),
        autoescape=True,
        finalize=visible,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= dict(filters)
    return environment


def _markup(paths: Sequence[Path]) -> Any:
    from markupsafe import Markup

    return Markup("".join(path.read_text(encoding="utf-8") for path in paths))


def _hash(text: str) -> str:
    return b64encode(hashlib.sha256(text.encode()).digest()).decode()
