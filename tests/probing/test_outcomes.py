"""Asking models whose answers are known: each capability can be failed, and passed."""

import math
import zlib
from collections import Counter

import numpy as np
import pytest

from sentiment.labels import SENTIMENT, WITH_NEUTRAL
from sentiment.model.decision import Decision
from sentiment.model.model import Scores
from sentiment.probing import (
    CAPABILITIES,
    SETS,
    Answered,
    Capability,
    Level,
    Moved,
    Undecided,
    Unmoved,
    by_set,
    combined,
    probe,
)
from tests.answers import answers_to

each = pytest.mark.parametrize("capability", CAPABILITIES.values(), ids=lambda each: each.name)


HALF = Decision()


class Fake:
    """Answers by a function of the text."""

    def __init__(self, p_of, decision=HALF):
        self.p_of = p_of
        self.decision = decision
        self.labels = SENTIMENT
        self.asked = []

    def scores(self, texts):
        self.asked.append(list(texts))
        p_positive = np.array([self.p_of(text) for text in texts])
        probabilities = np.stack((1 - p_positive, p_positive), axis=1)
        return Scores(probabilities, np.zeros(len(texts), np.uint8))

    def answers(self, scores):
        return answers_to(scores.p_positive, self.decision)


class FakeOfThree(Fake):
    """Answers by a function from a text to the probabilities of negative, neutral and positive."""

    def __init__(self, p_of):
        super().__init__(p_of)
        self.labels = WITH_NEUTRAL

    def scores(self, texts):
        probabilities = np.array([self.p_of(text) for text in texts])
        return Scores(probabilities, np.zeros(len(texts), np.uint8))

    def answers(self, scores):
        return [self.labels.names[place] for place in scores.probabilities.argmax(axis=1)]


# What lies between is answered `uncertain`.
CAREFUL = Decision(0.5, (0.4, 0.6))


def always(p):
    return lambda _: p


def knows(capability, *, right=True):
    """Give each text the probability that its check asks for, or the opposite."""
    p_of = {}
    for check in capability.checks:
        if isinstance(check, Unmoved | Level):
            *before, after = check.texts
            p_of |= {**dict.fromkeys(before, 0.7), after: 0.7 if right else 0.2}
        elif isinstance(check, Undecided):
            p_of[check.texts[0]] = 0.5 if right else 0.9
        else:
            p_of[check.texts[0]] = 0.5
            p_of[check.texts[-1]] = 0.9 if (check.label == "positive") == right else 0.1
    return p_of.__getitem__


def rate(model, capability):
    (result,) = probe(model, [capability])
    assert result.n == len(capability.checks)
    return result.rate


@each
def test_who_knows_the_answers_passes(capability):
    assert rate(Fake(knows(capability), CAREFUL), capability) == 1


@each
def test_who_knows_them_and_says_the_opposite_fails(capability):
    assert rate(Fake(knows(capability, right=False), CAREFUL), capability) == 0


@each
def test_whose_answers_hang_on_each_letter_fails_most_of_what_is_not_to_move(capability):
    noise = Fake(lambda text: zlib.crc32(text.encode()) / 2**32, CAREFUL)
    assert rate(noise, capability) < 0.7
    assert rate(noise, capability) > 0.01 or isinstance(capability.checks[0], Level)


@each
def test_who_always_says_positive_passes_half_of_what_is_labelled(capability):
    passed = {Answered: 0.5, Undecided: 0}.get(type(capability.checks[0]), 1)
    assert rate(Fake(always(0.99)), capability) == passed


def test_who_counts_words_knows_the_vocabulary_and_no_negation():
    counts = Counter()
    for check in CAPABILITIES["vocabulary"].checks:
        sign = 1 if check.label == "positive" else -1
        counts.update(dict.fromkeys(check.texts[0].lower().strip(".").split(), sign))

    def p_of(text):
        words = text.lower().replace(",", " ").replace(".", " ").split()
        return 1 / (1 + math.exp(-sum(counts[word] for word in words)))

    lexicon = Fake(p_of)
    assert rate(lexicon, CAPABILITIES["vocabulary"]) > 0.9
    assert rate(lexicon, CAPABILITIES["negation"]) < 0.6
    assert rate(lexicon, CAPABILITIES["negation-at-end"]) < 0.6


def test_the_threshold_is_the_models_own():
    capability = Capability("c", "", (Answered(("a",), "positive"), Answered(("b",), "negative")))
    model = Fake({"a": 0.3, "b": 0.1}.__getitem__, Decision(0.2))
    assert rate(model, capability) == 1


def test_uncertain_is_no_pass_and_counted_beside():
    capability = CAPABILITIES["negation"]
    (result,) = probe(Fake(always(0.6), Decision(0.5, (0.4, 0.8))), [capability])
    assert (result.passed, result.uncertain) == (0, result.n)
    (result,) = probe(Fake(always(0.9), Decision(0.5, (0.4, 0.8))), [capability])
    assert (result.rate, result.uncertain) == (0.5, 0)


