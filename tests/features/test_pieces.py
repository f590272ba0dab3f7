"""The encoder of language models: what it reads, knows and shows where."""

import pickle

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sentiment.features.pieces import PieceEncoder
from sentiment.features.wordpiece import WordPiece
from tests.format.wild import WILD
from tests.model.encoders import WORDS
from tests.model.small import small_model

ENCODER = PieceEncoder(WordPiece(WORDS))
VECTORIZER = small_model().own.encoder
SYMBOLS = st.lists(
    st.sampled_from([*"👍😀🇫🇷🏽★映画中한\u0301\u0378\ue000\ufffd \n'.a", "good", "film", "unable"])
).map("".join)
TEXTS = st.one_of(WILD, SYMBOLS, st.lists(st.sampled_from(WORDS), max_size=70).map(" ".join))


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("It&#039;s GOOD<br>“film”", "it's good\n“film”"),
        ("good👍🏽film", "good thumbs up sign  film"),
        ("🇫🇷", "fr"),
        ("4/5", "4/5"),
    ],
)
def test_texts_are_repaired_and_symbols_spelled(text, read):
    assert ENCODER.read(text) == read


def test_texts_stay_as_they_are_without_repair():
    assert ENCODER.with_repair(False).read("It&#039;s") == "it&#039;s"
    assert ENCODER.with_repair(False).pieces is ENCODER.pieces


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("A good film!", 1.0),
        ("I loved it. Qwxz!", 0.75),
        ("unbelievably bad", 0.5),
        ("10/10", 1.0),
        ("映画", 0.0),
        ("映画 good", 1 / 3),
        ("??!", 0.0),
        ("…", 0.0),
        ("\u0301", 0.0),
        ("👍", 2 / 3),
        ("", np.nan),
        (" \u200b\n", np.nan),
        ("\u0378", np.nan),
    ],
)
def test_coverage_is_the_share_of_words_that_are_a_single_piece(text, share):
    assert ENCODER.coverage([text]) == pytest.approx([share], nan_ok=True)


@given(st.lists(TEXTS, max_size=4), st.sampled_from([0.0, 0.5, 1.0]))
@example(["\u0378", "good", "\u0301", "unable film"], 0.5)
def test_too_little_is_known_of_just_the_texts_that_are_found_so(texts, share):
    coverage = ENCODER.coverage(texts)
    low = ENCODER.low_coverage(texts, ENCODER.transform(texts), share)
    expected = np.isnan(coverage) | (coverage < share) | (coverage == 0)
    assert low.tolist() == np.flatnonzero(expected).tolist()
    # The same texts have no token as for other encoders.
    assert np.isnan(coverage).tolist() == np.isnan(VECTORIZER.coverage(texts)).tolist()


@given(TEXTS)
@example("")
@example("naïve 👍🏽 don&#039;t — unable… \u0378 \ue000")
def test_each_piece_is_in_a_token_and_tokens_are_those_of_other_encoders(text):
    row = ENCODER.transform([text])
    spans = ENCODER.spans(text, row)
    others = VECTORIZER.spans(text, VECTORIZER.transform([text]))
    assert spans.starts.tolist() == others.starts.tolist()
    assert spans.ends.tolist() == others.ends.tolist()
    count = row.ids.size - 2 if spans.starts.size else 0
    assert spans.entries.tolist() == [*range(1, count + 1)]
    assert (spans.first >= 0).all()
    assert (spans.first <= spans.last).all()
    assert (spans.last < spans.starts.size).all()
    assert (np.diff(spans.first) >= 0).all()
    credit = np.random.default_rng(0).normal(size=row.ids.size)
    shared = spans.shared(spans.divided(credit))
    assert shared.sum() == pytest.approx(credit[1 : count + 1].sum(), abs=1e-9)


@given(st.lists(st.sampled_from([*WORDS[4:], "Unable", "cafés", "GOOD"]), max_size=60))
def test_a_piece_is_in_the_word_that_it_is_of(words):
    text = " ".join(words)
    row = ENCODER.transform([text])
    spans = ENCODER.spans(text, row)
    for entry, first, last in zip(spans.entries, spans.first, spans.last, strict=True):
        piece = WORDS[row.ids[entry]].removeprefix("##")
        word = text[spans.starts[first] : spans.ends[last]].lower().replace("é", "e")
        assert piece in word or piece == "[UNK]"


def test_the_row_of_an_empty_text_has_no_places_in_another():
    assert ENCODER.spans("a good film", ENCODER.empty()).entries.size == 0
    assert ENCODER.spans("a good film", ENCODER.empty()).starts.size == 3


def test_no_piece_is_a_phrase():
    known, rows = ENCODER.single_rows([3, 4])
    assert (known.size, len(rows)) == (0, 0)


def test_a_vocabulary_takes_nothing_that_it_remembers_to_other_processes():
    ENCODER.coverage(["good film"])
    copy = pickle.loads(pickle.dumps(ENCODER))
    assert vars(copy.pieces).keys() == {"vocabulary", "head", "tail", "corrected"}
    assert copy.transform(["unable"]).ids.tolist() == ENCODER.transform(["unable"]).ids.tolist()


def test_a_long_text_takes_little_time_to_be_found_known():
    assert ENCODER.coverage(["good " * 200_000, "qwxz " * 200_000]).tolist() == [1, 0]
