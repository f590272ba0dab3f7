"""How single values read: numbers, label words, and values that are missing."""

import math
import re
from functools import lru_cache
from typing import Any

POSITIVE_WORDS = frozenset({"pos", "positive", "good", "true", "yes"})
NEGATIVE_WORDS = frozenset({"neg", "negative", "bad", "false", "no"})
NEUTRAL_WORDS = frozenset({"neutral"})
# Words that do not say of what: their meaning is assumed, as that of numbers is.
ASSUMED_WORDS = frozenset({"true", "false", "yes", "no"})
# How R, pandas, spreadsheets and SQL write that there is no value.
MISSING_WORDS = frozenset({"#n/a", "<na>", "n/a", "na", "nan", "none", "null"})
LABEL_WORDS = POSITIVE_WORDS | NEGATIVE_WORDS | NEUTRAL_WORDS

Key = str | float | None

# Digits can be matched in one way only: a text of a million digits and a letter is soon none.
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)", re.ASCII)


def is_number(text: str) -> bool:
    """Tell whether a text is a plain decimal number."""
    return _NUMBER.fullmatch(text.strip()) is not None


def is_label_word(text: str) -> bool:
    """Tell whether a text is a word such as `positive` or `no`, in any case."""
    return text.strip().casefold() in LABEL_WORDS


def is_missing(value: Any) -> bool:
    """Tell whether there is no value: None or NaN; the text "NA" is a text."""
    return value is None or (isinstance(value, float) and math.isnan(value))


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
