"""Gates: the least or largest values of figures that a script asks for."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite, nan
from types import MappingProxyType

from sentiment.errors import GoalError, UsageError, hint
from sentiment.evaluation.metrics import metrics_for
from sentiment.evaluation.slices import Slice
from sentiment.labels import LabelSet
from sentiment.reviews.cells import and_more, printable

_SHOWN_VALUES = 10
_PREFIX = "slice:"


@dataclass(frozen=True)
class Gate:
    """A figure and its limit.

    Attributes:
        metric: the name of the figure: a metric that is larger for a better model, for a slice one
            of counts; a pass rate; or what a check counts.
        limit: its least accepted value.
        column: the column of the slice, None for all reviews.
        value: the value of the slice.
        is_maximum: whether the limit is the largest accepted value instead.
        text: the gate as the user wrote it, for messages.
    """

    metric: str
    limit: float
    column: str | None = None
    value: str = ""
    is_maximum: bool = False
    text: str = field(default="", compare=False)

    @property
    def name(self) -> str:
        """The gate without the number."""
        return self.metric if self.column is None else f"{self.column}={self.value} {self.metric}"

    def failure(self, value: float | None) -> str:
        """Return in words how a value misses the limit; "" if it does not."""
        bound = f"({'maximum' if self.is_maximum else 'minimum'} {self.limit:g})"
        if value is None:
            return f"{self.name} could not be computed {bound}"
        if value > self.limit if self.is_maximum else value < self.limit:
            return f"{self.name} is {value:.4g} {bound}"
        return ""


def read_gate(text: str) -> Gate:
    """Read a gate from the command line; see `check_metrics` for its metric.

    Raises:
        UsageError: the syntax is wrong.
    """
    target, equals, number = text.rpartition("=")
    minimum = _number(number)
    if not equals or minimum is None:
        raise UsageError(f"--fail-under {text}: write METRIC=NUMBER, for instance accuracy=0.9")
    if not target.startswith(_PREFIX):
        return Gate(target, minimum, text=text)
    place, colon, metric = target.removeprefix(_PREFIX).rpartition(":")
    column, equals, value = place.partition("=")
    if not (colon and equals and column):
        raise UsageError(
            f"--fail-under {text}: write slice:COLUMN=VALUE:METRIC=NUMBER, "
            "for instance slice:domain=hotel:accuracy=0.8"
        )
    return Gate(metric, minimum, column, value, text=text)


def check_metrics(gates: Iterable[Gate], label_set: LabelSet) -> None:
    """Check that a model of these classes has the metric of each gate.

    Raises:
        UsageError: it has not, or its slices have not.
    """
    metrics = metrics_for(label_set)
    for gate in gates:
        of_slices = [name for name in metrics.gated if name in metrics.counted]
        known = metrics.gated if gate.column is None else of_slices
        _known(gate.metric, known, gate.text)


def read_rate(text: str, names: Sequence[str], overall: str) -> Gate:
    """Read a gate on a pass rate, `NAME=RATE` or just a rate, which is then that of all checks.

    Raises:
        UsageError: the syntax is wrong or the name unknown.
    """
    name, equals, number = text.rpartition("=")
    minimum = _number(number)
    if minimum is None or minimum < 0 or (equals and not name):
        raise UsageError(
            f"--fail-under {text}: write CAPABILITY=RATE, for instance negation=0.75, "
            "or a rate of all checks, for instance 0.8"
        )
    return Gate(_known(name or overall, (*names, overall), text), minimum)


def read_maximum(text: str, names: Sequence[str], example: str) -> Gate:
    """Read the largest value of a figure, `NAME=NUMBER`.

    Args:
        text: what the user wrote.
        names: of the figures.
        example: what could be written.

    Raises:
        UsageError: the syntax is wrong or there is no such figure.
    """
    name, equals, number = text.rpartition("=")
    try:
        limit = float(number)
    except ValueError:
        limit = nan
    if not equals or not isfinite(limit):
        raise UsageError(f"--fail-over {text}: write NAME=NUMBER, for instance {example}")
    if name not in names:
        known = hint(name, names) or f"; the figures are {', '.join(names)}"
        raise UsageError(f"--fail-over {text}: there is no figure {name}{known}")
    return Gate(name, limit, is_maximum=True, text=text)


def check_slices(gates: Iterable[Gate], values: Mapping[str, Sequence[str]]) -> None:
    """Check that the slice of each gate has reviews, given the values of each column.

    Raises:
        UsageError: a slice is empty.
    """
    for gate in gates:
        if gate.column is None or gate.value in values[gate.column]:
            continue
        known = and_more(sorted(set(values[gate.column])), _SHOWN_VALUES, _quoted)
        raise UsageError(
            f'--fail-under: no review has {gate.column} "{gate.value}"; there are {known}'
        )


def check_gates(
    gates: Iterable[Gate],
    figures: Mapping[str, float | None],
    slices: Mapping[str, Sequence[Slice]] = MappingProxyType({}),
) -> None:
    """Check the figures of all reviews, and of slices, against their limits.

    Raises:
        GoalError: some miss theirs; the message names each.
    """
    failed = []
    for gate in gates:
        if gate.column is None:
            value = figures[gate.metric]
        else:
            (part,) = (part for part in slices[gate.column] if part.value == gate.value)
            value = part.figures[gate.metric]
        failed.append(gate.failure(value))
    if missed := list(filter(None, failed)):
        raise GoalError(f"missed: {'; '.join(missed)}")


def _known(metric: str, metrics: Sequence[str], text: str) -> str:
    if metric not in metrics:
        raise UsageError(
            f'--fail-under {text}: no metric "{metric}"{hint(metric, metrics)}; '
            f"one of {', '.join(metrics)}"
        )
    return metric


def _quoted(value: str) -> str:
    return f'"{printable(value)}"'


def _number(text: str) -> float | None:
    """Read a number between −1 and 1, the range of all metrics."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if -1 <= number <= 1 else None
