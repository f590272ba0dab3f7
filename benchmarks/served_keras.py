"""A peer to serve beside ours: FastAPI and `model.predict` of Keras, written plainly.

The network and the features are those of a model of ours, so that nothing but the serving differs.
FastAPI comes from the peers' environment, TensorFlow from the one that this runs in.
"""

import sys
from pathlib import Path

import keras
import numpy as np
import scipy.sparse

from sentiment.model.file import load_model

sys.path += map(str, (Path(__file__).parent / ".peers" / "lib").glob("python*/site-packages"))

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()
model = load_model(Path(sys.argv[1]))
network = keras.Sequential([keras.Input((model.own.encoder.size,), sparse=True)])
for layer in model.own.network.layers:
    last = layer is model.own.network.layers[-1]
    network.add(keras.layers.Dense(layer.bias.size, activation="sigmoid" if last else "relu"))
for layer, dense in zip(model.own.network.layers, network.layers, strict=True):
    dense.set_weights([layer.dense_kernel(), layer.bias])


class Asked(BaseModel):
    """One text, or several."""

    text: str | None = None
    texts: list[str] = []


def answers(texts: list[str]) -> list[dict]:
    """Answer some texts."""
    rows = model.own.encoder.transform(texts)
    matrix = scipy.sparse.csr_matrix(
        (rows.data, rows.indices, rows.indptr), shape=(len(rows), rows.width)
    )
    matrix.sort_indices()
    scores = network.predict(matrix, batch_size=512, verbose=0).ravel()
    words = np.where(scores >= 0.5, "positive", "negative").tolist()
    return [
        {"predicted": word, "p_positive": score}
        for word, score in zip(words, scores.tolist(), strict=True)
    ]


@app.post("/predict")
async def predict(asked: Asked) -> dict:
    """Answer; one request after the other, since Keras's `predict` is not for several threads."""
    if asked.text is not None:
        return answers([asked.text])[0]
    return {"predictions": answers(asked.texts)}


uvicorn.run(app, port=int(sys.argv[2]), log_level="warning")
