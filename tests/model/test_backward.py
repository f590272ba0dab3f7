from dataclasses import replace

import numpy as np
import pytest

from sentiment.features.wordpiece import Pieces
from sentiment.model import backward
from sentiment.model.backward import credit, embedded, gradients
from sentiment.model.network import Layer
from sentiment.model.transformer import Norm, Table, Transformer
from tests.model.encoders import LONGEST, WIDTH, random_pieces, random_transformer

LENGTH = 7
IDS = random_pieces([LENGTH]).ids
VECTORS = np.tile(embedded(random_transformer(), IDS), (3, 1, 1))
PRESENCE = np.random.default_rng(0).uniform(0.1, 2, (3, LENGTH))


def row_of(ids: list[int]) -> Pieces:
    return Pieces(np.array(ids, np.int32), np.array([0, len(ids)]))


def without_places(network: Transformer) -> Transformer:
    """The network for which a piece is the same wherever it stands."""
    return replace(network, places=Table.exact(np.zeros((LONGEST, WIDTH), np.float32)))


@pytest.mark.parametrize(
    ("blocks", "hidden", "activation"),
    [
        (0, (), "relu"),
        (1, (9,), "relu"),
        (2, (), "relu"),
        (2, (6, 5), "relu"),
        (1, (6, 5), "tanh"),
        (1, (6, 5), "gelu"),
    ],
)
def test_the_gradients_are_those_of_finite_differences(blocks, hidden, activation):
    network = replace(random_transformer(blocks, hidden=hidden), activation=activation)
    _, slopes = gradients(network, VECTORS, PRESENCE)
    assert (slopes.dtype, slopes.shape) == (np.float64, (2, 3, LENGTH))
    step = 1e-5
    for place in range(LENGTH):
        change = np.zeros(LENGTH)
        change[place] = step
        above, below = (
            gradients(network, VECTORS, PRESENCE + sign * change)[0] for sign in (1, -1)
        )
        expected = ((above - below) / (2 * step)).T
        assert slopes[:, :, place] == pytest.approx(expected, rel=1e-6, abs=1e-7)


def test_the_log_odds_of_pieces_that_are_there_are_those_of_the_forward_pass():
    network = random_transformer()
    logits, slopes = gradients(network, VECTORS[:1], np.ones((1, LENGTH), np.float32))
    assert slopes.dtype == np.float32
    assert logits == pytest.approx(network.logits(random_pieces([LENGTH])), abs=1e-5)


def test_a_presence_of_two_is_to_be_there_twice():
    network = without_places(random_transformer())
    twice, _ = gradients(
        network, embedded(network, np.array([3, 9, 4, 7]))[None], np.array([[1, 2, 1, 1.0]])
    )
    assert twice == pytest.approx(network.logits(row_of([3, 9, 9, 4, 7])), abs=1e-5)


def test_without_presence_a_piece_is_not_there():
    network = without_places(random_transformer())
    absent, _ = gradients(
        network, embedded(network, np.array([3, 9, 4, 7]))[None], np.array([[1, 1e-9, 1e-9, 1]])
    )
    assert absent == pytest.approx(network.logits(row_of([3, 7])), abs=1e-5)


def test_single_precision_is_enough():
    network = random_transformer()
    _, single = gradients(network, VECTORS, PRESENCE.astype(np.float32))
    _, double = gradients(network, VECTORS, PRESENCE)
    assert single == pytest.approx(double, abs=1e-4 * np.abs(double).max())


def test_no_way_depends_on_the_others_or_on_how_many_fit(monkeypatch):
    network, presence = random_transformer(), PRESENCE.astype(np.float32)
    logits, together = gradients(network, VECTORS, presence)
    monkeypatch.setattr(backward, "_MOST_PIECES", 1)
    apart_logits, apart = gradients(network, VECTORS, presence)
    assert apart_logits == pytest.approx(logits, abs=1e-5)
    assert apart == pytest.approx(together, abs=1e-5)


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


@pytest.mark.parametrize(("points", "error"), [(12, 0.1), (100, 1e-4)])
def test_the_path_leads_from_the_empty_text_to_this_one(monkeypatch, points, error):
    """Completeness of integrated gradients (Sundararajan et al., 2017, proposition 1)."""
    monkeypatch.setattr(backward, "_POINTS", points)
    network = without_places(random_transformer())
    row = random_pieces([LONGEST])
    change = network.logits(row) - network.logits(row_of([row.ids[0], row.ids[-1]]))
    found = backward._along_path(network, row.ids)[1:-1].sum(axis=0)
    assert found == pytest.approx(change[0], abs=error)


def test_the_same_piece_in_two_places_is_given_the_same_where_places_do_not_matter():
    found = credit(without_places(random_transformer()), row_of([3, 9, 4, 9, 9, 7]))
    assert found[[3, 4]] == pytest.approx(found[[1, 1]], abs=1e-5)


def test_what_changes_nothing_is_given_nothing():
    output = Layer.exact(np.zeros((WIDTH, 2), np.float32), np.zeros(2, np.float32))
    assert not credit(replace(random_transformer(0), output=output), random_pieces([9])).any()


def test_weights_too_sharp_for_float32_give_numbers():
    network = random_transformer()
    norm = Norm(np.full(WIDTH, 1e10, np.float32), np.zeros(WIDTH, np.float32))
    sharp = tuple(replace(block, merge_norm=norm, narrow_norm=norm) for block in network.blocks)
    row = random_pieces([9])
    assert np.isfinite(credit(replace(network, blocks=sharp * 8), row)).all()
