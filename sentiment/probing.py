"""Behavioral tests: the checks of `probing.toml`, by capability, and running them.

Those of `probing_further.toml` came later; each file is a set that is counted on its own.

After CheckList (Ribeiro et al., "Beyond Accuracy: Behavioral Testing of NLP Models with CheckList",
ACL 2020), which has three kinds: minimum functionality tests (`Answered`, `Undecided`), invariance
tests (`Unmoved`, `Level`) and directional expectation tests (`Moved`). Only the idea is theirs, not
the sentences.
"""

import re
import tomllib
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, cycle
from pathlib import Path
from typing import Any

from sentiment.errors import UsageError
from sentiment.labels import NEGATIVE, NEUTRAL, POSITIVE, SENTIMENT, UNCERTAIN
from sentiment.model.model import Model, Scores

OVERALL = "overall"  # the name of the combined results

_WRITTEN = {"basic": "probing.toml", "further": "probing_further.toml"}
_CHANGE = re.compile(r"\[([^\[|\]]*)\|([^\[|\]]*)\]")
Pair = tuple[str, str]


@dataclass(frozen=True)
class Check(ABC):
    """The expected behavior on one text, or on versions of a text.

    Attributes:
        texts: one text, or two: before and after a change, or any number of versions.
    """

    texts: tuple[str, ...]

    @property
    @abstractmethod
    def expected(self) -> str:
        """The expectation, for display."""

    @abstractmethod
    def off(self, p_positive: Sequence[float]) -> float:
        """Return the distance of the texts' probabilities of *positive* from the expectation."""

    @abstractmethod
    def holds(self, answers: Sequence[str], p_positive: Sequence[float]) -> bool:
        """Return whether the answers to the texts and their probabilities are as expected."""

    def undecided(self, answers: Sequence[str]) -> bool:
        """Return whether the answer to the last text is `uncertain`, or neutral."""
        return answers[-1] not in SENTIMENT.names

    def shown(self, p_positive: Sequence[float]) -> Sequence[int]:
        """Return the places of the texts to show of a failure."""
        return range(len(p_positive))


@dataclass(frozen=True)
class Answered(Check):
    """A minimum functionality test: the answer is known, and `uncertain` is wrong."""

    label: str

    @property
    def expected(self) -> str:
        """The label."""
        return self.label

    def off(self, p_positive: Sequence[float]) -> float:
        """Return the probability of the other label."""
        (p,) = p_positive
        return 1 - p if self.label == POSITIVE else p

    def holds(self, answers: Sequence[str], p_positive: Sequence[float]) -> bool:
        """Return whether the answer is the label."""
        return answers[0] == self.label


@dataclass(frozen=True)
class Undecided(Check):
    """A minimum functionality test of a text without an opinion: `neutral` or `uncertain`."""

    @property
    def expected(self) -> str:
        """Both answers."""
        return f"{NEUTRAL} or {UNCERTAIN}"

    def off(self, p_positive: Sequence[float]) -> float:
        """Return how far the probability is from one half."""
        (p,) = p_positive
        return abs(p - 0.5)

    def holds(self, answers: Sequence[str], p_positive: Sequence[float]) -> bool:
        """Return whether the answer is one of the two."""
        return answers[0] in (NEUTRAL, UNCERTAIN)


@dataclass(frozen=True)
class Unmoved(Check):
    """An invariance test: the same answer, and about the same probability."""

    tolerance: float

    @property
    def expected(self) -> str:
        """The same answer, and the tolerance."""
        return f"the same answer, moved by at most {self.tolerance:g}"

    def off(self, p_positive: Sequence[float]) -> float:
        """Return how far the probability moved in either direction."""
        before, after = p_positive
        return abs(after - before)

    def holds(self, answers: Sequence[str], p_positive: Sequence[float]) -> bool:
        """Return whether the answer stayed and the probability moved within the tolerance."""
        return answers[0] == answers[1] and self.off(p_positive) <= self.tolerance


