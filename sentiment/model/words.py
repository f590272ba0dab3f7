"""The kind `sequence` in model files: a vocabulary and a network, checked before use."""

from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment.features.words import SYMBOL, WordEncoder, WordReading
from sentiment.model.convolution import ConvolutionalNetwork
from sentiment.model.kinds import LEFT_OUT, Kind, compact, largest_of
from sentiment.model.network import Layer
from sentiment.model.tensors import Tensors, mapping, number, tensor_of, truth, whole
from sentiment.model.transformer import Table

_MOST_WIDTH, _MOST_UNITS, _MOST_WIDTHS, _MOST_HIDDEN = 1 << 12, 1 << 14, 16, 16
_MOST_READ = 1 << 16
# Numbers of one text at once: the vectors of as many words as a filter looks at, and what all
# filters give, for each word.
_MOST_NUMBERS = 1 << 26
# Filters are computed in float32, what follows them in float64.
_LARGEST_SUM, _LARGEST_LATER_SUM = 1e30, 1e120


def _tensors(encoder: WordEncoder, network: ConvolutionalNetwork) -> Tensors:
    tensors: Tensors = {
        "words.keys": encoder.keys,
        "words.kinds": encoder.kinds,
        "words.rows": network.words.rows,
        "words.scale": network.words.scale,
    }
    named = {f"filters.{place}": layer for place, layer in enumerate(network.filters)}
    named |= {f"layers.{place}": layer for place, layer in enumerate(network.head)}
    for name, layer in named.items():
        tensors |= {
            f"{name}.kernel": layer.kernel,
            f"{name}.scale": layer.scale,
            f"{name}.bias": layer.bias,
        }
    return tensors


def _document(encoder: WordEncoder, network: ConvolutionalNetwork) -> dict[str, Any]:
    # Unlike those of n-grams, these settings always say whether ratings are words.
    settings = compact(encoder.settings()) | {"ratings": encoder.reading.ratings}
    return {"reading": settings, "filters": len(network.filters), "layers": len(network.head)}


def _version(_: WordEncoder, __: ConvolutionalNetwork) -> int:
    return 5


def _read(
    document: dict[str, Any], tensors: Tensors, outputs: int
) -> tuple[WordEncoder, ConvolutionalNetwork]:
    encoder = _encoder(document["reading"], tensors)
    network = _network(document, tensors, encoder, outputs)
    return encoder, network


def _encoder(fields: object, tensors: Tensors) -> WordEncoder:
    settings = LEFT_OUT | mapping(fields)
    reading = WordReading(
        whole(settings["head"], 1, _MOST_READ),
        whole(settings["tail"], 0, _MOST_READ),
        whole(settings["stem"], 1, _MOST_READ),
        truth(settings["repair"]),
        truth(settings["ratings"]),
    )
    keys = tensor_of(tensors, "words.keys", "u", 1)
    kinds = tensor_of(tensors, "words.kinds", "b", 1)
    if not (keys[1:] > keys[:-1]).all():
        raise ValueError("the keys of words are out of order")
    whole(int(kinds.max(initial=0)), 0, SYMBOL)
    buckets = whole(settings["buckets"], 1, 1 << 24)
    return WordEncoder(reading, keys, kinds, buckets)


def _network(
    document: dict[str, Any], tensors: Tensors, encoder: WordEncoder, outputs: int
) -> ConvolutionalNetwork:
    rows = tensor_of(tensors, "words.rows", "fi", 2)
    scale = tensor_of(tensors, "words.scale", "f", 1)
    if (len(rows), scale.size) != (encoder.size, encoder.size):
        raise ValueError(f"{len(rows)} vectors for {encoder.size} words and buckets")
    size = whole(rows.shape[1], 1, _MOST_WIDTH)
    reach = _reach(rows, scale)
    filters = []
    for place in range(whole(document["filters"], 1, _MOST_WIDTHS)):
        filters.append(_layer(tensors, f"filters.{place}"))
        whole(len(filters[-1].kernel), size, _MOST_WIDTHS * size)
    units = whole(sum(layer.bias.size for layer in filters), 1, _MOST_UNITS)
    longest = encoder.reading.head + encoder.reading.tail
    widest = max(len(layer.kernel) for layer in filters)
    number(longest * (widest + units), 0, _MOST_NUMBERS)
    of_mean = number(sqrt(longest) * reach, 0, _LARGEST_SUM)
    reach = max(of_mean, *(_sum(layer, reach, _LARGEST_SUM) for layer in filters))
    head = []
    for place in range(whole(document["layers"], 1, _MOST_HIDDEN + 1)):
        head.append(_layer(tensors, f"layers.{place}"))
        whole(head[-1].bias.size, 1, _MOST_UNITS)
        reach = _sum(head[-1], reach, _LARGEST_LATER_SUM)
    if head[-1].bias.size != outputs:
        raise ValueError(f"the last layer has {head[-1].bias.size} outputs and not {outputs}")
    return ConvolutionalNetwork(Table(rows, scale), tuple(filters), tuple(head))


def _layer(tensors: Tensors, name: str) -> Layer:
    kernel = tensor_of(tensors, f"{name}.kernel", "fi", 2)
    scale, bias = (tensor_of(tensors, f"{name}.{part}", "f", 1) for part in ("scale", "bias"))
    if scale.shape != bias.shape or bias.shape != kernel.shape[1:]:
        raise ValueError(f"the parts of {name} differ in number")
    return Layer(kernel, scale, bias)


def _sum(layer: Layer, reach: float, limit: float) -> float:
    """Return the largest absolute sum of a layer, from that of its inputs, if it is not too large.

    Raises:
        ValueError: it is.
    """
    most = reach * len(layer.kernel) * _reach(layer.kernel, layer.scale) + largest_of(layer.bias)
    return number(most, 0, limit)


def _reach(steps: NDArray[Any], scale: NDArray[np.float32]) -> float:
    """Return a bound of the numbers of a tensor of steps."""
    return number(largest_of(steps) * largest_of(scale), 0, _LARGEST_SUM)


SEQUENCE = Kind(_tensors, _document, _version, _read)
