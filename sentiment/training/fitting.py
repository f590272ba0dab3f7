"""Build the Keras network and fit it to sparse rows."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment.errors import UsageError
from sentiment.features import SparseRows
from sentiment.model import Layer, Network
from sentiment.training.backend import load_keras
from sentiment.training.judge import Judge
from sentiment.training.options import Recipe, TrainingOptions
from sentiment.training.progress import Epoch, Progress


@dataclass(frozen=True)
class Example:
    """Reviews with their labels.

    Attributes:
        rows: feature vectors of these reviews and others, [m, features].
        numbers: which of the rows these are, int64 [n]; one may be there twice.
        labels: how far each is positive, from 0 to 1, [n].
    """

    rows: SparseRows
    numbers: NDArray[np.int64]
    labels: NDArray[np.floating]


@dataclass(frozen=True)
class Fit:
    """A fitted network and the way there.

    Attributes:
        network: the weights of the best epoch; of the last where nothing was held out.
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

    def __init__(self, options: TrainingOptions, recipe: Recipe, progress: Progress) -> None:
        """Remember what all fits share: hidden layers, seed, epochs, batches, learning rate."""
        self._options = options
        self._recipe = recipe
        self._progress = progress
        self._network: Any = None
        self._initial: list[NDArray[np.float32]] = []

    def fit(
        self, training: Example, validation: Example | None = None, epochs: int | None = None
    ) -> Fit:
        """Fit a network, the learning rate falling in a line to nothing.

        Args:
            training: reviews to fit.
            validation: reviews to stop by: the weights of the best validation loss are kept, and
                training ends `patience` epochs after it.
            epochs: how many of the recipe's epochs to run; None for all.

        Raises:
            UsageError: the training diverged.
        """
        options, recipe = self._options, self._recipe
        network = self._start(training.rows.width, float(training.labels.mean()))
        batches = _batches(training, recipe.batch_size, options.seed)
        steps = recipe.epochs * len(batches)
        falling = _falling(recipe.learning_rate, steps, self._progress)
        judge = validation and Judge(
            validation.rows.take(validation.numbers), validation.labels, options.patience
        )
        judging = [_judging(judge, recipe.epochs, self._progress)] if judge else []
        losses = network.fit(
            batches,
            epochs=epochs or recipe.epochs,
            shuffle=False,  # the batches shuffle themselves
            verbose=0,
            callbacks=[falling, *judging],
        ).history["loss"]
        if not np.isfinite(losses).all():
            raise UsageError("training diverged: the loss is no number; lower --learning-rate")
        if judge is None:
            return Fit(to_numpy(network), [], len(losses))
        return Fit(judge.best, judge.epochs, judge.best_epoch)

    def _start(self, width: int, prior: float) -> Any:
        """Give a network as it is before the first step; the output starts at the prior."""
        keras = load_keras()
        keras.utils.set_random_seed(self._options.seed)
        if self._network is None or self._network.input_shape != (None, width):
            self._network = build(width, self._options)
            self._initial = self._network.get_weights()
        log_odds = np.array([np.log(prior / (1 - prior))], np.float32)
        self._network.set_weights([*self._initial[:-1], log_odds])
        for variable in self._network.optimizer.variables:
            variable.assign(np.zeros(variable.shape, variable.dtype))
        return self._network


def build(width: int, options: TrainingOptions) -> Any:
    """Build and compile the `keras.Sequential`.

    Args:
        width: how many features there are.
        options: hidden layers and dropout.
    """
    keras = load_keras()
    network = keras.Sequential([keras.Input((width,), sparse=True)])
    dense = _sparse_dense()
    for units in options.hidden:
        network.add(dense(units, activation="relu"))
        dense = keras.layers.Dense
        if options.dropout:
            network.add(keras.layers.Dropout(options.dropout))
    network.add(dense(1, activation="sigmoid"))
    network.compile(optimizer=_fused_adam(), loss="binary_crossentropy", metrics=["accuracy"])
    network.optimizer.build(network.trainable_variables)
    return network


def _sparse_dense() -> Any:
    """A `Dense` layer for sparse rows, whose gradient is one dense matrix.

    Keras's own sends sparse rows through an embedding lookup, whose gradient comes in slices: the
    same numbers in three times the time.
    """
    keras = load_keras()
    import tensorflow as tf

    def product(entries: Any, values: Any, shape: Any, kernel: Any) -> Any:
        return tf.sparse.sparse_dense_matmul(tf.SparseTensor(entries, values, shape), kernel)

    class SparseDense(keras.layers.Dense):  # type: ignore[misc, name-defined]
        def call(self, inputs: Any) -> Any:
            # TensorFlow gives an operation on sparse rows one core: two halves take two.
            entries, values, shape = inputs.indices, inputs.values, inputs.dense_shape
            half = tf.size(values) // 2
            upper = product(entries[:half], values[:half], shape, self.kernel)
            lower = product(entries[half:], values[half:], shape, self.kernel)
            return self.activation(tf.nn.bias_add(upper + lower, self.bias))

    return SparseDense


def _fused_adam() -> Any:
    """Keras's Adam, each variable's step in one operation instead of ten over the whole of it."""
    keras = load_keras()
    import tensorflow as tf

    class FusedAdam(keras.optimizers.Adam):  # type: ignore[misc, name-defined]
        def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
            step = tf.cast(self.iterations + 1, variable.dtype)
            place = self._get_variable_index(variable)
            tf.raw_ops.ResourceApplyAdam(
                var=variable.handle,
                m=self._momentums[place].value.handle,
                v=self._velocities[place].value.handle,
                beta1_power=self.beta_1**step,
                beta2_power=self.beta_2**step,
                lr=tf.cast(learning_rate, variable.dtype),
                beta1=self.beta_1,
                beta2=self.beta_2,
                epsilon=self.epsilon,
                grad=gradient,
            )

    return FusedAdam()


def to_numpy(network: Any) -> Network:
    """Take the weights out of a Keras network; nothing of Keras stays."""
    dense = [layer for layer in network.layers if layer.get_weights()]
    return Network(tuple(Layer.exact(*layer.get_weights()) for layer in dense))


def _batches(example: Example, size: int, seed: int) -> Any:
    """Serve the rows in batches of `tf.SparseTensor`, shuffled anew each epoch."""
    load_keras()
    import tensorflow as tf

    random = np.random.default_rng(seed)
    order = np.arange(example.numbers.size)
    width = example.rows.width

    def batches() -> Iterator[tuple[Any, ...]]:
        random.shuffle(order)
        for first in range(0, order.size, size):
            chosen = order[first : first + size]
            rows = example.rows.take(example.numbers[chosen])
            labels = example.labels[chosen].astype(np.float32)[:, None]
            yield rows.columns, rows.values, np.diff(rows.offsets), labels

    def to_tensor(columns: Any, values: Any, lengths: Any, labels: Any) -> tuple[Any, Any]:
        count = tf.size(lengths, out_type=tf.int64)
        rows = tf.repeat(tf.range(count), lengths)
        places = tf.stack([rows, tf.cast(columns, tf.int64)], axis=1)
        return tf.SparseTensor(places, values, (count, width)), labels

    kinds = (((None,), tf.int32), ((None,), tf.float32), ((None,), tf.int64), ((None, 1), tf.float32))
    specs = tuple(tf.TensorSpec(*kind) for kind in kinds)
    dataset = tf.data.Dataset.from_generator(batches, output_signature=specs).map(to_tensor)
    steps = tf.data.experimental.assert_cardinality(math.ceil(order.size / size))
    return dataset.apply(steps).prefetch(2)


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
