"""A trained network in numpy: the forward pass, and what each feature adds to the logit."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment.features.matrix import CSRMatrix, runs

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

# Non-zeros multiplied at once: the gathered kernel rows then stay in the processor's cache.
_BLOCK = 1 << 15


def quantized(weights: Floats, axis: int) -> tuple[NDArray[np.int8], Floats]:
    """Round weights along an axis to 255 equal steps.

    Returns:
        The steps, of the shape of `weights`; the value of one for each place but on that axis.
    """
    largest = np.maximum(np.abs(weights).max(axis=axis, keepdims=True, initial=0), 1e-30)
    step = largest.astype(np.float32) / 127
    return np.rint(weights / step).astype(np.int8), step.squeeze(axis)


@dataclass(frozen=True, eq=False)
class Layer:
    """A dense layer: inputs @ (kernel · scale) + bias.

    Attributes:
        kernel: [inputs, outputs], float32, or int8 if it is quantized.
        scale: float32 [outputs]; the value of one quantization step, 1 if not quantized.
        bias: float32 [outputs].
    """

    kernel: Floats | NDArray[np.int8]
    scale: Floats
    bias: Floats

    @classmethod
    def exact(cls, kernel: Floats, bias: Floats) -> "Layer":
        """Return a layer that is not quantized."""
        return cls(kernel, np.ones(kernel.shape[1], np.float32), bias)

    def quantized(self) -> "Layer":
        """Return the layer with each output's weights rounded to 255 equal steps."""
        return Layer(*quantized(self.dense_kernel(), axis=0), self.bias)

    def dense_kernel(self) -> Floats:
        """Return the weights, float32 [inputs, outputs]."""
        return np.multiply(self.kernel, self.scale, dtype=np.float32)


def forward(layers: Sequence[Layer], inputs: NDArray[np.floating]) -> Doubles:
    """Return the sums of the last of some dense layers, with ReLU between them.

    Args:
        layers: one or more.
        inputs: of the first, [rows, inputs].

    Returns:
        float64 [rows, outputs]; in double precision, so that the number of rows multiplied at once
        does not show.
    """
    first, *rest = layers
    sums: Doubles = inputs.astype(np.float64) @ first.dense_kernel().astype(np.float64)
    sums += first.bias
    for layer in rest:
        np.maximum(sums, 0, out=sums)
        sums = sums @ layer.dense_kernel().astype(np.float64) + layer.bias
    return sums


