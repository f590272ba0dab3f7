"""How good probabilities and answers are, against labels."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment.evaluation.calibration import calibration_error, calibration_noise


@dataclass(frozen=True)
class ClassMetrics:
    """How well one class is found; each 0 where nothing is there to divide by.

    Attributes:
        precision: share of the answers that are right.
        recall: share of the class that is found.
        f1: harmonic mean of both.
        support: reviews of the class.
    """

    precision: float
    recall: float
    f1: float
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
        macro_f1: mean of the F1 of both classes.
        mcc: Matthews' correlation of labels and answers; 0 where nothing can be told.
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
    macro_f1: float
    mcc: float
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

    def as_json(self) -> dict[str, Any]:
        """Flatten to one level of JSON values, but for the confusion matrix."""
        flat: dict[str, Any] = {name: getattr(self, name) for name in _FLAT}
        for name in ("negative", "positive"):
            for field in ("precision", "recall", "f1", "support"):
                flat[f"{field}_{name}"] = getattr(getattr(self, name), field)
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
    from sklearn.metrics import (
        average_precision_score,
        confusion_matrix,
        log_loss,
        matthews_corrcoef,
        precision_recall_fscore_support,
        roc_auc_score,
    )

    answers = (p_positive >= threshold).astype(int)
    precision, recall, f1, support = precision_recall_fscore_support(
        labels, answers, labels=[0, 1], zero_division=0
    )
    negative, positive = (
        ClassMetrics(float(precision[i]), float(recall[i]), float(f1[i]), int(support[i]))
        for i in (0, 1)
    )
    both = 0 < labels.mean() < 1
    return Metrics(
        n=int(labels.size),
        accuracy=float(np.mean(answers == labels)),
        macro_f1=(negative.f1 + positive.f1) / 2,
        mcc=float(matthews_corrcoef(labels, answers)) if both else 0.0,
        roc_auc=float(roc_auc_score(labels, p_positive)) if both else None,
        pr_auc=float(average_precision_score(labels, p_positive)) if both else None,
        log_loss=float(log_loss(labels, p_positive, labels=[0, 1])),
        brier=float(np.mean((p_positive - labels) ** 2)),
        ece=calibration_error(p_positive, labels),
        ece_floor=calibration_noise(p_positive),
        threshold=threshold,
        negative=negative,
        positive=positive,
        confusion=confusion_matrix(labels, answers, labels=[0, 1]).astype(np.int64),
    )
