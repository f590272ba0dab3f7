"""Checks of values that come out of a file somebody else may have written.

Messages hold the beginning of a value, however long it is.
"""

import json
import reprlib
from math import isfinite
from typing import Any

# Values in a JSON text: each takes a hundred bytes once it is read, whatever little it took before.
_MOST_VALUES = 1 << 18


def read_json(text: str) -> Any:
    """Read JSON in which nothing is said twice, every number is finite, and values are not legion.

    Raises:
        ValueError, RecursionError: it is something else.
    """
    if text.count(",") + text.count("[") + text.count("{") > _MOST_VALUES:
        raise ValueError(f"more than {_MOST_VALUES} values")
    return json.loads(
        text, parse_constant=_finite, parse_float=_finite, object_pairs_hook=_each_once
    )


def _finite(text: str) -> float:
    value = float(text)
    if not isfinite(value):
        raise ValueError(f"{reprlib.repr(text)} is not a number")
    return value


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ValueError("something is said twice")
    return fields


def whole(value: object, least: int, most: int) -> int:
    """Return a whole number within bounds.

    Raises:
        ValueError: it is something else.
    """
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise ValueError(f"{reprlib.repr(value)} is not a whole number from {least} to {most}")
    return value


def number(value: object, least: float, most: float) -> float:
    """Return a number within bounds.

    Raises:
        ValueError: it is something else.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise ValueError(f"{reprlib.repr(value)} is not a number from {least:g} to {most:g}")
    return float(value)


def truth(value: object) -> bool:
    """Return true or false.

    Raises:
        ValueError: it is something else.
    """
    if not isinstance(value, bool):
        raise ValueError(f"{reprlib.repr(value)} is neither true nor false")
    return value


def mapping(value: object) -> dict[str, Any]:
    """Return a JSON object.

    Raises:
        ValueError: it is something else.
    """
    if not isinstance(value, dict):
        raise ValueError(f"{reprlib.repr(value)} is not an object")
    return value


def string(value: object) -> str:
    """Return a string.

    Raises:
        ValueError: it is something else.
    """
    if not isinstance(value, str):
        raise ValueError(f"{reprlib.repr(value)} is not a string")
    return value
