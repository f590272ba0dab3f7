"""Sheets of Excel workbooks as rows: values as they were, whatever wrote the file."""

import io
import random
import re
import tracemalloc
from datetime import date, datetime, time, timedelta
from unittest.mock import patch

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.styles.numbers import is_date_format

from sentiment.errors import DataError, MissingDependencyError, UsageError
from sentiment.reviews.batch import BadRows
from sentiment.reviews.opening import open_source as open_with
from sentiment.reviews.streams import OpenFile, ReadOptions, TooLargeError
from tests.reviews.books import STRICT, book, sheet_of, zipped
from tests.reviews.helpers import open_source, rows_from, rows_of, save

HEADER = ("text", "score")


def sent(data, max_bytes=1 << 30, max_row_chars=1 << 20, **options):
    """Read the rows of an upload."""
    file = OpenFile(io.BytesIO(data), "in.xlsx", max_bytes, max_row_chars)
    source = open_with(file, ReadOptions(**options))
    return [row for batch in source.batches() for row in batch.rows]


def saved(*rows, **options):
    """Return a workbook that openpyxl wrote."""
    written = openpyxl.Workbook()
    for row in rows:
        written.active.append(row)
    for place, format in options.items():
        written.active[place].number_format = format
    stream = io.BytesIO()
    written.save(stream)
    return stream.getvalue()


VALUES = [
    ("Lovely", "Lovely"), (5, 5), (5.5, 5.5), (-1e300, -1e300), (True, True), (None, None),
    (datetime(2024, 2, 29, 13, 30, 15), datetime(2024, 2, 29, 13, 30, 15)),
    (date(2024, 2, 29), date(2024, 2, 29)), (time(13, 30), time(13, 30)),
    (timedelta(hours=30), timedelta(hours=30)), ("#REF!", "#REF!"), ("  a\n b ", "  a\n b "),
]  # fmt: skip


@pytest.mark.parametrize(("value", "read"), VALUES, ids=str)
def test_values_come_as_they_are(value, read):
    (row,) = sent(saved(HEADER, ("Lovely", value)))
    assert row == {"text": "Lovely", "score": read}
    assert type(row["score"]) is type(read)


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("<c><v>5.0</v></c>", 5),
        ("<c><v>0.30000000000000004</v></c>", 0.1 + 0.2),
        ("<c><v>12345678901234567890</v></c>", 12345678901234567890),
        ("<c><v>1E+20</v></c>", 1e20),
        ("<c><v>1E400</v></c>", "1E400"),
        ("<c><v/></c>", None),
        ("<c s='1'><v>45000</v></c>", date(2023, 3, 15)),
        ("<c s='1'><v>45000.5</v></c>", datetime(2023, 3, 15, 12)),
        ("<c s='2'><v>45000</v></c>", datetime(2023, 3, 15)),
        ("<c s='3'><v>45000</v></c>", 45000),
        ("<c s='4'><v>45000</v></c>", date(2023, 3, 15)),
        ("<c s='99'><v>45000</v></c>", 45000),
        ("<c s='1'><v>99999999999</v></c>", 99999999999),
        ("<c t='d'><v>2023-03-15T12:00:00Z</v></c>", datetime(2023, 3, 15, 12)),
        ("<c t='d'><v>soon</v></c>", "soon"),
        ("<c t='b'><v>0</v></c>", False),
        ("<c t='e'><v>#DIV/0!</v></c>", "#DIV/0!"),
        ("<c t='str'><f>A1&amp;A2</f><v>Lovely_x000D_ stay</v></c>", "Lovely\r stay"),
        ("<c t='inlineStr'><is><r><t>Lovely</t></r><r><t> stay</t></r></is></c>", "Lovely stay"),
        ("<c t='inlineStr'/>", ""),
        ("<c t='s'><v>0</v></c>", "Tokyo"),
        ("<c t='s'><v>1</v></c>", "a\rb_x000D_c x005F_ d"),
    ],
)  # fmt: skip
def test_each_kind_of_cell_is_read(cell, value):
    strings = (
        "<si><t>Tokyo</t><rPh sb='0' eb='2'><t>tookyoo</t></rPh></si>"
        "<si><r><t>a_x000D_b_x005F_x000D_c</t></r><r><t> x005F_ d</t></r></si>"
    )
    formats = ["dd/mm/yyyy", "yyyy-mm-dd h:mm", '"day" 0', 31]
    data = book(HEADER, ("Lovely", cell), strings=strings, formats=formats)
    (row,) = sent(data)
    assert row["score"] == value
    assert type(row["score"]) is type(value)