@dataclass(frozen=True)
class Level(Check):
    """An invariance test of many versions of a neutral text: about the same probability.

    As this may well be near the threshold, the answers may differ.
    """

    tolerance: float

    @property
    def expected(self) -> str:
        """The tolerance, and the number of versions."""
        return f"moved by at most {self.tolerance:g} over {len(self.texts)} versions"

    def off(self, p_positive: Sequence[float]) -> float:
        """Return the distance from the lowest probability to the highest."""
        return max(p_positive) - min(p_positive)

    def holds(self, answers: Sequence[str], p_positive: Sequence[float]) -> bool:
        """Return whether that is within the tolerance."""
        lowest = min(p_positive)
        return all(p - lowest <= self.tolerance for p in p_positive)  # false for NaN

    def undecided(self, answers: Sequence[str]) -> bool:
        """Return False: answers are not asked for."""
        return False

    def shown(self, p_positive: Sequence[float]) -> Sequence[int]:
        """Return the places of the lowest and the highest probability."""
        places = sorted(range(len(p_positive)), key=lambda place: p_positive[place])
        return places[0], places[-1]


@dataclass(frozen=True)
class Moved(Check):
    """A directional test: an added opinion must not move the probability the other way."""

    label: str
    tolerance: float

    @property
    def expected(self) -> str:
        """The wrong direction, and the tolerance."""
        wrong = "lower" if self.label == POSITIVE else "higher"
        return f"not {wrong} by more than {self.tolerance:g}"

    def off(self, p_positive: Sequence[float]) -> float:
        """Return how far the probability moved in the wrong direction."""
        before, after = p_positive
        return before - after if self.label == POSITIVE else after - before

    def holds(self, answers: Sequence[str], p_positive: Sequence[float]) -> bool:
        """Return whether that is within the tolerance."""
        return self.off(p_positive) <= self.tolerance


@dataclass(frozen=True)
class Capability:
    """Something a model should be able to do.

    Attributes:
        name: its name on the command line.
        about: a short description.
        checks: distinct, all of one kind.
    """

    name: str
    about: str
    checks: tuple[Check, ...]


def in_turn(frames: Sequence[str], words: Iterable[str]) -> list[str]:
    """Return a frame with its `{}` filled for each word, cycling through the frames."""
    return [frame.format(word) for frame, word in zip(cycle(frames), words, strict=False)]


def extended(texts: Sequence[str], frames: Sequence[str]) -> Iterator[Pair]:
    """Return each text and an extended version of it, cycling through the frames."""
    return zip(texts, in_turn(frames, texts), strict=False)


def changed(text: str) -> Pair:
    """Read a text with changes in it, each written as in `It is [really|realy] good`."""
    return _CHANGE.sub(r"\1", text), _CHANGE.sub(r"\2", text)


def swapped(frames: Sequence[str], words: Sequence[str]) -> Iterator[Pair]:
    """Yield pairs of filled frames; each frame uses each word once, in new pairs.

    The pairs are those of a round-robin tournament.

    Args:
        frames: with `{}` for the word; fewer than the words.
        words: an even number of them.
    """
    first, *others = words
    for frame in frames:
        order = [first, *others]
        half = len(order) // 2
        for word, other in zip(order[:half], reversed(order[half:]), strict=True):
            yield frame.format(word), frame.format(other)
        others = [others[-1], *others[:-1]]


def checks_of(written: Mapping[str, Any]) -> Iterator[Check]:
    """Yield the checks of one capability, from its table in `probing.toml` or the other file."""
    part = defaultdict(list, written)
    for label in (POSITIVE, NEGATIVE):
        filled = (in_turn(group["frames"], group[label]) for group in part["filled"])
        for text in (*chain.from_iterable(filled), *part[label]):
            yield Answered((text,), label)
    for text in part["neutral"]:
        yield Undecided((text,))
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
    for group in part["across"]:
        for frame in group["frames"]:
            yield Level(tuple(map(frame.format, group["words"])), written["tolerance"])


def _capabilities_in(file: str) -> dict[str, Capability]:
    tables = tomllib.loads(Path(__file__).with_name(file).read_text(encoding="utf-8"))
    return {
        name: Capability(name, written["about"], tuple(checks_of(written)))
        for name, written in tables.items()
    }


SETS = {name: _capabilities_in(file) for name, file in _WRITTEN.items()}
CAPABILITIES = dict(chain.from_iterable(each.items() for each in SETS.values()))


