"""The architecture `ngrams`: weighted n-grams, and dense layers over their sparse rows.

Its functions are described in `Architecture`.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment.features.hashing import Hashes
from sentiment.features.matrix import CSRMatrix, DocumentTermMatrix, Shard, runs
from sentiment.features.ngrams import NGrams
from sentiment.features.places import name_features
from sentiment.features.vectorizer import Vectorizer
from sentiment.features.weighting import EncodedDataset
from sentiment.model.component import MIN_COVERAGE
from sentiment.model.network import DenseNetwork, Layer
from sentiment.storage import sizes_of
from sentiment.training.backend import load_keras, seeded
from sentiment.training.dense import activation_of, add_layers, dense, initializer, network_of
from sentiment.training.options import FEW, Hyperparameters, TrainingOptions, objective_for
from sentiment.training.run import Run
from sentiment.workers import Pool, Worker, default_workers

# Longer reviews, in words, repeat themselves enough to do without character n-grams.
_SHORT = 60
# Steps per epoch, epochs and learning rate for few reviews; more steps are no better.
_FEW_STEPS, _FEW_EPOCHS, _FEW_RATE = 6, 10, 0.01
# With fewer reviews, a hidden layer is no better, and its answers lean to one side.
_TINY, _TINY_RATE = 1_000, 0.02
# More reviews than this repeat one another, and what they share is memorized.
_MANY = 100_000
# Phrases to store with a model.
PHRASES = 2_000
# The usual share of known words that a text needs for an answer.
least_known = MIN_COVERAGE


@dataclass(frozen=True, kw_only=True)
class NGramHyperparameters(Hyperparameters):
    """All choices, those of n-grams among them.

    Attributes:
        ngrams: which n-grams are features.
        min_count: the minimum document frequency of a feature.
        smoothing: of the features' weights, as in `log_count_ratios`.
    """

    ngrams: NGrams
    min_count: int
    smoothing: float = 2.0

    def as_json(self) -> dict[str, Any]:
        """Return JSON values, in the order that version 0.1.0 wrote them in."""
        values = super().as_json()
        first = {name: values.pop(name) for name in ("ngrams", "min_count")}
        last = {name: values.pop(name) for name in ("smoothing", "hidden")}
        return first | values | last

    def describe(self) -> str:
        """Return which n-grams are features, for people."""
        return self.ngrams.describe()

    def for_weighted_texts(self) -> "NGramHyperparameters":
        """Return the choices with which an n-gram in one text is kept: it may count much."""
        return replace(self, min_count=1)


def _families(options: TrainingOptions, *, small: bool) -> NGrams:
    """Return which n-grams are features; `small` if the reviews are short or few."""
    ngrams = NGrams(words=2, tail=0, characters=(2, 5)) if small else NGrams()
    if options.word_ngrams is not None:
        ngrams = ngrams._replace(words=options.word_ngrams)
    if options.char_ngrams is not None:
        longest = options.char_ngrams
        ngrams = ngrams._replace(characters=(min(2, longest), longest))
    return ngrams._replace(repair=options.repair, ratings=True)


def choose(
    sample: Sequence[str], labels: NDArray[np.integer], options: TrainingOptions
) -> NGramHyperparameters:
    """Choose what the user left open, from the training rows alone.

    Args:
        sample: of their texts, about a thousand.
        labels: of all of them.
        options: the user's choices.
    """
    few = labels.size < FEW  # many words are rare, and pieces of words help
    short = float(np.median([len(text.split()) for text in sample])) < _SHORT
    small, tiny = few or short, labels.size < _TINY
    # About twenty-five steps an epoch; Adam's step grows with the batch.
    batch_size = int(np.clip(2 ** round(np.log2(labels.size / 24)), 32, 1024))
    if few:
        batch_size = max(-(-labels.size // _FEW_STEPS), 1)
    batch_size = options.batch_size or batch_size
    # Long reviews, and many, allow large steps, and then need few. Very many repeat one another:
    # fewer epochs, smaller steps, and as large a share of reviews for an n-gram of some weight.
    learning_rate = (0.01 if short else 0.02) * (batch_size / 1024) ** 0.5
    if few:
        learning_rate = _TINY_RATE if tiny else _FEW_RATE
    more = max(labels.size / _MANY, 1.0)
    epochs = _FEW_EPOCHS if few else 5 if short else 3
    return NGramHyperparameters(
        ngrams=_families(options, small=small),
        min_count=options.min_df or (1 if short or tiny else 2),
        smoothing=options.smoothing or 2.0 * more,
        epochs=options.epochs or max(round(epochs / more), 1),
        batch_size=batch_size,
        learning_rate=options.learning_rate or learning_rate / more,
        hidden=(() if tiny else (16,)) if options.hidden is None else options.hidden,
        objective=objective_for(labels, options),
    )


# With more characters, a second process that finds the n-grams while this one imports Keras is
# faster, although it must start and receive the texts.
_WORTH_A_PROCESS = 4_000_000
_WITH_FEWER = "run it again, with fewer reviews or less --memory if that is short"

# Pairs of feature and review per character, at most: for word features, and for character n-grams
# of each order.
_WORD_PAIRS, _CHARACTER_PAIRS = 0.7, 0.8


def index(texts: Sequence[str], recipe: NGramHyperparameters, run: Run) -> DocumentTermMatrix:
    """Find the n-grams of all reviews, in files if they do not fit into memory."""
    ngrams = recipe.ngrams
    sizes = sizes_of(texts)
    shortest, longest = ngrams.characters
    pairs = sizes * (_WORD_PAIRS + _CHARACTER_PAIRS * (longest - shortest + 1 if longest else 0))
    if pairs.sum() > run.memory.pairs:
        processes = default_workers()
        offsets = np.concatenate(([0], np.cumsum(pairs)))
        parts = runs(offsets, run.memory.pairs_of_shard(processes))
        return _sharded(texts, ngrams, parts, processes, run)
    if sizes.sum() < _WORTH_A_PROCESS:
        return DocumentTermMatrix.of(texts, ngrams, recipe.min_count)
    with Worker(DocumentTermMatrix.of, _WITH_FEWER) as worker:
        matrix: DocumentTermMatrix = worker.call(texts[:], ngrams, recipe.min_count)
    return matrix


def _sharded(
    texts: Sequence[str], ngrams: NGrams, parts: Iterator[slice], processes: int, run: Run
) -> DocumentTermMatrix:
    """Find the n-grams shard by shard, and put them into a file.

    Rare ones stay: they may be more frequent in other shards.
    """
    pool = Pool(Shard.of, processes, _WITH_FEWER)
    try:
        return DocumentTermMatrix.in_file(ngrams, _found(pool, texts, ngrams, parts, run))
    finally:
        pool.close()


def _found(
    pool: Pool, texts: Sequence[str], ngrams: NGrams, parts: Iterator[slice], run: Run
) -> Iterator[Shard]:
    """Yield the shards that a pool finds, and report progress."""
    found = (pool.submit(texts[part], ngrams, 1, 1) for part in parts)
    ahead, done = deque(islice(found, pool.size)), 0
    while ahead:
        shard = ahead.popleft().result()
        ahead.extend(islice(found, 1))
        done += len(shard)
        yield shard
        run.progress.featurized(done, len(texts))


def fit_encoder(
    indexed: DocumentTermMatrix,
    targets: NDArray[np.float64],
    sample_weight: NDArray[np.float64],
    recipe: NGramHyperparameters,
    options: TrainingOptions,
) -> Vectorizer:
    """Select and weigh features."""
    return Vectorizer.fit(
        indexed,
        targets,
        sample_weight,
        max_features=options.features,
        min_df=recipe.min_count,
        smoothing=recipe.smoothing,
    )


encode = EncodedDataset.of


def phrases(
    indexed: DocumentTermMatrix,
    texts_of: Callable[[NDArray[np.int64]], list[str]],
    encoder: Vectorizer,
    network: DenseNetwork,
) -> dict[int, str]:
    """Return the most influential n-grams, read from the first reviews that contain them."""
    keys = most_influential(encoder, network, PHRASES)
    return name_features(texts_of(indexed.first_rows_containing(keys)), encoder.ngrams, keys)


def most_influential(vectorizer: Vectorizer, network: DenseNetwork, count: int) -> Hashes:
    """Return the keys of the features with the largest weight · norm of their kernel row.

    Returns:
        uint64 [up to `count`], the strongest first.
    """
    norms = np.linalg.norm(network.layers[0].dense_kernel(), axis=1)
    influence = np.abs(vectorizer.weights) * norms
    return vectorizer.keys[np.argsort(-influence, kind="stable")[:count]]


def interleave(parts: Sequence[CSRMatrix], places: Sequence[NDArray[np.int64]]) -> CSRMatrix:
    """Interleave the rows of several networks, their features one after the other.

    Args:
        parts: the rows of each network.
        places: the order of each, −1 for an empty row; [rounds] each.
    """
    starts = np.cumsum([0, *(rows.width for rows in parts)])
    before = np.cumsum([0, *map(len, parts)])
    shifted = [
        replace(rows, indices=rows.indices + np.int32(start))
        for rows, start in zip(parts, starts, strict=False)
    ]
    numbers = [
        np.where(place < 0, before[-1], place + first)
        for place, first in zip(places, before, strict=False)
    ]
    width = int(starts[-1])
    every = CSRMatrix.concatenate([*shifted, CSRMatrix.empty(width)], width)
    return every.take(np.stack(numbers, axis=1).ravel())


def arrays(rows: CSRMatrix) -> tuple[NDArray[Any], ...]:
    """Return the indices, data and lengths of rows."""
    return rows.indices, rows.data, np.diff(rows.indptr)


def specs() -> Any:
    """Return the types of `arrays` in TensorFlow."""
    import tensorflow as tf

    return tuple(tf.TensorSpec((None,), dtype) for dtype in (tf.int32, tf.float32, tf.int64))


def tensor(arrays: Any, width: int) -> Any:
    """Return the `tf.SparseTensor` of rows."""
    import tensorflow as tf

    indices, data, lengths = arrays
    count = tf.size(lengths, out_type=tf.int64)
    rows = tf.repeat(tf.range(count), lengths)
    places = tf.stack([rows, tf.cast(indices, tf.int64)], axis=1)
    return tf.SparseTensor(places, data, (count, width))


def build(
    widths: Sequence[int], recipe: Hyperparameters, classes: int, options: TrainingOptions
) -> Any:
    """Build and compile the `keras.Sequential` of one network, or of several side by side.

    Two classes have one sigmoid and binary cross-entropy, more a softmax and categorical
    cross-entropy.

    Several share only the compiled training step. Their features come one after the other, and
    their rows are interleaved: row b · networks + k belongs to network k, and has features of that
    network only. Each layer keeps their units apart, so each learns what it would learn alone.
    Cross-validation trains its folds in the time that Keras needs to compile one network.

    Args:
        widths: the number of features of each network.
        recipe: with the units of each hidden layer.
        classes: the number of classes.
        options: dropout, and the seed.
    """
    with seeded(options.seed):
        keras = load_keras()
        count = len(widths)
        model = keras.Sequential([keras.Input((sum(widths),), sparse=True)])
        makers = _sparse_dense(count), dense(count)
        return add_layers(
            model, *makers, recipe.hidden, classes, options.dropout, options.activation
        )


def initialize(model: Any, rows: Sequence[EncodedDataset]) -> None:
    """Leave the networks as they are: random."""


def _sparse_dense(networks: int) -> Any:
    """Return the class of the first layer: dense over sparse rows, with a dense gradient.

    Keras's own looks sparse rows up in an embedding, whose gradient comes in slices: the same
    numbers in three times the time.
    """
    keras = load_keras()
    import tensorflow as tf

    def product(entries: Any, values: Any, shape: Any, kernel: Any) -> Any:
        return tf.sparse.sparse_dense_matmul(tf.SparseTensor(entries, values, shape), kernel)

    class SparseDense(keras.layers.Dense):  # type: ignore[misc, name-defined]
        def call(self, inputs: Any) -> Any:
            # TensorFlow runs an operation on sparse rows on one core: two halves use two.
            entries, values, shape = inputs.indices, inputs.values, inputs.dense_shape
            half = tf.size(values) // 2
            upper = product(entries[:half], values[:half], shape, self.kernel)
            lower = product(entries[half:], values[half:], shape, self.kernel)
            return self.activation(tf.nn.bias_add(upper + lower, self.bias))

    class SideBySide(keras.layers.Layer):  # type: ignore[misc, name-defined]
        def __init__(self, units: int, activation: Any) -> None:
            super().__init__()
            self.units = units
            self.activation = keras.activations.get(activation)

        def build(self, shape: Any) -> None:
            self.kernel = self.add_weight(
                shape=(shape[-1], self.units), initializer=initializer(networks)
            )
            self.bias = self.add_weight(shape=(networks, self.units), initializer="zeros")

        def call(self, inputs: Any) -> Any:
            entries, values, shape = inputs.indices, inputs.values, inputs.dense_shape
            rows = product(entries, values, shape, self.kernel)
            return self.activation(tf.reshape(rows, (-1, networks, self.units)) + self.bias)

        def compute_output_shape(self, shape: Any) -> Any:
            return (shape[0], networks, self.units)

    if networks > 1:
        return SideBySide
    return lambda units, activation: SparseDense(units, activation=activation)


def arranged(
    rows: EncodedDataset,  # noqa: ARG001  # however long they are
    order: NDArray[np.int64],
    steps: int,  # noqa: ARG001
    random: np.random.Generator,  # noqa: ARG001
) -> NDArray[np.int64]:
    """Return the places of an epoch's rows as they are."""
    return np.arange(order.size)


