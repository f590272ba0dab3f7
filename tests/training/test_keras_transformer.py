"""The Keras layers compute what the numpy network computes, and learn."""

import numpy as np
import pytest

from sentiment.features.wordpiece import Pieces
from sentiment.model.component import probabilities_of
from sentiment.training.backend import load_keras
from sentiment.training.transformer import batches_by_length, build, optimizer, padded, to_numpy
from tests.model.encoders import VOCABULARY, random_pieces, random_transformer

NETWORK = random_transformer()


def pieces(lengths: list[int], seed: int = 4) -> Pieces:
    """Return pieces of which none is padding."""
    rows = random_pieces(lengths, seed)
    return Pieces(np.maximum(rows.ids, 1), rows.bounds)


@pytest.mark.parametrize("classes", [2, 3, pytest.param(5, marks=pytest.mark.slow)])
def test_keras_computes_what_numpy_does(classes):
    rows = pieces([5, 2, 9, 30, 9])
    model = build(NETWORK, classes)
    found = np.asarray(model(padded(rows)))
    network = to_numpy(model, NETWORK)
    expected = probabilities_of(network.logits(rows))
    if classes == 2:
        expected = expected[:, 1:]
    assert found == pytest.approx(expected, abs=1e-5)
    assert network.pooled(rows) == pytest.approx(NETWORK.pooled(rows), abs=1e-5)


@pytest.mark.slow
def test_bfloat16_computes_nearly_the_same():
    rows = pieces([5, 2, 9, 30, 9])
    exact, rounded = (build(NETWORK, 3, bfloat16=each)(padded(rows)) for each in (False, True))
    assert np.asarray(rounded) == pytest.approx(np.asarray(exact), abs=0.05)


def trained(seed: int) -> tuple[list[float], bytes]:
    """Learn which of two pieces a text holds: losses, and the last kernel."""
    load_keras().utils.set_random_seed(seed)
    random = np.random.default_rng(0)
    model = build(NETWORK, 2, seed=seed)
    model.compile(optimizer(), "binary_crossentropy", jit_compile=False)
    model.optimizer.learning_rate.assign(3e-3)
    losses = []
    for _ in range(40):
        ids = random.integers(3, VOCABULARY, (32, 6)).astype(np.int32)
        labels = random.integers(0, 2, 32)
        ids[:, 2] = 1 + labels
        losses.append(float(model.train_on_batch(ids, labels[:, None])))
    return losses, to_numpy(model, NETWORK).blocks[-1].narrow.kernel.tobytes()


@pytest.mark.slow
def test_training_learns_and_is_the_same_for_the_same_seed():
    losses, weights = trained(1)
    assert np.mean(losses[-5:]) < 0.5 * np.mean(losses[:5])
    assert trained(1) == (losses, weights)
    assert trained(2)[1] != weights


def test_batches_hold_every_text_once_and_are_not_too_large():
    lengths = np.random.default_rng(5).integers(2, 60, 500)
    batches = list(batches_by_length(lengths, 200, np.random.default_rng(1), chunk=128))
    assert sorted(np.concatenate(batches).tolist()) == list(range(500))
    assert max(each.size * lengths[each].max() for each in batches) <= 200
    again = list(batches_by_length(lengths, 200, np.random.default_rng(1), chunk=128))
    assert all((a == b).all() for a, b in zip(batches, again, strict=True))


def test_a_text_longer_than_a_batch_is_one():
    batches = list(batches_by_length(np.array([5, 500, 7]), 100, np.random.default_rng(1)))
    assert sorted(map(len, batches)) == [1, 2]
