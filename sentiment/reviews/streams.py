"""Reading bytes from files and stdin, decompressed; kinds of files by name and first bytes."""

import io
import os
import re
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Literal

from sentiment.errors import DataError, UsageError
from sentiment.labels import NEGATIVE, NEUTRAL, POSITIVE, SENTIMENT, WITH_NEUTRAL, LabelSet
from sentiment.runtime import require

if TYPE_CHECKING:
    from sentiment.reviews.batch import BadRows

Where = Path | Literal["-"]
STDIN = "<stdin>"  # the name of "-" in messages

BLOCK_BYTES = 1 << 17  # larger blocks are slower
COMPRESSIONS = {".gz": "gzip", ".bz2": "bzip2", ".xz": "xz", ".zst": "zstd"}
# The first bytes of compressed data.
_COMPRESSED = {
    "gzip": re.compile(rb"\x1f\x8b"),
    "bzip2": re.compile(rb"BZh\d(?:1AY&SY|\x17rE8P\x90)"),
    "xz": re.compile(rb"\xfd7zXZ\0"),
    "zstd": re.compile(rb"\x28\xb5\x2f\xfd"),
}
INPUT_FORMATS = ("lines", "csv", "tsv", "jsonl", "parquet", "folder", "fasttext")
OUTPUT_FORMATS = ("text", "csv", "tsv", "jsonl", "parquet", "fasttext")
SUFFIXES = {
    ".txt": "lines",
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".ft": "fasttext",
}
NOT_READ = {
    ".xlsx": "spreadsheets are not read; save the sheet as CSV",
    ".xls": "spreadsheets are not read; save the sheet as CSV",
    ".zip": "archives are not read; unpack it first",
    ".tar": "archives are not read; unpack it first",
    ".tgz": "archives are not read; unpack it first",
}
# Suffixes of files that answers cannot be written to, with the kind of file.
OTHER_KINDS = {
    "spreadsheets": (".xlsx", ".xls", ".xlsm", ".ods", ".numbers"),
    "archives": (".zip", ".tar", ".tgz", ".7z", ".rar", ".zst"),
    "documents": (".pdf", ".doc", ".docx", ".odt", ".rtf", ".ppt", ".pptx", ".epub"),
    "pages": (".html", ".htm", ".xhtml"),
    "pictures": (".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp"),
    "databases": (".db", ".sqlite", ".sqlite3", ".duckdb"),
    "models": (".safetensors", ".onnx", ".keras", ".h5", ".bin", ".pt"),
    "XML and YAML": (".xml", ".yaml", ".yml"),
    "arrays and frames": (".arrow", ".feather", ".avro", ".orc", ".pkl", ".pickle", ".npy", ".npz"),
}
NAMES_WRITTEN = "name it .csv, .tsv, .jsonl, .parquet or .txt"


@dataclass(frozen=True)
class ReadOptions:
    """The options for reading files of reviews."""

    format: str | None = None  # None detects it by suffix and content
    encoding: str = "utf-8"  # of text formats; "auto" finds it
    on_bad_bytes: str = "bad-row"  # or "replace" by U+FFFD
    skip_lines: int = 0  # lines to leave out at the start of text formats
    delimiter: str | None = None  # of CSV; None detects it; several spaces are two or more
    quote: str | None = None  # of CSV; None is ", and "" none
    comment: str | None = None  # what lines of CSV and TSV to leave out begin with
    header: bool | None = None  # whether delimited files have one; None detects it
    text_columns: tuple[str, ...] = ()  # empty to detect them
    label_column: str | None = None  # None to detect it
    positive: tuple[str, ...] = ()  # values that mean positive, or conditions such as `>=7`
    negative: tuple[str, ...] = ()
    neutral: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()  # ("all",), ("stars",), or the names of those to keep
    label_set: LabelSet | None = None  # the classes to read; None for those the labels name
    strict: bool = False  # missing labels are errors, and neutral ones where that is no class
    keep: tuple[str, ...] = ()  # additional columns to keep
    slices: tuple[str, ...] = ()  # names allowed in `keep` that need no column, for suggestions
    not_columns: tuple[str, ...] = ()  # built-in slices; a column with such a name is an error
    bad_rows: "BadRows | None" = None  # the policy; None stops at the first

    def __post_init__(self) -> None:
        if self.of_tables and self.format not in (None, "csv", "tsv"):
            raise UsageError(
                f"leave out {self.of_tables}: it is for CSV and TSV, not {self.format}"
            )
        if self.classes and self.sides:
            raise UsageError(
                "--classes cannot be combined with --positive, --negative and --neutral"
            )

    @property
    def of_tables(self) -> str:
        """The first option given that is for CSV and TSV only, or ""."""
        given = {
            "--delimiter": self.delimiter,
            "--quote": self.quote,
            "--comment": self.comment,
        }
        return next((name for name, value in given.items() if value is not None), "")

    @property
    def of_texts(self) -> str:
        """The first option given that is for text files only, or ""."""
        return self.of_tables or "--skip-lines" * bool(self.skip_lines)

    @property
    def sides(self) -> dict[str, tuple[str, ...]]:
        """The values that the user named, by class of sentiment."""
        sides = {NEGATIVE: self.negative, NEUTRAL: self.neutral, POSITIVE: self.positive}
        return {name: values for name, values in sides.items() if values}

    @property
    def named(self) -> tuple[str, ...]:
        """The names of the classes to keep; () if they are not named one by one."""
        return () if self.classes in (("all",), ("stars",)) else self.classes

    @property
    def labels(self) -> tuple[str, ...]:
        """The values that the user, or the model, calls labels."""
        own = self.label_set.names if self.has_own_classes and self.label_set else ()
        return (*self.positive, *self.negative, *self.neutral, *self.named, *own)

    @property
    def has_own_classes(self) -> bool:
        """Whether any words may be labels, not only those of sentiment."""
        return bool(self.classes) or self.label_set not in (None, SENTIMENT, WITH_NEUTRAL)


