import numpy as np
import pytest

from sentiment.errors import DataError, UsageError
from sentiment.labels import SENTIMENT, WITH_NEUTRAL, LabelSet
from sentiment.reviews.labels import read_labels
from sentiment.reviews.streams import ReadOptions

NAN = float("nan")


def read(values, *, label_set=SENTIMENT, **options):
    return read_labels(values, ReadOptions(label_set=label_set, **options), name="a.csv")


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
        ([0, 10], [0, 1]),
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
        assert (np.int16, labels) == (found.dtype, found.tolist())
        alone = read(values, label_set=None)  # as training reads them
        if alone.label_set == SENTIMENT:
            assert labels == alone.labels.tolist()
        else:
            assert np.where(alone.labels == 1, -1, np.minimum(alone.labels, 1)).tolist() == labels


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


STARS = LabelSet(("1", "2", "4", "5"), ordered=True)
EMOTIONS = LabelSet(("anger", "Joy", "no emotion"))


@pytest.mark.parametrize(
    ("values", "options", "names", "labels"),
    [
        (["positive", "negative", "neutral"], {}, WITH_NEUTRAL, [2, 0, 1]),
        (["Positive", "NEGATIVE", " Neutral "], {}, WITH_NEUTRAL, [2, 0, 1]),
        (["POS", "NEG", "NEU"], {}, WITH_NEUTRAL, [2, 0, 1]),
        (["pos", "neg", "mixed"], {}, WITH_NEUTRAL, [2, 0, 1]),
        (["good", "bad", "neither"], {}, WITH_NEUTRAL, [2, 0, 1]),
        (["pos", "neg", "neut", ""], {}, WITH_NEUTRAL, [2, 0, 1, -1]),
        (["positive", "neutral"], {}, WITH_NEUTRAL, [2, 1]),
        ([b"pos", b"neg", b"neutral"], {}, WITH_NEUTRAL, [2, 0, 1]),
        ([0, 2, 4], {}, WITH_NEUTRAL, [0, 1, 2]),
        ([0.0, 1.0, 2.0, NAN], {}, WITH_NEUTRAL, [0, 1, 2, -1]),
        (["-1", "0", "1"], {}, WITH_NEUTRAL, [0, 1, 2]),
        (["\u22121.0", "0.0", "+1.0"], {}, WITH_NEUTRAL, [0, 1, 2]),
        ([True, False], {}, SENTIMENT, [1, 0]),
        ([1.0, 0.0], {}, SENTIMENT, [1, 0]),
        ([1, 2, 3, 4, 5], {}, SENTIMENT, [0, 0, -1, 1, 1]),
        ([1, 2, 3, 4, 5], "stars", "1 2 3 4 5", [0, 1, 2, 3, 4]),
        ([5.0, 1.0, 2.0, 4.0], "stars", "1 2 4 5", [3, 0, 1, 2]),
        (["1 star", "2 stars", "5-star", "4 out of 5"], "stars", "1 2 4 5", [0, 1, 3, 2]),
        (["\u2605\u2606\u2606\u2606\u2606", "4.5/5"], "stars", "1 4.5", [0, 1]),
        ([10, 9, 1, None], "stars", "1 9 10", [2, 1, 0, -1]),
        ([0, 1, 2, 3, 4], "stars", "0 1 2 3 4", [0, 1, 2, 3, 4]),
        ([0, 1, 2, 3, 4], "all", "0 1 2 3 4", [0, 1, 2, 3, 4]),
        (["10", "9", "-1"], "all", "-1 9 10", [2, 1, 0]),
        ([1.0, 2.0, 30.0, 1], "all", "1 2 30", [0, 1, 2, 0]),
        ([20240101, 20240102, 3], "all", "3 20240101 20240102", [1, 2, 0]),
        (["joy", "Anger", "anger", "anger", "fear"], "all", "anger fear joy", [2, 0, 0, 0, 1]),
        (["Joy", "Joy", "joy", "fear", "x"], "all", "fear Joy x", [1, 1, 1, 0, 2]),
        (["ham", "spam", "NA"], "all", "ham spam", [0, 1, -1]),
        (["Positive", "neg", "neutral", "Irrelevant"], "all",
         "Irrelevant negative neutral positive", [3, 1, 2, 0]),
        (["good", "bad", "ugly"], "all", "bad good ugly", [1, 0, 2]),
        (["POSITIVE", "NEGATIVE", "NEUTRAL", "MIXED"], "all",
         "MIXED negative neutral positive", [3, 1, 2, 0]),
        (["neu", "pos", "neg"], "all", WITH_NEUTRAL, [1, 2, 0]),
        (["pos", "neg", "neutral"], "negative,positive", SENTIMENT, [1, 0, -1]),
        (["pos", "neg", "neutral"], "Positive,neg", SENTIMENT, [1, 0, -1]),
        (["pos", "neg", "neutral"], "neutral,negative", "negative neutral", [-1, 0, 1]),
        ([0, 2, 4], "positive,negative", SENTIMENT, [0, -1, 1]),
        ([1, 2, 3, 5], "negative,neutral,positive", WITH_NEUTRAL, [0, 0, 1, 2]),
        (["pos", "neg", "neutral", "n/a?"], "neg,neu,pos", WITH_NEUTRAL, [2, 0, 1, -1]),
        (["joy", "Anger", "fear"], "JOY,anger", "Anger joy", [1, 0, -1]),
        ([1, 2, 3, 5], "1,5", "1 5", [0, -1, -1, 1]),
        (["favor", "against", "none"], "none,favor,against", "against favor none", [1, 0, 2]),
        (["bad", "good", "meh"], "bad,good", "bad good", [0, 1, -1]),
        (["very  good", "very good", "x"], "all", "very good x", [0, 0, 1]),
        ([["a"], ["b"]], "all", '["a"] ["b"]', [0, 1]),
        ([0, 1], {"label_set": WITH_NEUTRAL}, WITH_NEUTRAL, [0, 2]),
        ([1, 3, 5], {"label_set": WITH_NEUTRAL}, WITH_NEUTRAL, [0, 1, 2]),
        (["neg", "GOOD"], {"label_set": WITH_NEUTRAL}, WITH_NEUTRAL, [0, 2]),
        ([5, "1 star", "2"], {"label_set": STARS}, STARS, [3, 0, 1]),
        (["JOY", "anger"], {"label_set": EMOTIONS}, EMOTIONS, [1, 0]),
        (["joy", "No Emotion"], {"label_set": EMOTIONS}, EMOTIONS, [1, 2]),
        (["a", "b"], {"label_set": WITH_NEUTRAL, "positive": ("a",)}, WITH_NEUTRAL, [2, 0]),
        (["a", "b"], {"label_set": LabelSet(("ham", "spam")), "positive": ("a",)},
         LabelSet(("ham", "spam")), [1, 0]),
        (["joy", "hate", "anger"], {"label_set": EMOTIONS, "classes": EMOTIONS.names},
         EMOTIONS, [1, -1, 0]),
    ],
)  # fmt: skip
def test_labels_name_the_classes(values, options, names, labels):
    if isinstance(options, str):
        options = {"classes": tuple(options.split(","))}
    found = read(values, **{"label_set": None} | options)
    if isinstance(names, str):
        assert (names, labels) == (" ".join(found.label_set.names), found.labels.tolist())
        ordered = found.label_set.ordered
        assert ordered or options["classes"] != ("stars",)
    else:
        assert (names, labels) == (found.label_set, found.labels.tolist())


