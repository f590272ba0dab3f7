"""Learning curves: nested subsets, the law, and what it foretells."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentiment.errors import DataError
from sentiment.reviews.dataset import LabelledReviews
from sentiment.selection.curve import LearningCurve, subsets
from sentiment.selection.folds import stratified


def reviews(n, texts=None):
    texts = texts or [f"text {row}" for row in range(n)]
    return LabelledReviews(texts, (np.arange(n) % 2).astype(np.int16))


def curve(error, sizes=(100, 200, 400, 800, 1600), noise=0.0, seed=0, tested=100_000):
    random = np.random.default_rng(seed)
    sizes = np.array(sizes, np.float64)
    folds = 1 - error(sizes) + noise * random.standard_normal((10, sizes.size))
    return LearningCurve(sizes, folds.mean(axis=0), folds, tested)


@given(st.integers(200, 400), st.integers(0, 99))
def test_subsets_are_nested_and_have_the_share_of_each_class(n, seed):
    some = reviews(n)
    folds = stratified(some, 4, 1, seed)[0]
    found = subsets(some, folds, seed)
    before = [np.empty(0, np.int64)] * 4
    for share, smaller in found.items():
        for fold, whole, fewer in zip(smaller, folds, before, strict=True):
            assert np.isin(fewer, fold.training).all()
            assert np.isin(fold.training, whole.training).all()
            assert np.array_equal(fold.held_out, whole.held_out)
            for label in (0, 1):
                wanted = share * np.count_nonzero(some.labels[whole.training] == label)
                assert abs(np.count_nonzero(some.labels[fold.training] == label) - wanted) <= 1
        before = [fold.training for fold in smaller]


def test_shares_with_too_few_texts_of_a_class_are_left_out():
    assert list(subsets(reviews(64), stratified(reviews(64), 4, 1, 0)[0], 0)) == [1 / 4, 1 / 2]
    texts = [f"text {row % 20}" for row in range(400)]
    some = reviews(400, texts)
    with pytest.raises(DataError, match="too few reviews for --curve"):
        subsets(some, stratified(some, 4, 1, 0)[0], 0)


@pytest.mark.parametrize("exponent", [0.15, 0.22, 0.3])
def test_a_power_law_is_continued(exponent):
    def error(n):
        return 2 * n**-exponent

    value, (low, high) = curve(error, noise=0.002).at(6400)
    assert low < value < high
    assert low < 1 - error(6400) < high
    assert value == pytest.approx(1 - error(6400), abs=0.02)


def test_the_interval_grows_with_the_distance_and_with_the_noise():
    def error(n):
        return 2 * n**-0.25

    quiet, loud = curve(error, noise=0.002), curve(error, noise=0.03)
    widths = [np.ptp(quiet.at(size)[1]) for size in (1600, 3200, 6400)]
    assert widths == sorted(widths)
    assert np.ptp(loud.at(3200)[1]) > np.ptp(quiet.at(3200)[1])
    few = curve(error, noise=0.002, tested=200)
    assert np.ptp(few.at(3200)[1]) > np.ptp(quiet.at(3200)[1])


def test_small_sizes_near_chance_do_not_bend_the_law():
    def error(n):
        return np.minimum(2.5 * n**-0.3, 0.49)

    law = curve(error, noise=0.004)
    low, high = replace(law, constant=0.5).at(6400)[1]
    assert low < 1 - error(6400.0) < high
    assert law.at(6400)[1][0] < low  # where chance is unknown


def test_how_many_more_labels_raise_it_by_a_point():
    def error(n):
        return 2 * n**-0.25

    law = curve(error, noise=0.001)
    size, (fewest, most) = law.size_for(0.01)
    exact = (error(1600.0) - 0.01) / 2
    assert fewest < size < most
    assert fewest < exact**-4 < most
    assert law.size_for(0.5) == (None, (None, None))
    assert law.size_for(0.02)[0] > size


@settings(max_examples=20)
@given(
    st.lists(st.lists(st.floats(0, 1), min_size=3, max_size=3), min_size=2, max_size=12),
    st.floats(1, 1e6),
)
def test_wild_values_have_finite_forecasts(folds, size):
    values = np.array(folds)
    law = LearningCurve(np.array([25.0, 50.0, 100.0]), values.mean(axis=0), values, 100)
    value, (low, high) = law.at(size)
    assert np.isfinite([value, low, high]).all()
    assert 0 <= low <= high <= 1
    law.size_for(0.01)
