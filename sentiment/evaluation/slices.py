"""Metrics by slice: the reviews that share a value of a column, or a length."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from sentiment.evaluation.intervals import Labels
from sentiment.evaluation.metrics import (
    Figures,
    Intervals,
    count_intervals,
    metrics_or_none,
)
from sentiment.features.ngrams import holds_negation
from sentiment.labels import SENTIMENT, LabelSet
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
