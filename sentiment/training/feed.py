"""Rows on their way into Keras."""

import math
from collections.abc import Iterator, Sequence
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
    """Serves the rows of one or several networks in batches, shuffled anew each epoch.

    An epoch has the same number of steps for each network, and goes through all of its rows.
    TensorFlow never forgets a generator; `close` makes it one that holds no rows.
    """

    def __init__(self, examples: Sequence[Example], size: int, seed: int, epochs: int = 0) -> None:
        """Begin as after so many epochs: each shuffles what the one before left.

        Args:
            examples: what each network learns.
            size: rows in a batch of the network that has the most.
            seed: of the shuffling.
            epochs: epochs that were served before.
        """
        self._examples: Sequence[Example] = examples
        self._randoms = [np.random.default_rng(seed) for _ in examples]
        self._orders = [np.arange(example.numbers.size) for example in examples]
        for _ in range(epochs):
            self._shuffle()
        self.steps = math.ceil(max(order.size for order in self._orders) / size)
        self.batches = self._dataset([example.rows.width for example in examples])

    def close(self) -> None:
        """Let go of the rows."""
        self._examples = ()

    def _shuffle(self) -> None:
        for random, order in zip(self._randoms, self._orders, strict=True):
            random.shuffle(order)

    def _epoch(self) -> Iterator[tuple[Any, ...]]:
        self._shuffle()
        for step in range(self.steps):
            batches: list[Any] = []
            for example, order in zip(self._examples, self._orders, strict=False):
                first, last = (order.size * place // self.steps for place in (step, step + 1))
                batch = example.rows.take(example.numbers[order[first:last]])
                targets = example.labels[order[first:last]].astype(np.float32)[:, None]
                batches += [batch.columns, batch.values, np.diff(batch.offsets), targets]
            if not batches:  # it was closed
                return
            yield tuple(batches)

    def _dataset(self, widths: Sequence[int]) -> Any:
        """A `tf.data.Dataset` of a `tf.SparseTensor` for each network, two batches ahead."""
        import tensorflow as tf

        def to_tensor(columns: Any, values: Any, lengths: Any, width: int) -> Any:
            count = tf.size(lengths, out_type=tf.int64)
            rows = tf.repeat(tf.range(count), lengths)
            places = tf.stack([rows, tf.cast(columns, tf.int64)], axis=1)
            return tf.SparseTensor(places, values, (count, width))

        # Converting it would write a file where temporary files go, which may be full.
        @tf.autograph.experimental.do_not_convert  # type: ignore[untyped-decorator]
        def to_tensors(*parts: Any) -> tuple[Any, Any]:
            of_networks = zip(parts[::4], parts[1::4], parts[2::4], widths, strict=True)
            inputs = tuple(to_tensor(*each) for each in of_networks)
            targets = tuple(parts[3::4])
            return (inputs, targets) if len(widths) > 1 else (inputs[0], targets[0])

        specs = (
            tf.TensorSpec((None,), tf.int32),
            tf.TensorSpec((None,), tf.float32),
            tf.TensorSpec((None,), tf.int64),
            tf.TensorSpec((None, 1), tf.float32),
        ) * len(widths)
        batches = tf.data.Dataset.from_generator(self._epoch, output_signature=specs)
        cardinality = tf.data.experimental.assert_cardinality(self.steps)
        return batches.map(to_tensors).apply(cardinality).prefetch(2)
