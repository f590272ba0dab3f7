"""A small transformer with random weights, what it computes by the papers, and models of it."""

from dataclasses import replace
from itertools import pairwise

import numpy as np

from sentiment.features.pieces import MIN_KNOWN, PieceEncoder
from sentiment.features.wordpiece import Pieces, WordPiece
from sentiment.labels import SENTIMENT, LabelSet
from sentiment.model.component import Calibration, Component
from sentiment.model.decision import even_decision
from sentiment.model.model import Model
from sentiment.model.network import Layer
from sentiment.model.transformer import Block, Norm, Table, Transformer

WIDTH, HEADS, INNER, VOCABULARY, LONGEST = 12, 3, 20, 30, 48


def random_transformer(
    blocks: int = 2, outputs: int = 2, seed: int = 3, hidden: tuple[int, ...] = ()
) -> Transformer:
    random = np.random.default_rng(seed)

    def floats(*shape: int, middle: float = 0.0, spread: float = 0.5) -> np.ndarray:
        return random.normal(middle, spread, shape).astype(np.float32)

    def layer(inputs: int, outputs: int) -> Layer:
        return Layer.exact(floats(inputs, outputs), floats(outputs))

    def norm() -> Norm:
        return Norm(floats(WIDTH, middle=1), floats(WIDTH))

    def block() -> Block:
        attention, merge = layer(WIDTH, 3 * WIDTH), layer(WIDTH, WIDTH)
        return Block(attention, merge, norm(), layer(WIDTH, INNER), layer(INNER, WIDTH), norm())

    words, places = (Table.exact(floats(rows, WIDTH)) for rows in (VOCABULARY, LONGEST))
    stack = tuple(block() for _ in range(blocks))
    first = norm()
    sizes = (WIDTH, *hidden, outputs)
    *relu, output = (layer(*pair) for pair in pairwise(sizes))
    return Transformer(words, places, first, stack, output, HEADS, tuple(relu))


WORDS = (
    *("[PAD]", "[UNK]", "[CLS]", "[SEP]", "the", "a", "film", "good", "bad", "not", "i", "loved"),
    *("it", "was", "un", "##believ", "##able", "##s", "##ly", "cafe", "映", "画", "thumbs", "up"),
    *("10", *"/.,!'"),
)
CORRECTED = ("good", "thumbs")


def pieces_model(
    labels: LabelSet = SENTIMENT, head: int = 8, tail: int = LONGEST - 8, seed: int = 3
) -> Model:
    """A model whose own component knows a few words."""
    network = random_transformer(outputs=len(labels) - 1, seed=seed).quantized()
    network = replace(network, long_scale=0.6)
    encoder = PieceEncoder(WordPiece(WORDS, head, tail, CORRECTED))
    calibration = Calibration(0.9, (0.2, -0.1, 0.3, 0.0)[: len(labels) - 1])
    own = Component(encoder, network, calibration, MIN_KNOWN, labels=labels)
    return Model((own,), even_decision(len(labels)), labels=labels)


def random_pieces(lengths: list[int], seed: int = 4) -> Pieces:
    ids = np.random.default_rng(seed).integers(0, VOCABULARY, sum(lengths)).astype(np.int32)
    return Pieces(ids, np.concatenate(([0], np.cumsum(lengths))).astype(np.int64))


def reference(network: Transformer, ids: np.ndarray) -> np.ndarray:
    """The mean vector of one text, float64 [width].

    Equations of Vaswani et al. (2017), 3.2 and 3.3; Devlin et al. (2019), appendix A.2; Hendrycks
    and Gimpel (2016), section 2.
    """
    x = np.array([network.words.take(np.array([number]))[0] for number in ids], np.float64)
    x += network.places.take(np.arange(len(ids)))
    x = normal(x, network.norm)
    for block in network.blocks:
        x = normal(x + attended(x, block, network.heads), block.merge_norm)
        x = normal(x + affine(gelu(affine(x, block.widen)), block.narrow), block.narrow_norm)
    return sum(x) / len(x)


def affine(x: np.ndarray, layer: Layer) -> np.ndarray:
    return x @ layer.dense_kernel().astype(np.float64) + layer.bias


def normal(x: np.ndarray, norm: Norm) -> np.ndarray:
    rows = [(row - row.mean()) / np.sqrt(row.var() + 1e-12) for row in x]
    return np.array(rows) * norm.scale + norm.shift


def gelu(x: np.ndarray) -> np.ndarray:
    return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))


def attended(x: np.ndarray, block: Block, heads: int) -> np.ndarray:
    queries, keys, values = np.split(affine(x, block.attention), 3, axis=1)
    found = np.zeros_like(x)
    size = x.shape[1] // heads
    for head in range(heads):
        own = slice(head * size, (head + 1) * size)
        for place, query in enumerate(queries[:, own]):
            scores = np.exp([query @ key / np.sqrt(size) for key in keys[:, own]])
            found[place, own] = scores / scores.sum() @ values[:, own]
    return affine(found, block.merge)
