"""What held-out reviews decide about a base: its weight, and whether it would help."""

from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sentiment.model.component import Calibration, fit_logistic, fit_softmax, probabilities_of
from sentiment.training.decide import Floats, choose_decision, one_hot, score, score_of_counts
from sentiment.training.options import Objective

# The prior of the new network's slope, the base's weight and the intercepts: the base is right as
# it is, and the network half as confident as it should be. Means, and the inverse variance of each.
_PRIOR_MEAN = (0.5, 1.0, 0.0)
_PRIOR_PRECISION = 4.0
# The correlation, within a class, of the log-odds of two networks of the same reviews (FINDINGS).
_ALIKE = 0.8
# The slope of a network that is left out.
_LEAST_SLOPE = 1e-6


class Stack(NamedTuple):
    """Log-odds = slope · the new network's logit + weight · the base's log-odds + intercept.

    Attributes:
        calibration: of the new network.
        weight: of the base.
    """

    calibration: Calibration
    weight: float

    @classmethod
    def prior(cls) -> "Stack":
        """Return the stack on a base without any held-out reviews."""
        slope, weight, intercept = _PRIOR_MEAN
        return cls(Calibration(slope, (intercept,)), weight)

    @classmethod
    def prior_beside(cls) -> "Stack":
        """Return what `beside` fits, without any held-out reviews."""
        slope, weight, intercept = _PRIOR_MEAN
        return cls(Calibration(weight, (intercept,)), slope)

    @classmethod
    def of_accuracies(cls, calibration: Calibration, own: float, base: float) -> "Stack":
        """Return the stack of two networks by their accuracies on the same reviews alone.

        Calibrated log-odds are taken to be normal in each class, with the same variance d² in both,
        so that an accuracy is Φ(d/2), and the correlation `_ALIKE`. Then linear discriminant
        analysis gives the weights. Of networks far apart, the worse one is left out.

        Args:
            calibration: of the new network.
            own: its accuracy, from 0 to 1, of two classes, the mean of their recalls.
            base: that of the base.
        """
        ratio = _separation(base) / _separation(own)
        slope, weight = (max(1 - _ALIKE * each, 0.0) for each in (ratio, 1 / ratio))
        if slope and weight:
            slope, weight = (each / (1 - _ALIKE**2) for each in (slope, weight))
        else:
            slope, weight = float(slope > 0), float(weight > 0)
        slope = max(slope, _LEAST_SLOPE)
        moved = tuple(slope * each for each in calibration.intercepts)
        return cls(Calibration(slope * calibration.slope, moved), weight)

    @classmethod
    def fit(
        cls,
        logits: Floats,
        base: Floats,
        labels: NDArray[np.integer],
        weights: Floats | None = None,
    ) -> "Stack":
        """Fit a logistic regression that shrinks to the base if reviews are few.

        Stacking: Wolpert, "Stacked generalization" (1992); the maximum of the posterior, with a
        normal prior around the base.

        Args:
            logits: the new network's, of reviews that it was not fitted on, float64 [n, K − 1].
            base: the base's log-odds of them, float64 [n, K − 1].
            labels: from 0 to K − 1, [n].
            weights: of the reviews, [n]; None for 1 each.
        """
        weights = np.ones(labels.size) if weights is None else weights
        slope, weight, *intercepts = _map_estimate(logits, base, labels, weights)
        # One that would be reversed is left out, and the other fitted alone.
        if slope < 0:
            slope, weight, *intercepts = _map_estimate(None, base, labels, weights)
        if weight < 0:
            slope, weight, *intercepts = _map_estimate(logits, None, labels, weights)
        return cls(Calibration(max(slope, _LEAST_SLOPE), tuple(intercepts)), max(weight, 0.0))

    @classmethod
    def beside(
        cls,
        calibration: Calibration,
        logits: Floats,
        others: Floats,
        labels: NDArray[np.integer],
        weights: Floats | None = None,
    ) -> "Stack":
        """Fit what other logits add to a network that is right without them, if reviews are few.

        Args:
            calibration: of the network.
            logits: the network's, float64 [n, K − 1].
            others: those of what is added, float64 [n, K − 1].
            labels: as in `fit`.
            weights: as in `fit`.

        Returns:
            The calibration of the network, and the weight of the others.
        """
        (slope, intercepts), weight = cls.fit(others, calibration.log_odds(logits), labels, weights)
        weight = max(weight, _LEAST_SLOPE)
        moved = weight * np.array(calibration.intercepts) + np.array(intercepts)
        return cls(Calibration(weight * calibration.slope, tuple(moved.tolist())), slope)

    def log_odds(self, logits: Floats, base: Floats) -> Floats:
        """Return the log-odds, float64 [n, K − 1]."""
        return self.calibration.log_odds(logits) + self.weight * base


