"""Reviews that are quickly learned, and models of them that took no training."""

import random
from pathlib import Path

import numpy as np

from sentiment.features.matrix import DocumentTermMatrix
from sentiment.features.ngrams import NGrams
from sentiment.features.vectorizer import Vectorizer
from sentiment.model.component import Component
from sentiment.model.file import save_model
from sentiment.model.model import Model
from sentiment.model.network import DenseNetwork, Layer

_GOOD = "warm funny bright kind fresh clever lovely sturdy quick gentle"
_BAD = "cold dull rude stale slow broken noisy dirty bland careless"
_PLAIN = "the a room film soup case staff plot price table story day seat and was with"


def reviews(count: int, seed: int = 0) -> tuple[list[str], list[str]]:
    """Make texts, all different, and their labels: half of them of each."""
    draw = random.Random(seed)
    good, bad, plain = _GOOD.split(), _BAD.split(), _PLAIN.split()
    texts, labels = [], []
    for number in range(count):
        positive = number % 2 == 0
        words = [
            *draw.choices(plain, k=8),
            *draw.choices(good if positive else bad, k=2),
            *draw.choices(good + bad, k=2),
        ]
        draw.shuffle(words)
        texts.append(f"{' '.join(words)} {number}")
        labels.append("positive" if positive else "negative")
    return texts, labels


def write_reviews(path: Path, count: int, seed: int = 0) -> Path:
    """Write reviews with their labels, as CSV."""
    rows = zip(*reviews(count, seed), strict=True)
    path.write_text("text,label\n" + "".join(f"{text},{label}\n" for text, label in rows))
    return path


def write_model(path: Path, seed: int = 0, count: int = 200) -> Path:
    """Write a model without training it: naive Bayes, which is a network without hidden layers."""
    texts, labels = reviews(count, seed)
    positive = np.array([label == "positive" for label in labels])
    vectorizer = Vectorizer.fit(DocumentTermMatrix.of(texts, NGrams()), positive.astype(np.int8))
    kernel = np.full((vectorizer.keys.size, 1), 3, np.float32)
    layer = Layer.exact(kernel, np.zeros(1, np.float32))
    save_model(Model((Component(vectorizer, DenseNetwork((layer.quantized(),))),)), path)
    return path


def share_of(count: int, share: float) -> int:
    """How many of so many cases to try: one at the least."""
    return max(round(count * share), 1)
