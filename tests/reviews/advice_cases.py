"""Inputs that make the readers give each of their advices, for `test_advice.py`."""

import gzip
import io
import json
import sqlite3
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa
import safetensors.numpy
from pyarrow.parquet import write_table as write_parquet

from sentiment.labels import LabelSet
from sentiment.model.file import save_model
from tests.model.small import small_model

from .books import book, sheet_of, zipped

Files = Mapping[str, str | bytes]


@dataclass(frozen=True)
class Case:
    """A command that gives advice, and what the ways out cannot tell.

    Attributes:
        command: As it is typed, after `sentiment`; `train` only reads.
        files: What is there.
        rows: How many rows come out, whatever way is taken.
        choose: What a user takes where a message has a placeholder or several names, which has to
            be in the message; by option.
        by_hand: What the files become by an advice that is no option or command.
        then: The command afterwards; None for the same.
        fewer: How many rows come out of ways that are said to leave some out, by option.
        settings: Limits that are lower for this case, by their dotted names.
        stdin: What comes on standard input.
    """

    command: str
    files: Files = field(default_factory=dict)
    rows: int = 2
    choose: Mapping[str, str] = field(default_factory=dict)
    by_hand: Files | None = None
    then: str | None = None
    fewer: Mapping[str, int] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    stdin: str | bytes = b""


CSV = "text,label\nLovely,1\nDull,0\n"
XLSX = book(("text", "label"), ("Lovely", 1), ("Dull", 0))
TWO = {"in.csv": CSV}
SKIPPED = {"--on-bad-row skip": 1}


def lines_of(*values: object) -> str:
    return "".join(json.dumps(value) + "\n" for value in values)


def texts(*words: str) -> str:
    return lines_of(*({"text": word} for word in words))


def encrypted(data: bytes) -> bytes:
    """Set the flags of a password in the headers of a zip archive."""
    for start, at in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        place = data.index(start) + at
        data = data[:place] + b"\1" + data[place + 1 :]
    return data


def arrow(write: Any) -> bytes:
    stream = io.BytesIO()
    table = pa.table({"text": ["Lovely", "Dull"], "label": [1, 0]})
    with write(stream, table.schema) as out:
        out.write_table(table)
    return stream.getvalue()


def parquet() -> bytes:
    stream = io.BytesIO()
    write_parquet(pa.table({"text": ["Lovely", "Dull"]}), stream)
    return stream.getvalue()


def zstandard(text: str) -> bytes:
    stream = pa.BufferOutputStream()
    with pa.CompressedOutputStream(stream, "zstd") as packed:
        packed.write(text.encode())
    return stream.getvalue().to_pybytes()


def database() -> bytes:
    with sqlite3.connect(":memory:") as connection:
        connection.execute("CREATE TABLE reviews (text)")
        connection.execute("INSERT INTO reviews VALUES ('Lovely'), ('Dull')")
        return connection.serialize()


def case(name: str, command: str, files: Files, **others: Any) -> None:
    CASES[name] = Case(command, files, **others)


def bad(name: str, content: str | bytes, by_hand: str | bytes, *, of: int = 2, **more: Any) -> None:
    """Add a file with one bad row, which can be skipped, or mended by hand."""
    suffix = name.split(maxsplit=1)[0]
    file = f"in.{suffix}"
    fewer = {"--on-bad-row skip": of - 1, **more.pop("fewer", {})}
    case(
        name,
        f"predict -i {file}",
        {file: content},
        by_hand={file: by_hand},
        rows=of,
        fewer=fewer,
        **more,
    )


CASES: dict[str, Case] = {}

# fmt: off

# Archives and workbooks

OTHER_TABLES = {"a.csv": CSV, "b.csv": CSV}
for name, inside in {
    "a spreadsheet of LibreOffice": ("mimetype", "application/vnd.oasis.opendocument.spreadsheet"),
    "a binary workbook": ("xl/workbook.bin", ""),
}.items():
    case(
        name,
        "predict -i in.x",
        {"in.x": zipped(dict([inside]))},
        then="predict -i in.xlsx",
        by_hand={"in.xlsx": XLSX},
    )
for name, inside in {
    "a document": ("word/document.xml", ""),
    "a document of LibreOffice": ("mimetype", "application/vnd.oasis.opendocument.text"),
    "a presentation": ("ppt/presentation.xml", ""),
}.items():
    case(
        name,
        "predict -i in.x",
        {"in.x": zipped(dict([inside]))},
        then="predict -i in.txt",
        by_hand={"in.txt": "Lovely\nDull\n"},
    )
case("a file of Apple's", "predict -i in.x", {"in.x": zipped({"Index/Document.iwa": ""})},
     then="predict -i in.csv", by_hand=TWO)
