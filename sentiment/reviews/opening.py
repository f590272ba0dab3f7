"""From what the user named to opened sources: globs, formats as told, by suffix, by content."""

from collections.abc import Sequence
from pathlib import Path

from sentiment.errors import DataError, UsageError
from sentiment.reviews.ahead import Unreadable
from sentiment.reviews.bad_rows import STOP, BadRows
from sentiment.reviews.delimited import CsvSource, TsvSource
from sentiment.reviews.feed import TextFeed
from sentiment.reviews.feed_source import FeedSource
from sentiment.reviews.folder import FOLDER_LABELS, FolderSource
from sentiment.reviews.formats import INPUT_FORMATS, input_format_of
from sentiment.reviews.header import reads_as_header
from sentiment.reviews.jsonl import JsonlSource
from sentiment.reviews.lines import LABEL_MARK, FasttextSource, LinesSource
from sentiment.reviews.parquet import ParquetSource
from sentiment.reviews.source import Source
from sentiment.reviews.stream import COMPRESSIONS, ByteStream, Where, open_stream
from sentiment.reviews.values import key_of, reads_as_label
from sentiment.suggesting import hint_file

SNIFFED_LINES = 100
NO_LABELS = (
    "labels are needed, and plain lines have none; write text<TAB>label or "
    "__label__positive text on each line, or name another format with --input-format"
)
SNIFFED = "sniffed"  # lines of a format that their content tells
SNIFFED_NAMES = {"fasttext": "fastText", "tsv": "TSV"}


def expand(patterns: Sequence[str]) -> list[Where]:
    """Turn paths, glob patterns and "-" into what is there, each pattern's matches sorted.

    A folder of Parquet files, as Spark and others write one, is read as these files.

    Raises:
        DataError: A file does not exist, or a pattern matches none.
        UsageError: A pattern is empty, or standard input is named twice.
    """
    from glob import glob  # Path.glob takes no absolute patterns

    if list(patterns).count("-") > 1:
        raise UsageError('"-" is given twice; standard input can be read only once')
    if "" in patterns:
        raise UsageError("an empty file name is given; name a file, or - for standard input")
    found: list[Where] = []
    for pattern in patterns:
        if pattern == "-":
            found.append("-")
        elif Path(pattern).exists():
            found += _parquet_in(Path(pattern)) or [Path(pattern)]
        elif matches := sorted(glob(pattern, recursive=True)):  # noqa: PTH207
            found += map(Path, matches)
        else:
            raise DataError(f"no such file: {pattern}{_near(Path(pattern))}")
    return found


def _near(path: Path) -> str:
    """Ask whether another file of the same folder was meant."""
    try:
        return hint_file(path, sorted(path.parent.iterdir()))
    except OSError:
        return ""


def _parquet_in(path: Path) -> list[Path]:
    """Give the Parquet files of a folder, sorted; none of a folder of text files or of a file."""
    if not path.is_dir() or any((path / name).is_dir() for name in FOLDER_LABELS):
        return []
    # What begins like this is somebody's bookkeeping.
    return [child for child in sorted(path.glob("*.parquet")) if child.name[0] not in "._"]


def open_source(
    where: Where | str,
    *,
    format: str | None = None,
    encoding: str = "utf-8",
    header: bool | None = None,
    need_label: bool = False,
    columns: Sequence[str] = (),
    bad_rows: BadRows = STOP,
) -> Source:
    """Open one input. It waits for the first rows only where the columns' names depend on them.

    Args:
        where: A path, or "-" for standard input.
        format: One of `INPUT_FORMATS`; None decides by the suffix, and reads lines otherwise,
            which in a file may be found to be fastText or TSV.
        encoding: The encoding of text formats; a byte order mark is dropped.
        header: Whether a delimited file has a header; None decides by its first rows.
        need_label: Labels are needed, so standard input is looked at like a file, and plain
            lines will not do.
        columns: Names of columns that the user gave; a first row that holds one is a header.
        bad_rows: What is done about rows that cannot be read.

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
        return FolderSource(where, encoding, need_label=need_label, bad_rows=bad_rows)
    if format == "folder":
        raise UsageError(f"{where} is not a folder")
    if format is None:
        format = _format_by_name(where, need_label)
    stream = open_stream(where)
    try:
        if format == "parquet":
            return _open_parquet(stream, where)
        feed = TextFeed(stream, encoding)
        return _open_text(feed, format, header, columns, need_label, bad_rows)
    except Unreadable as error:
        stream.close()
        raise DataError(f"{stream.name}, line {error.line or 1}: {error}") from error
    except BaseException:
        stream.close()
        raise


def _format_by_name(where: Where, need_label: bool) -> str:
    format = "lines" if where == "-" else input_format_of(where) or "lines"
    # A pipe gives lines as they come, unless labels must be found in them.
    looked_at = need_label or (where != "-" and where.is_file())
    return SNIFFED if format == "lines" and looked_at else format


def _open_parquet(stream: ByteStream, where: Where) -> Source:
    if where == "-" or not where.is_file():  # a pipe can be read only once
        return ParquetSource(stream, None)
    if where.suffix.lower() in COMPRESSIONS:
        raise DataError(f"{where}: Parquet is compressed within; unpack the file first")
    return ParquetSource(stream, str(where))


def _open_text(
    feed: TextFeed,
    format: str,
    header: bool | None,
    columns: Sequence[str],
    need_label: bool,
    bad_rows: BadRows,
) -> FeedSource:
    if format == SNIFFED:
        format = sniff_lines(feed.peek(), need_label=need_label)
        source = _open_text(feed, format, header, columns, need_label, bad_rows)
        if format in SNIFFED_NAMES:
            source.notes.insert(0, f"read as {SNIFFED_NAMES[format]}, by its content")
        return source
    match format:
        case "csv":
            return CsvSource(feed, header, columns, bad_rows)
        case "tsv":
            return TsvSource(feed, header, columns, bad_rows)
        case "jsonl":
            return JsonlSource(feed, bad_rows)
        case "fasttext":
            return FasttextSource(feed, bad_rows)
        case _:
            if need_label and feed.peek():
                raise DataError(f"{feed.name}: {NO_LABELS}")
            return LinesSource(feed, bad_rows)


def sniff_lines(text: str, *, need_label: bool = True) -> str:
    """Tell the format of lines: "fasttext" or "tsv" where they can hold labels, else "lines".

    A text may hold tabs, too: where no label is needed, TSV is what has a column of them.
    """
    lines = [line for line in text.split("\n", SNIFFED_LINES)[:SNIFFED_LINES] if line.strip()]
    if lines and all(line.startswith(LABEL_MARK) for line in lines):
        return "fasttext"
    rows = [line.rstrip("\r").split("\t") for line in lines]
    if len(set(map(len, rows))) != 1 or len(rows[0]) == 1:
        return "lines"
    return "tsv" if need_label or _has_labels(rows) else "lines"


def _has_labels(rows: Sequence[Sequence[str]]) -> bool:
    """Tell whether a column reads as labels, below a header if there is one."""
    columns = zip(*rows[bool(reads_as_header(rows[0])) :], strict=True)
    return any(all(reads_as_label(key_of(cell)) for cell in column) for column in columns)
