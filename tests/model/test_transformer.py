from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.features.wordpiece import Pieces
from sentiment.model import transformer
from sentiment.model.network import Layer
from sentiment.model.transformer import Table, Transformer
from tests.model.encoders import (
    INNER,
    LONGEST,
    VOCABULARY,
    WIDTH,
    affine,
    random_pieces,
    random_transformer,
    reference,
)

NETWORK = random_transformer()
lengths = st.lists(st.integers(2, LONGEST), max_size=12)


def by_reference(network: Transformer, rows: Pieces) -> np.ndarray:
    texts = np.split(rows.ids, rows.bounds[1:-1])
    return np.array([reference(network, ids) for ids in texts])


@pytest.mark.parametrize("outputs", [1, 2])
@pytest.mark.parametrize("blocks", [0, 1, 2])
def test_the_forward_pass_is_that_of_the_papers(blocks, outputs):
    network = random_transformer(blocks, outputs)
    rows = random_pieces([7, 2, LONGEST, 7, 1, 9, 2])
    expected = by_reference(network, rows)
    pooled, logits = network.pooled(rows), network.logits(rows)
    assert (pooled.dtype, pooled.shape) == (np.float32, (7, WIDTH))
    assert (logits.dtype, logits.shape) == (np.float64, (7, outputs))
    assert pooled == pytest.approx(expected, abs=1e-5)
    assert logits == pytest.approx(affine(expected, network.output), abs=1e-5)


def test_dense_layers_over_the_mean_are_followed_by_relu():
    network = random_transformer(1, hidden=(6, 5))
    rows = random_pieces([7, 2])
    x = by_reference(network, rows)
    for layer in network.hidden:
        x = np.maximum(affine(x, layer), 0)
    assert network.logits(rows) == pytest.approx(affine(x, network.output), abs=1e-5)
    names = [(row["name"], row["inputs"], row["units"]) for row in network.summary()[-3:]]
    assert names == [("hidden 1", WIDTH, 6), ("hidden 2", 6, 5), ("output", 5, 3)]
    with pytest.raises(ValueError, match="layers that do not fit"):
        replace(network, hidden=network.hidden[::-1])


@given(lengths, st.integers(0, 99))
def test_neither_the_batch_nor_the_order_changes_a_text(sizes, seed):
    rows = random_pieces(sizes, seed)
    order = np.random.default_rng(seed).permutation(len(rows))
    together = NETWORK.logits(rows)
    assert NETWORK.logits(rows.take(order)) == pytest.approx(together[order], abs=1e-5)
    alone = [NETWORK.logits(rows.take(np.array([row])))[0] for row in range(len(rows))]
    assert together == pytest.approx(np.array(alone).reshape(together.shape), abs=1e-5)


@pytest.mark.parametrize("name", ["_MOST_PIECES", "_MOST_WEIGHTS", "_MOST_NUMBERS"])
@pytest.mark.parametrize("size", [1, 50])
def test_texts_are_read_in_parts_of_any_size(monkeypatch, name, size):
    rows = random_pieces([3, 3, 3, 3, 20, 20, 9, LONGEST])
    whole = NETWORK.pooled(rows)
    monkeypatch.setattr(transformer, name, size)
    assert NETWORK.pooled(rows) == pytest.approx(whole, abs=1e-5)


@pytest.mark.parametrize("few", [0, 10, 1000])
@pytest.mark.parametrize("parts", [(6, 4), (12, 4), (4, 20), (5, 5), (384, 32)])
def test_few_pieces_and_many_are_multiplied_alike(monkeypatch, few, parts):
    rows = random_pieces([3, 3, 20, 9, LONGEST])
    expected = by_reference(NETWORK, rows)
    monkeypatch.setattr(transformer, "_FEW", few)
    monkeypatch.setattr(transformer, "_PART_INPUTS", parts[0])
    monkeypatch.setattr(transformer, "_PART_OUTPUTS", parts[1])
    network = replace(NETWORK)  # its weights are made anew
    alone = [network.pooled(rows.take(np.array([row])))[0] for row in range(len(rows))]
    assert network.pooled(rows) == pytest.approx(expected, abs=1e-5)
    assert np.array(alone) == pytest.approx(expected, abs=1e-5)


def test_kernels_of_the_published_size_are_cut():
    shapes = {(384, 1152): (1, 36, 384, 32), (1536, 384): (4, 12, 384, 32)}
    for shape, expected in shapes.items():
        assert transformer._cut(np.zeros(shape, np.float32)).shape == expected
    assert transformer._cut(np.zeros((385, 3), np.float32)).shape == (385, 3)