class TooLargeError(DataError):
    """A file exceeds its size limit."""


@dataclass(frozen=True)
class OpenFile:
    """An open file, such as an upload."""

    file: BinaryIO  # seekable; it stays open
    name: str  # in messages; the suffix determines format and compression
    max_bytes: int  # decompressed
    max_row_chars: int

    @property
    def suffix(self) -> str:
        """The last suffix of its name, in lower case."""
        return Path(self.name).suffix.lower()


class ByteStream:
    """A binary stream, decompressed, that is read in blocks of what is available.

    Args:
        stream: An open binary stream.
        name: Its name in messages.
        owned: Whether `close` closes the stream; standard input is left open.
        compression: One of the values of `COMPRESSIONS`; None to detect it by the first bytes.
        max_bytes: The maximum size, decompressed; None for no limit.

    Attributes:
        bytes: The number of bytes read so far, decompressed.
        size: The number of bytes in all; None if unknown, as of a pipe or a compressed file.
    """

    def __init__(
        self,
        stream: BinaryIO,
        name: str,
        *,
        owned: bool = True,
        compression: str | None = None,
        max_bytes: int | None = None,
    ) -> None:
        self.name = name
        self._max_bytes = max_bytes
        self.bytes = 0
        self._stream = stream
        self._read = getattr(stream, "read1", stream.read)
        self._owned = owned
        self._compression = compression
        self._damage: tuple[type[Exception], ...] = ()
        self._pipe = _pipe_number(stream)
        self.size = _size_of(stream)
        self._at_start = True
        self._begin = _place_in(stream)

    def read(self) -> bytes:
        """Return what is available, at most a block, waiting for at least a byte; b"" at the end.

        Raises:
            DataError: The file cannot be read or is damaged.
            TooLargeError: It exceeds the maximum size.
            MissingDependencyError: Its decompressor is not installed.
        """
        block = self._block()
        if not self._at_start:
            return block
        self._at_start = False
        detected = (name for name, start in _COMPRESSED.items() if start.match(block))
        compression = self._compression or next(detected, None)
        if compression is None:
            return block

        if not _COMPRESSED[compression].match(block) and (what := foreign(block)):
            raise DataError(f"{self.name}: {what}")
        self.bytes, self.size = 0, None  # decompressed bytes count
        stream, self._damage = _decompressed(compression, _Rest(block, self._read))
        self._read = getattr(stream, "read1", stream.read)
        return self._block()

    def _block(self) -> bytes:
        try:
            block: bytes = self._read(BLOCK_BYTES)
        except self._damage as error:
            raise DataError(f"{self.name}: damaged or cut short ({error}); get it again") from error
        except OSError as error:
            raise DataError(f"{self.name}: {error.strerror or error}") from error
        self.bytes += len(block)
        if self._max_bytes is not None and self.bytes > self._max_bytes:
            raise TooLargeError(
                f"{self.name}: more than {self._max_bytes:,} bytes, unpacked; cut it up"
            )
        return block

    def read_all(self) -> bytes:
        """Return the rest of the stream."""
        return b"".join(iter(self.read, b""))

    def again(self) -> Iterator[bytes] | None:
        """Return all blocks from the start, decompressed; None if the stream gives them only once.

        Where reading continues does not change.
        """
        return self._from_start() if self._begin is not None else None

    def _from_start(self) -> Iterator[bytes]:
        place = self._stream.tell()
        self._stream.seek(self._begin or 0)
        copy = ByteStream(
            self._stream,
            self.name,
            owned=False,
            compression=self._compression,
            max_bytes=self._max_bytes,
        )
        try:
            yield from iter(copy.read, b"")
        finally:
            self._stream.seek(place)

    def would_block(self) -> bool:
        """Return whether the next read would wait for a producer."""
        if self._pipe is None:
            return False
        import select

        try:
            ready, _, _ = select.select([self._pipe], [], [], 0)
        except (OSError, ValueError):  # Windows pipes, or a descriptor too large for select
            return True
        return not ready

    def close(self) -> None:
        """Close the stream if it was opened here."""
        if self._owned:
            self._stream.close()


