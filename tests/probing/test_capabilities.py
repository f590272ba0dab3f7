"""The checks themselves: enough of them, balanced, none twice, none that data/ holds."""

import csv
import re
import tomllib
from collections import Counter
from pathlib import Path

import pytest

from sentiment import probing
from sentiment.probing import (
    CAPABILITIES,
    Answered,
    Moved,
    Unmoved,
    changed,
    checks_of,
    in_turn,
    swapped,
)
from tests.conftest import TEST, TRAIN

LABELLED = {
    "vocabulary", "negation", "negation-at-end", "contrast", "comparison", "question", "time",
    "emoji",
}  # fmt: skip
LEAST = {"vocabulary": 150, "negation": 80, "names": 70, "identity": 90}
FILE = tomllib.loads(Path(probing.__file__).with_suffix(".toml").read_text(encoding="utf-8"))
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


def test_there_are_several_hundred():
    assert len(checks()) >= 800


@each
def test_a_capability_has_enough_checks_of_its_kind(capability):
    assert len(capability.checks) >= LEAST.get(capability.name, 40)
    kind = Answered if capability.name in LABELLED else Unmoved
    kind = Moved if capability.name == "added" else kind
    assert {type(check) for check in capability.checks} == {kind}


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
    labels = Counter(check.label for check in capability.checks if not isinstance(check, Unmoved))
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
        if isinstance(check, Answered):
            assert labels.setdefault(check.texts, check.label) == check.label


def test_no_frame_or_change_is_left_unfilled():
    for check in checks():
        for text in check.texts:
            assert not re.search(r"[{}|\[\]]", text)
            assert text == text.strip()
            assert "  " not in text


def test_pairs_of_names_and_identity_move_by_five_hundredths_at_most():
    for name in ("names", "identity"):
        assert {check.tolerance for check in CAPABILITIES[name].checks} == {0.05}


def test_no_sentence_of_the_checks_stands_in_the_bundled_reviews(reviews):
    sentences = {
        tuple(words_of(sentence)) for text in reviews for sentence in re.split(r"[.!?\n]+", text)
    } | {tuple(words_of(text)) for text in reviews}
    shared = [
        text for check in checks() for text in check.texts if tuple(words_of(text)) in sentences
    ]
    assert shared == []


def test_checks_and_bundled_reviews_share_no_long_runs_of_words(reviews):
    held = [runs_of(words_of(text)) for text in reviews]
    for check in checks():
        for text in check.texts:
            runs = runs_of(words_of(text))
            if len(runs) >= 2:
                most = max(len(runs & others) for others in held)
                assert most < SHARED * len(runs), text


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
