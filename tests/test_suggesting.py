"""What a misspelt name may have meant."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.cli import COMMANDS
from sentiment.errors import hint, near

NAMES = st.lists(st.text("abcdefghij_-", min_size=1, max_size=12), max_size=20)


@given(st.sampled_from(sorted(COMMANDS)), st.data())
def test_two_letters_that_changed_places_are_seen_through(name, data):
    place = data.draw(st.integers(0, len(name) - 2))
    letters = list(name)
    letters[place : place + 2] = reversed(letters[place : place + 2])
    assert near("".join(letters), COMMANDS)[0] == name


@given(st.text(max_size=30), NAMES)
def test_whatever_is_asked_only_what_there_is_is_named(word, names):
    found = near(word, names)
    assert set(found) <= set(names)
    assert len(found) <= 3


@pytest.mark.parametrize(
    ("word", "known", "said"),
    [
        ("--Text_Column", ["--text-column", "--label-column"], " (did you mean --text-column?)"),
        ("--column", ["--text-column", "--label-column"],
         " (did you mean --text-column or --label-column?)"),
        ("--arch", ["--force", "--batch-size", "--checkpoint"], ""),
        ("--thread", ["--threshold", "--header"], ""),
        ("reviewText", ["text", "id"], " (did you mean text?)"),
        ("--layers", ["--force"], ""),
        ("", ["text"], ""),
        ("?", ["text", "?"], ""),
        ("text", [], ""),
    ],
)  # fmt: skip
def test_hints(word, known, said):
    assert hint(word, known) == said
