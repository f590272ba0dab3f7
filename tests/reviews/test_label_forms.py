"""The forms of labels that people have; none is read the wrong way round."""

import re

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sentiment.errors import DataError, UsageError
from sentiment.labels import SENTIMENT, WITH_NEUTRAL, LabelSet
from sentiment.reviews.labels import read_labels
from sentiment.reviews.rules import key_of, rating_of
from sentiment.reviews.streams import ReadOptions


def read(values, column="label", **options):
    return read_labels(values, ReadOptions(**options), name="a.csv", column=column)


def sides(values, column="label", **options):
    """Each label as a sign, `0` if neutral or dropped."""
    found = read(values, column, **options)
    names = [*found.label_set.names, ""]
    return "".join(
        {"negative": "-", "positive": "+"}.get(names[label], "0") for label in found.labels.tolist()
    )


# Values of a column, and the sign that each is read by.
FORMS = {
    "out of 5": (["4/5", "1/5", "3/5", "5/5", "2/5"], "+-0+-"),
    "out of 5, spaces": (["4 / 5", "1.0/5", "4,5 / 5.0"], "+-+"),
    "out of 10": (["8/10", "2/10", "5/10", "10/10", "0/10", "6.5/10"], "+-0+-0"),
    "out of 4, 20, 100": (["3.5/4", "3/20", "85/100", "2/4"], "+-+0"),
    "out of in words": (["4.0 out of 5 stars", "1.0 out of 5 stars"], "+-"),
    "rated": (["Rated 4 out of 5", "Rating: 1/5", "score 5/5"], "+-+"),
    "star rating": (["5.0 star rating", "1.0 star rating"], "+-"),
    "stars": (["4 stars", "1 star", "3 Stars", "4.3 stars", "2-star"], "+-0+-"),
    "stars in words": (["Five stars", "one star"], "+-"),
    "signs of stars": (["★★★★☆", "★☆☆☆☆", "★★★☆☆", "⭐⭐⭐⭐⭐", "⭐️"], "+-0+-"),
    "half a star, and spaces": (["★★★★½", "★ ★ ☆ ☆ ☆", "★½"], "+--"),
    "three of four stars": (["★★★☆", "★☆☆☆"], "+-"),
    "asterisks": (["*****", "*", "***"], "+-0"),
    "no stars at all are no rating": (["0 stars", "1 star", "5 stars"], "0-+"),
    "none of five beside five": (["0/5", "5/5"], "-+"),
    "decimal commas": (["4,5", "1,5", "3"], "+-0"),
    "tenths with commas": (["7,9", "2,3", "9,0"], "+-+"),
    "tenths": (["7.9", "2.3", "5.5"], "+-0"),
    "tenths to 5": (["4.3", "1.7", "3.1"], "+-0"),
    "means": ([4.333333, 1.25, 2.75], "+-0"),
    "0 to 4": ([0, 1, 2, 3, 4], "--0++"),
    "0 to 4 without 2": (["3", "1", "4", "0"], "+-+-"),
    "0 to 5 in halves": ([0, 0.5, 2, 2.5, 3.5, 4, 4.5, 5], "---00+++"),
    "0 and 5": ([0, 5], "-+"),
    "0 to 10": (range(11), "-----00++++"),
    "0 and 10": ([0, 10], "-+"),
    "0 to 10 in tenths": ([0.4, 8.8, 5.1], "-+0"),
    "1 to 7": (range(1, 8), "---0+++"),
    "−1 to 1": ([0.8, -0.6, 0.02, -1, 1], "+-0-+"),
    "a long minus": (["\u22120.4", "+0.4"], "-+"),
    "−2 to 2": ([-2, -1, 0, 1, 2], "--0++"),
    "−3 and 3": ([-3, 3], "-+"),
    "0 to 1": ([0.1, 0.5, 0.9], "-0+"),
    "percentages": (["90%", "10 %", "50%", "85 percent", "0%", "33,3%"], "+-0+--"),
    "extremely": (["Extremely Positive", "Extremely Negative", "Neutral"], "+-0"),
    "very": (["very positive", "VERY_NEGATIVE", "Positive", "VeryNegative"], "+-+-"),
    "strongly": (["Strongly positive", "strong-negative", "weakly negative"], "+--"),
    "Steam": (["Overwhelmingly Positive", "Mostly Negative", "Mixed"], "+-0"),
    "sentiment": (["positive sentiment", "Sentiment: Negative", "label_neutral"], "+-0"),
    "marks": (["Positive.", "negative!", "(neutral)"], "+-0"),
    "recommended": (["Recommended", "Not Recommended"], "+-"),
    "recommend": (["I recommend", "don't recommend", "Highly recommended"], "+-+"),
    "Y, N": (["Y", "N", "y"], "+-+"),
    "T, F": (["T", "F"], "+-"),
    "P, N": (["P", "N"], "+-"),
    "signs": (["+", "-"], "+-"),
    "LABEL_1": (["LABEL_1", "LABEL_0"], "+-"),
    "LABEL_2": (["LABEL_1", "LABEL_0", "LABEL_2"], "0-+"),
    "LABEL_4": ([f"LABEL_{n}" for n in range(5)], "--0++"),
    "class 1": (["class 1", "class 0"], "+-"),
    "__label__2": (["__label__2", "__label__1"], "+-"),
    "thumbs": (["👍", "👎", "👍🏽"], "+-+"),
    "faces": (["😀", "😡", "😐", "😍😍"], "+-0+"),
    "hearts": (["❤️", "💔"], "+-"),
    "emoticons": ([":)", ":-(", ":|"], "+-0"),
    "ticks": (["✅", "❌"], "+-"),
    "emoji and word": (["😀 positive", "👎 Negative"], "+-"),
    "in words": (["thumbs up", "Thumbs_Down"], "+-"),
    "mixed is neutral": (["positive", "negative", "mixed", "neutral"], "+-00"),
    "ok is neutral": (["good", "bad", "ok"], "+-0"),
    "so so": (["good", "bad", "so-so", "Neither positive nor negative"], "+-00"),
    "satisfied": (["Very satisfied", "Dissatisfied", "neutral"], "+-0"),
    "grades in words": (["Excellent", "good", "Average", "poor", "terrible"], "++0--"),
    "numbered words": (["5 - Excellent", "1 - Terrible", "positive (1)"], "+-+"),
    "net promoter": (["Promoter", "Passive", "Detractor"], "+0-"),
    "critics": (["fresh", "rotten"], "+-"),
    "other languages": (["positivo", "negativo", "neutro"], "+-0"),
    "other words": (["Positive", "Negative", "Irrelevant", "unsure", "n/a?"], "+-000"),
    "other words beside ratings": (["4.1/5", "NEW", "1/5", "2.0/5"], "+0--"),
    "no beside positive": (["positive", "negative", "no"], "+-0"),
}


