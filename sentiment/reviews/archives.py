"""Zip archives: the table in one, and limits that keep a hostile one from filling the memory."""

import fnmatch
import re
import shlex
import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, cast
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from sentiment.errors import DataError, hint
from sentiment.reviews.cells import and_more, count_of
from sentiment.reviews.compression import compression_of
from sentiment.reviews.streams import (
    BY_CONTENT,
    NOT_READ,
    STDIN,
    SUFFIXES,
    ByteStream,
    TooLargeError,
    is_zip,
    open_stream,
    suffix_of,
)
from sentiment.values import visible

# The list of files is kept in memory, about ten times as large as in the archive.
MAX_DIRECTORY = 1 << 21
MAX_UNPACKED = 1 << 36  # bytes of one file
# Text shrinks to a third or a tenth, rarely to a hundredth, zeros to a thousandth.
MAX_RATIO = 250
MIN_SUSPECT = 1 << 30  # bytes; a smaller file is read whatever its ratio

SHOWN_FILES = 5
CONVERT = (
    "save it as .xlsx in a spreadsheet program, or convert it: "
    "soffice --headless --convert-to xlsx FILE"
)
_DAMAGE = (
    BadZipFile, EOFError, LookupError, NotImplementedError, OSError, OverflowError, RuntimeError,
    ValueError, struct.error, zlib.error,
)  # fmt: skip
# The files by which an archive is a document, and what that is.
_DOCUMENTS = (
    (r"xl/workbook\.bin", f"a binary workbook (.xlsb), which is not read; {CONVERT}"),
    (r"word/.*", "a document of a word processor; save its text as .txt"),
    (r"ppt/.*", "a presentation, which is not read; save its text as .txt"),
    (r"Index/.*\.iwa|Index\.zip", "a file of Apple's programs; export it as .xlsx or CSV"),
)
_OPEN_DOCUMENTS = {
    "spreadsheet": f"a spreadsheet (.ods), which is not read; {CONVERT}",
    "text": "a document of a word processor; save its text as .txt",
}
# Files that accompany the data.
_ABOUT = re.compile(r"(?i)(read[-_ ]?me|licen[cs]e|copying|notice|changelog|citation)\b.*")


