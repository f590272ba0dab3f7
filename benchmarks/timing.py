"""Whole commands: how long they take beside each other, and how much memory they take."""

import subprocess
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median

Command = Sequence[str | Path]


def seconds(command: Command) -> float:
    """Run a command; return the wall time from its start to its end."""
    begin = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - begin


@dataclass(frozen=True)
class Pairs:
    """Times of two commands that took turns, so that what slows the machine slows both.

    Attributes:
        ours, theirs: seconds, one a turn.
    """

    ours: list[float]
    theirs: list[float]

    @property
    def ratios(self) -> list[float]:
        """Ours to theirs, one a turn."""
        return [a / b for a, b in zip(self.ours, self.theirs, strict=True)]

    @property
    def ratio(self) -> float:
        """The median of the ratios."""
        return median(self.ratios)


def alternate(ours: Command, theirs: Command, turns: int) -> Pairs:
    """Run two commands by turns."""
    times = [(seconds(ours), seconds(theirs)) for _ in range(turns)]
    return Pairs([a for a, _ in times], [b for _, b in times])


@dataclass(frozen=True)
class Memory:
    """The most memory that was taken while a command ran, in megabytes.

    Attributes:
        tree: all its processes together, what they share counted once.
        process: the largest of them alone.
        nameless: in temporary files without a name, of the process that was started.
    """

    tree: float
    process: float
    nameless: float


def memory(command: Command, pause: float = 0.01) -> Memory:
    """Run a command and watch its processes.

    Args:
        command: what to run.
        pause: seconds between two looks; to look at a large process takes it some time, too.
    """
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        ended = threading.Event()
        peaks = [0.0, 0.0, 0.0]

        def watch() -> None:
            while not ended.wait(pause):
                sizes = [memory_of(pid) for pid in _tree(running.pid)]
                peaks[0] = max(peaks[0], sum(sizes))
                peaks[1] = max(peaks[1], *sizes, 0.0)
                peaks[2] = max(peaks[2], _nameless(running.pid))

        watcher = threading.Thread(target=watch)
        watcher.start()
        code = running.wait()
        ended.set()
        watcher.join()
    if code:
        raise subprocess.CalledProcessError(code, list(map(str, command)))
    return Memory(*peaks)


@dataclass(frozen=True)
class Watched:
    """What a command took.

    Attributes:
        seconds: from its start to its end.
        first: the largest resident set of the process that was started, in megabytes.
        worker: that of the largest of the processes that it started; 0 without.
    """

    seconds: float
    first: float
    worker: float


def watched(command: Command, pause: float = 0.05) -> Watched:
    """Run a command, and keep the most memory that each of its processes ever had.

    The kernel keeps that itself, so that no peak falls between two looks; only what is taken in the
    last moments of a process may be missed.
    """
    peaks: dict[int, float] = {}
    begin = time.perf_counter()
    with (
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors) as running,
    ):
        while running.poll() is None:
            peaks |= {pid: most for pid in _tree(running.pid) if (most := _most_of(pid))}
            with suppress(subprocess.TimeoutExpired):
                running.wait(pause)
        taken = time.perf_counter() - begin
        if running.returncode:
            errors.seek(0)
            raise SystemExit(errors.read().decode())
    first = peaks.pop(running.pid, 0.0)
    return Watched(taken, first, max(peaks.values(), default=0.0))


def _most_of(pid: int) -> float:
    """The largest resident set that a process has had, in megabytes; 0 if it is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) * 1.024e-3 for line in lines if "VmHWM" in line), 0.0)


def _nameless(pid: int) -> float:
    """The size of the files that a process has open and that nobody can find, in megabytes."""
    size = 0
    with suppress(OSError):  # it is gone, or has just closed one
        for link in Path(f"/proc/{pid}/fd").iterdir():
            if str(link.readlink()).endswith("(deleted)"):
                size += link.stat().st_size
    return size / 1e6


def _tree(pid: int) -> list[int]:
    """A process and all that it started."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return [pid]
    return [pid, *(p for child in children for p in _tree(int(child)))]


def memory_of(pid: int) -> float:
    """The proportional set size of a process, in megabytes; 0 if it is gone."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1e3 for line in lines if line.startswith("Pss:")), 0.0)
