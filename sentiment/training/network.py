"""The `keras.Sequential`: dense layers that take sparse rows, and a fast Adam."""

import random
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from sentiment.model import Layer, Network
from sentiment.training.backend import load_keras
from sentiment.training.options import TrainingOptions

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
