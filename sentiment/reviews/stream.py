"""Bytes: opening files and standard input, decompressing, and knowing when a read would wait."""

import stat
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

from sentiment.errors import DataError

Where = Path | Literal["-"]

BLOCK_BYTES = 1 << 17  # larger blocks make more garbage at a time, and are slower
COMPRESSIONS = {".gz": "gzip", ".bz2": "bzip2", ".xz": "xz"}


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
    """A binary stream that is read in blocks as large as what is there.

    Args:
        stream: An open binary stream.
        name: How messages call it.
        owned: Whether `close` closes the stream; standard input is left open.
        damage: The exceptions by which a decompressor says that the file is damaged.
        most: As many bytes may come out of it; None for no limit.
    """

    def __init__(
        self,
        stream: BinaryIO,
        name: str,
        *,
        owned: bool = True,
        damage: tuple[type[Exception], ...] = (),
        most: int | None = None,
    ) -> None:
        self.name = name
        self._most = most
        self._given = 0
        self._stream = stream
        self._read = getattr(stream, "read1", stream.read)
        self._owned = owned
        self._damage = damage
        self._pipe = _pipe_number(stream)

    def read(self) -> bytes:
        """Give what is there, at most a block; wait only when nothing is; empty at the end.

        Raises:
            DataError: The file cannot be read or is damaged.
            TooLargeError: There is more in it than may be.
        """
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
    """Open a file or standard input; a known suffix such as `.gz` is decompressed on the way.

    Args:
        where: A path, "-" for standard input, or a file that is open already.

    Raises:
        DataError: The file cannot be opened.
    """
    if where == "-":
        if sys.stdin is None:
            raise DataError("<stdin>: closed; nothing can be read from it")
        return ByteStream(sys.stdin.buffer, "<stdin>", owned=False)
    if isinstance(where, OpenFile):
        if where.suffix in COMPRESSIONS:
            if not where.file.seek(0, 2):
                raise _nothing_in(where.name)
            where.file.seek(0)
            return _open_compressed(where.file, where.name, where.suffix, where.most_bytes)
        return ByteStream(where.file, where.name, owned=False, most=where.most_bytes)
    path = Path(where)
    try:
        if path.suffix.lower() in COMPRESSIONS:
            if path.is_file() and not path.stat().st_size:
                raise _nothing_in(str(path))
            return _open_compressed(path, str(path), path.suffix.lower())
        return ByteStream(path.open("rb"), str(where))
    except OSError as error:
        raise DataError(f"{where}: {error.strerror or error}") from error


def _nothing_in(name: str) -> DataError:
    """Refuse what gzip alone takes for an empty text."""
    return DataError(f"{name}: damaged or cut short (there is nothing in it); fetch it anew")


def _open_compressed(
    file: Path | BinaryIO, name: str, suffix: str, most: int | None = None
) -> ByteStream:
    """Open a decompressor; each is imported only when a file asks for it."""
    stream: BinaryIO
    damage: tuple[type[Exception], ...] = (EOFError,)
    match suffix:
        case ".gz":
            import gzip
            import zlib

            stream = gzip.open(file)  # type: ignore[assignment]  # noqa: SIM115
            damage = (*damage, gzip.BadGzipFile, zlib.error)
        case ".bz2":
            import bz2

            stream = bz2.open(file)  # type: ignore[assignment]  # noqa: SIM115
            damage = (*damage, OSError)
        case _:
            import lzma

            stream = lzma.open(file)  # type: ignore[assignment]  # noqa: SIM115
            damage = (*damage, lzma.LZMAError)
    return ByteStream(stream, name, damage=damage, most=most)


def _pipe_number(stream: BinaryIO) -> int | None:
    """Give the descriptor of a stream that may wait for its producer, None for plain files."""
    import os

    try:
        number = stream.fileno()
        return None if stat.S_ISREG(os.fstat(number).st_mode) else number
    except (OSError, AttributeError, ValueError):
        return None
