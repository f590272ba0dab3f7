"""A convolutional network in numpy: sequences of words → log-odds.

Kim, "Convolutional neural networks for sentence classification" (EMNLP 2014): each word has a
vector; a filter looks at so many words in a row and gives a number; of all places in a text the
highest number stays (max-pooling over time, Collobert et al., JMLR 2011), and ReLU follows. Dense
layers make log-odds of these numbers and of the mean of the words' vectors, times the root of
their number: the maximum tells that something is said, the mean how often.

Behind the last word of a text there is nothing: vectors of zeros. There, too, a filter finds 0, so
no filter finds less. Texts of a batch stand one after the other and are not padded to one length,
so none depends on others.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sentiment.features.matrix import runs
from sentiment.features.sequences import Sequences
from sentiment.model.network import DenseNetwork, Layer, forward
from sentiment.model.transformer import Table

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

# Words in memory at once, a few kB each, but always one text: they stay in the processor's cache.
_MOST_WORDS = 1 << 11


class Found(NamedTuple):
    """What filters of one width find in a text.

    Attributes:
        width: how many words a filter looks at.
        kernel: float64 [width, numbers of a vector, filters].
        places: the first word of those with the highest number, int64 [filters]; the number of
            words where nothing is found, behind the last.
    """

    width: int
    kernel: Doubles
    places: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class ConvolutionalNetwork:
    """Vectors of words, filters of several widths, the highest of each, dense layers.

    Attributes:
        words: the vector of each word, and of each bucket of others.
        filters: for each width a layer, [width · numbers of a vector, filters]: the rows of its
            kernel are for the first word, then for the second, and so on.
        head: dense layers with ReLU between them, over the highest numbers, one filter after the
            other, and then the mean; the outputs of the last are log-odds against the first class,
            K − 1 of them. Training has a softmax of K units, whose first is subtracted.

    Raises:
        ValueError: shapes that do not agree.
    """

    words: Table
    filters: tuple[Layer, ...]
    head: tuple[Layer, ...]

    def __post_init__(self) -> None:
        size = self.words.rows.shape[1]
        fits = all(len(layer.kernel) % size == 0 for layer in self.filters) and self.filters
        sizes = [sum(layer.bias.size for layer in self.filters) + size]
        sizes += [layer.bias.size for layer in self.head]
        if not fits or sizes[:-1] != [len(layer.kernel) for layer in self.head]:
            raise ValueError(f"layers that do not fit vectors of {size} numbers")

    @property
    def widths(self) -> tuple[int, ...]:
        """How many words the filters of each layer look at."""
        return tuple(len(layer.kernel) // self.words.rows.shape[1] for layer in self.filters)

    @property
    def pooled_bias(self) -> Floats:
        """What is added to the highest number of each filter, float32 [filters of all widths]."""
        return np.concatenate([layer.bias for layer in self.filters])

    def quantized(self) -> "ConvolutionalNetwork":
        """Return the network with int8 vectors and filters, a quarter of the size."""
        filters = tuple(layer.quantized() for layer in self.filters)
        return ConvolutionalNetwork(self.words.quantized(), filters, self.head)

    def logits(self, rows: Sequences) -> Doubles:
        """Return the log-odds of texts against the first class, before calibration.

        Returns:
            float64 [texts, K − 1]. In double precision behind the filters, so that the number of
            texts in a batch does not show.
        """
        return forward(self.head, self.pooled(rows))

    def pooled(self, rows: Sequences) -> Floats:
        """Return the highest number of each filter in each text, after ReLU, and the mean.

        Memory is bounded by the longest text.

        Returns:
            float32 [texts, filters of all widths + numbers of a vector].
        """
        kernels = [layer.dense_kernel() for layer in self.filters]
        pooled = np.zeros((len(rows), len(self.head[0].kernel)), np.float32)
        order = np.argsort(rows.lengths, kind="stable")
        ascending = rows.take(order)
        for some in runs(ascending.bounds, _MOST_WORDS):
            pooled[order[some]] = self._pooled(rows.take(order[some]), kernels)
        filters = pooled[:, : self.pooled_bias.size]
        np.maximum(filters + self.pooled_bias, 0, out=filters)
        return pooled

    def _pooled(self, rows: Sequences, kernels: Sequence[Floats]) -> Floats:
        """Return the same without bias and ReLU, of texts in the order of their lengths."""
        gap = max(self.widths) - 1  # so that no filter looks into the next text
        groups = list(_groups(rows.lengths))
        size = self.words.rows.shape[1]
        count = rows.ids.size + gap * len(rows)
        vectors = np.zeros((count + gap, size), np.float32)
        starts = rows.bounds[:-1] + gap * np.arange(len(rows))
        places = np.arange(rows.ids.size) + np.repeat(starts - rows.bounds[:-1], rows.lengths)
        vectors[places] = self.words.take(rows.ids)

        def of_texts(values: Floats) -> Iterator[Floats]:
            """Yield values of places as those of texts of one length: [texts, length, …]."""
            for first, texts, length in groups:
                part = slice(starts[first], starts[first] + texts * (length + gap))
                yield values[part].reshape(texts, length + gap, -1)[:, :length]

        found = []
        for width, kernel in zip(self.widths, kernels, strict=True):
            sums = _frames(vectors, width, count) @ kernel
            found.append([each.max(axis=1, initial=0) for each in of_texts(sums)])
        found.append([_scaled_mean(each).astype(np.float32) for each in of_texts(vectors)])
        return np.concatenate([np.concatenate(each) for each in found], axis=1)

    def credit(self, row: Sequences) -> Doubles:
        """Compute what each word of a text adds to its log-odds, by integrated gradients.

        Sundararajan, Taly and Yan, "Axiomatic attribution for deep networks" (ICML 2017): the path
        leads from the empty text to this one, where all its words have their vectors by the same
        share. On it the highest number of a filter stays at one place and is that share of its
        last value, and so is the mean. Only the ReLU behind them bend the path, and the mean
        gradient is exact.

        Returns:
            float64 [words, K − 1]; the sums are the text's log-odds less those of the empty one.
        """
        vectors = self.words.take(row.ids).astype(np.float64)
        added = np.zeros((len(vectors) + max(self.widths), self.head[-1].bias.size))
        if not len(vectors):
            return added[:0]
        each = list(self._found(vectors))
        terms = [_terms(found, vectors) for found in each]
        mean = _scaled_mean(vectors[None])[0]
        reached = np.concatenate([*(term.sum(axis=0) for term in terms), mean, -mean])
        slopes = self._dense.mean_gradients(reached).T
        ends = np.cumsum([*(found.places.size for found in each), mean.size])
        *parts, up, down = np.split(slopes, ends)
        for found, term, slope in zip(each, terms, parts, strict=True):
            for place in range(found.width):
                np.add.at(added, found.places + place, term[place][:, None] * slope)
        return added[: len(vectors)] + vectors @ (up - down) / np.sqrt(len(vectors))

    @property
    def _dense(self) -> DenseNetwork:
        """What follows, as dense layers, the first of which adds the filters' biases.

        A mean is ReLU of it less ReLU of its opposite, so the units are those of filters, of the
        mean, and of its opposite.
        """
        first, *rest = self.head
        size = self.words.rows.shape[1]
        kernel = first.dense_kernel()
        kernel = np.concatenate((kernel, -kernel[len(kernel) - size :]))
        bias = np.concatenate((self.pooled_bias, np.zeros(2 * size, np.float32)))
        begin = Layer.exact(np.zeros((0, bias.size), np.float32), bias)
        return DenseNetwork((begin, Layer.exact(kernel, first.bias), *rest))

    def _found(self, vectors: Doubles) -> Iterator[Found]:
        """Yield what the filters of each width find in a text, from its words' vectors."""
        padded = np.concatenate((vectors, np.zeros((max(self.widths), vectors.shape[1]))))
        for width, layer in zip(self.widths, self.filters, strict=True):
            kernel = layer.dense_kernel().astype(np.float64)
            sums = _frames(padded, width, len(vectors)) @ kernel
            places = np.where(sums.max(axis=0) > 0, sums.argmax(axis=0), len(vectors))
            yield Found(width, kernel.reshape(width, vectors.shape[1], -1), places)

    @property
    def layers(self) -> tuple[Layer, ...]:
        """All that is fitted: the vectors, the filters of each width, the dense layers."""
        nothing = np.zeros(self.words.rows.shape[1], np.float32)
        vectors = Layer.exact(self.words.take(np.arange(len(self.words.rows))), nothing)
        return (vectors, *self.filters, *self.head)

    @classmethod
    def of(cls, layers: Sequence[Layer], widths: int) -> "ConvolutionalNetwork":
        """Return the network of its layers, with filters of so many widths."""
        vectors, *rest = layers
        table = Table.exact(vectors.dense_kernel())
        return cls(table, tuple(rest[:widths]), tuple(rest[widths:]))

    def describe(self) -> str:
        """Return what it is, for people."""
        size, widths = self.words.rows.shape[1], listed(self.widths)
        filters = self.pooled_bias.size
        units = [filters + size, *(layer.bias.size for layer in self.head)]
        return (
            f"vectors of {size} numbers, their mean and the highest of each of {filters} filters "
            f"over {widths} words, {' → '.join(map(str, units))} units, ReLU and at the end "
            f"{self.summary()[-1]['activation']}"
        )

    def summary(self) -> list[dict[str, Any]]:
        """Return name, sizes and activation of each layer, as JSON values."""
        rows, size = self.words.rows.shape
        named: list[tuple[str, int, int, str, int]] = [("vectors", rows, size, "none", rows * size)]
        named += [
            (f"filters of {width}", *layer.kernel.shape, "max, ReLU", _parameters(layer))
            for width, layer in zip(self.widths, self.filters, strict=True)
        ]
        *hidden, output = self.head
        named += [
            (f"hidden {number}", *layer.kernel.shape, "ReLU", _parameters(layer))
            for number, layer in enumerate(hidden, start=1)
        ]
        inputs, outputs = output.kernel.shape
        units, activation = (1, "sigmoid") if outputs == 1 else (outputs + 1, "softmax")
        named.append(("output", inputs, units, activation, (inputs + 1) * units))
        return [
            {
                "name": name,
                "inputs": inputs,
                "units": units,
                "activation": activation,
                "trainable_parameters": parameters,
            }
            for name, inputs, units, activation, parameters in named
        ]


