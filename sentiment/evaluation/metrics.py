"""How good answers are: counts, losses, calibration, all metrics of an evaluation."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment.evaluation.counts import (
    Counts,
    answers_by,
    constant,
    count,
    figures_of,
    losses_of,
    told,
)
from sentiment.evaluation.intervals import (
    REPLICATES,
    SEED,
    Interval,
    Z,
    mean_interval,
    percentile_interval,
    resampled_counts,
    resampled_means,
)
from sentiment.evaluation.ranking import Ranks, pr_auc, pr_auc_interval, roc_auc, roc_auc_interval
from sentiment.labels import CLASSES

BINS = 15

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Reliability:
    """What was said and what was so, in bins of equal width; bins without reviews are left out.

    Attributes:
        said: mean probability of *positive*, float64 [bins].
        found: share of positive reviews, float64 [bins].
        low, high: its 95% interval, float64 [bins].
        n: how many reviews, int64 [bins].
    """

    said: Floats
    found: Floats
    low: Floats
    high: Floats
    n: NDArray[np.int64]


def reliability_of(p_positive: Floats, labels: NDArray[np.integer]) -> Reliability:
    """Set the probabilities of *positive* beside the shares of positive reviews, in `BINS` bins.

    The intervals are Wilson's (JASA 22, 1927), which stay within 0 and 1.

    Args:
        p_positive: float64 [n], n ≥ 1.
        labels: 0 or 1, [n].
    """
    bins = _bins(p_positive)
    counts = np.bincount(bins, minlength=BINS)
    filled = np.flatnonzero(counts)
    n = counts[filled]
    said, found = (
        np.bincount(bins, weights=values, minlength=BINS)[filled] / n
        for values in (p_positive, labels)
    )
    middle = (found + Z**2 / (2 * n)) / (1 + Z**2 / n)
    reach = Z * np.sqrt(found * (1 - found) / n + Z**2 / (4 * n**2)) / (1 + Z**2 / n)
    return Reliability(said, found, np.maximum(middle - reach, 0), np.minimum(middle + reach, 1), n)


def calibration_error(p_positive: NDArray[np.float64], labels: NDArray[np.integer]) -> float:
    """The expected calibration error of the probabilities of *positive*.

    ECE = Σ (n_b / n) · |mean label − mean probability| over 15 bins of equal width (Guo et al.,
    "On calibration of modern neural networks", ICML 2017).

    Args:
        p_positive: float64 [n], n ≥ 1.
        labels: 0 or 1, [n].
    """
    gaps = np.bincount(_bins(p_positive), weights=labels - p_positive, minlength=BINS)
    return float(np.abs(gaps).sum() / p_positive.size)


def calibration_noise(p_positive: NDArray[np.float64]) -> float:
    """The ECE to expect on these rows of a model that is perfectly calibrated.

    The gap of a bin is a sum of independent draws, close to normal with the variance Σ p·(1 − p):
    its mean size is σ·√(2/π). What lies below the sum of these cannot be told from perfect.

    Args:
        p_positive: float64 [n], n ≥ 1.
    """
    bins = _bins(p_positive)
    variance = np.bincount(bins, weights=p_positive * (1 - p_positive), minlength=BINS)
    return float(np.sqrt(variance * 2 / np.pi).sum() / p_positive.size)


def _bins(p_positive: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.minimum((p_positive * BINS).astype(np.int64), BINS - 1)


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


@dataclass(frozen=True)
class ClassMetrics:
    """How well one class is found; each None without reviews of it.

    Attributes:
        precision: share of the answers that are right; None without answers, too.
        recall: share of the class that is found.
        f1: harmonic mean of both.
        support: reviews of the class.
    """

    precision: float | None
    recall: float | None
    f1: float | None
    support: int


_FLAT = (
    "n", "accuracy", "macro_f1", "mcc", "roc_auc", "pr_auc", "log_loss", "brier", "ece",
    "ece_floor", "threshold",
)  # fmt: skip


@dataclass(frozen=True)
class Metrics:
    """What `measure` finds.

    Attributes:
        n: reviews scored.
        accuracy: share of right answers, by the threshold.
        macro_f1: mean of the F1 of both classes; None with one class.
        mcc: Matthews' correlation of labels and answers, 0 where all answers are the same; None
            with one class.
        roc_auc: chance that a positive review is ranked above a negative one; None with one class.
        pr_auc: average precision of *positive* over all thresholds; None with one class.
        log_loss: mean cross-entropy of the probabilities, in nats.
        brier: mean squared distance of probability and label.
        ece: expected calibration error.
        ece_floor: the ECE that a perfectly calibrated model would have on these rows, on average.
        threshold: the least probability answered positive.
        negative, positive: each class by itself.
        confusion: reviews by label (rows: negative, positive) and answer (columns), int [2, 2].
    """

    n: int
    accuracy: float
    macro_f1: float | None
    mcc: float | None
    roc_auc: float | None
    pr_auc: float | None
    log_loss: float
    brier: float
    ece: float
    ece_floor: float
    threshold: float
    negative: ClassMetrics
    positive: ClassMetrics
    confusion: NDArray[np.int64]

    @property
    def most_frequent(self) -> str:
        """The label that most reviews have."""
        return CLASSES[int(self.confusion.sum(axis=1).argmax())]

    @property
    def constant(self) -> dict[str, float | None]:
        """What counts would tell if that were the answer to all: what any model is to beat."""
        return told(constant(self.confusion))

    def as_json(self) -> dict[str, Any]:
        """Flatten to one level of JSON values, but for the confusion matrix."""
        flat: dict[str, Any] = {name: getattr(self, name) for name in _FLAT}
        for name in CLASSES:
            for field in ("precision", "recall", "f1", "support"):
                flat[f"{field}_{name}"] = getattr(getattr(self, name), field)
        flat |= {f"constant_{name}": self.constant[name] for name in ("accuracy", "macro_f1")}
        return flat | {"confusion_matrix": self.confusion.tolist()}


def measure(
    p_positive: NDArray[np.float64], labels: NDArray[np.integer], threshold: float
) -> Metrics:
    """Measure scored reviews.

    Args:
        p_positive: calibrated probabilities of *positive*, float64 [n], n ≥ 1.
        labels: 0 or 1, [n].
        threshold: the least probability answered positive.
    """
    confusion = count(labels, answers_by(p_positive, threshold))
    figures = told(confusion)
    log_loss, brier = losses_of(p_positive, labels).mean(axis=0).tolist()
    ranks = Ranks.of(p_positive, labels)
    negative, positive = (
        ClassMetrics(
            precision=figures[f"precision_{name}"],
            recall=figures[f"recall_{name}"],
            f1=figures[f"f1_{name}"],
            support=int(confusion[label].sum()),
        )
        for label, name in enumerate(CLASSES)
    )
    return Metrics(
        n=int(labels.size),
        accuracy=float(np.trace(confusion) / labels.size),
        macro_f1=figures["macro_f1"],
        mcc=figures["mcc"],
        roc_auc=roc_auc(ranks),
        pr_auc=pr_auc(ranks),
        log_loss=log_loss,
        brier=brier,
        ece=calibration_error(p_positive, labels),
        ece_floor=calibration_noise(p_positive),
        threshold=threshold,
        negative=negative,
        positive=positive,
        confusion=confusion,
    )
