"""Texts in the columns of a terminal."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.cli.tables import columns, excerpt, padded, shortened

SENTENCE = "We asked three times, and the waiter brought cold food to the table by the window."


@pytest.mark.parametrize(
    ("needle", "width", "expected"),
    [
        ("cold food", 100, SENTENCE),
        ("cold food", 40, "…brought cold food to the table by the…"),
        ("asked", 40, "We asked three times, and the waiter…"),
        ("window", 40, "…cold food to the table by the window."),
        ("absent", 40, "We asked three times, and the waiter…"),
    ],
)
def test_an_excerpt_shows_what_was_found_in_whole_words(needle, width, expected):
    assert excerpt(SENTENCE, re.compile(needle), width) == expected


@given(st.text(max_size=80), st.text(min_size=1, max_size=5), st.integers(8, 60))
def test_nothing_is_wider_than_its_columns(text, needle, width):
    for line in (
        excerpt(text, re.compile(re.escape(needle)), width),
        shortened(text, width),
        padded(text, width),
    ):
        assert columns(line) <= width
        assert "\n" not in line
    assert columns(padded(text, width)) == width


def test_emoji_and_chinese_characters_take_two_columns():
    assert columns("a東😀e\u0301") == 6
    assert shortened("東京東京", 5) == "東京…"
