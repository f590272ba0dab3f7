"""One review through a network and back: features, sums, probability, loss, gradient, Adam's step.

All is in numpy and double precision, a formula a line, for docs/how-it-works.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sentiment.features.matrix import extract_ngrams
from sentiment.features.places import name_features
from sentiment.features.tokens import normalize, pieces
from sentiment.features.vectorizer import Vectorizer
from sentiment.model.model import Model
from sentiment.model.network import DenseNetwork

Doubles = NDArray[np.float64]

# Of Keras's Adam (Kingma and Ba, ICLR 2015).
BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-7


class Feature(NamedTuple):
    """An n-gram of a review that the model knows.

    Attributes:
        name: as `info --words` writes it.
        place: its number in the model.
        weight: log-count ratio, fitted to the training reviews.
        value: what the network gets.
    """

    name: str
    place: int
    weight: float
    value: float


@dataclass(frozen=True, eq=False)
class Weights:
    """What is trained of a network with one hidden layer, for the features of one review.

    Attributes:
        kernel: [features, units]; of other features the gradient is 0.
        bias: [units].
        output: [units].
        output_bias: of the sigmoid unit.
    """

    kernel: Doubles
    bias: Doubles
    output: Doubles
    output_bias: float

    def parts(self) -> tuple[Doubles, ...]:
        """Return them as arrays, in the order of the fields."""
        return self.kernel, self.bias, self.output, np.array(self.output_bias)

    @classmethod
    def of(cls, parts: Sequence[Doubles]) -> "Weights":
        """Return the weights that `parts` took apart."""
        kernel, bias, output, output_bias = parts
        return cls(kernel, bias, output, float(output_bias))


@dataclass(frozen=True, eq=False)
class Forward:
    """What a review becomes on the way forward.

    Attributes:
        sums: of the hidden units, [units].
        hidden: the same behind ReLU, [units].
        logit: the sum of the output unit.
        probability: of the second class, before calibration.
    """

    sums: Doubles
    hidden: Doubles
    logit: float
    probability: float

    @classmethod
    def of(cls, values: Doubles, weights: Weights) -> "Forward":
        """Pass the values of a review's features, [features], through the layers."""
        sums = values @ weights.kernel + weights.bias
        hidden = np.maximum(sums, 0)
        logit = float(hidden @ weights.output + weights.output_bias)
        return cls(sums, hidden, logit, sigmoid(logit))

    def loss(self, label: int) -> float:
        """Return the binary cross-entropy."""
        return -float(np.log(self.probability if label else 1 - self.probability))


def sigmoid(logit: float) -> float:
    """Return 1 / (1 + e^−logit)."""
    return float(1 / (1 + np.exp(-logit)))


def backward(values: Doubles, weights: Weights, forward: Forward, label: int) -> Weights:
    """Compute the gradient of the loss by each weight: the chain rule, from the loss back."""
    by_logit = forward.probability - label
    by_sums = by_logit * weights.output * (forward.sums > 0)
    return Weights(np.outer(values, by_sums), by_sums, by_logit * forward.hidden, by_logit)


def adam_step(weights: Weights, gradient: Weights, rate: float) -> Weights:
    """Return the weights after the first step of Adam, whose means begin with 0.

    The two means are divided by what they lack of a long run's, 1 − β, as in Keras: the step is
    rate · √(1 − β₂) / (1 − β₁) · m / (√v + ε), with m = (1 − β₁) · g and v = (1 − β₂) · g².
    """
    moved = []
    for weight, slope in zip(weights.parts(), gradient.parts(), strict=True):
        mean, square = (1 - BETA_1) * slope, (1 - BETA_2) * slope**2
        scale = rate * np.sqrt(1 - BETA_2) / (1 - BETA_1)
        moved.append(weight - scale * mean / (np.sqrt(square) + EPSILON))
    return Weights.of(moved)


@dataclass(frozen=True, eq=False)
class Walk:
    """One review, from its characters to the weights after one step of Adam.

    Attributes:
        text, label: the review.
        normalized: its characters as they are read.
        tokens: its words.
        found: how many different n-grams it has.
        features: those that the model knows, by number.
        weights, forward: the network before the step, and what it makes of the review.
        gradient: of the loss by each weight.
        stepped, again: the same as `weights` and `forward`, after the step.
        rate: the learning rate of the step.
    """

    text: str
    label: int
    normalized: str
    tokens: tuple[str, ...]
    found: int
    features: tuple[Feature, ...]
    weights: Weights
    forward: Forward
    gradient: Weights
    stepped: Weights
    again: Forward
    rate: float

    @property
    def values(self) -> Doubles:
        """The values of the features, [features]."""
        return np.array([feature.value for feature in self.features])


def walk(model: Model, text: str, label: int, rate: float) -> Walk:
    """Walk a review through a model of n-grams with one hidden layer of ReLU and two classes.

    Raises:
        ValueError: it is another kind of model.
    """
    encoder, network = model.own.encoder, model.own.network
    if not isinstance(encoder, Vectorizer) or not isinstance(network, DenseNetwork):
        raise ValueError("a model of n-grams is needed")
    if len(network.hidden) != 1 or not model.labels.is_binary or network.activation != "relu":
        raise ValueError("a model with one hidden layer of ReLU and two classes is needed")
    row = encoder.transform([text])
    order = np.argsort(row.indices, kind="stable")
    indices, data = row.indices[order], row.data[order].astype(np.float64)
    first, last = network.layers
    weights = Weights(
        first.dense_kernel()[indices].astype(np.float64),
        first.bias.astype(np.float64),
        last.dense_kernel()[:, 0].astype(np.float64),
        float(last.bias[0]),
    )
    forward = Forward.of(data, weights)
    gradient = backward(data, weights, forward, label)
    stepped = adam_step(weights, gradient, rate)
    names = name_features([text], encoder.ngrams, encoder.keys[indices])
    features = [
        Feature(names[int(encoder.keys[place])], place, float(encoder.weights[place]), value)
        for place, value in zip(indices.tolist(), data.tolist(), strict=True)
    ]
    (piece,) = pieces([text], repaired=encoder.ngrams.repair)
    spans = zip(piece.starts.tolist(), piece.ends.tolist(), strict=True)
    tokens = tuple("".join(map(chr, piece.codes[start:end].tolist())) for start, end in spans)
    keys = np.concatenate([part.keys for part in extract_ngrams([text], encoder.ngrams)])
    return Walk(
        text=text,
        label=label,
        normalized=normalize(text),
        tokens=tokens,
        found=np.unique(keys).size,
        features=tuple(features),
        weights=weights,
        forward=forward,
        gradient=gradient,
        stepped=stepped,
        again=Forward.of(data, stepped),
        rate=rate,
    )
