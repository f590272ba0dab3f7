"""What holds no reviews is one line that says what it is, never scored."""

import io
import pickle
import sqlite3
import zipfile

import numpy as np
import pyarrow as pa
import pytest
import safetensors.numpy

from sentiment.errors import DataError
from sentiment.reviews import open_source

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


def archive(name):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        file.writestr(name, "good")
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
    "a spreadsheet": archive("xl/workbook.xml"),
    "a zip archive": archive("reviews.csv"),
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
