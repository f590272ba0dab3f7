"""Judge each epoch by what held-out reviews would be answered."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sentiment.model import Calibration, Network
from sentiment.training.decide import enough_to_choose
from sentiment.training.feed import Example


@dataclass(frozen=True)
class Epoch:
    """What is known when an epoch ends; losses are binary cross-entropy in nats."""

    number: int
    loss: float
    validation_loss: float
    validation_accuracy: float


@dataclass(frozen=True)
class Judgement:
    """What a judge has seen so far.

    Attributes:
        epochs: what each epoch came to; one at the least.
        chosen_epoch, chosen: the number of the chosen one, and its networks.
        best_epoch, best: the number of that of the lowest loss, and the losses of its reviews, [n].
    """

    epochs: tuple[Epoch, ...]
    chosen_epoch: int
    chosen: tuple[Network, ...]
    best_epoch: int
    best: NDArray[np.float64]


class Judge:
    """Chooses an epoch's networks by the loss of their calibrated probabilities.

    In cross-validation there is a network for each fold, which is judged by that fold; what all
    folds are answered is calibrated and judged together.

    Keras's early stopping would judge by probabilities that nobody gets to see: a network that has
    become too sure of itself is mended by calibration, and may yet tell the classes apart better.

    Of epochs that held-out reviews cannot tell apart the latest is chosen, whose learning rate has
    fallen furthest: one is taken for as good as the best if the mean of the differences of their
    losses, review by review, is within its standard error (after Breiman et al., 1984).

    Attributes:
        epochs: what each epoch came to.
        chosen: the networks of the chosen epoch.
        chosen_epoch: its number, from 1.
    """

    chosen: tuple[Network, ...]

    def __init__(self, held_out: Sequence[Example], patience: int) -> None:
        """Take the held-out reviews of each network, and how many epochs to wait for a better one.

        Networks beyond those that reviews are held out for are kept, and not judged.
        """
        self.epochs: list[Epoch] = []
        self.chosen_epoch = 0
        self._held_out = held_out
        self._labels = np.concatenate([each.labels for each in held_out]).astype(np.int8)
        self._patience = patience
        self._best_epoch = 0
        self._best = np.full(self._labels.size, np.inf)  # the losses of its reviews

    @property
    def goes_on(self) -> bool:
        """Whether a better epoch may yet come."""
        return len(self.epochs) < self._best_epoch + self._patience

    @property
    def so_far(self) -> Judgement:
        """What was seen, for another judge to go on from."""
        return Judgement(
            tuple(self.epochs), self.chosen_epoch, self.chosen, self._best_epoch, self._best
        )

    def resume(self, so_far: Judgement) -> None:
        """Go on from what another has seen of the same reviews."""
        self.epochs = list(so_far.epochs)
        self.chosen_epoch, self.chosen = so_far.chosen_epoch, so_far.chosen
        self._best_epoch, self._best = so_far.best_epoch, so_far.best

    def see(self, loss: float, networks: Sequence[Network]) -> bool:
        """Judge networks after one more epoch; return whether to go on.

        Args:
            loss: of the training rows, the mean over the networks.
            networks: as they are now.
        """
        losses, right = self._measure(networks)
        self.epochs.append(Epoch(len(self.epochs) + 1, loss, float(losses.mean()), right))
        worse = losses - self._best
        better = not worse.mean() >= 0
        if better or worse.mean() <= worse.std() / np.sqrt(worse.size):
            self.chosen, self.chosen_epoch = tuple(networks), len(self.epochs)
        if better:
            self._best, self._best_epoch = losses, len(self.epochs)
        return self.goes_on

    def _measure(self, networks: Sequence[Network]) -> tuple[NDArray[np.float64], float]:
        """The cross-entropy of each held-out review, [n], and the share answered right."""
        judged = zip(self._held_out, networks, strict=False)
        logits = np.concatenate([held_out.logits(network) for held_out, network in judged])
        enough = enough_to_choose(self._labels)
        calibration = Calibration.fit(logits, self._labels) if enough else Calibration()
        p_positive = np.clip(calibration.probabilities(logits), 1e-12, 1 - 1e-12)
        of_truth = np.where(self._labels == 1, p_positive, 1 - p_positive)
        right = float(np.mean((p_positive >= 0.5) == (self._labels == 1)))
        return -np.log(of_truth), right
