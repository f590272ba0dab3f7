"""Read and write model files; everything is checked before a model is built."""

import json
import os
import reprlib
import zlib
from dataclasses import asdict
from io import FileIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sentiment.errors import ModelError, command_line
from sentiment.features.language import languages_of
from sentiment.files import replacing
from sentiment.labels import MAX_CLASSES, SENTIMENT, LabelSet, can_be_class
from sentiment.model.cells import ScoreCells
from sentiment.model.component import MIN_COVERAGE, Calibration, Component
from sentiment.model.decision import AnyDecision, Decision, MultiDecision
from sentiment.model.kinds import KINDS, LEFT_OUT, compact
from sentiment.model.model import MAX_DEPTH, Model, Record
from sentiment.model.own_words import MOST, OwnWords
from sentiment.model.provenance import Provenance, TrainingHashes
from sentiment.model.tensors import (
    NotOursError,
    Tensors,
    listed,
    mapping,
    metadata,
    number,
    read_header,
    read_json,
    read_tensors,
    string,
    tensor_of,
    truth,
    whole,
)

if TYPE_CHECKING:
    from sentiment.model.sketch import TextSketch

# The prefix of the tensors of a base.
_BASE = "base/"

# The largest numbers. The slope of a network that learned next to nothing is large.
_LARGEST = 1e15
_LARGEST_WEIGHT = 1e3
_LARGEST_KEY = (1 << 64) - 1

_EPOCH = {
    "number": _LARGEST,
    "loss": _LARGEST,
    "validation_loss": _LARGEST,
    "validation_accuracy": 1.0,
}


def tensors_of(model: Model) -> Tensors:
    """Return the tensors of a model, those of its bases with a prefix each."""
    tensors: Tensors = {}
    for place, (component, _, record) in enumerate(model.parts):
        own = KINDS[component.encoder.kind]().tensors(component.encoder, component.network)
        own["training.seen"] = record.training_hashes.whole
        if record.training_hashes.passages is not None:
            own["training.passages"] = record.training_hashes.passages
        own |= {} if record.sketch is None else record.sketch.tensors()
        tensors |= {place * _BASE + name: tensor for name, tensor in own.items()}
    return {name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}


def document_of(model: Model) -> dict[str, Any]:
    """Return the rest of a model as JSON values; a base is within the document of its model."""
    document = model.add_up(
        [_document(*part) for part in model.parts],
        lambda own, base, weight: own | {"base": {"weight": weight, "model": base}},
    )
    document |= {"languages": [*model.languages]} if model.languages else {}
    words = zip(model.words.phrases, model.words.weights, strict=True)
    return document | ({"words": [[name, [*of]] for name, of in words]} if model.words else {})


def _document(component: Component, decision: AnyDecision, record: Record) -> dict[str, Any]:
    kind, labels = component.encoder.kind, component.labels
    asked = component.asked or labels
    classes = {"labels": labels} if labels != SENTIMENT else {}
    classes |= {"asked": asked} if asked != labels else {}
    named = {field: asdict(each) | {"names": [*each.names]} for field, each in classes.items()}
    named |= {} if record.cells is None else {"cells": record.cells.as_json()}
    named |= {} if record.sketch is None else {"sketch": record.sketch.document()}
    return named | compact(
        {
            "kind": kind,
            **KINDS[kind]().document(component.encoder, component.network),
            "calibration": component.calibration.as_json(),
            "decision": decision.as_json(),
            "history": list(record.history),
            "provenance": record.provenance and record.provenance.as_json(),
            "phrases": [[str(key), text] for key, text in component.phrases.items()],
            "least_known": component.min_coverage,
        }
    )


def format_of(model: Model) -> int:
    """Return the oldest format version that can hold a model."""
    oldest = max(
        KINDS[each.encoder.kind]().version(each.encoder, each.network) for each in model.components
    )
    named = any(
        labels not in (None, SENTIMENT)
        for component in model.components
        for labels in (component.labels, component.asked)
    )
    newer = named or bool(model.languages)
    least = 5 if model.words else 4 if newer else 1
    return max(oldest, 1 if len(model.components) == 1 else 2, least)


