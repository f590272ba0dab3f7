import numpy as np
import pytest

from sentiment.errors import DataError, UsageError
from sentiment.reviews.labels import read_labels
from sentiment.reviews.streams import ReadOptions

NAN = float("nan")


def read(values, **options):
    rule = options.pop("rule", None)
    return read_labels(values, ReadOptions(**options), name="a.csv", rule=rule)


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        ([0, 1], [0, 1]),
        (["0", "1.0", 1, True, False, " 1 "], [0, 1, 1, 1, 0, 1]),
        ([1, 2], [0, 1]),
        (["__nothing__"], None),
        ([-1, 1], [0, 1]),
        (["\u22121", "+1"], [0, 1]),
        ([0, 4], [0, 1]),
        ([0, 2, 4], [0, -1, 1]),
        ([0, 1, 2], [0, -1, 1]),
        ([-1, 0, 1], [0, -1, 1]),
        (["pos", "Negative", " GOOD ", "bad", "neutral"], [1, 0, 1, 0, -1]),
        (["yes", "no", "true", "FALSE", "positive", "neg"], [1, 0, 1, 0, 1, 0]),
        ([1, 2, 3, 4, 5], [0, 0, -1, 1, 1]),
        ([1, 2, 4], [0, 0, 1]),
        ([1, 2, 3], None),
        ([3, 4, 5], None),
        (["1", "2.5", "3.5", "4.5"], [0, -1, -1, 1]),
        ([1, 4, 5, 6, 7, 10], [0, 0, -1, -1, 1, 1]),
        ([1, 10], [0, 1]),
        ([7, 8], [1, 1]),
        ([0], [0]),
        ([-1], [0]),
        (["1 star", "2 star", "3 stars", "4 Stars", "5 stars"], [0, 0, -1, 1, 1]),
        (["4 out of 5", "1.0 stars", "5-star", "3/5", "2 of 5 stars"], [1, 0, 1, -1, 0]),
        (["2 stars", "1 star"], [0, 0]),
        (["4.5 stars", "\u2605\u2605\u2606\u2606\u2606", "5\u2b50\ufe0f"], [1, 0, 1]),
        (["6 stars", "1 star"], None),
        (["positive"], [1]),
        (["neutral"], [-1]),
        (["", None, NAN, " ", "1", "0"], [-1, -1, -1, -1, 1, 0]),
        (["NA", "N/A", "nan", " null", "None", "#N/A", "<NA>", 1, 0], [-1] * 7 + [1, 0]),
        ([b"pos", b"neg"], [1, 0]),
        ([None, None], [-1, -1]),
        ([], []),
        ([1], None),
        ([5], None),
        ([1, 5, "1.0"], [0, 1, 0]),
        ([2, 4], None),
        ([1, 4], None),
        ([0, 2], None),
        ([0, 1, 2, 3], None),
        ([0, 10], None),
        ([3.7, 1, 2], None),
        ([1, 11], None),
        (["pos", "0"], None),
        (["pos", "meh"], None),
        (["27", "4,27"], None),
        ([["a"], {"b": 1}], None),
        ([float("inf"), 1], None),
    ],
)
def test_values_are_read_together(values, labels):
    if labels is None:
        with pytest.raises(DataError, match=r'a\.csv: cannot tell .*"label".*--positive VALUE'):
            read(values)
    else:
        found = read(values).labels
        assert (np.int8, labels) == (found.dtype, found.tolist())


@pytest.mark.parametrize(
    ("options", "labels"),
    [
        ({"positive": ["5"]}, [0, 0, 1, 0]),
        ({"negative": ["1"]}, [0, 1, 1, 1]),
        ({"positive": ["5.0"], "negative": [" 1", "ONE"]}, [0, -1, 1, 0]),
    ],
)
def test_values_are_read_as_the_user_says(options, labels):
    assert labels == read([1, "3", 5, "one"], **options).labels.tolist()


