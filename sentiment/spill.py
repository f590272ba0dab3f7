"""A temporary file for what memory is not to hold; nothing of it stays, however the process ends.

It stands where `TMPDIR` says, else in `/var/tmp`, which is meant for large files and, unlike
`/tmp`, is seldom a part of memory itself.
"""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from weakref import finalize

import numpy as np
from numpy.typing import NDArray

from sentiment.errors import SentimentError

_ROOMY = Path("/var/tmp")


def folder() -> str:
    """Give the folder that temporary files go to."""
    named = any(os.environ.get(name) for name in ("TMPDIR", "TEMP", "TMP"))
    if not named and _ROOMY.is_dir() and os.access(_ROOMY, os.W_OK | os.X_OK):
        return str(_ROOMY)
    return tempfile.gettempdir()


class Spill:
    """One such file, which grows at its end.

    It has no name, or loses it at once: the system takes its room back when nobody holds it open.
    """

    def __init__(self) -> None:
        """Make the file.

        Raises:
            SentimentError: it cannot be made.
        """
        try:
            self._file = tempfile.TemporaryFile(dir=folder(), buffering=0)  # noqa: SIM115
        except OSError as error:
            raise _no_room(error) from error
        self._end = 0
        finalize(self, self._file.close)

    def put(self, array: NDArray[Any]) -> "Spilled":
        """Write an array of one dimension at the end.

        Raises:
            SentimentError: there is no room for it.
        """
        start = self._end
        rest = np.ascontiguousarray(array).view(np.uint8).data
        try:
            while rest.nbytes:
                written = self._file.write(rest)
                self._end += written
                rest = rest[written:]
        except OSError as error:
            raise _no_room(error) from error
        return Spilled(self, start, array.size, array.dtype)

    def whole(self, dtype: Any) -> "Spilled":
        """Take all that was written for one array."""
        kind = np.dtype(dtype)
        return Spilled(self, 0, self._end // kind.itemsize, kind)

    def read_into(self, place: memoryview, start: int) -> None:
        """Fill memory with what stands from a byte on."""
        while place.nbytes:
            read = os.preadv(self._file.fileno(), [place], start)
            if not read:
                raise EOFError
            place, start = place[read:], start + read


@dataclass(frozen=True, eq=False)
class Spilled:
    """An array of one dimension in a file; a slice of it is read when it is asked for.

    Attributes:
        spill: the file.
        start: where it begins there, in bytes.
        size, dtype: as of an array.
    """

    spill: Spill
    start: int
    size: int
    dtype: np.dtype[Any]

    def __getitem__(self, part: slice) -> NDArray[Any]:
        """Read a slice of step 1 into memory."""
        first, last, _ = part.indices(self.size)
        return self.gather([first], [max(last - first, 0)])

    def gather(self, starts: Any, lengths: Any) -> NDArray[Any]:
        """Read several runs, and put them one behind the other.

        Args:
            starts: where each begins, [n].
            lengths: how many entries each has, [n].
        """
        width = self.dtype.itemsize
        found = np.empty(int(np.sum(lengths)), self.dtype)
        place, done = found.view(np.uint8).data, 0
        bytes_of = (np.asarray(lengths, np.int64) * width).tolist()
        firsts = (np.asarray(starts, np.int64) * width + self.start).tolist()
        for first, size in zip(firsts, bytes_of, strict=True):
            self.spill.read_into(place[done : done + size], first)
            done += size
        return found


Stored = NDArray[Any] | Spilled


def gather(array: Stored, starts: NDArray[np.int64], lengths: NDArray[np.int64]) -> NDArray[Any]:
    """Put several runs of an array one behind the other, wherever it is kept.

    Args:
        array: of one dimension.
        starts: where each run begins, int64 [n].
        lengths: how many entries each has, int64 [n].
    """
    if isinstance(array, Spilled):
        return array.gather(starts, lengths)
    before = np.cumsum(lengths) - lengths
    entries = np.arange(int(lengths.sum())) + np.repeat(starts - before, lengths)
    return array[entries]


def _no_room(error: OSError) -> SentimentError:
    return SentimentError(
        f"{folder()}: no room for temporary files ({error.strerror}); TMPDIR names another folder"
    )
