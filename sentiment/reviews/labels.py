"""Which values of a column mean positive, which negative, and which neither."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment.errors import DataError
from sentiment.missing import MISSING_WORDS
from sentiment.reviews.cells import cell
from sentiment.reviews.rules import (
    DROPPED,
    NEGATIVE,
    POSITIVE,
    Rule,
    asked_keys,
    asked_rule,
    find_rule,
)
from sentiment.reviews.values import Key, key_of

LARGE_SHARE = 0.2
SHOWN_VALUES, SHOWN_OF_MANY = 10, 3
SHOWN_CHARS = 30


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
        rule: The rule they were read by; None where all labels are missing.
    """

    labels: NDArray[np.int8]
    description: str
    warnings: list[str]
    positive: int
    negative: int
    neutral: int
    missing: int
    rule: Rule | None = None


def read_labels(
    values: Sequence[Any],
    *,
    positive: Sequence[str] = (),
    negative: Sequence[str] = (),
    strict: bool = False,
    name: str,
    column: str = "label",
    locate: Callable[[int], str] | None = None,
    rule: Rule | None = None,
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
        rule: A rule to read them by that knows all values; None to find one.

    Raises:
        DataError: The values cannot be read; a value the user named does not occur, and without
            it there are no two classes; or, with `strict`, some are neutral or missing.
        UsageError: A value is called both positive and negative.
    """
    asked = [*positive, *negative]
    no_value = MISSING_WORDS - asked_keys(asked)
    keys = [key_of(value, no_value) for value in values]
    counts = Counter(keys)
    missing = counts.pop(None, 0)
    if asked:
        rule = asked_rule(positive, negative)
    rule = rule or find_rule(counts)
    if rule is None and counts:
        raise DataError(_unknown(values, keys, name, column))
    meaning = {**(rule.known(counts) if rule else {}), None: DROPPED}
    labels = np.fromiter((meaning[key] for key in keys), dtype=np.int8, count=len(keys))
    if strict and (labels == DROPPED).any():
        row = int(np.argmin(labels))
        place = locate(row) if locate else f"{name}, row {row + 1}"
        what = "no label" if keys[row] is None else f"neutral label {values[row]!r}"
        raise DataError(f'{place}: {what} in "{column}"; leave it out, or run without --strict')
    n_positive = int(np.count_nonzero(labels == POSITIVE))
    n_negative = int(np.count_nonzero(labels == NEGATIVE))
    neutral = len(values) - n_positive - n_negative - missing
    where = f'{name}: "{column}"'
    absent = [value for value in asked if not counts.keys() & asked_keys([value])]
    if absent and not (n_positive and n_negative) and counts.keys() - asked_keys(asked):
        raise DataError(f"{where} is never {absent[0]}; it holds {_examples(values, keys)}")
    words = rule.describe(counts) if rule else "all missing"
    return LabelReading(
        labels=labels,
        description=f'labels in "{column}": {words}{_dropped(neutral, len(values))}',
        warnings=_warnings(neutral, missing, len(values), where)
        + [f"{where} is never {value}" for value in absent],  # it may be misspelt
        positive=n_positive,
        negative=n_negative,
        neutral=neutral,
        missing=missing,
        rule=rule if counts else None,
    )


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


def _unknown(values: Sequence[Any], keys: Sequence[Key], name: str, column: str) -> str:
    """Say which values were found and what to do."""
    holds, ask = _examples(values, keys), "say which is which with --positive VALUE"
    ask += " and --negative VALUE (each may be repeated)"
    many = len({*keys} - {None})
    if many == 1:
        holds = f"nothing but {holds}"
        ask = "give the other kind, too, or say what it is: --positive VALUE or --negative VALUE"
    elif many > SHOWN_VALUES:
        holds = f"{many:,} different values: {holds}"
        ask = f"name the column of labels with --label-column, or {ask}"
    return f'{name}: cannot tell positive from negative in "{column}", which holds {holds}; {ask}'


def _examples(values: Sequence[Any], keys: Sequence[Key]) -> str:
    """Write the distinct values that were found, or the first of them."""
    examples = {key: value for value, key in zip(values, keys, strict=True) if key is not None}
    many = len(examples)
    few = SHOWN_VALUES if many <= SHOWN_VALUES else SHOWN_OF_MANY
    first = [repr(cell(value))[1:-1] for value in list(examples.values())[:few]]
    shown = ", ".join(
        text if len(text) <= SHOWN_CHARS else text[:SHOWN_CHARS] + "…" for text in first
    )
    return shown + f" and {many - few:,} more" * (many > few)
