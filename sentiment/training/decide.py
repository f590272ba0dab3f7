"""What held-out reviews decide: the epoch, the threshold, the calibration."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from sentiment.model.component import Calibration, Network
from sentiment.model.decision import AnyDecision, Decision, MultiDecision, even_decision
from sentiment.model.network import Layer
from sentiment.training.options import Objective

Floats = NDArray[np.float64]
Counts = NDArray[np.float64] | NDArray[np.int64]
Numbers = NDArray[np.int64]

# With fewer held-out rows of a class, a calibration would fit noise.
_ENOUGH = 5
# Reviews scored at once.
_BLOCK = 4096
# The maximum number of times that each offset is chosen.
_SWEEPS = 20
# The target of a neighboring class, as a share of that of an ordered label.
_NEIGHBOR = 0.3


class FittedNetwork(Protocol):
    """A network in training; a checkpoint holds its layers."""

    @property
    def layers(self) -> tuple[Layer, ...]:
        """All that was fitted."""

    def logits(self, rows: Any) -> Floats:
        """Return the log-odds of rows, before calibration: float64 [rows, K − 1]."""


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
        targets: the probability of each class, one of them 1 for a label, float64 [n, K].
        weights: how much each counts, float64 [n]; 1 each by default.
    """

    rows: EncodedRows
    numbers: Numbers
    targets: Floats
    weights: Floats = field(default_factory=lambda: np.zeros(0))

    def __post_init__(self) -> None:
        if not self.weights.size:
            object.__setattr__(self, "weights", np.ones(len(self.targets)))

    @property
    def shares(self) -> Floats:
        """The share of each class, float64 [K]."""
        shares: Floats = (self.weights[:, None] * self.targets).sum(axis=0) / self.weights.sum()
        return shares

    def logits(self, network: FittedNetwork | Network) -> Floats:
        """Return the logits of these reviews, [n, K − 1]."""
        return logits_of(network, self.rows, self.numbers)


def in_blocks(numbers: Numbers) -> list[Numbers]:
    """Return numbers of reviews in blocks to score at once, at least one."""
    return [numbers[first : first + _BLOCK] for first in range(0, max(numbers.size, 1), _BLOCK)]


def logits_of(network: FittedNetwork | Network, rows: EncodedRows, numbers: Numbers) -> Floats:
    """Return the logits of some reviews, float64 [numbers, K − 1]."""
    return np.concatenate([network.logits(rows.take(some)) for some in in_blocks(numbers)])


def one_hot(labels: NDArray[np.integer], classes: int) -> Floats:
    """Return labels as targets, float64 [n, K]."""
    return np.eye(classes)[labels]


def spread_to_neighbors(targets: Floats) -> Floats:
    """Return targets of ordered classes for a network to fit, [n, K]: neighbors get a share.

    A network that fits them is wrong by fewer classes, and right more often (soft labels for
    ordinal regression: Diaz and Marathe, CVPR 2019; figures in benchmarks/FINDINGS.md).
    """
    classes = targets.shape[1]
    apart = np.abs(np.arange(classes)[:, None] - np.arange(classes))
    shares = np.select([apart == 0, apart == 1], [1.0, _NEIGHBOR])
    return targets @ (shares / shares.sum(axis=1, keepdims=True))


def enough_to_choose(labels: NDArray[np.integer], classes: int) -> bool:
    """Return whether there are enough held-out rows of each class to choose anything by."""
    return int(np.bincount(labels, minlength=classes).min()) >= (_ENOUGH if classes == 2 else 1)


def choose_decision(
    probabilities: Floats, objective: Objective, weights: Floats | None = None
) -> AnyDecision:
    """Return the decision with the best expected objective.

    Args:
        probabilities: calibrated, of held-out rows, [n, K].
        objective: what to choose for.
        weights: of the rows, [n]; None for 1 each.
    """
    weights = np.ones(len(probabilities)) if weights is None else weights
    if probabilities.shape[1] == 2:
        return Decision(choose_threshold(probabilities[:, 1], objective, weights))
    if objective == "accuracy":
        return MultiDecision()
    expected = weights[:, None] * probabilities
    if objective == "balanced-accuracy":  # an answer adds its probability / the size of its class
        offsets = np.log(np.maximum(expected.sum(axis=0), 1e-12))
    else:
        offsets = _offsets(probabilities, expected, weights)
    return MultiDecision(tuple((offsets - offsets[0]).tolist()))


