"""Rows on their way into Keras."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment.features import EncodedRows, SparseRows
from sentiment.model import Network

# Reviews scored at once.
_BLOCK = 4096


def in_blocks(numbers: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Cut numbers of reviews into blocks of as many as are scored at once."""
    return [numbers[first : first + _BLOCK] for first in range(0, numbers.size, _BLOCK)]


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
    """Serves the rows of one network, or of several side by side, in batches.

    Each network's rows are shuffled anew each epoch. An epoch has the same number of steps for
    all networks, and goes through all rows of each. TensorFlow never forgets a generator; `close`
    makes it one that holds no rows.
    """

    def __init__(
        self, examples: Sequence[Example], size: int, seed: int, epochs: range = range(1)
    ) -> None:
        """Begin as after the epochs before these: each shuffles what the one before left.

        Args:
            examples: what each network learns.
            size: rows in a batch of the network that has the most.
            seed: of the shuffling.
            epochs: which are served, counted from 0.
        """
        self._examples: Sequence[Example] = examples
        self._randoms = [np.random.default_rng(seed) for _ in examples]
        self._orders = [np.arange(example.numbers.size) for example in examples]
        for _ in range(epochs.start):
            self._shuffle()
        self.steps = math.ceil(max(order.size for order in self._orders) / size)
        self._starts = np.cumsum([0, *(example.rows.width for example in examples)])
        self.batches = self._dataset(epochs)

    def close(self) -> None:
        """Let go of the rows."""
        self._examples = ()

    def _shuffle(self) -> None:
        for shuffler, order in zip(self._randoms, self._orders, strict=True):
            shuffler.shuffle(order)

    def _epochs(self, epochs: range) -> Iterator[tuple[Any, ...]]:
        for _ in epochs:
            self._shuffle()
            for step in range(self.steps):
                examples = self._examples  # another thread may close it meanwhile
                if not examples:
                    return
                rows, targets, weights = self._batch(examples, step)
                yield rows.columns, rows.values, np.diff(rows.offsets), targets, weights

    def _batch(
        self, examples: Sequence[Example], step: int
    ) -> tuple[SparseRows, NDArray[np.float32], NDArray[np.float32]]:
        """Return the rows of a step, as `network.build` wants them, with targets and weights.

        Where a network has fewer rows than another, empty ones of weight 0 fill it up; its others
        weigh so much more that its loss is the mean over its own rows.
        """
        orders = [
            order[order.size * step // self.steps : order.size * (step + 1) // self.steps]
            for order in self._orders
        ]
        if len(examples) == 1:  # nothing to fill up, nor to put side by side
            (example,), (order,) = examples, orders
            targets = example.labels[order].astype(np.float32)[:, None]
            return example.rows.take(example.numbers[order]), targets, np.ones_like(targets[:, 0])
        parts, places, labels, weights = [], [], [], []
        most = max(order.size for order in orders)
        for example, order, start in zip(examples, orders, self._starts, strict=False):
            rows = example.rows.take(example.numbers[order])
            parts.append(replace(rows, columns=rows.columns + np.int32(start)))
            places.append(np.pad(np.arange(order.size), (0, most - order.size), constant_values=-1))
            labels.append(np.pad(example.labels[order], (0, most - order.size)))
            weights.append((places[-1] >= 0) * len(orders) * most / max(order.size, 1))
        width = int(self._starts[-1])
        before = np.cumsum([0, *map(len, parts)])
        numbers = [
            np.where(place < 0, before[-1], place + first)
            for place, first in zip(places, before, strict=False)
        ]
        every = SparseRows.concatenate([*parts, SparseRows.empty(width)], width)
        rows = every.take(np.stack(numbers, axis=1).ravel())
        targets = np.stack(labels, axis=1).astype(np.float32)[:, :, None]
        return rows, targets, np.stack(weights, axis=1).astype(np.float32)

    def _dataset(self, epochs: range) -> Any:
        """A `tf.data.Dataset` of a `tf.SparseTensor`, targets and weights, two batches ahead."""
        import tensorflow as tf

        width, axes = int(self._starts[-1]), 1 + (len(self._examples) > 1)

        # Converting it would write a file where temporary files go, which may be full.
        @tf.autograph.experimental.do_not_convert  # type: ignore[untyped-decorator]
        def to_tensor(
            columns: Any, values: Any, lengths: Any, targets: Any, weights: Any
        ) -> tuple[Any, Any, Any]:
            count = tf.size(lengths, out_type=tf.int64)
            rows = tf.repeat(tf.range(count), lengths)
            places = tf.stack([rows, tf.cast(columns, tf.int64)], axis=1)
            return tf.SparseTensor(places, values, (count, width)), targets, weights

        specs = (
            tf.TensorSpec((None,), tf.int32),
            tf.TensorSpec((None,), tf.float32),
            tf.TensorSpec((None,), tf.int64),
            tf.TensorSpec((None,) * axes + (1,), tf.float32),
            tf.TensorSpec((None,) * axes, tf.float32),
        )
        batches = tf.data.Dataset.from_generator(
            lambda: self._epochs(epochs), output_signature=specs
        )
        return batches.map(to_tensor).prefetch(2)
