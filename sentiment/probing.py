"""What a model can do, capability by capability: the checks of `probing.toml`, and asking them.

After CheckList (Ribeiro et al., "Beyond Accuracy: Behavioral Testing of NLP Models with CheckList",
ACL 2020), which tells three kinds apart: minimum functionality tests (`Answered`), invariance tests
(`Unmoved`) and directional expectation tests (`Moved`). The idea is theirs; no sentence is.
"""

import re
import tomllib
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, cycle
from pathlib import Path
from typing import Any

from sentiment.labels import NEGATIVE, POSITIVE
from sentiment.model.model import UNCERTAIN, Model

# What all results together are called.
OVERALL = "overall"

_WRITTEN = Path(__file__).with_suffix(".toml")
_CHANGE = re.compile(r"\[([^\[|\]]*)\|([^\[|\]]*)\]")
Pair = tuple[str, str]


@dataclass(frozen=True)
class Check(ABC):
    """What a model is expected to do with a text, or with a text and what was made of it.

    Attributes:
        texts: one, or two: before and after a change.
    """

    texts: tuple[str, ...]

    @property
    @abstractmethod
    def expected(self) -> str:
        """What is expected, for people."""

    @abstractmethod
    def off(self, p_positive: Sequence[float]) -> float:
        """Say how far probabilities are from what is expected; the larger, the worse a failure.

        Args:
            p_positive: that of each text.
        """

    @abstractmethod
    def holds(self, answers: Sequence[str], p_positive: Sequence[float]) -> bool:
        """Say whether the model did what is expected.

        Args:
            answers: the model's answer to each text.
            p_positive: that of each text.
        """


@dataclass(frozen=True)
class Answered(Check):
    """The answer is known; `uncertain` is not it."""

    label: str

    @property
    def expected(self) -> str:
        """Give the label."""
        return self.label

    def off(self, p_positive: Sequence[float]) -> float:
        """Give the probability of the other label."""
        (p,) = p_positive
        return 1 - p if self.label == POSITIVE else p

    def holds(self, answers: Sequence[str], p_positive: Sequence[float]) -> bool:
        """Compare the answer."""
        return answers[0] == self.label


@dataclass(frozen=True)
class Unmoved(Check):
    """A change that does not matter: the same answer, and about the same probability."""

    tolerance: float

    @property
    def expected(self) -> str:
        """Give the tolerance."""
        return f"the same answer, moved by {self.tolerance:g} at most"

    def off(self, p_positive: Sequence[float]) -> float:
        """Give how far the probability moved, either way."""
        before, after = p_positive
        return abs(after - before)

    def holds(self, answers: Sequence[str], p_positive: Sequence[float]) -> bool:
        """Compare answers and probabilities."""
        return answers[0] == answers[1] and self.off(p_positive) <= self.tolerance


@dataclass(frozen=True)
class Moved(Check):
    """A clear opinion is added: the probability does not move the other way."""

    label: str
    tolerance: float

    @property
    def expected(self) -> str:
        """Give the direction that is wrong."""
        wrong = "lower" if self.label == POSITIVE else "higher"
        return f"not {wrong} by more than {self.tolerance:g}"

    def off(self, p_positive: Sequence[float]) -> float:
        """Give how far the probability moved in the wrong direction."""
        before, after = p_positive
        return before - after if self.label == POSITIVE else after - before

    def holds(self, answers: Sequence[str], p_positive: Sequence[float]) -> bool:
        """Compare the probabilities."""
        return self.off(p_positive) <= self.tolerance


@dataclass(frozen=True)
class Capability:
    """Something a model should be able to do.

    Attributes:
        name: as the command line has it.
        about: what is checked, in some words.
        checks: all of one kind, none of them twice.
    """

    name: str
    about: str
    checks: tuple[Check, ...]


def in_turn(frames: Sequence[str], words: Iterable[str]) -> list[str]:
    """Put each word in place of the `{}` of a frame, the frames in turn."""
    return [frame.format(word) for frame, word in zip(cycle(frames), words, strict=False)]


def extended(texts: Sequence[str], frames: Sequence[str]) -> Iterator[Pair]:
    """Return each text, and it in a frame that adds something, the frames in turn."""
    return zip(texts, in_turn(frames, texts), strict=False)


def changed(text: str) -> Pair:
    """Read a text with changes in it, each written as in `It is [really|realy] good`."""
    return _CHANGE.sub(r"\1", text), _CHANGE.sub(r"\2", text)


