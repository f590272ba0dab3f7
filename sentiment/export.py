"""Export the network of a model: as a Keras file or an ONNX graph.

Inputs are indices of features and their weights (docs/format.md explains how to compute them from a
text); outputs are calibrated.
"""

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment import __version__
from sentiment.errors import UsageError
from sentiment.labels import LabelSet
from sentiment.model.component import Component, Rows
from sentiment.model.model import Model, without
from sentiment.model.network import DenseNetwork, Layer
from sentiment.runtime import require
from sentiment.training.backend import load_keras

# Prefix of names that belong to the base model; repeated for the base of the base.
BASE = "base_"


def prefixes_of(model: Model) -> list[str]:
    """Return the prefix of the names of each component."""
    return [number * BASE for number, _ in enumerate(model.components)]


def inputs_of(model: Model, texts: Sequence[str]) -> dict[str, Rows]:
    """Encode texts for an exported network; one that `Model.scores` does not know is an empty row.

    Returns:
        Rows [texts, features] by the prefix of the inputs: `""` for the model's own, `base_` for
        those of its base.

    >>> from sentiment import load
    >>> rows = inputs_of(load("fast").model, ["good film", "asdf qwer"])[""]
    >>> first, second, end = rows.indptr.tolist()
    >>> first, second == rows.indices.size, second == end  # no word of the second text is known
    (0, True, True)
    """
    texts = without(texts, model.foreign(texts))
    rows = [component.encode(texts)[0] for component in model.components]
    return dict(zip(prefixes_of(model), rows, strict=True))


def _layers_of(component: Component) -> tuple[Layer, ...]:
    """Return the layers of a network over sparse rows.

    Raises:
        UsageError: it is another kind of network.
    """
    if not isinstance(component.network, DenseNetwork):
        raise UsageError(
            f"a model of {component.encoder.unit} cannot be exported; those of n-grams can"
        )
    return component.network.layers


def keras_file(model: Model) -> bytes:
    """Return the content of a `.keras` file.

    Inputs: `ids`, int32 [rows, n], and `values`, float32 [rows, n], the features of each row and
    their weights, padded with zeros; for the base model `base_ids` and `base_values`. Outputs:
    `log_odds`, float32 [rows, K − 1], against the first class, and the probabilities that
    `LabelSet.columns` names, float32 [rows, 1] each, calibrated.

    Raises:
        UsageError: a network is not over sparse rows.
    """
    for component in model.components:
        _layers_of(component)  # before Keras is loaded, which takes seconds
    keras = load_keras()
    inputs = {
        f"{prefix}{name}": keras.Input((None,), dtype=dtype, name=f"{prefix}{name}")
        for prefix in prefixes_of(model)
        for name, dtype in (("ids", "int32"), ("values", "float32"))
    }
    each = [
        (prefix, _log_odds_in_keras(component, inputs, prefix))
        for prefix, component in zip(prefixes_of(model), model.components, strict=True)
    ]
    _, log_odds = model.add_up(each, _add_in_keras)
    outputs = {"log_odds": log_odds} | _probabilities_in_keras(log_odds, model.labels)
    made = keras.Model(inputs, outputs, name="sentiment")
    with TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        made.save(path)
        return path.read_bytes()


def _probabilities_in_keras(log_odds: Any, labels: LabelSet) -> dict[str, Any]:
    """Return tensors of the probabilities of `LabelSet.columns`, [rows, 1] each, by name."""
    ((first, _), *_) = labels.columns
    if labels.is_binary:
        return {first: load_keras().layers.Activation("sigmoid", name=first)(log_odds)}
    nothing, each = np.zeros(len(labels), np.float32), np.eye(len(labels), dtype=np.float32)
    every = _dense(Layer.exact(each[1:], nothing), "probabilities", "softmax")(log_odds)
    return {
        name: _dense(Layer.exact(each[:, label, None], nothing[:1]), f"class_{label}")(every)
        for name, label in labels.columns
    }


