"""What each piece of a text adds to a transformer's log-odds: integrated gradients, in numpy.

Sundararajan, Taly and Yan, "Axiomatic attribution for deep networks" (ICML 2017). The gradient is
by the presence of each piece. A presence of 2 is to have the piece twice: attention counts it
twice, and so does the mean of the text. Without presence, all but the first and the last piece are
as if they were not there. So the path leads from the empty text to this one, past texts that hold
all of its words alike, where replacing their vectors, step by step, passes what is no text at all.

It is by reverse differentiation (Rumelhart, Hinton and Williams, 1986) of each step of
`transformer.py`.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sentiment.features.wordpiece import Pieces
from sentiment.model.activations import ACTIVATIONS, GELU_CUBIC, GELU_LINEAR
from sentiment.model.network import forward
from sentiment.model.transformer import (
    EPSILON,
    Doubles,
    Floats,
    Transformer,
    Weights,
    softmax,
)

Array = NDArray[Any]

# Pieces differentiated at once, some 130 kB each in six blocks 384 wide, but always one text.
_MOST_PIECES = 1 << 9

# Points of the path at which the gradient is taken: those of Gauss and Legendre.
_POINTS = 8
# How much slower than even the path leaves the empty text, where little presence changes much.
_SLOWER = 16.0
# The pieces of an empty text, which every text has.
_ENDS = 2


def credit(network: Transformer, row: Pieces) -> Doubles:
    """Compute what each piece of a text adds to its log-odds.

    Along the path, the last piece moves from its place in the empty text to that in this one. What
    that changes, and the error of the quadrature, is little beside what the pieces are given, and
    is divided in proportion to it.

    Args:
        network: of any number of blocks.
        row: a single text.

    Returns:
        float64 [pieces, K − 1], 0 for the first and the last; the sums are the text's log-odds
        less those of the empty one.
    """
    found = np.zeros((row.ids.size, network.output.bias.size))
    if row.ids.size <= _ENDS:
        return found
    inner = slice(1, -1)
    found[inner] = _along_path(network, row.ids)[inner] * network.scales(row)
    empty = row.cleared(np.ones(1, np.bool_))
    rest = (network.logits(row) - network.logits(empty))[0] - found.sum(axis=0)
    sizes = np.abs(found[inner])
    sizes[:, sizes.sum(axis=0) == 0] = 1
    found[inner] += rest * (sizes / sizes.sum(axis=0))
    return found


def _along_path(network: Transformer, ids: NDArray[np.integer]) -> Doubles:
    """Return the integral of the gradient by each piece's presence, float64 [pieces, K − 1]."""
    places, shares = np.polynomial.legendre.leggauss(_POINTS)
    times = (1 + places) / 2
    slowed = times + _SLOWER * (1 - times)
    presence = np.ones((_POINTS, ids.size), np.float32)
    presence[:, 1:-1] = (times / slowed)[:, None]
    vectors = np.tile(embedded(network, ids), (_POINTS, 1, 1))
    moved = network.places.take(np.array([_ENDS - 1, ids.size - 1]))
    vectors[:, -1] += (1 - presence[:, 1:2]) * (moved[0] - moved[1])
    # A network made for it may bend more sharply than float32 can tell.
    with np.errstate(over="ignore", invalid="ignore"):
        _, slopes = gradients(network, vectors, presence)
        found = np.einsum("ktp,t->pk", slopes, shares / 2 * _SLOWER / slowed**2)
    return np.nan_to_num(found, nan=0.0, posinf=0.0, neginf=0.0)


def embedded(network: Transformer, ids: NDArray[np.integer]) -> Floats:
    """Return the sums of the vectors of a text's pieces and of their places, not yet normalized.

    Args:
        network: with the vectors.
        ids: the pieces, [pieces].

    Returns:
        float32 [pieces, width].
    """
    return network.words.take(ids) + network.places.take(np.arange(ids.size))