def model_of(document: dict[str, Any], tensors: Tensors) -> Model:
    """Build a model of what `document_of` and `tensors_of` return, and check it.

    Raises:
        ValueError, TypeError, KeyError, RecursionError: they do not agree.
    """
    languages = languages_of([string(code) for code in listed(document.get("languages", []))])
    words = listed(document.get("words", []))
    components: list[Component] = []
    records: list[tuple[AnyDecision, Record]] = []
    while True:
        base = mapping(document["base"]) if "base" in document else None
        weight = 0.0 if base is None else number(base["weight"], 0, _LARGEST_WEIGHT)
        component = _component(document, tensors, weight)
        components.append(component)
        decision = _decision(document["decision"], component.asked or component.labels)
        classes = len(component.asked or component.labels)
        records.append((decision, _record(document, tensors, classes)))
        if base is None:
            break
        if len(components) == MAX_DEPTH:
            raise ValueError(f"more than {MAX_DEPTH} models are stacked")
        document = mapping(base["model"])
        tensors = {
            name.removeprefix(_BASE): tensor
            for name, tensor in tensors.items()
            if name.startswith(_BASE)
        }
    (decision, record), *below = records
    labels, *others = (component.asked or component.labels for component in components)
    if any(other.names != labels.names for other in others):
        raise ValueError("its components answer with different classes")
    if not set(labels.names) <= set(components[0].labels.names):  # a base may lack some
        raise ValueError("it is asked for classes that it does not know")
    return Model(
        tuple(components), decision, record, labels, tuple(below), languages, _words(words, labels)
    )


def _words(entries: list[Any], labels: LabelSet) -> OwnWords:
    if len(entries) > MOST:
        raise ValueError(f"more than {MOST:,} words of a user")
    phrases, weights = [], []
    for entry in entries:
        phrase, of_classes = listed(entry)
        phrases.append(string(phrase))
        weights.append(_numbers(of_classes, -_LARGEST, _LARGEST, (len(labels),)))
    if len(set(phrases)) < len(phrases) or not all(
        phrase and all(phrase.split(" ")) for phrase in phrases
    ):
        raise ValueError("its words of a user are not different phrases")
    return OwnWords(tuple(phrases), tuple(weights))


def _labels(fields: object) -> LabelSet:
    labels = mapping(fields)
    names = tuple(map(string, listed(labels["names"])))
    different = len(set(names)) == len(names)
    if not different or not all(map(can_be_class, names)) or not 2 <= len(names) <= MAX_CLASSES:
        raise ValueError("its labels are not the names of classes")
    return LabelSet(names, truth(labels["ordered"]))


def _component(document: dict[str, Any], tensors: Tensors, weight: float) -> Component:
    kind = KINDS[string(document.get("kind", LEFT_OUT["kind"]))]()
    labels = _labels(document["labels"]) if "labels" in document else SENTIMENT
    asked = _labels(document["asked"]) if "asked" in document else None
    encoder, network = kind.read(document, tensors, len(labels) - 1)
    return Component(
        encoder,
        network,
        calibration=_calibration(document["calibration"], len(asked or labels) - 1),
        min_coverage=number(document.get("least_known", MIN_COVERAGE), 0, 1),
        phrases={
            whole(int(string(key)), 0, _LARGEST_KEY): string(text)
            for key, text in document["phrases"]
        },
        weight=weight,
        labels=labels,
        asked=asked,
    )


def _calibration(fields: dict[str, Any], classes: int) -> Calibration:
    slope = number(fields["slope"], 0, _LARGEST)
    if slope == 0:
        raise ValueError("its calibration gives all texts the same probability")
    found = fields["intercept"]
    found = found if isinstance(found, list) else [found]
    counts = (1, classes)
    return Calibration(slope, _numbers(found, -_LARGEST, _LARGEST, counts))


def _numbers(
    values: object, least: float, most: float, counts: tuple[int, ...]
) -> tuple[float, ...]:
    numbers = tuple(number(value, least, most) for value in listed(values))
    if len(numbers) not in counts:
        raise ValueError(f"{len(numbers)} numbers for other classes")
    return numbers


