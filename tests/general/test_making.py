from itertools import islice

from sentiment.probing import CAPABILITIES
from tools.general.lessons import BAD, GOOD, lessons, subjects_of
from tools.general.sources import Source, anonymous, fresh_words, identity_words


def test_lessons_are_the_same_for_the_same_seed_and_differ_for_another():
    assert list(lessons(200)) == list(lessons(200))
    assert list(lessons(200)) != list(lessons(200, seed=1))


def test_lessons_say_how_far_they_are_positive():
    made = list(lessons(500))
    assert all(0 < lesson.positive < 1 for lesson in made)
    assert {lesson.positive > 0.5 for lesson in made} == {True, False}


def test_lessons_are_not_the_checks_of_probe():
    checks = {
        text.lower()
        for capability in CAPABILITIES.values()
        for check in capability.checks
        for text in check.texts
    }
    both = checks & {lesson.text.lower() for lesson in lessons(20_000)}
    assert len(both) <= 0.002 * len(checks)  # chance: can't wait to go back


def test_no_word_praises_and_blames():
    assert not set(GOOD) & set(BAD)


def test_subjects_are_what_something_is_said_of_without_what_is_said():
    texts = ["I think the end of the book was fine.", "my awful boss is here", "we are late"]
    assert subjects_of(texts) == ["the end of the book"]


def test_names_are_learned_from_their_capitals_and_people_are_listed():
    texts = ["I met Anna in Lisbon, and Anna met me. Then it rained."] * 3
    who = identity_words(texts)
    assert {"anna", "lisbon", "nigerian", "wives", "daughters"} & who == {
        "anna",
        "lisbon",
        "nigerian",
        "daughters",
    }
    assert not {"then", "met", "rained", "i"} & who


def test_who_somebody_is_becomes_a_word_that_occurs_once():
    source = Source.unlabelled(["Anna's film, Anna!", "no name"])
    first, second = anonymous(source, {"anna"}, fresh_words()).texts
    words = list(islice(fresh_words(), 2))
    assert first == f"{words[0]}'s film, {words[1]}!"
    assert second == "no name"


def test_fresh_words_begin_differently():
    assert len({word[:5] for word in islice(fresh_words(), 3_000)}) == 3_000
