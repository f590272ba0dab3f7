"""What a few, and unbalanced, reviews come to: `train` beside scikit-learn on the same rows.

`make bench-few` runs this. It needs the real data sets (../shared/datasets); it prints each figure
as it comes and writes them into its section of RESULTS.md. The rows that are trained on are drawn
from half A of each set and tested on half B, by the first byte of a hash of the text. Half B is
opened here and nowhere else: every choice was made on rows of half A.
"""

import hashlib
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from accuracy import read
from numpy.typing import NDArray
from peers import balanced_tfidf
from results import DATASETS, Table, write_parts

from sentiment.evaluation.metrics import Evaluation
from sentiment.labels import SENTIMENT
from sentiment.reviews.dataset import LabelledReviews
from sentiment.reviews.labelled import read_labelled
from sentiment.reviews.streams import ReadOptions
from sentiment.training.options import TrainingOptions
from sentiment.training.train import train

DRAWS = 20
SIZES = (60, 100, 200, 500)
LARGE = 200  # ECE is told of draws of so many rows and more
LEAST_RECALL = 0.2


class Draw(NamedTuple):
    """What one draw came to, each from 0 to 1."""

    macro_f1: float
    peer: float
    ece: float
    least_recall: float


def sets() -> Iterator[tuple[str, LabelledReviews, tuple[int, ...]]]:
    """Airline tweets (two classes), clothing, and each domain of multi-domain, with its sizes."""
    yield "airline", read("airline/Tweets.csv", classes=SENTIMENT.names), SIZES
    yield (
        "clothing",
        stars("clothing/Womens Clothing E-Commerce Reviews.csv", "Review Text", "Rating"),
        SIZES[:3],
    )
    products = stars("multidomain/reviews.csv", "text", "stars", "domain")
    domains = np.array(products.columns["domain"])
    for name in sorted(set(domains)):
        yield name, products.take(np.flatnonzero(domains == name)), SIZES


def stars(path: str, text: str, label: str, *keep: str) -> LabelledReviews:
    """Read reviews with stars, 1 and 2 negative, 4 and 5 positive, and columns to keep."""
    options = ReadOptions(text_columns=(text,), label_column=label, keep=keep)
    return read_labelled([str(DATASETS / path)], options)


def in_half_a(texts: list[str]) -> NDArray[np.bool_]:
    """Return which texts the first byte of their hash puts into half A, bool [n]."""
    normal = (" ".join(text.split()).lower() for text in texts)
    return np.array([hashlib.sha256(text.encode()).digest()[0] % 2 == 0 for text in normal])


def drawn(labels: NDArray[np.integer], rows: NDArray[np.int64], size: int, seed: int):
    """Draw rows, each class by its share, two of each at the least."""
    random = np.random.default_rng(seed)
    positive = int(np.clip(round(size * labels[rows].mean()), 2, size - 2))
    parts = [(1, positive), (0, size - positive)]
    chosen = [random.permutation(rows[labels[rows] == label])[:count] for label, count in parts]
    return np.sort(np.concatenate(chosen))


def tried(training: LabelledReviews, test: LabelledReviews, seed: int) -> Draw:
    """Train on a draw, and measure; the same for the peer."""
    model = train(training, TrainingOptions(seed=seed))
    # A text without a token, of which there are hardly any, has the probability of an even bet.
    probabilities = np.nan_to_num(model.probabilities(test.texts), nan=0.5)
    found = Evaluation(probabilities, test.labels, model.decision).as_json()
    recall = min(found["recall_negative"], found["recall_positive"])
    return Draw(found["macro_f1"], balanced_tfidf(training, test), found["ece"], recall)


def few(table: Table) -> None:
    """Each cell: so many rows of one set."""
    cells, every = [], []
    for name, reviews, sizes in sets():
        half = in_half_a(list(reviews.texts))
        pool, test = np.flatnonzero(half), reviews.take(np.flatnonzero(~half))
        for size in sizes:
            draws = [
                tried(reviews.take(drawn(reviews.labels, pool, size, seed)), test, seed)
                for seed in range(DRAWS)
            ]
            every += [(size, draw) for draw in draws]
            ahead = np.array([draw.macro_f1 - draw.peer for draw in draws])
            error = ahead.std(ddof=1) / DRAWS**0.5
            cells.append((name, size, ahead.mean(), error))
            mean = np.mean(draws, axis=0)
            table.row(
                f"{name}, {size} rows",
                f"{100 * mean[0]:.1f}",
                f"{100 * mean[1]:.1f}",
                f"{100 * ahead.mean():+.1f} ± {100 * error:.1f}",
                f"{mean[2]:.3f}",
                f"{100 * min(draw.least_recall for draw in draws):.0f}",
            )
    behind = [f"{name} {size}" for name, size, mean, error in cells if mean < -error]
    large = [draw.ece for size, draw in every if size >= LARGE]
    recalled = np.mean([draw.least_recall >= LEAST_RECALL for _, draw in every])
    table.row(
        "mean over cells", "", "", f"{100 * np.mean([cell[2] for cell in cells]):+.1f}", "", ""
    )
    table.row(
        "cells behind by more than their standard error",
        "",
        "",
        ", ".join(behind) or "none",
        "",
        "",
    )
    table.row(
        f"ECE, mean over draws of {LARGE} rows and more", "", "", "", f"{np.mean(large):.3f}", ""
    )
    table.row(
        f"draws whose recall of either class is {LEAST_RECALL:.0%} or more",
        "",
        "",
        "",
        "",
        f"{recalled:.1%}",
    )


PARTS = {part.__name__: part for part in (few,)}


def main() -> None:
    """Run it, and write RESULTS.md."""
    table = Table(
        "Few reviews",
        "make bench-few",
        f"macro F1 in %, the mean of {DRAWS} draws, beside scikit-learn's TF-IDF of 1–2-grams and "
        "balanced logistic regression; the difference with its standard error; ECE; and the least "
        "recall of either class in any draw, in %",
        ("rows", "train", "scikit-learn", "ahead", "ECE", "least recall"),
    )
    write_parts(__doc__, PARTS, table)


if __name__ == "__main__":
    main()
