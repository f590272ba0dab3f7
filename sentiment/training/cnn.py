"""The architecture `cnn`: vectors of words, filters over words in a row, dense layers.

Kim, "Convolutional neural networks for sentence classification" (EMNLP 2014), with vectors that are
learned here. In training the vector of a word is the sum of its own and of that of its bucket,
which words that begin like it share; the model has the sums. The functions are described in
`Architecture`.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sentiment.features.ngrams import NGrams
from sentiment.features.places import name_features
from sentiment.features.sequences import Numbers, Sequences, bounds_of
from sentiment.features.words import MIN_KNOWN, WordEncoder, WordReading
from sentiment.model.convolution import ConvolutionalNetwork, listed
from sentiment.model.network import Layer
from sentiment.model.transformer import Table
from sentiment.training.backend import load_keras, seeded
from sentiment.training.dense import add_layers, dense, network_of
from sentiment.training.embeddings import Embeddings
from sentiment.training.options import Hyperparameters, TrainingOptions, objective_for
from sentiment.training.run import Run
from sentiment.training.transformer import arranged_by_length
from sentiment.training.vocabulary import (
    EncodedWords,
    FittedWords,
    IndexedWords,
    WordRows,
    encode_words,
    first_rows,
    fit_words,
    index_words,
    with_vectors,
)

Doubles = NDArray[np.float64]

# How many words the filters look at, filters of each width, numbers of a vector.
WIDTHS, _FILTERS, _SIZE = (1, 2, 3), 100, 50


class _Usual(NamedTuple):
    """What is chosen by the length of reviews alone; see `CNNHyperparameters`."""

    epochs: int
    learning_rate: float
    drop_words: float
    epsilon: float


# Longer reviews, in words, are many words to learn from: larger steps, fewer epochs. Names of what
# they are about tell their labels, but nothing of other films or goods: steps leave out a share of
# all words. Adam steps as far for rare words as for frequent ones, unless their gradients are as
# small as its epsilon; in long reviews those of rare words are about 1e-5.
_SHORT = 60
_OF_SHORT = _Usual(epochs=6, learning_rate=1e-3, drop_words=0, epsilon=1e-7)
_OF_LONG = _Usual(epochs=3, learning_rate=2e-3, drop_words=0.3, epsilon=1e-5)
# Texts per step, at least and at most, about so many steps an epoch.
_LEAST_ROWS, _MOST_ROWS, _STEPS = 16, 64, 100
# Steps of all epochs: few reviews need more epochs than usual, and many are learned in fewer.
_LEAST_STEPS, _MOST_STEPS, _MOST_EPOCHS = 600, 2_500, 20
# Shares of the numbers of vectors, and of what is pooled, that a step leaves out.
_DROP_VECTORS, _DROPOUT = 0.5, 0.5
# The largest number of a random vector at the start, and the root mean square of those of a file.
_START, _SPREAD = 0.05, 0.1
# A word that occurs less often is in one of so many buckets.
_MIN_COUNT, _BUCKETS = 2, 8_192
# Of long reviews a word occurs at least once in so many, but need not occur more often than this:
# names, which are rare, are of no use elsewhere.
_WORDS_FOR_ONE, _MOST_COUNT = 250_000, 20
# Words to store with a model by name.
_PHRASES = 2_000


@dataclass(frozen=True, kw_only=True)
class CNNHyperparameters(Hyperparameters):
    """All choices for a convolutional network.

    Attributes:
        reading: how texts are read.
        buckets: for words that are not in the vocabulary.
        min_count: how often a word of the vocabulary occurs at least.
        most: how many words the vocabulary has at most.
        size: how many numbers a vector has.
        widths: how many words filters look at.
        filters: how many there are of each width.
        drop_words: the share of words that a step leaves out.
        epsilon: of Adam.
        embeddings: the file of vectors that words begin with; None for random ones.
    """

    reading: WordReading
    buckets: int
    min_count: int
    most: int
    size: int
    widths: tuple[int, ...]
    filters: int
    drop_words: float = 0
    epsilon: float = _OF_SHORT.epsilon
    embeddings: Embeddings | None = None

    def as_json(self) -> dict[str, Any]:
        """Return JSON values."""
        values = super().as_json() | {"reading": self.reading._asdict()}
        del values["embeddings"]
        return values | ({"embeddings": self.embeddings.as_json()} if self.embeddings else {})

    def describe(self) -> str:
        """Return what the features are, for people."""
        begun = f" that begin with {self.embeddings.name}" if self.embeddings else ""
        return (
            f"words in their order: vectors of {self.size} numbers{begun}, {self.filters} filters "
            f"each over {listed(self.widths)} words"
        )

    def for_weighted_texts(self) -> "CNNHyperparameters":
        """Return the choices with which a word in one text is kept: it may count much."""
        return replace(self, min_count=1)


@dataclass(frozen=True, eq=False)
class NetworkInTraining:
    """A network in training, whose words have vectors without those of their buckets.

    Attributes:
        network: with these vectors.
        exact: whether it is not rounded, as in the model file.
    """

    network: ConvolutionalNetwork
    exact: bool = True

    @property
    def layers(self) -> tuple[Layer, ...]:
        """All that was fitted."""
        return self.network.layers

    def logits(self, rows: WordRows) -> Doubles:
        """Return the log-odds of reviews, before calibration: float64 [reviews, K − 1]."""
        return self.summed(rows.beginnings).logits(rows)

    def summed(self, beginnings: NDArray[np.int32]) -> ConvolutionalNetwork:
        """Return the network whose words have the sums of both vectors."""
        vectors = self.network.words.take(np.arange(beginnings.size))
        words = np.flatnonzero(beginnings >= 0)
        vectors[words] += vectors[beginnings[words]]
        found = replace(self.network, words=Table.exact(vectors))
        return found if self.exact else found.quantized()


least_known = MIN_KNOWN


def choose(
    sample: Sequence[str],
    labels: NDArray[np.integer],
    options: TrainingOptions,
) -> CNNHyperparameters:
    """Choose what the user left open, from the training rows alone."""
    length = float(np.median([len(text.split()) for text in sample]))
    short = length < _SHORT
    usual = _OF_SHORT if short else _OF_LONG
    rows = int(np.clip(2 ** round(np.log2(labels.size / _STEPS)), _LEAST_ROWS, _MOST_ROWS))
    rows = options.batch_size or rows
    least = min(math.ceil(_LEAST_STEPS * rows / labels.size), _MOST_EPOCHS)
    most = max(round(_MOST_STEPS * rows / labels.size), 1)
    epochs = max(min(usual.epochs, most), least)
    count = _MIN_COUNT
    if not (short or options.embeddings):  # a file has good vectors of rare words
        count = int(np.clip(length * labels.size / _WORDS_FOR_ONE, _MIN_COUNT, _MOST_COUNT))
    return CNNHyperparameters(
        epochs=options.epochs or epochs,
        batch_size=rows,
        learning_rate=options.learning_rate or usual.learning_rate,
        hidden=options.hidden or (),
        objective=objective_for(labels, options),
        reading=WordReading(repair=options.repair),
        buckets=_BUCKETS,
        min_count=count,
        most=options.features,
        size=options.embeddings.size if options.embeddings else _SIZE,
        widths=WIDTHS,
        filters=_FILTERS,
        drop_words=usual.drop_words,
        epsilon=usual.epsilon,
        embeddings=options.embeddings,
    )


def identity() -> dict[str, str]:
    """Return nothing: all that a network depends on is among the options."""
    return {}


def index(texts: Sequence[str], recipe: CNNHyperparameters, run: Run) -> IndexedWords:
    """Read the words of all reviews, into files if they do not fit into memory; their vectors."""
    indexed = index_words(texts, recipe.reading, run)
    if recipe.embeddings is None:
        return indexed
    return with_vectors(
        indexed,
        recipe.embeddings,
        recipe.reading,
        run.progress,
        min_count=recipe.min_count,
        most=recipe.most,
        spread=_SPREAD,
    )


def fit_encoder(
    indexed: IndexedWords,
    targets: Doubles,  # noqa: ARG001  # which words there are, not what they mean
    sample_weight: Doubles,
    recipe: CNNHyperparameters,
    options: TrainingOptions,  # noqa: ARG001
) -> FittedWords:
    """Take the most frequent words of the reviews that count as the vocabulary."""
    return fit_words(
        indexed,
        sample_weight > 0,
        recipe.reading,
        buckets=recipe.buckets,
        min_count=recipe.min_count,
        most=recipe.most,
    )


encode = encode_words


def phrases(
    indexed: IndexedWords,
    texts_of: Callable[[Numbers], list[str]],
    encoder: WordEncoder,
    network: ConvolutionalNetwork,
) -> dict[int, str]:
    """Return the words that say most by themselves, read from the first reviews with them."""
    words = np.arange(encoder.keys.size + 1)
    alone = network.logits(Sequences(words[:-1].astype(np.int32), words))
    moves = np.abs(alone - network.logits(encoder.empty())).max(axis=1)
    keys = encoder.keys[np.argsort(-moves, kind="stable")[:_PHRASES]]
    rows = np.unique(first_rows(indexed, np.sort(keys)))
    reading = NGrams(1, 0, 1, 0, 0, repair=encoder.repairs, ratings=encoder.reading.ratings)
    return name_features(texts_of(rows), reading, keys)


def build(
    widths: Sequence[int], recipe: CNNHyperparameters, classes: int, options: TrainingOptions
) -> Any:
    """Build and compile the `keras.Sequential` of one network, or of several side by side.

    Number 0 is no word; the words of each network come after those of the one before.
    """
    with seeded(options.seed):
        keras = load_keras()
        from sentiment.training.convolutions import PooledConvolutions, WordVectors

        count = len(widths)
        uniform = keras.initializers.RandomUniform(-_START, _START)
        model = keras.Sequential([keras.Input((None, 2), dtype="int32")])
        rows, size = 1 + sum(widths), recipe.size
        model.add(WordVectors(rows, size, embeddings_initializer=uniform, mask_zero=True))
        if recipe.drop_words:
            model.add(keras.layers.Dropout(recipe.drop_words, noise_shape=(None, None, 1)))
        model.add(keras.layers.Dropout(_DROP_VECTORS))
        model.add(PooledConvolutions(count, recipe.widths, recipe.filters))
        dropout = options.dropout or _DROPOUT
        model.add(keras.layers.Dropout(dropout))
        make = dense(count)
        return add_layers(
            model, make, make, recipe.hidden, classes, dropout, epsilon=recipe.epsilon
        )


def initialize(model: Any, rows: Sequence[EncodedWords]) -> None:
    """Begin with the vectors of a file, if one is given; the sum with that of the bucket is it."""
    layer, first = model.layers[0], 1
    for part in rows:
        if part.vectors is not None:
            words, vectors = part.vectors.find(part.keys)
            (table,) = layer.get_weights()
            table[first + words] = vectors - table[first + part.beginnings[words]]
            layer.set_weights([table])
        first += part.width


def interleave(parts: Sequence[WordRows], places: Sequence[Numbers]) -> WordRows:
    """Interleave the rows of several networks, their words one after the other.

    Args:
        parts: the rows of each network.
        places: the order of each, −1 for an empty row; [rounds] each.
    """
    starts = np.cumsum([0, *(part.beginnings.size for part in parts)]).astype(np.int32)
    before = np.cumsum([0, *map(len, parts)])
    ids, beginnings, numbers = [], [], []
    for part, place, start, first in zip(parts, places, starts, before, strict=False):
        ids.append(part.ids + start)
        beginnings.append(np.where(part.beginnings < 0, -1, part.beginnings + start))
        numbers.append(np.where(place < 0, before[-1], place + first))
    lengths = np.concatenate([*(part.lengths for part in parts), [0]])
    every = Sequences(np.concatenate(ids), bounds_of(lengths))
    some = every.take(np.stack(numbers, axis=1).ravel())
    return WordRows(some.ids, some.bounds, np.concatenate(beginnings))


def arrays(rows: WordRows) -> tuple[NDArray[np.int32]]:
    """Return 1 + the numbers of words and of their beginnings in a rectangle, 0 for none.

    Returns:
        int32 [texts, longest + widest filter, 2].
    """
    lengths = rows.lengths
    filled = np.zeros((len(rows), int(lengths.max(initial=0)) + max(WIDTHS), 2), np.int32)
    both = np.stack((rows.ids, rows.beginnings[rows.ids]), axis=1)
    filled[np.arange(filled.shape[1]) < lengths[:, None]] = both + 1
    return (filled,)


def specs() -> Any:
    """Return the type of `arrays` in TensorFlow."""
    import tensorflow as tf

    return (tf.TensorSpec((None, None, 2), tf.int32),)


def tensor(arrays: Any, width: int) -> Any:  # noqa: ARG001
    """Return the words."""
    return arrays[0]


def arranged(
    rows: EncodedWords, order: Numbers, steps: int, random: np.random.Generator
) -> Numbers:
    """Return the places of an epoch's rows so that texts of a batch are of similar length."""
    return arranged_by_length(rows.words.lengths[order], steps, random)