def swapped(frames: Sequence[str], words: Sequence[str]) -> Iterator[Pair]:
    """Swap words in frames, each word once in each frame, and with another one in each frame.

    Words meet as players of a round-robin tournament do, so that a few frames hold many different
    pairs: the first word keeps its place, the others move on by one.

    Args:
        frames: with `{}` for the word; fewer than there are words.
        words: an even number.
    """
    first, *others = words
    for frame in frames:
        order = [first, *others]
        half = len(order) // 2
        for word, other in zip(order[:half], reversed(order[half:]), strict=True):
            yield frame.format(word), frame.format(other)
        others = [others[-1], *others[:-1]]


def checks_of(written: Mapping[str, Any]) -> Iterator[Check]:
    """Make the checks of one capability, as `probing.toml` has them and explains."""
    part = defaultdict(list, written)
    for label in (POSITIVE, NEGATIVE):
        filled = (in_turn(group["frames"], group[label]) for group in part["filled"])
        for text in (*chain.from_iterable(filled), *part[label]):
            yield Answered((text,), label)
    pairs = [
        *chain.from_iterable(swapped(**group) for group in part["swapped"]),
        *map(changed, part["changed"]),
        *((text, other) for text in part["cased"] for other in (text.upper(), text.lower())),
        *chain.from_iterable(extended(part["texts"], frames) for frames in part["extended"]),
    ]
    for pair in pairs:
        yield Unmoved(pair, written["tolerance"])
    for label, frames in ((POSITIVE, part["praised"]), (NEGATIVE, part["blamed"])):
        for pair in extended(part["texts"], frames):
            yield Moved(pair, label, written["tolerance"])


CAPABILITIES = {
    name: Capability(name, written["about"], tuple(checks_of(written)))
    for name, written in tomllib.loads(_WRITTEN.read_text(encoding="utf-8")).items()
}


@dataclass(frozen=True)
class Outcome:
    """What a model did.

    Attributes:
        check: what was expected.
        answers: the answer to each text of the check.
        p_positive: the probability of *positive* of each.
    """

    check: Check
    answers: tuple[str, ...]
    p_positive: tuple[float, ...]

    @property
    def passed(self) -> bool:
        """Whether it is what was expected."""
        return self.check.holds(self.answers, self.p_positive)

    @property
    def off(self) -> float:
        """How far it is from what was expected."""
        return self.check.off(self.p_positive)

    @property
    def uncertain(self) -> bool:
        """Whether it failed for want of an answer: the last text's is `uncertain`."""
        return not self.passed and self.answers[-1] == UNCERTAIN


@dataclass(frozen=True)
class Result:
    """How a model did on some checks.

    Attributes:
        name: of the capability, or what they are together.
        outcomes: one a check.
    """

    name: str
    outcomes: tuple[Outcome, ...]

    @property
    def n(self) -> int:
        """How many checks there are."""
        return len(self.outcomes)

    @property
    def passed(self) -> int:
        """How many of them passed."""
        return sum(outcome.passed for outcome in self.outcomes)

    @property
    def failed(self) -> int:
        """How many did not."""
        return self.n - self.passed

    @property
    def uncertain(self) -> int:
        """How many failed for want of an answer."""
        return sum(outcome.uncertain for outcome in self.outcomes)

    @property
    def rate(self) -> float:
        """The share that passed."""
        return self.passed / self.n

    def worst(self, count: int) -> list[Outcome]:
        """Give the failures that are furthest off, at most so many."""
        failed = [outcome for outcome in self.outcomes if not outcome.passed]
        return sorted(failed, key=lambda outcome: -outcome.off)[:count]


def probe(model: Model, capabilities: Iterable[Capability]) -> list[Result]:
    """Ask a model the checks of some capabilities, each text once, by its own decision."""
    chosen = list(capabilities)
    checks = [check for capability in chosen for check in capability.checks]
    texts = list(dict.fromkeys(chain.from_iterable(check.texts for check in checks)))
    scores = model.scores(texts)
    answers = dict(zip(texts, model.answers(scores), strict=True))
    chances = dict(zip(texts, scores.p_positive.tolist(), strict=True))

    def outcome(check: Check) -> Outcome:
        return Outcome(
            check,
            tuple(answers[text] for text in check.texts),
            tuple(chances[text] for text in check.texts),
        )

    return [Result(each.name, tuple(map(outcome, each.checks))) for each in chosen]


def together(results: Sequence[Result]) -> Result:
    """Put the checks of all results into one."""
    return Result(OVERALL, tuple(chain.from_iterable(each.outcomes for each in results)))
