"""Many shards, in a file, against one in memory: nothing that follows from them may differ."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.features import matrix as incidence_module
from sentiment.features.matrix import DocumentTermMatrix, Shard
from sentiment.features.ngrams import NGrams
from sentiment.features.vectorizer import Vectorizer
from sentiment.features.weighting import EncodedDataset
from sentiment.storage import ArrayFile

pytestmark = pytest.mark.slow

PAIRS = NGrams(words=2, tail=2, stem=2, negation=2, characters=(2, 3))
ROWS = st.lists(
    st.tuples(st.text(alphabet="ab é", max_size=12), st.integers(0, 1), st.integers(0, 2)),
    min_size=2,
    max_size=24,
)


def sharded(texts: list[str], ngrams: NGrams, size: int) -> DocumentTermMatrix:
    parts = (texts[first : first + size] for first in range(0, len(texts), size))
    return DocumentTermMatrix.in_file(ngrams, (Shard.of(part, ngrams) for part in parts))


@given(ROWS, st.integers(1, 7), st.integers(1, 40), st.integers(1, 2))
def test_shards_give_the_vectorizer_and_the_rows_of_one(rows, size, limit, min_count):
    texts = [text for text, _, _ in rows]
    labels, times = (np.array([row[place] for row in rows]) for place in (1, 2))
    labels[:2], times[:2] = (0, 1), 1  # of both classes some
    one, many = DocumentTermMatrix.of(texts, PAIRS), sharded(texts, PAIRS, size)
    ours, theirs = (
        Vectorizer.fit(each, labels, times, max_features=limit, min_df=min_count)
        for each in (many, one)
    )
    assert ours == theirs
    order = np.random.default_rng(0).permutation(len(texts))
    a, b = (EncodedDataset.of(each, ours).take(order) for each in (many, one))
    assert a.indices.tolist() == b.indices.tolist()
    assert a.data.tobytes() == b.data.tobytes()
    assert a.indptr.tolist() == b.indptr.tolist()
    assert (
        many.first_rows_containing(ours.keys).tolist()
        == one.first_rows_containing(ours.keys).tolist()
    )


def test_many_keys_are_put_together_in_several_parts(monkeypatch):
    monkeypatch.setattr(incidence_module, "_KEYS_AT_ONCE", 500)
    texts = [f"w{n} w{n % 7} w{n % 501}" for n in range(2000)]
    one, many = DocumentTermMatrix.of(texts, PAIRS), sharded(texts, PAIRS, 300)
    assert sum(1 for _ in many.merged()) > 3
    labels = np.arange(2000) % 2
    assert Vectorizer.fit(many, labels, max_features=900) == Vectorizer.fit(
        one, labels, max_features=900
    )


def test_soft_labels_are_added_up_exactly():
    texts = [f"w{n % 5}" for n in range(400)]
    soft = np.random.default_rng(0).integers(0, 2**20, 400) / 2**20
    one, many = DocumentTermMatrix.of(texts, PAIRS), sharded(texts, PAIRS, 7)
    assert Vectorizer.fit(many, soft) == Vectorizer.fit(one, soft)


@given(st.lists(st.tuples(st.sampled_from(["u1", "i4", "f8"]), st.integers(0, 9))))
def test_arrays_come_back_from_a_file_as_they_went_there(kinds):
    arrays = [np.arange(size, dtype=dtype) for dtype, size in kinds]
    file = ArrayFile()
    for array in arrays:
        file.append(array)
    back = file.arrays()
    assert [each.tolist() for each in back] == [each.tolist() for each in arrays]
    assert [each.dtype for each in back] == [each.dtype for each in arrays]


def test_arrays_of_one_type_come_back_as_one():
    file = ArrayFile()
    assert file.joined(np.int32).tolist() == []
    for first in (0, 3):
        file.append(np.arange(first, first + 3, dtype=np.int32))
    assert file.joined(np.int32).tolist() == list(range(6))
    with pytest.raises(ValueError, match="read-only"):
        file.joined(np.int32)[0] = 1
