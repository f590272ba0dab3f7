"""What each feature of one review adds to the logit: integrated gradients, computed exactly."""

import numpy as np
from numpy.typing import NDArray

from sentiment.features import SparseRows
from sentiment.model.network import Network

Floats = NDArray[np.float64]


def integrated_gradients(network: Network, row: SparseRows) -> Floats:
    """Credit each feature of a review with its part of the logit.

    Sundararajan, Taly and Yan, "Axiomatic attribution for deep networks" (ICML 2017): the value of
    each feature times its mean gradient on the straight way from the empty review to this one. On
    that way the network is linear between the points where a ReLU turns on or off; with these
    found, the mean is exact, however many layers there are.

    Args:
        network: the network.
        row: one row.

    Returns:
        float64 [non-zeros of the row]; the sum is the row's logit less that of the empty row.
    """
    first, *_ = network.layers
    kernel = first.kernel[row.columns] * first.scale.astype(np.float64)
    values = row.values.astype(np.float64)
    reached = values @ kernel  # what the whole row adds to the first layer's units
    credits: Floats = values * (kernel @ _mean_gradient(network, reached))
    return credits


def _mean_gradient(network: Network, reached: Floats) -> Floats:
    """The mean gradient of the logit by the first layer's sums, from bias to bias + reached.

    Returns:
        float64 [units of the first layer].
    """
    first, *rest = network.layers
    kernels = [layer.dense_kernel().astype(np.float64) for layer in rest]
    biases = [layer.bias.astype(np.float64) for layer in rest]
    times = np.array([0.0, 1.0])
    for depth in range(len(rest)):
        sums = _sums(times, reached, first.bias, kernels[:depth], biases[:depth])
        times = np.union1d(times, _crossings(times, sums))
    middles, lengths = (times[1:] + times[:-1]) / 2, np.diff(times)
    gradient = np.ones((middles.size, 1))
    for depth in reversed(range(len(rest))):
        sums = _sums(middles, reached, first.bias, kernels[:depth], biases[:depth])
        gradient = (gradient @ kernels[depth].T) * (sums > 0)
    mean: Floats = lengths @ gradient
    return mean


def _sums(
    times: Floats,
    reached: Floats,
    bias: NDArray[np.float32],
    kernels: list[Floats],
    biases: list[Floats],
) -> Floats:
    """The sums of the units of a layer at some times on the way: float64 [times, units]."""
    sums: Floats = times[:, None] * reached + bias
    for kernel, more in zip(kernels, biases, strict=True):
        sums = np.maximum(sums, 0) @ kernel + more
    return sums


def _crossings(times: Floats, sums: Floats) -> Floats:
    """The times at which a unit turns on or off, where sums are linear between the times given."""
    before, after = sums[:-1], sums[1:]
    interval, unit = np.nonzero(before * after < 0)
    here, there = before[interval, unit], after[interval, unit]
    steps = np.diff(times)[interval]
    crossings: Floats = times[interval] + steps * here / (here - there)
    return crossings
