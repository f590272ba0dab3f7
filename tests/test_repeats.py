"""Repeated texts, word for word and nearly."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentiment import repeats
from sentiment.repeats import Repeats

WORDS = [
    f"{first}{second}" for first in "bdfgklmnprstvz" for second in ("ale", "ond", "isk", "uran")
]


def made_up(number: int, words: int = 30, seed: int = 0) -> list[str]:
    dice = random.Random(seed)
    return [" ".join(dice.choices(WORDS, k=words)) for _ in range(number)]


def test_texts_that_repeat_word_for_word_or_nearly_are_found():
    texts = made_up(3000)
    shouted = [text.upper().replace(" ", ", ") + "!!" for text in texts[:500]]
    changed = [text.rsplit(" ", 1)[0] + " again" for text in texts[500:1000]]
    for size in (7, 1000, 5000):
        found, every = Repeats(), [*texts, *shouted, *changed]
        flags = [found.add(every[at : at + size]) for at in range(0, len(every), size)]
        flags = np.concatenate(flags)
        assert not flags[:3000].any()
        assert flags[3000:3500].all()
        assert flags[3500:].mean() > 0.95
        assert found.found == flags.sum()


def test_short_texts_are_said_by_many_people():
    assert not Repeats().add(["Great service, thank you all very much!"] * 9).any()


def test_a_text_is_counted_once_in_any_batch():
    text, other = made_up(2)
    found = Repeats()
    assert found.add([text, text, other]).tolist() == [False, True, False]
    assert found.add([other, text, text.title()]).tolist() == [True, True, True]
    assert [times for _, times in found.most(5)] == [4, 2]
    assert found.most(1)[0][0] == text


def test_texts_with_little_in_common_are_not_alike():
    frame = "The label on the box says {} and the second shelf holds {} for the people of {}"
    texts = [frame.format(*random.Random(seed).sample(WORDS, 3) * 3) for seed in range(50)]
    texts = [text + " " + made_up(1, 15, seed)[0] for seed, text in enumerate(texts)]
    assert Repeats().add(texts).sum() == 0


def test_memory_is_bounded(monkeypatch):
    monkeypatch.setattr(repeats, "_KEPT", 64)
    monkeypatch.setattr(repeats, "_NAMED", 10)
    found, texts = Repeats(), made_up(300)
    assert not found.add(texts).any() or found.found < 3
    assert found.add(texts[-20:]).all()
    assert not found.add(texts[:20]).any()
    assert len(found._named) <= 11


@settings(max_examples=50)
@given(st.lists(st.text(min_size=0, max_size=80), max_size=6))
def test_any_texts(texts):
    words = [f"{text} {text} one two three four five six seven eight" for text in texts]
    flags = Repeats().add([*words, *words])
    assert flags[len(words) :].all()
    assert Repeats().add(["\ud800" * 9, ""]).tolist() == [False, False]


@pytest.mark.parametrize("size", [1, 3, 50])
def test_names_do_not_depend_on_batches(size):
    texts = made_up(20) * 3
    found = Repeats()
    for at in range(0, len(texts), size):
        found.add(texts[at : at + size])
    assert found.most(3) == sorted(found.most(99))[:3]
    assert {times for _, times in found.most(99)} == {3}
