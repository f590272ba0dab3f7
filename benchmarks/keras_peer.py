"""Print how many reviews a second `model.predict` of Keras answers, their features found already.

The network of a model of ours, with its weights, fed the way Keras takes sparse rows.
"""

import csv
import sys
import time
from pathlib import Path

import keras
import scipy.sparse

from sentiment.model.file import load_model

model = load_model(Path(sys.argv[1]))
with Path(sys.argv[2]).open(encoding="utf-8", newline="") as file:
    rows = model.own.encoder.transform([row["text"] for row in csv.DictReader(file)])
matrix = scipy.sparse.csr_matrix(
    (rows.data, rows.indices, rows.indptr), shape=(len(rows), rows.width)
)
matrix.sort_indices()
network = keras.Sequential([keras.Input((rows.width,), sparse=True)])
for layer in model.own.network.layers:
    last = layer is model.own.network.layers[-1]
    network.add(keras.layers.Dense(layer.bias.size, activation="sigmoid" if last else "relu"))
for layer, dense in zip(model.own.network.layers, network.layers, strict=True):
    dense.set_weights([layer.dense_kernel(), layer.bias])
begin = time.perf_counter()
network.predict(matrix, batch_size=512, verbose=0)
print(len(rows) / (time.perf_counter() - begin))
