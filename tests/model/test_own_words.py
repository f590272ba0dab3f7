"""Words that a user weighs: found among tokens, added exactly, and kept by every path."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentiment.features.tokens import pieces
from sentiment.labels import SENTIMENT, WITH_NEUTRAL, LabelSet
from sentiment.model.component import Calibration
from sentiment.model.explanation import explain
from sentiment.model.file import format_of, load_model, save_model
from sentiment.model.own_words import OwnWords, signed_weights, tokens_of
from tests.model.encoders import pieces_model
from tests.model.small import small_model

MODEL = small_model()


def words_of(labels: LabelSet = SENTIMENT, **weights: float) -> OwnWords:
    """Phrases (`_` for a space) with a signed weight each."""
    phrases = tuple(tokens_of(name.replace("_", " ")) for name in weights)
    return OwnWords(phrases, tuple(signed_weights(each, labels) for each in weights.values()))


def found(words: OwnWords, text: str) -> list[str]:
    """The phrases found, in order, by their names."""
    return [words.phrases[m.number] for chunk in pieces([text]) for m in words.matches(chunk)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A LONG\n queue", ["long queue"]),
        ("long queue queue", ["long queue", "queue"]),
        ("long, queue", ["queue"]),  # a comma is a token, too
        ("queues", []),
        ("long", []),
        ("don&#039;t don’t DON'T", ["don't"] * 3),
        ("a long queue forever long queue", ["long queue forever", "long queue"]),
        ("not sick", ["sick"]),
        ("", []),
    ],
)
def test_phrases_are_found_among_tokens_the_longest_first(text, expected):
    words = OwnWords(
        ("queue", "long queue", "don't", "long queue forever", "sick"), ((0.0, 1.0),) * 5
    )
    assert found(words, text) == expected


def test_a_phrase_does_not_reach_into_the_next_text():
    added, known = words_of(long_queue=1).added(["so long", "queue", "long queue"], repaired=True)
    assert added[:, 0].tolist() == [0, 0, 1]
    assert known.tolist() == [False, False, True]


def test_each_phrase_counts_once_and_adds_its_weight_exactly():
    texts = ["good film", "sick", "sick sick SICK", "sick long queue", "film", ""]
    model = MODEL.with_words(words_of(sick=2, long_queue=-3))
    difference = model.log_odds(texts)[:, 0] - MODEL.log_odds(texts)[:, 0]
    # Of the last but one, and of the first, nothing changes; the last has no token.
    assert difference[:5] == pytest.approx([0, 2, 2, -1, 0])
    assert np.isnan(difference[5])


def test_a_text_with_such_a_word_is_known_even_if_nothing_else_is():
    texts = ["qwxz vbnm", "qwxz sick", "no comment"]
    model = MODEL.with_words(words_of(sick=2, no_comment=-2))
    before, after = MODEL.scores(texts), model.scores(texts)
    assert before.unknown.tolist() == [True, True, True]
    assert after.unknown.tolist() == [True, False, False]
    assert model.log_odds(texts)[:, 0] == pytest.approx(
        MODEL.empty_logits[0] + np.array([0, 2, -2])
    )
    assert model.answers(after)[0] == "uncertain"


def test_a_text_in_another_language_stays_uncertain():
    text = "Das Essen war kalt und die Bedienung war sehr unfreundlich zu uns allen."
    model = MODEL.with_words(words_of(kalt=-2))
    assert not model.scores([text]).unknown[0]
    english = model.for_languages(["en"])
    assert english.scores([text]).unknown[0]
    assert explain(english, text).own == ()


TEXTS = st.lists(
    st.sampled_from(["good", "bad", "film", "sick", "long", "queue", "don`t", ",", "映画", "qwxz"]),
    max_size=9,
).map(" ".join)


@settings(max_examples=15)
@given(TEXTS, st.sampled_from(["ngrams", "base", "pieces", "three"]))
def test_an_explanation_adds_up(text, kind):
    labels = WITH_NEUTRAL if kind == "three" else SENTIMENT
    model = {
        "ngrams": MODEL,
        "base": MODEL.on(small_model(()), 0.7),
        "pieces": pieces_model(),
        "three": small_model(labels=labels),
    }[kind].with_words(words_of(labels, sick=2, long_queue=-3, queue=1.5, good=-1, **{"don't": 4}))
    explained = explain(model, text)
    if not explained.words:
        return
    total = explained.base + sum(word.contribution for word in explained.words)
    assert total == pytest.approx(explained.logit, abs=1e-4)  # of float32 sums
    scores = model.log_odds([text])[0]
    direction = (np.eye(len(labels))[explained.toward] - np.eye(len(labels))[explained.over])[1:]
    assert explained.logit == pytest.approx(float(scores @ direction), abs=1e-5)
    assert {phrase.text for phrase in explained.own} == set(found(model.words, text))
    for phrase in explained.own:
        for start, end in phrase.places:
            assert tokens_of(text[start:end]) == phrase.text


def test_signs_move_positive_against_negative_by_as_much_in_any_model():
    for labels in (SENTIMENT, WITH_NEUTRAL):
        model = small_model(labels=labels)
        text = "a good sick film"
        p, q = (each.probabilities([text])[0] for each in (
            model, model.with_words(words_of(labels, sick=2))))  # fmt: skip
        assert np.log(q[-1] / q[0]) - np.log(p[-1] / p[0]) == pytest.approx(2)
    with pytest.raises(ValueError, match="no positive and negative"):
        signed_weights(1, LabelSet(("bug", "wish")))


def test_leaving_out_a_class_or_calibrating_again_takes_the_words_along():
    model = small_model(labels=WITH_NEUTRAL).with_words(words_of(WITH_NEUTRAL, sick=2))
    text = ["a sick good film"]
    p = model.probabilities(text)[0, [0, 2]]
    assert model.restricted(SENTIMENT).probabilities(text)[0] == pytest.approx(p / p.sum())
    again = MODEL.with_words(words_of(sick=2)).recalibrated(Calibration(0.5, (0.1,)))
    before = MODEL.with_words(words_of(sick=2)).log_odds(text)
    assert again.log_odds(text) == pytest.approx(0.5 * before + 0.1)


def test_a_file_keeps_them_in_a_version_of_its_own(tmp_path):
    words = words_of(sick=2, long_queue=-3)
    model, path = MODEL.with_words(words), tmp_path / "m.safetensors"
    save_model(model, path)
    loaded = load_model(path)
    assert loaded.words == words
    assert (format_of(loaded), format_of(MODEL)) == (5, 1)
    assert loaded.log_odds(["sick film"]) == pytest.approx(model.log_odds(["sick film"]))
    save_model(MODEL, path)
    assert not load_model(path).words


@pytest.mark.parametrize(
    "words",
    [
        OwnWords(("a", "a"), ((0.0, 1.0),) * 2),
        OwnWords(("a  b",), ((0.0, 1.0),)),
        OwnWords(("",), ((0.0, 1.0),)),
        OwnWords(("a",), ((0.0, 1.0, 2.0),)),
        OwnWords(("a",), ((0.0, 1e300),)),
    ],
)
def test_a_file_with_damaged_words_is_refused(words, tmp_path):
    from sentiment.errors import ModelError

    save_model(replace(MODEL, words=words), tmp_path / "m.safetensors")
    with pytest.raises(ModelError, match="damaged model"):
        load_model(tmp_path / "m.safetensors")


def test_they_are_described_by_sign_or_by_class():
    words = OwnWords(("sick", "meh", "long queue"), ((-1, 0, 1), (0, 2.5, 0), (0.5, 0, -0.5)))
    assert words.described(WITH_NEUTRAL) == [
        "sick +2.00",
        "meh (neutral +2.50)",
        "long queue -1.00",
    ]
