"""Opening sources by name: globs, folders, formats by suffix and by content; their columns."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from sentiment.errors import DataError, UsageError, hint_file
from sentiment.reviews.batch import (
    STOP,
    Ahead,
    Batch,
    Source,
    Unreadable,
    first_readable,
)
from sentiment.reviews.columns import PLAIN, Columns, NoColumnError, find_columns
from sentiment.reviews.delimited import CsvSource, TsvSource
from sentiment.reviews.feed import FasttextSource, FeedSource, LinesSource, TextFeed
from sentiment.reviews.folders import FolderSource, files_of
from sentiment.reviews.jsonl import JsonlSource
from sentiment.reviews.lines import Layout, is_header_line, layout_of
from sentiment.reviews.parquet import ParquetSource
from sentiment.reviews.streams import (
    COMPRESSIONS,
    INPUT_FORMATS,
    ByteStream,
    OpenFile,
    ReadOptions,
    Where,
    input_format_of,
    open_stream,
)

NO_LABELS = (
    "labels are needed, and plain lines have none; write text<TAB>label or "
    "__label__positive text on each line, or name a file with a label on each line: --labels FILE"
)
FIXED = (*PLAIN, "fasttext")  # formats that define the columns
DEFAULTS = ReadOptions()


def expand(patterns: Sequence[str]) -> list[Where]:
    """Expand paths, glob patterns and "-"; the matches of a pattern are sorted.

    A folder of tables, such as the Parquet files that Spark writes, is replaced by these files.

    Raises:
        DataError: A file does not exist, or a pattern matches none.
        UsageError: A pattern is empty, or standard input is named twice.
    """
    from glob import glob  # Path.glob does not take absolute patterns

    if list(patterns).count("-") > 1:
        raise UsageError('"-" is given twice; standard input can be read only once')
    if "" in patterns:
        raise UsageError("an empty file name is given; name a file, or - for standard input")
    found: list[Where] = []
    for pattern in patterns:
        path = Path(pattern)
        if pattern == "-":
            found.append("-")
        elif path.exists():
            found += files_of(path) if path.is_dir() else [path]
        elif matches := sorted(glob(pattern, recursive=True)):  # noqa: PTH207
            found += map(Path, matches)
        else:
            raise DataError(f"no such file: {pattern}{_similar(path)}")
    return found


def _similar(path: Path) -> str:
    """Return a suggestion of a similar file in the same folder, or ""."""
    try:
        return hint_file(path, sorted(path.parent.iterdir()))
    except OSError:
        return ""


@dataclass(frozen=True)
class Opened:
    """A source whose columns are chosen."""

    source: Source
    columns: Columns  # empty without rows
    batches: Iterator[Batch]


def open_reviews(where: Where, options: ReadOptions, *, need_label: bool) -> Opened:
    """Open a file and choose its columns by the first batch.

    Raises:
        DataError: It cannot be read, or its columns cannot be determined.
        UsageError: An option does not fit.
    """
    source = open_source(where, options, need_label=need_label)
    try:
        return choose_columns(source, options, need_label=need_label)
    except BaseException:
        source.close()
        raise


def choose_columns(source: Source, options: ReadOptions, *, need_label: bool) -> Opened:
    """Choose the columns of a source; see `open_reviews`."""
    batches = Ahead(source.batches())
    # A header without rows is enough to find the texts; labels need rows.
    if (need_label or not source.columns) and not first_readable(batches):
        return Opened(source, Columns((), None, ""), batches)
    for name in source.columns:
        if name.casefold() in options.not_columns:
            raise UsageError(
                f'{source.name}: "{name}" is a column and also a built-in slice; '
                "rename the column to slice by either"
            )

    def sample() -> Batch | None:
        fixed = source.format in FIXED  # do not wait for rows
        return None if fixed else first_readable(batches)

    columns = find_columns(source.columns, sample, options, need_label=need_label, name=source.name)
    return Opened(source, columns, batches)


def open_source(
    where: Path | str | OpenFile,
    options: ReadOptions = DEFAULTS,
    *,
    need_label: bool = False,
) -> Source:
    """Open one input, waiting for the first rows only if the format or names depend on them.

    Args:
        where: A path, "-" for standard input, or an open file.
        options: How to read it; a first row with one of the named columns is a header.
        need_label: Labels are needed, so plain lines are an error.

    Raises:
        DataError: The input cannot be opened or read in this format.
        UsageError: There is no such format or encoding.
    """
    format = options.format
    if format is not None and format not in INPUT_FORMATS:
        raise UsageError(f"unknown input format {format!r}; one of {', '.join(INPUT_FORMATS)}")
    name = where.name if isinstance(where, OpenFile) else str(where)
    if not isinstance(where, OpenFile) and name != "-" and Path(where).is_dir():
        if format not in (None, "folder"):
            raise UsageError(f"{name} is a folder; it cannot be read as {format}")
        return FolderSource(Path(where), options, need_label=need_label)
    if format == "folder":
        raise UsageError(f"{name} is not a folder")
    by_name = format or ("lines" if name == "-" else input_format_of(name) or "lines")
    stream = open_stream(where)
    try:
        if by_name == "parquet":
            return _open_parquet(stream, where)
        max_row_chars = where.max_row_chars if isinstance(where, OpenFile) else None
        feed = TextFeed(stream, options.encoding, max_row_chars, markup=format == "lines")
        layout = Layout(by_name)
        if format in (None, "jsonl"):
            layout = _layout(feed, by_name, need_label=need_label)
        return _open_text(feed, layout, options, need_label=need_label)
    except Unreadable as error:
        stream.close()
        raise DataError(f"{stream.name}, line {error.line or 1}: {error}") from error
    except BaseException:
        stream.close()
        raise


def _open_parquet(stream: ByteStream, where: Path | str | OpenFile) -> Source:
    file: BinaryIO | str
    if isinstance(where, OpenFile):
        file = where.file
    elif Path(where).is_file():
        file = str(where)
    else:
        return ParquetSource(stream, None)  # a pipe cannot be reopened
    if Path(stream.name).suffix.lower() in COMPRESSIONS:
        raise DataError(f"{stream.name}: Parquet in a compressed file; unpack it first")
    return ParquetSource(stream, file)


def _layout(feed: TextFeed, by_name: str, *, need_label: bool) -> Layout:
    """Detect the layout of a text."""
    try:
        start = feed.peek()
        if by_name == "lines" and is_header_line(start):
            start = feed.peek(2)
    except Unreadable:  # raised again when it is read
        return Layout(by_name)
    return layout_of(start, feed.name, by_name, need_label=need_label)


def _open_text(feed: TextFeed, layout: Layout, options: ReadOptions, *, need_label: bool) -> Source:
    bad_rows = options.bad_rows or STOP
    asked = [*options.text_columns, *options.keep]
    if need_label and options.label_column:
        asked.append(options.label_column)
    source: FeedSource
    match layout.format:
        case "csv":
            source = CsvSource(feed, options.header, asked, bad_rows)
        case "tsv":
            source = TsvSource(feed, options.header, asked, bad_rows)
        case "jsonl":
            source = JsonlSource(feed, bad_rows)
        case "fasttext":
            source = FasttextSource(feed, bad_rows, layout.split, layout.skipped)
        case _:
            if need_label and feed.peek():
                raise NoColumnError(f"{feed.name}: {NO_LABELS}")
            source = LinesSource(feed, bad_rows, layout.split, layout.skipped)
    if layout.note:
        lines = "" if need_label else "; --input-format lines reads plain lines"
        source.notes.insert(0, layout.note + lines)
    return source
