"""A trained model's network in formats that other programs run.

Inputs are numbers of features and their weights (`docs/format.md` says how to make them of text),
outputs are calibrated. `to_onnx` builds a graph by hand, `to_keras` a model of Keras's own layers.
"""

from sentiment.export.inputs import inputs_of
from sentiment.export.to_keras import keras_file
from sentiment.export.to_onnx import need_onnx, onnx_file

__all__ = ["inputs_of", "keras_file", "need_onnx", "onnx_file"]
