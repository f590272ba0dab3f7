"""Kinds of encoders and networks in model files; everything is checked before they are built.

Here are that of n-grams and the table of all; `pieces.py` and `words.py` have the others.
"""

import reprlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sentiment.features.ngrams import NGrams
from sentiment.features.vectorizer import Vectorizer
from sentiment.model.activations import ACTIVATIONS, USUAL
from sentiment.model.component import MIN_COVERAGE, Encoder, Network
from sentiment.model.network import DenseNetwork, Layer
from sentiment.model.tensors import Tensors, mapping, number, string, tensor_of, truth, whole

_LARGEST_FEATURE = float(np.finfo(np.float16).max)
# Weights and sums of the first layer are float32; later sums float64, and multiplied in pairs.
_LARGEST_SUM, _LARGEST_LATER_SUM = 1e30, 1e120

# Fields that came with later format versions, and their values if they are left out.
LEFT_OUT: dict[str, Any] = {
    "kind": "ngrams",
    "least_known": MIN_COVERAGE,
    "reversal": 0,
    "repair": True,
    "ratings": False,
    "judges": True,
    "corrected": [],
    "hidden": 0,
    "long_scale": 1.0,
    "activation": USUAL,
}


def compact(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the fields without those that may be left out."""
    return {
        name: value
        for name, value in fields.items()
        if name not in LEFT_OUT or value != LEFT_OUT[name]
    }


class Kind(NamedTuple):
    """How a kind of encoder and its network are written and read.

    Attributes:
        tensors, document: (encoder, network) → tensors, JSON values.
        version: (encoder, network) → the oldest format version that can hold them.
        read: (document, tensors, outputs) → encoder, network; raises ValueError, TypeError or
            KeyError.
    """

    tensors: Callable[[Any, Any], Tensors]
    document: Callable[[Any, Any], dict[str, Any]]
    version: Callable[[Any, Any], int]
    read: Callable[[dict[str, Any], Tensors, int], tuple[Encoder, Network]]


def _ngram_tensors(encoder: Vectorizer, network: DenseNetwork) -> Tensors:
    tensors: Tensors = {
        "features.keys": encoder.keys,
        "features.weights": encoder.weights.astype(np.float16),
    }
    for depth, layer in enumerate(network.layers):
        tensors |= {
            f"layers.{depth}.kernel": layer.kernel,
            f"layers.{depth}.scale": layer.scale,
            f"layers.{depth}.bias": layer.bias,
        }
    return tensors


def _ngram_document(encoder: Vectorizer, network: DenseNetwork) -> dict[str, Any]:
    return {
        "ngrams": compact(encoder.settings()),
        "layers": len(network.layers),
        "activation": network.activation,
    }


def _ngram_version(encoder: Vectorizer, network: DenseNetwork) -> int:
    ngrams = encoder.ngrams
    if network.activation != USUAL:
        return 5
    return 4 if ngrams.ratings or not ngrams.repair else 3 if ngrams.reversal else 1


def _read_ngrams(
    document: dict[str, Any], tensors: Tensors, outputs: int
) -> tuple[Vectorizer, DenseNetwork]:
    encoder = _vectorizer(document["ngrams"], tensors)
    network = _network(document["layers"], encoder.size, outputs, tensors)
    return encoder, replace(network, activation=activation_of(document))


def activation_of(document: dict[str, Any]) -> str:
    """Return the activation of the hidden layers of a component, checked."""
    name = string(document.get("activation", LEFT_OUT["activation"]))
    if name not in ACTIVATIONS:
        raise ValueError(f"an unknown activation, {reprlib.repr(name)}")
    return name


def _vectorizer(fields: object, tensors: Tensors) -> Vectorizer:
    orders = LEFT_OUT | mapping(fields)
    shortest, longest = orders["characters"]
    ngrams = NGrams(
        words=whole(orders["words"], 1, 16),
        tail=whole(orders["tail"], 0, 1 << 16),
        tail_words=whole(orders["tail_words"], 1, 16),
        stem=whole(orders["stem"], 0, 1 << 16),
        negation=whole(orders["negation"], 0, 1 << 16),
        characters=(whole(shortest, min(1, longest), 16), whole(longest, shortest, 16)),
        reversal=whole(orders["reversal"], 0, 1 << 16),
        repair=truth(orders["repair"]),
        ratings=truth(orders["ratings"]),
    )
    keys = tensor_of(tensors, "features.keys", "u", 1)
    weights = tensor_of(tensors, "features.weights", "f", 1).astype(np.float32)
    number(largest_of(weights), 0, _LARGEST_FEATURE)
    if keys.shape != weights.shape:
        raise ValueError("feature keys and weights differ in number")
    if not (keys[1:] > keys[:-1]).all():
        raise ValueError("feature keys are out of order")
    return Vectorizer(ngrams, keys, weights)


def _network(depth: object, inputs: int, outputs: int, tensors: Tensors) -> DenseNetwork:
    layers = []
    reach = 1.0  # the largest absolute input
    for place in range(whole(depth, 1, 64)):
        kernel = tensor_of(tensors, f"layers.{place}.kernel", "fi", 2)
        scale = tensor_of(tensors, f"layers.{place}.scale", "f", 1)
        bias = tensor_of(tensors, f"layers.{place}.bias", "f", 1)
        if kernel.shape != (inputs, bias.size) or scale.shape != bias.shape:
            raise ValueError(f"layer {place} does not fit the one before it")
        largest = number(largest_of(kernel) * largest_of(scale), 0, _LARGEST_SUM)
        reach = reach * max(inputs, 1) * largest + largest_of(bias)
        number(reach, 0, _LARGEST_LATER_SUM if place else _LARGEST_SUM)
        layers.append(Layer(kernel, scale, bias))
        inputs = bias.size
    if inputs != outputs:
        raise ValueError(f"the last layer has {inputs} outputs and not {outputs}")
    return DenseNetwork(tuple(layers))


def largest_of(tensor: NDArray[Any]) -> float:
    """Return the largest absolute value of a tensor."""
    return max(float(tensor.max(initial=0)), -float(tensor.min(initial=0)))


def _ngrams() -> Kind:
    return Kind(_ngram_tensors, _ngram_document, _ngram_version, _read_ngrams)


def _pieces() -> Kind:
    from sentiment.model.pieces import PIECES  # answers by n-grams do without it

    return PIECES


def _sequence() -> Kind:
    from sentiment.model.words import SEQUENCE

    return SEQUENCE


# A function returns each kind.
KINDS: dict[str, Callable[[], Kind]] = {"ngrams": _ngrams, "pieces": _pieces, "sequence": _sequence}