def _offsets(probabilities: Floats, expected: Floats, weights: Floats) -> Floats:
    """Return the offsets with the best expected macro F1, by coordinate ascent, [K].

    The expectation is as in `choose_threshold`. An offset decides which reviews its class takes
    from the classes that they have without it; the best place to cut is found exactly.
    """
    logs = np.log(np.clip(probabilities, 1e-12, None))
    count, classes = probabilities.shape
    offsets, sizes = np.zeros(classes), expected.sum(axis=0)
    for _ in range(_SWEEPS):
        before = offsets.copy()
        for label in range(classes):
            others = logs - offsets
            others[:, label] = -np.inf
            rest = others.argmax(axis=1)
            margins = logs[:, label] - others.max(axis=1)  # the offset at which it is the answer
            order = np.argsort(-margins, kind="stable")
            taken = np.zeros((count + 1, classes))
            answered = np.zeros((count + 1, classes))
            rows = np.arange(count)
            taken[0] = np.bincount(rest, expected[rows, rest], minlength=classes)
            answered[0] = np.bincount(rest, weights, minlength=classes)
            np.subtract.at(taken, (rows + 1, rest[order]), expected[order, rest[order]])
            np.subtract.at(answered, (rows + 1, rest[order]), weights[order])
            taken[1:, label] += expected[order, label]
            answered[1:, label] += weights[order]
            scores = score_of_counts(
                "macro-f1", taken.cumsum(axis=0), answered.cumsum(axis=0), sizes
            )
            ranked = margins[order]
            possible = np.flatnonzero(ranked[1:] < ranked[:-1]) + 1  # equal ones stay together
            if possible.size:
                best = possible[scores[possible] >= scores[possible].max() - 1e-12]
                cuts = (ranked[best - 1] + ranked[best]) / 2
                offsets[label] = cuts[np.argmin(np.abs(cuts))]
        if np.array_equal(before, offsets):
            break
    return offsets


def score_of_counts(objective: Objective, right: Counts, answered: Counts, sizes: Counts) -> Floats:
    """Compute an objective from right answers and answers by class, [..., K], and class sizes."""
    if objective == "macro-f1":
        return (2 * right / np.maximum(answered + sizes, 1e-12)).mean(axis=-1)
    if objective == "balanced-accuracy":
        return (right / np.maximum(sizes, 1e-12)).mean(axis=-1)
    return right.sum(axis=-1) / sizes.sum(axis=-1)


def choose_threshold(
    p_positive: Floats, objective: Objective, weights: Floats | None = None
) -> float:
    """Return the threshold with the best expected objective.

    The expectation is over the labels, by the probabilities: a threshold that answers *positive* to
    n rows is expected to be right for the sum of their probabilities. It varies far less from one
    small sample to the next than the best threshold for the labels themselves, and estimates the
    same figure if the probabilities are calibrated (after Lewis, "Evaluating and optimizing
    autonomous text classification systems", SIGIR 1995).

    Args:
        p_positive: calibrated probabilities of held-out rows, [n].
        objective: for `accuracy` a calibrated 0.5 is best by definition, and is returned.
        weights: of the rows, [n]; None for 1 each.

    Returns:
        The midpoint of the best threshold's neighbors; among equally good ones the nearest to 0.5.
    """
    weights = np.ones(p_positive.size) if weights is None else weights
    positives = float((weights * p_positive).sum())
    negatives = float(weights.sum()) - positives
    if objective == "accuracy" or not positives or not negatives:
        return 0.5
    order = np.argsort(-p_positive, kind="stable")
    ranked = p_positive[order]
    found, answered = np.cumsum(weights[order] * ranked), np.cumsum(weights[order])
    right = np.stack((negatives - (answered - found), found), axis=1)
    answers = np.stack((positives + negatives - answered, answered), axis=1)
    scores = score_of_counts(objective, right, answers, np.array([negatives, positives]))
    cuts = (ranked + np.append(ranked[1:], 0)) / 2
    possible = np.append(ranked[1:] < ranked[:-1], True)  # equal probabilities stay together
    best = scores[possible] >= scores[possible].max() - 1e-12
    candidates = cuts[possible][best]
    return float(candidates[np.argmin(np.abs(candidates - 0.5))])


