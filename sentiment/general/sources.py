"""The reviews that the bundled model is made from."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sentiment.reviews import ReadOptions, read_labelled, read_texts

# The grouping of GoEmotions' authors, by the numbers of the data set.
_POSITIVE = frozenset(["0", "1", "4", "5", "8", "13", "15", "17", "18", "20", "21", "23"])
_NEGATIVE = frozenset(["2", "3", "9", "10", "11", "12", "14", "16", "19", "24", "25"])
_NEUTRAL = frozenset(["27"])


class Source(NamedTuple):
    """Reviews of one kind.

    Attributes:
        texts: reviews, [n].
        labels: how far each is positive, from 0 to 1, float64 [n]; NaN where nobody said.
    """

    texts: list[str]
    labels: NDArray[np.float64]

    @classmethod
    def unlabelled(cls, texts: list[str]) -> "Source":
        """Take reviews without labels."""
        return cls(texts, np.full(len(texts), np.nan))


def read_sources(datasets: Path, own: Path, without: Sequence[str] = ()) -> dict[str, Source]:
    """Read everything but the lessons.

    Args:
        datasets: the folder with imdb, sst2, goemotions, uci, clothing.
        own: this project's own training reviews.
        without: names of sources to leave out, to be evaluated on.
    """
    comments, neutral = read_comments(datasets / "goemotions/train.tsv")
    unlabeled = list(read_texts([str(datasets / "imdb/unsup.parquet")], ReadOptions()))
    stars = ReadOptions(text_columns=("Title", "Review Text"), label_column="Rating")
    shops = datasets / "clothing/Womens Clothing E-Commerce Reviews.csv"
    sources = {
        "imdb": _labelled(datasets / "imdb/train.parquet"),
        "sst2": _labelled(datasets / "sst2/train.tsv"),
        "goemotions": comments,
        "yelp": _labelled(datasets / "uci/yelp_labelled.txt", ReadOptions(format="tsv")),
        "amazon": _labelled(datasets / "uci/amazon_cells_labelled.txt", ReadOptions(format="tsv")),
        "clothing": _labelled(shops, stars),
        "own": _labelled(own),
        "neutral": neutral,
        "unlabeled": Source.unlabelled(unlabeled),
    }
    return {name: source for name, source in sources.items() if name not in without}


def _labelled(path: Path, options: ReadOptions | None = None) -> Source:
    reviews = read_labelled([str(path)], options or ReadOptions())
    return Source(list(reviews.texts), reviews.labels.astype(np.float64))


def read_comments(path: Path) -> tuple[Source, Source]:
    """Read comments of feelings that all are positive or all negative; and those of none."""
    texts, labels, neutral = [], [], []
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            feelings = set(row["label"].split(","))
            if feelings <= _POSITIVE or feelings <= _NEGATIVE:
                texts.append(row["text"])
                labels.append(float(feelings <= _POSITIVE))
            elif feelings == _NEUTRAL:
                neutral.append(row["text"])
    return Source(texts, np.array(labels)), Source.unlabelled(neutral)
