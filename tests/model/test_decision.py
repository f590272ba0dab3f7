import numpy as np

from sentiment.model.decision import Decision
from tests.answers import answers_to

P = np.array([0.0, 0.3, 0.5, 0.7, 1.0, np.nan])


def test_positive_begins_at_the_threshold():
    assert answers_to(P, Decision(0.5)) == [
        "negative", "negative", "positive", "positive", "positive", "",
    ]  # fmt: skip


def test_inside_the_band_the_answer_is_uncertain():
    assert answers_to(P, Decision(0.5, abstention_interval=(0.3, 0.7))) == [
        "negative", "negative", "uncertain", "positive", "positive", "",
    ]  # fmt: skip


def test_another_threshold_leaves_the_band_behind():
    assert Decision(0.5, abstention_interval=(0.3, 0.7)).at(0.8) == Decision(0.8)
