"""The classes that label values mean: words, scales, and the user's options."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment.errors import DataError, UsageError
from sentiment.labels import (
    CLASSES,
    LONGEST_NAME,
    MAX_CLASSES,
    NEUTRAL,
    SENTIMENT,
    UNCERTAIN,
    WITH_NEUTRAL,
    LabelSet,
    can_be_class,
)
from sentiment.reviews.cells import and_more, cell
from sentiment.reviews.rules import (
    OTHER,
    SCALES,
    WORDS,
    Key,
    Rule,
    class_key,
    find_rule,
    is_number,
    key_of,
    show,
)
from sentiment.reviews.streams import ReadOptions
from sentiment.values import MISSING_WORDS

DROPPED = -1  # the label of rows without a class
_WAY_OUT = "name the column of labels with --label-column, or the classes to keep with --classes"


def rule_for(keys: Collection[Key], options: ReadOptions) -> Rule | None:
    """Return the rule for a set of values; values that `--classes` does not name may be unknown."""
    by_words = Rule(WORDS.meaning, WITH_NEUTRAL, OTHER) if keys and options.named else None
    return find_rule(keys) or by_words


def asked_rule(options: ReadOptions, values: Iterable[Any], where: str) -> Rule | None:
    """Return the rule that the options or the classes of a model ask for; None to find one.

    Raises:
        UsageError: A value is in both `--positive` and `--negative`, or the model has no such
            classes.
        DataError: There are too many or too few classes.
    """
    if options.positive or options.negative:
        return _two_classes(options)
    wanted = options.label_set.names if options.label_set else options.named
    if not (options.classes or options.label_set) or (wanted and _are_sentiment(wanted)):
        return None
    return _each(options, wanted, values, where)


def _two_classes(options: ReadOptions) -> Rule:
    """Return the rule of `--positive` and `--negative`; with one, others are the other class."""
    classes = options.label_set or SENTIMENT
    negative, positive = classes.names if classes.is_binary else SENTIMENT.names
    if not {negative, positive} <= set(classes.names):
        raise UsageError(
            "--positive and --negative need a model with these classes; this one has "
            + ", ".join(classes.names)
        )
    up, down = asked_keys(options.positive), asked_keys(options.negative)
    if both := sorted(map(show, up & down)):
        raise UsageError(f"{both[0]} is given to both --positive and --negative")
    other = NEUTRAL if up and down else negative if up else positive
    return Rule(dict.fromkeys(down, negative) | dict.fromkeys(up, positive), SENTIMENT, other)


def _keys_of_classes(names: Iterable[str]) -> dict[str, str]:
    return {class_key(key_of(name, missing=frozenset())): name for name in names}


def _are_sentiment(names: Iterable[str]) -> bool:
    return _keys_of_classes(names).keys() <= set(WITH_NEUTRAL.names)


def _each(
    options: ReadOptions, wanted: Sequence[str], values: Iterable[Any], where: str
) -> Rule | None:
    """Return the rule by which each kind of value is a class; None without values.

    Args:
        options: Their classes, or those of a model.
        wanted: The names of the classes; () for all kinds.
        values: All labels.
        where: The file and the column, for messages.
    """
    missing_words = missing_for(options)
    counts = Counter((key_of(value, missing_words), cell(value)) for value in values)
    kinds: dict[Key, str] = {}  # the class of each value
    names: dict[str, str] = {}  # by class, as most rows spell it
    as_stars = options.classes == ("stars",)
    for (key, text), _ in counts.most_common():
        if key is not None:
            kind = kinds[key] = class_key(key)
            own = is_number(kind) and (as_stars or isinstance(key, float))
            spelled = kind if own or kind in WITH_NEUTRAL.names else " ".join(text.split())
            names.setdefault(kind, spelled)
    if not names:
        return None
    classes, asked = options.label_set, _keys_of_classes(wanted)
    if classes is None:
        names = {kind: names.get(kind, asked[kind]) for kind in asked} or names
        _check_classes(names, where, as_stars=as_stars)
        in_order = sorted(names, key=float if all(map(is_number, names)) else str)
        ordered = as_stars or find_rule(kinds) in SCALES
        classes = LabelSet(tuple(names[kind] for kind in in_order), ordered)
    else:
        _check_distinct(wanted, where)
        names = asked
    meaning = {key: names[kind] for key, kind in kinds.items() if kind in names}
    words = and_more(classes.names, SHOWN_VALUES)
    return Rule(meaning, classes, OTHER if options.named else None, words)


def _check_distinct(names: Sequence[str], where: str) -> None:
    """Check that labels in files tell the classes of a model apart."""
    first: dict[str, str] = {}
    for name in names:
        other = first.setdefault(class_key(key_of(name, missing=frozenset())), name)
        if other != name:
            raise DataError(
                f'{where}: "{_shortened(other)}" and "{_shortened(name)}" are classes of the model '
                "and the same label in a file, where neither case nor the way a number is written "
                "counts; train it with other names"
            )


def _check_classes(names: Mapping[str, str], where: str, *, as_stars: bool) -> None:
    """Check that there are 2 to 50 classes, and that a model can have their names."""
    found = and_more(sorted(names.values()), SHOWN_OF_MANY, _shortened)
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
    if others := [name for kind, name in names.items() if as_stars and not is_number(kind)]:
        shown = and_more(others, SHOWN_OF_MANY, _shortened)
        raise DataError(f"{where} holds {shown}, not only stars; use --classes all")
    for kind, name in names.items():
        if kind == UNCERTAIN or not can_be_class(name):
            raise DataError(
                f'{where} holds "{_shortened(name)}", which cannot be the name of a class (another '
                f"than uncertain, printable, of at most {LONGEST_NAME} characters); "
                f"{_WAY_OUT}"
            )


def asked_keys(values: Sequence[str]) -> set[Key]:
    """Return the keys of values that the user named."""
    keys = {key_of(value, missing=frozenset()) for value in values}
    # Booleans in JSON and Parquet compare as 1 and 0, but users write them as words.
    return keys | {{"true": 1.0, "false": 0.0}[key] for key in keys & {"true", "false"}}  # type: ignore[index]


def missing_for(options: ReadOptions) -> frozenset[str]:
    """Return the words for missing values, without those that the options call labels."""
    return MISSING_WORDS - asked_keys(options.labels)


DEFAULTS = ReadOptions()
LARGE_SHARE = 0.2
SHOWN_VALUES, SHOWN_OF_MANY = 10, 3
SHOWN_CHARS = 30


@dataclass(frozen=True, eq=False)
class LabelReading:
    """The labels of a column."""

    labels: NDArray[np.int16]  # [n]: indices of classes; -1 to be dropped
    label_set: LabelSet  # the classes
    description: str  # the reading in words, for display
    warnings: list[str]  # about dropped rows
    neutral: int  # the number of neutral rows to be dropped
    left_out: int  # the number of rows of other classes to be dropped
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
    label_set: LabelSet | None = None,
) -> LabelReading:
    """Read a column of labels; the set of distinct values determines the rule and the classes.

    A rule that knows all values may be given, and so may the classes. The names of the source and
    the column, and the place of a row by its 0-based index, are for messages.

    Raises:
        DataError: The values cannot be read; a value the user named does not occur, which leaves
            one class; or, with `strict`, some are missing, or neutral where that is no class.
        UsageError: A value is both positive and negative.
    """
    where = f'{name}: "{column}"'
    missing_words = missing_for(options)
    keys = [key_of(value, missing_words) for value in values]
    counts = Counter(keys)
    missing = counts.pop(None, 0)
    rule = rule or asked_rule(options, values, where) or rule_for(counts, options)
    known = rule.known(counts) if rule else {}
    if len(known) < len(counts):
        raise DataError(_unknown(values, keys, known, options, name, column))
    classes = label_set or asked_classes(options) or (rule or WORDS).classes_of(counts)
    index = {each: label for label, each in enumerate(classes.names)}
    meaning = {key: index.get(known.get(key, OTHER), DROPPED) for key in (*counts, None)}
    labels = np.fromiter((meaning[key] for key in keys), dtype=np.int16, count=len(keys))
    dropped = {key: count for key, count in counts.items() if meaning[key] == DROPPED}
    if options.strict and (missing or (dropped and not options.named)):
        refused = {None} if options.named else {None, *dropped}
        row = next(row for row, key in enumerate(keys) if key in refused)
        place = locate(row) if locate else f"{name}, row {row + 1}"
        what = "no label" if keys[row] is None else f"neutral label {values[row]!r}"
        raise DataError(f'{place}: {what} in "{column}"; leave it out, or run without --strict')
    neutral = sum(count for key, count in dropped.items() if known[key] == NEUTRAL)
    left_out = sum(dropped.values()) - neutral
    asked = [*options.positive, *options.negative]
    absent = [value for value in asked if not counts.keys() & asked_keys([value])]
    one_class = len({meaning[key] for key in counts} - {DROPPED}) < 2
    if absent and one_class and counts.keys() - asked_keys(asked):
        raise DataError(f"{where} is never {absent[0]}; it holds {examples(values, keys)}")
    read_as = rule.describe(counts, classes) if rule else "all missing"
    description = f'labels in "{column}": {read_as}'
    if len(classes) > 2:
        description += f"; {len(classes)} classes"
    for number, kind in ((neutral, "neutral "), (left_out, "other ")):
        if number:
            description += f"; dropped {_rows(number, kind)} ({number / len(values):.0%})"
    warnings = _warnings(neutral, left_out, missing, len(values), where)
    warnings += [f"{where} is never {value}" for value in absent]  # it may be misspelt
    rule = rule if counts else None
    return LabelReading(labels, classes, description, warnings, neutral, left_out, missing, rule)


def asked_classes(options: ReadOptions) -> LabelSet | None:
    """Return the classes of a model, or of sentiment that are named; None to find them."""
    if options.label_set is None and options.named and _are_sentiment(options.named):
        asked = _keys_of_classes(options.named)
        return LabelSet(tuple(name for name in WITH_NEUTRAL.names if name in asked))
    return options.label_set


def _rows(number: int, kind: str = "") -> str:
    return f"{number:,} {kind}{'row' if number == 1 else 'rows'}"


def _warnings(neutral: int, left_out: int, missing: int, total: int, where: str) -> list[str]:
    warnings = []
    for number, what in ((neutral, "neutral"), (left_out, "of another class")):
        if number > LARGE_SHARE * total:
            warnings.append(f"{where} is {what} in {number / total:.0%} of rows; they were dropped")
    if missing:
        warnings.append(f"{where} is empty in {_rows(missing)}; dropped")
    return warnings


def _unknown(
    values: Sequence[Any],
    keys: Sequence[Key],
    known: Mapping[Key, str],
    options: ReadOptions,
    name: str,
    column: str,
) -> str:
    """Return the message about unknown values: which they are and what to do."""
    model = options.label_set
    if model and not _are_sentiment(model.names):
        new = [None if key in known else key for key in keys]
        return (
            f'{name}: "{column}" holds {examples(values, new)}, not among the classes '
            f"{', '.join(model.names)}; correct these labels or leave their rows out"
        )
    found, ask = examples(values, keys), "say which is which with --positive VALUE"
    ask += " and --negative VALUE (each may be repeated)"
    many = len({*keys} - {None})
    if many == 1:
        found = f"only {found}"
        ask = "give the other kind, too, or say what it is: --positive VALUE or --negative VALUE"
    elif many > SHOWN_VALUES:
        found = f"{many:,} different values: {found}"
        ask = f"name the column of labels with --label-column, or {ask}"
    if set(CLASSES) <= set(WORDS.known({*keys}).values()):
        ask += ", leave out the others with --classes negative,positive"
    if model is None and 1 < many <= MAX_CLASSES:
        ask += ", or make each a class with --classes all"
    what = "positive from negative" if model in (None, SENTIMENT) else ", ".join(model.names)
    return f'{name}: cannot tell {what} in "{column}", which holds {found}; {ask}'


def examples(values: Iterable[Any], keys: Iterable[Key]) -> str:
    """Return the distinct values that were found, or the first of them."""
    examples = {key: value for value, key in zip(values, keys, strict=True) if key is not None}
    most = SHOWN_VALUES if len(examples) <= SHOWN_VALUES else SHOWN_OF_MANY
    return and_more(list(examples.values()), most, _shortened)


def _shortened(value: Any) -> str:
    text = repr(cell(value))[1:-1]
    return text if len(text) <= SHOWN_CHARS else text[:SHOWN_CHARS] + "…"
