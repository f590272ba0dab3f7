"""A summary for a terminal: tables and small bars, as wide as it is."""

import shutil
from collections.abc import Iterator, Sequence

from sentiment.cli.console import bar
from sentiment.cli.tables import shortened
from sentiment.labels import NEGATIVE, POSITIVE
from sentiment.reviews.cells import and_more, count_of
from sentiment.summary.result import Aspect, Cell, Difference, Group, Share, Summary, Theme

_NARROWEST, _WIDEST = 60, 120
_PERIODS, _GROUPS, _MOVES, _THEMES, _ASPECTS = 10, 8, 4, 5, 6
_NAME = 24  # characters of the name of a group, a theme or an aspect


def terminal_width() -> int:
    """Return how wide the page is, in characters; 80 if that is not known."""
    return min(max(shutil.get_terminal_size((80, 24)).columns, _NARROWEST), _WIDEST)


def page_lines(summary: Summary, width: int) -> Iterator[str]:
    """Yield the lines of a summary, at most `width` characters each."""
    for part in (_head, _total, _trend, _groups, _moves, _themes, _aspects, _left_out, _notes):
        lines = [*part(summary, width)]
        if lines and part is not _head:
            yield ""
        for line in lines:
            yield line[:width].rstrip()


def _head(summary: Summary, width: int) -> Iterator[str]:
    how = f"answered by {summary.model}" if summary.model else "with the answers they have"
    of = "" if summary.rows == summary.reviews else f"{summary.reviews:,} of "
    what = f"{summary.title}: {of}{count_of(summary.rows, 'review')}, {how}"
    yield from _wrapped(what, width, "")


def _total(summary: Summary, width: int) -> Iterator[str]:
    labelled = any(share.labelled is not None for share in summary.total.shares)
    name = max(9, *(len(each) + 1 for each in summary.classes))
    name = min(name, _NAME)
    head = f"{'':<{name}}{'share':>7}{'95% interval':>17}{'counted':>10}"
    yield head + (f"{'labels':>9}" if labelled else "")
    room = width - len(head) - 9 * labelled - 2
    for each, share in zip(summary.classes, summary.total.shares, strict=True):
        line = (
            f"{shortened(each, name - 1):<{name}}{_percent(share.value):>7}{_interval(share):>17}"
        )
        line += f"{_percent(share.counted):>10}"
        if labelled:
            line += f"{'–' if share.labelled is None else _percent(share.labelled):>9}"
        yield f"{line}  {bar(share.value, max(room, 4))}"


def shown_classes(classes: Sequence[str]) -> list[int]:
    """Return the labels that tables show: of two the first, of sentiment negative and positive."""
    if len(classes) == 2:
        return [0]
    named = [classes.index(name) for name in (NEGATIVE, POSITIVE) if name in classes]
    return named if len(named) == 2 else [0, len(classes) - 1]


def _trend(summary: Summary, width: int) -> Iterator[str]:
    cells = [cell for cell in summary.of_periods() if cell.shares]
    if not cells:
        return
    shown = cells[-_PERIODS:]
    before = f", the last {len(shown)} of {len(cells)}" if len(shown) < len(cells) else ""
    yield from _table(
        summary, width, f"by {summary.unit}{before}", [(cell.period or "", cell) for cell in shown]
    )


def _groups(summary: Summary, width: int) -> Iterator[str]:
    cells = [cell for cell in summary.groups if cell.shares]
    if not cells:
        return
    differing = [each.group for each in summary.differences]
    chosen = cells[:_GROUPS]
    left = f", the largest {len(chosen)} of {len(cells)}" if len(chosen) < len(cells) else ""
    marks = ["* " if cell.group in differing else "  " for cell in chosen]
    rows = [(mark + _name(cell.group), cell) for mark, cell in zip(marks, chosen, strict=True)]
    yield from _table(summary, width, f"by {', '.join(summary.by)}{left}", rows)
    if differing:
        yield "* differs from the rest beyond chance"
    others = [each for each in summary.differences if each.group not in {c.group for c in chosen}]
    for each in others[:_MOVES]:
        yield f"  also {_difference(summary, each, 'the rest')}"