def _log_odds_in_keras(component: Component, inputs: dict[str, Any], prefix: str) -> Any:
    """Return a tensor of the log-odds of a component, [rows, K − 1]."""
    layers = load_keras().layers
    first, *rest = _layers_of(component)
    # Quantized weights as in the model file, and their scale in a layer behind.
    kernel = first.kernel if first.kernel.size else np.zeros((1, first.bias.size))
    embedding = layers.Embedding(*kernel.shape, name=f"{prefix}features")
    found = embedding(inputs[f"{prefix}ids"])
    embedding.set_weights([np.asarray(kernel, np.float32)])
    sums = layers.Dot(1, name=f"{prefix}sums")([inputs[f"{prefix}values"], found])
    chain = [Layer.exact(np.diag(first.scale), first.bias), *rest]
    for number, layer in enumerate(chain[:-1], start=1):
        sums = _dense(layer, f"{prefix}hidden_{number}", "relu")(sums)
    logit = _dense(chain[-1], f"{prefix}logit")(sums)
    if (projection := component.projection) is not None:
        nothing = np.zeros(projection.shape[1], np.float32)
        logit = _dense(Layer.exact(projection.astype(np.float32), nothing), f"{prefix}asked")(logit)
    slope, intercepts = component.calibration
    size = logit.shape[-1]
    bias = np.broadcast_to(np.array(intercepts, np.float32), size)
    calibration = Layer.exact(_scaling(slope, size), bias)
    return _dense(calibration, f"{prefix}log_odds")(logit)


def _scaling(factor: float, size: int) -> NDArray[np.float32]:
    """Return the kernel that multiplies by a factor."""
    return np.float32(factor) * np.eye(size, dtype=np.float32)


def _add_in_keras(own: tuple[str, Any], base: tuple[str, Any], weight: float) -> tuple[str, Any]:
    """Add the weighted log-odds of the base; each comes with the prefix of its names."""
    prefix, log_odds = own
    size = log_odds.shape[-1]
    factor = Layer.exact(_scaling(weight, size), np.zeros(size, np.float32))
    weighted = _dense(factor, f"{prefix}weight")(base[1])
    return prefix, load_keras().layers.Add(name=f"{prefix}both")([log_odds, weighted])


def _dense(layer: Layer, name: str, activation: str | None = None) -> Any:
    """Return a dense layer with these weights."""
    made = load_keras().layers.Dense(layer.bias.size, activation, name=name)
    made.build((None, layer.kernel.shape[0]))
    made.set_weights([layer.dense_kernel(), layer.bias])
    return made


# The oldest version that has all operations used; runtimes support old versions for years.
_OPSET = 17
_IR_VERSION = 8

