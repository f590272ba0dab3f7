"""How a training tells its caller how it goes; the caller decides what to show."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sentiment.training.judge import Epoch
from sentiment.training.options import Recipe
from sentiment.training.suggestion import Gain

Labels = NDArray[np.int8]


class Progress:
    """Hears how the training goes on; this one keeps it to itself."""

    def chosen(
        self, recipe: Recipe, training: Labels, held_out: Labels, cross_validated: bool
    ) -> None:
        """Hear what was chosen, the labels of the rows to fit and of those held out.

        In cross-validation, which is said, all are both.
        """

    def featurized(self, done: int, reviews: int) -> None:
        """Hear of how many of all reviews the n-grams are found, where that takes long."""

    def resumed(self, network: int, epoch: int) -> None:
        """Hear which network is gone on with, from 1, and how many of its epochs are done."""

    def unlabeled(self, number: int, rows: int) -> None:
        """Hear that a round of learning from unlabeled reviews begins, counted from 1."""

    def judged(self, better: bool, loss: float, before: float) -> None:
        """Hear whether that round lowered the validation loss; if not, it is forgotten."""

    def stacked(self, reviews: int, base: float, alone: float, together: float) -> None:
        """Hear the shares of reviews that base, new network and both have right at 0.5.

        They are those held out that the base was not made with.
        """

    def suggested(self, gain: Gain) -> None:
        """Hear what the base that was asked on the side would add."""

    def kept(self, epochs: Sequence[Epoch], number: int) -> None:
        """Hear of all epochs of the first network, and the number of the one that was kept."""

    def refitting(self, rows: int, epochs: int) -> None:
        """Hear that all was chosen, and that all rows are now fitted, for so many epochs."""

    def misfit(self, undone: bool) -> None:
        """Hear that the last network does worse on what it learned than others held it out from.

        Args:
            undone: whether the network before it is the model instead.
        """

    def step(self, epoch: int, step: int, steps: int) -> None:
        """Hear that a batch is done; epoch and step are counted from 1."""

    def diverged(self, loss: float, constant: float) -> None:
        """Hear that the loss of a fit came to more than that of one answer to all its reviews."""

    def epoch(self, epoch: Epoch, epochs: int) -> None:
        """Hear that an epoch is done, of `epochs` at the most."""
