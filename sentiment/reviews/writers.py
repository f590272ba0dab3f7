"""Writers of rows with their answers, one for each format."""

from abc import ABC, abstractmethod
from codecs import getincrementalencoder
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from sentiment.errors import DataError, UsageError
from sentiment.reviews.batch import Batch, Row, Source, row_error
from sentiment.reviews.cells import (
    cell,
    csv_cell,
    encode,
    four_digits,
    json_probability,
    six_digits,
    text_line,
    to_json,
    tsv_cell,
)
from sentiment.reviews.columns import Columns, texts_to_score, texts_to_show
from sentiment.reviews.delimited import DelimitedSource, Dialect
from sentiment.reviews.formats import OUTPUT_FORMATS


class Writer(ABC):
    """Writes one record for each row, in order.

    Args:
        stream: A binary stream; the caller flushes and closes it.

    Attributes:
        columns: Where the texts are; to be set again when the source changes.
        note: A note for the user about the output, or None.
    """

    columns: Columns | None = None
    note = ""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    @abstractmethod
    def write(
        self,
        batch: Batch,
        predicted: Sequence[str],
        p_positive: NDArray[np.floating],
        reasons: Sequence[str] = (),
    ) -> None:
        """Write a batch.

        Args:
            batch: The rows, n of them.
            predicted: `positive`, `negative`, `uncertain` or "" for each row.
            p_positive: The probability of positive for each row, NaN where there is no answer.
            reasons: Why rows are uncertain, "" for others; or (). Only written to JSON lines.

        Raises:
            DataError: A row does not fit the format; those before it are written.
        """

    @contextmanager
    def _lines(self) -> Iterator[list[str]]:
        """Write the lines added to a list, including those before an error.

        On an interrupt nothing is written, because the stream may be closed.
        """
        lines: list[str] = []
        try:
            yield lines
        except Exception:
            self._put(lines)
            raise
        self._put(lines)

    def _put(self, lines: Sequence[str]) -> None:
        self._stream.write(encode("".join([f"{line}\n" for line in lines])))

    def close(self) -> None:
        """Write the rest, such as the header of an empty table, and flush the stream."""
        self._stream.flush()


def new_column_error(
    batch: Batch, number: int, row: Row, known: frozenset[str], format: str
) -> DataError:
    """Return the error for a row with a column that is missing in the header.

    Args:
        batch: The batch of the row.
        number: The 0-based index of the row in it.
        row: The row.
        known: The columns in the header.
        format: The output format.
    """
    new = min(row.keys() - known)
    what = f'has a column "{new}" that the first rows lack, and {format} has one header'
    return row_error(batch.name, batch.row_number(number), f"{what}; write --format jsonl")


# Text → its explanation, a JSON value.
Explainer = Callable[[str], Any]


class TextWriter(Writer):
    """Writes `predicted<TAB>p_positive<TAB>text`."""

    columns: Columns

    def __init__(self, stream: BinaryIO, columns: Columns) -> None:
        super().__init__(stream)
        self.columns = columns

    def write(
        self,
        batch: Batch,
        predicted: Sequence[str],
        p_positive: NDArray[np.floating],
        reasons: Sequence[str] = (),
    ) -> None:
        """Write a line for each row; see `Writer.write`."""
        texts = texts_to_show(batch, self.columns)
        self._stream.write(encode("".join(map(text_line, predicted, p_positive.tolist(), texts))))


class FasttextWriter(Writer):
    """Writes `__label__positive 0.9800`: the label and its probability, as fastText prints them."""

    def write(
        self,
        batch: Batch,
        predicted: Sequence[str],
        p_positive: NDArray[np.floating],
        reasons: Sequence[str] = (),
    ) -> None:
        """Write a line for each row, an empty one for an empty answer; see `Writer.write`."""
        lines = []
        for word, p in zip(predicted, p_positive.tolist(), strict=True):
            p_label = 1 - p if word == "negative" else p
            lines.append(f"__label__{word} {four_digits(p_label)}".rstrip() if word else "")
        self._stream.write(encode("".join(f"{line}\n" for line in lines)))


class DelimitedWriter(Writer):
    """Writes CSV or TSV: the columns of the input, then `predicted` and `p_positive`.

    If the input has the same format, its delimiter, line ends and byte order mark are kept. Files
    keep its encoding, too; if that cannot encode the header, they are UTF-8 with a mark.
    """

    def __init__(
        self, stream: BinaryIO, source: Source, added: Sequence[str], format: str, *, to_file: bool
    ) -> None:
        super().__init__(stream)
        self._columns = source.columns
        self._known = frozenset(source.columns)
        self._format = format
        self._dialect = Dialect("," if format == "csv" else "\t")
        if isinstance(source, DelimitedSource) and source.format == format:
            self._dialect = source.dialect
        self._begun = False
        self._header = [*source.header, *added] if source.has_header else None
        self._raw_header = source.format == format == "tsv"
        encoding = self._dialect.encoding if to_file else "utf-8"
        if not encoding.startswith("utf-8"):
            self.note = f"written in {encoding}, as {source.name} is"
            try:
                "".join(self._header or ()).encode(encoding)
            except UnicodeEncodeError:
                self.note = f"written in UTF-8: {encoding} cannot hold the names of its columns"
                self._dialect, encoding = self._dialect._replace(marked=True), "utf-8"
        mark = encoding not in ("utf-16", "utf-32")  # whose codecs write one
        self._mark = "\ufeff" if self._dialect.marked and mark else ""
        encoding = "utf-8" if encoding == "utf-8-sig" else encoding
        self._encode = getincrementalencoder(encoding)("backslashreplace").encode

    def write(
        self,
        batch: Batch,
        predicted: Sequence[str],
        p_positive: NDArray[np.floating],
        reasons: Sequence[str] = (),
    ) -> None:
        """Write a line for each row; see `Writer.write`."""
        self._write_header()
        quote = self._quoting(raw=batch.format == self._format == "tsv")
        join, columns, known = self._dialect.delimiter.join, self._columns, self._known
        with self._lines() as lines:
            for number, (row, word, p) in enumerate(
                zip(batch.rows, predicted, p_positive.tolist(), strict=True)
            ):
                if not row.keys() <= known and number not in batch.bad:
                    raise new_column_error(batch, number, row, known, self._format)
                fields = [quote(cell(row.get(name))) for name in columns]
                lines.append(join((*fields, word, six_digits(p))))

    def close(self) -> None:
        """Write the header if there were no rows, and flush the stream."""
        self._write_header()
        self._stream.write(self._encode("", True))  # such as an escape sequence back to ASCII
        super().close()

    def _write_header(self) -> None:
        dialect = self._dialect
        lines = [dialect.preface] if dialect.preface and not self._begun else []
        if self._header:
            lines.append(
                dialect.delimiter.join(map(self._quoting(raw=self._raw_header), self._header))
            )
            self._header = None
        self._put(lines)

    def _put(self, lines: Sequence[str]) -> None:
        if lines and not self._begun:
            self._begun = True
            self._stream.write(self._encode(self._mark))
        end = self._dialect.line_end
        self._stream.write(self._encode("".join([f"{line}{end}" for line in lines])))

    def _quoting(self, *, raw: bool) -> Callable[[str], str]:
        if self._format == "csv":
            return partial(csv_cell, delimiter=self._dialect.delimiter)
        return str if raw else tsv_cell


