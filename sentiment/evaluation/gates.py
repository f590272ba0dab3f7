"""Conditions on metrics that a script can ask for."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sentiment.errors import UsageError, hint
from sentiment.evaluation.metrics import COUNTED, METRICS
from sentiment.evaluation.mistakes import Slice
from sentiment.reviews.cells import and_more, printable

# Metrics of which more is better.
GATED = tuple(metric.name for metric in METRICS if metric.larger_is_better)
SHOWN_VALUES = 10
_MARK = "slice:"


@dataclass(frozen=True)
class Gate:
    """A metric and its least value.

    Attributes:
        metric: one of `GATED`; for a slice, of `COUNTED`; or what a rate is of.
        least: the least value.
        column: the column of slices it is about, None for all reviews.
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
    return Gate(_known(metric, tuple(COUNTED), text), least, column, value)


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
    """Check that there are reviews in the slice of each gate.

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
        raise UsageError(
            f'--fail-under: no review has {gate.column} "{gate.value}"; '
            f"there are {and_more(known, SHOWN_VALUES, _quoted)}"
        )


def missed(
    gates: Iterable[Gate],
    figures: Mapping[str, float | None],
    slices: Mapping[str, Sequence[Slice]],
) -> list[str]:
    """Describe the gates that are missed, each with its value.

    Args:
        gates: some gates.
        figures: of all reviews, by name.
        slices: of each column.
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


def _quoted(value: str) -> str:
    return f'"{printable(value)}"'


def _number(text: str) -> float | None:
    """Read a number between −1 and 1, where all figures are."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if -1 <= number <= 1 else None