def test_dates_count_from_1904_where_the_workbook_says_so():
    data = book(
        HEADER, ("Lovely", "<c s='1'><v>0.5</v></c>"), ("Dull", "<c s='1'><v>366</v></c>"),
        formats=["yyyy-mm-dd"], settings='<workbookPr date1904="1"/>',
    )  # fmt: skip
    assert [row["score"] for row in sent(data)] == [time(12), date(1905, 1, 1)]


def test_a_strict_workbook_is_read_and_one_with_prefixes():
    rows = [HEADER, ("Lovely", 1), ("Dull", 2)]
    expected = [{"text": "Lovely", "score": 1}, {"text": "Dull", "score": 2}]
    assert sent(book(*rows, namespace=STRICT)) == expected
    xml = re.sub(r"<(/?)(\w)", r"<\1x:\2", f"<worksheet><sheetData>{sheet_of(*rows)}</sheetData>")
    declared = xml.replace("<x:worksheet>", '<x:worksheet xmlns:x="m">') + "</x:worksheet>"
    assert sent(book(sheet1=declared)) == expected


def test_cells_and_rows_are_where_they_say():
    xml = (
        '<row r="2"><c r="C2" t="inlineStr"><is><t>text</t></is></c>'
        '<c r="E2" t="inlineStr"><is><t>score</t></is></c></row>'
        '<row r="5"><c r="B5"/><c r="E5"><v>7</v></c></row><row r="6"/>'
        '<row r="7"><c r="C7" t="inlineStr"><is><t>Lovely</t></is></c></row>'
    )
    assert sent(book(sheets={"a": xml})) == [
        {"text": None, "": None, "score": 7},
        {"text": "Lovely", "": None, "score": None},
    ]


# Headers


@pytest.mark.parametrize(
    ("rows", "columns", "notes"),
    [
        ([("Feedback of May",), (), ("id", "review"), (1, "Lovely"), (2, "Dull")],
         ["id", "review"], ["1 row above the header left out"]),
        ([("Umfrage Mai",), ("Filiale Nord",), ("Nr", "Kommentar", "Note"),
          (1, "Sehr schön, gerne wieder hier", 5), (2, "Leider gar nicht gut gewesen", 1)],
         ["Nr", "Kommentar", "Note"], ["2 rows above the header left out", "first row taken"]),
        ([(None, None, "store", "review"), (None, None, "North", "Lovely stay")],
         ["store", "review"], ["first row taken"]),
        ([(None, "review", "stars"), (0, "Lovely stay", 5), (1, "Dull stay", 2)],
         ["", "review", "stars"], []),
        ([("Lovely stay, thank you.", 5), ("Dull stay, never again.", 1)],
         ["1", "2"], ["no header: columns are called 1, 2"]),
        ([("Q1", "Q2"), ("How was it?", "Stars?"), ('{"ImportId":"a"}', '{"ImportId":"b"}'),
          ("Lovely stay", 5)], ["Q1", "Q2"], ["rows of a survey program", "first row taken"]),
        ([("Umfrage",), (None, "Nr", "Kommentar"), (None, 1, "Sehr schön, gerne wieder"),
          (None, 2, "Leider gar nicht gut")], ["Nr", "Kommentar"],
         ["1 row above the header left out", "first row taken"]),
        ([("review",), ("Lovely",), ("Dull",)], ["review"], ["first row taken"]),
        ([("text", "text", "n"), ("a b", "c", 1)], ["text", "text.2", "n"], []),
    ],
)  # fmt: skip
def test_the_header_is_found(tmp_path, rows, columns, notes):
    source = open_source(save(tmp_path, "in.xlsx", saved(*rows)))
    assert source.columns == columns
    assert len(notes) == len(source.notes)
    assert all(any(note in said for said in source.notes) for note in notes)
    last = [batch.rows[-1] for batch in source.batches()][-1]
    given = list(rows[-1])
    assert list(last.values()) == given[len(given) - len(columns) :]


