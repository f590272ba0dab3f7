"""The Keras layers of a convolutional network: vectors, highest numbers of filters, the mean.

They compute on padded batches what `sentiment.model.convolution` computes.
"""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from sentiment.training.dense import initializer


class WordVectors(keras.layers.Embedding):  # type: ignore[misc]
    """An Embedding in which the vector of a word is the sum of its own and of its beginning's.

    So words that begin alike are alike, the more so the rarer they are (after the subwords of
    Bojanowski et al., TACL 2017).

    Input: both numbers, int32 [texts, length, 2], 0 for none. Output: [texts, length, numbers].
    """

    def call(self, inputs: Any) -> Any:
        """Return the sums; where there is no word, zeros."""
        there = tf.cast(inputs > 0, self.compute_dtype)[..., None]
        return tf.reduce_sum(super().call(inputs) * there, axis=-2)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Return where there is a word, bool [texts, length]."""
        return inputs[..., 0] > 0

    def compute_output_shape(self, shape: Any) -> Any:
        """Return the shape of the output."""
        return (*shape[:-1], self.output_dim)


class PooledConvolutions(keras.layers.Layer):  # type: ignore[misc]
    """Convolutions (Conv1D) of several widths with GlobalMaxPooling1D and ReLU, beside the mean.

    A `Sequential` takes one layer after the other, so this is one for all of them. The highest
    number of a filter is found without gradients, and computed again from the words at its place.
    So gradients go back through these words alone, which is the gradient of a maximum, and costs
    little: those of all other places are zeros.

    Input: vectors, float [texts, length, numbers], with a mask of words, zeros where there is none;
    each text has as many places without a word behind its last as the widest filter looks at. Texts
    of several networks side by side alternate. Output: [texts, filters of all widths + numbers], or
    [rounds, networks, filters + numbers]; the mean is multiplied by the root of the number of
    words.
    """

    def __init__(self, networks: int, widths: Sequence[int], filters: int) -> None:
        super().__init__()
        self.supports_masking = True
        self.networks, self.widths, self.filters = networks, tuple(widths), filters

    def build(self, shape: Any) -> None:
        """Make kernels, [networks, width · numbers, filters], and biases."""
        self.kernels = [
            self.add_weight(
                shape=(self.networks, width * shape[-1], self.filters),
                initializer=initializer(self.networks),
                name=f"kernel_{width}",
            )
            for width in self.widths
        ]
        size = self.filters * len(self.widths)
        self.bias = self.add_weight(shape=(self.networks, size), initializer="zeros", name="bias")

    def call(self, inputs: Any, mask: Any = None) -> Any:
        """Return the highest numbers and the mean; a `Sequential` is built without a mask."""
        if mask is None:
            mask = tf.ones(tf.shape(inputs)[:-1], tf.bool)
        count = tf.reduce_sum(tf.cast(mask, inputs.dtype), axis=1, keepdims=True)
        mean = tf.reduce_sum(inputs, axis=1) / tf.sqrt(tf.maximum(count, 1))
        if self.networks == 1:
            return tf.concat((self._highest(inputs, 0), mean), axis=1)
        every = range(self.networks)
        highest = [self._highest(inputs[place :: self.networks], place) for place in every]
        means = tf.reshape(mean, (-1, self.networks, mean.shape[-1]))
        return tf.concat((tf.stack(highest, axis=1), means), axis=2)

    def compute_mask(self, inputs: Any, mask: Any = None) -> None:
        """Return nothing: the filters have no places."""

    def _highest(self, vectors: Any, network: int) -> Any:
        """Return the highest number of each filter of a network, after ReLU: [texts, filters]."""
        kernels = [kernel[network] for kernel in self.kernels]
        shape = tf.shape(vectors)
        texts, length, size = shape[0], shape[1], vectors.shape[-1]
        count = length - max(self.widths) + 1
        flat = tf.reshape(vectors, (-1, size))
        starts = length * tf.range(texts)[:, None]
        fixed = tf.stop_gradient(vectors)
        places = [
            starts + self._places(fixed, tf.stop_gradient(kernel), width, count)
            for width, kernel in zip(self.widths, kernels, strict=True)
        ]
        steps = [
            place[..., None] + tf.range(width)
            for place, width in zip(places, self.widths, strict=True)
        ]
        # All words are taken at once: their gradients are added up at once, too.
        rows = tf.concat([tf.reshape(step, (texts, -1)) for step in steps], axis=1)
        taken = tf.split(
            tf.gather(flat, rows), [self.filters * width for width in self.widths], axis=1
        )
        sums = [
            tf.reduce_sum(
                tf.reshape(some, (texts, self.filters, width * size)) * tf.transpose(kernel), axis=2
            )
            for some, width, kernel in zip(taken, self.widths, kernels, strict=True)
        ]
        return tf.nn.relu(tf.concat(sums, axis=1) + self.bias[network])

    def _places(self, vectors: Any, kernel: Any, width: int, count: Any) -> Any:
        """Return the place of each filter's highest number, int32 [texts, filters]."""
        frames = tf.concat([vectors[:, place : place + count] for place in range(width)], axis=2)
        sums = tf.matmul(tf.reshape(frames, (-1, kernel.shape[0])), kernel)
        sums = tf.reshape(sums, (-1, count, self.filters))
        return tf.argmax(sums, axis=1, output_type=tf.int32)

    def compute_output_shape(self, shape: Any) -> Any:
        """Return the shape of the output."""
        units = self.filters * len(self.widths) + shape[-1]
        return (None, units) if self.networks == 1 else (None, self.networks, units)
