"""Shared fixtures: real data sets where present, the program, a trained model, a browser."""

import gc
import hashlib
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest
from hypothesis import settings

from tests import commands
from tests.browser import Browser, find_chromium
from tests.commands import Run

ROOT = Path(__file__).parent.parent
TRAIN = ROOT / "data" / "train.csv"
TEST = ROOT / "data" / "test.csv"

# Deleting files from a disk took half the time of the tests, so they are in memory where that is
# possible. The program's own temporary files follow TMPDIR too.
IN_MEMORY = Path("/dev/shm")
if os.access(IN_MEMORY, os.W_OK) and shutil.disk_usage(IN_MEMORY).free > 2**31:
    tempfile.tempdir = os.environ.setdefault("TMPDIR", str(IN_MEMORY))

# Collecting 4,000 tests makes garbage collection walk the same objects again and again: a quarter
# of the time. None runs until all are collected, and they are left out of it from then on.
gc.disable()


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()


# What tests write may be lost with the machine; waiting for a slow disk took up to a minute a run.
os.fsync = lambda _: None

# The time of one example depends on the machine more than on the code.
settings.register_profile("random", deadline=None)
# The same inputs in every run, so that only a change makes a test fail, and few of them, so that
# the quick tests stay quick. Before a release, and now and then, `HYPOTHESIS_PROFILE=random make
# test` looks for others, a hundred for each test.
settings.register_profile("same", deadline=None, derandomize=True, max_examples=25)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

# A shell makes its background jobs ignore interrupts, and tests pass that on to what they start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def datasets() -> Path:
    folder = ROOT.parent / "shared" / "datasets"
    if not folder.is_dir():
        pytest.skip("no real data sets (../shared/datasets) here")
    return folder


@pytest.fixture(scope="session")
def run() -> Run:
    """Run the program in this process: `run("predict", "text", stdin="…")`."""
    return commands.run


@pytest.fixture(scope="session")
def start() -> Run:
    """Run the program in a separate process, as users do."""
    return commands.start


@pytest.fixture(scope="session")
def trained(
    run: Run, pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A model of the bundled reviews and one more; of these alone, commands warn of the sample.

    It is trained once for all workers, and again only when the code or a package has changed.
    """
    cached = pytestconfig.cache.mkdir("trained") / f"{_hash_of_training()}.safetensors"
    with cached.with_name("lock").open("w") as lock:
        if os.name == "posix":
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX)
        if not cached.exists():
            for old in cached.parent.glob("*.safetensors"):
                old.unlink()
            more = tmp_path_factory.mktemp("more") / "more.csv"
            more.write_text("text,label\nA fine model for tests.,positive\n")
            done = run("train", TRAIN, more, "-o", cached, "--epochs", "8")
            assert done.returncode == 0, done.stderr
        path = tmp_path_factory.mktemp("trained") / "model.safetensors"
        path.write_bytes(cached.read_bytes())
    return path


def _hash_of_training() -> str:
    """Return a hash of what the trained model depends on."""
    digest = hashlib.sha256(sys.version.encode())
    for path in [Path(__file__), TRAIN, *sorted((ROOT / "sentiment").rglob("*.py"))]:
        digest.update(path.read_bytes())
    for package in ("keras", "numpy", "tensorflow"):
        digest.update(version(package).encode())
    return digest.hexdigest()[:16]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = find_chromium()
    if path is None:
        pytest.skip("no Chromium here: the page is not tried in a browser")
    browser = Browser(path)
    yield browser
    browser.close()
