"""What the report shows: metrics, answers by threshold, slices."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sentiment.evaluation.metrics import Evaluation, Floats, Labels
from sentiment.evaluation.mistakes import Mistake, Slice
from sentiment.evaluation.selective import Abstention, abstention_of
from sentiment.labels import CLASSES, NEGATIVE, POSITIVE
from sentiment.model.explanation import Moves, strongest_phrases
from sentiment.model.model import NO_ANSWER, UNCERTAIN, Decision, Model

ANSWERS = (NEGATIVE, UNCERTAIN, POSITIVE)
_WORDS = 15


@dataclass(frozen=True, eq=False)
class Report:
    """A model and how good it is on some reviews.

    Attributes:
        model: the model, with the decision to measure.
        p_positive: its probabilities, float64 [n], none of them NaN.
        labels: 0 or 1, [n].
        slices: those of each column, the weakest first.
        mistakes: the most confident mistakes, the worst first.
        model_name: what people call it.
        data_name: what people call the reviews.
        about: titles and texts about the model and how the reviews were read.
        warnings: what makes the figures worth less than they seem.
        unknown: which reviews are left uncertain whatever the decision, bool [n]; None for none.
    """

    model: Model
    p_positive: Floats
    labels: Labels
    slices: Mapping[str, Sequence[Slice]]
    mistakes: Sequence[Mistake]
    model_name: str
    data_name: str
    about: Sequence[tuple[str, str]] = ()
    warnings: Sequence[str] = ()
    unknown: NDArray[np.bool_] | None = None

    @property
    def decision(self) -> Decision:
        """Its threshold and band."""
        return self.model.decision

    @property
    def p_known(self) -> Floats:
        """The probabilities, NaN for reviews that are left uncertain whatever the decision."""
        if self.unknown is None:
            return self.p_positive
        return np.where(self.unknown, np.nan, self.p_positive)

    @cached_property
    def evaluation(self) -> Evaluation:
        """The metrics of all reviews, answered or not."""
        return Evaluation(self.p_positive, self.labels, self.decision.threshold)

    @cached_property
    def abstention(self) -> Abstention:
        """How much is answered."""
        return abstention_of(self.p_known, self.labels, self.decision)

    @cached_property
    def answered(self) -> dict[str, dict[str, int]]:
        """How many reviews of each label have which answer; `uncertain` is one."""
        answers = np.array(self.decision.answers(self.p_known), dtype=object)
        answers[answers == NO_ANSWER] = UNCERTAIN
        return {
            name: {
                answer: int(np.count_nonzero((answers == answer) & (self.labels == label)))
                for answer in ANSWERS
            }
            for label, name in enumerate(CLASSES)
        }

    def recall(self, name: str) -> float | None:
        """Return the share of a class that is answered correctly; None without reviews of it."""
        return _share(self.answered[name][name], sum(self.answered[name].values()))

    def precision(self, name: str) -> float | None:
        """Return the share of answers of a kind that are right; None without any."""
        return _share(self.answered[name][name], sum(row[name] for row in self.answered.values()))

    @cached_property
    def words(self) -> tuple[Moves, Moves]:
        """The n-grams that count most for *positive*, and those against it."""
        return strongest_phrases(self.model, _WORDS)

    @property
    def has_both_classes(self) -> bool:
        """Whether there is something to rank."""
        return 0 < int(np.count_nonzero(self.labels)) < self.labels.size


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


STEPS = 1000


@dataclass(frozen=True)
class Cuts:
    """Reviews by where their probability lies among some cut-offs.

    Attributes:
        places: the cut-offs, rising: every thousandth, and those of the model itself.
        negative, positive: reviews of either class: below the first cut-off, on it, between it and
            the second, on that … above the last.
        unknown: reviews of either class that are left unanswered whatever the cut-off.
    """

    places: list[float]
    negative: list[int]
    positive: list[int]
    unknown: list[int]

    @classmethod
    def of(cls, report: Report) -> "Cuts":
        """Count the reviews of a report."""
        decision = report.decision
        own = (decision.threshold, *(decision.abstention_interval or ()))
        places = np.unique(np.concatenate((np.arange(STEPS + 1) / STEPS, own)))
        of_class = [report.p_known[report.labels == label] for label in (0, 1)]
        known = [p_known[~np.isnan(p_known)] for p_known in of_class]
        negative, positive = (_counted(each, places) for each in known)
        unknown = [a.size - b.size for a, b in zip(of_class, known, strict=True)]
        return cls(places.tolist(), negative, positive, unknown)


def _counted(p_positive: Floats, places: Floats) -> list[int]:
    cells = np.searchsorted(places, p_positive, "left") + np.searchsorted(
        places, p_positive, "right"
    )
    counts: list[int] = np.bincount(cells, minlength=2 * places.size + 1).tolist()
    return counts


@dataclass(frozen=True)
class Forest:
    """How the intervals of slices are laid out beside each other: from `low` to 1.

    Attributes:
        low: the accuracy at the left end; intervals may reach beyond.
        width: of the drawing.
    """

    low: float
    width: float = 160.0

    @classmethod
    def of(cls, slices: Sequence[Slice]) -> "Forest":
        """Choose a round number below the intervals of all slices that are large enough."""
        intervals = [each.intervals["accuracy"] for each in slices if not each.too_small]
        ends = [interval[0] for interval in intervals if interval]
        return cls(min(int(min(ends, default=0.0) * 20), 19) / 20)

    def x(self, accuracy: float) -> str:
        """Return the place of an accuracy."""
        share = max((accuracy - self.low) / (1 - self.low), 0)
        return f"{4 + share * (self.width - 8):.1f}"
