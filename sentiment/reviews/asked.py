"""The classes of labels that the user asks for: `--positive`, `--neutral`, `--classes`, …."""

import math
import re
import shlex
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from sentiment.errors import DataError, UsageError
from sentiment.labels import (
    LONGEST_NAME,
    MAX_CLASSES,
    NEGATIVE,
    NEUTRAL,
    POSITIVE,
    SENTIMENT,
    UNCERTAIN,
    WITH_NEUTRAL,
    LabelSet,
    can_be_class,
)
from sentiment.reviews.cells import and_more, cell
from sentiment.reviews.rules import (
    OTHER,
    Key,
    Rule,
    class_key,
    is_number,
    key_of,
    number_in,
    rating_of,
    show,
)
from sentiment.reviews.scales import ODD_SHARE, SCALES, find_rule, leaving_out
from sentiment.reviews.streams import ReadOptions
from sentiment.values import MISSING_WORDS

SHOWN_VALUES, SHOWN_OF_MANY = 10, 3
SHOWN_CHARS = 30
_WAY_OUT = "name the column of labels with --label-column, or the classes to keep with --classes"
_DIGITS = r"([+-]?\d+(?:[.,]\d+)?)"
_COMPARED = re.compile(rf"(>=|<=|=>|=<|>|<|≥|≤)\s*{_DIGITS}\s*%?", re.ASCII)
_BETWEEN = re.compile(rf"{_DIGITS}%?\s*\.\.\s*{_DIGITS}\s*%?", re.ASCII)


@dataclass(frozen=True)
class Condition:
    """The numbers from `low` to `high`, without these if they are excluded."""

    low: float
    high: float
    without_ends: bool = False

    def __contains__(self, number: float) -> bool:
        inside = self.low < number < self.high
        return inside or (number in (self.low, self.high) and not self.without_ends)

    def overlaps(self, other: "Condition") -> bool:
        """Return whether some number meets both conditions."""
        low, high = max(self.low, other.low), min(self.high, other.high)
        return low < high or (low == high and low in self and low in other)


def condition_of(value: str) -> Condition | None:
    """Return the condition that a value is, such as `>=7` or `5..6`; None for a plain value.

    Raises:
        UsageError: A range ends before it begins.
    """
    text = value.strip().replace("\u2212", "-")
    if found := _BETWEEN.fullmatch(text):
        low, high = (float(digits.replace(",", ".")) for digits in found.groups())
        if low > high:
            raise UsageError(f"{value}: a range begins with its lower end, as in 5..6")
        return Condition(low, high)
    if not (found := _COMPARED.fullmatch(text)):
        return None
    sign, bound = found[1], float(found[2].replace(",", "."))
    upward = sign[0] in ">≥" or sign == "=>"
    low, high = (bound, math.inf) if upward else (-math.inf, bound)
    return Condition(low, high, without_ends=sign in "<>")


class Asked:
    """Values that the user named; some of them may be conditions, such as `>=7`."""

    def __init__(self, values: Sequence[str]) -> None:
        """Read values.

        Raises:
            UsageError: A range ends before it begins.
        """
        keys = {key_of(value, missing=frozenset()) for value in values}
        # Booleans in JSON and Parquet compare as 1 and 0, but users write them as words.
        also = {{"true": 1.0, "false": 0.0}[key] for key in keys & {"true", "false"}}  # type: ignore[index]
        self.keys: set[Key] = keys | also
        read = {value: condition_of(value) for value in values}
        self.conditions = {value: each for value, each in read.items() if each is not None}

    def __bool__(self) -> bool:
        return bool(self.keys)

    def __contains__(self, key: Key) -> bool:
        if key in self.keys:
            return True
        number = number_in(key) if self.conditions else None
        return number is not None and any(number in each for each in self.conditions.values())

    def common(self, other: "Asked") -> str | None:
        """Return what is among these values and others, or None."""
        for one, two in ((self, other), (other, self)):
            if both := sorted(show(key) for key in one.keys if key in two):
                return f"{both[0]} is"
        for value, condition in self.conditions.items():
            for another, further in other.conditions.items():
                if condition.overlaps(further):
                    return f"some of {value} and {another} are"
        return None


@dataclass(frozen=True)
class _Conditions:
    """The classes of values that meet a condition; a rule reads others, if there is one."""

    named: Mapping[str, Asked]
    rule: Rule | None = None

    def __call__(self, key: Key) -> str | None:
        if found := next((name for name, asked in self.named.items() if key in asked), None):
            return found
        if self.rule is None:
            return None
        name = self.rule.meaning_of(key)
        between = name == NEUTRAL and self.rule.classes == SENTIMENT
        return OTHER if between else name  # the middle of a scale is no class


