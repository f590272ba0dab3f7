import numpy as np
import pytest

from sentiment.model import backward
from sentiment.model.backward import embedded, gradients
from tests.model.encoders import random_pieces, random_transformer

TEXTS, LENGTH = 3, 7
IDS = random_pieces([LENGTH] * TEXTS).ids.reshape(TEXTS, LENGTH)


@pytest.mark.parametrize("output", [0, 1])
@pytest.mark.parametrize("blocks", [0, 1, 2])
def test_the_gradient_is_that_of_finite_differences(blocks, output):
    network = random_transformer(blocks)
    vectors = embedded(network, IDS).astype(np.float64)
    _, gradient = gradients(network, vectors, output)
    assert (gradient.dtype, gradient.shape) == (np.float64, vectors.shape)
    step = 1e-5
    for place in range(LENGTH):
        for number in range(vectors.shape[2]):
            change = np.zeros_like(vectors)
            change[:, place, number] = step
            above, below = (
                gradients(network, vectors + sign * change, output)[0][:, output]
                for sign in (1, -1)
            )
            expected = (above - below) / (2 * step)
            assert gradient[:, place, number] == pytest.approx(expected, rel=1e-6, abs=1e-7)


def test_the_log_odds_are_those_of_the_forward_pass():
    network = random_transformer()
    logits, gradient = gradients(network, embedded(network, IDS), 0)
    assert gradient.dtype == np.float32
    assert logits == pytest.approx(network.logits(random_pieces([LENGTH] * TEXTS)), abs=1e-5)


def test_single_precision_is_enough():
    network = random_transformer()
    vectors = embedded(network, IDS)
    _, single = gradients(network, vectors, 1)
    _, double = gradients(network, vectors.astype(np.float64), 1)
    assert single == pytest.approx(double, abs=1e-4 * np.abs(double).max())


def test_no_text_depends_on_the_others_or_on_how_many_fit(monkeypatch):
    network = random_transformer()
    vectors = embedded(network, IDS)
    logits, together = gradients(network, vectors, 0)
    monkeypatch.setattr(backward, "_MOST_PIECES", 1)
    apart_logits, apart = gradients(network, vectors, 0)
    assert apart_logits == pytest.approx(logits, abs=1e-5)
    assert apart == pytest.approx(together, abs=1e-5)


def test_the_mean_gradient_between_two_texts_adds_up_to_their_difference():
    """Completeness of integrated gradients (Sundararajan et al., 2017, proposition 1)."""
    network = random_transformer()
    text = embedded(network, IDS[:1]).astype(np.float64)
    empty = embedded(network, np.zeros_like(IDS[:1])).astype(np.float64)
    steps, share = np.polynomial.legendre.leggauss(200)
    points = empty + (steps[:, None, None] + 1) / 2 * (text - empty)
    _, slopes = gradients(network, points, 0)
    credit = (text - empty) * np.einsum("s,slw->lw", share / 2, slopes)
    ends, _ = gradients(network, np.concatenate((empty, text)), 0)
    assert credit.sum() == pytest.approx(ends[1, 0] - ends[0, 0], abs=1e-6)