def _decision(fields: dict[str, Any], labels: LabelSet) -> AnyDecision:
    if not labels.is_binary:
        offsets = _numbers(fields["offsets"], -_LARGEST, _LARGEST, (0, len(labels)))
        minima = fields["minima"]
        if minima is not None:
            minima = _numbers(minima, 0, 2, (len(labels),))
        return MultiDecision(offsets, minima)
    threshold, interval = number(fields["threshold"], 0, 1), fields["band"]
    if interval is not None:
        # An end beyond all probabilities leaves that side without answers.
        low, high = interval
        interval = (number(low, -1, threshold), number(high, threshold, 2))
    return Decision(threshold, interval)


def _record(document: dict[str, Any], tensors: Tensors, classes: int) -> Record:
    provenance = document["provenance"]
    has_passages = "training.passages" in tensors  # files of older programs have none
    sketch = document.get("sketch")
    return Record(
        history=tuple(_epoch(epoch) for epoch in document["history"]),
        provenance=None if provenance is None else Provenance.from_json(provenance),
        training_hashes=TrainingHashes(
            tensor_of(tensors, "training.seen", "u", 1),
            tensor_of(tensors, "training.passages", "u", 1) if has_passages else None,
        ),
        cells=ScoreCells.from_json(document["cells"], classes) if "cells" in document else None,
        sketch=None if sketch is None else _sketch(sketch, tensors, classes),
    )


def _sketch(document: object, tensors: Tensors, classes: int) -> "TextSketch":
    from sentiment.model.sketch import TextSketch  # the bundled models have none

    return TextSketch.read(document, tensors, classes)


def _epoch(fields: object) -> dict[str, float]:
    figures = mapping(fields)
    if not figures.keys() <= _EPOCH.keys():
        raise ValueError("an epoch has unknown figures")
    return {name: number(value, 0, _EPOCH[name]) for name, value in figures.items()}


# Each format version has fields that older ones lack, with a value if they are left out.
_READERS = dict.fromkeys(range(1, 6), model_of)

FORMAT_VERSION = max(_READERS)
MAX_FILE_SIZE = 1 << 30

_KEY = "sentiment"
_UNSEALED = "crc32:00000000"


def save_model(model: Model, path: Path) -> None:
    """Write a model to a temporary file, sync it, and rename it.

    Raises:
        OSError: the file cannot be written; an existing one is untouched.
    """
    from safetensors.numpy import save

    document = {"format": format_of(model), "checksum": _UNSEALED, **document_of(model)}
    text = json.dumps(document, separators=(",", ":"), allow_nan=False)
    data = save(tensors_of(model), metadata={_KEY: text})
    with replacing(path) as file:
        file.write(_sealed(data))


def load_model(path: Path) -> Model:
    """Read and check a model.

    Raises:
        ModelError: the file is missing, damaged, from a newer version, or not a model.
    """
    data = _read(path)
    try:
        header, begin = read_header(data)
        document = _checked_document(data, header, begin)
        return _READERS[document["format"]](document, read_tensors(data, header, begin))
    except NotOursError as error:
        raise ModelError(
            f"{path}: not a sentiment model ({error}); `sentiment train` makes one"
        ) from error
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError) as error:
        reason = f"no {error}" if isinstance(error, KeyError) else str(error)
        raise ModelError(f"{path}: damaged model ({reason}); train or copy it again") from error


def hash_of_file(path: Path) -> str:
    """Return the SHA-256 of a model file, as `sha256sum` prints it.

    Raises:
        ModelError: it cannot be read.
    """
    from hashlib import file_digest  # most answers need none

    try:
        with path.open("rb") as file:
            return file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(f"{path}: cannot read the model: {error.strerror}") from error


def is_model_file(path: Path) -> bool:
    """Return whether a file begins as models do, whatever its name.

    It begins with the length of a header, less than that of the file; no text does.
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
    """Read a file by its known size: `read(most)` would allocate as much."""
    room = os.fstat(file.fileno()).st_size
    parts = []
    while most > 0 and (part := file.read(min(most, max(room, 1 << 16)))):
        parts.append(part)
        most -= len(part)
        room -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _checked_document(data: bytes, header: dict[str, Any], begin: int) -> dict[str, Any]:
    """Return our JSON document in the header; check the file's version and checksum."""
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