def open_stream(where: Path | str | OpenFile) -> ByteStream:
    """Open a path, "-" for standard input, or an open file, decompressed if necessary.

    Raises:
        DataError: The file cannot be opened.
    """
    if where == "-":
        if sys.stdin is None:
            raise DataError(f"{STDIN}: closed; it cannot be read")
        return ByteStream(sys.stdin.buffer, STDIN, owned=False)
    if isinstance(where, OpenFile):
        stream, name, suffix = where.file, where.name, where.suffix
        empty = not stream.seek(0, 2)
        stream.seek(0)
    else:
        path, name = Path(where), str(where)
        suffix = path.suffix.lower()
        try:
            empty = path.is_file() and not path.stat().st_size
            stream = path.open("rb")
        except OSError as error:
            raise DataError(f"{name}: {error.strerror or error}") from error
    max_bytes = where.max_bytes if isinstance(where, OpenFile) else None
    found = ByteStream(
        stream,
        name,
        owned=not isinstance(where, OpenFile),
        compression=COMPRESSIONS.get(suffix),
        max_bytes=max_bytes,
    )
    if empty and suffix in COMPRESSIONS:  # gzip would accept it as an empty text
        found.close()
        raise DataError(f"{name}: damaged or cut short (it is empty); get it again")
    return found


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


def _decompressed(compression: str, rest: Any) -> tuple[Any, tuple[type[Exception], ...]]:
    """Return a decompressed stream, and the exceptions it raises for damaged data."""
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
    require("zstd needs pyarrow", "pyarrow.lib", "pyarrow; or unpack with unzstd")
    import pyarrow

    stream = pyarrow.CompressedInputStream(pyarrow.PythonFile(rest, mode="r"), "zstd")
    return stream, (OSError, pyarrow.ArrowException)


def _pipe_number(stream: BinaryIO) -> int | None:
    """Return the descriptor of a stream that may wait for its producer; None for regular files."""
    try:
        number = stream.fileno()
        return None if stat.S_ISREG(os.fstat(number).st_mode) else number
    except (OSError, AttributeError, ValueError):
        return None


def _place_in(stream: BinaryIO) -> int | None:
    """Return the place in a stream that can be read again; None for other streams."""
    try:
        return stream.tell() if stream.seekable() else None
    except (OSError, AttributeError, ValueError):
        return None


def _size_of(stream: BinaryIO) -> int | None:
    """Return the size of a regular file in bytes; None for other streams."""
    try:
        status = os.fstat(stream.fileno())
    except (OSError, AttributeError, ValueError):
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def input_format_of(path: str | Path) -> str | None:
    """Return the input format by the suffix of a file, or None if unknown.

    Raises:
        DataError: Files with that suffix cannot be read.
    """
    if reason := NOT_READ.get(suffix_of(path)):
        raise DataError(f"{path}: {reason}")
    return SUFFIXES.get(suffix_of(path))


