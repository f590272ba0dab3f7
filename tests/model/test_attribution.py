import numpy as np
import pytest

from sentiment.features.matrix import CSRMatrix
from sentiment.model.activations import ACTIVATIONS
from sentiment.model.network import DenseNetwork, forward
from tests.model.small import SHAPES, WORDS, small_model

TEXT = " ".join(WORDS + WORDS[::-2])


def scaled(row: CSRMatrix, factor: float) -> CSRMatrix:
    return CSRMatrix(row.indices, (row.data * factor).astype(np.float32), row.indptr, row.width)


@pytest.mark.parametrize("hidden", [*SHAPES, (8, 8, 8)])
def test_the_credits_add_up_to_the_logit_less_that_of_the_empty_row(hidden):
    model = small_model(hidden)
    row = model.own.encoder.transform([TEXT])
    change = model.own.network.logits(row)[0] - model.own.network.logits(scaled(row, 0))[0]
    assert model.own.network.credit(row).sum(axis=0) == pytest.approx(change, abs=1e-4)


@pytest.mark.parametrize("activation", ["tanh", "gelu"])
@pytest.mark.parametrize(("most", "error"), [(1, 1e-9), (10, 1e-5), (100, 2)])
def test_through_smooth_activations_little_is_left_over(activation, most, error, monkeypatch):
    network = small_model((16, 8), activation=activation).own.network
    row = small_model().own.encoder.transform([TEXT])
    first = network.layers[0]
    row = scaled(row, most / np.abs(row.data @ first.dense_kernel()[row.indices]).max())
    small = scaled(row, 0)
    change = forward_in_doubles(network, row) - forward_in_doubles(network, small)
    assert network.credit(row).sum(axis=0) == pytest.approx(change, abs=1e-9)
    monkeypatch.setattr(DenseNetwork, "_completed", lambda network, found, reached: found)
    assert network.credit(row).sum(axis=0) == pytest.approx(change, abs=error)


def forward_in_doubles(network: DenseNetwork, row: CSRMatrix) -> np.ndarray:
    """The log-odds of a row, without the float32 of its first product."""
    first, *rest = network.layers
    kernel = first.kernel[row.indices] * first.scale.astype(float)
    sums = row.data.astype(float) @ kernel + first.bias
    return forward(rest, ACTIVATIONS[network.activation].value(sums)[None], network.activation)[0]


@pytest.mark.parametrize("hidden", SHAPES)
def test_each_credit_is_the_mean_of_many_gradients(hidden):
    model = small_model(hidden)
    row = model.own.encoder.transform([TEXT])
    (credits,) = model.own.network.credit(row).T
    kernels = [layer.dense_kernel().astype(float) for layer in model.own.network.layers]
    steps = 4000
    means = np.zeros(row.indices.size)
    for t in (np.arange(steps) + 0.5) / steps:
        x, masks = (t * row.data.astype(float)) @ kernels[0][row.indices], []
        for layer, kernel in zip(model.own.network.layers, [*kernels[1:], None], strict=True):
            x = x + layer.bias
            if kernel is not None:
                masks.append(x > 0)
                x = np.maximum(x, 0) @ kernel
        gradient = np.ones(1)
        for kernel, mask in zip(kernels[:0:-1], masks[::-1], strict=True):
            gradient = (kernel @ gradient) * mask
        means += kernels[0][row.indices] @ gradient / steps
    assert credits == pytest.approx(means * row.data, abs=5e-3)


def test_an_empty_row_has_no_credits():
    model = small_model()
    row = model.own.encoder.transform([""])
    assert model.own.network.credit(row).sum() == 0
