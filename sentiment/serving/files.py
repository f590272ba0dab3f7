"""A file of reviews, answered row by row: what `sentiment predict -i` does with it, in steps.

Nothing here knows of HTTP, and nothing waits: whoever opens a file reads a few rows of it, has
their texts answered, and has the rows written with the answers, again and again.
"""

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import PurePath
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from sentiment.errors import DataError
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
from sentiment.reviews.columns import Columns, texts_of
from sentiment.reviews.opening import choose_columns, open_source
from sentiment.reviews.parquet import ParquetSource
from sentiment.reviews.streams import (
    COMPRESSIONS,
    OpenFile,
    ReadOptions,
    TooLargeError,
    input_format_of,
)
from sentiment.reviews.writers import Writer, added_names, writer_for
from sentiment.serving.limits import Limits

# What a row may come to: an answer of the model, no text to answer, or no row that can be read.
OUTCOMES = ("positive", "negative", "uncertain", "without_text", "unreadable")

_ROWS = 256  # that are answered at once, so that others have their turn
_COLUMNS = 1_000
_SHOWN = 100  # rows that are shown, and rows whose errors are told
_SHOWN_CHARS = 300  # of a text that is shown
_PREFIX = "sentiment_"
_TABLES = ("csv", "tsv", "jsonl", "parquet")  # whose results are of the same format
_SUFFIXES = {"text": "txt", "fasttext": "txt"}
# What a spreadsheet takes for a formula; a plain number with a sign is none.
_FORMULA = re.compile(r"[=+\-@\t\r](?!\d*[.,]?\d*$)")


@dataclass(frozen=True)
class FileRequest:
    """How a file is to be read, and what is to become of it.

    Attributes:
        name: What it is called; the suffix tells its format and how it is compressed.
        format: One of `INPUT_FORMATS`; None decides by the name and the content.
        encoding: That of text formats.
        header: Whether a first row names the columns; None decides by the first rows.
        text_columns: Where the texts are; none to have them found.
        to: One of `OUTPUT_FORMATS`; None for that of the file, or CSV if it has no columns.
        prefix: Comes before the names that are added; None for one that is free.
        rows: As many first rows are answered, and no more; None for all.
        cut: It is the beginning of a file: its last row is left out, for it may go on.
    """

    name: str = "reviews"
    format: str | None = None
    encoding: str = "utf-8"
    header: bool | None = None
    text_columns: tuple[str, ...] = ()
    to: str | None = None
    prefix: str | None = None
    rows: int | None = None
    cut: bool = False

    def is_parquet(self) -> bool:
        """Tell whether it is read as Parquet.

        Raises:
            DataError: Files of such a name are not read.
        """
        return (self.format or input_format_of(self.name)) == "parquet"


@dataclass(frozen=True)
class Found:
    """What is known of a file before its rows are answered.

    Attributes:
        format: What it is read as.
        header: Whether a first row names the columns; None where a format has no such row.
        columns: Their names.
        text_columns: Where the texts are; none if there are no rows, or that cannot be told.
        notes: How it is read, as far as nobody said so.
        to: The format of the result.
        result: What to call the result.
        error: Why the texts cannot be told, and the way out; None if they can.
    """

    format: str
    header: bool | None
    columns: tuple[str, ...]
    text_columns: tuple[str, ...]
    notes: tuple[str, ...]
    to: str
    result: str
    error: str | None


class Answered(NamedTuple):
    """What the model says to a text.

    Attributes:
        word: `positive`, `negative`, `uncertain`, or "" for no answer.
        p_positive: The probability of positive; NaN for no answer.
        reason: Why it is uncertain, "" if it is not.
    """

    word: str
    p_positive: float
    reason: str


@dataclass(frozen=True)
class Step:
    """Some rows that were answered.

    Attributes:
        rows: How many were answered, with all before them.
        outcomes: How many of them came to what.
        share: How much of the file was read, from 0 to 1.
        formulas: Rows so far with a cell that a spreadsheet would take for a formula.
        shown: Those that are among the first, for people to look at: their number from 1 on, the
            beginning of the text, the outcome, and why it is uncertain or cannot be read.
        errors: Which rows could not be read, and why; not all if there are many.
        part: What they add to the result; nothing if it is still held back.
        end: Whether the result is complete.
    """

    rows: int
    outcomes: dict[str, int]
    share: float
    formulas: int
    shown: tuple[dict[str, Any], ...]
    errors: tuple[str, ...]
    part: bytes
    end: bool = False


