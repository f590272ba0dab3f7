"""The forward pass of a trained network, in numpy: sparse rows in, logits out."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sentiment.features.rows import CSRMatrix, runs

Floats = NDArray[np.float32]

# Non-zeros multiplied at once: the gathered kernel rows then stay in the processor's cache.
_BLOCK = 1 << 15


@dataclass(frozen=True, eq=False)
class Layer:
    """A dense layer: inputs @ (kernel · scale) + bias.

    Attributes:
        kernel: [inputs, outputs], float32, or int8 where it is stored quantized.
        scale: float32 [outputs]; the value of one quantization step, 1 where not quantized.
        bias: float32 [outputs].
    """

    kernel: Floats | NDArray[np.int8]
    scale: Floats
    bias: Floats

    @classmethod
    def exact(cls, kernel: Floats, bias: Floats) -> "Layer":
        """Keep the weights as they are."""
        return cls(kernel, np.ones(kernel.shape[1], np.float32), bias)

    def quantized(self) -> "Layer":
        """Round each output's weights to 255 equal steps."""
        kernel = self.dense_kernel()
        scale = np.maximum(np.abs(kernel).max(axis=0, initial=0), 1e-30).astype(np.float32) / 127
        return Layer(np.rint(kernel / scale).astype(np.int8), scale.astype(np.float32), self.bias)

    def dense_kernel(self) -> Floats:
        """Return the weights as numbers, float32 [inputs, outputs]."""
        return np.multiply(self.kernel, self.scale, dtype=np.float32)


@dataclass(frozen=True, eq=False)
class Network:
    """Dense layers with ReLU between them; the last has one output, the logit.

    Attributes:
        layers: at least one; the first takes the sparse rows.
    """

    layers: tuple[Layer, ...]

    def logits(self, rows: CSRMatrix) -> NDArray[np.float64]:
        """Score rows: the log-odds of *positive*, float64 [rows], before calibration."""
        first, *rest = self.layers
        products = sparse_product(rows, first.kernel) * first.scale + first.bias
        # In double precision, so that how many rows are multiplied at once does not show.
        activations = products.astype(np.float64)
        for layer in rest:
            np.maximum(activations, 0, out=activations)
            activations = activations @ layer.dense_kernel().astype(np.float64) + layer.bias
        return activations[:, 0]

    @property
    def hidden(self) -> tuple[int, ...]:
        """Units of each hidden layer."""
        return tuple(layer.bias.size for layer in self.layers[:-1])

    def __eq__(self, other: object) -> bool:
        """Whether both have the same weights."""
        return (
            isinstance(other, Network)
            and all(
                np.array_equal(mine, theirs)
                for a, b in zip(self.layers, other.layers, strict=False)
                for mine, theirs in ((a.kernel, b.kernel), (a.scale, b.scale), (a.bias, b.bias))
            )
            and len(self.layers) == len(other.layers)
        )

    __hash__ = None  # type: ignore[assignment]


def sparse_product(rows: CSRMatrix, kernel: Floats | NDArray[np.int8]) -> Floats:
    """Multiply sparse rows [n, inputs] with a kernel [inputs, outputs]: float32 [n, outputs]."""
    product = np.zeros((len(rows), kernel.shape[1]), dtype=np.float32)
    for block in runs(rows.offsets, _BLOCK):
        first, last = block.start, block.stop
        start, end = rows.offsets[first], rows.offsets[last]
        terms = kernel[rows.columns[start:end]] * rows.values[start:end, None]
        # reduceat gives an empty row its neighbor's first term, so sum the others only.
        filled = np.flatnonzero(np.diff(rows.offsets[first : last + 1]))
        if filled.size:
            starts = rows.offsets[first + filled] - start
            product[first + filled] = np.add.reduceat(terms, starts, axis=0)
    return product
