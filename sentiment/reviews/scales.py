"""Which rule reads the values of a column: words, numbers on a scale, ratings such as `8/10`.

A scale is told by the values that occur, their highest, and the name of the column. Values that
several scales share and read differently, such as 1, 2, 3, have no rule.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from sentiment.labels import (
    CLASSES,
    MAX_CLASSES,
    NEGATIVE,
    NEUTRAL,
    POSITIVE,
    SENTIMENT,
    WITH_NEUTRAL,
)
from sentiment.reviews.header import LABEL_NAMES, is_among, normal_name, words_in
from sentiment.reviews.rules import (
    OTHER,
    WORDS,
    Key,
    Rule,
    Scale,
    has_comma,
    numbered,
    plain_number,
    rating_of,
    show,
)
from sentiment.reviews.words import POSITIVE_WORDS, YES_OR_NO, is_assumed_word, named_class

ODD_SHARE = 200  # one row in so many may have a label that does not fit
_CENTRE = 0.05  # what is nearer to 0 is neither, where numbers have a sign
_RANGE = re.compile(r"\b(?:out of|of|max) (\d+)\b|\b([01]) (?:to )?(\d+)\b")
_TOPS = (4, 5, 7, 10, 100)
# Of these, 1 or *yes* is worse than 0 or *no*, and 5 is worse than 1.
_BAD = words_in(
    """
    abusive bad churn churned complaint difficulty dissatisfaction dissatisfied hate hateful insult
    neg negative negativity not obscene offensive rank ranking severity spam toxic toxicity
    unhappy unsatisfied
    """
)


def _exact(
    negative: Iterable[Key], positive: Iterable[Key] = (), neutral: Iterable[Key] = ()
) -> Rule:
    meaning = (
        dict.fromkeys(negative, NEGATIVE)
        | dict.fromkeys(positive, POSITIVE)
        | dict.fromkeys(neutral, NEUTRAL)
    )
    return Rule(meaning, WITH_NEUTRAL if neutral else SENTIMENT, assumed=True)


# Each applies to a column with exactly its values.
_NUMBERS = (
    _exact([0.0], [1.0]),
    _exact([1.0], [2.0]),
    _exact([-1.0], [1.0]),
    _exact([0.0], [4.0]),
    _exact([0.0], [5.0]),
    _exact([0.0], [10.0]),
    _exact([0.0], [100.0]),
    _exact([0.0], [2.0], [1.0]),
    _exact([0.0], [4.0], [2.0]),
    _exact([-1.0], [1.0], [0.0]),
    _exact([0.0]),
    _exact([-1.0]),
)
_LETTERS = (_exact(["n"], ["p"]), _exact(["-"], ["+"]), _exact(["-"], ["+"], [0.0]))


_YES_OR_NO = _exact(
    *([word for word, name in YES_OR_NO.items() if name == side] for side in CLASSES)
)


def _of_scale(noun: str, scale: Scale) -> Rule:
    return Rule({}, words=f"{noun}: {scale}", reads=scale, assumed=True)


def _from(low: int, high: int) -> Scale:
    """Return a scale: its lower third is negative, its upper third positive."""
    if high in _USUAL:
        return replace(_USUAL[high], low=low)
    third = (high - low) / 3
    return Scale(low, round(low + third, 1), round(high - third, 1), high)


_USUAL = {5: Scale(1, 2, 4, 5), 10: Scale(1, 4, 7, 10)}
STARS = _of_scale("stars", _USUAL[5])
RATINGS = _of_scale("ratings", _USUAL[10])
_STARS_OR_NONE = Rule(
    {0.0: OTHER}, words=f"{STARS.words} (0 is taken for none)", reads=STARS.reads, assumed=True
)
_SIGNED = _of_scale("from −1 to 1", Scale(-1, -_CENTRE, _CENTRE, 1))
_NET_PROMOTER = _of_scale("net promoter score", Scale(0, 6, 9, 10))


@dataclass(frozen=True)
class _Ratings:
    """The classes of ratings that say their best mark, such as `8/10`."""

    best: frozenset[int]

    def __call__(self, key: Key) -> str | None:
        marks, of = rating_of(key) or (0.0, 0)
        return _from(0, of).class_of(marks) if of in self.best else None


def _out_of(best: Iterable[int]) -> Rule:
    """Return the rule of ratings with these best marks."""
    tops = sorted(set(best))
    low = 1 if tops == [5] else 0
    noun = "stars" if tops == [5] else f"out of {tops[0]}"
    words = f"{noun}: {_from(low, tops[0])}"
    if len(tops) > 1:
        words = "; ".join(f"out of {top}: {_from(0, top)}" for top in tops)
    return Rule({}, words=words, reads=_Ratings(frozenset(tops)))


WORDS_OF_STARS = _out_of([5])
SCALES = (STARS, WORDS_OF_STARS, RATINGS)  # of ordered classes


def find_rule(counts: Mapping[Key, int], column: str = "") -> Rule | None:
    """Return the rule for a column's values, or None if it is unknown or ambiguous.

    Values that do not fit are left out where that is safe; see `leaving_out`.

    Args:
        counts: How often each value occurs.
        column: The name of the column, which may tell a scale.
    """
    if _tells_the_bad(column) and all(map(_could_be_reversed, counts)):
        return None
    found, common = set(counts), set(counts) - _rare(counts)
    rule, usual = _fitting(found, column), _fitting(common, column)
    if rule and usual and rule.known(common) != usual.known(common):
        slip = leaving_out(usual, counts, column)  # such as 10 among stars
        return slip if slip or isinstance(rule.reads, Scale) else rule
    if rule is None:
        rule = usual or _for_most(counts)
    elif isinstance(rule.reads, Scale) and _may_have_codes(counts):
        return None
    return leaving_out(rule, counts, column) if rule else None


def _tells_the_bad(column: str) -> bool:
    """Return whether more of what a column is called is worse: `is_negative`, `severity`."""
    words = set(normal_name(column).split())
    return not words.isdisjoint(_BAD) and words.isdisjoint(POSITIVE_WORDS)


def _could_be_reversed(key: Key) -> bool:
    """Return whether a value is a number, or `yes` or `no`."""
    return plain_number(key) is not None or key in _YES_OR_NO.meaning


def leaving_out(rule: Rule, counts: Mapping[Key, int], column: str = "") -> Rule | None:
    """Return a rule that also knows the values which do not fit, as of no class.

    These are other words beside both *positive* and *negative*, or beside ratings such as `8/10`;
    0 among stars; and values of one row in 200 at most that no other reading would need.

    Returns:
        The rule itself if it knows all values, None if some cannot be left out.
    """
    unknown = {key: count for key, count in counts.items() if rule.meaning_of(key) is None}
    if not unknown:
        return rule
    few = ODD_SHARE * sum(unknown.values()) <= sum(counts.values())
    if not (few and all(_is_odd(key, rule) for key in unknown)) and not (
        _holds_words(unknown) and _is_plain(rule, counts, unknown)
    ):
        zero = unknown.keys() == {0.0} and rule == STARS and is_rating_name(column)
        return _STARS_OR_NONE if zero else None
    return replace(rule, meaning={**rule.meaning, **dict.fromkeys(unknown, OTHER)})


def is_rating_name(column: str) -> bool:
    """Return whether a column has a name such as `rating` or `stars`."""
    return is_among(column, LABEL_NAMES[1])


def _rare(counts: Mapping[Key, int]) -> set[Key]:
    """Return the rarest values, which at most one row in 200 has."""
    left = sum(counts.values()) // ODD_SHARE
    rare = set()
    for key, count in sorted(counts.items(), key=lambda item: item[1]):
        left -= count
        if left < 0:
            break
        rare.add(key)
    return rare


def _may_have_codes(counts: Mapping[Key, int]) -> bool:
    """Return whether 7 to 10, apart from lower numbers and not frequent, may stand for no answer.

    Surveys with marks from 1 to 5 write 9 for that, or 8 and 9.
    """
    numbers = {number: count for key, count in counts.items()
               if (number := plain_number(key)) is not None}  # fmt: skip
    high = {number for number in numbers if number > 5}
    if not (len(high) == 1 or high == {8, 9}) or len(numbers) - len(high) < 2:
        return False
    few = 4 * sum(numbers[number] for number in high) < sum(numbers.values())
    return few and min(high) >= 7 and _are_whole(high)


def _is_odd(key: Key, rule: Rule) -> bool:
    """Return whether a rare value speaks for no other rule, as 6 among 1 to 5 does."""
    number = plain_number(key)
    if number is None or rule.reads is WORDS.reads or isinstance(rule.reads, _Ratings):
        return True
    if isinstance(rule.reads, Scale):
        low, high = rule.reads.low, rule.reads.high
        return number < low or number > 10 or (high <= 5 and number >= 7)
    return not (-1 <= number < 7 and number.is_integer())


def _holds_words(unknown: Collection[Key]) -> bool:
    """Return whether values are words, not too many for labels."""
    return len(unknown) < MAX_CLASSES and all(
        isinstance(key, str) and not any(map(str.isdigit, key)) for key in unknown
    )


def _is_plain(rule: Rule, counts: Mapping[Key, int], unknown: Mapping[Key, int]) -> bool:
    """Return whether a rule is certain whatever words stand beside its values."""
    if rule.reads is WORDS.reads:
        named = {named_class(key) for key in counts if isinstance(key, str)}
        return {NEGATIVE, POSITIVE} <= named
    return isinstance(rule.reads, _Ratings) and 2 * sum(unknown.values()) <= sum(counts.values())


def _for_most(counts: Mapping[Key, int]) -> Rule | None:
    """Return the rule of words, or of ratings with their best mark, that knows some values."""
    if _is_plain(WORDS, counts, {}):
        return WORDS
    best = {rating[1] for rating in map(rating_of, counts) if rating}
    return _out_of(best) if best else None


def _fitting(found: set[Key], column: str) -> Rule | None:
    """Return the rule that knows all values, or None."""
    if not found:
        return None
    if numbers := _as_numbers(found, column):
        return _of_values(numbers, column)
    if rule := next((rule for rule in _LETTERS if found == rule.meaning.keys()), None):
        return rule
    if len(WORDS.known(found)) == len(found):
        return _of_words(found)
    if len(found) > 1 and found <= _YES_OR_NO.meaning.keys():
        return _YES_OR_NO
    ratings = [rating for rating in map(rating_of, found) if rating]
    return _of_ratings(ratings) if len(ratings) == len(found) else None


def _of_words(found: Collection[Key]) -> Rule:
    """Return the rule of words; *no* without *yes*, beside *positive*, *negative*, is neither."""
    assumed = [key for key in found if is_assumed_word(str(key))]
    one_sided = len(set(WORDS.known(assumed).values())) == 1
    if one_sided and _is_plain(WORDS, dict.fromkeys(found, 1), {}):
        return replace(WORDS, meaning={**WORDS.meaning, **dict.fromkeys(assumed, OTHER)})
    return WORDS


def _of_ratings(ratings: Collection[tuple[float, int]]) -> Rule:
    """Return the rule of ratings: marks, and the best ones."""
    rule = _out_of(best for _, best in ratings)
    of_five = {marks for marks, best in ratings if best == 5}
    if _is_none(of_five):
        return replace(rule, meaning={"0 stars": OTHER}, words=_STARS_OR_NONE.words)
    return rule


def _is_none(marks: Collection[float]) -> bool:
    """Return whether 0 is taken for no rating: among whole marks, unless the others are all 5."""
    return 0 in marks and not {*marks} <= {0, 5} and all(map(float.is_integer, marks))


def _as_numbers(found: Collection[Key], column: str) -> dict[Key, float]:
    """Return the number that each value is, or is named by; {} if one is not, or may be a list.

    `1,2` may be two labels of one text where there are single ones, too.
    """
    commas = [str(key).split(",") for key in found if has_comma(key)]
    ascending = all(first < second for first, second in commas)
    halves = all(second == "5" for _, second in commas)
    if 0 < len(commas) < len(found) and ascending and not (halves or is_rating_name(column)):
        return {}
    for read in (plain_number, numbered):
        numbers = {key: number for key in found if (number := read(key)) is not None}
        if len(numbers) == len(found):
            return numbers
    return {}


def _of_values(numbers: Mapping[Key, float], column: str) -> Rule | None:
    """Return the rule of values that are numbers, or are named by numbers."""
    rule = _of_numbers(set(numbers.values()), column)
    if rule is None:
        return None
    read = {key: rule.meaning_of(number) for key, number in numbers.items()}
    unread = {key: name for key, name in read.items() if name and rule.meaning_of(key) is None}
    return replace(rule, meaning={**rule.meaning, **unread}) if unread else rule


def _of_numbers(found: set[float], column: str) -> Rule | None:
    if rule := _named(found, column):
        return rule
    for rule in _NUMBERS:
        if found == rule.meaning.keys():
            return rule
    if min(found) < 0:
        return _signed(found)
    if max(found) > 10:
        return None
    return _from_zero(found, column) if min(found) < 1 else _from_one(found)


def _named(found: set[float], column: str) -> Rule | None:
    """Return the rule of the scale that a column's name tells, as `rating_1_10` does."""
    name = normal_name(column)
    if "nps" in name.split() and found <= {*map(float, range(11))}:
        return _NET_PROMOTER
    told = _RANGE.search(name)
    if not told:
        return None
    low, high = int(told[2] or 0), int(told[1] or told[3])
    if high not in _TOPS or not low <= min(found) <= max(found) <= high:
        return None
    usual = {(1, 5): STARS, (1, 10): RATINGS}
    return usual.get((low, high)) or _of_scale(f"from {low} to {high}", _from(low, high))


