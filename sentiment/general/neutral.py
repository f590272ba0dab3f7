"""How sure the bundled model is of texts that are neutral; it was taught that none is."""

import csv
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import numpy as np

from sentiment.general.sources import read_comments
from sentiment.model import Model

# Beyond these an answer reads as a sure one.
LOW, HIGH = 0.2, 0.8


def read_neutral(datasets: Path) -> dict[str, list[str]]:
    """Read neutral texts that no model was made from, by what they are called.

    Args:
        datasets: the folder with airline and goemotions.
    """
    tweets = list(_tweets(datasets / "airline/Tweets.csv"))
    halves = {name: [text for text in tweets if _half(text) == name] for name in "AB"}
    comments = {
        part: read_comments(datasets / f"goemotions/{part}.tsv")[1].texts
        for part in ("dev", "test")
    }
    return {
        **{f"airline tweets, half {name}": texts for name, texts in halves.items()},
        **{f"Reddit comments, GoEmotions {part}": texts for part, texts in comments.items()},
    }


def share_of_sure(model: Model, texts: list[str]) -> float:
    """Return which share of texts has a probability below `LOW` or above `HIGH`."""
    p_positive = model.probabilities(texts)
    return float(np.mean((p_positive < LOW) | (p_positive > HIGH)))


def told(model: Model, datasets: Path) -> str:
    """Say in a sentence how sure a model is of the texts kept for figures: half B, and test."""
    shares = [
        f"{share_of_sure(model, texts):.0%} of {len(texts):,} {name.split(',')[0]}"
        for name, texts in read_neutral(datasets).items()
        if name.endswith((" B", " test"))
    ]
    return (
        f"A neutral text is answered as well, often surely: of neutral texts that it never saw, "
        f"{' and '.join(shares)} have a probability below {LOW} or above {HIGH}."
    )


def _tweets(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        for row in csv.DictReader(file):
            if row["airline_sentiment"] == "neutral":
                yield row["text"]


def _half(text: str) -> str:
    """Return A or B, the same for equal texts: A to choose by, B for figures."""
    return "AB"[sha256(" ".join(text.split()).encode()).digest()[0] % 2]
