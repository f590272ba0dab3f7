"""Logits → probabilities that mean what they say."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


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
        parameters = np.zeros(2)
        for _ in range(100):  # Newton's method, from flat and in standard units: it settles in ten
            p = sigmoid(design @ parameters)
            gradient = design.T @ (p - targets)
            hessian = (design.T * (p * (1 - p))) @ design + 1e-9 * np.eye(2)
            step = np.linalg.solve(hessian, gradient)
            parameters -= step / max(1.0, float(np.abs(step).max()))  # at most 1 at a time
            if np.abs(step).max() < 1e-10:
                break
        slope, intercept = parameters[0] / scale, parameters[1]
        # A slope that is not positive would turn answers round: too few rows to calibrate on.
        return cls(float(slope), float(intercept)) if slope > 0 else cls()

    def log_odds(self, logits: NDArray[np.float64]) -> NDArray[np.float64]:
        """Turn logits into calibrated log-odds of *positive*, float64 of the same shape."""
        return self.slope * logits + self.intercept

    def probabilities(self, logits: NDArray[np.float64]) -> NDArray[np.float64]:
        """Turn logits into calibrated probabilities of *positive*, float64 of the same shape."""
        return sigmoid(self.log_odds(logits))


def log_odds(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return log(p / (1 − p)), the inverse of `sigmoid`; finite for 0 and 1, too."""
    inside = np.clip(p, 1e-15, 1 - 1e-15)
    return np.log(inside / (1 - inside))


def sigmoid(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return 1 / (1 + e**−x), without overflow."""
    return 0.5 * (1 + np.tanh(0.5 * logits))
