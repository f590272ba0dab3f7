"""What the report shows: metrics, answers by threshold, and slices."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sentiment.evaluation.beside import Against, Beside, constant_beside
from sentiment.evaluation.in_words import in_words
from sentiment.evaluation.intervals import Floats, Labels
from sentiment.evaluation.metrics import Evaluation, Figures, metrics_or_none
from sentiment.evaluation.mistakes import Mistake
from sentiment.evaluation.selective import Abstention, abstention_of, answered_labels
from sentiment.evaluation.slices import Slice
from sentiment.labels import UNCERTAIN, LabelSet
from sentiment.model.decision import AnyDecision, confusion_matrix
from sentiment.model.model import Model
from sentiment.model.phrases import Moves, strongest_phrases
from sentiment.pages.charts import (
    LINES,
)

_WORDS = 15


@dataclass(frozen=True, eq=False)
class Report:
    """A model and how good it is on some reviews.

    Attributes:
        model: the model, with the decision to measure.
        probabilities: its probabilities, float64 [n, K], no NaN.
        labels: [n].
        slices: by column, the weakest first.
        mistakes: the most confident first.
        model_name, data_name: for display.
        about: titles and texts about the model and how the reviews were read.
        warnings: reasons to distrust the metrics.
        unknown: reviews left uncertain whatever the decision, bool [n]; None for none.
        baseline: a baseline beside the model; None if there is none.
        no_baseline: why there is none; "" to say nothing.
        against: an older model; None for none.
        mistake_slices: the value of each mistake in each column of `slices`; () for none.
        date: of the measurement; "" to leave it out.
        origin: which model it is, in a few words: its file, hash, and what it was trained on.
    """

    model: Model
    probabilities: Floats
    labels: Labels
    slices: Mapping[str, Sequence[Slice]]
    mistakes: Sequence[Mistake]
    model_name: str
    data_name: str
    about: Sequence[tuple[str, str]] = ()
    warnings: Sequence[str] = ()
    unknown: NDArray[np.bool_] | None = None
    baseline: Beside | None = None
    no_baseline: str = ""
    against: Against | None = None
    mistake_slices: Sequence[Sequence[str]] = ()
    date: str = ""
    origin: str = ""

    @property
    def decision(self) -> AnyDecision:
        """What the model answers, and where it abstains."""
        return self.model.decision

    @property
    def label_set(self) -> LabelSet:
        """The classes."""
        return self.model.labels

    @property
    def known(self) -> Floats:
        """The probabilities, NaN for `unknown` reviews."""
        if self.unknown is None:
            return self.probabilities
        return np.where(self.unknown[:, None], np.nan, self.probabilities)

    @property
    def leaves_out(self) -> bool:
        """Whether reviews may be left unanswered."""
        unknown = self.unknown is not None and bool(self.unknown.any())
        return unknown or self.decision.may_abstain

    @cached_property
    def evaluation(self) -> Evaluation:
        """The metrics of all reviews, answered or not."""
        return Evaluation(self.probabilities, self.labels, self.decision, self.label_set)

    @cached_property
    def besides(self) -> list[Beside]:
        """What the model is beside: older, baseline, and one answer for all."""
        found = [self.against.beside if self.against else None, self.baseline]
        return [*filter(None, found), constant_beside(self.evaluation)]

    @cached_property
    def in_words(self) -> list[str]:
        """What the figures mean, a sentence each."""
        *others, constant = self.besides
        return in_words(self.evaluation, constant, tuple(others))

    @cached_property
    def abstention(self) -> Abstention:
        """Coverage and selective accuracy."""
        return abstention_of(self.known, self.labels, self.decision)

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """The number of reviews by label and answer, int64 [K, K + 1]; the last is `uncertain`."""
        classes = len(self.label_set)
        answers = answered_labels(self.known, self.decision) % (classes + 1)  # −1 is the last
        return confusion_matrix(self.labels, answers, classes + 1)[:classes]

    @property
    def answered(self) -> dict[str, dict[str, int]]:
        """The same counts by name."""
        names = self.label_set.names
        rows = (dict(zip((*names, UNCERTAIN), row, strict=True)) for row in self.counts.tolist())
        return dict(zip(names, rows, strict=True))

    @property
    def figures(self) -> Figures:
        """The metrics of what is answered; recall counts reviews left unanswered, too."""
        return metrics_or_none(self.counts, self.label_set)

    @property
    def shown_classes(self) -> list[int]:
        """The labels of the classes with curves and words: all, or the most frequent ones."""
        counts = np.bincount(self.labels, minlength=len(self.label_set))
        most_frequent = np.argsort(-counts, kind="stable")[: len(LINES)]
        return sorted(most_frequent.tolist())

    @cached_property
    def words(self) -> list[tuple[str, Moves]]:
        """The strongest n-grams for each class, the last class first."""
        names = self.label_set.names
        if self.label_set.is_binary:
            return list(zip(names[::-1], strongest_phrases(self.model, _WORDS), strict=True))
        return [
            (names[label], strongest_phrases(self.model, _WORDS, label)[0])
            for label in reversed(self.shown_classes)
        ]

    @property
    def has_both_classes(self) -> bool:
        """Whether two classes occur among the labels."""
        return np.unique(self.labels).size > 1


STEPS = 1000  # of the page's threshold


@dataclass(frozen=True)
class Cuts:
    """Numbers of reviews between cutoffs, from which the page computes any threshold.

    Attributes:
        places: the cutoffs, ascending: every thousandth, and the model's own.
        cells: by class, the reviews below the first cutoff, on it, between it and the second, on
            that … above the last.
        unknown: by class, the reviews left unanswered whatever the cutoff.
    """

    places: list[float]
    cells: dict[str, list[int]]
    unknown: dict[str, int]

    @classmethod
    def of(cls, report: Report) -> "Cuts":
        """Count the reviews of a report on a model of two classes."""
        decision = report.model.binary
        own = (decision.threshold, *(decision.abstention_interval or ()))
        places = np.unique(np.concatenate((np.arange(STEPS + 1) / STEPS, own)))
        cells, unknown = {}, {}
        for label, name in enumerate(report.label_set.names):
            p_known = report.known[report.labels == label, 1]
            known = p_known[~np.isnan(p_known)]
            below = np.searchsorted(places, known, "left")
            cell = below + np.searchsorted(places, known, "right")
            cells[name] = np.bincount(cell, minlength=2 * places.size + 1).tolist()
            unknown[name] = p_known.size - known.size
        return cls(places.tolist(), cells, unknown)
