"""`train` and `evaluate` on pandas DataFrames."""

import json
import warnings

import numpy as np
import pandas as pd
import pytest

from sentiment import evaluate, load, train
from sentiment.errors import DataError

QUICK = {"epochs": 1, "hidden": (), "seed": 3}


@pytest.fixture
def reviews():
    words = {"good": True, "bad": False}
    rows = [(f"{word} item {n}", liked) for word, liked in words.items() for n in range(40)]
    return pd.DataFrame(rows, columns=["review", "liked"])


def test_a_frame_is_trained_on_like_the_same_file(run, reviews, tmp_path):
    reviews.to_csv(tmp_path / "in.csv", index=False)
    done = run("train", "in.csv", "-o", "m.safetensors", "--epochs", "1", "--hidden", "",
               "--seed", "3", "--label-column", "liked", cwd=tmp_path)  # fmt: skip
    assert done.returncode == 0, done.stderr
    train(reviews, label="liked", **QUICK).save(tmp_path / "mine.safetensors")
    texts = ["a good item", "bad", None]
    mine, theirs = (load(tmp_path / f"{name}.safetensors") for name in ("mine", "m"))
    np.testing.assert_array_equal(mine.predict_proba(texts), theirs.predict_proba(texts))
    assert mine.predict(texts)[2] is None


def test_missing_texts_and_labels_are_left_out_with_a_warning(reviews):
    whole = evaluate(reviews, "fast", label="liked")
    more = pd.DataFrame({"review": [None, pd.NA, "good", ""], "liked": [True, False, None, True]})
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        found = evaluate(pd.concat([reviews, more]), "fast", label="liked")
    assert [str(each.message) for each in said] == [
        '<DataFrame>: "liked" is empty in 1 row; dropped',
        "<DataFrame>: 3 rows have no text; dropped",
    ]
    assert found == whole
    assert found["n"] == 80


def test_a_frame_has_the_metrics_of_its_file(run, reviews, tmp_path):
    reviews.to_json(tmp_path / "in.jsonl", orient="records", lines=True)
    done = run("evaluate", "in.jsonl", "-m", "fast", "--label-column", "liked", "--json",
               cwd=tmp_path)  # fmt: skip
    expected = json.loads(done.stdout)
    found = evaluate(reviews, "fast", label="liked")
    assert json.loads(json.dumps(found)) == {
        name: value for name, value in expected.items() if name not in ("model", "data")
    }
    assert evaluate(tmp_path / "in.jsonl", "fast", label="liked")["n"] == 80


def test_columns_may_have_any_names_and_types():
    frame = pd.DataFrame(
        {
            3: pd.Categorical(["I loved the soup", "Dreadful and cold soup"] * 2),
            "stars": pd.array([5, 1, 4, None], dtype="Int8"),
            "when": pd.to_datetime(["2026-01-01"] * 4),
        },
        index=[7, 7, 8, 9],
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert evaluate(frame, "fast", text=3)["n"] == 3


def test_conditions_and_classes_are_those_of_the_command(reviews):
    marks = reviews.assign(liked=np.where(reviews["liked"], 9.0, 2.0))
    found = evaluate(marks, "fast", label="liked", positive=">=7", negative="<=4")
    assert found["support_positive"] == 40
    kinds = reviews.assign(liked=np.where(reviews["liked"], "spam", "ham"))
    model = train(kinds, label="liked", classes="all", **QUICK)
    assert model.classes_.tolist() == ["ham", "spam"]


def test_errors_name_the_parameters(reviews):
    odd = reviews.rename(columns={"liked": "verdict"}).assign(verdict="x")
    with pytest.raises(DataError, match="label=") as it:
        evaluate(odd, "fast")
    assert "--" not in str(it.value)
    with pytest.raises(TypeError, match="a list: pass a pandas DataFrame, or paths of files"):
        train([1, 2])
    with pytest.raises(TypeError, match="sede"):
        train(reviews, label="liked", sede=1)
