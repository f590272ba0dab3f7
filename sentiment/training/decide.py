"""What held-out reviews decide: the epoch, the threshold, the weight of a base."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from sentiment.model.component import Calibration, Network, fit_logistic, sigmoid
from sentiment.model.network import DenseNetwork
from sentiment.training.options import Objective

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]

# With fewer held-out rows of a class, a calibration would fit noise.
_ENOUGH = 5
# Reviews scored at once.
_BLOCK = 4096


class EncodedRows(Protocol):
    """The rows of all reviews of a training."""

    @property
    def width(self) -> int:
        """The number of features."""

    def __len__(self) -> int: ...

    def take(self, rows: NDArray[np.integer]) -> Any:
        """Return some rows as a network takes them."""


@dataclass(frozen=True)
class EncodedSplit:
    """Some reviews with their labels.

    Attributes:
        rows: those of these reviews and others, [m, features].
        numbers: which rows are these reviews, int64 [n]; a row may occur twice.
        labels: the probability that each is positive, [n].
    """

    rows: EncodedRows
    numbers: Numbers
    labels: NDArray[np.floating]

    def logits(self, network: Network) -> Floats:
        """Return the logits of these reviews, [n]."""
        return logits_of(network, self.rows, self.numbers)


def in_blocks(numbers: Numbers) -> list[Numbers]:
    """Return numbers of reviews in blocks to score at once."""
    return [numbers[first : first + _BLOCK] for first in range(0, numbers.size, _BLOCK)]


def logits_of(network: Network, rows: EncodedRows, numbers: Numbers) -> Floats:
    """Return the logits of some reviews, float64 [numbers]."""
    scored = (network.logits(rows.take(some)) for some in in_blocks(numbers))
    return np.concatenate([np.zeros(0), *scored])


def enough_to_choose(labels: NDArray[np.integer]) -> bool:
    """Return whether there are enough held-out rows of both classes to choose anything by."""
    positives = int(labels.sum())
    return min(positives, labels.size - positives) >= _ENOUGH


def choose_threshold(p_positive: Floats, objective: Objective) -> float:
    """Return the threshold with the best expected objective.

    The expectation is over the labels, by the probabilities: a threshold that answers *positive* to
    n rows is expected to be right for the sum of their probabilities. It varies far less from one
    small sample to the next than the best threshold for the labels themselves, and estimates the
    same figure if the probabilities are calibrated (after Lewis, "Evaluating and optimizing
    autonomous text classification systems", SIGIR 1995).

    Args:
        p_positive: calibrated probabilities of held-out rows, [n].
        objective: for `accuracy` a calibrated 0.5 is best by definition, and is returned.

    Returns:
        The midpoint of the best threshold's neighbors; among equally good ones the nearest to 0.5.
    """
    positives = float(p_positive.sum())
    negatives = p_positive.size - positives
    if objective == "accuracy" or not positives or not negatives:
        return 0.5
    ranked = -np.sort(-p_positive)
    true_positives = np.cumsum(ranked)
    answered_positive = np.arange(1, ranked.size + 1)
    scores = _OBJECTIVES[objective](true_positives, answered_positive, positives, negatives)
    cuts = (ranked + np.append(ranked[1:], 0)) / 2
    possible = np.append(ranked[1:] < ranked[:-1], True)  # equal probabilities stay together
    best = scores[possible] >= scores[possible].max() - 1e-12
    candidates = cuts[possible][best]
    return float(candidates[np.argmin(np.abs(candidates - 0.5))])


def score(objective: Objective, answers: NDArray[np.bool_], labels: NDArray[np.integer]) -> float:
    """Compute the objective of *positive* answers, [n], for labels of both classes, [n]."""
    positive = labels == 1
    right = np.array(np.count_nonzero(answers & positive), np.float64)
    answered = np.array(np.count_nonzero(answers))
    positives = int(np.count_nonzero(positive))
    return float(_OBJECTIVES[objective](right, answered, positives, labels.size - positives))


def _accuracy(tp: Floats, answered: Numbers, positives: float, negatives: float) -> Floats:
    return (tp + negatives - (answered - tp)) / (positives + negatives)


def _macro_f1(tp: Floats, answered: Numbers, positives: float, negatives: float) -> Floats:
    tn = negatives - (answered - tp)
    f1_positive = 2 * tp / (answered + positives)
    f1_negative = 2 * tn / ((positives + negatives - answered) + negatives)
    return (f1_positive + f1_negative) / 2


def _balanced_accuracy(tp: Floats, answered: Numbers, positives: float, negatives: float) -> Floats:
    return (tp / positives + 1 - (answered - tp) / negatives) / 2


_OBJECTIVES = {
    "accuracy": _accuracy,
    "macro-f1": _macro_f1,
    "balanced-accuracy": _balanced_accuracy,
}


@dataclass(frozen=True)
class Epoch:
    """The figures of an epoch; losses are binary cross-entropy in nats."""

    number: int
    loss: float
    validation_loss: float
    validation_accuracy: float


@dataclass(frozen=True)
class EpochSelection:
    """The epochs so far, and the one selected.

    Attributes:
        epochs: their figures.
        chosen_epoch, chosen: the number of the selected one, and its networks.
        best_epoch, best: the number of the one with the lowest loss, and the loss of each held-out
            review then, [n].
    """

    epochs: tuple[Epoch, ...]
    chosen_epoch: int
    chosen: tuple[DenseNetwork, ...]
    best_epoch: int
    best: Floats


class EpochSelector:
    """Selects the epoch by the held-out loss of calibrated probabilities.

    In cross-validation each network is evaluated on its own fold; the out-of-fold logits are
    calibrated and evaluated together.

    Keras's early stopping would compare uncalibrated probabilities, which are never used: an
    overconfident network is mended by calibration, and may still tell the classes apart better.

    Of epochs that held-out reviews cannot tell apart the latest is selected, whose learning rate is
    lowest. An epoch is as good as the best if the mean difference of their losses, review by
    review, is within its standard error (after Breiman et al., 1984).

    Attributes:
        so_far: the selection; another selector for the same reviews can continue with it.
    """

    def __init__(self, held_out: Sequence[EncodedSplit], patience: int) -> None:
        """Set the held-out reviews of each network, and how many epochs to wait for a better one.

        Networks without held-out reviews come last; they are kept and not evaluated.
        """
        self._held_out = held_out
        self._labels = np.concatenate([each.labels for each in held_out]).astype(np.int8)
        self._patience = patience
        self.so_far = EpochSelection((), 0, (), 0, np.full(self._labels.size, np.inf))

    @property
    def should_continue(self) -> bool:
        """Whether a better epoch may follow."""
        return len(self.so_far.epochs) < self.so_far.best_epoch + self._patience

    def update(self, loss: float, networks: Sequence[DenseNetwork]) -> bool:
        """Evaluate the networks after another epoch; return whether to continue.

        Args:
            loss: of the training rows, the mean over the networks.
            networks: with their current weights.
        """
        losses, accuracy = self._evaluate(networks)
        number = len(self.so_far.epochs) + 1
        epoch = Epoch(number, loss, float(losses.mean()), accuracy)
        worse = losses - self.so_far.best
        better = not worse.mean() >= 0
        now = replace(self.so_far, epochs=(*self.so_far.epochs, epoch))
        if better or worse.mean() <= worse.std() / np.sqrt(worse.size):
            now = replace(now, chosen=tuple(networks), chosen_epoch=number)
        self.so_far = replace(now, best=losses, best_epoch=number) if better else now
        return self.should_continue

    def _evaluate(self, networks: Sequence[DenseNetwork]) -> tuple[Floats, float]:
        """Return the cross-entropy of each held-out review, [n], and the accuracy."""
        with np.errstate(over="ignore", invalid="ignore"):  # a fit that diverged is reported later
            logits = np.concatenate(
                [
                    held_out.logits(network)
                    for held_out, network in zip(self._held_out, networks, strict=False)
                ]
            )
        enough = enough_to_choose(self._labels)
        calibration = Calibration.fit(logits, self._labels) if enough else Calibration()
        p_positive = np.clip(calibration.probabilities(logits), 1e-12, 1 - 1e-12)
        of_truth = np.where(self._labels == 1, p_positive, 1 - p_positive)
        accuracy = float(np.mean((p_positive >= 0.5) == (self._labels == 1)))
        return -np.log(of_truth), accuracy


# The prior of the new network's slope, the base's weight and the intercept: the base is right as it
# is, and the network half as confident as it should be. Means, and inverse variances.
_PRIOR_MEAN = np.array([0.5, 1.0, 0.0])
_PRIOR_PRECISION = np.array([4.0, 4.0, 4.0])
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
        """Return the stack without any held-out reviews."""
        slope, weight, intercept = _PRIOR_MEAN.tolist()
        return cls(Calibration(slope, intercept), weight)

    @classmethod
    def fit(cls, logits: Floats, base: Floats, labels: NDArray[np.integer]) -> "Stack":
        """Fit a logistic regression that shrinks to the base if reviews are few.

        Stacking: Wolpert, "Stacked generalization" (1992); the maximum of the posterior, with a
        normal prior around the base.

        Args:
            logits: the new network's, of reviews that it was not fitted on, float64 [n].
            base: the base's log-odds of them, float64 [n].
            labels: 0 or 1, [n].
        """
        design = np.stack([logits, base, np.ones_like(base)], axis=1)
        targets = labels.astype(np.float64)
        slope, weight, intercept = _map_estimate(design, targets, [0, 1, 2])
        # One that would be reversed is left out, and the other fitted alone.
        if slope < 0:
            slope, weight, intercept = _map_estimate(design, targets, [1, 2])
        if weight < 0:
            slope, weight, intercept = _map_estimate(design, targets, [0, 2])
        return cls(Calibration(max(slope, _LEAST_SLOPE), intercept), max(weight, 0.0))

    def log_odds(self, logits: Floats, base: Floats) -> Floats:
        """Return the log-odds of *positive*, float64 [n]."""
        return self.calibration.log_odds(logits) + self.weight * base


def _map_estimate(design: Floats, targets: Floats, columns: list[int]) -> list[float]:
    """Return the maximum of the posterior; parameters of other columns are 0."""
    every, mean, precision = np.zeros(3), _PRIOR_MEAN[columns], _PRIOR_PRECISION[columns]
    every[columns] = fit_logistic(design[:, columns], targets, mean, precision)
    return every.tolist()


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
    alone: NDArray[np.bool_],
    labels: NDArray[np.int16],
    objective: Objective,
) -> Gain | None:
    """Compare a network with what it would be with a base.

    Weights and threshold are fitted on one half of the reviews and evaluated on the other, and vice
    versa.

    Args:
        base: the base's log-odds, [n].
        logits: of the network, of reviews that it was not fitted on, [n].
        alone: which of them the network answers *positive*, [n].
        labels: 0 or 1, [n].
        objective: what thresholds are chosen for, and what is compared.

    Returns:
        The gain; None if it is at most a point, or may be chance.
    """
    together = np.zeros(labels.size, np.bool_)
    by_class = np.argsort(labels, kind="stable")
    halves = by_class[::2], by_class[1::2]
    for fitted, tried in (halves, halves[::-1]):
        if len(set(labels[fitted].tolist())) < 2:
            return None
        stack = Stack.fit(logits[fitted], base[fitted], labels[fitted])
        p_fitted, p_tried = (sigmoid(stack.log_odds(logits[h], base[h])) for h in (fitted, tried))
        together[tried] = p_tried >= choose_threshold(p_fitted, objective)
    before, after = (score(objective, each, labels) for each in (alone, together))
    if after - before <= _LEAST_GAIN or _may_be_chance(alone, together, labels, objective):
        return None
    return Gain(objective, labels.size, before, after)


def _may_be_chance(
    alone: NDArray[np.bool_],
    together: NDArray[np.bool_],
    labels: NDArray[np.int16],
    objective: Objective,
) -> bool:
    """Return whether other reviews might show no gain, or nothing better than one answer to all.

    A paired bootstrap, by class.
    """
    random = np.random.default_rng(0)
    answered = np.empty((2, 2, _SAMPLES))  # *positive* answers of each, by label
    for label in (0, 1):
        rows = labels == label
        kinds = np.bincount(2 * together[rows] + alone[rows], minlength=4)
        drawn = random.multinomial(kinds.sum(), kinds / kinds.sum(), _SAMPLES)
        answered[:, label] = drawn[:, [1, 3]].sum(1), drawn[:, [2, 3]].sum(1)
    positives = int(np.count_nonzero(labels))
    sizes = positives, labels.size - positives
    before, after = (_OBJECTIVES[objective](of[1], of.sum(0), *sizes) for of in answered)
    recall = _balanced_accuracy(answered[1, 1], answered[1].sum(0), *sizes)
    return any(np.quantile(each, _RISK) <= 0 for each in (after - before, recall - 0.5))
