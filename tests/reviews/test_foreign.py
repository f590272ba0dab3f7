"""What holds no reviews is one line that says what it is, never scored."""

import io
import pickle
import re
import shutil
import sqlite3
import subprocess
import zipfile

import numpy as np
import pyarrow as pa
import pytest
import safetensors.numpy

from sentiment.errors import DataError
from sentiment.reviews.foreign import foreign
from sentiment.reviews.opening import open_reviews
from sentiment.reviews.streams import ReadOptions
from tests.reviews.helpers import open_source

from .helpers import rows_from, rows_of, save, stdin


def arrow(writer):
    stream = io.BytesIO()
    table = pa.table({"text": ["good", "bad"]})
    with writer(stream, table.schema) as out:
        out.write_table(table)
    return stream.getvalue()


def parquet():
    import pyarrow.parquet as pq

    stream = io.BytesIO()
    pq.write_table(pa.table({"text": ["good", "bad"]}), stream)
    return stream.getvalue()


def orc():
    from pyarrow import orc

    stream = io.BytesIO()
    orc.write_table(pa.table({"text": ["good", "bad"]}), stream)
    return stream.getvalue()


def numpy_array():
    stream = io.BytesIO()
    np.save(stream, np.array(["good", "bad"]))
    return stream.getvalue()


def archive(name, content="good"):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        file.writestr(name, content)
    return stream.getvalue()


def database():
    with sqlite3.connect(":memory:") as connection:
        connection.execute("CREATE TABLE reviews (text)")
        return connection.serialize()


POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"7" * 64 + b"\nsize 793\n"
KINDS = {
    "git lfs pull": POINTER,
    "an HTML page": b"\n <!DOCTYPE html>\n<html><head><title>Sign in</title></head>",
    "HTML": b"\xef\xbb\xbf<!-- saved --><HTML lang='en'>good</HTML>",
    "XML": b'<?xml version="1.0"?>\n<reviews><review>good</review></reviews>',
    "an SQLite database": database(),
    "Feather": arrow(pa.ipc.new_file),
    "an Arrow": arrow(pa.ipc.new_stream),
    "--input-format parquet": parquet(),
    "an ORC file": orc(),
    "an Avro file": b"Obj\x01\x04\x16avro.schema",
    "a NumPy array": numpy_array(),
    "an HDF5 file": b"\x89HDF\r\n\x1a\n\0\0\0\0",
    "a model": safetensors.numpy.save({"weights": np.zeros(3)}),
    "an image": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    "image": b"\xff\xd8\xff\xe0\0\x10JFIF",
    "a PDF": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n",
    "a binary workbook": archive("xl/workbook.bin"),
    "a document of a word": archive("word/document.xml"),
    "a presentation": archive("ppt/presentation.xml"),
    "Apple's programs": archive("Index/Document.iwa"),
    r"a spreadsheet \(.ods\)": archive(
        "mimetype", "application/vnd.oasis.opendocument.spreadsheet"
    ),
    "a zip archive": archive("folder/"),
    "an old Office file": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0",
    "a RAR archive": b"Rar!\x1a\x07\x01\0",
    "R data": b"RDX3\nX\n\0\0\0\x03",
}


@pytest.mark.parametrize("name", ["in.csv", "in.txt", "in.jsonl", "in"])
@pytest.mark.parametrize("what", KINDS)
def test_a_file_that_holds_no_reviews_is_named(tmp_path, what, name):
    with pytest.raises(DataError, match=rf"^{tmp_path}/{name}: .*{what}") as error:
        rows_of(save(tmp_path, name, KINDS[what]))
    assert len(str(error.value)) < 300


@pytest.mark.parametrize("what", KINDS)
def test_so_is_a_stream(what):
    with pytest.raises(DataError, match=f"^<stdin>: .*{what}"):
        rows_from(KINDS[what])


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize(
    "value", [["good"], {"text": ["good"]}, ("good", "bad"), "good", np.array(["good"])]
)
def test_a_pickle_of_any_protocol_is_one(protocol, value):
    with pytest.raises(DataError, match="a pickle, which could run code"):
        rows_from(pickle.dumps(value, protocol))


@pytest.mark.parametrize("name", ["in.parquet", "in.csv.gz"])
def test_a_pointer_is_one_whatever_it_stands_for(tmp_path, name):
    with pytest.raises(DataError, match="git lfs pull"):
        rows_of(save(tmp_path, name, POINTER))


@pytest.mark.parametrize(
    "text",
    [
        "cool\nnice\nfine",
        "(a lot)\ngood",
        "ORCs are great",
        "BMW",
        "Obj",
        "PK",
        "<b>good</b>",
        "MZ",
    ],
)
def test_texts_are_none_of_these(text):
    assert [row["text"] for row in rows_from(text.encode())] == text.split("\n")


def test_markup_is_read_as_lines_where_told(tmp_path):
    page = save(tmp_path, "in.txt", "<html>\ngood\n")
    assert len(rows_of(page, format="lines")) == 2


