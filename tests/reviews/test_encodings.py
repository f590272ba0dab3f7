"""Encodings: byte order marks, finding the encoding of a file, and advice that works."""

import gzip
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.errors import DataError
from sentiment.reviews.encodings import find_encoding

from .helpers import open_source, rows_from, rows_of, save, stdin_source

SAID = {
    "cp1252": "It’s a café – really “charming”",
    "cp1250": "Ten film jest naprawdę świetny, polecam każdemu; obsługa była niemiła",
    "cp1251": "Очень хороший фильм, мне понравилось",
    "cp932": "とても良い映画でした、感動しました。最悪のサービスでした",
    "gb18030": "这部电影非常好看，演员很棒。服务太差了，再也不来了",
    "koi8_r": "Ужасный сервис и грубый персонал",
    "utf-16-le": "A lovely place, really",
    "utf-32-be": "A lovely place, really",
}


class Pipe(io.BytesIO):
    """Bytes that are given once."""

    def seekable(self):
        return False


def blocks(data):
    return lambda: iter([data[at : at + 7] for at in range(0, len(data), 7)])


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("named", ["utf-8", "auto", "cp1252", "latin-1"])
@pytest.mark.parametrize("format", ["lines", "csv", "tsv"])
def test_a_byte_order_mark_is_obeyed_whatever_is_named(encoding, named, format):
    data = "text\ncaf\u00e9\n".encode(encoding)
    assert rows_from(data, format=format, encoding=named)[-1]["text"] == "caf\u00e9"


def test_a_mark_of_utf_16_is_said_and_kept_when_written():
    source = stdin_source("text;n\ncaf\u00e9;1\n".encode("utf-16"), "csv")
    assert source.notes[0] == "read as UTF-16, by its byte order mark"
    assert (source.dialect.encoding, source.dialect.marked) == ("utf-16", True)


@pytest.mark.parametrize("encoding", SAID)
def test_the_encoding_of_a_file_is_found(tmp_path, encoding):
    data = f"text,n\n{SAID[encoding].replace(',', '')},1\n".encode(encoding)
    path = save(tmp_path, "said.csv", data)
    source = open_source(path, encoding="auto")
    assert f"read as {encoding}, by its content" in source.notes
    assert [row["text"] for batch in source.batches() for row in batch.rows] == [
        SAID[encoding].replace(",", "")
    ]


@pytest.mark.parametrize("name", ["said.txt", "said.txt.gz"])
def test_the_whole_file_is_tried_before_an_encoding_is_named(tmp_path, name):
    data = (b"caf\xe9 " * 200 + b"\n") * 1100 + b"\x9d\n"  # beyond the sample, and not in cp1252
    path = save(tmp_path, name, gzip.compress(data, 1) if name.endswith("gz") else data)
    with pytest.raises(DataError, match=r"row 1: not UTF-8 \(byte 0xE9\); --encoding latin-1 "):
        rows_of(path)
    assert len(rows_of(path, encoding="latin-1")) == 1101


@given(st.binary(max_size=300))
def test_any_bytes_read_in_the_encoding_that_is_found(data):
    encoding = find_encoding(blocks(data))
    if encoding != "utf-8":
        data.decode(encoding)


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), st.binary(max_size=2))
def test_utf_8_with_few_bad_bytes_stays_utf_8(text, bad):
    text = f"{text}\u00e9\u00e8\u2019\u201c\u00fc"
    if all(byte > 0xF7 for byte in bad):
        assert find_encoding(blocks(text.encode() + bad)) == "utf-8"


def test_a_file_of_utf_8_with_bad_bytes_is_read_with_replacements(tmp_path):
    path = save(tmp_path, "said.txt", "caf\u00e9 \u2019n t\u00e9\n".encode() * 9 + b"caf\xe9\n")
    for encoding in ("utf-8", "auto"):
        with pytest.raises(DataError, match=r"row 10: not UTF-8 .*--on-bad-bytes replace"):
            rows_of(path, encoding=encoding)
    source = open_source(path, on_bad_bytes="replace")
    assert [row["text"] for batch in source.batches() for row in batch.rows][-1] == "caf\ufffd"
    assert source.notes == ["1 row with bytes that cannot be decoded, read as U+FFFD"]