def output_format_of(path: str | Path, named: str | None = None) -> str:
    """Return the output format: the one the user named, else by the suffix, else text.

    Raises:
        UsageError: The suffix is that of another format, or cannot be written.
    """
    suffix = Path(path).suffix.lower()
    if suffix in COMPRESSIONS:
        raise UsageError(
            f"{path}: answers are not compressed; write {Path(path).with_suffix('')}, "
            f"then compress it with {COMPRESSIONS[suffix]}"
        )
    for kind, suffixes in OTHER_KINDS.items():
        if suffix in suffixes:
            raise UsageError(f"{path}: answers are not written as {kind}; {NAMES_WRITTEN}")
    if suffix == ".json" and named != "jsonl":
        raise UsageError(f"{path}: JSON is written one object a line; name it .jsonl")
    by_name = "text" if SUFFIXES.get(suffix) == "lines" else SUFFIXES.get(suffix)
    # Any text format may have the suffix .txt.
    fits = by_name in (None, named) or (by_name == "text" and named != "parquet")
    if named and not fits:
        raise UsageError(
            f"{path} ends in {suffix}, but the format is {named}: rename the file, or leave the "
            "format out"
        )
    return named or by_name or "text"


def looks_like_file(text: str) -> bool:
    """Return whether a text ends like the name of a file of reviews, readable or not."""
    suffix = suffix_of(text)
    return suffix in SUFFIXES or suffix in NOT_READ or Path(text).suffix.lower() in COMPRESSIONS


def suffix_of(path: str | Path) -> str:
    """Return the last suffix in lower case, ignoring those of compression."""
    suffixes = [suffix.lower() for suffix in Path(path).suffixes]
    while suffixes and suffixes[-1] in COMPRESSIONS:
        suffixes.pop()
    return suffixes[-1] if suffixes else ""


LOOKED_AT = 4096  # bytes
READ_LINES = "--input-format lines reads its lines"
ERROR_ANSWER = "a web server's error, saved instead of the data; download the data again"


def foreign(start: bytes, *, markup: bool = False) -> str | None:
    """Return the kind of a file without reviews, and what to do; None if it may have reviews.

    Args:
        start: Its first bytes, as many as are available.
        markup: Whether to accept HTML, XML and other notations as texts.
    """
    head = start[:LOOKED_AT]
    what = next((what for pattern, _, what in _kinds("bytes") if pattern.match(head)), None)
    if what or markup:
        return what
    text = re.sub(r"\r\n?", "\n", head.decode("utf-8", "replace").removeprefix("\ufeff"))
    what = next((what for pattern, _, what in _kinds("text") if pattern.match(text)), None)
    what = what or _of_lines(text, cut=len(start) > LOOKED_AT)
    return what and f"{what}; {READ_LINES}"


def is_refusal(text: str) -> bool:
    """Return whether a text is the error message of a web service."""
    others = r"bad credentials|invalid (?:api )?(?:key|token).*|.*rate limit.*"
    return re.fullmatch(rf"(?i:{_catalog()['fragments']['refused']}\W*|{others})", text) is not None


def _of_lines(text: str, *, cut: bool) -> str | None:
    """Return the kind of the lines; None if they may be texts."""
    lines = text.split("\n")[: -1 if cut else None]
    lines = [line.strip() for line in lines if line.strip()]
    for pattern, least, what in _kinds("line"):
        if len(lines) >= least and all(map(pattern.fullmatch, lines)):
            return what
    return None


@cache
def _catalog() -> dict[str, Any]:
    """Return the catalogue, with each pattern in one piece."""
    import tomllib  # a text alone is answered without it

    path = Path(__file__).with_name("foreign.toml")
    catalog = tomllib.loads(path.read_text(encoding="utf-8"))
    fragments: dict[str, str] = {}

    def joined(pattern: str | list[str]) -> str:
        return re.sub("@([a-z-]+)@", lambda name: fragments[name[1]], "".join(pattern))

    for name, pattern in catalog["fragments"].items():
        fragments[name] = joined(pattern)
    for kind in (*catalog["bytes"], *catalog["text"], *catalog["line"]):
        kind["pattern"] = joined(kind["pattern"])
    return catalog | {"fragments": fragments}


@cache
def _kinds(table: str) -> list[tuple[re.Pattern[Any], int, str]]:
    """Return the patterns of a table, the least number of lines they need, and what they are."""

    def compiled(pattern: str) -> re.Pattern[Any]:
        if table == "bytes":
            return re.compile(pattern.encode("latin-1"), re.DOTALL)
        return re.compile(pattern)

    kinds = _catalog()[table]
    return [(compiled(kind["pattern"]), kind.get("lines", 0), kind["what"]) for kind in kinds]
