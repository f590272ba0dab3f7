from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentiment.general import FAST_MODEL
from sentiment.model.file import load_model
from sentiment.summary import aspects
from sentiment.summary.phrases import Corpus
from sentiment.summary.result import Passage
from tests.summary.passages import CLASSES, passages


def find_aspects(passages: Any, *args: Any, **options: Any) -> Any:
    return aspects.find_aspects(Corpus.of(passages), *args, **options)


def made(*texts: tuple[str, int]) -> list[Passage]:
    return [Passage(text, label, "", None, np.full(2, np.nan)) for text, label in texts]


@pytest.fixture(scope="module")
def fast():
    return load_model(FAST_MODEL)


def test_aspects_are_nouns_without_opinions_and_adjectives() -> None:
    names = {aspect.name for aspect in find_aspects(passages(), None, CLASSES)}
    assert {"bags", "crew", "legroom"} & names
    assert names.isdisjoint({"late", "friendly", "great", "terrible", "the", "rude", "different"})


def test_shares_are_those_of_the_answers_to_the_sentences(fast) -> None:
    texts = [("The battery is terrible. I love the screen.", 0)] * 6
    texts += [("The battery is great. The screen is wonderful.", 1)] * 2
    battery, screen = find_aspects(made(*texts), fast, CLASSES, ["battery", "screen"], limit=0)
    assert (battery.sentences, screen.sentences) == (8, 8)
    assert battery.shares == pytest.approx((0.75, 0.25))
    assert screen.shares[1] == 1
    assert {quote.label for quote in battery.quotes} == {0, 1}
    assert all("battery" in quote.sentence for quote in battery.quotes)


def test_without_a_model_a_sentence_has_the_label_of_its_review() -> None:
    [battery] = find_aspects(made(("The battery.", 0), ("My battery!", 1), ("A battery.", 1)), None,
                             CLASSES, ["battery"])  # fmt: skip
    assert battery.shares == pytest.approx((1 / 3, 2 / 3))


def test_names_asked_for_match_inflections_and_come_first_even_if_rare() -> None:
    given_passages = [*passages(), *made(("One Battery Charger. Two battery chargers.", 0))]
    aspects = find_aspects(given_passages, None, CLASSES, ["battery chargers", "unicorn", "Bag"])
    assert [aspect.asked for aspect in aspects[:4]] == [True, True, True, False]
    charger, unicorn, bag = aspects[:3]
    assert charger.sentences == 2
    assert set(charger.phrases) == {"battery charger", "battery chargers"}
    assert (unicorn.sentences, unicorn.shares, unicorn.phrases) == (0, (), ())
    assert bag.sentences == sum("bag" in each.text for each in passages())
    assert all("bag" not in aspect.phrases for aspect in aspects[3:])


@pytest.mark.parametrize("name", ["", "  ", "!!", "(", "a" * 10_000, "\n", "的"])
def test_any_name_may_be_asked_for(name: str) -> None:
    aspects = find_aspects(passages(40), None, CLASSES, [name])
    assert [aspect.sentences for aspect in aspects if aspect.asked] in ([], [0])


def test_aspects_are_the_same_every_time(fast) -> None:
    assert find_aspects(passages(), fast, CLASSES) == find_aspects(passages(), fast, CLASSES)


@settings(max_examples=30)
@given(st.lists(st.text(max_size=40), max_size=8), st.lists(st.text(max_size=5), max_size=2))
def test_no_text_breaks_it(texts: list[str], asked: list[str]) -> None:
    find_aspects(made(*((text, n % 2) for n, text in enumerate(texts))) * 6, None, CLASSES, asked)
