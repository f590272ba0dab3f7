"""The `keras.Sequential`: dense layers that take sparse rows, and a fast Adam."""

import random
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sentiment.model import Layer, Network
from sentiment.training.backend import load_keras
from sentiment.training.options import TrainingOptions

_drawing = threading.Lock()


def build(widths: Sequence[int], options: TrainingOptions) -> Any:
    """Build and compile one `keras.Sequential`, or several that train side by side.

    Several share nothing but the compiled training step: each has its own input, output and loss,
    so each learns what it would learn alone. That compiles once where cross-validation would
    compile a network for each fold.

    Args:
        widths: number of features of each network.
        options: hidden layers, dropout, and the seed.

    Returns:
        The `keras.Sequential` itself; of several, a `keras.Model` with them as its layers.
    """
    with _seeded(options.seed):
        keras = load_keras()
        networks = [_sequential(width, options) for width in widths]
        model = networks[0]
        if len(networks) > 1:
            inputs = [keras.Input((width,), sparse=True) for width in widths]
            outputs = [each(rows) for each, rows in zip(networks, inputs, strict=True)]
            model = keras.Model(inputs, outputs)
        metrics = ["accuracy"] if len(networks) == 1 else None  # of many, nobody looks at each
        losses = ["binary_crossentropy"] * len(networks)
        model.compile(optimizer=fused_adam(), loss=losses, metrics=metrics)
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


def networks_of(model: Any) -> list[Any]:
    """Return the `keras.Sequential` networks of what `build` returned, in order."""
    keras = load_keras()
    if isinstance(model, keras.Sequential):
        return [model]
    return [layer for layer in model.layers if isinstance(layer, keras.Sequential)]


def _sequential(width: int, options: TrainingOptions) -> Any:
    keras = load_keras()
    network = keras.Sequential([keras.Input((width,), sparse=True)])
    dense = _sparse_dense()
    for units in options.hidden:
        network.add(dense(units, activation="relu"))
        dense = keras.layers.Dense
        if options.dropout:
            network.add(keras.layers.Dropout(options.dropout))
    network.add(dense(1, activation="sigmoid"))
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


def to_numpy(model: Any) -> tuple[Network, ...]:
    """Return the weights of each network that `build` returned; nothing of Keras stays."""
    return tuple(
        Network(tuple(Layer.exact(*layer.get_weights()) for layer in dense))
        for network in networks_of(model)
        if (dense := [layer for layer in network.layers if layer.get_weights()])
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