_ABOUT = (
    "Sentiment of texts. Inputs: the features of all rows, concatenated: indices (ids, int64 [n]), "
    "weights (values, float32 [n]), and the start of each row, then the end of the last (offsets, "
    "int64 [rows + 1]). Outputs: calibrated "
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

    Raises:
        MissingDependencyError: the package onnx is not installed.
        UsageError: a network is not over sparse rows.
    """
    require(*ONNX)
    import onnx
    from onnx import TensorProto, helper

    graph = _Graph()
    prefixes = prefixes_of(model)

    def both(own: str, base: str, weight: float) -> str:
        return graph.add("Add", own, graph.add("Mul", base, graph.doubles(weight)))

    log_odds = model.add_up(map(partial(_log_odds, graph), model.components, prefixes), both)
    labels = model.labels
    graph.add("Identity", log_odds, named="log_odds")
    _probabilities(graph, log_odds, labels)
    inputs = []
    for prefix in prefixes:
        inputs += [
            helper.make_tensor_value_info(f"{prefix}ids", TensorProto.INT64, [f"{prefix}n"]),
            helper.make_tensor_value_info(f"{prefix}values", TensorProto.FLOAT, [f"{prefix}n"]),
            helper.make_tensor_value_info(f"{prefix}offsets", TensorProto.INT64, ["rows + 1"]),
        ]
    shape = ["rows"] if labels.is_binary else ["rows", len(labels) - 1]
    outputs = [
        helper.make_tensor_value_info("log_odds", TensorProto.DOUBLE, shape),
        *(
            helper.make_tensor_value_info(name, TensorProto.DOUBLE, ["rows"])
            for name, _ in labels.columns
        ),
    ]
    made = helper.make_model(
        helper.make_graph(graph.nodes, "sentiment", inputs, outputs, graph.tensors),
        opset_imports=[helper.make_opsetid("", _OPSET)],
        ir_version=_IR_VERSION,
        producer_name="sentiment",
        producer_version=__version__,
        doc_string=_ABOUT + (_OF_TWO.format(labels.names[1]) if labels.is_binary else _OF_MORE),
    )
    about = {"labels": list(labels.names), **model.decision.as_json()}
    helper.set_model_props(made, {name: json.dumps(value) for name, value in about.items()})
    onnx.checker.check_model(made, full_check=True)
    return made.SerializeToString(deterministic=True)


class _Graph:
    """The nodes and constant tensors of an ONNX graph under construction."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.tensors: list[Any] = []

    def add(self, operation: str, *inputs: str, named: str = "", **attributes: Any) -> str:
        """Add a node with one output, and return the name of the output."""
        from onnx import helper

        output = named or f"{operation.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operation, inputs, [output], **attributes))
        return output

    def constant(self, value: NDArray[Any]) -> str:
        """Add a constant tensor, and return its name."""
        from onnx import numpy_helper

        name = f"constant_{len(self.tensors)}"
        self.tensors.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def doubles(self, value: Any) -> str:
        """Add a constant of type double."""
        return self.constant(np.asarray(value, np.float64))

    def integers(self, *values: int) -> str:
        """Add a constant list of integers."""
        return self.constant(np.array(values, np.int64))


def _probabilities(graph: _Graph, log_odds: str, labels: LabelSet) -> None:
    """Add the probabilities of `LabelSet.columns`, double [rows] each."""
    if labels.is_binary:
        graph.add("Sigmoid", log_odds, named=labels.columns[0][0])
        return
    every = graph.add("MatMul", log_odds, graph.doubles(np.eye(len(labels))[1:]))
    every = graph.add("Softmax", every, axis=1)
    for name, label in labels.columns:
        one = graph.add("Gather", every, graph.integers(label), axis=1)
        graph.add("Squeeze", one, graph.integers(1), named=name)


def _log_odds(graph: _Graph, component: Component, prefix: str) -> str:
    """Add a component, and return the name of its log-odds, double [rows] or [rows, K − 1]."""
    first, *rest = _layers_of(component)
    sums = _row_sums(graph, first.kernel, prefix)
    sums = graph.add("Mul", sums, graph.doubles(first.scale))
    sums = graph.add("Add", sums, graph.doubles(first.bias))
    for layer in rest:
        active = graph.add("Relu", sums)
        sums = graph.add("MatMul", active, graph.doubles(layer.dense_kernel()))
        sums = graph.add("Add", sums, graph.doubles(layer.bias))
    if (projection := component.projection) is not None:
        sums = graph.add("MatMul", sums, graph.doubles(projection))
    slope, intercepts = component.calibration
    biases: Any = intercepts
    if (component.asked or component.labels).is_binary:
        sums, biases = graph.add("Squeeze", sums, graph.integers(1)), intercepts[0]
    scaled = graph.add("Mul", sums, graph.doubles(slope))
    return graph.add("Add", scaled, graph.doubles(biases))


def _row_sums(graph: _Graph, kernel: NDArray[Any], prefix: str) -> str:
    """Multiply sparse rows by a kernel [features, units]: double [rows, units]."""
    from onnx import TensorProto

    gathered = graph.add("Gather", graph.constant(kernel), f"{prefix}ids")
    weights = graph.add("Cast", gathered, to=TensorProto.DOUBLE)
    values = graph.add("Cast", f"{prefix}values", to=TensorProto.DOUBLE)
    column = graph.add("Unsqueeze", values, graph.integers(1))
    terms = graph.add("Mul", weights, column)
    running = graph.add("CumSum", terms, graph.constant(np.array(0, np.int64)))
    nothing = graph.doubles(np.zeros((1, kernel.shape[1])))
    running = graph.add("Concat", nothing, running, axis=0)
    offsets, one = f"{prefix}offsets", graph.integers(1)
    starts = graph.add("Slice", offsets, graph.integers(0), graph.integers(-1))
    ends = graph.add("Slice", offsets, one, graph.integers(np.iinfo(np.int64).max))
    return graph.add(
        "Sub", graph.add("Gather", running, ends), graph.add("Gather", running, starts)
    )