def asked_rule(
    options: ReadOptions, values: Iterable[object], name: str, column: str
) -> Rule | None:
    """Return the rule that the options or the classes of a model ask for; None to find one.

    Args:
        options: How to read labels.
        values: All labels.
        name: The source, for messages.
        column: The column of labels.

    Raises:
        UsageError: A value is given to two classes, or the model has no such classes.
        DataError: There are too many or too few classes.
    """
    if options.sides:
        return _by_sides(options, values, column)
    wanted = options.label_set.names if options.label_set else options.named
    if not (options.classes or options.label_set) or (wanted and are_sentiment(wanted)):
        return None
    return _Classes(options, wanted, values, name, column).rule()


def _by_sides(options: ReadOptions, values: Iterable[object], column: str) -> Rule | None:
    """Return the rule of `--positive`, `--negative` and `--neutral`.

    Of the first two, one leaves all other values to the other. Without both, a rule is found for
    the values that are not neutral; None if there is none.
    """
    classes = options.label_set or SENTIMENT
    names = {NEGATIVE: NEGATIVE, NEUTRAL: NEUTRAL, POSITIVE: POSITIVE}
    if classes.is_binary:
        names |= zip((NEGATIVE, POSITIVE), classes.names, strict=True)
    needed = {names[NEGATIVE], names[POSITIVE], *([POSITIVE] if options.neutral else [])}
    if not needed <= set(classes.names):
        raise UsageError(
            f"{' and '.join(f'--{side}' for side in options.sides)} need a model with the classes "
            f"negative and positive; this one has {', '.join(classes.names)}"
        )
    sides = {side: Asked(asked) for side, asked in options.sides.items()}
    for one, other in combinations(sides, 2):
        if common := sides[one].common(sides[other]):
            raise UsageError(f"{common} given to both --{one} and --{other}")
    named = {names[side]: asked for side, asked in sides.items()}
    wide = WITH_NEUTRAL if NEUTRAL in sides else SENTIMENT
    if sides.keys() == {NEUTRAL}:
        return _with_neutral(sides[NEUTRAL], options, values, column)
    rest = NEUTRAL if NEUTRAL not in sides else OTHER
    other = next((names[side] for side in (NEGATIVE, POSITIVE) if side not in sides), rest)
    words = ""
    if any(asked.conditions for asked in sides.values()):
        parts = [(" and ".join(options.sides[side]), names[side]) for side in sides]
        parts += [("others", other)] if other else []
        words = ", ".join(f"{what} {name}" for what, name in parts)
    meaning = {key: name for name, asked in named.items() for key in asked.keys}
    return Rule(meaning, wide, other, words, reads=_Conditions(named))


def _with_neutral(
    neutral: Asked, options: ReadOptions, values: Iterable[object], column: str
) -> Rule | None:
    """Return the rule of the values that are not neutral, with those that are."""
    counts = Counter(key_of(value, missing_for(options)) for value in values)
    counts.pop(None, None)
    others = {key: count for key, count in counts.items() if key not in neutral}
    rule = find_rule(others, column) or find_rule(counts, column)
    if rule is None:
        return None
    words = rule.describe(others)
    return Rule(
        {},
        WITH_NEUTRAL,
        words=f"{words}; {' and '.join(options.neutral)} neutral",
        reads=_Conditions({NEUTRAL: neutral}, rule),
        assumed=rule.assumed,
    )


def keys_of_classes(names: Iterable[str]) -> dict[str, str]:
    """Return names of classes by what the values of each share."""
    return {class_key(key_of(name, missing=frozenset())): name for name in names}


def are_sentiment(names: Iterable[str]) -> bool:
    """Return whether classes are of *negative*, *neutral* and *positive*."""
    return keys_of_classes(names).keys() <= set(WITH_NEUTRAL.names)


def missing_for(options: ReadOptions) -> frozenset[str]:
    """Return the words for missing values, without those that the options call labels."""
    return MISSING_WORDS - Asked(options.labels).keys


