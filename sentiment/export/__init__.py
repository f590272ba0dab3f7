"""A trained network for other programs: as an ONNX graph or a Keras file.

`inputs` computes what such a file takes; `to_onnx` and `to_keras` write one, with convolutional
networks in `filters` and the encoders of language models in `onnx_encoder` and `keras_encoder`;
`recipe` writes the vocabulary of pieces, and how a text becomes numbers, for those who use the file
without this program.
"""

from sentiment.export.inputs import inputs_of, keras_inputs, onnx_inputs
from sentiment.export.recipe import recipe_file
from sentiment.export.to_keras import keras_file
from sentiment.export.to_onnx import ONNX, onnx_file

__all__ = [
    "ONNX",
    "inputs_of",
    "keras_file",
    "keras_inputs",
    "onnx_file",
    "onnx_inputs",
    "recipe_file",
]
