"""The network as an ONNX graph, built by hand: sparse rows in, calibrated answers out.

Rows are summed as differences of running sums in double precision: every runtime does these in the
same order, whatever its threads, and an empty row is no special case.
"""

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment import __version__
from sentiment.errors import MissingDependencyError
from sentiment.export.inputs import BASE, models_of
from sentiment.model import Model
from sentiment.model.decision import CLASSES

# The oldest that has all these operations; runtimes read old ones for years.
_OPSET = 17
_IR_VERSION = 8

_ABOUT = (
    "Sentiment of texts. Inputs: of all rows together, ids of features (int64 [n]) and their "
    "weights (values, float32 [n]), and where each row begins, then the end of the last (offsets, "
    "int64 [rows + 1]). Outputs: calibrated log-odds and probability of positive (double [rows])."
)


def need_onnx() -> None:
    """Make sure that ONNX files can be written.

    Raises:
        MissingDependencyError: the package onnx is not installed.
    """
    from importlib.util import find_spec

    if find_spec("onnx") is None:
        raise MissingDependencyError("ONNX needs onnx, which is not installed: pip install onnx")


def onnx_file(model: Model) -> bytes:
    """Give the content of an `.onnx` file; the same model gives the same bytes.

    Raises:
        MissingDependencyError: the package onnx is not installed.
    """
    need_onnx()
    import onnx
    from onnx import TensorProto, helper

    graph = _Graph()
    log_odds = _log_odds(graph, model)
    graph.add("Identity", log_odds, named="log_odds")
    graph.add("Sigmoid", log_odds, named="p_positive")
    inputs = []
    for prefix, _ in models_of(model):
        inputs += [
            helper.make_tensor_value_info(f"{prefix}ids", TensorProto.INT64, [f"{prefix}n"]),
            helper.make_tensor_value_info(f"{prefix}values", TensorProto.FLOAT, [f"{prefix}n"]),
            helper.make_tensor_value_info(f"{prefix}offsets", TensorProto.INT64, ["rows + 1"]),
        ]
    outputs = [
        helper.make_tensor_value_info(name, TensorProto.DOUBLE, ["rows"])
        for name in ("log_odds", "p_positive")
    ]
    made = helper.make_model(
        helper.make_graph(graph.nodes, "sentiment", inputs, outputs, graph.tensors),
        opset_imports=[helper.make_opsetid("", _OPSET)],
        ir_version=_IR_VERSION,
        producer_name="sentiment",
        producer_version=__version__,
        doc_string=_ABOUT,
    )
    about = {
        "labels": list(CLASSES),
        "threshold": model.decision.threshold,
        "band": model.decision.band,
    }
    helper.set_model_props(made, {name: json.dumps(value) for name, value in about.items()})
    onnx.checker.check_model(made, full_check=True)
    return made.SerializeToString(deterministic=True)


class _Graph:
    """Nodes and constant tensors, as they are added."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.tensors: list[Any] = []

    def add(self, operation: str, *inputs: str, named: str = "", **attributes: Any) -> str:
        """Add a node with one output; give the name of that."""
        from onnx import helper

        output = named or f"{operation.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operation, inputs, [output], **attributes))
        return output

    def constant(self, value: NDArray[Any]) -> str:
        """Add a constant tensor."""
        from onnx import numpy_helper

        name = f"constant_{len(self.tensors)}"
        self.tensors.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def doubles(self, value: Any) -> str:
        """Add a constant in double precision."""
        return self.constant(np.asarray(value, np.float64))

    def integers(self, *values: int) -> str:
        """Add a constant list of whole numbers."""
        return self.constant(np.array(values, np.int64))


def _log_odds(graph: _Graph, model: Model, prefix: str = "") -> str:
    """Add a model and what it stands on; give its log-odds, double [rows]."""
    first, *rest = model.network.layers
    sums = _row_sums(graph, first.kernel, prefix)
    sums = graph.add("Mul", sums, graph.doubles(first.scale))
    sums = graph.add("Add", sums, graph.doubles(first.bias))
    for layer in rest:
        active = graph.add("Relu", sums)
        sums = graph.add("MatMul", active, graph.doubles(layer.dense_kernel()))
        sums = graph.add("Add", sums, graph.doubles(layer.bias))
    logits = graph.add("Squeeze", sums, graph.integers(1))
    scaled = graph.add("Mul", logits, graph.doubles(model.calibration.slope))
    log_odds = graph.add("Add", scaled, graph.doubles(model.calibration.intercept))
    if model.base is None:
        return log_odds
    of_base = _log_odds(graph, model.base.model, prefix + BASE)
    weighted = graph.add("Mul", of_base, graph.doubles(model.base.weight))
    return graph.add("Add", log_odds, weighted)


def _row_sums(graph: _Graph, kernel: NDArray[Any], prefix: str) -> str:
    """Multiply sparse rows with a kernel [features, units]: double [rows, units]."""
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