@dataclass(frozen=True)
class Outcome:
    """A model's behavior on one check.

    Attributes:
        check: the check.
        answers: the answer to each text of the check.
        p_positive: the probability of *positive* of each, *negative* being the only other class.
    """

    check: Check
    answers: tuple[str, ...]
    p_positive: tuple[float, ...]

    @property
    def passed(self) -> bool:
        """Whether the expectation was met."""
        return self.check.holds(self.answers, self.p_positive)

    @property
    def uncertain(self) -> bool:
        """Whether it failed because the answer to the last text is `uncertain`, or neutral."""
        return not self.passed and self.check.undecided(self.answers)

    @property
    def shown(self) -> list[tuple[str, str, float]]:
        """The texts to show, each with its answer and its probability."""
        return [
            (self.check.texts[place], self.answers[place], self.p_positive[place])
            for place in self.check.shown(self.p_positive)
        ]


@dataclass(frozen=True)
class Result:
    """A model's results on some checks.

    Attributes:
        name: of the capability or set, or `overall`.
        outcomes: one per check.
    """

    name: str
    outcomes: tuple[Outcome, ...]

    @property
    def n(self) -> int:
        """The number of checks."""
        return len(self.outcomes)

    @property
    def passed(self) -> int:
        """The number of checks that passed."""
        return sum(outcome.passed for outcome in self.outcomes)

    @property
    def failed(self) -> int:
        """The number of checks that failed."""
        return self.n - self.passed

    @property
    def uncertain(self) -> int:
        """The number of checks that failed with `uncertain`."""
        return sum(outcome.uncertain for outcome in self.outcomes)

    @property
    def rate(self) -> float:
        """The share of checks that passed."""
        return self.passed / self.n

    def worst(self, count: int) -> list[Outcome]:
        """Return up to `count` failures, the worst first."""
        failed = [outcome for outcome in self.outcomes if not outcome.passed]
        return sorted(failed, key=lambda outcome: -outcome.check.off(outcome.p_positive))[:count]


def probe(
    model: Model,
    capabilities: Iterable[Capability],
    score: Callable[[Sequence[str]], Scores] | None = None,
) -> list[Result]:
    """Run the checks of some capabilities on a model, scoring each text once.

    Answers are the model's own, so that `neutral` to praise is no pass. How far a change moves a
    text is measured by the probability of *positive*; where there are other classes, such as
    *neutral*, half of theirs is added, so that a move between any two classes counts.

    Args:
        model: the model.
        capabilities: what is checked.
        score: returns the scores that the model gives texts; None for its own method.

    Raises:
        UsageError: it lacks one of these two.
    """
    known = SENTIMENT.indices_of(model.labels.names)
    if not {0, 1} <= set(known):
        raise UsageError(
            "probe asks for negative and positive; the model's classes are "
            f"{', '.join(model.labels.names)}"
        )
    chosen = list(capabilities)
    checks = [check for capability in chosen for check in capability.checks]
    texts = list(dict.fromkeys(chain.from_iterable(check.texts for check in checks)))
    scores = (score or model.scores)(texts)
    answers = dict(zip(texts, model.answers(scores), strict=True))
    negative, positive = scores.probabilities[:, model.labels.indices_of(SENTIMENT.names)].T
    moved = positive if model.labels.is_binary else (1 + positive - negative) / 2
    p_positive = dict(zip(texts, moved.tolist(), strict=True))

    def outcome(check: Check) -> Outcome:
        return Outcome(
            check,
            tuple(answers[text] for text in check.texts),
            tuple(p_positive[text] for text in check.texts),
        )

    return [Result(each.name, tuple(map(outcome, each.checks))) for each in chosen]


def combined(results: Iterable[Result], name: str = OVERALL) -> Result:
    """Combine results into one."""
    return Result(name, tuple(chain.from_iterable(each.outcomes for each in results)))


def whole_sets(names: Collection[str]) -> list[str]:
    """Return the sets whose capabilities are all among the names."""
    return [name for name, capabilities in SETS.items() if capabilities.keys() <= set(names)]


def by_set(results: Sequence[Result]) -> list[Result]:
    """Combine the results of each set that was checked as a whole."""
    return [
        combined((each for each in results if each.name in SETS[name]), name)
        for name in whole_sets([each.name for each in results])
    ]
