"""Counts of reviews by label and answer → figures, and what wrong answers cost."""

import numpy as np
from numpy.typing import NDArray

from sentiment.labels import CLASSES

Counts = NDArray[np.int64] | NDArray[np.float64]

# What counts tell; each is better the higher it is.
COUNT_METRICS = (
    "accuracy", "macro_f1", "mcc",
    "precision_negative", "recall_negative", "f1_negative",
    "precision_positive", "recall_positive", "f1_positive",
)  # fmt: skip


def answers_by(p_positive: NDArray[np.float64], threshold: float) -> NDArray[np.int64]:
    """Give the class on whose side of a threshold each probability is, 0 or 1, [n]."""
    return (p_positive >= threshold).astype(np.int64)


def count(labels: NDArray[np.integer], answers: NDArray[np.integer]) -> NDArray[np.int64]:
    """Count reviews by label (rows) and answer (columns).

    Args:
        labels: 0 or 1, [n].
        answers: 0 or 1, [n].

    Returns:
        int64 [2, 2].
    """
    return np.bincount(2 * labels.astype(np.int64) + answers, minlength=4).reshape(2, 2)


def figures_of(counts: Counts) -> dict[str, NDArray[np.float64]]:
    """Give the figures that counts tell, 0 where nothing is there to divide by.

    Args:
        counts: reviews by label and answer, [..., 2, 2]; weights will do.

    Returns:
        Each of `COUNT_METRICS`, float64 [...]. Matthews' correlation is that of Baldi et al.
        (Bioinformatics 16, 2000).
    """
    (tn, fp), (fn, tp) = np.moveaxis(np.asarray(counts, np.float64), (-2, -1), (0, 1))
    products = (tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)
    figures = {
        "accuracy": ratio(tn + tp, tn + fp + fn + tp),
        "mcc": ratio(tp * tn - fp * fn, np.sqrt(products)),
        "precision_negative": ratio(tn, tn + fn),
        "recall_negative": ratio(tn, tn + fp),
        "f1_negative": ratio(2 * tn, 2 * tn + fn + fp),
        "precision_positive": ratio(tp, tp + fp),
        "recall_positive": ratio(tp, tp + fn),
        "f1_positive": ratio(2 * tp, 2 * tp + fn + fp),
    }
    figures["macro_f1"] = (figures["f1_negative"] + figures["f1_positive"]) / 2
    return {name: figures[name] for name in COUNT_METRICS}


def told(counts: Counts) -> dict[str, float | None]:
    """Give the figures that one table can tell, the others None.

    A class without reviews has no figures, nor has what takes both; one that is never answered
    has no precision.

    Args:
        counts: reviews by label and answer, [2, 2].

    Returns:
        Each of `COUNT_METRICS`.
    """
    of_label, of_answer = counts.sum(axis=1), counts.sum(axis=0)
    absent = set() if of_label.all() else {"macro_f1", "mcc"}
    for label, name in enumerate(CLASSES):
        if not of_label[label]:
            absent |= {f"precision_{name}", f"recall_{name}", f"f1_{name}"}
        if not of_answer[label]:
            absent.add(f"precision_{name}")
    found = figures_of(counts)
    return {name: None if name in absent else float(found[name]) for name in COUNT_METRICS}


def constant(counts: Counts) -> NDArray[np.int64]:
    """Return the table there would be if the more frequent label were the answer to all.

    Args:
        counts: reviews by label and answer, [2, 2].
    """
    of_label = np.asarray(counts).sum(axis=1)
    answered = np.zeros((2, 2), np.int64)
    answered[:, of_label.argmax()] = of_label
    return answered


def ratio(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    """Divide; 0 where there is nothing to divide by."""
    return np.divide(part, whole, out=np.zeros(np.shape(whole)), where=whole > 0)


# As scikit-learn does: a certainty that is wrong costs much, not without end.
_LEAST = float(np.finfo(np.float64).eps)


def losses_of(p_positive: NDArray[np.float64], labels: NDArray[np.integer]) -> NDArray[np.float64]:
    """Give the log loss (in nats) and the squared distance of each probability.

    Args:
        p_positive: float64 [n].
        labels: 0 or 1, [n].

    Returns:
        float64 [n, 2].
    """
    of_label = np.where(labels == 1, p_positive, 1 - p_positive)
    return np.stack([-np.log(np.clip(of_label, _LEAST, 1)), (1 - of_label) ** 2], axis=1)
