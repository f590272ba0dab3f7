"""Words that are read through a typing error."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.features.spelling import Speller
from sentiment.features.wordpiece import WordPiece
from tests.model.encoders import CORRECTED, WORDS

SPELLER = Speller(["good", "love", "fantastic", "terrible", "worse", "worst", "useful", "useless"])


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("lvoe", "love"),
        ("olve", "love"),
        ("fantasic", "fantastic"),
        ("fantastiic", "fantastic"),
        ("terrable", "terrible"),
        ("terible", "terrible"),
        ("wrost", "worst"),
        ("usless", "useless"),
    ],
)
def test_one_error_is_read_through(word, meant):
    assert SPELLER.find(word) == meant


@pytest.mark.parametrize(
    "word",
    [
        "lov",  # short words are likely to be others
        "lave",
        "terribly",  # the last letter is another
        "tterrible"[1:-1],
        "perrible",  # the first is
        "fantasxic",  # a consonant is
        "fanttasic",  # two errors
        "tebrirle",
        "löve",
        "l0ve",
        "",
    ],
)
def test_anything_else_is_not(word):
    assert SPELLER.find(word) is None


def test_a_word_near_two_listed_ones_is_none_of_them():
    assert Speller(["planner", "planter"]).find("planer") is None
    assert Speller(["starling", "startling"]).find("staring") == "starling"
    assert Speller(["boating", "beating"]).find("biating") is None


@given(st.sampled_from(["good", "fantastic", "terrible"]), st.integers(0, 7))
def test_neighbours_that_changed_places_are_always_found(word, at):
    at %= len(word) - 1
    mistyped = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    assert SPELLER.find(mistyped) in {word, "fantastic"}


def test_a_corrected_word_is_one_piece_with_the_span_of_the_mistyped_one():
    pieces = WordPiece(WORDS, 8, 8, CORRECTED)
    text = "a godo film, thmubs up"
    ids = pieces.transform([text]).ids.tolist()
    assert [WORDS[number] for number in ids] == [
        *("[CLS]", "a", "good", "film", ",", "thumbs", "up", "[SEP]")
    ]
    starts, ends = pieces.spans(text)
    found = [text[start:end] for start, end in zip(starts, ends, strict=True)]
    assert found == ["", "a", "godo", "film", ",", "thmubs", "up", ""]
    assert WordPiece(WORDS, 8, 8).divided("godo") == (WORDS.index("[UNK]"),)


def test_words_of_the_vocabulary_stay_as_they_are():
    pieces = WordPiece((*WORDS, "godo"), 8, 8, CORRECTED)
    assert pieces.divided("godo") == (len(WORDS),)


def test_a_corrected_word_is_a_piece():
    with pytest.raises(ValueError, match="a corrected word is no piece"):
        WordPiece(WORDS, 8, 8, ("unlisted",))
