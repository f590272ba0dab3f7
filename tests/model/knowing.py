"""Models that know the words of data/train.csv, fitted without Keras: naive Bayes, as networks."""

import csv
from functools import cache

import numpy as np

from sentiment.features.matrix import DocumentTermMatrix
from sentiment.features.ngrams import NGrams
from sentiment.features.vectorizer import Vectorizer
from sentiment.model.component import Component
from sentiment.model.model import Model
from sentiment.model.network import DenseNetwork, Layer
from tests.conftest import TRAIN

FAMILIES = {
    "characters": NGrams(words=2, tail=0, characters=(2, 5)),
    "words": NGrams(),
}


@cache
def knowing(family: str, limit: int = 200_000) -> Model:
    """Fit the weights; the network adds them up."""
    with TRAIN.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    labels = np.array([row["label"] == "positive" for row in rows], np.int8)
    incidence = DocumentTermMatrix.of([row["text"] for row in rows], FAMILIES[family])
    vectorizer = Vectorizer.fit(incidence, labels, max_features=limit)
    kernel = np.ones((vectorizer.keys.size, 1), np.float32)
    network = DenseNetwork((Layer.exact(kernel, np.array([0.2], np.float32)),))
    return Model((Component(vectorizer, network),))
