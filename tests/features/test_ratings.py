import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.features.ngrams import NGrams
from sentiment.features.repair import edited, ratings
from tests.format.wild import WILD


def words(text: str) -> list[str]:
    return edited(text, ratings(text)).split()


@pytest.mark.parametrize(
    ("text", "tenths"),
    [
        ("★★★★☆", 8), ("★☆☆☆☆", 2), ("⭐⭐", 4), ("⭐️⭐️⭐️", 6), ("★ ★ ★ ★ ☆", 8), ("★★★½", 7),
        ("★★★½☆", 7), ("★★★", 6), ("★★★☆", 8), ("★★★★★★★☆☆☆", 7), ("🌟🌟🌟🌟🌟", 10),
        ("★★★★★★★★★★", 10), ("4*", 8), ("4.5*", 9), ("5★", 10), ("4.5 ⭐", 9), ("1⭐", 2),
        ("4/5", 8), ("8/10", 8), ("8 / 10", 8), ("8/ 10", 8), ("4.5/5", 9), ("4,5/5", 9),
        ("4½/5", 9), ("4.0/5.0", 8), ("3.75/5", 8), ("0/10", 0), ("-2/10", 0), ("−1/5", 0),
        ("-100/10", 0), ("10/10", 10), ("11/10", 10), ("6/5", 10), ("0.5/10", 1), ("07/10", 7),
    ],
)  # fmt: skip
def test_a_rating_is_a_word_that_says_how_many_of_ten(text, tenths):
    word = f"{tenths}of10"
    assert words(text) == [word]
    assert words(f"It is {text}, really") == ["It", "is", word, ",", "really"]
    assert words(f"({text})") == ["(", word, ")"]
    assert words(f"Score:{text}!") == ["Score:", word, "!"]


@pytest.mark.parametrize(
    "text",
    [
        "1/5/2020", "5/10/2020", "2020/5/10", "24/7", "9/11", "50/50", "1/2", "3-4/5", "12/10",
        "25/10", "1/10th", "x4/5", "4/5x", "$4/5", "5/10.2", "7/10/10", "1.2.3/5", "1234/10",
        "9/10 of them", "4/5 days", "3/5 Minutes", "4*3", "*****", "f***", "4**", "2 * 5",
        "0*", "6*", "★", "⭐ great ⭐", "☆☆☆", "★☆", "★★★★★★★★★★★★", "/10", "*", "4\n/5",
    ],
)  # fmt: skip
def test_what_may_be_something_else_stays_as_it_is(text):
    assert ratings(text) == []


@given(WILD)
def test_ratings_are_in_order_and_apart(text):
    done = 0
    for edit in ratings(text):
        assert done <= edit.start < edit.end <= len(text)
        done = edit.end


@given(st.integers(0, 10))
def test_what_says_the_same_has_the_same_features(tenths):
    ngrams = NGrams(ratings=True)
    (piece,) = ngrams.pieces([f"film: {tenths}/10", f"film: {tenths / 2}/5"])
    assert piece.hashes().reshape(2, 3)[0].tolist() == piece.hashes().reshape(2, 3)[1].tolist()


def test_models_that_know_nothing_of_ratings_read_what_is_written():
    (piece,) = NGrams().pieces(["8/10"])
    assert piece.starts.size == 3
