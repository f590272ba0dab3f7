"""The process: optional packages, how much memory it may use, and signals that stop it."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from sentiment.errors import INTERRUPTED, TERMINATED, MissingDependencyError

# With less, what is kept of each review whatever its length would be most of it.
LEAST = 200_000_000

_UNKNOWN = 4 << 30
_CGROUP = Path("/sys/fs/cgroup")

# Pairs of n-gram and review take so much while they are found, and so much once they are.
_FINDING, _FOUND = 40, 16


def require(what: str, packages: str, install: str | None = None) -> None:
    """Make sure that optional packages are installed; they are not imported yet.

    Args:
        what: what needs them, and how people call them: `pictures need matplotlib`.
        packages: as they are imported, between spaces.
        install: as they are installed, if otherwise.

    Raises:
        MissingDependencyError: one is not installed.
    """
    from importlib.util import find_spec  # a short answer starts without it

    try:
        if all(find_spec(name) for name in packages.split()):
            return
    except ImportError:  # the package that holds one of them is damaged
        pass
    are = "are" if " and " in what else "is"
    raise MissingDependencyError(
        f"{what}, which {are} not installed: pip install {install or packages}"
    )


@contextmanager
def redirected(descriptor: int, to: int) -> Iterator[int]:
    """Send what is written to stdout (1) or stderr (2) to another descriptor meanwhile.

    Yields:
        A descriptor of where it went before; it stays open, for threads that may write just then.
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
    """Room for reviews and what is made of them, beside what TensorFlow takes for itself.

    Attributes:
        bytes: how much in all.
    """

    bytes: int

    @classmethod
    def half(cls) -> "Memory":
        """Take half of what this machine, or this container, has."""
        return cls(_there_is() // 2)

    @property
    def texts(self) -> int:
        """How many bytes of text to keep in memory; all goes to a file where there are more."""
        return self.bytes // 8

    @property
    def pairs(self) -> int:
        """How many pairs of n-gram and review to keep in memory; with more they come in shards."""
        return self.bytes // (2 * _FOUND)

    def pairs_of_shard(self, processes: int) -> int:
        """How many such pairs each of some processes is to find at once."""
        return self.bytes // (2 * processes * _FINDING)


def _there_is() -> int:
    """Count the bytes of memory of this machine, or what this container may use of them."""
    try:
        machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):  # not on every system
        machine = _UNKNOWN
    limits = [_limit(_CGROUP / name) for name in ("memory.max", "memory/memory.limit_in_bytes")]
    return min([machine, *(limit for limit in limits if limit)])


def _limit(path: Path) -> int | None:
    """Read the limit of a control group, None where there is none."""
    try:
        return int(path.read_text())
    except (OSError, ValueError):  # another version of groups, or "max"
        return None


class Stop:
    """Remembers what the program was told.

    Attributes:
        code: the exit code that goes with it; None if nothing was told.
    """

    def __init__(self) -> None:
        self.code: int | None = None

    def listen(self) -> None:
        """Raise what a signal stands for, so that half-written files are removed on the way."""
        signal.signal(signal.SIGTERM, self._terminate)
        # Where interrupts are ignored, as in the background of a script, they stay so.
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, self._interrupt)

    def _terminate(self, *_: object) -> NoReturn:
        self.code = TERMINATED
        raise SystemExit(TERMINATED)

    def _interrupt(self, *_: object) -> NoReturn:
        self.code = INTERRUPTED
        raise KeyboardInterrupt


stop = Stop()
