"""The program, imported once: each run is a fork of that process, and may be killed anywhere.

Starting TensorFlow takes seconds, a fork none; so a training can be killed a hundred times. A run
is killed with SIGKILL either at the n-th line that it executes of the modules that write (exactly,
and again at the same place), or after so many seconds.
"""

import contextlib
import json
import mmap
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from sentiment.training.backend import load_keras

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE = 10  # seconds in which what a killed run started has to end by itself
MODULES = (
    "sentiment.cli",
    "sentiment.cli.answering",
    "sentiment.cli.calibrate",
    "sentiment.cli.datasets",
    "sentiment.cli.predict",
    "sentiment.cli.train",
    "sentiment.datasets.download",
    "scipy.stats",
)


@dataclass(frozen=True)
class Ended:
    """How a run ended.

    Attributes:
        code: its exit code; −9 if it was killed.
        lines: how many lines of the modules that were watched it executed.
        orphans: processes that it started and that outlive it.
        seconds: how long it took.
        stderr: what it said.
    """

    code: int
    lines: int
    orphans: int
    seconds: float
    stderr: str

    @property
    def killed(self) -> bool:
        """Whether it did not get to its end."""
        return self.code == -signal.SIGKILL


class Program:
    """The process that is forked. Use it in a `with` block."""

    def __init__(self, **environment: str) -> None:
        """Start it."""
        self._process = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env=os.environ | environment,
            text=True,
        )

    def run(
        self,
        *arguments: str | Path,
        watch: Sequence[str] = (),
        line: int | None = None,
        seconds: float | None = None,
        largest: int | None = None,
    ) -> Ended:
        """Run the program to its end.

        Args:
            arguments: of the command line.
            watch: the modules whose lines are counted, as the ends of their files' names.
            line: the one at which it is killed, from 1.
            seconds: after which it is killed.
            largest: bytes that a file may have (as where the disk is full).
        """
        request = {
            "arguments": [str(argument) for argument in arguments],
            "watch": list(watch), "line": line, "seconds": seconds, "largest": largest,
        }  # fmt: skip
        print(json.dumps(request), file=self._process.stdin, flush=True)
        return Ended(**json.loads(self._process.stdout.readline()))

    def __enter__(self) -> "Program":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()


def living(group: int) -> list[int]:
    """Give the processes of a group that are not dead yet."""
    found = []
    for place in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # ended meanwhile
            state, _, of, *_ = place.read_text().rsplit(")", 1)[1].split()
            if int(of) == group and state != "Z":
                found.append(int(place.parent.name))
    return found


def serve() -> None:
    """Be the process that is forked: requests come from stdin, answers go to stdout."""
    for module in MODULES:
        import_module(module)
    answers = os.fdopen(os.dup(1), "w")
    for line in sys.stdin:
        request = json.loads(line)
        if request["arguments"][0] == "train":
            load_keras()
        print(json.dumps(asdict(_fork(request))), file=answers, flush=True)


def _fork(request: dict[str, Any]) -> Ended:
    lines = mmap.mmap(-1, 8)  # shared with the fork
    with tempfile.TemporaryFile() as stderr:
        started = time.monotonic()
        child = os.fork()
        if not child:
            _run(request, lines, stderr.fileno())
        status = _wait(child, request["seconds"])
        took = time.monotonic() - started
        stderr.seek(0)
        said = stderr.read().decode("utf-8", "replace")
    deadline = time.monotonic() + PATIENCE
    while (orphans := living(child)) and time.monotonic() < deadline:
        time.sleep(0.01)
    counted = int.from_bytes(lines[:8], "little")
    return Ended(os.waitstatus_to_exitcode(status), counted, len(orphans), took, said)


def _run(request: dict[str, Any], lines: mmap.mmap, stderr: int) -> None:
    """Be the program, in the fork."""
    os.setpgid(0, 0)
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor, place in ((nothing, 0), (nothing, 1), (stderr, 2)):
        os.dup2(descriptor, place)
    if request["largest"] is not None:
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (request["largest"],) * 2)
    sys.argv = ["sentiment", *request["arguments"]]
    if request["watch"]:
        sys.settrace(_counter(tuple(request["watch"]), request["line"], lines))
    from sentiment.cli import run

    run()


def _counter(watch: tuple[str, ...], fatal: int | None, lines: mmap.mmap) -> Any:
    """Count the lines that are executed of some modules, and die at one of them."""
    count = 0

    def step(_: Any, event: str, __: Any) -> Any:
        nonlocal count
        if event == "line":
            count += 1
            lines[:8] = count.to_bytes(8, "little")
            if count == fatal:
                os.kill(os.getpid(), signal.SIGKILL)
        return step

    return lambda frame, *_: step if frame.f_code.co_filename.endswith(watch) else None


def _wait(child: int, seconds: float | None) -> int:
    """Wait for a fork; kill it after so many seconds."""
    deadline = None if seconds is None else time.monotonic() + seconds
    while deadline is not None and time.monotonic() < deadline:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return status
        time.sleep(0.001)
    if deadline is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
    return os.waitpid(child, 0)[1]


if __name__ == "__main__":
    serve()
