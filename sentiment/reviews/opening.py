"""Opening sources by name: globs, folders, formats by suffix and by content; their columns."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from sentiment.errors import DataError, UsageError, hint_file
from sentiment.reviews.batch import (
    STOP,
    Ahead,
    Batch,
    Source,
    Unreadable,
    first_readable,
)
from sentiment.reviews.columns import (
    PLAIN,
    Columns,
    NoColumnError,
    find_columns,
)
from sentiment.reviews.delimited import CsvSource, TsvSource
from sentiment.reviews.dialects import Given
from sentiment.reviews.feed import FasttextSource, FeedSource, LinesSource, TextFeed
from sentiment.reviews.folders import FolderSource, files_of
from sentiment.reviews.foreign import READ_LINES
from sentiment.reviews.lines import Layout, is_header_line, layout_of
from sentiment.reviews.parquet import ParquetSource
from sentiment.reviews.streams import (
    INPUT_FORMATS,
    JSON_FORMATS,
    ByteStream,
    OpenFile,
    ReadOptions,
    Where,
    input_format_of,
    is_zip,
    open_stream,
)
from sentiment.reviews.texts import without_nested

if TYPE_CHECKING:
    from sentiment.reviews.archives import Archive

NO_LABELS = (
    "labels are needed, and plain lines have none; write text<TAB>label or "
    "__label__positive text on each line, or name a file with a label on each line: --labels FILE"
)
FIXED = (*PLAIN, "fasttext")  # formats that define the columns
DEFAULTS = ReadOptions()


def expand(patterns: Sequence[str]) -> list[Where]:
    """Expand paths, glob patterns and "-"; the matches of a pattern are sorted.

    Files in zip archives have paths, too: `reviews.zip/train.csv`.

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
        elif packed := _in_archive(path):
            found += packed
        else:
            raise DataError(f"no such file: {pattern}{_similar(path)}")
    return found


def _in_archive(path: Path) -> list[Path]:
    """Return the files that a path in a zip archive names; [] if it leads into none."""
    if not any(parent.is_file() for parent in path.parents):
        return []
    from sentiment.reviews.archives import files_in

    return files_in(path)


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

    if source.within:
        options = _named_within(options, f"{source.within}.")
    columns = find_columns(
        source.columns,
        sample,
        options,
        need_label=need_label,
        name=source.name,
        nested=source.nested,
        is_text=source.format not in ("xlsx", "parquet"),
    )
    if source.format not in JSON_FORMATS:
        return Opened(source, columns, batches)
    checked = without_nested(batches, source, columns, options.bad_rows or STOP)
    return Opened(source, columns, checked)


def _named_within(options: ReadOptions, path: str) -> ReadOptions:
    """Return options that name columns without the list that these are in: `data.text` → `text`."""
    label = options.label_column
    return replace(
        options,
        text_columns=tuple(name.removeprefix(path) for name in options.text_columns),
        label_column=label and label.removeprefix(path),
        keep=tuple(name.removeprefix(path) for name in options.keep),
    )


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
        _check_sheet(options, name)
        _refuse(options.of_tables, name, "a folder")
        return FolderSource(Path(where), options, need_label=need_label)
    if format == "folder":
        raise UsageError(f"{name} is not a folder")
    stream, member = _open_place(where)
    try:
        source = _open_stream(stream, options, member, need_label=need_label)
        if source.format != "xlsx":
            _check_sheet(options, source.name)
    except Unreadable as error:
        stream.close()
        raise DataError(f"{stream.name}, line {error.line or 1}: {error}") from error
    except BaseException:
        stream.close()
        raise
    return source


def _open_place(where: Path | str | OpenFile) -> tuple[ByteStream, str | None]:
    """Open a file; of a path in an archive, also return the name of the file in it."""
    if isinstance(where, OpenFile) or where == "-" or Path(where).exists():
        return open_stream(where), None
    from sentiment.reviews.archives import split_path  # few inputs are in archives

    place, member = split_path(Path(where))
    return open_stream(place), member


def _check_sheet(options: ReadOptions, name: str) -> None:
    if options.sheet is not None:
        raise UsageError(f"{name} is no workbook (.xlsx), and has no sheets: leave out --sheet")


def _open_stream(
    stream: ByteStream,
    options: ReadOptions,
    member: str | None = None,
    within: "Archive | None" = None,
    *,
    need_label: bool,
) -> Source:
    """Open a stream by its content, and where that does not tell, by its name.

    Args:
        stream: It is closed with the source.
        options: How to read it.
        member: The name of a file in it, if it is an archive; None to choose it.
        within: The archive that it is in.
        need_label: Labels are needed.
    """
    format = options.format
    by_name: str = format or input_format_of(stream.name) or "lines"
    if is_zip(stream.peek()):
        return _open_zip(stream, options, member, within, need_label=need_label)
    if member is not None:
        raise DataError(f"no such file: {stream.name}/{member}; {stream.name} is no zip archive")
    if format == "xlsx":
        raise DataError(f"{stream.name}: not a workbook (.xlsx); leave out --input-format xlsx")
    if by_name == "parquet":
        if within and stream.max_bytes is not None:  # an upload, which is tried by its name
            raise DataError(f"{stream.name}: Parquet in an archive; send it by itself")
        _refuse(options.of_texts, stream.name, "Parquet")
        return ParquetSource(stream)
    by_name = "lines" if by_name == "xlsx" else by_name  # a text by its content
    feed = TextFeed(
        stream,
        options.encoding,
        stream.max_row_chars,
        markup=format == "lines",
        replace=options.on_bad_bytes == "replace",
        skip_lines=options.skip_lines,
    )
    return _open_text(feed, by_name, _named_as_csv(options, by_name), need_label=need_label)


