from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.features.ngrams import ROWS_PER_BATCH, NGrams, occurrences
from sentiment.features.weighting import ClassCounts, count_by_class, log_count_ratios, strongest

WORDS = NGrams(words=1, tail=0, stem=0, negation=0)


@given(st.lists(st.tuples(st.text(alphabet="abc ", max_size=9), st.integers(0, 1)), max_size=12))
def test_counts_are_those_of_a_counter(rows):
    texts, labels = [text for text, _ in rows], np.array([label for _, label in rows], int)
    expected = Counter(
        (key, label) for text, label in rows for key in occurrences([text], WORDS).keys.tolist()
    )
    counts = count_by_class(texts, labels, WORDS)
    assert counts.keys.tolist() == sorted({key for key, _ in expected})
    assert counts.negative.tolist() == [expected[key, 0] for key in counts.keys.tolist()]
    assert counts.positive.tolist() == [expected[key, 1] for key in counts.keys.tolist()]
    assert (counts.n_negative, counts.n_positive) == ((labels == 0).sum(), (labels == 1).sum())


def test_a_soft_label_is_counted_in_part_for_each_class():
    counts = count_by_class(["good", "good", "bad"], np.array([1, 0.25, 0.5]), WORDS)
    assert sorted(counts.positive) == pytest.approx([0.5, 1.25], abs=1e-3)
    assert sorted(counts.negative) == pytest.approx([0.5, 0.75], abs=1e-3)
    assert (counts.n_positive, counts.n_negative) == pytest.approx((1.75, 1.25), abs=1e-3)


def test_counting_goes_on_across_batches():
    texts = ["good"] * (ROWS_PER_BATCH + 5)
    counts = count_by_class(texts, np.array([1] * ROWS_PER_BATCH + [0] * 5), WORDS)
    assert (counts.positive.tolist(), counts.negative.tolist()) == ([ROWS_PER_BATCH], [5])


def counts_of(negative, positive, n_negative, n_positive) -> ClassCounts:
    keys = np.arange(len(negative), dtype=np.uint64) << np.uint64(10)
    return ClassCounts(keys, np.array(negative), np.array(positive), n_negative, n_positive)


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
    swapped = replace(
        counts, negative=counts.positive, positive=counts.negative, n_negative=12, n_positive=30
    )
    assert log_count_ratios(swapped) == pytest.approx(-log_count_ratios(counts))


def test_the_strongest_features_are_those_with_the_largest_count_times_squared_weight():
    counts = counts_of([10, 1, 0, 5], [0, 0, 4, 5], 10, 10)
    ratios = np.array([-2.0, -1.0, 3.0, 0.0])
    assert strongest(counts, ratios, 2, 1).tolist() == [0, 2]
    assert strongest(counts, ratios, 9, 1).tolist() == [0, 1, 2, 3]
    assert strongest(counts, ratios, 9, 2).tolist() == [0, 2, 3]


def test_of_equally_strong_features_the_smaller_keys_are_kept():
    counts = counts_of([1, 1, 1, 1], [0, 0, 0, 0], 4, 4)
    assert strongest(counts, np.ones(4), 2, 1).tolist() == [0, 1]
