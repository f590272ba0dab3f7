"""Texts that stand more than once, and columns and words that give labels away."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sentiment.checks.audit import other_languages, says_nothing
from sentiment.checks.leaks import leaking_columns, leaking_words
from sentiment.checks.repeated import find_repeated, groups_of
from tests.checks.helpers import made

LONG = (
    "The room was clean and the staff were kind, but the lift was out of order all week long. "
    "Breakfast came late on both days, the coffee was cold, and nobody at the desk could say when "
    "the pool would open again, which is the reason that we had booked this hotel for the children."
)


def test_case_punctuation_and_a_changed_word_make_no_difference():
    texts = ["Great breakfast!", "great   breakfast", LONG, LONG.replace("kind", "nice"), "other"]
    assert groups_of(texts).tolist() == [0, 0, 2, 2, 4]


def test_chains_of_near_repeats_are_one_group():
    other = LONG.replace("clean", "tidy")
    third = other.replace("week", "month")
    assert set(groups_of([LONG, other, third, LONG.upper()]).tolist()) == {0}


@settings(max_examples=25)
@given(st.lists(st.text(max_size=40), max_size=30))
def test_a_group_is_named_by_its_first_text_whatever_they_are(texts):
    first = groups_of(texts)
    assert (first <= np.arange(len(texts))).all()
    assert np.array_equal(first[first], first)
    for number, text in enumerate(texts):
        assert first[number] <= texts.index(text)


def test_the_same_text_under_two_labels_contradicts_and_the_rest_repeats():
    texts = ["good food", "Good food.", "bad food", "bad food", "seen before"]
    found = find_repeated(texts, np.array([0, 1, 0, 0, 1]), ["Seen before!", "new"])
    assert found.contradictions == [[0, 1]]
    assert found.repeats == [[2, 3]]
    assert found.in_test == [(4, 0)]


def test_a_column_that_tells_the_label_is_a_leak_and_one_of_names_is_none():
    labels = np.arange(200) % 2
    columns = {
        "stars": ["5" if label else "1" for label in labels],
        "user": [f"user {row}" for row in range(200)],
        "city": ["Rome", "Rome", "Oslo", "Oslo"] * 50,
        "empty": [""] * 200,
    }
    (leak,) = leaking_columns(columns, labels)
    assert (leak.kind, leak.name, leak.share, leak.reviews) == ("column", "stars", 1.0, 200)


def test_always_the_same_value_tells_no_more_than_the_largest_class():
    labels = np.array([1] * 99 + [0])
    assert not leaking_columns({"source": ["shop"] * 100}, labels)


def test_a_word_that_only_one_class_has_is_a_leak():
    texts, labels = made(400)
    marked = [
        f"{text} #neg" if not label else text for text, label in zip(texts, labels, strict=True)
    ]
    assert {(leak.name, leak.label) for leak in leaking_words(marked, labels)} >= {("neg", 0)}
    few = [
        f"{text} cancelled" if row in range(0, 24, 2) else text for row, text in enumerate(texts)
    ]
    assert "cancelled" not in {leak.name for leak in leaking_words(few[:40], labels[:40])}
    shared = ["the food was fine today"] * 400
    assert not leaking_words(shared, labels)


def test_texts_that_say_nothing():
    assert all(map(says_nothing, ["...", "No comment.", "???", "n/a", ":-)"]))
    assert not any(map(says_nothing, ["ok", "5", "Überraschend gut", "素晴らしい"]))


def test_other_languages_are_those_that_most_texts_are_not_in():
    english = ["The room was clean and the staff were kind to all of us"] * 3
    spanish = ["El hotel estaba muy limpio y el personal fue muy amable con nosotros"] * 3
    assert other_languages([*english, spanish[0]]) == {3: "Spanish"}
    assert other_languages([*spanish, english[0]]) == {3: "English"}
    assert other_languages([]) == {}
