"""What the values of a label column mean: words, scales, and what a user says."""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment.errors import DataError, UsageError
from sentiment.missing import MISSING_WORDS, is_missing, is_missing_word
from sentiment.reviews.cells import and_more, cell

POSITIVE_WORDS = frozenset({"pos", "positive", "good", "true", "yes"})
NEGATIVE_WORDS = frozenset({"neg", "negative", "bad", "false", "no"})
NEUTRAL_WORDS = frozenset({"neutral"})
# Words that do not say of what: their meaning is assumed, as that of numbers is.
ASSUMED_WORDS = frozenset({"true", "false", "yes", "no"})
LABEL_WORDS = POSITIVE_WORDS | NEGATIVE_WORDS | NEUTRAL_WORDS

Key = str | float | None

# Digits can be matched in one way only: a text of a million digits and a letter is soon none.
_STARS = re.compile(
    r"([1-5](?:[.,][05])?)(?:[ -]?stars?|[ ]?[★⭐*]| ?/ ?5| (?:out )?of 5(?: stars)?)"
)
_SIGNS = re.compile(r"([★⭐]{1,5})☆*")
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
    """Tell whether a text is a word such as `positive`, `no` or `5 stars`, in any case."""
    key = key_of(text)
    return isinstance(key, str) and reads_as_label(key)


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
        return float(text) if is_number(text) else _key_of_word(text.casefold())
    if is_missing(value):
        return None
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return str(value).strip().casefold() or None


def _key_of_word(word: str) -> Key:
    """Return a word, one for all that say as many stars: `4 stars`, `4.0 out of 5`, `★★★★☆`."""
    word = word.replace("\ufe0f", "")  # which makes a sign a picture
    if said := _STARS.fullmatch(word):
        return f"{float(said[1].replace(',', '.')):g} stars"
    if signs := _SIGNS.fullmatch(word):
        return f"{len(signs[1])} stars"
    return word or None


def reads_as_label(key: Key) -> bool:
    """Tell whether a value could be one of some set of labels: a word, or −1 to 10 in halves."""
    if isinstance(key, str):
        return key in LABEL_WORDS or key in WORDS_OF_STARS.meaning
    return key is not None and -1 <= key <= 10 and (2 * key).is_integer()


POSITIVE, NEGATIVE, DROPPED = 1, 0, -1


Rules = Mapping[str, tuple["Rule", ...]]  # by the name of the column they read


