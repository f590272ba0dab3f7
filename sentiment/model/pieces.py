"""The kind `pieces` in model files: WordPiece and a transformer, checked before they are built."""

import re
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment.features.pieces import PieceEncoder
from sentiment.features.wordpiece import WordPiece
from sentiment.model.activations import USUAL
from sentiment.model.kinds import LEFT_OUT, Kind, activation_of, compact, largest_of
from sentiment.model.network import Layer
from sentiment.model.tensors import Tensors, mapping, number, tensor_of, truth, whole
from sentiment.model.transformer import Block, Norm, Table, Transformer

_MOST_PIECES, _MOST_BYTES = 1 << 17, 1 << 22
_MOST_BLOCKS, _MOST_WIDTH, _MOST_INNER, _MOST_HIDDEN = 64, 1 << 12, 1 << 14, 16
_MOST_PLACES = 1 << 12
_MOST_CORRECTED = 1 << 14
# Numbers of all blocks, which take four bytes each once they are used; attention weights of a text.
_MOST_NUMBERS, _MOST_ATTENTION = 1 << 28, 1 << 24
# All is computed in float32, up to 1e38: the square and the cube of any sum must fit, and the sum
# of many squares.
_LARGEST_SUM = 1e12
_LARGEST_SCALE = 1e3
# But the layers over the mean are in float64.
_LARGEST_LATER_SUM = 1e120


def _tensors(encoder: PieceEncoder, network: Transformer) -> Tensors:
    vocabulary = "\n".join(encoder.pieces.vocabulary).encode()
    tensors: Tensors = {"pieces.vocabulary": np.frombuffer(vocabulary, np.uint8)}
    for name, table in (("words", network.words), ("places", network.places)):
        tensors |= {f"{name}.rows": table.rows, f"{name}.scale": table.scale}
    tensors |= _of_norm("norm", network.norm) | _of_layer("output", network.output)
    for place, layer in enumerate(network.hidden):
        tensors |= _of_layer(f"hidden.{place}", layer)
    for place, block in enumerate(network.blocks):
        prefix = f"blocks.{place}"
        for name, layer in zip(_LAYERS, block.layers, strict=True):
            tensors |= _of_layer(f"{prefix}.{name}", layer)
        tensors |= _of_norm(f"{prefix}.merge_norm", block.merge_norm)
        tensors |= _of_norm(f"{prefix}.narrow_norm", block.narrow_norm)
    return tensors


_LAYERS = ("attention", "merge", "widen", "narrow")


def _of_layer(name: str, layer: Layer) -> Tensors:
    return {
        f"{name}.kernel": layer.kernel,
        f"{name}.scale": layer.scale,
        f"{name}.bias": layer.bias,
    }


def _of_norm(name: str, norm: Norm) -> Tensors:
    return {f"{name}.scale": norm.scale, f"{name}.shift": norm.shift}


def _document(encoder: PieceEncoder, network: Transformer) -> dict[str, Any]:
    return {
        "pieces": compact(encoder.settings()),
        "heads": network.heads,
        "blocks": len(network.blocks),
        "hidden": len(network.hidden),
        "long_scale": network.long_scale,
        "activation": network.activation,
    }


def _version(_: PieceEncoder, network: Transformer) -> int:
    return 4 if network.activation == USUAL else 5


def _read(
    document: dict[str, Any], tensors: Tensors, outputs: int
) -> tuple[PieceEncoder, Transformer]:
    settings = LEFT_OUT | mapping(document["pieces"])
    network = _transformer(document, tensors, outputs)
    head = whole(settings["head"], 1, network.longest)
    tail = whole(settings["tail"], 1, network.longest)
    number(head + tail, 2, network.longest)
    number(network.heads * (head + tail) ** 2, 1, _MOST_ATTENTION)
    vocabulary = _vocabulary(tensor_of(tensors, "pieces.vocabulary", "b", 1))
    if len(vocabulary) != len(network.words.rows):
        raise ValueError(f"{len(vocabulary)} pieces and {len(network.words.rows)} vectors of them")
    pieces = WordPiece(vocabulary, head, tail, _corrected(settings["corrected"]))
    return PieceEncoder(pieces, truth(settings["repair"]), truth(settings["judges"])), network


def _corrected(words: Any) -> tuple[str, ...]:
    if not isinstance(words, list) or len(words) > _MOST_CORRECTED:
        raise ValueError(f"no list of at most {_MOST_CORRECTED} corrected words")
    if not all(isinstance(word, str) and re.fullmatch("[a-z]{1,100}", word) for word in words):
        raise ValueError("a corrected word is not of small letters from a to z")
    return tuple(words)


def _vocabulary(tensor: NDArray[Any]) -> tuple[str, ...]:
    if tensor.size > _MOST_BYTES:
        raise ValueError(f"a vocabulary of {tensor.size} bytes")
    text = tensor.tobytes().decode()
    if text.count("\n") >= _MOST_PIECES:
        raise ValueError(f"more than {_MOST_PIECES} pieces")
    pieces = tuple(text.split("\n"))
    if "" in pieces:
        raise ValueError("an empty piece in the vocabulary")
    return pieces


