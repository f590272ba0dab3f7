"""Reading labelled reviews from several files, whose labels must agree."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate, chain

import numpy as np
from numpy.typing import NDArray

from sentiment.errors import DataError
from sentiment.labels import NEGATIVE, POSITIVE, SENTIMENT, WITH_NEUTRAL, LabelSet
from sentiment.reviews.asked import asked_rule, missing_for
from sentiment.reviews.batch import numbered_row
from sentiment.reviews.cells import and_more
from sentiment.reviews.dataset import Assumed, LabelledReviews
from sentiment.reviews.labels import (
    DROPPED,
    LabelReading,
    asked_classes,
    examples,
    never,
    read_labels,
    rule_for,
)
from sentiment.reviews.opening import expand, open_reviews
from sentiment.reviews.rules import Key, Rule, Rules, is_assumed, key_of, show
from sentiment.reviews.scales import find_rule, leaving_out
from sentiment.reviews.separate_labels import paired_files
from sentiment.reviews.streams import ReadOptions
from sentiment.reviews.tables import Table, read_table
from sentiment.reviews.texts import texts_of
from sentiment.storage import GrowingTexts

ASK = "say which is which with --positive VALUE and --negative VALUE"
SHOWN_FILES = 3
SHOWN_VALUES = 10


@dataclass(frozen=True)
class Group:
    """Tables whose labels are read together: their label columns have the same name."""

    tables: list[Table]
    rule: Rule | None = None  # None if not found
    as_before: bool = False  # whether the rule is that of reviews read before

    @property
    def column(self) -> str:
        """The name of the column of labels."""
        return self.tables[0].column

    @cached_property
    def counts(self) -> Counter[Key]:
        """How often each label occurs in all tables, without missing ones."""
        counts: Counter[Key] = Counter()
        for table in self.tables:
            counts.update(table.counts)
        return counts

    @property
    def keys(self) -> set[Key]:
        """The distinct labels of all tables, without missing ones."""
        return set(self.counts)


def _name_of(tables: Iterable[Table]) -> str:
    """Return a short name of some files: `a.csv and 2 more`."""
    return and_more([table.name for table in tables], 1)


def read_labelled(
    patterns: Sequence[str],
    options: ReadOptions,
    *,
    rules_from: LabelledReviews | None = None,
    max_chars: int | None = None,
) -> LabelledReviews:
    """Read files of labelled reviews.

    Files whose label columns have the same name are read by one rule, so that a shard with only
    positive reviews is read like the others. Rows without a label or a text, and those of classes
    that are not in use, are dropped and counted in the notes and warnings; so are files without
    rows.

    Args:
        patterns: Paths, globs, folders, "-" for standard input.
        options: How to read them.
        rules_from: Reviews with the same kind of labels, such as the training data: 1 and 2
            have the meaning they have there, and the classes are the same. `options.positive` and
            `negative` take precedence.
        max_chars: The number of characters to keep in memory; with more, all texts go to a
            temporary file. None for no limit.

    Raises:
        DataError: A file is missing or damaged; its columns or labels cannot be determined; files
            contradict each other; or no reviews are left.
        UsageError: An option does not fit.
    """
    texts = GrowingTexts(max_chars)
    tables = [read_table(where, each, texts) for where, each in paired_files(patterns, options)]
    return label_tables(tables, texts.done(), options, rules_from=rules_from)


def read_texts(
    patterns: Sequence[str], options: ReadOptions, *, max_chars: int | None = None
) -> Sequence[str]:
    """Read the texts of files, ignoring labels; empty texts are left out.

    The arguments are those of `read_labelled`.

    Raises:
        DataError: A file is missing or damaged, or its column of text cannot be determined.
        UsageError: An option does not fit.
    """
    texts = GrowingTexts(max_chars)
    for where in expand(patterns):
        opened = open_reviews(where, options, need_label=False)
        for batch in opened.batches:
            texts.extend([text for text in texts_of(batch, opened.columns) if text.strip()])
    return texts.done()


def label_tables(
    all_tables: Sequence[Table],
    texts: Sequence[str],
    options: ReadOptions,
    *,
    rules_from: LabelledReviews | None = None,
) -> LabelledReviews:
    """Read the labels of tables; see `read_labelled`.

    `texts` are those of all rows, which are not examined.

    Raises:
        DataError: The labels cannot be read; files contradict each other; or no reviews are left.
    """
    tables = [table for table in all_tables if table.filled]
    if all_tables and not tables:
        raise DataError(f"{_name_of(all_tables)}: no rows")
    notes = [
        f"{_name_of(table for table in tables if table.how == how)}: {how}"
        for how in dict.fromkeys(table.how for table in tables)
    ]
    asked = bool(options.positive or options.negative)  # --neutral alone is in the rules
    groups: list[Group] = []
    if rules_from is not None and not asked:
        options = replace(options, label_set=rules_from.label_set)
        groups, more = _by_rules_of(rules_from.rules, tables)
        notes += more
    grouped = {table for group in groups for table in group.tables}
    others = [table for table in tables if table not in grouped]
    groups += _by_options(others, options)
    label_set = _common_classes(groups, options)
    readings = [_read_group(group, options, label_set) for group in groups]
    notes += _describe(groups, readings)
    warnings = [f"{table.name}: no rows; skipped" for table in all_tables if not table.filled]
    warnings += [warning for reading in readings for warning in reading.warnings]
    labels = _labels_of(tables, groups, readings)
    if tables and options.named and options.label_set is None:
        _check_named(labels, label_set, tables, options)
    reviews = LabelledReviews(
        texts=texts,
        labels=labels,
        label_set=label_set,
        notes=notes,
        warnings=warnings,
        rules=_rules_of(groups, readings),
        columns={
            name: [value for table in tables for value in table.kept[name]] for name in options.keep
        },
        files=tuple(table.file for table in tables),
        assumed=() if asked else tuple(_assumed(tables, groups)),
        one_reading=len(groups) < 2,
    )
    return _drop_rows(reviews, tables, readings) if tables else reviews


def _by_options(tables: Sequence[Table], options: ReadOptions) -> list[Group]:
    """Group tables, each with the rule that the options ask for, or that its values determine."""
    if not tables:
        return []
    values = chain.from_iterable(table.values for table in tables)
    if rule := asked_rule(options, values, _name_of(tables), tables[0].column):
        if options.classes == ("all",) and options.label_set is None:
            _check_shared(tables, rule)
        return [replace(group, rule=rule) for group in _by_column(tables)]
    return [
        group if group.rule else replace(group, rule=rule_for(group.counts, options, group.column))
        for group in _by_rule(tables)
    ]


def _by_column(tables: Sequence[Table]) -> list[Group]:
    names = dict.fromkeys(table.column for table in tables)
    return [Group([table for table in tables if table.column == name]) for name in names]


def _by_rule(tables: Sequence[Table]) -> list[Group]:
    """Find rules, one for all tables whose label columns have the same name.

    If no rule fits all, as with numbers in one file and words in another, each table gets its own.
    """
    groups = []
    for group in _by_column(tables):
        together = find_rule(group.counts, group.column)
        alone = [(table, rule) for table in group.tables if (rule := _rule_of(table))]
        if together:
            _check_together(alone, together)
        elif len(group.tables) > 1 and group.keys:
            _check_apart(alone)
            groups += [Group([table], _rule_of(table)) for table in group.tables]
            continue
        groups.append(Group(group.tables, together))
    return groups


def _rule_of(table: Table) -> Rule | None:
    return find_rule(table.counts, table.column)


def _by_rules_of(rules: Rules, tables: Sequence[Table]) -> tuple[list[Group], list[str]]:
    """Group tables by the rules that earlier reviews were read by; return notes, too.

    Tables with labels unknown to these rules are left out.
    """
    groups: list[Group] = []
    others = []
    for table in tables:
        if (rule := _fitting(rules, table)) is None:
            others.append(table)
            continue
        like = (group for group in groups if (group.column, group.rule) == (table.column, rule))
        if group := next(like, None):
            group.tables.append(table)
        else:
            groups.append(Group([table], rule, as_before=True))
    notes = [
        f"{table.name}: labels of another kind than in the training reviews; read by themselves"
        for table in others
        if table.keys and rules
    ]
    return groups, notes


def _common_classes(groups: Sequence[Group], options: ReadOptions) -> LabelSet:
    """Return the classes of all groups.

    Raises:
        DataError: Groups read by different rules have other classes.
    """
    if asked := asked_classes(options):
        return asked
    found: dict[LabelSet, Table] = {}
    for group in groups:
        if group.rule and group.keys:
            keys = set().union(*(each.keys for each in groups if each.rule == group.rule))
            found.setdefault(group.rule.classes_of(keys), group.tables[0])
    if len(found) > 1:
        raise _other_classes([(classes.names, table) for classes, table in found.items()])
    return next(iter(found), SENTIMENT)


def _check_shared(tables: Sequence[Table], rule: Rule) -> None:
    """Check that the classes of each file are among those of the file with the most.

    Files of one class, as with one file for each, are no contradiction.
    """
    found = [(set(rule.known(table.keys).values()), table) for table in tables]
    found = sorted((each for each in found if len(each[0]) > 1), key=lambda each: -len(each[0]))
    for names, table in found[1:]:
        if not names <= found[0][0]:
            raise _other_classes([(sorted(found[0][0]), found[0][1]), (sorted(names), table)])


def _other_classes(found: Sequence[tuple[Sequence[str], Table]]) -> DataError:
    """Return the error for files with different classes."""
    shown = [f"{table.name}: {and_more(names, SHOWN_VALUES)}" for names, table in found]
    shared = [name for name in found[0][0] if all(name in names for names, _ in found)]
    keep = f" {','.join(shared)}" if len(shared) > 1 else ""
    return DataError(
        f"the files have different classes ({'; '.join(shown[:SHOWN_FILES])}); use the same in "
        f"all files, or name the classes to keep with --classes{keep}"
    )


def _check_named(
    labels: NDArray[np.int16], label_set: LabelSet, tables: Sequence[Table], options: ReadOptions
) -> None:
    """Check that the classes the user named occur."""
    counts = np.bincount(labels[labels != DROPPED], minlength=len(label_set))
    for name, count in zip(label_set.names, counts.tolist(), strict=True):
        if not count:
            values = [value for table in tables for value in table.values]
            missing_words = missing_for(options)
            held = examples(values, (key_of(value, missing_words) for value in values))
            where = f'{_name_of(tables)}: "{tables[0].column}"'
            raise DataError(f"{never(where, name, values)}; it holds {held or 'nothing'}")


def _fitting(rules: Rules, table: Table) -> Rule | None:
    """Return the rule that knows all labels of a table, or None if no rule knows any."""
    candidates = rules.get(table.column) or [rule for some in rules.values() for rule in some]
    known = [rule for rule in candidates if rule.known(table.keys)]
    if not known:
        return None
    where = f'{table.name}: "{table.column}"'
    fitting = [rule for rule in known if len(rule.known(table.keys)) == len(table.keys)]
    extended = (leaving_out(rule, table.counts, table.column) for rule in known)
    fitting = fitting or [rule for rule in extended if rule]
    if not fitting:
        rule = max(known, key=lambda rule: len(rule.known(table.keys)))
        unknown = sorted(show(key) for key in table.keys - rule.known(table.keys).keys())
        raise DataError(
            f"{where} has {and_more(unknown, SHOWN_VALUES)}, not among the labels of the "
            f"training reviews ({rule.describe(rule.meaning.keys(), rule.classes)}); "
            f"{ASK if rule.classes in (SENTIMENT, WITH_NEUTRAL) else 'correct these labels'}"
        )
    if any(rule.known(table.keys) != fitting[0].known(table.keys) for rule in fitting):
        raise DataError(f"{where} fits several kinds of labels in the training reviews; {ASK}")
    return fitting[0]


def _check_together(alone: Sequence[tuple[Table, Rule]], together: Rule) -> None:
    """Check that the common rule does not contradict the files that have both classes."""
    both = [
        (table, rule)
        for table, rule in alone
        if {POSITIVE, NEGATIVE} <= set(rule.known(table.keys).values())
    ]
    differ = any(rule.known(table.keys) != together.known(table.keys) for table, rule in both)
    if len(both) > 1 and differ:
        raise _contradiction(both)


def _check_apart(alone: Sequence[tuple[Table, Rule]]) -> None:
    """Check that no value has different meanings in different files."""
    meanings: dict[Key, str] = {}
    for table, rule in alone:
        for key, label in rule.known(table.keys).items():
            if meanings.setdefault(key, label) != label:
                raise _contradiction(alone)


def _contradiction(readings: Sequence[tuple[Table, Rule]]) -> DataError:
    shown: list[tuple[Table, Rule]] = []
    for table, rule in readings:
        if rule not in [other for _, other in shown]:
            shown.append((table, rule))
    what = "; ".join(
        f"{table.name}: {rule.describe(table.keys, rule.classes)}"
        for table, rule in shown[:SHOWN_FILES]
    )
    return DataError(
        f'{_name_of(table for table, _ in readings)}: the labels in "{readings[0][0].column}" '
        f"contradict each other ({what}); use the same labels in all files, or {ASK}"
    )


def _read_group(group: Group, options: ReadOptions, label_set: LabelSet) -> LabelReading:
    tables = group.tables
    ends = list(accumulate((len(table.values) for table in tables), initial=0))

    def locate(row: int) -> str:
        number = bisect_right(ends, row) - 1
        table = tables[number]
        return f"{table.name}, row {numbered_row(row - ends[number], table.gaps)}"

    return read_labels(
        [value for table in tables for value in table.values],
        options,
        name=_name_of(tables),
        column=group.column,
        locate=locate,
        rule=group.rule,
        label_set=label_set,
    )


def _describe(groups: Sequence[Group], readings: Sequence[LabelReading]) -> Iterator[str]:
    """Yield how the labels of each group were read."""
    for group, reading in zip(groups, readings, strict=True):
        name = f"{_name_of(group.tables)}: " if len(groups) > 1 else ""
        like = "; as in the training reviews" if group.as_before else ""
        yield f"{name}{reading.description}{like}"


def _labels_of(
    tables: Sequence[Table], groups: Sequence[Group], readings: Sequence[LabelReading]
) -> NDArray[np.int16]:
    """Return the labels of all tables, in order."""
    labels: dict[Table, NDArray[np.int16]] = {}
    for group, reading in zip(groups, readings, strict=True):
        ends = np.cumsum([len(table.filled) for table in group.tables])
        labels |= zip(group.tables, np.split(reading.labels, ends[:-1]), strict=True)
    return np.concatenate([np.empty(0, np.int16), *(labels[table] for table in tables)])


def _rules_of(groups: Sequence[Group], readings: Sequence[LabelReading]) -> Rules:
    """Return the rules that were applied, by column."""
    rules: dict[str, tuple[Rule, ...]] = {}
    for group, reading in zip(groups, readings, strict=True):
        column = group.column
        known = rules.setdefault(column, ())
        if reading.rule and reading.rule not in known:
            rules[column] = (*known, reading.rule)
    return rules


def _assumed(tables: Sequence[Table], groups: Sequence[Group]) -> Iterator[Assumed]:
    """Yield the groups whose label orientation was assumed."""
    ends = accumulate(len(table.filled) for table in tables)
    spans = {table: (end - len(table.filled), end) for table, end in zip(tables, ends, strict=True)}
    for group in groups:
        if group.rule is not None and is_assumed(group.rule, group.keys):
            negative, positive = (
                group.rule.values_of(group.keys, name) for name in SENTIMENT.names
            )
            theirs = tuple(spans[table] for table in group.tables)
            column = group.column
            yield Assumed(_name_of(group.tables), column, negative, positive, theirs)


def _drop_rows(
    reviews: LabelledReviews, tables: Sequence[Table], readings: Sequence[LabelReading]
) -> LabelledReviews:
    """Keep the rows that have a label and a text."""
    labelled = reviews.labels != DROPPED
    filled = np.concatenate([np.array(table.filled, np.bool_) for table in tables])
    kept = np.flatnonzero(labelled & filled)
    empty = int(np.count_nonzero(labelled & ~filled))
    if not len(kept):
        counts = {
            "neutral": sum(reading.neutral for reading in readings),
            "of another class": sum(reading.left_out for reading in readings),
            "without label": sum(reading.missing for reading in readings),
            "without text": empty,
        }
        found = ", ".join(f"{count:,} {what}" for what, count in counts.items() if count)
        raise DataError(f"{_name_of(tables)}: no reviews left: {found}")
    if empty:
        rows = "row has" if empty == 1 else "rows have"
        reviews.warnings.append(f"{_name_of(tables)}: {empty:,} {rows} no text; dropped")
    return reviews.take(kept)
