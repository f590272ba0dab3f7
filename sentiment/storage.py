"""Arrays and texts in memory, or in temporary files if there are too many.

The files are in `TMPDIR`, else in `/var/tmp`, which is meant for large files and, unlike `/tmp`, is
rarely in memory itself. They have no name: the system deletes them however the process ends.
"""

import os
import pickle
from collections.abc import Iterable, Iterator, Sequence
from io import BufferedReader, RawIOBase
from itertools import accumulate, chain
from pathlib import Path
from typing import Any, BinaryIO, cast, overload
from weakref import finalize

import numpy as np
from numpy.typing import NDArray

from sentiment.errors import SentimentError

Numbers = NDArray[np.int64]

_ROOMY = Path("/var/tmp")

# JSON can express a lone surrogate, which is not valid UTF-8.
_LENIENT = "surrogatepass"
_AT_ONCE = 1024


def folder() -> str:
    """Return the folder for temporary files."""
    named = any(os.environ.get(name) for name in ("TMPDIR", "TEMP", "TMP"))
    if not named and _ROOMY.is_dir() and os.access(_ROOMY, os.W_OK | os.X_OK):
        return str(_ROOMY)
    import tempfile  # few trainings, and no answer to a text, need a file

    return tempfile.gettempdir()


def temporary_copy(blocks: Iterable[bytes]) -> BinaryIO:
    """Return a temporary file of some blocks, at its start; it is deleted when it is closed.

    Raises:
        SentimentError: it cannot be created, or the disk is full.
    """
    import tempfile

    try:
        file = cast(BinaryIO, tempfile.TemporaryFile(dir=folder(), buffering=0))  # noqa: SIM115
    except OSError as error:
        raise _no_space(error) from error
    try:
        for block in blocks:
            _write_all(file, memoryview(block))
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file


class ArrayFile:
    """A temporary file of one-dimensional arrays: first all are written, then they are read."""

    def __init__(self) -> None:
        """Create the file.

        Raises:
            SentimentError: it cannot be created.
        """
        try:
            import tempfile

            self._file = tempfile.TemporaryFile(dir=folder(), buffering=0)  # noqa: SIM115
        except OSError as error:
            raise _no_space(error) from error
        finalize(self, self._file.close)
        self._parts: list[tuple[int, int, Any]] = []
        self._end = 0

    def append(self, array: NDArray[Any]) -> None:
        """Write an array; not through a mapping, with which a full disk kills the process.

        Raises:
            SentimentError: the disk is full.
        """
        start = self._end + -self._end % array.itemsize
        self._write(np.zeros(start - self._end, np.uint8))
        self._write(np.ascontiguousarray(array).view(np.uint8))
        self._parts.append((start, self._end, array.dtype))

    def _write(self, array: NDArray[np.uint8]) -> None:
        _write_all(self._file, array.data)
        self._end += array.nbytes

    def arrays(self) -> list[NDArray[Any]]:
        """Return all arrays, memory-mapped: pages are read when needed."""
        everything = self.joined(np.uint8)
        return [everything[start:end].view(dtype) for start, end, dtype in self._parts]

    def joined(self, dtype: Any) -> NDArray[Any]:
        """Return the arrays, all of one type, as one.

        Raises:
            SentimentError: the file system does not support memory-mapping.
        """
        if not self._end:
            return np.zeros(0, dtype)
        try:
            return np.memmap(self._file, dtype, "r")
        except OSError as error:
            raise _no_space(error) from error


class ObjectFile:
    """A temporary file of Python objects, each of which is read again by the place it is at."""

    def __init__(self) -> None:
        """Create the file.

        Raises:
            SentimentError: it cannot be created.
        """
        self._file = temporary_copy(())
        finalize(self, self._file.close)
        self._end = 0

    def extend(self, values: Iterable[object]) -> list[int]:
        """Write objects, and return their places.

        Raises:
            SentimentError: the disk is full.
        """
        parts = [pickle.dumps(value, protocol=5) for value in values]
        places = [*accumulate(map(len, parts), initial=self._end)]
        self._file.seek(self._end)
        _write_all(self._file, memoryview(b"".join(parts)))
        self._end = places.pop()
        return places

    def read(self, places: Iterable[int]) -> Iterator[Any]:
        """Yield the objects at some places."""
        buffered = BufferedReader(cast(RawIOBase, self._file))
        try:
            for place in places:
                buffered.seek(place)
                yield pickle.load(buffered)
        finally:
            buffered.detach()  # closing it would close the file


