"""The meaning of label values: words, scales, and the user's options."""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment.errors import DataError, UsageError
from sentiment.reviews.cells import and_more, cell
from sentiment.reviews.streams import ReadOptions
from sentiment.values import MISSING_WORDS, is_missing, is_missing_word

POSITIVE_WORDS = frozenset({"pos", "positive", "good", "true", "yes"})
NEGATIVE_WORDS = frozenset({"neg", "negative", "bad", "false", "no"})
NEUTRAL_WORDS = frozenset({"neutral"})
# Words whose orientation is assumed, like that of numbers.
ASSUMED_WORDS = frozenset({"true", "false", "yes", "no"})
LABEL_WORDS = POSITIVE_WORDS | NEGATIVE_WORDS | NEUTRAL_WORDS

Key = str | float | None

# Digits match in one way only, which avoids backtracking over a million digits.
_STARS = re.compile(
    r"([1-5](?:[.,][05])?)(?:[ -]?stars?|[ ]?[★⭐*]| ?/ ?5| (?:out )?of 5(?: stars)?)"
)
_SIGNS = re.compile(r"([★⭐]{1,5})☆*")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)", re.ASCII)


def is_number(text: str) -> bool:
    """Return whether a text is a plain decimal number."""
    return _NUMBER.fullmatch(text.strip()) is not None


def has_letters(text: str) -> bool:
    """Return whether a text has a letter, or a non-ASCII sign such as an emoji or a star."""
    return any(char.isalpha() or (char > "\x7f" and not char.isalnum()) for char in text)


def is_figure(text: str) -> bool:
    """Return whether a text is only digits and marks: a number, a date, `4/5`, but not `:)`."""
    return not has_letters(text) and any(map(str.isdigit, text))


def is_label_word(text: str) -> bool:
    """Return whether a text is a label such as `positive`, `no` or `5 stars`, in any case."""
    key = key_of(text)
    return isinstance(key, str) and reads_as_label(key)


def text_in(value: Any) -> str:
    """Return the text of a cell, "" if it is missing or a word for that, such as `N/A`."""
    text = as_text(value)
    return "" if is_missing_word(text) else text


def as_text(value: Any) -> str:
    """Return a value as a text: None and NaN are empty, other values are converted."""
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return "" if is_missing(value) else str(value)


def key_of(value: Any, missing: frozenset[str] = MISSING_WORDS) -> Key:
    """Return the key that values are compared by: "1", "1.0", 1 and True share one.

    It is a number, a case-folded word, or None for a missing value (None, "", NaN, or a word for
    these). The bytes of Parquet's binary columns are text.
    """
    try:
        key = _cached_key(value)
    except TypeError:  # lists and objects are not hashable, and not labels
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
    """Return a word, the same for equal ratings: `4 stars`, `4.0 out of 5`, `★★★★☆`."""
    word = word.replace("\ufe0f", "")  # the emoji variation selector
    if stars := _STARS.fullmatch(word):
        return f"{float(stars[1].replace(',', '.')):g} stars"
    if signs := _SIGNS.fullmatch(word):
        return f"{len(signs[1])} stars"
    return word or None


def reads_as_label(key: Key) -> bool:
    """Return whether a value could be a label: a word, or −1 to 10 in halves."""
    if isinstance(key, str):
        return key in LABEL_WORDS or key in WORDS_OF_STARS.meaning
    return key is not None and -1 <= key <= 10 and (2 * key).is_integer()


POSITIVE, NEGATIVE, DROPPED = 1, 0, -1


Rules = Mapping[str, tuple["Rule", ...]]  # by the name of the label column


