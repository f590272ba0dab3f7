"""What was collected → the summary: shares, differences, themes, what is left out."""

from collections import Counter as Tallied
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sentiment.errors import DataError
from sentiment.model.model import Model
from sentiment.reviews.cells import count_of
from sentiment.reviews.dates import (
    MISSING,
    UNREADABLE,
    Unit,
    first_days,
    iso,
    middle_span,
    periods_between,
    unit_of,
)
from sentiment.summary.aspects import find_aspects
from sentiment.summary.collect import EMPTY, REPEATED, UNCERTAIN, Collector
from sentiment.summary.estimate import Counter, Table, by_size, cells_of, differences, moves
from sentiment.summary.phrases import Corpus
from sentiment.summary.result import (
    Aspect,
    Cell,
    LeftOut,
    Passage,
    Repeated,
    Summary,
    Theme,
)
from sentiment.summary.tally import MOST_GROUPS
from sentiment.summary.themes import find_themes

Numbers = NDArray[np.int64]

_REPEATED = 5  # texts named
_ALL: int = -1

UNCORRECTED = (
    "the shares are plain counts of answers: how often this model errs on such reviews is not "
    "known, and the intervals cover chance alone; “sentiment calibrate” with labelled reviews of "
    "yours makes a model that knows"
)
ANSWERS_OF_A_FILE = (
    "the shares are plain counts of the answers in the file: how often these are wrong is not "
    "known, and the intervals cover chance alone"
)
CORRECTED = (
    "shares are corrected for the errors that the model made on held-out reviews (counted: without "
    "that), and the intervals account for them; what the model does to another kind of text than "
    "it was trained on, they do not cover"
)


@dataclass(frozen=True)
class Request:
    """What a summary is asked for.

    Attributes:
        title: what was read, to be shown.
        by: the names of the columns of groups.
        over: that of the column of dates; "" for none.
        unit: of periods; None to choose it by the span.
        minimum: the fewest reviews of which shares are shown.
        themes: how many of each class, and how many aspects; 0 for none.
        aspects: those that the user named.
        unreadable: how many rows could not be read.
    """

    title: str
    by: tuple[str, ...] = ()
    over: str = ""
    unit: Unit | None = None
    minimum: int = 30
    themes: int = 10
    aspects: tuple[str, ...] = ()
    unreadable: int = 0


def summarize(
    collected: Collector,
    request: Request,
    classes: Sequence[str],
    labels: Numbers | None = None,
    model: Model | None = None,
    name: str = "",
) -> Summary:
    """Return the summary of what was collected.

    Args:
        collected: from one pass over the reviews.
        request: what is asked for.
        classes: the names of the answers.
        labels: the class of each label by its number, −1 for none; None without labels.
        model: that answered; None for a file with answers.
        name: of the model.

    Raises:
        DataError: no review has an answer, no date can be read, or there are too many periods.
    """
    table, unit, periods = _periods(collected, request)
    answered = table.where(table.answers >= 0)
    if not answered.counts.size:
        raise DataError(_nothing(table, request.title, collected.languages))
    counter = Counter(table, collected.cells, len(classes), labels, request.minimum)
    groups = by_size(answered, len(collected.groups.names))
    cells = [*cells_of(counter, collected.groups.names, groups, periods, bool(request.by))]
    passages = _passages(collected, labels, unit, periods)
    shown = [iso(day) for day in periods]
    themes: tuple[Theme, ...] = ()
    aspects: tuple[Aspect, ...] = ()
    if limit := request.themes:
        corpus = Corpus.of(passages)
        themes = find_themes(corpus, model, shown, classes, limit)
        aspects = find_aspects(corpus, model, classes, request.aspects, limit)
    return Summary(
        title=request.title,
        model=name,
        rows=collected.rows + request.unreadable,
        reviews=int(answered.counts.sum()),
        classes=tuple(classes),
        by=request.by,
        unit=unit or "",
        periods=tuple(shown),
        corrected=collected.cells is not None,
        cells=tuple(cells),
        differences=differences(counter, collected.groups.names, groups) if request.by else (),
        moves=moves(counter, collected.groups.names, groups, len(shown)),
        sampled=len(passages),
        themes=themes,
        aspects=aspects,
        left_out=_left_out(collected, table, request),
        notes=(
            *_notes(collected, request, counter, groups, is_file=model is None),
            *(_notes_on_dates(collected, request, table, cells, unit) if request.over else ()),
        ),
    )


def _nothing(table: Table, title: str, languages: Tallied[str]) -> str:
    """Return why there is nothing to summarize, and what may help."""
    if not table.counts.size:
        return f"{title}: no rows to summarize"
    kinds = {"without a word": EMPTY, "uncertain": UNCERTAIN, "repeated": REPEATED}
    counts = {name: int(table.counts[table.answers == kind].sum()) for name, kind in kinds.items()}
    found = ", ".join(f"{count:,} {name}" for name, count in counts.items() if count)
    if languages:
        (language, _), *_ = languages.most_common(1)
        advice = (
            f"texts look {language}: --languages all answers those with words that the model knows"
        )
    elif counts["uncertain"]:
        advice = "name a model that knows such texts with -m, or the column of texts with "
        advice += "--text-column"
    else:
        advice = "name the column of texts with --text-column"
    return f"{title}: nothing to summarize: of the reviews {found}; {advice}"


