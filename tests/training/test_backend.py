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


@pytest.mark.slow
def test_keras_that_runs_on_something_else_is_an_error_that_says_what_to_do(monkeypatch):
    keras = backend.load_keras()
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with pytest.raises(UsageError, match=r"runs on jax .* KERAS_BACKEND=tensorflow"):
        backend.load_keras()


@pytest.mark.parametrize("command", [["train"], ["export", "fast", "--to", "keras"]])
def test_without_keras_it_says_how_to_install_it(command, start, tmp_path):
    (tmp_path / "keras.py").write_text("import nothing_of_this_name")
    done = start(*command, cwd=tmp_path, env={"PYTHONPATH": str(tmp_path)})
    assert (done.returncode, done.stderr.count("error: ")) == (5, 1), done.stderr
    assert "nothing_of_this_name is not installed: pip install keras tensorflow\n" in done.stderr
