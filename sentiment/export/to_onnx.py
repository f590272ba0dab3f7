"""Export the networks of a model, calibrated and added up, as an ONNX graph."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment import __version__
from sentiment.export.filters import onnx_units
from sentiment.export.graph import Graph
from sentiment.export.inputs import check, not_exported, prefixes_of
from sentiment.export.onnx_encoder import mean_vectors, scaled
from sentiment.features.pieces import PieceEncoder
from sentiment.labels import LabelSet
from sentiment.model.activations import USUAL
from sentiment.model.component import Component
from sentiment.model.convolution import ConvolutionalNetwork
from sentiment.model.model import Model
from sentiment.model.network import DenseNetwork, Layer
from sentiment.model.transformer import Transformer
from sentiment.runtime import require

# The oldest version that has all operations used; runtimes support old versions for years.
_OPSET = 17
_IR_VERSION = 8

_OF_NGRAMS = (
    "the features of all rows, concatenated: indices (ids, int64 [n]), weights (values, float32 "
    "[n]), and the start of each row, then the end of the last (offsets, int64 [rows + 1])"
)
_OF_WORDS = (
    "1 + the numbers of the words of each row, 0 behind the last (word_ids, int64 [rows, length])"
)
_OF_PIECES = (
    "the numbers of the pieces of words of each row (input_ids, int64 [rows, length]), and 1 for "
    "each of them, 0 for padding (attention_mask, int64 [rows, length])"
)
_OF_TWO = "log-odds and probability of {} (double [rows])."
_OF_MORE = (
    "log-odds of each class but the first against it, in the order of labels (double [rows, K - "
    "1]), and the probability of each class (double [rows])."
)
# Arguments of `require`.
ONNX = ("ONNX needs onnx", "onnx")


def onnx_file(model: Model) -> bytes:
    """Return the content of an `.onnx` file; the same model gives the same bytes.

    Inputs: those of `onnx_inputs`. Outputs: `log_odds`, double [rows], or of more than two classes
    [rows, K − 1], against the first class, and the probabilities that `LabelSet.columns` names,
    double [rows] each, calibrated.

    Raises:
        MissingDependencyError: the package onnx is not installed.
        UsageError: a network is of a kind that cannot be exported.
    """
    check(model)
    require(*ONNX)
    import onnx
    from onnx import helper

    graph = Graph()

    def both(own: str, base: str, weight: float) -> str:
        return graph.add("Add", own, graph.add("Mul", base, graph.doubles(weight)))

    each = map(partial(_log_odds, graph), model.components, prefixes_of(model))
    log_odds = model.add_up(each, both)
    graph.add("Identity", log_odds, named="log_odds")
    _probabilities(graph, log_odds, model.labels)
    made = helper.make_model(
        helper.make_graph(
            graph.nodes, "sentiment", graph.inputs, _outputs(model.labels), graph.tensors
        ),
        opset_imports=[helper.make_opsetid("", _OPSET)],
        ir_version=_IR_VERSION,
        producer_name="sentiment",
        producer_version=__version__,
        doc_string=_about(model),
    )
    about = {"labels": list(model.labels.names), **model.decision.as_json()}
    helper.set_model_props(made, {name: json.dumps(value) for name, value in about.items()})
    onnx.checker.check_model(made, full_check=True)
    return made.SerializeToString(deterministic=True)


def _outputs(labels: LabelSet) -> list[Any]:
    """Return the descriptions of the outputs: the log-odds, and each probability."""
    from onnx import TensorProto, helper

    shape = ["rows"] if labels.is_binary else ["rows", len(labels) - 1]
    return [
        helper.make_tensor_value_info("log_odds", TensorProto.DOUBLE, shape),
        *(
            helper.make_tensor_value_info(name, TensorProto.DOUBLE, ["rows"])
            for name, _ in labels.columns
        ),
    ]


def _about(model: Model) -> str:
    """Return what the inputs and outputs are, for people."""
    inputs_of = {"ngrams": _OF_NGRAMS, "sequence": _OF_WORDS, "pieces": _OF_PIECES}
    kinds = [inputs_of[component.encoder.kind] for component in model.components]
    labels = model.labels
    outputs = _OF_TWO.format(labels.names[1]) if labels.is_binary else _OF_MORE
    inputs = "; ".join(dict.fromkeys(kinds))
    return f"Sentiment of texts. Inputs: {inputs}. Outputs: calibrated {outputs}"


def _probabilities(graph: Graph, log_odds: str, labels: LabelSet) -> None:
    """Add the probabilities of `LabelSet.columns`, double [rows] each."""
    if labels.is_binary:
        graph.add("Sigmoid", log_odds, named=labels.columns[0][0])
        return
    every = graph.add("MatMul", log_odds, graph.doubles(np.eye(len(labels))[1:]))
    every = graph.add("Softmax", every, axis=1)
    for name, label in labels.columns:
        one = graph.add("Gather", every, graph.integers(label), axis=1)
        graph.add("Squeeze", one, graph.integers(1), named=name)


def _log_odds(graph: Graph, component: Component, prefix: str) -> str:
    """Add a component, and return the name of its log-odds, double [rows] or [rows, K − 1]."""
    sums = _logits(graph, component, prefix)
    if (projection := component.projection) is not None:
        sums = graph.add("MatMul", sums, graph.doubles(projection))
    slope, intercepts = component.calibration
    biases: Any = intercepts
    if (component.asked or component.labels).is_binary:
        sums, biases = graph.add("Squeeze", sums, graph.integers(1)), intercepts[0]
    scaled = graph.add("Mul", sums, graph.doubles(slope))
    return graph.add("Add", scaled, graph.doubles(biases))


def _logits(graph: Graph, component: Component, prefix: str) -> str:
    """Add the inputs and the network of a component: its logits, double [rows, K − 1].

    Raises:
        UsageError: it is another kind of network.
    """
    network, encoder = component.network, component.encoder
    if isinstance(network, DenseNetwork):
        first, *rest = network.layers
        sums = _row_sums(graph, first.kernel, prefix)
        sums = graph.add("Mul", sums, graph.doubles(first.scale))
        sums = graph.add("Add", sums, graph.doubles(first.bias))
        return _activated(graph, sums, rest, network.activation)
    if isinstance(network, ConvolutionalNetwork):
        first, *rest = network.head
        sums = graph.dense_in_doubles(onnx_units(graph, network, prefix), first)
        return _activated(graph, sums, rest, USUAL)
    if isinstance(network, Transformer) and isinstance(encoder, PieceEncoder):
        pooled = mean_vectors(graph, network, encoder.pieces.longest, prefix)
        first, *rest = network.head
        sums = graph.dense_in_doubles(graph.cast(pooled, np.float64), first)
        sums = _activated(graph, sums, rest, network.activation)
        return scaled(graph, sums, network, prefix)
    raise not_exported(component)


def _activated(graph: Graph, sums: str, layers: list[Layer], activation: str) -> str:
    """Add layers with an activation before each: double [rows, inputs] → double [rows, outputs]."""
    for layer in layers:
        sums = graph.dense_in_doubles(_ACTIVATIONS[activation](graph, sums), layer)
    return sums


_ACTIVATIONS: dict[str, Callable[[Graph, str], str]] = {
    "relu": lambda graph, sums: graph.add("Relu", sums),
    "tanh": lambda graph, sums: graph.add("Tanh", sums),
    "gelu": lambda graph, sums: graph.gelu(sums, np.float64),
}


def _row_sums(graph: Graph, kernel: NDArray[Any], prefix: str) -> str:
    """Add inputs of sparse rows, multiplied by a kernel [features, units]: double [rows, units]."""
    ids = graph.input(f"{prefix}ids", np.int64, f"{prefix}n")
    values = graph.input(f"{prefix}values", np.float32, f"{prefix}n")
    offsets = graph.input(f"{prefix}offsets", np.int64, "rows + 1")
    weights = graph.cast(graph.add("Gather", graph.constant(kernel), ids), np.float64)
    column = graph.add("Unsqueeze", graph.cast(values, np.float64), graph.integers(1))
    terms = graph.add("Mul", weights, column)
    running = graph.add("CumSum", terms, graph.scalar(0))
    nothing = graph.doubles(np.zeros((1, kernel.shape[1])))
    running = graph.add("Concat", nothing, running, axis=0)
    starts = graph.add("Slice", offsets, graph.integers(0), graph.integers(-1))
    ends = graph.add("Slice", offsets, graph.integers(1), graph.integers(np.iinfo(np.int64).max))
    return graph.add(
        "Sub", graph.add("Gather", running, ends), graph.add("Gather", running, starts)
    )
