import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sentiment.errors import DataError
from sentiment.reviews.dataset import read_predictions

from .helpers import save


def read(folder, data, name="p.csv"):
    return read_predictions(str(save(folder, name, data)))


def test_answers_and_probabilities_are_read(tmp_path):
    found = read(tmp_path, "predicted,p_positive\npositive,0.9\nNeg,0.1\nuncertain,0.5\n,\n1,1\n")
    assert found.answers.tolist() == [1, 0, 2, 2, 1]
    np.testing.assert_array_equal(found.p_positive, [0.9, 0.1, 0.5, np.nan, 1])


def test_answers_alone_have_no_probabilities(tmp_path):
    found = read(tmp_path, '{"predicted": "positive"}\n{"predicted": null}\n', "p.jsonl")
    assert (found.answers.tolist(), found.p_positive) == ([1, 2], None)


def test_probabilities_alone_answer_positive_from_a_half_on(tmp_path):
    assert read(tmp_path, "p_positive\n0.5\n0.49\n").answers.tolist() == [1, 0]
    pq.write_table(pa.table({"p_positive": [0.7, None]}), tmp_path / "p.parquet")
    assert read_predictions(str(tmp_path / "p.parquet")).answers.tolist() == [1, 2]


@pytest.mark.parametrize(
    "data",
    [
        'good,1,positive,0.9\n"bad, bad",0,negative,1e-06\n,1,,\n',
        "positive\t0.9\tgood\nnegative\t1e-06\tbad\n\t\t\n",
    ],
)
def test_without_a_header_the_columns_are_known_by_what_they_hold(tmp_path, data):
    found = read(tmp_path, data, "p.tsv" if "\t" in data else "p.csv")
    assert found.answers.tolist() == [1, 0, 2]
    np.testing.assert_array_equal(found.p_positive, [0.9, 1e-06, np.nan])


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
