"""Files over HTTP: answered as `predict -i` answers them, told of on the way, or refused."""

import asyncio
import base64
import csv
import gzip
import io
import json
import lzma
import os
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlencode

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentiment.serving import file_endpoints
from sentiment.serving.file_endpoints import http_wording
from sentiment.serving.files import Answered
from sentiment.serving.server import Limits
from tests.reviews.books import book, sheet_of, zipped
from tests.serving.conftest import (
    Stand,
    app_of,
    ask,
    body_of,
    chunk,
    everything,
    head,
    read_until,
    serving,
    until,
)

BYTES = "application/octet-stream"
ADDED = ["predicted", "p_positive", "p_negative", "p_neutral"]

ROWS = [
    ("1", "I loved it, all of it", "=SUM(A1)"),
    ("2", 'Dreadful,\n"really" dreadful', "-5"),
    ("3", "Превосходный ужин \u202e", "café"),
    ("4", "", "+49 30"),
]  # fmt: skip


def as_csv(rows, **how):
    written = io.StringIO()
    csv.writer(written, **how).writerows(rows)
    return written.getvalue()


def as_jsonl(rows):
    return "".join(json.dumps({"id": a, "text": b, "n": [c]}) + "\n" for a, b, c in rows)


FILES = {
    "said.csv": as_csv([("id", "what they said", "note"), *ROWS]),
    "bad rows.csv": 'text,n\nI loved it,1\nDreadful,too,many\n\n"so" good,2\nfine,3\n'
    '"open,4\nx,5\n',
    "no header.csv": "1;I loved it;a\n0;Dreadful, avoid;b\n",
    "said.tsv": 'sentence\tn\r\n"so" good\t1\r\n"dreadful\t2\r\n\r\ngreat\t4\t5',
    "said.jsonl": as_jsonl(ROWS) + '"awful"\nno json\n{"text": null}\n12\n\n{"id": 1e2}\n',
    "said.txt": "I loved it\n\nDreadful, avoid\r\nqwxz",
    "said.ft": "__label__pos I loved it\nDreadful\n__label__a __label__b x\n",
    "empty.csv": "",
    "only a header.csv": "id,text\n",
    "many.csv": as_csv([("n", "text"), *((n, f"{n} fine") for n in range(3000))]),
}


def to_bytes(name):
    return FILES[name].encode()


def sent(served, body, path="/files", **query):
    return served.ask("POST", f"{path}?{urlencode(query, True)}", body, {"Content-Type": BYTES})


def told(served, body, **query):
    return sent(served, body, "/files/events", **query).lines


