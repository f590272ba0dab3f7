"""Model files: checked on the way in, replaced whole on the way out."""

import json
import os
import reprlib
import zlib
from dataclasses import asdict
from io import FileIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment.errors import ModelError, command_line
from sentiment.features.ngrams import NGrams
from sentiment.features.vectorizer import Vectorizer
from sentiment.files import replacing
from sentiment.labels import SENTIMENT, LabelSet
from sentiment.model.component import Calibration, Component
from sentiment.model.coverage import LEAST_KNOWN
from sentiment.model.model import MAX_DEPTH, NO_ANSWER, UNCERTAIN, Decision, Model, Record
from sentiment.model.network import Layer, Network
from sentiment.model.provenance import Provenance, Seen
from sentiment.model.tensors import (
    NotOursError,
    Tensors,
    mapping,
    metadata,
    number,
    read_header,
    read_json,
    read_tensors,
    string,
    truth,
    whole,
)

# Before the names of the arrays of the model that another stands on.
_OF_BASE = "base/"

# What numbers may be at the most. The slope of a network that has learned next to nothing is large.
_LARGEST = 1e15
_LARGEST_WEIGHT = 1e3
_LARGEST_FEATURE = float(np.finfo(np.float16).max)
# Weights and sums of the first layer are float32; later sums float64, and multiplied in pairs.
_LARGEST_SUM, _LARGEST_LATER_SUM = 1e30, 1e120
_LARGEST_KEY = (1 << 64) - 1
_LONGEST_NAME = 80

# Fields of the n-grams that came with later format versions, and what they are where none is said.
_UNSAID = {"reversal": 0, "repair": True, "ratings": False}

_EPOCH = {
    "number": _LARGEST,
    "loss": _LARGEST,
    "validation_loss": _LARGEST,
    "validation_accuracy": 1.0,
}


def tensors_of(model: Model) -> Tensors:
    """Gather the arrays of a model, those of its bases under names of their own."""
    tensors: Tensors = {}
    for place, (component, _, record) in enumerate(model.parts):
        own: Tensors = {
            "features.keys": component.encoder.keys,
            "features.weights": component.encoder.weights.astype(np.float16),
            "training.seen": record.seen.whole,
        }
        if record.seen.passages is not None:
            own["training.passages"] = record.seen.passages
        for depth, layer in enumerate(component.network.layers):
            own |= {
                f"layers.{depth}.kernel": layer.kernel,
                f"layers.{depth}.scale": layer.scale,
                f"layers.{depth}.bias": layer.bias,
            }
        tensors |= {place * _OF_BASE + name: tensor for name, tensor in own.items()}
    return {name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}


def document_of(model: Model) -> dict[str, Any]:
    """Gather what is no array, as JSON values; a base stands within what stands on it."""
    own = {} if model.labels == SENTIMENT else {"labels": asdict(model.labels)}
    return own | model.add_up(
        [_document(*part) for part in model.parts],
        lambda own, base, weight: own | {"base": {"weight": weight, "model": base}},
    )


def _document(component: Component, decision: Decision, record: Record) -> dict[str, Any]:
    document = {
        "ngrams": _fields_of(component.encoder.ngrams),
        "layers": len(component.network.layers),
        "calibration": component.calibration._asdict(),
        "decision": decision._asdict(),
        "history": list(record.history),
        "provenance": record.provenance and record.provenance.as_json(),
        "phrases": [[str(key), text] for key, text in component.phrases.items()],
    }
    if component.least_known != LEAST_KNOWN:
        document["least_known"] = component.least_known
    return document


def format_of(model: Model) -> int:
    """Return the oldest format version that can say what is in a model."""
    if model.labels != SENTIMENT:
        return 5
    every = [component.encoder.ngrams for component in model.components]
    if any(ngrams.ratings or not ngrams.repair for ngrams in every):
        return 4
    return 3 if any(ngrams.reversal for ngrams in every) else 2 if len(every) > 1 else 1


def _fields_of(ngrams: NGrams) -> dict[str, Any]:
    """Turn into JSON values; what is as in files that know nothing of it is left out."""
    return {
        name: value
        for name, value in ngrams._asdict().items()
        if name not in _UNSAID or value != _UNSAID[name]
    }