@pytest.mark.parametrize(
    ("values", "classes", "ordered"),
    [([1, 2, 4, 5], "1,2,4,5", True), ([1, 2, 3], "all", False), (["a", "b"], "all", False)],
)
def test_stars_are_ordered_and_other_classes_are_not(values, classes, ordered):
    reading = read(values, label_set=None, classes=tuple(classes.split(",")))
    assert reading.label_set.ordered == ordered


@pytest.mark.parametrize(
    ("values", "options", "message"),
    [
        ([f"kind {n}" for n in range(51)], {"classes": ("all",)},
         r'a\.csv: "label" holds 51 kinds of labels: kind 0, .*and 48 more; a model has at most 50 '
         r"classes: name the column of labels with --label-column, or the classes .*--classes$"),
        (["joy", "Joy"], {"classes": ("all",)}, 'holds only joy; at least two kinds .*add reviews'),
        (["1", "2", "great"], {"classes": ("stars",)}, "holds great, not only .* --classes all"),
        (["joy", "uncertain"], {"classes": ("all",)}, '"uncertain", which cannot be the name'),
        (["joy", "x" * 81], {"classes": ("all",)}, '"x{30}…", which cannot be the name'),
        (["joy", "a\u200bb"], {"classes": ("all",)}, "the name of a class .*; name"),
        (["joy", "anger"], {}, "--negative VALUE .*, or make each a class with --classes all$"),
        (["Good", "bad", 7], {}, "the others with --classes negative,positive, or"),
        (["good", "bad", 7], {"label_set": SENTIMENT}, "others with --classes n.*e,p.*e$"),
        (["neutral", "joy", "positive"], {}, "make each a class with --classes all$"),
        ([1, 2, 3], {}, "a condition such as '>=7' or '5..6'\\).* --classes all$"),
        (["joy", "hate", 1, "meh"], {"label_set": EMOTIONS},
         "holds hate, 1, meh, not among the classes anger, Joy, no emotion; correct"),
        ([1, 3, 5], {"label_set": STARS}, "holds 3, not among the classes 1, 2, 4, 5; correct"),
        (["meh", "wow"], {"label_set": WITH_NEUTRAL},
         "cannot tell negative, neutral, positive in .*holds meh, wow; .*each may be repeated\\)$"),
        (["pos", None, "neutral"], {"strict": True}, "row 2: no label"),
        (["pos", "neutral", None], {"strict": True, "classes": ("pos", "neg")}, "row 3: no label"),
    ],
)  # fmt: skip
def test_what_cannot_be_classes_is_an_error_with_a_way_out(values, options, message):
    with pytest.raises(DataError, match=message):
        read(values, **{"label_set": None} | options)


