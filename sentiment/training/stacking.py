"""How much a new network counts beside the model it stands on."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sentiment.model import Calibration
from sentiment.model.calibration import sigmoid

Floats = NDArray[np.float64]

# What is believed before any review is seen, of the new network's logit, of the base's log-odds and
# of the intercept: the base is right as it is, and the network half as sure as it seems.
_EXPECTED = np.array([0.5, 1.0, 0.0])
# How firmly: one over the variance of each.
_FIRMNESS = np.array([4.0, 4.0, 4.0])
# The new network is never turned round, and never quite nothing.
_LEAST = 1e-6


class Stack(NamedTuple):
    """Log-odds = slope · the new network's logit + weight · the base's log-odds + intercept.

    Attributes:
        calibration: of the new network.
        weight: of the base.
    """

    calibration: Calibration
    weight: float

    @classmethod
    def expected(cls) -> "Stack":
        """Return what is believed before any review is seen."""
        slope, weight, intercept = _EXPECTED.tolist()
        return cls(Calibration(slope, intercept), weight)

    @classmethod
    def fit(cls, logits: Floats, base: Floats, labels: NDArray[np.integer]) -> "Stack":
        """Fit by logistic regression that shrinks to the base alone where reviews are few.

        Stacking: Wolpert, "Stacked generalization" (1992); the maximum of the posterior, with a
        normal prior around the base.

        Args:
            logits: the new network's, of reviews that it was not fitted on, float64 [n].
            base: log-odds that the base gives them, float64 [n].
            labels: 0 or 1, [n].
        """
        design = np.stack([logits, base, np.ones_like(base)], axis=1)
        targets = labels.astype(np.float64)
        slope, weight, intercept = _most_likely(design, targets, [0, 1, 2])
        # What would be turned round is left out, and the other one is fitted alone.
        if slope < 0:
            slope, weight, intercept = _most_likely(design, targets, [1, 2])
        if weight < 0:
            slope, weight, intercept = _most_likely(design, targets, [0, 2])
        return cls(Calibration(max(slope, _LEAST), intercept), max(weight, 0.0))

    def log_odds(self, logits: Floats, base: Floats) -> Floats:
        """Give the log-odds of *positive*, float64 [n]."""
        return self.calibration.log_odds(logits) + self.weight * base


def _most_likely(design: Floats, targets: Floats, columns: list[int]) -> list[float]:
    """Newton's method for the maximum of the posterior; parameters of other columns are 0."""
    design, expected, firmness = design[:, columns], _EXPECTED[columns], _FIRMNESS[columns]
    parameters = expected.copy()
    for _ in range(100):
        p = sigmoid(design @ parameters)
        gradient = design.T @ (p - targets) + firmness * (parameters - expected)
        hessian = (design.T * (p * (1 - p))) @ design + np.diag(firmness)
        step = np.linalg.solve(hessian, gradient)
        parameters -= step / max(1.0, float(np.abs(step).max()))  # at most 1 at a time
        if np.abs(step).max() < 1e-10:
            break
    found = np.zeros(3)
    found[columns] = parameters
    every: list[float] = found.tolist()
    return every