def test_no_more_pieces_are_in_memory_than_fit(monkeypatch):
    monkeypatch.setattr(transformer, "_MOST_PIECES", 64)
    batches = []
    whole = Transformer._pooled

    def counted(network: Transformer, rows: Pieces) -> np.ndarray:
        batches.append(rows.ids.size)
        return whole(network, rows)

    monkeypatch.setattr(Transformer, "_pooled", counted)
    NETWORK.pooled(random_pieces([2, 40, 5, 8, 33] * 9))
    assert max(batches) <= 64
    assert len(batches) < 45


def test_without_texts_there_are_no_rows():
    assert NETWORK.pooled(random_pieces([])).shape == (0, WIDTH)
    assert NETWORK.logits(random_pieces([])).shape == (0, 2)


def test_scores_beyond_the_exponential_stay_finite():
    block = NETWORK.blocks[0]
    large = Layer.exact(block.attention.kernel * 100, block.attention.bias)
    network = replace(NETWORK, blocks=(replace(block, attention=large),))
    assert np.isfinite(network.logits(random_pieces([9, 30]))).all()


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (random_pieces([3, 0, 3]), "pieces"),
        (random_pieces([3, LONGEST + 1]), "pieces"),
        (Pieces(np.array([1, VOCABULARY], np.int32), np.array([0, 2])), "piece"),
        (Pieces(np.array([1, -1], np.int32), np.array([0, 2])), "piece"),
    ],
)
def test_rows_that_it_cannot_read_are_refused(rows, message):
    with pytest.raises(ValueError, match=message):
        NETWORK.pooled(rows)


@pytest.mark.parametrize(
    "change",
    [
        {"heads": 5},
        {"heads": 0},
        {"places": Table.exact(np.zeros((9, WIDTH + 1), np.float32))},
        {"output": Layer.exact(np.zeros((WIDTH + 1, 2), np.float32), np.zeros(2, np.float32))},
        {"words": Table.exact(np.zeros((9, WIDTH + 3), np.float32))},
        {"blocks": (replace(NETWORK.blocks[0], widen=NETWORK.blocks[0].merge),)},
    ],
)
def test_layers_that_do_not_fit_are_refused(change):
    with pytest.raises(ValueError, match="fit"):
        replace(NETWORK, **change)


def test_quantized_weights_are_int8_and_within_half_a_step():
    network = NETWORK.quantized()
    assert network.words.rows.dtype == network.blocks[0].widen.kernel.dtype == np.int8
    for ours, exact in ((network.words, NETWORK.words), (network.places, NETWORK.places)):
        everything = np.arange(len(exact.rows))
        error = np.abs(ours.take(everything) - exact.take(everything)).max(axis=1)
        assert (error <= ours.scale * 0.501).all()
    rows = random_pieces([5, 12])
    assert network.logits(rows) == pytest.approx(
        affine(by_reference(network, rows), network.output), abs=1e-5
    )
    assert network.logits(rows) == pytest.approx(NETWORK.logits(rows), abs=0.5)


def test_weights_are_made_once_and_when_they_are_needed():
    network = random_transformer()
    assert "weights" not in vars(network)
    network.logits(random_pieces([3]))
    assert "weights" not in vars(network)
    network.logits(random_pieces([40, 40]))
    assert network.weights is network.weights
    assert {each.dtype for weights in network.weights for each in weights} == {np.dtype("f4")}


def test_the_summary_has_every_layer():
    summary = NETWORK.summary()
    assert [layer["name"] for layer in summary][4:6] == ["block 1 narrow", "block 2 attention"]
    assert summary[-1] == {
        "name": "output",
        "inputs": WIDTH,
        "units": 3,
        "activation": "softmax",
        "trainable_parameters": (WIDTH + 1) * 3,
    }
    block = 4 * WIDTH * (WIDTH + 1) + 2 * WIDTH * INNER + INNER + WIDTH + 4 * WIDTH
    everything = (VOCABULARY + LONGEST + 2) * WIDTH + 2 * block + (WIDTH + 1) * 3
    assert sum(layer["trainable_parameters"] for layer in summary) == everything
    assert NETWORK.describe() == "a transformer of 2 blocks, 12 wide, with 3 heads each"


def test_long_texts_have_smaller_log_odds_on_a_line():
    rows = random_pieces([2, 12, LONGEST])
    plain = NETWORK.logits(rows)
    scaled = replace(NETWORK, long_scale=0.25).logits(rows)
    factors = [1 - 0.75 * length / LONGEST for length in (2, 12, LONGEST)]
    assert scaled == pytest.approx(plain * np.array(factors)[:, None])
    assert replace(NETWORK, long_scale=1.0).logits(rows).tobytes() == plain.tobytes()