def _signed(found: Collection[float]) -> Rule | None:
    """Return the rule of numbers with a sign: from −1 to 1 in fractions, or from −n to n."""
    top, below = max(found), [number for number in found if number < 0]
    if _has_both(_SIGNED, found) and not _are_whole(found) and -1 <= min(found) <= top <= 1:
        code = below == [-1] and len(found) > 2  # for none, among numbers from 0 to 1
        return None if code else _SIGNED
    if min(found) != -top or not 2 <= top <= 10:
        return None
    return _of_scale(f"from {show(-top)} to {show(top)}", Scale(-top, -_CENTRE, _CENTRE, top))


def _from_one(found: set[float]) -> Rule | None:
    if found == {1, 2, 3, 4, 5, 6, 7}:
        return _of_scale("from 1 to 7", _from(1, 7))
    if max(found) > 5:  # a scale that never exceeds 6 is another one, such as school grades
        return RATINGS if max(found) >= 7 else None
    several = len(found) > 2 or found == {1, 5} or not _are_whole(found)
    return STARS if several and _has_both(STARS, found) else None


def _from_zero(found: set[float], column: str) -> Rule | None:
    """Return the rule of numbers from 0 to 1, 4, 5 or 10.

    Whole numbers from 0 are often numbers of classes; only these scales are common among labels.
    """
    whole, top, rated = _are_whole(found), max(found), is_rating_name(column)
    if whole and top <= 5:
        if top == 5 and rated:
            return _STARS_OR_NONE if _from_one(found - {0}) else None
        return _of_scale("from 0 to 4", _from(0, 4)) if top == 4 and len(found) > 2 else None
    opinion = rated or not {"sentiment", "polarity"}.isdisjoint(normal_name(column).split())
    if (top <= 1 and rated) or (whole and not opinion and top < 10):
        return None
    high = next(high for high in (1, 5, 10) if top <= high)
    rule = _of_scale(f"from 0 to {high}", _from(0, high))
    return rule if _has_both(rule, found) else None


def _are_whole(found: Iterable[float]) -> bool:
    return all(map(float.is_integer, found))


def _has_both(rule: Rule, found: Collection[float]) -> bool:
    """Return whether some numbers are negative and some positive by a rule."""
    return {NEGATIVE, POSITIVE} <= set(rule.known(found).values())