def _separation(accuracy: float) -> float:
    """Return d of an accuracy Φ(d/2): how far apart two normal distributions are, above 0."""
    return 2 * NormalDist().inv_cdf(min(max(accuracy, 0.51), 0.999))


def _map_estimate(
    logits: Floats | None, base: Floats | None, labels: NDArray[np.integer], weights: Floats
) -> list[float]:
    """Return the maximum of the posterior: slope, weight, intercepts; 0 for what is None."""
    given = [each for each in (logits, base) if each is not None]
    outputs = given[0].shape[1]
    intercepts = np.broadcast_to(np.eye(outputs), (*given[0].shape, outputs))
    design = np.concatenate([*(each[:, :, None] for each in given), intercepts], axis=2)
    means = [*_PRIOR_MEAN[:2], *_PRIOR_MEAN[2:] * outputs]
    kept = [logits is not None, base is not None, *[True] * outputs]
    mean = np.array(means)[kept]
    precision = np.full(mean.size, _PRIOR_PRECISION)
    found = np.zeros(len(kept))
    if outputs == 1:
        targets = labels.astype(np.float64)
        found[kept] = fit_logistic(design[:, 0], targets, mean, precision, weights)
    else:
        targets = one_hot(labels, outputs + 1)
        found[kept] = fit_softmax(design, targets, mean, precision, weights)
    return found.tolist()


# With more reviews of its own, a model gains too little from a base to try one.
FEW_ENOUGH = 2_000
# The maximum number of reviews to try a base on, and the least gain to report.
ASKED = 300
_LEAST_GAIN = 0.01
# A gain must be above 0 in all but this share of bootstrap samples.
_RISK = 0.025
_SAMPLES = 2_000


class Gain(NamedTuple):
    """What a base adds on held-out reviews.

    Attributes:
        objective: the figure compared.
        reviews: the number of reviews.
        alone: the new network's figure, from 0 to 1.
        together: that of network and base.
    """

    objective: Objective
    reviews: int
    alone: float
    together: float


def gain_from_base(
    base: Floats,
    logits: Floats,
    alone: NDArray[np.int64],
    labels: NDArray[np.integer],
    objective: Objective,
) -> Gain | None:
    """Compare a network with what it would be with a base.

    Weights and decision are fitted on one half of the reviews and evaluated on the other, and vice
    versa.

    Args:
        base: the base's log-odds, [n, K − 1].
        logits: of the network, of reviews that it was not fitted on, [n, K − 1].
        alone: the network's answers, [n].
        labels: from 0 to K − 1, [n].
        objective: what decisions are chosen for, and what is compared.

    Returns:
        The gain; None if it is at most a point, or may be chance.
    """
    classes = logits.shape[1] + 1
    together = np.zeros(labels.size, np.int64)
    by_class = np.argsort(labels, kind="stable")
    halves = by_class[::2], by_class[1::2]
    for fitted, tried in (halves, halves[::-1]):
        if len(set(labels[fitted].tolist())) < classes:
            return None
        stack = Stack.fit(logits[fitted], base[fitted], labels[fitted])
        p_fitted, p_tried = (
            probabilities_of(stack.log_odds(logits[half], base[half])) for half in (fitted, tried)
        )
        together[tried] = choose_decision(p_fitted, objective).choose(p_tried)
    before, after = (score(objective, each, labels, classes) for each in (alone, together))
    if after - before <= _LEAST_GAIN or _may_be_chance(alone, together, labels, objective, classes):
        return None
    return Gain(objective, labels.size, before, after)


def _may_be_chance(
    alone: NDArray[np.int64],
    together: NDArray[np.int64],
    labels: NDArray[np.integer],
    objective: Objective,
    classes: int,
) -> bool:
    """Return whether other reviews might show no gain, or nothing better than a constant answer.

    A paired bootstrap, by class.
    """
    random = np.random.default_rng(0)
    right, answered = np.zeros((2, 2, _SAMPLES, classes))  # of the network alone, and of both
    sizes = np.bincount(labels, minlength=classes)
    for label in range(classes):
        rows = labels == label
        pairs = np.bincount(classes * together[rows] + alone[rows], minlength=classes**2)
        drawn = random.multinomial(pairs.sum(), pairs / pairs.sum(), _SAMPLES)
        for which, axis in enumerate((1, 2)):
            answers = drawn.reshape(_SAMPLES, classes, classes).sum(axis=axis)
            right[which, :, label] = answers[:, label]
            answered[which] += answers
    before, after = (score_of_counts(objective, right[w], answered[w], sizes) for w in (0, 1))
    recall = score_of_counts("balanced-accuracy", right[1], answered[1], sizes)
    return any(np.quantile(each, _RISK) <= 0 for each in (after - before, recall - 1 / classes))
