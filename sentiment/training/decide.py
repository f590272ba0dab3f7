"""What held-out answers decide: the epoch, the threshold, the weight of a base."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sentiment.model.component import Calibration, fit_logistic, sigmoid
from sentiment.model.network import Network
from sentiment.training.network import EncodedSplit
from sentiment.training.options import Objective

Floats = NDArray[np.float64]

# With fewer held-out rows of a class, a calibration would fit noise.
_ENOUGH = 5


def enough_to_choose(labels: NDArray[np.integer]) -> bool:
    """Return whether there are held-out rows enough, of both classes, to choose anything by."""
    positives = int(labels.sum())
    return min(positives, labels.size - positives) >= _ENOUGH


def choose_threshold(p_positive: Floats, objective: Objective) -> float:
    """Return the threshold that is expected to do best by the objective.

    The expectation is taken over the labels, by the probabilities: a threshold t answers *positive*
    to n(t) rows, of which the sum of their probabilities is expected to be right. It varies far
    less from one small sample to the next than the threshold that does best on the labels
    themselves, and with calibrated probabilities it estimates the same figure (after Lewis,
    "Evaluating and optimizing autonomous text classification systems", SIGIR 1995).

    Args:
        p_positive: calibrated probabilities of held-out rows, [n].
        objective: for `accuracy` a calibrated 0.5 is best by definition, and is returned.

    Returns:
        The midpoint of the best threshold's neighbors; of equally good ones the nearest to 0.5.
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


def reached(objective: Objective, answers: NDArray[np.bool_], labels: NDArray[np.integer]) -> float:
    """Return the figure that an objective is about.

    Args:
        objective: which figure.
        answers: which rows are answered *positive*, [n].
        labels: 0 or 1, of both classes, [n].
    """
    positive = labels == 1
    right = np.array(np.count_nonzero(answers & positive), np.float64)
    answered = np.array(np.count_nonzero(answers))
    positives = int(np.count_nonzero(positive))
    return float(_OBJECTIVES[objective](right, answered, positives, labels.size - positives))


def _accuracy(
    tp: Floats, answered: NDArray[np.int64], positives: float, negatives: float
) -> Floats:
    share: Floats = (tp + negatives - (answered - tp)) / (positives + negatives)
    return share


def _macro_f1(
    tp: Floats, answered: NDArray[np.int64], positives: float, negatives: float
) -> Floats:
    tn = negatives - (answered - tp)
    f1_positive = 2 * tp / (answered + positives)
    f1_negative = 2 * tn / ((positives + negatives - answered) + negatives)
    mean: Floats = (f1_positive + f1_negative) / 2
    return mean


def _balanced_accuracy(
    tp: Floats, answered: NDArray[np.int64], positives: float, negatives: float
) -> Floats:
    mean: Floats = (tp / positives + 1 - (answered - tp) / negatives) / 2
    return mean


_OBJECTIVES = {
    "accuracy": _accuracy,
    "macro-f1": _macro_f1,
    "balanced-accuracy": _balanced_accuracy,
}


@dataclass(frozen=True)
class Epoch:
    """What is known when an epoch ends; losses are binary cross-entropy in nats."""

    number: int
    loss: float
    validation_loss: float
    validation_accuracy: float


@dataclass(frozen=True)
class EpochSelection:
    """What a judge has seen so far.

    Attributes:
        epochs: what each epoch came to.
        chosen_epoch, chosen: the number of the chosen one, and its networks.
        best_epoch, best: the number of that of the lowest loss, and the losses of its reviews, [n].
    """

    epochs: tuple[Epoch, ...]
    chosen_epoch: int
    chosen: tuple[Network, ...]
    best_epoch: int
    best: NDArray[np.float64]