def listed(widths: Sequence[int]) -> str:
    """Return widths for people, such as *1, 2 and 3*."""
    *first, last = map(str, widths)
    return f"{', '.join(first)} and {last}" if first else last


def _parameters(layer: Layer) -> int:
    return int(layer.kernel.size + layer.bias.size)


def _groups(lengths: NDArray[np.int64]) -> Iterator[tuple[int, int, int]]:
    """Yield each run of texts of one length: the first, how many, and their length."""
    cuts = np.concatenate(([0], np.flatnonzero(np.diff(lengths)) + 1, [lengths.size]))
    for first, last in zip(cuts[:-1].tolist(), cuts[1:].tolist(), strict=True):
        if first < last:
            yield first, last - first, int(lengths[first])


def _scaled_mean(vectors: NDArray[Any]) -> NDArray[Any]:
    """Return the mean of the vectors of words times the root of their number.

    Takes [texts, length, numbers] and returns float64 [texts, numbers]; zeros without a word.
    """
    total = vectors.sum(axis=1, dtype=np.float64)
    scaled: NDArray[Any] = total / np.sqrt(max(vectors.shape[1], 1))
    return scaled


def _frames(vectors: NDArray[Any], width: int, count: int) -> NDArray[Any]:
    """Return the vectors of so many words in a row side by side, [count, width · numbers]."""
    if width == 1:
        return vectors[:count]
    return np.concatenate([vectors[place : place + count] for place in range(width)], axis=1)


def _terms(found: Found, vectors: Doubles) -> Doubles:
    """Return what each word at a filter's place adds to its number, float64 [width, filters]."""
    padded = np.concatenate((vectors, np.zeros((found.width, vectors.shape[1]))))
    return np.stack(
        [
            np.einsum("fd,df->f", padded[found.places + place], found.kernel[place])
            for place in range(found.width)
        ]
    )