def test_the_user_decides_what_is_a_header(tmp_path):
    path = save(tmp_path, "in.xlsx", saved(("Text", "n"), ("Lovely", 1)))
    assert rows_of(path, header=False) == [{"1": "Text", "2": "n"}, {"1": "Lovely", "2": 1}]
    path = save(tmp_path, "in.xlsx", saved(("A lovely stay.", 5), ("Lovely", 1)))
    assert rows_of(path, header=True) == [{"A lovely stay.": "Lovely", "5": 1}]
    rows = [("Q1", "Q2"), ('{"ImportId":"a"}', '{"ImportId":"b"}'), ("Lovely", 5)]
    assert len(rows_of(save(tmp_path, "in.xlsx", saved(*rows)), header=False)) == 3
    path = save(tmp_path, "in.xlsx", saved(("good", "bad"), ("Lovely", "Dull")))
    assert rows_of(path, text_columns=("bad",)) == [{"good": "Lovely", "bad": "Dull"}]


def test_blank_rows_are_none_and_rows_without_some_values_are(tmp_path):
    rows = [HEADER, (None, 1), (), ("Lovely", None), (None, None), ("Dull", 2)]
    path = save(tmp_path, "in.xlsx", saved(*rows))
    assert list(map(tuple, map(dict.values, rows_of(path)))) == [
        (None, 1), ("Lovely", None), ("Dull", 2)
    ]  # fmt: skip


def test_merged_cells_have_their_value_where_it_is_shown():
    written = openpyxl.Workbook()
    for row in [("store", "review"), ("North", "Lovely"), (None, "Dull"), ("East", "Fine")]:
        written.active.append(row)
    written.active.merge_cells("A2:A3")
    stream = io.BytesIO()
    written.save(stream)
    assert [row["store"] for row in sent(stream.getvalue())] == ["North", None, "East"]


def test_a_value_beside_the_table_makes_a_bad_row(tmp_path):
    rows = [HEADER, *[("Lovely", 1)] * 200, ("Dull", 2, "see above"), ("Fine", 3)]
    path = save(tmp_path, "in.xlsx", saved(*rows))
    with pytest.raises(DataError, match=r"in\.xlsx, row 201 \(line 202\): a value in C202, beside"):
        rows_of(path)
    left = BadRows("skip")
    assert len(rows_of(path, bad_rows=left)) == 201
    assert left.found == 1
    kept = rows_of(path, bad_rows=BadRows("keep"))
    assert kept[-2:] == [{"text": "Dull", "score": 2}, {"text": "Fine", "score": 3}]


def test_formulas_have_the_value_that_was_last_computed():
    (row,) = sent(book(HEADER, ("Lovely", "<c><f>1+1</f><v>2</v></c>")))
    assert row["score"] == 2


def test_a_formula_that_was_never_computed_is_said(tmp_path):
    source = open_source(save(tmp_path, "in.xlsx", saved(HEADER, ("Lovely", "=1+1"))))
    source.close()
    (note,) = source.notes
    assert note.startswith("formulas without a value, such as B2, are empty: ")
    source.close()


