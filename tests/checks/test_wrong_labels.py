"""Labels that are likely wrong: out-of-fold log-odds, their ranking, the estimate of how many."""

from dataclasses import replace

import numpy as np
import pytest

from sentiment.checks.out_of_fold import (
    fit_logistic_regression,
    held_out_log_odds,
    likely_classes,
    out_of_fold,
)
from sentiment.checks.wrong_labels import WrongLabels, confident_joint, joined, ranking
from sentiment.features.matrix import CSRMatrix
from sentiment.labels import LabelSet
from tests.checks.helpers import flipped, made, reviews_of

pytestmark = pytest.mark.slow


def test_flipped_labels_come_first_and_are_counted():
    texts, labels = made(300)
    changed, rows = flipped(labels, 15)
    log_odds = out_of_fold(reviews_of(texts, changed), folds=5)
    found = WrongLabels.find(joined(log_odds, None, changed), changed)
    assert len(set(found.rows[:15].tolist()) & rows) >= 12
    assert 10 <= found.estimated <= 25


def test_a_review_does_not_vote_for_its_own_label_even_where_its_text_repeats():
    texts, labels = made(120)
    texts += ["zyx wvu tsr"] * 6  # words that no other review has
    labels = np.append(labels, [1] * 6)
    log_odds = out_of_fold(reviews_of(texts, labels), folds=5)[-6:, 0]
    other = np.append(labels[:-6], [0] * 6)
    turned = out_of_fold(reviews_of(texts, other), folds=5)[-6:, 0]
    assert np.abs(log_odds - turned).max() < 1.0


def test_the_same_reviews_and_seed_give_the_same_log_odds():
    reviews = reviews_of(*made(80))
    assert np.array_equal(out_of_fold(reviews, 3, 4), out_of_fold(reviews, 3, 4))


def test_three_classes_are_ranked_too():
    texts, labels = made(150)
    texts += [f"{text.split()[0]} okay average middling" for text in texts[:75]]
    labels = np.append(labels * 2, [1] * 75).astype(np.int16)
    changed = labels.copy()
    changed[200] = 0
    three = LabelSet(("negative", "neutral", "positive"))
    reviews = replace(reviews_of(texts, changed), label_set=three)
    log_odds = joined(out_of_fold(reviews, folds=5), None, changed)
    assert log_odds.shape == (225, 2)
    assert ranking(log_odds, changed)[0] == 200


def test_a_class_that_a_fold_lacks_leaves_no_opinion():
    texts, labels = made(40)
    labels = np.zeros(40, np.int16)
    labels[7] = 1
    log_odds = out_of_fold(reviews_of(texts, labels), folds=4)
    assert np.isnan(log_odds[7]).all()
    assert not np.isnan(log_odds).all()
    assert 7 not in ranking(log_odds, labels)


def test_halves_hold_each_review_once_at_most():
    texts, labels = made(60)
    rows, log_odds = held_out_log_odds(reviews_of(texts, labels))
    assert rows.size == len(set(rows.tolist())) == len(log_odds) > 20


def test_logistic_regression_agrees_with_scikit_learn(monkeypatch):
    from sklearn.linear_model import LogisticRegression

    monkeypatch.setattr("sentiment.checks.out_of_fold._TOLERANCE", 1e-12)
    random = np.random.default_rng(0)
    dense = random.normal(size=(60, 4)).astype(np.float32)
    for classes in (2, 3):
        labels = random.integers(0, classes, 60)
        rows = CSRMatrix(np.tile(np.arange(4, dtype=np.int32), 60), dense.ravel(),
                         np.arange(0, 241, 4), 4)  # fmt: skip
        ours = fit_logistic_regression(rows, np.eye(classes)[labels])(rows)
        theirs = LogisticRegression(C=10.0, tol=1e-8, max_iter=1000).fit(dense, labels)
        expected = theirs.decision_function(dense)
        if classes == 2:
            assert np.abs(ours[:, 0] - expected).max() < 0.02
        else:
            assert np.abs(ours - (expected[:, 1:] - expected[:, :1])).max() < 0.02


def test_the_confident_joint_counts_by_the_mean_of_each_class():
    # Thresholds: class 0 (0.9 + 0.8 + 0.1) / 3 = 0.6, class 1 (0.9 + 0.7) / 2 = 0.8.
    p = np.array([0.1, 0.2, 0.9, 0.9, 0.7])
    joint = confident_joint(np.stack((1 - p, p), axis=1), np.array([0, 0, 0, 1, 1]))
    assert np.allclose(joint, [[2, 1], [0, 2]])


def test_another_models_opinion_counts_only_where_it_has_one():
    random = np.random.default_rng(0)
    labels = np.arange(200) % 2
    own = (labels * 2 - 1 + random.normal(size=200) * 2)[:, None]
    other = ((labels * 2 - 1) * 4.0)[:, None]
    other[:50] = np.nan
    alone, both = joined(own, None, labels), joined(own, other, labels)
    assert np.array_equal(alone[:50], both[:50])
    assert np.mean((both[50:, 0] > 0) == labels[50:]) > np.mean((alone[50:, 0] > 0) == labels[50:])


@pytest.mark.parametrize("said", [0.0, 6.0])
def test_likely_classes_are_probabilities_that_lean_to_the_label(said):
    labels = np.array([0, 1] * 20)
    likely = likely_classes(np.where(labels == 1, said, -said)[:, None].astype(float), labels)
    assert np.allclose(likely.sum(axis=1), 1)
    assert (likely.argmax(axis=1) == labels).all()
