import bz2
import gzip
import lzma
from pathlib import Path
from unittest.mock import patch

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.errors import DataError, UsageError
from sentiment.reviews import feed
from sentiment.reviews.opening import expand
from sentiment.reviews.streams import input_format_of, output_format_of
from tests.reviews.books import zipped
from tests.reviews.helpers import open_source

from .helpers import rows_from, rows_of, save, stdin_source

LINES = "; --input-format lines reads plain lines"


def texts_from(data, **options):
    return [row["text"] for row in rows_from(data, **options)]


@pytest.mark.parametrize(
    ("data", "texts"),
    [
        (b"", []),
        (b"good\nbad\n", ["good", "bad"]),
        (b"good\nbad", ["good", "bad"]),
        (b"good\r\n\r\nbad\r\n", ["good", "", "bad"]),
        (b"\n\n", ["", ""]),
        (b"a\r\r\n", ["a\r"]),
        (b"\xef\xbb\xbfgood\n", ["good"]),
        ("form\ffeed, next\x85line, \u2028separator\n".encode(), None),
    ],
)
def test_lines_end_at_line_feeds_only(data, texts):
    expected = texts if texts is not None else [data.decode().rstrip("\n")]
    assert expected == texts_from(data)


# A tab parts columns.
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\ufeff\t")))
def test_any_text_gives_the_lines_it_has(text):
    of_old_mac = "\n" not in text and "\r" in text[:-1]
    lines = text.split("\r" if of_old_mac else "\n")
    if lines[-1] == "":
        lines.pop()
    assert [line.removesuffix("\r") for line in lines] == texts_from(text.encode())


@pytest.mark.parametrize("size", [1, 2, 3, 1 << 17])
@pytest.mark.parametrize(
    ("data", "texts"),
    [
        ("a\r\nb\r\n", ["a", "b"]),
        ("a\rb\n\rc\n", ["a\rb", "\rc"]),
        ("a\rb\rc", ["a", "b", "c"]),
        ("\r\rb\r", ["", "", "b"]),
        ("a\r", ["a"]),
    ],
)
def test_how_lines_end_is_found_whatever_bytes_come_at_once(data, texts, size):
    with patch("sentiment.reviews.streams.BLOCK_BYTES", size):
        assert texts_from(data.encode(), format="lines") == texts


@pytest.mark.parametrize(
    "pack",
    [
        gzip.compress,
        bz2.compress,
        lzma.compress,
        lambda data: pa.compress(data, "zstd", asbytes=True),
        lambda data: zipped({"a.txt": data}),
        lambda data: data.decode().encode("utf-16"),
        lambda data: data.decode().encode("utf-32"),
        lambda data: gzip.compress(data.decode().encode("utf-16")),
    ],
)
def test_what_a_file_is_is_found_if_its_first_bytes_come_one_by_one(pack):
    with patch("sentiment.reviews.streams.BLOCK_BYTES", 1):
        assert texts_from(pack(b"good\nbad\n")) == ["good", "bad"]


def test_a_line_longer_than_a_block_stays_whole():
    text = "word " * 100_000
    assert [text, "next"] == texts_from(f"{text}\nnext\n".encode())


@pytest.fixture
def short_rows(monkeypatch):
    monkeypatch.setattr(feed, "ROW_CHARS", 300_000)


@pytest.mark.parametrize(
    ("format", "before", "after"),
    [
        ("lines", "fine\n" * 3, "b" * 400_000),
        ("tsv", "text\tlabel\n" + "fine\t1\n" * 3, "b" * 400_000),
        ("jsonl", '{"text": "fine"}\n' * 3, '{"text": "' + "b" * 400_000),
        ("json", "[" + '{"text": "fine"},' * 3, '{"text": "' + "b" * 400_000),
        ("json", '{"data": [' + '{"text": "fine"},' * 3, '{"text": "' + "b" * 400_000),
        ("json", '{"data": [' + '{"text": "fine"},' * 3, "[" * 400_000),
        ("csv", "text,label\n" + "fine,1\n" * 3, '"' + "b" * 600_000),
        ("csv", "text,label\n" + "fine,1\n" * 3, '"' + "b\n" * 300_000),
        ("csv", "text,label\n" + "fine,1\n" * 3, '"b\n",' * 120_000),
    ],
)
def test_a_row_without_an_end_is_not_held_whole(short_rows, format, before, after):
    with pytest.raises(
        DataError, match=r"<stdin>, row 4( \(line [15]\))?: a \w+ of more than 300,000 characters; "
    ):
        rows_from((before + after).encode(), format=format)


def test_a_file_of_a_folder_is_not_held_whole(short_rows, tmp_path):
    save(tmp_path, "a.txt", "fine\n" * 80_000)
    with pytest.raises(DataError, match=r"a\.txt, row 1: a text of more than 300,000 characters"):
        rows_of(tmp_path)


