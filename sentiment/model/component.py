"""One of the networks that a model adds up: an encoder, its network and its calibration."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sentiment.features.rows import CSRMatrix
from sentiment.features.vectorizer import Vectorizer
from sentiment.model.coverage import ENOUGH, LEAST_KNOWN, evidence_of
from sentiment.model.network import Network

Floats = NDArray[np.float64]


class Calibration(NamedTuple):
    """Platt scaling: p = σ(slope · logit + intercept).

    Platt, "Probabilistic outputs for support vector machines" (1999). The identity by default.
    """

    slope: float = 1.0
    intercept: float = 0.0

    @classmethod
    def fit(cls, logits: NDArray[np.float64], labels: NDArray[np.integer]) -> "Calibration":
        """Fit by maximum likelihood on held-out rows, with Platt's smoothed targets.

        The targets, (n₊ + 1) / (n₊ + 2) and 1 / (n₋ + 2) in place of 1 and 0, keep the slope
        finite where few rows are perfectly separated.

        Args:
            logits: float64 [n], of rows that the network was not fitted on.
            labels: 0 or 1, [n].
        """
        positives = int(labels.sum())
        negatives = labels.size - positives
        targets = np.where(labels == 1, (positives + 1) / (positives + 2), 1 / (negatives + 2))
        scale = float(logits.std()) or 1.0
        design = np.stack([logits / scale, np.ones_like(logits)], axis=1)
        parameters = fit_logistic(design, targets, np.zeros(2), np.zeros(2), ridge=1e-9)
        slope, intercept = parameters[0] / scale, parameters[1]
        # A slope that is not positive would turn answers round: too few rows to calibrate on.
        return cls(float(slope), float(intercept)) if slope > 0 else cls()

    def log_odds(self, logits: NDArray[np.float64]) -> NDArray[np.float64]:
        """Turn logits into calibrated log-odds of *positive*, float64 of the same shape."""
        return self.slope * logits + self.intercept

    def probabilities(self, logits: NDArray[np.float64]) -> NDArray[np.float64]:
        """Turn logits into calibrated probabilities of *positive*, float64 of the same shape."""
        return sigmoid(self.log_odds(logits))


def fit_logistic(
    design: NDArray[np.float64],
    targets: NDArray[np.float64],
    expected: NDArray[np.float64],
    firmness: NDArray[np.float64],
    ridge: float = 0.0,
) -> NDArray[np.float64]:
    """Fit a logistic regression by Newton's method, which settles in ten steps.

    Args:
        design: [n, parameters], in standard units.
        targets: from 0 to 1, [n].
        expected: the means of the parameters' normal prior, where the search begins.
        firmness: one over the variance of each; 0 for no prior.
        ridge: added to the diagonal of the Hessian, which may be singular without a prior.

    Returns:
        The maximum of the posterior, [parameters].
    """
    parameters = expected.copy()
    for _ in range(100):
        p = sigmoid(design @ parameters)
        gradient = design.T @ (p - targets) + firmness * (parameters - expected)
        hessian = (design.T * (p * (1 - p))) @ design + np.diag(firmness + ridge)
        step = np.linalg.solve(hessian, gradient)
        parameters -= step / max(1.0, float(np.abs(step).max()))  # at most 1 at a time
        if np.abs(step).max() < 1e-10:
            break
    return parameters


def log_odds(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return log(p / (1 − p)), the inverse of `sigmoid`; finite for 0 and 1, too."""
    inside = np.clip(p, 1e-15, 1 - 1e-15)
    return np.log(inside / (1 - inside))


def sigmoid(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return 1 / (1 + e**−x), without overflow."""
    return 0.5 * (1 + np.tanh(0.5 * logits))


@dataclass(frozen=True)
class Component:
    """Encoder → network → calibration: texts → log-odds.

    Attributes:
        encoder: texts → sparse rows.
        network: sparse rows → logits.
        calibration: logits → log-odds of *positive*.
        least_known: the share of its words that has to be known of a text, from 0 to 1. One of
            which nothing is known never counts as known.
        phrases: the most influential n-grams as text, since hashes cannot be turned back.
        weight: of what the next component and those behind it give together, at least 0. The
            last has no next.
    """

    encoder: Vectorizer
    network: Network
    calibration: Calibration = Calibration()
    least_known: float = LEAST_KNOWN
    phrases: dict[int, str] = field(default_factory=dict)
    weight: float = 0.0

    def encode(
        self, texts: Sequence[str]
    ) -> tuple[CSRMatrix, NDArray[np.uint8], NDArray[np.bool_]]:
        """Return what the network sees of some texts, and how much is known of each.

        Returns:
            Rows, without features where too little is known; what `evidence_of` gives.
        """
        rows = self.encoder.transform(texts)
        evidence, blank = evidence_of(texts, rows, self.encoder, self.least_known)
        if evidence.any():
            lengths = np.diff(rows.offsets)
            kept = np.repeat(evidence == ENOUGH, lengths)
            offsets = np.concatenate(([0], np.cumsum(np.where(evidence == ENOUGH, lengths, 0))))
            rows = CSRMatrix(rows.columns[kept], rows.values[kept], offsets, rows.width)
        return rows, evidence, blank

    def log_odds(self, texts: Sequence[str]) -> tuple[Floats, NDArray[np.uint8]]:
        """Return the log-odds of *positive* of each text, and how much of it is known.

        A text of which too little is known has those of an empty one, a text without a token NaN.
        """
        rows, evidence, blank = self.encode(texts)
        log_odds = self.calibration.log_odds(self.network.logits(rows))
        log_odds[evidence != ENOUGH] = self.empty_logit
        log_odds[blank] = np.nan
        return log_odds, evidence

    @cached_property
    def empty_logit(self) -> float:
        """The log-odds of *positive* of an empty text."""
        empty = CSRMatrix.empty(self.encoder.keys.size)
        return float(self.calibration.log_odds(self.network.logits(empty))[0])

    def repairing(self, repair: bool) -> "Component":
        """Return the component, told whether to repair texts."""
        ngrams = self.encoder.ngrams._replace(repair=repair)
        return replace(self, encoder=replace(self.encoder, ngrams=ngrams))
