"""Opening sources by name: globs, folders, formats by suffix and by content; their columns."""

import shlex
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from sentiment.errors import DataError, UsageError, hint_file
from sentiment.reviews.batch import (
    BATCH_CHARS,
    BATCH_ROWS,
    STOP,
    Ahead,
    BadRow,
    Batch,
    Row,
    Source,
    Unreadable,
    first_readable,
    readable,
)
from sentiment.reviews.cells import and_more, count_of
from sentiment.reviews.columns import PLAIN, Columns, find_columns
from sentiment.reviews.delimited import CsvSource, TsvSource
from sentiment.reviews.dialects import Given
from sentiment.reviews.encodings import AUTO, check_encoding
from sentiment.reviews.feed import (
    FasttextSource,
    FeedSource,
    LinesSource,
    TextFeed,
    replaced_note,
)
from sentiment.reviews.jsonl import JsonlSource
from sentiment.reviews.lines import Layout, is_header_line, layout_of
from sentiment.reviews.parquet import ParquetSource
from sentiment.reviews.streams import (
    COMPRESSIONS,
    INPUT_FORMATS,
    SUFFIXES,
    ByteStream,
    OpenFile,
    ReadOptions,
    Where,
    input_format_of,
    open_stream,
    suffix_of,
)

NO_LABELS = (
    "labels are needed, and plain lines have none; write text<TAB>label or "
    "__label__positive text on each line, or name another format with --input-format"
)
FOLDER_LABELS = {
    "neg": "negative",
    "negative": "negative",
    "neu": "neutral",
    "neutral": "neutral",
    "pos": "positive",
    "positive": "positive",
}
FIXED = (*PLAIN, "fasttext")  # formats that define the columns
SHOWN_FILES = 3
_EACH_A_CLASS = " (--classes all makes each folder a class)"
DEFAULTS = ReadOptions()


