"""What label values mean: their keys, the numbers in them, and rules."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sentiment.labels import NEGATIVE, NEUTRAL, POSITIVE, SENTIMENT, WITH_NEUTRAL, LabelSet
from sentiment.reviews.words import (
    LABEL_WORDS,
    NEGATIVE_WORDS,
    NEUTRAL_WORDS,
    POSITIVE_WORDS,
    YES_OR_NO,
    is_assumed_word,
    is_pole,
    meaning_of,
)
from sentiment.values import MISSING_WORDS, is_missing, is_missing_word

Key = str | float | None

# Digits match in one way only, which avoids backtracking over a million digits.
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)", re.ASCII)
_WITH_COMMA = re.compile(r"[+-]?\d{1,3},\d{1,3}", re.ASCII)
_NUMBERED = re.compile(r"(?:_*label|class|category|cluster)[ _-]*(\d{1,2})", re.ASCII)
_RATED = r"(?:(?:rated|rating|score)\s?:?\s?)?"
_COUNT = r"(\d{1,3}(?:[.,]\d{1,3})?)"
_UNIT = r"(?:[ -]?(?:stars?|points?|bubbles?))?(?: rating)?"
_OUT_OF = re.compile(
    rf"{_RATED}{_COUNT}\s?(?:/|(?:out )?of)\s?(\d{{1,3}})(?:[.,]0+)?{_UNIT}", re.ASCII
)
_STARS = re.compile(rf"{_RATED}{_COUNT}(?:[ -]?stars?(?: rating)?|\s?[★⭐🌟*])", re.ASCII)
_PERCENT = re.compile(rf"{_COUNT}\s?(?:%|percent|per cent|pct)", re.ASCII)
_SIGNS = re.compile(r"((?:[★⭐🌟*] ?){1,10})(½?)((?: ?[☆✩✰]){0,10})")
_RATING = re.compile(r"(\S+) stars|(\S+)/(\d+)|(\S+)%")  # the keys of ratings
_LONGEST_RATING = 40  # characters
_OF = (4, 5, 6, 7, 10, 20, 100)  # the best marks of ratings
_SPELLED = {"one": "1", "two": "2", "three": "3", "four": "4", "five": "5"}
# Variation selectors, joiners and skin tones of emoji.
_VARIANTS = dict.fromkeys([0xFE0E, 0xFE0F, 0x200D, *range(0x1F3FB, 0x1F400)])


def is_number(text: str) -> bool:
    """Return whether a text is a plain decimal number."""
    return _NUMBER.fullmatch(text.strip()) is not None


def has_letters(text: str) -> bool:
    """Return whether a text has a letter, or a non-ASCII sign such as an emoji or a star."""
    return any(char.isalpha() or (char > "\x7f" and not char.isalnum()) for char in text)


def is_figure(text: str) -> bool:
    """Return whether a text is only digits and marks: a number, a date, `4/5`, but not `:)`."""
    return not has_letters(text) and any(map(str.isdigit, text))


def is_numbered(text: str) -> bool:
    """Return whether a text is a class without a name, such as `LABEL_1`."""
    return numbered(text.strip().casefold()) is not None


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
    word = word.translate(_VARIANTS).strip()
    rating = _read_rating(word) if len(word) <= _LONGEST_RATING else None
    if rating is None:
        return word or None
    marks, of = rating
    return f"{marks:g} stars" if of == 5 else f"{marks:g}{'%' if of == 100 else f'/{of}'}"


def _read_rating(word: str) -> tuple[float, int] | None:
    """Return the marks that a word gives, and the best ones, or None."""
    word = " ".join(word.split())
    if found := _OUT_OF.fullmatch(word):
        marks, of = _decimal(found[1]), int(found[2])
    elif found := _PERCENT.fullmatch(word):
        marks, of = _decimal(found[1]), 100
    elif signs := _SIGNS.fullmatch(word):
        full, half, empty = (len(signs[group].replace(" ", "")) for group in (1, 2, 3))
        marks, of = full + half / 2, full + half + empty if empty else 5
    else:
        first, _, rest = word.partition(" ")
        if not (found := _STARS.fullmatch(f"{_SPELLED.get(first, first)} {rest}".strip())):
            return None
        marks, of = _decimal(found[1]), 5
    return (marks, of) if of in _OF and marks <= of else None


def _decimal(digits: str) -> float:
    return float(digits.replace(",", "."))


@lru_cache(maxsize=4096)
def rating_of(key: Key) -> tuple[float, int] | None:
    """Return the marks and the best ones of a key such as `4 stars`, `8/10` or `80%`, or None."""
    found = _RATING.fullmatch(key) if isinstance(key, str) else None
    if not found or not all(group is None or is_number(group) for group in found.groups()):
        return None
    marks, of = next(
        (float(digits), int(found[3] or best))
        for digits, best in ((found[1], 5), (found[2], 0), (found[4], 100))
        if digits
    )
    return (marks, of) if of in _OF and 0 <= marks <= of else None


def plain_number(key: Key) -> float | None:
    """Return the number that a key is, also with a decimal comma, or None."""
    if isinstance(key, str):
        return _decimal(key) if _WITH_COMMA.fullmatch(key) else None
    return key


def has_comma(key: Key) -> bool:
    """Return whether a key is a number with a decimal comma."""
    return isinstance(key, str) and plain_number(key) is not None


def numbered(key: Key) -> float | None:
    """Return the number of a class without a name, such as `LABEL_1`, or None."""
    found = _NUMBERED.fullmatch(key) if isinstance(key, str) else None
    return float(found[1]) if found else None


def number_in(key: Key) -> float | None:
    """Return the number that a key is or has, as 4 in `4/5` and `LABEL_4`, or None."""
    if rating := rating_of(key):
        return rating[0]
    number = plain_number(key)
    return numbered(key) if number is None else number


def reads_as_label(key: Key) -> bool:
    """Return whether a value is a label wherever it stands: a word, or −1 to 10 in halves."""
    if isinstance(key, str):
        stars = rating_of(key)
        return key in LABEL_WORDS or is_pole(key) or bool(stars and stars[1] == 5)
    return key is not None and -1 <= key <= 10 and (2 * key).is_integer()


def may_be_label(key: Key) -> bool:
    """Return whether a value in a column of labels may be one: any rating, *recommended*, 7.9."""
    if reads_as_label(key) or rating_of(key) or numbered(key) is not None:
        return True
    number = plain_number(key)
    if number is None:
        return isinstance(key, str) and (key in YES_OR_NO or meaning_of(key) is not None)
    return -10 <= number <= 10


OTHER = ""  # the meaning of values that belong to no class
_SHORT_NAMES = {"neg": NEGATIVE, "neu": NEUTRAL, "pos": POSITIVE}

Rules = Mapping[str, tuple["Rule", ...]]  # by the name of the label column


@dataclass(frozen=True)
class Scale:
    """The classes of ordered numbers: up to `bad` they are negative, from `good` on positive."""

    low: float
    bad: float
    good: float
    high: float

    def __call__(self, key: Key) -> str | None:
        """Return the class of a number, or None if it is not on the scale."""
        number = plain_number(key)
        return None if number is None else self.class_of(number)

    def class_of(self, number: float) -> str | None:
        """Return the class of a number, or None if it is not on the scale."""
        if not self.low <= number <= self.high:
            return None
        return NEGATIVE if number <= self.bad else POSITIVE if number >= self.good else NEUTRAL

    def __str__(self) -> str:
        negative, positive = (self.low, self.bad), (self.good, self.high)
        return f"{_span(*negative)} negative, {_span(*positive)} positive"


def _span(low: float, high: float) -> str:
    return f"{show(float(low))}{' to ' if low < 0 else '–'}{show(float(high))}"


@dataclass(frozen=True)
class Rule:
    """The meaning of values: the name of a class each. Rows of a class not in use are dropped."""

    meaning: Mapping[Key, str]  # whether or not they occur in a file
    classes: LabelSet = SENTIMENT  # in use unless others are asked for
    other: str | None = None  # the meaning of all other values; None if they are unknown
    words: str = ""  # a description; "" to list the values that were found
    reads: Callable[[Key], str | None] | None = None  # the meaning of values not in `meaning`
    assumed: bool = False  # whether the values could be meant the other way round

    def meaning_of(self, key: Key) -> str | None:
        """Return the meaning of a value, or None if it is unknown."""
        name = self.meaning.get(key)
        if name is None and self.reads is not None:
            name = self.reads(key)
        return self.other if name is None else name

    def known(self, keys: Iterable[Key]) -> dict[Key, str]:
        """Return the meanings of values, without unknown ones."""
        read = {key: self.meaning_of(key) for key in keys}
        return {key: name for key, name in read.items() if name is not None}

    def values_of(self, found: Iterable[Key], name: str) -> tuple[str, ...]:
        """Return the values that mean a class, as the command line takes them."""
        if isinstance(self.reads, Scale):
            return (f"<={self.reads.bad:g}" if name == NEGATIVE else f">={self.reads.good:g}",)
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
            on_scale = self.classes == SENTIMENT and self.other is None
            between = on_scale and NEUTRAL in classes.names
            return self.words + ", between neutral" * between
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


def _read_word(key: Key) -> str | None:
    return meaning_of(key) if isinstance(key, str) else None


_USUAL_WORDS: dict[Key, str] = {
    **dict.fromkeys(NEGATIVE_WORDS, NEGATIVE),
    **dict.fromkeys(POSITIVE_WORDS, POSITIVE),
    **dict.fromkeys(NEUTRAL_WORDS, NEUTRAL),
}
WORDS = Rule(_USUAL_WORDS, WITH_NEUTRAL, reads=_read_word)


def is_assumed(rule: Rule, found: Collection[Key]) -> bool:
    """Return whether the orientation of values is assumed: 0 and 1, stars, `no`, `yes`."""
    named = [key for key, name in rule.known(found).items() if name != OTHER]
    words = rule.reads is WORDS.reads and all(is_assumed_word(str(key)) for key in named)
    return rule.assumed or words


def class_key(key: Key) -> str:
    """Return what the values of a class share: `4 stars` and 4.0 are "4", `pos` is "positive"."""
    if isinstance(key, float):
        return f"{key + 0.0:.15g}"
    if (stars := rating_of(key)) and stars[1] == 5:
        return f"{stars[0]:.15g}"
    word = " ".join(str(key).split())
    return _SHORT_NAMES.get(word, word)


def show(key: Key) -> str:
    """Return a value for a message."""
    return f"{key:g}".replace("-", "−") if isinstance(key, float) else str(key)
