"""Files of reviews with labels, read for training and evaluation."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from sentiment.errors import DataError
from sentiment.reviews.agreement import Group, by_column, by_rule, by_rules_of
from sentiment.reviews.columns import texts_of
from sentiment.reviews.dataset import Assumed, LabelledReviews
from sentiment.reviews.labels import LabelReading, read_labels
from sentiment.reviews.opening import expand
from sentiment.reviews.options import ReadOptions
from sentiment.reviews.rules import DROPPED, Rule, Rules, is_assumed
from sentiment.reviews.tables import Table, name_of, open_reviews, read_table
from sentiment.reviews.texts import GrowingTexts


def read_labelled(
    patterns: Sequence[str],
    options: ReadOptions,
    *,
    like: LabelledReviews | None = None,
    room: int | None = None,
) -> LabelledReviews:
    """Read files of reviews with labels.

    Files whose label columns have the same name are judged together, so that a shard in which
    all reviews are positive reads like the others. Rows that are neutral, have no label, or have
    no text are dropped, and counted in the notes and warnings; so are files without rows.

    Args:
        patterns: Paths, globs, folders, "-" for standard input.
        options: How to read them.
        like: Reviews whose labels these are like, such as those trained on: 1 and 2 mean what
            they mean there. What `options` call positive and negative goes first.
        room: How many characters to keep in memory; with more, all texts go to a temporary file.
            None for all.

    Raises:
        DataError: A file is missing, damaged, or its columns or labels cannot be told; files
            contradict each other; or no reviews are left.
        UsageError: An option does not fit.
    """
    texts = GrowingTexts(room)
    tables = [read_table(where, options, texts) for where in expand(patterns)]
    return label_tables(tables, texts.done(), options, like=like)


def label_tables(
    all_tables: Sequence[Table],
    texts: Sequence[str],
    options: ReadOptions,
    *,
    like: LabelledReviews | None = None,
) -> LabelledReviews:
    """Read the labels of files that were read already; see `read_labelled`.

    Args:
        all_tables: The files.
        texts: The texts of all their rows; nothing of them is looked at.
        options: How they were read.
        like: As in `read_labelled`.

    Raises:
        DataError: The labels cannot be told; files contradict each other; or no reviews are left.
    """
    tables = [table for table in all_tables if table.filled]
    if all_tables and not tables:
        raise DataError(f"{name_of(all_tables)}: no rows")
    notes = list(_announce(tables))
    groups = by_column(tables)
    if like and like.rules and not (options.positive or options.negative):
        groups, more = by_rules_of(like.rules, tables)
        notes += more
    elif not (options.positive or options.negative):
        groups = by_rule(tables)
    readings = [_read_group(group, options) for group in groups]
    notes += _describe(groups, readings)
    warnings = [f"{table.name}: no rows; skipped" for table in all_tables if not table.filled]
    warnings += [warning for reading in readings for warning in reading.warnings]
    reviews = LabelledReviews(
        texts=texts,
        labels=_labels_of(tables, groups, readings),
        notes=notes,
        warnings=warnings,
        rules=_rules_of(groups, readings),
        columns={
            name: [value for table in tables for value in table.kept[name]] for name in options.keep
        },
        files=tuple((table.name, len(table.filled)) for table in tables),
        assumed=() if options.positive or options.negative else _assumed(tables, groups),
        one_reading=len(groups) < 2,
    )
    return _drop_rows(reviews, tables, readings) if tables else reviews


def read_texts(
    patterns: Sequence[str], options: ReadOptions, *, room: int | None = None
) -> Sequence[str]:
    """Read files of reviews without looking at labels; empty texts are left out.

    Args:
        patterns: Paths, globs, folders, "-" for standard input.
        options: How to read them.
        room: As for `read_labelled`.

    Raises:
        DataError: A file is missing, damaged, or its column of text cannot be told.
        UsageError: An option does not fit.
    """
    texts = GrowingTexts(room)
    for where in expand(patterns):
        opened = open_reviews(where, options, need_label=False)
        for batch in opened.batches:
            texts.extend([text for text in texts_of(batch, opened.columns) if text.strip()])
    return texts.done()


def _announce(tables: Sequence[Table]) -> Iterable[str]:
    """Say how the files are read, once for all that are read alike."""
    for how in dict.fromkeys(table.how for table in tables):
        yield f"{name_of(table for table in tables if table.how == how)}: {how}"


def _read_group(group: Group, options: ReadOptions) -> LabelReading:
    """Read the labels of the tables of a group."""
    tables = group.tables
    ends = list(accumulate(len(table.values) for table in tables))

    def locate(row: int) -> str:
        number = bisect_right(ends, row)
        start = ends[number - 1] if number else 0
        return f"{tables[number].name}, row {row - start + 1}"

    return read_labels(
        [value for table in tables for value in table.values],
        positive=options.positive,
        negative=options.negative,
        strict=options.strict,
        name=name_of(tables),
        column=tables[0].column,
        locate=locate,
        rule=group.rule,
    )


def _describe(groups: Sequence[Group], readings: Sequence[LabelReading]) -> Iterable[str]:
    """Say how the labels of each group were read."""
    for group, reading in zip(groups, readings, strict=True):
        name = f"{name_of(group.tables)}: " if len(groups) > 1 else ""
        like = "; as in the training reviews" if group.as_before else ""
        yield f"{name}{reading.description}{like}"


def _labels_of(
    tables: Sequence[Table], groups: Sequence[Group], readings: Sequence[LabelReading]
) -> NDArray[np.int8]:
    """Give the labels of all tables in their order."""
    labels: dict[Table, NDArray[np.int8]] = {}
    for group, reading in zip(groups, readings, strict=True):
        ends = np.cumsum([len(table.filled) for table in group.tables])
        labels |= zip(group.tables, np.split(reading.labels, ends[:-1]), strict=True)
    return np.concatenate([np.empty(0, np.int8), *(labels[table] for table in tables)])


def _rules_of(groups: Sequence[Group], readings: Sequence[LabelReading]) -> Rules:
    """Give the rules that were followed, by the column they were followed in."""
    rules: dict[str, tuple[Rule, ...]] = {}
    for group, reading in zip(groups, readings, strict=True):
        column = group.tables[0].column
        known = rules.setdefault(column, ())
        if reading.rule and reading.rule not in known:
            rules[column] = (*known, reading.rule)
    return rules


def _assumed(tables: Sequence[Table], groups: Sequence[Group]) -> tuple[Assumed, ...]:
    """Return the groups whose labels do not say themselves which way round they are."""
    ends = list(accumulate(len(table.filled) for table in tables))
    spans = {table: (end - len(table.filled), end) for table, end in zip(tables, ends, strict=True)}
    found = []
    for group in groups:
        values = set().union(*(table.keys for table in group.tables))
        if group.rule is not None and is_assumed(group.rule, values):
            negative, positive = group.rule.values_of(values)
            theirs = tuple(spans[table] for table in group.tables)
            name, column = name_of(group.tables), group.tables[0].column
            found.append(Assumed(name, column, negative, positive, theirs))
    return tuple(found)


def _drop_rows(
    reviews: LabelledReviews, tables: Sequence[Table], readings: Sequence[LabelReading]
) -> LabelledReviews:
    """Keep the rows that have a label and a text.

    Raises:
        DataError: There are none.
    """
    labelled = reviews.labels != DROPPED
    filled = np.concatenate([np.array(table.filled, np.bool_) for table in tables])
    kept = np.flatnonzero(labelled & filled)
    empty = int(np.count_nonzero(labelled & ~filled))
    if not len(kept):
        counts = {
            "neutral": sum(reading.neutral for reading in readings),
            "without label": sum(reading.missing for reading in readings),
            "without text": empty,
        }
        found = ", ".join(f"{count:,} {what}" for what, count in counts.items() if count)
        raise DataError(f"{name_of(tables)}: no reviews left: {found}")
    if empty:
        rows = "row has" if empty == 1 else "rows have"
        reviews.warnings.append(f"{name_of(tables)}: {empty:,} {rows} no text; dropped")
    return reviews.take(kept)
