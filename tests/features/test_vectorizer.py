import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.features.matrix import CSRMatrix, DocumentTermMatrix
from sentiment.features.ngrams import NGrams
from sentiment.features.vectorizer import Vectorizer

TEXTS = ["good film", "bad film", "good", "bad", "good good bad"]
LABELS = np.array([1, 0, 1, 0, 0])
WORDS = NGrams(words=1, tail=0, stem=0, negation=0)
INCIDENCE = DocumentTermMatrix.of(TEXTS, WORDS)


@pytest.fixture(scope="module")
def vectorizer() -> Vectorizer:
    return Vectorizer.fit(INCIDENCE, LABELS)


def dense(rows: CSRMatrix) -> np.ndarray:
    matrix = np.zeros((len(rows), rows.width))
    for row in range(len(rows)):
        entries = slice(rows.indptr[row], rows.indptr[row + 1])
        matrix[row, rows.indices[entries]] = rows.data[entries]
    return matrix


def test_rows_hold_the_weights_of_the_words_they_have_at_length_one(vectorizer):
    both = dense(vectorizer.transform(["bad good"]))[0]
    single = [dense(vectorizer.transform([word]))[0] for word in ("good", "bad")]
    good, bad = (vectorizer.weights[row.nonzero()[0][0]] for row in single)
    assert good > 0 > bad
    assert sorted(both[both != 0]) == pytest.approx(sorted([good, bad] / np.hypot(good, bad)))
    assert [sorted(set(row.tolist())) for row in single] == [[0, 1], [-1, 0]]


@pytest.mark.parametrize("text", ["", "unheard of", "   "])
def test_a_review_without_known_words_is_the_zero_vector(vectorizer, text):
    rows = vectorizer.transform(["good", text, "bad"])
    assert np.diff(rows.indptr).tolist() == [1, 0, 1]


def test_nothing_in_nothing_out(vectorizer):
    assert len(vectorizer.transform([])) == 0


def test_batches_do_not_show(vectorizer):
    many = vectorizer.transform(TEXTS * 500)
    assert np.array_equal(dense(many), np.tile(dense(vectorizer.transform(TEXTS)), (500, 1)))


def test_equal_fits_are_equal_and_others_are_not(vectorizer):
    assert vectorizer == Vectorizer.fit(INCIDENCE, LABELS)
    assert vectorizer != Vectorizer.fit(INCIDENCE, 1 - LABELS)
    assert vectorizer != Vectorizer.fit(INCIDENCE, LABELS, max_features=2)


def test_it_prints_what_it_looks_for(vectorizer):
    assert "words=1" in repr(vectorizer)
    assert "features=3" in repr(vectorizer)


def test_a_vectorizer_that_knows_nothing_still_answers():
    empty = Vectorizer(WORDS, np.zeros(0, np.uint64), np.zeros(0, np.float32))
    assert dense(empty.transform(["good", ""])).shape == (2, 0)


@given(st.permutations(range(5)))
def test_taking_rows_is_indexing(order):
    rows = Vectorizer.fit(INCIDENCE, LABELS).transform(TEXTS)
    taken = rows.take(np.array(order))
    assert np.array_equal(dense(taken), dense(rows)[list(order)])


def test_reviews_that_do_not_count_are_not_looked_at():
    times = np.array([1, 1, 1, 1, 0])
    labels = np.array([1, 0, 1, 0, np.nan])
    assert Vectorizer.fit(INCIDENCE, labels, times) == Vectorizer.fit(
        DocumentTermMatrix.of(TEXTS[:4], WORDS), LABELS[:4]
    )
