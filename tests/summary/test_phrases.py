import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.summary.phrases import Corpus, frequent, plain_words, spelled, stem
from sentiment.summary.result import Passage


def corpus(*texts: str) -> Corpus:
    unknown = np.full(2, np.nan)
    return Corpus.of([Passage(text, 0, "", None, unknown) for text in texts])


def phrases(given: Corpus, least: int) -> dict[str, int]:
    """Return the frequent phrases, as they are mostly written, with the passages they are in."""
    grams = frequent(given, least)
    return {
        spelled(given, grams, phrase, 1)[0]: grams.passages_of(phrase).size
        for phrase in range(len(grams))
    }


@pytest.mark.parametrize(
    ("word", "known", "expected"),
    [
        ("flights", (), "flight"), ("delayed", (), "delay"), ("delays", (), "delay"),
        ("planned", ("plan", "plane"), "plan"), ("cared", ("car", "care"), "care"),
        ("wasting", ("waste",), "waste"), ("movies", ("movie",), "movie"), ("stories", (), "story"),
        ("boxes", (), "box"), ("glass", (), "glass"), ("string", ("str",), "string"),
        ("12", (), "#"), ("3rd", (), "3rd"), ("dog's", (), "dog"), ("für", (), "für"),
        ("bed", (), "bed"),
    ],
)  # fmt: skip
def test_stems_are_words_without_their_inflection(word: str, known, expected: str) -> None:
    assert stem(word, known) == expected


def test_phrases_are_counted_by_the_passages_that_have_them() -> None:
    found = phrases(corpus("on hold, on hold!", "still on hold", "hold the door", "a door"), 2)
    assert found == {"hold": 3, "on hold": 2, "door": 2}


def test_no_phrase_crosses_punctuation_or_sentences() -> None:
    found = phrases(corpus(*["lost. bags", "lost, bags", "lost\nBags"] * 3), 2)
    assert set(found) == {"lost", "bags"}


def test_inflections_are_the_same_phrase() -> None:
    found = phrases(corpus("bags lost", "bag lost", "bags lost", "a bag"), 2)
    assert found == {"bags": 4, "bags lost": 3, "lost": 3}


def test_names_of_users_addresses_and_tags_are_no_words() -> None:
    found = phrases(corpus(*["@bob see https://x.org/bob <b>bob</b> &quot; www.bob.org"] * 3), 2)
    assert found == {"bob": 3}


def test_a_script_without_spaces_has_phrases_of_characters() -> None:
    assert "电池" in phrases(corpus("电池不好", "电池很好", "电池好"), 3)


def test_the_lists_of_words_do_not_contradict_each_other() -> None:
    words = plain_words()
    assert not words["function"] & words["opinion"]
    assert words["nouns_in_ly"].isdisjoint(words["opinion"])
    assert all(each == each.lower() for listed in words.values() for each in listed)


@given(st.lists(st.text(max_size=40), max_size=6), st.integers(1, 3))
def test_any_texts_have_phrases_that_stand_where_they_are_said_to(
    texts: list[str], least: int
) -> None:
    given_corpus = corpus(*texts)
    grams = frequent(given_corpus, least)
    for phrase, stems in enumerate(grams.stems):
        places = grams.places_of(phrase)
        assert (
            np.unique(given_corpus.passage[places]).tolist() == grams.passages_of(phrase).tolist()
        )
        assert grams.passages_of(phrase).size >= least
        for step, number in enumerate(stems):
            assert (given_corpus.words[places + step] == number).all()


@pytest.mark.parametrize("unit", ["a", "a ", "好", "a'", "<", "@a", "www.", "not good. ", "&#1;"])
def test_a_long_hostile_text_is_read_at_both_ends_only(unit: str) -> None:
    found = corpus(unit * (2_000_000 // len(unit)))
    assert sum(map(len, found.texts)) <= 10_000
