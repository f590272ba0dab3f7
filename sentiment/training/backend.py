"""Keras and TensorFlow: imported quietly, seeded, with a fused Adam, and released.

They are imported inside functions only: that takes seconds. TensorFlow writes to file descriptor 2
from C++ before its logger can be configured.
"""

import gc
import os
import random
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from importlib.abc import MetaPathFinder
from typing import Any, TextIO

from sentiment.errors import MissingDependencyError, UsageError
from sentiment.runtime import redirected, stop

_lock = threading.Lock()
_redirected = threading.Event()  # set once the output of C++ is redirected


def start_loading() -> None:
    """Import Keras in a thread; an import that fails does so again in `load_keras`."""

    def load() -> None:
        with suppress(Exception):
            load_keras()
        _redirected.set()

    threading.Thread(target=load, name="keras-import", daemon=True).start()
    # A message written while stderr is redirected would be lost.
    _redirected.wait()


def load_keras() -> Any:
    """Import Keras on the TensorFlow backend; its stderr is shown only if that fails.

    Raises:
        MissingDependencyError: it is not installed.
        UsageError: it was imported before, on another backend.
    """
    with _lock:
        if "keras" not in sys.modules:
            os.environ["KERAS_BACKEND"] = "tensorflow"
            os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
            # Elsewhere, others may want what Keras does with these packages.
            lean = _Missing(_UNUSED) if stop.listening else nullcontext()
            with _only_python_on_stderr(), _without_garbage_collection(), lean:
                try:
                    import keras
                    import tensorflow  # here, where its output is redirected
                except ModuleNotFoundError as error:
                    raise MissingDependencyError(
                        f"Keras and TensorFlow are needed for this, and {error.name} is not "
                        "installed: pip install keras tensorflow"
                    ) from error
            # It would warn of the fifth network compiled in one process.
            tensorflow.get_logger().setLevel("ERROR")
    import keras

    if keras.backend.backend() != "tensorflow":  # imported before by other code
        raise UsageError(
            f"Keras runs on {keras.backend.backend()} in this process, and here it needs "
            "TensorFlow: set KERAS_BACKEND=tensorflow before it is imported"
        )
    return keras


# What Keras imports if it is there, for pictures, data frames and wrappers that nothing here uses.
_UNUSED = frozenset({"matplotlib", "pandas", "sklearn"})


class _Missing(MetaPathFinder):
    """Makes packages missing for the imports of this thread, in a `with` block."""

    def __init__(self, names: frozenset[str]) -> None:
        """Set which; those that are imported already stay."""
        self._names = names
        self._thread = threading.get_ident()

    def find_spec(self, fullname: str, *_: object) -> None:
        """Refuse these packages, and leave others to the next finder."""
        if fullname in self._names and threading.get_ident() == self._thread:
            raise ModuleNotFoundError(f"{fullname} is not needed", name=fullname)

    def __enter__(self) -> None:
        sys.meta_path.insert(0, self)

    def __exit__(self, *_: object) -> None:
        sys.meta_path.remove(self)


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Exempt the million objects of an import from garbage collection, now and later.

    It would take a sixth of the import's time, and half a second each time while training.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_on:
            gc.enable()


@contextmanager
def _only_python_on_stderr() -> Iterator[None]:
    """Redirect what C++ writes to file descriptor 2, and show it after an error.

    Python's own stderr stays as it was, for other threads.
    """
    python_stderr = sys.stderr
    with tempfile.TemporaryFile() as file, redirected(2, file.fileno()) as real:
        if _writes_to_descriptor_2(python_stderr):
            sys.stderr = open(real, "w", buffering=1, encoding="utf-8", closefd=False)  # noqa: SIM115
        _redirected.set()
        try:
            yield
        except BaseException:
            file.seek(0)
            os.write(real, file.read())
            raise
        finally:
            sys.stderr.flush()
            sys.stderr = python_stderr


def _writes_to_descriptor_2(stream: TextIO) -> bool:
    try:
        return stream.fileno() == 2
    except (OSError, ValueError):  # a stand-in, as in tests
        return False


_drawing = threading.Lock()


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed Python's `random`, from which Keras draws initial weights and dropout; then restore it.

    `keras.utils.set_random_seed` would seed numpy's and TensorFlow's as well.
    """
    load_keras()  # whose import draws from it as well
    with _drawing:
        state = random.getstate()
        random.seed(seed)
        try:
            yield
        finally:
            random.setstate(state)


def fused_adam(**options: Any) -> Any:
    """Return Keras's Adam with one operation per variable and step instead of ten.

    Args:
        options: of `keras.optimizers.Adam`.
    """
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
                # Rows of a gradient that belong to the same vector are added up first.
                grad=tf.convert_to_tensor(gradient),
            )

    return FusedAdam(**options)


def release(variables: Sequence[Any]) -> None:
    """Free the memory of a network's variables.

    TensorFlow keeps every training step that it compiled, with all that the step refers to, so that
    the networks of many trainings in one process would add up.
    """
    import tensorflow as tf

    with tf.init_scope():  # it may be called by the garbage collector during a compilation
        for variable in variables:
            nothing = tf.zeros(0, variable.value.dtype)
            tf.raw_ops.AssignVariableOp(resource=variable.value.handle, value=nothing)
