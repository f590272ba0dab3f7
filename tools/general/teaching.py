"""Lessons of three classes: short texts from word lists, for what few reviews teach.

Patterns (`patterns.toml`) are filled with words (`teaching.toml`) and facts (`facts.toml`), all
written for this project without looking at the checks of `sentiment probe` or at any data set. A
lesson has a soft target: *not bad* is less sure than *superb*.
"""

import random
import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from tools.general.mechanics import elongated, finished, plural, shouted, with_typing_errors

_FILES = ("teaching.toml", "patterns.toml", "facts.toml")

# How many lessons are of each kind, relative to the others.
SHARES = {
    "negation": 20,
    "hearsay": 7,
    "then_now": 8,
    "expectation": 9,
    "contrast": 9,
    "comparison": 13,
    "question": 8,
    "hedge": 9,
    "idiom": 9,
    "fact": 12,
    "neutral": 18,
    "rating": 5,
    "emphasis": 10,
    "wish": 7,
    "advice": 7,
    "service": 20,
}

_CHOICE = re.compile(r"\[([^\[\]]*)\]")
_SLOT = re.compile(r"\{([@+-]?)([a-z0-9_]+)\}")
# Aspects that are people.
_PEOPLE = {"staff", "crew"}
# Kinds that no statement is put before.
_WHOLE = {"neutral", "fact", "question"}
# Lists on another thing than the sentence they stand in.
_FRESH = {"clause"}
# Styles that a pattern begins with.
_STYLES = {
    "@shout:": shouted,
    "@long:": elongated,
}

# Forms that agree with the subject: one, several.
_FORMS = {
    "it": ("it", "they"),
    "them": ("it", "them"),
    "its": ("its", "their"),
    "was": ("was", "were"),
    "is": ("is", "are"),
    "wasnt": ("[wasn't|was not]", "[weren't|were not]"),
    "isnt": ("[isn't|is not]", "[aren't|are not]"),
    "be": ("[was|was|is]", "[were|were|are]"),
    "bent": ("[wasn't|was not|isn't|is not]", "[weren't|were not|aren't|are not]"),
    "has": ("has", "have"),
    "does": ("does", "do"),
    "doesnt": ("[doesn't|does not]", "[don't|do not]"),
    "s": ("s", ""),
    "es": ("es", ""),
}


class Taught(NamedTuple):
    """A text, the probabilities that it is negative, neutral and positive, and its kind."""

    text: str
    targets: tuple[float, float, float]
    kind: str


class Group(NamedTuple):
    """Patterns with the targets they have when their side is praise, and when it is blame."""

    targets: dict[bool, str]
    patterns: list[str]
    domains: list[str]


Lists = dict[str, dict[str, list[str]]]


@dataclass(frozen=True)
class Material:
    """What lessons are made of: lists by name and side, aspects, domains, patterns, targets."""

    general: Lists
    aspects: dict[str, Lists]
    domains: dict[str, Lists]
    groups: dict[str, list[Group]]
    targets: dict[str, tuple[float, float, float]]


@dataclass
class Scene:
    """What a text is about: its domain, noun and subject, and whether it is praise."""

    domain: str
    noun: str
    used: str
    good: bool
    thing: str = ""
    aspect: str = ""
    several: bool = False
    said: set[str] = field(default_factory=set)


def _split(text: str) -> list[str]:
    """Return the entries of a list: lines, or words between commas."""
    if "\n" in text:
        return text.strip("\n").splitlines()
    return [word.strip() for word in text.split(",")]


def _lists(table: dict[str, Any]) -> Lists:
    """Return lists by name and side, "" for lists of no side."""
    return {
        name: {side: _split(text) for side, text in value.items()}
        if isinstance(value, dict)
        else {"": _split(value)}
        for name, value in table.items()
    }


def _aspect(table: dict[str, str]) -> Lists:
    """Return the lists of an aspect."""
    gradable = {
        side: [word for word in _split(table[side]) if " " not in word] for side in ("good", "bad")
    }
    return {
        "things": {"": _split(table["things"])},
        "det": {"": _split(table["det"])},
        "pdet": {"": _split(table.get("pdet", table["det"].replace("this", "these")))},
        "fit": {side: _split(table[side]) for side in ("good", "bad")},
        "gradable": gradable,
        "news": {side: _split(table[f"news_{side}"]) for side in ("good", "bad")},
    }


