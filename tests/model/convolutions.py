"""Small convolutional networks with random weights, and what they compute by the paper."""

from itertools import pairwise

import numpy as np

from sentiment.features.sequences import Sequences, bounds_of
from sentiment.features.words import MIN_KNOWN, WordEncoder, WordReading
from sentiment.labels import SENTIMENT, LabelSet
from sentiment.model.component import Calibration, Component
from sentiment.model.convolution import ConvolutionalNetwork
from sentiment.model.decision import even_decision
from sentiment.model.model import Model
from sentiment.model.network import Layer
from sentiment.model.transformer import Table

SIZE, FILTERS, WIDTHS, VOCABULARY = 5, 4, (1, 2, 3), 24
KNOWN = "a the film good bad not i loved it was , . ! :) 👍 映 画 don't café 10/10"
BUCKETS = 4


def random_network(
    outputs: int = 2,
    hidden: tuple[int, ...] = (),
    widths: tuple[int, ...] = WIDTHS,
    rows: int = VOCABULARY,
    seed: int = 5,
) -> ConvolutionalNetwork:
    random = np.random.default_rng(seed)

    def layer(inputs: int, units: int) -> Layer:
        kernel, bias = random.normal(0, 0.5, (inputs, units)), random.normal(0, 0.5, units)
        return Layer.exact(kernel.astype(np.float32), bias.astype(np.float32))

    words = Table.exact(random.normal(0, 0.7, (rows, SIZE)).astype(np.float32))
    filters = tuple(layer(width * SIZE, FILTERS) for width in widths)
    sizes = (FILTERS * len(widths) + SIZE, *hidden, outputs)
    return ConvolutionalNetwork(words, filters, tuple(layer(*pair) for pair in pairwise(sizes)))


def random_words(lengths: list[int], seed: int = 4) -> Sequences:
    ids = np.random.default_rng(seed).integers(0, VOCABULARY, sum(lengths)).astype(np.int32)
    return Sequences(ids, bounds_of(np.array(lengths, np.int64)))


def word_encoder(head: int = 6, tail: int = 5, repair: bool = True) -> WordEncoder:
    """An encoder that knows a few words."""
    reading = WordReading(head, tail, repair=repair)
    read = WordReading(1_000, 0).read([KNOWN])
    keys, places = np.unique(read.keys, return_index=True)
    return WordEncoder(reading, keys, read.kinds[places], BUCKETS)


def words_model(labels: LabelSet = SENTIMENT, seed: int = 5, head: int = 6, tail: int = 5) -> Model:
    encoder, outputs = word_encoder(head, tail), len(labels) - 1
    network = random_network(outputs, (3,), rows=encoder.size, seed=seed).quantized()
    calibration = Calibration(0.9, (0.2, -0.1, 0.3, 0.0)[:outputs])
    own = Component(encoder, network, calibration, MIN_KNOWN, labels=labels)
    return Model((own,), even_decision(len(labels)), labels=labels)


def reference(network: ConvolutionalNetwork, ids: np.ndarray) -> np.ndarray:
    """The log-odds of one text, float64 [K − 1]: each filter at each place, one after the other.

    Kim (2014), equations 2 to 4, with a vector of zeros for each place behind the last word; and
    the sum of the vectors, divided by the root of their number.
    """
    vectors = [network.words.take(np.array([number]))[0].astype(np.float64) for number in ids]
    vectors += [np.zeros(SIZE)] * max(network.widths)
    highest = []
    for width, layer in zip(network.widths, network.filters, strict=True):
        kernel = layer.dense_kernel().astype(np.float64)
        for unit in range(layer.bias.size):
            sums = [
                np.concatenate(vectors[place : place + width]) @ kernel[:, unit] + layer.bias[unit]
                for place in range(len(ids) + 1)
            ]
            highest.append(max(sums))
    mean = sum(vectors) / max(len(ids), 1) ** 0.5
    x = np.concatenate((np.maximum(highest, 0), mean))
    for place, layer in enumerate(network.head):
        x = np.maximum(x, 0) if place else x
        x = x @ layer.dense_kernel().astype(np.float64) + layer.bias
    return x
