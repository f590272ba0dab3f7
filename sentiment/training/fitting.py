"""Fit networks with Keras."""

import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import count
from typing import Any
from weakref import finalize

import numpy as np
from numpy.typing import NDArray

from sentiment.errors import UsageError
from sentiment.training import ngrams
from sentiment.training.architectures import Architecture
from sentiment.training.backend import load_keras, release
from sentiment.training.decide import EncodedSplit, EpochSelector, FittedNetwork
from sentiment.training.options import Hyperparameters, TrainingOptions
from sentiment.training.run import Fit, Progress, Run, Underway, logging

# The loss of a fit with the user's learning rate, at the end and at its highest, above which it
# diverged: as multiples of the loss of one answer to all. With ours, only a single epoch of few
# reviews is as high.
_DIVERGED, _ASTRAY = 1.05, 3.0


class Fitter:
    """Fits networks by Adam on binary cross-entropy, one after the other or side by side.

    Keras compiles a training step once for all fits of networks of the same size.
    """

    def __init__(
        self,
        options: TrainingOptions,
        run: Run | None = None,
        kind: Architecture = ngrams,
        numbers: Iterator[int] | None = None,
    ) -> None:
        """Set what all fits share.

        Args:
            options: the user's choices.
            run: progress, logs, checkpoint.
            kind: of the networks.
            numbers: of the fits of a training, from 1, which several fitters may share: those of a
                checkpoint come in the same order again.
        """
        run = run or Run()
        self._options = options
        self._kind = kind
        self._progress = run.progress
        self._checkpoint = run.checkpoint
        self._log_dir = run.log_dir
        self._numbers = numbers or count(1)
        self._number = 0
        self._model: Any = None
        self._widths: list[int] = []
        self._hidden: tuple[int, ...] = ()
        self._release: Any = lambda: None
        self._initial: list[NDArray[np.generic]] = []

    def fit(
        self,
        recipe: Hyperparameters,
        training: Sequence[EncodedSplit],
        validation: Sequence[EncodedSplit] = (),
        epochs: int | None = None,
    ) -> Fit:
        """Fit networks side by side, with linear decay of the learning rate.

        Args:
            recipe: epochs, batch size, learning rate.
            training: the reviews of each network.
            validation: held-out reviews of each of the first networks, by which an `EpochSelector`
                chooses the epoch. A single network stops `patience` epochs after the best.
            epochs: how many of the recipe's epochs to run; None for all.

        Raises:
            UsageError: the training diverged.
        """
        self._number = next(self._numbers)
        checkpoint, done, last = self._checkpoint, 0, epochs or recipe.epochs
        network = partial(self._kind.network, options=self._options)
        state = checkpoint.load(self._number, network) if checkpoint else None
        if isinstance(state, Fit):
            return state
        # With few reviews, losses vary too much to stop early: folds run to the end.
        patience = recipe.epochs if len(training) > 1 else self._options.patience
        selector = EpochSelector(validation, patience) if validation else None
        model = self._start(training, recipe)
        if checkpoint and state:
            if not _restore(state, model, selector):
                raise checkpoint.damaged(self._number, "of another network")
            done = state.epochs
        if done < last and (selector is None or selector.should_continue):
            done += self._run(model, recipe, training, selector, range(done, last))
        if selector is None:
            fit = Fit(self._kind.to_numpy(model, self._widths), [], done)
        else:
            fit = Fit(
                selector.so_far.chosen, list(selector.so_far.epochs), selector.so_far.chosen_epoch
            )
        if checkpoint:
            checkpoint.save(self._number, fit)
        return fit

    def _run(
        self,
        model: Any,
        recipe: Hyperparameters,
        training: Sequence[EncodedSplit],
        selector: EpochSelector | None,
        epochs: range,
    ) -> int:
        """Train for some epochs, from 0, or until the selector stops; return their number."""
        generator = BatchGenerator(
            self._kind, training, recipe.batch_size, self._options.seed, epochs
        )
        to_numpy = partial(self._kind.to_numpy, widths=self._widths)
        steps = recipe.epochs * generator.steps

        # Keras keeps its callbacks: one that refers to this fitter would keep its networks alive.
        checkpoint, number = self._checkpoint, self._number

        def save(epoch: int, model: Any) -> None:
            if checkpoint:
                variables = [np.asarray(each) for each in _variables(model)]
                state = Underway(epoch, variables, selector.so_far if selector else None)
                checkpoint.save(number, state)

        callbacks = [_callback(recipe, steps, selector, to_numpy, save, self._progress)]
        if self._log_dir:  # after that one, which adds the held-out figures to its logs
            callbacks.append(logging(self._log_dir, self._number))
        losses = model.fit(
            generator.batches,
            initial_epoch=epochs.start,
            epochs=epochs.stop,
            steps_per_epoch=generator.steps,  # of one iterator: a new one takes a tenth of a second
            shuffle=False,  # the generator does
            verbose=0,
            callbacks=callbacks,
        ).history["loss"]
        generator.close()
        if not np.isfinite(losses).all():
            raise UsageError("training diverged: the loss is not a number; lower --learning-rate")
        constant = np.mean([_entropy(split.shares) for split in training])
        astray = losses[-1] > _DIVERGED * constant or max(losses) > _ASTRAY * constant
        if self._options.learning_rate and astray:
            self._progress.diverged(max(losses), float(constant))
        return len(losses)

    def _start(self, training: Sequence[EncodedSplit], recipe: Hyperparameters) -> Any:
        """Return the networks before the first step; each output starts at the prior."""
        widths = [split.rows.width for split in training]
        classes = training[0].targets.shape[1]
        if (self._widths, self._hidden) != (widths, recipe.hidden):
            self._release()
            self._model = self._kind.build(widths, recipe, classes, self._options)
            self._widths, self._hidden = widths, recipe.hidden
            self._release = finalize(self, release, _variables(self._model))
            self._release.atexit = False  # the process frees its memory anyway
            self._initial = [variable.numpy() for variable in self._model.variables]
        for variable, value in zip(self._model.variables, self._initial, strict=True):
            variable.assign(value)
        self._kind.initialize(self._model, [split.rows for split in training])
        for variable in self._model.optimizer.variables:
            variable.assign(np.zeros(variable.shape, variable.dtype))
        priors = np.array([split.shares for split in training])
        logits = np.log(priors)
        if classes == 2:
            logits = np.log(priors[:, 1] / (1 - priors[:, 1]))
        bias = self._model.layers[-1].bias
        bias.assign(logits.reshape(bias.shape))
        return self._model


