import math
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.features.ngrams import NGrams
from sentiment.model.decision import Decision
from sentiment.model.explanation import Explanation, explain
from sentiment.model.file import load_model
from sentiment.model.model import Model
from sentiment.model.phrases import strongest_phrases, unnested
from sentiment.model.removal import smallest_removal, without
from tests.format.wild import WILD
from tests.model.encoders import pieces_model
from tests.model.small import SHAPES, WORDS, small_model

TEXTS = st.one_of(
    st.lists(st.sampled_from(WORDS), max_size=20).map(" ".join), st.text(max_size=30), WILD
)
MODELS = [small_model(hidden) for hidden in SHAPES] + [small_model((16,), NGrams())]
RATING = small_model((), NGrams(words=2, tail=0, ratings=True))
# Each finds other tokens than the model that it stands on.
MODELS += [
    RATING.on(MODELS[1], 0.5),
    MODELS[1].on(RATING.with_repair(False), 0.5),
]
# Pieces of words, by themselves and beside n-grams.
PIECES = pieces_model()
MODELS += [PIECES, MODELS[1].on(PIECES, 0.5), PIECES.on(RATING, 0.5)]
NUMBERS = st.integers(0, len(MODELS) - 1)


def sum_of(explanation: Explanation) -> float:
    return explanation.base + sum(word.contribution for word in explanation.words)


def answer_of(model: Model, text: str) -> str:
    return model.answers(model.scores([text]))[0]


@given(TEXTS, NUMBERS)
def test_base_and_words_add_up_to_the_logit_of_the_probability(text, number):
    model = MODELS[number]
    explanation = explain(model, text)
    ((_, p_positive),) = model.probabilities([text])
    if math.isnan(p_positive):
        assert (explanation.answer, explanation.words) == ("", ())
        assert math.isnan(explanation.p_positive)
        return
    assert sum_of(explanation) == pytest.approx(explanation.logit, abs=1e-4)
    assert explanation.p_positive == p_positive == pytest.approx(
        1 / (1 + math.exp(-explanation.logit)), abs=1e-6
    )  # fmt: skip
    assert explanation.answer == answer_of(model, text)


@given(TEXTS, NUMBERS)
def test_words_stand_where_they_say_in_the_text_and_apart(text, number):
    words = explain(MODELS[number], text).words
    assert all(word.text == text[word.start : word.end] != "" for word in words)
    assert all(one.end <= other.start for one, other in pairwise(words))


@given(TEXTS, NUMBERS)
def test_words_taken_out_change_the_answer_and_none_of_them_could_stay(text, number):
    model = replace(MODELS[number], decision=Decision(0.5, (0.45, 0.55)))
    explanation = explain(model, text)
    removal = smallest_removal(model, explanation)
    if removal is None:
        return
    words = [explanation.words[number] for number in removal.words]
    (probabilities,) = model.probabilities([without(text, words)])
    assert removal.probabilities == tuple(probabilities)
    assert answer_of(model, without(text, words)) == removal.answer
    assert removal.answer not in (explanation.answer, "")
    for left in words:
        rest = without(text, [word for word in words if word is not left])
        assert answer_of(model, rest) in (explanation.answer, "")


def test_no_removal_is_found_where_none_may_be_made():
    explanation = explain(MODELS[1], "not good")
    assert smallest_removal(MODELS[1], explanation, 0) is None
    assert smallest_removal(MODELS[1], explain(MODELS[1], "")) is None


def test_a_long_review_is_explained_whole(monkeypatch):
    text = " ".join(WORDS * 30)
    whole = [word.contribution for word in explain(MODELS[3], text).words]
    monkeypatch.setattr("sentiment.features.tokens.PIECE_SIZE", 100)
    assert [w.contribution for w in explain(MODELS[3], text).words] == pytest.approx(whole)


def test_words_are_shown_as_they_were_written_though_they_are_read_repaired():
    explanation = explain(MODELS[1], "I don&#039;t like it: 4/5")
    words = [word.text for word in explanation.words]
    assert words == ["I", "don&#039;t", "like", "it", ":", "4", "/", "5"]
    plain = explain(MODELS[1], "I don't like it: 4/5")
    assert explanation.logit == plain.logit
    assert [w.contribution for w in explanation.words] == [w.contribution for w in plain.words]


def test_a_rating_is_one_word_whatever_a_base_makes_of_it():
    words = explain(MODELS[4], "film: 4/5").words
    assert [word.text for word in words] == ["film", ":", "4/5"]


def test_characters_that_are_several_tokens_are_one_word():
    words = explain(MODELS[1], "good… ½")
    assert [word.text for word in words.words] == ["good", "…", "½"]


def test_pieces_of_a_word_are_shown_as_one_word_and_none_as_a_phrase():
    text = "Unbelievably good film, it wasn’t bad 👍🏽!"
    explanation = explain(PIECES, text)
    words = [word.text for word in explanation.words]
    assert words == ["Unbelievably", "good", "film", ",", "it", "wasn’t", "bad", "👍", "🏽", "!"]
    assert [bool(word.contribution) for word in explanation.words].count(False) == 1  # a skin tone
    assert explanation.phrases == ()


def test_what_is_not_read_of_a_long_text_adds_nothing():
    explanation = explain(PIECES, "good " * 100)
    moved = [bool(word.contribution) for word in explanation.words]
    assert moved == [True] * 7 + [False] * 54 + [True] * 39
    assert sum_of(explanation) == pytest.approx(explanation.logit, abs=1e-9)


def test_real_phrases_are_named_and_stand_in_the_text(trained):
    text = "Not a wonderful film. It broke, and I want my money back"
    phrases = explain(load_model(trained), text).phrases
    assert phrases
    for phrase in phrases:
        first, *_, last = phrase.text.split()
        for start, end in phrase.places:
            assert text[start:end].lower().startswith(first)
            assert text[start:end].lower().endswith(last)


def test_the_strongest_phrases_of_a_model_point_both_ways(trained):
    positive, negative = strongest_phrases(load_model(trained), 20)
    assert all(moved > 0 for _, moved in positive)
    assert all(moved < 0 for _, moved in negative)
    for moves in (positive, negative):
        assert 0 < len(moves) <= 20
        sizes = [abs(moved) for _, moved in moves]
        assert sizes == sorted(sizes, reverse=True)


def test_phrases_within_others_are_left_out():
    names = ["… a great film", "great film", "great", "a great film", "greater", "not … great"]
    assert unnested(names, 9) == ["… a great film", "greater", "not … great"]
    assert unnested(names, 1) == ["… a great film"]


def test_a_model_without_phrases_has_no_strongest():
    assert strongest_phrases(MODELS[0], 5) == ([], [])