def _open_zip(
    stream: ByteStream,
    options: ReadOptions,
    member: str | None,
    within: "Archive | None",
    *,
    need_label: bool,
) -> Source:
    """Open a workbook, or a table in an archive; see `_open_stream`."""
    from sentiment.reviews.archives import Archive

    archive = Archive(stream)
    if archive.is_workbook and member is None:
        if options.format not in (None, "xlsx"):
            leave = f"leave out --input-format {options.format}"
            raise DataError(f"{stream.name}: a workbook (.xlsx), not {options.format}; {leave}")
        _refuse(options.of_texts, stream.name, "Excel")
        from sentiment.reviews.excel import ExcelSource
        from sentiment.reviews.workbook import Workbook

        book = Workbook(archive, stream.max_row_chars)
        asked = _asked(options, need_label=need_label)
        bad_rows = options.bad_rows or STOP
        return ExcelSource(book, options.sheet, options.header, asked, bad_rows)
    if what := archive.document():
        raise DataError(f"{stream.name}: {what}")
    if within:
        raise within.nested(stream.name)
    if member is not None and member not in archive.names:
        raise archive.missing(member)
    inner = archive.stream(member or archive.table())
    try:
        return _open_stream(inner, options, within=archive, need_label=need_label)
    except BaseException:
        inner.close()
        raise


def _open_text(feed: TextFeed, by_name: str, options: ReadOptions, *, need_label: bool) -> Source:
    """Open a text as what its name or its content says."""
    detected = options.format is None
    source: FeedSource | None = None
    if detected and by_name in JSON_FORMATS and _is_other(feed, options, need_label=need_label):
        by_name = "lines"
    may_be_json = detected and by_name != "fasttext" and feed.may_begin_with("[{")
    if may_be_json or by_name in JSON_FORMATS:
        from sentiment.reviews.json_source import open_json  # most files are not JSON

        asked = _asked(options, need_label=need_label)
        source = open_json(feed, by_name, asked, options.bad_rows or STOP)
        note = "" if by_name in JSON_FORMATS else "read as JSON, by its content"
    if source is None:
        layout = Layout(options.format or by_name)
        if detected:
            layout = _layout(feed, by_name, need_label=need_label)
        source, note = _open_layout(feed, layout, options, need_label=need_label), layout.note
    if source.format not in ("csv", "tsv"):
        _refuse(options.of_tables, feed.name, source.format)
    if note:
        lines = "" if need_label else "; --input-format lines reads plain lines"
        source.notes.insert(0, note + lines)
    return source


def _is_other(feed: TextFeed, options: ReadOptions, *, need_label: bool) -> bool:
    """Return whether a text that is called JSON is another one with columns or labels, as CSV is.

    Raises:
        DataError: It has only lines, and bad rows are errors.
    """
    from sentiment.reviews.json_layout import is_json

    if is_json(feed):
        return False
    if _layout(feed, "lines", need_label=need_label).format != "lines":
        return True
    if not need_label and (options.bad_rows or STOP).policy == "stop":
        raise DataError(f"{feed.name}: not JSON; {READ_LINES}")
    return False


def _open_layout(
    feed: TextFeed, layout: Layout, options: ReadOptions, *, need_label: bool
) -> FeedSource:
    """Open a text that is not JSON."""
    bad_rows = options.bad_rows or STOP
    if layout.format in ("csv", "tsv"):
        given = Given(options.delimiter, options.quote, options.comment)
        asked = _asked(options, need_label=need_label)
        kind = CsvSource if layout.format == "csv" else TsvSource
        return kind(feed, options.header, asked, bad_rows, given)
    if layout.format == "fasttext":
        return FasttextSource(feed, bad_rows, layout.split, layout.skipped)
    if need_label and feed.peek():
        raise NoColumnError(f"{feed.name}: {NO_LABELS}")
    return LinesSource(feed, bad_rows, layout.split, layout.skipped)


def _named_as_csv(options: ReadOptions, by_name: str) -> ReadOptions:
    """Return options that read a text as CSV if they name its delimiter or quotes."""
    given = options.delimiter is not None or options.quote is not None
    if not given or by_name not in ("csv", "tsv", "lines"):
        return options
    if options.delimiter is None and by_name == "tsv":
        return replace(options, format="csv", delimiter="tab")
    return replace(options, format="csv")


def _refuse(given: str, name: str, format: str) -> None:
    """Refuse an option that a format does not have."""
    if given:
        raise UsageError(f"{name}: leave out {given}: it is not for {format}")


def _layout(feed: TextFeed, by_name: str, *, need_label: bool) -> Layout:
    """Detect the layout of a text that is not JSON."""
    try:
        start = feed.peek()
        if by_name == "lines" and is_header_line(start):
            start = feed.peek(2)
    except Unreadable:  # raised again when it is read
        return Layout(by_name)
    return layout_of(start, by_name, need_label=need_label)


def _asked(options: ReadOptions, *, need_label: bool) -> list[str]:
    """Return the columns that the user named, by which a header is known."""
    label = [options.label_column] if need_label and options.label_column else []
    return [*options.text_columns, *options.keep, *label]
