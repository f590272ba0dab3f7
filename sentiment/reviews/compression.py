"""Compressed files: recognized by their first bytes, read and written by suffix."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePath
from typing import Any, BinaryIO

from sentiment.files import replacing
from sentiment.runtime import require

SUFFIXES = {".gz": "gzip", ".bz2": "bzip2", ".xz": "xz", ".zst": "zstd"}
# The first bytes of compressed data.
STARTS = {
    b"\x1f\x8b": "gzip",
    **{b"BZh%d1AY&SY" % level: "bzip2" for level in range(1, 10)},
    **{b"BZh%d\x17rE8P\x90" % level: "bzip2" for level in range(1, 10)},  # of nothing
    b"\xfd7zXZ\0": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
}


def compression_of(path: str | Path) -> str | None:
    """Return the compression that a suffix names, or None."""
    return SUFFIXES.get(Path(path).suffix.lower())


def without_compression(path: PurePath) -> PurePath:
    """Return a path without the suffixes of compression: `a.csv.gz` → `a.csv`."""
    while path.suffix.lower() in SUFFIXES:
        path = path.with_suffix("")
    return path


def detect(start: bytes) -> str | None:
    """Return the compression of data, by their first bytes; None if they are not compressed."""
    return next((name for first, name in STARTS.items() if start.startswith(first)), None)


def decompressed(
    compression: str, first: bytes, read: Any
) -> tuple[Any, tuple[type[Exception], ...]]:
    """Return a stream of decompressed data, and the exceptions it raises if they are damaged.

    Args:
        compression: One of the values of `SUFFIXES`.
        first: The first block of compressed data.
        read: Returns the next block of at most n bytes, of what is available.

    Raises:
        MissingDependencyError: Its decompressor is not installed.
    """
    rest: Any = _Rest(first, read)
    if compression == "gzip":
        import gzip
        import zlib

        return gzip.GzipFile(fileobj=rest, mode="rb"), (EOFError, gzip.BadGzipFile, zlib.error)
    if compression == "bzip2":
        import bz2

        return bz2.BZ2File(rest), (EOFError, OSError)
    if compression == "xz":
        import lzma

        return lzma.LZMAFile(rest), (EOFError, lzma.LZMAError)
    pyarrow = _import_for_zstd()
    stream = pyarrow.CompressedInputStream(pyarrow.PythonFile(rest, mode="r"), "zstd")
    return stream, (OSError, pyarrow.ArrowException)


@contextmanager
def writing(path: Path) -> Iterator[BinaryIO]:
    """Open a file to write, compressed as its suffix says; see `files.replacing`.

    After an error, the end that would make a stream look whole is not written.

    Raises:
        OSError: The file cannot be written.
        MissingDependencyError: Its compressor is not installed.
    """
    kind = compression_of(path)
    with replacing(path) as file:
        if kind is None:
            yield file
            return
        lent = LentFile(file)
        stream = _compressed(kind, lent)
        try:
            yield stream
        except BaseException:
            lent.discards = True
            raise
        finally:
            stream.close()


def _compressed(kind: str, file: Any) -> BinaryIO:
    """Return a stream that compresses to a file, which stays open when the stream is closed."""
    stream: Any
    if kind == "gzip":
        import gzip

        # Without name and time, equal answers are equal files.
        stream = gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0)
    elif kind == "bzip2":
        import bz2

        stream = bz2.BZ2File(file, "wb")
    elif kind == "xz":
        import lzma

        stream = lzma.LZMAFile(file, "wb")  # noqa: SIM115
    else:
        pyarrow = _import_for_zstd()
        stream = pyarrow.CompressedOutputStream(pyarrow.PythonFile(file, mode="w"), "zstd")
    return stream


def _import_for_zstd() -> Any:
    require("zstd needs pyarrow", "pyarrow.lib", "pyarrow; or unpack with unzstd")
    import pyarrow

    return pyarrow


class LentFile:
    """A file for libraries that would close or seek it: standard output must stay open.

    Attributes:
        discards: Whether to write nothing more.
    """

    closed = False

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._written = 0
        self.discards = False

    def write(self, data: Any) -> int:
        """Write all data."""
        if not self.discards:
            self._stream.write(data)
        self._written += len(data)
        return len(data)

    def tell(self) -> int:
        """Return the number of bytes written."""
        return self._written

    def flush(self) -> None:
        """Flush the file."""
        if not self.discards:
            self._stream.flush()

    def close(self) -> None:
        """Leave the file open."""


class _Rest(io.RawIOBase):
    """A stream whose first block has been read; it returns what is available."""

    def __init__(self, first: bytes, read: Any) -> None:
        self._first = first
        self._read = read

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        size = len(buffer)
        block = self._first or self._read(size)
        self._first = block[size:]
        buffer[: len(block[:size])] = block[:size]
        return len(block[:size])
