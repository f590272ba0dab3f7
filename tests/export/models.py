"""Models of every kind that is exported, and what numpy makes of them."""

import numpy as np

from sentiment.features.matrix import CSRMatrix
from sentiment.features.ngrams import NGrams
from sentiment.general import FAST_MODEL
from sentiment.labels import SENTIMENT, WITH_NEUTRAL, LabelSet
from sentiment.model.file import load_model
from sentiment.model.model import Model
from sentiment.model.network import DenseNetwork, Layer
from tests.model.small import changed, small_model

TEXTS = [
    "not a good film :)",
    "",
    "映画 ½ Café, don’t!",
    "I wouldn't say that it was bad",
    "asdf qwer",
    "good film, bad film",
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


MODELS = {
    "no hidden layer": lambda: small_model(()),
    "one": small_model,
    "two": lambda: small_model((64, 32)),
    "unquantized": unquantized,
    "stacked": stacked,
    "three classes": lambda: small_model(labels=WITH_NEUTRAL),
    "other names": lambda: small_model((), labels=LabelSet(("a", "b/c", "d e", "f"))),
    "three on two": lambda: small_model((), labels=WITH_NEUTRAL).on(small_model(), 0.7),
    "two of three": lambda: small_model(labels=WITH_NEUTRAL).restricted(SENTIMENT),
    "bundled": lambda: load_model(FAST_MODEL),
}


def numpy_log_odds(model: Model, inputs: dict[str, CSRMatrix]) -> np.ndarray:
    """What numpy makes of the same rows."""
    each = [
        component.log_odds_of(inputs[number * "base_"])
        for number, component in enumerate(model.components)
    ]
    return model.add_up(each, lambda own, base, weight: own + weight * base)