@dataclass(frozen=True)
class Rule:
    """The meaning of values: 1 positive, 0 negative, -1 neither."""

    meaning: Mapping[Key, int]  # all values it knows, whether or not they occur in a file
    other: int | None = None  # the meaning of all other values; None if they are unknown
    words: str = ""  # a description; "" to list the values that were found

    def known(self, keys: Iterable[Key]) -> dict[Key, int]:
        """Return the meanings of values, without unknown ones."""
        read = {key: self.meaning.get(key, self.other) for key in keys}
        return {key: label for key, label in read.items() if label is not None}

    def values_of(self, found: Iterable[Key]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the negative and the positive values, as the command line takes them."""
        values: dict[int, list[str]] = {NEGATIVE: [], POSITIVE: [], DROPPED: []}
        for key, label in self.known(sorted(found, key=_in_order)).items():
            values[label].append(f"{key:g}" if isinstance(key, float) else str(key))
        return tuple(values[NEGATIVE]), tuple(values[POSITIVE])

    def describe(self, found: Collection[Key]) -> str:
        """Return a description of the meaning of the values that were found."""
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
    """Return the rule of a scale from 1 to `top`, in halves."""
    meaning: dict[Key, int] = {
        half / 2: NEGATIVE if half <= 2 * low else POSITIVE if half >= 2 * high else DROPPED
        for half in range(2, 2 * top + 1)
    }
    return Rule(meaning, words=f"{noun}: 1–{low} negative, {high}–{top} positive")


WORDS = _rule(NEGATIVE_WORDS, POSITIVE_WORDS, NEUTRAL_WORDS)
# Each applies to a column with exactly its values.
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
    """Return the rule for a set of values, or None if it is unknown or ambiguous."""
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
    # A scale that never exceeds 6 is another one, such as school grades.
    is_rating = found <= RATINGS.meaning.keys() and POSITIVE in RATINGS.known(found).values()
    return RATINGS if is_rating else None


def is_assumed(rule: Rule, found: Collection[Key]) -> bool:
    """Return whether the orientation of values is assumed: 0 and 1, stars, `no`, `yes`."""
    return rule in (*NUMBERS, STARS, RATINGS) or (rule is WORDS and ASSUMED_WORDS.issuperset(found))


def asked_rule(positive: Sequence[str], negative: Sequence[str]) -> Rule:
    """Return the rule of `--positive` and `--negative`; with only one, others are the other class.

    Raises:
        UsageError: A value is in both.
    """
    up, down = asked_keys(positive), asked_keys(negative)
    if both := sorted(map(show, up & down)):
        raise UsageError(f"{both[0]} is given to both --positive and --negative")
    other = DROPPED if up and down else NEGATIVE if up else POSITIVE
    return Rule(_rule(down, up).meaning, other)


def asked_keys(values: Sequence[str]) -> set[Key]:
    """Return the keys of values that the user named."""
    keys = {key_of(value, missing=frozenset()) for value in values}
    # Booleans in JSON and Parquet compare as 1 and 0, but users write them as words.
    return keys | {{"true": 1.0, "false": 0.0}[key] for key in keys & {"true", "false"}}  # type: ignore[index]


def show(key: Key) -> str:
    """Return a value for a message."""
    return f"{key:g}".replace("-", "−") if isinstance(key, float) else str(key)


DEFAULTS = ReadOptions()
LARGE_SHARE = 0.2
SHOWN_VALUES, SHOWN_OF_MANY = 10, 3
SHOWN_CHARS = 30


@dataclass(frozen=True, eq=False)
class LabelReading:
    """The labels of a column."""

    labels: NDArray[np.int8]  # [n]: 1 positive, 0 negative, -1 neutral or missing, to be dropped
    description: str  # the reading in words, for display
    warnings: list[str]  # about dropped rows
    neutral: int  # the number of neutral rows
    missing: int  # the number of rows without a label
    rule: Rule | None = None  # that was applied; None if all labels are missing


def read_labels(
    values: Sequence[Any],
    options: ReadOptions = DEFAULTS,
    *,
    name: str,
    column: str = "label",
    locate: Callable[[int], str] | None = None,
    rule: Rule | None = None,
) -> LabelReading:
    """Read a column of labels; the set of distinct values determines the rule.

    A rule that knows all values may be given. The names of the source and the column, and the
    place of a row by its 0-based index, are for messages.

    Raises:
        DataError: The values cannot be read; a value the user named does not occur, which leaves
            one class; or, with `strict`, some are neutral or missing.
        UsageError: A value is both positive and negative.
    """
    asked = [*options.positive, *options.negative]
    missing_words = MISSING_WORDS - asked_keys(asked)
    keys = [key_of(value, missing_words) for value in values]
    counts = Counter(keys)
    missing = counts.pop(None, 0)
    rule = asked_rule(options.positive, options.negative) if asked else rule or find_rule(counts)
    if rule is None and counts:
        raise DataError(_unknown(values, keys, name, column))
    meaning = {**(rule.known(counts) if rule else {}), None: DROPPED}
    labels = np.fromiter((meaning[key] for key in keys), dtype=np.int8, count=len(keys))
    dropped = int(np.count_nonzero(labels == DROPPED))
    if options.strict and dropped:
        row = int(np.argmin(labels))
        place = locate(row) if locate else f"{name}, row {row + 1}"
        what = "no label" if keys[row] is None else f"neutral label {values[row]!r}"
        raise DataError(f'{place}: {what} in "{column}"; leave it out, or run without --strict')
    where = f'{name}: "{column}"'
    absent = [value for value in asked if not counts.keys() & asked_keys([value])]
    one_class = not {POSITIVE, NEGATIVE} <= {meaning[key] for key in counts}
    if absent and one_class and counts.keys() - asked_keys(asked):
        raise DataError(f"{where} is never {absent[0]}; it holds {_examples(values, keys)}")
    neutral = dropped - missing
    description = f'labels in "{column}": {rule.describe(counts) if rule else "all missing"}'
    if neutral:
        description += f"; dropped {_rows(neutral, 'neutral ')} ({neutral / len(values):.0%})"
    warnings = _warnings(neutral, missing, len(values), where)
    warnings += [f"{where} is never {value}" for value in absent]  # it may be misspelt
    return LabelReading(labels, description, warnings, neutral, missing, rule if counts else None)


def _rows(number: int, kind: str = "") -> str:
    return f"{number:,} {kind}{'row' if number == 1 else 'rows'}"


def _warnings(neutral: int, missing: int, total: int, where: str) -> list[str]:
    warnings = []
    if neutral > LARGE_SHARE * total:
        warnings.append(f"{where} is neutral in {neutral / total:.0%} of rows; they were dropped")
    if missing:
        warnings.append(f"{where} is empty in {_rows(missing)}; dropped")
    return warnings


def _unknown(values: Sequence[Any], keys: Sequence[Key], name: str, column: str) -> str:
    """Return the message about unknown values: which they are and what to do."""
    found, ask = _examples(values, keys), "say which is which with --positive VALUE"
    ask += " and --negative VALUE (each may be repeated)"
    many = len({*keys} - {None})
    if many == 1:
        found = f"only {found}"
        ask = "give the other kind, too, or say what it is: --positive VALUE or --negative VALUE"
    elif many > SHOWN_VALUES:
        found = f"{many:,} different values: {found}"
        ask = f"name the column of labels with --label-column, or {ask}"
    return f'{name}: cannot tell positive from negative in "{column}", which holds {found}; {ask}'


def _examples(values: Sequence[Any], keys: Sequence[Key]) -> str:
    """Return the distinct values that were found, or the first of them."""
    examples = {key: value for value, key in zip(values, keys, strict=True) if key is not None}
    most = SHOWN_VALUES if len(examples) <= SHOWN_VALUES else SHOWN_OF_MANY
    return and_more(list(examples.values()), most, _shortened)


def _shortened(value: Any) -> str:
    text = repr(cell(value))[1:-1]
    return text if len(text) <= SHOWN_CHARS else text[:SHOWN_CHARS] + "…"