def expand(patterns: Sequence[str]) -> list[Where]:
    """Expand paths, glob patterns and "-"; the matches of a pattern are sorted.

    A folder of Parquet files, as Spark writes it, is replaced by these files.

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
            found += _parquet_in(path) or [path]
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


def _parquet_in(path: Path) -> list[Path]:
    """Return the Parquet files of a folder, sorted; [] for a folder of text files or a file."""
    if not path.is_dir() or any(map(_is_of_class, path.iterdir())):
        return []
    # Names with these beginnings are metadata.
    return [child for child in sorted(path.glob("*.parquet")) if child.name[0] not in "._"]


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
        _refuse(options.of_tables, name, "a folder")
        return FolderSource(Path(where), options, need_label=need_label)
    if format == "folder":
        raise UsageError(f"{name} is not a folder")
    by_name = format or ("lines" if name == "-" else input_format_of(name) or "lines")
    stream = open_stream(where)
    try:
        if by_name == "parquet":
            _refuse(options.of_texts, stream.name, "Parquet")
            return _open_parquet(stream, where)
        max_row_chars = where.max_row_chars if isinstance(where, OpenFile) else None
        feed = TextFeed(
            stream,
            options.encoding,
            max_row_chars,
            markup=format == "lines",
            replace=options.on_bad_bytes == "replace",
            skip_lines=options.skip_lines,
        )
        options = _named_as_csv(options, by_name)
        layout = Layout(options.format or by_name)
        if options.format in (None, "jsonl"):
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
    """Detect the layout of a text."""
    try:
        start = feed.peek() if by_name != "fasttext" else ""
        if by_name == "lines" and is_header_line(start):
            start = feed.peek(2)
    except Unreadable:  # raised again when it is read
        return Layout(by_name)
    return layout_of(start, feed.name, by_name, need_label=need_label)


def _open_text(feed: TextFeed, layout: Layout, options: ReadOptions, *, need_label: bool) -> Source:
    bad_rows = options.bad_rows or STOP
    given = Given(options.delimiter, options.quote, options.comment)
    if layout.format not in ("csv", "tsv"):
        _refuse(options.of_tables, feed.name, layout.format)
    asked = [*options.text_columns, *options.keep]
    if need_label and options.label_column:
        asked.append(options.label_column)
    source: FeedSource
    match layout.format:
        case "csv":
            source = CsvSource(feed, options.header, asked, bad_rows, given)
        case "tsv":
            source = TsvSource(feed, options.header, asked, bad_rows, given)
        case "jsonl":
            source = JsonlSource(feed, bad_rows)
        case "fasttext":
            source = FasttextSource(feed, bad_rows, layout.split, layout.skipped)
        case _:
            if need_label and feed.peek():
                raise DataError(f"{feed.name}: {NO_LABELS}")
            source = LinesSource(feed, bad_rows, layout.split, layout.skipped)
    if layout.note:
        lines = "" if need_label else "; --input-format lines reads plain lines"
        source.notes.insert(0, layout.note + lines)
    return source


class FolderSource(Source):
    """The `.txt` files below `pos/`, `neg/` and `neu/` (or `positive/` …), sorted by name.

    If the options ask for classes, all subfolders are read, and their names are labels. Columns:
    `text`, `label` ("positive", …), `file` (its path within the folder).
    If no label is needed, a folder without these subfolders may have `.txt` files: columns `text`
    and `file`.

    Raises:
        DataError: The folder lacks these files.
        UsageError: There is no such encoding.
    """

    format = "folder"

    def __init__(self, path: Path, options: ReadOptions, *, need_label: bool) -> None:
        self._bad_rows = options.bad_rows or STOP
        self._encoding = check_encoding(options.encoding)
        self._encodings: Counter[str] = Counter()
        self._replace = options.on_bad_bytes == "replace"
        self._replaced = 0  # files
        self._path = path
        there = sorted(
            child.name for child in path.iterdir() if child.is_dir() and child.name[0] != "."
        )
        folders = [
            name for name in there if name.casefold() in FOLDER_LABELS or options.has_own_classes
        ]
        self._labelled = len(set(map(_label_of, folders))) > 1
        way_out = _EACH_A_CLASS if need_label and options.label_set is None else ""
        self._files, others = _list_files([path / n for n in folders] if self._labelled else [path])
        if not self._labelled and (need_label or not self._files):
            raise DataError(
                f"{path}: a folder of reviews holds pos/ and neg/ (or positive/ and negative/) "
                f"with .txt files{'' if need_label else ', or .txt files'}; "
                f"{_instead(path)}{way_out if len(there) > 1 else ''}"
            )
        super().__init__(str(path), ["text", *["label"] * self._labelled, "file"])
        if self._labelled and (left := [name for name in there if name not in folders]):
            names = and_more(left, SHOWN_FILES, "{}/".format)
            self.notes.append(f"skipped {names}{way_out}")
        if others:
            names = and_more(others, SHOWN_FILES, self._short)
            self.notes.append(f"skipped {len(others):,} that are not .txt files: {names}")

    def batches(self) -> Iterator[Batch]:
        """Yield the rows in batches; see `Source.batches`."""
        items: list[Row | BadRow] = []
        chars = before = 0
        self._encodings.clear()
        self._replaced = 0
        for number, file in enumerate(self._files, start=1):
            text, reason = self._read(file)
            row = {"text": text}
            if self._labelled:
                row["label"] = _label_of(file.parent.name)
            row["file"] = self._short(file)
            items.append(BadRow(reason, row, "", file=str(file)) if reason else row)
            chars += len(text)
            if len(items) == BATCH_ROWS or chars >= BATCH_CHARS or number == len(self._files):
                yield from self._bad_rows.batches(items, before + 1, self)
                items, chars, before = [], 0, number
        if self._encoding == AUTO:
            found = sorted(name for name in self._encodings if name not in ("", "utf-8"))
            self.notes += [f"{count_of(self._encodings[e], 'file')} read as {e}" for e in found]
        if self._replaced:
            self.notes.append(replaced_note(self._replaced))

    def expected_rows(self) -> int:
        """Return the number of files."""
        return len(self._files)

    def _read(self, file: Path) -> tuple[str, str | None]:
        """Return the text of a file, and what is wrong with it, or None."""
        try:
            stream = open_stream(file)
            feed = TextFeed(
                stream, self._encoding, markup=True, replace=self._replace, one_of_many=True
            )
            with closing(feed):
                text = feed.whole()
                text = text.removesuffix("\n").removesuffix("\r")
                damage = feed.damage_in(text)
        except (DataError, Unreadable) as error:
            return "", str(error).removeprefix(f"{file}: ")
        self._encodings[feed.encoding] += 1
        self._replaced += feed.replaced
        return (readable(text) if damage else text), damage

    def _short(self, file: Path) -> str:
        return file.relative_to(self._path).as_posix()


def _is_of_class(path: Path) -> bool:
    return path.name.casefold() in FOLDER_LABELS and path.is_dir()


def _label_of(folder: str) -> str:
    return FOLDER_LABELS.get(folder.casefold(), folder)


def _instead(path: Path) -> str:
    """Return what a folder contains instead, and how to read that."""
    names = sorted(child.name for child in path.iterdir())
    for name in names:
        suffix = suffix_of(name)
        if suffix in SUFFIXES and suffix != ".txt":
            end = name[name.lower().rindex(suffix) :]  # `.csv.gz`, in its original case
            return f"to read the files in it, name them: {shlex.quote(f'{path}/*{end}')}"
    return f"found {', '.join(names[:5]) or 'nothing'}"


def _list_files(folders: list[Path]) -> tuple[list[Path], list[Path]]:
    """Return the `.txt` files in some folders, and other files, without hidden ones."""
    found = [
        child
        for folder in sorted(folders)
        for child in sorted(folder.iterdir())
        if not child.name.startswith(".")
    ]
    files = [child for child in found if child.suffix.lower() == ".txt" and child.is_file()]
    return files, sorted(set(found) - set(files))
