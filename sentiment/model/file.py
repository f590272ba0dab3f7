"""The model file: one `.safetensors` file, safe to load from a stranger.

Layout (format version 1): tensors, and under the metadata key `sentiment` one JSON document with
everything that is not a tensor. The document holds a CRC-32 of the whole file, taken with the
checksum's own eight digits as zeros; it finds damage, it does not stop forgery. Forged files are
harmless for another reason: nothing in a file is code, and every size, shape, type and number is
checked before anything is built from it.
"""

import json
import os
import zlib
from io import FileIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment.errors import ModelError
from sentiment.features import NGrams, Vectorizer
from sentiment.model.calibration import Calibration
from sentiment.model.checks import mapping, number, string, whole
from sentiment.model.decision import Decision
from sentiment.model.files import replacing
from sentiment.model.model import Model
from sentiment.model.network import Layer, Network
from sentiment.model.provenance import Provenance
from sentiment.model.tensors import (
    NotOursError,
    Tensors,
    metadata,
    read_header,
    read_tensors,
)

FORMAT_VERSION = 1
MAX_FILE_SIZE = 1 << 30

_KEY = "sentiment"
_UNSEALED = "crc32:00000000"

# What numbers may be at the most. The slope of a network that has learned next to nothing is large.
_LARGEST = 1e15
_LARGEST_KEY = (1 << 64) - 1
_EPOCH = {
    "number": _LARGEST,
    "loss": _LARGEST,
    "validation_loss": _LARGEST,
    "validation_accuracy": 1.0,
}


def save_model(model: Model, path: Path) -> None:
    """Write a model: to a temporary file beside its target, synced, then renamed.

    Raises:
        OSError: the file cannot be written; whatever stood there is untouched.
    """
    from safetensors.numpy import save

    document = json.dumps(_document(model), separators=(",", ":"), allow_nan=False)
    data = save(_tensors(model), metadata={_KEY: document})
    with replacing(path) as file:
        file.write(_sealed(data))


def load_model(path: Path) -> Model:
    """Read a model, checking everything before anything is built.

    Raises:
        ModelError: the file is missing, damaged, from a newer version, or not a model.
    """
    data = _read(path)
    try:
        header, begin = read_header(data)
        document = _checked_document(data, header, begin)
        return _model(document, read_tensors(data, header, begin))
    except NotOursError as error:
        raise ModelError(
            f"{path}: not a sentiment model ({error}); `sentiment train` makes one"
        ) from error
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError) as error:
        reason = str(error) or type(error).__name__
        raise ModelError(f"{path}: damaged model ({reason}); train or copy it again") from error


def is_model_file(path: Path) -> bool:
    """Tell by its first bytes whether a file is of the kind that models are, whatever its name.

    A header's length that fits the file, then the header: no text begins like that.
    """
    if not path.is_file():
        return False
    with path.open("rb") as file:
        start = file.read(9)
    return start[8:] == b"{" and int.from_bytes(start[:8], "little") < path.stat().st_size


