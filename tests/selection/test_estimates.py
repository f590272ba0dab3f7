"""Metrics of out-of-fold answers, and intervals that respect the dependence of folds."""

import numpy as np
import pytest
from scipy.stats import t

from sentiment.labels import SENTIMENT
from sentiment.reviews.dataset import LabelledReviews
from sentiment.selection.crossing import (
    Answered,
    OutOfFold,
    count_estimates,
    cross_validate,
    differences,
    estimates,
)
from sentiment.selection.folds import stratified


def answered(p, labels=None):
    labels = (p >= 0.5).astype(int) if labels is None else labels
    words = np.array(SENTIMENT.names, object)[labels].tolist()
    return Answered(np.stack([1 - p, p], axis=1), labels, words)


def drawn(n=100, folds=5, repeats=1, seed=0):
    random = np.random.default_rng(seed)
    labels = np.arange(n) % 2
    reviews = LabelledReviews([f"text {row}" for row in range(n)], labels.astype(np.int16))
    results = []
    for repeat in range(repeats):
        p = np.clip(0.3 + 0.4 * labels + 0.3 * random.standard_normal(n), 0.01, 0.99)
        fold = np.empty(n, np.int64)
        for number, each in enumerate(stratified(reviews, folds, repeats, seed)[repeat]):
            fold[each.held_out] = number
        results.append(OutOfFold(answered(p), fold, (n * (folds - 1) // folds,) * folds))
    return reviews, results


def test_the_interval_of_accuracy_is_that_of_the_folds_accuracies():
    reviews, results = drawn(repeats=2)
    right = [result.answered.labels == reviews.labels for result in results]
    found = estimates(results, reviews)["accuracy"]
    assert found.value == pytest.approx(np.mean(right))
    variances = [
        np.var([each[result.fold == fold].mean() for fold in range(5)], ddof=1)
        for each, result in zip(right, results, strict=True)
    ]
    reach = t.ppf(0.975, 8) * np.sqrt(np.mean(variances) * 1 / 4)
    assert found.interval == pytest.approx((found.value - reach, found.value + reach))


def test_a_model_compared_with_itself_is_no_better():
    reviews, results = drawn()
    for estimate in differences(results, results, reviews).values():
        assert estimate.value == 0
        assert estimate.interval in ((0, 0), None)


def test_a_difference_on_the_same_folds_is_surer_than_its_parts():
    reviews, results = drawn(n=400)
    p = results[0].answered.probabilities[:, 1]
    worse = np.where(np.arange(400) % 11 == 0, 1 - reviews.labels, p)
    others = [OutOfFold(answered(worse), results[0].fold, results[0].trained)]
    ahead = differences(results, others, reviews)["accuracy"]
    parts = [np.ptp(estimates(each, reviews)["accuracy"].interval) for each in (results, others)]
    assert 0 < ahead.interval[0] < ahead.value
    assert np.ptp(ahead.interval) < np.hypot(*parts)


def test_reviews_without_an_answer_are_not_measured():
    reviews, results = drawn()
    p = results[0].answered.probabilities.copy()
    p[:10] = np.nan
    some = OutOfFold(results[0].answered._replace(probabilities=p), results[0].fold, (80,))
    right = (results[0].answered.labels == reviews.labels)[10:]
    assert estimates([some], reviews)["accuracy"].value == pytest.approx(right.mean())


def test_metrics_that_are_undefined_have_no_interval_and_intervals_stay_within_range():
    reviews, results = drawn()
    only = reviews.labels == 1
    found = count_estimates(results, reviews, only)
    assert found["macro_f1"].value is None
    assert found["accuracy"].interval is not None
    perfect = [OutOfFold(answered(np.where(only, 0.9, 0.1)), results[0].fold, (80,) * 5)]
    for estimate in estimates(perfect, reviews).values():
        assert estimate.value in (0, 1) or estimate.interval is None or estimate.interval[0] >= 0
    assert estimates(perfect, reviews)["accuracy"].interval == (1, 1)
    assert estimates(results, reviews)["ece"].interval is None
    shares = [each.interval for name, each in estimates(results, reviews).items() if "f1" in name]
    assert all(0 <= low <= high <= 1 for low, high in shares)


def test_some_reviews_in_one_fold_alone_have_no_interval():
    reviews, results = drawn()
    found = count_estimates(results, reviews, results[0].fold == 2)
    assert found["accuracy"].value is not None
    assert found["accuracy"].interval is None


def test_each_review_is_answered_by_a_model_that_was_not_trained_on_it():
    reviews = LabelledReviews(
        [f"text {n}" for n in range(30)], (np.arange(30) % 2).astype(np.int16)
    )
    told = []

    def fit(training, texts):
        assert not set(training.texts) & set(texts)
        return answered(np.array([int(text.split()[1]) / 100 for text in texts]))

    plan = stratified(reviews, 3, 2, 0)
    results = cross_validate(reviews, plan, fit, lambda *place: told.append(place))
    assert told == [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)]
    for result in results:
        assert result.answered.probabilities[:, 1].tolist() == [n / 100 for n in range(30)]
        assert result.trained == (20, 20, 20)
