"""Reviews as networks see them, and what Keras needs for any kind of network."""

import random
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from sentiment.model.network import Network
from sentiment.training.backend import load_keras

# Reviews scored at once.
_BLOCK = 4096


def in_blocks(numbers: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Cut numbers of reviews into blocks of as many as are scored at once."""
    return [numbers[first : first + _BLOCK] for first in range(0, numbers.size, _BLOCK)]


class Rows(Protocol):
    """What an encoder makes of reviews, for training."""

    @property
    def width(self) -> int:
        """Return how many numbers, most of them 0, stand for a review."""

    def __len__(self) -> int: ...

    def take(self, rows: NDArray[np.integer]) -> Any:
        """Return the rows with these numbers as a `Network` takes them."""


@dataclass(frozen=True)
class EncodedSplit:
    """Reviews with their labels.

    Attributes:
        rows: feature vectors of these reviews and others, [m, features].
        numbers: which of the rows these are, int64 [n]; one may be there twice.
        labels: how far each is positive, from 0 to 1, [n].
    """

    rows: Rows
    numbers: NDArray[np.int64]
    labels: NDArray[np.floating]

    def logits(self, network: Network) -> NDArray[np.float64]:
        """Score these reviews, [n]."""
        return logits_of(network, self.rows, self.numbers)


def logits_of(network: Network, rows: Rows, numbers: NDArray[np.int64]) -> NDArray[np.float64]:
    """Score some reviews, a few at a time: float64 [numbers]."""
    scored = (network.logits(rows.take(some)) for some in in_blocks(numbers))
    return np.concatenate([np.zeros(0), *scored])


_drawing = threading.Lock()


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Let Keras draw by a seed: first weights and dropout come from Python's `random`.

    That belongs to the caller, who finds it as it was. `keras.utils.set_random_seed` would seed
    numpy's and TensorFlow's, too.
    """
    load_keras()  # whose import draws from it, too
    with _drawing:
        state = random.getstate()
        random.seed(seed)
        try:
            yield
        finally:
            random.setstate(state)


def fused_adam() -> Any:
    """Keras's Adam, each variable's step in one operation instead of ten over the whole of it."""
    keras = load_keras()
    import tensorflow as tf

    class FusedAdam(keras.optimizers.Adam):  # type: ignore[misc, name-defined]
        def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
            step = tf.cast(self.iterations + 1, variable.dtype)
            place = self._get_variable_index(variable)
            tf.raw_ops.ResourceApplyAdam(
                var=variable.handle,
                m=self._momentums[place].value.handle,
                v=self._velocities[place].value.handle,
                beta1_power=self.beta_1**step,
                beta2_power=self.beta_2**step,
                lr=tf.cast(learning_rate, variable.dtype),
                beta1=self.beta_1,
                beta2=self.beta_2,
                epsilon=self.epsilon,
                grad=gradient,
            )

    return FusedAdam()


def release(variables: Sequence[Any]) -> None:
    """Free the memory of a network's variables, once nobody needs them.

    TensorFlow keeps every training step that it compiled, and with it all that the step refers to:
    of many trainings in one process none would ever go.
    """
    import tensorflow as tf

    with tf.init_scope():  # it may be called while Python collects garbage amid a compilation
        for variable in variables:
            nothing = tf.zeros(0, variable.value.dtype)
            tf.raw_ops.AssignVariableOp(resource=variable.value.handle, value=nothing)
