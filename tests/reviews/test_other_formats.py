import io
import os

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sentiment.errors import DataError, MissingDependencyError, UsageError
from sentiment.reviews.texts import texts_of
from tests.reviews.helpers import find_columns, open_source

from .helpers import rows_from, rows_of, save, stdin_source


@pytest.mark.parametrize(
    ("line", "row"),
    [
        ("__label__pos good film", {"label": "pos", "text": "good film"}),
        ("__label__2\tgood  film ", {"label": "2", "text": "good  film "}),
        ("__label__pos", {"label": "pos", "text": ""}),
        ("__label__", {"label": "", "text": ""}),
        ("good film", {"label": None, "text": "good film"}),
    ],
)
def test_fasttext_lines_are_label_and_text(line, row):
    assert [row] == rows_from(f"{line}\n".encode(), format="fasttext")


def test_fasttext_with_two_labels_is_an_error():
    with pytest.raises(DataError, match="row 2: more than one label"):
        rows_from(b"__label__a x\n__label__a __label__b y\n", format="fasttext")


@pytest.fixture
def folder(tmp_path):
    for name, text in [("pos/b", "good\n"), ("pos/a", "fine"), ("neg/c", "bad\r\n")]:
        path = tmp_path / f"{name}.txt"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text.encode())
    return tmp_path


def test_a_folder_gives_its_files_sorted_by_name(folder):
    assert rows_of(folder) == [
        {"text": "bad", "label": "negative", "file": "neg/c.txt"},
        {"text": "fine", "label": "positive", "file": "pos/a.txt"},
        {"text": "good", "label": "positive", "file": "pos/b.txt"},
    ]


def test_a_folder_without_classes_says_what_was_expected(tmp_path):
    (tmp_path / "train").mkdir()
    with pytest.raises(DataError, match=r"pos/ and neg/.*found train"):
        open_source(tmp_path)


def test_a_folder_without_classes_is_read_where_no_label_is_needed(tmp_path):
    for name in ("b.txt", "a.TXT", "notes.md", ".hidden.txt"):
        save(tmp_path, name, name)
    (tmp_path / "empty").mkdir()
    source = open_source(tmp_path)
    assert (source.columns, source.notes) == (
        ["text", "file"],
        ["skipped 1 that are not .txt files: notes.md"],
    )
    assert [
        {"text": "a.TXT", "file": "a.TXT"},
        {"text": "b.txt", "file": "b.txt"},
    ] == rows_of(tmp_path)
    with pytest.raises(DataError, match="pos/ and neg/"):
        open_source(tmp_path, need_label=True)


def test_what_a_folder_skips_is_counted(folder):
    for number in range(5):
        save(folder / "pos", f"{number}.html", "x")
    assert open_source(folder).notes == [
        "skipped 5 that are not .txt files: pos/0.html, pos/1.html, pos/2.html and 2 more"
    ]
    assert len(rows_of(folder)) == 3


def test_a_folder_names_the_file_that_is_not_utf8(folder):
    save(folder / "pos", "a.txt", b"caf\xe9")
    with pytest.raises(DataError, match=r"pos/a\.txt, row 2: not UTF-8"):
        rows_of(folder)


def test_a_folder_in_another_encoding_is_read_or_names_its_file(folder):
    save(folder / "neg", "c.txt", "no-!")
    # Python 3.13 tells which byte it is.
    with pytest.raises(DataError, match=r"c\.txt, row 1: (not PUNYCODE|byte 0x21)"):
        rows_of(folder, encoding="punycode")
    for path in folder.glob("*/*.txt"):
        path.write_bytes(path.read_text().encode("utf-16"))
    assert [row["text"] for row in rows_of(folder, encoding="utf-16")] == ["no-!", "fine", "good"]


def test_a_folder_skips_what_is_no_file(folder):
    os.mkfifo(folder / "pos" / "pipe.txt")
    assert open_source(folder).notes == ["skipped 1 that are not .txt files: pos/pipe.txt"]
    assert len(rows_of(folder)) == 3


def test_a_folder_is_not_read_as_csv(folder):
    with pytest.raises(UsageError, match="is a folder"):
        open_source(folder, format="csv")


TABLE = pa.table({"text": ["good", None, "bad"], "label": [1, 0, None], "rating": [1.5, 2.0, 3.0]})


def test_parquet_gives_rows_and_the_original_batch(tmp_path):
    pq.write_table(TABLE, tmp_path / "a.parquet")
    (batch,) = open_source(tmp_path / "a.parquet").batches()
    assert TABLE.to_pylist() == list(batch.rows)
    assert TABLE.to_batches()[0] == batch.arrow


def test_parquet_gives_texts_without_making_rows(tmp_path):
    pq.write_table(TABLE, tmp_path / "a.parquet")
    (batch,) = open_source(tmp_path / "a.parquet").batches()
    columns = find_columns(
        TABLE.column_names, lambda: None, text_columns=("text",), need_label=False, name=""
    )
    assert texts_of(batch, columns) == ["good", "", "bad"]
    columns = find_columns(
        TABLE.column_names, lambda: None, text_columns=("text", "label"), need_label=False, name=""
    )
    assert texts_of(batch, columns) == ["good\n1", "0", "bad"]


def test_parquet_is_read_from_standard_input():
    stream = io.BytesIO()
    pq.write_table(TABLE, stream)
    assert TABLE.to_pylist() == rows_from(stream.getvalue(), format="parquet")


def test_parquet_with_one_name_twice_is_read():
    stream = io.BytesIO()
    pq.write_table(pa.table([[1], [2]], names=["a", "a"]), stream)
    assert rows_from(stream.getvalue(), format="parquet") == [{"a": 1, "a.2": 2}]


def test_damaged_parquet_is_an_error_with_the_file(tmp_path):
    stream = io.BytesIO()
    pq.write_table(pa.table({"text": [f"text {n}" for n in range(999)]}), stream)
    whole = stream.getvalue()
    for data in (b"text", b"", whole[:-9], whole[:99] + b"\xff" * 200 + whole[299:]):
        with pytest.raises(DataError, match=r"a\.parquet: not a Parquet file, or damaged"):
            rows_of(save(tmp_path, "a.parquet", data))


def test_without_pyarrow_the_command_to_install_it_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyarrow.parquet", None)
    with pytest.raises(MissingDependencyError, match="pip install pyarrow"):
        open_source(save(tmp_path, "a.parquet", b""))


def test_parquet_with_long_texts_makes_shorter_batches():
    stream = io.BytesIO()
    pq.write_table(pa.table({"text": ["x" * 100_000] * 30}), stream)
    batches = list(stdin_source(stream.getvalue(), "parquet").batches())
    assert max(len(batch.rows) for batch in batches) < 15
    assert [batch.first_row for batch in batches][:2] == [1, len(batches[0].rows) + 1]
    assert sum(len(batch.rows) for batch in batches) == 30


def test_a_date_beyond_python_is_an_error_of_the_file():
    stream = io.BytesIO()
    pq.write_table(pa.table({"at": pa.array([2**62], pa.timestamp("us"))}), stream)
    with pytest.raises(DataError, match="<stdin>: a value that Python cannot hold"):
        rows_from(stream.getvalue(), format="parquet")
