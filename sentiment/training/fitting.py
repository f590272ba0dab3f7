"""Build the Keras network and fit it to sparse rows."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment.errors import UsageError
from sentiment.features import SparseRows
from sentiment.model import Layer, Network
from sentiment.training.backend import load_keras
from sentiment.training.options import Recipe, TrainingOptions
from sentiment.training.progress import Epoch, Progress


@dataclass(frozen=True)
class Example:
    """Rows with their labels.

    Attributes:
        rows: feature vectors, [n, features].
        labels: how far each is positive, from 0 to 1, [n].
    """

    rows: SparseRows
    labels: NDArray[np.integer] | NDArray[np.floating]


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


def build(width: int, options: TrainingOptions, learning_rate: Any, prior: float) -> Any:
    """Build and compile the `keras.Sequential`.

    Args:
        width: how many features there are.
        options: hidden layers and dropout.
        learning_rate: Adam's; a number or a Keras schedule.
        prior: share of positive rows; the output starts there, however unbalanced the data are.
    """
    keras = load_keras()
    network = keras.Sequential([keras.Input((width,), sparse=True)])
    dense = _sparse_dense()
    for units in options.hidden:
        network.add(dense(units, activation="relu"))
        dense = keras.layers.Dense
        if options.dropout:
            network.add(keras.layers.Dropout(options.dropout))
    start = keras.initializers.Constant(float(np.log(prior / (1 - prior))))
    network.add(dense(1, activation="sigmoid", bias_initializer=start))
    network.compile(
        optimizer=keras.optimizers.Adam(learning_rate),
        loss="binary_crossentropy",
        metrics=["accuracy"],
    )
    return network


def _sparse_dense() -> Any:
    """A `Dense` layer for sparse rows, whose gradient is one dense matrix.

    Keras's own sends sparse rows through an embedding lookup, whose gradient comes in slices: the
    same numbers in three times the time.
    """
    keras = load_keras()
    import tensorflow as tf

    class SparseDense(keras.layers.Dense):  # type: ignore[misc, name-defined]
        def call(self, inputs: Any) -> Any:
            products = tf.sparse.sparse_dense_matmul(inputs, self.kernel)
            return self.activation(tf.nn.bias_add(products, self.bias))

    return SparseDense


def fit(
    training: Example,
    validation: Example | None,
    options: TrainingOptions,
    recipe: Recipe,
    progress: Progress,
    epochs: int | None = None,
) -> Fit:
    """Fit by Adam on binary cross-entropy, the learning rate falling in a line to nothing.

    Args:
        training: rows to fit.
        validation: rows to stop by: the weights of the best validation loss are kept, and training
            ends `patience` epochs after it.
        options: hidden layers, dropout, patience, seed.
        recipe: epochs, batch size, learning rate.
        progress: told about batches and epochs.
        epochs: how many of the recipe's epochs to run; None for all.

    Raises:
        UsageError: the training diverged.
    """
    keras = load_keras()
    keras.utils.set_random_seed(options.seed)
    steps = math.ceil(len(training.rows) / recipe.batch_size)
    falling = keras.optimizers.schedules.PolynomialDecay(
        recipe.learning_rate, decay_steps=recipe.epochs * steps, end_learning_rate=0.0
    )
    network = build(training.rows.width, options, falling, float(training.labels.mean()))
    history: list[Epoch] = []
    reporter = _reporter(history, recipe, progress)
    stopping = keras.callbacks.EarlyStopping(
        monitor="val_loss", patience=options.patience, restore_best_weights=True
    )
    losses = network.fit(
        _batches(training, recipe.batch_size, options.seed),
        validation_data=validation and _batches(validation, 4096, None),
        epochs=epochs or recipe.epochs,
        shuffle=False,  # the batches shuffle themselves
        verbose=0,
        callbacks=[reporter, stopping] if validation else [reporter],
    ).history
    if not all(np.isfinite(values).all() for values in losses.values()):
        raise UsageError("training diverged: the loss is no number; lower --learning-rate")
    best_epoch = int(stopping.best_epoch) + 1 if validation else epochs or recipe.epochs
    return Fit(to_numpy(network), history, best_epoch)


def to_numpy(network: Any) -> Network:
    """Take the weights out of a Keras network; nothing of Keras stays."""
    dense = [layer for layer in network.layers if layer.get_weights()]
    return Network(tuple(Layer.exact(*layer.get_weights()) for layer in dense))


def _batches(example: Example, size: int, seed: int | None) -> Any:
    """Serve the rows in batches of `tf.SparseTensor`; with a seed, shuffled anew each epoch."""
    keras = load_keras()
    import tensorflow as tf

    class Batches(keras.utils.PyDataset):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self._random = None if seed is None else np.random.default_rng(seed)
            self._order = np.arange(len(example.rows))
            self.on_epoch_end()

        def __len__(self) -> int:
            return math.ceil(self._order.size / size)

        def __getitem__(self, index: int) -> tuple[Any, NDArray[np.float32]]:
            chosen = self._order[index * size : (index + 1) * size]
            batch = example.rows.take(chosen)
            numbers = np.repeat(np.arange(len(batch)), np.diff(batch.offsets))
            entries = np.stack([numbers, batch.columns], axis=1)
            tensor = tf.SparseTensor(entries, batch.values, (len(batch), batch.width))
            return tensor, example.labels[chosen].astype(np.float32)[:, None]

        def on_epoch_end(self) -> None:
            if self._random is not None:
                self._random.shuffle(self._order)

    return Batches()


def _reporter(epochs: list[Epoch], recipe: Recipe, progress: Progress) -> Any:
    """Let Keras tell us, not stdout."""
    keras = load_keras()

    class Reporter(keras.callbacks.Callback):  # type: ignore[misc, name-defined]
        def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
            self._epoch = epoch + 1

        def on_train_batch_end(self, batch: int, logs: dict[str, float]) -> None:
            self.model.stop_training |= not math.isfinite(logs["loss"])
            progress.step(self._epoch, batch + 1, self.params["steps"])

        def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
            if "val_loss" in logs:
                done = Epoch(epoch + 1, logs["loss"], logs["val_loss"], logs["val_accuracy"])
                epochs.append(done)
                progress.epoch(done, recipe.epochs)

    return Reporter()
