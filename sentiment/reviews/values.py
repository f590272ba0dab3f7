"""How single values read: numbers, label words, and values that are missing."""

import re
from functools import lru_cache
from typing import Any

from sentiment.missing import MISSING_WORDS, is_missing, is_missing_word

POSITIVE_WORDS = frozenset({"pos", "positive", "good", "true", "yes"})
NEGATIVE_WORDS = frozenset({"neg", "negative", "bad", "false", "no"})
NEUTRAL_WORDS = frozenset({"neutral"})
# Words that do not say of what: their meaning is assumed, as that of numbers is.
ASSUMED_WORDS = frozenset({"true", "false", "yes", "no"})
LABEL_WORDS = POSITIVE_WORDS | NEGATIVE_WORDS | NEUTRAL_WORDS

Key = str | float | None

# Digits can be matched in one way only: a text of a million digits and a letter is soon none.
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)", re.ASCII)


def is_number(text: str) -> bool:
    """Tell whether a text is a plain decimal number."""
    return _NUMBER.fullmatch(text.strip()) is not None


def has_letters(text: str) -> bool:
    """Tell whether a text has a letter, or a sign that is no ASCII, such as an emoji or a star."""
    return any(char.isalpha() or (char > "\x7f" and not char.isalnum()) for char in text)


def is_figure(text: str) -> bool:
    """Tell whether a text is digits and marks alone: a number, a date, `4/5`; `:)` is none."""
    return not has_letters(text) and any(map(str.isdigit, text))


def is_label_word(text: str) -> bool:
    """Tell whether a text is a word such as `positive` or `no`, in any case."""
    return text.strip().casefold() in LABEL_WORDS


def text_in(value: Any) -> str:
    """Return the text of a cell of a table, "" where it is missing or says so: `NaN`, `N/A`."""
    text = as_text(value)
    return "" if is_missing_word(text) else text


def as_text(value: Any) -> str:
    """Return a value as a text: None and NaN are empty, what is no string is written as one."""
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return "" if is_missing(value) else str(value)


def key_of(value: Any, missing: frozenset[str] = MISSING_WORDS) -> Key:
    """Give what values are compared by: one for "1", "1.0", 1 and True, one for "Pos " and "pos".

    Args:
        value: As read; the bytes of Parquet's binary columns are text.
        missing: Words that stand for no value.

    Returns:
        A number, a case-folded word, or None for a missing value (None, "", NaN).
    """
    try:
        key = _cached_key(value)
    except TypeError:  # a list or an object cannot be looked up, and is no label either
        return str(value)
    return None if key in missing else key


@lru_cache(maxsize=4096)
def _cached_key(value: Any) -> Key:
    if isinstance(value, bytes):
        value = value.decode("utf-8", "backslashreplace")
    if isinstance(value, str):
        text = value.strip().replace("\u2212", "-")
        return float(text) if is_number(text) else text.casefold() or None
    if is_missing(value):
        return None
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return str(value).strip().casefold() or None


def reads_as_label(key: Key) -> bool:
    """Tell whether a value could be one of some set of labels: a word, or −1 to 10 in halves."""
    if isinstance(key, str):
        return key in LABEL_WORDS
    return key is not None and -1 <= key <= 10 and (2 * key).is_integer()
