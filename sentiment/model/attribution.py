"""What each feature adds to an answer, in one review or in all."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from sentiment.features.hashing import Hashes
from sentiment.features.rows import CSRMatrix
from sentiment.features.vectorizer import Vectorizer
from sentiment.model.component import Component
from sentiment.model.model import Model
from sentiment.model.network import Network

Doubles = NDArray[np.float64]


def integrated_gradients(network: Network, row: CSRMatrix) -> Doubles:
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
    credits: Doubles = values * (kernel @ _mean_gradient(network, reached))
    return credits


def _mean_gradient(network: Network, reached: Doubles) -> Doubles:
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
    mean: Doubles = lengths @ gradient
    return mean


def _sums(
    times: Doubles,
    reached: Doubles,
    bias: NDArray[np.float32],
    kernels: list[Doubles],
    biases: list[Doubles],
) -> Doubles:
    """The sums of the units of a layer at some times on the way: float64 [times, units]."""
    sums: Doubles = times[:, None] * reached + bias
    for kernel, more in zip(kernels, biases, strict=True):
        sums = np.maximum(sums, 0) @ kernel + more
    return sums


def _crossings(times: Doubles, sums: Doubles) -> Doubles:
    """The times at which a unit turns on or off, where sums are linear between the times given."""
    before, after = sums[:-1], sums[1:]
    interval, unit = np.nonzero(before * after < 0)
    here, there = before[interval, unit], after[interval, unit]
    steps = np.diff(times)[interval]
    crossings: Doubles = times[interval] + steps * here / (here - there)
    return crossings


Moves = list[tuple[str, float]]


def most_influential(vectorizer: Vectorizer, network: Network, count: int) -> Hashes:
    """Give the keys of the features that move a logit most: weight times the first layer's reach.

    Args:
        vectorizer: of a model.
        network: of the same.
        count: how many at the most.

    Returns:
        uint64 [features], the strongest first.
    """
    reach = np.linalg.norm(network.layers[0].dense_kernel(), axis=1)
    influence = np.abs(vectorizer.weights) * reach
    return vectorizer.keys[np.argsort(-influence, kind="stable")[:count]]


def strongest_phrases(model: Model, count: int) -> tuple[Moves, Moves]:
    """Rank the n-grams whose text the model keeps by how far each alone moves the logit.

    Each is a review of its own, as long as its weight is beside the largest weight of any: so what
    is rare and what is certain do not count alike.

    Args:
        model: the model.
        count: how many n-grams of either kind at the most.

    Returns:
        Those that speak for *positive* and those that speak against it, the strongest first, each
        with the change of the calibrated logit. None is given that stands within another.
    """
    moves = model.add_up(map(_moves, model.components), _plus)
    names = sorted(moves, key=lambda name: -moves[name])
    ranked = (
        [name for name in names if moves[name] > 0],
        [name for name in reversed(names) if moves[name] < 0],
    )
    positive, negative = (
        [(name, moves[name]) for name in unnested(each, count)] for each in ranked
    )
    return positive, negative


def _moves(component: Component) -> dict[str, float]:
    """Return how far each n-gram with a text moves the calibrated logit of a component."""
    encoder = component.encoder
    columns = encoder.columns_of(np.array([*component.phrases], np.uint64))
    known = np.flatnonzero(columns >= 0)
    texts = [*component.phrases.values()]
    names, columns = [texts[number] for number in known.tolist()], columns[known]
    values = encoder.weights[columns] / max(np.abs(encoder.weights).max(initial=0), 1e-30)
    # The empty review comes last.
    offsets = np.append(np.arange(columns.size + 1), columns.size)
    logits = component.network.logits(CSRMatrix(columns, values, offsets, encoder.keys.size))
    moves = component.calibration.slope * (logits[:-1] - logits[-1])
    # The same text may name several features: the strongest comes last, and stays.
    order = np.argsort(np.abs(moves), kind="stable").tolist()
    return {names[number]: float(moves[number]) for number in order}


def _plus(own: dict[str, float], base: dict[str, float], weight: float) -> dict[str, float]:
    """Add moves of the same n-grams."""
    return own | {name: own.get(name, 0.0) + weight * move for name, move in base.items()}


def unnested(names: Iterable[str], limit: int) -> list[str]:
    """Keep the first names of which none stands within another, whole words alone.

    Args:
        names: phrases as `name_features` spells them, the most important first.
        limit: how many to keep at the most.
    """
    kept: list[str] = []
    bare: list[str] = []
    for name in names:
        if len(kept) == limit:
            break
        words = f" {name.removeprefix('… ')} "
        if not any(words in other or other in words for other in bare):
            kept.append(name)
            bare.append(words)
    return kept
