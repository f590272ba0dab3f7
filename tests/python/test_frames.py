"""`annotate`, and `frame_scorer`, which Spark's mapInPandas calls."""

import pickle
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from sentiment import annotate, load
from sentiment.cluster import frame_scorer
from sentiment.general import FAST_MODEL

TEXTS = ["I loved it", "Dreadful, avoid.", "", None, "asdf qwer"]
ANSWERS = ["positive", "negative", None, None, "uncertain"]
SIDES = ("negative", "positive")


def plain(values: pd.Series) -> list[object]:
    """Values of a column, missing ones as None."""
    return [None if pd.isna(value) else value for value in values]


@pytest.fixture
def reviews() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "stars": pd.array([5, 1, None, 3, 2], dtype="Int8"),
            "review": TEXTS,
            3: pd.Categorical(["a", "b", "a", None, "b"]),
            "when": pd.to_datetime(["2026-01-01"] * 5),
        },
        index=pd.Index([7, 7, 8, 9, 1], name="id"),
    )


@pytest.mark.parametrize("model", ["fast", str(FAST_MODEL), load("fast")])
def test_a_copy_has_the_answers_and_everything_else_as_it_was(model, reviews):
    before = reviews.copy()
    found = annotate(reviews, text="review", model=model)
    pd.testing.assert_frame_equal(reviews, before)
    pd.testing.assert_frame_equal(found[list(reviews.columns)], reviews)
    probabilities = ["p_positive", "p_negative", "p_neutral"]
    assert list(found.columns) == [*reviews.columns, "predicted", *probabilities]
    assert plain(found["predicted"]) == ANSWERS
    fast = load("fast")
    for name, expected in zip(fast.classes_, fast.predict_proba(TEXTS).T, strict=True):
        assert np.array_equal(found[f"p_{name}"].to_numpy(), expected, equal_nan=True)


def test_of_two_classes_one_has_a_column(reviews):
    found = annotate(reviews, "review", "fast", classes=SIDES)
    assert list(found.columns) == [*reviews.columns, "predicted", "p_positive"]
    assert plain(found["predicted"]) == ANSWERS


def test_the_default_model_is_general():
    frame = pd.DataFrame({"t": ["I loved it", "Dreadful, avoid."]})
    pd.testing.assert_frame_equal(annotate(frame, "t"), annotate(frame, "t", "general"))


@pytest.mark.parametrize("missing", [None, float("nan"), pd.NA, pd.NaT, "", " ", "N/A"])
@pytest.mark.parametrize("dtype", [object, "string", "category"])
def test_missing_texts_have_missing_answers(missing, dtype):
    found = annotate(pd.DataFrame({"t": pd.Series(["good", missing]).astype(dtype)}), "t")
    assert plain(found["predicted"]) == ["positive", None]
    assert plain(found["p_positive"])[1] is None


def test_several_columns_are_joined_as_predict_joins_them(run, tmp_path):
    frame = pd.DataFrame({"title": ["Not", None], "body": ["good at all", "I loved it"]})
    frame.to_csv(tmp_path / "in.csv", index=False)
    done = run("predict", "-m", "fast", "-i", tmp_path / "in.csv", "-o", tmp_path / "out.csv",
               "--text-column", "title", "--text-column", "body", "--prefix", "m_")  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = annotate(frame, ["title", "body"], "fast", prefix="m_")
    pd.testing.assert_frame_equal(found, pd.read_csv(tmp_path / "out.csv"), atol=1e-6)


def test_a_threshold_may_be_another(reviews):
    found = annotate(reviews, "review", "fast", classes=SIDES, threshold=1.0)
    assert plain(found["predicted"])[0] == "negative"


def test_more_than_two_classes_have_no_threshold(reviews):
    words = r"threshold is for two .* has 3 \(negative, neutral, positive\); .* classes="
    with pytest.raises(ValueError, match=words):
        annotate(reviews, "review", "fast", threshold=0.5)
    with pytest.raises(ValueError, match=words):  # before any frame is scored
        frame_scorer("fast", threshold=0.5)


