"""The architecture `cnn`: vectors of words, filters over words in a row, dense layers.

Kim, "Convolutional neural networks for sentence classification" (EMNLP 2014), with vectors that are
learned here. The functions are described in `Architecture`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment.features.hashing import Hashes
from sentiment.features.ngrams import NGrams
from sentiment.features.places import name_features
from sentiment.features.sequences import Numbers, Sequences, bounds_of
from sentiment.features.words import MIN_KNOWN, WordEncoder, WordReading
from sentiment.model.convolution import ConvolutionalNetwork, listed
from sentiment.model.network import Layer
from sentiment.model.transformer import Table
from sentiment.storage import ArrayFile, ArrayList
from sentiment.training.backend import load_keras, seeded
from sentiment.training.dense import add_layers, dense, network_of
from sentiment.training.options import Hyperparameters, TrainingOptions, objective_for
from sentiment.training.run import Run
from sentiment.training.transformer import arranged_by_length

Doubles = NDArray[np.float64]

# How many words the filters look at, filters of each width, numbers of a vector.
WIDTHS, _FILTERS, _SIZE = (1, 2, 3), 100, 50
# Epochs, texts per step, learning rate.
_EPOCHS, _BATCH, _RATE = 6, 64, 1e-3
# Shares of the numbers of vectors, and of highest numbers, that a step leaves out.
_DROP_VECTORS, _DROPOUT = 0.5, 0.5
# The largest number of a vector at the start.
_START = 0.05
# A word that occurs less often is in one of so many buckets.
_MIN_COUNT, _BUCKETS = 2, 1_000
# Texts read at once, and words counted at once.
_AT_ONCE, _COUNTED = 4_096, 1 << 22
# Words to store with a model by name.
_PHRASES = 2_000


@dataclass(frozen=True, kw_only=True)
class CNNHyperparameters(Hyperparameters):
    """All choices for a convolutional network.

    Attributes:
        reading: how texts are read.
        buckets: for words that are not in the vocabulary.
        min_count: how often a word of the vocabulary occurs at least.
        size: how many numbers a vector has.
        widths: how many words filters look at.
        filters: how many there are of each width.
    """

    reading: WordReading
    buckets: int
    min_count: int
    size: int
    widths: tuple[int, ...]
    filters: int

    def as_json(self) -> dict[str, Any]:
        """Return JSON values."""
        return super().as_json() | {"reading": self.reading._asdict()}

    def describe(self) -> str:
        """Return what the features are, for people."""
        return (
            f"words in their order: vectors of {self.size} numbers, {self.filters} filters each "
            f"over {listed(self.widths)} words"
        )

    def for_weighted_texts(self) -> "CNNHyperparameters":
        """Return the choices with which a word in one text is kept: it may count much."""
        return replace(self, min_count=1)


@dataclass(frozen=True, eq=False)
class IndexedWords:
    """The words of all reviews, perhaps in files.

    Attributes:
        keys: uint64 [words].
        kinds: uint8 [words].
        bounds: where each review begins, and the last ends, int64 [reviews + 1].
        in_files: whether numbers of these words, too, do not fit into memory.
    """

    keys: Hashes
    kinds: NDArray[np.uint8]
    bounds: Numbers
    in_files: bool

    def __len__(self) -> int:
        """Return the number of reviews."""
        return self.bounds.size - 1

    def blocks(self) -> list[slice]:
        """Return the words in blocks of some millions."""
        size = self.keys.size
        return [slice(first, min(first + _COUNTED, size)) for first in range(0, size, _COUNTED)]


@dataclass(frozen=True, eq=False)
class WordRows(Sequences):
    """Some reviews as numbers of words.

    Attributes:
        width: how many different numbers there may be.
    """

    width: int = 0


@dataclass(frozen=True, eq=False)
class EncodedWords:
    """The numbers of the words of all reviews as rows of a training.

    Attributes:
        words: the numbers.
        width: how many vectors there are.
    """

    words: Sequences
    width: int

    def __len__(self) -> int:
        """Return the number of reviews."""
        return len(self.words)

    def take(self, rows: NDArray[np.integer]) -> WordRows:
        """Return some reviews."""
        some = self.words.take(rows)
        return WordRows(some.ids, some.bounds, self.width)


least_known = MIN_KNOWN


def choose(
    sample: Sequence[str],  # noqa: ARG001
    labels: NDArray[np.integer],
    options: TrainingOptions,
) -> CNNHyperparameters:
    """Choose what the user left open, from the training rows alone."""
    return CNNHyperparameters(
        epochs=options.epochs or _EPOCHS,
        batch_size=options.batch_size or _BATCH,
        learning_rate=options.learning_rate or _RATE,
        hidden=options.hidden or (),
        objective=objective_for(labels, options),
        reading=WordReading(repair=options.repair),
        buckets=_BUCKETS,
        min_count=_MIN_COUNT,
        size=_SIZE,
        widths=WIDTHS,
        filters=_FILTERS,
    )


def identity() -> dict[str, str]:
    """Return nothing: all that a network depends on is among the options."""
    return {}


def index(texts: Sequence[str], recipe: CNNHyperparameters, run: Run) -> IndexedWords:
    """Read the words of all reviews, into files if they do not fit into memory."""
    parts: tuple[Any, Any] = (ArrayList(), ArrayList())
    size, in_files, lengths = 0, False, [np.zeros(0, np.int64)]
    for first in range(0, len(texts), _AT_ONCE):
        read = recipe.reading.read(texts[first : first + _AT_ONCE])
        lengths.append(np.diff(read.bounds))
        size += read.keys.nbytes + read.kinds.nbytes
        if not in_files and size > run.memory.bytes // 4:
            parts, in_files = _moved(parts), True
        for part, values in zip(parts, (read.keys, read.kinds), strict=True):
            part.append(values)
        run.progress.featurized(min(first + _AT_ONCE, len(texts)), len(texts))
    keys, kinds = parts
    bounds = bounds_of(np.concatenate(lengths))
    return IndexedWords(keys.joined(np.uint64), kinds.joined(np.uint8), bounds, in_files)


def _moved(lists: tuple[ArrayList, ArrayList]) -> tuple[ArrayFile, ArrayFile]:
    """Return files of what is in lists."""
    files = ArrayFile(), ArrayFile()
    for each, file in zip(lists, files, strict=True):
        for values in each:
            file.append(values)
    return files


def fit_encoder(
    indexed: IndexedWords,
    targets: Doubles,  # noqa: ARG001  # which words there are, not what they mean
    sample_weight: Doubles,
    recipe: CNNHyperparameters,
    options: TrainingOptions,
) -> WordEncoder:
    """Return the encoder whose vocabulary are the most frequent words of the reviews that count."""
    keys, counts = _counted(indexed, sample_weight > 0)
    kept = np.flatnonzero(counts >= recipe.min_count)
    most = np.argsort(-counts[kept], kind="stable")[: options.features]
    keys = keys[np.sort(kept[most])]
    kinds = np.zeros(keys.size, np.uint8)
    encoder = WordEncoder(recipe.reading, keys, kinds, recipe.buckets)
    for block in indexed.blocks():
        numbers = encoder.numbers_of(np.asarray(indexed.keys[block]))
        known = np.flatnonzero(numbers < keys.size)
        kinds[numbers[known]] = indexed.kinds[block][known]
    return encoder


def _counted(indexed: IndexedWords, counting: NDArray[np.bool_]) -> tuple[Hashes, Numbers]:
    """Return the different words of the reviews that count, and how often each occurs."""
    keys, counts = np.zeros(0, np.uint64), np.zeros(0, np.int64)
    used = np.repeat(counting, np.diff(indexed.bounds))
    for block in indexed.blocks():
        found, times = np.unique(indexed.keys[block][used[block]], return_counts=True)
        every = np.concatenate((keys, found))
        keys, places = np.unique(every, return_inverse=True)
        added = np.bincount(places, np.concatenate((counts, times)), keys.size)
        counts = added.astype(np.int64)
    return keys, counts


def encode(indexed: IndexedWords, encoder: WordEncoder) -> EncodedWords:
    """Return the rows of all reviews."""
    found = ArrayFile() if indexed.in_files else ArrayList()
    for block in indexed.blocks():
        found.append(encoder.numbers_of(np.asarray(indexed.keys[block])))
    return EncodedWords(Sequences(found.joined(np.int32), indexed.bounds), encoder.size)


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
    rows = np.unique(_first_rows(indexed, np.sort(keys)))
    reading = NGrams(1, 0, 1, 0, 0, repair=encoder.repairs, ratings=encoder.reading.ratings)
    return name_features(texts_of(rows), reading, keys)


def _first_rows(indexed: IndexedWords, keys: Hashes) -> Numbers:
    """Return the first review with each of some words, sorted keys: int64 [found]."""
    first = np.full(keys.size, -1)
    for block in indexed.blocks():
        places = np.minimum(np.searchsorted(keys, indexed.keys[block]), keys.size - 1)
        hits = np.flatnonzero(keys[places] == indexed.keys[block])[::-1]
        new = hits[first[places[hits]] < 0]
        first[places[new]] = new + block.start
    return np.searchsorted(indexed.bounds, first[first >= 0], side="right") - 1


def build(
    widths: Sequence[int], recipe: CNNHyperparameters, classes: int, options: TrainingOptions
) -> Any:
    """Build and compile the `keras.Sequential` of one network, or of several side by side.

    Number 0 is no word; the words of each network come after those of the one before.
    """
    with seeded(options.seed):
        keras = load_keras()
        from sentiment.training.convolutions import PooledConvolutions

        count = len(widths)
        uniform = keras.initializers.RandomUniform(-_START, _START)
        model = keras.Sequential([keras.Input((None,), dtype="int32")])
        model.add(
            keras.layers.Embedding(
                1 + sum(widths), recipe.size, embeddings_initializer=uniform, mask_zero=True
            )
        )
        model.add(keras.layers.Dropout(_DROP_VECTORS))
        model.add(PooledConvolutions(count, recipe.widths, recipe.filters))
        dropout = options.dropout or _DROPOUT
        model.add(keras.layers.Dropout(dropout))
        make = dense(count)
        return add_layers(model, make, make, recipe.hidden, classes, dropout)


def interleave(parts: Sequence[WordRows], places: Sequence[Numbers]) -> Sequences:
    """Interleave the rows of several networks, their words one after the other.

    Args:
        parts: the rows of each network.
        places: the order of each, −1 for an empty row; [rounds] each.
    """
    starts = np.cumsum([0, *(part.width for part in parts)])
    before = np.cumsum([0, *map(len, parts)])
    ids = [part.ids + np.int32(start) for part, start in zip(parts, starts, strict=False)]
    numbers = [
        np.where(place < 0, before[-1], place + first)
        for place, first in zip(places, before, strict=False)
    ]
    lengths = np.concatenate([*(part.lengths for part in parts), [0]])
    every = Sequences(np.concatenate(ids), bounds_of(lengths))
    return every.take(np.stack(numbers, axis=1).ravel())


def arrays(rows: Sequences) -> tuple[NDArray[np.int32]]:
    """Return the words in a rectangle, 0 for none."""
    return (padded(rows),)


def padded(rows: Sequences) -> NDArray[np.int32]:
    """Return 1 + the numbers of words in a rectangle, int32 [texts, longest + widest filter]."""
    lengths = rows.lengths
    filled = np.zeros((len(rows), int(lengths.max(initial=0)) + max(WIDTHS)), np.int32)
    filled[np.arange(filled.shape[1]) < lengths[:, None]] = rows.ids + 1
    return filled


def specs() -> Any:
    """Return the type of `arrays` in TensorFlow."""
    import tensorflow as tf

    return (tf.TensorSpec((None, None), tf.int32),)


def tensor(arrays: Any, width: int) -> Any:  # noqa: ARG001
    """Return the words."""
    return arrays[0]


def arranged(
    rows: EncodedWords, order: Numbers, steps: int, random: np.random.Generator
) -> Numbers:
    """Return the places of an epoch's rows so that texts of a batch are of similar length."""
    return arranged_by_length(rows.words.lengths[order], steps, random)


def to_numpy(model: Any, widths: Sequence[int]) -> tuple[ConvolutionalNetwork, ...]:
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
        networks.append(
            ConvolutionalNetwork(Table.exact(table), tuple(filters), network_of(own).layers)
        )
    return tuple(networks)


def network(layers: tuple[Layer, ...]) -> ConvolutionalNetwork:
    """Return the network of layers from a checkpoint."""
    return ConvolutionalNetwork.of(layers, len(WIDTHS))


def compact(network: ConvolutionalNetwork) -> ConvolutionalNetwork:
    """Return a network as the model file stores it."""
    return network.quantized()


def parts_of(
    encoder: WordEncoder, network: ConvolutionalNetwork
) -> tuple[WordEncoder, ConvolutionalNetwork]:
    """Return encoder and network of a component, which are these."""
    return encoder, network


def logits(
    indexed: IndexedWords,  # noqa: ARG001  # with the words of all reviews
    texts_of: Callable[[Numbers], list[str]],
    encoder: WordEncoder,
    network: ConvolutionalNetwork,
    rows: Numbers,
) -> Doubles:
    """Return the logits of some reviews."""
    return network.logits(encoder.transform(texts_of(rows)))
