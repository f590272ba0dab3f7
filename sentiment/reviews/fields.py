"""Fields of nested objects, named with dots: `review.text`."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from sentiment.reviews.header import is_name_of_others, is_text_name

_MAX_DEPTH = 6
_MAX_FIELDS = 200  # of a column


def field_in(value: Any, name: str) -> Any:
    """Return a field of an object by its dotted name, None if it is missing."""
    if not isinstance(value, dict):
        return None
    if name in value:
        return value[name]
    fields = (field_in(value.get(head), rest) for head, rest in split_at_dots(name))
    return next((field for field in fields if field is not None), None)


def split_at_dots(name: str) -> Iterator[tuple[str, str]]:
    """Yield what is before and after each dot of a name."""
    for dot in re.finditer(r"\.", name):
        yield name[: dot.start()], name[dot.end() :]


def is_nested(value: Any) -> bool:
    """Return whether a value is an object or a list, which is never a text."""
    return isinstance(value, (dict, list, tuple))


def nested_in(rows: Sequence[dict[str, Any]], columns: Sequence[str]) -> dict[str, list[str]]:
    """Return the columns in which most values of some rows are objects or lists, with the fields.

    These are the dotted names of values of the objects that are neither objects nor lists.
    """
    nested = {}
    for name in columns:
        values = [value for value in (row.get(name) for row in rows) if value is not None]
        if 2 * sum(map(is_nested, values)) > len(values):
            nested[name] = _fields_of(values, name)
    return nested


def _fields_of(values: Sequence[Any], name: str) -> list[str]:
    found: dict[str, None] = {}

    def visit(value: Any, name: str, depth: int) -> None:
        if isinstance(value, dict):
            for key, each in value.items() if depth < _MAX_DEPTH else ():
                visit(each, f"{name}.{key}", depth + 1)
        elif depth and not is_nested(value) and len(found) < _MAX_FIELDS:
            found[name] = None

    for value in values:
        visit(value, name, 0)
    return list(found)


def is_of_others(field: str) -> bool:
    """Return whether a field is of a person, place or thing: `user.description`."""
    return any(is_name_of_others(head) for head, _ in split_at_dots(field))


def text_field(value: Any) -> str:
    """Return the dotted name of the first string in an object with the name of a text, or ""."""
    for key, each in value.items() if isinstance(value, dict) else ():
        if isinstance(each, str) and is_text_name(key):
            return str(key)
        if found := text_field(each):
            return f"{key}.{found}"
    return ""
