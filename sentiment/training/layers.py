"""The Keras layers of a transformer, computing on padded batches what `model.transformer` does.

This module imports Keras and TensorFlow, so it is imported in functions, after `load_keras`.
"""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from sentiment.model.activations import GELU_CUBIC, GELU_LINEAR
from sentiment.model.network import Layer
from sentiment.model.transformer import EPSILON, Block, Norm, Transformer

# Added to the scores of padding, which get no attention.
_NOTHING = -1e9


@tf.custom_gradient  # type: ignore[untyped-decorator]
def gelu(x: Any) -> Any:
    """GELU by its tanh formula, which is kept for the way back."""
    squares = x * x
    tanh = tf.tanh(x * (GELU_LINEAR + GELU_CUBIC * squares))

    def backward(slope: Any) -> Any:
        bend = x * (1 - tanh * tanh) * (GELU_LINEAR + 3 * GELU_CUBIC * squares)
        return 0.5 * slope * (1 + tanh + bend)

    return 0.5 * x * (1 + tanh), backward


def normalized(x: Any, scale: Any, shift: Any) -> Any:
    """Return rows with mean 0 and variance 1, on a line."""
    mean = tf.reduce_mean(x, axis=-1, keepdims=True)
    centred = x - mean
    variance = tf.reduce_mean(centred * centred, axis=-1, keepdims=True)
    return centred * (tf.math.rsqrt(variance + EPSILON) * scale) + shift


class Vectors(keras.layers.Layer):  # type: ignore[misc]
    """Numbers of pieces, 0 for padding → their vectors, normalized."""

    def __init__(self, network: Transformer) -> None:
        super().__init__(name="vectors")
        given = keras.initializers.Constant
        words = network.words.take(np.arange(len(network.words.rows)))
        places = network.places.take(np.arange(network.longest))
        self.words = self.add_weight(
            shape=words.shape, initializer=given(words), trainable=False, name="words"
        )
        self.places = self.add_weight(
            shape=places.shape, initializer=given(places), trainable=False, name="places"
        )
        norm = network.norm
        self.norm = [
            self.add_weight(shape=each.shape, initializer=given(each), name=name)
            for name, each in (("scale", norm.scale), ("shift", norm.shift))
        ]

    def compute_mask(self, ids: Any, previous: Any = None) -> Any:
        """Return which places hold pieces, bool [texts, length]."""
        return keras.ops.not_equal(ids, 0)

    def call(self, ids: Any) -> Any:
        """Return the vectors, [texts, length, width]."""
        x = tf.gather(self.words.value, ids) + self.places.value[: tf.shape(ids)[1]]
        return normalized(x, *self.norm)


class TransformerBlock(keras.layers.Layer):  # type: ignore[misc]
    """Attention and two dense layers, each added to its input and normalized."""

    def __init__(self, block: Block, heads: int, dropout: float, bfloat16: bool) -> None:
        super().__init__()
        self.supports_masking = True
        self.heads, self.rate = heads, dropout
        self.product = multiply_bfloat16 if bfloat16 else tf.matmul
        self.seeds = keras.random.SeedGenerator()
        given = keras.initializers.Constant
        arrays = [array for layer in block.layers for array in (layer.dense_kernel(), layer.bias)]
        for norm in (block.merge_norm, block.narrow_norm):
            arrays += [norm.scale, norm.shift]
        self.arrays = [
            self.add_weight(shape=array.shape, initializer=given(array), name=f"array_{number}")
            for number, array in enumerate(arrays)
        ]

    def call(self, x: Any, mask: Any = None, training: bool = False) -> Any:
        """Return new vectors of pieces, [texts, length, width]."""
        (
            attention,
            attention_bias,
            merge,
            merge_bias,
            widen,
            widen_bias,
            narrow,
            narrow_bias,
        ) = self.arrays[:8]
        shape = tf.shape(x)
        texts, length, width = shape[0], shape[1], x.shape[-1]
        flat = tf.reshape(x, (-1, width))
        parts = self.product(flat, attention.value) + attention_bias
        parts = tf.reshape(parts, (texts, length, 3, self.heads, width // self.heads))
        queries, keys, values = tf.unstack(tf.transpose(parts, (2, 0, 3, 1, 4)))
        queries *= (width // self.heads) ** -0.5
        scores = self.product(queries, tf.transpose(keys, (0, 1, 3, 2)))
        scores += tf.where(mask, 0.0, _NOTHING)[:, None, None, :]
        found = self.product(tf.nn.softmax(scores), values)
        found = tf.reshape(tf.transpose(found, (0, 2, 1, 3)), (-1, width))
        found = self._dropped(self.product(found, merge.value) + merge_bias, training)
        flat = normalized(flat + found, *self.arrays[8:10])
        wide = gelu(self.product(flat, widen.value) + widen_bias)
        found = self._dropped(self.product(wide, narrow.value) + narrow_bias, training)
        return tf.reshape(normalized(flat + found, *self.arrays[10:]), shape)

    def _dropped(self, x: Any, training: bool) -> Any:
        return keras.random.dropout(x, self.rate, seed=self.seeds) if training else x

    def block(self) -> Block:
        """Return the weights without Keras."""
        arrays = [np.asarray(each) for each in self.arrays]
        dense = [Layer.exact(*arrays[first : first + 2]) for first in (0, 2, 4, 6)]
        attention, merge, widen, narrow = dense
        norms = Norm(*arrays[8:10]), Norm(*arrays[10:])
        return Block(attention, merge, norms[0], widen, narrow, norms[1])


def multiply_bfloat16(a: Any, b: Any) -> Any:
    """Return the product of float32 matrices, multiplied in bfloat16 and summed in float32."""
    product = tf.matmul(tf.cast(a, tf.bfloat16), tf.cast(b, tf.bfloat16))
    return tf.cast(product, tf.float32)


class MeanOfPieces(keras.layers.Layer):  # type: ignore[misc]
    """The mean vector of the pieces of each text."""

    def __init__(self) -> None:
        super().__init__(name="mean")
        self.supports_masking = True

    def compute_mask(self, x: Any, previous: Any = None) -> None:
        """Return None: no padding is left."""

    def call(self, x: Any, mask: Any = None) -> Any:
        """Return the mean vectors, [texts, width]."""
        counted = tf.cast(mask, tf.float32)[:, :, None]
        return tf.reduce_sum(x * counted, axis=1) / tf.reduce_sum(counted, axis=1)