def test_nothing_waits_for_more_bytes_than_are_there():
    with stdin(b"v"):
        assert next(open_source("-").batches()).rows == [{"text": "v"}]


# What is text by its bytes: what it is called, and how it begins.
NOTATIONS = [
    ("web server", "404: Not Found\n"),
    ("web server", "404 page not found\n"),
    ("web server", "500 Internal Server Error"),
    ("XML", "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"),
    ("XML", "<Error>\n  <Code>NoSuchKey</Code>\n</Error>\n"),
    ("XML", '<reviews>\n<review id="1">good</review>\n</reviews>'),
    ("XML", "<review>good</review>\n<review>bad</review>\n"),
    ("XML", '<rss version="2.0"><channel><title>x</title>'),
    ("XML", '<svg xmlns="x" width="3"><path d=""/></svg>'),
    ("annex", "/annex/objects/SHA256E-s1--abc.csv\n"),
    ("annex", "../.git/annex/objects/aa/bb/SHA256E-s1--abc.csv/SHA256E-s1--abc.csv"),
    ("annex", ".git/annex/objects/aa"),
    ("DVC", "outs:\n- md5: abc\n  size: 3\n  path: r.csv\n"),
    ("DVC", "md5: aa\nouts:\n  - md5: x\n"),
    ("key or cert", "-----BEGIN CERTIFICATE-----\nMII\n"),
    ("rows", "('text', 1)\n('b', 0)\n"),
    ("rows", '("text", "pos"),\n("b", "neg"),\n'),
    ("rows", "(1, 'text')"),
    ("rows", "['a', 1]\n['b', 0]\n"),
    ("of lists", "['a']\n[\"it's\"]\n"),
    ("of lists", "['good stay', 'bad']"),
    ("rows", "[('a', 1),\n ('b', 0)]\n"),
    ("dictionaries", "{'text': 'a', 'label': 1}\n{'text': 'b', 'label': 1}\n"),
    ("dictionaries", "[{'text': 'a'},\n {'text': 'b'}]"),
    ("libsvm", "+1 3:1 7:0.5\n-1 2:1\n"),
    ("libsvm", "1 qid:3 1:0.5 2:1\n"),
    ("libsvm", "good:1 not_bad:2 #label#:positive\n"),
    ("SNAP", "product/productId: B1\nreview/userId: A\nreview/text: good stay\n\n"),
    ("Markdown", "| text | label |\n|---|---|\n| good | 1 |\n"),
    ("Markdown", "| text |\n| :--- |\n| good |\n"),
    ("drawn", " text | label \n------+-------\n good | 1\n(1 row)\n"),
    ("drawn", " id |  text\n----+------\n"),
    ("drawn", "+----+----+\n| a | b |\n+----+----+\n"),
    ("YAML", "- text: good\n  label: 1\n- text: bad\n  label: 0\n"),
    ("YAML", "reviews:\n  - text: good\n    label: 1\n"),
    ("YAML", "---\n- text: a\n- text: b\n"),
    ("subtitles", "1\n00:00:01,000 --> 00:00:02,000\nHello\n"),
    ("subtitles", "\ufeff1\r\n00:00:01,000 --> 00:00:02,000\r\nHello\r\n"),
    ("subtitles", "WEBVTT\n\n"),
    ("SQL", "INSERT INTO reviews VALUES (1,'good');\n"),
    (
        "SQL",
        "-- MySQL dump 10\n--\n\n/*! SET x */;\nDROP TABLE IF EXISTS `r`;\nCREATE TABLE `r` (\n",
    ),
    ("SQL", "PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\nCREATE TABLE r(text);\n"),
    ("ARFF", "@relation reviews\n\n@attribute text string\n"),
    ("ARFF", "% c\n@RELATION x\n"),
    ("CoNLL", "The O\nfood B-ASP\nwas O\n\nGood O\n"),
    ("CoNLL", "-DOCSTART- -X- O O\n"),
    ("CoNLL", "The\tDT\tB-NP\nfood\tNN\tI-NP\nis\tVBZ\tB-VP\n"),
    ("CoNLL", "# sent_id = 1\n# text = Good\n1\tGood\n"),
    ("mbox", "From a@b.c Mon Jan  1 00:00:00 2024\nSubject: x\n"),
    ("web server", "HTTP/1.1 200 OK\r\nServer: x\r\n"),
]
# Texts that hold such marks; what repeats them would be slow to look through without care.
MARKED_TEXTS = [
    "404 rooms and not one was clean\n",
    "a good film .\nit was bad ,\nnot for me :\n",  # tokenized, no tags
    "I got a 404: not found the page I wanted. Bad site.",
    "<3 this place",
    "<USER> loved it\n<USER> hated it",
    "<user> <url> lovely",
    "<b>good</b>",
    "<p>Nice</p>\n<p>Bad</p>",
    "<sarcasm>Great</sarcasm> service",
    "<div><p>Lovely</p></div>",
    "<br><br>Nice",
    "(a lot) good",
    '("Great place")',
    "('twas good)",
    "[1] good\n[2] bad",
    "- Food: great\n- Service: slow\n",
    "- lovely\n- bad",
    "1 star\n2 stars",
    "Insert into the slot, it broke",
    "create table talk, lovely",
    "Select the best; it is great.",
    "Set menu; lovely.\nUse it; fine.",
    "From London with love",
    "From Mon to Fri lovely",
    "--- awful ---\ngood",
    "| good |",
    "+ nice\n+ clean",
    "Pros: clean\nCons: loud",
    "food/drink: great\nloved it",
    "not found what I wanted",
    "So GOOD\nVery BAD\nAll OK",
    "Grade A.\nGrade B.",
    "12:30 1:00 late",
    "5 10:1 odds",
    '("Great", she said)',
    '["A"]',
    "Error 404 again, useless site",
    "See http://x/404",
    "HTTP is slow",
    "WEBVTTx",
    *(
        "use: good; set: bad; ",
        "set;",
        "<a ",
        "-- ",
        "('a', ",
        "{'a'",
        "a: b\n",
        "-+",
        "/* ",
    ),
]


