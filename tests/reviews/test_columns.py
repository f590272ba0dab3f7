import weakref
from functools import partial

import pytest

from sentiment.errors import DataError, UsageError
from sentiment.labels import LabelSet
from sentiment.reviews.batch import Batch
from sentiment.reviews.texts import text_of
from tests.reviews.helpers import find_columns


def find(columns, rows=(), *, need_label=True, **options):
    rows = Batch([dict(zip(columns, row, strict=True)) for row in rows])
    return find_columns(columns, lambda: rows, need_label=need_label, name="a.csv", **options)


@pytest.mark.parametrize(
    ("columns", "text", "label"),
    [
        (["text", "label"], "text", "label"),
        (["Label", "TEXT"], "TEXT", "Label"),
        (["id", "text", "label", "rating"], "text", "label"),
        (["", "Title", "Review Text", "Rating", "Class Name"], "Review Text", "Rating"),
        (["review-body", "star_rating"], "review-body", "star_rating"),
        (["reviewText", "summary", "overall"], "reviewText", "overall"),
        (["title", "stars"], "title", "stars"),
        (["title", "product_review", "score"], "product_review", "score"),
        (["y", "headline"], "headline", "y"),
        (
            ["airline_sentiment", "airline_sentiment_gold", "text", "sentiment_confidence"],
            "text",
            "airline_sentiment",
        ),
        (["travel_class", "rating", "comment"], "comment", "rating"),
    ],
)
def test_columns_are_found_by_name(columns, text, label):
    found = find(columns)
    assert ((text,), label) == (found.text, found.label)


@pytest.mark.parametrize(
    ("columns", "candidates", "flag"),
    [
        (["text", "review", "label"], '"text" and "review"', "--text-column"),
        (["text", "label", "sentiment"], '"label" and "sentiment"', "--label-column"),
        (["text", "stars", "rating"], '"stars" and "rating"', "--label-column"),
    ],
)
def test_a_tie_is_an_error_that_lists_the_candidates(columns, candidates, flag):
    with pytest.raises(DataError, match=f"a.csv: {candidates} could each .*{flag}"):
        find(columns)


LONG = "a review of quite a few words"


@pytest.mark.parametrize(
    ("columns", "rows", "text", "label"),
    [
        (
            ["rating", "colour", "verified_reviews", "feedback"],
            [(5, "Grey", "Lovely in the kitchen", 1), (1, "Black", "Died in a week", 0)],
            "verified_reviews",
            "rating",
        ),
        (["review", "comments"], [(5, "Boils fast"), (1, "Leaks a lot")], "comments", "review"),
        (["content", "body", "label"], [("B00X4", "Boils fast", 1), ("B00Z7", "It leaks", 0)],
         "body", "label"),
        (["text", "content", "label"], [("en", LONG, 1), ("de", LONG + "!", 0)],
         "content", "label"),
        (["text", "what", "label"], [("en", LONG, 1), ("en", LONG + "!", 0)], "what", "label"),
        (["feedback", "opinion", "y"], [("positive", LONG, 1), ("positive", LONG + "!", 0)],
         "opinion", "y"),
        (["review", "weighted_vote_score", "voted_up"],
         [(LONG, 0.523, True), (LONG + "!", 0.481, False), (LONG + "?", 0.377, True)],
         "review", "voted_up"),
        (["class", "rating", "text"], [("Economy", 1, LONG), ("Business", 5, LONG + "!")],
         "text", "rating"),
        (["score", "verdict", "text"], [(17.2, "pos", LONG), (93.5, "neg", LONG + "!")],
         "text", "verdict"),
        (["reviews.rating", "reviews.text", "reviews.title"], [(1, LONG, "x"), (5, LONG, "y")],
         "reviews.text", "reviews.rating"),
    ],
)  # fmt: skip
def test_a_name_counts_only_where_its_values_fit(columns, rows, text, label):
    found = find(columns, rows)
    assert ((text,), label) == (found.text, found.label)


@pytest.mark.parametrize(
    ("columns", "rows", "label"),
    [
        (["text", "label", "count"], [(LONG, "happy", 1), (LONG + "!", "sad", 0)], "label"),
        (["text", "class"], [(LONG, "Economy"), (LONG + "!", "Business")], "class"),
    ],
)
def test_a_label_that_cannot_be_read_stays_where_nothing_better_is(columns, rows, label):
    assert find(columns, rows).label == label  # and which value is which is asked


def test_a_label_is_one_whose_values_the_user_named():
    rows = [(LONG, "Economy", 1), (LONG + "!", "Business", 5)]
    found = find(["text", "class", "rating"], rows, positive=("economy",))
    assert found.label == "class"


