"""Small models to explain: a fitted vectorizer, and a network of any shape with random weights."""

from itertools import pairwise

import numpy as np

from sentiment.features.matrix import Incidence
from sentiment.features.ngrams import NGrams
from sentiment.features.vectorizer import Vectorizer
from sentiment.model.model import Calibration, Model
from sentiment.model.network import Layer, Network

WORDS = [
    "not",
    "good",
    "bad",
    "film",
    "a",
    "I",
    "don’t",
    "Café",
    ",",
    "...",
    "½",
    ":)",
    "映画",
    "ﬁne",
]
SHAPES = [(), (16,), (64, 32)]
CHARACTERS = NGrams(2, 3, 1, 3, 4, (1, 4))


def small_model(hidden: tuple[int, ...] = (16,), ngrams: NGrams = CHARACTERS) -> Model:
    random = np.random.default_rng(3)
    texts = [" ".join(random.choice(WORDS, 8)) for _ in range(60)]
    vectorizer = Vectorizer.fit(Incidence.of(texts, ngrams), np.arange(60) % 2)
    sizes = [vectorizer.keys.size, *hidden, 1]
    layers = [
        Layer.exact(
            (3 * random.normal(size=shape) / np.sqrt(shape[0] ** 0.3)).astype(np.float32),
            random.normal(size=shape[1]).astype(np.float32),
        )
        for shape in pairwise(sizes)
    ]
    return Model(vectorizer, Network((layers[0].quantized(), *layers[1:])), Calibration(0.9, 0.2))