@pytest.mark.parametrize(("what", "text"), NOTATIONS)
@pytest.mark.parametrize("name", ["in.txt", "in.csv", "in.jsonl"])
def test_a_notation_that_holds_no_reviews_is_named(tmp_path, what, text, name):
    with pytest.raises(DataError, match=what) as error:
        rows_of(save(tmp_path, name, text))
    told = str(error.value)
    assert "--input-format lines" in told or "pointer" in told


@pytest.mark.parametrize("text", MARKED_TEXTS)
def test_texts_that_hold_such_marks_are_texts(text):
    assert foreign(text.encode()) is None
    assert foreign((text * 900).encode()) is None


@pytest.mark.parametrize(
    ("data", "command"),
    [
        ("('Lovely, stay', 1)\n('Dirty room', 0)\n", "python3"),
        ("('Lovely, stay', 1),\n('Dirty room', 0),\n", "python3"),
        ("[['Lovely, stay', 1],\n['Dirty room', 0]]\n", "python3"),
        ("{'text': 'Lovely, stay'}\n{'text': 'Dirty room'}\n", "python3"),
        ("[{'text': 'Lovely, stay'},\n{'text': 'Dirty room'}]\n", "python3"),
        ("a/b: c\nreview/text: Lovely, stay\n\na/b: c\nreview/text: Dirty room\n", "sed"),
        ("| text | label |\n|--|--|\n| Lovely, stay | 1 |\n| Dirty room | 0 |\n", "sed"),
        (
            "1\n00:00:01,0 --> 0:00:02,0\nLovely, stay\n\n2\n0:00:03,0 --> 0:0:4,0\nDirty room\n",
            "grep",
        ),
        ('id,text\n1,"__label__1 Lovely, stay"\n2,__label__0 Dirty room\n', "sed"),
        ("[{'text': 'Lovely, stay',\n  'n': 1},\n {'text': 'Dirty room', 'n': 2}]\n", "python3"),
    ],
)
@pytest.mark.parametrize("name", ["in.txt", "in.csv", "in.json"])
def test_the_command_that_a_message_names_makes_it_readable(tmp_path, data, command, name):
    if not shutil.which(command):
        pytest.skip(f"no {command}")
    if command == "sed" and "__label__" in data and name != "in.csv":
        pytest.skip("of CSV")
    options = ReadOptions()
    with pytest.raises(DataError) as error:
        open_reviews(save(tmp_path, name, data), options, need_label=False)
    shell = re.search(rf"{command} .*> (reviews\.\w+)", str(error.value))
    subprocess.run(shell[0].replace("FILE", name), shell=True, cwd=tmp_path, check=True)
    opened = open_reviews(tmp_path / shell[1], options, need_label=False)
    (column,) = opened.columns.text
    texts = [row[column] for batch in opened.batches for row in batch.rows]
    assert texts == ["Lovely, stay", "Dirty room"]


@pytest.mark.parametrize(
    "data",
    [
        '{"message":"Not Found"}',
        '{"message": "Bad credentials", "documentation_url": "https://x"}',
        '{"detail": "Not found."}',
        '{"error": "Invalid key"}',
        '{"status": 503, "message": "wait"}',
    ],
)
@pytest.mark.parametrize("name", ["in.txt", "in.json", "in.jsonl", "in.csv"])
def test_the_error_of_a_service_is_no_review(tmp_path, data, name):
    with pytest.raises(DataError, match="a web server's error"):
        rows_of(save(tmp_path, name, data))


@pytest.mark.parametrize(
    "data",
    ['{"message": "Lovely stay"}', '{"status": 200, "text": "fine"}', '{"text": "Not found"}',
     '{"text": "good", "aspects": [{"of": "room"}]}'],
)  # fmt: skip
def test_a_review_in_an_object_is_one(data):
    assert len(rows_from(data.encode())) == 1
