"""Folders and pairs of files as people have them: classes by name, parts, labels apart."""

import shlex

import pytest

from sentiment.datasets.cache import resolve
from sentiment.errors import DataError, UsageError
from sentiment.reviews.batch import BadRows
from sentiment.reviews.folders import label_in, part_of
from sentiment.reviews.labelled import read_labelled
from sentiment.reviews.opening import expand
from sentiment.reviews.streams import ReadOptions

from .books import zipped
from .helpers import rows_of, save


def make(folder, files):
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(data)
    return folder


def read(*patterns, **options):
    return read_labelled([str(each) for each in patterns], ReadOptions(**options))


def pairs(reviews):
    return sorted(zip(reviews.texts, reviews.labels.tolist(), strict=True))


# Each has a good text labelled positive and a dull one labelled negative.
FOLDERS = {
    "other case": {"Positive/a.txt": "good", "NEG/a.txt": "dull"},
    "numbers": {"1/a.txt": "good", "0/a.txt": "dull"},
    "stars": {"5/a.txt": "good", "1/a.txt": "dull", "3/a.txt": "so so"},
    "words": {"good/a.txt": "good", "bad/a.txt": "dull"},
    "two words": {"positive_polarity/a.txt": "good", "negative_polarity/a.txt": "dull"},
    "below others": {"books/pos/a.txt": "good", "dvd/neg/a.txt": "dull"},
    "folders in them": {"pos/2019/a.txt": "good", "neg/b/c/a.txt": "dull"},
    "files of lines": {"rt.pos": "good\n", "rt.neg": "dull\n"},
    "texts of lines": {"train_pos.txt": "good\n", "train_neg.txt": "dull\n"},
    "tables": {"a.csv": "text,label\ngood,1\n", "b.csv": "text,label\ndull,0\n"},
    "tables, a readme": {"a.csv": "text,label\ngood,1\ndull,0\n", "README.txt": "about it"},
    "tables, metadata": {
        "a.json": '[{"text": "good", "label": 1}]',
        "b.jsonl": '{"text": "dull", "label": 0}',
        "_log/0.csv": "add,remove\n",
    },
    "tables by class": {
        "positive.csv": "id,comment\n1,good\n",
        "negative.csv": "id,comment\n1,dull\n",
    },
    "tables in classes": {"POS/a.csv": "id,comment\n1,good\n", "Neg/a.csv": "id,comment\n1,dull\n"},
    "tables in numbers": {"1/a.csv": "id,comment\n1,good\n", "0/a.csv": "id,comment\n1,dull\n"},
}


@pytest.mark.parametrize("kind", FOLDERS)
def test_a_folder_is_read_by_what_its_names_tell(tmp_path, kind):
    make(tmp_path, FOLDERS[kind])
    assert pairs(read(tmp_path)) == [("dull", 0), ("good", 1)]


def test_where_the_labels_come_from_is_said(tmp_path):
    make(tmp_path, {"rt.pos": "good\n", "rt.neg": "dull\n"})
    notes = " ".join(read(tmp_path).notes)
    assert f"{tmp_path}/rt.neg: " in notes
    assert "label negative, by the file's name" in notes
    reviews = read(tmp_path / "rt.pos", tmp_path / "rt.neg")
    assert pairs(reviews) == [("dull", 0), ("good", 1)]


def test_files_in_an_archive_may_be_named_by_their_classes(tmp_path):
    files = {"x/pos.csv": "id,comment\n1,good\n", "x/neg.csv": "id,comment\n1,dull\n"}
    save(tmp_path, "in.zip", zipped(files))
    assert pairs(read(f"{tmp_path}/in.zip/*.csv")) == [("dull", 0), ("good", 1)]
    save(tmp_path, "in.zip", zipped({"x/comments.csv": "id,comment\n1,good\n"}))
    with pytest.raises(DataError, match="looks like the label"):
        read(tmp_path / "in.zip")


