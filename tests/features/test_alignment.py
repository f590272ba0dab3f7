import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.features.places import aligned
from sentiment.features.tokens import code_points, normalize, read, token_spans
from tests.format.wild import WILD

ODD = st.text(
    alphabet="aΣİ\u0301\u0323ﬁ½…각\u1100\u1161\u11a8ｶ\uff9e’\u200b❤\ufe0f <br/>\n", max_size=30
)
TEXTS = (
    st.text(max_size=40) | ODD | WILD | st.lists(st.sampled_from(["<br />", "é", "x"])).map("".join)
)


def tokens_with_spans(text: str, *, edited: bool = True) -> list[tuple[str, str]]:
    """Each token, and what it was written as."""
    characters = read(text, repaired=edited, rated=edited) + "\n"
    starts, ends = aligned(text, repaired=edited, rated=edited)
    return [
        (characters[first:last], text[starts[first] : ends[last - 1]])
        for first, last in zip(*token_spans(code_points(characters)), strict=True)
    ]


@given(TEXTS, st.booleans(), st.booleans())
def test_every_character_that_is_read_came_from_somewhere(text, repaired, rated):
    starts, ends = aligned(text, repaired=repaired, rated=rated)
    assert len(starts) == len(ends) == len(read(text, repaired=repaired, rated=rated))
    assert all(0 <= start < end <= len(text) for start, end in zip(starts, ends, strict=True))
    assert sorted(starts) == starts.tolist()
    assert sorted(ends) == ends.tolist()


@given(TEXTS)
def test_what_a_token_was_written_as_reads_as_that_token(text):
    for token, written in tokens_with_spans(text, edited=False):
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
        ("It doesn&#039;t <br>go", ["It", "doesn&#039;t", "go"]),
        ("doesnÃ¢â‚¬â„¢t, ‚Äúno‚Äù", ["doesnÃ¢â‚¬â„¢t", ",", "‚Äú", "no", "‚Äù"]),
        (r"wasn\xe2\x80\x99t \ud83d\ude00!", [r"wasn\xe2\x80\x99t", r"\ud83d\ude00", "!"]),
        ("so-so: 4.5 / 5. ⭐️⭐️ é 3★", ["so", "-", "so", ":", "4.5 / 5", ".", "⭐️⭐️", "é", "3★"]),
    ],
)
def test_tokens_are_found_in_the_text_as_it_was_written(text, expected):
    assert [written for _, written in tokens_with_spans(text)] == expected


def test_a_flood_of_marks_is_aligned_too():
    text = "so e" + "\u0315\u0300" * 100 + " fine"
    starts, ends = aligned(text)
    assert len(starts) == len(ends) == len(normalize(text))
    assert tokens_with_spans(text)[-1] == ("fine", "fine")