class ArrayList(list[NDArray[Any]]):
    """Like an `ArrayFile`, but in memory."""

    def arrays(self) -> list[NDArray[Any]]:
        """Return all arrays."""
        return self

    def joined(self, dtype: Any) -> NDArray[Any]:
        """Return the arrays as one."""
        return np.concatenate([np.zeros(0, dtype), *self])


class TextStore(Sequence[str]):
    """Texts as UTF-8, in memory or in files; each is decoded when it is read.

    Args:
        data: arrays of bytes, uint8.
        rows: the index of the array, the start and the number of bytes of each text, int64 [n, 3].
    """

    def __init__(self, data: Sequence[NDArray[np.uint8]], rows: Numbers) -> None:
        self.data = data
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [self._text(*row) for row in self.rows[index].tolist()]
        return self._text(*self.rows[index].tolist())

    def __iter__(self) -> Iterator[str]:
        return chain.from_iterable(
            self[first : first + _AT_ONCE] for first in range(0, len(self), _AT_ONCE)
        )

    def _text(self, part: int, start: int, size: int) -> str:
        return self.data[part][start : start + size].tobytes().decode("utf-8", _LENIENT)


class GrowingTexts:
    """Collects texts: in a list at first, in a file once there are too many."""

    def __init__(self, max_chars: int | None = None) -> None:
        """Begin without texts; keep up to `max_chars` characters in memory, or all."""
        self._max_chars = max_chars
        self._chars = 0
        self._list: list[str] = []
        self._file: ArrayFile | None = None
        self._sizes = [np.zeros(0, np.int64)]

    def extend(self, texts: Sequence[str]) -> None:
        """Add texts at the end."""
        self._list += texts
        self._chars += sum(map(len, texts))
        if self._max_chars is None or self._chars <= self._max_chars:
            return
        self._file = self._file or ArrayFile()
        for first in range(0, len(self._list), _AT_ONCE):
            data, sizes = _encoded(self._list[first : first + _AT_ONCE])
            self._file.append(data)
            self._sizes.append(sizes)
        self._list = []

    def done(self) -> Sequence[str]:
        """Return all texts: a list, or a store."""
        if self._file is None:
            return self._list
        return _store(self._file.joined(np.uint8), np.concatenate(self._sizes))


def concatenate(*parts: Sequence[str]) -> Sequence[str]:
    """Return the texts of all parts; those in a file stay there."""
    if not any(isinstance(part, TextStore) for part in parts):
        return list(chain.from_iterable(parts))
    data: list[NDArray[np.uint8]] = []
    rows = []
    for part in parts:
        store = part if isinstance(part, TextStore) else _store(*_encoded(part))
        rows.append(store.rows + np.array([len(data), 0, 0]))
        data += store.data
    return TextStore(data, np.concatenate(rows))


def take(texts: Sequence[str], rows: Numbers) -> Sequence[str]:
    """Return the texts at the given indices; those in a file stay there."""
    if isinstance(texts, TextStore):
        return TextStore(texts.data, texts.rows[rows])
    return [texts[row] for row in rows.tolist()]


def sizes_of(texts: Sequence[str]) -> Numbers:
    """Return the length of each text, in characters or, in a store, bytes: int64 [n]."""
    if isinstance(texts, TextStore):
        return texts.rows[:, 2]
    return np.fromiter(map(len, texts), np.int64, len(texts))


def _encoded(texts: Sequence[str]) -> tuple[NDArray[np.uint8], Numbers]:
    """Return the bytes of all texts, and the number of bytes of each."""
    data = [text.encode("utf-8", _LENIENT) for text in texts]
    return np.frombuffer(b"".join(data), np.uint8), sizes_of(data)  # type: ignore[arg-type]


def _store(data: NDArray[np.uint8], sizes: Numbers) -> TextStore:
    return TextStore(
        [data], np.stack([np.zeros_like(sizes), np.cumsum(sizes) - sizes, sizes], axis=1)
    )


def _write_all(file: Any, rest: memoryview) -> None:
    """Write all bytes to an unbuffered file."""
    try:
        while rest.nbytes:
            rest = rest[file.write(rest) :]
    except OSError as error:
        raise _no_space(error) from error


def _no_space(error: OSError) -> SentimentError:
    return SentimentError(
        f"{folder()}: no space for temporary files ({error.strerror}); set TMPDIR to another folder"
    )
