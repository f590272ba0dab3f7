"""What other programs write is read as it is; what this one writes, they read, and it reads again.

Others: pandas, pyarrow, openpyxl, and Python's csv and json.
"""

import csv
import io
import json
import re
import tempfile
from functools import partial
from pathlib import Path

import openpyxl
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from sentiment.reviews.opening import open_reviews
from sentiment.reviews.streams import ReadOptions
from tests.commands import run
from tests.torture.row_answers import unescaped
from tests.torture.row_files import TEXTS

FIXTURE = Path(__file__).parent.parent / "fixtures" / "format-1.safetensors"
RIGHT_TO_LEFT = "\u05e9\u05dc\u05d5\u05dd, \u202bfilm\u202c"
ODD = st.sampled_from([RIGHT_TO_LEFT, "=1+1", "+1", "@home", "-", "   ", "", "long " * 9_000])
WILD = TEXTS | ODD
# pandas does not quote a carriage return where csv does not, and that ends a line.
PLAIN = WILD.map(lambda text: text.replace("\r", ""))
# openpyxl writes no control characters, and does not escape what looks like one that is escaped.
IN_CELLS = PLAIN.map(
    lambda text: re.sub("[\ufffe\uffff]|_x", "", ILLEGAL_CHARACTERS_RE.sub("", text))[:32_000]
)
# Without quotes, nothing tells a backslash that escapes them.
FIRST = 'A "good" film; really, it was'


def as_csv(frame, path, **options):
    frame.to_csv(path, index=False, **options)


def in_zstd(frame, path):
    path.write_bytes(pa.compress(frame.to_csv(index=False).encode(), "zstd", asbytes=True))


def by_csv_module(frame, path):
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([frame.columns, *frame.itertuples(index=False)])


def as_json(frame, path, **options):
    frame.to_json(path, **options)


def by_json_module(frame, path, wrap=list, **options):
    path.write_text(json.dumps(wrap(frame.to_dict("records")), **options), encoding="utf-8")


def as_sheet(frame, path, more=()):
    book = openpyxl.Workbook()
    for title in more:
        book.create_sheet(title, 0)
    sheet = book.worksheets[-1]
    for row in [list(frame.columns), *frame.itertuples(index=False)]:
        sheet.append([None] * len(row))
        for cell, value in zip(sheet[sheet.max_row], row, strict=True):
            cell.value = value
            if isinstance(value, str):
                cell.data_type = "s"  # not a formula
    book.save(path)


def with_nulls(frame, path):
    """As other programs write a number that is none."""
    rows = [json.dumps({**row, "price": float("nan")}) for row in frame.to_dict("records")]
    path.write_text("\n".join(rows), encoding="utf-8")


# A file's name and what writes it; the texts that it can hold.
WRITERS = {
    "csv": ("in.csv", as_csv, PLAIN),
    "csv of Excel in Germany": (
        "in.csv",
        partial(as_csv, sep=";", decimal=",", encoding="utf-8-sig"),
        PLAIN,
    ),
    "csv, all in quotes": (
        "in.csv",
        partial(as_csv, quoting=csv.QUOTE_ALL, lineterminator="\r\n"),
        WILD,
    ),
    "csv with backslashes": (
        "in.csv",
        partial(as_csv, doublequote=False, escapechar="\\", quoting=csv.QUOTE_ALL),
        PLAIN,
    ),
    "csv with bars": ("in.csv", partial(as_csv, sep="|"), PLAIN),
    "csv of the csv module": ("in.csv", by_csv_module, PLAIN),
    "csv in UTF-16": ("in.csv", partial(as_csv, encoding="utf-16"), PLAIN),
    "csv in UTF-32": ("in.csv", partial(as_csv, encoding="utf-32"), PLAIN),
    "gzip": ("in.csv.gz", as_csv, PLAIN),
    "bzip2": ("in.csv.bz2", as_csv, PLAIN),
    "xz": ("in.csv.xz", as_csv, PLAIN),
    "zstd": ("in.csv.zst", in_zstd, PLAIN),
    "zip": ("in.csv.zip", as_csv, PLAIN),
    "tabs": ("in.csv", partial(as_csv, sep="\t"), PLAIN),
    "json records": ("in.json", partial(as_json, orient="records"), WILD),
    "json records, indented": ("in.json", partial(as_json, orient="records", indent=2), WILD),
    "json lines": ("in.jsonl", partial(as_json, orient="records", lines=True), WILD),
    "json columns": ("in.json", partial(as_json, orient="columns"), WILD),
    "json index": ("in.json", partial(as_json, orient="index"), WILD),
    "json split": ("in.json", partial(as_json, orient="split"), WILD),
    "json table": ("in.json", partial(as_json, orient="table", index=False), WILD),
    "json of the json module": ("in.json", by_json_module, WILD),
    "json list in an object": (
        "in.json",
        partial(by_json_module, wrap=lambda rows: {"data": {"n": 1, "rows": rows}}, indent=1),
        WILD,
    ),
    "json called text": ("in.txt", by_json_module, WILD),
    "json lines with NaN": ("in.jsonl", with_nulls, WILD),
    "parquet": ("in.parquet", lambda frame, path: frame.to_parquet(path), WILD),
    "workbook": ("in.xlsx", as_sheet, IN_CELLS),
    "workbook with empty sheets first": (
        "in.xlsx",
        partial(as_sheet, more=["Notes", "More"]),
        IN_CELLS,
    ),
}


