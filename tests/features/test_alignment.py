import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.features.alignment import aligned
from sentiment.features.tokens import code_points, normalize, token_spans

ODD = st.text(
    alphabet="aΣİ\u0301\u0323ﬁ½…각\u1100\u1161\u11a8ｶ\uff9e’\u200b❤\ufe0f <br/>\n", max_size=30
)
TEXTS = st.text(max_size=40) | ODD | st.lists(st.sampled_from(["<br />", "é", "x"])).map("".join)


def tokens_with_spans(text: str) -> list[tuple[str, str]]:
    """Each token, and what it was written as."""
    normalized = normalize(text) + "\n"
    starts, ends = aligned(text)
    return [
        (normalized[first:last], text[starts[first] : ends[last - 1]])
        for first, last in zip(*token_spans(code_points(normalized)), strict=True)
    ]


@given(TEXTS)
def test_every_normalized_character_came_from_somewhere(text):
    starts, ends = aligned(text)
    assert len(starts) == len(ends) == len(normalize(text))
    assert all(0 <= start < end <= len(text) for start, end in zip(starts, ends, strict=True))
    assert sorted(starts) == starts.tolist()
    assert sorted(ends) == ends.tolist()


@given(TEXTS)
def test_what_a_token_was_written_as_reads_as_that_token(text):
    for token, written in tokens_with_spans(text):
        # A sigma is written otherwise at the end of a word.
        assert token.replace("ς", "σ") in normalize(written).replace("ς", "σ")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Don’t<br />GO", ["Don’t", "GO"]),
        ("e\u0301té cafe\u0301!", ["e\u0301té", "cafe\u0301", "!"]),
        ("a\u200bb, <BR>c", ["a\u200bb", ",", "c"]),
        ("ﬁne ½", ["ﬁne", "½", "½", "½"]),
        ("İyi", ["İyi"]),
        ("ok…", ["ok", "…", "…", "…"]),
        ("\u1112\u1161\u11ab글", ["\u1112\u1161\u11ab글"]),
        ("❤️ 好き", ["❤️", "好", "き"]),
    ],
)
def test_tokens_are_found_in_the_text_as_it_was_written(text, expected):
    assert [written for _, written in tokens_with_spans(text)] == expected


def test_a_flood_of_marks_is_aligned_too():
    text = "so e" + "\u0315\u0300" * 100 + " fine"
    starts, ends = aligned(text)
    assert len(starts) == len(ends) == len(normalize(text))
    assert tokens_with_spans(text)[-1] == ("fine", "fine")
