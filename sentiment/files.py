"""Atomic replacement of files, locks, and descriptors that may be non-blocking."""

import os
import re
import stat
import sys
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from io import BufferedReader, BufferedWriter, FileIO, RawIOBase
from pathlib import Path
from typing import Any, BinaryIO


def reader(descriptor: int) -> BufferedReader:
    """Return a reader for an open descriptor, which stays open."""
    return BufferedReader(_PatientReader(FileIO(descriptor, "rb", closefd=False)))


def writer(descriptor: int, *, owned: bool = False) -> BufferedWriter:
    """Return a writer for an open descriptor, which it closes if `owned`.

    An incomplete write raises OSError on flush.
    """
    return _PatientWriter(FileIO(descriptor, "wb", closefd=owned))


class _PatientWriter(BufferedWriter):
    """A writer that waits where a non-blocking descriptor takes no more.

    Its raw writes stay in C: a signal handler that raised between one and its count would make the
    same bytes be written again.
    """

    def write(self, data: Any) -> int:
        rest = memoryview(data)
        while True:
            try:
                super().write(rest)
            except BlockingIOError as error:
                rest = rest[error.characters_written :]
                _wait(writing=[self])
            else:
                return len(data)

    def flush(self) -> None:
        while True:
            try:
                return super().flush()
            except BlockingIOError:
                _wait(writing=[self])


class _PatientReader(RawIOBase):
    """A descriptor that waits where a non-blocking one would return nothing."""

    def __init__(self, file: FileIO) -> None:
        self._file = file
        self.name = file.name
        self.mode = file.mode

    def readable(self) -> bool:
        return self._file.readable()

    def isatty(self) -> bool:
        return self._file.isatty()

    def fileno(self) -> int:
        return self._file.fileno()

    def readinto(self, buffer: Any) -> int:
        # Despite its type, it returns None where a read would block.
        count: int | None
        while (count := self._file.readinto(buffer)) is None:
            _wait(reading=[self._file])
        return count

    def close(self) -> None:
        super().close()
        self._file.close()


def _wait(*, reading: Sequence[Any] = (), writing: Sequence[Any] = ()) -> None:
    """Wait until one of some files is ready."""
    import select

    select.select(reading, writing, [])


_KEPT = 40  # characters of a name, of up to four bytes each
_TEMPORARY = re.compile(r"(\..*\.)[0-9a-f]{8}\.partial", re.DOTALL)
_DESCRIPTORS = {"/dev/stdin": 0, "/dev/stdout": 1, "/dev/stderr": 2}


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Open a temporary file next to the target; once written, sync it and rename it to the target.

    The target does not change if the block raises or the process is killed. The next write to the
    same target deletes temporary files of killed processes. What is not a regular file (a device, a
    named pipe, `/dev/stdout`) is written to directly.

    Raises:
        OSError: the file cannot be written; the error names the target.
    """
    if is_stream(path):
        with _open_stream(path) as stream:
            yield stream
        return
    target = path.resolve()  # replace what a link points to, not the link
    # The target's name may have the greatest length allowed, so the temporary name is cut.
    start = _start_of(target)
    temporary = target.with_name(f"{start}{os.urandom(4).hex()}.partial")
    try:
        _clear_abandoned(target.parent, {start})
        with _open_locked(temporary) as file:
            if target.exists():  # keep its permissions
                temporary.chmod(target.stat().st_mode & 0o777)
            yield file
            file.flush()
            os.fsync(file.fileno())
            if sys.platform == "win32":  # which cannot rename an open file
                file.close()
            temporary.replace(target)
    except BaseException as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.filename in (None, str(temporary)):
            error.filename = str(path)
        raise


def clear_abandoned(targets: Iterable[Path]) -> bool:
    """Delete the temporary files that killed processes left for some targets.

    Returns:
        False if some remain, because a process is still writing them.
    """
    starts: dict[Path, set[str]] = {}
    for target in targets:
        starts.setdefault(target.resolve().parent, set()).add(_start_of(target))
    left = [folder for folder, names in starts.items() if not _clear_abandoned(folder, names)]
    return not left


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Lock a folder against other processes that lock it; the lock ends with the process.

    Raises:
        BlockingIOError: another process holds the lock.
    """
    if sys.platform == "win32":  # which cannot lock folders
        yield
        return
    import fcntl

    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not (folder.exists() and os.path.samestat(os.fstat(descriptor), folder.stat())):
            raise BlockingIOError("another process that had it has just deleted it")
        yield
    finally:
        os.close(descriptor)


def is_stream(path: Path) -> bool:
    """Return whether a path must be written to directly, such as a device or a pipe."""
    return _descriptor(path) is not None or (path.exists() and not path.is_file())


def _open_locked(temporary: Path) -> BinaryIO:
    """Create a file and lock it while it is open, which marks it as not abandoned."""
    while True:
        file = temporary.open("xb")
        if sys.platform == "win32":
            return file
        import fcntl

        with suppress(OSError):  # a file system without locks: abandoned files stay there
            fcntl.flock(file, fcntl.LOCK_EX)
        if temporary.exists():
            return file
        file.close()  # another process deleted it as abandoned before it was locked


def _start_of(target: Path) -> str:
    return f".{target.name[:_KEPT]}."


def _clear_abandoned(folder: Path, starts: Collection[str]) -> bool:
    """Delete the temporary files of killed processes; return whether all are gone.

    A lock shows that the writer is alive. Its process number would not: in another container, or on
    another machine that shares the folder, the same number is another process.
    """
    if sys.platform == "win32":
        return True
    names: list[str] = []
    with suppress(OSError):  # a folder without read permission
        names = os.listdir(folder)  # noqa: PTH208
    found = [(name, _TEMPORARY.fullmatch(name)) for name in names]
    ours = [folder / name for name, match in found if match and match[1] in starts]
    left = [path for path in ours if not _delete_unlocked(path)]
    return not left


def _delete_unlocked(path: Path) -> bool:
    """Delete a file unless it is locked; return whether it is gone."""
    import fcntl

    with suppress(OSError):  # locked, unreadable, or gone
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            if stat.S_ISREG(os.fstat(descriptor).st_mode):
                fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
                path.unlink()
        finally:
            os.close(descriptor)
    return not os.path.lexists(path)


def _descriptor(path: Path) -> int | None:
    """Return the descriptor that a path such as `/dev/fd/3` names, or None."""
    numbered = re.fullmatch(r"(?:/dev|/proc/self)/fd/(\d{1,6})", path.as_posix())
    return int(numbered[1]) if numbered else _DESCRIPTORS.get(path.as_posix())


def _open_stream(path: Path) -> BinaryIO:
    descriptor = _descriptor(path)
    # Opening a file behind /dev/stdout by name would truncate it.
    return path.open("wb") if descriptor is None else writer(os.dup(descriptor), owned=True)