class JsonlWriter(Writer):
    """Writes an object per line: the keys of the row, then `predicted` and `p_positive`, or null.

    After them come the explanation, with an explainer; the reason for an uncertain answer; and for
    a bad row `error` and its original text as `raw`, which replace its keys with these names.
    """

    columns: Columns

    def __init__(
        self,
        stream: BinaryIO,
        columns: Columns,
        names: dict[str, str],
        explainer: Explainer | None = None,
    ) -> None:
        super().__init__(stream)
        self.columns = columns
        self._names = names
        self._taken = frozenset(names.values())
        self._explainer = explainer

    def write(
        self,
        batch: Batch,
        predicted: Sequence[str],
        p_positive: NDArray[np.floating],
        reasons: Sequence[str] = (),
    ) -> None:
        """Write a line for each row; see `Writer.write`."""
        texts = texts_to_score(batch, self.columns) if self._explainer else []
        names = self._names
        with self._lines() as lines:
            for number, (row, word, p) in enumerate(
                zip(batch.rows, predicted, p_positive.tolist(), strict=True)
            ):
                answer: dict[str, Any] = {
                    names["predicted"]: word or None,
                    names["p_positive"]: json_probability(p),
                }
                if self._explainer:
                    answer[names["words"]] = self._explainer(texts[number])
                if reasons and reasons[number]:
                    answer[names["reason"]] = reasons[number]
                own = row
                if bad := batch.bad.get(number):
                    own = {name: row[name] for name in row if name not in self._taken}
                    answer |= {names["error"]: bad.reason, names["raw"]: bad.raw}
                elif not self._taken.isdisjoint(row):
                    name = next(name for name in names.values() if name in row)
                    what = f'has "{name}" already; choose other names with --prefix'
                    raise row_error(batch.name, batch.row_number(number), what)
                lines.append(to_json(own | answer))


def added_names(format: str, prefix: str, *, explained: bool, kept: bool) -> dict[str, str]:
    """Return the columns that a format adds: their content → their names.

    Args:
        format: One of `OUTPUT_FORMATS`.
        prefix: Of all these names.
        explained: Whether explanations are added.
        kept: Whether bad rows are kept.
    """
    held = ["predicted", "p_positive"]
    if format == "jsonl":
        held += [*["words"] * explained, "reason", *["error", "raw"] * kept]
    return {what: f"{prefix}{what}" for what in held}


def writer_for(
    format: str,
    stream: BinaryIO,
    source: Source,
    columns: Columns,
    *,
    prefix: str = "",
    explainer: Explainer | None = None,
    kept: bool = False,
    to_file: bool = False,
) -> Writer:
    """Return the writer for a format.

    Args:
        format: One of `OUTPUT_FORMATS`.
        stream: A binary stream.
        source: The (first) input, whose columns come before the predictions.
        columns: Where its texts are.
        prefix: Of the names of the added columns.
        explainer: Its result for each text is added to JSON lines as `words`.
        kept: Whether bad rows are kept.
        to_file: Whether the stream is a file, which may have another encoding than UTF-8.

    Raises:
        UsageError: There is no such format, or the input has a column of that name.
        MissingDependencyError: Parquet needs pyarrow, which is not installed.
    """
    if format == "text":
        return TextWriter(stream, columns)
    if format == "fasttext":
        return FasttextWriter(stream)
    names = added_names(format, prefix, explained=explainer is not None, kept=kept)
    own = {*source.columns, *source.header}
    if taken := [name for name in names.values() if name in own]:
        raise UsageError(
            f'{source.name} has a column "{taken[0]}" already; '
            "choose other names with --prefix, for instance --prefix model_"
        )
    if format in ("csv", "tsv"):
        return DelimitedWriter(stream, source, list(names.values()), format, to_file=to_file)
    if format == "jsonl":
        return JsonlWriter(stream, columns, names, explainer)
    if format == "parquet":
        from sentiment.reviews.parquet_writer import ParquetWriter

        return ParquetWriter(stream, source, list(names.values()))
    raise UsageError(f"unknown output format {format!r}; one of {', '.join(OUTPUT_FORMATS)}")
