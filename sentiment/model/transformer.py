"""A transformer encoder in numpy, of BERT's architecture: pieces of texts → log-odds.

Vaswani et al., "Attention is all you need" (NeurIPS 2017); Devlin et al., "BERT: Pre-training of
deep bidirectional transformers" (NAACL 2019): each block adds what it finds and then normalizes.
The vector of a text is the mean of those of its pieces, all of them (Reimers and Gurevych,
"Sentence-BERT", EMNLP 2019), and its log-odds are linear in it, or dense layers make them of it.

Texts are not padded: all their pieces stand one after the other, and only attention, the one step
in which pieces of a text meet, takes texts of one length at a time. So no text depends on others.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from functools import cached_property, partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sentiment.features.matrix import runs
from sentiment.features.wordpiece import Pieces
from sentiment.model.activations import ACTIVATIONS, GELU_CUBIC, GELU_LINEAR, USUAL
from sentiment.model.network import Layer, forward, quantized

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

EPSILON = 1e-12  # added to variances, as in BERT

# Pieces in memory at once, some 15 kB each, but always one text.
_MOST_PIECES = 1 << 11
# Attention weights, and numbers of a layer, computed at once: they stay in the processor's cache.
_MOST_WEIGHTS = 1 << 16
_MOST_NUMBERS = 1 << 15

# OpenBLAS first copies a kernel into another order, for a text alone as long a work as the product;
# with AVX-512 it leaves that out if the three sizes multiply to a million at most. So few pieces,
# up to `_FEW`, are multiplied by kernels cut into parts of so many inputs and outputs.
_FEW = 64
_PART_INPUTS, _PART_OUTPUTS = 384, 32


@dataclass(frozen=True, eq=False)
class Table:
    """A vector for each of some things, such as the pieces of a vocabulary.

    Attributes:
        rows: [things, width], float32, or int8 if they are quantized.
        scale: float32 [things]; the value of one quantization step, 1 if not quantized.
    """

    rows: Floats | NDArray[np.int8]
    scale: Floats

    @classmethod
    def exact(cls, rows: Floats) -> "Table":
        """Return a table that is not quantized."""
        return cls(rows, np.ones(len(rows), np.float32))

    def quantized(self) -> "Table":
        """Return the table with each vector's numbers rounded to 255 equal steps."""
        return Table(*quantized(self.take(np.arange(len(self.rows))), axis=1))

    def take(self, numbers: NDArray[np.integer]) -> Floats:
        """Return the vectors of things, float32 [things, width]."""
        return np.multiply(self.rows[numbers], self.scale[numbers][..., None], dtype=np.float32)

    def first(self, number: int) -> "Table":
        """Return the table of the first things."""
        return Table(self.rows[:number], self.scale[:number])


@dataclass(frozen=True, eq=False)
class Norm:
    """Layer normalization: to mean 0 and variance 1 (Ba, Kiros and Hinton, 2016), then a line.

    Attributes:
        scale, shift: float32 [width] each.
    """

    scale: Floats
    shift: Floats


@dataclass(frozen=True, eq=False)
class Block:
    """Attention, then two dense layers; each is added to its input, and the sum normalized.

    Attributes:
        attention: queries, keys and values side by side, each head after head, [width, 3 · width].
        merge: what the heads found → what is added, [width, width].
        merge_norm: after the first sum.
        widen: [width, inner]; GELU follows.
        narrow: [inner, width].
        narrow_norm: after the second sum.
    """

    attention: Layer
    merge: Layer
    merge_norm: Norm
    widen: Layer
    narrow: Layer
    narrow_norm: Norm

    @property
    def layers(self) -> tuple[Layer, Layer, Layer, Layer]:
        """The dense layers, first to last."""
        return self.attention, self.merge, self.widen, self.narrow

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """The shapes of the layers' kernels."""
        return tuple(layer.kernel.shape for layer in self.layers)

    def quantized(self) -> "Block":
        """Return the block with quantized layers."""
        attention, merge, widen, narrow = (layer.quantized() for layer in self.layers)
        return Block(attention, merge, self.merge_norm, widen, narrow, self.narrow_norm)


