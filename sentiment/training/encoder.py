"""The architecture `encoder`: the vectors of a language model that stays as it is, dense layers.

What a language model has learned from other texts is in the mean vector of a text's pieces, and few
labels suffice to read an answer from it (Peters, Ruder and Smith, "To tune or not to tune?", 2019,
on feature extraction). The vectors are computed once. The functions are described in
`Architecture`.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment.features.pieces import PieceEncoder
from sentiment.model.component import Component
from sentiment.model.kinds import KINDS
from sentiment.model.model import Model
from sentiment.model.network import DenseNetwork, Layer, forward
from sentiment.model.transformer import Transformer
from sentiment.storage import ArrayFile, ArrayList
from sentiment.training.backend import load_keras, seeded
from sentiment.training.dense import activation_of, add_layers, dense, network_of
from sentiment.training.options import Hyperparameters, TrainingOptions, objective_for
from sentiment.training.run import Run

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Numbers = NDArray[np.int64]

# Texts encoded at once. Not by the memory that there is: the model would depend on it.
_AT_ONCE = 1_024
# Steps per epoch, rows per step at least and at most, epochs, and the learning rate.
_STEPS, _LEAST_ROWS, _MOST_ROWS = 12, 8, 256
_EPOCHS, _RATE = 20, 0.003
# The strength of the normal prior of weights: their inverse variance.
_PRECISION = 10.0
# How much larger than other features those of the encoder's own network are.
_KNOWN = 4.0
# A feature that varies less among the training rows is constant.
_CONSTANT = 1e-6


def find_encoder(model: Model) -> Component | None:
    """Return the component of a model that reads pieces of words, None if none does."""
    found = (each for each in model.components if isinstance(each.encoder, PieceEncoder))
    return next(found, None)


@dataclass(frozen=True, kw_only=True)
class EncoderHyperparameters(Hyperparameters):
    """All choices for dense layers over the vectors of an encoder.

    Attributes:
        width: of a vector.
        blocks: of the encoder.
        penalty: half the sum of squared weights is added to the mean loss so many times.
        encoder: the hash of its weights.
    """

    width: int
    blocks: int
    penalty: float
    encoder: str

    def describe(self) -> str:
        """Return what the features are, for people."""
        return f"vectors of {self.width} numbers, by an encoder of {self.blocks} blocks"


@dataclass(frozen=True, eq=False)
class Standardization:
    """Features → features of mean 0 and variance 1 among the rows that it was fitted to.

    Attributes:
        mean: float64 [features].
        factor: what is left is multiplied by, 0 for a constant feature: float64 [features].
    """

    mean: Doubles
    factor: Doubles

    @classmethod
    def fit(cls, features: Floats, weights: Doubles) -> "Standardization":
        """Fit mean and variance to rows, [n, features], each counted so many times, [n]."""
        kept = np.flatnonzero(weights)
        total = weights.sum()
        mean, squares = np.zeros((2, features.shape[1]))
        for some in np.array_split(kept, -(-kept.size // _AT_ONCE)):
            mean += weights[some] @ features[some].astype(np.float64) / total
        for some in np.array_split(kept, -(-kept.size // _AT_ONCE)):
            squares += weights[some] @ (features[some] - mean) ** 2 / total
        deviation = np.sqrt(squares)
        return cls(mean, np.where(deviation > _CONSTANT, 1 / np.maximum(deviation, _CONSTANT), 0))


@dataclass(frozen=True, eq=False)
class StandardizedRows:
    """The features of all reviews, standardized when they are taken.

    Attributes:
        features: float32 [n, features], perhaps in a file.
        by: what was fitted to the training rows.
    """

    features: Floats
    by: Standardization

    @property
    def width(self) -> int:
        """The number of features."""
        return self.features.shape[1]

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.features)

    def take(self, rows: NDArray[np.integer]) -> Floats:
        """Return some rows, float32 [rows, features]."""
        standard: Floats = ((self.features[rows] - self.by.mean) * self.by.factor).astype(
            np.float32
        )
        return standard


class OnEncoder:
    """What the architectures on an encoder share."""

    def __init__(self, source: Component, options: TrainingOptions) -> None:
        """Take encoder and network of a component; texts are read as the options say.

        Raises:
            UsageError: this encoder cannot do what the options ask.
        """
        if not (
            isinstance(source.encoder, PieceEncoder) and isinstance(source.network, Transformer)
        ):
            raise TypeError("an encoder of pieces is needed")
        self.encoder = source.encoder.with_repair(options.repair)
        # Its scale for long texts is of its own task.
        self.source = replace(source.network, long_scale=1.0)
        self.least_known = source.min_coverage
        # What its own network, which learned another task, first makes of a vector.
        self.known = source.network.head[0]
        self.hash = _hash_of(self.encoder, source.network)

    def identity(self) -> dict[str, str]:
        """Return the hash of the encoder, by its name."""
        return {"encoder": self.hash}

    def initialize(self, model: Any, rows: Sequence[Any]) -> None:
        """Leave the networks as `build` made them."""

    def phrases(
        self,
        indexed: Any,
        texts_of: Callable[[Numbers], list[str]],
        encoder: PieceEncoder,
        network: Transformer,
    ) -> dict[int, str]:
        """Return nothing: a number of a vector has no text."""
        return {}


class FrozenEncoder(OnEncoder):
    """The functions of the architecture, for one encoder."""

    def choose(
        self, sample: Sequence[str], labels: NDArray[np.integer], options: TrainingOptions
    ) -> EncoderHyperparameters:
        """Choose what the user left open, from the training rows alone."""
        rows = int(np.clip(-(-labels.size // _STEPS), _LEAST_ROWS, _MOST_ROWS))
        return EncoderHyperparameters(
            epochs=options.epochs or _EPOCHS,
            batch_size=options.batch_size or rows,
            learning_rate=options.learning_rate or _RATE,
            hidden=options.hidden or (),
            objective=objective_for(labels, options),
            width=self.source.width,
            blocks=len(self.source.blocks),
            penalty=_PRECISION / labels.size,
            encoder=self.hash,
        )

    def index(self, texts: Sequence[str], recipe: EncoderHyperparameters, run: Run) -> Floats:
        """Compute the vector of each text and the log-odds that the encoder's own network gives it.

        These are linear in the vector, so layers over both are layers over the vector alone; as
        features of their own they are found with few labels. If that network has hidden layers,
        the sums of the first take their place.

        Returns:
            float32 [n, width + those], in a file if it is large.
        """
        width = self.source.width + self.known.bias.size
        size = 4 * width * len(texts)
        found = ArrayFile() if size > run.memory.bytes // 4 else ArrayList()
        for first in range(0, len(texts), _AT_ONCE):
            some = texts[first : first + _AT_ONCE]
            vectors = self.source.pooled(self.encoder.transform(some))
            known = forward((self.known,), vectors)
            found.append(np.concatenate((vectors, known.astype(np.float32)), axis=1).ravel())
            run.progress.featurized(first + len(some), len(texts))
        return found.joined(np.float32).reshape(-1, width)

    def fit_encoder(
        self,
        indexed: Floats,
        targets: Doubles,
        sample_weight: Doubles,
        recipe: EncoderHyperparameters,
        options: TrainingOptions,
    ) -> Standardization:
        """Fit the standardization of features."""
        fitted = Standardization.fit(indexed, sample_weight)
        factor = fitted.factor.copy()
        factor[self.source.width :] *= _KNOWN
        return replace(fitted, factor=factor)

    def encode(self, indexed: Floats, encoder: Standardization) -> StandardizedRows:
        """Return the rows of all reviews."""
        return StandardizedRows(indexed, encoder)

    def build(
        self,
        widths: Sequence[int],
        recipe: EncoderHyperparameters,
        classes: int,
        options: TrainingOptions,
    ) -> Any:
        """Build and compile the `keras.Sequential` of one network, or of several side by side.

        The output begins with zeros, so that what no label moves stays out of the answer; large
        weights are penalized (ridge).
        """
        with seeded(options.seed):
            keras = load_keras()
            count = len(widths)
            model = keras.Sequential([keras.Input((sum(widths),))])
            if count > 1:
                model.add(keras.layers.Reshape((count, widths[0])))
            ridge = keras.regularizers.L2(recipe.penalty / 2)
            hidden = dense(count, kernel_regularizer=ridge)
            output = dense(count, kernel_regularizer=ridge, kernel_initializer="zeros")

            def make(units: int, activation: Any) -> Any:
                last = activation in ("sigmoid", "softmax")
                return (output if last else hidden)(units, activation)

            return add_layers(
                model, make, make, recipe.hidden, classes, options.dropout, options.activation
            )

    def interleave(self, parts: Sequence[Floats], places: Sequence[Numbers]) -> Floats:
        """Interleave the rows of several networks; −1 is an empty row."""
        filled = [np.concatenate((part, np.zeros_like(part[:1]))) for part in parts]
        every = [part[place] for part, place in zip(filled, places, strict=True)]
        return np.stack(every, axis=1).reshape(-1, every[0].shape[1])

    def arrays(self, rows: Floats) -> tuple[Floats]:
        """Return the rows."""
        return (rows,)

    def specs(self) -> Any:
        """Return the type of `arrays` in TensorFlow."""
        import tensorflow as tf

        return (tf.TensorSpec((None, None), tf.float32),)

    def tensor(self, arrays: Any, width: int) -> Any:
        """Return the rows of all networks side by side, [rounds, width]."""
        import tensorflow as tf

        return tf.reshape(arrays[0], (-1, width))

    def to_numpy(self, model: Any, widths: Sequence[int]) -> tuple[DenseNetwork, ...]:
        """Return each network that `build` made, without Keras."""
        layers = [weights for layer in model.layers if (weights := layer.get_weights())]
        if len(widths) == 1:
            return (network_of(layers, activation_of(model)),)
        return tuple(
            network_of(
                [(kernels[place], biases[place]) for kernels, biases in layers],
                activation_of(model),
            )
            for place in range(len(widths))
        )

    def arranged(
        self, rows: StandardizedRows, order: Numbers, steps: int, random: np.random.Generator
    ) -> Numbers:
        """Return the places of an epoch's rows as they are."""
        return np.arange(order.size)

    def network(self, layers: tuple[Layer, ...], options: TrainingOptions) -> DenseNetwork:
        """Return the network of layers from a checkpoint."""
        return DenseNetwork(layers, options.activation)

    def compact(self, network: DenseNetwork) -> DenseNetwork:
        """Return the network: it is small."""
        return network

    def parts_of(
        self, encoder: Standardization, network: DenseNetwork
    ) -> tuple[PieceEncoder, Transformer]:
        """Return the language model with these layers, the first of which standardizes, too."""
        layer, *rest = network.layers
        known = self.known
        own = known.dense_kernel().astype(np.float64)
        kernel = layer.dense_kernel() * encoder.factor[:, None]
        bias = layer.bias - encoder.mean @ kernel
        of_vectors, of_known = np.split(kernel, [len(own)])
        joined = of_vectors + own @ of_known
        bias = bias + known.bias.astype(np.float64) @ of_known
        first = Layer.exact(joined.astype(np.float32), bias.astype(np.float32))
        *hidden, output = first, *rest
        return self.encoder, replace(
            self.source, output=output, hidden=tuple(hidden), activation=network.activation
        )

    def logits(
        self,
        indexed: Floats,
        texts_of: Callable[[Numbers], list[str]],
        encoder: PieceEncoder,
        network: Transformer,
        rows: Numbers,
    ) -> Doubles:
        """Return the logits of some reviews, by their vectors."""
        return network.logits_of(indexed[rows, : network.width])


def _hash_of(encoder: PieceEncoder, network: Transformer) -> str:
    """Return a hash of all weights of an encoder, its vocabulary and settings, hexadecimal."""
    kind = KINDS[encoder.kind]()
    document = kind.document(encoder, network)
    content = hashlib.blake2b(json.dumps(document, sort_keys=True).encode(), digest_size=16)
    for name, tensor in sorted(kind.tensors(encoder, network).items()):
        content.update(f"{name} {tensor.dtype.str} {tensor.shape}".encode())
        content.update(np.ascontiguousarray(tensor).tobytes())
    return content.hexdigest()
