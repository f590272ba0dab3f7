"""Files in downloaded archives, read one after the other and never extracted.

No name in an archive becomes a path, so none can lead anywhere. One that tries to is refused all
the same: it is not what a publisher of reviews ships.
"""

import gzip
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

MOST_ENTRIES = 300_000
# Text packs to a fifth at best; beyond this times its size, an archive is a bomb.
MOST_TIMES = 20
MOST_SLACK = 10_000_000
_ZIP_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
MOST_METADATA = 1_000_000  # tarfile holds long names and other headers in memory whole

# What reading the content of a member of a damaged archive raises.
DAMAGE = (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, gzip.BadGzipFile)
# What finding the members raises beside: numbers and places that make no sense, unknown features.
_NONSENSE = (OSError, ValueError, ArithmeticError, NotImplementedError)


class Unexpected(Exception):  # noqa: N818  # never leaves the package
    """What was downloaded is damaged, or not what its publisher ships; says how."""


class Member(NamedTuple):
    """A file in an archive; its content can be read until the next member is asked for."""

    name: str
    content: BinaryIO


def read_members(paths: Iterable[Path]) -> Iterator[Member]:
    """Give the files in archives (.zip, .tgz, .tar.gz) and the files that are none, in order.

    Raises:
        Unexpected: An archive is damaged, unpacks to too much, or holds what is neither a file nor
            a folder, a name that leads outside, or one name twice. Where the content of a member
            is read, `DAMAGE` is raised.
    """
    for path in paths:
        limit = path.stat().st_size * MOST_TIMES + MOST_SLACK
        try:
            yield from _members_of(path, limit)
        except (*DAMAGE, *_NONSENSE) as error:
            raise Unexpected(f"{path.name} is damaged ({error})") from error


def _members_of(path: Path, limit: int) -> Iterator[Member]:
    if path.suffix == ".zip":
        yield from _zip_members(path, limit)
    elif path.suffix in {".tgz", ".gz"}:
        yield from _tar_members(path, limit)
    else:
        with path.open("rb") as content:
            yield Member(path.name, content)


def _zip_members(path: Path, limit: int) -> Iterator[Member]:
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
        if sum(entry.file_size for entry in entries) > limit:
            raise _too_much(limit)
        names = _Names()
        for entry in entries:
            names.check(entry.orig_filename)
            kind = stat.S_IFMT(entry.external_attr >> 16)  # 0 where the archive says none
            if kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
                raise Unexpected(f"it holds {_shown(entry.filename)}, which is no file")
            if entry.flag_bits & 1 or entry.compress_type not in _ZIP_METHODS:
                raise Unexpected(f"it holds {_shown(entry.filename)}, encrypted or oddly packed")
        for entry in entries:
            if not entry.is_dir():
                with archive.open(entry) as content:  # reads no more than the size it declares
                    yield Member(entry.filename, content)  # type: ignore[arg-type]


def _tar_members(path: Path, limit: int) -> Iterator[Member]:
    with gzip.open(path) as unpacked:
        stream = _Limited(unpacked, limit)  # type: ignore[arg-type]
        # As a stream: in the order of the archive, and never back to its start.
        with tarfile.open(fileobj=stream, mode="r|", tarinfo=_Entry) as archive:  # type: ignore[call-overload]
            names = _Names()
            while entry := archive.next():
                archive.members = []  # it would remember them all
                names.check(entry.name)
                # A sparse file unpacks to far more bytes than pass through the stream.
                if not entry.isdir() and (not entry.isreg() or entry.issparse()):
                    raise Unexpected(f"it holds {_shown(entry.name)}, which is no file")
                if content := archive.extractfile(entry):
                    yield Member(entry.name, content)
        while stream.read(1 << 20):  # gzip's checksum stands at the end
            pass


class _Entry(tarfile.TarInfo):
    """A header that does not make tarfile fill the memory."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> "_Entry":
        entry = super().frombuf(buf, encoding, errors)
        if entry.type not in tarfile.REGULAR_TYPES and entry.size > MOST_METADATA:
            raise Unexpected("it holds a header that is far too long")
        return entry


class _Limited:
    """A stream that may not go on for ever."""

    def __init__(self, stream: BinaryIO, limit: int) -> None:
        self._stream = stream
        self._limit = limit
        self._read = 0

    def read(self, size: int) -> bytes:
        block = self._stream.read(size)
        self._read += len(block)
        if self._read > self._limit:
            raise _too_much(self._limit)
        return block


class _Names:
    """The names in an archive, each checked as it comes."""

    def __init__(self) -> None:
        self._seen: set[str] = set()

    def check(self, name: str) -> None:
        if leads_outside(name):
            raise Unexpected(f"it holds {_shown(name)}, a name that leads elsewhere")
        if name in self._seen:
            raise Unexpected(f"it holds {_shown(name)} twice")
        self._seen.add(name)
        if len(self._seen) > MOST_ENTRIES:
            raise Unexpected(f"it holds more than {MOST_ENTRIES:,} files")


def leads_outside(name: str) -> bool:
    """Tell whether a name in an archive could lead out of a folder, on any platform."""
    return (
        not name
        or name.startswith("/")
        or ".." in name.split("/")
        or any(char in "\\:" or ord(char) < 0x20 for char in name)
    )


def _shown(name: str) -> str:
    return repr(name if len(name) <= 80 else f"{name[:79]}…")


def _too_much(limit: int) -> Unexpected:
    return Unexpected(f"it unpacks to more than {limit / 1e6:,.0f} MB")
