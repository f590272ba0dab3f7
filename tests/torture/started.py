"""The program, started as a shell does, and the commands that are tried so."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from sentiment.datasets.catalog import CATALOG
from tests.datasets.site import UCI, File, serving, zip_of
from tests.torture.forked import PATIENCE, ROOT, living
from tests.torture.samples import write_model, write_reviews

Arguments = tuple[str | Path, ...]

HANG = 60
OLD = b"old"
TARGET = "TARGET"
# A shell lets what it starts in the background ignore interrupts, and so would all from there on.
# What is told of the beginning is the first call that the program makes.
STARTED = """
import gc, os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from sentiment.__main__ import main
begun = int(sys.argv.pop(1))
gc.set_threshold = lambda *_: os.write(begun, b".")
main()
"""


@dataclass(frozen=True)
class Workshop:
    """Where commands are tried.

    Attributes:
        folder: what they read.
        target: a file, alone in its folder, that they may replace.
        environment: with the site that sets of reviews come from, and their place.
        commands: each by its name.
    """

    folder: Path
    target: Path
    environment: dict[str, str]
    commands: dict[str, Arguments]

    def starting(self, *arguments: str | Path, **options) -> "Started":
        """Start a command; TARGET among its arguments is that of the workshop."""
        named = tuple(self.target if each == TARGET else each for each in arguments)
        return Started(named, self.environment, **options)

    def reset(self) -> None:
        """Put an old file at the target, and nothing else."""
        for path in self.target.parent.iterdir():
            path.unlink()
        self.target.write_bytes(OLD)

    def there(self) -> dict[str, bytes]:
        """Give all that is beside the target, and itself."""
        return {path.name: path.read_bytes() for path in self.target.parent.iterdir()}


@contextmanager
def workshop() -> Iterator[Workshop]:
    """Make reviews, models and a site, and delete them again."""
    with TemporaryDirectory() as name, serving() as site:
        folder = Path(name)
        (download,) = CATALOG["uci"].downloads
        site.files[f"/uci/{download.file_name}"] = File(zip_of(UCI))
        environment = {
            "SENTIMENT_CACHE": name, "SENTIMENT_MIRROR": site.url, "no_proxy": "*",
        }  # fmt: skip
        (folder / "written").mkdir()
        here = Workshop(folder, folder / "written" / "target", environment, _commands(folder))
        here.reset()
        yield here


@dataclass
class Started:
    """The program, in a process group of its own, from the moment on at which it begins."""

    arguments: Arguments
    environment: dict[str, str] = field(default_factory=dict)
    stdin: int = subprocess.DEVNULL
    stdout: int = subprocess.DEVNULL
    begun: float = 0.0
    said: str = ""

    def __post_init__(self) -> None:
        """Start it, and wait for its first line."""
        reading, writing = os.pipe()
        self.process = subprocess.Popen(
            [sys.executable, "-c", STARTED, str(writing), *map(str, self.arguments)],
            stdin=self.stdin, stdout=self.stdout, stderr=subprocess.PIPE,
            cwd=ROOT, env=os.environ | self.environment,
            pass_fds=[writing], start_new_session=True, text=True,
        )  # fmt: skip
        os.close(writing)
        os.read(reading, 1)
        os.close(reading)
        self.begun = time.monotonic()

    def ended(self) -> tuple[int, str, float]:
        """Wait for its end: its exit code, what it said on stderr, how many seconds that took."""
        since = time.monotonic()
        try:
            _, self.said = self.process.communicate(timeout=HANG)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            return 0, f"still there after {HANG} s", HANG
        return self.process.returncode, self.said, time.monotonic() - since

    def orphans(self) -> list[int]:
        """Give the processes that it started and that go on without it."""
        deadline = time.monotonic() + PATIENCE
        while (found := living(self.process.pid)) and time.monotonic() < deadline:
            time.sleep(0.01)
        return found


def _commands(folder: Path) -> dict[str, Arguments]:
    """Name commands, each with its arguments; what they write goes to TARGET."""
    data = write_reviews(folder / "reviews.csv", 4_000)
    few = write_reviews(folder / "few.csv", 100)
    model, other = write_model(folder / "model"), write_model(folder / "other", 1)
    to = ("-o", TARGET, "--force")
    return {
        "train": ("train", few, "--epochs", "3", "--features", "500", "--json", *to),
        "evaluate": ("evaluate", data, "-m", model),
        "predict": ("predict", "-i", data, "-m", model),
        "predict -o": (
            "predict",
            "-i",
            data,
            "-m",
            model,
            "--workers",
            "2",
            "--format",
            "csv",
            *to,
        ),
        "report": ("report", data, "-m", model, *to),
        "calibrate": ("calibrate", data, "-m", model, "--goal", "coverage=0.5", *to),
        "compare": ("compare", model, other, data),
        "explain": ("explain", "-i", few, "-m", model),
        "probe": ("probe", "-m", model),
        "datasets get": ("datasets", "get", "uci", "--force", "--json"),
    }
