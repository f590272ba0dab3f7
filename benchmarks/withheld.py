"""What a language model makes of kinds of text that it never saw: parts of `make bench-general`.

Two are fine-tuned without some of the sources, by the recipe of the bundled model but with one
epoch, more than half an hour each, and kept in a folder that git ignores. The n-grams beside each
saw as little, and no whole unlabeled reviews. It is held against n-grams alone, which saw as
little and were made as those of version 0.1.0.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from hashlib import blake2b
from typing import Any, NamedTuple

import numpy as np
from accuracy import read
from bundled import KEPT, OWN, ece_of, probabilities
from few import drawn, in_half_a, stars
from numpy.typing import NDArray
from results import DATASETS, HERE, Table

from sentiment.evaluation.intervals import mcnemar
from sentiment.evaluation.metrics import Evaluation
from sentiment.features.pieces import PieceEncoder
from sentiment.labels import SENTIMENT
from sentiment.model.component import Component, probabilities_of
from sentiment.model.file import load_model, save_model
from sentiment.model.model import Model
from sentiment.model.transformer import Transformer
from sentiment.reviews.dataset import LabelledReviews
from sentiment.training.options import TrainingOptions
from sentiment.training.train import train
from tools.general import build
from tools.general.bundle import Workshop
from tools.general.encoder import READING, Recipe, Stage

TRAIN = OWN / "train.csv"
DRAWS, REPLICATES = 5, 10_000
# The code and the word lists that n-grams of version 0.1.0 are made by.
_MAKERS = ("build.py", "lessons.py", "sources.py", "student.py", "words.toml")

Floats = NDArray[np.float64]


class Side(NamedTuple):
    """What is withheld, by the names that the sources have for the language model and n-grams."""

    pieces: tuple[str, ...]
    ngrams: tuple[str, ...]


SIDES = {
    "A": Side(("trees", "yelp"), ("sst2", "yelp")),
    "B": Side(("imdb", "multidomain", "amazon"), ("imdb", "unlabeled", "amazon")),
}


class Made(NamedTuple):
    """The models of a side: with the language model, and n-grams alone."""

    both: Model
    ngrams: Model


@cache
def made(side: str) -> Made:
    """Return the models of a side, from files where they were made before."""
    without = SIDES[side]
    recipe = Recipe(without.pieces, (Stage(READING),))
    workshop = Workshop(DATASETS, TRAIN, KEPT, recipe, wholes=False)
    return Made(workshop.general(), _ngrams(without))


def _ngrams(without: Side) -> Model:
    """Return n-grams made without some sources, kept by a hash of what makes them."""
    digest = blake2b(json.dumps(without.ngrams).encode(), digest_size=8)
    for name in _MAKERS:
        digest.update((HERE.parent / "tools/general" / name).read_bytes())
    path = KEPT / f"ngrams-{digest.hexdigest()}.safetensors"
    if not path.exists():
        KEPT.mkdir(exist_ok=True)
        save_model(build.build(DATASETS, TRAIN, without.ngrams), path)
    return load_model(path)


def tests() -> Iterator[tuple[str, str, LabelledReviews]]:
    """Yield the side that never saw it, the name, and the reviews of each set."""
    yield "A", "SST-2 test", read("sst2/test.tsv")
    yield "A", "UCI yelp", read("uci/yelp_labelled.txt")
    products = stars("multidomain/reviews.csv", "text", "stars")
    yield "B", "multi-domain, half B", _half(products, a=False)
    yield "B", "UCI amazon", read("uci/amazon_cells_labelled.txt")


def _half(reviews: LabelledReviews, *, a: bool) -> LabelledReviews:
    """Return half A or half B."""
    return reviews.take(np.flatnonzero(in_half_a(list(reviews.texts)) == a))


def withheld() -> None:
    """Errors on sets of which nothing was seen, negative and positive asked for."""
    table = Table(
        "Kinds of text that the models never saw", "make bench-general PARTS=withheld",
        "errors of a language model and n-grams that were made without these sets (A without the "
        "trees of SST and UCI yelp, B without IMDb, multi-domain and UCI amazon), of n-grams alone "
        "that were made without them by the recipe of version 0.1.0, how many fewer in % with its "
        "95% interval (bootstrap), and McNemar's p; ECE, in brackets that of perfect calibration, "
        "simulated",
        ("set", "both", "n-grams alone", "fewer", "p", "ECE, both", "ECE, n-grams"),
    )  # fmt: skip
    counts = []
    for side, name, reviews in tests():
        found = [_evaluated(model, reviews) for model in made(side)]
        wrong = [each.answers != reviews.labels for each in found]
        counts.append(_counts(*wrong))
        table.row(f"{name}, {side}", *_compared([counts[-1]]), *map(ece_of, found))
    table.row("all", *_compared(counts), "", "")
    table.write()


def _evaluated(model: Model, reviews: LabelledReviews) -> Evaluation:
    model = model.restricted(SENTIMENT)
    return Evaluation(probabilities(model, reviews.texts), reviews.labels, model.decision)


def _counts(ours: NDArray[np.bool_], theirs: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Count the reviews that both have right, only we have wrong, only they, and both: [4]."""
    return np.bincount(ours + 2 * theirs, minlength=4)