class Archive:
    """An open zip archive, which closes its stream.

    Files in it are checked before they are unpacked: a size or ratio beyond the limits is an error,
    as is a method whose output zlib would not return piece by piece.

    Raises:
        DataError: It is damaged, or has too many files.
    """

    def __init__(self, stream: ByteStream) -> None:
        self.name = stream.name
        self.names: list[str] = []
        self.is_workbook = False
        self._stream = stream
        try:
            self._zip = ZipFile(cast(BinaryIO, _Guarded(stream.as_file(), self._too_many)))
        except _DAMAGE as error:
            raise self._damaged(error) from error
        self.names = [name for name in self._zip.namelist() if not name.endswith("/")]
        self.is_workbook = "[Content_Types].xml" in self.names and any(
            name.startswith("xl/") and name.endswith(".xml") for name in self.names
        )

    @property
    def max_bytes(self) -> int:
        """The most bytes to which a file may unpack."""
        return self._stream.max_bytes or MAX_UNPACKED

    def size_of(self, name: str) -> int:
        """Return the number of bytes of a file, unpacked."""
        return self._zip.getinfo(name).file_size

    def open(self, name: str, *, at_close: Callable[[], None] = lambda: None) -> BinaryIO:
        """Open a file of the archive; its `read` returns what is available.

        Raises:
            DataError: It is damaged, or packed in a way that is not read.
            TooLargeError: It unpacks to more than the limits allow.
        """
        info = self._zip.getinfo(name)
        self._check(info)
        try:
            return cast(BinaryIO, _Member(self._zip.open(info), self._damaged, at_close))
        except _DAMAGE as error:
            raise self._damaged(error) from error

    def stream(self, name: str) -> ByteStream:
        """Open a file as a stream, whose end is that of the archive, too; see `open`."""
        return ByteStream(
            self.open(name, at_close=self.close),
            f"{self.name}/{visible(name)}",
            compression=compression_of(name),
            max_bytes=self._stream.max_bytes,
            max_row_chars=self._stream.max_row_chars,
            again=partial(self._again, name),
            size=None if compression_of(name) else self.size_of(name),
        )

    def _again(self, name: str) -> Iterator[bytes]:
        """Yield all blocks of a file from its start, as `stream` gives them."""
        copy = ByteStream(
            self.open(name),
            f"{self.name}/{visible(name)}",
            compression=compression_of(name),
            max_bytes=self._stream.max_bytes,
        )
        with closing(copy):
            yield from iter(copy.read, b"")

    def document(self) -> str | None:
        """Return what the archive is if it is a document other than a workbook, and what to do."""
        for pattern, what in _DOCUMENTS:
            if any(re.fullmatch(pattern, name) for name in self.names):
                return what
        if "mimetype" in self.names:
            kind = self.open("mimetype").read(200).decode("latin-1")
            found = re.match(r"application/vnd\.oasis\.opendocument\.(\w+)", kind)
            return _OPEN_DOCUMENTS.get(found[1], "a document, which is not read") if found else None
        return None

    def table(self) -> str:
        """Return the name of the only table.

        Raises:
            DataError: There is none, or more than one.
        """
        files = [name for name in self.names if _is_shown(name)]
        for kind in (_is_table, _is_text, bool):
            found = [name for name in files if kind(name)]
            if len(found) == 1:
                return found[0]
            if found:
                raise DataError(f"{self.name}: a zip archive of {self._choice(found)}")
        raise DataError(f"{self.name}: a zip archive without files")

    def nested(self, where: str) -> DataError:
        """Return the error for a file of it that is itself an archive."""
        return DataError(f"{where}: an archive in an archive, which is not read; {self._advice()}")

    def missing(self, name: str) -> DataError:
        """Return the error for a file that the archive does not have."""
        if self.is_workbook:
            instead = f"{shlex.quote(self.name)} --sheet {shlex.quote(visible(name))}"
            return DataError(f"{self.name}: a workbook; to read a sheet of it, give: {instead}")
        files = [each for each in self.names if _is_shown(each)]
        shown = and_more(files, SHOWN_FILES, visible) or "no files"
        return DataError(
            f'{self.name}: no "{visible(name)}" in this archive{hint(name, files)}; it has {shown}'
        )

    def close(self) -> None:
        """Close the archive and its stream."""
        self._zip.close()
        self._stream.close()

    def _choice(self, found: Sequence[str]) -> str:
        """Return how many files there are, and how to choose one."""
        shown = and_more(found, SHOWN_FILES, visible)
        if self._stream.max_bytes is not None:  # an upload
            return f"{count_of(len(found), 'file')}: {shown}; send one of them by itself"
        save, name = ("save it as FILE, and ", "FILE") if self.name == STDIN else ("", self.name)
        example = shlex.quote(f"{name}/{visible(found[0])}")
        choose = f"{save}name one: {example}"
        folder = shlex.quote("reviews" if self.name == STDIN else _unpacked(self.name))
        unpack = f"{self._advice()} -d {folder}; then name the folder {folder}"
        return f"{count_of(len(found), 'file')}: {shown}; {choose}; or {unpack}"

    def _advice(self, command: str = "unzip") -> str:
        if self.is_workbook:
            return "save the sheet as CSV, and read that"
        name = "FILE" if self.name == STDIN else shlex.quote(self.name)
        return f"unpack it first: {command} {name}"

    def _check(self, info: ZipInfo) -> None:
        where = f"{self.name}/{visible(info.filename)}"
        if info.flag_bits & 1:
            raise DataError(f"{where}: has a password; {self._advice('7z x')}")
        if info.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
            what = f"packed by a method that is not read ({info.compress_type})"
            raise DataError(f"{where}: {what}; {self._advice('7z x')}")
        size, ratio = info.file_size, info.file_size / max(info.compress_size, 1)
        if size > self.max_bytes:
            what = f"{size:,} bytes when unpacked, and the limit is {self.max_bytes:,}"
            cut = "cut it up" if self._stream.max_bytes else self._advice()
            raise TooLargeError(f"{where}: {what}; {cut}")
        if size > MIN_SUSPECT and ratio > MAX_RATIO:
            what = f"unpacks to {ratio:,.0f} times its size, {size:,} bytes, like a zip bomb"
            advice = f"the limit is {MAX_RATIO}; if you trust it, {self._advice()}"
            raise TooLargeError(f"{where}: {what}; {advice}")

    def _damaged(self, error: Exception) -> DataError:
        reason = " ".join(str(error).split()) or type(error).__name__
        return DataError(f"{self.name}: damaged or cut short ({reason}); get it again")

    def _too_many(self) -> DataError:
        return DataError(f"{self.name}: an archive of too many files; {self._advice()}")