def searched(strategy, examples, check):
    @settings(max_examples=examples, suppress_health_check=list(HealthCheck))
    @given(strategy)
    def one(drawn):
        with tempfile.TemporaryDirectory() as folder:
            check(drawn, Path(folder))

    one()


def check_reading(name, examples):
    file, write, texts = WRITERS[name]

    def check(drawn, folder):
        texts = [FIRST, *drawn]
        numbers = range(len(texts))
        frame = pd.DataFrame({"id": numbers, "text": texts, "price": [n + 0.5 for n in numbers]})
        write(frame, folder / file)
        opened = open_reviews(folder / file, ReadOptions(text_columns=("text",)), need_label=False)
        assert opened.columns.text == ("text",)
        found = [
            (batch.row_number(place), row["text"], int(row["id"]))
            for batch in opened.batches
            for place, row in enumerate(batch.rows)
        ]
        expected = [(n + 1, text or None, n) for n, text in enumerate(texts)]
        assert [(at, text or None, n) for at, text, n in found] == expected

    searched(st.lists(texts, max_size=5), examples, check)


@pytest.mark.parametrize("name", WRITERS)
def test_what_others_write_is_read(name):
    check_reading(name, 3)


@pytest.mark.slow
@pytest.mark.parametrize("name", WRITERS)
def test_much_more_of_what_others_write_is_read(name):
    check_reading(name, 150)


def unpacked(path):
    """Return what a file holds, decompressed, as a stream."""
    kind = {".gz": "gzip", ".zst": "zstd"}.get(path.suffix)
    data = pa.BufferReader(path.read_bytes())
    return io.BytesIO((pa.CompressedInputStream(data, kind) if kind else data).read())


def of_pandas(read, **options):
    def rows(path):
        frame = read(unpacked(path), **options)
        return [("" if pd.isna(row.text) else row.text, row.predicted, row.p_positive)
                for row in frame.itertuples()]  # fmt: skip

    return rows


def of_csv(path):
    """The csv module, for pandas drops a carriage return that a quoted field ends with."""
    lines = io.StringIO(unpacked(path).read().decode(), newline="")
    return [(row["text"], row["predicted"], row["p_positive"]) for row in csv.DictReader(lines)]


def of_tsv(path):
    rows = [line.split("\t") for line in path.read_bytes().decode().split("\n")[:-1]]
    names = rows.pop(0)
    wanted = [names.index(name) for name in ("text", "predicted", "p_positive")]
    return [tuple(unescaped(row[place]) for place in wanted) for row in rows]


def of_json(path):
    rows = json.load(unpacked(path))
    return [(row["text"], row["predicted"], row["p_positive"]) for row in rows]


def of_sheet(path):
    def text(cell):
        return re.sub("_x([0-9A-F]{4})_", lambda found: chr(int(found[1], 16)), cell or "")

    _, *rows = openpyxl.load_workbook(path).active.values
    return [(text(row[1]), row[2], row[3]) for row in rows]


