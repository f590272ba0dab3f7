"""Metrics by slice, and gates: minimum values of metrics that a script asks for."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import numpy as np

from sentiment.errors import UsageError, hint
from sentiment.evaluation.intervals import Labels
from sentiment.evaluation.metrics import (
    Figures,
    Intervals,
    count_intervals,
    metrics_for,
    metrics_or_none,
)
from sentiment.features.ngrams import holds_negation
from sentiment.labels import SENTIMENT, LabelSet
from sentiment.reviews.cells import and_more, printable
from sentiment.reviews.dataset import LabelledReviews
from sentiment.reviews.streams import ReadOptions

# Slices that need no column. A hyphen, not a dash: gates name them.
LENGTHS = ("up to 10", "11-50", "51-200", "over 200")
_LENGTH_ENDS = (10, 50, 200)
BUILT_IN = ("length", "negation")

# With fewer reviews, the interval of an accuracy near 50% is wider than 30 points.
MIN_SLICE = 40
SHOWN_SLICES = 20  # in text and on the page


@dataclass(frozen=True, eq=False)
class Slice:
    """The reviews that share a value of a column.

    Attributes:
        value: the value.
        n: number of reviews.
        figures: each metric of counts, None where undefined.
        intervals: the 95% interval of each, None where undefined.
    """

    value: str
    n: int
    figures: Figures
    intervals: Intervals

    @property
    def accuracy(self) -> float:
        """The share of correct answers."""
        return self.figures["accuracy"] or 0.0

    @property
    def too_small(self) -> bool:
        """Whether there are fewer than `MIN_SLICE` reviews."""
        return self.n < MIN_SLICE

    def as_json(self) -> dict[str, Any]:
        """Return a JSON object, flat except for the intervals."""
        facts = {"value": self.value, "n": self.n, **self.figures, "too_small": self.too_small}
        return facts | {"intervals": self.intervals}


def reading_for(sliced: Sequence[str], reading: ReadOptions) -> ReadOptions:
    """Return options that keep the columns to slice by and refuse columns named like built-ins."""
    keep = tuple(name for name in sliced if name not in BUILT_IN)
    built_in = tuple(set(sliced) & set(BUILT_IN))
    return replace(reading, keep=keep, kept_for="a slice", slices=BUILT_IN, not_columns=built_in)


def slice_values(column: str, reviews: LabelledReviews) -> list[str]:
    """Return the value of each review in a column, or its built-in slice."""
    if column in BUILT_IN and column not in reviews.columns:
        return built_in_values(column, reviews.texts)
    return reviews.columns[column]


def built_in_values(name: str, texts: Sequence[str]) -> list[str]:
    """Return the slice of each text by `length` (in words between white space) or `negation`."""
    if name == "length":
        words = [len(text.split()) for text in texts]
        return [LENGTHS[bin_] for bin_ in np.searchsorted(_LENGTH_ENDS, words).tolist()]
    return np.where(holds_negation(texts), "yes", "no").tolist()


def slices_of(
    values: Sequence[str], labels: Labels, answers: Labels, label_set: LabelSet = SENTIMENT
) -> list[Slice]:
    """Evaluate the reviews of each value; values, labels and answers are [n].

    Returns:
        The slices, least accurate first, followed by those that are too small.
    """
    names, which = np.unique(np.array(values, dtype=object), return_inverse=True)
    shape = (names.size, len(label_set), len(label_set))
    cells = np.ravel_multi_index((which, labels, answers), shape)
    tables = np.bincount(cells, minlength=int(np.prod(shape))).reshape(shape)
    slices = [
        Slice(value, int(table.sum()), *_measured(table.tobytes(), label_set))
        for value, table in zip(names, tables, strict=True)
    ]
    return sorted(slices, key=lambda each: (each.too_small, each.accuracy, -each.n))


@lru_cache(maxsize=4096)
def _measured(counts: bytes, label_set: LabelSet) -> tuple[Figures, Intervals]:
    """Return metrics and intervals; cached, since many small slices have the same counts."""
    table = np.frombuffer(counts, np.int64).reshape(len(label_set), len(label_set))
    return metrics_or_none(table, label_set), count_intervals(table, label_set)


_SHOWN_VALUES = 10
_PREFIX = "slice:"


@dataclass(frozen=True)
class Gate:
    """A metric and its minimum.

    Attributes:
        metric: one that is larger for a better model, for a slice one of counts; or the name of a
            pass rate.
        minimum: its least accepted value.
        column: the column of the slice, None for all reviews.
        value: the value of the slice.
        text: the gate as the user wrote it, for messages.
    """

    metric: str
    minimum: float
    column: str | None = None
    value: str = ""
    text: str = field(default="", compare=False)

    @property
    def name(self) -> str:
        """The gate without the number."""
        return self.metric if self.column is None else f"{self.column}={self.value} {self.metric}"


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
    return Gate(metric, minimum, column, value, text)


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


def failed_gates(
    gates: Iterable[Gate],
    figures: Mapping[str, float | None],
    slices: Mapping[str, Sequence[Slice]],
) -> list[str]:
    """Describe each gate that is not met by the metrics of all reviews or of the slices."""
    failed = []
    for gate in gates:
        if gate.column is None:
            value = figures[gate.metric]
        else:
            (part,) = (part for part in slices[gate.column] if part.value == gate.value)
            value = part.figures[gate.metric]
        if value is None:
            failed.append(f"{gate.name} is undefined for these reviews (minimum {gate.minimum:g})")
        elif value < gate.minimum:
            failed.append(f"{gate.name} is {value:.4f} (minimum {gate.minimum:g})")
    return failed


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
