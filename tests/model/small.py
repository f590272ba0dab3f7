"""Small models to explain: a fitted vectorizer, and a network of any shape with random weights."""

from dataclasses import fields, replace
from itertools import pairwise
from typing import Any

import numpy as np

from sentiment.features.matrix import DocumentTermMatrix
from sentiment.features.ngrams import NGrams
from sentiment.features.vectorizer import Vectorizer
from sentiment.labels import SENTIMENT, LabelSet
from sentiment.model.component import Calibration, Component
from sentiment.model.decision import even_decision
from sentiment.model.model import Model, Record
from sentiment.model.network import DenseNetwork, Layer

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


def small_model(
    hidden: tuple[int, ...] = (16,),
    ngrams: NGrams = CHARACTERS,
    labels: LabelSet = SENTIMENT,
    activation: str = "relu",
) -> Model:
    random = np.random.default_rng(3)
    texts = [" ".join(random.choice(WORDS, 8)) for _ in range(60)]
    vectorizer = Vectorizer.fit(DocumentTermMatrix.of(texts, ngrams), np.arange(60) % 2)
    outputs = len(labels) - 1
    sizes = [vectorizer.keys.size, *hidden, outputs]
    layers = [
        Layer.exact(
            (3 * random.normal(size=shape) / np.sqrt(shape[0] ** 0.3)).astype(np.float32),
            random.normal(size=shape[1]).astype(np.float32),
        )
        for shape in pairwise(sizes)
    ]
    network = DenseNetwork((layers[0].quantized(), *layers[1:]), activation)
    calibration = Calibration(0.9, (0.2, -0.1, 0.3, 0.0)[:outputs])
    own = Component(vectorizer, network, calibration, labels=labels)
    return Model((own,), even_decision(len(labels)), labels=labels)


def changed(model: Model, **changes: Any) -> Model:
    """The model with other fields: its own, its record's, those of its own component."""
    record, own, rest = (
        {field.name: changes[field.name] for field in fields(kind) if field.name in changes}
        for kind in (Record, Component, Model)
    )
    components = (replace(model.own, **own), *model.components[1:])
    return replace(model, components=components, record=replace(model.record, **record), **rest)
