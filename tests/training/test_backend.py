"""Keras in a process that belongs to somebody else."""

import gc
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module

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


def test_packages_are_missing_for_the_thread_that_asked_only(tmp_path, monkeypatch):
    for name in ("hidden_here", "hidden_before"):
        (tmp_path / f"{name}.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    import_module("hidden_before")
    with backend._Missing(frozenset({"hidden_here", "hidden_before"})):
        import_module("hidden_before")  # it was there
        with pytest.raises(ModuleNotFoundError, match="hidden_here"):
            import_module("hidden_here")
        with ThreadPoolExecutor(1) as other:
            other.submit(import_module, "hidden_here").result()
        del sys.modules["hidden_here"]
    import_module("hidden_here")


@pytest.mark.slow
@pytest.mark.parametrize("own", [True, False])
def test_keras_brings_no_pandas_into_a_process_of_our_own_and_all_into_others(own):
    code = (
        "import sys; from sentiment.runtime import stop; from sentiment.training import backend\n"
        f"{'stop.listen()' if own else ''}\nbackend.load_keras()\n"
        "print(*sorted({'matplotlib', 'pandas', 'sklearn'} & {*sys.modules}))\n"
        "import pandas, sklearn\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    found = {"pandas", "sklearn"} & {*done.stdout.split()}
    assert found == (set() if own else {"pandas", "sklearn"})
