"""A file of reviews answered step by step, as `sentiment predict -i` does; no HTTP here.

The caller opens a file, reads some rows, has their texts answered, writes the rows with the
answers, and so on.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import PurePath
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from sentiment.errors import DataError
from sentiment.labels import SENTIMENT, UNCERTAIN, LabelSet
from sentiment.reviews.batch import (
    BadRow,
    BadRows,
    Batch,
    RowsSource,
    Source,
    Unreadable,
    row_error,
)
from sentiment.reviews.cells import json_probability
from sentiment.reviews.columns import Columns
from sentiment.reviews.compression import without_compression
from sentiment.reviews.json_layout import SeveralListsError
from sentiment.reviews.opening import choose_columns, open_source
from sentiment.reviews.parquet import ParquetSource
from sentiment.reviews.streams import (
    JSON_FORMATS,
    OpenFile,
    ReadOptions,
    TooLargeError,
    input_format_of,
)
from sentiment.reviews.texts import texts_of
from sentiment.reviews.writers import Writer, added_names, writer_for
from sentiment.serving.server import Limits

_NO_TEXT, _UNREADABLE = "without_text", "unreadable"

_ROWS = 256  # per step, so that other requests get their turn
_MAX_COLUMNS = 1_000
_SHOWN = 100  # rows, and rows with their errors
_SHOWN_CHARS = 300  # of a text
_PREFIX = "sentiment_"
_TABLES = ("csv", "tsv", *JSON_FORMATS, "parquet", "xlsx")  # their results have the same format
_SUFFIXES = {"text": "txt", "fasttext": "txt"}
# What a spreadsheet reads as a formula; not a plain number with a sign.
_FORMULA = re.compile(r"[=+\-@\t\r](?!\d*[.,]?\d*$)")


@dataclass(frozen=True)
class FileRequest:
    """How to read a file, and the result to write.

    Attributes:
        name: its name; the suffix shows format and compression.
        sheet: name of a sheet of a workbook, None for the first one with rows.
        format: one of `INPUT_FORMATS`, None to detect it.
        encoding: of text formats; `auto` finds it.
        on_bad_bytes: `bad-row`, or `replace` by U+FFFD.
        skip_lines: lines to leave out at the start of text formats.
        delimiter: of CSV, None to detect it.
        quote: of CSV, None for the double quote.
        comment: what lines of CSV and TSV to leave out begin with.
        header: whether the first row names the columns, None to detect it.
        text_columns: columns of texts, empty to detect them.
        to: one of `OUTPUT_FORMATS`; None for the format of the file, or CSV if it has no columns.
        prefix: of the added columns, None for one that avoids clashes.
        rows: number of first rows to answer, None for all.
        cut: whether the file is truncated, so that its last row is ignored.
    """

    name: str = "reviews"
    sheet: str | None = None
    format: str | None = None
    encoding: str = "utf-8"
    on_bad_bytes: str = "bad-row"
    skip_lines: int = 0
    delimiter: str | None = None
    quote: str | None = None
    comment: str | None = None
    header: bool | None = None
    text_columns: tuple[str, ...] = ()
    to: str | None = None
    prefix: str | None = None
    rows: int | None = None
    cut: bool = False

    def is_parquet(self) -> bool:
        """Return whether to read it as Parquet.

        Raises:
            DataError: files with this suffix are not supported.
        """
        return (self.format or input_format_of(self.name)) == "parquet"


@dataclass(frozen=True)
class Found:
    """What is known about a file before its rows are answered.

    Attributes:
        format: the format it is read as.
        header: whether the first row names the columns, None if the format has no header.
        sheets: names of the sheets of a workbook, else empty.
        sheet: name of the one that is read, else None.
        columns: names of all columns, those of fields instead of a column of objects.
        text_columns: columns of texts, empty without rows or if they are unclear.
        notes: what was detected.
        to: format of the result.
        result: file name of the result.
        error: why the text column is unclear and what to do, else None.
    """

    format: str
    header: bool | None
    sheets: tuple[str, ...]
    sheet: str | None
    columns: tuple[str, ...]
    text_columns: tuple[str, ...]
    notes: tuple[str, ...]
    to: str
    result: str
    error: str | None


class Answered(NamedTuple):
    """The answer to a text.

    Attributes:
        word: a class, `uncertain`, or "" for no answer.
        probabilities: of `LabelSet.columns`, NaN for no answer, [C].
        reason: why it is uncertain, else "".
    """

    word: str
    probabilities: Sequence[float]
    reason: str


@dataclass(frozen=True)
class Step:
    """Progress after some rows.

    Attributes:
        rows: number of rows answered so far.
        outcomes: their numbers by outcome.
        share: share of the file read so far, 0 to 1.
        formulas: rows so far with a cell that a spreadsheet would read as a formula.
        shown: those of the first rows in this step, for display: number (from 1), beginning of the
            text, outcome, probabilities by the names of their columns, and reason.
        errors: messages about unreadable rows, the first ones only.
        notes: what was detected since the file was opened.
        part: bytes to append to the result.
        end: whether the result is complete.
    """

    rows: int
    outcomes: dict[str, int]
    share: float
    formulas: int
    shown: tuple[dict[str, Any], ...]
    errors: tuple[str, ...]
    part: bytes
    notes: tuple[str, ...] = ()
    end: bool = False


class FileAnswers:
    """Answers one file: `open`, then `read` and `write` in turn, then `end`.

    Unreadable rows keep their places, without an answer.
    """

    def __init__(
        self,
        file: BinaryIO,
        request: FileRequest,
        limits: Limits,
        labels: LabelSet = SENTIMENT,
        reword: Callable[[str], str] = str,
    ) -> None:
        """Prepare to answer a seekable file with some classes.

        `reword` adapts messages of the command line.
        """
        self._file = file
        self._request = request
        self._limits = limits
        self._labels = labels
        self._reword = reword
        self._size = file.seek(0, 2)
        file.seek(0)
        self._source: Source | None = None
        self._columns = Columns((), None, "")
        self._pieces: Iterator[Batch] = iter(())
        self._piece, self._texts = Batch([], 1), [""]
        self._to = request.to or ""
        self._writer: Writer | None = None
        self._sink = BytesIO()
        outcomes = (*reversed(labels.names), UNCERTAIN, _NO_TEXT, _UNREADABLE)
        self._outcomes: Counter[str] = Counter(dict.fromkeys(outcomes, 0))
        self._rows = self._formulas = self._unpacked = self._notes_told = 0

    def open(self) -> Found:
        """Inspect the file.

        Raises:
            DataError: it cannot be read.
            UsageError: a column does not exist, or the request is contradictory.
            MissingDependencyError: a package for its format is missing.
        """
        asked, limits = self._request, self._limits
        reading = ReadOptions(
            format=asked.format,
            sheet=asked.sheet,
            encoding=asked.encoding,
            on_bad_bytes=asked.on_bad_bytes,
            skip_lines=asked.skip_lines,
            delimiter=asked.delimiter,
            quote=asked.quote,
            comment=asked.comment,
            header=asked.header,
            text_columns=asked.text_columns,
            bad_rows=BadRows("keep"),
        )
        file = OpenFile(self._file, asked.name, limits.max_file, limits.max_body)
        try:
            source = self._source = open_source(file, reading)
        except SeveralListsError as error:
            return self._unclear(error)
        self._check_width(source)
        self._to = asked.to or (source.format if source.format in _TABLES else "csv")
        notes, trouble = list(source.notes), None
        try:
            opened = choose_columns(source, reading, need_label=False)
        except DataError as error:
            if isinstance(error, TooLargeError) or not source.columns:
                raise
            trouble = str(error)
        else:
            self._columns, self._pieces = opened.columns, self._selected(opened.batches)
            if source.format != "lines":
                notes.insert(0, opened.columns.how)
            notes += self._open_writer(source)
        self._notes_told = len(source.notes)
        within = source.within and f"{source.within}."
        return Found(
            format=source.format,
            header=source.has_header if source.format in ("csv", "tsv", "xlsx") else None,
            sheets=tuple(source.sheets),
            sheet=source.sheet,
            columns=tuple(f"{within}{name}" for name in source.fields[:_MAX_COLUMNS]),
            text_columns=tuple(f"{within}{name}" for name in self._columns.text),
            notes=tuple(map(self._reword, notes)),
            to=self._to,
            result=_result_name(asked.name, self._to),
            error=trouble and self._reword(trouble),
        )

    def _unclear(self, error: SeveralListsError) -> Found:
        """Return the columns of texts to choose from."""
        to = self._request.to or "json"
        return Found(
            format="json",
            header=None,
            sheets=(),
            sheet=None,
            columns=tuple(error.choices),
            text_columns=(),
            notes=(),
            to=to,
            result=_result_name(self._request.name, to),
            error=self._reword(str(error)),
        )

    def read(self) -> list[str] | None:
        """Read some rows and return their texts, None at the end.

        Raises:
            DataError: the rest cannot be read.
        """
        piece = next(self._pieces, None)
        if piece is None:
            return None
        self._texts = texts_of(piece, self._columns)
        self._piece = self._with_reasons(piece)
        return ["" if n in self._piece.bad else text for n, text in enumerate(self._texts)]

    def write(self, answers: Sequence[Answered]) -> Step:
        """Write the rows just read with their answers.

        Raises:
            DataError: a row does not fit the format of the result.
        """
        piece = self._piece
        probabilities = np.array([each.probabilities for each in answers], np.float64)
        words, reasons = [each.word for each in answers], [each.reason for each in answers]
        self._opened_writer().write(piece, words, probabilities, reasons)
        outcomes = [
            _UNREADABLE if place in piece.bad else word or _NO_TEXT
            for place, word in enumerate(words)
        ]
        shown, errors = tuple(self._show(answers, outcomes)), tuple(self._errors())
        self._rows += len(words)
        self._outcomes.update(outcomes)
        if self._to in ("csv", "tsv"):
            self._formulas += sum(map(_has_formula, map(dict.values, piece.rows)))
        return self._step(shown, errors)

    def end(self) -> Step:
        """Write the end of the result."""
        self._opened_writer().close()
        notes = self._source.notes[self._notes_told :] if self._source else []
        return replace(self._step(), share=1.0, notes=tuple(map(self._reword, notes)), end=True)

    def close(self) -> None:
        """Close the file."""
        if self._source is not None:
            self._source.close()
        self._file.close()

    def _open_writer(self, source: Source) -> list[str]:
        """Open the writer; return notes."""
        if not self._columns.text:
            source = RowsSource([], [], source.name)  # a table without rows
        asked = self._request.prefix
        prefix = _free_prefix(source, self._to, self._labels) if asked is None else asked
        self._writer = writer_for(
            self._to,
            self._sink,
            source,
            self._columns,
            labels=self._labels,
            prefix=prefix,
            kept=True,
        )
        if asked is not None or not prefix:
            return []
        return [f"a column already has the name of an added one: added names begin with {prefix}"]

    def _opened_writer(self) -> Writer:
        if self._writer is None:
            raise ValueError("not opened, or no text column was found")
        return self._writer

    def _step(self, shown: Iterable[dict[str, Any]] = (), errors: Iterable[str] = ()) -> Step:
        part = self._sink.getvalue()
        self._sink.seek(0)
        self._sink.truncate()
        return Step(
            self._rows, dict(self._outcomes), round(self._share(), 4), self._formulas,
            tuple(shown), tuple(errors), part,
        )  # fmt: skip

    def _share(self) -> float:
        """Return the share of the file read; of Parquet, which is read from its end, by rows."""
        if isinstance(self._source, ParquetSource):
            return self._rows / max(self._source.row_count, 1)
        return min(self._file.tell() / max(self._size, 1), 1.0)

    def _check_width(self, source: Source) -> None:
        """Refuse tables so wide that each short row would become a long record."""
        count, chars = len(source.columns), sum(map(len, source.columns))
        if count > _MAX_COLUMNS:
            raise DataError(f"{source.name}: {count:,} columns; the limit is {_MAX_COLUMNS:,}")
        if chars > self._limits.max_chars:
            raise DataError(
                f"{source.name}: the names of its columns have {chars:,} characters; "
                f"the limit is {self._limits.max_chars:,}"
            )

    def _selected(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        """Return the rows to answer, in small batches."""
        pieces = self._split(batches)
        if self._request.cut:
            pieces = _without_last(pieces)
        return pieces if self._request.rows is None else _first(pieces, self._request.rows)

    def _split(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        for batch in batches:
            if batch.arrow is not None:
                self._unpacked += batch.arrow.nbytes
                if self._unpacked > self._limits.max_file:
                    most = f"{self._limits.max_file:,}"
                    raise TooLargeError(
                        f"{batch.name}: more than {most} bytes, decompressed; split it"
                    )
            if batch.arrow is not None and self._to == "parquet":
                yield batch  # written without conversion to rows
                continue
            for start in range(0, len(batch.rows), _ROWS):
                yield batch.part(start, min(start + _ROWS, len(batch.rows)))

    def _with_reasons(self, piece: Batch) -> Batch:
        """Mark rows with too long texts as unreadable; reword the reasons of the others."""
        most = self._limits.max_chars
        bad = {
            place: replace(row, reason=self._reword(row.reason)) for place, row in piece.bad.items()
        }
        for place, text in enumerate(self._texts):
            if len(text) > most and place not in bad:
                reason = f"a text of {len(text):,} characters; the limit is {most:,}"
                bad[place] = BadRow(reason, piece.rows[place], "")
        return replace(piece, bad=bad) if bad else piece

    def _errors(self) -> Iterator[str]:
        piece, before = self._piece, self._outcomes[_UNREADABLE]
        for place, bad in list(piece.bad.items())[: max(_SHOWN - before, 0)]:
            number = piece.row_number(place)
            yield str(row_error(bad.file or piece.name, number, bad.reason, bad.line))

    def _show(
        self, answers: Sequence[Answered], outcomes: Sequence[str]
    ) -> Iterator[dict[str, Any]]:
        texts = self._texts[: max(_SHOWN - self._rows, 0)]
        names = [name for name, _ in self._labels.columns]
        for place, (text, answer) in enumerate(zip(texts, answers, strict=False)):
            bad = self._piece.bad.get(place)
            yield {
                "number": self._rows + place + 1,
                "text": text if len(text) <= _SHOWN_CHARS else f"{text[:_SHOWN_CHARS]}…",
                "outcome": outcomes[place],
                **dict(zip(names, map(json_probability, answer.probabilities), strict=True)),
                "reason": bad.reason if bad else answer.reason,
            }


def _first(pieces: Iterable[Batch], count: int) -> Iterator[Batch]:
    """Yield the first `count` rows."""
    for piece in pieces:
        yield piece if len(piece.rows) <= count else piece.part(0, count)
        count -= len(piece.rows)
        if count <= 0:
            return


def _without_last(pieces: Iterable[Batch]) -> Iterator[Batch]:
    """Leave out the last row, and ignore an error after it."""
    previous: Batch | None = None
    try:
        for piece in pieces:
            if previous is not None:
                yield previous
            previous = piece
    except (DataError, Unreadable):
        if previous is None:
            raise
    if previous is not None and len(previous.rows) > 1:
        yield previous.part(0, len(previous.rows) - 1)


def _has_formula(cells: Iterable[object]) -> bool:
    return any(isinstance(cell, str) and _FORMULA.match(cell) for cell in cells)


def _result_name(name: str, format: str) -> str:
    """Return the name of the result: `reviews.csv.gz` → `reviews.scored.csv`."""
    path = without_compression(PurePath(name))
    return f"{path.stem or 'reviews'}.scored.{_SUFFIXES.get(format, format)}"


def _free_prefix(source: Source, format: str, labels: LabelSet) -> str:
    """Return a prefix with which the added columns do not clash."""
    taken = {*source.columns, *source.header}
    prefix = ""
    while not taken.isdisjoint(
        added_names(format, prefix, labels, explained=False, kept=True).values()
    ):
        prefix += _PREFIX
    return prefix
