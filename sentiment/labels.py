"""What the classes of a model are called, and in which order answers show them."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from sentiment.errors import hint

NEGATIVE, NEUTRAL, POSITIVE = "negative", "neutral", "positive"

UNCERTAIN, NO_ANSWER = "uncertain", ""  # answers that are no class

MAX_CLASSES = 50
LONGEST_NAME = 80  # characters


def can_be_class(name: str) -> bool:
    """Return whether a class can have this name."""
    return name not in (UNCERTAIN, NO_ANSWER) and len(name) <= LONGEST_NAME and name.isprintable()


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

        Two classes have that of the second alone: `p_positive`. A larger set with *positive* has it
        first, any other set has all classes in their order.
        """
        if self.is_binary:
            return ((f"p_{self.names[1]}", 1),)
        labels = sorted(range(len(self)), key=lambda label: label != self.positive)
        return tuple((f"p_{self.names[label]}", label) for label in labels)

    def subset(self, names: Sequence[str]) -> "LabelSet":
        """Return the set of some of these classes, in the order of this set.

        Raises:
            ValueError: one is not of these, or fewer than two are named.
        """
        labels = {self.label_of(name) for name in names}
        if len(labels) < 2:
            known = ", ".join(self.names)
            raise ValueError(f"two classes or more are needed; the model's classes are {known}")
        return LabelSet(tuple(self.names[label] for label in sorted(labels)), self.ordered)

    def label_of(self, name: str) -> int:
        """Return the label of a class.

        Raises:
            ValueError: there is none of that name.
        """
        if name not in self.names:
            known = ", ".join(self.names)
            raise ValueError(
                f"no class {name}{hint(name, self.names)}; the model's classes are {known}"
            )
        return self.names.index(name)

    def indices_of(self, names: Sequence[str]) -> list[int]:
        """Return the label of each name, −1 for a name that is not of these."""
        return [self.names.index(name) if name in self.names else -1 for name in names]


def shown_probability(labels: LabelSet) -> Callable[[str, Sequence[float]], float]:
    """Return a function from an answer and its row of probabilities to the one to show with it.

    It is that of *positive*, or without such a class that of the answer, NaN if there is none.
    """
    if labels.positive is not None:
        return lambda _, row: row[0]
    return probability_of_answer(labels)


def probability_of_answer(labels: LabelSet) -> Callable[[str, Sequence[float]], float]:
    """Return a function from an answer and its row of probabilities to the answer's, or NaN.

    Of two classes, `uncertain` has the probability of the second.
    """
    if labels.is_binary:
        return lambda word, row: 1 - row[0] if word == labels.names[0] else row[0]
    places = {labels.names[label]: place for place, (_, label) in enumerate(labels.columns)}
    return lambda word, row: row[places[word]] if word in places else math.nan


SENTIMENT = LabelSet((NEGATIVE, POSITIVE))
WITH_NEUTRAL = LabelSet((NEGATIVE, NEUTRAL, POSITIVE))
CLASSES = SENTIMENT.names
