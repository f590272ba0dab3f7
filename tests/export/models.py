"""Models of every kind that is exported, and what numpy makes of them."""

from dataclasses import replace

import numpy as np

from sentiment.features.ngrams import NGrams
from sentiment.general import FAST_MODEL
from sentiment.labels import SENTIMENT, WITH_NEUTRAL, LabelSet
from sentiment.model.component import Rows
from sentiment.model.file import load_model
from sentiment.model.model import Model
from sentiment.model.network import DenseNetwork, Layer
from tests.model.convolutions import random_network, words_model
from tests.model.encoders import pieces_model, random_transformer
from tests.model.small import changed, small_model

TEXTS = [
    "not a good film :)",
    "",
    "映画 ½ Café, don’t!",
    "I wouldn't say that it was bad",
    "asdf qwer",
    "good film, bad film",
    "unbelievably good 👍 [SEP] " + "it was a film, " * 20,
    "映",
]


def stacked() -> Model:
    """One on another on a third, each with features of its own."""
    first = small_model((), NGrams(words=1, tail=0, stem=0, negation=0))
    return small_model().on(small_model((64, 32)).on(first, 0.5), 1.5)


def unquantized() -> Model:
    model = small_model((8,))
    first, *rest = model.own.network.layers
    exact = Layer.exact(first.dense_kernel(), first.bias)
    return changed(model, network=DenseNetwork((exact, *rest)))


def beside_ngrams() -> Model:
    """A language model that leaves to n-grams whether enough is known, as the bundled one does."""
    model = pieces_model(WITH_NEUTRAL)
    encoder = replace(model.own.encoder, judges=False)
    return changed(model, encoder=encoder).on(small_model(labels=WITH_NEUTRAL), 0.5)


def deep() -> Model:
    """Weights that are not quantized, and layers behind the mean."""
    return changed(pieces_model(), network=random_transformer(1, 1, hidden=(6, 5)))


def activated(model: Model, activation: str) -> Model:
    """The model with another activation of its hidden layers."""
    return changed(model, network=replace(model.own.network, activation=activation))


PIECES = {
    "pieces": pieces_model,
    "pieces, three classes": lambda: pieces_model(WITH_NEUTRAL),
    "pieces, two of three": lambda: pieces_model(WITH_NEUTRAL).restricted(SENTIMENT),
    "pieces, hidden layers": deep,
    "pieces, hidden layers of GELU": lambda: activated(deep(), "gelu"),
    "pieces, no block": lambda: changed(pieces_model(), network=random_transformer(0, 1)),
    "pieces beside n-grams": beside_ngrams,
    "pieces under n-grams": lambda: small_model().on(pieces_model(), 0.5),
}
WORDS = {
    "words": words_model,
    "words, three classes": lambda: words_model(WITH_NEUTRAL),
    "words, exact, one width": lambda: changed(
        words_model(), network=random_network(1, widths=(2,), rows=24)
    ),
    "words under n-grams": lambda: small_model().on(words_model(), 0.5),
    "words beside pieces": lambda: words_model().on(pieces_model(), 0.5),
}
MODELS = {
    "no hidden layer": lambda: small_model(()),
    "one": small_model,
    "two": lambda: small_model((64, 32)),
    "unquantized": unquantized,
    "tanh": lambda: small_model((64, 32), activation="tanh"),
    "GELU": lambda: small_model((64, 32), activation="gelu"),
    "stacked": stacked,
    "three classes": lambda: small_model(labels=WITH_NEUTRAL),
    "other names": lambda: small_model((), labels=LabelSet(("a", "b/c", "d e", "f"))),
    "three on two": lambda: small_model((), labels=WITH_NEUTRAL).on(small_model(), 0.7),
    "two of three": lambda: small_model(labels=WITH_NEUTRAL).restricted(SENTIMENT),
    "bundled": lambda: load_model(FAST_MODEL),
    **WORDS,
    **PIECES,
}


def numpy_log_odds(model: Model, inputs: dict[str, Rows]) -> np.ndarray:
    """What numpy makes of the same rows."""
    each = [
        component.log_odds_of(inputs[number * "base_"])
        for number, component in enumerate(model.components)
    ]
    return model.add_up(each, lambda own, base, weight: own + weight * base)
