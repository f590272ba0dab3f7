"""`load`: a trained model from Python."""

import pickle
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from sentiment import LoadedModel, load
from sentiment.errors import ModelError
from sentiment.general import FAST_MODEL
from tests.conftest import TEST

TEXTS = ["Great coffee, lovely staff.", "Dreadful, avoid.", "", "asdf qwer"]


class Shown(str):
    """A text that `str` makes another one of, as of members of an enumeration."""

    __slots__ = ()

    def __str__(self) -> str:
        return "Shown"


@pytest.fixture(scope="module")
def fast() -> LoadedModel:
    return load("fast")


@pytest.mark.parametrize("model", [FAST_MODEL, str(FAST_MODEL)])
def test_a_path_or_the_bundled_model(model, fast):
    assert (load(model).predict(TEXTS) == fast.predict(TEXTS)).all()


def test_a_file_called_general_goes_before_the_bundled_one(trained, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "general").write_bytes(trained.read_bytes())
    assert load("general").model.own.encoder == load(trained).model.own.encoder


def test_answers_are_those_of_the_command_line(run, trained):
    texts = pd.read_csv(TEST)["text"].tolist()
    lines = run("predict", "-m", trained, "-i", TEST).stdout.splitlines()
    model = load(trained)
    assert model.predict(texts).tolist() == [line.split("\t")[0] for line in lines]
    assert [f"{p:.4f}" for p in model.predict_proba(texts)[:, 1]] == [
        line.split("\t")[1] for line in lines
    ]


def test_columns_are_the_classes_and_what_cannot_be_read_has_no_probability(fast):
    p = fast.predict_proba(TEXTS)
    assert (p.shape, p.dtype) == ((4, 3), np.float64)
    assert fast.classes_.tolist() == ["negative", "neutral", "positive"]
    assert p[:2].argmax(axis=1).tolist() == [2, 0]
    assert np.isnan(p[2]).all()
    assert p[[0, 1, 3]].sum(axis=1) == pytest.approx(1)
    assert fast.predict(TEXTS).tolist() == ["positive", "negative", "", "uncertain"]


def test_of_some_of_the_classes_the_rest_is_renormalised(fast):
    p, two = fast.predict_proba(TEXTS), fast.restricted(["positive", "negative"])
    assert two.classes_.tolist() == ["negative", "positive"]
    sides = p[:, [0, 2]] / p[:, [0, 2]].sum(axis=1, keepdims=True)
    assert two.predict_proba(TEXTS) == pytest.approx(sides, nan_ok=True)
    assert two.predict(TEXTS).tolist() == ["positive", "negative", "", "uncertain"]


@pytest.mark.parametrize(
    "kind",
    [
        tuple,
        np.array,
        iter,
        pd.Series,
        lambda texts: np.array(texts, object),
        lambda texts: pd.Series(texts, index=[7, 5, 3, 1], dtype="category"),
        lambda texts: pd.Series(texts, dtype="string"),
        lambda texts: [Shown(text) for text in texts],
    ],
)
def test_any_sequence_of_texts_will_do(kind, fast):
    assert fast.predict(kind(TEXTS)).tolist() == fast.predict(TEXTS).tolist()


@pytest.mark.parametrize(
    "texts",
    [
        ["good", None],
        [float("nan"), "good"],
        np.array(["good", None], object),
        pd.Series(["good", None]),
        pd.Series(["good", pd.NA], dtype="string"),
        pd.Series([None, "good"], dtype="category"),
        pd.Series([np.nan, np.nan]),
    ],
)
def test_missing_texts_have_no_answer_and_no_probability(texts, fast):
    missing = pd.isna(pd.Series(texts)).to_numpy()
    assert [answer is None for answer in fast.predict(texts)] == missing.tolist()
    assert np.isnan(fast.predict_proba(texts)).tolist() == [[each] * 3 for each in missing]


def test_no_texts_are_no_answers(fast):
    assert fast.predict([]).shape == (0,)
    assert fast.predict_proba([]).shape == (0, 3)


@pytest.mark.parametrize(
    ("texts", "error", "words"),
    [
        ("one text", TypeError, "put it into a list"),
        (b"bytes", TypeError, "put it into a list"),
        (5, TypeError, "a int, not a list of texts"),
        ({"fine": 1}, TypeError, "a dict, not a list of texts"),
        ({"fine"}, TypeError, "a set, not a list of texts"),
        (["fine", 5], TypeError, "text 1 is a int"),
        (np.array([["fine"]]), ValueError, "one dimension, not 2"),
        (pd.DataFrame({"text": ["fine"]}), ValueError, "frame\\['text'\\]"),
    ],
)
def test_what_is_no_text_is_a_clear_error(texts, error, words, fast):
    with pytest.raises(error, match=words):
        fast.predict(texts)


def test_many_texts_are_scored_in_batches_with_the_same_answers(fast, monkeypatch):
    whole = fast.predict_proba(TEXTS * 3)
    monkeypatch.setattr("sentiment.api.BATCH", 5)
    assert np.array_equal(fast.predict_proba(TEXTS * 3), whole, equal_nan=True)


def test_an_answer_is_explained(fast):
    found = fast.explain("It was not good.")
    assert (found.answer, found.words[3].text) == ("negative", "good")
    with pytest.raises(TypeError, match="one text"):
        fast.explain(["a", "b"])


def test_it_survives_pickling(fast):
    again = pickle.loads(pickle.dumps(fast))
    assert np.array_equal(again.predict_proba(TEXTS), fast.predict_proba(TEXTS), equal_nan=True)


def test_what_is_no_model_is_an_error(tmp_path):
    with pytest.raises(ModelError, match="no such model"):
        load(tmp_path / "nowhere")


def test_the_package_lists_what_it_has_before_that_is_imported():
    code = "import sentiment, sys; print(*dir(sentiment)); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    names, loaded = (set(line.split()) for line in done.stdout.splitlines())
    assert {"LoadedModel", "SentimentClassifier", "__version__", "annotate", "load"} <= names
    assert "sentiment.api" not in loaded


@pytest.mark.parametrize("name", ["load", "SentimentClassifier"])
def test_importing_the_package_and_asking_a_model_stay_light(name):
    code = (
        f"import sentiment, sys; light = set(sys.modules); from sentiment import {name}; "
        "sentiment.load('general').predict(['good']); print(*light); print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    first, then = (
        {each.split(".")[0] for each in line.split()} for line in done.stdout.splitlines()
    )
    heavy = {"tensorflow", "keras", "sklearn", "scipy", "pandas"}
    assert not first & {*heavy, "numpy"}
    assert not then & (heavy if name == "load" else {"tensorflow", "keras"})
