"""A model ↔ what its file holds: arrays by name, and JSON values for everything else."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment.features import NGrams, Vectorizer
from sentiment.model.calibration import Calibration
from sentiment.model.checks import mapping, number, string, truth, whole
from sentiment.model.decision import Decision
from sentiment.model.model import DEEPEST, LEAST_KNOWN, Base, Model
from sentiment.model.network import Layer, Network
from sentiment.model.provenance import Provenance
from sentiment.model.seen import Seen
from sentiment.model.tensors import Tensors

# Before the names of the arrays of the model that another stands on.
_OF_BASE = "base/"

# What numbers may be at the most. The slope of a network that has learned next to nothing is large.
_LARGEST = 1e15
_LARGEST_WEIGHT = 1e3
_LARGEST_FEATURE = float(np.finfo(np.float16).max)
# Weights and sums of the first layer are float32; later sums float64, and multiplied in pairs.
_LARGEST_SUM, _LARGEST_LATER_SUM = 1e30, 1e120
_LARGEST_KEY = (1 << 64) - 1

# Fields of the n-grams that came with later format versions, and what they are where none is said.
_UNSAID = {"reversal": 0, "repair": True, "ratings": False}

_EPOCH = {
    "number": _LARGEST,
    "loss": _LARGEST,
    "validation_loss": _LARGEST,
    "validation_accuracy": 1.0,
}


def tensors_of(model: Model) -> Tensors:
    """Gather the arrays of a model, those of its base under names of their own."""
    tensors: Tensors = {
        "features.keys": model.vectorizer.keys,
        "features.weights": model.vectorizer.weights.astype(np.float16),
        "training.seen": model.seen.whole,
    }
    if model.seen.passages is not None:
        tensors["training.passages"] = model.seen.passages
    for depth, layer in enumerate(model.network.layers):
        tensors |= {
            f"layers.{depth}.kernel": layer.kernel,
            f"layers.{depth}.scale": layer.scale,
            f"layers.{depth}.bias": layer.bias,
        }
    if model.base is not None:
        of_base = tensors_of(model.base.model)
        tensors |= {_OF_BASE + name: tensor for name, tensor in of_base.items()}
    return {name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}


def document_of(model: Model) -> dict[str, Any]:
    """Gather what is no array, as JSON values."""
    document = {
        "ngrams": _fields_of(model.vectorizer.ngrams),
        "layers": len(model.network.layers),
        "calibration": model.calibration._asdict(),
        "decision": model.decision._asdict(),
        "history": list(model.history),
        "provenance": model.provenance and model.provenance.as_json(),
        "phrases": [[str(key), text] for key, text in model.phrases.items()],
    }
    if model.least_known != LEAST_KNOWN:
        document["least_known"] = model.least_known
    if model.base is not None:
        of_base = document_of(model.base.model)
        document["base"] = {"weight": model.base.weight, "model": of_base}
    return document


def format_of(model: Model) -> int:
    """Return the oldest format version that can say what is in a model, and in those below it."""
    ngrams = model.vectorizer.ngrams
    own = 4 if ngrams.ratings or not ngrams.repair else 3 if ngrams.reversal else 1
    return own if model.base is None else max(own, 2, format_of(model.base.model))


def _fields_of(ngrams: NGrams) -> dict[str, Any]:
    """Turn into JSON values; what is as in files that know nothing of it is left out."""
    return {
        name: value
        for name, value in ngrams._asdict().items()
        if name not in _UNSAID or value != _UNSAID[name]
    }


def model_of(document: dict[str, Any], tensors: Tensors, depth: int = 1) -> Model:
    """Build a model, checking how the parts fit together.

    Args:
        document: what `document_of` gave.
        tensors: what `tensors_of` gave.
        depth: how many models stand one on the other, up to this one.

    Raises:
        ValueError, TypeError, KeyError, RecursionError: they do not.
    """
    return Model(
        vectorizer=_vectorizer(document["ngrams"], tensors),
        network=_network(document["layers"], tensors),
        calibration=_calibration(document["calibration"]),
        decision=_decision(document["decision"]),
        history=tuple(_epoch(epoch) for epoch in document["history"]),
        provenance=_provenance(document["provenance"]),
        seen=_seen(tensors),
        phrases={
            whole(int(string(key)), 0, _LARGEST_KEY): string(text)
            for key, text in document["phrases"]
        },
        base=_base(document["base"], tensors, depth + 1) if "base" in document else None,
        least_known=number(document.get("least_known", LEAST_KNOWN), 0, 1),
    )


def _base(fields: object, tensors: Tensors, depth: int) -> Base:
    if depth > DEEPEST:
        raise ValueError(f"more than {DEEPEST} models stand one on the other")
    base = mapping(fields)
    of_base = {
        name.removeprefix(_OF_BASE): tensor
        for name, tensor in tensors.items()
        if name.startswith(_OF_BASE)
    }
    model = model_of(mapping(base["model"]), of_base, depth)
    return Base(model, number(base["weight"], 0, _LARGEST_WEIGHT))


def _seen(tensors: Tensors) -> Seen:
    """Read what is remembered; files of older programs hold no passages."""
    has_passages = "training.passages" in tensors
    return Seen(
        _tensor(tensors, "training.seen", "u", 1),
        _tensor(tensors, "training.passages", "u", 1) if has_passages else None,
    )


def _vectorizer(fields: object, tensors: Tensors) -> Vectorizer:
    orders = mapping(fields)
    shortest, longest = orders["characters"]
    ngrams = NGrams(
        words=whole(orders["words"], 1, 16),
        tail=whole(orders["tail"], 0, 1 << 16),
        tail_words=whole(orders["tail_words"], 1, 16),
        stem=whole(orders["stem"], 0, 1 << 16),
        negation=whole(orders["negation"], 0, 1 << 16),
        characters=(whole(shortest, min(1, longest), 16), whole(longest, shortest, 16)),
        reversal=whole(orders.get("reversal", _UNSAID["reversal"]), 0, 1 << 16),
        repair=truth(orders.get("repair", _UNSAID["repair"])),
        ratings=truth(orders.get("ratings", _UNSAID["ratings"])),
    )
    keys = _tensor(tensors, "features.keys", "u", 1)
    weights = _tensor(tensors, "features.weights", "f", 1).astype(np.float32)
    number(_size(weights), 0, _LARGEST_FEATURE)
    if keys.shape != weights.shape:
        raise ValueError("feature keys and weights differ in number")
    if not (keys[1:] > keys[:-1]).all():
        raise ValueError("feature keys are out of order")
    return Vectorizer(ngrams, keys, weights)


def _network(depth: object, tensors: Tensors) -> Network:
    layers = []
    inputs = tensors["features.keys"].size
    reach = 1.0  # no input is further from 0 than this
    for place in range(whole(depth, 1, 64)):
        kernel = _tensor(tensors, f"layers.{place}.kernel", "fi", 2)
        scale = _tensor(tensors, f"layers.{place}.scale", "f", 1)
        bias = _tensor(tensors, f"layers.{place}.bias", "f", 1)
        if kernel.shape != (inputs, bias.size) or scale.shape != bias.shape:
            raise ValueError(f"layer {place} does not fit the one before it")
        largest = number(_size(kernel) * _size(scale), 0, _LARGEST_SUM)
        reach = reach * max(inputs, 1) * largest + _size(bias)
        number(reach, 0, _LARGEST_LATER_SUM if place else _LARGEST_SUM)
        layers.append(Layer(kernel, scale, bias))
        inputs = bias.size
    if inputs != 1:
        raise ValueError("the last layer has more than one output")
    return Network(tuple(layers))


def _size(tensor: NDArray[Any]) -> float:
    """How far from 0 the numbers of a tensor reach."""
    return max(float(tensor.max(initial=0)), -float(tensor.min(initial=0)))


def _calibration(fields: dict[str, Any]) -> Calibration:
    slope = number(fields["slope"], 0, _LARGEST)
    if slope == 0:
        raise ValueError("the calibration makes all answers one")
    return Calibration(slope, number(fields["intercept"], -_LARGEST, _LARGEST))


def _decision(fields: dict[str, Any]) -> Decision:
    threshold, band = number(fields["threshold"], 0, 1), fields["band"]
    if band is not None:
        # An edge beyond all probabilities leaves that side without answers.
        low, high = band
        band = (number(low, -1, threshold), number(high, threshold, 2))
    return Decision(threshold, band)


def _epoch(fields: object) -> dict[str, float]:
    figures = mapping(fields)
    if not figures.keys() <= _EPOCH.keys():
        raise ValueError("an epoch has figures that no training gives")
    return {name: number(value, 0, _EPOCH[name]) for name, value in figures.items()}


def _provenance(fields: object) -> Provenance | None:
    return None if fields is None else Provenance.from_json(fields)


def _tensor(tensors: Tensors, name: str, kinds: str, dimensions: int) -> NDArray[Any]:
    tensor = tensors[name]
    if tensor.dtype.kind not in kinds or tensor.ndim != dimensions:
        raise ValueError(f"{name} has the type {tensor.dtype} and the shape {tensor.shape}")
    return tensor
