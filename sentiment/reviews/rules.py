"""Rules by which the values of a label column are read."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sentiment.errors import UsageError
from sentiment.reviews.values import (
    ASSUMED_WORDS,
    NEGATIVE_WORDS,
    NEUTRAL_WORDS,
    POSITIVE_WORDS,
    Key,
    key_of,
)

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
RATINGS = _scale("ratings", low=4, high=7, top=10)


def find_rule(keys: Iterable[Key]) -> Rule | None:
    """Find the rule for a set of values, None if there is none or more than one."""
    found = set(keys)
    if not found:
        return None
    for rule in NUMBERS:
        if found == rule.meaning.keys():
            return rule
    if found <= WORDS.meaning.keys():
        return WORDS
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
