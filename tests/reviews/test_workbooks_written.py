"""Rows with answers as Excel workbooks: nothing lost, nothing computed."""

import io
import math
import zipfile
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from unittest.mock import patch

import openpyxl
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sentiment.errors import DataError, MissingDependencyError
from sentiment.reviews.batch import RowsSource
from sentiment.reviews.columns import Columns
from sentiment.reviews.writers import writer_for
from tests.reviews.books import book, sheet_of
from tests.reviews.helpers import open_source, rows_from, save, stdin_source, written

TEXT = st.text(st.characters(), max_size=20)  # with control characters and surrogates
ESCAPES = st.lists(
    st.sampled_from(["_x", "000D", "_x005F_", "_", "x005F_", "\r", "A", "\x1f"]), max_size=6
)
# As Excel has them: to the millisecond, from March 1900.
DATES = st.dates(date(1900, 3, 1))
DATETIMES = st.datetimes(datetime(1900, 3, 1)).map(
    lambda at: at.replace(microsecond=at.microsecond // 1000 * 1000)
)
TIMES = st.times().map(lambda at: at.replace(microsecond=at.microsecond // 1000 * 1000))
DURATIONS = st.timedeltas(timedelta(0), timedelta(10_000)).map(
    lambda length: timedelta(milliseconds=length // timedelta(milliseconds=1))
)
NUMBERS = st.integers(-(10**15) + 1, 10**15 - 1) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = (
    st.none() | st.booleans() | NUMBERS | DATES | DATETIMES | TIMES | DURATIONS | TEXT
    | ESCAPES.map("".join)
)  # fmt: skip


def book_of(*rows, **more):
    """Return a workbook of rows with an answer each."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    source = RowsSource(rows, columns, "in")
    return written("xlsx", source, columns=Columns(("text",), None, ""), **more)


def read_back(data):
    return [
        {name: row[name] for name in row if name not in ("predicted", "p_positive")}
        for row in rows_from(data, format="xlsx", header=True)
    ]


ROWS = st.lists(st.lists(VALUES, min_size=3, max_size=3), min_size=1, max_size=12)


@settings(max_examples=25)
@given(ROWS)
@example([[None, None, "_x0000\x1f"]])
def test_rows_come_back_from_a_workbook(values):
    check_rows(values)


@pytest.mark.slow
@settings(max_examples=400)
@given(ROWS)
def test_many_more_rows_come_back(values):
    check_rows(values)


def check_rows(values):
    rows = [dict(zip(("text", "b", "c"), row, strict=True)) for row in values]
    found = read_back(book_of(*rows))
    assert found == rows
    kinds = [[type(value) for value in row.values()] for row in found]
    for row, of_row in zip(rows, kinds, strict=True):
        for value, kind in zip(row.values(), of_row, strict=True):
            assert kind is type(value) or {kind, type(value)} == {int, float}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1234567890123456789, "1234567890123456789"),
        (datetime(2024, 1, 1, 12, 0, 0, 1), "2024-01-01 12:00:00.000001"),
        (datetime(2024, 1, 1, tzinfo=UTC), "2024-01-01 00:00:00+00:00"),
        (date(1066, 10, 14), "1066-10-14"),
        (date(1899, 12, 31), "1899-12-31"),
        (timedelta(microseconds=1), "0:00:00.000001"),
        (math.inf, "inf"),
        (Decimal("0.10"), "0.10"),
        ({"a": [1]}, '{"a": [1]}'),
        (b"caf\xe9", "caf\\xe9"),
    ],
)
def test_what_excel_would_change_is_written_as_text(value, text):
    assert read_back(book_of({"text": "good", "v": value})) == [{"text": "good", "v": text}]


def test_missing_values_are_empty_cells():
    rows = [{"text": "good", "v": 1}, {"text": "bad", "v": math.nan}, {"text": "fine"}]
    assert [row["v"] for row in read_back(book_of(*rows))] == [1, None, None]


FORMULAS = ["=1+1", '=HYPERLINK("http://x")', "+1", "-1+2", "@SUM(A1)", "\t=1", "#REF!", "=", "1"]


def test_texts_are_never_formulas_errors_or_numbers():
    data = book_of(*[{text: text, "text": text} for text in FORMULAS])
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        xml = archive.read("xl/worksheets/sheet1.xml").decode()
    assert "<f" not in xml
    assert 't="e"' not in xml
    cells = [cell for row in openpyxl.load_workbook(io.BytesIO(data)).active for cell in row]
    texts = [cell.value for cell in cells if cell.value in FORMULAS]
    assert set(texts) == set(FORMULAS)
    assert all(cell.data_type in "sn" for cell in cells)


def test_other_programs_read_what_is_written():
    rows = [
        {"text": "Lovely", "at": date(2024, 1, 2), "n": 0.1 + 0.2},
        {"text": "Dull", "at": None, "n": 7},
    ]
    frame = pd.read_excel(io.BytesIO(book_of(*rows)))
    assert list(frame) == ["text", "at", "n", "predicted", "p_positive"]
    assert frame["n"].tolist() == [0.1 + 0.2, 7]
    assert frame["at"][0] == pd.Timestamp(2024, 1, 2)
    assert frame["p_positive"].tolist() == [0.98, 0.98]


def test_number_formats_stay_those_of_the_columns(tmp_path):
    book = openpyxl.Workbook()
    for row in [("text", "price", "at"), ("a b", 1.5, date(2024, 1, 2)), ("c", 2, None)]:
        book.active.append(row)
    book.active["B2"].number_format = '"€" 0.00'
    book.active["C2"].number_format = "dd.mm.yyyy"
    book.active.title = "May"
    book.save(tmp_path / "in.xlsx")
    data = written("xlsx", open_source(tmp_path / "in.xlsx"))
    sheet = openpyxl.load_workbook(io.BytesIO(data)).active
    assert sheet.title == "May"
    assert (sheet["B2"].number_format, sheet["B2"].value) == ('"€" 0.00', 1.5)
    assert sheet["B3"].number_format == "General"
    assert (sheet["C2"].number_format, sheet["C2"].is_date) == ("dd.mm.yyyy", True)


@pytest.mark.parametrize("name", ["a/b", "x" * 40, "[May]"])
def test_a_name_that_no_sheet_may_have_is_not_kept(tmp_path, name):
    xml = sheet_of(("text", "label"), ("good", 1))
    source = open_source(save(tmp_path, "in.xlsx", book(sheets={name: xml})))
    assert openpyxl.load_workbook(io.BytesIO(written("xlsx", source))).sheetnames == ["reviews"]


def test_a_table_without_a_header_stays_without():
    data = written("xlsx", stdin_source(b"A fine stay.,1\nA bad stay.,0\n", "csv"))
    sheet = openpyxl.load_workbook(io.BytesIO(data)).active
    assert [cell.value for cell in sheet[1]] == ["A fine stay.", "1", "positive", 0.98]


def test_no_rows_are_a_header():
    data = written("xlsx", stdin_source(b"text,label\n", "csv"))
    (row,) = openpyxl.load_workbook(io.BytesIO(data)).active.values
    assert row == ("text", "label", "predicted", "p_positive")


@pytest.mark.parametrize("text", ["x" * 32_768, "\U0001f600" * 16_384, "\0" * 5_000])
def test_a_text_that_no_cell_holds_is_an_error_with_its_row(text):
    said = r'in, row 2: a text of .* in the column "text", and a cell holds 32,767; .*--format csv'
    with pytest.raises(DataError, match=said):
        book_of({"text": "good"}, {"text": text})
    assert read_back(book_of({"text": text[: 32_767 // 7]})) == [{"text": text[: 32_767 // 7]}]


def test_more_rows_or_columns_than_a_sheet_has_are_an_error():
    with (
        patch("sentiment.reviews.excel.MAX_ROWS", 3),
        pytest.raises(DataError, match=r"in, row 3: a sheet has at most 3 rows; .*--format csv"),
    ):
        book_of(*[{"text": "good"}] * 3)
    with pytest.raises(DataError, match=r"16,402 columns, .* 16,384; write --format csv, and"):
        book_of({"text": "good"} | {f"c{n}": 1 for n in range(16_399)})


def test_a_row_with_a_further_column_is_an_error():
    rows = [{"text": "good"}, {"text": "bad", "more": 1}]
    source = RowsSource(rows, ["text"], "in")
    with pytest.raises(DataError, match=r'in, row 2: has a column "more" .*; write --format jsonl'):
        written("xlsx", source, columns=Columns(("text",), None, ""))


def test_a_writer_that_is_given_up_says_nothing(capfd):
    source = stdin_source(b"text,label\ngood,1\n", "csv")
    writer = writer_for("xlsx", io.BytesIO(), source, Columns(("text",), None, ""))
    del writer
    assert capfd.readouterr().err == ""


def test_it_is_written_to_a_stream_that_cannot_seek(tmp_path):
    class Pipe(io.RawIOBase):
        data = b""

        def writable(self):
            return True

        def write(self, block):
            self.data += bytes(block)
            return len(block)

    pipe = Pipe()
    writer = writer_for("xlsx", pipe, stdin_source(b"text\n", "csv"), Columns(("text",), None, ""))
    writer.close()
    save(tmp_path, "out.xlsx", pipe.data)
    assert openpyxl.load_workbook(tmp_path / "out.xlsx").active["B1"].value == "predicted"


def test_without_openpyxl_the_command_to_install_it_is_named(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "openpyxl", None)
    with pytest.raises(MissingDependencyError, match=r": pip install openpyxl defusedxml$"):
        book_of({"text": "good"})
