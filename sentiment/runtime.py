"""The process: optional packages, redirected output, memory limits, and signals."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from sentiment.errors import INTERRUPTED, TERMINATED, MissingDependencyError

# Matrix products on one core, whatever numpy uses (OpenBLAS, MKL, Accelerate): where cores are to
# share the work, processes do.
ONE_THREAD = {
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
}

# With less, the fixed costs per review would take most of it.
MIN_MEMORY = 200_000_000

_UNKNOWN = 4 << 30
_CGROUP = Path("/sys/fs/cgroup")

# Bytes of a pair of n-gram and review while n-grams are extracted, and afterwards.
_PAIR_EXTRACTED, _PAIR = 40, 16


def require(what: str, packages: str, install: str | None = None) -> None:
    """Check that optional packages are installed, without importing them.

    Args:
        what: the start of the message: `pictures need matplotlib`.
        packages: names to import, separated by spaces.
        install: names for pip, if they differ.

    Raises:
        MissingDependencyError: one is not installed.
    """
    from importlib.util import find_spec  # not needed for a short answer

    try:
        if all(find_spec(name) for name in packages.split()):
            return
    except ImportError:  # a parent package is damaged
        pass
    are = "are" if " and " in what else "is"
    raise MissingDependencyError(
        f"{what}, which {are} not installed: pip install {install or packages}"
    )


@contextmanager
def redirected(descriptor: int, to: int) -> Iterator[int]:
    """Redirect stdout (1) or stderr (2) to another descriptor while the block runs.

    Yields:
        A descriptor of the original stream. It is never closed: other threads may be writing to it.
    """
    stream = {1: sys.stdout, 2: sys.stderr}[descriptor]
    stream.flush()
    real = os.dup(descriptor)
    os.dup2(to, descriptor)
    try:
        yield real
    finally:
        stream.flush()
        os.dup2(real, descriptor)


@dataclass(frozen=True)
class Memory:
    """Memory for reviews and their features, in addition to TensorFlow's own.

    Attributes:
        bytes: the total.
    """

    bytes: int

    @classmethod
    def half(cls) -> "Memory":
        """Return half of the memory of this machine or container."""
        return cls(_available() // 2)

    @property
    def texts(self) -> int:
        """The most characters of text to keep in memory; more go to a file."""
        return self.bytes // 8

    @property
    def pairs(self) -> int:
        """The most pairs of n-gram and review to keep in memory; more go to shards in files."""
        return self.bytes // (2 * _PAIR)

    def pairs_of_shard(self, processes: int) -> int:
        """Return the number of pairs that each of several processes extracts per shard."""
        return self.bytes // (2 * processes * _PAIR_EXTRACTED)


def _available() -> int:
    """Return the bytes of memory of this machine, or the limit of this container."""
    try:
        machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):  # not on every system
        machine = _UNKNOWN
    limits = [_limit(_CGROUP / name) for name in ("memory.max", "memory/memory.limit_in_bytes")]
    return min([machine, *(limit for limit in limits if limit)])


def _limit(path: Path) -> int | None:
    """Read the limit of a control group; None if there is none."""
    try:
        return int(path.read_text())
    except (OSError, ValueError):  # another version of control groups, or "max"
        return None


class Stop:
    """Turns signals into exceptions, and records the exit code.

    Attributes:
        code: the exit code for the signal received; None if there was none.
        listening: whether signals come here: the process is the program's own, not one of a
            notebook or of another program that imports `sentiment`.
    """

    def __init__(self) -> None:
        self.code: int | None = None
        self.listening = False

    def listen(self) -> None:
        """Handle signals by exceptions, so that incomplete files are deleted."""
        self.listening = True
        signal.signal(signal.SIGTERM, self._terminate)
        # Interrupts stay ignored where they are, as in the background of a script.
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, self._interrupt)

    def _terminate(self, *_: object) -> NoReturn:
        self.code = TERMINATED
        raise SystemExit(TERMINATED)

    def _interrupt(self, *_: object) -> NoReturn:
        self.code = INTERRUPTED
        raise KeyboardInterrupt


stop = Stop()
