"""Columns that are kept beside texts and labels."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sentiment.errors import UsageError
from sentiment.reviews.dataset import LabelledReviews
from sentiment.reviews.labelled import read_labelled
from sentiment.reviews.streams import ReadOptions

from .helpers import save, stdin

HEADER = "text,label,shop,size\n"
ROWS = HEADER + 'good,1,x,\n ,1,empty,1\nmeh,neutral,dropped,2\nbad,0,y,3\nnice,1,"z, w",4\n'


def read(path, *keep):
    return read_labelled([str(path)], ReadOptions(keep=keep, positive=("1",), negative=("0",)))


def parquet(path):
    labels = ["1", "1", "neutral", "0", "1"]
    shops = ["x", "empty", "dropped", "y", "z, w"]
    columns = {"text": ["good", " ", "meh", "bad", "nice"], "label": labels, "shop": shops}
    pq.write_table(pa.table({**columns, "size": [None, 1, 2, 3, 4]}), path)
    return path


JSONL = """{"text": "good", "label": 1, "shop": "x", "size": null}
{"text": " ", "label": 1, "shop": "empty", "size": 1}
{"text": "meh", "label": "neutral", "shop": "dropped", "size": 2}

{"text": "bad", "size": 3, "label": 0, "shop": "y"}
{"text": "nice", "label": 1, "shop": "z, w", "size": 4}
"""


@pytest.mark.parametrize("format", ["csv", "tsv", "jsonl", "parquet"])
def test_cells_stay_with_their_rows_where_others_are_dropped(tmp_path, format):
    if format == "parquet":
        path = parquet(tmp_path / "a.parquet")
    else:
        tsv = ROWS.replace('"z, w"', "z; w").replace(",", "\t").replace(";", ",")
        path = save(tmp_path, f"a.{format}", {"csv": ROWS, "tsv": tsv, "jsonl": JSONL}[format])
    reviews = read(path, "shop", "size")
    assert reviews.texts == ["good", "bad", "nice"]
    assert reviews.columns == {"shop": ["x", "y", "z, w"], "size": ["", "3", "4"]}
    assert (reviews.places.tolist(), reviews.rows_read) == ([0, 3, 4], 5)
    assert [reviews.place(number) for number in range(3)] == [
        (str(path), 1), (str(path), 4), (str(path), 5),
    ]  # fmt: skip


def test_a_folder_keeps_file_names_and_fasttext_its_label(tmp_path):
    for label in ("pos", "neg"):
        (tmp_path / label).mkdir()
        save(tmp_path / label, "a.txt", label)
    reviews = read_labelled([str(tmp_path)], ReadOptions(keep=("file",)))
    assert reviews.columns == {"file": ["neg/a.txt", "pos/a.txt"]}
    with stdin(b"__label__pos good\n__label__neg bad\n"):
        reviews = read_labelled(["-"], ReadOptions(keep=("label",)))
    assert [cell.removeprefix("__label__") for cell in reviews.columns["label"]] == ["pos", "neg"]


def test_several_files_follow_each_other(tmp_path):
    paths = [save(tmp_path, f"{name}.csv", ROWS) for name in "ab"]
    paths.insert(1, save(tmp_path, "empty.csv", HEADER))
    options = ReadOptions(keep=("SHOP",), positive=("1",), negative=("0",))
    reviews = read_labelled([str(path) for path in paths], options)
    assert reviews.columns == {"SHOP": ["x", "y", "z, w"] * 2}
    assert reviews.places.tolist() == [0, 3, 4, 5, 8, 9]
    assert [reviews.place(number)[1] for number in range(6)] == [1, 4, 5] * 2
    assert len({reviews.place(number)[0] for number in (2, 3)}) == 2


def test_a_column_that_is_not_there_is_an_error_that_lists_those_that_are(tmp_path):
    with pytest.raises(UsageError, match='no column "x" for weights; there are "text", "label"'):
        read(save(tmp_path, "a.csv", ROWS), "x")


def test_rows_that_are_taken_take_their_cells_along():
    reviews = LabelledReviews(
        ["a", "b", "c"], np.array([0, 1, 1], np.int8), columns={"k": list("xyz")}
    )
    taken = reviews.take([2, 0]).take([1])
    assert (taken.columns, taken.places.tolist(), taken.rows_read) == ({"k": ["x"]}, [0], 3)
