"""The gradient of a transformer's log-odds by the vectors of a text's pieces, in numpy.

For integrated gradients (Sundararajan, Taly and Yan, "Axiomatic attribution for deep networks",
ICML 2017), which take it at points between the vectors of an empty text and those of this one. They
are the sums of a piece's and its place's, before they are normalized; the gradient is by reverse
differentiation (Rumelhart, Hinton and Williams, 1986) of each step of `transformer.py`.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sentiment.features.wordpiece import Pieces
from sentiment.model.network import forward
from sentiment.model.transformer import (
    EPSILON,
    GELU_CUBIC,
    GELU_LINEAR,
    Doubles,
    Floats,
    Transformer,
    Weights,
    softmax,
)

Array = NDArray[Any]

# Pieces differentiated at once, some 130 kB each in six blocks 384 wide, but always one text.
_MOST_PIECES = 1 << 9

# Points of each path at which credit takes the gradient: those of Gauss and Legendre.
_POINTS = 8


def credit(network: Transformer, row: Pieces) -> Doubles:
    """Compute what each piece of a text adds to its log-odds, by integrated gradients.

    A path begins where the vectors of pieces are, in turn, those of the first and of the last piece
    of the empty text. As only means are taken over pieces, by attention and in the end, the
    log-odds there are those of the empty text, if both are there as often; if not, the mean of two
    paths that begin with either makes up for it. What is left is divided in proportion to what
    pieces were given: the error of the quadrature, and that the last piece moves to its place.

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
    empty = row.cleared(np.ones(1, np.bool_))
    inner = slice(1, -1)
    found[inner] = _along_paths(network, row.ids, empty.ids)[inner]
    rest = (network.logits(row) - network.logits(empty))[0] - found.sum(axis=0)
    sizes = np.abs(found[inner])
    sizes[:, sizes.sum(axis=0) == 0] = 1
    found[inner] += rest * (sizes / sizes.sum(axis=0))
    return found


# The pieces of an empty text.
_ENDS = 2


def _along_paths(
    network: Transformer, ids: NDArray[np.integer], empty: NDArray[np.integer]
) -> Doubles:
    """Return the change of each piece's vector times the mean gradient on the two paths.

    float64 [pieces, K − 1].
    """
    (ends,) = embedded(network, empty[None])
    (text,) = embedded(network, ids[None])
    turns = np.arange(ids.size) % _ENDS
    turns = np.stack((turns, 1 - turns))
    turns[:, 0], turns[:, -1] = 0, 1
    moves = text - ends[turns]  # [paths, pieces, width]
    times, shares = np.polynomial.legendre.leggauss(_POINTS)
    left = ((1 - times) / 2).astype(np.float32)
    found = np.zeros((ids.size, network.output.bias.size))
    for move in moves:
        # A network made for it may bend more sharply than float32 can tell.
        with np.errstate(over="ignore", invalid="ignore"):
            _, slopes = gradients(network, text - left[:, None, None] * move)
            found += np.einsum("ktpw,t,pw->pk", slopes, shares / 2 / len(moves), move)
    return np.nan_to_num(found, nan=0.0, posinf=0.0, neginf=0.0)


def embedded(network: Transformer, ids: NDArray[np.integer]) -> Floats:
    """Return the sums of the vectors of pieces and of their places, not yet normalized.

    Args:
        network: with the vectors.
        ids: the pieces of texts of one length, [texts, length].

    Returns:
        float32 [texts, length, width].
    """
    return network.words.take(ids) + network.places.take(np.arange(ids.shape[1]))