@pytest.mark.parametrize(
    ("name", "format"),
    [
        ("a.txt", "lines"),
        ("a.CSV", "csv"),
        ("a.tsv.gz", "tsv"),
        ("a.ndjson.xz", "jsonl"),
        ("a.JSON.gz", "json"),
        ("a.b.parquet", "parquet"),
        ("a.XLSX.gz", "xlsx"),
        ("a.ft", "fasttext"),
        ("a.log", None),
        ("a.gz", None),
        ("a", None),
    ],
)
def test_the_suffix_names_the_format(name, format):
    assert format == input_format_of(name)


@pytest.mark.parametrize(
    ("name", "format"),
    [
        ("a.txt", "text"),
        ("a", "text"),
        ("a.log", "text"),
        ("a.b/c", "text"),
        ("a.CSV", "csv"),
        ("a.tab", "tsv"),
        ("a.ndjson", "jsonl"),
        ("a.json", "json"),
        ("a.pq", "parquet"),
        ("a.ft", "fasttext"),
        ("a.xlsx", "xlsx"),
        ("a.csv.gz", "csv"),
        ("a.JSONL.ZST", "jsonl"),
        ("a.json.gz", "json"),
        ("a.txt.xz", "text"),
        ("a.bz2", "text"),
    ],
)
def test_the_suffix_names_the_format_of_the_output(name, format):
    assert format == output_format_of(name)
    assert format == output_format_of(Path(name))


@pytest.mark.parametrize(
    ("name", "way_out"),
    [
        ("a.xls", r"\.csv"),
        ("a.zip", r"\.csv"),
        ("a.csv.gz.zst", r"name it a\.csv\.gz"),
        ("a.parquet.gz", r"name it a\.parquet"),
        ("a.xlsx.zst", r"name it a\.xlsx"),
    ],
)
def test_an_output_that_cannot_be_written_is_a_usage_error(name, way_out):
    with pytest.raises(UsageError, match=rf"^{name}: .*{way_out}"):
        output_format_of(name)


def test_a_file_of_an_unknown_suffix_is_lines(tmp_path):
    assert rows_of(save(tmp_path, "notes.log", "a,b\n")) == [{"text": "a,b"}]


@pytest.mark.parametrize(
    "name",
    ["a.tar", "a.tar.gz", "a.TAR.gz", "a.tgz", "a.tar.bz2.xz"],
)
def test_a_suffix_that_cannot_be_lines_is_refused_with_a_way_out(tmp_path, name):
    with pytest.raises(DataError, match=r"save|unpack"):
        open_source(save(tmp_path, name, "{}"))


@pytest.mark.parametrize(
    ("suffix", "compress"), [(".gz", gzip.compress), (".bz2", bz2.compress), (".xz", lzma.compress)]
)
class TestCompression:
    def test_is_undone(self, tmp_path, suffix, compress):
        path = save(tmp_path, "a.csv" + suffix, compress(b"text,label\ngood,1\n"))
        assert rows_of(path) == [{"text": "good", "label": "1"}]

    def test_cut_short_is_an_error_with_the_file(self, tmp_path, suffix, compress):
        path = save(tmp_path, "a.txt" + suffix, compress(b"good film\n" * 1000)[:-12])
        with pytest.raises(DataError, match=r"a\.txt.*damaged or cut short"):
            rows_of(path)

    def test_of_something_else_is_an_error_with_the_file(self, tmp_path, suffix, compress):
        with pytest.raises(DataError, match=r"a\.csv.*damaged or cut short"):
            rows_of(save(tmp_path, "a.csv" + suffix, b"text,label\ngood,1\n"))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "cp1252", "latin-1"])
@pytest.mark.parametrize("format", ["lines", "csv", "tsv"])
def test_other_encodings_are_read(encoding, format):
    data = "text\ncafé\n".encode(encoding)
    assert rows_from(data, format=format, encoding=encoding)[-1]["text"] == "café"


@pytest.mark.parametrize("encoding", ["klingon", "hex", "rot13", "a\0b", ""])
def test_an_unknown_encoding_is_a_usage_error(encoding):
    with pytest.raises(UsageError, match="encoding"):
        rows_from(b"good\n", encoding=encoding)


@pytest.mark.parametrize(
    ("format", "before"),
    [
        ("lines", b"fine\n" * 16),
        ("csv", b"text,label\n" + b'"fi\nne",1\n' * 16),
        ("tsv", b"text\tlabel\n" + b"fine\t1\n" * 16),
        ("jsonl", b'{"text": "fine"}\n' * 16),
        ("fasttext", b"__label__pos fine\n" * 16),
    ],
)
def test_bad_bytes_are_reported_with_their_row_and_an_encoding(format, before):
    with pytest.raises(DataError, match=r"<stdin>, row 17: not UTF-8 \(byte 0xE9\); .*cp1252"):
        rows_from(before + b"caf\xe9\n", format=format)


def test_rows_before_a_bad_one_are_given_out():
    batches = stdin_source(b"one\ntwo\ncaf\xe9\n", "lines").batches()
    assert next(batches).rows == [{"text": "one"}, {"text": "two"}]
    with pytest.raises(DataError, match="row 3"):
        next(batches)


