"""Writers of rows with their answers, one for each format."""

from abc import ABC, abstractmethod
from codecs import getincrementalencoder
from collections.abc import Callable, Iterator, Sequence
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sentiment.errors import DataError, UsageError
from sentiment.labels import SENTIMENT, LabelSet, probability_of_answer, shown_probability
from sentiment.reviews.batch import Batch, Source, row_error
from sentiment.reviews.cells import (
    cell,
    csv_quoting,
    encode,
    four_digits,
    json_probability,
    printable,
    six_digits,
    text_line,
    to_json,
    tsv_cell,
)
from sentiment.reviews.columns import Columns
from sentiment.reviews.delimited import DelimitedSource, Dialect
from sentiment.reviews.streams import JSON_FORMATS, OUTPUT_FORMATS
from sentiment.reviews.texts import texts_to_score, texts_to_show

OTHER_NAMES = "--prefix model_ gives the added ones other names"
# Text → its explanation, a JSON value.
Explainer = Callable[[str], Any]


class Writer(ABC):
    """Writes one record for each row, in order, to a binary stream, which the caller closes."""

    columns: Columns  # where the texts are; to be set again when the source changes
    note = ""  # for the user, about the output
    needs_end = False  # whether what is written cannot be read without its end

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    @abstractmethod
    def write(
        self,
        batch: Batch,
        predicted: Sequence[str],
        probabilities: NDArray[np.floating],
        reasons: Sequence[str] = (),
    ) -> None:
        """Write a batch of n rows.

        Args:
            batch: The rows.
            predicted: Names of classes, `uncertain` or "", [n].
            probabilities: Those of `LabelSet.columns`, NaN where there is no answer, [n, C].
            reasons: Why rows are uncertain, "" for others; or (). Only written to JSON.

        Raises:
            DataError: A row does not fit the format; those before it are written.
        """

    def close(self) -> None:
        """Write the rest, such as the header of an empty table, and flush the stream.

        After an error it makes what was written readable, where `needs_end` is true.
        """
        self._stream.flush()


class Answers(NamedTuple):
    """The answers to n rows, as `Writer.write` takes them."""

    predicted: Sequence[str]
    probabilities: Sequence[Sequence[float]]
    reasons: Sequence[str]


class LineWriter(Writer):
    """Writes a line for each row."""

    def write(
        self,
        batch: Batch,
        predicted: Sequence[str],
        probabilities: NDArray[np.floating],
        reasons: Sequence[str] = (),
    ) -> None:
        """Write a batch; see `Writer.write`."""
        lines: list[str] = []
        try:
            # Not `extend`, to have the lines before an error.
            for line in self._lines(batch, Answers(predicted, probabilities.tolist(), reasons)):
                lines.append(line)  # noqa: PERF402
        except Exception:  # not an interrupt, after which the stream may be closed
            self._put(lines)
            raise
        self._put(lines)

    @abstractmethod
    def _lines(self, batch: Batch, answers: Answers) -> Iterator[str]:
        """Yield the line of each row, without its end."""

    def _put(self, lines: Sequence[str]) -> None:
        self._stream.write(encode("".join([f"{line}\n" for line in lines])))


class TextWriter(LineWriter):
    """Writes `predicted<TAB>probability<TAB>text`; see `shown_probability`.

    Columns that were asked for, such as the numbers of a sentence, come before the text. `style`
    returns what to print for an answer.
    """

    def __init__(
        self,
        stream: BinaryIO,
        columns: Columns,
        labels: LabelSet,
        style: Callable[[str], str] = str,
    ) -> None:
        super().__init__(stream)
        self.columns = columns
        self._shown = shown_probability(labels)
        self._style = style

    def _lines(self, batch: Batch, answers: Answers) -> Iterator[str]:
        words = answers.predicted
        shown = map(self._shown, words, answers.probabilities)
        styled = map(self._style, words)
        lines = map(text_line, styled, shown, texts_to_show(batch, self.columns))
        if not self.columns.kept:
            return lines
        kept = zip(*(batch.column(name) for name in self.columns.kept), strict=True)
        return map(_with_kept, lines, kept)


