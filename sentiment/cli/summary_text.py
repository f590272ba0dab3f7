"""A summary for a terminal: tables and small bars, as wide as it is."""

import shutil
from collections.abc import Collection, Iterator, Sequence

from sentiment.cli.console import bar
from sentiment.cli.tables import columns, excerpt, padded, shortened
from sentiment.labels import NEGATIVE, NEUTRAL, POSITIVE
from sentiment.reviews.cells import and_more, count_of
from sentiment.summary.quotes import written_as
from sentiment.summary.result import Aspect, Cell, Difference, Group, Quote, Share, Summary, Theme
from sentiment.summary.wording import gist, group_name, period_name, shown_first

_NARROWEST, _WIDEST = 60, 120
_PERIODS, _GROUPS, _MOVES, _THEMES, _NEUTRAL, _ASPECTS = 12, 8, 4, 5, 3, 6
_NAME = 24  # columns of the name of a group, a theme or an aspect
_LEAST_BAR = 6  # columns; where there is less room, fewer classes are shown
_LEAST_QUOTE = 40  # of an aspect, which has a bar instead


def terminal_width() -> int:
    """Return how wide the page is, in characters; 80 if that is not known."""
    return min(max(shutil.get_terminal_size((80, 24)).columns, _NARROWEST), _WIDEST)


def page_lines(summary: Summary, width: int) -> Iterator[str]:
    """Yield the lines of a summary, at most `width` characters each."""
    for part in (_head, _total, _trend, _groups, _moves, _themes, _aspects, _left_out):
        lines = [*part(summary, width)]
        if lines and part is not _head:
            yield ""
        for line in lines:
            yield line.rstrip()


def _head(summary: Summary, width: int) -> Iterator[str]:
    """Yield what was read, and for a reader in a hurry what it says."""
    how = f"answered by {summary.model}" if summary.model else "with the answers they have"
    of = "" if summary.rows == summary.reviews else f"{summary.reviews:,} of "
    what = f"{summary.title}: {of}{count_of(summary.rows, 'review')}, {how}"
    yield from _wrapped(what, width)
    yield ""
    yield from _wrapped(" ".join(gist(summary)), width)


def _total(summary: Summary, width: int) -> Iterator[str]:
    """Yield the shares, and what they are."""
    heads = [("share", 7), ("95% interval", 17)]
    heads += [("counted", 10)] if summary.corrected else []
    labelled = any(share.labelled is not None for share in summary.total.shares)
    heads += [("labels", 9)] if labelled else []
    name = min(max(9, *(columns(each) + 1 for each in summary.classes)), _NAME)
    yield " " * name + "".join(f"{title:>{size}}" for title, size in heads)
    room = max(width - name - sum(size for _, size in heads) - 2, 4)
    for each, share in zip(summary.classes, summary.total.shares, strict=True):
        cells = {
            "share": _percent(share.value),
            "95% interval": _interval(share),
            "counted": _percent(share.counted),
            "labels": "–" if share.labelled is None else _percent(share.labelled),
        }
        row = "".join(f"{cells[title]:>{size}}" for title, size in heads)
        yield f"{padded(each, name - 1)} {row}  {bar(share.value, room)}"
    for note in summary.notes:
        yield from _wrapped(f"note: {note}", width, "  ")


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
    rows = [(period_name(cell.period or "", summary.unit), cell) for cell in shown]
    yield from _table(summary, width, f"by {summary.unit}{before}", rows)


def _groups(summary: Summary, width: int) -> Iterator[str]:
    cells = [cell for cell in summary.groups if cell.shares]
    if not cells:
        return
    chosen = cells[:_GROUPS]
    left = f", the largest {len(chosen)} of {len(cells)}" if len(chosen) < len(cells) else ""
    marked = {(each.group, each.label) for each in summary.differences}
    rows = [(_name(cell.group), cell) for cell in chosen]
    lines = [*_table(summary, width, f"by {', '.join(summary.by)}{left}", rows, marked)]
    yield from lines
    if any(line[_NAME:].count("*") for line in lines[1:]):
        yield "* differs from the rest beyond chance"
    others = [each for each in summary.differences if each.group not in {c.group for c in chosen}]
    for each in others[:_MOVES]:
        yield (
            f"  also {_whose(summary, each)} {_percent(each.share)} against "
            f"{_percent(each.other)} in the rest"
        )
    yield from _more(len(others) - _MOVES)


