"""What the classes of a model are called, and in which order answers show them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

NEGATIVE, NEUTRAL, POSITIVE = "negative", "neutral", "positive"

MAX_CLASSES = 50


@dataclass(frozen=True)
class LabelSet:
    """Classes by name. A label is the index of a name, −1 if there is none.

    Log-odds are those against the first class, float64 [n, K − 1]; probabilities are their
    softmax, float64 [n, K].
    """

    names: tuple[str, ...]  # each once
    ordered: bool = False  # whether each class is more than the one before it, as with stars

    def __len__(self) -> int:
        return len(self.names)

    @property
    def is_binary(self) -> bool:
        """Whether there are two classes: one sigmoid, and a threshold."""
        return len(self.names) == 2

    @cached_property
    def positive(self) -> int | None:
        """The label of the class *positive*; of two classes the second; None if there is none."""
        if self.is_binary:
            return 1
        return self.names.index(POSITIVE) if POSITIVE in self.names else None

    @cached_property
    def columns(self) -> tuple[tuple[str, int], ...]:
        """The columns of probabilities in output, each with its label.

        Two classes have `p_positive` alone. A larger set with *positive* has it first, any other
        set has all classes in their order.
        """
        if self.is_binary:
            return (("p_positive", 1),)
        labels = sorted(range(len(self)), key=lambda label: label != self.positive)
        return tuple((f"p_{self.names[label]}", label) for label in labels)

    def indices_of(self, names: Sequence[str]) -> list[int]:
        """Return the label of each name, −1 for a name that is not of these."""
        return [self.names.index(name) if name in self.names else -1 for name in names]


SENTIMENT = LabelSet((NEGATIVE, POSITIVE))
WITH_NEUTRAL = LabelSet((NEGATIVE, NEUTRAL, POSITIVE))
CLASSES = SENTIMENT.names