# How a result is written if nobody says so, and otherwise.
RESULTS = {
    "csv": ("csv", "jsonl"), "tsv": ("tsv", "csv"), "jsonl": ("jsonl",), "txt": ("csv", "text"),
    "ft": ("csv", "fasttext"),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_a_file_comes_back_as_predict_writes_it(served, run, tmp_path, name):
    (tmp_path / name).write_bytes(to_bytes(name))
    default, *others = RESULTS[name.rpartition(".")[2]]
    column = {"text_column": "what they said"} if name == "said.csv" else {}
    for format in (default, *others):
        asked = {"to": format} if format != default else {}
        got = sent(served, to_bytes(name), name=name, **asked, **column)
        options = ["--text-column", *column.values()] if column else []
        done = run("predict", "-q", "-m", "fast", "-i", tmp_path / name, "--format", format,
                   "--on-bad-row", "keep", *options, binary=True)  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert got.status == 200
        assert got.body == http_wording(done.stdout.decode()).encode()
        suffix = {"text": "txt", "fasttext": "txt"}.get(format, format)
        called = f"{name.rpartition('.')[0]}.scored.{suffix}".replace(" ", "%20")
        assert got.headers["content-disposition"] == f"attachment; filename*=UTF-8''{called}"


@pytest.mark.parametrize(("suffix", "pack"), [("gz", gzip.compress), ("xz", lzma.compress)])
def test_a_packed_file_is_unpacked(served, suffix, pack):
    got = sent(served, pack(to_bytes("many.csv")), name=f"many.csv.{suffix}")
    assert got.body == sent(served, to_bytes("many.csv"), name="many.csv").body
    assert "many.scored.csv" in got.headers["content-disposition"]
    assert got.body.count(b"\n") == 3001


def parquet(columns, **how):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    written = io.BytesIO()
    parquet.write_table(pyarrow.table(columns), written, **how)
    return written.getvalue()


@pytest.mark.slow
def test_parquet_comes_back_as_parquet_with_its_types(served):
    pytest.importorskip("pyarrow")
    from pyarrow import parquet as pq

    body = parquet({"n": list(range(2000)), "text": ["I loved it", None] * 1000})
    got = sent(served, body, name="said.parquet")
    assert got.headers["content-type"] == "application/vnd.apache.parquet"
    table = pq.read_table(io.BytesIO(got.body))
    types = ["int64", "string", "string", "double", "double", "double"]
    assert [str(field.type) for field in table.schema] == types
    assert table.column("n").to_pylist() == list(range(2000))
    assert table.column("predicted").to_pylist() == ["positive", None] * 1000
    rows = list(csv.reader(io.StringIO(sent(served, body, name="a.pq", to="csv").body.decode())))
    assert rows[:3] == [["n", "text", *ADDED], ["0", "I loved it", "positive", *rows[1][3:]],
                        ["1", "", "", "", "", ""]]  # fmt: skip
    assert len(rows) == 2001
    events = told(served, body, name="said.parquet")
    parts = [base64.b64decode(event["base64"]) for event in events if event["event"] == "part"]
    assert b"".join(parts) == got.body


def test_parquet_without_what_reads_it_is_415(tmp_path):
    (tmp_path / "pyarrow.py").write_text("raise ImportError")
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    with serving(environment={"PYTHONPATH": path.rstrip(os.pathsep)}) as running:
        answer = sent(running, b"PAR1", name="said.parquet")
        assert answer.status == 415
        why = "Parquet needs pyarrow, which is not installed: pip install pyarrow"
        assert answer.json == {"error": why}
        assert sent(running, b"good", name="said.txt", to="parquet").status == 415


CELL = st.text(st.sampled_from('ab,;\t|"\r\n =é🍰\u2028'), max_size=8)


@settings(max_examples=40)
@given(st.lists(st.tuples(CELL, CELL, CELL), min_size=1, max_size=5))
def test_rows_out_are_rows_in_whatever_they_hold(served, rows):
    rows = [tuple(cell.replace("\r", " ") for cell in row) for row in rows]
    body = as_csv([("id", "text", "n"), *rows]).encode()
    got = sent(served, body, name="said.csv", text_column="text")
    header, *scored = csv.reader(io.StringIO(got.body.decode(), newline=""))
    assert header == ["id", "text", "n", *ADDED]
    assert [tuple(row[:3]) for row in scored] == rows


def test_what_is_found_is_told_before_the_rows_and_then_how_far_it_is(served):
    opened, *rows = told(served, to_bytes("many.csv"), name="many.csv")
    assert opened == {
        "event": "opened", "format": "csv", "header": True, "columns": ["n", "text"],
        "sheets": [], "sheet": None, "text_columns": ["text"], "to": "csv",
        "result": "many.scored.csv", "error": None,
        "notes": ['text from "text" (by name)',
                  "first row taken as header; header=false reads it as a row"],
    }  # fmt: skip
    assert [each["end"] for each in rows] == [False] * (len(rows) - 1) + [True]
    assert [each["rows"] for each in rows] == sorted(each["rows"] for each in rows)
    assert rows[-1]["share"] == 1
    assert sum(rows[-1]["outcomes"].values()) == rows[-1]["rows"] == 3000
    shown = [row for each in rows for row in each["shown"]]
    assert [row["number"] for row in shown] == list(range(1, 101))
    whole = sent(served, to_bytes("many.csv"), name="many.csv").body.decode()
    assert "".join(each["part"] for each in rows) == whole


def test_rows_that_cannot_be_read_are_told_of_as_predict_tells_of_them(served):
    _, *rows = told(served, to_bytes("bad rows.csv"), name="bad rows.csv")
    assert rows[-1]["outcomes"]["unreadable"] == 3
    errors = [error for each in rows for error in each["errors"]]
    assert errors[0].startswith("bad rows.csv, row 2 (line 3): 3 fields where 2 are expected; ")
    outcomes = [row["outcome"] for each in rows for row in each["shown"]]
    assert [n for n, outcome in enumerate(outcomes, 1) if outcome == "unreadable"] == [2, 3, 5]
    assert rows[-1]["formulas"] == 0
    assert told(served, to_bytes("said.csv"), text_column="what they said", name="a.csv")[-1][
        "formulas"
    ] == 2  # fmt: skip


def test_a_column_that_cannot_be_told_is_asked_for(served):
    body = b"review,comment\nLovely stay,Great food\nDirty room,Cold soup\n"
    (opened,) = told(served, body, name="said.csv")
    assert opened["columns"] == ["review", "comment"]
    assert opened["text_columns"] == []
    why = 'said.csv: "review" and "comment" could each be the text; choose with text_column=…'
    assert opened["error"] == why
    refused = sent(served, body, name="said.csv")
    assert (refused.status, refused.json) == (422, {"error": why})
    answered = told(served, body, name="said.csv", text_column="comment")
    assert [row["text"] for row in answered[1]["shown"]] == ["Great food", "Cold soup"]
    joined = told(served, body, name="said.csv", text_column=["review", "comment"])
    assert joined[1]["shown"][0]["text"] == "Lovely stay\nGreat food"


def test_a_list_of_json_comes_back_as_one(served):
    rows = [{"id": 1, "review": {"text": "I loved it"}}, {"id": 2, "review": {"text": "Dreadful"}}]
    for body in (rows, {"data": rows}):
        got = sent(served, json.dumps(body).encode(), name="said.json")
        assert (got.status, got.headers["content-type"]) == (200, "application/json")
        answers = json.loads(got.body)
        assert [{"id": row["id"], "review": row["review"]} for row in answers] == rows
        assert [row["predicted"] for row in answers] == ["positive", "negative"]
    opened, *_, last = told(served, b'{"data": [{"a": {"text": "x", "n": 1}}]}', name="said.json")
    assert opened["columns"] == ["data.a.text", "data.a.n"]
    assert opened["text_columns"] == ["data.a.text"]
    assert (opened["format"], opened["to"], last["notes"]) == ("json", "json", [])
    many = b'[{"text": "fine"},' + b'{"text": "fine"},' * 9000 + b'{"text": "fine", "n": NaN}]'
    assert told(served, many, name="said.json")[-1]["notes"] == [
        "NaN and Infinity are read as null"
    ]


def test_one_of_several_lists_is_asked_for(served):
    body = b'{"train": [{"text": "Lovely stay"}], "test": [{"text": "Dirty room"}]}'
    (opened,) = told(served, body, name="said.json")
    assert opened["columns"] == ["train.text", "test.text"]
    assert opened["error"].endswith("choose with text_column=train.text or text_column=test.text")
    assert sent(served, body, name="said.json").status == 422
    opened, rows, *_ = told(served, body, name="said.json", text_column="test.text")
    assert opened["text_columns"] == ["test.text"]
    assert [row["text"] for row in rows["shown"]] == ["Dirty room"]


def test_the_beginning_of_a_list_is_enough_to_look_at_it(served):
    body = b'[{"text": "Lovely stay"}, {"text": "Dirty room"}, {"text": "cut o'
    opened, rows, *_ = told(served, body, name="said.json", rows=5, cut="true")
    assert [row["text"] for row in rows["shown"]] == ["Lovely stay", "Dirty room"]
    assert opened["error"] is None


def test_names_that_are_taken_are_begun_with_another_word(served):
    body = b'{"text": "I loved it", "predicted": "mine"}\n'
    opened, rows, _ = told(served, body, name="said.jsonl")
    assert json.loads(rows["part"])["sentiment_predicted"] == "positive"
    assert json.loads(rows["part"])["predicted"] == "mine"
    assert any("begin with sentiment_" in note for note in opened["notes"])
    refused = sent(served, body, name="said.jsonl", prefix="")
    assert refused.status == 422
    assert refused.json["error"].endswith("; prefix=model_ gives the added ones other names")


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_the_beginning_of_a_file_is_enough_for_its_first_rows(served, pack):
    body = pack(to_bytes("many.csv"))
    begun = body[: len(body) // 2]
    name = "many.csv" if pack is bytes else "many.csv.gz"
    opened, *rows = told(served, begun, name=name, rows=5, cut="true")
    assert opened["columns"] == ["n", "text"]
    assert [row["text"] for row in rows[0]["shown"]] == [f"{n} fine" for n in range(5)]
    assert rows[-1]["rows"] == 5
    *_, last = told(served, begun, name=name, rows=1000, cut="true")
    assert last["end"]
    cut_off = b"text,n\nI loved it,1\nDreadful,2\nI loved i"
    *_, last = told(served, cut_off, name="said.csv", cut="true", rows=9)
    assert last["outcomes"] == {
        "positive": 1, "neutral": 0, "negative": 1, "uncertain": 0, "without_text": 0,
        "unreadable": 0,
    }  # fmt: skip


def test_a_workbook_comes_back_as_one(served):
    rows = [("text", "label"), ("I loved it", 1), ("Dreadful", 2)]
    body = book(sheets={"Notes": sheet_of(("x",)), "May": sheet_of(*rows)})
    opened, *_ = told(served, body, name="said.xlsx", sheet="May")
    assert (opened["sheets"], opened["sheet"]) == (["Notes", "May"], "May")
    assert (opened["format"], opened["to"], opened["header"]) == ("xlsx", "xlsx", True)
    opened, *_ = told(served, body, name="said.xlsx", text_column="1")
    assert 'sheet "Notes" of "Notes", "May"; sheet=NAME reads another' in opened["notes"]
    got = sent(served, body, name="said.xlsx", sheet="May")
    sheet = openpyxl.load_workbook(io.BytesIO(got.body)).active
    header, *scored = sheet.values
    assert (sheet.title, header[:4]) == ("May", ("text", "label", "predicted", "p_positive"))
    assert [row[:3] for row in scored] == [
        ("I loved it", 1, "positive"), ("Dreadful", 2, "negative")
    ]  # fmt: skip
    events = told(served, body, name="said.xlsx", sheet="May")
    parts = [base64.b64decode(each["base64"]) for each in events if each["event"] == "part"]
    assert [row[:3] for row in openpyxl.load_workbook(io.BytesIO(b"".join(parts))).active.values][
        1:
    ] == [row[:3] for row in scored]


def test_the_table_of_an_archive_comes_back_by_itself(served):
    body = zipped({"said.csv": "text,n\nI loved it,1\n"})
    got = sent(served, body, name="all.zip")
    assert got.body.decode().splitlines()[1].startswith("I loved it,1,positive,")
    assert "all.scored.csv" in got.headers["content-disposition"]


REFUSED = {
    "no workbook": (b"PK\x03\x04", {"name": "said.xlsx"}, "said.xlsx: damaged or cut short"),
    "no archive": (b"PK\x03\x04", {"name": "said.csv"}, "said.csv: damaged or cut short"),
    "packed twice": (zipped({"a.zip": zipped({})}), {"name": "s.zip"}, "s.zip/a.zip: an archive"),
    "packed Parquet": (zipped({"a.pq": b"PAR1"}), {"name": "s.zip"}, "s.zip/a.pq: Parquet in an"),
    "no sheet": (book(("text",)), {"sheet": "May"}, 'reviews: no sheet "May"; there is "Sheet1"'),
    "a sheet": (b"text\n", {"sheet": "May"}, "reviews is no workbook (.xlsx), and has no sheets"),
    "UTF-16": ("A lovely stay\n".encode("utf-16-le"), {"name": "said.csv"},
               "said.csv, line 1: probably UTF-16-LE, without a byte order mark"),
    "no delimiter": (b"", {"delimiter": '"'}, "delimiter="),
    "no quote": (b"", {"quote": "ab"}, "quote="),
    "no lines": (b"", {"skip_lines": "-1"}, '"skip_lines" is a whole number from 0'),
    "no table": (b"{}", {"format": "jsonl", "comment": "#"}, "leave out comment="),
    "no Parquet": (b"PAR1", {"name": "said.parquet"}, "said.parquet: not a Parquet file"),
    "no gzip": (b"text", {"name": "said.csv.gz"}, "said.csv.gz: damaged or cut short"),
    "nothing in gzip": (b"", {"name": "said.csv.gz"}, "said.csv.gz: damaged or cut short"),
    "no column": (b"a,b\nx,y\n", {"text_column": "c", "name": "s.csv"}, 's.csv: no column "c"'),
    "no encoding": (b"", {"encoding": "latin-47"}, "unknown encoding 'latin-47'"),
    "no text": (b"", {"encoding": "hex"}, "unknown encoding 'hex'"),
    "no format": (b"", {"format": "folder"}, '"format" is one of lines, csv'),
    "no result": (b"", {"to": "xls"}, '"to" is one of text, csv'),
    "no flag": (b"", {"header": "1"}, '"header" is one of true, false'),
    "no number": (b"", {"rows": "²"}, '"rows" is a whole number from 1 to 1,000'),
    "twice": (b"", {"rows": ["1", "2"]}, '"rows" is given twice'),
    "a prefix": (b"", {"prefix": "a\n"}, '"prefix" has control characters'),
    "a name": (b"", {"name": "a" * 256}, '"name" has more than 255 characters'),
    "no parameter": (b"", {"colum": "a"}, 'no parameter "colum"; there are name, format,'),
    "wide": (b",".join([b"a"] * 1001), {"name": "s.csv"}, "s.csv: 1,001 columns; the limit is"),
    "wide names": (b"%s,text\nx,y\n" % (b"a" * 100_001), {"format": "csv"},
                   "reviews: the names of its columns have 100,005 characters"),
    "a row": (b"text,n\n" + b"a" * 2_200_000, {"name": "s.csv"}, "s.csv, row 1: a line of more"),
}  # fmt: skip


READ = {
    "UTF-16": ("text\nI loved it\n".encode("utf-16"), {}),
    "found": ("text\nI loved it, caf\u00e9\n".encode("cp1252"), {"encoding": "auto"}),
    "replaced": (b"text\nI loved it, caf\xe9\n", {"on_bad_bytes": "replace"}),
    "skipped": (b"one\ntwo\ntext\nI loved it\n", {"skip_lines": "2"}),
    "delimiter": (b"n~text\n1~I loved it\n", {"delimiter": "~"}),
    "quotes": (b"n,text\n1,'I loved it, all'\n", {"quote": "'"}),
    "comments": (b"n,text\n; by, a, program\n1,I loved it\n", {"comment": ";"}),
}


@pytest.mark.parametrize("name", READ)
def test_a_file_is_read_as_the_query_says(served, name):
    body, query = READ[name]
    answer = sent(served, body, "/files", name="said.csv", to="fasttext", **query)
    assert answer.status == 200
    assert answer.body.startswith(b"__label__positive")


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_answered_is_refused_in_a_line(served, name):
    body, query, why = REFUSED[name]
    for path in ("/files", "/files/events"):
        answer = sent(served, body, path, **query)
        if answer.status == 200:  # the line is the last of those that tell of it
            assert path == "/files/events"
            assert answer.lines[-1]["event"] in ("opened", "error")
            error = answer.lines[-1]["error"]
        else:
            assert answer.status == 422
            error = answer.json["error"]
        assert error.startswith(why)
        assert "\n" not in error
        assert "--" not in error


@pytest.mark.parametrize(
    ("query", "status"), [("a", 400), ("name=%ff", 400), ("&".join(["a=b"] * 2000), 400)]
)
def test_a_query_that_is_none_is_400(served, query, status):
    answer = served.ask("POST", f"/files?{query}", b"x", {"Content-Type": BYTES})
    assert answer.status == status
    assert answer.json["error"].startswith("the query is not ")


@pytest.mark.parametrize(
    "kind",
    [None, "text/csv", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"],
)
def test_what_a_page_of_others_could_send_is_415(served, kind):
    headers = {"Content-Type": kind} if kind else {}
    for path in ("/files?name=a.csv", "/files/events"):
        answer = served.ask("POST", path, b"text\ngood\n", headers)
        assert answer.status == 415
        assert answer.json["error"].endswith("with Content-Type: application/octet-stream")


def test_options_that_messages_name_are_called_as_a_query_calls_them():
    for said, expected in {
        "name it with --text-column; there are": "name it with text_column=…; there are",
        "try --encoding utf-16-le": "try encoding=utf-16-le",
        "with --input-format csv, plain lines": "with format=csv, plain lines",
        "write --format jsonl": "write to=jsonl",
        "--header takes their names": "header=true takes their names",
    }.items():
        assert http_wording(said) == expected


def test_a_text_that_is_too_long_has_no_answer_and_the_others_have(served):
    long = "word " * 20_001
    body = as_csv([("n", "text"), (1, "I loved it"), (2, long), (3, "Dreadful, avoid")]).encode()
    lines = sent(served, body, name="said.csv", to="jsonl").lines
    assert [line["predicted"] for line in lines] == ["positive", None, "negative"]
    assert lines[1]["error"] == "a text of 100,005 characters; the limit is 100,000"
    assert lines[1]["text"] == long


@pytest.mark.slow
def test_a_wide_table_of_short_rows_takes_no_memory(live):
    """Rows are filled up, which makes two bytes a thousand cells."""
    body = b",".join(b"c%d" % n for n in range(999)) + b",text\n" + b"x\n" * 100_000
    answer = sent(live, body, name="s.csv", to="jsonl", rows=1000)
    assert answer.body.count(b'"predicted": null') == 1000
    assert memory(live) < 900_000


def memory(served):
    """The most kilobytes that a service has taken, where the system tells."""
    status = Path(f"/proc/{served.process.pid}/status")
    return int(status.read_text().split("VmHWM:")[1].split()[0]) if status.exists() else 0


@pytest.fixture(scope="module")
def narrow():
    """A service that takes small files, one at a time, and its folder for temporary ones."""
    with tempfile.TemporaryDirectory() as folder:
        options = ["--max-file", "300000", "--max-requests", "4", "--timeout", "1"]
        environment = {"TMPDIR": folder}
        with serving(*options, environment=environment) as running:
            running.folder = Path(folder)
            yield running
            assert sent(running, b"good", name="a.txt").status == 200
            assert running.stop()[0] == 143


@pytest.mark.slow
def test_a_file_that_is_too_large_is_413(narrow):
    answer = sent(narrow, b"fine\n" * 60_001, name="said.txt")
    assert answer.status == 413
    assert answer.json["error"] == "the file has more than 300,000 bytes; send it in parts"
    *_, last = told(narrow, gzip.compress(b"fine\n" * 60_001), name="said.txt.gz")
    assert last["error"].startswith("said.txt.gz: more than 300,000 bytes, ")
    long = gzip.compress(b"fine " * 60_001)
    assert sent(narrow, long, name="said.txt.gz").status == 413
    with narrow.connect(head("/files", None, BYTES)) as opened:
        for _ in range(4):
            opened.sendall(chunk(b"fine\n" * 20_000))
        assert read_until(opened, b"}\n").startswith(b"HTTP/1.1 413 ")
    with narrow.connect(head("/files", 300_001, BYTES)) as opened:  # none of it is waited for
        assert read_until(opened, b"}\n").startswith(b"HTTP/1.1 413 ")


def bomb(kind):
    pyarrow = pytest.importorskip("pyarrow")
    if kind == "a value that many rows share":
        index = pyarrow.array([0] * 4096, pyarrow.int32())
        column = pyarrow.DictionaryArray.from_arrays(index, pyarrow.array(["a" * 10_000_000]))
    elif kind == "a page":
        column = pyarrow.array(["a" * 300_000_000])
    else:
        column = pyarrow.array(["fine, thank you"] * 100_000)
    how = {"use_dictionary": False, "write_statistics": False} if kind == "a page" else {}
    return parquet({"text": column}, compression="zstd", **how)


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param("a value that many rows share", marks=pytest.mark.slow),
        pytest.param("a page", marks=pytest.mark.slow),
        "rows",
    ],
)
def test_a_small_file_that_stands_for_a_large_one_is_413(narrow, kind):
    body = bomb(kind)
    assert len(body) < 100_000
    for to in ("parquet", "jsonl"):
        answer = sent(narrow, body, name="said.parquet", to=to)
        assert answer.status == 413
        assert answer.json["error"].startswith("said.parquet: ")
    assert memory(narrow) < 400_000


@pytest.mark.slow
def test_who_sends_a_file_slowly_is_told_so(narrow):
    with narrow.connect(head("/files", 100_000, BYTES) + b"fine\n") as opened:
        assert everything(opened).startswith(b"HTTP/1.1 408 ")
    with narrow.connect(head("/files", 100_000, BYTES)) as opened:
        sender = threading.Thread(target=dripped, args=(opened,))
        sender.start()
        assert everything(opened).startswith(b"HTTP/1.1 408 ")
        sender.join()
    body = b"fine\n" * 8_000
    with narrow.connect(head("/files", len(body), BYTES)) as opened:
        for begin in range(0, len(body), 20_000):
            opened.sendall(body[begin : begin + 20_000])
            time.sleep(0.6)
        assert read_until(opened, b"HTTP/1.1 200 OK")


def dripped(opened):
    """Send some bytes now and then, until the other end has had enough."""
    with suppress(OSError):
        for _ in range(60):
            opened.sendall(b"a\n")
            time.sleep(0.1)


def test_files_beyond_those_there_are_places_for_come_again(narrow):
    with narrow.connect(head("/files", 100_000, BYTES) + b"fine\n" * 4_000) as opened:
        time.sleep(0.2)
        answer = sent(narrow, b"good", name="a.txt")
        assert answer.status == 503
        assert answer.headers["retry-after"] == "1"
        assert answer.json == {"error": "too many files at once; try again in a second"}
        assert narrow.post("/predict", {"text": "good"}).status == 200
        opened.close()
    assert until(lambda: sent(narrow, b"good", name="a.txt").status == 200)


def test_nothing_of_a_file_is_ever_seen(narrow):
    """A temporary file has no name while it is there, and its room is free when it is done."""
    with narrow.connect(head("/files", 200_000, BYTES) + b"fine\n" * 20_000) as opened:
        time.sleep(0.3)
        assert list(narrow.folder.iterdir()) == []
        opened.sendall(b"fine\n" * 20_000)
        read_until(opened, b"HTTP/1.1 200 OK")
    until(lambda: not any("deleted" in link for link in open_files(narrow)))


def open_files(served):
    """What a service holds open, where the system tells."""
    for path in Path(f"/proc/{served.process.pid}/fd").glob("*"):
        with suppress(OSError):
            yield str(path.readlink())


@pytest.mark.slow
def test_over_http_1_0_a_file_comes_back_whole(served):
    body = to_bytes("many.csv") * 9
    got = ask(
        served.client.app, body, path="/files", query="name=many.csv", kind=BYTES, version="1.0"
    )
    assert len(got) == 2, "a head and a body"
    headers = dict(got[0]["headers"])
    assert headers[b"content-length"] == b"%d" % len(body_of(got))
    assert headers[b"content-type"] == b"text/csv; charset=utf-8"
    assert body_of(got) == sent(served, body, name="many.csv").body


class Waiting(Stand):
    """A service that answers so many times, and then waits."""

    def __init__(self, most):
        self.asked = 0
        self.most = most
        self.reached = asyncio.Event()

    async def answers(self, texts):
        self.asked += 1
        if self.asked > self.most:
            self.reached.set()
            await asyncio.sleep(0.1)
        return [Answered("positive", [0.9], "")] * len(texts)


def ask_for_events(service, body, leave):
    """Send a file over ASGI, and go away once the service waits, if `leave`."""
    told, logged = [], []
    app = app_of(service, Limits(), report=told.append, log=logged.append)
    how = {"path": "/files/events", "query": "name=said.txt", "kind": BYTES}
    got = ask(app, body, **how, leaves=service.reached if leave else None)
    assert told == []
    return got, logged


@pytest.mark.parametrize("leave", [False, True])
def test_who_goes_away_is_not_worked_for_and_all_is_given_back(leave, monkeypatch):
    opened, meters = [], []

    def opens(**how):
        opened.append(kept(**how))
        return opened[-1]

    def meter(*arguments):
        meters.append(kept_meter(*arguments))
        return meters[-1]

    kept, kept_meter = tempfile.TemporaryFile, file_endpoints.Meter
    monkeypatch.setattr(tempfile, "TemporaryFile", opens)
    monkeypatch.setattr(file_endpoints, "Meter", meter)
    service = Waiting(most=2)
    got, logged = ask_for_events(service, b"fine\n" * 256 * 20, leave)
    assert service.asked == (3 if leave else 20)
    assert got[-1].get("more_body", False) is leave, "an end, or none"
    assert ("200 aborted" in logged[0].text) is leave
    assert [each.taken for each in meters] == [0, 0]
    until(lambda: opened[0].closed)


def test_no_file_is_read_where_all_requests_are_answered(monkeypatch):
    where = []
    for name in ("open", "read", "write", "end", "close"):
        made = getattr(file_endpoints.FileAnswers, name)

        def call(*arguments, made=made):
            where.append(threading.current_thread() is threading.main_thread())
            return made(*arguments)

        monkeypatch.setattr(file_endpoints.FileAnswers, name, call)
    got, _ = ask_for_events(Waiting(most=9), b"fine\n" * 1000, leave=False)
    assert got[0]["status"] == 200
    assert len(where) >= 10
    assert not any(where)


@pytest.mark.slow
def test_short_requests_are_answered_while_a_file_is(served):
    body = as_csv([("n", "text"), *((n, "word " * 200) for n in range(1000))]).encode()
    done = []
    thread = threading.Thread(target=lambda: done.append(sent(served, body, name="many.csv")))
    thread.start()
    answered = 0
    while thread.is_alive():
        assert served.post("/predict", {"text": "good"}).status == 200
        answered += 1
    assert done[0].body.count(b"\n") == 1001
    assert answered > 5, "they wait for the file"