def test_a_column_of_labels_counts_more_than_a_name(tmp_path):
    make(tmp_path, {"positive.csv": "text,label\ngood,1\ndull,0\n"})
    assert pairs(read(tmp_path / "positive.csv")) == [("dull", 0), ("good", 1)]


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("rt-polarity.pos", "positive"),
        ("train_neg_full.txt", "negative"),
        ("Neutral.csv", "neutral"),
        ("pos_neg.txt", None),
        ("not_positive.txt", None),
        ("positivity.txt", None),
        ("posts.txt", None),
    ],
)
def test_a_name_tells_one_class_or_none(name, label):
    assert label_in(name) == label


def test_every_text_is_read_where_no_labels_are_needed(tmp_path):
    make(tmp_path, {"1/a.txt": "one", "2/b.txt": "two", "c.txt": "three", ".hidden/d.txt": "no"})
    assert sorted(row["text"] for row in rows_of(tmp_path)) == ["one", "three", "two"]


def test_what_is_beside_the_classes_is_said(tmp_path):
    make(tmp_path, {"pos/a.txt": "good", "neg/a.txt": "dull", "unsup/a.txt": "x", "urls.txt": "u"})
    reviews = read(tmp_path)
    assert len(reviews) == 2
    assert "skipped unsup/, urls.txt" in reviews.notes[0]


PARTS = {
    "texts": {
        "train/pos/a.txt": "good", "train/neg/a.txt": "dull", "train/unsup/a.txt": "x",
        "test/pos/a.txt": "fine", "test/neg/a.txt": "poor", "README": "about it",
    },
    "tables": {
        "data/train-00000-of-00002.csv": "text,label\ngood,1\n",
        "data/train-00001-of-00002.csv": "text,label\ndull,0\n",
        "data/test-00000-of-00001.csv": "text,label\nfine,1\npoor,0\n",
        "dataset_info.json": "{}",
    },
    "dataset_dict": {
        "train/data-00000-of-00001.csv": "text,label\ngood,1\ndull,0\n",
        "test/data-00000-of-00001.csv": "text,label\nfine,1\npoor,0\n",
        "train/state.json": "{}", "dataset_dict.json": '{"splits": ["train", "test"]}',
    },
}  # fmt: skip


@pytest.mark.parametrize("kind", PARTS)
def test_of_a_folder_with_parts_the_one_that_is_needed_is_read(tmp_path, kind):
    make(tmp_path, PARTS[kind])
    assert pairs(read(*resolve([str(tmp_path)], "train"))) == [("dull", 0), ("good", 1)]
    assert pairs(read(*resolve([str(tmp_path)], "test"))) == [("fine", 1), ("poor", 0)]
    assert resolve([str(tmp_path)], "test", whole=True) == [str(tmp_path)]


@pytest.mark.parametrize("kind", PARTS)
def test_a_part_that_is_not_there_is_an_error_whose_advice_works(tmp_path, kind):
    make(tmp_path, PARTS[kind])
    with pytest.raises(DataError, match="none called validation; name what to read, such as") as it:
        part_of(tmp_path, "validation")
    _, _, named = str(it.value).rpartition("such as ")
    assert read(named).labels.size == 2


