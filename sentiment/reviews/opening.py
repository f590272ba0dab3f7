"""From what the user named to opened sources: globs, formats by name, by suffix, by content."""

from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from sentiment.errors import DataError, UsageError
from sentiment.reviews.delimited import CsvSource, TsvSource
from sentiment.reviews.feed import TextFeed, Unreadable
from sentiment.reviews.folder import FolderSource
from sentiment.reviews.jsonl import JsonlSource
from sentiment.reviews.lines import LABEL_MARK, FasttextSource, LinesSource
from sentiment.reviews.parquet import ParquetSource
from sentiment.reviews.source import Source
from sentiment.reviews.stream import COMPRESSIONS, ByteStream, Where, open_stream

INPUT_FORMATS = ("lines", "csv", "tsv", "jsonl", "parquet", "folder", "fasttext")
SUFFIXES = {
    ".txt": "lines",
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".ft": "fasttext",
}
NOT_READ = {
    ".json": "JSON is read one object a line; save it as .jsonl, or use --input-format jsonl",
    ".xlsx": "spreadsheets are not read; save the sheet as CSV",
    ".xls": "spreadsheets are not read; save the sheet as CSV",
    ".zip": "archives are not read; unpack it first",
    ".tar": "archives are not read; unpack it first",
    ".tgz": "archives are not read; unpack it first",
}
SNIFFED_LINES = 100


def expand(patterns: Sequence[str]) -> list[Where]:
    """Turn paths, glob patterns and "-" into what is there, each pattern's matches sorted.

    Raises:
        DataError: A file does not exist, or a pattern matches none.
    """
    from glob import glob  # Path.glob takes no absolute patterns

    found: list[Where] = []
    for pattern in patterns:
        if pattern == "-":
            found.append("-")
        elif Path(pattern).exists():
            found.append(Path(pattern))
        elif matches := sorted(glob(pattern, recursive=True)):  # noqa: PTH207
            found += map(Path, matches)
        else:
            raise DataError(f"no such file: {pattern}")
    return found


def format_of(path: str | Path) -> str | None:
    """Give the format that a path's suffix stands for, None for an unknown one."""
    suffixes = [suffix.lower() for suffix in Path(path).suffixes]
    if suffixes and suffixes[-1] in COMPRESSIONS:
        suffixes.pop()
    return SUFFIXES.get(suffixes[-1]) if suffixes else None


def open_source(
    where: Where | str,
    *,
    format: str | None = None,
    encoding: str = "utf-8",
    header: bool | None = None,
    need_label: bool = False,
    stdin: BinaryIO | None = None,
) -> Source:
    """Open one input. It waits for the first row only where the columns' names depend on it.

    Args:
        where: A path, or "-" for standard input.
        format: One of `INPUT_FORMATS`; None decides by the suffix, and reads lines otherwise.
        encoding: The encoding of text formats; a byte order mark is dropped.
        header: Whether a delimited file has a header; None decides by its first row.
        need_label: Labels are needed, so lines are looked at: they may be fastText or TSV.
        stdin: A binary stream that stands in for standard input.

    Raises:
        DataError: The input cannot be opened or read as asked.
        UsageError: There is no such format or encoding.
    """
    if format is not None and format not in INPUT_FORMATS:
        raise UsageError(f"unknown input format {format!r}; one of {', '.join(INPUT_FORMATS)}")
    where = where if where == "-" else Path(where)
    if isinstance(where, Path) and where.is_dir():
        if format not in (None, "folder"):
            raise UsageError(f"{where} is a folder; it cannot be read as {format}")
        return FolderSource(where, encoding)
    if format == "folder":
        raise UsageError(f"{where} is not a folder")
    if format is None and isinstance(where, Path):
        format = _format_by_suffix(where)
    stream = open_stream(where, stdin)
    try:
        if format == "parquet":
            return _open_parquet(stream, where)
        return _open_text(TextFeed(stream, encoding), format, header, need_label)
    except Unreadable as error:
        stream.close()
        raise DataError(f"{stream.name}, line {error.line or 1}: {error}") from error
    except BaseException:
        stream.close()
        raise


def _format_by_suffix(path: Path) -> str | None:
    if reason := NOT_READ.get(path.suffix.lower()):
        raise DataError(f"{path}: {reason}")
    return format_of(path)


def _open_parquet(stream: ByteStream, where: Where) -> Source:
    if where == "-" or not where.is_file():  # a pipe can be read only once
        return ParquetSource(stream, None)
    if where.suffix.lower() in COMPRESSIONS:
        raise DataError(f"{where}: Parquet is compressed within; unpack the file first")
    return ParquetSource(stream, str(where))


def _open_text(feed: TextFeed, format: str | None, header: bool | None, need_label: bool) -> Source:
    if need_label and format in (None, "lines"):
        format = sniff_labelled(feed.peek(), feed.name)
    match format:
        case "csv":
            return CsvSource(feed, header)
        case "tsv":
            return TsvSource(feed, header)
        case "jsonl":
            return JsonlSource(feed)
        case "fasttext":
            return FasttextSource(feed)
        case _:
            return LinesSource(feed)


def sniff_labelled(text: str, name: str) -> str:
    """Decide how lines hold labels: "fasttext" or "tsv".

    Raises:
        DataError: They do neither.
    """
    lines = [line for line in text.split("\n", SNIFFED_LINES)[:SNIFFED_LINES] if line.strip()]
    if not lines:
        raise DataError(f"{name}: no rows")
    if all(line.startswith(LABEL_MARK) for line in lines):
        return "fasttext"
    if len({line.count("\t") for line in lines}) == 1 and "\t" in lines[0]:
        return "tsv"
    raise DataError(
        f"{name}: labels are needed, and plain lines have none; write text<TAB>label or "
        "__label__positive text on each line, or name another format with --input-format"
    )
