"""Writing single values: cells, escapes, and characters unsafe for a terminal."""

import json
import math
import re
from collections.abc import Callable, Sequence
from typing import Any

from sentiment.errors import DataError
from sentiment.values import SPELLED, is_missing

_ESCAPES = SPELLED | {ord("\\"): "\\\\"}
_ASCII_TO_ESCAPE = bytes(code for code in _ESCAPES if code < 0x80)
_TO_ESCAPE = re.compile(f"[{re.escape(''.join(map(chr, _ESCAPES)))}]")
_TSV_ESCAPES = {ord(char): _ESCAPES[ord(char)] for char in "\\\t\n\r"}
_TSV_TO_ESCAPE = re.compile(r"[\\\t\n\r]")
# JSON itself escapes those below U+0020.
_JSON_ESCAPES = {code: f"\\u{code:04x}" for code in SPELLED if code >= 0x20}
_JSON_TO_ESCAPE = re.compile(f"[{''.join(map(chr, _JSON_ESCAPES))}]")


def cell(value: Any) -> str:
    """Return a value of any type as a cell: None and NaN are empty, nested values are JSON."""
    if isinstance(value, str):
        return value
    if is_missing(value):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, (dict, list, tuple)):
        return to_json(value)
    return str(value)


def to_json(value: Any) -> str:
    """Return JSON without control and bidirectional characters.

    NaN and infinity become null; other values without a JSON type become strings.

    Raises:
        DataError: A value is nested too deeply.
    """
    try:
        try:
            text = _encode_json(value)
        except ValueError:  # NaN or infinity
            text = _encode_json(_finite(value))
    except RecursionError as error:
        raise DataError("a value is nested too deeply to be written; leave it out") from error
    return text.translate(_JSON_ESCAPES) if _JSON_TO_ESCAPE.search(text) else text


def csv_quoting(delimiter: str = ",", quote: str = '"') -> Callable[[str], str]:
    """Return a function that quotes a CSV cell where necessary, as csv.QUOTE_MINIMAL does.

    Line breaks are always quoted; before Python 3.13, the csv module does not quote a lone carriage
    return. It is also three times slower on long texts.
    """
    needs_quotes = re.compile(f"[\r\n{re.escape(delimiter + quote)}]").search
    doubled = 2 * quote

    def quoted(text: str) -> str:
        return quote + text.replace(quote, doubled) + quote if needs_quotes(text) else text

    return quoted


def csv_cell(text: str) -> str:
    """Quote a cell of comma-separated values where necessary; see `csv_quoting`."""
    return csv_quoting()(text)


def tsv_cell(text: str) -> str:
    """Escape characters that would break a TSV row."""
    return text.translate(_TSV_ESCAPES) if _TSV_TO_ESCAPE.search(text) else text


def printable(text: str) -> str:
    """Escape backslashes and what `visible` escapes, which makes it reversible."""
    if text.isascii():  # comparing bytes is ten times faster than a search
        raw = text.encode()
        clean = len(raw.translate(None, _ASCII_TO_ESCAPE)) == len(raw)
    else:
        clean = not _TO_ESCAPE.search(text)
    return text if clean else text.translate(_ESCAPES)


def encode(text: str) -> bytes:
    r"""Encode as UTF-8; a lone surrogate becomes `\ud800`, which JSON reads back as itself."""
    return text.encode("utf-8", "backslashreplace")


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    return value


_encode_json = json.JSONEncoder(ensure_ascii=False, allow_nan=False, default=cell).encode


def four_digits(p: float) -> str:
    """Return a probability with four digits, for display; empty for NaN."""
    return "" if math.isnan(p) else f"{p:.4f}"


def six_digits(p: float) -> str:
    """Return a probability with six digits, for programs; empty for NaN."""
    return "" if math.isnan(p) else str(round(p, 6))


def json_probability(p: float) -> float | None:
    """Return a probability for JSON: six digits, None for NaN."""
    return None if math.isnan(p) else round(p, 6)


def count_of(number: int, noun: str) -> str:
    """Return a number and its noun: `1 field`, `2 fields`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def count_of_class(number: int, name: str) -> str:
    """Return how many are of a class: `3 positive`, but `3 labelled 5` for a name like a number."""
    return f"{number:,} {'labelled ' if name[:1].isdigit() else ''}{name}"


def and_more(values: Sequence[Any], most: int, write: Callable[[Any], str] = str) -> str:
    """Write the first values and count the others: `a, b and 3 more`."""
    others = len(values) - most
    first = ", ".join(map(write, values[:most]))
    return f"{first} and {others:,} more" if others > 0 else first


def progress_bar(done: int, of: int) -> str:
    """Return a bar of 24 characters in brackets, filled as far as something is done."""
    return f"[{'━' * (24 * done // of):<24}]"


def text_line(predicted: str, p_positive: float, text: str) -> str:
    """Return an answer as `predicted<TAB>p_positive<TAB>text`."""
    return f"{predicted}\t{four_digits(p_positive)}\t{printable(text)}"
