"""Frame by frame, as Spark's mapInPandas calls it; here by pandas alone."""

import pickle

import pandas as pd
import pytest

from sentiment import load
from sentiment.cluster.frames import frame_scorer

TEXTS = ["I loved it", "Dreadful, avoid.", "", None, "asdf qwer"]


def test_frames_come_back_one_by_one_with_two_columns_more():
    frames = [pd.DataFrame({"id": [n, n], "text": ["I loved it", "Dreadful."]}) for n in range(3)]
    taken = []

    def given():
        for frame in frames:
            taken.append(frame)
            yield frame

    scored = frame_scorer()(given())
    first = next(scored)
    assert len(taken) == 1  # an iterator in, an iterator out: no frame is waited for
    assert list(first.columns) == ["id", "text", "predicted", "p_positive"]
    assert first["predicted"].tolist() == ["positive", "negative"]
    assert [frame["id"].tolist() for frame in scored] == [[1, 1], [2, 2]]
    assert list(frames[0].columns) == ["id", "text"]  # what is given is left as it was


def test_answers_are_those_of_the_model_and_missing_where_nothing_can_be_read():
    model = load("general")
    frame = pd.DataFrame({"text": TEXTS}, index=[7, 7, 8, 9, 1])
    (scored,) = frame_scorer()([frame])
    assert scored.index.tolist() == frame.index.tolist()
    expected = [word or None for word in model.predict([text or "" for text in TEXTS])]
    assert scored["predicted"].astype(object).where(scored["predicted"].notna(), None).tolist() == (
        expected
    )
    positive = model.predict_proba([text or "" for text in TEXTS])[:, 1]
    assert scored["p_positive"].equals(pd.Series(positive, frame.index, name="p_positive"))


def test_it_goes_to_other_processes_and_takes_options():
    cloudpickle = pytest.importorskip("cloudpickle", reason="cloudpickle is not installed")
    score = frame_scorer(text_columns=("title", "body"), threshold=1.0, prefix="m_")
    frame = pd.DataFrame({"title": ["Good"], "body": ["I loved it"]})
    (scored,) = pickle.loads(cloudpickle.dumps(score))([frame])
    assert scored["m_predicted"].tolist() == ["negative"]


def test_a_column_that_is_taken_is_an_error():
    with pytest.raises(ValueError, match="give a prefix"):
        next(frame_scorer()([pd.DataFrame({"text": ["x"], "predicted": ["y"]})]))


def test_a_frame_without_rows_keeps_its_columns():
    (scored,) = frame_scorer()([pd.DataFrame({"text": pd.Series([], dtype=str)})])
    assert (len(scored), list(scored.columns)) == (0, ["text", "predicted", "p_positive"])