def _groups(tables: list[dict[str, str]]) -> list[Group]:
    """Return groups of patterns."""
    return [
        Group(
            {good: table[side] for good, side in ((True, "good"), (False, "bad")) if side in table},
            _split(table["patterns"]),
            _split(table["domains"]) if "domains" in table else [],
        )
        for table in tables
    ]


@cache
def material() -> Material:
    """Read the word lists."""
    folder = Path(__file__).parent
    words, patterns, facts = (
        tomllib.loads((folder / name).read_text(encoding="utf-8")) for name in _FILES
    )
    plain = words["words"].pop("plain")
    general = _lists(words["words"] | plain)
    general |= _lists(patterns["phrases"]) | _lists(facts["phrases"])
    domains = {name: _lists(table) for name, table in words["domains"].items()}
    for name, table in facts["facts"].items():
        more = _lists(table)
        domains[name]["fact"] = more.pop("good") | more.pop("bad")
        domains[name]["fact"] = {side: _split(table[side]) for side in ("good", "bad")}
        domains[name] |= more
    return Material(
        general,
        {name: _aspect(table) for name, table in words["aspects"].items()},
        domains,
        {kind: _groups(tables) for kind, tables in patterns["kinds"].items()},
        {name: (t[0], t[1], t[2]) for name, t in patterns["targets"].items()},
    )


