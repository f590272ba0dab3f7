"""Single expectations of a model, and the capabilities that they are checks of.

After CheckList (Ribeiro et al., "Beyond Accuracy: Behavioral Testing of NLP Models with CheckList",
ACL 2020), which tells three kinds apart: minimum functionality tests (`Answered`), invariance tests
(`Unmoved`) and directional expectation tests (`Moved`). The idea is theirs; no sentence is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sentiment.model.decision import POSITIVE


class Check(Protocol):
    """What a model is expected to do with a text, or with a text and what was made of it."""

    @property
    def texts(self) -> tuple[str, ...]:
        """One text, or two: before and after a change."""

    @property
    def expected(self) -> str:
        """What is expected, for people."""

    def off(self, p_positive: Sequence[float]) -> float:
        """Say how far the probabilities are from what is expected: of failures, the larger the worse.

        Args:
            p_positive: that of each text.
        """

    def holds(self, answers: Sequence[str], p_positive: Sequence[float]) -> bool:
        """Say whether the model did what is expected.

        Args:
            answers: the model's answer to each text.
            p_positive: that of each text.
        """


@dataclass(frozen=True)
class Answered:
    """The answer is known; `uncertain` is another one."""

    text: str
    label: str

    @property
    def texts(self) -> tuple[str]:  # noqa: D102
        return (self.text,)

    @property
    def expected(self) -> str:  # noqa: D102
        return self.label

    def off(self, p_positive: Sequence[float]) -> float:  # noqa: D102
        (p,) = p_positive
        return 1 - p if self.label == POSITIVE else p

    def holds(self, answers: Sequence[str], p_positive: Sequence[float]) -> bool:  # noqa: D102
        return answers[0] == self.label


@dataclass(frozen=True)
class Unmoved:
    """A change that does not matter: the same answer, and about the same probability."""

    before: str
    after: str
    tolerance: float

    @property
    def texts(self) -> tuple[str, str]:  # noqa: D102
        return self.before, self.after

    @property
    def expected(self) -> str:  # noqa: D102
        return f"the same answer, moved by {self.tolerance:g} at most"

    def off(self, p_positive: Sequence[float]) -> float:  # noqa: D102
        before, after = p_positive
        return abs(after - before)

    def holds(self, answers: Sequence[str], p_positive: Sequence[float]) -> bool:  # noqa: D102
        return answers[0] == answers[1] and self.off(p_positive) <= self.tolerance


@dataclass(frozen=True)
class Moved:
    """A clear opinion is added: the probability does not move the other way."""

    before: str
    after: str
    label: str
    tolerance: float

    @property
    def texts(self) -> tuple[str, str]:  # noqa: D102
        return self.before, self.after

    @property
    def expected(self) -> str:  # noqa: D102
        lower = "lower" if self.label == POSITIVE else "higher"
        return f"not {lower} by more than {self.tolerance:g}"

    def off(self, p_positive: Sequence[float]) -> float:  # noqa: D102
        before, after = p_positive
        return before - after if self.label == POSITIVE else after - before

    def holds(self, answers: Sequence[str], p_positive: Sequence[float]) -> bool:  # noqa: D102
        return self.off(p_positive) <= self.tolerance


@dataclass(frozen=True)
class Capability:
    """Something a model should be able to do.

    Attributes:
        name: as the command line has it.
        about: what is checked, in some words.
        checks: none of them twice.
    """

    name: str
    about: str
    checks: tuple[Check, ...]