def test_booleans_are_named_by_words_too():
    assert read([True, False], positive=["true"]).labels.tolist() == [1, 0]


def test_a_word_for_none_is_a_label_where_the_user_says_so():
    assert read(["None", "some", "NA"], negative=["none"]).labels.tolist() == [0, 1, -1]


def test_a_value_given_to_both_is_a_usage_error():
    with pytest.raises(UsageError, match="1 is given to both"):
        read([0, 1], positive=["1"], negative=["1.0"])


def test_a_value_that_never_occurs_is_a_warning():
    assert read([1, 5], positive=["5", "6"]).warnings == ['a.csv: "label" is never 6']
    assert read([1, 1], positive=["5"], negative=["1"]).labels.tolist() == [0, 0]


@pytest.mark.parametrize(
    "options", [{"positive": ["7"]}, {"negative": ["7"]}, {"positive": ["7"], "negative": ["0"]}]
)
def test_a_value_that_never_occurs_and_leaves_one_class_is_an_error(options):
    with pytest.raises(DataError, match=r'a\.csv: "label" is never 7; it holds 0, 1$'):
        read([0, 1, 1], **options)


@pytest.mark.parametrize(
    ("values", "description"),
    [
        ([0, 1], 'labels in "label": 0 negative, 1 positive'),
        ([-1, 1], 'labels in "label": −1 negative, 1 positive'),
        (
            [1, 2, 4, 5, 5, 5, 5, 3],
            'labels in "label": stars: 1–2 negative, 4–5 positive; dropped 1 neutral row (12%)',
        ),
        ([1, 10], 'labels in "label": ratings: 1–4 negative, 7–10 positive'),
        (["Positive", "neg"], 'labels in "label": neg negative, positive'),
        ([None], 'labels in "label": all missing'),
    ],
)
def test_the_reading_is_announced(values, description):
    assert description == read(values).description


def test_rows_are_counted():
    found = read(["pos", "pos", "neg", "neutral", "", None])
    assert found.labels.tolist() == [1, 1, 0, -1, -1, -1]
    assert (found.neutral, found.missing) == (1, 2)


@pytest.mark.parametrize(("neutral", "warned"), [(2, False), (3, True)])
def test_many_neutral_rows_are_a_warning(neutral, warned):
    values = ["neutral"] * neutral + ["pos"] * (10 - neutral)
    assert warned == bool(read(values).warnings)


def test_missing_labels_are_a_warning():
    assert read([1, 0, None, ""]).warnings == ['a.csv: "label" is empty in 2 rows; dropped']


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (["pos", "neutral"], r"a\.csv, row 2: neutral label 'neutral' in \"label\""),
        (["pos", "neg", None], r"a\.csv, row 3: no label"),
    ],
)
def test_strict_makes_dropped_rows_an_error(values, message):
    with pytest.raises(DataError, match=message):
        read(values, strict=True)


def test_bytes_are_shown_as_the_text_they_are():
    with pytest.raises(DataError, match="holds spam, ham;"):
        read([b"spam", b"ham"])


@pytest.mark.parametrize("values", [[1, 2, 3, 4, 5, 6], [6, 6, 2, 1], [1, 5.5], [2, 3, 6]])
def test_marks_that_never_go_above_six_are_no_ratings_from_1_to_10(values):
    with pytest.raises(DataError, match=r"cannot tell .* holds [1-6., ]+; say which is which with"):
        read(values)
    found = read(values, positive=["1", "2"], negative=["5.5", "6"])
    assert 1 in found.labels
    assert 0 in found.labels


def test_three_of_more_than_ten_unknown_values_are_shown_and_none_in_full_length():
    with pytest.raises(DataError) as error:
        read([f"value {n} " + "x" * 100 for n in range(12)])
    assert "which holds 12 different values: value 0" in str(error.value)
    assert "and 9 more; name the column of labels with --label-column, or say" in str(error.value)
    assert "value 3" not in str(error.value)
    assert len(str(error.value)) < 400