def _table(
    summary: Summary, width: int, title: str, rows: Sequence[tuple[str, Cell]]
) -> Iterator[str]:
    """Yield a line for each cell: its name, its reviews, and shares with intervals and bars."""
    labels = shown_classes(summary.classes)
    if width < 26 + 32 * len(labels):
        labels = labels[:1]
    name = min(max(12, *(len(row) + 1 for row, _ in rows)), _NAME)
    room = (width - name - 9) // len(labels) - 18
    heads = "".join(f"  {shortened(summary.classes[label], 14):<{room + 16}}" for label in labels)
    yield f"{shortened(title, name + 9):<{name + 9}}{heads}" if len(title) < name else title
    if len(title) >= name:
        yield f"{'':<{name}}{'reviews':>9}{heads}"
    for row, cell in rows:
        line = f"{shortened(row, name - 1) if row.strip() == row else row[: name - 1]:<{name}}"
        line += f"{cell.reviews:>9,}"
        for label in labels:
            share = cell.shares[label]
            short = f"{100 * share.low:.0f}–{100 * share.high:.0f}"
            line += f"  {_percent(share.value):>6} {short:<7} {bar(share.value, room):<{room}}"
        yield line


def _moves(summary: Summary, _: int) -> Iterator[str]:
    if not summary.moves:
        return
    yield "moved from the first half of the time to the second, beyond chance"
    for each in summary.moves[:_MOVES]:
        yield f"  {_difference(summary, each, 'before')}"


def _difference(summary: Summary, each: Difference, other: str) -> str:
    who = _name(each.group) if each.group else "all"
    return (
        f"{shortened(who, _NAME)}: {shortened(summary.classes[each.label], 14)} "
        f"{_percent(each.share)}, {other} {_percent(each.other)}"
    )


def _themes(summary: Summary, width: int) -> Iterator[str]:
    for label, name in enumerate(summary.classes):
        themes = [theme for theme in summary.themes if theme.label == label][:_THEMES]
        if themes:
            yield f"what {shortened(name, 14)} reviews are about"
        for theme in themes:
            yield from _theme(theme, width)


def _theme(theme: Theme, width: int) -> Iterator[str]:
    head = f"  {shortened(theme.name, _NAME):<{_NAME}}{theme.reviews:>7,}{_percent(theme.share):>7}"
    quote = f"“{theme.quotes[0].sentence}”" if theme.quotes else ""
    yield f"{head}  {shortened(quote, width - len(head) - 2)}"


def _aspects(summary: Summary, width: int) -> Iterator[str]:
    aspects = [each for each in summary.aspects if each.shares][:_ASPECTS]
    if not aspects:
        return
    labels = shown_classes(summary.classes)
    heads = "".join(f"{shortened(summary.classes[label], 10):>11}" for label in labels)
    yield f"{'sentences about':<{_NAME + 2}}{'':>7}{heads}"
    for each in aspects:
        yield _aspect(each, labels, width)


def _aspect(aspect: Aspect, labels: Sequence[int], width: int) -> str:
    head = f"  {shortened(aspect.name, _NAME):<{_NAME}}{aspect.sentences:>7,}"
    head += "".join(f"{_percent(aspect.shares[label]):>11}" for label in labels)
    quote = f"“{aspect.quotes[0].sentence}”" if aspect.quotes else ""
    return f"{head}  {shortened(quote, max(width - len(head) - 2, 1))}"


def _left_out(summary: Summary, width: int) -> Iterator[str]:
    out = summary.left_out
    counts = {"empty": out.empty, "unreadable": out.unreadable, "uncertain": out.uncertain,
              "repeated": out.repeated}  # fmt: skip
    parts = [f"{count:,} {kind}" for kind, count in counts.items() if count]
    if not parts:
        return
    yield f"left out: {', '.join(parts)}"
    if out.languages:
        names = [f"{name} {count:,}" for name, count in out.languages]
        yield f"  other languages: {and_more(names, 5)}"
    for each in out.texts[:2]:
        times = f"  {count_of(each.times, 'time')}: "
        yield times + f"“{shortened(each.text, width - len(times) - 2)}”"


def _notes(summary: Summary, width: int) -> Iterator[str]:
    for note in summary.notes:
        yield from _wrapped(f"note: {note}", width, "  ")


def _wrapped(text: str, width: int, indent: str) -> list[str]:
    from textwrap import wrap  # slow to import

    return wrap(shortened(text, 1000), width, subsequent_indent=indent)


def _name(group: Group) -> str:
    return shortened(" · ".join(group), 2 * _NAME)


def _percent(share: float) -> str:
    return f"{100 * share:.1f}%"


def _interval(share: Share) -> str:
    return f"{_percent(share.low)}–{_percent(share.high)}"