def test_a_row_of_formulas_that_were_never_computed_is_a_row(tmp_path):
    rows = [HEADER, ("=A1", "=1+1"), ("Lovely", 1), ("=A1", None), ("Dull", 2, "=B4")]
    path = save(tmp_path, "in.xlsx", saved(*rows))
    assert [tuple(row.values())[:2] for row in rows_of(path)] == [
        (None, None), ("Lovely", 1), (None, None), ("Dull", 2)
    ]  # fmt: skip
    data = saved(HEADER, *[("Lovely", 1)] * 200, ("=A1", None, "=B4"), ("Fine", 3))
    assert sent(data)[-2:] == [{"text": None, "score": None}, {"text": "Fine", "score": 3}]


# Sheets


def sheets(**of):
    return book(sheets={name: sheet_of(*rows) for name, rows in of.items()})


def test_the_first_sheet_with_rows_is_read_and_named(tmp_path):
    rows = [HEADER, ("Lovely", 1)]
    data = sheets(**{"hidden Lists": [("x", 1)], "Empty": [], "May": rows, "June": [("y",)]})
    source = open_source(save(tmp_path, "in.xlsx", data))
    source.close()
    assert source.sheet == "May"
    assert source.notes == [
        'sheet "May" of "Lists", "Empty", "May", "June"; --sheet NAME reads another'
    ]
    assert rows_of(tmp_path / "in.xlsx") == [{"text": "Lovely", "score": 1}]
    for name in ("June", "JUNE"):
        assert rows_of(tmp_path / "in.xlsx", sheet=name) == [{"1": "y"}]
    assert rows_of(tmp_path / "in.xlsx", sheet="Lists") == [{"1": "x", "2": 1}]
    assert rows_of(tmp_path / "in.xlsx", sheet="Empty") == []


def test_a_sheet_that_is_not_there_is_named_with_those_that_are(tmp_path):
    path = save(tmp_path, "in.xlsx", sheets(May=[HEADER], June=[HEADER]))
    said = r'no sheet "Jun" \(did you mean "June"\?\); there are "May", "June"'
    with pytest.raises(UsageError, match=said):
        open_source(path, sheet="Jun")
    with pytest.raises(UsageError, match=r"a\.csv is no workbook .*: leave out --sheet$"):
        open_source(save(tmp_path, "a.csv", "text\ngood\n"), sheet="May")


def test_a_workbook_without_rows_has_none(tmp_path):
    for data in (book(), saved(), book(HEADER)):
        assert rows_of(save(tmp_path, "in.xlsx", data)) == []


# Names that lie, and other programs' files


def test_a_workbook_is_one_whatever_it_is_called(tmp_path):
    import gzip

    data = saved(HEADER, ("Lovely", 1))
    for name in ("in.csv", "in.xls", "in.jsonl", "in", "in.zip", "in.csv.gz"):
        assert rows_of(save(tmp_path, name, data)) == [{"text": "Lovely", "score": 1}]
    for name in ("in.xlsx.gz", "in.csv.gz", "in"):
        assert rows_of(save(tmp_path, name, gzip.compress(data))) == [
            {"text": "Lovely", "score": 1}
        ]
    assert rows_from(data) == [{"text": "Lovely", "score": 1}]
    assert rows_from(data, format="xlsx") == [{"text": "Lovely", "score": 1}]


