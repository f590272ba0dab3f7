"""An ONNX graph under construction, and dense layers in it."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment.model.activations import GELU_CUBIC, GELU_LINEAR
from sentiment.model.network import Layer


class Graph:
    """The inputs, nodes and constant tensors of an ONNX graph under construction."""

    def __init__(self) -> None:
        self.inputs: list[Any] = []
        self.nodes: list[Any] = []
        self.tensors: list[Any] = []

    def input(self, name: str, dtype: type[np.generic], *shape: str) -> str:
        """Add an input with named dimensions, and return its name."""
        from onnx import helper

        kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
        self.inputs.append(helper.make_tensor_value_info(name, kind, shape))
        return name

    def add(self, operation: str, *inputs: str, named: str = "", **attributes: Any) -> str:
        """Add a node with one output, and return the name of the output."""
        from onnx import helper

        output = named or f"{operation.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operation, inputs, [output], **attributes))
        return output

    def cast(self, value: str, dtype: type[np.generic]) -> str:
        """Add a conversion to another type, and return the name of the result."""
        from onnx import helper

        return self.add("Cast", value, to=helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))

    def constant(self, value: NDArray[Any]) -> str:
        """Add a constant tensor, and return its name."""
        from onnx import numpy_helper

        name = f"constant_{len(self.tensors)}"
        self.tensors.append(numpy_helper.from_array(np.asarray(value, order="C"), name))
        return name

    def floats(self, value: Any) -> str:
        """Add a constant of type float32."""
        return self.constant(np.asarray(value, np.float32))

    def doubles(self, value: Any) -> str:
        """Add a constant of type double."""
        return self.constant(np.asarray(value, np.float64))

    def integers(self, *values: int) -> str:
        """Add a constant list of integers."""
        return self.constant(np.array(values, np.int64))

    def scalar(self, value: int) -> str:
        """Add a constant integer without dimensions."""
        return self.constant(np.array(value, np.int64))

    def gelu(self, x: str, dtype: type[np.floating]) -> str:
        """Add GELU by its tanh formula; the operator `Gelu` needs a newer version of ONNX."""
        cubic, linear, one, half = (
            self.constant(np.asarray(each, dtype)) for each in (GELU_CUBIC, GELU_LINEAR, 1, 0.5)
        )
        squares = self.add("Mul", self.add("Mul", x, x), cubic)
        inner = self.add("Mul", self.add("Add", squares, linear), x)
        share = self.add("Add", self.add("Tanh", inner), one)
        return self.add("Mul", self.add("Mul", x, share), half)

    def dense(self, x: str, layer: Layer) -> str:
        """Add a dense layer in single precision: float [..., inputs] → float [..., units].

        An int8 kernel stays one in the file. Runtimes compute the float32 kernel from it once, as
        it depends on constants alone.
        """
        if layer.kernel.dtype == np.int8:
            steps = self.cast(self.constant(layer.kernel), np.float32)
            kernel = self.add("Mul", steps, self.floats(layer.scale))
        else:
            kernel = self.floats(layer.dense_kernel())
        return self.add("Add", self.add("MatMul", x, kernel), self.floats(layer.bias))

    def dense_in_doubles(self, x: str, layer: Layer) -> str:
        """Add a dense layer in double precision: double [rows, inputs] → double [rows, units]."""
        product = self.add("MatMul", x, self.doubles(layer.dense_kernel()))
        return self.add("Add", product, self.doubles(layer.bias))
