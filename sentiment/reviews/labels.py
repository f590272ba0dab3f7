"""Which values mean positive, which negative, and which neither."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment.errors import DataError, UsageError
from sentiment.reviews.cells import printable
from sentiment.reviews.values import (
    LABEL_WORDS,
    NEGATIVE_WORDS,
    POSITIVE_WORDS,
    Key,
    key_of,
)

POSITIVE, NEGATIVE, DROPPED = 1, 0, -1
LARGE_SHARE = 0.2
SHOWN_VALUES = 10
SHOWN_CHARS = 30


@dataclass(frozen=True)
class Rule:
    """How the values of a column read: 1, 0 or -1 for each, and the words for it."""

    meaning: Mapping[Key, int]
    words: str


@dataclass(frozen=True, eq=False)
class LabelReading:
    """Labels that were read.

    Attributes:
        labels: int8 [n]: 1 positive, 0 negative, -1 neutral or missing (to be dropped).
        description: The reading in words, to be announced.
        warnings: What the user should know about rows that are dropped.
        positive: How many rows are positive.
        negative: How many are negative.
        neutral: How many are neutral.
        missing: How many have no label.
    """

    labels: NDArray[np.int8]
    description: str
    warnings: list[str]
    positive: int
    negative: int
    neutral: int
    missing: int


def read_labels(
    values: Sequence[Any],
    *,
    positive: Sequence[str] = (),
    negative: Sequence[str] = (),
    strict: bool = False,
    name: str,
    column: str = "label",
    locate: Callable[[int], str] | None = None,
) -> LabelReading:
    """Read a column of labels; all its distinct values together decide how.

    Args:
        values: The values as read, of any type.
        positive: The values the user called positive.
        negative: The values the user called negative; with both given, others are neutral, with
            one given, all others are the other class.
        strict: Neutral and missing labels are errors.
        name: The source, for messages.
        column: The column, for messages.
        locate: Gives the place of a row by its 0-based index; by default `name, row 1`.

    Raises:
        DataError: The values cannot be read, or, with `strict`, some are neutral or missing.
        UsageError: A value is called both positive and negative.
    """
    column = printable(column)
    keys = [key_of(value) for value in values]
    counts = Counter(keys)
    missing = counts.pop(None, 0)
    rule = _asked_rule(counts, positive, negative) if positive or negative else find_rule(counts)
    if rule is None and counts:
        raise DataError(_unknown(values, keys, name, column))
    meaning = {**(rule.meaning if rule else {}), None: DROPPED}
    labels = np.fromiter((meaning[key] for key in keys), dtype=np.int8, count=len(keys))
    if strict and (labels == DROPPED).any():
        row = int(np.argmin(labels))
        place = locate(row) if locate else f"{name}, row {row + 1}"
        what = "no label" if keys[row] is None else f"neutral label {values[row]!r}"
        raise DataError(f'{place}: {what} in "{column}"; leave it out, or run without --strict')
    n_positive = int(np.count_nonzero(labels == POSITIVE))
    n_negative = int(np.count_nonzero(labels == NEGATIVE))
    neutral = len(values) - n_positive - n_negative - missing
    words = rule.words if rule else "all missing"
    return LabelReading(
        labels=labels,
        description=f'labels in "{column}": {words}{_dropped(neutral, len(values))}',
        warnings=_warnings(neutral, missing, len(values), f'{name}: "{column}"')
        + _absent(counts, [*positive, *negative], f'{name}: "{column}"'),
        positive=n_positive,
        negative=n_negative,
        neutral=neutral,
        missing=missing,
    )


def find_rule(keys: Iterable[Key]) -> Rule | None:
    """Find the reading of a set of values, None if there is none or more than one."""
    found = set(keys)
    if found <= LABEL_WORDS:
        return _rule(found, NEGATIVE_WORDS, POSITIVE_WORDS) if found else None
    if any(isinstance(key, str) for key in found):
        return None
    return _number_rule({key for key in found if isinstance(key, float)})


def _number_rule(found: set[float]) -> Rule | None:
    for values, lowest in (
        ({0, 1}, 0),
        ({1, 2}, 1),
        ({-1, 1}, -1),
        ({0, 4}, 0),
        ({0, 1, 2}, 0),
        ({0, 2, 4}, 0),
        ({-1, 0, 1}, -1),
        ({0}, 0),
        ({-1}, -1),
    ):
        if found == values:
            highest = max(values) if len(values) > 1 else None
            return _rule(found, {lowest}, {highest})
    if not all((2 * value).is_integer() for value in found) or min(found) < 1:
        return None
    if 5 < max(found) <= 10:
        return _scale(found, "ratings", low=4, high=7, top=10)
    if max(found) <= 5 and len(found) >= 3:
        return _scale(found, "stars", low=2, high=4, top=5)
    return None


def _rule(found: Iterable[Key], negative: Iterable[Key], positive: Iterable[Key]) -> Rule:
    meaning = dict.fromkeys(found, DROPPED)
    meaning |= dict.fromkeys(meaning.keys() & set(negative), NEGATIVE)
    meaning |= dict.fromkeys(meaning.keys() & set(positive), POSITIVE)
    parts = []
    for label, word in ((NEGATIVE, "negative"), (POSITIVE, "positive"), (DROPPED, "neutral")):
        if named := sorted(_show(key) for key in meaning if meaning[key] == label):
            names = " and ".join(named) if len(named) < 4 else f"{len(named)} other values"
            parts.append(f"{names} {word}" if names != word else word)
    return Rule(meaning, ", ".join(parts))


def _scale(found: set[float], noun: str, *, low: int, high: int, top: int) -> Rule:
    meaning: dict[Key, int] = {
        value: NEGATIVE if value <= low else POSITIVE if value >= high else DROPPED
        for value in found
    }
    return Rule(meaning, f"{noun}, 1–{low} negative, {high}–{top} positive")


def _asked_rule(keys: Iterable[Key], positive: Sequence[str], negative: Sequence[str]) -> Rule:
    """Follow `--positive` and `--negative`."""
    up, down = _asked_keys(positive), _asked_keys(negative)
    if both := sorted(map(_show, up & down)):
        raise UsageError(f"{both[0]} is given to both --positive and --negative")
    found = set(keys)
    return _rule(found, down or found - up, up or found - down)


def _asked_keys(values: Sequence[str]) -> set[Key]:
    keys = {key_of(value) for value in values}
    # Booleans of JSON and Parquet compare as 1 and 0, but people name them as words.
    return keys | {{"true": 1.0, "false": 0.0}[key] for key in keys & {"true", "false"}}  # type: ignore[index]


def _show(key: Key) -> str:
    return f"{key:g}".replace("-", "−") if isinstance(key, float) else printable(str(key))


def _dropped(neutral: int, total: int) -> str:
    if not neutral:
        return ""
    rows = "row" if neutral == 1 else "rows"
    return f"; dropped {neutral:,} neutral {rows} ({neutral / total:.0%})"


def _warnings(neutral: int, missing: int, total: int, where: str) -> list[str]:
    warnings = []
    if neutral > LARGE_SHARE * total:
        warnings.append(f"{where} is neutral in {neutral / total:.0%} of rows; they were dropped")
    if missing:
        rows = "row" if missing == 1 else "rows"
        warnings.append(f"{where} is empty in {missing:,} {rows}; dropped")
    return warnings


def _absent(found: Counter[Key], asked: Sequence[str], where: str) -> list[str]:
    """Warn of values the user named that do not occur: they may be misspelt."""
    return [
        f"{where} is never {value}" for value in asked if not found.keys() & _asked_keys([value])
    ]


def _unknown(values: Sequence[Any], keys: Sequence[Key], name: str, column: str) -> str:
    """Say which values were found and what to do."""
    examples = {key: value for value, key in zip(values, keys, strict=True) if key is not None}
    first = [repr(str(value))[1:-1] for value in list(examples.values())[:SHOWN_VALUES]]
    shown = ", ".join(
        text if len(text) <= SHOWN_CHARS else text[:SHOWN_CHARS] + "…" for text in first
    )
    more = f" and {len(examples) - SHOWN_VALUES:,} more" if len(examples) > SHOWN_VALUES else ""
    return (
        f'{name}: cannot tell positive from negative in "{column}", which holds {shown}{more}; '
        "say which is which with --positive VALUE and --negative VALUE"
    )