def test_what_is_only_called_a_workbook_is_read_for_what_it_is(tmp_path):
    for name in ("in.xlsx", "in.xls"):
        path = save(tmp_path, name, "text,label\nLovely,1\nDull,0\n")
        assert rows_of(path)[0] == {"text": "Lovely", "label": "1"}
        path = save(tmp_path, name, "text\tlabel\nLovely\t1\nDull\t0\n")
        assert rows_of(path)[0] == {"text": "Lovely", "label": "1"}
        with pytest.raises(DataError, match="an HTML page"):
            rows_of(save(tmp_path, name, "<html><table><tr><td>Lovely</td></tr></table></html>"))
        with pytest.raises(DataError, match=r"not a workbook .*; leave out --input-format"):
            rows_of(path, format="xlsx")
    with pytest.raises(DataError, match=r"in\.xlsx: damaged or cut short \(it is empty\)"):
        rows_of(save(tmp_path, "in.xlsx", b""))
    path = save(tmp_path, "in.xlsx", saved(HEADER, ("Lovely", 1)))
    with pytest.raises(DataError, match=r"a workbook .*, not csv; leave out --input-format csv"):
        rows_of(path, format="csv")


@pytest.mark.parametrize("package", ["openpyxl", "defusedxml"])
def test_without_a_package_the_command_to_install_it_is_named(tmp_path, monkeypatch, package):
    monkeypatch.setitem(__import__("sys").modules, package, None)
    path = save(tmp_path, "in.xlsx", book(HEADER, ("Lovely", 1)))
    with pytest.raises(MissingDependencyError, match=r": pip install openpyxl defusedxml$"):
        rows_of(path)


# Files that were damaged, or made to do harm


def test_a_damaged_workbook_is_an_error_of_the_file(tmp_path):
    data = saved(HEADER, *[(f"Lovely {n}", n) for n in range(50)])
    chance = random.Random(3)
    errors, read = [], 0
    for _ in range(150):
        start = chance.randrange(len(data))
        cut = data[:start] + chance.randbytes(4) + data[start + 4 :]
        path = save(tmp_path, "in.xlsx", chance.choice([cut, data[:start]]))
        try:
            read += bool(rows_of(path))
        except (DataError, UsageError) as error:
            errors.append(str(error))
    assert errors
    assert read
    assert [line for line in errors if not line.startswith(f"{path}") or "\n" in line] == []


def parts(**of):
    return book(HEADER, ("Lovely", 1), **of)


DOCTYPE = '<!DOCTYPE a [<!ENTITY b "bbb"><!ENTITY c "&b;&b;&b;">]>'
HOSTILE = {
    "entities": parts(sheet1=f"{DOCTYPE}<worksheet><sheetData>&c;</sheetData></worksheet>"),
    "entities of texts": parts(sharedStrings=f"{DOCTYPE}<sst><si><t>&c;</t></si></sst>"),
    "a file": parts(workbook='<!DOCTYPE a SYSTEM "file:///etc/passwd"><workbook/>'),
    "depth": parts(sheet1="<worksheet>" * 100_000),
    "a tag": parts(sheet1=f'<worksheet a="{"b" * 3_000_000}">'),
    "a cell": book(HEADER, ("Lovely" * 400_000, 1)),
    "cells": book(HEADER, ["ab"] * 16_000),
    "columns": parts(sheet1=f"<a><sheetData><row>{'<c/>' * 20_000}</row></sheetData></a>"),
    "a column": parts(sheet1='<a><sheetData><row><c r="ZZZZ1"><v>1</v></c></row></sheetData></a>'),
    "no text": parts(sheet1="<a><sheetData><row><c t='s'><v>-1</v></c></row></sheetData></a>"),
    "no number": parts(sheet1="<a><sheetData><row r='x'><c><v>1</v></c></row></sheetData></a>"),
    "no XML": parts(sheet1="Lovely"),
    "no sheet": parts(sheet1=None),
    "no styles": parts(styles="<styleSheet><cellXfs><xf numFmtId='x'/></cellXfs></styleSheet>"),
    "no list": parts(workbook=None),
    "no sheets": parts(workbook="<workbook/>"),
    "styles": parts(styles=f"<styleSheet>{' ' * (17 << 20)}</styleSheet>"),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_workbook_is_refused_in_a_line_and_little_memory(what):
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match=r"^in\.xlsx\b") as error:
            sent(HOSTILE[what])
        assert tracemalloc.get_traced_memory()[1] < 40_000_000
    finally:
        tracemalloc.stop()
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 250


