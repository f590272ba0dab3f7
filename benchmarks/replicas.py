"""Training on one worker of a cluster or more: `make bench-replicas` (minutes; needs Ray).

The reviews are dealt out to workers (`workers.py`), which count their n-grams together and then
train a replica of the network each, on their own reviews. The replicas are made one again by the
mean of their gradients at each step, or of their weights and Adam's moments every so many steps.
"""

import argparse
import logging
import os
import sys
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from results import DATASETS, Table, require_datasets
from workers import GRADIENTS, Cluster, Taken

from sentiment.features import Incidence, Vectorizer
from sentiment.model import Calibration, Network
from sentiment.reviews import LabelledReviews, ReadOptions, read_labelled, stratified_split
from sentiment.training import TrainingOptions
from sentiment.training.feed import Example
from sentiment.training.recipe import choose_recipe

SEEDS = 3
EPOCH = -1


class Way(NamedTuple):
    """How replicas are trained: made one every so many steps, on batches shared out or whole."""

    every: int
    shared: bool = True


WAYS = {
    "gradients each step": Way(GRADIENTS),
    "weights each step": Way(1),
    "weights every 10 steps": Way(10),
    "weights once an epoch": Way(EPOCH),
    "weights once an epoch, whole batches": Way(EPOCH, shared=False),
}


@dataclass(frozen=True)
class Sides:
    """Reviews to train on, held-out ones to calibrate and choose on, and the test reviews."""

    training: LabelledReviews
    held_out: LabelledReviews
    test: LabelledReviews

    @classmethod
    def read(cls, count: int | None) -> "Sides":
        """Read IMDb, or so many of its reviews."""
        reviews, test = (
            read_labelled([str(DATASETS / "imdb" / f"{part}.parquet")], ReadOptions())
            for part in ("train", "test")
        )
        some = np.random.default_rng(0).permutation(len(reviews))[:count]
        reviews = reviews.take(np.sort(some))
        rest, held = stratified_split(reviews.labels, 0.1, 0, reviews.digest())
        return cls(reviews.take(rest), reviews.take(held), test)


class Bench:
    """Measures clusters of one size after the other."""

    def __init__(self, ray: Any, table: Table, sides: Sides) -> None:
        """Fit the vectorizer of one machine, which all others are held to."""
        self._ray, self._table, self._sides = ray, table, sides
        training, self._options = sides.training, TrainingOptions()
        self._recipe = choose_recipe(training.texts[::20], training.labels, self._options)
        least = self._recipe.min_count
        incidence = Incidence.of(training.texts, self._recipe.ngrams, least)
        limit = self._options.features
        self._alone = Vectorizer.fit(incidence, training.labels, limit=limit, min_count=least)
        self._judged = [
            Example(
                self._alone.transform(side.texts), np.arange(len(side)), side.labels.astype(float)
            )
            for side in (sides.held_out, sides.test)
        ]

    def measure(self, size: int, ways: dict[str, Way]) -> None:
        """Count and train with so many workers."""
        cluster = Cluster(self._ray, self._sides.training, size)
        self._count(cluster, size)
        for name, way in ways.items():
            self._train(cluster, size, name, way)
        cluster.close()

    def _count(self, cluster: Cluster, size: int) -> None:
        taken = cluster.watch(cluster.vectorizer, self._recipe, self._options)
        same = _bytes(taken.result) == _bytes(self._alone)
        what = "the same bytes" if same else "OTHER BYTES"
        self._table.row("vectorizer fitted", f"{size}", what, "", *_least([taken]))

    def _train(self, cluster: Cluster, size: int, name: str, way: Way) -> None:
        taken, right = [], []
        for seed in range(SEEDS):
            batch = self._recipe.batch_size // (size if way.shared else 1)
            steps = cluster.build(self._alone, self._recipe, batch, seed)
            last, turn = steps * self._recipe.epochs, steps if way.every == EPOCH else way.every
            taken.append(cluster.watch(cluster.train, last, turn))
            right.append(self._right(taken[-1].result))
        shares = [
            f"{np.mean(some):.2%} ({min(some):.2%}–{max(some):.2%})"
            for some in zip(*right, strict=True)
        ]
        self._table.row(name, f"{size}", *shares, *_least(taken))

    def _right(self, network: Network) -> list[float]:
        """The shares of the held-out and the test reviews answered right."""
        logits = [example.logits(network) for example in self._judged]
        calibration = Calibration.fit(logits[0], self._sides.held_out.labels)
        return [
            float(np.mean((calibration.log_odds(some) >= 0) == example.labels))
            for some, example in zip(logits, self._judged, strict=True)
        ]


def _bytes(vectorizer: Vectorizer) -> bytes:
    return vectorizer.keys.tobytes() + vectorizer.weights.tobytes()


def _least(taken: list[Taken]) -> list[str]:
    """What the least disturbed of some runs took."""
    seconds, processor = (
        min(getattr(run, name) for run in taken) for name in ("seconds", "processor")
    )
    return [f"{seconds:.1f} s", f"{processor:.1f} s", f"{taken[0].sent / 1e6:,.0f} MB"]


def start_ray() -> Any:
    """Start Ray on this machine, or say what is missing."""
    try:
        import ray
    except ImportError:
        sys.exit("this needs Ray, which nothing else here does: .venv/bin/pip install ray")
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    # A cluster of its own, whatever runs here.
    ray.init("local", include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
    return ray


def main() -> None:
    """Count and train with one worker, two and four, and write RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reviews", type=int, help="so few only; writes nothing")
    few = parser.parse_args().reviews
    require_datasets()
    ray = start_ray()
    table = Table(
        "Replicas on a cluster", "make bench-replicas",
        "workers of one core each on one machine; accuracy, mean and range of three seeds; of "
        "seconds, from start to end and of a worker's processor, the least of three runs; sent, by "
        "all workers there and back in three epochs",
        ("what", "workers", "held out", "test", "seconds", "of processor", "sent"),
    )  # fmt: skip
    bench = Bench(ray, table, Sides.read(few))
    bench.measure(1, {"trained alone": Way(EPOCH)})
    bench.measure(2, WAYS)
    bench.measure(4, {name: way for name, way in WAYS.items() if way.every == EPOCH})
    if not few:
        table.write()


if __name__ == "__main__":
    main()