def to_numpy(model: Any, widths: Sequence[int]) -> tuple[NetworkInTraining, ...]:
    """Return each network that `build` made for these widths, without Keras."""
    (vectors,), (*kernels, biases), *head = (
        weights for layer in model.layers if (weights := layer.get_weights())
    )
    tables = np.split(vectors[1:], np.cumsum(widths)[:-1])
    networks = []
    for place, table in enumerate(tables):
        parts = np.split(biases[place], len(kernels))
        filters = [
            Layer.exact(*each) for each in zip([k[place] for k in kernels], parts, strict=True)
        ]
        own = head if len(widths) == 1 else [[array[place] for array in layer] for layer in head]
        found = ConvolutionalNetwork(Table.exact(table), tuple(filters), network_of(own).layers)
        networks.append(NetworkInTraining(found))
    return tuple(networks)


def network(
    layers: tuple[Layer, ...],
    options: TrainingOptions,  # noqa: ARG001  # its units are ReLU
) -> NetworkInTraining:
    """Return the network of layers from a checkpoint."""
    return NetworkInTraining(ConvolutionalNetwork.of(layers, len(WIDTHS)))


def compact(network: NetworkInTraining) -> NetworkInTraining:
    """Return a network with weights as precise as in the model file."""
    return replace(network, exact=False)


def parts_of(
    encoder: FittedWords, network: NetworkInTraining
) -> tuple[WordEncoder, ConvolutionalNetwork]:
    """Return encoder and network of a component: words have the sums of both vectors."""
    return encoder.encoder, network.summed(encoder.beginnings)


def logits(
    indexed: IndexedWords,  # noqa: ARG001  # with the words of all reviews
    texts_of: Callable[[Numbers], list[str]],
    encoder: WordEncoder,
    network: ConvolutionalNetwork,
    rows: Numbers,
) -> Doubles:
    """Return the logits of some reviews."""
    return network.logits(encoder.transform(texts_of(rows)))
