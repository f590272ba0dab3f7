"""Tensors and JSON values of a model file, each checked before it is used."""

import reprlib
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment.values import read_strict_json

# Values in a JSON text: each takes a hundred bytes once it is read, whatever little it took before.
_MOST_VALUES = 1 << 18


def read_json(text: str) -> Any:
    """Read strict JSON with a limited number of values.

    Raises:
        ValueError, RecursionError: it is anything else.
    """
    if text.count(",") + text.count("[") + text.count("{") > _MOST_VALUES:
        raise ValueError(f"more than {_MOST_VALUES} values")
    return read_strict_json(text)


# Each of the following returns a value as what it should be, or raises ValueError.


def whole(value: object, least: int, most: int) -> int:
    """Return a whole number within bounds."""
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise ValueError(f"{reprlib.repr(value)} is not a whole number from {least} to {most}")
    return value


def number(value: object, least: float, most: float) -> float:
    """Return a number within bounds."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise ValueError(f"{reprlib.repr(value)} is not a number from {least:g} to {most:g}")
    return float(value)


def truth(value: object) -> bool:
    """Return a Boolean."""
    if not isinstance(value, bool):
        raise ValueError(f"{reprlib.repr(value)} is neither true nor false")
    return value


def mapping(value: object) -> dict[str, Any]:
    """Return a JSON object."""
    if not isinstance(value, dict):
        raise ValueError(f"{reprlib.repr(value)} is not an object")
    return value


def listed(value: object) -> list[Any]:
    """Return a JSON array."""
    if not isinstance(value, list):
        raise ValueError(f"{reprlib.repr(value)} is not a list")
    return value


def string(value: object) -> str:
    """Return a string."""
    if not isinstance(value, str):
        raise ValueError(f"{reprlib.repr(value)} is not a string")
    return value


MAX_HEADER_SIZE = 1 << 22

_DTYPES = {"U64": "<u8", "F32": "<f4", "F16": "<f2", "I8": "i1", "U8": "u1"}
_METADATA = "__metadata__"
_DIMENSIONS = 8  # more than any of our tensors has; the product of a million takes minutes
_BLOCK = 1 << 20  # numbers checked at once, to make no copy of a large tensor

Tensors = dict[str, NDArray[Any]]


class NotOursError(Exception):
    """The file is not a model."""


def read_header(data: bytes) -> tuple[dict[str, Any], int]:
    """Parse the header of a safetensors file; return it, and where the tensors' bytes begin.

    Raises:
        NotOursError: the file does not begin with a header.
    """
    if len(data) < 8:
        raise NotOursError("too short")
    size = int.from_bytes(data[:8], "little")
    if size > min(MAX_HEADER_SIZE, len(data) - 8):
        raise NotOursError("no safetensors header")
    try:
        header = read_json(data[8 : 8 + size].decode())
    except (ValueError, RecursionError) as error:
        raise NotOursError("no safetensors header") from error
    if not isinstance(header, dict):
        raise NotOursError("no safetensors header")
    return header, 8 + size


def metadata(header: dict[str, Any]) -> dict[str, Any]:
    """Return the metadata of a header, {} if there is none."""
    found = header.get(_METADATA)
    return found if isinstance(found, dict) else {}


def read_tensors(data: bytes, header: dict[str, Any], begin: int) -> Tensors:
    """Return the tensors as read-only views of the file's bytes.

    Args:
        data: the whole file.
        header: its header.
        begin: where the tensors' bytes begin.

    Raises:
        ValueError, TypeError, KeyError: types, shapes and offsets do not agree, or do not cover the
            file exactly; or a number is not finite.
    """
    entries = {name: mapping(entry) for name, entry in header.items() if name != _METADATA}
    places = {name: _place(entry["data_offsets"]) for name, entry in entries.items()}
    tensors = {}
    reached = 0
    for name, (start, end) in sorted(places.items(), key=lambda item: item[1]):
        if start != reached or end > len(data) - begin:
            raise ValueError(f"{reprlib.repr(name)} is not where it should be")
        tensors[name] = _tensor(name, entries[name], data, begin + start, end - start)
        reached = end
    if reached != len(data) - begin:
        raise ValueError(f"{len(data) - begin - reached} bytes that belong to no tensor")
    return tensors


def _place(offsets: list[Any]) -> tuple[int, int]:
    start, end = offsets
    return whole(start, 0, 1 << 40), whole(end, 0, 1 << 40)


def _tensor(name: str, entry: dict[str, Any], data: bytes, start: int, size: int) -> NDArray[Any]:
    named = reprlib.repr(name)
    if entry["dtype"] not in _DTYPES:
        raise ValueError(f"{named} has the type {reprlib.repr(entry['dtype'])}")
    dtype = np.dtype(_DTYPES[entry["dtype"]])
    if len(entry["shape"]) > _DIMENSIONS:
        raise ValueError(f"{named} has {len(entry['shape'])} dimensions")
    shape = [whole(length, 0, 1 << 40) for length in entry["shape"]]
    if prod(shape) * dtype.itemsize != size:
        raise ValueError(f"{named} has {size} bytes, not those of its shape {shape}")
    numbers = np.frombuffer(data, dtype, prod(shape), start)
    if dtype.kind == "f" and not all(
        np.isfinite(numbers[first : first + _BLOCK]).all()
        for first in range(0, numbers.size, _BLOCK)
    ):
        raise ValueError(f"{named} holds numbers that are not finite")
    return numbers.reshape(shape)


def tensor_of(tensors: Tensors, name: str, kinds: str, dimensions: int) -> NDArray[Any]:
    """Return a tensor of one of some kinds of types, and of so many dimensions.

    Args:
        tensors: all of them.
        name: of the one.
        kinds: `u` for U64, `f` for F32 and F16, `i` for I8, `b` for the bytes U8.
        dimensions: their number.

    Raises:
        KeyError: there is none of that name.
        ValueError: it is another.
    """
    tensor = tensors[name]
    kind = "b" if tensor.dtype == np.uint8 else tensor.dtype.kind
    if kind not in kinds or tensor.ndim != dimensions:
        raise ValueError(f"{name} has the type {tensor.dtype} and the shape {tensor.shape}")
    return tensor
