from dataclasses import replace

import numpy as np
import pytest

from sentiment.features.wordpiece import Pieces
from sentiment.model import backward
from sentiment.model.backward import credit, embedded, gradients
from sentiment.model.network import Layer
from sentiment.model.transformer import Norm
from tests.model.encoders import LONGEST, WIDTH, random_pieces, random_transformer

TEXTS, LENGTH = 3, 7
IDS = random_pieces([LENGTH] * TEXTS).ids.reshape(TEXTS, LENGTH)


@pytest.mark.parametrize(("blocks", "hidden"), [(0, ()), (1, (9,)), (2, ()), (2, (6, 5))])
def test_the_gradients_are_those_of_finite_differences(blocks, hidden):
    network = random_transformer(blocks, hidden=hidden)
    vectors = embedded(network, IDS).astype(np.float64)
    _, slopes = gradients(network, vectors)
    assert (slopes.dtype, slopes.shape) == (np.float64, (2, *vectors.shape))
    step = 1e-5
    for place in range(LENGTH):
        for number in range(vectors.shape[2]):
            change = np.zeros_like(vectors)
            change[:, place, number] = step
            above, below = (gradients(network, vectors + sign * change)[0] for sign in (1, -1))
            expected = ((above - below) / (2 * step)).T
            assert slopes[:, :, place, number] == pytest.approx(expected, rel=1e-6, abs=1e-7)


def test_the_log_odds_are_those_of_the_forward_pass():
    network = random_transformer()
    logits, gradient = gradients(network, embedded(network, IDS))
    assert gradient.dtype == np.float32
    assert logits == pytest.approx(network.logits(random_pieces([LENGTH] * TEXTS)), abs=1e-5)


def test_single_precision_is_enough():
    network = random_transformer()
    vectors = embedded(network, IDS)
    _, single = gradients(network, vectors)
    _, double = gradients(network, vectors.astype(np.float64))
    assert single == pytest.approx(double, abs=1e-4 * np.abs(double).max())


def test_no_text_depends_on_the_others_or_on_how_many_fit(monkeypatch):
    network = random_transformer()
    vectors = embedded(network, IDS)
    logits, together = gradients(network, vectors)
    monkeypatch.setattr(backward, "_MOST_PIECES", 1)
    apart_logits, apart = gradients(network, vectors)
    assert apart_logits == pytest.approx(logits, abs=1e-5)
    assert apart == pytest.approx(together, abs=1e-5)


def test_the_mean_gradient_between_two_texts_adds_up_to_their_difference():
    """Completeness of integrated gradients (Sundararajan et al., 2017, proposition 1)."""
    network = random_transformer()
    text = embedded(network, IDS[:1]).astype(np.float64)
    empty = embedded(network, np.zeros_like(IDS[:1])).astype(np.float64)
    steps, share = np.polynomial.legendre.leggauss(200)
    points = empty + (steps[:, None, None] + 1) / 2 * (text - empty)
    _, slopes = gradients(network, points)
    credit = (text - empty) * np.einsum("s,slw->lw", share / 2, slopes[0])
    ends, _ = gradients(network, np.concatenate((empty, text)))
    assert credit.sum() == pytest.approx(ends[1, 0] - ends[0, 0], abs=1e-6)


def row_of(ids: list[int]) -> Pieces:
    return Pieces(np.array(ids, np.int32), np.array([0, len(ids)]))


@pytest.mark.parametrize(("blocks", "hidden"), [(0, ()), (1, ()), (2, ()), (2, (6, 5))])
@pytest.mark.parametrize("length", [2, 3, 4, 11, LONGEST])
def test_credit_adds_up_to_the_difference_from_the_empty_text(blocks, hidden, length):
    network = random_transformer(blocks, hidden=hidden).quantized()
    row = random_pieces([length])
    found = credit(network, row)
    change = network.logits(row) - network.logits(row_of([row.ids[0], row.ids[-1]]))
    assert (found.dtype, found.shape) == (np.float64, (length, 2))
    assert found.sum(axis=0) == pytest.approx(change[0], abs=1e-9)
    assert not found[[0, -1]].any()


@pytest.mark.parametrize("length", [4, 30])
def test_a_path_begins_where_the_log_odds_are_those_of_the_empty_text(length):
    network = random_transformer()
    empty = embedded(network, np.array([[3, 7]]))
    logits, _ = gradients(network, np.tile(empty, (1, length // 2, 1)))
    assert logits == pytest.approx(network.logits(row_of([3, 7])), abs=1e-5)


def test_credit_follows_the_path_that_is_described(monkeypatch):
    """With many points, what a text adds up to without any of the rest divided."""
    monkeypatch.setattr(backward, "_POINTS", 200)
    network = random_transformer()
    row = row_of([3, 9, 9, 4, 20, 7])
    found = credit(network, row)
    text, empty = embedded(network, row.ids[None]), embedded(network, np.array([[3, 7]]))
    expected = np.zeros((6, 2))
    for turns in ([0, 1, 0, 1, 0, 1], [0, 0, 1, 0, 1, 1]):
        move = (text - empty[:, turns]).astype(np.float64)
        for time in (np.arange(200) + 0.5) / 200:
            _, slopes = gradients(network, text - (1 - time) * move)
            expected += np.einsum("ktpw,tpw->pk", slopes, move) / 400
    rest = expected[-1]  # the last piece moves to its place
    assert np.abs(found - expected)[1:-1].max() < np.abs(rest).max() + 0.05
    assert found[1:-1].sum(axis=0) == pytest.approx(expected.sum(axis=0), abs=0.01)
    shares = np.abs(expected[1:-1]) / np.abs(expected[1:-1]).sum(axis=0)
    assert found[1:-1] == pytest.approx(expected[1:-1] + rest * shares, abs=0.01)


def test_pieces_that_change_nothing_share_alike():
    network = random_transformer(0)
    output = Layer.exact(np.zeros((WIDTH, 2), np.float32), np.zeros(2, np.float32))
    assert not credit(replace(network, output=output), random_pieces([9])).any()


def test_weights_too_sharp_for_float32_give_numbers():
    network = random_transformer()
    norm = Norm(np.full(WIDTH, 1e10, np.float32), np.zeros(WIDTH, np.float32))
    sharp = tuple(replace(block, merge_norm=norm, narrow_norm=norm) for block in network.blocks)
    row = random_pieces([9])
    assert np.isfinite(credit(replace(network, blocks=sharp * 8), row)).all()
