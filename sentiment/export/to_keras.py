"""Export the networks of a model, calibrated and added up, as a Keras file.

It holds layers and operations of Keras alone, and no code.
"""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment.export.filters import keras_units
from sentiment.export.inputs import check, not_exported, prefixes_of
from sentiment.export.keras_encoder import mean_vectors, scaled
from sentiment.features.pieces import PieceEncoder
from sentiment.labels import LabelSet
from sentiment.model.activations import USUAL
from sentiment.model.component import Component
from sentiment.model.convolution import ConvolutionalNetwork
from sentiment.model.model import Model
from sentiment.model.network import DenseNetwork, Layer
from sentiment.model.transformer import Transformer
from sentiment.training.backend import load_keras

# The inputs of a Keras model, by name.
Inputs = dict[str, Any]


def keras_file(model: Model) -> bytes:
    """Return the content of a `.keras` file.

    Inputs: those of `keras_inputs`. Outputs: `log_odds`, float32 [rows, K − 1], against the first
    class, and the probabilities that `LabelSet.columns` names, float32 [rows, 1] each, calibrated.

    Raises:
        UsageError: a network is of a kind that cannot be exported.
    """
    check(model)  # before Keras is loaded, which takes seconds
    keras = load_keras()
    inputs: Inputs = {}
    each = [
        (prefix, _log_odds(component, inputs, prefix))
        for prefix, component in zip(prefixes_of(model), model.components, strict=True)
    ]
    _, log_odds = model.add_up(each, _add)
    outputs = {"log_odds": log_odds} | _probabilities(log_odds, model.labels)
    made = keras.Model(inputs, outputs, name="sentiment")
    with TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        made.save(path)
        return path.read_bytes()


def _input(inputs: Inputs, name: str, dtype: str) -> Any:
    """Add an input [rows, any number], and return its tensor."""
    inputs[name] = load_keras().Input((None,), dtype=dtype, name=name)
    return inputs[name]


def _probabilities(log_odds: Any, labels: LabelSet) -> dict[str, Any]:
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


def _log_odds(component: Component, inputs: Inputs, prefix: str) -> Any:
    """Return a tensor of the log-odds of a component, [rows, K − 1]; add its inputs."""
    logit = _logit(component, inputs, prefix)
    if (projection := component.projection) is not None:
        nothing = np.zeros(projection.shape[1], np.float32)
        logit = _dense(Layer.exact(projection.astype(np.float32), nothing), f"{prefix}asked")(logit)
    slope, intercepts = component.calibration
    size = logit.shape[-1]
    bias = np.broadcast_to(np.array(intercepts, np.float32), size)
    calibration = Layer.exact(_scaling(slope, size), bias)
    return _dense(calibration, f"{prefix}log_odds")(logit)


def _logit(component: Component, inputs: Inputs, prefix: str) -> Any:
    """Return a tensor of the logits of a network, [rows, K − 1]; add its inputs.

    Raises:
        UsageError: it is another kind of network.
    """
    network, encoder = component.network, component.encoder
    if isinstance(network, DenseNetwork):
        ids = _input(inputs, f"{prefix}ids", "int32")
        values = _input(inputs, f"{prefix}values", "float32")
        first, *rest = network.layers
        sums = _row_sums(first, ids, values, prefix)
        # Quantized weights as in the model file, and their scale in a layer behind.
        chain = [Layer.exact(np.diag(first.scale), first.bias), *rest]
        return _chained(sums, chain, network.activation, prefix)
    if isinstance(network, ConvolutionalNetwork):
        ids = _input(inputs, f"{prefix}word_ids", "int32")
        return _chained(keras_units(network, ids, prefix), network.head, USUAL, prefix)
    if isinstance(network, Transformer) and isinstance(encoder, PieceEncoder):
        ids = _input(inputs, f"{prefix}input_ids", "int32")
        mask = _input(inputs, f"{prefix}attention_mask", "int32")
        mean = mean_vectors(network, encoder.pieces.longest, ids, mask, prefix)
        sums = _chained(mean, network.head, network.activation, prefix)
        return scaled(sums, network, mask)
    raise not_exported(component)


def _row_sums(first: Layer, ids: Any, values: Any, prefix: str) -> Any:
    """Return sparse rows multiplied by the kernel of a layer, without its scale: [rows, units]."""
    layers = load_keras().layers
    kernel = first.kernel if first.kernel.size else np.zeros((1, first.bias.size))
    embedding = layers.Embedding(*kernel.shape, name=f"{prefix}features")
    found = embedding(ids)
    embedding.set_weights([np.asarray(kernel, np.float32)])
    return layers.Dot(1, name=f"{prefix}sums")([values, found])


def _chained(x: Any, chain: Sequence[Layer], activation: str, prefix: str) -> Any:
    """Return the sums of the last of some dense layers, with an activation between them."""
    for number, layer in enumerate(chain[:-1], start=1):
        name = f"{prefix}hidden_{number}"
        if activation == "gelu":  # Keras's own of that name is the exact one
            x = load_keras().ops.gelu(_dense(layer, name)(x), approximate=True)
        else:
            x = _dense(layer, name, activation)(x)
    return _dense(chain[-1], f"{prefix}logit")(x)


def _scaling(factor: float, size: int) -> NDArray[np.float32]:
    """Return the kernel that multiplies by a factor."""
    return np.float32(factor) * np.eye(size, dtype=np.float32)


def _add(own: tuple[str, Any], base: tuple[str, Any], weight: float) -> tuple[str, Any]:
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