class Teacher:
    """Fills patterns with words at random."""

    def __init__(self, seed: int, subjects: Sequence[str] = ()) -> None:
        """Seed the random numbers; `subjects` are used in addition to the listed things."""
        self._random = random.Random(seed)
        self._subjects = subjects
        self._lists = material()
        self._plain = [name for name in self._lists.domains if name != "any"]

    def lesson(self) -> Taught:
        """Return a lesson."""
        kind = self._random.choices(list(SHARES), list(SHARES.values()))[0]
        choices = [(group, side) for group in self._lists.groups[kind] for side in group.targets]
        weights = [len(group.patterns) for group, _ in choices]
        group, good = self._random.choices(choices, weights)[0]
        scene = self._scene(group.domains, good)
        pattern = self._random.choice(group.patterns)
        text = self._styled(pattern, scene)
        if kind != "rating":
            text = self._surrounded(text, scene, group.targets[good], kind)
        text = finished(text, self._random)
        if self._random.random() < 0.05:
            text = with_typing_errors(text, self._random)
        return Taught(text, self._lists.targets[group.targets[good]], kind)

    def _styled(self, pattern: str, scene: Scene) -> str:
        """Fill a pattern, in capitals or with long vowels if it begins with such a style."""
        for mark, style in _STYLES.items():
            if pattern.startswith(mark):
                return style(self._fill(pattern.removeprefix(mark), scene), self._random)
        return self._fill(pattern, scene)

    def _surrounded(self, text: str, scene: Scene, target: str, kind: str) -> str:
        """Put a statement before a text, or an opinion of the same side around it, at times."""
        dice = self._random.random()
        if dice < 0.07 and kind not in _WHOLE and not text.startswith("it"):
            return f"{self._fill('{@info}', scene)}. {text}"
        sides = {"pos": True, "likely_pos": True, "neg": False, "likely_neg": False}
        if dice < 0.2 and target in sides and kind not in {"fact", "emphasis"}:
            scene.good = sides[target]
            more = self._fill("{+clause}", scene)
            return f"{text}. {more}" if dice < 0.14 else f"{more}. {text}"
        return text

    def _scene(self, domains: Sequence[str], good: bool) -> Scene:
        """Return a random domain, subject and noun."""
        usual = "any" if self._random.random() < 0.08 else self._random.choice(self._plain)
        name = self._random.choice(domains) if domains else usual
        lists = self._lists.domains[name]
        noun, used = (self._random.choice(lists[key][""]) for key in ("noun", "used"))
        return self._about(Scene(name, noun, used, good))

    def _about(self, scene: Scene) -> Scene:
        """Return a scene on another thing of the same domain."""
        fresh = Scene(scene.domain, scene.noun, scene.used, scene.good, said=scene.said)
        if self._subjects and self._random.random() < 0.3:
            fresh.thing, fresh.aspect = self._random.choice(self._subjects), "anything"
            fresh.several = _several(fresh.thing)
            return fresh
        fresh.aspect = self._random.choice(self._lists.domains[scene.domain]["aspects"][""])
        lists = self._lists.aspects[fresh.aspect]
        for _ in range(4):
            noun = self._random.choice(lists["things"][""])
            if noun not in scene.said:
                break
        scene.said.add(noun)
        fresh.several = noun.endswith("*")
        dice = self._random.random()
        if dice < 0.08 and fresh.aspect not in _PEOPLE:
            fresh.several = False
            fresh.thing = self._random.choice(("it", "this", "this one", "everything"))
        elif dice < 0.2 and fresh.aspect not in {*_PEOPLE, "acting", "cost"}:
            fresh.several, fresh.thing = (
                False,
                f"{self._random.choice(('this', 'the'))} {scene.noun}",
            )
            fresh.aspect = "anything" if scene.domain != "film" else "story"
        else:
            det = self._random.choice(lists["pdet" if fresh.several else "det"][""])
            fresh.thing = f"{det} {noun.rstrip('*')}"
        return fresh

    def _fill(self, pattern: str, scene: Scene) -> str:
        """Return a pattern with its choices made and its slots filled."""
        while _CHOICE.search(pattern):
            pattern = _CHOICE.sub(lambda m: self._random.choice(m[1].split("|")), pattern)
        return _SLOT.sub(lambda m: self._slot(m[1], m[2], scene), pattern)

    def _slot(self, mark: str, name: str, scene: Scene) -> str:
        """Return what a slot is filled with."""
        if mark == "":
            if name in _FORMS:
                return self._fill(_FORMS[name][scene.several], scene)
            if name == "nouns":
                return plural(scene.noun)
            if name in {"thing", "noun", "used"}:
                return str(getattr(scene, name))
            return self._fill(self._random.choice(self._entries(name, scene)), scene)
        good = scene.good
        inner = self._about(scene) if name in _FRESH else scene
        inner.good = good != (mark == "-")
        choices = self._entries(name, inner)
        fresh = [entry for entry in choices if entry not in scene.said] or choices
        entry = self._random.choice(fresh)
        if not entry.startswith("{"):
            scene.said.add(entry)
        text = self._fill(entry, inner)
        scene.good = good
        return text

    def _entries(self, name: str, scene: Scene) -> list[str]:
        """Return the entries of a list for a scene."""
        side = "good" if scene.good else "bad"
        domain, aspect = self._lists.domains[scene.domain], self._lists.aspects[scene.aspect]
        if name == "own":
            return domain["attr"][side]
        if name == "gadj":
            fit = aspect["gradable"][side]
            return fit if fit and self._random.random() < 0.6 else self._lists.general["mild"][side]
        lists = next(lists for lists in (domain, aspect, self._lists.general) if name in lists)
        return lists[name].get(side) or lists[name][""]


def _several(subject: str) -> bool:
    """Return whether a subject such as *the rooms of the hotel* looks like a plural."""
    head = subject.partition(" of ")[0]
    return head.endswith("s") and not head.endswith(("ss", "us", "is", "news"))


def teach(count: int, seed: int, subjects: Sequence[str] = ()) -> Iterator[Taught]:
    """Yield a number of lessons, hardly any twice, the same for the same seed.

    Args:
        count: the number.
        seed: of the random numbers.
        subjects: additional subjects of sentences, such as *the end of the book*.
    """
    teacher, seen = Teacher(seed, subjects), set[str]()
    for _ in range(count):
        for _ in range(5):
            taught = teacher.lesson()
            if taught.text not in seen:
                break
        seen.add(taught.text)
        yield taught