@pytest.mark.parametrize("form", FORMS)
def test_each_form_is_read(form):
    values, signs = FORMS[form]
    assert sides(list(values)) == signs
    assert sides(list(values)[::-1]) == signs[::-1]
    assert sides(list(values), label_set=WITH_NEUTRAL) == signs  # as another model is measured


@pytest.mark.parametrize(
    ("values", "column", "signs"),
    [
        ([5, 1, 3, 0], "rating", "+-00"),  # 0 stars are none
        ([0, 1, 4, 5], "Stars", "0-++"),
        (range(11), "NPS", "-------00++"),
        ([3, 4, 5, 9], "nps_score", "---+"),
        ([4.3, 2.1, 9], "score", "0-+"),
        ([2, 3, 5, 7], "Rating (1-10)", "--0+"),
        ([1, 2, 3], "rating (out of 10)", "---"),
        ([1, 2, 3], "rating_1_5", "--0"),
        ([1, 2], "rating_1_5", "--"),
        ([1, 2, 6, 7], "score_1_7", "--++"),
        ([95, 20, 50], "rating_0_100", "+-0"),
        (["4", "4,7", "2,3", "1"], "rating", "++0-"),
        ([0.5, 9, 3], "rating", "-+-"),
        (range(10), "rating", "-----00+++"),
    ],
)
def test_the_name_of_a_column_tells_its_scale(values, column, signs):
    assert sides(list(values), column) == signs


