"""The architecture `encoder` with `--fine-tune N`: a transformer whose last blocks are trained.

A transformer is fine-tuned by small steps (Devlin et al., "BERT", NAACL 2019): AdamW with a linear
warm-up and a cosine decay, dropout, gradients clipped. Its vectors of pieces and its first blocks
stay as they are. The functions are described in `Architecture`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment.errors import UsageError
from sentiment.features.pieces import PieceEncoder
from sentiment.features.wordpiece import Pieces
from sentiment.model.activations import USUAL
from sentiment.model.component import Component
from sentiment.model.network import Layer
from sentiment.model.transformer import Block, Norm, Transformer
from sentiment.training.dense import output_of
from sentiment.training.encoder import EncoderHyperparameters, OnEncoder
from sentiment.training.options import TrainingOptions, objective_for
from sentiment.training.run import Run
from sentiment.training.transformer import (
    arranged_by_length,
    build,
    optimizer,
    padded,
    to_numpy,
    warmed_up,
)

Doubles = NDArray[np.float64]
Numbers = NDArray[np.int64]

# Epochs, texts per step, the highest learning rate, the share of steps in which it rises, dropout.
_EPOCHS, _BATCH, _RATE, _WARM_UP, _DROPOUT = 3, 32, 1e-4, 0.06, 0.1
# Texts encoded at once.
_AT_ONCE = 4_096
# The piece that texts are filled up with.
_PADDING = "[PAD]"
# Layers of a block as it is fitted: four dense ones, and two normalizations.
_PARTS = 6


@dataclass(frozen=True, kw_only=True)
class TuningHyperparameters(EncoderHyperparameters):
    """All choices for fine-tuning.

    Attributes:
        tuned: the number of blocks that are trained.
    """

    tuned: int

    def describe(self) -> str:
        """Return what the features are, for people."""
        return f"{super().describe()}, the last {self.tuned} of them fine-tuned"

    def decay(self, done: float) -> float:
        """Return the share of the learning rate: it rises on a line, and falls as a cosine does."""
        return warmed_up(done, _WARM_UP)


@dataclass(frozen=True, eq=False)
class PieceRows:
    """The pieces of all texts as rows of a training."""

    pieces: Pieces

    @property
    def width(self) -> int:
        """The number of features: one piece at each place."""
        return 1

    def __len__(self) -> int:
        """Return the number of texts."""
        return len(self.pieces)

    def take(self, rows: NDArray[np.integer]) -> Pieces:
        """Return some texts."""
        return self.pieces.take(rows)


@dataclass(frozen=True, eq=False)
class TunedNetwork:
    """A transformer whose last blocks are in training.

    Attributes:
        layers: of each of these blocks four dense layers and two normalizations, and the output.
        source: where all other weights are.
    """

    layers: tuple[Layer, ...]
    source: Transformer

    @classmethod
    def of(cls, network: Transformer, tuned: int, source: Transformer) -> "TunedNetwork":
        """Return the network whose last blocks, and output, are those of a transformer."""
        layers: list[Layer] = []
        for block in network.blocks[len(network.blocks) - tuned :]:
            norms = (block.merge_norm, block.narrow_norm)
            layers += [*block.layers, *(Layer.exact(n.scale[None], n.shift) for n in norms)]
        return cls((*layers, network.output), source)

    @cached_property
    def transformer(self) -> Transformer:
        """All of it."""
        *tuned, output = self.layers
        parts = [tuned[first : first + _PARTS] for first in range(0, len(tuned), _PARTS)]
        kept = self.source.blocks[: len(self.source.blocks) - len(parts)]
        blocks = (*kept, *(_block(*each) for each in parts))
        return replace(self.source, blocks=blocks, output=output, hidden=(), activation=USUAL)

    def logits(self, rows: Pieces) -> Doubles:
        """Return the log-odds of texts, before calibration: float64 [texts, K − 1]."""
        return self.transformer.logits(rows)


def _block(
    attention: Layer, merge: Layer, widen: Layer, narrow: Layer, first: Layer, second: Layer
) -> Block:
    norms = [Norm(layer.dense_kernel()[0], layer.bias) for layer in (first, second)]
    return Block(attention, merge, norms[0], widen, narrow, norms[1])


class TunedEncoder(OnEncoder):
    """The functions of the architecture, for one encoder."""

    def __init__(self, source: Component, options: TrainingOptions) -> None:
        """Take encoder and network of a component.

        Raises:
            UsageError: it has fewer blocks or nothing to pad with, or hidden layers are asked for.
        """
        super().__init__(source, options)
        blocks = len(self.source.blocks)
        if options.fine_tune > blocks:
            raise UsageError(f"--fine-tune {options.fine_tune}: this encoder has {blocks} blocks")
        if options.hidden:
            raise UsageError("--hidden cannot be combined with --fine-tune: leave out one of them")
        if self.encoder.pieces.vocabulary[0] != _PADDING:
            raise UsageError(f"--fine-tune: the first piece of this encoder is not {_PADDING}")
        self.tuned = options.fine_tune

    def choose(
        self, sample: Sequence[str], labels: NDArray[np.integer], options: TrainingOptions
    ) -> TuningHyperparameters:
        """Choose what the user left open."""
        return TuningHyperparameters(
            epochs=options.epochs or _EPOCHS,
            batch_size=options.batch_size or _BATCH,
            learning_rate=options.learning_rate or _RATE,
            objective=objective_for(labels, options),
            width=self.source.width,
            blocks=len(self.source.blocks),
            penalty=0.0,
            encoder=self.hash,
            tuned=self.tuned,
        )

    def index(self, texts: Sequence[str], recipe: TuningHyperparameters, run: Run) -> Pieces:
        """Divide all texts into pieces."""
        parts = []
        for first in range(0, len(texts), _AT_ONCE):
            parts.append(self.encoder.transform(texts[first : first + _AT_ONCE]))
            run.progress.featurized(min(first + _AT_ONCE, len(texts)), len(texts))
        lengths = np.concatenate([part.lengths for part in parts])
        bounds = np.concatenate(([0], np.cumsum(lengths)))
        return Pieces(np.concatenate([part.ids for part in parts]), bounds)

    def fit_encoder(
        self,
        indexed: Pieces,
        targets: Doubles,
        sample_weight: Doubles,
        recipe: TuningHyperparameters,
        options: TrainingOptions,
    ) -> None:
        """Return nothing: texts are read as they were."""

    def encode(self, indexed: Pieces, encoder: None) -> PieceRows:
        """Return the rows of all reviews."""
        return PieceRows(indexed)

    def build(
        self,
        widths: Sequence[int],
        recipe: TuningHyperparameters,
        classes: int,
        options: TrainingOptions,
    ) -> Any:
        """Build and compile the `keras.Sequential` of one network."""
        frozen = len(self.source.blocks) - self.tuned
        model = build(self.source, classes, options.seed, _DROPOUT, frozen=frozen)
        *_, loss = output_of(classes)
        model.compile(optimizer(), loss, weighted_metrics=["accuracy"], jit_compile=False)
        model.optimizer.build(model.trainable_variables)
        return model

    def interleave(self, parts: Sequence[Pieces], places: Sequence[Numbers]) -> Pieces:
        """Return the rows of the only network."""
        (rows,) = parts
        return rows

    def arrays(self, rows: Pieces) -> tuple[NDArray[np.int32]]:
        """Return the pieces in a rectangle."""
        return (padded(rows),)

    def specs(self) -> Any:
        """Return the type of `arrays` in TensorFlow."""
        import tensorflow as tf

        return (tf.TensorSpec((None, None), tf.int32),)

    def tensor(self, arrays: Any, width: int) -> Any:
        """Return the pieces."""
        return arrays[0]

    def arranged(
        self, rows: PieceRows, order: Numbers, steps: int, random: np.random.Generator
    ) -> Numbers:
        """Return the places of an epoch's rows so that texts of a batch are of similar length."""
        return arranged_by_length(rows.pieces.lengths[order], steps, random)

    def to_numpy(self, model: Any, widths: Sequence[int]) -> tuple[TunedNetwork]:
        """Return the network without Keras."""
        return (TunedNetwork.of(to_numpy(model, self.source), self.tuned, self.source),)

    def network(self, layers: tuple[Layer, ...], options: TrainingOptions) -> TunedNetwork:
        """Return the network of layers from a checkpoint."""
        return TunedNetwork(layers, self.source)

    def compact(self, network: TunedNetwork) -> Transformer:
        """Return the transformer with quantized blocks."""
        found = network.transformer
        kept, tuned = np.split(np.arange(len(found.blocks)), [len(found.blocks) - self.tuned])
        blocks = [found.blocks[place] for place in kept.tolist()]
        blocks += [found.blocks[place].quantized() for place in tuned.tolist()]
        return replace(found, blocks=tuple(blocks))

    def parts_of(self, encoder: None, network: Transformer) -> tuple[PieceEncoder, Transformer]:
        """Return encoder and network of a component."""
        return self.encoder, network

    def logits(
        self,
        indexed: Pieces,
        texts_of: Callable[[Numbers], list[str]],
        encoder: PieceEncoder,
        network: Transformer,
        rows: Numbers,
    ) -> Doubles:
        """Return the logits of some reviews."""
        return network.logits(indexed.take(rows))
