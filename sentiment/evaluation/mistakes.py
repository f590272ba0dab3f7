"""Where a model errs: its most confident mistakes, and metrics by slice."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment.evaluation.metrics import (
    Figures,
    Floats,
    Intervals,
    Labels,
    count_intervals,
    figures_or_none,
)
from sentiment.features.ngrams import holds_negation
from sentiment.labels import CLASSES, POSITIVE
from sentiment.model.component import log_odds
from sentiment.model.explanation import Explanation, WordSum, explain
from sentiment.model.model import Model
from sentiment.reviews.dataset import LabelledReviews
from sentiment.reviews.streams import ReadOptions

# Explaining takes some milliseconds a review: as many as a person reads cost less than a second.
MOST = 100
_DRIVERS = 8
_LEAST = 0.005  # less than this rounds to nothing


@dataclass(frozen=True)
class Mistake:
    """A review that the model's threshold puts on the wrong side.

    Attributes:
        number: which of the reviews it is, from 0.
        file: where it was read; empty if it was not read from a file.
        row: its row there, from 1.
        label: `negative` or `positive`.
        explanation: its text, the answer (`uncertain` within the band), the probability, and every
            word with its place and what it adds to the logit.
    """

    number: int
    file: str
    row: int
    label: str
    explanation: Explanation

    @property
    def drivers(self) -> list[WordSum]:
        """The words that moved it to the wrong side, strongest first, eight at the most."""
        sign = -1 if self.label == POSITIVE else 1
        words = [word for word in self.explanation.by_word() if sign * word.contribution >= _LEAST]
        return sorted(words, key=lambda word: -abs(word.contribution))[:_DRIVERS]


def rank_mistakes(p_positive: Floats, labels: Labels, threshold: float) -> NDArray[np.int64]:
    """Return the rows on the wrong side of the threshold, the most confident first.

    As in all metrics every review counts, answered or left uncertain. Confidence is the distance
    from the threshold in log-odds: with a threshold of 0.2, too, both sides can be equally far.

    Args:
        p_positive: float64 [n], none of them NaN.
        labels: 0 or 1, [n].
        threshold: the least probability answered positive.
    """
    wrong = np.flatnonzero((p_positive >= threshold) != (labels == 1))
    distances = np.abs(log_odds(p_positive[wrong]) - log_odds(np.array(threshold)))
    return wrong[np.argsort(-distances, kind="stable")]


def explain_mistakes(
    model: Model, reviews: LabelledReviews, rows: NDArray[np.int64]
) -> list[Mistake]:
    """Explain some mistakes, some milliseconds each.

    Args:
        model: the model, with the decision that was measured.
        reviews: what it was measured on.
        rows: which of them, of those that `rank_mistakes` returns.
    """
    return [
        Mistake(
            row,
            *reviews.place(row),
            CLASSES[reviews.labels[row]],
            explain(model, reviews.texts[row]),
        )
        for row in rows.tolist()
    ]


# Slices that need no column. A hyphen, not a dash: gates name them.
LENGTHS = ("up to 10", "11-50", "51-200", "over 200")
_LENGTH_ENDS = (10, 50, 200)
BUILT_IN = ("length", "negation")

# With fewer reviews, the interval of an accuracy near 50% is wider than 30 points.
FEWEST = 40
# Of a column with many values, text and page show so many slices.
SHOWN_SLICES = 20


@dataclass(frozen=True, eq=False)
class Slice:
    """The reviews that share a value.

    Attributes:
        value: what they share.
        n: how many there are.
        figures: each of `COUNTED`; None where these reviews do not define it.
        intervals: the 95% interval of each figure that is not None, else None.
    """

    value: str
    n: int
    figures: Figures
    intervals: Intervals

    @property
    def accuracy(self) -> float:
        """The share of right answers."""
        return self.figures["accuracy"] or 0.0

    @property
    def too_small(self) -> bool:
        """Whether there are fewer reviews than `FEWEST`, whatever becomes of them."""
        return self.n < FEWEST

    def as_json(self) -> dict[str, Any]:
        """Flatten to JSON values, but for the intervals."""
        facts = {"value": self.value, "n": self.n, **self.figures, "too_small": self.too_small}
        return facts | {"intervals": self.intervals}


def reading_for(sliced: Sequence[str], reading: ReadOptions) -> ReadOptions:
    """Keep the columns to slice by; one that is called as a built-in slice is refused."""
    keep = tuple(name for name in sliced if name not in BUILT_IN)
    built_in = tuple(set(sliced) & set(BUILT_IN))
    return replace(reading, keep=keep, slices=BUILT_IN, not_columns=built_in)


def slice_values(column: str, reviews: LabelledReviews) -> list[str]:
    """Return the slice of each review.

    Args:
        column: `length` (by words between white space), `negation`, or a column that was kept.
        reviews: n reviews.
    """
    if column in BUILT_IN and column not in reviews.columns:
        return built_in_values(column, reviews.texts)
    return reviews.columns[column]


def built_in_values(name: str, texts: Sequence[str]) -> list[str]:
    """Return the slice of each text by `length` or `negation`."""
    if name == "length":
        words = [len(text.split()) for text in texts]
        return [LENGTHS[bin_] for bin_ in np.searchsorted(_LENGTH_ENDS, words).tolist()]
    return np.where(holds_negation(texts), "yes", "no").tolist()


def slices_of(values: Sequence[str], labels: Labels, answers: Labels) -> list[Slice]:
    """Evaluate the reviews of each value.

    Args:
        values: which slice each review is in, n of them.
        labels: 0 or 1, [n].
        answers: 0 or 1, [n].

    Returns:
        The slices, the least accurate first, and after them those that are too small.
    """
    names, which = np.unique(np.array(values, dtype=object), return_inverse=True)
    cells = 4 * which + 2 * labels.astype(np.int64) + answers
    tables = np.bincount(cells, minlength=4 * names.size).reshape(-1, 2, 2)
    slices = [
        Slice(value, int(table.sum()), *_measured(tuple(table.ravel().tolist())))
        for value, table in zip(names, tables, strict=True)
    ]
    return sorted(slices, key=lambda each: (each.too_small, each.accuracy, -each.n))


@lru_cache(maxsize=4096)
def _measured(cells: tuple[int, ...]) -> tuple[Figures, Intervals]:
    """Return figures and intervals; of thousands of small slices many have the same counts."""
    table = np.array(cells).reshape(2, 2)
    return figures_or_none(table), count_intervals(table)