def _transformer(document: dict[str, Any], tensors: Tensors, outputs: int) -> Transformer:
    words, places = (_table(tensors, name) for name in ("words", "places"))
    width = whole(words.rows.shape[1], 1, _MOST_WIDTH)
    whole(len(places.rows), 1, _MOST_PLACES)
    _within(_reach(words.rows, words.scale) + _reach(places.rows, places.scale), "a vector")
    norm = _norm(tensors, "norm", width)
    reader = _Blocks(tensors, width, _reach_of(norm))
    blocks = tuple(map(reader.block, range(whole(document["blocks"], 0, _MOST_BLOCKS))))
    hidden, output = _head(document, tensors, width, outputs, reader.reach)
    heads = whole(document["heads"], 1, width)
    long_scale = number(document.get("long_scale", LEFT_OUT["long_scale"]), 0, _LARGEST_SCALE)
    activation = activation_of(document)
    return Transformer(words, places, norm, blocks, output, heads, hidden, long_scale, activation)


def _head(
    document: dict[str, Any], tensors: Tensors, width: int, outputs: int, reach: float
) -> tuple[tuple[Layer, ...], Layer]:
    """Read the layers over the mean: the hidden ones, and the output."""
    hidden = []
    for place in range(whole(document.get("hidden", LEFT_OUT["hidden"]), 0, _MOST_HIDDEN)):
        bias = tensor_of(tensors, f"hidden.{place}.bias", "f", 1)
        units = whole(bias.size, 1, _MOST_WIDTH)
        hidden.append(_layer(tensors, f"hidden.{place}", width, units))
        reach = _sum(hidden[-1], reach, f"hidden.{place}", _LARGEST_LATER_SUM)
        width = units
    output = _layer(tensors, "output", width, outputs)
    _sum(output, reach, "output", _LARGEST_LATER_SUM if hidden else _LARGEST_SUM)
    return tuple(hidden), output


class _Blocks:
    """Reads one block after the other.

    Attributes:
        reach: the largest absolute number of a vector behind the last.
    """

    def __init__(self, tensors: Tensors, width: int, reach: float) -> None:
        self.reach = reach
        self._tensors, self._width = tensors, width
        self._numbers = 0

    def block(self, place: int) -> Block:
        """Read the block of a number."""
        prefix, width = f"blocks.{place}", self._width
        bias = tensor_of(self._tensors, f"{prefix}.widen.bias", "f", 1)
        inner = whole(bias.size, 1, _MOST_INNER)
        shapes = ((width, 3 * width), (width, width), (width, inner), (inner, width))
        attention, merge, widen, narrow = (
            _layer(self._tensors, f"{prefix}.{name}", *shape)
            for name, shape in zip(_LAYERS, shapes, strict=True)
        )
        self._numbers += sum(inputs * units for inputs, units in shapes)
        number(self._numbers, 0, _MOST_NUMBERS)
        merge_norm, narrow_norm = (
            _norm(self._tensors, f"{prefix}.{name}", width)
            for name in ("merge_norm", "narrow_norm")
        )
        found = _sum(merge, _sum(attention, self.reach, prefix), prefix)
        _within(self.reach + found, prefix)
        reach = _reach_of(merge_norm)
        _within(reach + _sum(narrow, _sum(widen, reach, prefix), prefix), prefix)
        self.reach = _reach_of(narrow_norm)
        return Block(attention, merge, merge_norm, widen, narrow, narrow_norm)


def _table(tensors: Tensors, name: str) -> Table:
    rows = tensor_of(tensors, f"{name}.rows", "fi", 2)
    scale = tensor_of(tensors, f"{name}.scale", "f", 1)
    if len(rows) != scale.size:
        raise ValueError(f"the scales of {name} differ from its rows in number")
    return Table(rows, scale)


def _layer(tensors: Tensors, name: str, inputs: int, units: int) -> Layer:
    kernel = tensor_of(tensors, f"{name}.kernel", "fi", 2)
    scale, bias = (tensor_of(tensors, f"{name}.{part}", "f", 1) for part in ("scale", "bias"))
    if kernel.shape != (inputs, units) or scale.shape != (units,) or bias.shape != (units,):
        raise ValueError(f"{name} is not of {inputs} inputs and {units} units")
    return Layer(kernel, scale, bias)


def _norm(tensors: Tensors, name: str, width: int) -> Norm:
    scale, shift = (tensor_of(tensors, f"{name}.{part}", "f", 1) for part in ("scale", "shift"))
    if scale.shape != (width,) or shift.shape != (width,):
        raise ValueError(f"{name} is not of {width} numbers")
    norm = Norm(scale, shift)
    _within(_reach_of(norm), name)
    return norm


def _reach_of(norm: Norm) -> float:
    """Return the largest absolute number behind it: of n numbers of variance 1, below √n."""
    return sqrt(norm.scale.size) * largest_of(norm.scale) + largest_of(norm.shift)


def _sum(layer: Layer, reach: float, name: str, limit: float = _LARGEST_SUM) -> float:
    """Return the largest absolute sum of a layer, from that of its inputs.

    Raises:
        ValueError: it is too large.
    """
    inputs = len(layer.kernel)
    most = reach * inputs * _reach(layer.kernel, layer.scale) + largest_of(layer.bias)
    return _within(most, name, limit)


def _reach(steps: NDArray[Any], scale: NDArray[Any]) -> float:
    """Return a bound of quantized numbers; those of int8 are not looked at one by one."""
    return (128 if steps.dtype.kind == "i" else largest_of(steps)) * largest_of(scale)


def _within(most: float, name: str, limit: float = _LARGEST_SUM) -> float:
    if not most <= limit:
        raise ValueError(f"numbers of {name} reach {most:g}")
    return most


PIECES = Kind(_tensors, _document, _version, _read)
