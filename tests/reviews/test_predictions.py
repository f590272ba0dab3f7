import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sentiment.errors import DataError
from sentiment.labels import SENTIMENT, WITH_NEUTRAL, LabelSet
from sentiment.reviews.predictions import PredictionFile

from .helpers import save

STARS = LabelSet(("1", "2", "4"), ordered=True)


def read(folder, data, name="p.csv", labels=SENTIMENT):
    return PredictionFile(str(save(folder, name, data)), labels.names).read(labels)


def test_answers_and_probabilities_are_read(tmp_path):
    found = read(tmp_path, "predicted,p_positive\npositive,0.9\nNeg,0.1\nuncertain,0.5\n,\n1,1\n")
    assert found.answers.tolist() == [1, 0, -1, -1, 1]
    np.testing.assert_array_equal(found.probabilities[:, 1], [0.9, 0.1, 0.5, np.nan, 1])


def test_answers_alone_have_no_probabilities(tmp_path):
    found = read(tmp_path, '{"predicted": "positive"}\n{"predicted": null}\n', "p.jsonl")
    assert (found.answers.tolist(), found.probabilities) == ([1, -1], None)
    found = read(tmp_path, '[{"predicted": "positive"}, {"predicted": null}]', "p.json")
    assert (found.answers.tolist(), found.probabilities) == ([1, -1], None)


def test_probabilities_alone_answer_positive_from_a_half_on(tmp_path):
    assert read(tmp_path, "p_positive\n0.5\n0.49\n").answers.tolist() == [1, 0]
    pq.write_table(pa.table({"p_positive": [0.7, None]}), tmp_path / "p.parquet")
    assert PredictionFile(str(tmp_path / "p.parquet"), SENTIMENT.names).read(
        SENTIMENT
    ).answers.tolist() == [1, -1]


@pytest.mark.parametrize(
    "data",
    [
        'good,1,positive,0.9\n"bad, bad",0,negative,1e-06\n,1,,\n',
        "positive\t0.9\tgood\nnegative\t1e-06\tbad\n\t\t\n",
    ],
)
def test_without_a_header_the_columns_are_known_by_what_they_hold(tmp_path, data):
    found = read(tmp_path, data, "p.tsv" if "\t" in data else "p.csv")
    assert found.answers.tolist() == [1, 0, -1]
    np.testing.assert_array_equal(found.probabilities[:, 1], [0.9, 1e-06, np.nan])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("good film,1\nbad film,0\n", 'nor predictions, .*"1", "2"'),
        ("text,label\na,1\n", 'have a column "predicted" or "p_positive".*"text"'),
        ("predicted\ngood\nmaybe\n", 'row 2: "maybe" is no answer'),
        ("p_positive\n0.5\n1.5\n", 'row 2: "1.5" is no probability'),
        ("p_positive\nmuch\n", 'row 1: "much" is no probability'),
    ],
)
def test_what_is_no_prediction_is_an_error_that_names_its_row(tmp_path, data, message):
    with pytest.raises(DataError, match=message):
        read(tmp_path, data)


@pytest.mark.parametrize(
    ("data", "labels", "answers", "probabilities"),
    [
        ("predicted,p_positive,p_negative,p_neutral\npos,0.7,0.1,0.2\nNEU,,,\n,0.2,0.2,0.6\n",
         WITH_NEUTRAL, [2, 1, -1], [[0.1, 0.2, 0.7], [np.nan] * 3, [0.2, 0.6, 0.2]]),
        ("p_positive,p_negative,p_neutral\n0.7,0.1,0.2\n,,\n", WITH_NEUTRAL, [2, -1],
         [[0.1, 0.2, 0.7], [np.nan] * 3]),
        ("predicted,p_positive\npositive,0.7\nuncertain,0.4\n", WITH_NEUTRAL, [2, -1], None),
        ("predicted\n1\n4 stars\n2.0\n", STARS, [0, 2, 1], None),
        ("predicted\nLABEL_1\nLABEL_0\nVery positive\nok\n", SENTIMENT, [1, 0, 1, -1], None),
        ("predicted\nMostly negative\nok\n", WITH_NEUTRAL, [0, 1], None),
        ("p_1,p_2,p_4\n0.2,0.5,0.3\n", STARS, [1], [[0.2, 0.5, 0.3]]),
        ("x,4,0.1,0.2,0.7\ny,uncertain,0.3,0.3,0.4\n", STARS, [2, -1],
         [[0.1, 0.2, 0.7], [0.3, 0.3, 0.4]]),
        ("neutral,0.2,fine film\nnegative,0.1,bad film\n", WITH_NEUTRAL, [1, 0], None),
        # Of the classes of a file, those asked for; the likeliest of these is the answer.
        ("predicted,p_positive,p_negative,p_neutral\nneutral,0.2,0.1,0.7\npositive,0.3,0.5,0.2\n"
         "uncertain,0.4,0.2,0.4\n,,,\n", SENTIMENT, [1, 0, -1, -1],
         [[1 / 3, 2 / 3], [0.625, 0.375], [1 / 3, 2 / 3], [np.nan, np.nan]]),
        ("predicted,p_1,p_2,p_3,p_4\n3,0.1,0.1,0.6,0.2\n", STARS, [2], [[0.25, 0.25, 0.5]]),
        ("p_anger,p_1,p_2,p_4\n1,0,0,0\n", STARS, [-1], [[np.nan] * 3]),
        ("predicted,p_negative,p_positive\npos,0.6,0.4\n", SENTIMENT, [1], [[0.6, 0.4]]),
        ("predicted,p_spam\nHam,0.1\nspam,0.9\n", LabelSet(("ham", "spam")), [0, 1],
         [[0.9, 0.1], [0.1, 0.9]]),
    ],
)  # fmt: skip
def test_predictions_of_any_classes_are_read(tmp_path, data, labels, answers, probabilities):
    found = read(tmp_path, data, labels=labels)
    assert answers == found.answers.tolist()
    if probabilities is None:
        assert found.probabilities is None
    else:
        np.testing.assert_allclose(found.probabilities, probabilities)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("predicted\n3\n", '"3" is no answer; write 1, 2, 4 or uncertain'),
        ("p_1,p_2\n0.5,0.5\n", 'have a column "predicted" or "p_1", "p_2", "p_4"; its columns'),
    ],
)
def test_predictions_of_other_classes_are_an_error(tmp_path, data, message):
    with pytest.raises(DataError, match=message):
        read(tmp_path, data, labels=STARS)


@pytest.mark.parametrize(
    ("header", "classes"),
    [
        ("predicted,p_positive,p_negative,p_neutral", WITH_NEUTRAL.names),
        ("predicted,p_positive", SENTIMENT.names),
        ("predicted,p_value", ()),
        ("predicted", ()),
    ],
)
def test_the_classes_of_a_file_are_those_of_its_probabilities(tmp_path, header, classes):
    cells = ",".join(["positive", *["0.2"] * header.count(",")])
    path = save(tmp_path, "p.csv", f"{header}\n{cells}\n")
    assert PredictionFile(str(path), []).classes_among(WITH_NEUTRAL.names) == classes