def _table(
    summary: Summary,
    width: int,
    title: str,
    rows: Sequence[tuple[str, Cell]],
    marked: Collection[tuple[Group, int]] = (),
) -> Iterator[str]:
    """Yield a line for each cell: its name, its reviews, and shares with intervals and bars.

    Marked shares have a star.
    """
    name = min(max(12, *(columns(row) + 1 for row, _ in rows)), _NAME)
    labels = shown_classes(summary.classes)
    if (width - name - 9) // len(labels) - 19 < _LEAST_BAR:
        labels = labels[:1]
    room = (width - name - 9) // len(labels) - 19
    heads = "".join(f"  {padded(summary.classes[label], room + 17)}" for label in labels)
    if len(title) < name:
        yield f"{title:<{name}}{'reviews':>9}{heads}"
    else:
        yield shortened(title, width)
        yield f"{'':<{name}}{'reviews':>9}{heads}"
    for row, cell in rows:
        line = f"{padded(row, name - 1)} {cell.reviews:>9,}"
        for label in labels:
            share = cell.shares[label]
            short = f"{100 * share.low:.0f}–{100 * share.high:.0f}"
            star = "*" if (cell.group, label) in marked else ""
            line += f"  {_percent(share.value):>6}{star:<1} {short:<7}"
            line += f" {bar(share.value, room):<{room}}"
        yield line


def _moves(summary: Summary, _: int) -> Iterator[str]:
    if not summary.moves:
        return
    yield "moved beyond chance, from the first half of the time to the second"
    for each in summary.moves[:_MOVES]:
        yield f"  {_whose(summary, each)} {_percent(each.other)} → {_percent(each.share)}"
    yield from _more(len(summary.moves) - _MOVES)


def _whose(summary: Summary, each: Difference) -> str:
    return f"{_name(each.group)}: {shortened(summary.classes[each.label], 14)}"


def _more(count: int) -> Iterator[str]:
    if count > 0:
        yield f"  and {count:,} more"


def _themes(summary: Summary, width: int) -> Iterator[str]:
    for label in shown_first(summary.classes):
        name = summary.classes[label]
        most = _NEUTRAL if name == NEUTRAL else _THEMES
        themes = [theme for theme in summary.themes if theme.label == label][:most]
        if themes:
            title = f"typical of {shortened(name, 14)}"
            yield f"{title:<{_NAME}}{'reviews':>9}{'share':>7}"
        for theme in themes:
            yield _theme(theme, width)


def _theme(theme: Theme, width: int) -> str:
    head = f"  {padded(theme.name, _NAME - 2)}{theme.reviews:>9,}{_percent(theme.share):>7}"
    room = width - columns(head) - 2
    return f"{head}  {_quote(theme.quotes, (theme.name, *theme.phrases), room)}"


def _quote(quotes: Sequence[Quote], phrases: Sequence[str], width: int) -> str:
    """Return what the first quote says of phrases."""
    if not quotes:
        return ""
    return f"“{excerpt(quotes[0].sentence, written_as(phrases), width - 2)}”"


def _aspects(summary: Summary, width: int) -> Iterator[str]:
    if summary.aspects:
        labels = shown_classes(summary.classes)
        heads = "".join(f"{shortened(summary.classes[label], 10):>11}" for label in labels)
        yield f"{'what sentences are about':<{_NAME}}{'sentences':>11}{heads}"
    asked = sum(each.asked for each in summary.aspects)
    for each in summary.aspects[: max(_ASPECTS, asked)]:
        yield _aspect(each, labels, width)
    if summary.sampled < summary.reviews and (summary.themes or summary.aspects):
        yield f"found in a sample of {summary.sampled:,} reviews"


def _aspect(aspect: Aspect, labels: Sequence[int], width: int) -> str:
    head = f"  {padded(aspect.name, _NAME - 2)}{aspect.sentences:>11,}"
    if not aspect.shares:
        return head + f"{'–':>11}" * len(labels)
    head += "".join(f"{_percent(aspect.shares[label]):>11}" for label in labels)
    room = width - columns(head) - 2
    if room < _LEAST_QUOTE:
        return f"{head}  {bar(aspect.shares[labels[0]], max(room, 1))}"
    return f"{head}  {_quote(aspect.quotes, (aspect.name, *aspect.phrases), room)}"


def _left_out(summary: Summary, width: int) -> Iterator[str]:
    out = summary.left_out
    counts = {"empty": out.empty, "unreadable": out.unreadable, "uncertain": out.uncertain,
              "repeated": out.repeated}  # fmt: skip
    parts = [f"{count:,} {kind}" for kind, count in counts.items() if count]
    if not parts:
        return
    yield from _wrapped(f"left out: {', '.join(parts)}", width, "  ")
    if out.languages:
        names = [f"{name} {count:,}" for name, count in out.languages]
        yield from _wrapped(f"other languages: {and_more(names, 5)}", width, "  ")
    for each in out.texts[:2]:
        times = f"  {count_of(each.times, 'time')}: "
        yield times + f"“{shortened(each.text, width - len(times) - 2)}”"


def _wrapped(text: str, width: int, indent: str = "") -> list[str]:
    from textwrap import wrap  # slow to import

    return wrap(shortened(text, 1000), width, subsequent_indent=indent, break_on_hyphens=False)


def _name(group: Group) -> str:
    return shortened(group_name(group), 2 * _NAME)


def _percent(share: float) -> str:
    return f"{100 * share:.1f}%"


def _interval(share: Share) -> str:
    return f"{_percent(share.low)}–{_percent(share.high)}"
