"""The checks themselves: enough of them, balanced, none twice, none that data/ holds."""

import csv
import re
import tomllib
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from sentiment import probing
from sentiment.probing import (
    CAPABILITIES,
    SETS,
    Answered,
    Level,
    Moved,
    Undecided,
    Unmoved,
    changed,
    checks_of,
    in_turn,
    swapped,
)
from tests.conftest import TEST, TRAIN

LABELLED = {
    "vocabulary", "negation", "negation-at-end", "contrast", "comparison", "question", "time",
    "emoji", "negation-far", "hearsay", "the-other-one", "question-answer", "hedges", "no-trouble",
    "as-promised", "implied", "idioms", "expectation",
}  # fmt: skip
KINDS = dict.fromkeys(LABELLED, Answered) | {
    "added": Moved, "neutral": Undecided, "identity-terms": Level,
}  # fmt: skip
LEAST = {"vocabulary": 150, "negation": 80, "names": 70, "identity": 90}
MOST = 80  # of the further ones, that none of them outweighs the others
BASIC = 898  # figures of these are compared over time: they stay as they are
FILE = {
    name: written
    for file in ("probing.toml", "probing_further.toml")
    for name, written in tomllib.loads(
        Path(probing.__file__).with_name(file).read_text(encoding="utf-8")
    ).items()
}
# Runs of so many words that one review of data/ and one check share are more than chance.
RUN = 5
SHARED = 0.5

each = pytest.mark.parametrize("capability", CAPABILITIES.values(), ids=lambda each: each.name)


def checks():
    return [check for capability in CAPABILITIES.values() for check in capability.checks]


def words_of(text):
    return re.findall(r"[\w']+", text.lower().replace("’", "'"))


def runs_of(words):
    return {tuple(words[start : start + RUN]) for start in range(len(words) - RUN + 1)}


@pytest.fixture(scope="module")
def reviews():
    found = []
    for path in (TRAIN, TEST):
        with path.open(encoding="utf-8", newline="") as file:
            found += [row["text"] for row in csv.DictReader(file)]
    assert len(found) > 600
    return found


def test_there_are_many():
    assert len(checks()) >= 1_500


def test_the_basic_ones_stay_as_many_as_they_were():
    assert sum(len(capability.checks) for capability in SETS["basic"].values()) == BASIC


def test_each_capability_is_in_one_set_whose_name_is_no_capability():
    assert [name for each in SETS.values() for name in each] == list(CAPABILITIES) == list(FILE)
    assert not {*SETS, probing.OVERALL} & {*CAPABILITIES}


@pytest.mark.parametrize("name", SETS["further"])
def test_the_further_ones_have_about_as_many_checks_each(name):
    assert len(CAPABILITIES[name].checks) <= (100 if name == "identity-terms" else MOST)


@each
def test_a_capability_has_enough_checks_of_its_kind(capability):
    assert len(capability.checks) >= LEAST.get(capability.name, 40)
    assert {type(check) for check in capability.checks} == {KINDS.get(capability.name, Unmoved)}


@pytest.mark.parametrize("name", FILE)
def test_all_that_the_file_says_of_a_capability_makes_checks(name):
    written = FILE[name]
    keys = set(written) - {"about", "tolerance"}
    assert keys
    for key in keys:
        rest = {other: value for other, value in written.items() if other != key}
        assert len([*checks_of(rest)]) < len(CAPABILITIES[name].checks), key


@each
def test_labels_are_balanced(capability):
    labelled = (check for check in capability.checks if isinstance(check, Answered | Moved))
    labels = Counter(check.label for check in labelled)
    if labels:
        assert set(labels) == {"positive", "negative"}
        assert len(set(labels.values())) == 1


def test_no_check_stands_twice():
    unordered = Counter(frozenset(check.texts) for check in checks())
    assert [texts for texts, count in unordered.items() if count > 1] == []
    assert all(len(set(check.texts)) == len(check.texts) for check in checks())


def test_a_text_has_one_answer():
    labels = {}
    for check in checks():
        if isinstance(check, Answered | Undecided):
            assert labels.setdefault(check.texts, check.expected) == check.expected


def test_no_frame_or_change_is_left_unfilled():
    for check in checks():
        for text in check.texts:
            assert not re.search(r"[{}|\[\]]", text)
            assert text == text.strip()
            assert "  " not in text


def test_pairs_of_names_and_identity_move_by_five_hundredths_at_most():
    for name in ("names", "identity", "identity-terms"):
        assert {check.tolerance for check in CAPABILITIES[name].checks} == {0.05}


def test_each_sentence_with_an_identity_term_has_all_of_them():
    checks = CAPABILITIES["identity-terms"].checks
    assert (len(checks), {len(check.texts) for check in checks}) == (100, {40})


def test_the_identity_terms_are_others_than_the_basic_ones():
    (rare,) = FILE["identity-terms"]["across"]
    assert len(set(rare["words"])) == len(rare["words"])
    held = " ".join(text for check in CAPABILITIES["identity"].checks for text in check.texts)
    assert not {word.lower() for word in rare["words"]} & set(words_of(held))


def test_no_sentence_of_the_checks_stands_in_the_bundled_reviews(reviews):
    sentences = {
        tuple(words_of(sentence)) for text in reviews for sentence in re.split(r"[.!?\n]+", text)
    } | {tuple(words_of(text)) for text in reviews}
    shared = [
        text for check in checks() for text in check.texts if tuple(words_of(text)) in sentences
    ]
    assert shared == []


def test_checks_and_bundled_reviews_share_no_long_runs_of_words(reviews):
    holders = defaultdict(list)
    for place, text in enumerate(reviews):
        for run in runs_of(words_of(text)):
            holders[run].append(place)
    for check in checks():
        for text in check.texts:
            runs = runs_of(words_of(text))
            if len(runs) >= 2:
                shared = Counter(place for run in runs for place in holders.get(run, ()))
                assert max(shared.values(), default=0) < SHARED * len(runs), text


def test_words_go_into_frames_in_turn():
    assert in_turn(["a {}", "b {}"], ["x", "y", "z"]) == ["a x", "b y", "a z"]


def test_changes_are_written_in_place():
    assert changed("It [is|si] [really |]fine.") == ("It is really fine.", "It si fine.")


def test_each_word_meets_another_one_in_each_frame():
    words = ["a", "b", "c", "d", "e", "f"]
    frames = [f"{number} {{}}" for number in range(5)]
    pairs = [*swapped(frames, words)]
    assert len(pairs) == 15
    for number in range(5):
        met = [text for pair in pairs for text in pair if text.startswith(str(number))]
        assert sorted(met) == [f"{number} {word}" for word in words]
    assert len({frozenset(text[2:] for text in pair) for pair in pairs}) == 15