@pytest.mark.parametrize("p", [0.1, 0.9])
def test_an_opinion_on_a_plain_fact_is_no_pass_and_not_counted_as_uncertain(p):
    capability = CAPABILITIES["neutral"]
    (result,) = probe(Fake(always(p), CAREFUL), [capability])
    assert (result.passed, result.uncertain) == (0, 0)
    assert rate(Fake(always(0.5), CAREFUL), capability) == 1


def test_neutral_passes_where_there_is_no_opinion_and_nowhere_else():
    model = FakeOfThree(always((0.2, 0.5, 0.3)))
    assert rate(model, CAPABILITIES["neutral"]) == 1
    (result,) = probe(model, [CAPABILITIES["hedges"]])
    assert (result.passed, result.uncertain) == (0, result.n)


@pytest.mark.parametrize(
    ("p_of", "passes"),
    [
        ({"a": 0.48, "b": 0.50, "c": 0.52}, True),
        ({"a": 0.48, "b": 0.54, "c": 0.50}, False),
        ({"a": 0.50, "b": 0.46, "c": 0.54}, False),  # each near the first, but not to each other
        ({"a": 0.50, "b": math.nan, "c": 0.50}, False),
        ({"a": math.nan, "b": 0.50, "c": 0.50}, False),
    ],
)
def test_versions_of_a_text_lie_within_the_tolerance(p_of, passes):
    capability = Capability("c", "", (Level(("a", "b", "c"), 0.05),))
    assert rate(Fake(p_of.__getitem__), capability) == passes


def test_the_lowest_and_the_highest_of_all_versions_are_shown():
    p_of = {"a": 0.5, "b": 0.9, "c": 0.2, "d": 0.6}
    (result,) = probe(
        Fake(p_of.__getitem__, CAREFUL), [Capability("c", "", (Level(tuple(p_of), 0.05),))]
    )
    (outcome,) = result.worst(1)
    assert outcome.shown == [("c", "negative", 0.2), ("b", "positive", 0.9)]
    assert not outcome.uncertain


@pytest.mark.parametrize(
    ("check", "before", "after", "passes"),
    [
        (Unmoved(("a", "b"), 0.05), 0.60, 0.64, True),
        (Unmoved(("a", "b"), 0.05), 0.60, 0.54, False),
        (Unmoved(("a", "b"), 0.05), 0.49, 0.51, False),
        (Unmoved(("a", "b"), 0.05), 0.60, math.nan, False),
        (Moved(("a", "b"), "positive", 0.05), 0.60, 0.56, True),
        (Moved(("a", "b"), "positive", 0.05), 0.60, 0.54, False),
        (Moved(("a", "b"), "positive", 0.05), 0.60, 0.99, True),
        (Moved(("a", "b"), "negative", 0.05), 0.40, 0.44, True),
        (Moved(("a", "b"), "negative", 0.05), 0.40, 0.46, False),
        (Moved(("a", "b"), "negative", 0.05), 0.40, 0.01, True),
    ],
)
def test_a_pair_may_move_by_its_tolerance(check, before, after, passes):
    model = Fake({"a": before, "b": after}.__getitem__)
    assert rate(model, Capability("c", "", (check,))) == passes


def test_the_worst_failures_come_first():
    texts = {"a": 0.6, "b": 0.9, "c": 0.4, "d": 0.2}
    checks = tuple(Answered((text,), "negative") for text in texts)
    (result,) = probe(Fake(texts.__getitem__), [Capability("c", "", checks)])
    assert [outcome.check.texts for outcome in result.worst(5)] == [("b",), ("a",)]
    assert [outcome.p_positive for outcome in result.worst(1)] == [(0.9,)]


def test_all_texts_are_asked_in_one_batch_each_once():
    model = Fake(always(0.9))
    results = probe(model, CAPABILITIES.values())
    (asked,) = model.asked
    assert len(asked) == len(set(asked))
    assert [result.name for result in results] == list(CAPABILITIES)
    overall = combined(results)
    assert overall.n == sum(result.n for result in results)
    assert overall.passed == sum(result.passed for result in results)
    sets = by_set(results)
    assert [each.name for each in sets] == list(SETS)
    assert sum(each.n for each in sets) == overall.n
    assert sum(each.passed for each in sets) == overall.passed


def test_only_whole_sets_are_combined():
    basic, further = (list(capabilities.values()) for capabilities in SETS.values())
    found = by_set(probe(Fake(always(0.9)), [*basic, further[0]]))
    assert [(each.name, each.n) for each in found] == [
        ("basic", sum(len(capability.checks) for capability in basic))
    ]
    assert by_set(probe(Fake(always(0.9)), [basic[0], further[0]])) == []