def score(
    objective: Objective, answers: NDArray[np.integer], labels: NDArray[np.integer], classes: int
) -> float:
    """Compute the objective of answers, [n], for labels, [n]."""
    right = np.bincount(labels[answers == labels], minlength=classes)
    counts = (np.bincount(each, minlength=classes) for each in (answers, labels))
    return float(score_of_counts(objective, right, *counts))


@dataclass(frozen=True)
class Epoch:
    """The figures of an epoch; losses are cross-entropy in nats."""

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
    chosen: tuple[FittedNetwork, ...]
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
        targets = np.concatenate([each.targets for each in held_out])
        self._labels, self._classes = targets.argmax(axis=1), targets.shape[1]
        self._weights = np.concatenate([each.weights for each in held_out])
        self._patience = patience
        self.so_far = EpochSelection((), 0, (), 0, np.full(self._labels.size, np.inf))

    @property
    def should_continue(self) -> bool:
        """Whether a better epoch may follow."""
        return len(self.so_far.epochs) < self.so_far.best_epoch + self._patience

    def update(self, loss: float, networks: Sequence[FittedNetwork]) -> bool:
        """Evaluate the networks after another epoch; return whether to continue.

        Args:
            loss: of the training rows, the mean over the networks.
            networks: with their current weights.
        """
        losses, right = self._evaluate(networks)
        number = len(self.so_far.epochs) + 1
        epoch = Epoch(number, loss, self._mean(losses), self._mean(right))
        worse = losses - self.so_far.best
        mean = self._mean(worse)
        better = not mean >= 0
        now = replace(self.so_far, epochs=(*self.so_far.epochs, epoch))
        if better or mean <= self._standard_error(worse, mean):
            now = replace(now, chosen=tuple(networks), chosen_epoch=number)
        self.so_far = replace(now, best=losses, best_epoch=number) if better else now
        return self.should_continue

    def _mean(self, values: Floats | NDArray[np.bool_]) -> float:
        """Return the weighted mean of values of the held-out reviews, [n]."""
        return float((self._weights * values).sum() / self._weights.sum())

    def _standard_error(self, values: Floats, mean: float) -> float:
        """Return the standard error of a weighted mean; n is (Σw)² / Σw² (Kish, 1965)."""
        with np.errstate(invalid="ignore"):  # of the first epoch, infinite
            variance = self._mean((values - mean) ** 2)
        size = self._weights.sum() ** 2 / (self._weights**2).sum()
        return float(np.sqrt(variance) / np.sqrt(size))

    def _evaluate(self, networks: Sequence[FittedNetwork]) -> tuple[Floats, NDArray[np.bool_]]:
        """Return the cross-entropy of each held-out review, [n], and whether it is right."""
        with np.errstate(over="ignore", invalid="ignore"):  # a fit that diverged is reported later
            logits = np.concatenate(
                [
                    held_out.logits(network)
                    for held_out, network in zip(self._held_out, networks, strict=False)
                ]
            )
        enough = enough_to_choose(self._labels, self._classes)
        calibration = Calibration()
        if enough:
            calibration = Calibration.fit(logits, self._labels, self._weights)
        probabilities = calibration.probabilities(logits)
        others = np.clip(probabilities[:, 1:], 1e-12, 1 - 1e-12)
        first = np.maximum(1 - others.sum(axis=1, keepdims=True), 1e-12)
        every = np.concatenate((first, others), axis=1)
        answers = even_decision(self._classes).choose(probabilities)
        return -np.log(every[np.arange(answers.size), self._labels]), answers == self._labels