@dataclass(frozen=True)
class Rule:
    """What values mean: 1 positive, 0 negative, -1 neither.

    Attributes:
        meaning: The values it knows, all of them, also those that do not occur in a file.
        other: What all other values mean; None where the rule does not know them.
        words: The rule in words; "" to name the values that were found.
    """

    meaning: Mapping[Key, int]
    other: int | None = None
    words: str = ""

    def read(self, key: Key) -> int | None:
        """Give what a value means, None if the rule does not know it."""
        return self.meaning.get(key, self.other)

    def known(self, keys: Iterable[Key]) -> dict[Key, int]:
        """Give what values mean, without those the rule does not know."""
        read = {key: self.read(key) for key in keys}
        return {key: label for key, label in read.items() if label is not None}

    def values_of(self, found: Iterable[Key]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the values that read negative, and positive, as the command line takes them."""
        values: dict[int, list[str]] = {NEGATIVE: [], POSITIVE: [], DROPPED: []}
        for key, label in self.known(sorted(found, key=_in_order)).items():
            values[label].append(f"{key:g}" if isinstance(key, float) else str(key))
        return tuple(values[NEGATIVE]), tuple(values[POSITIVE])

    def describe(self, found: Collection[Key]) -> str:
        """Say in words how the values that were found read."""
        if self.words or not found:
            return self.words or "all missing"
        read = self.known(found)
        parts = []
        for label, word in ((NEGATIVE, "negative"), (POSITIVE, "positive"), (DROPPED, "neutral")):
            if named := sorted(show(key) for key in read if read[key] == label):
                names = " and ".join(named) if len(named) < 4 else f"{len(named)} other values"
                parts.append(f"{names} {word}" if names != word else word)
        return ", ".join(parts)


def _in_order(key: Key) -> tuple[float, str]:
    return (key, "") if isinstance(key, float) else (0.0, str(key))


def _rule(
    negative: Iterable[Key], positive: Iterable[Key] = (), neutral: Iterable[Key] = ()
) -> Rule:
    return Rule(
        dict.fromkeys(negative, NEGATIVE)
        | dict.fromkeys(positive, POSITIVE)
        | dict.fromkeys(neutral, DROPPED)
    )


def _scale(noun: str, *, low: int, high: int, top: int) -> Rule:
    """Make the rule of a scale from 1 to `top`, in halves."""
    meaning: dict[Key, int] = {
        half / 2: NEGATIVE if half <= 2 * low else POSITIVE if half >= 2 * high else DROPPED
        for half in range(2, 2 * top + 1)
    }
    return Rule(meaning, words=f"{noun}: 1–{low} negative, {high}–{top} positive")


WORDS = _rule(NEGATIVE_WORDS, POSITIVE_WORDS, NEUTRAL_WORDS)
# Each reads a column that holds exactly its values.
NUMBERS = (
    _rule([0.0], [1.0]),
    _rule([1.0], [2.0]),
    _rule([-1.0], [1.0]),
    _rule([0.0], [4.0]),
    _rule([0.0], [2.0], [1.0]),
    _rule([0.0], [4.0], [2.0]),
    _rule([-1.0], [1.0], [0.0]),
    _rule([0.0]),
    _rule([-1.0]),
)
STARS = _scale("stars", low=2, high=4, top=5)
WORDS_OF_STARS = Rule(
    {f"{stars:g} stars": label for stars, label in STARS.meaning.items()}, words=STARS.words
)
RATINGS = _scale("ratings", low=4, high=7, top=10)


def find_rule(keys: Iterable[Key]) -> Rule | None:
    """Find the rule for a set of values, None if there is none or more than one."""
    found = set(keys)
    if not found:
        return None
    for rule in NUMBERS:
        if found == rule.meaning.keys():
            return rule
    for rule in (WORDS, WORDS_OF_STARS):
        if found <= rule.meaning.keys():
            return rule
    if found <= STARS.meaning.keys():  # 1, 2, 3 may be negative, neutral, positive
        both_ends = {POSITIVE, NEGATIVE} <= set(STARS.known(found).values())
        of_stars = len(found) >= 3 or found == {1.0, 5.0}
        return STARS if of_stars and both_ends else None
    # A scale that never goes above 6 is another, such as marks of a school.
    is_rating = found <= RATINGS.meaning.keys() and POSITIVE in RATINGS.known(found).values()
    return RATINGS if is_rating else None


def is_assumed(rule: Rule, found: Collection[Key]) -> bool:
    """Return whether values do not say themselves what they mean: 0 and 1, stars, `no`, `yes`."""
    return rule in (*NUMBERS, STARS, RATINGS) or (rule is WORDS and ASSUMED_WORDS.issuperset(found))


def asked_rule(positive: Sequence[str], negative: Sequence[str]) -> Rule:
    """Follow `--positive` and `--negative`; with one of them, all else is the other class.

    Raises:
        UsageError: A value is called both.
    """
    up, down = asked_keys(positive), asked_keys(negative)
    if both := sorted(map(show, up & down)):
        raise UsageError(f"{both[0]} is given to both --positive and --negative")
    other = DROPPED if up and down else NEGATIVE if up else POSITIVE
    return Rule(_rule(down, up).meaning, other)


def asked_keys(values: Sequence[str]) -> set[Key]:
    """Give the keys of values that the user named."""
    keys = {key_of(value, missing=frozenset()) for value in values}
    # Booleans of JSON and Parquet compare as 1 and 0, but people name them as words.
    return keys | {{"true": 1.0, "false": 0.0}[key] for key in keys & {"true", "false"}}  # type: ignore[index]


def show(key: Key) -> str:
    """Write a value for a message."""
    return f"{key:g}".replace("-", "−") if isinstance(key, float) else str(key)


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
    most = SHOWN_VALUES if len(examples) <= SHOWN_VALUES else SHOWN_OF_MANY
    return and_more(list(examples.values()), most, _shortened)


def _shortened(value: Any) -> str:
    text = repr(cell(value))[1:-1]
    return text if len(text) <= SHOWN_CHARS else text[:SHOWN_CHARS] + "…"
