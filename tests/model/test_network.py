import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.features.matrix import CSRMatrix
from sentiment.model.activations import ACTIVATIONS
from sentiment.model.network import DenseNetwork, Layer, sparse_product


def random_rows(lengths: list[int], width: int) -> CSRMatrix:
    random = np.random.default_rng(0)
    columns = [np.sort(random.choice(width, length, replace=False)) for length in lengths]
    return CSRMatrix(
        np.concatenate([np.zeros(0, np.int32), *columns]).astype(np.int32),
        random.normal(size=sum(lengths)).astype(np.float32),
        np.concatenate(([0], np.cumsum(lengths))).astype(np.int64),
        width,
    )


def dense(rows: CSRMatrix) -> np.ndarray:
    matrix = np.zeros((len(rows), rows.width))
    numbers = np.repeat(np.arange(len(rows)), np.diff(rows.indptr))
    matrix[numbers, rows.indices] = rows.data
    return matrix


def random_network(*sizes: int) -> DenseNetwork:
    random = np.random.default_rng(1)
    return DenseNetwork(
        tuple(
            Layer.exact(
                random.normal(size=(inputs, outputs)).astype(np.float32),
                random.normal(size=outputs).astype(np.float32),
            )
            for inputs, outputs in pairwise(sizes)
        )
    )


@given(st.lists(st.integers(0, 8), max_size=12), st.integers(1, 5))
def test_the_sparse_product_is_the_dense_product(lengths, outputs):
    rows = random_rows(lengths, 8)
    kernel = np.random.default_rng(2).normal(size=(8, outputs)).astype(np.float32)
    assert sparse_product(rows, kernel) == pytest.approx(dense(rows) @ kernel, abs=1e-5)


def test_rows_longer_than_a_block_are_multiplied_too():
    rows = random_rows([0, 40_000, 3, 0, 40_000], 50_000)
    kernel = np.ones((50_000, 1), np.float32)
    assert sparse_product(rows, kernel) == pytest.approx(dense(rows) @ kernel, abs=1e-3)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_the_slope_of_an_activation_is_its_derivative(name):
    activation, sums = ACTIVATIONS[name], np.linspace(-12, 12, 98)  # without 0, where ReLU bends
    step = 1e-6
    change = activation.value(sums + step) - activation.value(sums - step)
    assert activation.slope(sums) == pytest.approx(change / (2 * step), abs=1e-8)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_sums_of_any_size_have_an_activation(name):
    with np.errstate(all="raise"):
        for large in (np.array([-1e38, 1e38], np.float32), np.array([-1e120, 1e120])):
            found = ACTIVATIONS[name].value(large)
            assert found.dtype == large.dtype
            assert np.isfinite(found).all()
            assert np.isfinite(ACTIVATIONS[name].slope(large.astype(np.float64))).all()


def test_gelu_is_that_of_the_error_function_to_three_places():
    sums = np.linspace(-6, 6, 50)
    exact = [s / 2 * (1 + math.erf(s / math.sqrt(2))) for s in sums]
    assert ACTIVATIONS["gelu"].value(sums) == pytest.approx(np.array(exact), abs=5e-4)


def test_networks_with_hidden_layers_differ_by_their_activation():
    two, one = random_network(6, 4, 1), random_network(6, 1)
    assert replace(two, activation="tanh") != two
    assert replace(one, activation="tanh") == one  # it has no place to apply it


@pytest.mark.parametrize("outputs", [1, 3])
def test_layers_are_chained_with_relu_between_them(outputs):
    network = random_network(6, 4, 3, outputs)
    rows = random_rows([2, 0, 6], 6)
    x = dense(rows)
    for layer in network.layers[:-1]:
        x = np.maximum(x @ layer.kernel + layer.bias, 0)
    expected = x @ network.layers[-1].kernel + network.layers[-1].bias
    assert network.logits(rows) == pytest.approx(expected, abs=1e-5)
    assert network.hidden == (4, 3)


def test_without_hidden_layers_the_network_is_linear():
    network = random_network(6, 1)
    rows = random_rows([3, 1], 6)
    layer = network.layers[0]
    assert network.logits(rows) == pytest.approx(dense(rows) @ layer.kernel + layer.bias)
    assert network.hidden == ()


def test_quantized_weights_are_within_half_a_step():
    layer = random_network(100, 4).layers[0]
    quantized = layer.quantized()
    assert quantized.kernel.dtype == np.int8
    error = np.abs(quantized.dense_kernel() - layer.kernel).max(axis=0)
    assert (error <= quantized.scale * 0.5001).all()


def test_a_layer_of_zeros_can_be_quantized():
    layer = Layer.exact(np.zeros((3, 2), np.float32), np.zeros(2, np.float32)).quantized()
    assert (layer.dense_kernel() == 0).all()


def test_networks_are_equal_by_their_weights():
    assert random_network(6, 4, 1) == random_network(6, 4, 1)
    assert random_network(6, 4, 1) != random_network(6, 1)
    assert random_network(6, 1) != "network"
