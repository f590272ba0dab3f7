"""What figures mean, in sentences: each says what the numbers say, and no more."""

import numpy as np
import pytest

from sentiment.evaluation.beside import Beside, constant_beside
from sentiment.evaluation.comparison import System
from sentiment.evaluation.in_words import in_words, of_hundred, points
from sentiment.evaluation.metrics import Evaluation, of_two
from sentiment.model.decision import Decision


def evaluation_of(right: tuple[int, int], n: tuple[int, int], sure: float) -> Evaluation:
    """So many of the n negative and positive reviews are answered correctly, all this surely."""
    labels = np.repeat([0, 1], n)
    answers = np.concatenate([np.repeat([0, 1], (right[0], n[0] - right[0])),
                              np.repeat([1, 0], (right[1], n[1] - right[1]))])  # fmt: skip
    return Evaluation(of_two(np.where(answers == 1, sure, 1 - sure)), labels, Decision())


def said(evaluation: Evaluation, *others: Beside) -> list[str]:
    return in_words(evaluation, constant_beside(evaluation), others)


def test_a_good_model():
    first, second, last = said(evaluation_of((450, 450), (500, 500), 0.9))
    assert first == (
        "Of 100 reviews like these, it answers about 90 correctly (95% interval: 88.0 to 91.7)."
    )
    assert second == "The same answer for all, always negative, would get 50."
    assert last == "Its probabilities come true about as often as they say."


def test_one_that_is_no_better_than_one_answer_for_all():
    _, second, *_ = said(evaluation_of((45, 5), (50, 50), 0.9))
    assert second.startswith("That is not surely better than the same answer for all: always neg")


def test_few_reviews_allow_a_rough_estimate_only():
    first, *_ = said(evaluation_of((9, 9), (10, 10), 0.9))
    assert "; 20 reviews allow a rough estimate only." in first


def test_the_weakest_class_is_named_if_it_is_much_weaker():
    weak = (
        "It is weakest on positive: of 100 such reviews it finds 60, of 100 labelled negative 95."
    )
    assert weak in said(evaluation_of((95, 60), (100, 100), 0.775))
    even = said(evaluation_of((95, 90), (100, 100), 0.9))
    assert not [sentence for sentence in even if "weakest" in sentence]


@pytest.mark.parametrize(("sure", "how"), [(0.99, "too high, by 19.0"), (0.6, "too low, by 20.0")])
def test_probabilities_that_are_off_say_in_which_direction(sure, how):
    last = said(evaluation_of((400, 400), (500, 500), sure))[-1]
    assert last == (
        f"The probabilities of its answers are {how} points on average; "
        "the command calibrate refits them."
    )


def test_others_are_better_worse_the_same_or_within_chance():
    evaluation = evaluation_of((80, 80), (100, 100), 0.8)
    perfect, answers = evaluation.labels.astype(np.int64), evaluation.answers

    def about(answers: np.ndarray) -> str:
        return said(evaluation, Beside.of("OLD", "", System(answers), evaluation))[2]

    assert about(answers) == "OLD gives the same answers."
    assert about(perfect).startswith("OLD gets 100: the model is worse by 20.0 points (1")
    assert about(1 - perfect).startswith("OLD gets 0: the model is better by 80.0 points (7")
    few = np.concatenate([1 - answers[:1], answers[1:]])
    assert about(few) == "OLD gets 80: the difference may be chance."


def test_none_and_all_are_only_said_of_none_and_all():
    assert [of_hundred(share) for share in (0, 0.001, 0.504, 0.999, 1)] == [
        "0", "0.1", "50", "99.9", "100",
    ]  # fmt: skip
    assert [points(share) for share in (0.01, -0.01, 0.123)] == ["1.0 point", "1.0 point",
                                                               "12.3 points"]  # fmt: skip
