import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.features.matrix import DocumentTermMatrix
from sentiment.features.ngrams import NGrams
from sentiment.features.places import Spans
from sentiment.features.vectorizer import Vectorizer
from tests.model.small import WORDS, small_model

TEXTS = st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join) | st.text(max_size=20)
VECTORIZER = small_model().own.encoder


def check_features(places: Spans, text: str, vectorizer: Vectorizer) -> None:
    """The features that stand somewhere are those of the review's row."""
    row = vectorizer.transform([text])
    assert sorted(set(places.entries.tolist())) == list(range(row.indices.size))
    assert (places.first >= 0).all()
    assert (places.first <= places.last).all()
    assert (places.last < places.starts.size).all()


@given(TEXTS)
def test_each_feature_of_a_review_stands_somewhere(text):
    places = VECTORIZER.spans(text, VECTORIZER.transform([text]))
    if places.starts.size:  # a blank text may have the feature of a space
        check_features(places, text, VECTORIZER)


@given(TEXTS, st.integers(0, 5))
def test_what_is_shared_out_stays_the_same_in_sum(text, seed):
    places = VECTORIZER.spans(text, VECTORIZER.transform([text]))
    credit = np.random.default_rng(seed).normal(size=places.entries.size)
    shared = places.shared(credit)
    assert shared.size == places.starts.size
    if shared.size:
        assert shared.sum() == pytest.approx(credit.sum(), abs=1e-9)


def test_an_n_gram_is_shared_by_its_words_and_a_negated_word_with_its_negation():
    text = "it is not a good film"
    names = NGrams(words=3, tail=0, stem=0, negation=6)
    vectorizer = Vectorizer.fit(DocumentTermMatrix.of([text, "x"], names), np.array([0, 1]))
    places = vectorizer.spans(text, vectorizer.transform([text]))
    covered = {
        tuple(np.flatnonzero(places.shared(np.eye(places.entries.size)[place])).tolist())
        for place in range(places.entries.size)
    }
    runs = {tuple(range(i, i + n)) for n in (1, 2, 3) for i in range(7 - n)}
    assert covered == runs | {(2, word) for word in (3, 4, 5)}


@pytest.mark.parametrize("size", [40, 200])
def test_a_review_of_several_pieces_has_the_places_of_its_whole(monkeypatch, size):
    text = " ".join(f"{WORDS[n % 14]} {WORDS[n * n % 11]}" for n in range(120))
    whole = VECTORIZER.spans(text, VECTORIZER.transform([text]))
    monkeypatch.setattr("sentiment.features.tokens.PIECE_SIZE", size)
    places = VECTORIZER.spans(text, VECTORIZER.transform([text]))
    assert np.array_equal(places.starts, whole.starts)
    assert np.array_equal(places.ends, whole.ends)
    check_features(places, text, VECTORIZER)
