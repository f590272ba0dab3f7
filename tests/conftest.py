"""What several tests share: real data where it is, the program as users run it, a trained model."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests import commands
from tests.browser import Browser, find_chromium
from tests.commands import Run

ROOT = Path(__file__).parent.parent
TRAIN = ROOT / "data" / "train.csv"
TEST = ROOT / "data" / "test.csv"

# How long one example takes says more of the machine than of the code.
settings.register_profile("random", deadline=None)
# The same inputs in every run, so that a change is what makes one fail; before a release, and now
# and then, `HYPOTHESIS_PROFILE=random make test` looks for others.
settings.register_profile("same", deadline=None, derandomize=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

# A shell lets what it starts in the background ignore interrupts, and so would what tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def datasets() -> Path:
    folder = ROOT.parent / "shared" / "datasets"
    if not folder.is_dir():
        pytest.skip("the real data sets (../shared/datasets) are not here")
    return folder


@pytest.fixture(scope="session")
def run() -> Run:
    """Run the program in this process: `run("predict", "text", stdin="…")`."""
    return commands.run


@pytest.fixture(scope="session")
def start() -> Run:
    """Run the program as `run` does, but in a process of its own, as users do."""
    return commands.start


@pytest.fixture(scope="session")
def trained(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model trained on the bundled reviews and one more: of these alone it would say so."""
    path = tmp_path_factory.mktemp("trained") / "model.safetensors"
    more = path.with_name("more.csv")
    more.write_text("text,label\nA fine model for tests.,positive\n")
    done = run("train", TRAIN, more, "-o", path, "--epochs", "8")
    assert done.returncode == 0, done.stderr
    return path


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = find_chromium()
    if path is None:
        pytest.skip("no Chromium here: the page is not tried in a browser")
    browser = Browser(path)
    yield browser
    browser.close()