def to_numpy(model: Any, widths: Sequence[int]) -> tuple[DenseNetwork, ...]:
    """Return each network that `build` made for these widths, without Keras."""
    layers = [weights for layer in model.layers if (weights := layer.get_weights())]
    if len(widths) == 1:
        return (network_of(layers, activation_of(model)),)
    (kernel, bias), *rest = layers
    ends = np.cumsum(widths)[:-1]
    return tuple(
        network_of(
            [(first, bias[place]), *((kernels[place], each[place]) for kernels, each in rest)],
            activation_of(model),
        )
        for place, first in enumerate(np.split(kernel, ends))
    )


def network(layers: tuple[Layer, ...], options: TrainingOptions) -> DenseNetwork:
    """Return the network of layers from a checkpoint."""
    return DenseNetwork(layers, options.activation)


def compact(network: DenseNetwork) -> DenseNetwork:
    """Return a network as the model file stores it."""
    first, *rest = network.layers
    return replace(network, layers=(first.quantized(), *rest))


def parts_of(encoder: Vectorizer, network: DenseNetwork) -> tuple[Vectorizer, DenseNetwork]:
    """Return encoder and network of a component, which are these."""
    return encoder, network


def logits(
    indexed: DocumentTermMatrix,  # noqa: ARG001  # the n-grams in it are not all features
    texts_of: Callable[[NDArray[np.int64]], list[str]],
    encoder: Vectorizer,
    network: DenseNetwork,
    rows: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Return the logits of some reviews, read again."""
    return network.logits(encoder.transform(texts_of(rows)))


def identity() -> dict[str, str]:
    """Return nothing: all that a network depends on is among the options."""
    return {}
