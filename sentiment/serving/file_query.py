"""What a query asks to be done with a file: `name=reviews.csv&to=jsonl` → a `FileRequest`."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

from sentiment.errors import UsageError
from sentiment.reviews.cells import visible
from sentiment.reviews.feed import check_encoding
from sentiment.reviews.formats import INPUT_FORMATS, OUTPUT_FORMATS
from sentiment.serving.exchange import HttpError
from sentiment.serving.files import FileRequest

_NAME_CHARS = 255
_MOST_ROWS = 1_000  # beyond that, somebody wants all of them
_MOST_FIELDS = 1_000

# How messages for the command line call what a query calls otherwise.
_FLAG = re.compile(r"--(input-format|format|encoding|prefix|text-column)(?: (\w[\w-]*))?")
_PARAMETERS = {"input-format": "format", "format": "to", "text-column": "text_column"}


def file_request(query: bytes) -> FileRequest:
    """Read a query.

    Raises:
        HttpError: it asks for something that there is not.
    """
    given: dict[str, Any] = {}
    for name, value in _fields(query):
        if name not in _READERS:
            names = ", ".join(_READERS)
            raise HttpError(422, f'no parameter "{visible(name)}"; there are {names}')
        if name == "text_column":
            given.setdefault("text_columns", []).append(value)
        elif name in given:
            raise HttpError(422, f'"{name}" is given twice')
        elif value or name == "prefix":  # what is left empty is not said
            given[name] = _READERS[name](name, value)
    columns = tuple(filter(None, given.pop("text_columns", ())))
    return FileRequest(**given, text_columns=columns)


def in_terms_of_http(message: str) -> str:
    """Put parameters of a query in the place of the options that a message names."""

    def parameter(found: re.Match[str]) -> str:
        name = _PARAMETERS.get(found[1], found[1])
        return f"{name}={found[2] or '…'}"

    message = _FLAG.sub(parameter, message)
    return message.replace("--no-header", "header=false").replace("--header", "header=true")


def _fields(query: bytes) -> list[tuple[str, str]]:
    """Give the names and values of a query, in order."""
    if not query:
        return []
    try:
        return parse_qsl(
            query.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=_MOST_FIELDS,
        )
    except ValueError as error:  # UnicodeError is one
        what = "not in UTF-8" if isinstance(error, UnicodeError) else "not name=value&…"
        raise HttpError(400, f"the query is {what}") from None


def _name(_: str, value: str) -> str:
    """Take the last part of a path, as it can be shown."""
    name = visible(re.split(r"[/\\]", value)[-1])
    if len(name) > _NAME_CHARS:
        raise HttpError(422, f'"name" has more than {_NAME_CHARS} characters')
    return name or "reviews"


def _one_of(*choices: str) -> Callable[[str, str], str]:
    def read(name: str, value: str) -> str:
        if value not in choices:
            raise HttpError(422, f'"{name}" is one of {", ".join(choices)}')
        return value

    return read


def _yes_or_no(name: str, value: str) -> bool:
    return _one_of("true", "false")(name, value) == "true"


def _encoding(_: str, value: str) -> str:
    try:
        return check_encoding(value)
    except UsageError as error:
        raise HttpError(422, str(error)) from None


def _prefix(name: str, value: str) -> str:
    if visible(value) != value:
        raise HttpError(422, f'"{name}" has control characters')
    return value


def _rows(name: str, value: str) -> int:
    if re.fullmatch(r"[0-9]{1,9}", value) is None or not 1 <= int(value) <= _MOST_ROWS:
        raise HttpError(422, f'"{name}" is a whole number from 1 to {_MOST_ROWS:,}')
    return int(value)


_READERS: dict[str, Callable[[str, str], Any]] = {
    "name": _name,
    "format": _one_of(*(format for format in INPUT_FORMATS if format != "folder")),
    "encoding": _encoding,
    "header": _yes_or_no,
    "text_column": lambda _, value: value,
    "to": _one_of(*OUTPUT_FORMATS),
    "prefix": _prefix,
    "rows": _rows,
    "cut": _yes_or_no,
}
