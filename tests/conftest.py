"""What several tests share: real data where it is, the program as users run it, a trained model."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.browser import Browser, find_chromium

ROOT = Path(__file__).parent.parent
TRAIN = ROOT / "data" / "train.csv"
TEST = ROOT / "data" / "test.csv"

# How long one example takes says more of the machine than of the code.
settings.register_profile("here", deadline=None)
settings.load_profile("here")

# A shell lets what it starts in the background ignore interrupts, and so would what tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def datasets() -> Path:
    folder = ROOT.parent / "shared" / "datasets"
    if not folder.is_dir():
        pytest.skip("the real data sets (../shared/datasets) are not here")
    return folder


@pytest.fixture(scope="session")
def run() -> Run:
    """Run the program in a process of its own: `run("predict", "text", stdin="…")`."""

    def call(*args: str | Path, stdin: str | bytes | None = None, **options):
        environment = {k: v for k, v in os.environ.items() if k != "SENTIMENT_MODEL"}
        environment |= options.pop("env", {})
        as_bytes = isinstance(stdin, bytes) or options.pop("binary", False)
        return subprocess.run(
            [sys.executable, "-m", "sentiment", *map(str, args)],
            input=stdin if stdin is not None else (b"" if as_bytes else ""),
            capture_output=True,
            env=environment,
            check=False,
            timeout=120,
            **({} if as_bytes else {"text": True, "encoding": "utf-8"}),
            **options,
        )

    return call


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