@pytest.mark.parametrize(
    ("values", "column"),
    [
        ([0, 1, 2, 3], "label"),  # four classes
        ([0, 1, 2, 3, 4, 5], "label"),  # six, such as emotions
        (range(10), "label"),
        ([0, 1, 2, 3], "rating"),
        ([1, 2, 3], "rating"),
        ([1, 2, 3, 4, 5, 6], "rating"),  # school marks
        ([1, 2, 3, 4, 5, 9], "rating"),  # stars, or 9 for no answer?
        ([0, 1, 0, 1, 1, 9], "label"),
        ([1, 2, 3, 1, 2, 3, 9], "label"),
        ([0.5, 0.9, 0.1, 0.3, 7], "label"),
        ([*[1, 2, 3, 4, 5] * 9, 8, 9], "rating"),
        ([0.5, 0.9, 0.1, 0.3, -1], "label"),
        ([1, 2, 6, 8, 88], "rating"),
        ([95, 20, 50], "rating"),
        ([-1, 0, 1, 2], "label"),
        ([-3, 5, 12], "score"),  # votes
        ([0.98, 0.12, 0.5], "score"),  # how certain a model was
        ([0.98, 0.12], "sentiment_score"),
        ([85, 20, 300], "score"),
        ([80, 20], "label"),
        (["27", "4,27"], "label"),
        (["4", "4,7", "2,3"], "label"),  # lists of labels?
        (["pos", "neg", 3], "label"),
        (["pos", "n"], "label"),
        (["n"], "label"),
        (["yes", "no", "maybe"], "label"),
        (["No positive", "No negative"], "label"),
        (["not positive", "positive"], "label"),
        (["true positive", "false negative"], "label"),
        (["happy", "sad"], "label"),
        (["mostly true", "mostly false"], "label"),
        (["★★☆", "★☆☆"], "label"),
        (["6/5", "1/5"], "label"),
        (["3/12", "4/12"], "label"),
        (["4/5", "3"], "label"),
        (["101%", "5%"], "label"),
        (["9 stars", "2 stars"], "label"),
        ([0, 1], "is_negative"),  # 1 is what the column is called
        (["False", "True"], "negative"),
        (["no", "yes"], "Bad review?"),
        (["N", "Y"], "not_recommended"),
        ([0, 1], "toxic"),
        ([0, 0.5, 1], "toxicity_score"),
        ([1, 2, 5], "severity"),
        ([1, 9], "ComplaintSeverity"),
        (["positive", "negative", *(f"word {'abcdefgh'[n % 8] * n}" for n in range(60))], "label"),
    ],
)
def test_what_might_be_the_wrong_way_round_is_not_guessed(values, column):
    with pytest.raises(DataError, match=r"cannot tell .*--positive VALUE"):
        read(list(values), column)


@pytest.mark.parametrize(
    ("values", "column"),
    [
        (["1", "0"], "positive_or_negative"),
        (["positive", "negative"], "negative_words"),
        (["5 stars", "1 star"], "rank"),
    ],
)
def test_what_a_bad_name_does_not_turn_is_read(values, column):
    assert sides(values, column) == "+-"


def test_what_a_bad_name_counts_is_read_as_asked():
    assert sides([0, 1], "is_negative", positive=("0",), negative=("1",)) == "+-"


