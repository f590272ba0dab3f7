"""Keras and TensorFlow, imported quietly.

The only module that imports them, and only inside a function: the import takes seconds. TensorFlow
writes to file descriptor 2 from C++ before its logger can be told not to.
"""

import gc
import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO

from sentiment.errors import MissingDependencyError, UsageError
from sentiment.runtime import redirected

_lock = threading.Lock()
_held_back = threading.Event()  # that what C++ writes to stderr is kept from it


def start_loading() -> None:
    """Import Keras in a thread of its own, while the caller does something else.

    An import that fails, fails again, and is heard of, in `load_keras`.
    """

    def load() -> None:
        with suppress(Exception):
            load_keras()
        _held_back.set()

    threading.Thread(target=load, name="keras-import", daemon=True).start()
    # A message that is being written while stderr is taken away would be lost.
    _held_back.wait()


def load_keras() -> Any:
    """Import Keras on the TensorFlow backend; stderr is shown only if that fails.

    Raises:
        MissingDependencyError: it is not installed, as where only answers are given.
        UsageError: it was imported before, on another backend.
    """
    with _lock:
        if "keras" not in sys.modules:
            os.environ["KERAS_BACKEND"] = "tensorflow"
            os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
            with _only_python_on_stderr(), _without_garbage_collection():
                try:
                    import keras
                    import tensorflow  # here, so that what it says is held back here
                except ModuleNotFoundError as error:
                    raise MissingDependencyError(
                        f"Keras and TensorFlow are needed for this, and {error.name} is not "
                        "installed: pip install keras tensorflow"
                    ) from error
            # Each training compiles a network; of the fifth in one process it would warn.
            tensorflow.get_logger().setLevel("ERROR")
    import keras

    if keras.backend.backend() != "tensorflow":  # imported before by somebody else
        raise UsageError(
            f"Keras runs on {keras.backend.backend()} in this process, and here it needs "
            "TensorFlow: set KERAS_BACKEND=tensorflow before it is imported"
        )
    return keras


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Look for no garbage among the million objects of an import, now or later: all of it stays.

    Collections take a sixth of the import's time, and half a second each while training.
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
    """Hold back what C++ writes to file descriptor 2, and show it after an error.

    Python's own stderr goes on to where it went: other threads may have something to say.
    """
    python_stderr = sys.stderr
    with tempfile.TemporaryFile() as held, redirected(2, held.fileno()) as real:
        if _writes_to_descriptor_2(python_stderr):
            sys.stderr = open(real, "w", buffering=1, encoding="utf-8", closefd=False)  # noqa: SIM115
        _held_back.set()
        try:
            yield
        except BaseException:
            held.seek(0)
            os.write(real, held.read())
            raise
        finally:
            sys.stderr.flush()
            sys.stderr = python_stderr


def _writes_to_descriptor_2(stream: TextIO) -> bool:
    try:
        return stream.fileno() == 2
    except (OSError, ValueError):  # a stand-in, as in tests
        return False
