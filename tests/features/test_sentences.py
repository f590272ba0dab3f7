import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.features.sentences import sentences

HERE = Path(__file__).parent
TUNED, HELD_OUT = HERE / "sentences_tuned.txt", HERE / "sentences_held_out.txt"


def cases(path: Path) -> list[tuple[str, list[str]]]:
    """Read texts with their sentences."""
    found = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            marked = line.replace("⏎", "\n")
            parts = [
                re.sub(r"\A(?:<br ?/>)+|(?:<br ?/>)+\Z", "", part) for part in marked.split("|")
            ]
            found.append((marked.replace("|", ""), [part.strip() for part in parts]))
    return found


def cut(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences(text)]


@pytest.mark.parametrize(("path", "least"), [(TUNED, 0.98), (HELD_OUT, 0.98)])
def test_sentences_are_those_that_a_reader_sees(path: Path, least: float) -> None:
    known = cases(path)
    written = sum(len(expected) for _, expected in known)
    assert written >= 250
    found = sum(sentence in cut(text) for text, expected in known for sentence in expected)
    assert found / written >= least


WILD = st.text(
    alphabet=st.sampled_from(list("aA1.!?…。 \n\r\t\"')(<br/>#@:)😍😡-*’I")), max_size=60
)


@given(st.one_of(WILD, st.text(max_size=80)))
def test_sentences_hold_all_but_white_space(text: str) -> None:
    end = 0
    for start, stop in sentences(text):
        between = text[end:start]
        assert not re.sub(r"<br\s{0,9}/?>", "", between, flags=re.IGNORECASE).strip()
        assert start < stop
        assert text[start:stop] == text[start:stop].strip()
        end = stop
    assert not re.sub(r"<br\s{0,9}/?>", "", text[end:], flags=re.IGNORECASE).strip()


@pytest.mark.parametrize("text", ["", " ", "\n\n", "<br />"])
def test_a_text_without_a_word_has_no_sentence(text: str) -> None:
    assert not sentences(text)


@pytest.mark.parametrize("text", ["(!)", "Good", "...", "😍"])
def test_a_text_without_a_boundary_is_one_sentence(text: str) -> None:
    assert cut(text) == [text]