case("several tables", "predict -i in.zip", {"in.zip": zipped(OTHER_TABLES)}, fewer={"unzip": 4})
case("an archive in an archive", "predict -i in.zip", {"in.zip": zipped({"a.zip": zipped(TWO)})},
     then="predict -i a.zip")
case("a password", "predict -i in.zip", {"in.zip": encrypted(zipped(TWO))},
     then="predict -i in.csv", by_hand=TWO)
case("another method", "predict -i in.zip", {"in.zip": zipped(TWO, zipfile.ZIP_LZMA)},
     then="predict -i in.csv", by_hand=TWO)
case("a large file in an archive", "predict -i in.zip", {"in.zip": zipped(TWO)},
     then="predict -i in.csv", settings={"sentiment.reviews.archives.MAX_UNPACKED": 9})
case("what looks like a bomb", "predict -i in.zip",
     {"in.zip": zipped({"in.csv": CSV + "\n" * 9999})}, then="predict -i in.csv", settings={
     "sentiment.reviews.archives.MIN_SUSPECT": 9, "sentiment.reviews.archives.MAX_RATIO": 9})
case("too many files", "predict -i in.zip", {"in.zip": zipped(TWO)}, then="predict -i in.csv",
     settings={"sentiment.reviews.archives.MAX_DIRECTORY": 9})
case("too many texts in a workbook", "predict -i in.xlsx",
     {"in.xlsx": book(("<c t='s'><v>0</v></c>",), strings="<si><t>a</t></si><si><t>b</t></si>")},
     by_hand=TWO, then="predict -i in.csv",
     settings={"sentiment.reviews.spreadsheetml.MAX_STRINGS": 1})
case("a damaged archive", "predict -i in.zip", {"in.zip": zipped(TWO)[:50]},
     by_hand={"in.zip": zipped(TWO)})
case("several sheets", "predict -i in.xlsx", choose={"--sheet": "May"}, files={"in.xlsx": book(
     sheets={"April": sheet_of(("text",), ("Fine",)),
     "May": sheet_of(("text",), ("Lovely",), ("Dull",))})})
case("no workbook", "predict -i in.csv --input-format xlsx", TWO)
case("a workbook under another name", "predict -i in.csv --input-format csv", {"in.csv": XLSX})
case("a sheet of no workbook", "predict -i in.csv --sheet May", TWO)

# Other kinds of files: `foreign.toml`

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:77\nsize 793\n"
ANNEX = "/annex/objects/MD5E-s7--77\n"
DVC = "outs:\n- md5: 77\n  path: in.csv\n"
for name, content in {
    "a Git LFS pointer": POINTER,
    "a git-annex pointer": ANNEX,
    "a DVC pointer": DVC,
}.items():
    case(name, "predict -i in.csv", {"in.csv": content}, by_hand=TWO)
