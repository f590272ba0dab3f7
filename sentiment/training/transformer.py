"""Transformers in Keras: built from a numpy `Transformer`, trained, and read back into one.

The layers compute what `sentiment.model.transformer` computes, on padded batches. Kernels are
multiplied in bfloat16 on request, which on processors that have it takes half the time; weights,
sums and normalization stay float32.
"""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment.features.wordpiece import Pieces
from sentiment.model.transformer import Norm, Transformer
from sentiment.training.backend import fused_adam, load_keras, seeded
from sentiment.training.dense import network_of, output_of


def build(
    network: Transformer,
    classes: int,
    seed: int = 0,
    dropout: float = 0.1,
    bfloat16: bool = False,
    frozen: int | None = None,
) -> Any:
    """Return a `keras.Sequential` that begins with the weights of a network and a new output.

    Its input is numbers of pieces, int32 [texts, length], 0 for padding; its output probabilities,
    [texts, classes], by a softmax, or of two classes the sigmoid of one unit. Unless it is None,
    the first `frozen` blocks stay as they are, and with them the vectors of pieces.
    """
    keras = load_keras()
    from sentiment.training import layers

    units, activation, _ = output_of(classes)
    with seeded(seed):
        model = keras.Sequential([keras.Input((None,), dtype="int32"), layers.Vectors(network)])
        for number, block in enumerate(network.blocks):
            rate = dropout if number >= (frozen or 0) else 0.0
            model.add(layers.TransformerBlock(block, network.heads, rate, bfloat16))
        for layer in model.layers[: 0 if frozen is None else 1 + frozen]:
            layer.trainable = False
        model.add(layers.MeanOfPieces())
        model.add(keras.layers.Dropout(dropout))
        model.add(keras.layers.Dense(units, activation=activation, name="output"))
    return model


def to_numpy(model: Any, network: Transformer) -> Transformer:
    """Return what training made of a network; of a softmax the first unit is subtracted."""
    vectors = model.get_layer("vectors")
    (output,) = network_of([model.get_layer("output").get_weights()]).layers
    blocks = tuple(layer.block() for layer in model.layers if hasattr(layer, "block"))
    norm = Norm(*(np.asarray(each) for each in vectors.norm))
    return Transformer(network.words, network.places, norm, blocks, output, network.heads)


def optimizer(weight_decay: float = 0.01, clip: float = 1.0) -> Any:
    """Return AdamW (Loshchilov and Hutter, ICLR 2019) with gradients clipped to a global norm."""
    return fused_adam(weight_decay=weight_decay, global_clipnorm=clip)


def warmed_up(done: float, warm_up: float) -> float:
    """Return the share of the learning rate after a share of all steps.

    It rises on a line to 1, and falls as a cosine does to 0.
    """
    if done < warm_up:
        return done / warm_up
    return 0.5 * (1 + math.cos(math.pi * (done - warm_up) / (1 - warm_up)))


def padded(rows: Pieces) -> NDArray[np.int32]:
    """Return pieces in a rectangle, int32 [texts, longest of them], 0 for padding."""
    lengths = rows.lengths
    filled = np.zeros((len(rows), int(lengths.max(initial=0))), np.int32)
    filled[np.arange(filled.shape[1]) < lengths[:, None]] = rows.ids
    return filled


# Batches of which texts are sorted by length together.
_SORTED = 64


def arranged_by_length(
    lengths: NDArray[np.int64], steps: int, random: np.random.Generator
) -> NDArray[np.int64]:
    """Return the places of an epoch's texts, [n], so that those of a step are of similar length.

    Args:
        lengths: of the texts, in random order, [n].
        steps: how many there are, all of one size, or of two that differ by one text.
        random: what the order of the steps is drawn from.
    """
    bounds = lengths.size * np.arange(steps + 1) // steps
    batches = []
    for first in range(0, steps, _SORTED):
        cuts = bounds[first : first + _SORTED + 1]
        some = np.arange(cuts[0], cuts[-1])
        some = some[np.argsort(lengths[some], kind="stable")]
        found = np.split(some, cuts[1:-1] - cuts[0])
        batches += [found[place] for place in random.permutation(len(found))]
    return np.concatenate(batches)


def batches_by_length(
    lengths: NDArray[np.int64], most_pieces: int, rng: np.random.Generator, chunk: int = 1 << 14
) -> Iterator[NDArray[np.int64]]:
    """Yield batches of texts of similar length, in random order: their rows, int64 [texts].

    Args:
        lengths: the number of pieces of each text, [n].
        most_pieces: of a batch, padding included; but always one text.
        rng: what the order is drawn from.
        chunk: texts sorted by length at once, so that all kinds of texts come at any time.
    """
    order = rng.permutation(lengths.size)
    for first in range(0, order.size, chunk):
        some = order[first : first + chunk]
        some = some[np.argsort(lengths[some], kind="stable")]
        found = list(_cut(some, lengths[some], most_pieces))
        yield from (found[place] for place in rng.permutation(len(found)))


def _cut(
    rows: NDArray[np.int64], lengths: NDArray[np.int64], most_pieces: int
) -> Iterator[NDArray[np.int64]]:
    """Yield runs of rows, whose lengths ascend, of so many pieces at most."""
    first = 0
    for place, length in enumerate(lengths.tolist()):
        if place > first and (place - first + 1) * length > most_pieces:
            yield rows[first:place]
            first = place
    if first < rows.size:
        yield rows[first:]