def test_a_text_cut_within_a_character_is_reported():
    with pytest.raises(DataError, match="row 2: not UTF-8"):
        rows_from("good\ncaf\u00e9".encode()[:-1])


def test_batches_are_bounded_and_numbered():
    data = b"good\n" * 3000
    batches = list(stdin_source(data, "lines").batches())
    assert [batch.first_row for batch in batches] == [1, 1025, 2049]
    assert sum(len(batch.rows) for batch in batches) == 3000


def test_long_texts_make_shorter_batches():
    data = (b"x" * 100_000 + b"\n") * 200
    batches = list(stdin_source(data, "lines").batches())
    assert max(len(batch.rows) for batch in batches) < 15


def test_globs_are_expanded_in_order(tmp_path):
    for name in ("b.csv", "a.csv", "c.txt"):
        save(tmp_path, name, "x")
    found = expand([f"{tmp_path}/*.csv", "-", f"{tmp_path}/c.txt"])
    assert [tmp_path / "a.csv", tmp_path / "b.csv", "-", tmp_path / "c.txt"] == found


def test_a_folder_of_parquet_is_its_files_in_order(tmp_path):
    for name in ("b.parquet", "a.parquet", "_SUCCESS", "_metadata.parquet", ".a.parquet.crc"):
        save(tmp_path, name, "x")
    assert expand([str(tmp_path)]) == [tmp_path / "a.parquet", tmp_path / "b.parquet"]
    for label in ("pos", "neg"):  # then it is one of text files
        (tmp_path / label).mkdir()
        save(tmp_path / label, "a.txt", "x")
    assert expand([str(tmp_path)]) == [tmp_path]


def test_a_name_with_brackets_is_itself_where_it_exists(tmp_path):
    path = save(tmp_path, "a[1].csv", "x")
    assert [path] == expand([str(path)])


def test_an_empty_name_is_a_usage_error():
    with pytest.raises(UsageError, match="an empty file name"):
        expand(["a.csv", ""])


def test_standard_input_is_read_only_once():
    with pytest.raises(UsageError, match="only once"):
        expand(["-", "-"])


@pytest.mark.parametrize("pattern", ["missing.csv", "*.missing"])
def test_a_pattern_without_a_match_is_an_error(tmp_path, pattern):
    with pytest.raises(DataError, match=r"^no such file: .*missing"):
        expand([f"{tmp_path}/{pattern}"])


def test_a_missing_file_is_a_data_error(tmp_path):
    with pytest.raises(DataError, match=r"No such file"):
        open_source(tmp_path / "missing.csv")


@pytest.mark.parametrize("format", ["xml", "folder"])
def test_a_format_that_does_not_fit_is_a_usage_error(format, tmp_path):
    with pytest.raises(UsageError):
        open_source(save(tmp_path, "a.txt", "x"), format=format)


@pytest.mark.parametrize(
    ("data", "encoding"), [(b"caf\x81\n", "cp1252"), (b"\xe9\n", "ascii"), (b"\x81 ", "shift_jis")]
)
def test_a_byte_that_does_not_fit_a_named_encoding_is_said_to(data, encoding):
    with pytest.raises(DataError, match=rf"row 1: byte 0x\w\w is not valid {encoding};") as error:
        rows_from(data, encoding=encoding)
    assert "for instance" not in str(error.value)


def test_bytes_named_utf8_may_be_cp1252():
    with pytest.raises(DataError, match="--encoding cp1252 reads all of it"):
        rows_from(b"caf\xe9\n", encoding="utf-8-sig")


def test_utf16_without_its_mark_is_reported():
    with pytest.raises(DataError, match=r"row 1: not UTF-16 .*--encoding"):
        rows_from("good\n".encode("utf-16-le"), encoding="utf-16")


@pytest.mark.parametrize("name", ["a.txt", "a.data"])
@pytest.mark.parametrize("need_label", [True, False])
@pytest.mark.parametrize(
    ("data", "format", "note"),
    [
        ("__label__1 good\n__label__2 bad\n", "fasttext", "read as fastText, by its content"),
        ("good film\t1\nbad book\t0\n", "tsv", "read as TSV, by its content"),
    ],
)
def test_lines_in_a_file_that_hold_labels_are_read_so(
    tmp_path, name, need_label, data, format, note
):
    source = open_source(save(tmp_path, name, data), need_label=need_label)
    source.close()
    assert (source.format, source.notes[0]) == (format, note + LINES * (not need_label))


def test_lines_are_taken_as_they_are_where_told(tmp_path):
    data = b"__label__1 good\n"
    assert rows_of(save(tmp_path, "a.txt", data), format="lines") == [{"text": "__label__1 good"}]
    assert rows_from(data, format="lines") == [{"text": "__label__1 good"}]
    assert rows_from(data) == [{"label": "1", "text": "good"}]


def test_plain_lines_have_no_notes(tmp_path):
    source = open_source(save(tmp_path, "a.txt", "good\tfilm\nbad\n\n"))
    source.close()
    assert (source.format, source.notes) == ("lines", [])
