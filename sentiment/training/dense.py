"""Dense layers of Keras networks, of one or of several side by side, and what they are in numpy.

Several share the compiled training step. Their units are kept apart by an axis of networks: each
learns what it would learn alone.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment.model.activations import USUAL
from sentiment.model.network import DenseNetwork, Layer
from sentiment.training.backend import fused_adam, load_keras

# (units, activation: what Keras calls one, or a function of tensors) → a layer.
Maker = Callable[[int, Any], Any]


def add_layers(
    model: Any,
    first: Maker,
    rest: Maker,
    hidden: Sequence[int],
    classes: int,
    dropout: float,
    activation: str = USUAL,
    **adam: Any,
) -> Any:
    """Add hidden layers and the output, see `output_of`, to a `keras.Sequential`, and compile it.

    Args:
        model: with its input.
        first: makes the first layer.
        rest: makes all others.
        hidden: units of each hidden layer.
        classes: the number of classes.
        dropout: the share of hidden activations to drop.
        activation: of the hidden layers, one of `sentiment.model.activations`.
        adam: options of the optimizer.
    """
    make, between = first, _gelu if activation == "gelu" else activation
    for units in hidden:
        model.add(make(units, between))
        make = rest
        if dropout:
            model.add(load_keras().layers.Dropout(dropout))
    units, last, loss = output_of(classes)
    model.add(make(units, last))
    model.compile(optimizer=fused_adam(**adam), loss=loss, weighted_metrics=["accuracy"])
    model.optimizer.build(model.trainable_variables)
    return model


def _gelu(sums: Any) -> Any:
    """Return GELU by its tanh formula: Keras's own of that name is the exact one."""
    return load_keras().activations.gelu(sums, approximate=True)


def activation_of(model: Any) -> str:
    """Return the activation that `add_layers` gave the hidden layers, the usual one without any."""
    *hidden, _ = (layer.activation for layer in model.layers if hasattr(layer, "activation"))
    return hidden[0].__name__.removeprefix("_") if hidden else USUAL


def output_of(classes: int) -> tuple[int, str, str]:
    """Return units and activation of the output for so many classes, and its loss.

    Two classes have one sigmoid and binary cross-entropy, more a softmax and categorical
    cross-entropy.
    """
    if classes == 2:
        return 1, "sigmoid", "binary_crossentropy"
    return classes, "softmax", "categorical_crossentropy"


def dense(networks: int, **options: Any) -> Maker:
    """Return the maker of dense layers over the units of each network.

    Args:
        networks: how many there are.
        options: of the Keras layer.
    """
    layers = load_keras().layers
    if networks == 1:
        return lambda units, activation: layers.Dense(units, activation=activation, **options)

    def make(units: int, activation: Any) -> Any:
        # An initializer draws a random number when it is made, so each layer makes its own.
        usual = {"kernel_initializer": initializer(networks)}
        return layers.EinsumDense(
            "bki,kio->bko",
            (networks, units),
            activation=activation,
            bias_axes="ko",
            **usual | options,
        )

    return make


def initializer(networks: int) -> Any:
    """Return Glorot's uniform initializer for the joined weights of several networks."""
    return load_keras().initializers.VarianceScaling(networks, "fan_avg", "uniform")


def network_of(
    layers: Sequence[Sequence[NDArray[np.float32]]], activation: str = USUAL
) -> DenseNetwork:
    """Return the network of these kernels and biases; a softmax as log-odds against its first."""
    *hidden, (kernel, bias) = layers
    if bias.size > 1:
        kernel, bias = kernel[:, 1:] - kernel[:, :1], bias[1:] - bias[:1]
    every = [*hidden, (kernel, bias)]
    return DenseNetwork(tuple(Layer.exact(*weights) for weights in every), activation)
