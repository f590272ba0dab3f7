"""Fit networks to sparse rows with Keras."""

import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any
from weakref import finalize

import numpy as np
from numpy.typing import NDArray

from sentiment.errors import UsageError
from sentiment.model.network import Network
from sentiment.training.architectures import ARCHITECTURES, Architecture
from sentiment.training.backend import load_keras
from sentiment.training.decide import EpochSelector
from sentiment.training.network import EncodedSplit, release
from sentiment.training.options import Hyperparameters, TrainingOptions
from sentiment.training.run import Fit, Progress, Run, Underway, logging

# How many times the loss of one answer to all a training may end at, and come to on the way, by a
# learning rate that the user chose; by ours, only a single epoch of few reviews comes to as much.
_DIVERGED, _ASTRAY = 1.05, 3.0


class Fitter:
    """Fits networks by Adam on binary cross-entropy, one after the other or side by side.

    Keras compiles a training step once; fits of networks of the same size start it anew.
    """

    def __init__(self, options: TrainingOptions, run: Run | None = None) -> None:
        """Remember what all fits share: dropout, patience, seed.

        With a checkpoint, fits are taken to come in the order in which they came before.
        """
        run = run or Run()
        self._options = options
        self._kind = ARCHITECTURES[options.architecture]
        self._progress = run.progress
        self._checkpoint = run.checkpoint
        self._log_dir = run.log_dir
        self._fits = 0
        self._model: Any = None
        self._widths: list[int] = []
        self._hidden: tuple[int, ...] = ()
        self._let_go: Any = lambda: None
        self._initial: list[NDArray[np.generic]] = []

    def fit(
        self,
        recipe: Hyperparameters,
        training: Sequence[EncodedSplit],
        validation: Sequence[EncodedSplit] = (),
        epochs: int | None = None,
    ) -> Fit:
        """Fit networks side by side, the learning rate falling in a line to nothing.

        Args:
            recipe: epochs, batch size, learning rate.
            training: reviews that each network fits.
            validation: held-out reviews of each of the first networks: an `EpochSelector` chooses
                the epoch whose weights are kept. A single network stops `patience` epochs after
                the best.
            epochs: how many of the recipe's epochs to run; None for all.

        Raises:
            UsageError: the training diverged.
        """
        self._fits += 1
        checkpoint, done, last = self._checkpoint, 0, epochs or recipe.epochs
        state = checkpoint.load(self._fits) if checkpoint else None
        if isinstance(state, Fit):
            return state
        # Weights amid a training of few reviews vary too much to stop at: folds go to the end.
        patience = recipe.epochs if len(training) > 1 else self._options.patience
        judge = EpochSelector(validation, patience) if validation else None
        model = self._start(training, recipe.hidden)
        if checkpoint and state:
            if not _restore(state, model, judge):
                raise checkpoint.damaged(self._fits, "it is of another network")
            done = state.epochs
        if done < last and (judge is None or judge.goes_on):
            done += self._run(model, recipe, training, judge, range(done, last))
        if judge is None:
            fit = Fit(self._kind.to_numpy(model, self._widths), [], done)
        else:
            fit = Fit(judge.so_far.chosen, list(judge.so_far.epochs), judge.so_far.chosen_epoch)
        if checkpoint:
            checkpoint.save(self._fits, fit)
        return fit

    def _run(
        self,
        model: Any,
        recipe: Hyperparameters,
        training: Sequence[EncodedSplit],
        judge: EpochSelector | None,
        epochs: range,
    ) -> int:
        """Train for some epochs, counted from 0, or as long as the judge says; count them."""
        feed = BatchGenerator(self._kind, training, recipe.batch_size, self._options.seed, epochs)
        to_numpy = partial(self._kind.to_numpy, widths=self._widths)
        steps = recipe.epochs * feed.steps

        # Keras remembers its callbacks: one that knows this fitter would keep its networks alive.
        checkpoint, number = self._checkpoint, self._fits

        def keep(epoch: int, model: Any) -> None:
            if checkpoint:
                variables = [np.asarray(each) for each in _variables(model)]
                state = Underway(epoch, variables, judge.so_far if judge else None)
                checkpoint.save(number, state)

        callbacks = [_watching(recipe, steps, judge, to_numpy, keep, self._progress)]
        if self._log_dir:  # behind the judge, who says what it is to write of held-out reviews
            callbacks.append(logging(self._log_dir, self._fits))
        losses = model.fit(
            feed.batches,
            initial_epoch=epochs.start,
            epochs=epochs.stop,
            steps_per_epoch=feed.steps,  # of one iterator: to begin anew takes a tenth of a second
            shuffle=False,  # the batches shuffle themselves
            verbose=0,
            callbacks=callbacks,
        ).history["loss"]
        feed.close()
        if not np.isfinite(losses).all():
            raise UsageError("training diverged: the loss is no number; lower --learning-rate")
        constant = np.mean([_entropy(float(example.labels.mean())) for example in training])
        astray = losses[-1] > _DIVERGED * constant or max(losses) > _ASTRAY * constant
        if self._options.learning_rate and astray:
            self._progress.diverged(max(losses), float(constant))
        return len(losses)

    def _start(self, training: Sequence[EncodedSplit], hidden: tuple[int, ...]) -> Any:
        """Return networks as they are before the first step; each output starts at the prior."""
        widths = [example.rows.width for example in training]
        if (self._widths, self._hidden) != (widths, hidden):
            self._let_go()
            self._model = self._kind.build(widths, hidden, self._options)
            self._widths, self._hidden = widths, hidden
            self._let_go = finalize(self, release, _variables(self._model))
            self._let_go.atexit = False  # a process that ends lets go of all it has
            self._initial = [variable.numpy() for variable in self._model.variables]
        for variable, value in zip(self._model.variables, self._initial, strict=True):
            variable.assign(value)
        for variable in self._model.optimizer.variables:
            variable.assign(np.zeros(variable.shape, variable.dtype))
        priors = np.array([example.labels.mean() for example in training])
        bias = self._model.layers[-1].bias
        bias.assign(np.log(priors / (1 - priors)).reshape(bias.shape))
        return self._model