def model_of(document: dict[str, Any], tensors: Tensors) -> Model:
    """Build a model, checking how the parts fit together.

    Args:
        document: what `document_of` gave.
        tensors: what `tensors_of` gave.

    Raises:
        ValueError, TypeError, KeyError, RecursionError: they do not.
    """
    labels = _labels(document["labels"]) if "labels" in document else SENTIMENT
    components: list[Component] = []
    told: list[tuple[Decision, Record]] = []
    while True:
        base = mapping(document["base"]) if "base" in document else None
        weight = 0.0 if base is None else number(base["weight"], 0, _LARGEST_WEIGHT)
        components.append(_component(document, tensors, weight))
        told.append((_decision(document["decision"]), _record(document, tensors)))
        if base is None:
            break
        if len(components) == MAX_DEPTH:
            raise ValueError(f"more than {MAX_DEPTH} models stand one on the other")
        document = mapping(base["model"])
        tensors = {
            name.removeprefix(_OF_BASE): tensor
            for name, tensor in tensors.items()
            if name.startswith(_OF_BASE)
        }
    (decision, record), *below = told
    return Model(tuple(components), decision, record, labels, tuple(below))


def _labels(fields: object) -> LabelSet:
    labels = mapping(fields)
    names = tuple(map(string, labels["names"]))
    are_names = all(name.isprintable() and len(name) <= _LONGEST_NAME for name in names)
    if not are_names or len(set(names) - {UNCERTAIN, NO_ANSWER}) != 2 or len(names) != 2:
        raise ValueError("its labels are not the names of two classes")
    return LabelSet(names, truth(labels["ordered"]))


def _component(document: dict[str, Any], tensors: Tensors, weight: float) -> Component:
    return Component(
        encoder=_vectorizer(document["ngrams"], tensors),
        network=_network(document["layers"], tensors),
        calibration=_calibration(document["calibration"]),
        least_known=number(document.get("least_known", LEAST_KNOWN), 0, 1),
        phrases={
            whole(int(string(key)), 0, _LARGEST_KEY): string(text)
            for key, text in document["phrases"]
        },
        weight=weight,
    )


def _record(document: dict[str, Any], tensors: Tensors) -> Record:
    about = document["provenance"]
    return Record(
        history=tuple(_epoch(epoch) for epoch in document["history"]),
        provenance=None if about is None else Provenance.from_json(about),
        seen=_seen(tensors),
    )


def _seen(tensors: Tensors) -> Seen:
    """Read what is remembered; files of older programs hold no passages."""
    has_passages = "training.passages" in tensors
    return Seen(
        _tensor(tensors, "training.seen", "u", 1),
        _tensor(tensors, "training.passages", "u", 1) if has_passages else None,
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
        characters=(whole(shortest, min(1, longest), 16), whole(longest, shortest, 16)),
        reversal=whole(orders.get("reversal", _UNSAID["reversal"]), 0, 1 << 16),
        repair=truth(orders.get("repair", _UNSAID["repair"])),
        ratings=truth(orders.get("ratings", _UNSAID["ratings"])),
    )
    keys = _tensor(tensors, "features.keys", "u", 1)
    weights = _tensor(tensors, "features.weights", "f", 1).astype(np.float32)
    number(_size(weights), 0, _LARGEST_FEATURE)
    if keys.shape != weights.shape:
        raise ValueError("feature keys and weights differ in number")
    if not (keys[1:] > keys[:-1]).all():
        raise ValueError("feature keys are out of order")
    return Vectorizer(ngrams, keys, weights)


def _network(depth: object, tensors: Tensors) -> Network:
    layers = []
    inputs = tensors["features.keys"].size
    reach = 1.0  # no input is further from 0 than this
    for place in range(whole(depth, 1, 64)):
        kernel = _tensor(tensors, f"layers.{place}.kernel", "fi", 2)
        scale = _tensor(tensors, f"layers.{place}.scale", "f", 1)
        bias = _tensor(tensors, f"layers.{place}.bias", "f", 1)
        if kernel.shape != (inputs, bias.size) or scale.shape != bias.shape:
            raise ValueError(f"layer {place} does not fit the one before it")
        largest = number(_size(kernel) * _size(scale), 0, _LARGEST_SUM)
        reach = reach * max(inputs, 1) * largest + _size(bias)
        number(reach, 0, _LARGEST_LATER_SUM if place else _LARGEST_SUM)
        layers.append(Layer(kernel, scale, bias))
        inputs = bias.size
    if inputs != 1:
        raise ValueError("the last layer has more than one output")
    return Network(tuple(layers))


