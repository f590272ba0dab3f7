"""Architectures: kinds of encoders and networks, by their `--architecture` name.

A new kind is a module like `ngrams` or a class like `FrozenEncoder`, an entry below, and a name in
`TrainingOptions.architecture`.
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from sentiment.errors import UsageError
from sentiment.model.activations import USUAL
from sentiment.model.component import Encoder, Network
from sentiment.model.model import Model
from sentiment.model.network import Layer
from sentiment.training import cnn, ngrams
from sentiment.training.decide import EncodedRows, FittedNetwork
from sentiment.training.encoder import FrozenEncoder, find_encoder
from sentiment.training.fine_tuning import TunedEncoder
from sentiment.training.options import OF_NGRAMS, Hyperparameters, TrainingOptions
from sentiment.training.run import Run


class Architecture(Protocol):
    """What trainings ask of an architecture; everything else is the same for all."""

    @property
    def least_known(self) -> float:
        """The usual share of known words that a text needs for an answer."""

    def identity(self) -> dict[str, str]:
        """Return what networks depend on besides data, options and versions, by its name."""

    def choose(
        self, sample: Sequence[str], labels: NDArray[np.integer], options: TrainingOptions
    ) -> Hyperparameters:
        """Choose what the user left open, by a sample of the texts and all labels."""

    def index(self, texts: Sequence[str], recipe: Any, run: Run) -> Any:
        """Compute, once for all fits, what does not depend on labels; as long as the texts."""

    def fit_encoder(
        self,
        indexed: Any,
        targets: NDArray[np.float64],
        sample_weight: NDArray[np.float64],
        recipe: Any,
        options: TrainingOptions,
    ) -> Any:
        """Fit an encoder to the targets of reviews, [n, K], each counted `sample_weight` times."""

    def encode(self, indexed: Any, encoder: Any) -> EncodedRows:
        """Return the rows of all reviews."""

    def phrases(
        self,
        indexed: Any,
        texts_of: Callable[[NDArray[np.int64]], list[str]],
        encoder: Any,
        network: Any,
    ) -> dict[int, str]:
        """Return the text of the most influential features, by key."""

    def build(
        self, widths: Sequence[int], recipe: Any, classes: int, options: TrainingOptions
    ) -> Any:
        """Compile a `keras.Sequential` of networks side by side, for rows of these widths."""

    def initialize(self, model: Any, rows: Sequence[Any]) -> None:
        """Set what the networks of these rows begin with, if that is not random."""

    def interleave(self, parts: Sequence[Any], places: Sequence[NDArray[np.int64]]) -> Any:
        """Interleave the rows of several networks; −1 is an empty row."""

    def arrays(self, rows: Any) -> tuple[NDArray[Any], ...]:
        """Return the arrays that rows consist of."""

    def specs(self) -> Any:
        """Return the `tf.TensorSpec` of each of these arrays."""

    def tensor(self, arrays: Any, width: int) -> Any:
        """Return the input of the networks that these arrays are."""

    def arranged(
        self,
        rows: Any,
        order: NDArray[np.int64],
        steps: int,
        random: np.random.Generator,
    ) -> NDArray[np.int64]:
        """Return the rows of an epoch, in random order, as batches are cut of them."""

    def to_numpy(self, model: Any, widths: Sequence[int]) -> tuple[FittedNetwork, ...]:
        """Return each network that `build` made, without Keras."""

    def network(self, layers: tuple[Layer, ...], options: TrainingOptions) -> FittedNetwork:
        """Return the network of layers from a checkpoint."""

    def compact(self, network: Any) -> FittedNetwork | Network:
        """Return a network with weights as precise as in the model file."""

    def parts_of(self, encoder: Any, network: Any) -> tuple[Encoder, Network]:
        """Return encoder and network as a component has them, of what was fitted."""

    def logits(
        self,
        indexed: Any,
        texts_of: Callable[[NDArray[np.int64]], list[str]],
        encoder: Any,
        network: Any,
        rows: NDArray[np.int64],
    ) -> NDArray[np.float64]:
        """Return the logits that a component's encoder and network give some reviews."""


Kinds = tuple[Architecture, ...]


def _ngrams(_encoder: Model | None, options: TrainingOptions) -> Kinds:
    if options.fine_tune:
        raise UsageError("--fine-tune needs --architecture encoder")
    _check_embeddings(options)
    return (ngrams,)


def _cnn(_encoder: Model | None, options: TrainingOptions) -> Kinds:
    if options.fine_tune:
        raise UsageError("--fine-tune needs --architecture encoder")
    given = [name for name in OF_NGRAMS if getattr(options, name) is not None]
    if options.activation != USUAL:  # the units behind its filters are ReLU, too
        given.append("activation")
    if given:
        raise UsageError(
            f"--{given[0].replace('_', '-')} cannot be combined with --architecture cnn: leave out "
            "one of the two"
        )
    return (cnn,)


def _check_embeddings(options: TrainingOptions) -> None:
    if options.embeddings is not None:
        raise UsageError("--embeddings needs --architecture cnn")


def _encoder(encoder: Model | None, options: TrainingOptions) -> Kinds:
    _check_embeddings(options)
    source = find_encoder(encoder) if encoder is not None else None
    if source is None:
        raise UsageError(
            "the model named has no encoder of a language model: name one that has with --encoder, "
            "or use --architecture ngrams"
        )
    kind = TunedEncoder if options.fine_tune else FrozenEncoder
    return kind(source, options), ngrams


# Name → the kinds of the components that are fitted, whose log-odds add up.
ARCHITECTURES: dict[str, Callable[[Model | None, TrainingOptions], Kinds]] = {
    "ngrams": _ngrams,
    "cnn": _cnn,
    "encoder": _encoder,
}
