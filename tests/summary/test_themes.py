from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentiment.general import FAST_MODEL
from sentiment.model.file import load_model
from sentiment.summary import themes as finding
from sentiment.summary.phrases import Corpus
from sentiment.summary.quotes import written_as
from sentiment.summary.result import Passage, Theme
from sentiment.summary.themes import over_use
from tests.summary.passages import CLASSES, passages

PERIODS = ("2024-01-01", "2024-02-01", "2024-03-01", "2024-04-01")


def find_themes(passages: Any, *args: Any, **options: Any) -> Any:
    return finding.find_themes(Corpus.of(passages), *args, **options)


@pytest.fixture(scope="module")
def fast():
    return load_model(FAST_MODEL)


@pytest.fixture(scope="module")
def themes() -> tuple[Theme, ...]:
    return find_themes(passages(), None, PERIODS, CLASSES)


def by_label(themes: tuple[Theme, ...], label: int) -> dict[str, Theme]:
    return {theme.name: theme for theme in themes if theme.label == label}


def with_phrase(themes: tuple[Theme, ...], phrase: str) -> Theme:
    return next(theme for theme in themes if phrase in theme.phrases)


def said(themes: tuple[Theme, ...], label: int) -> set[str]:
    return {phrase for theme in by_label(themes, label).values() for phrase in theme.phrases}


def test_themes_are_what_each_class_says(themes) -> None:
    assert {"on hold", "delayed", "bags"} <= said(themes, 0)
    assert {"legroom", "crew"} <= said(themes, 1)
    assert not said(themes, 0) & said(themes, 1)


def test_a_phrase_stands_for_its_word_if_most_uses_are_in_it(themes) -> None:
    assert "on hold" in by_label(themes, 0)
    assert "hold" not in by_label(themes, 0)


def test_themes_count_reviews_of_their_class(themes) -> None:
    hold = with_phrase(themes, "on hold")
    expected = sum("on hold" in each.text for each in passages())
    assert hold.reviews == expected
    assert hold.share == pytest.approx(expected / 100)


def test_the_trend_is_the_share_in_each_period(themes) -> None:
    hold = with_phrase(themes, "on hold")
    for period, share in enumerate(hold.trend):
        mine = [each for each in passages() if each.label == 0 and each.period == period]
        with_it = [each for each in mine if "on hold" in each.text]
        assert share == (pytest.approx(len(with_it) / len(mine)) if mine else None)
    assert {None} < set(hold.trend)
    assert all(not theme.trend for theme in find_themes(passages(), None, (), CLASSES))


def test_quotes_are_sentences_with_the_theme_that_differ(themes) -> None:
    for theme in themes:
        texts = [quote.sentence for quote in theme.quotes]
        assert 1 <= len(texts) <= 3
        assert len(set(texts)) == len(texts)
        pattern = written_as(theme.phrases)
        for quote in theme.quotes:
            assert quote.sentence in quote.review
            assert pattern.search(quote.sentence)
            assert quote.label == theme.label
            assert passages()[int(quote.place.removeprefix("row ")) - 1].text == quote.review


def test_a_model_weighs_the_themes_and_chooses_the_quotes(fast) -> None:
    texts = ["The battery died after a day.", "The battery is great, it lasts."] * 30
    made = [
        Passage(text, n % 2, f"row {n}", None, np.full(2, np.nan)) for n, text in enumerate(texts)
    ]
    made += [
        Passage("I got a refund. An awful refund, a disaster.", 0, "", None, np.full(2, np.nan))
    ] * 20
    themes = find_themes(made, fast, (), CLASSES)
    refund = next(theme for theme in themes if "refund" in theme.phrases)
    assert refund.quotes[0].sentence == "An awful refund, a disaster."


def test_opinions_stand_behind_what_they_are_about(themes) -> None:
    names = [theme.name for theme in themes if theme.label == 1]
    assert names[0] not in ("great", "love", "fine", "thank")


def test_more_than_two_classes_are_each_compared_with_the_rest_negative_and_positive_first() -> (
    None
):
    made = [
        replace(each, label=each.label * 2, likelihood=np.full(3, np.nan)) for each in passages()
    ]
    neutral = [
        Passage(f"How do I change seat {n} on my booking?", 1, "", None, np.full(3, np.nan))
        for n in range(60)
    ]
    themes = find_themes(made + neutral, None, (), ("negative", "neutral", "positive"))
    assert list(dict.fromkeys(theme.label for theme in themes)) == [0, 2, 1]
    assert "booking" in said(themes, 1)


def test_a_theme_of_a_class_needs_reviews_of_it(fast) -> None:
    """Sentences may speak for a class that hardly any review has."""
    plot = "The police began the investigation of the murder at the port."
    made = [
        Passage(f"{plot} {end} number {n}.", label, "", None, np.full(3, np.nan))
        for n in range(40)
        for end, label in (("A great film, loved it", 2), ("A terrible film, hated it", 0))
    ]
    made += [Passage("It arrived on Monday.", 1, "", None, np.full(3, np.nan))] * 3
    themes = find_themes(made, fast, (), ("negative", "neutral", "positive"))
    assert {theme.label for theme in themes} >= {0, 2}
    assert all(theme.reviews >= 3 for theme in themes), [(t.name, t.reviews) for t in themes]


def test_themes_are_the_same_every_time(fast, themes) -> None:
    assert find_themes(passages(), None, PERIODS, CLASSES) == themes
    assert find_themes(passages(), fast, (), CLASSES) == find_themes(passages(), fast, (), CLASSES)


def test_repeating_a_word_in_a_review_counts_once() -> None:
    made = [*passages(), replace(passages()[0], text="hold " * 500)]
    plain, shouted = (
        by_label(find_themes(each, None, (), CLASSES), 0) for each in (passages(), made)
    )
    assert shouted["on hold"].reviews <= plain["on hold"].reviews + 1


@pytest.mark.parametrize("texts", [[], [""] * 8, ["good"] * 8, ["!!"] * 8, ["a" * 300_000] * 4])
def test_texts_without_anything_to_compare_have_no_themes(texts: list[str]) -> None:
    made = [Passage(text, n % 2, "", None, np.full(2, np.nan)) for n, text in enumerate(texts)]
    assert find_themes(made, None, (), CLASSES) == ()


def test_reviews_of_one_class_have_no_themes() -> None:
    assert find_themes([each for each in passages() if each.label], None, (), CLASSES) == ()


@settings(max_examples=30)
@given(st.lists(st.tuples(st.text(max_size=30), st.integers(-1, 2)), max_size=12))
def test_no_text_breaks_it(given_texts: list[tuple[str, int]]) -> None:
    made = [Passage(text, label, "", None, np.full(3, np.nan)) for text, label in given_texts]
    find_themes(made * 3, None, (), ("a", "b", "c"))


def test_over_use_is_that_of_monroe_colaresi_and_quinn() -> None:
    own, others = np.array([30, 5]), np.array([10, 5])
    counts = over_use(own, others, 100, 200)
    prior = 100 * (own + others + 0.5) / 301
    odds = (own + prior) / (200 - own - prior), (others + prior) / (300 - others - prior)
    error = np.sqrt(1 / (own + prior) + 1 / (others + prior))
    assert counts.z == pytest.approx(np.log(odds[0] / odds[1]) / error)