class FileAnswers:
    """One file on its way through the model: `open`, then `read` and `write` by turns, `end`.

    Rows that cannot be read keep their places, without an answer.
    """

    def __init__(
        self,
        file: BinaryIO,
        request: FileRequest,
        limits: Limits,
        words: Callable[[str], str] = str,
    ) -> None:
        """Take a file, and what is to become of it.

        Args:
            file: It can be searched.
            request: What is asked for.
            limits: How much is taken on.
            words: Says what a message for the command line says, to whoever asks here.
        """
        self._file = file
        self._request = request
        self._limits = limits
        self._words = words
        self._size = file.seek(0, 2)
        file.seek(0)
        self._source: Source | None = None
        self._columns = Columns((), None, "")
        self._pieces: Iterator[Batch] = iter(())
        self._piece, self._texts = Batch([], 1), [""]
        self._to = request.to or ""
        self._writer: Writer | None = None
        self._sink = BytesIO()
        self._outcomes: Counter[str] = Counter(dict.fromkeys(OUTCOMES, 0))
        self._rows = self._formulas = self._unpacked = 0

    def open(self) -> Found:
        """Find out what is in it.

        Raises:
            DataError: It cannot be read.
            UsageError: It has no such column, or what is asked for does not go together.
            MissingDependencyError: There is nothing here that reads its format.
        """
        asked, limits = self._request, self._limits
        reading = ReadOptions(
            format=asked.format,
            encoding=asked.encoding,
            header=asked.header,
            text_columns=asked.text_columns,
            bad_rows=BadRows("keep"),
        )
        file = OpenFile(self._file, asked.name, limits.max_file, limits.max_body)
        source = self._source = open_source(file, reading)
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
            self._columns, self._pieces = opened.columns, self._chosen(opened.batches)
            if source.format != "lines":
                notes.insert(0, opened.columns.how)
            notes += self._begin(source)
        return Found(
            format=source.format,
            header=source.has_header if source.format in ("csv", "tsv") else None,
            columns=tuple(source.columns),
            text_columns=self._columns.text,
            notes=tuple(map(self._words, notes)),
            to=self._to,
            result=_result_name(asked.name, self._to),
            error=trouble and self._words(trouble),
        )

    def read(self) -> list[str] | None:
        """Read some rows, and give the texts that are to be answered; None at the end.

        Raises:
            DataError: From here on it cannot be read.
        """
        piece = next(self._pieces, None)
        if piece is None:
            return None
        self._texts = texts_of(piece, self._columns)
        self._piece = self._told(piece)
        return ["" if n in self._piece.bad else text for n, text in enumerate(self._texts)]

    def write(self, answers: Sequence[Answered]) -> Step:
        """Write the rows that were read with the answers to their texts.

        Raises:
            DataError: One does not fit into the format of the result.
        """
        piece, writer = self._piece, self._opened_writer()
        p_positive = np.array([each.p_positive for each in answers], np.float64)
        words, reasons = [each.word for each in answers], [each.reason for each in answers]
        writer.write(piece, words, p_positive, reasons)
        outcomes = [
            "unreadable" if place in piece.bad else word or "without_text"
            for place, word in enumerate(words)
        ]
        shown, errors = tuple(self._show(answers, outcomes)), tuple(self._errors())
        self._rows += len(words)
        self._outcomes.update(outcomes)
        if self._to in ("csv", "tsv"):
            self._formulas += sum(map(_has_formula, map(dict.values, piece.rows)))
        return self._step(shown, errors)

    def end(self) -> Step:
        """Write what the result ends with."""
        self._opened_writer().close()
        return replace(self._step(), share=1.0, end=True)

    def close(self) -> None:
        """Let go of the file."""
        if self._source is not None:
            self._source.close()
        self._file.close()

    def _begin(self, source: Source) -> list[str]:
        """Make the writer; give what is to be said of it."""
        if not self._columns.text:
            source = RowsSource([], [], source.name)  # a table without rows
        prefix = self._request.prefix
        if prefix is None:
            prefix = _free_prefix(source, self._to)
        columns = self._columns
        self._writer = writer_for(self._to, self._sink, source, columns, prefix=prefix, kept=True)
        if self._request.prefix is not None or not prefix:
            return []
        return [f"has a column of a name that is added: names that are begin with {prefix}"]

    def _opened_writer(self) -> Writer:
        if self._writer is None:
            raise ValueError("nothing is open, or where the texts are cannot be told")
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
        """Tell how much was read; of Parquet, whose end is read first, by the rows."""
        if isinstance(self._source, ParquetSource):
            return self._rows / max(self._source.row_count, 1)
        return min(self._file.tell() / max(self._size, 1), 1.0)

    def _check_width(self, source: Source) -> None:
        """Refuse what nobody's table is, and what would make each short row a long one."""
        count, chars = len(source.columns), sum(map(len, source.columns))
        if count > _COLUMNS:
            raise DataError(f"{source.name}: {count:,} columns; at most {_COLUMNS:,} are taken")
        if chars > self._limits.max_chars:
            raise DataError(
                f"{source.name}: the names of its columns have {chars:,} characters; "
                f"at most {self._limits.max_chars:,} are taken"
            )

    def _chosen(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        """Give the rows that are asked for, in pieces."""
        pieces = self._cut_up(batches)
        if self._request.cut:
            pieces = _without_last(pieces)
        return pieces if self._request.rows is None else _first(pieces, self._request.rows)

    def _cut_up(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        """Cut batches into pieces that are soon answered."""
        for batch in batches:
            if batch.arrow is not None:
                self._unpacked += batch.arrow.nbytes
                if self._unpacked > self._limits.max_file:
                    most = f"{self._limits.max_file:,}"
                    raise TooLargeError(
                        f"{batch.name}: more than {most} bytes, unpacked; cut it up"
                    )
            if batch.arrow is not None and self._to == "parquet":
                yield batch  # as it stands, which is not made row by row
                continue
            for start in range(0, len(batch.rows), _ROWS):
                yield batch.part(start, min(start + _ROWS, len(batch.rows)))

    def _told(self, piece: Batch) -> Batch:
        """Say why rows cannot be read; one with a longer text than is answered is such a row."""
        most = self._limits.max_chars
        bad = {
            place: replace(row, reason=self._words(row.reason)) for place, row in piece.bad.items()
        }
        for place, text in enumerate(self._texts):
            if len(text) > most and place not in bad:
                reason = f"a text of {len(text):,} characters; at most {most:,} are taken"
                bad[place] = BadRow(reason, piece.rows[place], "")
        return replace(piece, bad=bad) if bad else piece

    def _errors(self) -> Iterator[str]:
        """Say why rows cannot be read, of the first ones."""
        piece, told = self._piece, self._outcomes["unreadable"]
        for place, bad in list(piece.bad.items())[: max(_SHOWN - told, 0)]:
            number = piece.row_number(place)
            yield str(row_error(bad.file or piece.name, number, bad.reason, bad.line))

    def _show(
        self, answers: Sequence[Answered], outcomes: Sequence[str]
    ) -> Iterator[dict[str, Any]]:
        texts = self._texts[: max(_SHOWN - self._rows, 0)]
        for place, (text, answer) in enumerate(zip(texts, answers, strict=False)):
            bad = self._piece.bad.get(place)
            yield {
                "number": self._rows + place + 1,
                "text": text if len(text) <= _SHOWN_CHARS else f"{text[:_SHOWN_CHARS]}…",
                "outcome": outcomes[place],
                "p_positive": json_probability(answer.p_positive),
                "reason": bad.reason if bad else answer.reason,
            }


NO_ANSWER = Answered("", math.nan, "")


def _first(pieces: Iterable[Batch], most: int) -> Iterator[Batch]:
    """Give so many first rows."""
    for piece in pieces:
        yield piece if len(piece.rows) <= most else piece.part(0, most)
        most -= len(piece.rows)
        if most <= 0:
            return


def _without_last(pieces: Iterable[Batch]) -> Iterator[Batch]:
    """Leave out the last row; nor is damage behind it an error."""
    held: Batch | None = None
    try:
        for piece in pieces:
            if held is not None:
                yield held
            held = piece
    except (DataError, Unreadable):
        if held is None:
            raise
    if held is not None and len(held.rows) > 1:
        yield held.part(0, len(held.rows) - 1)


def _has_formula(cells: Iterable[object]) -> bool:
    return any(isinstance(cell, str) and _FORMULA.match(cell) for cell in cells)


def _result_name(name: str, format: str) -> str:
    """Call a result by the name of the file: `reviews.csv.gz` → `reviews.scored.csv`."""
    path = PurePath(name)
    while path.suffix.lower() in COMPRESSIONS:
        path = path.with_suffix("")
    return f"{path.stem or 'reviews'}.scored.{_SUFFIXES.get(format, format)}"


def _free_prefix(source: Source, format: str) -> str:
    """Find what to put before the names that are added, so that none is taken."""
    taken = {*source.columns, *source.header}
    prefix = ""
    while not taken.isdisjoint(added_names(format, prefix, explained=False, kept=True).values()):
        prefix += _PREFIX
    return prefix