class _Classes:
    """The classes of `--classes`, or of a model, and the kinds of values that a file has."""

    def __init__(
        self,
        options: ReadOptions,
        wanted: Sequence[str],
        values: Iterable[object],
        name: str,
        column: str,
    ) -> None:
        """Count values.

        Args:
            options: Their classes, or those of a model.
            wanted: The names of the classes; () for all kinds.
            values: All labels.
            name: The source, for messages.
            column: The column of labels.
        """
        self._options, self._wanted = options, wanted
        self._where, self._column = f'{name}: "{column}"', column
        model = options.label_set
        ordered = model is not None and model.ordered and all(map(is_number, model.names))
        self._as_stars = options.classes == ("stars",) or ordered
        missing_words = missing_for(options)
        spelled = Counter((key_of(value, missing_words), cell(value)) for value in values)
        self._counts: Counter[Key] = Counter()  # how often each value occurs
        self._kinds: dict[Key, str] = {}  # the class of each value
        self._names: dict[str, str] = {}  # by class, as most rows spell it
        for (key, text), count in spelled.most_common():
            if key is not None:
                self._counts[key] += count
                kind = self._kinds[key] = self._kind_of(key)
                own = is_number(kind) and (self._as_stars or isinstance(key, float))
                is_own = own or kind in WITH_NEUTRAL.names
                self._names.setdefault(kind, kind if is_own else " ".join(text.split()))

    def _kind_of(self, key: Key) -> str:
        """Return what the values of a class share; of stars, their number."""
        number = number_in(key) if self._as_stars else None
        return class_key(key if number is None else number)

    def rule(self) -> Rule | None:
        """Return the rule by which each kind of value is a class; None without values."""
        if not self._names:
            return None
        names, classes = keys_of_classes(self._wanted), self._options.label_set
        if classes is None:
            names = {kind: self._names.get(kind, names[kind]) for kind in names} or self._found()
            _check_classes(names, self._where, as_stars=self._as_stars)
            in_order = sorted(names, key=float if all(map(is_number, names)) else str)
            rule = find_rule(dict.fromkeys(self._kinds, 1), self._column)
            ordered = self._as_stars or rule in SCALES
            classes = LabelSet(tuple(names[kind] for kind in in_order), ordered)
        else:
            _check_distinct(self._wanted, self._where)
        meaning = {key: names[kind] for key, kind in self._kinds.items() if kind in names}
        words = and_more(classes.names, SHOWN_VALUES)
        rule = Rule(meaning, classes, OTHER if self._options.named else None, words)
        return leaving_out(rule, self._counts) or rule

    def _found(self) -> dict[str, str]:
        """Return the names of all kinds; of stars, without a few values that are none.

        Raises:
            DataError: Stars are out of different numbers.
        """
        if not self._as_stars:
            return self._names
        best = sorted({rating[1] for rating in map(rating_of, self._kinds) if rating})
        if len(best) > 1:
            raise DataError(
                f"{self._where} holds ratings out of {' and '.join(map(str, best))}; "
                "use --classes all"
            )
        odd = {key for key, kind in self._kinds.items() if not is_number(kind)}
        if ODD_SHARE * sum(self._counts[key] for key in odd) > self._counts.total():
            return self._names
        return {kind: name for kind, name in self._names.items() if is_number(kind)}


def _check_distinct(names: Sequence[str], where: str) -> None:
    """Check that labels in files tell the classes of a model apart."""
    first: dict[str, str] = {}
    for name in names:
        other = first.setdefault(class_key(key_of(name, missing=frozenset())), name)
        if other != name:
            raise DataError(
                f'{where}: "{shortened(other)}" and "{shortened(name)}" are classes of the model '
                "and the same label in a file, where neither case nor the way a number is written "
                "counts; train it with other names"
            )


def _check_classes(names: Mapping[str, str], where: str, *, as_stars: bool) -> None:
    """Check that there are 2 to 50 classes, and that a model can have their names."""
    found = and_more(sorted(names.values()), SHOWN_OF_MANY, shortened)
    if len(names) > MAX_CLASSES:
        raise DataError(
            f"{where} holds {len(names):,} kinds of labels: {found}; a model has at most "
            f"{MAX_CLASSES} classes: {_WAY_OUT}"
        )
    if len(names) == 1:
        raise DataError(
            f"{where} holds only {found}; at least two kinds of labels are needed: add reviews of "
            "another kind, or name another column with --label-column"
        )
    fitting = [name for kind, name in names.items() if kind != UNCERTAIN and can_be_class(name)]
    if others := [name for kind, name in names.items() if as_stars and not is_number(kind)]:
        shown = and_more(others, SHOWN_OF_MANY, shortened)
        raise DataError(f"{where} holds {shown}, not only stars; use --classes all")
    for kind, name in names.items():
        if kind == UNCERTAIN or not can_be_class(name):
            raise DataError(
                f'{where} holds "{shortened(name)}", which cannot be the name of a class (another '
                f"than uncertain, printable, of at most {LONGEST_NAME} characters); "
                f"{_WAY_OUT}{_such_as(fitting)}"
            )


def _such_as(names: Sequence[str]) -> str:
    """Return the classes to keep as the option takes them, if these can be named."""
    if not 1 < len(names) <= SHOWN_VALUES or any("," in name for name in names):
        return ""
    return f" {shlex.quote(','.join(names))}"


def shortened(value: object) -> str:
    """Return a value for a message, without its end if it is long."""
    text = repr(cell(value))[1:-1]
    return text if len(text) <= SHOWN_CHARS else text[:SHOWN_CHARS] + "…"
