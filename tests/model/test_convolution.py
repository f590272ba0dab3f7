"""The forward pass and the credit of a convolutional network."""

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentiment.features.sequences import Sequences
from sentiment.model.convolution import ConvolutionalNetwork
from sentiment.model.network import Layer
from tests.model.convolutions import FILTERS, SIZE, random_network, random_words, reference

NETWORK = random_network(hidden=(3,))
lengths = st.lists(st.integers(0, 9), max_size=12)


def texts_of(rows: Sequences) -> list[np.ndarray]:
    return np.split(rows.ids, rows.bounds[1:-1])


@pytest.mark.parametrize("outputs", [1, 2])
@pytest.mark.parametrize("hidden", [(), (6, 5)])
@pytest.mark.parametrize("widths", [(1, 2, 3), (4,), (3, 1)])
def test_the_forward_pass_is_that_of_the_paper(widths, hidden, outputs):
    network = random_network(outputs, hidden, widths)
    rows = random_words([7, 2, 0, 1, 7, 40, 3, 0])
    logits = network.logits(rows)
    assert (logits.dtype, logits.shape) == (np.float64, (8, outputs))
    assert logits == pytest.approx(
        np.array([reference(network, ids) for ids in texts_of(rows)]), abs=1e-5
    )
    assert network.widths == widths
    assert network.logits(random_words([])).shape == (0, outputs)


@given(lengths, st.integers(0, 99))
def test_neither_the_batch_nor_the_order_changes_a_text(sizes, seed):
    rows = random_words(sizes, seed)
    together = NETWORK.logits(rows)
    order = np.random.default_rng(seed).permutation(len(sizes))
    assert NETWORK.logits(rows.take(order)) == pytest.approx(together[order], abs=1e-6)
    for row in range(len(sizes)):
        alone = NETWORK.logits(rows.take(np.array([row])))
        assert alone[0] == pytest.approx(together[row], abs=1e-6)


@given(st.integers(0, 9), st.integers(0, 99), st.sampled_from([(), (6,), (6, 5)]))
@settings(max_examples=40)
def test_the_credit_of_words_adds_up_to_what_the_text_changes(length, seed, hidden):
    network = random_network(hidden=hidden, seed=seed)
    row = random_words([length], seed)
    credit = network.credit(row)
    change = network.logits(row) - network.logits(random_words([0]))
    assert credit.shape == (length, 2)
    assert credit.sum(axis=0) == pytest.approx(change[0], abs=1e-5)


def test_the_credit_is_the_mean_gradient_along_the_path():
    row = random_words([6])
    table = NETWORK.words
    steps, change = 400, np.zeros((6, 2))
    for step in (np.arange(steps) + 0.5) / steps:
        for word in range(6):
            each = []
            for by in (-1e-3, 1e-3):
                factors = np.full(6, step)
                factors[word] += by
                vectors = table.take(row.ids) * factors[:, None].astype(np.float32)
                moved = replace(table, rows=vectors, scale=np.ones(6, np.float32))
                own = Sequences(np.arange(6, dtype=np.int32), row.bounds)
                each.append(replace(NETWORK, words=moved).logits(own)[0])
            change[word] += (each[1] - each[0]) / 2e-3 / steps
    assert NETWORK.credit(row) == pytest.approx(change, abs=0.02)


def test_a_word_at_no_filters_place_has_no_credit():
    quiet = NETWORK.words.take(np.arange(24))
    quiet[3] = 0
    network = replace(NETWORK, words=replace(NETWORK.words, rows=quiet))
    row = Sequences(np.array([5, 3, 7], np.int32), np.array([0, 3]))
    assert network.credit(row)[1].tolist() == [0, 0]


def test_quantized_weights_take_a_byte_each_and_change_little():
    network = random_network(hidden=(3,)).quantized()
    kernels = [network.words.rows, *(layer.kernel for layer in network.filters)]
    assert {kernel.dtype for kernel in kernels} == {np.dtype(np.int8)}
    rows = random_words([7, 2, 0, 40])
    assert network.logits(rows) == pytest.approx(NETWORK.logits(rows), abs=0.05)


def test_the_layers_make_the_same_network():
    again = ConvolutionalNetwork.of(NETWORK.layers, 3)
    rows = random_words([7, 2, 0])
    assert again.logits(rows).tolist() == NETWORK.logits(rows).tolist()


def test_many_texts_take_little_memory():
    rows = random_words([3, 30, 300] * 400)
    NETWORK.logits(random_words([3]))
    tracemalloc.start()
    NETWORK.logits(rows)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20 << 20


def test_what_it_is():
    names = [(row["name"], row["inputs"], row["units"]) for row in NETWORK.summary()]
    assert names == [
        ("vectors", 24, SIZE),
        *((f"filters of {width}", width * SIZE, FILTERS) for width in (1, 2, 3)),
        ("hidden 1", 12 + SIZE, 3),
        ("output", 3, 3),
    ]
    assert NETWORK.summary()[-1]["activation"] == "softmax"
    assert random_network(1).describe() == (
        "vectors of 5 numbers, their mean and the highest of each of 12 filters over 1, 2 and 3 "
        "words, 17 → 1 units, ReLU and at the end sigmoid"
    )


def test_layers_that_do_not_fit_are_refused():
    wrong = Layer.exact(np.ones((SIZE + 1, FILTERS), np.float32), np.ones(FILTERS, np.float32))
    for change in ({"filters": ()}, {"filters": (wrong,)}, {"head": NETWORK.head[1:]}):
        with pytest.raises(ValueError, match="layers that do not fit"):
            replace(NETWORK, **change)
