"""What label values mean: their keys, and the rules of words and scales."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sentiment.labels import NEGATIVE, NEUTRAL, POSITIVE, SENTIMENT, WITH_NEUTRAL, LabelSet
from sentiment.values import MISSING_WORDS, is_missing, is_missing_word

POSITIVE_WORDS = frozenset({"pos", "positive", "good", "true", "yes"})
NEGATIVE_WORDS = frozenset({"neg", "negative", "bad", "false", "no"})
NEUTRAL_WORDS = frozenset({"neu", "neut", "neutral", "neither", "mixed"})
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
    """Return a value as a text: None, NaN, objects and lists are empty, others are converted."""
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return "" if is_missing(value) or isinstance(value, (dict, list, tuple)) else str(value)


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


OTHER = ""  # the meaning of values that belong to no class
_SHORT_NAMES = {"neg": NEGATIVE, "neu": NEUTRAL, "pos": POSITIVE}

Rules = Mapping[str, tuple["Rule", ...]]  # by the name of the label column


@dataclass(frozen=True)
class Rule:
    """The meaning of values: the name of a class each. Rows of a class not in use are dropped."""

    meaning: Mapping[Key, str]  # all values it knows, whether or not they occur in a file
    classes: LabelSet = SENTIMENT  # in use unless others are asked for
    other: str | None = None  # the meaning of all other values; None if they are unknown
    words: str = ""  # a description; "" to list the values that were found

    def known(self, keys: Iterable[Key]) -> dict[Key, str]:
        """Return the meanings of values, without unknown ones."""
        read = {key: self.meaning.get(key, self.other) for key in keys}
        return {key: name for key, name in read.items() if name is not None}

    def values_of(self, found: Iterable[Key], name: str) -> tuple[str, ...]:
        """Return the values that mean a class, as the command line takes them."""
        known = self.known(sorted(found, key=_in_order))
        return tuple(
            f"{key:g}" if isinstance(key, float) else str(key)
            for key in known
            if known[key] == name
        )

    def classes_of(self, found: Iterable[Key]) -> LabelSet:
        """Return the classes that values name: without neutral where nothing is."""
        without = self.classes == WITH_NEUTRAL and NEUTRAL not in self.known(found).values()
        return SENTIMENT if without else self.classes

    def describe(self, found: Collection[Key], classes: LabelSet = SENTIMENT) -> str:
        """Return a description of the meaning of the values that were found."""
        if self.words:
            between = ", between neutral" if self in SCALES and NEUTRAL in classes.names else ""
            return self.words + between
        if not found:
            return "all missing"
        read = self.known(found)
        parts = []
        for word in dict.fromkeys((*classes.names, NEUTRAL)):
            if named := sorted(show(key) for key in read if read[key] == word):
                names = " and ".join(named) if len(named) < 4 else f"{len(named)} other values"
                parts.append(f"{names} {word}" if names != word else word)
        return ", ".join(parts)


def _in_order(key: Key) -> tuple[float, str]:
    return (key, "") if isinstance(key, float) else (0.0, str(key))


def _rule(
    negative: Iterable[Key], positive: Iterable[Key] = (), neutral: Iterable[Key] = ()
) -> Rule:
    meaning = (
        dict.fromkeys(negative, NEGATIVE)
        | dict.fromkeys(positive, POSITIVE)
        | dict.fromkeys(neutral, NEUTRAL)
    )
    return Rule(meaning, WITH_NEUTRAL if NEUTRAL in meaning.values() else SENTIMENT)


def _scale(noun: str, *, low: int, high: int, top: int) -> Rule:
    """Return the rule of a scale from 1 to `top`, in halves."""
    meaning: dict[Key, str] = {
        half / 2: NEGATIVE if half <= 2 * low else POSITIVE if half >= 2 * high else NEUTRAL
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
SCALES = (STARS, WORDS_OF_STARS, RATINGS)


def find_rule(keys: Iterable[Key]) -> Rule | None:
    """Return the rule for a set of values, or None if it is unknown or ambiguous."""
    found = set(keys)
    if not found:
        return None
    for rule in NUMBERS:
        if found == rule.meaning.keys():
            return rule
    if {"mixed"} < found & NEUTRAL_WORDS:  # two kinds
        return None
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


def class_key(key: Key) -> str:
    """Return what the values of a class share: `4 stars` and 4.0 are "4", `pos` is "positive"."""
    if isinstance(key, float):
        return f"{key + 0.0:.15g}"
    if key in WORDS_OF_STARS.meaning:
        return str(key).removesuffix(" stars")
    word = " ".join(str(key).split())
    return _SHORT_NAMES.get(word, word)


def show(key: Key) -> str:
    """Return a value for a message."""
    return f"{key:g}".replace("-", "−") if isinstance(key, float) else str(key)
