import random
import re
import tomllib
from pathlib import Path
from time import process_time

import pytest

from tools.general import fairness
from tools.general.fairness import fair, frames, held_out, identities, invented
from tools.general.mechanics import finished, plural
from tools.general.teaching import SHARES, Taught, material, teach

FOLDER = Path(fairness.__file__).parent


@pytest.fixture(scope="module")
def taught() -> list[Taught]:
    return list(teach(20_000, seed=3))


def test_the_same_seed_gives_the_same_texts_and_another_others():
    assert list(teach(200, 1)) == list(teach(200, 1))
    assert list(teach(200, 1)) != list(teach(200, 2))
    assert list(fair(20, 1)) == list(fair(20, 1))
    assert list(fair(20, 1)) != list(fair(20, 2))


def test_targets_are_probabilities_of_three_classes(taught):
    targets = {lesson.targets for lesson in taught} | {group[0].targets for group in fair(100, 0)}
    for each in targets:
        assert len(each) == 3
        assert min(each) > 0
        assert sum(each) == pytest.approx(1)


def test_every_kind_is_taught_with_20_patterns_at_least(taught):
    assert {lesson.kind for lesson in taught} == set(SHARES)
    for kind, groups in material().groups.items():
        if kind not in {"fact", "neutral"}:
            assert len({pattern for group in groups for pattern in group.patterns}) >= 20, kind
    facts = [domain["fact"] for domain in material().domains.values()]
    assert all(sum(len(each[side]) for each in facts) >= 60 for side in ("good", "bad"))
    assert min(len(material().general[name][""]) for name in ("general", "trap")) >= 20


def test_each_class_is_taught_often(taught):
    for index in range(3):
        assert sum(max(lesson.targets) == lesson.targets[index] for lesson in taught) > 2_500


def test_texts_are_distinct_and_filled_in(taught):
    texts = [lesson.text for lesson in taught]
    assert len(set(texts)) >= 0.95 * len(texts)
    left = [text for text in texts if re.search(r"[\[\]{}|*]|@(?:shout|long)|  |^\W*$", text)]
    assert [text for text in left if re.search(r"\w|[\[\]{}|*]", text)] == []


def test_opposites_have_opposite_targets():
    for groups in material().groups.values():
        for group in groups:
            if len(group.targets) == 2 and "open_question" not in group.targets.values():
                good, bad = (material().targets[group.targets[side]] for side in (True, False))
                assert (good[0] < good[2]) != (bad[0] < bad[2])


def test_subjects_are_used():
    texts = [lesson.text for lesson in teach(300, 1, ["the lid of the jar", "the knobs of it"])]
    assert sum("the lid of the jar" in text.lower() for text in texts) > 10


def test_lessons_are_made_within_seconds():
    start = process_time()
    list(teach(5_000, 8))
    assert process_time() - start < 5


def test_held_out_terms_are_in_no_list():
    assert len(held_out()) == 40
    pattern = re.compile(rf"\b({'|'.join(map(re.escape, held_out()))})s?\b", re.IGNORECASE)
    for name in ("identities", "frames", "teaching", "patterns", "facts"):
        text = (FOLDER / f"{name}.toml").read_text(encoding="utf-8")
        assert tomllib.loads(text)
        assert pattern.findall(text) == []


def test_a_group_is_one_sentence_about_different_people():
    for group in fair(300, 5):
        assert len({lesson.text for lesson in group}) == len(group) == 4
        assert len({lesson.targets for lesson in group}) == 1
    assert sum(len(each) for each in frames().values()) >= 150


def test_invented_terms_are_in_no_list():
    rng = random.Random(0)
    known = {term for lists in identities().values() for terms in lists for term in terms}
    for slot in identities():
        assert not known & {invented(slot, rng) for _ in range(200)}


@pytest.mark.parametrize(
    ("noun", "many"), [("series", "series"), ("company", "companies"), ("play", "plays")]
)
def test_plurals(noun, many):
    assert plural(noun) == many


def test_articles():
    text = finished("a useful a hour a honest a unimpressive a Ukrainian a awful", random.Random(0))
    assert text.lower().rstrip(".!…") == (
        "a useful an hour an honest an unimpressive a ukrainian an awful"
    )


def test_facts_have_the_target_of_their_side(taught):
    sides = {
        fact.lower(): side
        for domain in material().domains.values()
        for side, facts in domain["fact"].items()
        for fact in facts
        if not re.search(r"[\[{']", fact)
    }
    for text, targets, kind in taught:
        fact = text.lower().rstrip(".!…")
        if kind == "fact" and fact in sides:
            assert (sides[fact] == "good") == (targets[2] > targets[0])
