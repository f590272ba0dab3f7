"""Reading bytes from files and stdin, decompressed; formats of files by name."""

import os
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal

from sentiment.errors import DataError, UsageError
from sentiment.labels import NEGATIVE, NEUTRAL, POSITIVE, SENTIMENT, WITH_NEUTRAL, LabelSet
from sentiment.reviews import compression

if TYPE_CHECKING:
    from sentiment.reviews.batch import BadRows

Where = Path | Literal["-"]
STDIN = "<stdin>"  # the name of "-" in messages

BLOCK_BYTES = 1 << 17  # larger blocks are slower
_ZIP = b"PK\x03\x04"
INPUT_FORMATS = ("lines", "csv", "tsv", "json", "jsonl", "parquet", "xlsx", "folder", "fasttext")
OUTPUT_FORMATS = ("text", "csv", "tsv", "json", "jsonl", "parquet", "xlsx", "fasttext")
JSON_FORMATS = ("json", "jsonl")  # read alike: the content decides
COMPRESSED_FORMATS = ("parquet", "xlsx")  # which are not compressed once more
SUFFIXES = {
    ".txt": "lines",
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
    ".ft": "fasttext",
}
# Files whose content decides: zip archives, and spreadsheets that may be something else.
BY_CONTENT = (".zip", ".xls", ".xlsb", ".ods")
NOT_READ = {
    ".tar": "archives are not read; unpack it first",
    ".tgz": "archives are not read; unpack it first",
}
# Suffixes of files that answers cannot be written to, with the kind of file.
OTHER_KINDS = {
    "spreadsheets of this kind": (".xls", ".xlsm", ".xlsb", ".ods", ".numbers"),
    "archives": (".zip", ".tar", ".tgz", ".7z", ".rar"),
    "documents": (".pdf", ".doc", ".docx", ".odt", ".rtf", ".ppt", ".pptx", ".epub"),
    "pages": (".html", ".htm", ".xhtml"),
    "pictures": (".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp"),
    "databases": (".db", ".sqlite", ".sqlite3", ".duckdb"),
    "models": (".safetensors", ".onnx", ".keras", ".h5", ".bin", ".pt"),
    "XML and YAML": (".xml", ".yaml", ".yml"),
    "arrays and frames": (".arrow", ".feather", ".avro", ".orc", ".pkl", ".pickle", ".npy", ".npz"),
}
NAMES_WRITTEN = "name it .csv, .tsv, .json, .jsonl, .xlsx, .parquet or .txt"


# Methods that nobody calls would take a millisecond to generate, which is a part of a cold answer.
@dataclass(frozen=True, eq=False, repr=False)
class ReadOptions:
    """The options for reading files of reviews."""

    format: str | None = None  # None detects it by suffix and content
    sheet: str | None = None  # of a workbook; None for the first one with rows
    encoding: str = "utf-8"  # of text formats; "auto" finds it
    on_bad_bytes: str = "bad-row"  # or "replace" by U+FFFD
    skip_lines: int = 0  # lines to leave out at the start of text formats
    delimiter: str | None = None  # of CSV; None detects it; several spaces are two or more
    quote: str | None = None  # of CSV; None is ", and "" none
    comment: str | None = None  # what lines of CSV and TSV to leave out begin with
    header: bool | None = None  # whether delimited files have one; None detects it
    text_columns: tuple[str, ...] = ()  # empty to detect them
    label_column: str | None = None  # None to detect it
    label_files: tuple[str, ...] = ()  # with the labels of each file of texts
    positive: tuple[str, ...] = ()  # values that mean positive, or conditions such as `>=7`
    negative: tuple[str, ...] = ()
    neutral: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()  # ("all",), ("stars",), or the names of those to keep
    label_set: LabelSet | None = None  # the classes to read; None for those the labels name
    strict: bool = False  # missing labels are errors, and neutral ones where that is no class
    keep: tuple[str, ...] = ()  # additional columns to keep
    kept_for: str = "weights"  # what these are for, in messages
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