def _read(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise ModelError(f"{path}: a folder, not a model file")
        with path.open("rb", buffering=0) as file:
            data = _read_at_most(file, MAX_FILE_SIZE + 1)
    except FileNotFoundError as error:
        raise ModelError(f"{path}: no such model; `sentiment train -o {path}` makes one") from error
    except OSError as error:
        raise ModelError(f"{path}: cannot read the model: {error.strerror}") from error
    if len(data) > MAX_FILE_SIZE:
        raise ModelError(f"{path}: larger than any model ({MAX_FILE_SIZE >> 30} GB)")
    return data


def _read_at_most(file: FileIO, most: int) -> bytes:
    """Read a file, at once if it knows its size: `read(most)` would make room for all of that."""
    size = os.fstat(file.fileno()).st_size
    parts = []
    while most > 0 and (part := file.read(min(most, max(size, 1 << 16)))):
        parts.append(part)
        most -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _checked_document(data: bytes, header: dict[str, Any], begin: int) -> dict[str, Any]:
    """Find our JSON document in the header; check the file's version and checksum."""
    text = metadata(header).get(_KEY)
    if not isinstance(text, str):
        raise NotOursError("a safetensors file of another program")
    document = json.loads(text, parse_constant=_refuse_constant)
    if not isinstance(document, dict):
        raise ValueError("the description is not an object")
    version = document.get("format")
    if not isinstance(version, int) or version < 1:
        raise ValueError("no format version")
    if version > FORMAT_VERSION:
        raise NotOursError(
            f"its format {version} is newer than this program's {FORMAT_VERSION}: upgrade sentiment"
        )
    checksum = document.get("checksum")
    if not isinstance(checksum, str) or data.count(checksum.encode(), 0, begin) != 1:
        raise ValueError("no checksum")
    place = data.index(checksum.encode())
    rest = memoryview(data)[place + len(checksum) :]
    if _checksum(data[:place], _UNSEALED.encode(), rest) != checksum:
        raise ValueError("the checksum does not match")
    return document


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a number")


def _sealed(data: bytes) -> bytes:
    return data.replace(_UNSEALED.encode(), _checksum(data).encode(), 1)


def _checksum(*parts: bytes | memoryview) -> str:
    checksum = 0
    for part in parts:
        checksum = zlib.crc32(part, checksum)
    return f"crc32:{checksum:08x}"


def _tensors(model: Model) -> Tensors:
    tensors: Tensors = {
        "features.keys": model.vectorizer.keys,
        "features.weights": model.vectorizer.weights.astype(np.float16),
        "training.seen": model.seen,
    }
    for depth, layer in enumerate(model.network.layers):
        tensors |= {
            f"layers.{depth}.kernel": layer.kernel,
            f"layers.{depth}.scale": layer.scale,
            f"layers.{depth}.bias": layer.bias,
        }
    return {name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}


def _document(model: Model) -> dict[str, Any]:
    return {
        "format": FORMAT_VERSION,
        "checksum": _UNSEALED,
        "ngrams": model.vectorizer.ngrams._asdict(),
        "layers": len(model.network.layers),
        "calibration": model.calibration._asdict(),
        "decision": model.decision._asdict(),
        "history": list(model.history),
        "provenance": model.provenance and model.provenance.as_json(),
        "phrases": [[str(key), text] for key, text in model.phrases.items()],
    }


def _model(document: dict[str, Any], tensors: Tensors) -> Model:
    """Build the model, checking how the parts fit together."""
    return Model(
        vectorizer=_vectorizer(document["ngrams"], tensors),
        network=_network(document["layers"], tensors),
        calibration=_calibration(document["calibration"]),
        decision=_decision(document["decision"]),
        history=tuple(_epoch(epoch) for epoch in document["history"]),
        provenance=_provenance(document["provenance"]),
        seen=_tensor(tensors, "training.seen", "u", 1),
        phrases={
            whole(int(string(key)), 0, _LARGEST_KEY): string(text)
            for key, text in document["phrases"]
        },
    )


def _vectorizer(fields: object, tensors: Tensors) -> Vectorizer:
    orders = mapping(fields)
    shortest, longest = orders["characters"]
    ngrams = NGrams(
        words=whole(orders["words"], 1, 16),
        tail=whole(orders["tail"], 0, 1 << 16),
        tail_words=whole(orders["tail_words"], 1, 16),
        stem=whole(orders["stem"], 0, 1 << 16),
        negation=whole(orders["negation"], 0, 1 << 16),
        characters=(whole(shortest, 0, 16), whole(longest, shortest, 16)),
    )
    keys = _tensor(tensors, "features.keys", "u", 1)
    weights = _tensor(tensors, "features.weights", "f", 1).astype(np.float32)
    if keys.shape != weights.shape:
        raise ValueError("feature keys and weights differ in number")
    if not (keys[1:] > keys[:-1]).all():
        raise ValueError("feature keys are out of order")
    return Vectorizer(ngrams, keys, weights)


def _network(depth: object, tensors: Tensors) -> Network:
    layers = []
    inputs = tensors["features.keys"].size
    for place in range(whole(depth, 1, 64)):
        kernel = _tensor(tensors, f"layers.{place}.kernel", "fi", 2)
        scale = _tensor(tensors, f"layers.{place}.scale", "f", 1)
        bias = _tensor(tensors, f"layers.{place}.bias", "f", 1)
        if kernel.shape != (inputs, bias.size) or scale.shape != bias.shape:
            raise ValueError(f"layer {place} does not fit the one before it")
        layers.append(Layer(kernel, scale, bias))
        inputs = bias.size
    if inputs != 1:
        raise ValueError("the last layer has more than one output")
    return Network(tuple(layers))


def _calibration(fields: dict[str, Any]) -> Calibration:
    slope = number(fields["slope"], 0, _LARGEST)
    if slope == 0:
        raise ValueError("the calibration makes all answers one")
    return Calibration(slope, number(fields["intercept"], -_LARGEST, _LARGEST))


def _decision(fields: dict[str, Any]) -> Decision:
    threshold, band = number(fields["threshold"], 0, 1), fields["band"]
    if band is not None:
        # An edge beyond all probabilities leaves that side without answers.
        low, high = band
        band = (number(low, -1, threshold), number(high, threshold, 2))
    return Decision(threshold, band)


def _epoch(fields: object) -> dict[str, float]:
    figures = mapping(fields)
    if not figures.keys() <= _EPOCH.keys():
        raise ValueError("an epoch has figures that no training gives")
    return {name: number(value, 0, _EPOCH[name]) for name, value in figures.items()}


def _provenance(fields: object) -> Provenance | None:
    return None if fields is None else Provenance.from_json(fields)


def _tensor(tensors: Tensors, name: str, kinds: str, dimensions: int) -> NDArray[Any]:
    tensor = tensors[name]
    if tensor.dtype.kind not in kinds or tensor.ndim != dimensions:
        raise ValueError(f"{name} has the type {tensor.dtype} and the shape {tensor.shape}")
    return tensor
