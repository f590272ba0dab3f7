"""Judge each epoch by what held-out reviews would be answered."""

import numpy as np

from sentiment.model import Calibration, Network
from sentiment.training.decide import enough_to_choose
from sentiment.training.feed import Example
from sentiment.training.progress import Epoch


class Judge:
    """Remembers the best network yet, by the loss of its calibrated probabilities.

    Keras's early stopping would judge by probabilities that nobody gets to see: a network that has
    become too sure of itself is mended by calibration, and may yet tell the classes apart better.

    Attributes:
        epochs: what each epoch came to.
        best: the network of the best epoch.
        best_epoch: its number, from 1.
    """

    best: Network

    def __init__(self, held_out: Example, patience: int) -> None:
        """Take held-out reviews, and how many epochs to wait for a better one."""
        self.epochs: list[Epoch] = []
        self.best_epoch = 0
        self._rows = held_out.rows.take(held_out.numbers)
        self._labels = held_out.labels.astype(np.int8)
        self._patience = patience
        self._least = np.inf

    def see(self, loss: float, network: Network) -> bool:
        """Judge a network after one more epoch; return whether to go on.

        Args:
            loss: of the training rows.
            network: as it is now.
        """
        logits = network.logits(self._rows)
        enough = enough_to_choose(self._labels)
        calibration = Calibration.fit(logits, self._labels) if enough else Calibration()
        p_positive = np.clip(calibration.probabilities(logits), 1e-12, 1 - 1e-12)
        of_truth = np.where(self._labels == 1, p_positive, 1 - p_positive)
        held_out_loss = float(-np.log(of_truth).mean())
        right = float(np.mean((p_positive >= 0.5) == (self._labels == 1)))
        self.epochs.append(Epoch(len(self.epochs) + 1, loss, held_out_loss, right))
        if not held_out_loss >= self._least:
            self._least, self.best, self.best_epoch = held_out_loss, network, len(self.epochs)
        return len(self.epochs) < self.best_epoch + self._patience
