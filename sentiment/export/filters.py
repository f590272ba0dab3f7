"""A convolutional network in an ONNX graph, and in Keras's own layers: words → what is dense.

Number 0 is no word, its vector zeros; so texts may be filled up with it behind their last word.
Both put as many zeros behind each text as the widest filter looks at.
"""

import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment.export.graph import Graph
from sentiment.model.convolution import ConvolutionalNetwork
from sentiment.model.network import Layer
from sentiment.training.backend import load_keras


def onnx_units(graph: Graph, network: ConvolutionalNetwork, prefix: str) -> str:
    """Add the input of a network, and all its layers up to the dense ones.

    Args:
        graph: it gets the input `word_ids`, int64 [rows, length].
        network: with the filters.
        prefix: of the name of the input.

    Returns:
        The name of the inputs of the first dense layer, double [rows, filters + numbers].
    """
    ids = graph.input(f"{prefix}word_ids", np.int64, "rows", f"{prefix}length")
    words, widest = network.words, max(network.widths)
    steps = graph.constant(np.pad(words.rows, ((1, 0), (0, 0))))
    vectors = graph.cast(graph.add("Gather", steps, ids), np.float32)
    scale = graph.add("Gather", graph.floats(np.pad(words.scale, (1, 0))), ids)
    vectors = graph.add("Mul", vectors, graph.add("Unsqueeze", scale, graph.integers(2)))
    vectors = graph.add("Pad", vectors, graph.integers(0, 0, 0, 0, widest, 0))
    highest = []
    for width, layer in zip(network.widths, network.filters, strict=True):
        found = graph.dense(_frames(graph, vectors, width), layer)
        highest.append(graph.add("Relu", graph.add("ReduceMax", found, axes=[1], keepdims=0)))
    mean = _mean(graph, vectors, ids)
    return graph.cast(graph.add("Concat", *highest, mean, axis=1), np.float64)


def _mean(graph: Graph, vectors: str, ids: str) -> str:
    """Add the mean vector times the root of the number of words, float [rows, numbers]."""
    words = graph.cast(graph.add("Greater", ids, graph.scalar(0)), np.float32)
    axis = graph.integers(1)
    count = graph.add("Max", graph.add("ReduceSum", words, axis), graph.floats(1))
    return graph.add(
        "Div", graph.add("ReduceSum", vectors, axis, keepdims=0), graph.add("Sqrt", count)
    )


def _frames(graph: Graph, vectors: str, width: int) -> str:
    """Add the vectors of so many words in a row side by side: [rows, places, width · numbers]."""
    axis = graph.integers(1)
    parts = [
        graph.add(
            "Slice",
            vectors,
            graph.integers(place),
            graph.integers(place + 1 - width if place + 1 < width else sys.maxsize),
            axis,
        )
        for place in range(width)
    ]
    return graph.add("Concat", *parts, axis=2)


def keras_units(network: ConvolutionalNetwork, ids: Any, prefix: str) -> Any:
    """Return a tensor of the inputs of the first dense layer: float32 [rows, filters + numbers].

    Args:
        network: with the filters.
        ids: tensor of the numbers of words, int32 [rows, length].
        prefix: of the names of layers.
    """
    keras = load_keras()
    layers, ops = keras.layers, keras.ops
    table = np.pad(network.words.take(np.arange(len(network.words.rows))), ((1, 0), (0, 0)))
    embedding = layers.Embedding(*table.shape, name=f"{prefix}vectors")
    vectors = _filled(embedding, [table], (None, None))(ids)
    padding = layers.ZeroPadding1D((0, max(network.widths)), name=f"{prefix}padding")
    vectors = padding(vectors)
    units = []
    for number, (width, layer) in enumerate(zip(network.widths, network.filters, strict=True)):
        found = _convolution(layer, width, f"{prefix}filters_{number}")(vectors)
        highest = layers.GlobalMaxPooling1D(name=f"{prefix}highest_{number}")(found)
        units.append(layers.ReLU(name=f"{prefix}relu_{number}")(highest))
    words = ops.sum(ops.cast(ids > 0, "float32"), axis=1, keepdims=True)
    units.append(ops.sum(vectors, axis=1) / ops.sqrt(ops.maximum(words, 1.0)))
    return layers.Concatenate(name=f"{prefix}units")(units)


def _convolution(layer: Layer, width: int, name: str) -> Any:
    """Return a convolution with the filters of a layer."""
    size = len(layer.kernel) // width
    made = load_keras().layers.Conv1D(layer.bias.size, width, name=name)
    kernel = layer.dense_kernel().reshape(width, size, -1)
    return _filled(made, [kernel, layer.bias], (None, None, size))


def _filled(layer: Any, weights: list[NDArray[Any]], shape: tuple[int | None, ...]) -> Any:
    """Return a layer, built for inputs of a shape, with weights."""
    layer.build(shape)
    layer.set_weights(weights)
    return layer