class _Guarded:
    """A file for `ZipFile`, which reads the whole list of files at once."""

    def __init__(self, file: BinaryIO, error: Callable[[], Exception]) -> None:
        self._file = file
        self._error = error
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= MAX_DIRECTORY:
            size = MAX_DIRECTORY + 1
        data = self._file.read(size)
        if len(data) > MAX_DIRECTORY:
            raise self._error()
        return data


class _Member:
    """A file of an archive, read forward; what is wrong with it is a `DataError`."""

    def __init__(
        self, file: Any, damaged: Callable[[Exception], DataError], at_close: Callable[[], None]
    ) -> None:
        self._file = file
        self._damaged = damaged
        self._at_close = at_close

    def read(self, size: int) -> bytes:
        try:
            data: bytes = self._file.read1(size)
        except _DAMAGE as error:
            raise self._damaged(error) from error
        return data

    def fileno(self) -> int:
        raise OSError("a file in an archive has no descriptor")

    def close(self) -> None:
        self._file.close()
        self._at_close()


def split_path(path: Path) -> tuple[Path, str | None]:
    """Split a path into that of an archive and the name of a file in it; None for a plain path."""
    if not path.exists():
        for parent in path.parents:
            if parent.is_file():
                return parent, path.relative_to(parent).as_posix()
    return path, None


def files_in(path: Path) -> list[Path]:
    """Return the paths that one in an archive stands for, such as `reviews.zip/*.csv`; sorted.

    Returns:
        [] if no part of the path is an archive.

    Raises:
        DataError: The archive is damaged, or has no such file.
    """
    place, pattern = split_path(path)
    if pattern is None:
        return []
    with _opened(place) as archive:
        if archive is None:
            return []
        names = [pattern] if pattern in archive.names else fnmatch.filter(archive.names, pattern)
        if not names:
            raise archive.missing(pattern)
        return [Path(f"{place}/{name}") for name in sorted(names)]


def folders_in(path: Path) -> set[str]:
    """Return the names of the folders in a folder of an archive, or in the archive itself.

    Raises:
        DataError: The archive is damaged.
    """
    place, folder = split_path(path)
    above = PurePosixPath(folder or "").parts
    with _opened(place) as archive:
        names = map(PurePosixPath, archive.names if archive else ())
        inside = [name.parts[len(above) :] for name in names if name.parts[: len(above)] == above]
        return {parts[0] for parts in inside if len(parts) > 1}


@contextmanager
def _opened(place: Path) -> Iterator[Archive | None]:
    """Open a file as an archive; None if it is another one."""
    stream = open_stream(place)
    try:
        yield Archive(stream) if is_zip(stream.peek()) else None
    finally:
        stream.close()


def _unpacked(name: str) -> str:
    """Return the name of the folder to unpack an archive to."""
    stem = str(Path(name).with_suffix(""))
    return f"{name}.d" if stem == name or Path(stem).is_file() else stem


def _is_shown(name: str) -> bool:
    """Return whether a file is neither hidden nor an addition of macOS or Office."""
    return not re.search(r"(?:^|[/\\])(?:__MACOSX[/\\]|\.(?![/\\])|~\$)", name)


def _is_table(name: str) -> bool:
    return suffix_of(name) in SUFFIXES and not name.lower().endswith(".txt")


def _is_text(name: str) -> bool:
    last = re.split(r"[/\\]", name)[-1]
    is_data = suffix_of(name) in (*SUFFIXES, *BY_CONTENT, *NOT_READ)
    return is_data and not _ABOUT.fullmatch(last)
