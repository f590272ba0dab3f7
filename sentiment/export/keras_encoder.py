"""The encoder of a language model in Keras's own layers: numbers of pieces → mean vectors.

It computes what `sentiment.model.transformer` computes, on padded texts: padding gets no attention
and is no part of the mean. Places are counted among the pieces of a text, so padding may be at
either end.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment.model.network import Layer
from sentiment.model.transformer import EPSILON, Block, Norm, Table, Transformer
from sentiment.training.backend import load_keras


def mean_vectors(network: Transformer, longest: int, ids: Any, mask: Any, prefix: str) -> Any:
    """Return a tensor of the mean vectors of texts, float32 [rows, width].

    Args:
        network: the encoder.
        longest: the largest number of pieces of a text.
        ids: tensor of the numbers of pieces, int32 [rows, length].
        mask: tensor of 1 for a piece and 0 for padding, int32 [rows, length].
        prefix: of the names of layers.
    """
    keras = load_keras()
    layers = keras.layers
    places = (keras.ops.cumsum(mask, axis=1) - 1) * mask  # 0 for padding
    x = layers.Add(name=f"{prefix}vectors")(
        [
            _embedding(network.words, f"{prefix}words")(ids),
            _embedding(network.places.first(longest), f"{prefix}places")(places),
        ]
    )
    x = _norm(network.norm, f"{prefix}norm")(x)
    for number, block in enumerate(network.blocks):
        x = _block(x, mask, block, network.heads, f"{prefix}block_{number}")
    return layers.GlobalAveragePooling1D(name=f"{prefix}mean")(x, mask=mask)


def scaled(sums: Any, network: Transformer, mask: Any) -> Any:
    """Return sums times the scale of long texts: [rows, K − 1] → the same."""
    if network.long_scale == 1:
        return sums
    pieces = load_keras().ops.sum(mask, axis=1, keepdims=True)
    return sums * (1 - (1 - network.long_scale) / network.longest * pieces)


def _block(x: Any, mask: Any, block: Block, heads: int, name: str) -> Any:
    """Return the vectors behind a block, a tensor of the shape of `x`."""
    keras = load_keras()
    found = _attention(block, heads, f"{name}_attention")(x, x, value_mask=mask)
    x = keras.layers.Add(name=f"{name}_merged")([x, found])
    x = _norm(block.merge_norm, f"{name}_merge_norm")(x)
    wide = _dense(block.widen, f"{name}_widen")(x)
    found = _dense(block.narrow, f"{name}_narrow")(keras.ops.gelu(wide, approximate=True))
    x = keras.layers.Add(name=f"{name}_narrowed")([x, found])
    return _norm(block.narrow_norm, f"{name}_narrow_norm")(x)


def _attention(block: Block, heads: int, name: str) -> Any:
    """Return a layer of attention, with the dense layer that merges the heads."""
    width = len(block.attention.kernel)
    size = width // heads
    kernel = block.attention.dense_kernel().reshape(width, 3, heads, size)
    bias = block.attention.bias.reshape(3, heads, size)
    weights = [array for part in range(3) for array in (kernel[:, part], bias[part])]
    weights += [block.merge.dense_kernel().reshape(heads, size, width), block.merge.bias]
    layer = load_keras().layers.MultiHeadAttention(heads, size, name=name)
    shape = (None, None, width)
    return _filled(layer, weights, query_shape=shape, value_shape=shape)


def _embedding(table: Table, name: str) -> Any:
    """Return a layer of vectors by number."""
    rows = table.take(np.arange(len(table.rows)))
    return _filled(load_keras().layers.Embedding(*rows.shape, name=name), [rows], (None, None))


def _norm(norm: Norm, name: str) -> Any:
    """Return a layer normalization."""
    layer = load_keras().layers.LayerNormalization(epsilon=EPSILON, name=name)
    return _filled(layer, [norm.scale, norm.shift], (None, None, norm.scale.size))


def _dense(layer: Layer, name: str) -> Any:
    """Return a dense layer over each piece."""
    made = load_keras().layers.Dense(layer.bias.size, name=name)
    return _filled(made, [layer.dense_kernel(), layer.bias], (None, None, len(layer.kernel)))


def _filled(layer: Any, weights: Sequence[NDArray[Any]], *shape: Any, **shapes: Any) -> Any:
    """Return a layer, built for inputs of a shape, with weights."""
    layer.build(*shape, **shapes)
    layer.set_weights(weights)
    return layer
