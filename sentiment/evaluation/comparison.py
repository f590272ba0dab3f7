"""Which of two is better on the same reviews, and whether it can be told from chance."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sentiment.evaluation.counts import Counts, losses_of, ratio
from sentiment.evaluation.intervals import (
    REPLICATES,
    SEED,
    Interval,
    mcnemar,
    mean_change_interval,
    paired_interval,
    percentile_interval,
    resampled_counts,
)


@dataclass(frozen=True, eq=False)
class Side:
    """What one of the two says of each review.

    Attributes:
        answers: 0 negative, 1 positive, 2 no answer, int64 [n].
        p_positive: float64 [n]; None where there are none, or not for every review.
    """

    answers: NDArray[np.int64]
    p_positive: NDArray[np.float64] | None = None

    def take(self, rows: NDArray[np.int64]) -> "Side":
        """Give what is said of some reviews."""
        p_positive = None if self.p_positive is None else self.p_positive[rows]
        return replace(self, answers=self.answers[rows], p_positive=p_positive)


@dataclass(frozen=True)
class Difference:
    """A figure of both.

    Attributes:
        a, b: its values.
        interval: the 95% interval of b − a; None where there are too few reviews.
    """

    a: float
    b: float
    interval: Interval | None

    @property
    def difference(self) -> float:
        """Tell how much higher the second is."""
        return self.b - self.a

    @property
    def is_told(self) -> bool:
        """Whether it can be told from none: its interval does not hold 0."""
        return self.interval is not None and not self.interval[0] <= 0 <= self.interval[1]


@dataclass(frozen=True, eq=False)
class Comparison:
    """What `compare` finds.

    Attributes:
        accuracy: no answer counts as a wrong one.
        macro_f1: None with one class.
        log_loss: None if not both have probabilities.
        right: reviews by whether A (rows) and B (columns) are wrong or right, int64 [2, 2].
        p_value: of McNemar's test, which is below 0.05 where the difference of accuracies is told.
        unlike: numbers of the reviews they differ on, those on which they differ most first.
    """

    accuracy: Difference
    macro_f1: Difference | None
    log_loss: Difference | None
    right: NDArray[np.int64]
    p_value: float
    unlike: NDArray[np.int64]

    @property
    def figures(self) -> dict[str, Difference | None]:
        """Each figure by its name."""
        return {name: getattr(self, name) for name in ("accuracy", "macro_f1", "log_loss")}


def compare(
    a: Side,
    b: Side,
    labels: NDArray[np.integer],
    replicates: int = REPLICATES,
    seed: int = SEED,
) -> Comparison:
    """Compare two on the same reviews; no answer counts as a wrong one.

    Args:
        a: what one says of n reviews.
        b: what the other says of them.
        labels: 0 or 1, [n].
        replicates: how often the bootstrap draws.
        seed: the same seed gives the same intervals.
    """
    a_right, b_right = (side.answers == labels for side in (a, b))
    right = np.bincount(2 * a_right + b_right, minlength=4).reshape(2, 2)
    return Comparison(
        accuracy=_accuracy(right),
        macro_f1=_macro_f1(_answers(a, b, labels), replicates, seed),
        log_loss=_log_loss(a, b, labels),
        right=right,
        p_value=mcnemar(int(right[1, 0]), int(right[0, 1])),
        unlike=_unlike(a, b),
    )


def _answers(a: Side, b: Side, labels: NDArray[np.integer]) -> NDArray[np.int64]:
    """Count reviews by label and by what both answer, [2, 3, 3]."""
    cells = (labels.astype(np.int64) * 3 + a.answers) * 3 + b.answers
    return np.bincount(cells, minlength=18).reshape(2, 3, 3)


def _accuracy(right: NDArray[np.int64]) -> Difference:
    n = int(right.sum())
    only_b, only_a = int(right[0, 1]), int(right[1, 0])
    both = int(right[1, 1])
    return Difference((both + only_a) / n, (both + only_b) / n, paired_interval(only_a, only_b, n))


def _macro_f1(seen: NDArray[np.int64], replicates: int, seed: int) -> Difference | None:
    """Compare the macro-F1; None with one class."""
    if not seen.sum(axis=(1, 2)).all():
        return None
    drawn = resampled_counts(seen, replicates, seed)
    a, b = (float(_macro_f1_of(seen.sum(axis=axis))) for axis in (2, 1))
    changes = _macro_f1_of(drawn.sum(axis=2)) - _macro_f1_of(drawn.sum(axis=3))
    return Difference(a, b, percentile_interval(b - a, changes))


def _macro_f1_of(counts: Counts) -> NDArray[np.float64]:
    """Give the macro-F1 of reviews by label and answer, [..., 2, 3]."""
    right = np.stack([counts[..., 0, 0], counts[..., 1, 1]], axis=-1).astype(np.float64)
    both = (counts.sum(axis=-1) + counts.sum(axis=-2)[..., :2]).astype(np.float64)
    return ratio(2 * right, both).mean(axis=-1)


def _log_loss(a: Side, b: Side, labels: NDArray[np.integer]) -> Difference | None:
    """Compare the log loss; None if not both have probabilities."""
    if a.p_positive is None or b.p_positive is None:
        return None
    losses = [losses_of(side, labels)[:, 0] for side in (a.p_positive, b.p_positive)]
    interval = mean_change_interval(losses[1] - losses[0])
    return Difference(float(losses[0].mean()), float(losses[1].mean()), interval)


def _unlike(a: Side, b: Side) -> NDArray[np.int64]:
    """Order the reviews with other answers by how far apart the probabilities are."""
    unlike = np.flatnonzero(a.answers != b.answers)
    if a.p_positive is None or b.p_positive is None:
        return unlike
    return unlike[np.argsort(-np.abs(a.p_positive - b.p_positive)[unlike], kind="stable")]
