"""Words of a summary: names of groups, intervals, and its gist for a reader in a hurry."""

import re
from collections.abc import Iterator, Sequence

from sentiment.evaluation.metrics import percent
from sentiment.labels import NEGATIVE, NEUTRAL, POSITIVE
from sentiment.reviews.cells import and_more
from sentiment.summary.result import Difference, Group, Share, Summary

_NAMED = 3  # groups and themes in the gist


def shortened(text: str, most: int = 60) -> str:
    """Return a text, its end replaced by `…` if it has more than so many characters."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def without_folders(name: str) -> str:
    """Return what follows the folders of a file: not all readers need to know them."""
    return re.split(r"[/\\]", name.rstrip("/\\"))[-1] or name


def group_name(group: Group) -> str:
    """Return the values of a group, `all reviews` for all."""
    return " · ".join(group) if group else "all reviews"


def period_name(first_day: str, unit: str) -> str:
    """Return the name of a period: a month without its day."""
    return first_day[:7] if unit == "month" else first_day


def interval(share: Share) -> str:
    """Write the interval of a share."""
    return f"{100 * share.low:.1f}–{share.high:.1%}"


def shown_first(classes: Sequence[str]) -> list[int]:
    """Return the labels in the order in which people ask for them: what is neutral comes last."""
    return sorted(range(len(classes)), key=lambda label: (classes[label] == NEUTRAL, label))


def gist(summary: Summary) -> list[str]:
    """Return what the summary says, in a few sentences."""
    return [*_shares(summary), *_themes(summary), *_moves(summary), *_groups(summary)]


def _shares(summary: Summary) -> Iterator[str]:
    reviews = f"{summary.reviews:,} {'review' if summary.reviews == 1 else 'reviews'}"
    shares = summary.total.shares
    if not shares:
        yield f"{reviews}: too few for shares."
        return
    labels = _foremost(summary)
    if not summary.corrected:
        parts = [
            f"{percent(shares[label].value)} {'' if place else 'are answered '}"
            f"{summary.classes[label]}"
            for place, label in enumerate(labels)
        ]
        yield f"Of {reviews}, {' and '.join(parts)}{_unknown(summary, labels)}."
        return
    parts = [
        f"{percent(shares[label].value)} are {summary.classes[label]} "
        f"({'' if place else '95% interval '}{interval(shares[label])})"
        for place, label in enumerate(labels)
    ]
    yield f"Of {reviews}, {' and '.join(parts)}."


def _unknown(summary: Summary, labels: Sequence[int]) -> str:
    """Return that the errors of the answers are not known, or how reviews are labelled."""
    labelled = [summary.total.shares[label].labelled for label in labels]
    shown = [percent(share) for share in labelled if share is not None]
    if len(shown) < len(labels):
        return "; how often these answers are wrong is not known"
    return f"; labelled so: {' and '.join(shown)}"


def _foremost(summary: Summary) -> list[int]:
    """Return two labels to speak of: negative and positive, else the most frequent."""
    labels, shares = shown_first(summary.classes), summary.total.shares
    if shares and not {NEGATIVE, POSITIVE} & set(summary.classes):
        labels.sort(key=lambda label: -shares[label].value)
    return labels[:2]


def _themes(summary: Summary) -> Iterator[str]:
    for label in _foremost(summary):
        names = [f"“{shortened(theme.name)}”" for theme in summary.themes if theme.label == label]
        if names:
            most = ", ".join(names[:_NAMED])
            yield f"Most typical of {summary.classes[label]} reviews: {most}."


def _moves(summary: Summary) -> Iterator[str]:
    """Yield how the share of the first class moved: in all reviews, else where it is most certain.

    The other classes moved against it.
    """
    first = shown_first(summary.classes)[0]
    moves = [move for move in summary.moves if move.label == first]
    moves.sort(key=lambda move: move.group != ())
    for move in moves[:1]:
        where = f" in {shortened(group_name(move.group))}" if move.group else ""
        went = "rose" if move.share > move.other else "fell"
        yield (
            f"The share of {summary.classes[first]} reviews{where} {went} from "
            f"{percent(move.other)} in the first half of the time to {percent(move.share)} in the "
            "second."
        )


def _groups(summary: Summary) -> Iterator[str]:
    label = shown_first(summary.classes)[0]
    more = [each for each in summary.differences if _is_more(each, label)]
    if more:
        most = max(more, key=lambda each: each.share)
        named = and_more([shortened(group_name(each.group)) for each in more], _NAMED)
        where = "" if len(more) == 1 else f"most in {shortened(group_name(most.group))}, "
        yield (
            f"More {summary.classes[label]} than the rest beyond chance: {named} "
            f"({where}{percent(most.share)} against {percent(most.other)} in the rest)."
        )


def _is_more(difference: Difference, label: int) -> bool:
    return difference.label == label and difference.share > difference.other
