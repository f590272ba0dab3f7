"""How good probabilities and answers are, against labels."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment.evaluation.calibration import calibration_error, calibration_noise
from sentiment.evaluation.counts import answers_by, constant, count, told
from sentiment.evaluation.losses import losses_of
from sentiment.evaluation.ranking import Ranks, pr_auc, roc_auc
from sentiment.model.decision import CLASSES


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