def _compared(counts: list[NDArray[np.int64]]) -> Iterator[str]:
    """Yield the cells that compare the errors of sets together."""
    total = np.sum(counts, axis=0)
    for wrong in (total[1] + total[3], total[2] + total[3]):
        yield f"{wrong:,} ({wrong / total.sum():.1%})"
    random = np.random.default_rng(0)
    resampled = sum(
        random.multinomial(each.sum(), each / each.sum(), REPLICATES) for each in counts
    )
    low, high = np.percentile(_fewer(resampled), (2.5, 97.5))
    yield f"{_fewer(total):.1f} ({low:.1f}–{high:.1f})"
    yield f"{mcnemar(int(total[1]), int(total[2])):.1g}"


def _fewer(counts: NDArray[np.int64]) -> Floats:
    """Return how many fewer errors ours are than theirs, in %: [..., 4] → [...]."""
    return 100 * (counts[..., 2] - counts[..., 1]) / (counts[..., 2] + counts[..., 3])


def tasks() -> Iterator[tuple[str, str, LabelledReviews, LabelledReviews, tuple[int, ...]]]:
    """Yield side, name, reviews to draw from, reviews to test on, and how many to draw."""
    yield "A", "SST-2 test", read("sst2/train.tsv"), read("sst2/test.tsv"), (100, 1_000)
    yield "B", "IMDb test", read("imdb/train.parquet"), read("imdb/test.parquet"), (1_000,)
    products = stars("multidomain/reviews.csv", "text", "stars", "domain")
    kitchen = products.take(np.flatnonzero(np.array(products.columns["domain"]) == "kitchen"))
    yield "B", "kitchen, half B", _half(kitchen, a=True), _half(kitchen, a=False), (100, 500)


def few() -> None:
    """What a few reviews make of a language model that never saw their kind."""
    table = Table(
        "A few reviews and a language model that never saw their kind",
        "make bench-general PARTS=few",
        f"macro F1 in %, the mean and the range of {DRAWS} draws; the models are those of the "
        "section on kinds of text that they never saw",
        ("rows", "as it is", "`--base` it", "`--architecture encoder`", "without a base"),
    )  # fmt: skip
    for side, name, pool, test, sizes in tasks():
        base = made(side).both.restricted(SENTIMENT)
        known = _Known.by(base, test)
        as_it_is = _macro_f1(base, probabilities_of(known.base), test)
        for size in sizes:
            every = np.arange(len(pool))
            draws = [pool.take(drawn(pool.labels, every, size, seed)) for seed in range(DRAWS)]
            found = [_tried(draw, known, base, seed) for seed, draw in enumerate(draws)]
            cells = (_spread(of_way) for of_way in zip(*found, strict=True))
            table.row(f"{name}, {size:,} rows, {side}", f"{100 * as_it_is:.1f}", *cells)
    table.write()


class _OnVectors(NamedTuple):
    """The dense layers of a network over the vectors of texts."""

    network: Transformer

    def logits(self, rows: Any) -> Floats:
        """Return the log-odds of vectors, [n, width] → [n, K − 1]."""
        return self.network.logits_of(rows)


class _Known(NamedTuple):
    """Reviews to test on, and what is computed of them once: it takes long for many.

    Attributes:
        test: the reviews.
        vectors: by the encoder, float32 [n, width].
        base: the log-odds of the base.
    """

    test: LabelledReviews
    vectors: NDArray[np.float32]
    base: Floats

    @classmethod
    def by(cls, base: Model, test: LabelledReviews) -> "_Known":
        """Compute the vectors and the log-odds by a base with an encoder."""
        own = base.own
        assert isinstance(own.encoder, PieceEncoder)
        assert isinstance(own.network, Transformer)
        parts = [
            own.network.pooled(own.encoder.transform(test.texts[first : first + 1_024]))
            for first in range(0, len(test), 1_024)
        ]
        known = cls(test, np.concatenate(parts), np.zeros(0))
        return known._replace(base=known.log_odds(base))

    def log_odds(self, model: Model) -> Floats:
        """Return the log-odds by a model with the same encoder, or without one: [n, 1]."""
        return model.add_up(
            (self._log_odds_of(each) for each in model.components),
            lambda own, base, weight: own + weight * base,
        )

    def _log_odds_of(self, component: Component) -> Floats:
        if not isinstance(component.network, Transformer):
            return np.nan_to_num(component.log_odds(self.test.texts)[0])
        on_vectors = replace(component, network=_OnVectors(component.network))
        return on_vectors.log_odds_of(self.vectors)


def _tried(draw: LabelledReviews, known: _Known, base: Model, seed: int) -> tuple[float, ...]:
    """Return macro F1 after training on a draw: with a base, on its encoder, and without one."""
    options = TrainingOptions(seed=seed)
    tuned = train(draw, options, base=base)
    own = np.nan_to_num(tuned.own.log_odds(known.test.texts)[0])
    encoded = train(draw, replace(options, architecture="encoder"), encoder=base)
    alone = train(draw, options)
    found = (
        (tuned, own + tuned.own.weight * known.base),
        (encoded, known.log_odds(encoded)),
        (alone, known.log_odds(alone)),
    )
    return tuple(_macro_f1(model, probabilities_of(z), known.test) for model, z in found)


def _macro_f1(model: Model, found: Floats, test: LabelledReviews) -> float:
    return Evaluation(found, test.labels, model.decision).figures["macro_f1"] or 0.0


def _spread(values: Sequence[float]) -> str:
    """Write the mean and the range of shares."""
    mean, low, high = (100 * each(values) for each in (np.mean, np.min, np.max))
    return f"{mean:.1f} ({low:.1f}–{high:.1f})"