@pytest.mark.parametrize(
    ("values", "odd", "column"),
    [
        ([1, 2, 3, 4, 5], 0, "rating"),
        ([1, 2, 3, 4, 5], 0, "label"),
        ([1, 2, 3, 4, 5], 10, "rating"),  # a slip, not a scale to 10
        ([1, 2, 3, 4, 5], 55, "rating"),
        ([1, 2, 3, 4, 5], -1, "rating"),
        ([1, 2, 3, 4, 5], "?", "rating"),
        ([0, 1], "label", "label"),  # a header in the middle
        ([0, 1], 99, "label"),
        ([0, 1, 2], 9, "label"),
        ([0, 1, 2, 3, 4], 10, "label"),
        ([0.1, 0.5, 0.9], 7, "label"),
        (["yes", "no"], "maybe", "label"),
        (["pos", "neg"], 7, "label"),
        ([7.9, 2.3, 9.1], 88, "rating"),
        (["4/5", "1/5"], 3, "rating"),
        (["LABEL_0", "LABEL_1"], "error", "label"),
    ],
)
def test_one_odd_value_among_many_is_dropped_and_counted(values, odd, column):
    many = list(values) * (1_000 // len(values))
    found = read([*many, odd], column)
    assert found.labels.tolist() == [*read(many, column).labels.tolist(), -1]
    assert (found.left_out, f"dropped 1 other row (0%): {odd}" in found.description) == (1, True)
    with pytest.raises(DataError, match=rf"row 3: label '?{re.escape(str(odd))}'? in"):
        read([values[0], values[-1], odd, *many], column, strict=True)


@pytest.mark.parametrize(
    ("values", "odd"),
    [
        ([1, 2, 3, 4, 5], 6),  # school marks, of which the worst is rare
        ([0, 1], 3),
        ([1, 2], 3),
        ([0, 1, 2, 3, 4], 5),
    ],
)
def test_an_odd_value_that_changes_the_scale_is_not_dropped(values, odd):
    with pytest.raises(DataError, match="--positive VALUE"):
        read([*values * 500, odd])
    assert read([*[0, 1] * 500, 2]).label_set == WITH_NEUTRAL  # as ever


def test_an_odd_value_among_the_classes_of_a_model_is_dropped_and_counted():
    classes = LabelSet(("anger", "joy"))
    found = read([*["joy", "anger"] * 500, "jy"], label_set=classes)
    assert (found.left_out, found.labels.tolist()[-3:]) == (1, [1, 0, -1])
    with pytest.raises(DataError, match="holds jy, not among the classes"):
        read([*["joy", "anger"] * 50, "jy"], label_set=classes)


def test_other_words_are_kept_where_each_label_is_a_class():
    values = ["Positive", "Negative", "Irrelevant", "Very positive"]
    found = read(values)
    assert found.description.endswith(
        "dropped 1 other row (25%): Irrelevant (--classes all makes each a class)"
    )
    assert found.warnings == [
        'a.csv: "label" is of another class in 25% of rows; they were dropped'
    ]
    kept = read(values, classes=("all",))
    assert kept.label_set.names == ("Irrelevant", "negative", "positive", "Very positive")


@pytest.mark.parametrize(
    ("values", "names", "labels"),
    [
        (["8/10", "3/10", "10/10", 8], "3 8 10", [1, 0, 2, 1]),
        (["4,5", "3", "4.5 stars", "★★★"], "3 4.5", [1, 0, 1, 0]),
        (["90%", "100%"], "90 100", [0, 1]),
        ([*["1", "2"] * 100, "great"], "1 2", [0, 1] * 100 + [-1]),
    ],
)
def test_stars_may_have_any_form_of_ratings(values, names, labels):
    found = read(values, classes=("stars",))
    assert (names, labels) == (" ".join(found.label_set.names), found.labels.tolist())
    assert found.label_set.ordered
    again = read(values[:2], label_set=found.label_set)  # as such a model is measured
    assert again.labels.tolist() == labels[:2]


def test_stars_out_of_different_numbers_are_an_error():
    with pytest.raises(DataError, match="ratings out of 5 and 10; use --classes all"):
        read(["4/5", "8/10"], classes=("stars",))
    found = read(["4/5", "8/10"], classes=("all",))
    assert (found.label_set.names, found.label_set.ordered) == (("4/5", "8/10"), False)


@pytest.mark.parametrize(
    ("values", "options", "signs"),
    [
        ([1.0, 3.9, 4, 6.5, 7, 9.3], {"positive": [">=7"], "negative": ["<=4"]}, "---0++"),
        ([4, 5, 6, 7], {"positive": [">6"], "negative": ["< 5"]}, "-00+"),
        ([4, 5, 6, 7], {"positive": ["≥6"]}, "--++"),
        ([4, 5, 6, 7], {"negative": ["6..7"]}, "++--"),
        (["4,5", "2,5"], {"positive": [">=3,5"]}, "+-"),
        (["80%", "20%", "50%"], {"positive": [">=60%"], "negative": ["<40"]}, "+-0"),
        (["8/10", "4/10"], {"positive": [">=7"]}, "+-"),
        (["4 stars", "1 star", "LABEL_3"], {"positive": [">3"]}, "+--"),
        (["-1", "-0.2", "3"], {"negative": ["<-0.5"], "positive": [">0"]}, "-0+"),
        ([1, 2, 9, "x"], {"positive": ["9", "x"], "negative": ["1..2"]}, "--++"),
        ([">=7", "b"], {"positive": [">=7"]}, "+-"),  # the label itself
        ([1, 2, 6, 5], {"positive": ["<=2"], "negative": [">=5"]}, "++--"),  # school marks
    ],
)
def test_conditions_and_ranges_of_numbers(values, options, signs):
    assert sides(values, **options) == signs


def test_a_range_may_be_neutral():
    options = {"positive": [">=7"], "negative": ["<=4"], "neutral": ["5..6"]}
    found = read([1, 4, 5, 5.5, 6, 6.5, 7, 10], **options)
    assert (found.label_set, found.labels.tolist()) == (WITH_NEUTRAL, [0, 0, 1, 1, 1, -1, 2, 2])
    assert "<=4 negative, 5..6 neutral, >=7 positive; 3 classes; dropped 1 other" in (
        found.description
    )
    assert read([5, 8], label_set=SENTIMENT, **options).labels.tolist() == [-1, 1]


@pytest.mark.parametrize(
    ("values", "neutral", "labels"),
    [
        (range(1, 11), ["5..6"], [0, 0, 0, 0, 1, 1, 2, 2, 2, 2]),
        ([1, 2, 3, 4, 5], ["3"], [0, 0, 1, 2, 2]),
        (["pos", "neg", "meh"], ["meh"], [2, 0, 1]),
        ([7, 8, 2, 5], ["<4"], [2, 2, 1, -1]),
    ],
)
def test_neutral_alone_leaves_the_others_as_they_are(values, neutral, labels):
    found = read(list(values), neutral=neutral)
    assert (found.label_set, found.labels.tolist()) == (WITH_NEUTRAL, labels)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"positive": [">=5"], "negative": ["<=5"]}, "some of <=5 and >=5 are given to both"),
        ({"positive": [">=5"], "negative": ["5"]}, "5 is given to both --negative and --positive"),
        ({"positive": ["5..7"], "neutral": ["6..8"]}, "some of 6..8 and 5..7 are given to both"),
        ({"positive": ["7..5"]}, r"7\.\.5: a range begins with its lower end, as in 5\.\.6"),
        (
            {"neutral": ["1"], "label_set": LabelSet(("ham", "spam"))},
            "--neutral need a model with the classes negative and positive; this one has ham, spam",
        ),
    ],
)
def test_conditions_that_contradict_each_other_are_a_usage_error(options, message):
    with pytest.raises(UsageError, match=message):
        read([1, 5, 9], **options)


