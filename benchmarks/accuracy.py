"""How well the program classifies, beside its peers, on the same rows in the same run.

`make bench-accuracy` runs this. It needs the real data sets (../shared/datasets); it prints each
figure as it comes and writes them into its section of RESULTS.md. Test splits are opened here and
nowhere else: no choice of the program was made on them.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from peers import fasttext_autotuned, fasttext_default, nb_logistic_regression, tfidf, vader
from results import DATASETS, Table, write_parts

from sentiment.evaluation.metrics import Evaluation
from sentiment.labels import SENTIMENT
from sentiment.model.file import save_model
from sentiment.reviews.dataset import LabelledReviews
from sentiment.reviews.labelled import read_labelled, read_texts
from sentiment.reviews.streams import ReadOptions
from sentiment.training.options import TrainingOptions
from sentiment.training.train import train

SEEDS = (0, 1, 2)
Reviews = LabelledReviews


def read(*names: str, classes: tuple[str, ...] = ()) -> Reviews:
    """Read data sets as the command line does, with `--classes` if some are named."""
    return read_labelled([str(DATASETS / name) for name in names], ReadOptions(classes=classes))


def ours(
    training: Reviews, test: Reviews, seed: int, unlabeled: list[str] | None = None
) -> dict[str, Any]:
    """Train with defaults and measure; what `train` and `evaluate` do."""
    model = train(training, TrainingOptions(seed=seed), unlabeled=unlabeled or [])
    ours.model = model  # type: ignore[attr-defined]  # for its size
    return Evaluation(model.probabilities(test.texts), test.labels, model.decision).as_json()


def folds(reviews: Reviews, count: int, seed: int) -> Iterator[tuple[Reviews, Reviews]]:
    """Split into stratified folds: everything but one, and the one."""
    random = np.random.default_rng(seed)
    fold = np.empty(len(reviews), np.int64)
    for label in (0, 1):
        rows = random.permutation(np.flatnonzero(reviews.labels == label))
        fold[rows] = np.arange(rows.size) % count
    for number in range(count):
        yield (
            reviews.take(np.flatnonzero(fold != number)),
            reviews.take(np.flatnonzero(fold == number)),
        )


def cross_validated(reviews: Reviews, count: int, seed: int, metric: str) -> float:
    """The mean of a metric over folds."""
    return float(
        np.mean([ours(rest, one, seed)[metric] for rest, one in folds(reviews, count, seed)])
    )


def imdb(table: Table) -> None:
    """IMDb, official split: ours over seeds, and every peer once."""
    training, test = read("imdb/train.parquet"), read("imdb/test.parquet")
    runs = [ours(training, test, seed) for seed in SEEDS]
    table.add("IMDb test, supervised", [m["accuracy"] for m in runs])
    table.add("IMDb test, ECE", [m["ece"] for m in runs], percent=False)
    floors = [m["ece_floor"] for m in runs]
    table.add("IMDb test, ECE of perfect calibration", floors, percent=False)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.safetensors"
        save_model(ours.model, path)  # type: ignore[attr-defined]
        table.add("IMDb model file, MB", [path.stat().st_size / 1e6], percent=False)
    peers = {
        "fastText, 1-grams, defaults": lambda: fasttext_default(training, test, 1),
        "fastText, 2-grams, defaults": lambda: fasttext_default(training, test, 2),
        "fastText, autotuned for 5 minutes": lambda: fasttext_autotuned(training, test),
        "scikit-learn TF-IDF 1–2-grams + logistic regression": lambda: tfidf(training, test),
        "NB-weighted 1–3-grams + logistic regression": lambda: nb_logistic_regression(
            training, test
        ),
        "VADER": lambda: vader(test),
    }
    for name, peer in peers.items():
        accuracy = peer()
        table.add(f"IMDb test, {name}", [accuracy])
        ahead = [m["accuracy"] - accuracy for m in runs]
        table.add(f"IMDb test, points ahead of {name}", ahead)


def imdb_unlabeled(table: Table) -> None:
    """IMDb with its unlabeled reviews; test texts are never seen in training."""
    training, test = read("imdb/train.parquet"), read("imdb/test.parquet")
    unlabeled = read_texts([str(DATASETS / "imdb/unsup.parquet")], ReadOptions())
    runs = [ours(training, test, seed, unlabeled) for seed in SEEDS]
    table.add("IMDb test, + 50k unlabeled", [m["accuracy"] for m in runs])
    table.add("IMDb test, + 50k unlabeled, ECE", [m["ece"] for m in runs], percent=False)


def sst2(table: Table) -> None:
    """SST-2 from its 6,920 training sentences alone."""
    training, test = read("sst2/train.tsv"), read("sst2/test.tsv")
    table.add("SST-2 test", [ours(training, test, seed)["accuracy"] for seed in SEEDS])
    table.add("SST-2 test, VADER", [vader(test)])
    regression = tfidf(training, test)
    table.add("SST-2 test, scikit-learn TF-IDF 1–2-grams + logistic regression", [regression])


def uci(table: Table) -> None:
    """UCI sentences: the mean of three 10-fold cross-validations, each within its own set."""
    means = []
    for seed in SEEDS:
        sets = [read(f"uci/{name}_labelled.txt") for name in ("yelp", "amazon_cells", "imdb")]
        each = [cross_validated(reviews, 10, seed, "accuracy") for reviews in sets]
        table.note(f"  UCI yelp, amazon, imdb, seed {seed}: " + ", ".join(f"{a:.1%}" for a in each))
        means.append(float(np.mean(each)))
    table.add("UCI, mean of three 10-fold cross-validations", means)


def airline(table: Table) -> None:
    """Airline tweets, positive and negative: 5-fold macro-F1 at one positive to four negative."""
    reviews = read("airline/Tweets.csv", classes=SENTIMENT.names)
    runs = [cross_validated(reviews, 5, seed, "macro_f1") for seed in SEEDS]
    table.add("airline positive/negative, 5-fold macro-F1", runs)


PARTS = {part.__name__: part for part in (imdb, imdb_unlabeled, sst2, uci, airline)}


def main() -> None:
    """Run the parts asked for."""
    table = Table(
        "Accuracy", "make bench-accuracy", "the mean and, in brackets, the range over seeds"
    )
    write_parts(__doc__, PARTS, table)


if __name__ == "__main__":
    main()
