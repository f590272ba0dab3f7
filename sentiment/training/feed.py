"""Rows on their way into Keras."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment.features import EncodedRows, SparseRows
from sentiment.model import Network
from sentiment.training.material import in_blocks


@dataclass(frozen=True)
class Example:
    """Reviews with their labels.

    Attributes:
        rows: feature vectors of these reviews and others, [m, features].
        numbers: which of the rows these are, int64 [n]; one may be there twice.
        labels: how far each is positive, from 0 to 1, [n].
    """

    rows: SparseRows | EncodedRows
    numbers: NDArray[np.int64]
    labels: NDArray[np.floating]

    def logits(self, network: Network) -> NDArray[np.float64]:
        """Score these reviews, [n]."""
        return logits_of(network, self.rows, self.numbers)


def logits_of(
    network: Network, rows: SparseRows | EncodedRows, numbers: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Score some reviews, a few at a time: float64 [numbers]."""
    scored = (network.logits(rows.take(some)) for some in in_blocks(numbers))
    return np.concatenate([np.zeros(0), *scored])


class Feed:
    """Serves rows in batches, shuffled anew each epoch.

    TensorFlow never forgets a generator; `close` makes it one that holds no rows.
    """

    def __init__(self, example: Example, size: int, seed: int, epochs: int = 0) -> None:
        """Begin as after so many epochs: each shuffles what the one before left."""
        self._example: Example | None = example
        self._size = size
        self._random = np.random.default_rng(seed)
        self._order = np.arange(example.numbers.size)
        for _ in range(epochs):
            self._random.shuffle(self._order)
        self.steps = math.ceil(self._order.size / size)
        self.batches = self._dataset(example.rows.width)

    def close(self) -> None:
        """Let go of the rows."""
        self._example = None

    def _epoch(self) -> Iterator[tuple[Any, ...]]:
        self._random.shuffle(self._order)
        for first in range(0, self._order.size, self._size):
            if self._example is None:
                return
            chosen = self._order[first : first + self._size]
            batch = self._example.rows.take(self._example.numbers[chosen])
            targets = self._example.labels[chosen].astype(np.float32)[:, None]
            yield batch.columns, batch.values, np.diff(batch.offsets), targets

    def _dataset(self, width: int) -> Any:
        """A `tf.data.Dataset` of `tf.SparseTensor`, two batches ahead."""
        import tensorflow as tf

        # Converting it would write a file where temporary files go, which may be full.
        @tf.autograph.experimental.do_not_convert  # type: ignore[untyped-decorator]
        def to_tensor(columns: Any, values: Any, lengths: Any, targets: Any) -> tuple[Any, Any]:
            count = tf.size(lengths, out_type=tf.int64)
            rows = tf.repeat(tf.range(count), lengths)
            places = tf.stack([rows, tf.cast(columns, tf.int64)], axis=1)
            return tf.SparseTensor(places, values, (count, width)), targets

        specs = (
            tf.TensorSpec((None,), tf.int32),
            tf.TensorSpec((None,), tf.float32),
            tf.TensorSpec((None,), tf.int64),
            tf.TensorSpec((None, 1), tf.float32),
        )
        batches = tf.data.Dataset.from_generator(self._epoch, output_signature=specs)
        cardinality = tf.data.experimental.assert_cardinality(self.steps)
        return batches.map(to_tensor).apply(cardinality).prefetch(2)
