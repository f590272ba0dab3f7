"""The network as a `.keras` file of Keras's own layers: it loads without this program."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from sentiment.export.inputs import BASE, models_of
from sentiment.model import Layer, Model
from sentiment.training.backend import load_keras


def keras_file(model: Model) -> bytes:
    """Give the content of a `.keras` file.

    Inputs: `ids`, int32 [rows, n], and `values`, float32 [rows, n], the features of each row and
    their weights, filled up with 0 and 0; for what the model stands on `base_ids` and
    `base_values`. Outputs: `log_odds` and `p_positive`, float32 [rows, 1] each, calibrated.
    """
    keras = load_keras()
    inputs = {
        f"{prefix}{name}": keras.Input((None,), dtype=dtype, name=f"{prefix}{name}")
        for prefix, _ in models_of(model)
        for name, dtype in (("ids", "int32"), ("values", "float32"))
    }
    log_odds = _log_odds(model, inputs)
    p_positive = keras.layers.Activation("sigmoid", name="p_positive")(log_odds)
    outputs = {"log_odds": log_odds, "p_positive": p_positive}
    made = keras.Model(inputs, outputs, name="sentiment")
    with TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        made.save(path)
        return path.read_bytes()


def _log_odds(model: Model, inputs: dict[str, Any], prefix: str = "") -> Any:
    """Give the log-odds of a model and what it stands on, [rows, 1]."""
    layers = load_keras().layers
    first, *rest = model.network.layers
    # Steps of quantization, and how large one is in a layer behind: what the model file holds.
    kernel = first.kernel if first.kernel.size else np.zeros((1, first.bias.size))
    embedding = layers.Embedding(*kernel.shape, name=f"{prefix}features")
    found = embedding(inputs[f"{prefix}ids"])
    embedding.set_weights([np.asarray(kernel, np.float32)])
    sums = layers.Dot(1, name=f"{prefix}sums")([inputs[f"{prefix}values"], found])
    chain = [Layer.exact(np.diag(first.scale), first.bias), *rest]
    for number, layer in enumerate(chain[:-1], start=1):
        sums = _dense(layer, f"{prefix}hidden_{number}", "relu")(sums)
    logit = _dense(chain[-1], f"{prefix}logit")(sums)
    slope, intercept = np.float32(model.calibration.slope), np.float32(model.calibration.intercept)
    calibration = Layer.exact(np.full((1, 1), slope), np.full(1, intercept))
    log_odds = _dense(calibration, f"{prefix}log_odds")(logit)
    if model.base is None:
        return log_odds
    weight = Layer.exact(np.full((1, 1), model.base.weight, np.float32), np.zeros(1, np.float32))
    of_base = _dense(weight, f"{prefix}weight")(_log_odds(model.base.model, inputs, prefix + BASE))
    return layers.Add(name=f"{prefix}both")([log_odds, of_base])


def _dense(layer: Layer, name: str, activation: str | None = None) -> Any:
    """A dense layer with these weights."""
    made = load_keras().layers.Dense(layer.bias.size, activation, name=name)
    made.build((None, layer.kernel.shape[0]))
    made.set_weights([layer.dense_kernel(), layer.bias])
    return made
