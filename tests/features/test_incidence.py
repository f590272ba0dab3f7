import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentiment.features.hashing import KeyIndex
from sentiment.features.matrix import DocumentTermMatrix, extract_ngrams
from sentiment.features.ngrams import NGrams
from sentiment.features.vectorizer import Vectorizer
from sentiment.features.weighting import EncodedDataset

WORDS = NGrams(words=1, tail=0, stem=0, negation=0)
PAIRS = NGrams(words=2, tail=2, stem=2, negation=2, characters=(2, 3))
TEXTS = st.lists(st.text(alphabet="abc é", max_size=12), max_size=12)


def held(incidence: DocumentTermMatrix, row: int) -> set[int]:
    (shard,) = incidence.shards
    columns = shard.indices[shard.indptr[row] : shard.indptr[row + 1]]
    assert np.unique(columns).size == columns.size
    return set(shard.keys[columns].tolist())


def keys(text: str, ngrams: NGrams) -> set[int]:
    return {key for found in extract_ngrams([text], ngrams) for key in found.keys.tolist()}


@settings(max_examples=25)  # a matrix takes 30 ms, however small
@given(TEXTS, st.integers(1, 3))
def test_each_review_holds_its_n_grams_that_enough_reviews_hold(texts, min_count):
    incidence = DocumentTermMatrix.of(texts, PAIRS, min_count)
    each = [keys(text, PAIRS) for text in texts]
    known = set(incidence.shards[0].keys.tolist())
    assert known == {k for some in each for k in some if sum(k in e for e in each) >= min_count}
    assert [held(incidence, row) for row in range(len(texts))] == [some & known for some in each]
    assert len(incidence) == len(texts)


def test_many_reviews_are_found_in_the_order_they_came_in():
    texts = [f"w{n} w{n % 7}" for n in range(5000)]
    incidence = DocumentTermMatrix.of(texts, WORDS)
    assert all(held(incidence, row) == keys(texts[row], WORDS) for row in (0, 1, 1024, 2500, 4999))


@settings(max_examples=25)
@given(st.lists(st.text(alphabet="ab ", max_size=9), min_size=2, max_size=12))
def test_rows_of_an_incidence_are_those_of_the_texts(texts):
    incidence = DocumentTermMatrix.of(texts, PAIRS)
    labels = np.arange(len(texts)) % 2
    vectorizer = Vectorizer.fit(incidence, labels, max_features=20)
    # Fitted to some reviews, asked for others.
    for known in (incidence, DocumentTermMatrix.of(texts, PAIRS, 2)):
        assert len(EncodedDataset.of(known, vectorizer)) == len(texts)
    everything = np.arange(len(texts))
    ours = EncodedDataset.of(incidence, vectorizer).take(everything)
    theirs = vectorizer.transform(texts)
    for row in range(len(texts)):
        a, b = (
            sorted(zip(r.indices[part].tolist(), r.data[part].tolist(), strict=True))
            for r in (ours, theirs)
            for part in [slice(r.indptr[row], r.indptr[row + 1])]
        )
        assert [column for column, _ in a] == [column for column, _ in b]
        assert [v for _, v in a] == pytest.approx([v for _, v in b], rel=1e-6)


def test_the_first_holders_hold_every_n_gram_wanted():
    incidence = DocumentTermMatrix.of(["a b", "a", "c", "b c", "d"] * 3000, WORDS)
    unknown = np.array([7], np.uint64)
    wanted = np.sort(np.concatenate((incidence.shards[0].keys, unknown)))
    assert incidence.first_rows_containing(wanted).tolist() == [0, 2, 4]


@given(
    st.sets(st.integers(0, 2**64 - 1) | st.integers(2**60, 2**60 + 9000), max_size=50),
    st.lists(st.integers(0, 2**64 - 1), max_size=50),
)
def test_needles_are_found_where_they_are(known, others):
    sorted_keys = np.array(sorted(known), np.uint64)
    # More than a few, or no buckets are made.
    needles = np.array([*known, *others] * 200 + [0] * 5000, np.uint64)
    places = KeyIndex(sorted_keys).find(needles)
    at = {key: place for place, key in enumerate(sorted_keys.tolist())}
    assert places.tolist() == [at.get(needle, -1) for needle in needles.tolist()]


def test_keys_that_crowd_one_bucket_are_found_all_the_same():
    crowd = np.arange(6000, dtype=np.uint64)
    sorted_keys = np.concatenate((crowd, [np.uint64(2**63)]))
    assert np.array_equal(KeyIndex(sorted_keys).find(sorted_keys), np.arange(6001))
