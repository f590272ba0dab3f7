"""Keras in a process that belongs to somebody else."""

import gc

import pytest

from sentiment.errors import UsageError
from sentiment.training import backend


def test_garbage_collection_stays_off_where_it_was_off():
    gc.disable()
    try:
        with backend._without_garbage_collection():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
    with backend._without_garbage_collection():
        assert not gc.isenabled()
    assert gc.isenabled()


def test_keras_that_runs_on_something_else_is_an_error_that_says_what_to_do(monkeypatch):
    keras = backend.load_keras()
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with pytest.raises(UsageError, match=r"runs on jax .* KERAS_BACKEND=tensorflow"):
        backend.load_keras()