def test_neutral_is_no_error_where_it_is_a_class():
    assert read(["pos", "neutral"], label_set=None, strict=True).labels.tolist() == [2, 1]
    named = {"classes": ("negative", "positive"), "label_set": None}
    assert read(["pos", "neutral"], strict=True, **named).labels.tolist() == [1, -1]


def test_positive_and_negative_need_a_model_with_these_classes():
    with pytest.raises(UsageError, match="this one has anger, Joy, no emotion"):
        read(["a", "b"], label_set=EMOTIONS, positive=["a"])


@pytest.mark.parametrize("also", [{"positive": ("1",)}, {"negative": ("0",)}, {"neutral": ("0",)}])
def test_classes_and_values_of_two_classes_cannot_be_combined(also):
    with pytest.raises(UsageError, match="--classes cannot be combined with --positive"):
        ReadOptions(classes=("all",), **also)


@pytest.mark.parametrize(
    ("values", "options", "description"),
    [
        (["neg", "neutral", "pos"], "", "neg negative, neutral, pos positive; 3 classes"),
        ([0, 2, 4], "", "0 negative, 2 neutral, 4 positive; 3 classes"),
        (["neutral", "pos", "neg", "neg"], "negative,positive",
         "neg negative, pos positive, neutral; dropped 1 neutral row (25%)"),
        ([1, 3, 5], "negative,neutral,positive",
         "stars: 1–2 negative, 4–5 positive, between neutral; 3 classes"),
        (["joy", "fear", "anger", "x"], "joy,fear,anger",
         "anger, fear, joy; 3 classes; dropped 1 other row (25%)"),
        (range(12), "all", "0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more; 12 classes"),
    ],
)  # fmt: skip
def test_classes_are_announced(values, options, description):
    classes = tuple(options.split(",")) if options else ()
    found = read(list(values), label_set=None, classes=classes).description
    assert found == f'labels in "label": {description}'


def test_many_rows_of_other_classes_are_a_warning():
    found = read(["a", "b", "c", "neutral"], label_set=None, classes=("a", "b"))
    assert (found.left_out, found.neutral) == (2, 0)
    assert found.warnings == [
        'a.csv: "label" is of another class in 50% of rows; they were dropped'
    ]