class BatchGenerator:
    """Serves the rows of one network, or of several side by side, in batches.

    Each network's rows are shuffled anew each epoch. An epoch has the same number of steps for
    all networks, and goes through all rows of each. TensorFlow never forgets a generator; `close`
    makes it one that holds no rows.
    """

    def __init__(
        self,
        kind: Architecture,
        examples: Sequence[EncodedSplit],
        size: int,
        seed: int,
        epochs: range = range(1),
    ) -> None:
        """Begin as after the epochs before these: each shuffles what the one before left.

        Args:
            kind: of the networks.
            examples: what each network learns.
            size: rows in a batch of the network that has the most.
            seed: of the shuffling.
            epochs: which are served, counted from 0.
        """
        self._kind = kind
        self._examples: Sequence[EncodedSplit] = examples
        self._randoms = [np.random.default_rng(seed) for _ in examples]
        self._orders = [np.arange(example.numbers.size) for example in examples]
        for _ in range(epochs.start):
            self._shuffle()
        self.steps = math.ceil(max(order.size for order in self._orders) / size)
        self.batches = self._dataset(epochs)

    def close(self) -> None:
        """Let go of the rows."""
        self._examples = ()

    def _shuffle(self) -> None:
        for shuffler, order in zip(self._randoms, self._orders, strict=True):
            shuffler.shuffle(order)

    def _epochs(self, epochs: range) -> Iterator[tuple[Any, ...]]:
        for _ in epochs:
            self._shuffle()
            for step in range(self.steps):
                examples = self._examples  # another thread may close it meanwhile
                if not examples:
                    return
                rows, targets, weights = self._batch(examples, step)
                yield self._kind.arrays(rows), targets, weights

    def _batch(
        self, examples: Sequence[EncodedSplit], step: int
    ) -> tuple[Any, NDArray[np.float32], NDArray[np.float32]]:
        """Return the rows of a step, as `Architecture.build` wants them, with targets and weights.

        Where a network has fewer rows than another, empty ones of weight 0 fill it up; its others
        weigh so much more that its loss is the mean over its own rows.
        """
        orders = [
            order[order.size * step // self.steps : order.size * (step + 1) // self.steps]
            for order in self._orders
        ]
        if len(examples) == 1:  # nothing to fill up, nor to put side by side
            (example,), (order,) = examples, orders
            targets = example.labels[order].astype(np.float32)[:, None]
            return example.rows.take(example.numbers[order]), targets, np.ones_like(targets[:, 0])
        parts, places, labels, weights = [], [], [], []
        most = max(order.size for order in orders)
        for example, order in zip(examples, orders, strict=True):
            parts.append(example.rows.take(example.numbers[order]))
            places.append(np.pad(np.arange(order.size), (0, most - order.size), constant_values=-1))
            labels.append(np.pad(example.labels[order], (0, most - order.size)))
            weights.append((places[-1] >= 0) * len(orders) * most / max(order.size, 1))
        rows = self._kind.side_by_side(parts, places)
        targets = np.stack(labels, axis=1).astype(np.float32)[:, :, None]
        return rows, targets, np.stack(weights, axis=1).astype(np.float32)

    def _dataset(self, epochs: range) -> Any:
        """A `tf.data.Dataset` of tensors, targets and weights, two batches ahead."""
        import tensorflow as tf

        kind, axes = self._kind, 1 + (len(self._examples) > 1)
        width = sum(example.rows.width for example in self._examples)

        # Converting it would write a file where temporary files go, which may be full.
        @tf.autograph.experimental.do_not_convert  # type: ignore[untyped-decorator]
        def to_tensors(arrays: Any, targets: Any, weights: Any) -> tuple[Any, Any, Any]:
            return kind.tensor(arrays, width), targets, weights

        specs = (
            kind.specs(),
            tf.TensorSpec((None,) * axes + (1,), tf.float32),
            tf.TensorSpec((None,) * axes, tf.float32),
        )
        batches = tf.data.Dataset.from_generator(
            lambda: self._epochs(epochs), output_signature=specs
        )
        return batches.map(to_tensors).prefetch(2)


def _entropy(share: float) -> float:
    """The loss of answering each review with this share of *positive*, which it is of all."""
    return -sum(part * math.log(part) for part in (share, 1 - share) if part > 0)


def _watching(
    recipe: Hyperparameters,
    steps: int,
    judge: EpochSelector | None,
    to_numpy: Callable[[Any], tuple[Network, ...]],
    keep: Callable[[int, Any], None],
    progress: Progress,
) -> Any:
    """Let the learning rate fall in a line, to nothing after so many steps; stop if all is lost.

    After each epoch the judge sees the networks, and says whether to go on; then they are kept.
    """
    keras = load_keras()

    class Watching(keras.callbacks.Callback):  # type: ignore[misc, name-defined]
        def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
            self._epoch = epoch + 1
            self._done = epoch * self.params["steps"]

        def on_train_batch_begin(self, batch: int, logs: dict[str, float] | None = None) -> None:
            self.model.optimizer.learning_rate = recipe.learning_rate * (1 - self._done / steps)

        def on_train_batch_end(self, batch: int, logs: dict[str, float]) -> None:
            self._done += 1
            self.model.stop_training |= not math.isfinite(logs["loss"])
            progress.step(self._epoch, batch + 1, self.params["steps"])

        def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
            if judge:
                networks = to_numpy(self.model)
                loss = logs["loss"] / len(networks)  # Keras adds up those of networks side by side
                self.model.stop_training |= not judge.see(loss, networks)
                now = judge.so_far.epochs[-1]
                logs |= {
                    "loss": loss,
                    "val_loss": now.validation_loss,
                    "val_accuracy": now.validation_accuracy,
                }
                progress.epoch(now, recipe.epochs)
            if math.isfinite(logs["loss"]):
                keep(epoch + 1, self.model)

    return Watching()


def _variables(model: Any) -> list[Any]:
    """All that networks and their optimizer learn by, and what dropout draws from."""
    return [*model.variables, *model.optimizer.variables]


def _restore(state: Underway, model: Any, judge: EpochSelector | None) -> bool:
    """Let networks and judge be as they were; False if the state is not one of theirs."""
    variables = _variables(model)
    kinds = [(tuple(variable.shape), np.asarray(variable).dtype) for variable in variables]
    fits = kinds == [(value.shape, value.dtype) for value in state.variables]
    if not fits or (judge is None) != (state.judgement is None):
        return False
    for variable, value in zip(variables, state.variables, strict=True):
        variable.assign(value)
    if judge and state.judgement:
        judge.so_far = state.judgement
    return True