@dataclass(frozen=True, eq=False)
class DenseNetwork:
    """Dense layers with ReLU between them, over sparse rows.

    The outputs of the last are log-odds against the first class, K − 1 of them. Training has a
    sigmoid for one of them; for more a softmax of K units, whose first is subtracted.
    """

    layers: tuple[Layer, ...]

    def logits(self, rows: CSRMatrix | Floats) -> Doubles:
        """Return the log-odds of rows, before calibration: float64 [rows, K − 1].

        Args:
            rows: sparse, or of training dense ones, [rows, inputs].
        """
        if isinstance(rows, np.ndarray):
            return forward(self.layers, rows)
        first, *rest = self.layers
        sums = sparse_product(rows, first.kernel) * first.scale + first.bias
        return forward(rest, np.maximum(sums, 0)) if rest else sums.astype(np.float64)

    def credit(self, row: CSRMatrix) -> Doubles:
        """Compute what each feature of a row adds to its log-odds, by integrated gradients.

        Sundararajan, Taly and Yan, "Axiomatic attribution for deep networks" (ICML 2017): the value
        of a feature times its mean gradient on the straight path from the empty row to this one.
        The network is linear between the points of that path where a ReLU turns on or off; with
        these known, the mean is exact for any number of layers.

        Returns:
            float64 [non-zeros, K − 1]; the sums are the row's log-odds less those of the empty row.
        """
        first, *_ = self.layers
        kernel = first.kernel[row.indices] * first.scale.astype(np.float64)
        values = row.data.astype(np.float64)
        reached = values @ kernel  # what the whole row adds to the first layer's units
        slopes = self.mean_gradients(reached)
        return np.stack([values * (kernel @ slope) for slope in slopes], axis=1)

    def mean_gradients(self, reached: Doubles) -> Doubles:
        """Return the mean gradient of each output by the first layer's sums.

        Args:
            reached: what the whole row adds to these sums, [units]; the path to it is straight.

        Returns:
            float64 [K − 1, units].
        """
        outputs = range(self.layers[-1].bias.size)
        return np.stack([self._mean_gradient(reached, output) for output in outputs])

    def _mean_gradient(self, reached: Doubles, output: int) -> Doubles:
        """Return the mean gradient of an output by the first layer's sums, over `reached`."""
        first, *rest = self.layers
        kernels = [layer.dense_kernel().astype(np.float64) for layer in rest]
        biases = [layer.bias.astype(np.float64) for layer in rest]

        def sums_at(times: Doubles, depth: int) -> Doubles:
            """Return the sums of the units of a layer, [times, units]."""
            sums: Doubles = times[:, None] * reached + first.bias
            for kernel, bias in zip(kernels[:depth], biases[:depth], strict=True):
                sums = np.maximum(sums, 0) @ kernel + bias
            return sums

        times = np.array([0.0, 1.0])
        for depth in range(len(rest)):
            times = np.union1d(times, _crossings(times, sums_at(times, depth)))
        middles, lengths = (times[1:] + times[:-1]) / 2, np.diff(times)
        gradient = np.zeros((middles.size, self.layers[-1].bias.size))
        gradient[:, output] = 1
        for depth in reversed(range(len(rest))):
            gradient = (gradient @ kernels[depth].T) * (sums_at(middles, depth) > 0)
        return lengths @ gradient

    @property
    def hidden(self) -> tuple[int, ...]:
        """The number of units of each hidden layer."""
        return tuple(layer.bias.size for layer in self.layers[:-1])

    def describe(self) -> str:
        """Return what it is, for people."""
        sizes = [self.layers[0].kernel.shape[0], *(layer.bias.size for layer in self.layers)]
        units = " → ".join(f"{size:,}" for size in sizes)
        relu = "ReLU and at the end " * bool(self.hidden)
        return f"{units} units, {relu}{self.summary()[-1]['activation']}"

    def summary(self) -> list[dict[str, Any]]:
        """Return name, sizes and activation of each layer, as JSON values."""
        shapes = [layer.kernel.shape for layer in self.layers]
        inputs, outputs = shapes.pop()
        kinds = [(f"hidden {number}", *shape, "ReLU") for number, shape in enumerate(shapes, 1)]
        last = (1, "sigmoid") if outputs == 1 else (outputs + 1, "softmax")
        return [
            {
                "name": name,
                "inputs": inputs,
                "units": units,
                "activation": activation,
                "trainable_parameters": (inputs + 1) * units,
            }
            for name, inputs, units, activation in [*kinds, ("output", inputs, *last)]
        ]

    def __eq__(self, other: object) -> bool:
        """Return whether both have the same weights."""
        return (
            isinstance(other, DenseNetwork)
            and len(self.layers) == len(other.layers)
            and all(
                np.array_equal(mine, theirs)
                for a, b in zip(self.layers, other.layers, strict=True)
                for mine, theirs in ((a.kernel, b.kernel), (a.scale, b.scale), (a.bias, b.bias))
            )
        )

    __hash__ = None  # type: ignore[assignment]


def sparse_product(rows: CSRMatrix, kernel: Floats | NDArray[np.int8]) -> Floats:
    """Multiply sparse rows [n, inputs] with a kernel [inputs, outputs]: float32 [n, outputs]."""
    product = np.zeros((len(rows), kernel.shape[1]), dtype=np.float32)
    for block in runs(rows.indptr, _BLOCK):
        first, last = block.start, block.stop
        start, end = rows.indptr[first], rows.indptr[last]
        terms = kernel[rows.indices[start:end]] * rows.data[start:end, None]
        # reduceat gives an empty row its neighbor's first term, so sum the others only.
        filled = np.flatnonzero(np.diff(rows.indptr[first : last + 1]))
        if filled.size:
            starts = rows.indptr[first + filled] - start
            product[first + filled] = np.add.reduceat(terms, starts, axis=0)
    return product


def _crossings(times: Doubles, sums: Doubles) -> Doubles:
    """Return the times at which a unit turns on or off; sums are linear between those given."""
    before, after = sums[:-1], sums[1:]
    interval, unit = np.nonzero(before * after < 0)
    here, there = before[interval, unit], after[interval, unit]
    steps = np.diff(times)[interval]
    return times[interval] + steps * here / (here - there)
