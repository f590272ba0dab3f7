"""The baseline of the report: it never answers a review that it was fitted on."""

import numpy as np

from sentiment.evaluation.baseline import (
    FOLDS,
    MAX_REVIEWS,
    fit_and_answer,
    folds_of,
    out_of_fold,
    why_not,
)
from sentiment.evaluation.beside import baseline_beside, constant_beside
from sentiment.evaluation.metrics import Evaluation, of_two
from sentiment.model.decision import Decision

GOOD = [f"a good film number {number}" for number in range(60)]
BAD = [f"a bad film number {number}" for number in range(60)]
LABELS = np.repeat([1, 0], 60)


def test_texts_that_differ_in_case_or_white_space_are_in_one_fold():
    folds = folds_of(["A good\tfilm", "a GOOD film ", *GOOD])
    assert folds[0] == folds[1]
    assert set(folds.tolist()) == set(range(FOLDS))


def test_it_learns_from_the_other_folds():
    p = out_of_fold(GOOD + BAD, LABELS, 3)
    assert (p.argmax(axis=1) == LABELS).all()
    assert np.allclose(p.sum(axis=1), 1)
    assert (p[:, 2] == 0).all()  # no review has this label


def test_its_answers_to_other_texts_depend_on_the_training_texts_alone():
    texts = ["a good one", "a bad one"]
    p = fit_and_answer(GOOD + BAD, LABELS, texts, 3)
    assert p.argmax(axis=1).tolist() == [1, 0]
    beside = fit_and_answer(GOOD + BAD, LABELS, [*texts, "one one", "a one"], 3)
    assert np.array_equal(p, beside[:2])


def test_it_learns_nothing_from_the_review_itself():
    texts = [f"{number}x {number}y {number}z" for number in range(200)]  # not a word in common
    labels = np.random.default_rng(0).integers(0, 2, 200)
    p = out_of_fold([text for text in texts for _ in (0, 1)], np.repeat(labels, 2), 2)
    folds = folds_of(texts)
    for fold in range(FOLDS):
        of_fold = p[::2][folds == fold, 1]
        assert np.allclose(of_fold, of_fold[0])  # the same for all: their words are new to it


def test_texts_without_a_word_do_not_stop_it():
    assert np.allclose(out_of_fold(["!", "?"] * 60, np.arange(120) % 2, 2), 0.5)


def test_it_says_why_there_is_none():
    assert why_not(GOOD + BAD, LABELS) == ""
    assert why_not(GOOD, LABELS[:60]) == "it needs 100 reviews"
    assert "two classes" in why_not(GOOD + BAD, np.zeros(120, np.int64))
    assert "two classes" in why_not(["the same"] * 120, LABELS)
    many = ["a"] * (MAX_REVIEWS + 1)
    assert "too long" in why_not(many, np.zeros(len(many), np.int64))


def test_both_stand_beside_the_model_with_the_difference():
    p = np.where(np.arange(120) % 10 == 0, 0.2, 0.8)
    evaluation = Evaluation(of_two(np.where(LABELS == 1, p, 1 - p)), LABELS, Decision())
    constant, baseline = constant_beside(evaluation), baseline_beside(GOOD + BAD, evaluation)
    assert (constant.accuracy.a, constant.accuracy.b) == (0.5, 0.9)
    assert baseline.accuracy.a == 1
    assert baseline.accuracy.is_significant
    assert baseline.found.differences["log_loss"] is not None
    assert constant.found.differences["log_loss"] is None  # it has no probabilities
