"""A small cluster: workers with some of the reviews each, and what goes to and fro among them.

Workers are Ray actors; here each is held to a core of this machine. They find the vectorizer of all
their reviews together as a map and a reduce, and train replicas of one network.
"""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise, repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment.features import EncodedRows, Incidence, NGrams, Vectorizer
from sentiment.features.hashing import Hashes
from sentiment.features.lookup import KeyIndex
from sentiment.features.shard import Shard
from sentiment.features.weighting import ClassCounts, Strongest, count_by_class
from sentiment.model import Network
from sentiment.reviews import LabelledReviews
from sentiment.training import Recipe, TrainingOptions
from sentiment.training.backend import load_keras
from sentiment.training.feed import Example, Feed
from sentiment.training.network import build, to_numpy

# Replicas are made one every so many steps; or by their gradients, each step.
GRADIENTS = 0
# Of keys, each of which one worker puts together.
RANGES = 4
# One core each, for TensorFlow and numpy alike.
ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
}

Arrays = list[NDArray[Any]]
Counted = tuple[Hashes, ClassCounts]


class Worker:
    """A machine of a cluster, played by a core: some of the reviews, and a replica."""

    def __init__(self, core: int, texts: Sequence[str], labels: NDArray[np.int8]) -> None:
        """Take a core, and the reviews."""
        os.sched_setaffinity(0, {core % (os.cpu_count() or 1)})
        load_keras()
        self._texts, self._labels = texts, labels.astype(np.float64)

    def spent(self) -> float:
        """Seconds of the processor, once all is imported."""
        return time.process_time()

    def count(self, ngrams: NGrams, ranges: int) -> list[Counted]:
        """Map: count the reviews of each class that hold each n-gram, by ranges of keys."""
        self._incidence = Incidence(ngrams, [Shard.of(self._texts, ngrams, threads=1)])
        ones = np.ones(len(self._texts), np.int64)
        ((keys, counts),) = count_by_class(self._incidence, self._labels, ones)
        firsts = np.array([(number << 64) // ranges for number in range(ranges)], np.uint64)
        bounds = [*np.searchsorted(keys, firsts).tolist(), keys.size]
        parts = [slice(a, b) for a, b in pairwise(bounds)]
        return [(keys[part], _some(counts, part)) for part in parts]

    def merge(self, limit: int, min_count: int, *parts: Counted) -> Counted:
        """Reduce: put the counts of one range together, and keep the strongest n-grams of it."""
        every = np.concatenate([keys for keys, _ in parts])
        keys = np.unique(every)
        places = KeyIndex(keys).find(every)
        negative, positive = (
            np.bincount(places, np.concatenate(amounts), keys.size).astype(np.float64, copy=False)
            for amounts in zip(*((c.negative, c.positive) for _, c in parts), strict=True)
        )
        totals = (sum(c.n_negative for _, c in parts), sum(c.n_positive for _, c in parts))
        counts = ClassCounts(negative, positive, *totals)
        strongest = Strongest.none().among(keys, counts, limit, min_count).keys
        return strongest, _some(counts, KeyIndex(keys).find(strongest))

    def build(self, vectorizer: Vectorizer, recipe: Recipe, batch_size: int, seed: int) -> int:
        """Turn the reviews into rows, and build the replica; return the steps of an epoch."""
        import tensorflow as tf

        keras = load_keras()
        keras.utils.set_random_seed(seed)
        network = build(vectorizer.keys.size, TrainingOptions())
        rows = EncodedRows.of(self._incidence, vectorizer)
        feed = Feed(Example(rows, np.arange(len(rows)), self._labels), batch_size, seed)

        @tf.function(input_signature=feed.batches.element_spec)  # type: ignore[untyped-decorator]
        def gradients(some: Any, targets: Any) -> Any:
            with tf.GradientTape() as tape:
                answers = network(some, training=True)
                loss = tf.reduce_mean(keras.losses.binary_crossentropy(targets, answers))
            return tape.gradient(loss, network.trainable_variables)

        variables = network.trainable_variables
        specs = [tf.TensorSpec(variable.shape) for variable in variables]
        self._apply = tf.function(network.optimizer.apply, input_signature=[specs])
        self._gradients, self._network = gradients, network
        gradients.get_concrete_function(), self._apply.get_concrete_function()  # traced now
        self._batches = chain.from_iterable(repeat(feed.batches))
        self._rate, self._done, self._last = recipe.learning_rate, 0, recipe.epochs * feed.steps
        return feed.steps

    def turn(self, mean: Arrays | None, every: int) -> Arrays:
        """Take up the mean of all replicas, work on, and give what is to be averaged next."""
        if every == GRADIENTS:
            if mean:
                self._step(mean)
            return [np.asarray(found) for found in self._gradients(*next(self._batches))]
        self._take_up(mean)
        for _ in range(every):
            self._step(self._gradients(*next(self._batches)))
        return [np.asarray(variable) for variable in self._state()]

    def end(self, mean: Arrays, every: int) -> Network:
        """Take up the last mean, and give the network."""
        if every == GRADIENTS:
            self._step(mean)
        else:
            self._take_up(mean)
        return to_numpy(self._network)

    def _step(self, gradients: Any) -> None:
        """Make a step of Adam, the learning rate falling in a line."""
        self._network.optimizer.learning_rate = self._rate * (1 - self._done / self._last)
        self._apply(gradients)
        self._done += 1

    def _state(self) -> list[Any]:
        """The weights and Adam's moments; step and learning rate are the same everywhere."""
        return [*self._network.variables, *self._network.optimizer.variables[2:]]

    def _take_up(self, mean: Arrays | None) -> None:
        for variable, value in zip(self._state(), mean or (), strict=mean is not None):
            variable.assign(value)


def _some(counts: ClassCounts, which: Any) -> ClassCounts:
    """The counts of some n-grams."""
    return ClassCounts(
        counts.negative[which], counts.positive[which], counts.n_negative, counts.n_positive
    )


@dataclass(frozen=True)
class Taken:
    """What something came to, and what it took.

    Attributes:
        result: what it came to.
        seconds: from start to end.
        processor: seconds of the busiest worker's processor.
        sent: bytes.
    """

    result: Any
    seconds: float
    processor: float
    sent: int


class Cluster:
    """Workers with the reviews among them, and what they have sent so far.

    Attributes:
        sent: bytes, there and back.
    """

    def __init__(self, ray: Any, reviews: LabelledReviews, size: int) -> None:
        """Start the workers, and deal the reviews out."""
        self._ray, self.sent = ray, 0
        actor = ray.remote(num_cpus=0, runtime_env={"env_vars": ENVIRONMENT})(Worker)
        order = np.random.default_rng(0).permutation(len(reviews))  # files may come in any order
        parts = [reviews.take(np.sort(order[core::size])) for core in range(size)]
        self._workers = [
            actor.remote(core, list(part.texts), part.labels) for core, part in enumerate(parts)
        ]
        self._ask("spent")  # waits until all is imported

    def vectorizer(self, recipe: Recipe, options: TrainingOptions) -> Vectorizer:
        """Fit a vectorizer to all reviews; no worker sees more than its own and a range of keys."""
        mapped = [
            worker.count.options(num_returns=RANGES).remote(recipe.ngrams, RANGES)
            for worker in self._workers
        ]
        reduced = [
            self._of_range(number).merge.remote(options.features, recipe.min_count, *parts)
            for number, parts in enumerate(zip(*mapped, strict=True))
        ]
        chosen = Strongest.none()
        for keys, counts in self._ray.get(reduced):  # the strongest of each range, in order
            chosen = chosen.among(keys, counts, options.features, recipe.min_count)
        for worker, parts in zip(self._workers, mapped, strict=True):
            for number, (keys, counts) in enumerate(self._ray.get(parts)):
                if worker is not self._of_range(number):
                    self.sent += keys.nbytes + counts.negative.nbytes + counts.positive.nbytes
        weights = chosen.ratios.astype(np.float16).astype(np.float32)
        return Vectorizer(recipe.ngrams, chosen.keys, weights)

    def build(self, vectorizer: Vectorizer, recipe: Recipe, batch_size: int, seed: int) -> int:
        """Build a replica with each worker; return the steps of an epoch."""
        return min(self._ask("build", self._ray.put(vectorizer), recipe, batch_size, seed))

    def train(self, steps: int, every: int) -> Network:
        """Train all replicas for so many steps, made one every so many."""
        mean, done = None, 0
        while done < steps:
            count = min(every, steps - done)
            mean = self._mean(self._ask("turn", mean, count))
            done += max(count, 1)
        network: Network = self._ray.get(self._workers[0].end.remote(mean, every))
        return network

    def _mean(self, found: list[Arrays]) -> Any:
        """Average what the workers found, and keep it where they can read it."""
        size = len(found)
        if size == 1:
            return found[0]
        self.sent += 2 * size * sum(array.nbytes for array in found[0])
        return self._ray.put(
            [sum(arrays[1:], arrays[0]) / size for arrays in zip(*found, strict=True)]
        )

    def _of_range(self, number: int) -> Any:
        """The worker that puts a range of keys together."""
        return self._workers[number % len(self._workers)]

    def _ask(self, name: str, *arguments: Any) -> list[Any]:
        """Let all workers do the same, and wait for them."""
        asked = [getattr(worker, name).remote(*arguments) for worker in self._workers]
        found: list[Any] = self._ray.get(asked)
        return found

    def watch(self, do: Callable[..., Any], *arguments: Any) -> Taken:
        """See what something takes."""
        before, sent, begin = self._ask("spent"), self.sent, time.perf_counter()
        result = do(*arguments)
        seconds = time.perf_counter() - begin
        spent = np.subtract(self._ask("spent"), before)
        return Taken(result, seconds, float(spent.max()), self.sent - sent)

    def close(self) -> None:
        """End the workers."""
        for worker in self._workers:
            self._ray.kill(worker)
