"""Conditions on metrics that a script can ask for, and how figures are written."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sentiment.errors import UsageError, hint
from sentiment.evaluation.counts import COUNT_METRICS
from sentiment.evaluation.intervals import Interval
from sentiment.evaluation.mistakes import Slice
from sentiment.reviews.cells import printable


def percent(value: float | None) -> str:
    """Write a share; a dash for None."""
    return "–" if value is None else f"{value:.1%}"


def percents(ends: Interval | None) -> str:
    """Write the interval of a share; nothing for None."""
    return "" if ends is None else f"{100 * ends[0]:.1f}–{ends[1]:.1%}"


def number(value: float | None) -> str:
    """Write a figure that is not a share; a dash for None."""
    return "–" if value is None else f"{value:.4f}".replace("-", "−")


def numbers(ends: Interval | None) -> str:
    """Write the interval of a figure that is not a share; nothing for None."""
    return "" if ends is None else f"{ends[0]:.4f}–{ends[1]:.4f}".replace("-", "−")


def signed(value: float) -> str:
    """Write what is added to a logit, or taken from it."""
    return f"{value:+.2f}".replace("-", "−")


# Figures that are better the higher they are.
GATED = (*COUNT_METRICS, "roc_auc", "pr_auc")
SHOWN_VALUES = 10
_MARK = "slice:"


@dataclass(frozen=True)
class Gate:
    """A figure and the least value it is to have.

    Attributes:
        metric: one of `GATED`; for a slice, of `COUNT_METRICS`; or what a rate is of.
        least: what it is to reach.
        column: the slices it is about, None for all reviews.
        value: which of these slices.
    """

    metric: str
    least: float
    column: str | None = None
    value: str = ""

    @property
    def name(self) -> str:
        """How the user wrote it, without the number."""
        return self.metric if self.column is None else f"{self.column}={self.value} {self.metric}"


def read_gate(text: str) -> Gate:
    """Read a gate as the command line has it.

    Raises:
        UsageError: It is written wrongly, or there is no such metric.
    """
    target, equals, number = text.rpartition("=")
    least = _number(number)
    if not equals or least is None:
        raise UsageError(f"--fail-under {text}: write METRIC=NUMBER, for instance accuracy=0.9")
    if not target.startswith(_MARK):
        return Gate(_known(target, GATED, text), least)
    place, colon, metric = target.removeprefix(_MARK).rpartition(":")
    column, equals, value = place.partition("=")
    if not (colon and equals and column):
        raise UsageError(
            f"--fail-under {text}: write slice:COLUMN=VALUE:METRIC=NUMBER, "
            "for instance slice:domain=hotel:accuracy=0.8"
        )
    return Gate(_known(metric, COUNT_METRICS, text), least, column, value)


def read_rate(text: str, names: Sequence[str], overall: str) -> Gate:
    """Read a gate on the share of checks that pass, as the command line has it.

    Args:
        text: `NAME=RATE`, or a rate alone.
        names: what there are rates of.
        overall: what a rate alone is about; may be written, too.

    Raises:
        UsageError: It is written wrongly, or there is no such name.
    """
    name, equals, number = text.rpartition("=")
    least = _number(number)
    if least is None or least < 0 or (equals and not name):
        raise UsageError(
            f"--fail-under {text}: write CAPABILITY=RATE, for instance negation=0.75, "
            "or a rate of all checks, for instance 0.8"
        )
    return Gate(_known(name or overall, (*names, overall), text), least)


def check_values(gates: Iterable[Gate], values: Mapping[str, Sequence[str]]) -> None:
    """Make sure that there are reviews in each slice that a gate is about.

    Args:
        gates: some gates.
        values: for each column, the slice of each review.

    Raises:
        UsageError: There are none.
    """
    for gate in gates:
        if gate.column is None or gate.value in values[gate.column]:
            continue
        known = sorted(set(values[gate.column]))
        more = f" and {len(known) - SHOWN_VALUES:,} more" if len(known) > SHOWN_VALUES else ""
        shown = ", ".join(f'"{printable(value)}"' for value in known[:SHOWN_VALUES])
        raise UsageError(
            f'--fail-under: no review has {gate.column} "{gate.value}"; there are {shown}{more}'
        )


def missed(
    gates: Iterable[Gate], figures: Mapping[str, Any], slices: Mapping[str, Sequence[Slice]]
) -> list[str]:
    """Name the gates that are not reached, each with its value.

    Args:
        gates: some gates.
        figures: those of all reviews, by name.
        slices: those of each column.
    """
    found = []
    for gate in gates:
        if gate.column is None:
            value = figures[gate.metric]
        else:
            (part,) = (part for part in slices[gate.column] if part.value == gate.value)
            value = part.figures[gate.metric]
        if value is None:
            found.append(f"{gate.name} cannot be told of these reviews, {gate.least:g} wanted")
        elif value < gate.least:
            found.append(f"{gate.name} is {value:.4f}, {gate.least:g} wanted")
    return found


def _known(metric: str, metrics: Sequence[str], text: str) -> str:
    if metric not in metrics:
        meant = hint(metric, metrics)
        raise UsageError(
            f'--fail-under {text}: no figure "{metric}"{meant}; one of {", ".join(metrics)}'
        )
    return metric


def _number(text: str) -> float | None:
    """Read a number between −1 and 1, where all figures are."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if -1 <= number <= 1 else None
