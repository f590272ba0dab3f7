"""Single expectations of a model, and the capabilities that they are checks of.

After CheckList (Ribeiro et al., "Beyond Accuracy: Behavioral Testing of NLP Models with CheckList",
ACL 2020), which tells three kinds apart: minimum functionality tests (`Answered`), invariance tests
(`Unmoved`) and directional expectation tests (`Moved`). The idea is theirs; no sentence is.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from sentiment.model.decision import POSITIVE


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
