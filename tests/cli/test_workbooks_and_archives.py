"""Workbooks, zip archives and compressed files through the command line, in and out."""

import bz2
import gzip
import io
import json
import lzma
import re
import shlex
import subprocess
import sys
from pathlib import Path

import openpyxl
import pyarrow as pa
import pytest

from tests.reviews.books import book, sheet_of, zipped

FIXTURE = Path(__file__).parent.parent / "fixtures" / "format-1.safetensors"
CSV = "text,label\nI love it,1\nI hate it,0\n=1+1,0\n"
ROWS = [("text", "label"), ("I love it", 1), ("I hate it", 0), ("=1+1", 0)]


@pytest.fixture
def here(tmp_path):
    files = {
        "in.csv": CSV.encode(),
        "in.xlsx": book(sheets={"Notes": sheet_of(("a b c",)), "May": sheet_of(*ROWS)}),
        "in.zip": zipped({"readme.txt": "x", "a/in.csv": CSV}),
        "two.zip": zipped({"train.csv": CSV, "test.csv": CSV}),
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    return tmp_path


@pytest.fixture
def predict(run, here):
    def call(*arguments, **options):
        return run("predict", "-m", FIXTURE, *arguments, cwd=here, **options)

    return call


def cells_of(path):
    return list(openpyxl.load_workbook(path).active.values)


def test_a_workbook_comes_back_as_a_workbook(predict, here):
    done = predict("in.xlsx", "--sheet", "may", "-o", "out.xlsx")
    assert done.returncode == 0, done.stderr
    assert 'in.xlsx: text from "text" (by name)' in done.stderr
    assert "3 rows in" in done.stderr.splitlines()[-1]
    header, *rows = cells_of(here / "out.xlsx")
    assert header == ("text", "label", "predicted", "p_positive")
    assert [row[:2] for row in rows] == ROWS[1:]
    assert {row[2] for row in rows} <= {"positive", "negative", "uncertain"}
    assert all(0 <= row[3] <= 1 for row in rows)
    assert json.loads(predict("out.xlsx", "--json", "--prefix", "x").stdout.splitlines()[2])[
        "text"
    ] == ("=1+1")


def test_a_workbook_is_answered_like_a_csv_of_its_sheet(predict):
    plain = predict("in.csv")
    for options in (["--sheet", "May"], ["--sheet", "May", "--format", "text"]):
        assert predict("in.xlsx", *options).stdout == plain.stdout
    written = predict("in.csv", "--format", "csv").stdout
    assert predict("in.xlsx", "--sheet", "May", "--format", "csv").stdout == written


def test_standard_input_may_be_one_and_standard_output(predict, here):
    data = (here / "in.xlsx").read_bytes()
    done = predict("-i", "-", "--sheet", "May", "--format", "xlsx", stdin=data)
    assert done.returncode == 0, done.stderr
    (here / "out.xlsx").write_bytes(done.stdout)
    assert [row[:2] for row in cells_of(here / "out.xlsx")] == ROWS
    done = predict(stdin=(here / "in.zip").read_bytes())
    assert done.stdout.decode() == predict("in.csv").stdout


def test_the_sheet_that_is_read_is_said(predict):
    done = predict("in.xlsx")
    assert done.stdout.endswith("\ta b c\n")
    assert 'in.xlsx: sheet "Notes" of "Notes", "May"; --sheet NAME reads another' in done.stderr
    done = predict("in.xlsx", "--sheet", "Mai")
    assert (done.returncode, done.stdout) == (2, "")
    assert 'no sheet "Mai" (did you mean "May"?); there are "Notes", "May"' in done.stderr
    done = predict("in.csv", "--sheet", "May")
    assert done.returncode == 2
    assert "in.csv is no workbook (.xlsx), and has no sheets: leave out --sheet" in done.stderr


@pytest.mark.parametrize("name", ["in.xlsx", "in.zip", "two.zip/test.csv", "two.zip/*.csv"])
def test_labels_are_read_from_them(run, here, name):
    sheet = ["--sheet", "May"] if name == "in.xlsx" else []
    done = run("evaluate", "-m", "fast", name, *sheet, "--json", cwd=here)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["n"] == (6 if "*" in name else 3)


def test_texts_of_them_are_explained(run, here):
    done = run("explain", "-m", "fast", "-i", "in.xlsx", "--sheet", "May", cwd=here)
    assert done.returncode == 0, done.stderr
    assert "I hate it" in done.stdout


def test_several_tables_are_an_error_whose_advice_works(predict):
    done = predict("two.zip")
    assert (done.returncode, done.stdout) == (3, "")
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    name = re.search(r"name one: (\S+);", line)[1]
    assert predict(*shlex.split(name)).stdout == predict("in.csv").stdout


def test_an_input_in_an_archive_is_not_overwritten(predict, here):
    (here / "packed.csv").write_bytes((here / "two.zip").read_bytes())
    done = predict("packed.csv/test.csv", "-o", "packed.csv", "--force")
    assert done.returncode == 2
    assert "packed.csv: would overwrite an input" in done.stderr


# Compressed answers


UNPACK = {
    ".gz": gzip.decompress,
    ".bz2": bz2.decompress,
    ".xz": lzma.decompress,
    ".zst": lambda data: pa.CompressedInputStream(pa.BufferReader(data), "zstd").read(),
}


@pytest.mark.parametrize("suffix", UNPACK)
def test_answers_are_compressed_as_the_name_says(predict, here, suffix):
    plain = predict("in.csv", "--format", "jsonl").stdout
    for name, options in ((f"o.jsonl{suffix}", []), (f"o{suffix}", ["--json"])):
        done = predict("in.csv", "-o", name, *options)
        assert done.returncode == 0, done.stderr
        first = (here / name).read_bytes()
        assert UNPACK[suffix](first).decode() == plain
        predict("in.csv", "-o", name, *options, "--force")
        assert (here / name).read_bytes() == first
        assert predict("-i", name, "--prefix", "x", "--json").returncode == 0


@pytest.mark.parametrize("name", ["o.csv.zst", "o.xlsx"])
def test_after_an_error_there_is_no_file_and_nothing_else_said(here, name):
    (here / "bad.csv").write_text(CSV + "a,b,c\n")
    command = ["predict", "-q", "-m", FIXTURE, "bad.csv", "-o", name]
    done = subprocess.run(
        [sys.executable, "-m", "sentiment", *map(str, command)],
        cwd=here, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 3
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: bad.csv, row 4 (line 5): 3 fields where 2 are expected")
    assert not (here / name).exists()


def test_a_stream_that_ends_early_is_a_workbook_of_the_rows_before(predict, here):
    (here / "bad.csv").write_text(CSV + "a,b,c\n")
    done = predict("bad.csv", "--format", "xlsx", binary=True)
    assert done.returncode == 3
    rows = list(openpyxl.load_workbook(io.BytesIO(done.stdout)).active.values)
    assert [row[0] for row in rows] == ["text", "I love it", "I hate it", "=1+1"]


def test_a_named_pipe_gets_no_end_after_an_error(run, here):
    import os
    import threading

    (here / "bad.csv").write_text(CSV + "a,b,c\n")
    os.mkfifo(here / "o.csv.gz")
    read = []
    reader = threading.Thread(target=lambda: read.append((here / "o.csv.gz").read_bytes()))
    reader.start()
    done = run("predict", "-m", FIXTURE, "bad.csv", "-o", "o.csv.gz", cwd=here)
    reader.join()
    assert done.returncode == 3
    with pytest.raises(EOFError):
        gzip.decompress(read[0])


def test_lists_of_rows_are_compressed_too(predict, run, here):
    (here / "bad.csv").write_text(CSV + "a,b,c\n")
    done = predict("bad.csv", "--on-bad-row", "skip", "--rejects", "left.csv.gz")
    assert done.returncode == 0, done.stderr
    assert b'"a,b,c"' in gzip.decompress((here / "left.csv.gz").read_bytes())
    done = predict("bad.csv", "--on-bad-row", "skip", "--rejects", "left.xlsx")
    assert done.returncode == 2
    assert "--rejects left.xlsx: name it .csv, .tsv or .jsonl" in done.stderr
    (here / "wrong.csv").write_text("text,label\nI love it,0\nI hate it,0\n")
    for name in ("wrong.xlsx", "wrong.csv.zst"):
        done = run("evaluate", "-m", "fast", "wrong.csv", "--errors", name, cwd=here)
        assert done.returncode == 0, done.stderr
        assert "I love it" in predict(name, "--json", "--prefix", "x").stdout


def test_a_text_that_no_cell_holds_is_an_error_whose_advice_works(predict, here):
    (here / "long.csv").write_text("text,n\n" + "so good " * 5_000 + ",1\n")
    done = predict("long.csv", "-o", "long.xlsx")
    assert done.returncode == 3
    assert not (here / "long.xlsx").exists()
    (said,) = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert said.startswith("error: long.csv, row 1: a text of 40,000 characters in the column")
    option, suffix = re.search(r"; write (--format \w+), and name a file (\.\w+)$", said).groups()
    assert predict("long.csv", *option.split(), "-o", f"scored{suffix}").returncode == 0
    assert predict("long.csv", *option.split()).returncode == 0


def test_a_package_that_is_missing_is_named_with_its_exit_code(predict, monkeypatch):
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    for arguments in (["in.xlsx"], ["in.csv", "--format", "xlsx"], ["in.csv", "-o", "o.xlsx"]):
        done = predict(*arguments)
        assert done.returncode == 5
        assert done.stderr.splitlines()[-1] == (
            "error: Excel files need openpyxl and defusedxml, which are not installed: "
            "pip install openpyxl defusedxml"
        )
    assert predict("in.zip").returncode == 0


def test_a_light_command_loads_nothing_of_them(here):
    code = (
        "import sys; from sentiment.cli import main;"
        f"main(['predict', 'in.csv', '-m', {str(FIXTURE)!r}, '-q']);"
        "print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=here, capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.split())
    assert not loaded & {"openpyxl", "defusedxml", "zipfile", "xml.sax", "gzip", "pyarrow"}
