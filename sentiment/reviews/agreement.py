"""By which rule the labels of each of several files are read: never by two that contradict."""

from collections.abc import Sequence
from dataclasses import dataclass

from sentiment.errors import DataError
from sentiment.reviews.rules import NEGATIVE, POSITIVE, Rule, Rules, find_rule, show
from sentiment.reviews.tables import Table, name_of
from sentiment.reviews.values import Key

ASK = "say which is which with --positive VALUE and --negative VALUE"
SHOWN_FILES = 3
SHOWN_VALUES = 10


@dataclass(frozen=True)
class Group:
    """Tables whose labels are read together.

    Attributes:
        tables: The tables, whose label columns have the same name.
        rule: The rule to read them by, None if none was found.
        as_before: The rule is that of reviews read before.
    """

    tables: list[Table]
    rule: Rule | None = None
    as_before: bool = False


def by_column(tables: Sequence[Table]) -> list[Group]:
    """Group the tables whose label columns have the same name."""
    names = dict.fromkeys(table.column for table in tables)
    return [Group([table for table in tables if table.column == name]) for name in names]


def by_rule(tables: Sequence[Table]) -> list[Group]:
    """Find the rules, one for all tables whose label columns have the same name.

    Where there is none, as for 0 and 1 beside words, each table gets its own.

    Raises:
        DataError: Tables contradict each other.
    """
    groups = []
    for group in by_column(tables):
        values = set().union(*(table.keys for table in group.tables))
        together = find_rule(values)
        if together:
            _check_together(group.tables, together)
        elif len(group.tables) > 1 and values:
            _check_apart(group.tables)
            groups += [Group([table], find_rule(table.keys)) for table in group.tables]
            continue
        groups.append(Group(group.tables, together))
    return groups


def by_rules_of(rules: Rules, tables: Sequence[Table]) -> tuple[list[Group], list[str]]:
    """Give each table the rule that reviews read before were read by.

    Tables with labels of another kind, none of which these rules know, are read by themselves.

    Returns:
        The groups, and notes about tables that are read by themselves.

    Raises:
        DataError: A table holds a value that its rule does not know, or fits several rules.
    """
    found: dict[tuple[str, int], Group] = {}
    others = []
    for table in tables:
        rule = _fitting(rules, table)
        if rule is None:
            others.append(table)
        else:
            key = (table.column, id(rule))
            found.setdefault(key, Group([], rule, as_before=True)).tables.append(table)
    notes = [
        f"{table.name}: labels of another kind than in the training reviews; read by themselves"
        for table in others
        if table.keys
    ]
    return [*found.values(), *by_rule(others)], notes


def _fitting(rules: Rules, table: Table) -> Rule | None:
    """Find the rule that knows all labels of a table, None if no rule knows any."""
    candidates = rules.get(table.column) or [rule for some in rules.values() for rule in some]
    known = [rule for rule in candidates if rule.known(table.keys)]
    if not known:
        return None
    where = f'{table.name}: "{table.column}"'
    fitting = [rule for rule in known if len(rule.known(table.keys)) == len(table.keys)]
    if not fitting:
        rule = max(known, key=lambda rule: len(rule.known(table.keys)))
        unknown = sorted(show(key) for key in table.keys - rule.known(table.keys).keys())
        more = f" and {len(unknown) - SHOWN_VALUES:,} more" if len(unknown) > SHOWN_VALUES else ""
        raise DataError(
            f"{where} holds {', '.join(unknown[:SHOWN_VALUES])}{more}, which the labels of the "
            f"training reviews ({rule.describe(rule.meaning.keys())}) do not explain; {ASK}"
        )
    if any(rule.known(table.keys) != fitting[0].known(table.keys) for rule in fitting):
        raise DataError(f"{where} can be read in more than one way of the training reviews; {ASK}")
    return fitting[0]


def _check_together(tables: Sequence[Table], together: Rule) -> None:
    """Make sure that no two files that have both classes alone lose one together."""
    alone = [(table, rule) for table in tables if (rule := find_rule(table.keys))]
    both = [
        (table, rule)
        for table, rule in alone
        if {POSITIVE, NEGATIVE} <= set(rule.known(table.keys).values())
    ]
    differ = any(rule.known(table.keys) != together.known(table.keys) for table, rule in both)
    if len(both) > 1 and differ:
        raise _contradiction(both)


def _check_apart(tables: Sequence[Table]) -> None:
    """Make sure that no value means one thing in one file and another in the next."""
    alone = [(table, rule) for table in tables if (rule := find_rule(table.keys))]
    meanings: dict[Key, int] = {}
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
        f"{table.name}: {rule.describe(table.keys)}" for table, rule in shown[:SHOWN_FILES]
    )
    first = readings[0][0]
    return DataError(
        f'{name_of(table for table, _ in readings)}: the labels in "{first.column}" '
        f"contradict each other ({what}); use the same labels in all files, or {ASK}"
    )
