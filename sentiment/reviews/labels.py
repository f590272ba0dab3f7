"""The classes that label values mean: words, scales, and the user's options."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment.errors import DataError, hint
from sentiment.labels import (
    CLASSES,
    MAX_CLASSES,
    NEUTRAL,
    SENTIMENT,
    WITH_NEUTRAL,
    LabelSet,
)
from sentiment.reviews.asked import (
    SHOWN_OF_MANY,
    SHOWN_VALUES,
    Asked,
    are_sentiment,
    asked_rule,
    keys_of_classes,
    missing_for,
    shortened,
)
from sentiment.reviews.cells import and_more
from sentiment.reviews.rules import OTHER, WORDS, Key, Rule, key_of
from sentiment.reviews.scales import find_rule
from sentiment.reviews.streams import ReadOptions

_COMPARED = 1000  # labels, to find a misspelt one among them
DROPPED = -1  # the label of rows without a class


def rule_for(counts: Mapping[Key, int], options: ReadOptions, column: str) -> Rule | None:
    """Return the rule for the values of a column, which occur so often.

    Values that `--classes` does not name may be unknown.
    """
    by_words = replace(WORDS, other=OTHER) if counts and options.named else None
    return find_rule(counts, column) or by_words


DEFAULTS = ReadOptions()
LARGE_SHARE = 0.2


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
    rule = rule or asked_rule(options, values, name, column) or rule_for(counts, options, column)
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
        kind = "neutral label" if known.get(keys[row]) == NEUTRAL else "label"
        what = "no label" if keys[row] is None else f"{kind} {values[row]!r}"
        raise DataError(f'{place}: {what} in "{column}"; leave it out, or run without --strict')
    neutral = sum(count for key, count in dropped.items() if known[key] == NEUTRAL)
    left_out = sum(dropped.values()) - neutral
    one_class = len({meaning[key] for key in counts} - {DROPPED}) < 2
    absent = _absent(options, counts, values, keys, where, one_class=one_class)
    read_as = rule.describe(counts, classes) if rule else "all missing"
    description = f'labels in "{column}": {read_as}'
    if len(classes) > 2:
        description += f"; {len(classes)} classes"
    for number, kind in ((neutral, "neutral "), (left_out, "other ")):
        if number:
            description += f"; dropped {_rows(number, kind)} ({number / len(values):.0%})"
    if left_out and not (options.named or options.sides):
        none = [key if key in dropped and known[key] == OTHER else None for key in keys]
        description += f": {examples(values, none)}"
        if options.label_set is None and rule and rule.reads is WORDS.reads:
            description += " (--classes all makes each a class)"
    warnings = _warnings(neutral, left_out, missing, len(values), where)
    warnings += [never(where, value, values) for value in absent]
    rule = rule if counts else None
    return LabelReading(labels, classes, description, warnings, neutral, left_out, missing, rule)


def _absent(
    options: ReadOptions,
    counts: Mapping[Key, int],
    values: Sequence[Any],
    keys: Sequence[Key],
    where: str,
    *,
    one_class: bool,
) -> list[str]:
    """Return the values that the user named and that do not occur.

    Raises:
        DataError: They leave one class.
    """
    asked = [value for values in options.sides.values() for value in values]
    absent = [value for value in asked if not any(map(Asked([value]).__contains__, counts))]
    of_two = [value for value in absent if value not in options.neutral]
    if of_two and one_class and not all(map(Asked(asked).__contains__, counts)):
        raise DataError(f"{never(where, of_two[0], values)}; it holds {examples(values, keys)}")
    return absent


def never(where: str, name: str, values: Iterable[Any]) -> str:
    """Return that a label does not occur, with those of the values that it may have meant."""
    distinct = islice(dict.fromkeys(map(str, values)), _COMPARED)
    return f"{where} is never {name}{hint(name, distinct)}"


def asked_classes(options: ReadOptions) -> LabelSet | None:
    """Return the classes of a model, or of sentiment that are named; None to find them."""
    if options.label_set is None and options.named and are_sentiment(options.named):
        asked = keys_of_classes(options.named)
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
    if model and not are_sentiment(model.names):
        new = [None if key in known else key for key in keys]
        return (
            f'{name}: "{column}" holds {examples(values, new)}, not among the classes '
            f"{', '.join(model.names)}; correct these labels or leave their rows out"
        )
    found, ask = examples(values, keys), "say which is which with --positive VALUE"
    many = len({*keys} - {None})
    numbers = many > 2 and all(isinstance(key, float) for key in {*keys} - {None})
    ask += " and --negative VALUE (each may be repeated"
    ask += ", or a condition such as '>=7' or '5..6')" if numbers else ")"
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
    return and_more(list(examples.values()), most, shortened)