def test_a_condition_that_no_label_meets_is_said():
    with pytest.raises(DataError, match=r"is never >=7; it holds 1, 5$"):
        read([1, 5], positive=[">=7"])
    assert 'a.csv: "label" is never >=7' in read([1, 5, 3], neutral=[">=7"]).warnings


# Any spelling of a rating, of a number, of a word.

MARKS = st.integers(0, 40).map(lambda half: half / 2)
SPELLED = st.sampled_from(
    ["{n}/{m}", "{n} / {m}", "{n} out of {m}", "{n} of {m}", "Rated {n} out of {m} stars",
     "{n}/{m} points", "RATING: {n}/{m}", " {n} Out Of {m} Stars "]
)  # fmt: skip


def digits(number, comma):
    text = f"{number:g}"
    return text.replace(".", ",") if comma else text


@settings(max_examples=50)
@given(st.sampled_from([4, 5, 10, 20]), MARKS, SPELLED, st.booleans())
def test_a_rating_is_the_same_however_it_is_spelled(best, marks, form, comma):
    assume(marks <= best)
    value = form.format(n=digits(marks, comma), m=best)
    assert rating_of(key_of(value)) == (marks, best)


@settings(max_examples=50)
@given(
    st.lists(st.tuples(MARKS, SPELLED, st.booleans()), min_size=1, max_size=20),
    st.sampled_from([4, 5, 10, 20, 100]),
)
def test_better_marks_are_never_read_as_worse(marks, best):
    ratings = [(n, form, comma) for n, form, comma in marks if n <= best]
    assume(ratings)
    values = [form.format(n=digits(n, comma), m=best) for n, form, comma in ratings]
    order = [{"-": -1, "0": 0, "+": 1}[sign] for sign in sides(values)]
    for (n, *_), sign in zip(ratings, order, strict=True):
        assert sign <= 0 or 2 * n > best
        assert sign >= 0 or 2 * n < best or n == 0


