"""Bytes: opening files and standard input, decompressing, and knowing when a read would wait."""

import io
import re
import stat
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal

from sentiment.errors import DataError, MissingDependencyError

Where = Path | Literal["-"]
STDIN = "<stdin>"  # what "-" is called in messages

BLOCK_BYTES = 1 << 17  # larger blocks make more garbage at a time, and are slower
COMPRESSIONS = {".gz": "gzip", ".bz2": "bzip2", ".xz": "xz", ".zst": "zstd"}
# How packed data begin, whatever they are called.
_PACKED = {
    "gzip": re.compile(rb"\x1f\x8b"),
    "bzip2": re.compile(rb"BZh\d(?:1AY&SY|\x17rE8P\x90)"),
    "xz": re.compile(rb"\xfd7zXZ\0"),
    "zstd": re.compile(rb"\x28\xb5\x2f\xfd"),
}


class TooLargeError(DataError):
    """More comes out of a file than may."""


@dataclass(frozen=True)
class OpenFile:
    """A file that is open already, such as one that came over a network.

    Attributes:
        file: Binary; it can be searched, and stays open.
        name: How messages call it; the suffix tells its format and how it is compressed.
        most_bytes: As many may come out of it, unpacked.
        row_chars: As many characters may a row of it have.
    """

    file: BinaryIO
    name: str
    most_bytes: int
    row_chars: int

    @property
    def suffix(self) -> str:
        """The last suffix of its name, in lower case."""
        return Path(self.name).suffix.lower()


class ByteStream:
    """A binary stream that is read in blocks as large as what is there, and unpacked on the way.

    Args:
        stream: An open binary stream.
        name: How messages call it.
        owned: Whether `close` closes the stream; standard input is left open.
        packed: What it is compressed with, one of `COMPRESSIONS`; None to see by its first bytes.
        most: As many bytes may come out of it; None for no limit.
    """

    def __init__(
        self,
        stream: BinaryIO,
        name: str,
        *,
        owned: bool = True,
        packed: str | None = None,
        most: int | None = None,
    ) -> None:
        self.name = name
        self._most = most
        self._given = 0
        self._stream = stream
        self._read = getattr(stream, "read1", stream.read)
        self._owned = owned
        self._packed = packed
        self._damage: tuple[type[Exception], ...] = ()
        self._pipe = _pipe_number(stream)
        self._begun = False

    def read(self) -> bytes:
        """Give what is there, at most a block; wait only when nothing is; empty at the end.

        Raises:
            DataError: The file cannot be read or is damaged.
            TooLargeError: There is more in it than may be.
            MissingDependencyError: What unpacks it is not installed.
        """
        block = self._block()
        if self._begun:
            return block
        self._begun = True
        packed = self._packed or next(
            (name for name, start in _PACKED.items() if start.match(block)), None
        )
        if packed is None:
            return block
        from sentiment.reviews.foreign import foreign  # a pointer may be called anything

        if not _PACKED[packed].match(block) and (what := foreign(block)):
            raise DataError(f"{self.name}: {what}")
        self._given = 0  # what counts is what comes out
        unpacked, self._damage = _unpacked(packed, _Rest(block, self._read))
        self._read = getattr(unpacked, "read1", unpacked.read)
        return self._block()

    def _block(self) -> bytes:
        try:
            block: bytes = self._read(BLOCK_BYTES)
        except self._damage as error:
            raise DataError(
                f"{self.name}: damaged or cut short ({error}); fetch it anew"
            ) from error
        except OSError as error:
            raise DataError(f"{self.name}: {error.strerror or error}") from error
        self._given += len(block)
        if self._most is not None and self._given > self._most:
            raise TooLargeError(f"{self.name}: more than {self._most:,} bytes, unpacked; cut it up")
        return block

    def read_all(self) -> bytes:
        """Give the rest of the stream whole."""
        return b"".join(iter(self.read, b""))

    def waits(self) -> bool:
        """Tell whether the next read would wait for a producer."""
        if self._pipe is None:
            return False
        import select

        try:
            ready, _, _ = select.select([self._pipe], [], [], 0)
        except (OSError, ValueError):  # Windows pipes, or a number beyond what select takes
            return True
        return not ready

    def close(self) -> None:
        """Close the stream if it was opened here."""
        if self._owned:
            self._stream.close()


def open_stream(where: Path | str | OpenFile) -> ByteStream:
    """Open a file or standard input; it is unpacked if its suffix or its first bytes say so.

    Args:
        where: A path, "-" for standard input, or a file that is open already.

    Raises:
        DataError: The file cannot be opened.
    """
    if where == "-":
        if sys.stdin is None:
            raise DataError(f"{STDIN}: closed; nothing can be read from it")
        return ByteStream(sys.stdin.buffer, STDIN, owned=False)
    if isinstance(where, OpenFile):
        packed = COMPRESSIONS.get(where.suffix)
        if packed and not where.file.seek(0, 2):
            raise _nothing_in(where.name)
        where.file.seek(0)
        return ByteStream(where.file, where.name, owned=False, packed=packed, most=where.most_bytes)
    path = Path(where)
    packed = COMPRESSIONS.get(path.suffix.lower())
    try:
        if packed and path.is_file() and not path.stat().st_size:
            raise _nothing_in(str(path))
        return ByteStream(path.open("rb"), str(where), packed=packed)
    except OSError as error:
        raise DataError(f"{where}: {error.strerror or error}") from error


def _nothing_in(name: str) -> DataError:
    """Refuse what gzip alone takes for an empty text."""
    return DataError(f"{name}: damaged or cut short (there is nothing in it); fetch it anew")


class _Rest(io.RawIOBase):
    """A stream whose first block was read already; it gives what is there."""

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


def _unpacked(packed: str, rest: Any) -> tuple[Any, tuple[type[Exception], ...]]:
    """Return what reads a compressed stream, and the exceptions by which that reports damage.

    Each decompressor is imported only when something asks for it.

    Raises:
        MissingDependencyError: It is not installed.
    """
    if packed == "gzip":
        import gzip
        import zlib

        return gzip.GzipFile(fileobj=rest, mode="rb"), (EOFError, gzip.BadGzipFile, zlib.error)
    if packed == "bzip2":
        import bz2

        return bz2.BZ2File(rest), (EOFError, OSError)
    if packed == "xz":
        import lzma

        return lzma.LZMAFile(rest), (EOFError, lzma.LZMAError)
    try:
        import pyarrow
    except ImportError as error:
        raise MissingDependencyError(
            "zstd needs pyarrow, which is not installed: pip install pyarrow; or unpack with unzstd"
        ) from error
    stream = pyarrow.CompressedInputStream(pyarrow.PythonFile(rest, mode="r"), "zstd")
    return stream, (OSError, pyarrow.ArrowException)


def _pipe_number(stream: BinaryIO) -> int | None:
    """Give the descriptor of a stream that may wait for its producer, None for plain files."""
    import os

    try:
        number = stream.fileno()
        return None if stat.S_ISREG(os.fstat(number).st_mode) else number
    except (OSError, AttributeError, ValueError):
        return None
