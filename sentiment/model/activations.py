"""The activations of hidden layers in numpy, with their derivatives, by name."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]
Sums = NDArray[Any]  # float32 or float64

# GELU as √(2/π) (x + 0.044715 x³) has it (Hendrycks and Gimpel, "Gaussian error linear units",
# 2016), which is Keras's `gelu(approximate=True)`: numpy has no error function for the exact one.
GELU_LINEAR = float(np.sqrt(2 / np.pi))
GELU_CUBIC = 0.044715 * GELU_LINEAR
# From here on its tanh is 1, and a cube would one day be too large.
_GELU_END = 10.0


class Activation(NamedTuple):
    """A function that is applied to each sum of a hidden layer.

    Attributes:
        title: its name for people.
        value: sums → what the units pass on, in the dtype of the sums.
        slope: sums → its derivative there.
        bends: whether it is linear but for a bend at 0, so that integrals along a line are exact.
    """

    title: str
    value: Callable[[Sums], Sums]
    slope: Callable[[Doubles], Doubles]
    bends: bool = False


def _relu(sums: Sums) -> Sums:
    return np.maximum(sums, 0)


def _relu_slope(sums: Doubles) -> Doubles:
    return (sums > 0).astype(np.float64)


def _tanh_slope(sums: Doubles) -> Doubles:
    slope: Doubles = 1 - np.tanh(sums) ** 2
    return slope


def _gelu(sums: Sums) -> Sums:
    near = np.clip(sums, -_GELU_END, _GELU_END)
    return sums * (0.5 + 0.5 * np.tanh(near * (GELU_LINEAR + GELU_CUBIC * near**2)))


def _gelu_slope(sums: Doubles) -> Doubles:
    near = np.clip(sums, -_GELU_END, _GELU_END)
    tanh = np.tanh(near * (GELU_LINEAR + GELU_CUBIC * near**2))
    slope: Doubles = 0.5 * (1 + tanh) + 0.5 * near * (1 - tanh**2) * (
        GELU_LINEAR + 3 * GELU_CUBIC * near**2
    )
    return slope


ACTIVATIONS = {
    "relu": Activation("ReLU", _relu, _relu_slope, bends=True),
    "tanh": Activation("tanh", np.tanh, _tanh_slope),
    "gelu": Activation("GELU", _gelu, _gelu_slope),
}
# That of a network, unless it says another.
USUAL = "relu"
