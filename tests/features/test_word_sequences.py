"""Texts as sequences of words."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.features.sequences import Sequences
from sentiment.features.tokens import PIECE_SIZE
from sentiment.features.words import WordReading
from tests.features.test_pieces import TEXTS
from tests.model.convolutions import word_encoder

ENCODER = word_encoder()
WHOLE = word_encoder(1 << 16, 1 << 16)


def rows_of(rows: Sequences) -> list[list[int]]:
    return [part.tolist() for part in np.split(rows.ids, rows.bounds[1:-1])]


def test_each_word_has_its_number_and_others_share_buckets():
    known, again, other, empty = rows_of(
        WHOLE.transform(["a good film", "FILM good a", "a qwxz qwxz", ""])
    )
    assert sorted(known) == sorted(again)
    assert known[::-1] == again
    assert max(known) < WHOLE.keys.size <= other[1] == other[2] < WHOLE.size
    assert other[0] == known[0]
    assert empty == []


def test_other_words_that_begin_alike_share_a_bucket():
    (row,) = rows_of(word_encoder().transform(["wonderful wonderfully wonder zebra wond"]))
    assert row[0] == row[1] == row[2]
    assert min(row) >= ENCODER.keys.size


def test_of_a_long_text_the_first_and_the_last_words_are_read():
    words = [f"w{number}" for number in range(40)]
    long, short = rows_of(ENCODER.transform([" ".join(words), " ".join(words[:11])]))
    (whole,) = rows_of(WHOLE.transform([" ".join(words)]))
    assert long == whole[:6] + whole[-5:]
    assert short == whole[:11]
    (head,) = rows_of(word_encoder(6, 0).transform([" ".join(words)]))
    assert head == whole[:6]


def test_a_text_in_several_pieces_is_one():
    text = "a good film . " * (PIECE_SIZE // 10)
    (row,) = rows_of(ENCODER.transform([text]))
    (short,) = rows_of(ENCODER.transform(["a good film . " * 10]))
    assert row[:6] == short[:6]
    assert len(row) == 11


@given(st.lists(TEXTS, max_size=5))
def test_a_text_does_not_depend_on_others(texts):
    for text, row in zip(texts, rows_of(ENCODER.transform(texts)) if texts else [], strict=True):
        assert rows_of(ENCODER.transform([text])) == [row]


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("a good film", 1), ("a qwxz", 0.5), ("qwxz", 0), ("!!! ... ,,,", 0), ("good!", 1),
        ("qwxz vbnm :)", 1), ("👍", 1), ("映", 1), ("語", 0), ("", np.nan), (" \n", np.nan),
        ("10/10", 1),
    ],
)  # fmt: skip
def test_the_share_of_known_words(text, share):
    assert ENCODER.coverage([text])[0] == pytest.approx(share, nan_ok=True)


def test_texts_with_few_known_words_are_found():
    texts = ["a good film", "a qwxz", "qwxz", "", "?"]
    rows = ENCODER.transform(texts)
    assert ENCODER.low_coverage(texts, rows, 0.6).tolist() == [1, 2, 3, 4]
    assert ENCODER.low_coverage(texts, rows, 0.0).tolist() == [2, 3, 4]
    cleared = rows.cleared(np.array([False, True, False, False, True]))
    assert cleared.lengths.tolist() == [3, 0, 1, 0, 0]


def test_where_words_are():
    text = "A GOOD film, don’t! " + "x " * 20 + "bad 👍"
    spans = ENCODER.spans(text, ENCODER.transform([text]))
    read = [text[spans.starts[i] : spans.ends[i]] for i in spans.first]
    assert read == ["A", "GOOD", "film", ",", "don’t", "!", "x", "x", "x", "bad", "👍"]
    assert spans.entries.tolist() == list(range(11))
    assert spans.starts.size == 28
    assert ENCODER.spans(text, ENCODER.empty()).entries.size == 0


def test_damage_is_repaired_or_left():
    repaired, left = word_encoder(), word_encoder().with_repair(False)
    texts = ["I don&#039;t"]
    assert rows_of(repaired.transform(texts)) != rows_of(left.transform(texts))
    assert "not repaired" in left.describe()
    assert (repaired.repairs, left.repairs) == (True, False)
    assert repaired != left
    assert repaired == left.with_repair(True)


def test_ratings_are_words_of_their_own():
    one, other = rows_of(ENCODER.transform(["10/10", "5/5"]))
    assert one == other
    assert WordReading(ratings=False).read(["10/10"]).keys.size == 3
