"""What came out of `predict`, read by readers of this module's own."""

import csv
import io
import json
import re
from codecs import BOM_UTF8
from dataclasses import dataclass
from typing import Any

from tests.torture.row_files import File

csv.field_size_limit(1 << 30)

ADDED = ("predicted", "p_positive")
_ESCAPE = re.compile(r"\\(\\|n|t|r|x[0-9a-f]{2}|u[0-9a-f]{4})")
_IN_XML = re.compile("_x([0-9A-F]{4})_")
_PLAIN = {"\\": "\\", "n": "\n", "t": "\t", "r": "\r"}


@dataclass
class Answer:
    """A record that came out.

    Attributes:
        own: the row's own columns, None where the format does not hold them.
        predicted: the answer, empty for none.
        p_positive: its probability as it is written, empty for none.
        error: of a row that was kept, why it could not be read; only in JSON.
    """

    own: Any
    predicted: str
    p_positive: str
    error: str | None = None


def unescaped(text: str) -> str:
    """Read the escapes of text output and TSV."""
    return _ESCAPE.sub(lambda found: _PLAIN.get(found[1]) or chr(int(found[1][1:], 16)), text)


def complete_lines(raw: bytes) -> list[str]:
    """Split into lines, each of which must have its end."""
    text = raw.decode("utf-8")
    assert not text or text.endswith("\n"), "the last record has no end"
    return text.split("\n")[:-1]


def answers_of(raw: bytes, output: str, file: File) -> list[Answer]:
    """Read answers in a format of the program.

    Raises:
        AssertionError: It is not what was promised of the format.
    """
    return _READERS[output](raw, file)


def _read_text(raw: bytes, _: File) -> list[Answer]:
    split = [line.split("\t") for line in complete_lines(raw)]
    assert all(len(cells) == 3 for cells in split)
    return [Answer(unescaped(text), word, p) for word, p, text in split]


def _read_fasttext(raw: bytes, _: File) -> list[Answer]:
    found = [line.removeprefix("__label__").partition(" ") for line in complete_lines(raw)]
    return [Answer(None, word, p) for word, _, p in found]


def _read_csv(raw: bytes, file: File) -> list[Answer]:
    text = raw.decode("utf-8").removeprefix("\ufeff")
    assert not text or text.endswith(("\n", "\r")), "the last record has no end"
    assert not text or text.startswith(file.preface)
    text = text.removeprefix(file.preface).lstrip("\r\n") if file.preface else text
    lines = io.StringIO(text, newline="")
    rows = csv.reader(lines, delimiter=file.delimiter, quotechar=file.quote, strict=True)
    return _of_cells(list(rows), file)


def _read_tsv(raw: bytes, file: File) -> list[Answer]:
    read = str if file.format == "tsv" else unescaped
    lines = complete_lines(raw.removeprefix(BOM_UTF8))
    if file.format == "tsv":  # it comes out with the line ends that it came in with
        lines = [line.removesuffix("\r") for line in lines]
    return _of_cells([[read(cell) for cell in line.split("\t")] for line in lines], file)


def _of_cells(records: list[list[str]], file: File) -> list[Answer]:
    if records and file.names is not None:
        assert records.pop(0) == [*file.names, *ADDED], "another header"
    elif not file.rows and records == [list(ADDED)]:  # of an empty file nobody knows
        return []
    return [Answer(own, *answer) for *own, a, b in records for answer in [(a, b)]]


def _read_json(raw: bytes, file: File) -> list[Answer]:
    return _of_records(json.loads(raw) if raw else [], file)  # nothing if no input was opened


def _read_jsonl(raw: bytes, file: File) -> list[Answer]:
    return _of_records([json.loads(line) for line in complete_lines(raw)], file)


def _of_records(records: list[dict[str, Any]], file: File) -> list[Answer]:
    answers = []
    for record in records:
        word, p = (record.pop(name) for name in ADDED)
        error = record.pop("error", None)
        record.pop("raw", None)
        reason = record.pop("reason", None)  # an own column of that name would have been refused
        assert (reason is not None) == (word == "uncertain"), record
        own = record if file.text is None else list(record.values())
        answers.append(Answer(own, word or "", "" if p is None else str(p), error))
    return answers


def _read_parquet(raw: bytes, file: File) -> list[Answer]:
    if not raw:  # stopped before its footer
        return []
    import pyarrow.parquet as pq

    table = pq.read_table(io.BytesIO(raw))
    columns = [column.to_pylist() for column in table.columns]
    assert tuple(table.column_names[-2:]) == ADDED
    answers = []
    for *values, word, p in zip(*columns, strict=True):
        own = dict(zip(table.column_names, values, strict=False)) if file.text is None else values
        answers.append(Answer(own, word or "", "" if p is None else str(p)))
    return answers


def _read_xlsx(raw: bytes, file: File) -> list[Answer]:
    if not raw:  # stopped before it was written
        return []
    import openpyxl

    def read(value: Any) -> str:
        text = "" if value is None else str(value)
        return _IN_XML.sub(lambda found: chr(int(found[1], 16)), text)

    rows = [list(map(read, row)) for row in openpyxl.load_workbook(io.BytesIO(raw)).active.values]
    width = len(ADDED) + max(len(row or ()) for row in [file.names, *file.rows])
    if file.names is None:  # empty cells at the end of all rows are not there
        rows = [row + [""] * (width - len(row)) for row in rows]
    return _of_cells(rows, file)


_READERS = {
    "text": _read_text,
    "csv": _read_csv,
    "tsv": _read_tsv,
    "json": _read_json,
    "jsonl": _read_jsonl,
    "parquet": _read_parquet,
    "xlsx": _read_xlsx,
    "fasttext": _read_fasttext,
}