def _periods(collected: Collector, request: Request) -> tuple[Table, Unit | None, list[int]]:
    """Return the table with the number of the period of each row, and the periods' first days."""
    groups, days, numbers, counts = collected.tally.table()
    table = Table(groups, days, *collected.outcomes(numbers), counts)
    if not request.over:
        return table._replace(periods=np.full(days.size, _ALL)), None, []
    days = collected.dates.settled(days)
    dated = (days > MISSING) & (table.answers >= 0)
    if not dated.any():
        if (table.answers >= 0).any():
            raise DataError(_no_dates(collected, request))
        return table._replace(periods=np.full(days.size, _ALL)), None, []
    span = np.array(middle_span(days[dated], counts[dated]))
    unit = request.unit or unit_of(span)
    periods = periods_between(int(span[0]), int(span[1]), unit)
    starts = first_days(np.maximum(days, 1), unit)
    inside = (days > MISSING) & (starts >= periods[0]) & (starts <= periods[-1])
    place = np.where(inside, np.searchsorted(periods, starts), _ALL)
    return table._replace(periods=place), unit, periods.tolist()


def _no_dates(collected: Collector, request: Request) -> str:
    column = f'{request.title}: no date in the column "{request.over}"'
    if not collected.first_unreadable:
        return f"{column}: it is empty; name another with --over, or leave that out"
    return (
        f"{column}: {count_of(collected.undated[UNREADABLE], 'value')} cannot be read, the first: "
        f"{collected.first_unreadable}; write dates as 2015-02-24, or leave out --over"
    )


def _passages(
    collected: Collector, labels: Numbers | None, unit: Unit | None, periods: Sequence[int]
) -> list[Passage]:
    """Return the sample, with each review's own label where it has one."""
    sample = collected.sample
    days = collected.dates.settled(np.array([each.day for each in sample], np.int64))
    number_of = {day: number for number, day in enumerate(periods)}
    first = first_days(np.maximum(days, 1), unit) if unit else days
    passages = []
    for each, day, start in zip(sample, days.tolist(), first.tolist(), strict=True):
        own = -1 if labels is None else int(labels[each.label])
        label = own if own >= 0 else each.answer
        period = number_of.get(start) if day > MISSING else None
        passages.append(Passage(each.text, label, each.place, period, each.likelihood))
    return passages


def _left_out(collected: Collector, table: Table, request: Request) -> LeftOut:
    empty, uncertain, repeated = (
        int(table.counts[table.answers == kind].sum()) for kind in (EMPTY, UNCERTAIN, REPEATED)
    )
    texts = collected.repeats.most(_REPEATED) if collected.repeats else []
    return LeftOut(
        empty=empty,
        unreadable=request.unreadable,
        uncertain=uncertain,
        languages=tuple(collected.languages.most_common()),
        repeated=repeated,
        texts=tuple(Repeated(text[:300], times) for text, times in texts),
    )


def _notes(
    collected: Collector,
    request: Request,
    counter: Counter,
    groups: Sequence[int],
    *,
    is_file: bool,
) -> Iterator[str]:
    """Yield what a reader must know, a sentence each; first what the shares are."""
    plain = ANSWERS_OF_A_FILE if is_file else UNCORRECTED
    yield CORRECTED if counter.model else plain
    if collected.groups.overflowed:
        yield (
            f"there are more than {MOST_GROUPS:,} groups: the first {MOST_GROUPS:,} are told "
            "apart, the others are one group"
        )
    if counter.small:
        yield (
            f"{count_of(counter.small, 'group')} of {len(groups):,} with fewer than "
            f"{request.minimum} reviews: no shares (--min)"
        )


def _notes_on_dates(
    collected: Collector, request: Request, table: Table, cells: Sequence[Cell], unit: Unit | None
) -> Iterator[str]:
    """Yield what a reader must know of the dates, a sentence each."""
    of_periods = [cell for cell in cells if not cell.group and cell.period]
    if small := sum(not cell.shares for cell in of_periods):
        yield (
            f"{count_of(small, unit or 'period')} of {len(of_periods):,} with fewer than "
            f"{request.minimum} reviews: no shares (--min)"
        )
    if missing := collected.undated[MISSING]:
        yield f'{count_of(missing, "review")} without a date in "{request.over}": in no period'
    if unreadable := collected.undated[UNREADABLE]:
        yield (
            f'{count_of(unreadable, "value")} of "{request.over}" cannot be read as a date, the '
            f"first: {collected.first_unreadable}; in no period"
        )
    shown = sum(cell.reviews for cell in of_periods)
    dated = int(table.counts[table.answers >= 0].sum()) - sum(collected.undated.values())
    if dated > shown:
        yield (
            f'{count_of(dated - shown, "date")} of "{request.over}" too far from the others, such '
            f"as {_far(collected, table)}: in no period"
        )
    if collected.dates.is_assumed:
        yield "nothing shows whether 02/03/2015 is in February or March: read as February"
    if collected.dates.is_mixed:
        month = "March" if collected.dates.day_first else "February"
        yield (
            "some dates have the day first and some the month: 02/03/2015, which may be both, is "
            f"read as {month}"
        )


def _far(collected: Collector, table: Table) -> str:
    """Return the last or else the first day that is in no period."""
    _, days, _, _ = collected.tally.table()
    days = collected.dates.settled(days)
    far = days[(days > MISSING) & (table.answers >= 0) & (table.periods < 0)]
    near = days[(days > MISSING) & (table.periods >= 0)]
    return iso(int(max(far, key=lambda day: abs(int(day) - int(near[0])))))
