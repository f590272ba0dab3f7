from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentiment.features.matrix import DocumentTermMatrix, extract_ngrams
from sentiment.features.ngrams import NGrams
from sentiment.features.weighting import (
    ClassCounts,
    FeatureSelection,
    count_by_class,
    log_count_ratios,
)

WORDS = NGrams(words=1, tail=0, stem=0, negation=0)


ROWS = st.tuples(st.text(alphabet="abc ", max_size=9), st.integers(0, 1), st.integers(0, 2))


@settings(max_examples=50)  # a matrix takes 30 ms, however small
@given(st.lists(ROWS, max_size=12))
def test_counts_are_those_of_a_counter(rows):
    texts = [text for text, _, _ in rows]
    labels, times = (np.array([row[i] for row in rows], float) for i in (1, 2))
    expected = Counter()
    for text, label, count in rows:
        for found in extract_ngrams([text], WORDS):
            for key in found.keys.tolist():
                expected[key, label] += count
    incidence = DocumentTermMatrix.of(texts, WORDS)
    shown = np.where(times > 0, labels, np.nan)
    shown = np.stack((1 - shown, shown), axis=1)
    [(keys, counts)] = count_by_class(incidence, shown, times.astype(int))
    assert keys.tolist() == sorted({key for key, _ in expected})
    for label in (0, 1):
        assert counts.counts[label].tolist() == [expected[key, label] for key in keys.tolist()]
        assert counts.sizes[label] == times[labels == label].sum()


def test_a_soft_label_is_counted_in_part_for_each_class():
    incidence = DocumentTermMatrix.of(["good", "good", "bad"], WORDS)
    targets = np.array([[0, 1], [0.75, 0.25], [0.5, 0.5]])
    [(_, counts)] = count_by_class(incidence, targets, np.ones(3, int))
    assert np.sort(counts.counts) == pytest.approx(np.array([[0.5, 0.75], [0.5, 1.25]]))
    assert counts.sizes == pytest.approx([1.25, 1.75])


def counts_of(negative, positive, n_negative, n_positive) -> ClassCounts:
    return ClassCounts(np.array([negative, positive], float), np.array([n_negative, n_positive]))


def test_with_balanced_classes_the_weight_is_that_of_add_one_smoothing():
    ratios = log_count_ratios(counts_of([3, 0], [1, 7], 10, 10))
    assert ratios == pytest.approx([np.log(2 / 4), np.log(8 / 1)])


@given(st.integers(1, 1000), st.integers(1, 1000))
def test_a_feature_never_seen_weighs_nothing_however_unbalanced_the_classes(n_negative, n_positive):
    ratios = log_count_ratios(counts_of([0], [0], n_negative, n_positive))
    assert ratios == pytest.approx([0], abs=1e-12)


def test_one_sighting_in_the_larger_class_does_not_speak_for_the_smaller():
    assert log_count_ratios(counts_of([1], [0], 900, 100))[0] < 0


def test_swapping_the_classes_turns_the_weights_round():
    counts = counts_of([3, 0, 5], [1, 7, 5], 30, 12)
    swapped = ClassCounts(counts.counts[::-1], counts.sizes[::-1])
    assert log_count_ratios(swapped) == pytest.approx(-log_count_ratios(counts))


COUNTS = np.array([[3, 0, 5, 1.5], [1, 7, 5, 0], [0, 2, 5, 0.25]])
SIZES = np.array([30, 12, 9.5])


def test_the_weight_among_three_classes_is_the_root_of_the_mean_of_squares():
    expected = []
    for feature in range(4):
        mean = 0.0
        for label in range(3):
            share = SIZES[label] / SIZES.sum()
            inside = (COUNTS[label, feature] + 2 * share) / SIZES[label]
            rest = [other for other in range(3) if other != label]
            outside = (COUNTS[rest, feature].sum() + 2 * (1 - share)) / SIZES[rest].sum()
            mean += share * np.log(inside / outside) ** 2
        expected.append(mean**0.5)
    assert log_count_ratios(ClassCounts(COUNTS, SIZES)) == pytest.approx(expected)


@given(st.permutations(range(3)), st.floats(0.5, 20))
def test_the_order_of_three_classes_does_not_matter(order, smoothing):
    found = log_count_ratios(ClassCounts(COUNTS[order], SIZES[order]), smoothing)
    assert found == pytest.approx(log_count_ratios(ClassCounts(COUNTS, SIZES), smoothing))


def test_a_feature_that_no_class_of_three_has_more_often_weighs_nothing():
    counts = ClassCounts(np.array([[4], [2], [6]]), np.array([20, 10, 30]))
    assert log_count_ratios(counts) == pytest.approx([0])


KEYS = np.arange(4, dtype=np.uint64)


def strongest(counts: ClassCounts, limit: int, min_count: int) -> list[int]:
    whole = FeatureSelection.none().merge(KEYS, counts, limit, min_count)
    parted = FeatureSelection.none()
    for part in (slice(0, 1), slice(1, 3), slice(3, 4)):
        some = replace(counts, counts=counts.counts[:, part])
        parted = parted.merge(KEYS[part], some, limit, min_count)
    assert parted.keys.tolist() == whole.keys.tolist()
    assert parted.ratios.tolist() == whole.ratios.tolist()
    return whole.keys.tolist()


def test_the_strongest_features_are_those_with_the_largest_count_times_squared_weight():
    counts = counts_of([10, 1, 0, 5], [0, 0, 4, 5], 10, 10)
    assert strongest(counts, 2, 1) == [0, 2]
    assert strongest(counts, 9, 1) == [0, 1, 2, 3]
    assert strongest(counts, 9, 2) == [0, 2, 3]


def test_of_equally_strong_features_the_smaller_keys_are_kept():
    counts = counts_of([1, 1, 1, 1], [0, 0, 0, 0], 4, 4)
    assert strongest(counts, 2, 1) == [0, 1]