class Weights(NamedTuple):
    """The weights of a block as they are multiplied, all of one dtype.

    Queries are divided by √(width of a head). Keys have no bias: it adds the same to all scores of
    a query. Nor have values: attention weights sum to 1, so theirs is part of the next layer's.
    `narrow` is halved, for GELU is computed twofold.
    """

    attention: NDArray[Any]
    query_bias: NDArray[Any]
    merge: NDArray[Any]
    merge_bias: NDArray[Any]
    merge_scale: NDArray[Any]
    merge_shift: NDArray[Any]
    widen: NDArray[Any]
    widen_bias: NDArray[Any]
    narrow: NDArray[Any]
    narrow_bias: NDArray[Any]
    narrow_scale: NDArray[Any]
    narrow_shift: NDArray[Any]

    @classmethod
    def of(
        cls, block: Block, heads: int, dtype: type[np.floating], *, in_parts: bool = False
    ) -> "Weights":
        """Return the weights of a block; with kernels in parts, as `multiply` takes them."""
        kernel = partial(_kernel, dtype=dtype, in_parts=in_parts)
        width, bias = len(block.merge.kernel), block.attention.bias
        root = np.sqrt(width / heads)
        merge = block.merge.dense_kernel().astype(np.float64)
        vectors = (
            bias[:width] / root,
            block.merge.bias + bias[2 * width :].astype(np.float64) @ merge,
            block.merge_norm.scale,
            block.merge_norm.shift,
            block.widen.bias,
            block.narrow.bias,
            block.narrow_norm.scale,
            block.narrow_norm.shift,
        )
        query, merged, scale, shift, wide, narrow, *last = (each.astype(dtype) for each in vectors)
        return cls(
            kernel(block.attention, np.repeat([1 / root, 1, 1], width)),
            query,
            kernel(block.merge),
            merged,
            scale,
            shift,
            kernel(block.widen),
            wide,
            kernel(block.narrow, 0.5),
            narrow,
            *last,
        )


def _kernel(
    layer: Layer, factor: Any = 1.0, *, dtype: type[np.floating], in_parts: bool
) -> NDArray[Any]:
    """Return the kernel of a layer, each output multiplied by a factor, perhaps in parts.

    It is cut before it becomes floats, while it may have a byte a number.
    """
    kernel, scale = layer.kernel, (layer.scale * factor).astype(np.float32)
    if in_parts:
        kernel = _cut(kernel)
    if kernel.ndim > 2:
        scale = scale.reshape(kernel.shape[1], 1, kernel.shape[3])
    return np.multiply(kernel, scale, dtype=np.float32).astype(dtype, copy=False)


