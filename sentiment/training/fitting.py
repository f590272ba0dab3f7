"""Fit networks to sparse rows with Keras."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment.errors import UsageError
from sentiment.model import Network
from sentiment.training.backend import load_keras
from sentiment.training.feed import Example, Feed
from sentiment.training.judge import Judge
from sentiment.training.network import build, to_numpy
from sentiment.training.options import Recipe, TrainingOptions
from sentiment.training.progress import Epoch, Progress


@dataclass(frozen=True)
class Fit:
    """A fitted network and the way there.

    Attributes:
        network: the weights of the chosen epoch; of the last where nothing was held out.
        epochs: what each epoch came to; none where nothing was held out.
        best_epoch: the one whose weights were kept, from 1.
    """

    network: Network
    epochs: list[Epoch]
    best_epoch: int


class Fitter:
    """Fits networks, one after the other, by Adam on binary cross-entropy.

    Keras compiles a network once; fits of the same number of features start it anew.
    """

    def __init__(self, options: TrainingOptions, progress: Progress) -> None:
        """Remember what all fits share: hidden layers, dropout, patience, seed."""
        self._options = options
        self._progress = progress
        self._network: Any = None
        self._initial: list[NDArray[np.generic]] = []

    def fit(
        self,
        recipe: Recipe,
        training: Example,
        validation: Example | None = None,
        epochs: int | None = None,
    ) -> Fit:
        """Fit a network, the learning rate falling in a line to nothing.

        Args:
            recipe: epochs, batch size, learning rate.
            training: reviews to fit.
            validation: reviews to stop by: a `Judge` chooses the epoch whose weights are kept, and
                training ends `patience` epochs after the best.
            epochs: how many of the recipe's epochs to run; None for all.

        Raises:
            UsageError: the training diverged.
        """
        options = self._options
        network = self._start(training.rows.width, float(training.labels.mean()))
        feed = Feed(training, recipe.batch_size, options.seed)
        steps = recipe.epochs * feed.steps
        falling = _falling(recipe.learning_rate, steps, self._progress)
        judge = Judge(validation, options.patience) if validation else None
        judging = [_judging(judge, recipe.epochs, self._progress)] if judge else []
        losses = network.fit(
            feed.batches,
            epochs=epochs or recipe.epochs,
            shuffle=False,  # the batches shuffle themselves
            verbose=0,
            callbacks=[falling, *judging],
        ).history["loss"]
        feed.close()
        if not np.isfinite(losses).all():
            raise UsageError("training diverged: the loss is no number; lower --learning-rate")
        if judge is None:
            return Fit(to_numpy(network), [], len(losses))
        return Fit(judge.chosen, judge.epochs, judge.chosen_epoch)

    def _start(self, width: int, prior: float) -> Any:
        """Give a network as it is before the first step; the output starts at the prior."""
        keras = load_keras()
        keras.utils.set_random_seed(self._options.seed)
        if self._network is None or self._network.input_shape != (None, width):
            self._network = build(width, self._options)
            self._initial = [variable.numpy() for variable in self._network.variables]
        for variable, value in zip(self._network.variables, self._initial, strict=True):
            variable.assign(value)
        for variable in self._network.optimizer.variables:
            variable.assign(np.zeros(variable.shape, variable.dtype))
        self._network.layers[-1].bias.assign([np.log(prior / (1 - prior))])
        return self._network


def _falling(learning_rate: float, steps: int, progress: Progress) -> Any:
    """Let the learning rate fall in a line, to nothing after so many steps; stop if all is lost."""
    keras = load_keras()

    class Falling(keras.callbacks.Callback):  # type: ignore[misc, name-defined]
        def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
            self._done = 0

        def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
            self._epoch = epoch + 1

        def on_train_batch_begin(self, batch: int, logs: dict[str, float] | None = None) -> None:
            self.model.optimizer.learning_rate = learning_rate * (1 - self._done / steps)

        def on_train_batch_end(self, batch: int, logs: dict[str, float]) -> None:
            self._done += 1
            self.model.stop_training |= not math.isfinite(logs["loss"])
            progress.step(self._epoch, batch + 1, self.params["steps"])

    return Falling()


def _judging(judge: Judge, epochs: int, progress: Progress) -> Any:
    """Show each epoch's network to the judge, and stop when it has seen enough."""
    keras = load_keras()

    class Judging(keras.callbacks.Callback):  # type: ignore[misc, name-defined]
        def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
            goes_on = judge.see(logs["loss"], to_numpy(self.model))
            self.model.stop_training |= not goes_on
            progress.epoch(judge.epochs[-1], epochs)

    return Judging()
