"""Words of a summary: names of groups, intervals, and its gist for a reader in a hurry."""

from collections.abc import Iterator, Sequence

from sentiment.evaluation.metrics import percent
from sentiment.labels import NEGATIVE, NEUTRAL, POSITIVE
from sentiment.reviews.cells import and_more
from sentiment.summary.result import Difference, Group, Share, Summary

_NAMED = 3  # groups and themes in the gist

CORRECTED = (
    "The 95% intervals account for the number of reviews and for the model’s errors, as measured "
    "on reviews held out from its training. They do not cover reviews of another kind than the "
    "model learned from, where it errs more or in other ways, nor the opinions of people who "
    "write no reviews."
)
COUNTED = (
    "Shares are plain counts of answers. The 95% intervals cover chance alone: they account "
    "neither for the model’s errors, which can shift a share by several points, nor for the "
    "opinions of people who write no reviews."
)


def group_name(group: Group) -> str:
    """Return the values of a group, `all reviews` for all."""
    return " · ".join(value or "(empty)" for value in group) if group else "all reviews"


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
    labels = shown_first(summary.classes)
    if not {NEGATIVE, POSITIVE} & set(summary.classes):
        labels = sorted(labels, key=lambda label: -shares[label].value)
    parts = [
        f"{percent(shares[label].value)} are {summary.classes[label]} ({interval(shares[label])})"
        for label in labels[:2]
    ]
    yield f"Of {reviews}, {' and '.join(parts)}."


def _themes(summary: Summary) -> Iterator[str]:
    for label in shown_first(summary.classes):
        names = [f"“{theme.name}”" for theme in summary.themes if theme.label == label]
        if names:
            most = ", ".join(names[:_NAMED])
            yield f"Most typical of {summary.classes[label]} reviews: {most}."


def _moves(summary: Summary) -> Iterator[str]:
    for move in summary.moves:
        if move.group == ():
            went = "rose" if move.share > move.other else "fell"
            yield (
                f"The share of {summary.classes[move.label]} {went} from {percent(move.other)} in "
                f"the first half of the time to {percent(move.share)} in the second."
            )
            return  # the other classes moved against it


def _groups(summary: Summary) -> Iterator[str]:
    for label in shown_first(summary.classes)[:1]:
        more = [each for each in summary.differences if _is_more(each, label)]
        more.sort(key=lambda each: each.other - each.share)
        if more:
            named = and_more(more, _NAMED, lambda each: group_name(each.group))
            first = more[0]
            rest = f"{percent(first.share)} against {percent(first.other)} in the rest"
            yield (
                f"More {summary.classes[label]} than the rest beyond chance: {named}"
                + (
                    f" ({rest})."
                    if len(more) == 1
                    else f"; most in {group_name(first.group)} ({rest})."
                )
            )


def _is_more(difference: Difference, label: int) -> bool:
    return difference.label == label and difference.share > difference.other
