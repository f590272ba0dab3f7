"""The answers of a decision between negative and positive."""

import numpy as np

from sentiment.evaluation.metrics import of_two
from sentiment.labels import SENTIMENT
from sentiment.model.decision import Decision
from sentiment.model.model import Scores, answers_of


def answers_to(p_positive: np.ndarray, decision: Decision) -> list[str]:
    """Answer reviews that are all known well enough, by their probabilities of *positive*, [n]."""
    scores = Scores(of_two(p_positive), np.zeros(p_positive.size, np.uint8))
    return answers_of(decision, scores, SENTIMENT)
