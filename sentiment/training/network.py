"""The networks in Keras, the batches that feed them, and their way to numpy."""

import math
import random
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment.features.rows import SparseRows
from sentiment.features.vectorizer import EncodedRows
from sentiment.model.network import Layer, Network
from sentiment.training.backend import load_keras
from sentiment.training.options import TrainingOptions

# Reviews scored at once.
_BLOCK = 4096


def in_blocks(numbers: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Cut numbers of reviews into blocks of as many as are scored at once."""
    return [numbers[first : first + _BLOCK] for first in range(0, numbers.size, _BLOCK)]


@dataclass(frozen=True)
class Example:
    """Reviews with their labels.

    Attributes:
        rows: feature vectors of these reviews and others, [m, features].
        numbers: which of the rows these are, int64 [n]; one may be there twice.
        labels: how far each is positive, from 0 to 1, [n].
    """

    rows: SparseRows | EncodedRows
    numbers: NDArray[np.int64]
    labels: NDArray[np.floating]

    def logits(self, network: Network) -> NDArray[np.float64]:
        """Score these reviews, [n]."""
        return logits_of(network, self.rows, self.numbers)


def logits_of(
    network: Network, rows: SparseRows | EncodedRows, numbers: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Score some reviews, a few at a time: float64 [numbers]."""
    scored = (network.logits(rows.take(some)) for some in in_blocks(numbers))
    return np.concatenate([np.zeros(0), *scored])


class Feed:
    """Serves the rows of one network, or of several side by side, in batches.

    Each network's rows are shuffled anew each epoch. An epoch has the same number of steps for
    all networks, and goes through all rows of each. TensorFlow never forgets a generator; `close`
    makes it one that holds no rows.
    """

    def __init__(
        self, examples: Sequence[Example], size: int, seed: int, epochs: range = range(1)
    ) -> None:
        """Begin as after the epochs before these: each shuffles what the one before left.

        Args:
            examples: what each network learns.
            size: rows in a batch of the network that has the most.
            seed: of the shuffling.
            epochs: which are served, counted from 0.
        """
        self._examples: Sequence[Example] = examples
        self._randoms = [np.random.default_rng(seed) for _ in examples]
        self._orders = [np.arange(example.numbers.size) for example in examples]
        for _ in range(epochs.start):
            self._shuffle()
        self.steps = math.ceil(max(order.size for order in self._orders) / size)
        self._starts = np.cumsum([0, *(example.rows.width for example in examples)])
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
                yield rows.columns, rows.values, np.diff(rows.offsets), targets, weights

    def _batch(
        self, examples: Sequence[Example], step: int
    ) -> tuple[SparseRows, NDArray[np.float32], NDArray[np.float32]]:
        """Return the rows of a step, as `network.build` wants them, with targets and weights.

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
        for example, order, start in zip(examples, orders, self._starts, strict=False):
            rows = example.rows.take(example.numbers[order])
            parts.append(replace(rows, columns=rows.columns + np.int32(start)))
            places.append(np.pad(np.arange(order.size), (0, most - order.size), constant_values=-1))
            labels.append(np.pad(example.labels[order], (0, most - order.size)))
            weights.append((places[-1] >= 0) * len(orders) * most / max(order.size, 1))
        width = int(self._starts[-1])
        before = np.cumsum([0, *map(len, parts)])
        numbers = [
            np.where(place < 0, before[-1], place + first)
            for place, first in zip(places, before, strict=False)
        ]
        every = SparseRows.concatenate([*parts, SparseRows.empty(width)], width)
        rows = every.take(np.stack(numbers, axis=1).ravel())
        targets = np.stack(labels, axis=1).astype(np.float32)[:, :, None]
        return rows, targets, np.stack(weights, axis=1).astype(np.float32)

    def _dataset(self, epochs: range) -> Any:
        """A `tf.data.Dataset` of a `tf.SparseTensor`, targets and weights, two batches ahead."""
        import tensorflow as tf

        width, axes = int(self._starts[-1]), 1 + (len(self._examples) > 1)

        # Converting it would write a file where temporary files go, which may be full.
        @tf.autograph.experimental.do_not_convert  # type: ignore[untyped-decorator]
        def to_tensor(
            columns: Any, values: Any, lengths: Any, targets: Any, weights: Any
        ) -> tuple[Any, Any, Any]:
            count = tf.size(lengths, out_type=tf.int64)
            rows = tf.repeat(tf.range(count), lengths)
            places = tf.stack([rows, tf.cast(columns, tf.int64)], axis=1)
            return tf.SparseTensor(places, values, (count, width)), targets, weights

        specs = (
            tf.TensorSpec((None,), tf.int32),
            tf.TensorSpec((None,), tf.float32),
            tf.TensorSpec((None,), tf.int64),
            tf.TensorSpec((None,) * axes + (1,), tf.float32),
            tf.TensorSpec((None,) * axes, tf.float32),
        )
        batches = tf.data.Dataset.from_generator(
            lambda: self._epochs(epochs), output_signature=specs
        )
        return batches.map(to_tensor).prefetch(2)


_drawing = threading.Lock()


def build(widths: Sequence[int], hidden: Sequence[int], options: TrainingOptions) -> Any:
    """Build and compile the `keras.Sequential` of one network, or of several side by side.

    Several share the compiled training step and nothing else. Their features stand one behind the
    other, and rows come in turns: row b · networks + k is one of network k, with features of that
    network alone. Each layer keeps their units apart, so each learns what it would learn alone.
    Cross-validation trains its folds in the time that Keras needs to compile one network.

    Args:
        widths: number of features of each network.
        hidden: units of each hidden layer.
        options: dropout, and the seed.
    """
    with _seeded(options.seed):
        keras = load_keras()
        count = len(widths)
        model = keras.Sequential([keras.Input((sum(widths),), sparse=True)])
        layer = _sparse_dense(count)
        for units in hidden:
            model.add(layer(units, "relu"))
            layer = _dense(count)
            if options.dropout:
                model.add(keras.layers.Dropout(options.dropout))
        model.add(layer(1, "sigmoid"))
        model.compile(
            optimizer=fused_adam(), loss="binary_crossentropy", weighted_metrics=["accuracy"]
        )
        model.optimizer.build(model.trainable_variables)
        return model


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Let Keras draw by a seed: first weights and dropout come from Python's `random`.

    That belongs to the caller, who finds it as it was. `keras.utils.set_random_seed` would seed
    numpy's and TensorFlow's, too.
    """
    load_keras()  # whose import draws from it, too
    with _drawing:
        state = random.getstate()
        random.seed(seed)
        try:
            yield
        finally:
            random.setstate(state)


def _sparse_dense(networks: int) -> Any:
    """Return what makes the first layer: dense, for sparse rows, its gradient one dense matrix.

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

    class SideBySide(keras.layers.Layer):  # type: ignore[misc, name-defined]
        def __init__(self, units: int, activation: str) -> None:
            super().__init__()
            self.units = units
            self.activation = keras.activations.get(activation)

        def build(self, shape: Any) -> None:
            self.kernel = self.add_weight(
                shape=(shape[-1], self.units), initializer=_initializer(networks)
            )
            self.bias = self.add_weight(shape=(networks, self.units), initializer="zeros")

        def call(self, inputs: Any) -> Any:
            entries, values, shape = inputs.indices, inputs.values, inputs.dense_shape
            rows = product(entries, values, shape, self.kernel)
            return self.activation(tf.reshape(rows, (-1, networks, self.units)) + self.bias)

        def compute_output_shape(self, shape: Any) -> Any:
            return (shape[0], networks, self.units)

    if networks > 1:
        return SideBySide
    return lambda units, activation: SparseDense(units, activation=activation)


def _dense(networks: int) -> Any:
    """Return what makes a later layer."""
    layers = load_keras().layers
    if networks == 1:
        return lambda units, activation: layers.Dense(units, activation=activation)
    return lambda units, activation: layers.EinsumDense(
        "bki,kio->bko",
        (networks, units),
        activation=activation,
        bias_axes="ko",
        kernel_initializer=_initializer(networks),
    )


def _initializer(networks: int) -> Any:
    """Return Glorot's uniform initializer for each of several networks whose weights are one."""
    return load_keras().initializers.VarianceScaling(networks, "fan_avg", "uniform")


def fused_adam() -> Any:
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


def to_numpy(model: Any, widths: Sequence[int]) -> tuple[Network, ...]:
    """Return the weights of each network that `build` made; nothing of Keras stays.

    Args:
        model: what `build` returned.
        widths: what it was given.
    """
    dense = [weights for layer in model.layers if (weights := layer.get_weights())]
    if len(widths) == 1:
        return (Network(tuple(Layer.exact(*weights) for weights in dense)),)
    (kernel, bias), *rest = dense
    ends = np.cumsum(widths)[:-1]
    return tuple(
        Network(
            (
                Layer.exact(first, bias[place]),
                *(Layer.exact(kernels[place], biases[place]) for kernels, biases in rest),
            )
        )
        for place, first in enumerate(np.split(kernel, ends))
    )


def release(variables: Sequence[Any]) -> None:
    """Free the memory of a network's variables, once nobody needs them.

    TensorFlow keeps every training step that it compiled, and with it all that the step refers to:
    of many trainings in one process none would ever go.
    """
    import tensorflow as tf

    with tf.init_scope():  # it may be called while Python collects garbage amid a compilation
        for variable in variables:
            nothing = tf.zeros(0, variable.value.dtype)
            tf.raw_ops.AssignVariableOp(resource=variable.value.handle, value=nothing)