def test_parquet_in_a_dataset_dict_is_read(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    for part, texts in (("train", ["good", "dull"]), ("test", ["fine", "poor"])):
        (tmp_path / part).mkdir()
        table = pyarrow.table({"text": texts, "label": [1, 0]})
        parquet.write_table(table, tmp_path / part / "data-00000-of-00001.parquet")
    save(tmp_path, "dataset_dict.json", '{"splits": ["train", "test"]}')
    assert pairs(read(*resolve([str(tmp_path)], "test"))) == [("fine", 1), ("poor", 0)]
    assert len(expand([str(tmp_path)])) == 2


def test_folders_of_several_formats_are_named_one_by_one(tmp_path):
    make(tmp_path, {"a.csv": "text,label\ngood,1\n", "b.jsonl": '{"text": "dull", "label": 0}\n'})
    with pytest.raises(DataError, match="to read the files in it, name them") as it:
        read(tmp_path)
    _, _, patterns = str(it.value).rpartition(": ")
    assert pairs(read(*shlex.split(patterns))) == [("dull", 0), ("good", 1)]


def test_the_command_for_arrow_files_works(tmp_path, monkeypatch):
    import subprocess
    import sys

    pyarrow = pytest.importorskip("pyarrow")
    table = pyarrow.table({"text": ["good", "dull"], "label": [1, 0]})
    with (
        pyarrow.OSFile(str(tmp_path / "data.arrow"), "wb") as file,
        pyarrow.ipc.new_stream(file, table.schema) as stream,
    ):
        stream.write_table(table)
    monkeypatch.chdir(tmp_path)
    for where, file in ((tmp_path, None), (tmp_path / "data.arrow", "data.arrow")):
        with pytest.raises(DataError, match=r"write (it|each) as Parquet") as it:
            read(where)
        _, _, command = str(it.value).partition("python3 ")
        words = [word.replace("FILE", file or "") for word in shlex.split(command.split("; -")[0])]
        subprocess.run([sys.executable, *words], check=True)
        assert pairs(read(tmp_path / "reviews.parquet")) == [("dull", 0), ("good", 1)]
        (tmp_path / "reviews.parquet").unlink()


LABELS = {
    "labels.txt": "1\n0\n",
    "words.txt": "pos\nneg\n",
    "header.txt": "Label\npos\nneg\n",
    "y.csv": "label\n1\n0\n",
    "words.csv": "label\r\npos\r\nneg\r\n",
    "words.tsv": "sentiment\npos\nneg\n",
    "no header.csv": "pos\nneg\n",
    "table.csv": "id,sentiment\n7,pos\n8,neg\n",
    "list.json": '["pos", "neg"]',
    "nested.jsonl": '{"answer": {"label": 1}}\n{"answer": {"label": 0}}\n',
    "last line open.txt": "1\n0",
}


@pytest.mark.parametrize("name", LABELS)
def test_texts_and_labels_in_two_files_are_paired_row_by_row(tmp_path, name):
    texts = save(tmp_path, "texts.txt", "good, really\ndull\n")
    labels = save(tmp_path, name, LABELS[name])
    reviews = read(texts, label_files=(str(labels),))
    assert pairs(reviews) == [("dull", 0), ("good, really", 1)]
    table = save(tmp_path, "texts.csv", 'id,text\n1,"good, really"\n2,dull\n')
    assert pairs(read(table, label_files=(str(labels),))) == pairs(reviews)


@pytest.mark.parametrize("labels", ["1\n", "1\n0\n1\n", ""])
def test_as_many_labels_as_texts_are_needed(tmp_path, labels):
    texts = save(tmp_path, "texts.txt", "good\ndull\n")
    path = save(tmp_path, "labels.txt", labels)
    with pytest.raises(DataError, match=r"labels\.txt: \d labels? for the 2 texts of .*texts\.txt"):
        read(texts, label_files=(str(path),))


def test_a_bad_row_of_either_file_takes_its_other_half_with_it(tmp_path):
    texts = save(tmp_path, "texts.csv", "id,text\n1,good\n2\n3,dull\n4,poor\n5,x,y\n")
    labels = save(tmp_path, "labels.txt", b"1\n1\n0\n\xe9\n0\n")
    with pytest.raises(DataError, match=r"texts\.csv, row 2"):
        read(texts, label_files=(str(labels),))
    skipped = []
    bad_rows = BadRows("skip", report=lambda file, number, _: skipped.append((file, number)))
    reviews = read(texts, label_files=(str(labels),), bad_rows=bad_rows)
    assert pairs(reviews) == [("dull", 0), ("good", 1)]
    assert skipped == [(str(texts), 2), (str(labels), 4), (str(texts), 5)]
    assert reviews.place(1) == (str(texts), 3)


def test_each_file_of_texts_has_its_file_of_labels(tmp_path):
    for name, data in (("a.txt", "good\n"), ("b.txt", "dull\n"), ("a.y", "1\n"), ("b.y", "0\n")):
        save(tmp_path, name, data)
    files = [tmp_path / "a.txt", tmp_path / "b.txt"]
    both = tuple(str(tmp_path / name) for name in ("a.y", "b.y"))
    assert pairs(read(*files, label_files=both)) == [("dull", 0), ("good", 1)]
    with pytest.raises(UsageError, match="name one for each"):
        read(*files, label_files=both[:1])
    with pytest.raises(UsageError, match="one of them is a folder"):
        read(make(tmp_path / "f", {"a.txt": "x"}), label_files=both[:1])
