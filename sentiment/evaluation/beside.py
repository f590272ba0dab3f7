"""What a model is compared with: one answer for all, a baseline, an older model."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sentiment.evaluation.baseline import NAME, out_of_fold
from sentiment.evaluation.comparison import Comparison, Difference, System, compare
from sentiment.evaluation.metrics import Evaluation

_HOW = (
    "word 1- and 2-grams, fitted with scikit-learn on four fifths of these very reviews and asked "
    "about the fifth left, in turns; equal texts are in the same fifth"
)


@dataclass(frozen=True, eq=False)
class Beside:
    """Another system beside a model, on the same reviews.

    Attributes:
        name: to be shown.
        note: what it is.
        found: the comparison: A is this system, B the model.
    """

    name: str
    note: str
    found: Comparison

    @classmethod
    def of(cls, name: str, note: str, system: System, evaluation: Evaluation) -> "Beside":
        """Compare a system with a model that was evaluated."""
        own = System(evaluation.answers, evaluation.probabilities)
        found = compare(system, own, evaluation.labels, evaluation.label_set)
        return cls(name, note, found)

    @property
    def accuracy(self) -> Difference:
        """The accuracies."""
        found = self.found.differences["accuracy"]
        assert found is not None  # it is defined for all reviews
        return found

    @property
    def differences(self) -> Sequence[tuple[str, Difference]]:
        """Each metric by name that is defined for both."""
        return [(name, each) for name, each in self.found.differences.items() if each is not None]


@dataclass(frozen=True)
class Change:
    """A review that the model and an older one answer differently.

    Attributes:
        text: the review.
        file: where it was read, "" if not from a file.
        row: its row there, from 1.
        labelled: the name of its label.
        before: the older answer.
        after: that of the model.
    """

    text: str
    file: str
    row: int
    labelled: str
    before: str
    after: str


@dataclass(frozen=True, eq=False)
class Against:
    """An older model, or older answers, beside the model.

    Attributes:
        beside: the comparison.
        unanswered: how many reviews the older one has no answer to; these count as wrong.
        changes: reviews that both answer differently, the furthest apart first.
    """

    beside: Beside
    unanswered: int
    changes: Sequence[Change]


def constant_beside(evaluation: Evaluation) -> Beside:
    """Return the answer of the most frequent label to all reviews, beside a model."""
    label = evaluation.label_set.names.index(evaluation.most_frequent)
    system = System(np.full(evaluation.n, label, np.int64))
    return Beside.of(f"always {evaluation.most_frequent}", "the same for all", system, evaluation)


def baseline_beside(texts: Sequence[str], evaluation: Evaluation) -> Beside:
    """Fit a baseline on the reviews evaluated, [n], and return it beside the model."""
    p = out_of_fold(texts, evaluation.labels, len(evaluation.label_set))
    return Beside.of(NAME, _HOW, System(p.argmax(axis=1).astype(np.int64), p), evaluation)
