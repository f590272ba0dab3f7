"""How far the figures would move with other reviews of the same kind: 95% intervals.

Each figure has the way by which its intervals cover the truth in 95 of 100 cases, at 500 reviews
too (`tests/evaluation/test_intervals.py`). The ECE has none: resampled reviews always look worse
calibrated than the ones seen, so it stands beside its noise floor.
"""

import numpy as np
from numpy.typing import NDArray

from sentiment.evaluation.bootstrap import (
    REPLICATES,
    SEED,
    Interval,
    mean_interval,
    percentile_interval,
    resampled_counts,
    resampled_means,
)
from sentiment.evaluation.counts import Counts, answers_by, count, figures_of, told
from sentiment.evaluation.losses import losses_of
from sentiment.evaluation.ranking import pr_auc_interval, roc_auc_interval

Intervals = dict[str, Interval | None]

# Of fewer losses the bootstrap does not see how large they can get.
FEWEST_LOSSES = 20


def intervals_of(
    p_positive: NDArray[np.float64],
    labels: NDArray[np.integer],
    threshold: float,
    replicates: int = REPLICATES,
    seed: int = SEED,
) -> Intervals:
    """Give a 95% interval for each figure of `measure` that has one, by its name; else None.

    Args:
        p_positive: calibrated probabilities of *positive*, float64 [n], n ≥ 1.
        labels: 0 or 1, [n].
        threshold: the least probability answered positive.
        replicates: how often the bootstrap draws.
        seed: the same seed gives the same intervals.
    """
    counts = count(labels, answers_by(p_positive, threshold))
    intervals = count_intervals(counts, replicates, seed)
    intervals["roc_auc"] = roc_auc_interval(p_positive, labels)
    intervals["pr_auc"] = pr_auc_interval(p_positive, labels)
    losses = losses_of(p_positive, labels)
    means = resampled_means(losses, replicates, seed)
    for column, name in enumerate(("log_loss", "brier")):
        enough = labels.size >= FEWEST_LOSSES
        intervals[name] = mean_interval(losses[:, column], means[:, column]) if enough else None
    return intervals


def count_intervals(counts: Counts, replicates: int = REPLICATES, seed: int = SEED) -> Intervals:
    """Give a 95% interval for each figure that counts tell, None for others.

    Args:
        counts: reviews by label and answer, [2, 2].
        replicates: how often the bootstrap draws.
        seed: the same seed gives the same intervals.
    """
    drawn = figures_of(resampled_counts(counts, replicates, seed))
    return {
        name: None if value is None else percentile_interval(value, drawn[name])
        for name, value in told(counts).items()
    }