case("Parquet on standard input", "predict -i -", {}, stdin=parquet())
case("an SQLite database", "predict -i in.x", {"in.x": database()})
case("an Arrow file", "predict -i in.arrow", {"in.arrow": arrow(pa.ipc.new_file)})
case("an Arrow stream", "predict -i in.arrow", {"in.arrow": arrow(pa.ipc.new_stream)})
case("Arrow files in a folder", "predict -i in", {"in/a.arrow": arrow(pa.ipc.new_stream)})
case("an old Office file", "predict -i in.xls",
     {"in.xls": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0"}, then="predict -i in.xlsx",
     by_hand={"in.xlsx": XLSX})
case("a model in the place of reviews", "predict -i in.x",
     {"in.x": safetensors.numpy.save({"weights": np.zeros(3)})}, then="predict -i in.csv",
     by_hand=TWO)
SNAP = "".join(f"product/id: 1\nreview/text: {text}\n\n" for text in ("Lovely", "Dull"))
case("blocks of SNAP", "predict -i in.txt", {"in.txt": SNAP}, fewer={"--input-format": 6})
TABLE = "| text | label |\n| --- | --- |\n| Lovely | 1 |\n| Dull | 0 |\n"
case("a table of Markdown", "predict -i in.md", {"in.md": TABLE}, fewer={"--input-format": 4})
DRAWN = " text  | label\n-------+-------\n Lovely | 1\n Dull | 0\n"
case("a table drawn for reading", "predict -i in.txt", {"in.txt": DRAWN},
     by_hand={"in.txt": "text,label\nLovely,1\nDull,0\n"}, fewer={"--input-format": 4})
SUBTITLES = "".join(
    f"{n}\n00:00:0{n},000 --> 00:00:09,000\n{text}\n\n"
    for n, text in enumerate(("Lovely", "Dull"), start=1)
)
case("subtitles", "predict -i in.srt", {"in.srt": SUBTITLES}, fewer={"--input-format": 8})
PYTHON = {
    "a list of rows": "[('Lovely', 1), ('Dull', 0)]\n",
    "rows with a comma": "('Lovely', 1),\n('Dull', 0),\n",
    "a row on each line": "('Lovely', 1)\n('Dull', 0)\n",
    "a list on each line": "['Lovely', 1]\n['Dull', 0]\n",
    "a list of dictionaries": "[{'text': 'Lovely', 'n': None}, {'text': 'Dull', 'n': 1}]\n",
    "dictionaries with a comma": "{'text': 'Lovely'},\n{'text': 'Dull'},\n",
    "a dictionary on each line": "{'text': 'Lovely', 'stars': 5}\n{'text': \"It's dull\"}\n",
    "a list of texts": "['Lovely', 'It\\'s dull']\n",
}
for name, content in PYTHON.items():
    case(
        f"Python's notation: {name}",
        "predict -i in.txt",
        {"in.txt": content},
        fewer={"--input-format": content.count("\n")},
    )
TWEETS = json.dumps([{"tweet": {"full_text": text}} for text in ("Lovely", "Dull")])
case("a page", "predict -i in.csv", {"in.csv": "<!doctype html>\n<p>Sign in"}, by_hand=TWO)
case("an error of a service", "predict -i in.json",
     {"in.json": '{"error": {"message": "no key"}}'},
     by_hand={"in.json": texts("Lovely", "Dull")}, fewer={"--input-format": 1})
case("a web server's error", "predict -i in.csv", {"in.csv": "404: Not Found"}, by_hand=TWO,
     fewer={"--input-format": 1})
case("prose that is called JSON", "predict -i in.json", {"in.json": "Lovely.\nDull, really.\n"})
case("no Parquet", "predict -i in.parquet", {"in.parquet": "Lovely"},
     by_hand={"in.parquet": parquet()})
case("a tar archive", "predict -i in.tar", {"in.tar": "x"}, then="predict -i in.csv", by_hand=TWO)
case("an empty compressed file", "predict -i in.csv.gz", {"in.csv.gz": ""},
     by_hand={"in.csv.gz": gzip.compress(CSV.encode())})
case("a damaged compressed file", "predict -i in.csv.gz",
     {"in.csv.gz": gzip.compress(CSV.encode())[:-9]},
     by_hand={"in.csv.gz": gzip.compress(CSV.encode())})

# Encodings

for encoding in ("cp1252", "cp1251", "cp932", "utf-16-le"):
    words = {"cp1251": "Прекрасное место", "cp932": "とても良い"}.get(encoding, "Café")
    case(
        encoding,
        "predict -i in.txt --input-format lines",
        fewer=SKIPPED,
        files={"in.txt": f"Lovely\n{words}\n".encode(encoding)},
    )
case("a wrong encoding", "predict -i in.csv --encoding cp1252", fewer=SKIPPED,
     files={"in.csv": b"text\nCaf\xe9\n\x9d\x8d\n"})
case("a byte that is none", "predict -i in.csv", fewer=SKIPPED,
     files={"in.csv": b"\xef\xbb\xbftext\nLovely\nCaf\xe9\n"})
case("files of other encodings", "predict -i in", fewer=SKIPPED,
     files={"in/a.txt": "Lovely", "in/b.txt": b"Caf\xe9"})
case("no encoding", "predict -i in.csv --encoding cp9999", TWO,
     then="predict -i in.csv --encoding latin-1", by_hand={})

# CSV and TSV

bad("csv with an unquoted comma", "text,label\nLovely,1\nDull, cold,0\n",
    'text,label\nLovely,1\n"Dull, cold",0\n')
bad("csv with a field too few", "text,label\nLovely,1\nDull\n", "text,label\nLovely,1\nDull,\n")
bad("csv with single quotes", "text,label\n'Lovely, nice',1\n'Dull, cold',0\n",
    'text,label\n"Lovely, nice",1\n"Dull, cold",0\n', fewer={"--on-bad-row skip": 0})
bad("csv with a comment", "text,label\nLovely,1\n# so, far, so, good\n", "text,label\nLovely,1\n",
    fewer={"--comment": 1, "by hand": 1})
bad("csv with text behind a quote", 'text,label\nLovely,1\n"Dull" place,0\n',
    'text,label\nLovely,1\n"""Dull"" place",0\n')
bad("csv with an open quote", 'text,label\nLovely,1\n"Dull,0\n',
    'text,label\nLovely,1\n"""Dull",0\n')
bad("tsv with a tab in quotes", 'text\tlabel\nLovely\t1\n"Dull\tcold"\t0\n',
    "text\tlabel\nLovely\t1\nDull cold\t0\n", fewer={"--input-format lines": 3})
case("a line without an end", "predict -i in.txt --input-format lines",
     {"in.txt": "Lovely " * 40_000}, by_hand={"in.txt": "Lovely\nDull\n"},
     settings={"sentiment.reviews.feed.ROW_CHARS": 99_000})
case("an option of tables", "predict -i in.json --delimiter ';'",
     {"in.json": texts("Lovely", "Dull")})
case("an option of tables for a format", "predict -i in.txt --input-format lines --delimiter ';'",
     {"in.txt": "Lovely\nDull\n"})
case("plain lines in a csv", "predict -i in.csv",
     {"in.csv": "Lovely, and nice\nDull, cold, and wet\n"})

# JSON

bad("jsonl with a comma too many", '{"text": "Lovely"}\n{"text": "Dull",}\n',
    texts("Lovely", "Dull"))
bad("jsonl with single quotes", '{"text": "Lovely"}\n{\'text\': "Dull"}\n', texts("Lovely", "Dull"))
bad("jsonl with a list", '{"text": "Lovely"}\n["Dull"]\n', texts("Lovely", "Dull"))
bad("jsonl with a key twice", '{"text": "Lovely"}\n{"text": "Dull", "text": "Dull"}\n',
    texts("Lovely", "Dull"))
bad("jsonl with a large number", '{"text": "Lovely"}\n{"text": "Dull", "n": 1e999}\n',
    '{"text": "Lovely"}\n{"text": "Dull", "n": "1e999"}\n')
bad("jsonl with a long number", f'{{"text": "Lovely"}}\n{{"text": "Dull", "n": {"1" * 5000}}}\n',
    f'{{"text": "Lovely"}}\n{{"text": "Dull", "n": "{"1" * 5000}"}}\n')
bad("jsonl with an object for a text", '{"text": "Lovely"}\n{"text": {"a": "Dull"}}\n',
    texts("Lovely", "Dull"))
bad("json with lists of other lengths", '[["Lovely", 1], ["Dull"]]',
    '[["Lovely", 1], ["Dull", null]]')
bad("json without a comma", '[{"text": "Lovely"} {"text": "Dull"}]',
    '[{"text": "Lovely"}, {"text": "Dull"}]')
bad("json that is cut", '[{"text": "Lovely"}, {"text": "Du',
    '[{"text": "Lovely"}, {"text": "Dull"}]')
bad("json that is not closed", '[{"text": "Lovely"}, {"text": "Dull"}', of=3,
    by_hand='[{"text": "Lovely"}, {"text": "Dull"}, {"text": "Fine"}]')
case("json with two lists", "predict -i in.json", {"in.json": json.dumps({
     "test": [{"text": "Lovely"}, {"text": "Dull"}],
     "train": [{"text": "Fine"}, {"text": "Awful"}]})})
case("json without a list", "predict -i in.json", {"in.json": '{"a": {"b": 1}}'},
     by_hand={"in.json": texts("Lovely", "Dull")})
case("json with columns of other lengths", "predict -i in.json",
     {"in.json": '{"text": ["Lovely", "Dull"], "n": [1, 2], "of": [1]}'})
case("json with columns of other keys", "predict -i in.json",
     {"in.json": '{"text": {"0": "Lovely", "1": "Dull"}, "n": {"0": 1, "2": 1}}'},
     by_hand={"in.json": texts("Lovely", "Dull")})
case("json with a column twice", "predict -i in.json",
     {"in.json": '{"text": {"0": "Lovely", "1": "Dull"}, "text": {"0": "Fine"}}'},
     by_hand={"in.json": '{"text": {"0": "Lovely", "1": "Dull"}}'})
case("json under another name", "predict -i in.txt", {"in.txt": texts("Lovely", "Dull")})
FIREBASE = {"a": {"text": "Lovely", "n": 1}, "b": {"text": "Dull", "n": 2}}
case("an object of rows in an object", "predict -i in.json",
     {"in.json": json.dumps({"reviews": FIREBASE})})
case("json without fields", "predict -i in.json", {"in.json": "{}\n{}\n"},
     by_hand={"in.json": texts("Lovely", "Dull")})

# Columns

LISTS = lines_of({"id": 1, "data": [{"text": "Lovely"}]}, {"id": 2, "data": [{"text": "Dull"}]})
case("lists of rows", "predict -i in.jsonl", {"in.jsonl": LISTS})
case("lists of words", "predict -i in.jsonl",
     {"in.jsonl": lines_of({"id": 1, "text": ["Lovely"]}, {"id": 2, "text": ["Dull"]})})
case("lists of words of another name", "predict -i in.jsonl",
     {"in.jsonl": lines_of({"id": 1, "parts": ["Lovely", "room"]}, {"id": 2, "parts": ["Dull"]})})
case("lists of labels", "evaluate in.jsonl",
     {"in.jsonl": lines_of({"text": "Lovely", "label": [1]}, {"text": "Dull", "label": [0]})})
case("lists of numbers", "predict -i in.jsonl --text-column n", choose={"--text-column": "text"},
     files={"in.jsonl": lines_of({"text": "Lovely", "n": [1]}, {"text": "Dull", "n": [0]})},
     by_hand={}, then="predict -i in.jsonl --text-column text")
case("objects of labels", "evaluate in.jsonl --label-column x",
     {"in.jsonl": lines_of({"text": "Lovely", "x": {"y": 1}}, {"text": "Dull", "x": {"y": 0}})})
case("two columns of texts", "predict -i in.csv", choose={"--text-column": "a"},
     files={"in.csv": "a,b\nA lovely room,Nice to stay\nA dull room,Bad to stay\n"})
case("no column of texts", "predict -i in.csv", choose={"--text-column": "b"},
     files={"in.csv": "a,b\n1,x1\n2,x2\n"})
case("no header and no text", "predict -i in.csv", choose={"--text-column": "2"},
     files={"in.csv": "1,x1\n2,x2\n"})
case("no column of labels", "evaluate in.csv", choose={"--label-column": "b"},
     files={"in.csv": "text,b,c\nLovely,1,3\nDull,0,4\n"})
case("no such column", "predict -i in.csv --text-column txt", TWO, choose={"--text-column": "text"})
case("two columns of labels", "evaluate in.csv", choose={"--label-column": "sentiment"},
     files={"in.csv": "text,sentiment,label\nLovely,1,0\nDull,0,1\n"})
case("texts without a letter", "predict -i in.csv --text-column n",
     choose={"--text-column": "text"}, files={"in.csv": "text,n\nLovely,1\nDull,2\n"})
case("texts with labels in them", "evaluate in.csv",
     {"in.csv": "text,stars\n__label__1 Lovely,5\n__label__0 Dull,1\n"})
case("the same column twice", "evaluate in.csv --text-column text --label-column text", TWO,
     by_hand={}, then="evaluate in.csv --text-column text --label-column label")
case("a column that is a slice", "evaluate in.csv --slice length",
     by_hand={"in.csv": "text,label,size\nLovely,1,2\nDull,0,3\n"},
     then="evaluate in.csv --slice size",
     files={"in.csv": "text,label,length\nLovely,1,2\nDull,0,3\n"})

# Labels

case("plain lines", "evaluate in.txt", {"in.txt": "Lovely\nDull\n", "FILE": "1\n0\n"},
     choose={"--labels": "FILE"}, by_hand={"in.txt": "Lovely\t1\nDull\t0\n"})
case("plain lines with a mark by hand", "evaluate in.txt",
     {"in.txt": "Lovely\nDull\n", "FILE": "1\n0\n"}, choose={"--labels": "FILE"},
     by_hand={"in.txt": "__label__1 Lovely\n__label__0 Dull\n"})
case("unknown words", "evaluate in.csv", choose={"--positive": "joy", "--negative": "fear"},
     files={"in.csv": "text,label\nLovely,joy\nDull,fear\n"})
case("unknown numbers", "evaluate in.csv", choose={"--positive": ">=7", "--negative": "5..6"},
     files={"in.csv": "text,label\nLovely,55\nDull,6\nFine,77\n"}, rows=3)
case("only one kind", "evaluate in.csv", choose={"--positive": "joy", "--negative": "joy"},
     files={"in.csv": "text,label\nLovely,joy\nDull,joy\n"})
case("one class", "train in.csv --classes all",
     {"in.csv": "text,label,of\n" + "Lovely,joy,1\nDull,joy,0\n" * 9},
     choose={"--label-column": "of"}, rows=18,
     by_hand={"in.csv": "text,label,of\n" + "Lovely,joy,1\nDull,fear,0\n" * 9})
case("other words among stars", "train in.csv --classes stars",
     {"in.csv": "text,label\n" + "Lovely,5\nDull,1\nSo,unsure\n" * 9}, rows=27)
case("stars out of different numbers", "train in.csv --classes stars",
     {"in.csv": "text,label\n" + "Lovely,4/5\nDull,1/10\n" * 9}, rows=18)
case("no name of a class", "train in.csv --classes all",
     choose={"--label-column": "of", "--classes": "joy,fear"},
     files={"in.csv": "text,label,of\n" + "Lovely,joy,1\nDull,fear,0\nSo,uncertain,1\n" * 9},
     rows=27, fewer={"--classes": 18})
case("few of a class", "train in.csv --classes all", fewer={"--classes": 18},
     files={"in.csv": "text,label\n" + "Lovely,joy\nDull,fear\n" * 9 + "So,spam\n"}, rows=27,
     by_hand={"in.csv": "text,label\n" + "Lovely,joy\nDull,fear\nSo,spam\n" * 9})
case("a label that is missing", "evaluate in.csv --strict", {"in.csv": CSV + "Fine,\n"})

case("several tables on standard input", "predict -i -", {}, stdin=zipped(OTHER_TABLES),
     then="predict -i FILE/a.csv", fewer={"unzip": 4})
case("a workbook with a path", "predict -i in.xlsx/Sheet1", {"in.xlsx": XLSX})
case("a value beside the columns", "predict -i in.xlsx", fewer={"--on-bad-row skip": 151},
     files={"in.xlsx": book(("text",), ("Lovely",), *[("Fine",)] * 150, ("Dull", "x"))}, rows=152,
     by_hand={"in.xlsx": book(("text", "more"), ("Lovely",), *[("Fine",)] * 150, ("Dull", "x"))})
case("formulas without values", "predict -i in.xlsx", by_hand={"in.xlsx": XLSX}, files={
     "in.xlsx": book(("text", "id", "n"), ("Lovely", 1, "<c><f>1+1</f></c>"), ("Dull", 2, 2))})
TWEETS = json.dumps([{"tweet": {"full_text": text}} for text in ("Lovely", "Dull")])
case("Twitter's JavaScript", "predict -i in.js", fewer={"--input-format": 1},
     files={"in.js": f"window.YTD.tweets.part0 = {TWEETS};\n"})
case("bytes of a pipe", "predict -i in.txt", {"in.txt": b"Lovely\nCaf\xe9\n"}, fewer=SKIPPED,
     settings={"sentiment.reviews.streams.ByteStream.again": lambda _: None})
case("csv with blank lines", "predict -i in.csv", {"in.csv": "\n" * 99 + CSV}, by_hand=TWO,
     settings={"sentiment.reviews.delimited.CHARS_LOOKED_AT": 50})
LONG = "Dull " * 999 + ",0\n"
case("a row of csv without an end", "predict -i in.csv",
     {"in.csv": 'text,label\n"Lovely,1\n' + LONG * 60}, rows=61,
     by_hand={"in.csv": "text,label\nLovely,1\n" + LONG * 60}, fewer={"--on-bad-row skip": 60},
     settings={"sentiment.reviews.feed.ROW_CHARS": 9_000})
case("no delimiter", "predict -i in.csv --delimiter ''", {"in.csv": CSV.replace(",", ";")},
     then="predict -i in.csv --delimiter ';'", by_hand={})
case("no quote", "predict -i in.csv --quote ab", TWO, then="predict -i in.csv --quote none",
     by_hand={})
case("a label of what is bad", "evaluate in.csv", choose={"--positive": "0", "--negative": "1"},
     files={"in.csv": "text,is_bad\nLovely,0\nDull,1\n"})
case("a header taken for a row", "predict -i in.csv",
     {"in.csv": "id,room\n1,A lovely room\n2,A dull room\n"}, fewer={"--no-header": 3})
case("json without the list", "predict -i in.json --text-column b.text",
     {"in.json": '{"a": [{"text": "Lovely"}, {"text": "Dull"}]}'},
     choose={"--text-column": "text"})
case("only texts", "evaluate in.csv", files={"in.csv": "text\nLovely\nDull\n", "FILE": "1\n0\n"},
     choose={"--labels": "FILE"}, by_hand=TWO)
case("only texts in a workbook", "evaluate in.xlsx", choose={"--labels": "FILE"},
     files={"in.xlsx": book(("Lovely room",), ("Dull room",)), "FILE": "1\n0\n"},
     by_hand={"in.xlsx": XLSX})
case("a label taken for the text", "evaluate in.csv", choose={"--label-column": "review"},
     files={"in.csv": "review,x\npositive,nice\nnegative,dull\npositive,fine\n"}, rows=3)
case("no letter at all", "predict -i in.csv", {"in.csv": "text,n\n17,1\n18,2\n"}, by_hand=TWO)
case("texts with labels behind them", "predict -i in.csv",
     {"in.csv": "text,n\nA lovely room.__label__1,1\nA dull room.__label__0,2\n"})
case("unknown words to train on", "train in.csv",
     choose={"--positive": "joy", "--negative": "fear"},
     files={"in.csv": "text,label\n" + "Lovely,joy\nDull,fear\n" * 9}, rows=18)
KINDS = "".join(f"Fine,{n % 2},kind{n}\n" for n in range(15))
case("many kinds", "evaluate in.csv", {"in.csv": "text,n,label\n" + KINDS}, rows=15,
     choose={"--label-column": "n", "--positive": "kind1", "--negative": "kind2"})
WORDS = {"in.csv": "text,label\n" + "Lovely,positive\nDull,negative\nSo,spam\n" * 9}
case("words beside positive and negative", "train in.csv", WORDS, rows=27)
case("words beside the classes of a model", "evaluate in.csv",
     {"in.csv": "text,label\n" + "Lovely,positive\nDull,negative\nSo,7\n" * 9}, rows=27,
     fewer={"--classes": 18}, choose={"--positive": "positive", "--negative": "negative"})
case("too many classes", "train in.csv --classes all --label-column kind",
     {"in.csv": "text,n,kind\n" + "".join(f"So {n},{n % 2},kind{n % 60}\n" for n in range(600))},
     rows=600, fewer={"--classes": 20},
     choose={"--label-column": "n", "--classes": "kind0,kind1"})
case("a contradiction", "evaluate a.csv b.csv", choose={"--positive": "1", "--negative": "0"},
     files={"a.csv": "text,label\nLovely,1\nDull,0\n", "b.csv": "text,label\nLovely,2\nDull,1\n"},
     rows=4, by_hand={"b.csv": CSV})


def model_of(*names: str) -> bytes:
    """Return a model of these classes."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "m.safetensors"
        save_model(small_model(labels=LabelSet(names)), path)
        return path.read_bytes()


case("one of several tables in an upload", "serve in.zip", {"in.zip": zipped(OTHER_TABLES)},
     then="serve a.csv", by_hand=OTHER_TABLES)
case("Parquet in an archive in an upload", "serve in.zip",
     {"in.zip": zipped({"a.parquet": parquet()})}, then="serve a.parquet",
     by_hand={"a.parquet": parquet()})
case("a large file in an upload", "serve in.csv.gz",
     by_hand={"in.csv.gz": gzip.compress(CSV.encode())},
     files={"in.csv.gz": gzip.compress((CSV * 9999).encode())})
case("a large file of an archive in an upload", "serve in.zip",
     {"in.zip": zipped({"in.csv": CSV * 9999})}, by_hand={"in.zip": zipped(TWO)})
case("an upload of another encoding", "serve in.csv",
     {"in.csv": "text\nLovely\nCaf\xe9\n".encode("cp1252")})
case("an upload of two columns of texts", "serve in.csv",
     {"in.csv": "a,b\nA lovely room,Nice to stay\nA dull room,Bad to stay\n"},
     choose={"--text_column": "a"})
case("an upload of two lists", "serve in.json", {"in.json": json.dumps({
     "test": [{"text": "Lovely"}, {"text": "Dull"}],
     "train": [{"text": "Fine"}, {"text": "Awful"}]})})
WITHOUT = {"importlib.util.find_spec": lambda _: None}
case("zstd without pyarrow", "predict -i in.csv.zst", settings=WITHOUT, then="predict -i in.csv",
     files={"in.csv.zst": zstandard(CSV)}, by_hand=TWO)
case("Excel without its packages", "predict -i in.xlsx", {"in.xlsx": XLSX}, settings=WITHOUT)
case(
     "Parquet without pyarrow", "predict -i in.parquet", {"in.parquet": parquet()}, settings=WITHOUT
     )
case("too many blank lines", "predict -i in.csv", {"in.csv": "\n" * 140_000 + CSV}, by_hand=TWO,
     settings={"sentiment.reviews.delimited.CHARS_LOOKED_AT": 50})
bad("tsv with a field too few", "text\tlabel\nLovely\t1\nDull\n",
    "text\tlabel\nLovely\t1\nDull\t\n", fewer={"--input-format": 3})
bad("ft with two labels", "__label__1 Lovely\n__label__0 __label__1 Dull\n",
    "__label__1 Lovely\n__label__0 Dull\n")
PARTS = {
    f"in/{part}/{label}/a.txt": text
    for part in ("train", "valid")
    for label, text in (("pos", "Lovely"), ("neg", "Dull"))
}
case("another part of a folder", "evaluate in", PARTS)
case("tables of several formats", "evaluate in",
     {"in/a.csv": CSV, "in/b.jsonl": lines_of({"text": "Fine", "label": 1})}, rows=3)
case("tables of several formats to answer", "predict -i in", rows=3,
     files={"in/a.csv": CSV, "in/b.jsonl": texts("Lovely")})
case("folders of other names", "train in", {"in/joy/a.txt": "Lovely", "in/fear/a.txt": "Dull"})
PADDED = {"pad": {"a": "b" * 140_000}}
case("json without the list that is asked for", "predict -i in.json --text-column b.text",
     {"in.json": json.dumps({**PADDED, "a": [{"text": "Lovely"}, {"text": "Dull"}]})},
     then="predict -i in.json --text-column a.text", by_hand={})
case("json without a list at all", "predict -i in.json",
     {"in.json": json.dumps({"data": PADDED})}, by_hand={"in.json": texts("Lovely", "Dull")})
FEELINGS = "text,label\n" + "Lovely,joy\nDull,fear\n" * 9
OTHERS = "text,label\n" + "Lovely,joy\nDull,fear\nSo,awe\n" * 9
MORE = "text,label\n" + "Lovely,joy\nDull,fear\nSo,ire\n" * 9
case("different classes", "train a.csv b.csv --classes all", {"a.csv": OTHERS, "b.csv": MORE},
     rows=36, by_hand={"b.csv": FEELINGS.replace("Dull,fear", "Dull,awe")}, fewer={"by hand": 45})
case("other labels in the reviews held out", "train a.csv --classes all --validation b.csv",
     {"a.csv": FEELINGS, "b.csv": OTHERS}, rows=18, by_hand={"b.csv": FEELINGS})
case("other labels than those of a model", "evaluate in.csv -m m.safetensors", rows=18,
     files={"in.csv": OTHERS, "m.safetensors": model_of("fear", "joy")},
     by_hand={"in.csv": FEELINGS})
case("classes of a model that files do not tell apart", "evaluate in.csv -m m.safetensors",
     rows=18, files={"in.csv": FEELINGS, "m.safetensors": model_of("fear", "Joy", "joy")},
     by_hand={"m.safetensors": model_of("fear", "joy")})
case("no name of a file", "predict -i ''", TWO, then="predict -i in.csv", by_hand={})
case("predictions with another answer", "compare fast p.csv in.csv --json",
     {"in.csv": CSV, "p.csv": "predicted\npositive\nso\n"},
     by_hand={"p.csv": "predicted\npositive\nnegative\n"})
case("predictions with another probability", "compare fast p.csv in.csv --json",
     {"in.csv": CSV, "p.csv": "p_positive\n0.9\n7\n"},
     by_hand={"p.csv": "p_positive\n0.9\n0.7\n"})
case("more labels than texts", "evaluate in.txt --labels l.txt",
     {"in.txt": "Lovely\nDull\n", "l.txt": "1\n0\n1\n"}, by_hand={"l.txt": "1\n0\n"})
case("more files of labels than of texts", "evaluate in.txt --labels l.txt --labels m.txt",
     {"in.txt": "Lovely\nDull\n", "l.txt": "1\n0\n", "m.txt": "1\n0\n"}, by_hand={},
     then="evaluate in.txt --labels l.txt")
case("a folder of labels", "evaluate in.txt --labels l",
     {"in.txt": "Lovely\nDull\n", "l/l.txt": "1\n0\n"}, by_hand={},
     then="evaluate in.txt --labels l/l.txt")
case("compressed twice", "predict -i in.csv -o out.csv.gz.gz", TWO, by_hand={},
     then="predict -i in.csv -o out.csv.gz", rows=0)
case("Parquet that is compressed", "predict -i in.csv -o out.parquet.gz", TWO, by_hand={},
     then="predict -i in.csv -o out.parquet", rows=0)
case("a document to write", "predict -i in.csv -o out.pdf", TWO, by_hand={},
     then="predict -i in.csv -o out.csv", rows=0)
case("a name of another format", "predict -i in.csv -o out.csv --format jsonl", TWO, by_hand={},
     then="predict -i in.csv -o out.csv", rows=0)
case("sides and classes", "train in.csv --classes all --positive 1",
     {"in.csv": "text,label\n" + "Lovely,1\nDull,0\n" * 9}, then="train in.csv --positive 1",
     by_hand={}, rows=18)
case("a column that later rows have", "predict -i in.jsonl --format csv",
     {"in.jsonl": texts(*["Lovely"] * 1100) + lines_of({"text": "Dull", "n": 1})}, rows=1101)
case("a name that is taken", "predict -i in.csv --format csv",
     {"in.csv": "text,predicted\nLovely,1\nDull,0\n"}, rows=3)
case("a name that is taken later", "predict -i in.jsonl --format jsonl",
     {"in.jsonl": texts(*["Lovely"] * 1100) + lines_of({"text": "Dull", "predicted": 1})},
     rows=1101)
case("no column with a name of texts", "predict -i in.csv", choose={"--text-column": "a"}, rows=4,
     files={"in.csv": "a,b\n" + "nice,ok\nnice,ok\n" * 2})

PACKED = io.BytesIO()
with (
    zipfile.ZipFile(io.BytesIO(XLSX)) as old,
    zipfile.ZipFile(PACKED, "w", zipfile.ZIP_LZMA) as new,
):
    for name in old.namelist():
        new.writestr(name, old.read(name))
case("a workbook packed by another method", "predict -i in.xlsx", {"in.xlsx": PACKED.getvalue()},
     then="predict -i in.csv", by_hand=TWO)
case("a damaged workbook", "predict -i in.xlsx",
     {"in.xlsx": book(("text",), ("<c><v>1<v></c>",))}, by_hand={"in.xlsx": XLSX})