def _with_kept(line: str, kept: Sequence[Any]) -> str:
    """Return a line with columns before its text."""
    head, text = line.rsplit("\t", 1)  # in a text, tabs are escaped
    return "\t".join((head, *(printable(str(value)) for value in kept), text))


class FasttextWriter(LineWriter):
    """Writes `__label__positive 0.9800`: the label and its probability, as fastText prints them.

    White space in a label becomes `_`. The line of an empty answer is empty.
    """

    def __init__(self, stream: BinaryIO, labels: LabelSet) -> None:
        super().__init__(stream)
        self._probability = probability_of_answer(labels)

    def _lines(self, batch: Batch, answers: Answers) -> Iterator[str]:
        for word, row in zip(answers.predicted, answers.probabilities, strict=True):
            line = f"__label__{'_'.join(word.split())} {four_digits(self._probability(word, row))}"
            yield line.rstrip() if word else ""


class DelimitedWriter(LineWriter):
    """Writes CSV or TSV: the columns of the input, then `predicted` and the probabilities.

    If the input has the same format, its delimiter, line ends and byte order mark are kept. Files
    keep its encoding, too; if that cannot encode the header, they are UTF-8 with a mark.
    """

    def __init__(
        self, stream: BinaryIO, source: Source, added: Sequence[str], format: str, *, to_file: bool
    ) -> None:
        super().__init__(stream)
        self._columns = source.columns
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

    def _lines(self, batch: Batch, answers: Answers) -> Iterator[str]:
        self._write_header()
        quote = self._quoting(raw=batch.format == self._format == "tsv")
        join, columns = self._dialect.delimiter.join, self._columns
        known = frozenset(columns)
        words = {word: quote(word) for word in set(answers.predicted)}
        rows = zip(batch.rows, answers.predicted, answers.probabilities, strict=True)
        for number, (row, word, ps) in enumerate(rows):
            if not row.keys() <= known and number not in batch.bad:
                raise new_column_error(batch, number, known, self._format)
            fields = [quote(cell(row.get(name))) for name in columns]
            yield join((*fields, words[word], *map(six_digits, ps)))

    def close(self) -> None:
        """Write the header if there were no rows, and flush the stream."""
        self._write_header()
        self._stream.write(self._encode("", True))  # such as an escape sequence back to ASCII
        super().close()

    def _write_header(self) -> None:
        dialect = self._dialect
        lines = [dialect.preface] if dialect.preface and not self._begun else []
        if self._header:
            quote = self._quoting(raw=self._raw_header)
            lines.append(dialect.delimiter.join(map(quote, self._header)))
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
            return csv_quoting(self._dialect.delimiter, self._dialect.quote)
        return str if raw else tsv_cell


def new_column_error(batch: Batch, number: int, known: frozenset[str], format: str) -> DataError:
    """Return the error for the row at an index, which has a column that the header lacks."""
    new = min(batch.rows[number].keys() - known)
    what = f'has a column "{new}" that the first rows lack, and {format} has one header'
    return row_error(batch.name, batch.row_number(number), f"{what}; {instead('jsonl')}")


def instead(format: str) -> str:
    """Return what to do if rows fit only another format; a file's name must not contradict it."""
    return f"write --format {format}, and name a file .{format}"