def test_batches_give_the_same_and_progress_is_shown_on_request(reviews, monkeypatch, capsys):
    expected = annotate(reviews, "review", "fast")
    assert capsys.readouterr() == ("", "")
    monkeypatch.setattr("sentiment.frames.BATCH", 2)
    monkeypatch.setattr("sentiment.progress._PAUSE", 0)
    pd.testing.assert_frame_equal(annotate(reviews, "review", "fast", verbose=1), expected)
    out, err = capsys.readouterr()
    shown = err.split("\r")
    assert (out, len(shown)) == ("", 4)
    assert "━━━ " in shown[1]
    assert shown[1].endswith("2 of 5 rows")
    assert shown[3] == f"[{'━' * 24}] 5 of 5 rows\n"


@pytest.mark.parametrize(
    ("frame", "text", "error", "words"),
    [
        ({"review": TEXTS}, "reveiw", ValueError,
         r'no column "reveiw" \(did you mean "review"\?\); the columns are: "review"$'),
        ({"review": TEXTS, "n": 1}, ["review", "x"], ValueError, 'no column "x"; .* "review", "n"'),
        ({}, "x", ValueError, "the columns are: none"),
        ({"review": TEXTS}, [], ValueError, "no text column"),
        ({"review": TEXTS, "predicted": 1}, "review", ValueError, '"predicted" already.*prefix'),
        (pd.Series(TEXTS), "review", TypeError, "Series, not a pandas DataFrame"),
        (pd.DataFrame([["a", "b"]], columns=["t", "t"]), "t", ValueError, '2 columns "t"'),
    ],
)  # fmt: skip
def test_a_frame_that_does_not_fit_is_a_clear_error(frame, text, error, words):
    with pytest.raises(error, match=words):
        annotate(pd.DataFrame(frame) if isinstance(frame, dict) else frame, text)


def test_only_annotating_imports_pandas():
    code = (
        "import sys; from sentiment import annotate; print('pandas' in sys.modules); "
        "import pandas; print(annotate(pandas.DataFrame({'t': ['good']}), 't', 'fast').shape)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n") == ["False", "(1, 5)", ""]


def test_frames_come_back_one_by_one():
    taken = []

    def given():
        for number in range(3):
            taken.append(number)
            yield pd.DataFrame({"id": [number], "text": ["I loved it"]})

    scored = frame_scorer()(given())
    assert plain(next(scored)["predicted"]) == ["positive"]
    assert taken == [0]  # an iterator in, an iterator out
    assert [frame["id"].tolist() for frame in scored] == [[1], [2]]


def test_a_scorer_goes_to_other_processes_and_takes_options():
    cloudpickle = pytest.importorskip("cloudpickle", reason="cloudpickle is not installed")
    score = frame_scorer(
        "fast", text_columns=("title", "body"), threshold=1.0, classes=SIDES, prefix="m_"
    )
    frame = pd.DataFrame({"title": ["Good"], "body": ["I loved it"]})
    (scored,) = pickle.loads(cloudpickle.dumps(score))([frame])
    assert list(scored.columns) == ["title", "body", "m_predicted", "m_p_positive"]
    assert scored["m_predicted"].tolist() == ["negative"]


def test_a_frame_without_rows_keeps_its_columns():
    frame = pd.DataFrame({"text": pd.Series([], dtype=str)})
    found = annotate(frame, "text", "fast", verbose=1)
    probabilities = ["p_positive", "p_negative", "p_neutral"]
    assert (len(found), list(found.columns)) == (0, ["text", "predicted", *probabilities])
    assert (found[probabilities].dtypes == np.float64).all()


@pytest.mark.parametrize("texts", [[], [None], ["good"]])
def test_answers_are_strings_even_if_all_are_missing(texts):
    found = annotate(pd.DataFrame({"t": pd.Series(texts, dtype=object)}), "t")
    assert found["predicted"].dtype == pd.Series(["positive"]).dtype