def gradients(network: Transformer, vectors: Array, presence: Array) -> tuple[Doubles, Array]:
    """Compute the log-odds of texts whose pieces are present more or less, and their gradients.

    Args:
        network: of any number of blocks.
        vectors: as of `embedded`, [texts, pieces, width].
        presence: how often each piece counts, above 0, [texts, pieces], float32 or float64; all is
            computed in its dtype.

    Returns:
        Log-odds, float64 [texts, K − 1]; and the derivative of each by the presence of each piece,
        [K − 1, texts, pieces], in the dtype of `presence`.
    """
    weights = network.weights
    if presence.dtype != np.float32:
        weights = tuple(Weights.of(block, network.heads, np.float64) for block in network.blocks)
    outputs = network.output.bias.size
    logits = np.empty((len(presence), outputs))
    slopes = np.empty((outputs, *presence.shape), presence.dtype)
    size = max(1, _MOST_PIECES // presence.shape[1])
    for first in range(0, len(presence), size):
        some = slice(first, first + size)
        given = vectors[some].astype(presence.dtype), presence[some]
        logits[some], slopes[:, some] = _gradients(network, weights, *given)
    return logits, slopes


def _gradients(
    network: Transformer, weights: tuple[Weights, ...], vectors: Array, presence: Array
) -> tuple[Doubles, Array]:
    scale, shift = (
        each.astype(presence.dtype) for each in (network.norm.scale, network.norm.shift)
    )
    x = _normalized(vectors.reshape(-1, network.width), scale).centred * scale + shift
    counts = np.log(presence)
    passes = []
    for block in weights:
        x, saved = _forward(block, x, counts, network.heads)
        passes.append(saved)
    x = x.reshape(*presence.shape, -1)
    shares = presence / presence.sum(axis=1, keepdims=True)
    pooled = np.einsum("tp,tpw->tw", shares, x)
    logits = network.logits_of(pooled)
    slopes = np.empty((logits.shape[1], *presence.shape), presence.dtype)
    by_means = _by_means(network, pooled).astype(presence.dtype)
    for number, by_mean in enumerate(by_means):
        by_counts = shares * np.einsum("tpw,tw->tp", x - pooled[:, None], by_mean)
        slope = (shares[:, :, None] * by_mean[:, None]).reshape(-1, network.width)
        for block, saved in zip(reversed(weights), reversed(passes), strict=True):
            slope, by_count = _backward(block, saved, slope)
            by_counts += by_count
        slopes[number] = by_counts / presence
    return logits, slopes


def _by_means(network: Transformer, means: Array) -> Doubles:
    """Return the gradients of log-odds by mean vectors, float64 [K − 1, texts, width]."""
    activation = ACTIVATIONS[network.activation]
    x, own = means, []
    for layer in network.hidden:
        sums = forward((layer,), x)
        own.append(activation.slope(sums))
        x = activation.value(sums)
    kernel = network.output.dense_kernel().astype(np.float64)
    slopes: Doubles = np.repeat(kernel.T[:, None], len(means), axis=1)
    for layer, slope in zip(reversed(network.hidden), reversed(own), strict=True):
        slopes = (slopes * slope) @ layer.dense_kernel().T
    return slopes


class _Normalized(NamedTuple):
    """What layer normalization did to rows.

    Attributes:
        centred: the rows with mean 0 and variance 1, [rows, width].
        inverse: the inverse of their standard deviations, [rows, 1].
        scale: what they are multiplied by next, [width].
    """

    centred: Array
    inverse: Array
    scale: Array

    def backward(self, slope: Array) -> Array:
        """Return the gradient by the rows from that by the result, [rows, width]."""
        slope = slope * self.scale
        along = np.einsum("ij,ij->i", slope, self.centred)[:, None] / slope.shape[1]
        return self.inverse * (slope - slope.mean(axis=1, keepdims=True) - self.centred * along)


def _normalized(x: Array, scale: Array) -> _Normalized:
    """Bring rows to mean 0 and variance 1."""
    centred = x - x.mean(axis=1, keepdims=True)
    inverse = 1 / np.sqrt((centred**2).mean(axis=1, keepdims=True) + x.dtype.type(EPSILON))
    centred *= inverse
    return _Normalized(centred, inverse, scale)


class _Pass(NamedTuple):
    """What a block computed on the way forward.

    Attributes:
        parts: queries, keys and values, [3, texts, heads, length, width of a head].
        attention: its weights, [texts, heads, length, length].
        first, second: the two normalizations.
        sums: before GELU, [pieces, inner].
        tanh: of GELU, [pieces, inner].
    """

    parts: Array
    attention: Array
    first: _Normalized
    second: _Normalized
    sums: Array
    tanh: Array


def _forward(weights: Weights, x: Array, counts: Array, heads: int) -> tuple[Array, _Pass]:
    """Return what a block makes of vectors, and what it computed on the way.

    Args:
        weights: of the block.
        x: [texts · length, width].
        counts: logarithms of the presence of pieces, [texts, length].
        heads: of its attention.
    """
    width = x.shape[1]
    projected = x @ weights.attention
    projected[:, :width] += weights.query_bias
    parts = projected.reshape(*counts.shape, 3, heads, width // heads).transpose(2, 0, 3, 1, 4)
    queries, keys, values = parts
    attention = queries @ keys.swapaxes(2, 3)
    attention += counts[:, None, None]
    softmax(attention)
    found = _joined(attention @ values)
    first = _normalized(x + found @ weights.merge + weights.merge_bias, weights.merge_scale)
    x = first.centred * weights.merge_scale + weights.merge_shift
    sums = x @ weights.widen + weights.widen_bias
    tanh = np.tanh(sums * (GELU_LINEAR + GELU_CUBIC * sums**2))
    x = x + (sums * (1 + tanh)) @ weights.narrow + weights.narrow_bias
    second = _normalized(x, weights.narrow_scale)
    x = second.centred * weights.narrow_scale + weights.narrow_shift
    return x, _Pass(parts, attention, first, second, sums, tanh)


def _backward(weights: Weights, saved: _Pass, slope: Array) -> tuple[Array, Array]:
    """Return the gradient by a block's input from that by its result, [pieces, width].

    Also that by the logarithms of presence in its attention, [texts, length].
    """
    slope = saved.second.backward(slope)
    sums, tanh = saved.sums, saved.tanh
    bend = GELU_LINEAR + 3 * GELU_CUBIC * sums**2
    inner = (slope @ weights.narrow.T) * (1 + tanh + sums * (1 - tanh**2) * bend)
    slope = saved.first.backward(slope + inner @ weights.widen.T)
    by_parts, by_scores = _attention_backward(saved, slope @ weights.merge.T)
    return slope + by_parts @ weights.attention.T, by_scores.sum(axis=(1, 2))


def _attention_backward(saved: _Pass, slope: Array) -> tuple[Array, Array]:
    """Return the gradient by queries, keys and values: [pieces, width] → [pieces, 3 · width].

    Also that by the scores, [texts, heads, length, length].
    """
    queries, keys, values = saved.parts
    attention = saved.attention
    texts, heads, length, size = queries.shape
    found = slope.reshape(texts, length, heads, size).transpose(0, 2, 1, 3)
    by_weights = found @ values.swapaxes(2, 3)
    scores = attention * (by_weights - (by_weights * attention).sum(axis=-1, keepdims=True))
    by_parts = (scores @ keys, scores.swapaxes(2, 3) @ queries, attention.swapaxes(2, 3) @ found)
    return np.concatenate([_joined(part) for part in by_parts], axis=1), scores


def _joined(of_heads: Array) -> Array:
    """Return the parts of heads side by side: [texts, heads, length, size] → [pieces, width]."""
    texts, heads, length, size = of_heads.shape
    return of_heads.transpose(0, 2, 1, 3).reshape(texts * length, heads * size)