def _size(tensor: NDArray[Any]) -> float:
    """How far from 0 the numbers of a tensor reach."""
    return max(float(tensor.max(initial=0)), -float(tensor.min(initial=0)))


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


def _tensor(tensors: Tensors, name: str, kinds: str, dimensions: int) -> NDArray[Any]:
    tensor = tensors[name]
    if tensor.dtype.kind not in kinds or tensor.ndim != dimensions:
        raise ValueError(f"{name} has the type {tensor.dtype} and the shape {tensor.shape}")
    return tensor


FORMAT_VERSION = 5
MAX_FILE_SIZE = 1 << 30

_KEY = "sentiment"
_UNSEALED = "crc32:00000000"


def save_model(model: Model, path: Path) -> None:
    """Write a model: to a temporary file beside its target, synced, then renamed.

    Raises:
        OSError: the file cannot be written; whatever stood there is untouched.
    """
    from safetensors.numpy import save

    document = {
        "format": format_of(model),
        "checksum": _UNSEALED,
        **document_of(model),
    }
    text = json.dumps(document, separators=(",", ":"), allow_nan=False)
    data = save(tensors_of(model), metadata={_KEY: text})
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
        return model_of(document, read_tensors(data, header, begin))
    except NotOursError as error:
        raise ModelError(
            f"{path}: not a sentiment model ({error}); `sentiment train` makes one"
        ) from error
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError) as error:
        reason = f"no {error}" if isinstance(error, KeyError) else str(error)
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
        made = command_line("train", "YOUR_REVIEWS.csv", "-o", path)
        raise ModelError(f"{path}: no such model; `{made}` makes one") from error
    except OSError as error:
        raise ModelError(f"{path}: cannot read the model: {error.strerror}") from error
    if len(data) > MAX_FILE_SIZE:
        raise ModelError(f"{path}: larger than any model ({MAX_FILE_SIZE >> 30} GB)")
    return data


def _read_at_most(file: FileIO, most: int) -> bytes:
    """Read a file, at once if it knows its size: `read(most)` would make room for all of that."""
    room = os.fstat(file.fileno()).st_size
    parts = []
    while most > 0 and (part := file.read(min(most, max(room, 1 << 16)))):
        parts.append(part)
        most -= len(part)
        room -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _checked_document(data: bytes, header: dict[str, Any], begin: int) -> dict[str, Any]:
    """Find our JSON document in the header; check the file's version and checksum."""
    text = metadata(header).get(_KEY)
    if not isinstance(text, str):
        raise NotOursError("a safetensors file of another program")
    document = read_json(text)
    if not isinstance(document, dict):
        raise ValueError("the description is not an object")
    version = document.get("format")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise ValueError("no format version")
    if version > FORMAT_VERSION:
        raise NotOursError(
            f"its format {reprlib.repr(version)} is newer than this program's {FORMAT_VERSION}: "
            "upgrade sentiment"
        )
    checksum = document.get("checksum")
    if not isinstance(checksum, str) or data.count(checksum.encode(), 0, begin) != 1:
        raise ValueError("no checksum")
    place = data.index(checksum.encode())
    rest = memoryview(data)[place + len(checksum) :]
    if _checksum(data[:place], _UNSEALED.encode(), rest) != checksum:
        raise ValueError("the checksum does not match")
    return document


def _sealed(data: bytes) -> bytes:
    return data.replace(_UNSEALED.encode(), _checksum(data).encode(), 1)


def _checksum(*parts: bytes | memoryview) -> str:
    checksum = 0
    for part in parts:
        checksum = zlib.crc32(part, checksum)
    return f"crc32:{checksum:08x}"
