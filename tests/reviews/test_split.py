import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.errors import UsageError
from sentiment.reviews.dataset import stratified_split

LABELS = st.lists(st.integers(0, 1), max_size=60)
SHARES = st.floats(0.01, 0.99)


@given(LABELS, SHARES, st.integers(0, 2**32))
def test_every_row_falls_on_one_side(labels, share, seed):
    train, held_out = stratified_split(labels, share, seed)
    assert list(range(len(labels))) == sorted([*train, *held_out])
    assert [np.int64, np.int64] == [train.dtype, held_out.dtype]


@given(LABELS, SHARES)
def test_a_class_of_two_rows_is_on_both_sides(labels, share):
    for side in stratified_split(labels, share, 1):
        for label in (0, 1):
            assert (labels.count(label) >= 2) <= (label in [labels[row] for row in side])


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 9)), max_size=60), SHARES)
def test_equal_texts_stay_together(rows, share):
    labels, groups = zip(*rows, strict=True) if rows else ([], [])
    train, held_out = stratified_split(labels, share, 1, np.array(groups, np.uint64))
    assert not {groups[row] for row in train} & {groups[row] for row in held_out}


def test_the_share_holds_in_each_class():
    labels = np.array([0] * 800 + [1] * 200)
    _, held_out = stratified_split(labels, 0.1, 7)
    assert np.bincount(labels[held_out]).tolist() == [80, 20]


def test_the_seed_decides():
    labels = np.arange(100) % 2
    first, again, other = (stratified_split(labels, 0.2, seed)[1].tolist() for seed in (1, 1, 2))
    assert first == again != other


def test_rows_come_sorted():
    for side in stratified_split(np.arange(100) % 2, 0.3, 1):
        assert sorted(side) == side.tolist()


@pytest.mark.parametrize("share", [0, 1, -0.1, 1.5, float("nan")])
def test_a_share_outside_its_bounds_is_a_usage_error(share):
    with pytest.raises(UsageError, match="between 0 and 1"):
        stratified_split([0, 1], share, 1)
