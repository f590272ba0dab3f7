import io

import numpy as np
import pytest

from sentiment.errors import DataError, UsageError
from sentiment.reviews import (
    LabelledReviews,
    ReadOptions,
    read_labelled,
    read_texts,
    require_both_classes,
)

from .helpers import save


def read(*paths, **options):
    return read_labelled([str(path) for path in paths], ReadOptions(**options))


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.csv", "text,label\ngood,1\nbad,0\n"),
        ("a.csv", "good film,1\nbad book,0\n"),
        ("a.tsv", "label\ttext\npos\tgood\nneg\tbad\n"),
        ("a.jsonl", '{"text": "good", "stars": 10}\n{"text": "bad", "stars": 1}\n'),
        ("a.ft", "__label__2 good\n__label__1 bad\n"),
        ("a.txt", "__label__2 good\n__label__1 bad\n"),
        ("a.txt", "good film\t1\nbad book\t0\n"),
        ("a.data", "good film\t1\nbad book\t0\n"),
    ],
)
def test_each_format_gives_texts_and_labels(tmp_path, name, data):
    reviews = read(save(tmp_path, name, data))
    assert [text.split()[0] for text in reviews.texts] == ["good", "bad"]
    assert reviews.labels.tolist() == [1, 0]
    assert np.int8 == reviews.labels.dtype


def test_a_folder_is_read(tmp_path):
    for label in ("pos", "neg"):
        (tmp_path / label).mkdir()
        save(tmp_path / label, "a.txt", label)
    assert read(tmp_path).labels.tolist() == [0, 1]


def test_standard_input_is_read():
    stdin = io.BytesIO(b"__label__pos good\n__label__neg bad\n")
    assert read_labelled(["-"], ReadOptions(), stdin=stdin).texts == ["good", "bad"]


def test_plain_lines_are_an_error_that_says_how_to_write_labels(tmp_path):
    with pytest.raises(DataError, match=r"a\.txt: labels are needed.*text<TAB>label"):
        read(save(tmp_path, "a.txt", "good\nbad\n"))


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.txt", "a.jsonl", "a.ft"])
def test_an_empty_file_has_no_rows(tmp_path, name):
    with pytest.raises(DataError, match=rf"{name}: no rows"):
        read(save(tmp_path, name, ""))


def test_a_header_alone_has_no_rows(tmp_path):
    with pytest.raises(DataError, match=r"a\.csv: no rows"):
        read(save(tmp_path, "a.csv", "text,label\n"))


def test_shards_with_the_same_label_column_are_judged_together(tmp_path):
    first = save(tmp_path, "a.csv", "text,label\ngood,1\nfine,1\n")
    second = save(tmp_path, "b.csv", "label,text\n0,bad\n1,nice\n")
    reviews = read(first, second)
    assert reviews.texts == ["good", "fine", "bad", "nice"]
    assert reviews.labels.tolist() == [1, 1, 0, 1]


def test_files_with_other_labels_are_judged_by_themselves(tmp_path):
    first = save(tmp_path, "a.csv", "text,label\ngood,1\nbad,0\n")
    second = save(tmp_path, "b.csv", "text,sentiment\nbad,1\ngood,2\n")
    third = save(tmp_path, "c.csv", "text,label\nbad,neg\ngood,pos\n")
    assert read(first, second, third).labels.tolist() == [1, 0, 0, 1, 0, 1]


def test_what_was_chosen_is_noted(tmp_path):
    path = save(tmp_path, "a.csv", "text,label\ngood,1\nbad,0\n")
    assert [
        f'{path}: text from "text" (by name), label from "label" (by name)',
        'labels in "label": 0 negative, 1 positive',
    ] == read(path).notes


def test_each_reading_is_noted_with_its_file(tmp_path):
    first = save(tmp_path, "a.csv", "text,label\ngood,1\nbad,0\n")
    second = save(tmp_path, "b.csv", "text,stars\nbad,1\ngood,2\n")
    expected = [
        f'{first}: labels in "label": 0 negative, 1 positive',
        f'{second}: labels in "stars": 1 negative, 2 positive',
    ]
    assert expected == read(first, second).notes[-2:]


def test_no_files_give_no_reviews():
    assert read().texts == []


def test_rows_without_text_or_label_are_dropped_and_counted(tmp_path):
    path = save(tmp_path, "a.csv", 'text,label\ngood,1\n" ",1\nfine,\nbad,0\nso so,0\n')
    reviews = read(path)
    assert reviews.texts == ["good", "bad", "so so"]
    assert [
        f'{path}: "label" is empty in 1 row; dropped',
        f"{path}: 1 row has no text; dropped",
    ] == reviews.warnings


def test_strict_names_the_file_and_the_row(tmp_path):
    first = save(tmp_path, "a.csv", "text,label\ngood,pos\nbad,neg\n")
    second = save(tmp_path, "b.csv", "text,label\ngood,pos\nwell,neutral\n")
    with pytest.raises(DataError, match=r"b\.csv, row 2: neutral"):
        read(first, second, strict=True)


def test_options_reach_the_reader(tmp_path):
    path = save(tmp_path, "a.data", "kopf;urteil\nsch\u00f6n;ja\nb\u00f6se;nein\n".encode("cp1252"))
    options = {"format": "csv", "encoding": "cp1252", "text_columns": ("kopf",)}
    reviews = read(path, label_column="urteil", positive=("ja",), **options)
    assert (reviews.texts, reviews.labels.tolist()) == (["schön", "böse"], [1, 0])


def test_a_missing_column_is_a_usage_error(tmp_path):
    with pytest.raises(UsageError, match='no column "x" for --text-column; there are "text"'):
        read(save(tmp_path, "a.csv", "text,label\ngood,1\n"), text_columns=("x",))


def test_texts_are_read_without_labels(tmp_path):
    first = save(tmp_path, "a.csv", 'text,stars\ngood,1\n"",1\n')
    second = save(tmp_path, "b.txt", "fine\nbad\n")
    assert read_texts([str(first), str(second)], ReadOptions()) == ["good", "fine", "bad"]


@pytest.mark.parametrize(
    ("labels", "message"),
    [([1, 1], r"x: only positive reviews \(n=2\)"), ([0], "only negative"), ([], "no reviews")],
)
def test_one_class_is_not_enough(labels, message):
    reviews = LabelledReviews(["a"] * len(labels), np.array(labels, np.int8))
    with pytest.raises(DataError, match=message):
        require_both_classes(reviews, "x")


def test_both_classes_are_enough():
    require_both_classes(LabelledReviews(["a", "b"], np.array([0, 1], np.int8)), "x")


def test_rows_are_taken_in_order():
    reviews = LabelledReviews(["a", "b", "c"], np.array([0, 1, 1], np.int8), ["note"])
    taken = reviews.take([2, 0])
    assert (taken.texts, taken.labels.tolist(), taken.notes) == (["c", "a"], [1, 0], ["note"])


def test_digests_are_stable_and_ignore_white_space():
    reviews = LabelledReviews(["a b", " a\n b ", "ab", "\ud800"], np.zeros(4, np.int8))
    digests = reviews.digest()
    assert (np.uint64, 3) == (digests.dtype, len(set(digests.tolist())))
    assert 2952434739088078779 == digests[0] == digests[1]
