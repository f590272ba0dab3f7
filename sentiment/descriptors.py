"""Open descriptors, read and written whole: what is not ready yet is waited for.

Whoever opened a pipe or a terminal may have set it not to block, and others may share it. Then
nothing that is there yet looks to Python like the end, and what does not fit is left to the caller.
The setting is theirs, so it stays.
"""

from io import BufferedReader, BufferedWriter, FileIO, RawIOBase
from typing import Any


def reader(descriptor: int) -> BufferedReader:
    """Give what an open descriptor is read by; it stays open."""
    return BufferedReader(_Patient(FileIO(descriptor, "rb", closefd=False)))


def writer(descriptor: int, *, owned: bool = False) -> BufferedWriter:
    """Give what an open descriptor is written by: all of it, or an OSError when it is flushed.

    Args:
        descriptor: its number.
        owned: whether it is closed with what this gives.
    """
    return BufferedWriter(_Patient(FileIO(descriptor, "wb", closefd=owned)))


class _Patient(RawIOBase):
    """A descriptor that waits."""

    def __init__(self, file: FileIO) -> None:
        self._file = file
        self.name = file.name
        self.mode = file.mode

    def readable(self) -> bool:
        return self._file.readable()

    def writable(self) -> bool:
        return self._file.writable()

    def isatty(self) -> bool:
        return self._file.isatty()

    def fileno(self) -> int:
        return self._file.fileno()

    def readinto(self, buffer: Any) -> int:
        # What the type says is not so: where a read would block, there is no number.
        count: int | None
        while (count := self._file.readinto(buffer)) is None:
            self._wait(reading=True)
        return count

    def write(self, data: Any) -> int:
        count: int | None
        while (count := self._file.write(data)) is None:
            self._wait(reading=False)
        return count

    def close(self) -> None:
        super().close()
        self._file.close()

    def _wait(self, *, reading: bool) -> None:
        import select

        waiting = [self._file]
        select.select(waiting if reading else [], [] if reading else waiting, [])
