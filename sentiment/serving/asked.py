"""What a body of JSON asks for: bytes → texts, or one clear line why not."""

import json
from typing import Any

from sentiment.reviews.jsonl import strict_json
from sentiment.serving.exchange import HttpError
from sentiment.serving.limits import Limits


def read_json(body: bytes) -> Any:
    """Read JSON as strictly as its standard is.

    Raises:
        HttpError: it is none, or nested too deeply.
    """
    try:
        return strict_json(body.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise HttpError(400, f"not UTF-8 (byte {error.start + 1})") from None
    except json.JSONDecodeError as error:
        raise HttpError(400, f"not JSON ({error.msg} at character {error.pos + 1})") from None
    except RecursionError:
        raise HttpError(400, "nested too deeply") from None
    except ValueError as error:
        raise HttpError(400, str(error)) from None


def one_text(value: Any, limits: Limits) -> str:
    """Take `{"text": "…"}`.

    Raises:
        HttpError: it is something else, or too long.
    """
    (text,) = _field(value, ("text",)).values()
    return checked(text, '"text"', limits)


def one_or_more_texts(value: Any, limits: Limits) -> str | list[str]:
    """Take `{"text": "…"}` or `{"texts": ["…", …]}`.

    Raises:
        HttpError: it is something else, too long, or too many.
    """
    ((name, given),) = _field(value, ("text", "texts")).items()
    if name == "text":
        return checked(given, '"text"', limits)
    if not isinstance(given, list):
        raise HttpError(422, f'"texts" is {_kind(given)}; a list of strings is expected')
    if len(given) > limits.max_texts:
        raise HttpError(
            422,
            f"{len(given):,} texts; at most {limits.max_texts:,} are taken at once: send fewer, "
            "or JSON lines as a stream",
        )
    return [checked(text, f'"texts", number {n},', limits) for n, text in enumerate(given, 1)]


def checked(text: Any, what: str, limits: Limits) -> str:
    """Take a text.

    Args:
        text: what is in its place.
        what: what an error calls it.
        limits: how long it may be.

    Raises:
        HttpError: it is none, too long, or cannot be written as UTF-8.
    """
    if not isinstance(text, str):
        raise HttpError(422, f"{what} is {_kind(text)}; a string is expected")
    if len(text) > limits.max_chars:
        raise HttpError(
            422, f"{what} has {len(text):,} characters; at most {limits.max_chars:,} are taken"
        )
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise HttpError(
            422, f"{what} has a lone surrogate (character {error.start + 1}), which is no text"
        ) from None
    return text


def _field(value: Any, names: tuple[str, ...]) -> dict[str, Any]:
    """Take an object that has exactly one of some keys, and no others."""
    wanted = " or ".join(f'{{"{name}": …}}' for name in names)
    if not isinstance(value, dict):
        raise HttpError(422, f"the body is {_kind(value)}; {wanted} is expected")
    if len(value) != 1 or next(iter(value)) not in names:
        raise HttpError(422, f"{wanted} is expected, with no other keys")
    return value


def _kind(value: Any) -> str:
    """Name the type of a value as JSON does."""
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    kinds: dict[type, str] = {dict: "an object", list: "a list", str: "a string"}
    return kinds.get(type(value), "a number")
