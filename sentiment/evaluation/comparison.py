"""Which of two is better on the same reviews, and whether it can be told from chance."""

from dataclasses import dataclass, replace
from math import exp, fsum, lgamma, log

import numpy as np
from numpy.typing import NDArray

from sentiment.evaluation.bootstrap import (
    REPLICATES,
    SEED,
    Interval,
    mean_interval,
    percentile_interval,
    resampled_means,
)
from sentiment.evaluation.counts import Counts, ratio
from sentiment.evaluation.losses import losses_of

NO_ANSWER = 2
SIGNIFICANT = 0.05


@dataclass(frozen=True, eq=False)
class Side:
    """What one of the two says of each review.

    Attributes:
        answers: 0 negative, 1 positive, `NO_ANSWER`, int64 [n].
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
        interval: the 95% interval of b − a.
    """

    a: float
    b: float
    interval: Interval

    @property
    def difference(self) -> float:
        """Tell how much higher the second is."""
        return self.b - self.a


@dataclass(frozen=True, eq=False)
class Comparison:
    """What `compare` finds.

    Attributes:
        figures: `accuracy`, `macro_f1` and, where both have probabilities, `log_loss`.
        right: reviews by whether A (rows) and B (columns) are wrong or right, int64 [2, 2].
        p_value: of McNemar's test.
        unlike: numbers of the reviews they differ on, those on which they differ most first.
    """

    figures: dict[str, Difference]
    right: NDArray[np.int64]
    p_value: float
    unlike: NDArray[np.int64]


def compare(
    a: Side,
    b: Side,
    labels: NDArray[np.integer],
    replicates: int = REPLICATES,
    seed: int = SEED,
) -> Comparison:
    """Compare two on the same reviews; no answer counts as a wrong one.

    The intervals are those of a paired bootstrap: each draw takes what both say of a review.

    Args:
        a: what one says of n reviews.
        b: what the other says of them.
        labels: 0 or 1, [n].
        replicates: how often the bootstrap draws.
        seed: the same seed gives the same intervals.
    """
    figures = _of_answers(a, b, labels, replicates, seed)
    if a.p_positive is not None and b.p_positive is not None:
        losses = [losses_of(side, labels)[:, 0] for side in (a.p_positive, b.p_positive)]
        changes = losses[1] - losses[0]
        means = resampled_means(changes[:, None], replicates, seed)[:, 0]
        interval = mean_interval(changes, means)
        figures["log_loss"] = Difference(float(losses[0].mean()), float(losses[1].mean()), interval)
    a_right, b_right = (side.answers == labels for side in (a, b))
    right = np.bincount(2 * a_right + b_right, minlength=4).reshape(2, 2)
    p_value = mcnemar(int(right[0, 1]), int(right[1, 0]))
    return Comparison(figures, right, p_value, _unlike(a, b))


def mcnemar(only_a: int, only_b: int) -> float:
    """Test whether two are right equally often: McNemar's test, exact and two-sided.

    Of the reviews that one alone has right, each is a fair coin if they are equally good
    (McNemar, Psychometrika 12, 1947; the exact binomial form is that of Fagerland et al., BMC
    Medical Research Methodology 13, 2013).

    Args:
        only_a: reviews that only the first has right.
        only_b: reviews that only the second has right.

    Returns:
        The chance of a split at least as uneven.
    """
    n, fewer = only_a + only_b, min(only_a, only_b)
    of_all = lgamma(n + 1) - n * log(2)
    tail = fsum(exp(of_all - lgamma(k + 1) - lgamma(n - k + 1)) for k in range(fewer + 1))
    return min(1.0, 2 * tail)


def _of_answers(
    a: Side, b: Side, labels: NDArray[np.integer], replicates: int, seed: int
) -> dict[str, Difference]:
    """Compare accuracy and macro-F1; labels and both answers make 18 cells to draw from."""
    cells = (labels.astype(np.int64) * 3 + a.answers) * 3 + b.answers
    seen = np.bincount(cells, minlength=18)
    drawn = np.random.default_rng(seed).multinomial(labels.size, seen / labels.size, replicates)
    values, resampled = (
        [_figures(counts.reshape(-1, 2, 3, 3).sum(axis=axis)) for axis in (3, 2)]
        for counts in (seen, drawn)
    )
    figures = {}
    for name in ("accuracy", "macro_f1"):
        of_a, of_b = (float(side[name][0]) for side in values)
        changes = resampled[1][name] - resampled[0][name]
        figures[name] = Difference(of_a, of_b, percentile_interval(of_b - of_a, changes))
    return figures


def _figures(counts: Counts) -> dict[str, NDArray[np.float64]]:
    """Give accuracy and macro-F1 of reviews by label and answer, [..., 2, 3]."""
    right = np.stack([counts[..., 0, 0], counts[..., 1, 1]], axis=-1).astype(np.float64)
    asked, answered = counts.sum(axis=-1), counts.sum(axis=-2)[..., :2]
    return {
        "accuracy": right.sum(axis=-1) / asked.sum(axis=-1),
        "macro_f1": ratio(2 * right, (asked + answered).astype(np.float64)).mean(axis=-1),
    }


def _unlike(a: Side, b: Side) -> NDArray[np.int64]:
    """Order the reviews with other answers by how far apart the probabilities are."""
    unlike = np.flatnonzero(a.answers != b.answers)
    if a.p_positive is None or b.p_positive is None:
        return unlike
    return unlike[np.argsort(-np.abs(a.p_positive - b.p_positive)[unlike], kind="stable")]
