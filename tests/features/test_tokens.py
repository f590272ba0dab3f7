import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.features.tokens import (
    PIECE_SIZE,
    code_points,
    normalize,
    pieces,
    token_spans,
)


def tokens(text: str) -> list[str]:
    normalized = normalize(text) + "\n"
    starts, ends = token_spans(code_points(normalized))
    return [normalized[start:end] for start, end in zip(starts, ends, strict=True)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" \t\n", []),
        ("Don't WORRY", ["don't", "worry"]),
        ("don’t", ["don't"]),
        ("'quoted'", ["'", "quoted", "'"]),
        ("rock 'n' roll", ["rock", "'", "n", "'", "roll"]),
        ("so good!!!", ["so", "good", "!", "!", "!"]),
        ("one<br />two<BR>three<br/>four", ["one", "two", "three", "four"]),
        ("a <b> c", ["a", "<", "b", ">", "c"]),
        ("nice :) sad :-( wink ;) :D", ["nice", ":)", "sad", ":-(", "wink", ";)", ":d"]),
        (":day at http://x", [":", "day", "at", "http", ":", "/", "/", "x"]),
        ("i <3 it, 1<30", ["i", "<3", "it", ",", "1", "<", "30"]),
        ("ratio 3:1", ["ratio", "3", ":", "1"]),
        ("ends :", ["ends", ":"]),
        ("ends :)", ["ends", ":)"]),
        ("love 😍😍❤️", ["love", "😍", "😍", "❤"]),
        ("Café naïve", ["café", "naïve"]),
        ("映画が好き", ["映", "画", "が", "好", "き"]),
        ("ดีมาก ok", ["ด", "ี", "ม", "า", "ก", "ok"]),
        ("отличный фильм", ["отличный", "фильм"]),
        ("x\x00y\x1bz", ["x", "y", "z"]),
        ("10/10 8.5", ["10", "/", "10", "8", ".", "5"]),
    ],
)
def test_tokens_are_words_marks_emoticons_and_single_characters(text, expected):
    assert tokens(text) == expected


def test_a_decomposed_letter_is_the_same_token_as_a_composed_one():
    assert tokens("cafe\u0301") == tokens("caf\u00e9")


@given(st.text(max_size=60))
def test_tokens_cover_everything_but_space_and_do_not_overlap(text):
    normalized = normalize(text) + "\n"
    starts, ends = token_spans(code_points(normalized))
    assert all(start < end for start, end in zip(starts, ends, strict=True))
    assert all(end <= start for end, start in zip(ends[:-1], starts[1:], strict=True))
    outside = set(range(len(normalized)))
    for start, end in zip(starts, ends, strict=True):
        outside -= set(range(start, end))
    assert all(re.fullmatch(r"[\W_]", normalized[i]) for i in outside)


@given(st.text(alphabet="ab '.:)(-d<3\n é好😍", max_size=40))
def test_ascii_and_wide_characters_are_split_by_the_same_rule(text):
    alone = tokens(text)
    assert tokens(text + " 好")[: len(alone)] == alone


@given(st.lists(st.text(max_size=20), max_size=8))
def test_reviews_in_one_piece_do_not_run_into_each_other(texts):
    found = [hash_ for piece in pieces(texts) for hash_ in piece.hashes().tolist()]
    alone = [h for text in texts for piece in pieces([text]) for h in piece.hashes().tolist()]
    assert found == alone


@pytest.mark.parametrize("word", ["word ", "é好 ", "x"])
def test_a_review_longer_than_a_piece_is_read_to_its_end(word):
    text = word * (3 * PIECE_SIZE // len(word)) + "the end"
    hashes = [hash_ for piece in pieces([text]) for hash_ in piece.hashes().tolist()]
    (last,) = (piece.hashes().tolist() for piece in pieces(["the end"]))
    assert hashes[-2:] == last or (word == "x" and hashes[-1:] == last[-1:])
    *others, end = pieces([text])
    assert all(piece.continues for piece in others)
    assert not end.continues


@given(st.lists(st.integers(0, 30), max_size=30))
def test_pieces_hold_every_review_once_and_are_bounded(lengths):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sentiment.features.tokens.PIECE_SIZE", 10)
        patch.setattr("sentiment.features.tokens.PIECE_ROWS", 4)
        found = list(pieces(["x" * length for length in lengths]))
    rows = [
        piece.first_row + n for piece in found for n in range(len(piece)) if not piece.continues
    ]
    assert rows == list(range(len(lengths)))
    assert all(len(piece) <= 4 and piece.codes.size <= 10 + 2 * len(piece) for piece in found)
    assert all(len(piece) == 1 for piece in found if piece.continues)


@pytest.mark.parametrize("text", ["", " \n", "\u200b", "\ufeff", "<br />", "\x00", "\u3000"])
def test_a_text_without_tokens_is_blank(text):
    assert not tokens(text)


@pytest.mark.parametrize("text", ["a", "!", "😍", "0"])
def test_a_text_with_a_token_is_not_blank(text):
    assert tokens(text)


@given(st.text(alphabet="ab. \né", max_size=30))
def test_squeezing_leaves_single_spaces_and_one_at_each_end(text):
    squeezed = "".join(
        chr(code) for piece in pieces([text]) for code in piece.squeezed()[0].tolist()
    )
    words = normalize(text).split()
    assert squeezed == (f" {' '.join(words)} " if words else " ")


@pytest.mark.parametrize("marks", ["\u0315\u0300", "\u0f73", "\u0300\uff9e", "\u0344\u0315"])
def test_a_flood_of_marks_is_cut_into_runs_that_are_soon_in_order(marks):
    # Whole, 200,000 of them would take minutes to normalize.
    text = "e" + marks * 100_000 + " fine"
    assert tokens(text)[-1] == "fine"
    assert normalize(text).count("\u034f") >= 100_000 * len(marks) // 30 - 1


def test_as_many_marks_as_people_write_are_left_alone():
    text = "x" + "\u0323\u0301" * 15
    assert "\u034f" not in normalize(text + " " + text)
