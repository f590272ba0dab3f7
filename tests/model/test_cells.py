"""Held-out reviews by class and score, and their place in the model file."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.errors import ModelError
from sentiment.labels import LabelSet
from sentiment.model.cells import ScoreCells
from sentiment.model.component import Calibration
from sentiment.model.file import document_of, load_model, model_of, save_model, tensors_of
from sentiment.model.model import Model
from tests.model.small import small_model

THREE = LabelSet(("bad", "fair", "good"), ordered=False)


def made_up(classes: int, n: int = 2000, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    labels = random.integers(0, classes, n)
    scores = random.normal(size=(n, classes)) + 1.5 * np.eye(classes)[labels]
    p = np.exp(scores)
    return p / p.sum(axis=1, keepdims=True), labels


def with_cells(cells: ScoreCells | None, labels: LabelSet | None = None) -> Model:
    model = small_model() if labels is None else small_model(labels=labels)
    return replace(model, record=replace(model.record, cells=cells))


@pytest.mark.parametrize("classes", [2, 3, 5, 6, 9])
def test_every_held_out_review_is_in_the_cell_that_a_new_one_like_it_gets(classes):
    p, labels = made_up(classes)
    cells = ScoreCells.of(p, labels)
    found = np.zeros_like(cells.counts)
    np.add.at(found, (labels, cells.index(p)), 1)
    assert found.tolist() == cells.counts.tolist()
    assert cells.counts.sum(axis=1).tolist() == np.bincount(labels).tolist()
    assert cells.size > classes


def test_cells_of_two_classes_are_intervals_of_the_log_odds():
    p, labels = made_up(2)
    cells = ScoreCells.of(p, labels)
    order = np.argsort(p[:, 1])
    changes = np.count_nonzero(np.diff(cells.index(p)[order]))
    assert changes == cells.size - 1
    assert set(cells.index(p[p[:, 1] > 0.5])).isdisjoint(cells.index(p[p[:, 1] < 0.5]))


def test_a_class_of_few_held_out_reviews_says_nothing_of_errors():
    p, labels = made_up(2, n=40)
    labels[:] = 0
    labels[:4] = 1
    assert ScoreCells.of(p, labels) is None
    labels[4] = 1
    assert ScoreCells.of(p, labels) is not None


@given(st.lists(st.lists(st.floats(0, 1), min_size=3, max_size=3), min_size=1, max_size=9))
def test_every_probability_has_a_cell(rows):
    p, labels = made_up(3)
    cells = ScoreCells.of(p, labels)
    found = cells.index(np.array(rows))
    assert ((found >= 0) & (found < cells.size)).all()


def test_cells_are_in_the_file_and_the_same_model_has_the_same_bytes(tmp_path):
    model = with_cells(ScoreCells.of(*made_up(3)), THREE)
    save_model(model, tmp_path / "a")
    loaded = load_model(tmp_path / "a")
    assert loaded.record.cells.edges == model.record.cells.edges
    assert loaded.record.cells.counts.tolist() == model.record.cells.counts.tolist()
    save_model(loaded, tmp_path / "b")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert "cells" not in document_of(with_cells(None))


@pytest.mark.parametrize(
    "forge",
    [
        lambda cells: cells["edges"].pop(),
        lambda cells: cells["edges"][0].reverse(),
        lambda cells: cells["edges"][0].append(cells["edges"][0][-1]),
        lambda cells: cells["edges"][0].insert(0, 0.0),
        lambda cells: cells["edges"][0].append(1e9),
        lambda cells: cells["edges"][0].append(float("nan")),
        lambda cells: cells["counts"].pop(),
        lambda cells: cells["counts"][0].append(1),
        lambda cells: cells["counts"][0].__setitem__(0, -1),
        lambda cells: cells["counts"][0].__setitem__(0, 1.5),
        lambda cells: cells["counts"][0].__setitem__(0, 10**30),
        lambda cells: cells["counts"].__setitem__(0, [0] * len(cells["counts"][0])),
        lambda cells: cells.pop("counts"),
        lambda cells: cells.__setitem__("counts", "many"),
    ],
)
def test_forged_cells_are_refused(forge):
    model = with_cells(ScoreCells.of(*made_up(2)))
    document = json.loads(json.dumps(document_of(model)))
    forge(document["cells"])
    with pytest.raises((ValueError, TypeError, KeyError)):
        model_of(document, tensors_of(model))


def test_a_forged_file_is_one_clear_line(tmp_path):
    cells = ScoreCells.of(*made_up(2))
    save_model(with_cells(replace(cells, edges=(*cells.edges, ()))), tmp_path / "forged")
    with pytest.raises(ModelError, match="its cells are of other classes"):
        load_model(tmp_path / "forged")


def test_cells_go_where_the_scores_change():
    model = with_cells(ScoreCells.of(*made_up(3)), THREE)
    two = model.restricted(model.labels.subset(["bad", "good"]))
    assert two.record.cells is None
    assert model.restricted(model.labels).record.cells is model.record.cells
    assert model.recalibrated(Calibration(2.0, (0.1, 0.2))).record.cells is None
    stacked = model.on(model, 0.5)
    assert stacked.record.cells is model.record.cells
    assert stacked.below[0][1].cells is None


def test_training_and_calibrating_record_held_out_reviews(run, trained, tmp_path):
    model = load_model(trained)
    counts = model.record.provenance.validation.counts
    held_out = [counts["negative"], counts["positive"]]
    assert model.record.cells.counts.sum(axis=1).tolist() == held_out
    texts = [f"{word} {number}" for number in range(30) for word in ("a dull film", "a great film")]
    lines = "\n".join(f"{text},{place % 2}" for place, text in enumerate(texts))
    (tmp_path / "new.csv").write_text(f"text,label\n{lines}\n", encoding="utf-8")
    for options in ([], ["--goal", "coverage=0.8"], ["--refit", "--goal", "coverage=0.8"]):
        done = run(
            "calibrate", "new.csv", "-m", trained, "-o", "new", "--force", *options, cwd=tmp_path
        )
        assert done.returncode == 0, done.stderr
        again = load_model(tmp_path / "new").record.cells
        assert again.counts.sum(axis=1).tolist() == [30, 30]