NUMBERS = st.sampled_from(["-1", "-.5", "0", "0.0", ".3", "1", "1.5", "2", "3", "4", "4,5", "5",
                           "6", "7", "7.9", "8", "9", "10", "20", "95", "100"])  # fmt: skip


@settings(max_examples=50)
@given(
    st.lists(NUMBERS, min_size=2, max_size=8),
    st.sampled_from(["label", "rating", "score", "sentiment", "nps", "stars_1_5"]),
)
def test_numbers_are_read_in_their_order_or_not_at_all(values, column):
    try:
        signs = sides(values, column)
    except DataError:
        return
    read_as = {
        float(value.replace(",", ".")): "-0+".index(sign)
        for value, sign in zip(values, signs, strict=True)
        if not (sign == "0" and float(value.replace(",", ".")) == 0)
    }
    in_order = [read_as[number] for number in sorted(read_as)]
    assert in_order == sorted(in_order)


GRADES = st.sampled_from(["", "Very ", "EXTREMELY ", "strongly-", "slightly_", "Mostly "])
POLES = st.sampled_from([("positive", "+"), ("negative", "-"), ("Neutral", "0"), ("POS", "+"),
                         ("neg", "-"), ("Recommended", "+"), ("not recommended", "-"),
                         ("Good", "+"), ("bad", "-")])  # fmt: skip
AROUND = st.sampled_from(["{}", "{}.", " {} ", "{} sentiment", "label_{}", "({})", "1 - {}"])


@settings(max_examples=50)
@given(st.lists(st.tuples(GRADES, POLES, AROUND), min_size=1, max_size=8))
def test_words_are_read_whatever_stands_around_them(parts):
    values = [around.format(grade + word) for grade, (word, _), around in parts]
    assert sides(values) == "".join(sign for _, (_, sign), _ in parts)


@settings(max_examples=50)
@given(
    st.lists(st.floats(-100, 100).map(lambda n: round(n, 2)), min_size=2, max_size=20),
    st.floats(-50, 0).map(lambda n: round(n, 1)),
    st.floats(1, 50).map(lambda n: round(n, 1)),
)
def test_conditions_compare(numbers, low, high):
    assume(any(n <= low for n in numbers) and any(n >= high for n in numbers))
    signs = sides(list(map(str, numbers)), positive=[f">={high}"], negative=[f"<={low}"])
    assert signs == "".join("+" if n >= high else "-" if n <= low else "0" for n in numbers)
