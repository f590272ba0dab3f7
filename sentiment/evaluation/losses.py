"""What each probability costs, by its label."""

import numpy as np
from numpy.typing import NDArray

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