def test_a_rating_in_words_is_one_of_the_stars_of_a_model():
    rows = [(LONG, "4/5", "Economy"), (LONG + "!", "1/5", "Business")]
    stars = LabelSet(("1", "4"), ordered=True)
    found = find(["text", "rating", "class"], rows, label_set=stars)
    assert (found.label, "(by name)" in found.how.partition("label")[2]) == ("rating", True)


@pytest.mark.parametrize(
    "texts", [["good", "bad", "ok"], ["good"], ["good", "good"], [":)", ":("], []]
)
def test_short_texts_are_texts(texts):
    assert find(["text", "n"], [(text, 1) for text in texts], need_label=False).text == ("text",)


@pytest.mark.parametrize("options", [{}, {"text_columns": ["text"]}])
def test_texts_without_a_letter_are_an_error_that_says_how_to_choose(options):
    rows = [("5", "en"), ("4/5", "de"), ("", "en")]
    with pytest.raises(DataError, match=r"a\.csv: no .*--text-column"):
        find(["text", "lang"], rows, need_label=False, **options)


@pytest.mark.parametrize(
    ("rows", "text", "label"),
    [
        ([(LONG, "1"), (LONG + "!", "0")], "1", "2"),
        ([("positive", LONG), ("negative", LONG + "!")], "2", "1"),
        ([("neg", "very bad"), ("pos", "quite good")], "2", "1"),
        ([(LONG, 4.5), (LONG + "!", 2)], "1", "2"),
    ],
)
def test_columns_without_names_are_found_by_content(rows, text, label):
    found = find(["1", "2"], rows)
    assert ((text,), label) == (found.text, found.label)
    assert f'text from "{text}" (by content), label from "{label}" (by content)' == found.how


@pytest.mark.parametrize(
    "rows",
    [
        [("good", "1"), ("good", "0"), ("good", "1")],  # the same text again and again
        [(LONG, "27"), (LONG + "!", "4,27")],  # nothing reads as labels
    ],
)
def test_unclear_content_is_an_error_that_lists_the_columns(rows):
    with pytest.raises(DataError, match=r'name it with --\w+-column; there are "1", "2"'):
        find(["1", "2"], rows)


def test_of_a_table_without_words_another_file_is_asked_for():
    with pytest.raises(
        DataError, match=r'no column has words; read the file .* there are "1", "2"'
    ):
        find(["1", "2"], [("1", "2"), ("3", "4")])


@pytest.mark.parametrize(
    ("columns", "rows"),
    [
        (["1", "2"], [(LONG, LONG), (LONG + "!", LONG + "?")]),
        (["What did you like most?", "What could we improve?", "n"],
         [("The pool", "More food", 1), ("Everything", "The lifts", 2)]),
        (["What did you like?", "What did you not?"], [("food", "lifts"), ("beds", "noise")]),
    ],
)  # fmt: skip
def test_two_columns_of_texts_are_a_tie(columns, rows):
    with pytest.raises(DataError, match="could each be the text; choose with --text-column"):
        find(columns, rows, need_label=False)


@pytest.mark.parametrize(
    ("columns", "rows", "text"),
    [
        (["comment", "address"], [(text, f"{n} The Old Road") for n, text in enumerate(
         ["good", "good", "ok", "good", "bad", "good"])], "comment"),
        (["review", "movie_name"], [("good", LONG), ("bad", LONG + "!"), ("bad", LONG)], "review"),
        (["id", "text", "airline"], [(n, "thanks", f"Air of {n} big Worlds") for n in range(3)],
         "text"),
        (["review", "product"], [(f"{'abcde'[n % 5]}ish", f"One of the {n} makers")
         for n in range(100)], "review"),
        (["comment", "title"], [("poor", LONG), ("fair", LONG + "!"), ("poor", LONG + "?")],
         "comment"),
        (["description", "review_summary"], [(LONG, "Boils fast"), (LONG, "It leaks")],
         "review_summary"),
        (["review_title", "verbatim"], [("Nice", LONG), ("Bad", LONG)], "verbatim"),
        (["text", "content"], [(None, LONG), (None, LONG + "!")], "content"),
        (["notes_by_us", "hotel"], [("Nice bed", "The Old Mill"), ("Bad bed", "A New Mill")],
         "notes_by_us"),
    ],
)  # fmt: skip
def test_a_column_called_a_text_is_it_where_its_values_are_words(columns, rows, text):
    assert find(columns, rows, need_label=False).text == (text,)


@pytest.mark.parametrize("name", ["reviewer", "author", "Reviewer Name", "product"])
def test_names_of_people_and_things_are_no_texts(name):
    rows = [("Ann of Leeds", 5), ("Bob from York", 1), ("Cid of Hull", 3)]
    with pytest.raises(DataError, match="no column looks like the text; name it with"):
        find([name, "stars"], rows, need_label=False)


