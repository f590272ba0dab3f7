"""Labels and scores of many files, put together: what one process would make of the files."""

import csv
import pickle
from dataclasses import replace

import numpy as np
import pytest

from sentiment.cluster.files import Named, TableJob, merge, score_table
from sentiment.errors import DataError
from sentiment.evaluation.slices import reading_for, slice_values
from sentiment.general import FAST_MODEL
from sentiment.model.file import load_model
from sentiment.reviews.labelled import read_labelled
from sentiment.reviews.streams import ReadOptions

SLICED = ("shop", "length", "negation")
FILES = {
    "a.csv": [
        ("It was good", "1", "x"),
        ("", "1", "x"),
        ("not so good, and far too long", "0", "y"),
    ],
    "b.csv": [("fine", "1", "y"), ("   ", "0", "y"), ("no label", "", "z"), ("Loved it", "1", "z")],
    "empty.csv": [],
    "words.csv": [("Dreadful.", "1", "x"), ("\u200b\u200b", "1", "x"), ("qwxz zzgh", "0", "x")],
}


@pytest.fixture(scope="module")
def model():
    return load_model(FAST_MODEL)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    for name, rows in FILES.items():
        with (tmp_path / name).open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([("text", "label", "shop"), *rows])
    monkeypatch.chdir(tmp_path)
    return tmp_path


def merged(model, paths, reading, sliced=()):
    jobs = [TableJob(Named.of(path), reading, tuple(sliced)) for path in paths]
    tables = [pickle.loads(pickle.dumps(score_table(model, job))) for job in jobs]
    return merge(tables, reading, sliced)


def test_labels_scores_and_slices_are_those_of_one_process(model, folder):
    paths = sorted(path.relative_to(folder) for path in folder.iterdir())
    reading = reading_for(SLICED, ReadOptions())
    plain = read_labelled([str(path) for path in paths], reading)
    found = merged(model, paths, reading, SLICED)
    scores = model.scores(plain.texts)
    assert np.array_equal(found.scores.p_positive, scores.p_positive, equal_nan=True)
    assert np.array_equal(found.scores.coverage, scores.coverage)
    assert np.array_equal(found.digests, model.record.training_hashes.digests(plain.texts))
    assert np.array_equal(found.reviews.labels, plain.labels)
    assert np.array_equal(found.reviews.places, plain.places)
    assert (found.reviews.notes, found.reviews.warnings) == (plain.notes, plain.warnings)
    assert found.reviews.files == plain.files
    for name in SLICED:
        assert slice_values(name, found.reviews) == slice_values(name, plain)


def test_texts_stay_where_they_are(model, folder):
    job = TableJob(Named.of(folder / "a.csv"), ReadOptions(), ())
    assert b"far too long" not in pickle.dumps(score_table(model, job))


def test_files_that_contradict_each_other_do_so_here_too(model, folder):
    for name, labels in (("c.csv", "12"), ("d.csv", "01")):
        rows = "".join(f"text number {n},{labels[n % 2]}\n" for n in range(8))
        (folder / name).write_text(f"text,label\n{rows}", encoding="utf-8")
    paths = [folder / "c.csv", folder / "d.csv"]
    with pytest.raises(DataError) as plain:
        read_labelled(list(map(str, paths)), ReadOptions())
    with pytest.raises(DataError) as found:
        merged(model, paths, ReadOptions())
    assert str(found.value) == str(plain.value)


def test_what_the_user_calls_positive_holds_for_all_files(model, folder):
    reading = replace(ReadOptions(), positive=("0",), negative=("1",))
    plain = read_labelled(["a.csv", "b.csv"], reading)
    found = merged(model, [folder / "a.csv", folder / "b.csv"], reading)
    assert np.array_equal(found.reviews.labels, plain.labels)