class JsonlWriter(LineWriter):
    """Writes an object per line: the keys of the row, then `predicted` and probabilities, or null.

    After them come the explanation, with an explainer; the reason for an uncertain answer; and for
    a bad row `error` and its original text as `raw`, which replace its keys with these names.
    """

    def __init__(
        self,
        stream: BinaryIO,
        columns: Columns,
        names: dict[str, str],
        labels: LabelSet,
        explainer: Explainer | None = None,
    ) -> None:
        super().__init__(stream)
        self.columns = columns
        self._names = names
        self._p_names = [names[name] for name, _ in labels.columns]
        self._taken = frozenset(names.values())
        self._explainer = explainer

    def _lines(self, batch: Batch, answers: Answers) -> Iterator[str]:
        texts = texts_to_score(batch, self.columns) if self._explainer else []
        names = self._names
        rows = zip(batch.rows, answers.predicted, answers.probabilities, strict=True)
        for number, (row, word, ps) in enumerate(rows):
            answer: dict[str, Any] = {names["predicted"]: word or None}
            answer |= zip(self._p_names, map(json_probability, ps), strict=True)
            if self._explainer:
                answer[names["words"]] = self._explainer(texts[number])
            if answers.reasons and answers.reasons[number]:
                answer[names["reason"]] = answers.reasons[number]
            own = row
            if bad := batch.bad.get(number):
                own = {name: row[name] for name in row if name not in self._taken}
                answer |= {names["error"]: bad.reason, names["raw"]: bad.raw}
            elif not self._taken.isdisjoint(row):
                name = next(name for name in names.values() if name in row)
                what = f'has "{name}" already; {OTHER_NAMES}'
                raise row_error(batch.name, batch.row_number(number), what)
            yield to_json(own | answer)


class JsonWriter(JsonlWriter):
    """Writes a list of the objects that `JsonlWriter` writes, each on a line."""

    needs_end = True
    _between = "[\n"

    def close(self) -> None:
        """Close the list, and flush the stream."""
        self._stream.write(b"[]\n" if self._between == "[\n" else b"\n]\n")
        super().close()

    def _put(self, lines: Sequence[str]) -> None:
        if lines:
            self._stream.write(encode(self._between + ",\n".join(lines)))
            self._between = ",\n"


def added_names(
    format: str, prefix: str, labels: LabelSet = SENTIMENT, *, explained: bool, kept: bool
) -> dict[str, str]:
    """Return the columns that a format adds: their content → their names.

    Those of JSON depend on whether explanations are added and bad rows kept.
    """
    contents = ["predicted", *(name for name, _ in labels.columns)]
    if format in JSON_FORMATS:
        contents += [*["words"] * explained, "reason", *["error", "raw"] * kept]
    return {what: f"{prefix}{what}" for what in contents}


def writer_for(
    format: str,
    stream: BinaryIO,
    source: Source,
    columns: Columns,
    *,
    labels: LabelSet = SENTIMENT,
    prefix: str = "",
    explainer: Explainer | None = None,
    kept: bool = False,
    to_file: bool = False,
    style: Callable[[str], str] = str,
) -> Writer:
    """Return the writer for a format.

    Args:
        format: One of `OUTPUT_FORMATS`.
        stream: A binary stream.
        source: The (first) input, whose columns come before the predictions.
        columns: Where its texts are.
        labels: The classes of the answers.
        prefix: Of the names of the added columns.
        explainer: Its result for each text is added to JSON as `words`.
        kept: Whether bad rows are kept.
        to_file: Whether the stream is a file, which may have another encoding than UTF-8.
        style: Returns what to print for an answer, in text.

    Raises:
        UsageError: There is no such format, or the input has a column of that name.
        MissingDependencyError: Parquet or Excel needs a package that is not installed.
    """
    if format == "text":
        return TextWriter(stream, columns, labels, style)
    if format == "fasttext":
        return FasttextWriter(stream, labels)
    names = added_names(format, prefix, labels, explained=explainer is not None, kept=kept)
    own = {*source.columns, *source.header}
    if taken := [name for name in names.values() if name in own]:
        raise UsageError(f'{source.name} has a column "{taken[0]}" already; {OTHER_NAMES}')
    if format in ("csv", "tsv"):
        return DelimitedWriter(stream, source, list(names.values()), format, to_file=to_file)
    if format in JSON_FORMATS:
        kind = JsonWriter if format == "json" else JsonlWriter
        return kind(stream, columns, names, labels, explainer)
    if format == "parquet":
        from sentiment.reviews.parquet import ParquetWriter

        return ParquetWriter(stream, source, list(names.values()))
    if format == "xlsx":
        from sentiment.reviews.excel import ExcelWriter

        return ExcelWriter(stream, source, list(names.values()))
    raise UsageError(f"unknown output format {format!r}; one of {', '.join(OUTPUT_FORMATS)}")