# Of TSV, white space and control characters in texts are written as escapes.
IN_TSV = WILD.map(lambda text: re.sub(r"[\\\0-\x1f\x7f-\x9f\u2028\u2029]", "", text))
OUTPUTS = {
    "out.csv": (of_csv, WILD),
    "out.csv.gz": (of_csv, WILD),
    "out.csv.zst": (of_csv, WILD),
    "out.tsv": (of_tsv, IN_TSV),
    "out.json": (of_json, WILD),
    "out.json.gz": (of_json, WILD),
    "out.jsonl": (of_pandas(pd.read_json, lines=True, dtype=False), WILD),
    "out.jsonl.zst": (of_pandas(pd.read_json, lines=True, dtype=False), WILD),
    "out.parquet": (of_pandas(pd.read_parquet), WILD),
    "out.xlsx": (of_sheet, WILD.map(lambda text: text[:5_000])),
}


def predict(folder, source, target, *more):
    done = run("predict", "-q", "-m", FIXTURE, "-i", folder / source, "-o", folder / target,
               "--text-column", "text", *more)  # fmt: skip
    assert done.returncode == 0, done.stderr


def check_writing(name, examples):
    read, texts = OUTPUTS[name]

    def check(drawn, folder):
        texts = [FIRST, *drawn]
        rows = [json.dumps({"id": n, "text": text}) for n, text in enumerate(texts)]
        (folder / "in.jsonl").write_text("\n".join(rows), encoding="utf-8")
        predict(folder, "in.jsonl", name)
        answers = read(folder / name)
        assert [text for text, *_ in answers] == texts
        predict(folder, name, "again.jsonl", "--prefix", "again_")
        lines = (folder / "again.jsonl").read_text("utf-8").split("\n")[:-1]
        again = [json.loads(line) for line in lines]
        for (text, predicted, p), row in zip(answers, again, strict=True):
            assert (row["text"] or "") == text
            assert (row["again_predicted"] or "") == (
                predicted if text.strip() and predicted else ""
            )
            if row["again_p_positive"] is not None:
                assert abs(row["again_p_positive"] - float(p)) < 1e-6

    searched(st.lists(texts, max_size=5), examples, check)


@pytest.mark.parametrize("name", OUTPUTS)
def test_what_is_written_others_read_and_it_gives_the_same_answers_again(name):
    check_writing(name, 2)


@pytest.mark.slow
@pytest.mark.parametrize("name", OUTPUTS)
def test_much_more_of_what_is_written(name):
    check_writing(name, 60)


# Encodings as Python calls them, and whether a byte order mark tells them.
ENCODINGS = {"utf-8": False, "utf-8-sig": True, "utf-16": True, "utf-16-le": False,
             "utf-16-be": False, "utf-32": True, "utf-32-le": False, "utf-32-be": False,
             "latin-1": False, "cp1252": False, "cp1251": False, "koi8_r": False,
             "shift_jis": False, "gb18030": False, "big5": False, "euc_kr": False}  # fmt: skip


def check_encoding(encoding, examples):
    told = ENCODINGS[encoding] or encoding == "utf-8"

    def check(drawn, folder):
        held = [text.encode(encoding, "ignore").decode(encoding) for text in drawn]
        stream = io.StringIO(newline="")
        rows = [(n, text) for n, text in enumerate([FIRST, *held])]
        csv.writer(stream, quoting=csv.QUOTE_ALL).writerows([("id", "text"), *rows])
        (folder / "in.csv").write_bytes(stream.getvalue().encode(encoding))
        options = [] if told else ["--encoding", encoding]
        predict(folder, "in.csv", "out.csv", *options)
        lines = io.StringIO((folder / "out.csv").read_bytes().decode(encoding), newline="")
        assert [row["text"] for row in csv.DictReader(lines)] == [text for _, text in rows]
        predict(folder, "out.csv", "again.csv", *options, "--prefix", "again_")
        lines = io.StringIO((folder / "again.csv").read_bytes().decode(encoding), newline="")
        for (_, text), row in zip(rows, csv.DictReader(lines), strict=True):
            assert row["text"] == text
            assert row["again_predicted"] == row["predicted"]
            assert row["again_p_positive"] == row["p_positive"]

    searched(st.lists(WILD, max_size=5), examples, check)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_file_in_any_encoding_comes_out_in_it_and_goes_in_again(encoding):
    check_encoding(encoding, 2)


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_many_more_files_in_any_encoding(encoding):
    check_encoding(encoding, 60)