class ByteStream:
    """A binary stream, decompressed, that is read in blocks of what is available.

    Args:
        stream: An open binary stream.
        name: Its name in messages.
        owned: Whether `close` closes the stream; standard input is left open.
        compression: The one its name promises; None to detect it by the first bytes.
        max_bytes: The maximum size, decompressed; None for no limit.
        size: The number of bytes in all, if the stream does not tell.
        again: Returns all blocks from the start, if the stream itself cannot be read again.
        max_row_chars: The maximum number of characters of a row; None for no own limit.
        path: That of a regular file.

    Attributes:
        bytes: The number of bytes read so far, decompressed.
        size: The number of bytes in all; None if unknown, as of a pipe or a compressed file.
        max_bytes: The maximum size.
        max_row_chars: The maximum number of characters of a row.
        path: That of the regular file whose bytes it gives; None for other streams.
    """

    def __init__(
        self,
        stream: BinaryIO,
        name: str,
        *,
        owned: bool = True,
        compression: str | None = None,
        max_bytes: int | None = None,
        size: int | None = None,
        again: Callable[[], Iterator[bytes]] | None = None,
        max_row_chars: int | None = None,
        path: str | None = None,
    ) -> None:
        self.name = name
        self.path = path
        self.max_row_chars = max_row_chars
        self.max_bytes = max_bytes
        self.bytes = 0
        self._stream = stream
        self._read = getattr(stream, "read1", stream.read)
        self._owned = owned
        self._compression = compression
        self._damage: tuple[type[Exception], ...] = ()
        self._pipe = _pipe_number(stream)
        self.size = _size_of(stream) if size is None else size
        self._at_start = True
        self._is_plain = True  # whether what is read is the stream itself, not decompressed
        self._begin = _place_in(stream)
        self._again = again
        self._peeked: bytes | None = None
        self._copy: BinaryIO | None = None

    def read(self) -> bytes:
        """Return what is available, at most a block, waiting for at least a byte; b"" at the end.

        Raises:
            DataError: The file cannot be read or is damaged.
            TooLargeError: It exceeds the maximum size.
            MissingDependencyError: Its decompressor is not installed.
        """
        if self._peeked is not None:
            block, self._peeked = self._peeked, None
            return block
        if not self._at_start:
            return self._block()
        self._at_start = False
        block = self._first_block()
        found = compression.detect(block)
        kind = found or self._compression
        if kind is None or is_zip(block):
            return block
        if not found:
            from sentiment.reviews.foreign import foreign  # few files are called what they are not

            if what := foreign(block):
                raise DataError(f"{self.name}: {what}")
        # Decompressed bytes count.
        self.bytes, self.size, self.path, self._is_plain = 0, None, None, False
        stream, self._damage = compression.decompressed(kind, block, self._read)
        self._read = getattr(stream, "read1", stream.read)
        return self._first_block()

    def peek(self) -> bytes:
        """Return the first block, which is read again."""
        if self._peeked is None:
            self._peeked = self.read()
        return self._peeked

    def _first_block(self) -> bytes:
        """Return what is available, and more if that may be part of a sign of what it is."""
        from sentiment.reviews.encodings import MARKS  # a text alone is answered without it

        # What streams that are not plain text begin with.
        signs = (_ZIP, *compression.STARTS, *(mark for mark, _ in MARKS))
        block = more = self._block()
        while more and any(len(block) < len(sign) and sign.startswith(block) for sign in signs):
            more = self._block()
            block += more
        return block

    def _block(self) -> bytes:
        try:
            block: bytes = self._read(BLOCK_BYTES)
        except self._damage as error:
            raise DataError(f"{self.name}: damaged or cut short ({error}); get it again") from error
        except OSError as error:
            raise DataError(f"{self.name}: {error.strerror or error}") from error
        self.bytes += len(block)
        if self.max_bytes is not None and self.bytes > self.max_bytes:
            raise TooLargeError(
                f"{self.name}: more than {self.max_bytes:,} bytes, unpacked; cut it up"
            )
        return block

    def read_all(self) -> bytes:
        """Return the rest of the stream."""
        return b"".join(iter(self.read, b""))

    def as_file(self) -> BinaryIO:
        """Return the stream as a seekable file, which `close` closes.

        It is the file itself, or else a temporary copy.

        Raises:
            DataError: The stream cannot be read or is damaged.
            SentimentError: There is no space for the copy.
        """
        self.peek()
        if self._is_plain and self._begin == 0:
            self._stream.seek(0)
            return self._stream
        from sentiment.storage import temporary_copy  # few inputs need one

        self._copy = temporary_copy(iter(self.read, b""))
        return self._copy

    def again(self) -> Iterator[bytes] | None:
        """Return all blocks from the start, decompressed; None if the stream gives them only once.

        Where reading continues does not change.
        """
        if self._again:
            return self._again()
        return None if self._begin is None else self._from_start(self._begin)

    def _from_start(self, begin: int) -> Iterator[bytes]:
        place = self._stream.tell()
        self._stream.seek(begin)
        copy = ByteStream(
            self._stream,
            self.name,
            owned=False,
            compression=self._compression,
            max_bytes=self.max_bytes,
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
        if self._copy:
            self._copy.close()
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
        stream, name, is_file = where.file, where.name, False
        empty = not stream.seek(0, 2)
        stream.seek(0)
    else:
        path, name = Path(where), str(where)
        try:
            is_file = path.is_file()
            empty = is_file and not path.stat().st_size
            stream = path.open("rb")
        except OSError as error:
            raise DataError(f"{name}: {error.strerror or error}") from error
    limits = where if isinstance(where, OpenFile) else None
    found = ByteStream(
        stream,
        name,
        owned=limits is None,
        compression=compression.compression_of(name),
        max_bytes=limits.max_bytes if limits else None,
        max_row_chars=limits.max_row_chars if limits else None,
        path=name if is_file else None,
    )
    # gzip would accept it as an empty text.
    if empty and (compression.compression_of(name) or input_format_of(name) == "xlsx"):
        found.close()
        raise DataError(f"{name}: damaged or cut short (it is empty); get it again")
    return found


def is_zip(start: bytes) -> bool:
    """Return whether data are a zip archive, as workbooks are, by their first bytes."""
    return start.startswith((_ZIP, b"PK\x05\x06"))  # the second one is empty


def _pipe_number(stream: BinaryIO) -> int | None:
    """Return the descriptor of a stream that may wait for its producer; None for regular files."""
    try:
        number = stream.fileno()
        return None if stat.S_ISREG(os.fstat(number).st_mode) else number
    except (OSError, AttributeError, ValueError):
        return None


def _place_in(stream: BinaryIO) -> int | None:
    """Return the place in a stream that can be read again; None for other streams."""
    if _pipe_number(stream) is not None:  # a device may say that it can
        return None
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
    packed = compression.compression_of(path)
    inner = Path(path).with_suffix("") if packed else Path(path)
    suffix = inner.suffix.lower()
    if suffix in compression.SUFFIXES:
        raise UsageError(f"{path}: answers are compressed once; name it {inner}")
    for kind, suffixes in OTHER_KINDS.items():
        if suffix in suffixes:
            raise UsageError(f"{path}: answers are not written as {kind}; {NAMES_WRITTEN}")
    by_name = "text" if SUFFIXES.get(suffix) == "lines" else SUFFIXES.get(suffix)
    # Any text format may have the suffix .txt, and JSON lines are often called .json.
    fits = by_name in (None, named) or (by_name == "text" and named not in COMPRESSED_FORMATS)
    fits = fits or (by_name, named) == ("json", "jsonl")
    if named and not fits:
        raise UsageError(
            f"{path} ends in {suffix}, but the format is {named}: rename the file, or leave the "
            "format out"
        )
    format = named or by_name or "text"
    if packed and format in COMPRESSED_FORMATS:
        raise UsageError(f"{path}: {format} is compressed by itself; name it {inner}")
    return format


def looks_like_file(text: str) -> bool:
    """Return whether a text ends like the name of a file of reviews, readable or not."""
    suffix = suffix_of(text)
    known = suffix in SUFFIXES or suffix in BY_CONTENT or suffix in NOT_READ
    return known or compression.compression_of(text) is not None


def suffix_of(path: str | Path) -> str:
    """Return the last suffix in lower case, ignoring those of compression."""
    suffixes = [suffix.lower() for suffix in Path(path).suffixes]
    while suffixes and suffixes[-1] in compression.SUFFIXES:
        suffixes.pop()
    return suffixes[-1] if suffixes else ""
