"""The container of a model, read as the safetensors package reads it."""

import json

import numpy as np
import pytest
import safetensors
from hypothesis import given, settings
from hypothesis import strategies as st

from sentiment.model.tensors import NotOursError, read_header, read_tensors

_EIGHT = {"dtype": "I8", "shape": [8], "data_offsets": [0, 8]}


def container(header: object, data: bytes) -> bytes:
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + data


def tensors_in(data: bytes) -> dict[str, np.ndarray]:
    return read_tensors(data, *read_header(data))


def test_what_the_package_writes_is_read():
    from safetensors.numpy import save

    written = {
        "keys": np.array([1, 2**63], np.uint64),
        "weights": np.array([[0.5, -2.0]], np.float16),
        "kernel": np.arange(6, dtype=np.int8).reshape(3, 2),
        "bias": np.array([1.5], np.float32),
        "none": np.zeros((0, 4), np.float32),
    }
    read = tensors_in(save(written, metadata={"a": "b"}))
    assert read.keys() == written.keys()
    for name, tensor in written.items():
        np.testing.assert_array_equal(read[name], tensor, strict=True)


def test_an_array_over_the_file_cannot_be_written_to():
    tensor = tensors_in(container({"a": _EIGHT}, bytes(8)))["a"]
    with pytest.raises(ValueError, match="read-only"):
        tensor[0] = 1


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ({"a": _EIGHT | {"data_offsets": [1, 9]}}, "not where it should be"),
        ({"a": _EIGHT | {"data_offsets": [0, 9]}}, "not where it should be"),
        ({"a": _EIGHT | {"data_offsets": [0, 4], "shape": [4]}}, "belong to no tensor"),
        ({"a": _EIGHT, "b": _EIGHT}, "not where it should be"),
        ({"a": _EIGHT | {"shape": [9]}}, "not those of its shape"),
        ({"a": _EIGHT | {"shape": [2**33, 2**33]}}, "not those of its shape"),
        ({"a": _EIGHT | {"shape": [-8]}}, "not a whole number"),
        ({"a": _EIGHT | {"shape": [True] * 4}}, "not a whole number"),
        ({"a": _EIGHT | {"data_offsets": [0, 2**62]}}, "not a whole number"),
        ({"a": _EIGHT | {"data_offsets": [0, 8, 8]}}, "too many values"),
        ({"a": _EIGHT | {"dtype": "F64", "shape": [1]}}, "the type 'F64'"),
        ({"a": _EIGHT | {"dtype": "\x1b[31m\n"}}, r"the type '\\x1b\[31m\\n'"),
        ({"a": _EIGHT | {"shape": [1 << 40] * 200_000}}, "200000 dimensions"),
        ({"a": 8}, "not an object"),
    ],
)
def test_a_header_that_lies_is_found_out(header, reason):
    with pytest.raises(ValueError, match=reason):
        tensors_in(container(header, bytes(8)))


@pytest.mark.parametrize(
    "header",
    [
        b'{"a":1,"a":1}',
        b'{"a":[' + b"[]," * 300_000 + b"0]}",
        b'{"a":' + b" " * (1 << 22) + b"1}",
        b'{"a":1e999}',
        b'{"a":NaN}',
        '{"a":1}'.encode("utf-16"),
    ],
    ids=["twice", "many", "long", "infinite", "not a number", "another encoding"],
)
def test_a_header_that_is_ambiguous_or_takes_much_memory_is_no_header(header):
    with pytest.raises(NotOursError):
        read_header(len(header).to_bytes(8, "little") + header)


def test_infinite_weights_are_refused():
    weight = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}
    with pytest.raises(ValueError, match="not finite"):
        tensors_in(container({"w": weight}, np.float32([np.inf]).tobytes()))


@st.composite
def nearly_right(draw) -> bytes:
    """A container of a few tensors in which up to two numbers are wrong."""
    sizes = {"U64": 8, "F32": 4, "F16": 2, "I8": 1}
    header, reached = {}, 0
    for name in draw(st.permutations("abc"))[: draw(st.integers(0, 3))]:
        dtype = draw(st.sampled_from(sorted(sizes)))
        shape = draw(st.lists(st.integers(0, 3), max_size=3))
        size = sizes[dtype] * int(np.prod(shape))
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [reached, reached + size]}
        reached += size
    for name in draw(st.lists(st.sampled_from(sorted(header)), max_size=2)) if header else ():
        numbers = header[name][draw(st.sampled_from(["shape", "data_offsets"]))]
        if numbers:
            numbers[draw(st.integers(0, len(numbers) - 1))] += draw(st.integers(-2, 2))
    return container(header, bytes(max(reached + draw(st.sampled_from([0, 0, 0, 1, -1])), 0)))


@settings(deadline=None, max_examples=300)
@given(nearly_right())
def test_what_is_accepted_and_what_not_is_as_in_the_package(data):
    try:
        theirs = dict(safetensors.deserialize(data))
    except safetensors.SafetensorError:
        with pytest.raises(ValueError, match=r"\w"):
            tensors_in(data)
        return
    read = tensors_in(data)
    assert read.keys() == theirs.keys()
    for name, tensor in read.items():
        assert tensor.tobytes() == bytes(theirs[name]["data"])
        assert list(tensor.shape) == theirs[name]["shape"]
