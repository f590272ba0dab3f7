"""How reviews are divided: by class, by group, in time; and what cannot be."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.errors import DataError
from sentiment.reviews.dataset import LabelledReviews
from sentiment.selection.folds import by_group, in_time, stratified


def reviews(labels, texts=None, **columns):
    texts = texts or [f"text number {n}" for n in range(len(labels))]
    kept = {name: list(map(str, cells)) for name, cells in columns.items()}
    return LabelledReviews(texts, np.array(labels, np.int16), columns=kept)


def check(folds, n, *, all_held=True):
    held = np.concatenate([fold.held_out for fold in folds])
    assert len(set(held.tolist())) == held.size
    assert not all_held or sorted(held.tolist()) == list(range(n))
    assert not any(np.isin(fold.training, fold.held_out).any() for fold in folds)


@given(st.data())
def test_each_review_is_held_out_once_a_repeat_with_its_equals(data):
    n = data.draw(st.integers(20, 60))
    labels = [number % 2 for number in range(n)]
    texts = [f"text {number // 2 * 2 + number % 2 if number < 30 else 0} {labels[number]}"
             for number in range(n)]  # fmt: skip
    plan = stratified(reviews(labels, texts), 5, 3, data.draw(st.integers(0, 2**32 - 1)))
    assert len(plan) == 3
    for folds in plan:
        check(folds, n)
        for fold in folds:
            assert not {texts[row] for row in fold.training} & {texts[row] for row in fold.held_out}


def test_repeats_differ_and_a_seed_gives_the_same_folds():
    some = reviews([0, 1] * 30)
    first, second = stratified(some, 3, 2, 7)
    assert not np.array_equal(first[0].held_out, second[0].held_out)
    again = stratified(some, 3, 2, 7)[0]
    assert all(np.array_equal(a.held_out, b.held_out) for a, b in zip(first, again, strict=True))


@given(st.lists(st.integers(0, 12), min_size=40, max_size=80), st.integers(0, 99))
def test_no_group_is_divided(groups, seed):
    groups = [*range(13), *range(13), *groups]
    labels = [number % 2 for number in range(len(groups))]
    for folds in by_group(reviews(labels, shop=groups), "shop", 3, 2, seed):
        check(folds, len(groups))
        for fold in folds:
            trained, held = (
                {groups[row] for row in rows} for rows in (fold.training, fold.held_out)
            )
            assert not trained & held


def test_groups_that_share_a_text_stay_together_and_empty_cells_are_groups():
    labels = [0, 1] * 20
    shops = [f"s{number // 2}" for number in range(36)] + [""] * 4
    texts = [f"text {number}" for number in range(40)]
    texts[4] = texts[0]  # s2 with s0
    texts[8] = " text  6"  # white space makes no difference: s4 with s3
    for fold in by_group(reviews(labels, texts, shop=shops), "shop", 5, 1, 0)[0]:
        held = set(fold.held_out.tolist())
        for pair in ((0, 4), (6, 8)):
            assert held.issuperset(pair) or held.isdisjoint(pair)
    held_with = [
        fold.held_out for fold in by_group(reviews(labels, shop=shops), "shop", 20, 1, 0)[0]
    ]
    assert not any(np.isin([36, 37, 38, 39], held).all() for held in held_with)


@pytest.mark.parametrize(
    ("shops", "words"),
    [
        (["one"] * 20, 'all reviews are of one group of "shop"'),
        (["one"] * 10 + ["two"] * 10, '"shop" has 2 groups, too few for 3 folds: try --folds 2'),
        (["one", "two"] * 2 + list("abcdefghijklmnop"), None),
        ([str(n % 2) if n % 2 else f"g{n}" for n in range(20)], 'no text labelled "positive"'),
    ],
)
def test_groups_that_cannot_be_divided_are_one_clear_line(shops, words):
    some = reviews([0, 1] * 10, shop=shops)
    if words is None:
        check(by_group(some, "shop", 3, 1, 0)[0], 20)
        return
    with pytest.raises(DataError) as error:
        by_group(some, "shop", 3, 1, 0)
    assert words in str(error.value)


def test_groups_whose_texts_are_shared_are_one():
    some = reviews([0, 1] * 10, ["the same text"] * 20, shop=range(20))
    with pytest.raises(DataError, match="or share their texts with it"):
        by_group(some, "shop", 3, 1, 0)


@pytest.mark.parametrize(
    ("labels", "texts", "words"),
    [
        ([0] * 9 + [1, 1], None, '2 different texts are labelled "positive"; .* at least 3'),
        ([0] * 9 + [1] * 4, None, '4 .* "positive", too few for 10 folds: .* --folds 4'),
        ([0] * 9 + [1] * 9, ["a"] * 9 + list("bcdefghij"), '1 different text is labelled "neg'),
    ],
)
def test_too_few_rows_for_the_folds(labels, texts, words):
    with pytest.raises(DataError, match=words):
        stratified(reviews(labels, texts), 10, 1, 0)


def test_the_advised_number_of_folds_works():
    some = reviews([0] * 9 + [1] * 4)
    check(stratified(some, 4, 1, 0)[0], 13)


DATES = [f"2024-{month:02}-{day:02}" for month in range(1, 11) for day in (3, 17)]


def test_models_of_time_are_trained_on_the_past():
    order = np.random.default_rng(0).permutation(len(DATES) * 2)
    dates = np.array(DATES * 2)[order]
    folds = in_time(reviews([0, 1] * len(DATES), date=dates), "date", 4)[0]
    check(folds, len(dates), all_held=False)
    for fold in folds:
        assert max(dates[fold.training].tolist()) < min(dates[fold.held_out].tolist())
    assert [fold.held_out.size for fold in folds] == [8, 8, 8, 8]


def test_a_text_that_the_block_has_too_is_not_trained_on():
    texts = [f"text {number}" for number in range(40)]
    texts[0] = texts[39]
    folds = in_time(reviews([0, 1] * 20, texts, date=range(40)), "date", 3)[0]
    assert 39 in folds[-1].held_out
    assert 0 not in folds[-1].training
    assert 0 in folds[0].training


@pytest.mark.parametrize(
    "cells",
    [
        ["2024-05-31", "2024-06-01 10:00", "2024-06-01T12:00:00+02:00", "20 Jul 2024"],
        ["2015-02-24 11:35:52 -0800", "2015-02-24 12:00:00 -0800", "2015/02/25", "Mar 1, 2015"],
        ["1", "2.5", "3,5", "1e3"],
        ["24-01-2015 11.35", "05-02-2015 9.10", "05-02-2015 10.10", "1-03-2015 11.35"],
        ["1/24/2015", "2/5/2015 9:10", "2/5/2015 10:10:59", "3/1/2015"],
    ],
)
def test_forms_of_time(cells):
    labels = [0, 1] * 8
    dates = [cell for cell in cells for _ in range(4)]
    for fold in in_time(reviews(labels, date=dates), "date", 2)[0]:
        assert fold.training.max() < fold.held_out.min()


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("yesterday", r'row 3: "yesterday" in "date" is no time: write'),
        ("", r'row 3: "" in "date" is no time'),
        ("5", r'row 3: "5" in "date" is a number among dates'),
        ("05/06/2024", "not clear which is the day"),
    ],
)
def test_a_time_that_does_not_parse_is_one_clear_line(cell, words):
    dates = [*DATES[:2], cell, *DATES[3:]]
    with pytest.raises(DataError, match=words):
        in_time(reviews([0, 1] * 10, date=dates), "date", 3)


def test_too_few_times_and_a_past_without_a_class():
    with pytest.raises(DataError, match="2 different times, too few for 3 folds"):
        in_time(reviews([0, 1] * 10, date=[1, 2] * 10), "date", 3)
    with pytest.raises(
        DataError,
        match=r'"date" divides the classes badly: fold 1 of 3 would train on no text labelled',
    ):
        in_time(reviews([0] * 10 + [1] * 10, date=range(20)), "date", 3)
