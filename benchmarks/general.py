"""How good the bundled model is, and what becomes of it with a few reviews of one's own.

`make bench-general` runs this. It needs the real data sets (../shared/datasets); it prints each
figure as it comes and writes them into its section of RESULTS.md. Test splits are opened here and
nowhere else: no choice of the model was made on them.
"""

import csv
from collections.abc import Iterator
from functools import cache

import numpy as np
from accuracy import folds, read
from numpy.typing import NDArray
from peers import vader_answers
from results import DATASETS, HERE, Table, write_parts
from speed import PYTHON, SENTIMENT, TEXT
from timing import alternate

from sentiment.evaluation.metrics import Evaluation, of_two
from sentiment.general import MODEL
from sentiment.model.file import load_model
from sentiment.model.model import Decision, Model
from sentiment.probing import CAPABILITIES, probe
from sentiment.reviews.dataset import LabelledReviews
from sentiment.training.options import TrainingOptions
from sentiment.training.train import train
from tools.general import build, sources

OWN = HERE.parent / "data"
UCI = ("yelp", "amazon_cells", "imdb")
SIZES = (20, 50, 100, 200, 900)
Answers = NDArray[np.bool_]


def accuracy(answers: Answers, labels: NDArray[np.integer]) -> float:
    """The share of right answers."""
    return float(np.mean(answers == (labels == 1)))


def answers_of(model: Model, reviews: LabelledReviews) -> Answers:
    """Answer as `predict` does, an empty review negative."""
    return model.probabilities(reviews.texts) >= model.decision.threshold


def foreign(table: Table) -> None:
    """Real test reviews, beside VADER."""
    model = load_model(MODEL)
    for name, path in (("SST-2 test", "sst2/test.tsv"), ("IMDb test", "imdb/test.parquet")):
        reviews = read(path)
        found = Evaluation(model.probabilities(reviews.texts), reviews.labels, Decision()).as_json()
        table.add(name, [found["accuracy"]])
        table.add("  ECE", [found["ece"]], percent=False)
        table.add("  VADER", [accuracy(vader_answers(reviews.texts), reviews.labels)])
    tweets = read("airline/Tweets.csv")
    for name, answers in (
        ("airline tweets, macro F1, never trained on", answers_of(model, tweets)),
        ("  VADER", vader_answers(tweets.texts)),
    ):
        found = Evaluation(of_two(answers.astype(float)), tweets.labels, Decision()).as_json()
        table.add(name, [found["macro_f1"]])


def probed(table: Table) -> None:
    """The checks of `sentiment probe`."""
    for result in probe(load_model(MODEL), CAPABILITIES.values()):
        table.add(f"probe, {result.name}", [result.rate])


def corpus(table: Table) -> None:
    """`data/test.csv` by phenomenon and by domain, beside VADER."""
    with (OWN / "test.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    labels = np.array([row["label"] == "positive" for row in rows])
    texts = [row["text"] for row in rows]
    right = {
        "": (load_model(MODEL).probabilities(texts) >= 0.5) == labels,
        "  VADER": vader_answers(texts) == labels,
    }
    for column in ("phenomenon", "domain"):
        for value in sorted({row[column] for row in rows}):
            there = np.array([row[column] == value for row in rows])
            for who, of_who in right.items():
                what = who or f"data/test.csv, {column} {value} ({there.sum()})"
                table.add(what, [float(of_who[there].mean())])
    for who, of_who in right.items():
        table.add(who or "data/test.csv, all", [float(of_who.mean())])


@cache
def never_saw_uci() -> Model:
    """The model made by the same recipe without what is evaluated here."""
    return build.build(DATASETS, OWN / "train.csv", without=("yelp", "amazon"))


def left_out(table: Table) -> None:
    """UCI sentences, by a model that saw neither yelp nor amazon; beside VADER."""
    for name in ("yelp", "amazon_cells"):
        reviews = read(f"uci/{name}_labelled.txt")
        answers = answers_of(never_saw_uci(), reviews)
        table.add(f"UCI {name}, left out", [accuracy(answers, reviews.labels)])
        table.add("  VADER", [accuracy(vader_answers(reviews.texts), reviews.labels)])


def fine_tuning(table: Table) -> None:
    """What so many reviews of one's own make of that model, and alone: means of 3 × 10 folds."""
    base = never_saw_uci()
    for size in SIZES:
        runs = [tuned(base, size, *fold) for fold in every_fold()]
        for name, which in (("", 0), ("  the base as it is", 1), ("  trained alone", 2)):
            table.add(name or f"UCI, {size} rows and a base", [float(np.mean(runs, axis=0)[which])])


def every_fold() -> Iterator[tuple[LabelledReviews, LabelledReviews]]:
    """Ten folds of each of the three sets."""
    for name in UCI:
        yield from folds(read(f"uci/{name}_labelled.txt"), 10, 0)


def tuned(
    base: Model, size: int, rest: LabelledReviews, fold: LabelledReviews
) -> tuple[float, float, float]:
    """Accuracy on a fold after training on so many others: with a base, of the base, and alone."""
    random = np.random.default_rng(size)
    some = [
        random.permutation(np.flatnonzero(rest.labels == label))[: size // 2] for label in (0, 1)
    ]
    few = rest.take(np.sort(np.concatenate(some)))
    models = (train(few, TrainingOptions(), base=base), base, train(few, TrainingOptions()))
    with_base, of_base, alone = (accuracy(answers_of(each, fold), fold.labels) for each in models)
    return with_base, of_base, alone


def of_neutral(_: Table) -> None:
    """Neutral texts that it never saw, and how many of them are answered surely; a section."""
    table = Table(
        "Neutral texts and the bundled model",
        "make bench-general",
        f"the share that has a probability below {sources.LOW} or above {sources.HIGH}",
        ("texts", "share", "how many"),
    )
    model = load_model(MODEL)
    for name, texts in sources.read_neutral(DATASETS).items():
        table.row(name, f"{sources.share_of_sure(model, texts):.1%}", f"{len(texts):,}")
    table.write()


def cold(_: Table) -> None:
    """One answer from a process that has just started, on an idle machine; a section of its own."""
    table = Table(
        "A cold answer of the bundled model",
        "make bench-general",
        "ours to theirs, the median over turns",
        ("figure", "ratio", "range", "what was measured"),
    )
    answer = [SENTIMENT, "predict", TEXT]  # no model is named, and none is here
    bare = [PYTHON, "-c", "import numpy, click"]
    table.ratio("one answer / importing numpy and click", alternate(answer, bare, 31))
    table.write()


EVERY = (cold, foreign, of_neutral, probed, corpus, left_out, fine_tuning)
PARTS = {part.__name__: part for part in EVERY}


def main() -> None:
    """Run the parts asked for; all of them write RESULTS.md."""
    table = Table("The bundled model", "make bench-general", "accuracy where nothing else is said")
    write_parts(__doc__, PARTS, table)


if __name__ == "__main__":
    main()