@pytest.mark.parametrize(
    ("format", "data"),
    [
        ("csv", b'text,n\n"one\xff\n\xff",1\nfine,2\nthree\xff,3\n'),
        ("tsv", b"text\tn\none\xff\t1\nfine\t2\nthree\xff\t3\n"),
        ("jsonl", b'{"text": "one\xff"}\n{"text": "fine"}\n{"text": "three\xff"}\n'),
        ("lines", b"one\xff\nfine\nthree\xff\n"),
        ("fasttext", b"__label__a one\xff\n__label__a fine\n__label__b three\xff\n"),
    ],
)
def test_rows_with_replaced_bytes_are_counted(format, data):
    source = stdin_source(data, format, on_bad_bytes="replace")
    texts = [row["text"] for batch in source.batches() for row in batch.rows]
    assert texts == [texts[0], "fine", "three\ufffd"]
    assert source.notes[-1] == "2 rows with bytes that cannot be decoded, read as U+FFFD"


def test_the_encoding_of_each_file_of_a_folder_is_found(tmp_path):
    for name, data in (("a", b"caf\xe9"), ("b", "caf\u00e9".encode()), ("c", b"plain")):
        save(tmp_path, f"{name}.txt", data)
    with pytest.raises(DataError, match=r"a.txt, row 1: not UTF-8 .*; --encoding auto reads it"):
        rows_of(tmp_path)
    source = open_source(tmp_path, encoding="auto")
    texts = [row["text"] for batch in source.batches() for row in batch.rows]
    assert texts == ["caf\u00e9", "caf\u00e9", "plain"]
    assert source.notes == ["1 file read as cp1252"]


def test_the_encoding_of_a_pipe_is_found_at_its_first_bytes_beyond_ascii():
    data = b"plain\n" * 50_000 + b"caf\xe9 \x93charm\x94\n" * 9
    rows = rows_from(Pipe(data), format="lines", encoding="auto")
    assert rows[-1] == {"text": "caf\u00e9 \u201ccharm\u201d"}
    assert rows_from(Pipe("caf\u00e9\n".encode()), format="lines", encoding="auto") == [
        {"text": "caf\u00e9"}
    ]


def test_of_a_pipe_a_file_is_advised():
    with pytest.raises(DataError, match=r"row 1: not UTF-8 .*as a file .*--encoding auto"):
        rows_from(Pipe(b"caf\xe9\n"), format="lines")


@pytest.mark.parametrize(
    "data",
    [
        b"text,n\nA lovely place,1\nCaf\xe9 with \x93charm\x94,2\nNothing like it \x9d\x8d,3\n",
        b"caf\xe9\n",
        "A lovely place\n".encode("utf-16-le"),
        "A lovely place\n".encode("utf-32-le"),
        "A lovely place\n".encode("utf-16")[:-1],
        "\u3068\u3066\u3082\u826f\u3044\n".encode("cp932"),
        "caf\u00e9 th\u00e9 na\u00efve\n".encode() + b"caf\xe9\n",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "ascii", "utf-16", "auto"])
def test_an_advice_on_bytes_works(tmp_path, data, encoding):
    path = save(tmp_path, "said.txt", data)
    options = {"format": "lines", "encoding": encoding}
    for _ in range(3):
        try:
            rows = rows_of(path, **options)
        except DataError as error:
            option, value = re.search(r"--(on-bad-bytes|encoding) (\S+)", str(error)).groups()
            assert options.get(option.replace("-", "_")) != value
            options[option.replace("-", "_")] = value
        else:
            break
    assert rows
    assert len(options) <= 3
