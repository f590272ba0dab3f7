import numpy as np
import pytest

from sentiment.labels import WITH_NEUTRAL
from tests.model.encoders import pieces_model
from tests.model.small import small_model
from tools.general.corpus import Example
from tools.general.measure import figures

TARGETS = ((0.9, 0.1, 0.0), (0.1, 0.8, 0.1), (0.0, 0.1, 0.9))
EXAMPLES = [Example(f"good film {number}", TARGETS[number % 3], "own") for number in range(60)]


def test_neutral_texts_count_for_models_that_know_neutral():
    three, two = figures(pieces_model(WITH_NEUTRAL), EXAMPLES), figures(small_model(), EXAMPLES)
    assert set(three) - set(two) == {"accuracy 3", "F1 3", "ECE 3"}
    assert two["accuracy 2"] == pytest.approx(0.5)


def test_texts_without_an_opinion_have_no_figures_of_two_classes():
    neutral = [each for each in EXAMPLES if np.argmax(each.target) == 1]
    assert figures(pieces_model(WITH_NEUTRAL), neutral) == {}
