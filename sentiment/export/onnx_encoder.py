"""The encoder of a language model in an ONNX graph: numbers of pieces → mean vectors.

It computes what `sentiment.model.transformer` computes, on padded texts: padding gets no attention
and is no part of the mean. Places are counted among the pieces of a text, so padding may be at
either end.
"""

import numpy as np

from sentiment.export.graph import Graph
from sentiment.model.network import Layer
from sentiment.model.transformer import EPSILON, Block, Norm, Table, Transformer

# Subtracted from the attention scores of padding, whose weight is 0 then.
_NOTHING = 1e9


def mean_vectors(graph: Graph, network: Transformer, longest: int, prefix: str) -> str:
    """Add the inputs of an encoder, and all its layers up to the mean of pieces.

    Args:
        graph: it gets the inputs `input_ids` and `attention_mask`, int64 [rows, length] each.
        network: the encoder.
        longest: the largest number of pieces of a text; longer ones are an error at run time.
        prefix: of the names of the inputs.

    Returns:
        The name of the mean vectors, float [rows, width].
    """
    length = f"{prefix}length"
    ids = graph.input(f"{prefix}input_ids", np.int64, "rows", length)
    mask = graph.input(f"{prefix}attention_mask", np.int64, "rows", length)
    used = graph.cast(mask, np.float32)
    places = network.places.first(longest)
    vectors = graph.add(
        "Add", _taken(graph, network.words, ids), _taken(graph, places, _places(graph, mask))
    )
    x = _normalized(graph, vectors, network.norm)
    unused = graph.add("Sub", used, graph.floats(1))
    scores = graph.add("Mul", unused, graph.floats(_NOTHING))
    scores = graph.add("Unsqueeze", scores, graph.integers(1, 2))
    for block in network.blocks:
        x = _block(graph, x, block, network.heads, scores)
    counted = graph.add("Mul", x, graph.add("Unsqueeze", used, graph.integers(2)))
    sums = graph.add("ReduceSum", counted, graph.integers(1), keepdims=0)
    return graph.add("Div", sums, graph.add("ReduceSum", used, graph.integers(1), keepdims=1))


def scaled(graph: Graph, sums: str, network: Transformer, prefix: str) -> str:
    """Add the scale of long texts: double [rows, K − 1] → the same."""
    if network.long_scale == 1:
        return sums
    pieces = graph.add("ReduceSum", f"{prefix}attention_mask", graph.integers(1), keepdims=1)
    less = graph.doubles((1 - network.long_scale) / network.longest)
    less = graph.add("Mul", graph.cast(pieces, np.float64), less)
    return graph.add("Mul", sums, graph.add("Sub", graph.doubles(1), less))


def _places(graph: Graph, mask: str) -> str:
    """Add the place of each piece in its text, from 0, and 0 for padding: int64 [rows, length]."""
    counts = graph.add("CumSum", mask, graph.scalar(1))
    return graph.add("Mul", graph.add("Sub", counts, graph.scalar(1)), mask)


def _taken(graph: Graph, table: Table, numbers: str) -> str:
    """Add the vectors of things: int64 [rows, length] → float [rows, length, width]."""
    if table.rows.dtype != np.int8:
        return graph.add("Gather", graph.floats(table.take(np.arange(len(table.rows)))), numbers)
    steps = graph.cast(graph.add("Gather", graph.constant(table.rows), numbers), np.float32)
    scale = graph.add("Gather", graph.floats(table.scale[:, None]), numbers)
    return graph.add("Mul", steps, scale)


def _normalized(graph: Graph, x: str, norm: Norm) -> str:
    """Add a layer normalization, float [rows, length, width]."""
    scale, shift = graph.floats(norm.scale), graph.floats(norm.shift)
    return graph.add("LayerNormalization", x, scale, shift, axis=-1, epsilon=EPSILON)


def _block(graph: Graph, x: str, block: Block, heads: int, scores: str) -> str:
    """Add a block: float [rows, length, width] → the same.

    Args:
        graph: under construction.
        x: vectors of pieces.
        block: its weights.
        heads: how many parts attention has.
        scores: what is added to attention scores, float [rows, 1, 1, length].
    """
    found = graph.dense(_attended(graph, x, block.attention, heads, scores), block.merge)
    x = _normalized(graph, graph.add("Add", x, found), block.merge_norm)
    wide = graph.gelu(graph.dense(x, block.widen), np.float32)
    found = graph.dense(wide, block.narrow)
    return _normalized(graph, graph.add("Add", x, found), block.narrow_norm)


def _attended(graph: Graph, x: str, attention: Layer, heads: int, scores: str) -> str:
    """Add what attention finds, the heads side by side: float [rows, length, width]."""
    width = len(attention.kernel)
    size = width // heads
    # Queries are divided by the root of their size.
    factors = np.repeat([size**-0.5, 1, 1], width).astype(np.float32)
    scaled = Layer(attention.kernel, attention.scale * factors, attention.bias * factors)
    parts = graph.dense(x, scaled)
    parts = graph.add("Reshape", parts, graph.integers(0, 0, 3, heads, size))
    parts = graph.add("Transpose", parts, perm=[2, 0, 3, 1, 4])
    queries, keys, values = (
        graph.add("Gather", parts, graph.scalar(number), axis=0) for number in range(3)
    )
    products = graph.add("MatMul", queries, graph.add("Transpose", keys, perm=[0, 1, 3, 2]))
    weights = graph.add("Softmax", graph.add("Add", products, scores), axis=-1)
    found = graph.add("Transpose", graph.add("MatMul", weights, values), perm=[0, 2, 1, 3])
    return graph.add("Reshape", found, graph.integers(0, 0, width))
