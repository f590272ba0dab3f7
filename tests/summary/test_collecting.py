"""One pass in bounded memory: counts, groups, the sample of texts."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentiment.errors import DataError
from sentiment.reviews.dates import iso
from sentiment.summary import collect, tally
from sentiment.summary.collect import Collector, Rows
from sentiment.summary.tally import GroupNames, Tally


def collector(by=0, **options):
    chosen = {"repeats": False, "sampling": True} | options
    return Collector(2, None, by, None, **chosen)


def rows(texts, answers=None, groups=(), dates=None, labels=None):
    n = len(texts)
    answers = np.zeros(n, np.int64) if answers is None else np.array(answers)
    return Rows(texts, np.full((n, 2), 0.5), answers, groups, dates, labels, "r", range(1, n + 1))


@settings(max_examples=50)
@given(
    st.lists(
        st.tuples(st.integers(0, 9), st.integers(-1, 1 << 23), st.integers(0, 29)), max_size=60
    ),
    st.integers(1, 20),
)
def test_a_tally_counts_what_was_added_in_any_portions(reviews, size):
    counts = Tally(30)
    for at in range(0, len(reviews), size):
        counts.add(*np.array(reviews[at : at + size], np.int64).reshape(-1, 3).T)
    found = {
        tuple(key): count
        for *key, count in zip(*map(np.ndarray.tolist, counts.table()), strict=True)
    }
    assert found == {each: reviews.count(each) for each in reviews}


def test_groups_beyond_the_limit_are_one(monkeypatch):
    monkeypatch.setattr(tally, "MOST_GROUPS", 3)
    names = GroupNames(2)
    found = names.numbers_of([["a", "b", "a", "c", "d", "e", "a"], [1, None, 1, "", 2, 3, 1]], 7)
    assert found.tolist() == [0, 1, 0, 2, 3, 3, 0]
    assert names.names == [("a", "1"), ("b", "(none)"), ("c", "(none)"), ("(others)", "(others)")]
    assert names.overflowed
    assert GroupNames(0).numbers_of([], 2).tolist() == [0, 0]


def test_days_become_months_where_there_is_too_much_to_keep(monkeypatch):
    monkeypatch.setattr(tally, "_MOST", 20)
    monkeypatch.setattr(tally, "_PENDING", 10)
    found = collector()
    for month in range(1, 13):
        dates = [f"2024-{month:02}-{day:02}" for day in range(1, 29)]
        found.add(rows([f"text {day}" for day in dates], dates=dates))
    _, days, _, counts = found.tally.table()
    assert counts.sum() == 12 * 28
    assert [iso(day) for day in days.tolist()] == [f"2024-{month:02}-01" for month in range(1, 13)]


def test_the_sample_is_bounded_and_does_not_depend_on_order_or_batches(monkeypatch):
    monkeypatch.setattr(collect, "SAMPLE", 50)
    texts = [f"review number {number}" for number in range(2000)]
    samples = []
    for size, order in ((7, texts), (500, texts[::-1])):
        found = collector()
        for at in range(0, len(order), size):
            found.add(rows(order[at : at + size]))
            assert len(found._sample.chosen) < 100 + size
        samples.append([each.text for each in found.sample])
    assert samples[0] == samples[1]
    assert len(samples[0]) == 50
    monkeypatch.setattr(collect, "_CHARS", 500)
    found = collector()
    found.add(rows(texts))
    assert sum(len(each.text) for each in found.sample) <= 500


def test_a_column_of_many_labels_is_none(monkeypatch):
    monkeypatch.setattr(collect, "_LABELS", 5)
    with pytest.raises(DataError, match="more than 5 different values"):
        collector().add(rows([f"t {n}" for n in range(9)], labels=[f"label {n}" for n in range(9)]))
