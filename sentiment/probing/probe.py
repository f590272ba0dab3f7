"""Asking a model all checks at once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

from sentiment.model import Model
from sentiment.model.decision import UNCERTAIN
from sentiment.probing.checks import Capability, Check

# What all results together are called.
OVERALL = "overall"


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
    answers = dict(zip(texts, model.decision.answers(*scores), strict=True))
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