@pytest.mark.parametrize("what", ["entities", "entities of texts", "a file"])
def test_a_document_type_is_named_as_what_is_wrong(what):
    with pytest.raises(DataError, match=r"\.xml: a document type, which no workbook declares\); "):
        sent(HOSTILE[what])


def test_a_long_number_format_costs_no_time():
    formats = ["[h" * 150_000, "yyyy" + "[" * 251, "yyyy" + "[" * 252]
    cells = [(f"<c s='{n}'><v>45000</v></c>", 1) for n in (1, 2, 3)]
    with patch("openpyxl.styles.numbers.is_date_format", wraps=is_date_format) as asked:
        dates = [row["text"] for row in sent(book(HEADER, *cells, formats=formats))]
    assert dates == [45000, date(2023, 3, 15), 45000]
    assert max(len(call.args[0]) for call in asked.call_args_list) == 255


def test_too_many_texts_are_refused():
    with (
        patch("sentiment.reviews.spreadsheetml.MAX_STRINGS", 2_000),
        pytest.raises(DataError, match=r"more than 2,000 different texts; save the sheet as CSV"),
    ):
        sent(book(HEADER, ("Lovely", 1), strings="<si/>" * 3_000))


def test_a_workbook_that_unpacks_to_more_than_is_allowed_is_too_large():
    data = book(HEADER, *[("Lovely", 1)] * 2_000)
    assert len(sent(data, max_bytes=300_000)) == 2_000
    with pytest.raises(TooLargeError, match=r"sheet1\.xml: .* the limit is 100,000; cut it up"):
        sent(data, max_bytes=100_000)


def test_many_texts_wait_in_a_file(tmp_path):
    texts = [f"Lovely stay {n}" for n in range(3_000)]
    strings = "".join(f"<si><t>{text}</t></si>" for text in texts)
    rows = [(f"<c t='s'><v>{n}</v></c>", 1) for n in range(3_000)]
    path = save(tmp_path, "in.xlsx", book(HEADER, *rows, strings=strings))
    with patch("sentiment.reviews.spreadsheetml.STRING_CHARS", 10_000):
        assert [row["text"] for row in rows_of(path)] == texts


def test_rows_come_in_batches_and_are_counted_ahead(tmp_path):
    path = save(tmp_path, "in.xlsx", book(HEADER, *[("Lovely " * 20, 1)] * 5_000))
    source = open_source(path)
    batches = source.batches()
    first = next(batches)
    assert (len(first), first.first_row) == (1024, 1)
    assert 4_000 < source.expected_rows() < 6_000
    rest = list(batches)
    assert [batch.first_row for batch in rest] == [1025, 2049, 3073, 4097]
    assert source.expected_rows() == 5_000
    path = save(tmp_path, "in.xlsx", book(HEADER, *[("Lovely " * 2_000, 1)] * 300))
    assert max(map(len, open_source(path).batches())) < 100


@settings(max_examples=40)
@given(st.lists(st.sampled_from(["<row>", "</row>", "<c>", "</c>", "<v>", "</v>", "<is>", "<t>",
                                 "</t>", "</is>", "1", "x", "<c t='s'>", "<c r='C9' t='b'>"]),
                max_size=12))  # fmt: skip
def test_any_order_of_elements_is_rows_or_an_error(parts):
    xml = f"<a><sheetData>{''.join(parts)}</sheetData></a>"
    said = "in.xlsx"
    try:
        rows = sent(book(sheet1=xml))
    except DataError as error:
        rows, said = [], str(error)
    assert all(isinstance(row, dict) for row in rows)
    assert said.startswith("in.xlsx")


def test_no_other_part_is_opened():
    data = book(HEADER, ("Lovely", 1), sheet2="<never>")
    assert sent(data) == [{"text": "Lovely", "score": 1}]
    assert zipped({}) != data
