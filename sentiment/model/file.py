"""The model file: one `.safetensors` file, safe to load from a stranger.

Layout (format versions 1 to 4): tensors, and under the metadata key `sentiment` one JSON document
with everything that is not a tensor. A model that stands on another holds that whole, which is what
version 2 is for; one with words under far negations is version 3; one that reads ratings, or does
not repair texts, is version 4. A file has the oldest version that can say what is in it. The
document holds a CRC-32 of the whole file, taken with the checksum's own eight digits as zeros; it
finds damage, it does not stop forgery. Forged files are harmless for another reason: nothing in a
file is code, and every size, shape, type and number is checked before anything is built from it.
"""

import json
import os
import reprlib
import zlib
from io import FileIO
from pathlib import Path
from typing import Any

from sentiment.errors import ModelError
from sentiment.files import replacing
from sentiment.model.checks import read_json
from sentiment.model.document import document_of, format_of, model_of, tensors_of
from sentiment.model.model import Model
from sentiment.model.tensors import NotOursError, metadata, read_header, read_tensors

FORMAT_VERSION = 4
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
        raise ModelError(
            f"{path}: no such model; `sentiment train YOUR_REVIEWS.csv -o {path}` makes one"
        ) from error
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