def _cut(kernel: NDArray[Any]) -> NDArray[Any]:
    """Return a kernel in parts, [input parts, output parts, inputs, outputs]; whole if it must."""
    inputs, outputs = kernel.shape
    rows, columns = -(-inputs // _PART_INPUTS), -(-outputs // _PART_OUTPUTS)
    if inputs % rows or outputs % columns:
        return kernel
    parts = kernel.reshape(rows, inputs // rows, columns, outputs // columns)
    return np.ascontiguousarray(parts.swapaxes(1, 2))


def multiply(x: Floats, kernel: Floats, out: Floats) -> None:
    """Write to `out` the product of rows and a kernel, which may be in parts.

    Args:
        x: [rows, inputs].
        kernel: [inputs, outputs], or [input parts, output parts, inputs, outputs].
        out: [rows, outputs], contiguous.
    """
    if kernel.ndim == 2:
        np.matmul(x, kernel, out=out)
        return
    parts, columns, inputs, outputs = kernel.shape
    of_parts = x.reshape(len(x), parts, inputs).swapaxes(0, 1)
    into = out.reshape(len(x), columns, outputs).swapaxes(0, 1)
    if parts == 1:
        np.matmul(of_parts, kernel[0], out=into)
    else:
        np.matmul(of_parts[:, None], kernel).sum(axis=0, out=into)


class Group(NamedTuple):
    """Texts of one length, one after the other: pieces from `start` on, `texts` times `length`."""

    start: int
    texts: int
    length: int

    @property
    def pieces(self) -> slice:
        """Where its pieces are."""
        return slice(self.start, self.start + self.texts * self.length)

    def vectors(self, x: Floats) -> Floats:
        """Return its rows of `x`, a view: [pieces, width] → [texts, length, width]."""
        return x[self.pieces].reshape(self.texts, self.length, -1)


@dataclass(frozen=True, eq=False)
class Transformer:
    """Vectors of pieces and of their places, blocks, the mean, dense layers.

    Attributes:
        words: the vector of each piece of the vocabulary.
        places: the vector of each place in a text, with that of the first token type added.
        norm: of their sum.
        blocks: one after the other.
        output: mean → log-odds against the first class, [width, K − 1]. Training has a softmax of K
            units, whose first is subtracted.
        heads: how many parts of equal width attention has.
        hidden: layers between mean and output; usually none.
        activation: of these layers, one of `ACTIVATIONS`.
        long_scale: what the log-odds of a text of `longest` pieces are multiplied by. A shorter one
            has a number between it and 1, on a line: long texts make a network too sure, or short
            ones not sure enough.

    Raises:
        ValueError: shapes that do not agree.
    """

    words: Table
    places: Table
    norm: Norm
    blocks: tuple[Block, ...]
    output: Layer
    heads: int
    hidden: tuple[Layer, ...] = ()
    long_scale: float = 1.0
    activation: str = USUAL

    def __post_init__(self) -> None:
        width, inner = self.width, self.inner
        expected = ((width, 3 * width), (width, width), (width, inner), (inner, width))
        fits = all(block.shapes == expected for block in self.blocks)
        sizes = [width, *(layer.bias.size for layer in self.hidden)]
        fits &= sizes == [len(layer.kernel) for layer in self.head]
        if not fits or self.places.rows.shape[1] != width or self.heads < 1 or width % self.heads:
            raise ValueError(f"layers that do not fit a width of {width} in {self.heads} heads")

    @property
    def width(self) -> int:
        """The number of numbers of a vector."""
        return self.words.rows.shape[1]

    @property
    def inner(self) -> int:
        """The number of units between the two dense layers of a block."""
        return self.blocks[0].widen.kernel.shape[1] if self.blocks else 0

    @property
    def head(self) -> tuple[Layer, ...]:
        """The dense layers over the mean, with the activation between them."""
        return (*self.hidden, self.output)

    @property
    def longest(self) -> int:
        """The largest number of pieces of a text."""
        return len(self.places.rows)

    def __getstate__(self) -> dict[str, Any]:
        """Return the fields alone, for other processes: float32 weights are made anew there."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def quantized(self) -> "Transformer":
        """Return the network with int8 weights up to the mean, a quarter of the size."""
        blocks = tuple(block.quantized() for block in self.blocks)
        words, places = self.words.quantized(), self.places.quantized()
        return replace(self, words=words, places=places, blocks=blocks)

    @cached_property
    def weights(self) -> tuple[Weights, ...]:
        """The weights of the blocks, float32; made at their first use."""
        return tuple(Weights.of(block, self.heads, np.float32) for block in self.blocks)

    @cached_property
    def cut_weights(self) -> tuple[Weights, ...]:
        """The same for few pieces, in parts."""
        return tuple(
            Weights.of(block, self.heads, np.float32, in_parts=True) for block in self.blocks
        )

    def logits(self, rows: Pieces) -> Doubles:
        """Return the log-odds of texts against the first class, before calibration.

        Returns:
            float64 [texts, K − 1]. In double precision from the mean on, so that the number of
            texts in a batch does not show.

        Raises:
            ValueError: as for `pooled`.
        """
        return self.logits_of(self.pooled(rows)) * self.scales(rows)[:, None]

    def scales(self, rows: Pieces) -> Doubles:
        """Return what the log-odds of texts are multiplied by: float64 [texts]."""
        return 1 - (1 - self.long_scale) * rows.lengths / self.longest

    def logits_of(self, pooled: NDArray[np.floating]) -> Doubles:
        """Return the log-odds of mean vectors, whatever the length of the texts.

        Takes [texts, width] and returns float64 [texts, K − 1].
        """
        return forward(self.head, pooled, self.activation)

    def credit(self, row: Pieces) -> Doubles:
        """Return what each piece of a text adds to its log-odds, float64 [pieces, K − 1]."""
        from sentiment.model.backward import credit  # answers do without it

        return credit(self, row)

    def pooled(self, rows: Pieces) -> Floats:
        """Return the mean vector of the pieces of each text, float32 [texts, width].

        Memory is bounded, whatever the number of texts.

        Raises:
            ValueError: a text without a piece or with more than `longest`, or a piece that the
                vocabulary does not have.
        """
        lengths = rows.lengths
        if lengths.size and not 1 <= lengths.min() <= lengths.max() <= self.longest:
            raise ValueError(f"a text does not have 1 to {self.longest} pieces")
        if rows.ids.size and not 0 <= rows.ids.min() <= rows.ids.max() < len(self.words.rows):
            raise ValueError(f"a piece is not one of {len(self.words.rows)}")
        pooled = np.empty((len(rows), self.width), np.float32)
        order = np.argsort(lengths, kind="stable")
        ascending = rows.take(order)
        for some in runs(ascending.bounds, _MOST_PIECES):
            pooled[order[some]] = self._pooled(rows.take(order[some]))
        return pooled

    def _pooled(self, rows: Pieces) -> Floats:
        """Return the mean vectors of texts, in the order of their lengths, all at once."""
        groups = list(_groups(rows.lengths, self.heads))
        x = self.words.take(rows.ids)
        for group in groups:
            own = group.vectors(x)
            own += self.places.take(np.arange(group.length))
        normalize(x, self.norm.scale, self.norm.shift)
        scratch = _Scratch.of(len(x), self.width, self.inner)
        for weights in self.cut_weights if len(x) <= _FEW else self.weights:
            _apply(weights, x, groups, self.heads, scratch)
        return np.concatenate([group.vectors(x).mean(axis=1) for group in groups])

    def describe(self) -> str:
        """Return what it is, for people."""
        blocks = f"{len(self.blocks)} block{'s' * (len(self.blocks) != 1)}"
        heads = f"{self.heads} head{'s' * (self.heads != 1)}"
        return f"a transformer of {blocks}, {self.width:,} wide, with {heads} each"

    def summary(self) -> list[dict[str, Any]]:
        """Return name, sizes and activation of each layer, as JSON values.

        Vectors of places are counted with those of pieces; normalizations with what is before them.
        """
        names = ("attention", "merge", "widen", "narrow")
        activations = ("softmax", "linear", "GELU", "linear")
        norms = (0, 2 * self.width, 0, 2 * self.width)
        rows = [("vectors", self.words.rows.shape, "linear", self.places.rows.size + norms[1])]
        rows += [
            (f"block {number} {name}", layer.kernel.shape, activation, layer.bias.size + norm)
            for number, block in enumerate(self.blocks, 1)
            for name, layer, activation, norm in zip(
                names, block.layers, activations, norms, strict=True
            )
        ]
        title = ACTIVATIONS[self.activation].title
        rows += [
            (f"hidden {number}", layer.kernel.shape, title, layer.bias.size)
            for number, layer in enumerate(self.hidden, 1)
        ]
        size = self.output.bias.size
        last = (1, "sigmoid") if size == 1 else (size + 1, "softmax")
        rows.append(("output", (len(self.output.kernel), last[0]), last[1], last[0]))
        return [
            {
                "name": name,
                "inputs": inputs,
                "units": units,
                "activation": activation,
                "trainable_parameters": inputs * units + others,
            }
            for name, (inputs, units), activation, others in rows
        ]


def _groups(lengths: NDArray[np.int64], heads: int) -> Iterator[Group]:
    """Yield runs of texts of one length whose attention fits the cache; lengths ascend."""
    start = 0
    for length, texts in zip(*np.unique(lengths, return_counts=True), strict=True):
        most = max(1, _MOST_WEIGHTS // int(heads * length * length))
        for first in range(0, int(texts), most):
            group = Group(start, min(most, int(texts) - first), int(length))
            yield group
            start = group.pieces.stop


class _Scratch(NamedTuple):
    """Memory that every block uses again, float32 [pieces, …]."""

    attention: Floats
    narrow: Floats
    wide: Floats

    @classmethod
    def of(cls, pieces: int, width: int, inner: int) -> "_Scratch":
        return cls(*(np.empty((pieces, size), np.float32) for size in (3 * width, width, inner)))


def _apply(weights: Weights, x: Floats, groups: list[Group], heads: int, scratch: _Scratch) -> None:
    """Replace the vectors of pieces, [pieces, width], by what a block makes of them."""
    attention, narrow, wide = scratch
    width = x.shape[1]
    multiply(x, weights.attention, attention)
    attention[:, :width] += weights.query_bias
    for group in groups:
        _attend(attention[group.pieces], narrow[group.pieces], group, heads)
    found = attention.reshape(-1)[: x.size].reshape(x.shape)  # the same memory again
    multiply(narrow, weights.merge, found)
    _add(x, found, weights.merge_bias, weights.merge_scale, weights.merge_shift)
    multiply(x, weights.widen, wide)
    _gelu_twofold(wide, weights.widen_bias)
    multiply(wide, weights.narrow, narrow)
    _add(x, narrow, weights.narrow_bias, weights.narrow_scale, weights.narrow_shift)


def _attend(attention: Floats, found: Floats, group: Group, heads: int) -> None:
    """Write to `found`, [pieces, width], the values of each piece's text, weighted by attention."""
    shape = (group.texts, group.length, 3, heads, -1)
    queries, keys, values = attention.reshape(shape).transpose(2, 0, 3, 1, 4)
    weights = queries @ keys.swapaxes(2, 3)  # [texts, heads, length, length]
    softmax(weights)
    of_heads = found.reshape(group.texts, group.length, heads, -1).transpose(0, 2, 1, 3)
    np.matmul(weights, values, out=of_heads)


def softmax(scores: NDArray[Any]) -> None:
    """Replace scores by weights that sum to 1 along the last axis."""
    scores -= scores.max(axis=-1, keepdims=True)
    np.exp(scores, out=scores)
    scores /= scores.sum(axis=-1, keepdims=True)


def _add(x: Floats, found: Floats, bias: Floats, scale: Floats, shift: Floats) -> None:
    """Add what a layer found and its bias to `x`, and normalize it, some rows at a time."""
    for rows in _cached_rows(x):
        some = x[rows]
        some += found[rows]
        some += bias
        normalize(some, scale, shift)


def normalize(x: Floats, scale: Floats, shift: Floats) -> None:
    """Normalize each row in place."""
    x -= x.mean(axis=1, keepdims=True)
    variance = np.einsum("ij,ij->i", x, x) / np.float32(x.shape[1])
    x *= (1 / np.sqrt(variance + np.float32(EPSILON)))[:, None]
    x *= scale
    x += shift


def _gelu_twofold(x: Floats, bias: Floats) -> None:
    """Replace sums without their bias by twice their GELU, x (1 + tanh(…)), some rows at a time."""
    for rows in _cached_rows(x):
        some = x[rows]
        some += bias
        inner = some * some
        inner *= np.float32(GELU_CUBIC)
        inner += np.float32(GELU_LINEAR)
        inner *= some
        np.tanh(inner, out=inner)
        inner += 1
        some *= inner


def _cached_rows(x: Floats) -> Iterator[slice]:
    """Yield runs of rows that fit the cache."""
    size = max(1, _MOST_NUMBERS // x.shape[1])
    yield from (slice(first, first + size) for first in range(0, len(x), size))
