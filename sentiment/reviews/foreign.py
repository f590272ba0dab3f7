"""What is no file of reviews: kinds of files by their first bytes, listed in `foreign.toml`."""

import re
from functools import cache
from pathlib import Path
from typing import Any

from sentiment.values import json_beginning

LOOKED_AT = 4096  # bytes
READ_LINES = "--input-format lines reads its lines"
ERROR_ANSWER = "a web server's error, saved instead of the data; download the data again"


def foreign(start: bytes, *, markup: bool = False) -> str | None:
    """Return the kind of a file without reviews, and what to do; None if it may have reviews.

    Args:
        start: Its first bytes, as many as are available.
        markup: Whether to accept HTML, XML and other notations as texts.
    """
    head = start[:LOOKED_AT]
    what = next((what for pattern, _, what in _kinds("bytes") if pattern.match(head)), None)
    if what or markup:
        return what
    text = re.sub(r"\r\n?", "\n", head.decode("utf-8", "replace").removeprefix("\ufeff"))
    if _is_json(text):  # its lists look like Python's
        return None
    what = next((what for pattern, _, what in _kinds("text") if pattern.match(text)), None)
    what = what or _of_lines(text, cut=len(start) > LOOKED_AT)
    return what and f"{what}; {READ_LINES}"


def _is_json(text: str) -> bool:
    """Return whether a text begins with a list or an object, and not with a string of Python."""
    if not re.match(r"\s*[\[{]", text) or re.match(r"[\s\[({]*u?'", text):
        return False
    try:
        json_beginning(text)
    except ValueError:
        return False
    return True


def is_refusal(text: str) -> bool:
    """Return whether a text is the error message of a web service."""
    others = r"bad credentials|invalid (?:api )?(?:key|token).*|.*rate limit.*"
    return re.fullmatch(rf"(?i:{_catalog()['fragments']['refused']}\W*|{others})", text) is not None


def _of_lines(text: str, *, cut: bool) -> str | None:
    """Return the kind of the lines; None if they may be texts."""
    lines = text.split("\n")[: -1 if cut else None]
    lines = [line.strip() for line in lines if line.strip()]
    for pattern, least, what in _kinds("line"):
        if len(lines) >= least and all(map(pattern.fullmatch, lines)):
            return what
    return None


@cache
def _catalog() -> dict[str, Any]:
    """Return the catalogue, with each pattern in one piece."""
    import tomllib  # a text alone is answered without it

    path = Path(__file__).with_name("foreign.toml")
    catalog = tomllib.loads(path.read_text(encoding="utf-8"))
    fragments: dict[str, str] = {}

    def joined(pattern: str | list[str]) -> str:
        return re.sub("@([a-z-]+)@", lambda name: fragments[name[1]], "".join(pattern))

    for name, pattern in catalog["fragments"].items():
        fragments[name] = joined(pattern)
    for kind in (*catalog["bytes"], *catalog["text"], *catalog["line"]):
        kind["pattern"] = joined(kind["pattern"])
    return catalog | {"fragments": fragments}


@cache
def _kinds(table: str) -> list[tuple[re.Pattern[Any], int, str]]:
    """Return the patterns of a table, the least number of lines they need, and what they are."""

    def compiled(pattern: str) -> re.Pattern[Any]:
        if table == "bytes":
            return re.compile(pattern.encode("latin-1"), re.DOTALL)
        return re.compile(pattern)

    kinds = _catalog()[table]
    return [(compiled(kind["pattern"]), kind.get("lines", 0), kind["what"]) for kind in kinds]