class BatchGenerator:
    """Batches of the rows of one network, or of several side by side.

    Each network's rows are shuffled each epoch. An epoch has the same number of steps for all
    networks, and includes all rows of each. TensorFlow keeps every generator; after `close` it
    holds no rows.
    """

    def __init__(
        self,
        kind: Architecture,
        splits: Sequence[EncodedSplit],
        size: int,
        seed: int,
        epochs: range = range(1),
    ) -> None:
        """Start at the first of some epochs: each shuffles the order of the one before.

        Args:
            kind: of the networks.
            splits: the reviews of each network.
            size: the rows in a batch of the network with the most.
            seed: of the shuffling.
            epochs: counted from 0.
        """
        self._kind = kind
        self._splits: Sequence[EncodedSplit] = splits
        self._randoms = [np.random.default_rng(seed) for _ in splits]
        self._orders = [np.arange(split.numbers.size) for split in splits]
        # So that the mean loss of an epoch is that of the weighted rows.
        self._weights = [split.weights / split.weights.mean() for split in splits]
        self.steps = math.ceil(max(order.size for order in self._orders) / size)
        for _ in range(epochs.start):
            self._shuffle()
        self.batches = self._dataset(epochs)

    def close(self) -> None:
        """Release the rows."""
        self._splits = ()

    def _shuffle(self) -> None:
        for place, split in enumerate(self._splits):
            order, random = self._orders[place], self._randoms[place]
            random.shuffle(order)
            arranged = self._kind.arranged(split.rows, split.numbers[order], self.steps, random)
            self._orders[place] = order[arranged]

    def _epochs(self, epochs: range) -> Iterator[tuple[Any, ...]]:
        for _ in epochs:
            self._shuffle()
            for step in range(self.steps):
                splits = self._splits  # another thread may close it
                if not splits:
                    return
                rows, targets, weights = self._batch(splits, step)
                yield self._kind.arrays(rows), targets, weights

    def _batch(
        self, splits: Sequence[EncodedSplit], step: int
    ) -> tuple[Any, NDArray[np.float32], NDArray[np.float32]]:
        """Return the rows of a step as `Architecture.build` takes them, targets and weights.

        A network with fewer rows than another gets empty ones of weight 0, and more weight for its
        own, so that its loss is the mean over these.
        """
        orders = [
            order[order.size * step // self.steps : order.size * (step + 1) // self.steps]
            for order in self._orders
        ]
        if len(splits) == 1:  # nothing to fill up or interleave
            (split,), (order,) = splits, orders
            targets = _outputs(split.targets[order])
            own = self._weights[0][order].astype(np.float32)
            return split.rows.take(split.numbers[order]), targets, own
        parts, places, every, weights = [], [], [], []
        most = max(order.size for order in orders)
        for split, order, own in zip(splits, orders, self._weights, strict=True):
            parts.append(split.rows.take(split.numbers[order]))
            empty = (0, most - order.size)
            places.append(np.pad(np.arange(order.size), empty, constant_values=-1))
            every.append(np.pad(_outputs(split.targets[order]), (empty, (0, 0))))
            weights.append(np.pad(own[order], empty) * len(orders) * most / max(order.size, 1))
        rows = self._kind.interleave(parts, places)
        return rows, np.stack(every, axis=1), np.stack(weights, axis=1).astype(np.float32)

    def _dataset(self, epochs: range) -> Any:
        """Return a `tf.data.Dataset` of tensors, targets and weights, two batches ahead."""
        import tensorflow as tf

        kind, axes = self._kind, 1 + (len(self._splits) > 1)
        outputs = _outputs(self._splits[0].targets[:1]).shape[1]
        width = sum(split.rows.width for split in self._splits)

        # Converting it would write a temporary file, and the disk may be full.
        @tf.autograph.experimental.do_not_convert  # type: ignore[untyped-decorator]
        def to_tensors(arrays: Any, targets: Any, weights: Any) -> tuple[Any, Any, Any]:
            return kind.tensor(arrays, width), targets, weights

        specs = (
            kind.specs(),
            tf.TensorSpec((None,) * axes + (outputs,), tf.float32),
            tf.TensorSpec((None,) * axes, tf.float32),
        )
        batches = tf.data.Dataset.from_generator(
            lambda: self._epochs(epochs), output_signature=specs
        )
        return batches.map(to_tensors).prefetch(2)


def _outputs(targets: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return what the output units are to be: one for two classes, one for each of more."""
    return (targets[:, 1:] if targets.shape[1] == 2 else targets).astype(np.float32)


def _entropy(shares: NDArray[np.float64]) -> float:
    """Return the loss of answering every review with the shares of the classes among all."""
    return -sum(part * math.log(part) for part in shares.tolist() if part > 0)


def _callback(
    recipe: Hyperparameters,
    steps: int,
    selector: EpochSelector | None,
    to_numpy: Callable[[Any], tuple[FittedNetwork, ...]],
    save: Callable[[int, Any], None],
    progress: Progress,
) -> Any:
    """Return the callback of a fit: linear decay to 0 after `steps`, epoch selection, checkpoint.

    It stops a fit whose loss is not finite, and saves after each epoch.
    """
    keras = load_keras()

    class Callback(keras.callbacks.Callback):  # type: ignore[misc, name-defined]
        def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
            self._epoch = epoch + 1
            self._done = epoch * self.params["steps"]

        def on_train_batch_begin(self, batch: int, logs: dict[str, float] | None = None) -> None:
            self.model.optimizer.learning_rate = recipe.learning_rate * recipe.decay(
                self._done / steps
            )

        def on_train_batch_end(self, batch: int, logs: dict[str, float]) -> None:
            self._done += 1
            self.model.stop_training |= not math.isfinite(logs["loss"])
            progress.step(self._epoch, batch + 1, self.params["steps"])

        def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
            if selector:
                networks = to_numpy(self.model)
                loss = logs["loss"] / len(networks)  # Keras adds them up
                self.model.stop_training |= not selector.update(loss, networks)
                now = selector.so_far.epochs[-1]
                logs |= {
                    "loss": loss,
                    "val_loss": now.validation_loss,
                    "val_accuracy": now.validation_accuracy,
                }
                progress.epoch(now, recipe.epochs)
            if math.isfinite(logs["loss"]):
                save(epoch + 1, self.model)

    return Callback()


def _variables(model: Any) -> list[Any]:
    """Return the variables of networks and optimizer, and the state of dropout."""
    return [*model.variables, *model.optimizer.variables]


def _restore(state: Underway, model: Any, selector: EpochSelector | None) -> bool:
    """Restore networks and selector; return False if the state is not one of theirs."""
    variables = _variables(model)
    kinds = [(tuple(variable.shape), np.asarray(variable).dtype) for variable in variables]
    fits = kinds == [(value.shape, value.dtype) for value in state.variables]
    if not fits or (selector is None) != (state.selection is None):
        return False
    for variable, value in zip(variables, state.variables, strict=True):
        variable.assign(value)
    if selector and state.selection:
        selector.so_far = state.selection
    return True