class EpochSelector:
    """Chooses an epoch's networks by the loss of their calibrated probabilities.

    In cross-validation there is a network for each fold, which is judged by that fold; what all
    folds are answered is calibrated and judged together.

    Keras's early stopping would judge by probabilities that nobody gets to see: a network that has
    become too sure of itself is mended by calibration, and may yet tell the classes apart better.

    Of epochs that held-out reviews cannot tell apart the latest is chosen, whose learning rate has
    fallen furthest: one is taken for as good as the best if the mean of the differences of their
    losses, review by review, is within its standard error (after Breiman et al., 1984).

    Attributes:
        so_far: what was seen; another judge of the same reviews goes on from it.
    """

    def __init__(self, held_out: Sequence[EncodedSplit], patience: int) -> None:
        """Take the held-out reviews of each network, and how many epochs to wait for a better one.

        Networks beyond those that reviews are held out for are kept, and not judged.
        """
        self._held_out = held_out
        self._labels = np.concatenate([each.labels for each in held_out]).astype(np.int8)
        self._patience = patience
        self.so_far = EpochSelection((), 0, (), 0, np.full(self._labels.size, np.inf))

    @property
    def goes_on(self) -> bool:
        """Whether a better epoch may yet come."""
        return len(self.so_far.epochs) < self.so_far.best_epoch + self._patience

    def see(self, loss: float, networks: Sequence[Network]) -> bool:
        """EpochSelector networks after one more epoch; return whether to go on.

        Args:
            loss: of the training rows, the mean over the networks.
            networks: as they are now.
        """
        losses, right = self._measure(networks)
        number = len(self.so_far.epochs) + 1
        epoch = Epoch(number, loss, float(losses.mean()), right)
        worse = losses - self.so_far.best
        better = not worse.mean() >= 0
        seen = replace(self.so_far, epochs=(*self.so_far.epochs, epoch))
        if better or worse.mean() <= worse.std() / np.sqrt(worse.size):
            seen = replace(seen, chosen=tuple(networks), chosen_epoch=number)
        self.so_far = replace(seen, best=losses, best_epoch=number) if better else seen
        return self.goes_on

    def _measure(self, networks: Sequence[Network]) -> tuple[NDArray[np.float64], float]:
        """The cross-entropy of each held-out review, [n], and the share answered right."""
        judged = zip(self._held_out, networks, strict=False)
        with np.errstate(over="ignore", invalid="ignore"):  # a fit that diverged is told of later
            logits = np.concatenate([held_out.logits(network) for held_out, network in judged])
        enough = enough_to_choose(self._labels)
        calibration = Calibration.fit(logits, self._labels) if enough else Calibration()
        p_positive = np.clip(calibration.probabilities(logits), 1e-12, 1 - 1e-12)
        of_truth = np.where(self._labels == 1, p_positive, 1 - p_positive)
        right = float(np.mean((p_positive >= 0.5) == (self._labels == 1)))
        return -np.log(of_truth), right


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
    """Return the maximum of the posterior; parameters of other columns are 0."""
    found = np.zeros(3)
    found[columns] = fit_logistic(
        design[:, columns], targets, _EXPECTED[columns], _FIRMNESS[columns]
    )
    every: list[float] = found.tolist()
    return every


# With more reviews of its own a network needs no base so much that it would be worth asking one.
FEW_ENOUGH = 2_000
# So many reviews, at most, are asked about, and a smaller gain is not worth a word.
ASKED = 300
_LEAST_GAIN = 0.01
# By a paired bootstrap a gain has to be above 0 in all but this share of so many draws.
_RISK = 0.025
_DRAWS = 2_000


class Gain(NamedTuple):
    """What a base adds on held-out reviews, from 0 to 1.

    Attributes:
        objective: which figure is compared.
        reviews: how many were asked about.
        alone: of the new network.
        together: of network and base.
    """

    objective: Objective
    reviews: int
    alone: float
    together: float


def gain_of(
    base: Floats,
    logits: Floats,
    alone: NDArray[np.bool_],
    labels: NDArray[np.int8],
    objective: Objective,
) -> Gain | None:
    """Compare a network with what it would be on top of a base.

    The weights of both are fitted on one half of the reviews and tried on the other, and the other
    way round: nothing is judged by what it was fitted on.

    Args:
        base: log-odds that the base gives reviews, [n].
        logits: of the network, of reviews that it was not fitted on, [n].
        alone: which of them the network answers *positive*, [n].
        labels: 0 or 1, [n].
        objective: what thresholds are chosen for, and what is compared.

    Returns:
        The gain; None where it is not larger than a point, or chance may have made it.
    """
    together = np.zeros(labels.size, np.bool_)
    halves = _halves(labels)
    for fitted, tried in (halves, halves[::-1]):
        if len(set(labels[fitted].tolist())) < 2:
            return None
        stack = Stack.fit(logits[fitted], base[fitted], labels[fitted])
        p_fitted, p_tried = (sigmoid(stack.log_odds(logits[h], base[h])) for h in (fitted, tried))
        together[tried] = p_tried >= choose_threshold(p_fitted, objective)
    of_alone, of_together = (reached(objective, each, labels) for each in (alone, together))
    if of_together - of_alone <= _LEAST_GAIN or _may_be_chance(alone, together, labels, objective):
        return None
    return Gain(objective, labels.size, of_alone, of_together)


def _may_be_chance(
    alone: NDArray[np.bool_],
    together: NDArray[np.bool_],
    labels: NDArray[np.int8],
    objective: Objective,
) -> bool:
    """Return whether other reviews might show no gain, or no more than one answer to all has.

    A paired bootstrap: of each label as many reviews are drawn again.
    """
    random = np.random.default_rng(0)
    answered = np.empty((2, 2, _DRAWS))  # how many each answers *positive*, of each label
    for label in (0, 1):
        rows = labels == label
        kinds = np.bincount(2 * together[rows] + alone[rows], minlength=4)
        drawn = random.multinomial(kinds.sum(), kinds / kinds.sum(), _DRAWS)
        answered[:, label] = drawn[:, [1, 3]].sum(1), drawn[:, [2, 3]].sum(1)
    positives = int(np.count_nonzero(labels))
    sizes = positives, labels.size - positives
    before, after = (_OBJECTIVES[objective](of[1], of.sum(0), *sizes) for of in answered)
    recall = _balanced_accuracy(answered[1, 1], answered[1].sum(0), *sizes)
    return any(np.quantile(each, _RISK) <= 0 for each in (after - before, recall - 0.5))


def _halves(labels: NDArray[np.int8]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Deal the reviews of each class out to two halves."""
    by_class = np.argsort(labels, kind="stable")
    return by_class[::2], by_class[1::2]
