from dataclasses import replace

import numpy as np
import pytest

from sentiment.evaluation.metrics import of_two
from sentiment.evaluation.mistakes import explain_mistakes, rank_mistakes
from sentiment.model.decision import Decision, MultiDecision
from sentiment.reviews.dataset import LabelledReviews, ReadFile
from tests.answers import answers_to
from tests.model.small import small_model


def ranked(p_positive, labels, threshold):
    return rank_mistakes(of_two(p_positive), labels, Decision(threshold))


def test_the_surest_mistakes_come_first_and_right_answers_never():
    p_positive = np.array([0.9, 0.5, 0.01, 0.999, 0.4, 0.2])
    labels = np.array([0, 0, 1, 1, 0, 1])
    assert ranked(p_positive, labels, 0.5).tolist() == [2, 0, 5, 1]
    assert ranked(p_positive, labels, 0.95).tolist() == [2, 5]


def test_both_sides_of_any_threshold_can_be_equally_sure():
    """Log-odds of 0.2 ∓ 3: by probability, the positive side alone would have room to be sure."""
    below, above = (1 / (1 + np.exp(-(np.log(0.25) + step))) for step in (-3, 2.9))
    assert ranked(np.array([above, below]), np.array([0, 1]), 0.2).tolist() == [1, 0]
    certain = ranked(np.array([0.7, 1.0, 0.0]), np.array([0, 0, 1]), 0.5)
    assert certain.tolist() == [1, 2, 0]


@pytest.fixture
def model():
    return replace(small_model(), decision=Decision(0.5, (0.45, 0.55)))


def test_mistakes_are_explained_where_they_stand(model):
    texts = ["good good film", "bad", "Good not good", "I don’t", "Café good bad"]
    reviews = LabelledReviews(
        texts, np.zeros(5, np.int8), files=(ReadFile("a", 2), ReadFile("b", 3))
    )
    p_positive = model.probabilities(texts)[:, 1]
    for labels in (np.zeros(5, np.int8), np.ones(5, np.int8)):
        reviews = replace(reviews, labels=labels)
        rows = ranked(p_positive, labels, 0.5)
        for mistake in explain_mistakes(model, reviews, rows):
            explanation = mistake.explanation
            row = mistake.number
            assert (mistake.file, mistake.row) == [
                ("a", 1),
                ("a", 2),
                *(("b", n) for n in (1, 2, 3)),
            ][row]
            assert (explanation.text, explanation.p_positive) == (texts[row], p_positive[row])
            assert (
                explanation.answer
                == answers_to(p_positive, model.decision)[row]
                != mistake.labelled
            )
            weights = [word.contribution for word in mistake.drivers]
            assert weights == sorted(weights, key=lambda weight: -abs(weight))
            assert all((weight > 0) == (mistake.labelled == "negative") for weight in weights)


def test_a_word_at_several_places_is_named_once(model):
    explanation = explain_mistakes(
        model, LabelledReviews(["Good film good"], np.zeros(1, np.int8)), np.array([0])
    )[0].explanation
    film, good = sorted(explanation.by_word(), key=lambda word: word.text)
    assert [(good.text, good.times), (film.text, film.times)] == [("good", 2), ("film", 1)]
    places = [word.contribution for word in explanation.words if word.text.lower() == "good"]
    assert good.contribution == pytest.approx(sum(places))


def test_of_many_classes_the_answer_furthest_above_the_label_comes_first():
    p = np.array([[0.5, 0.3, 0.2], [0.1, 0.8, 0.1], [0.6, 0.1, 0.3], [0.0, 0.5, 0.5]])
    labels = np.array([1, 1, 1, 0])
    assert rank_mistakes(p, labels, MultiDecision()).tolist() == [3, 2, 0]
    # The offset makes neutral the answer of the first and the second row.
    assert rank_mistakes(p, labels, MultiDecision((0.0, -1.0, 0.0))).tolist() == [3, 2]
