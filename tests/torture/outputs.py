"""Where output cannot go: closed pipes, full disks, folders that may not be written.

There has to be one line that says it, the exit code for it, and the old file.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.torture.forked import ROOT
from tests.torture.outcome import Outcome
from tests.torture.started import HANG, OLD, TARGET, Workshop, workshop

TITLE = "Closed pipes and full disks"
SMALL = 0.1
FEW = ("predict", "predict -o")

# Descriptor 0 closed, or files of 1,000 bytes at the most; then the program.
_WITHOUT_STDIN = "import os; os.close(0)"
_SMALL_FILES = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))"
_THEN = """
import os, sys
os.execv(sys.executable, [sys.executable, "-m", "sentiment", *sys.argv[1:]])
"""


def run(share: float) -> Iterator[Outcome]:
    """Try each command once; of a small share, a few, and nothing that is mounted."""
    with workshop() as here:
        names = FEW if share < SMALL else tuple(here.commands)
        printing = [name for name in names if name not in ("report", "predict -o")]
        writing = [name for name in names if TARGET in here.commands[name]]
        yield _reader_gone(here, printing)
        yield _stdout_full(here, printing)
        yield _nothing_to_read(here, names)
        yield _files_too_large(here, writing)
        yield _linked(here, writing)
        if share >= SMALL:
            yield from _mounted(here, writing)


def _reader_gone(here: Workshop, names: list[str]) -> Outcome:
    outcome = Outcome("nobody reads stdout: 141, without a word of it")
    for name in names:
        reading, writing = os.pipe()
        os.close(reading)
        code, said, _ = here.starting(*here.commands[name], stdout=writing).ended()
        os.close(writing)
        outcome.check(code == 141 and "rror" not in said, f"{name}: {code}, {said[-500:]!r}")
    return outcome


def _stdout_full(here: Workshop, names: list[str]) -> Outcome:
    outcome = Outcome("stdout is /dev/full: 1, and one line that says so")
    for name in names:
        with Path("/dev/full").open("w") as full:
            code, said, _ = here.starting(*here.commands[name], stdout=full.fileno()).ended()
        holds = code == 1 and _one_line(said, "No space left")
        outcome.check(holds, f"{name}: {code}, {said[-500:]!r}")
    return outcome


def _nothing_to_read(here: Workshop, names: tuple[str, ...]) -> Outcome:
    outcome = Outcome("stdin is closed: as if nothing was there to read")
    for name in names:
        code, said = _after(_WITHOUT_STDIN, here, name)
        outcome.check(code == 0 and "Traceback" not in said, f"{name}: {code}, {said[-500:]!r}")
    return outcome


def _files_too_large(here: Workshop, names: list[str]) -> Outcome:
    outcome = Outcome("files may have 1,000 bytes: 1, one line, and the old file")
    for name in names:
        here.reset()
        code, said = _after(_SMALL_FILES, here, name)
        holds = code == 1 and _one_line(said, "File too large", here.target)
        holds &= here.there() == {here.target.name: OLD}
        outcome.check(holds, f"{name}: {code}, {sorted(here.there())}, {said[-500:]!r}")
    return outcome


def _linked(here: Workshop, names: list[str]) -> Outcome:
    """Write to a link into another folder, on another file system where there is one."""
    shared = Path("/dev/shm")
    with TemporaryDirectory(dir=shared if shared.is_dir() else None) as name:
        other = Path(name) / "target"
        far = other.stat().st_dev if other.exists() else Path(name).stat().st_dev
        where = "on another file system" if far != here.folder.stat().st_dev else "elsewhere"
        outcome = Outcome(f"the target is a link to a file {where}: that is replaced")
        for command in names:
            here.reset()
            here.target.unlink()
            other.write_bytes(OLD)
            here.target.symlink_to(other)
            code, said, _ = here.starting(*here.commands[command]).ended()
            holds = code == 0 and here.target.is_symlink() and other.read_bytes() != OLD
            holds &= len(list(other.parent.iterdir())) == len(here.there()) == 1
            outcome.check(holds, f"{command}: {code}, {said[-500:]!r}")
            here.target.unlink()
    return outcome


def _mounted(here: Workshop, names: list[str]) -> Iterator[Outcome]:
    """Write to file systems made for it: one that is full, and one that is read-only."""
    full = Outcome("the disk is full: 1, one line, and the old file")
    closed = Outcome("the folder is read-only: 2, one line, and the old file")
    for name in names:
        here.reset()
        with _mount(here.target.parent, "-t", "tmpfs", "-o", "size=64k", "tmpfs") as mounted:
            if not mounted:
                print("  disks are not tried: only root can mount any", file=sys.stderr)
                return
            here.reset()
            with (here.target.parent / "rest").open("wb", buffering=0) as rest:
                while _written(rest):
                    pass
            code, said, _ = here.starting(*here.commands[name]).ended()
            holds = code == 1 and _one_line(said, "No space left", here.target)
            holds &= here.there().keys() == {here.target.name, "rest"}
            holds &= here.target.read_bytes() == OLD
            full.check(holds, f"{name}: {code}, {sorted(here.there())}, {said[-500:]!r}")
        with _mount(here.target.parent, "--bind", "-o", "ro", str(here.target.parent)):
            code, said, _ = here.starting(*here.commands[name]).ended()
            holds = code == 2 and _one_line(said, "cannot write there: Read-only", here.target)
            holds &= here.there() == {here.target.name: OLD}
            closed.check(holds, f"{name}: {code}, {said[-500:]!r}")
    yield full
    yield closed


@contextmanager
def _mount(folder: Path, *arguments: str) -> Iterator[bool]:
    """Mount something on a folder; False if that is not allowed."""
    command = ["mount", *arguments, str(folder)]
    mounted = (
        bool(shutil.which("mount"))
        and not subprocess.run(command, capture_output=True, check=False).returncode
    )
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", str(folder)], check=True)


def _written(file) -> int:
    """Write some bytes; 0 if there is no room."""
    try:
        return file.write(bytes(512))
    except OSError:
        return 0


def _after(code: str, here: Workshop, name: str) -> tuple[int, str]:
    """Run a command in a process in which something was done before."""
    arguments = (here.target if each == TARGET else each for each in here.commands[name])
    done = subprocess.run(
        [sys.executable, "-c", code + _THEN, *map(str, arguments)], capture_output=True,
        check=False, cwd=ROOT, env=os.environ | here.environment, text=True, timeout=HANG,
    )  # fmt: skip
    return done.returncode, done.stderr


def _one_line(said: str, reason: str, target: Path | None = None) -> bool:
    """Whether a single error was told, with its reason and its file."""
    errors = [line for line in said.splitlines() if line.startswith("error: ")]
    return (
        len(errors) == 1
        and "Traceback" not in said
        and reason in errors[0]
        and str(target or "") in errors[0]
    )
