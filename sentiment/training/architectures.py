"""Kinds of features and networks, by the names that `--architecture` has for them.

A kind is a module beside `ngrams`, its entry here, and its name in `TrainingOptions.architecture`.
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from sentiment.features.hashing import Hashes
from sentiment.features.vectorizer import Vectorizer
from sentiment.model.network import Network
from sentiment.training import ngrams
from sentiment.training.network import Rows
from sentiment.training.options import Hyperparameters, TrainingOptions
from sentiment.training.run import Run


class Architecture(Protocol):
    """What trainings ask of a kind; all else they do alike."""

    def choose(
        self, some: Sequence[str], labels: NDArray[np.integer], options: TrainingOptions
    ) -> Hyperparameters:
        """Decide what the user left open, by some texts and all labels."""

    def index(self, texts: Sequence[str], recipe: Hyperparameters, run: Run) -> Any:
        """Find, once for all fits, what does not depend on labels; as long as the texts."""

    def fit(
        self,
        indexed: Any,
        labels: NDArray[np.float64],
        times: NDArray[np.integer],
        recipe: Hyperparameters,
        options: TrainingOptions,
    ) -> Vectorizer:
        """Fit an encoder to reviews, each of which counts so many times."""

    def encode(self, indexed: Any, encoder: Vectorizer) -> Rows:
        """Return what an encoder makes of all reviews."""

    def names_of(
        self,
        indexed: Any,
        texts_of: Callable[[NDArray[np.int64]], list[str]],
        recipe: Hyperparameters,
        keys: Hashes,
    ) -> dict[int, str]:
        """Spell features out by the texts that hold them."""

    def build(self, widths: Sequence[int], hidden: Sequence[int], options: TrainingOptions) -> Any:
        """Compile a `keras.Sequential` of networks side by side, for rows of these widths."""

    def side_by_side(self, parts: Sequence[Any], places: Sequence[NDArray[np.int64]]) -> Any:
        """Put the rows of several networks in turns; −1 is a row of nothing."""

    def arrays(self, rows: Any) -> tuple[NDArray[Any], ...]:
        """Take rows apart."""

    def specs(self) -> Any:
        """Return the `tf.TensorSpec` of each of these arrays."""

    def tensor(self, arrays: Any, width: int) -> Any:
        """Put them together, as the networks take them."""

    def to_numpy(self, model: Any, widths: Sequence[int]) -> tuple[Network, ...]:
        """Return the weights of each network that `build` made; nothing of Keras stays."""

    def compact(self, network: Network) -> Network:
        """Return a network as the model file has it."""


ARCHITECTURES: dict[str, Architecture] = {"ngrams": ngrams}