def gradients(network: Transformer, vectors: Array) -> tuple[Doubles, Array]:
    """Compute the log-odds of texts given as vectors, and their gradients.

    Args:
        network: of any number of blocks.
        vectors: as of `embedded`, [texts, length, width], float32 or float64; all is computed in
            their dtype.

    Returns:
        Log-odds, float64 [texts, K − 1]; and the derivative of each by each of the numbers of its
        text's vectors, [K − 1, texts, length, width], in the dtype of `vectors`.
    """
    weights = network.weights
    if vectors.dtype != np.float32:
        weights = tuple(Weights.of(block, network.heads, np.float64) for block in network.blocks)
    outputs = network.output.bias.size
    logits = np.empty((len(vectors), outputs))
    slopes = np.empty((outputs, *vectors.shape), vectors.dtype)
    size = max(1, _MOST_PIECES // vectors.shape[1])
    for first in range(0, len(vectors), size):
        some = slice(first, first + size)
        logits[some], slopes[:, some] = _gradients(network, weights, vectors[some])
    return logits, slopes


def _gradients(
    network: Transformer, weights: tuple[Weights, ...], vectors: Array
) -> tuple[Doubles, Array]:
    texts, length, width = vectors.shape
    scale, shift = (each.astype(vectors.dtype) for each in (network.norm.scale, network.norm.shift))
    start = _normalized(vectors.reshape(-1, width), scale)
    x = start.centred * scale + shift
    passes = []
    for block in weights:
        x, saved = _forward(block, x, texts, network.heads)
        passes.append(saved)
    means = x.reshape(vectors.shape).mean(axis=1)
    logits = network.logits_of(means)
    slopes = np.empty((logits.shape[1], *vectors.shape), vectors.dtype)
    for found, by_mean in zip(slopes, _by_means(network, means), strict=True):
        slope = np.repeat((by_mean / length).astype(vectors.dtype), length, axis=0)
        for block, saved in zip(reversed(weights), reversed(passes), strict=True):
            slope = _backward(block, saved, slope)
        found[:] = start.backward(slope).reshape(vectors.shape)
    return logits, slopes


def _by_means(network: Transformer, means: Array) -> Doubles:
    """Return the gradients of log-odds by mean vectors, float64 [K − 1, texts, width]."""
    x, on = means, []
    for layer in network.hidden:
        x = np.maximum(forward((layer,), x), 0)
        on.append(x > 0)
    kernel = network.output.dense_kernel().astype(np.float64)
    slopes: Doubles = np.repeat(kernel.T[:, None], len(means), axis=1)
    for layer, active in zip(reversed(network.hidden), reversed(on), strict=True):
        slopes = (slopes * active) @ layer.dense_kernel().T
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


def _forward(weights: Weights, x: Array, texts: int, heads: int) -> tuple[Array, _Pass]:
    """Return what a block makes of vectors, [pieces, width], and what it computed on the way."""
    width = x.shape[1]
    projected = x @ weights.attention
    projected[:, :width] += weights.query_bias
    parts = projected.reshape(texts, -1, 3, heads, width // heads).transpose(2, 0, 3, 1, 4)
    queries, keys, values = parts
    attention = queries @ keys.swapaxes(2, 3)
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


def _backward(weights: Weights, saved: _Pass, slope: Array) -> Array:
    """Return the gradient by a block's input from that by its result, [pieces, width]."""
    slope = saved.second.backward(slope)
    sums, tanh = saved.sums, saved.tanh
    bend = GELU_LINEAR + 3 * GELU_CUBIC * sums**2
    inner = (slope @ weights.narrow.T) * (1 + tanh + sums * (1 - tanh**2) * bend)
    slope = saved.first.backward(slope + inner @ weights.widen.T)
    return slope + _attention_backward(saved, slope @ weights.merge.T) @ weights.attention.T


def _attention_backward(saved: _Pass, slope: Array) -> Array:
    """Return the gradient by queries, keys and values: [pieces, width] → [pieces, 3 · width]."""
    queries, keys, values = saved.parts
    attention = saved.attention
    texts, heads, length, size = queries.shape
    found = slope.reshape(texts, length, heads, size).transpose(0, 2, 1, 3)
    by_weights = found @ values.swapaxes(2, 3)
    scores = attention * (by_weights - (by_weights * attention).sum(axis=-1, keepdims=True))
    by_parts = (scores @ keys, scores.swapaxes(2, 3) @ queries, attention.swapaxes(2, 3) @ found)
    return np.concatenate([_joined(part) for part in by_parts], axis=1)


def _joined(of_heads: Array) -> Array:
    """Return the parts of heads side by side: [texts, heads, length, size] → [pieces, width]."""
    texts, heads, length, size = of_heads.shape
    return of_heads.transpose(0, 2, 1, 3).reshape(texts * length, heads * size)
