"""What a language model makes of kinds of text that it never saw: parts of `make bench-general`.

Two are fine-tuned without some of the sources, by the recipe of the bundled model but with one
epoch, more than half an hour each, and kept in a folder that git ignores. The n-grams beside each
saw as little. It is held against those n-grams alone, which is how version 0.1.0 was made.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from hashlib import blake2b
from typing import NamedTuple

import numpy as np
from accuracy import read
from bundled import KEPT, OWN, ece_of, probabilities
from few import drawn, in_half_a, stars
from numpy.typing import NDArray
from results import DATASETS, HERE, Table

from sentiment.evaluation.intervals import mcnemar
from sentiment.evaluation.metrics import Evaluation
from sentiment.labels import SENTIMENT
from sentiment.model.component import log_odds, probabilities_of
from sentiment.model.file import load_model, save_model
from sentiment.model.model import Model
from sentiment.reviews.dataset import LabelledReviews
from sentiment.training.options import TrainingOptions
from sentiment.training.train import train
from tools.general import build
from tools.general.bundle import Workshop
from tools.general.encoder import Recipe

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
    workshop = Workshop(DATASETS, TRAIN, KEPT, Recipe(without.pieces, epochs=1))
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
        known = probabilities(base, test.texts)
        as_it_is = _macro_f1(base, known, test)
        for size in sizes:
            every = np.arange(len(pool))
            draws = [pool.take(drawn(pool.labels, every, size, seed)) for seed in range(DRAWS)]
            found = [_tried(draw, test, base, known, seed) for seed, draw in enumerate(draws)]
            cells = (_spread(of_way) for of_way in zip(*found, strict=True))
            table.row(f"{name}, {size:,} rows, {side}", f"{100 * as_it_is:.1f}", *cells)
    table.write()


def _tried(
    draw: LabelledReviews, test: LabelledReviews, base: Model, known: Floats, seed: int
) -> tuple[float, float, float]:
    """Return macro F1 after training on a draw: with a base, on its encoder, and without one.

    Args:
        draw: the reviews to train on.
        test: the reviews to test on.
        base: of two classes.
        known: its probabilities of the reviews to test on, which take long for many.
        seed: of the training.
    """
    options = TrainingOptions(seed=seed)
    tuned = train(draw, options, base=base)
    added = tuned.own.weight * log_odds(known[:, 1:])
    together = probabilities_of(tuned.own.log_odds(test.texts)[0] + added)
    encoded = train(draw, replace(options, architecture="encoder"), encoder=base)
    alone = train(draw, options)
    return (
        _macro_f1(tuned, np.nan_to_num(together, nan=0.5), test),
        *(_macro_f1(each, probabilities(each, test.texts), test) for each in (encoded, alone)),
    )


def _macro_f1(model: Model, found: Floats, test: LabelledReviews) -> float:
    return Evaluation(found, test.labels, model.decision).figures["macro_f1"] or 0.0


def _spread(values: Sequence[float]) -> str:
    """Write the mean and the range of shares."""
    mean, low, high = (100 * each(values) for each in (np.mean, np.min, np.max))
    return f"{mean:.1f} ({low:.1f}–{high:.1f})"