def test_two_columns_that_read_as_labels_are_a_tie():
    with pytest.raises(DataError, match='"2" and "3" could each be the label'):
        find(["1", "2", "3"], [(LONG, "1", "0"), (LONG + "!", "0", "1")])


@pytest.mark.parametrize("column", ["id", "Index", "review_id", "no", "rowNumber", "key", ""])
def test_a_column_named_as_an_id_is_no_label(column):
    rows = [(n % 2, f"{LONG} {n}", word) for n, word in enumerate(["pos", "neg", "pos", "neg"])]
    assert find([column, "t", "verdict"], rows).label == "verdict"
    with pytest.raises(DataError, match="no column looks like the label"):
        find([column, "t"], [row[:2] for row in rows])


@pytest.mark.parametrize("numbers", [[1, 2], [1, 2, 3], ["3", "2", "1"], [0, 1, 2, 3]])
@pytest.mark.parametrize("columns", [["1", "2"], ["n", "t"]])
def test_running_numbers_are_no_labels(columns, numbers):
    with pytest.raises(DataError, match="no column looks like the label"):
        find(columns, [(n, f"{LONG} {n}") for n in numbers])


def test_the_only_column_beside_the_text_may_be_the_label_by_content():
    rows = [("1", LONG, "yes"), ("2", LONG + "!", "no")]
    assert find(["id", "t", "recommended"], rows).label == "recommended"


@pytest.mark.parametrize("other", ["2020-01-01", "7", "Leeds"])
def test_among_named_columns_content_alone_does_not_make_a_label(other):
    rows = [(LONG, "yes", other), (LONG + "!", "no", other)]
    with pytest.raises(DataError, match=r"the label.*--label-column"):
        find(["t", "verified", "seen"], rows)
    assert find(["1", "2", "3"], [(*row[:2], "x" + row[2]) for row in rows]).label == "2"


def test_a_single_column_is_the_text():
    found = find(["whatever"], [("x",)], need_label=False)
    assert (found.text, found.label, found.how[22:-1]) == (("whatever",), None, "the only column")


def test_named_columns_are_taken_whatever_their_case():
    found = find(["text", "Title", "Stars"], text_columns=("title", "TEXT"), label_column="stars")
    assert (found.text, found.label) == (("Title", "text"), "Stars")
    assert found.how == 'text from "Title" + "text" (as asked), label from "Stars" (as asked)'


def test_the_exact_name_wins_over_others_that_differ_by_case():
    assert find(["text", "TEXT", "label"], text_columns=["TEXT"]).text == ("TEXT",)


@pytest.mark.parametrize(
    "options",
    [
        {"text_columns": ["body"]},
        {"label_column": "body"},
        {"text_columns": ["TeXT"]},
        {"text_columns": ["label"], "label_column": "label"},
    ],
)
def test_a_named_column_that_does_not_fit_is_a_usage_error(options):
    with pytest.raises(UsageError, match=r"a\.csv: "):
        find(["text", "TEXT", "label"], **options)


@pytest.mark.parametrize(
    ("row", "text"),
    [
        ({"a": "x", "b": "y"}, "x\ny"),
        ({"a": "x", "b": ""}, "x"),
        ({"a": None, "b": float("nan")}, ""),
        ({"b": 4.5}, "4.5"),
    ],
)
def test_joined_columns_leave_out_what_is_empty(row, text):
    columns = find(["a", "b"], text_columns=("a", "b"), need_label=False)
    assert text == text_of(row, columns)


def test_an_empty_input_needs_no_columns():
    assert find([], need_label=False).text == ()


@pytest.mark.parametrize("labels", [("good", "bad"), ("up", "down", "up", "up")])
def test_labels_that_were_named_as_the_text_are_told(labels):
    rows = [(f"{LONG} number {number}", label) for number, label in enumerate(labels)]
    with pytest.raises(DataError, match='"verdict" looks like the label, not the text; call'):
        find(["opinion", "verdict"], rows, text_columns=["verdict"])
    options = {"label_column": "verdict", "text_columns": ["opinion"]}  # as it says
    assert find(["opinion", "verdict"], rows, **options).label == "verdict"


def test_the_rows_that_columns_are_chosen_by_are_not_kept():
    rows = Batch([{"text": "A lovely stay", "n": "1"}, {"text": "A dirty room", "n": "2"}])
    kept = weakref.ref(rows)
    find_columns(rows.rows[0], partial(Batch.readable, rows), need_label=False, name="x")
    del rows
    assert kept() is None
