"""A model: components whose log-odds add up, and a decision."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from sentiment.labels import SENTIMENT, LabelSet
from sentiment.model.component import Calibration, Component, Coverage, Floats, sigmoid
from sentiment.model.provenance import Provenance, TrainingHashes

UNCERTAIN, NO_ANSWER = "uncertain", ""


class Scores(NamedTuple):
    """The scores of some reviews, before the decision.

    Attributes:
        p_positive: float64 [n]; NaN for a review without a token, that of an empty review if too
            little is known.
        coverage: the `Coverage` of each, uint8 [n].
    """

    p_positive: Floats
    coverage: NDArray[np.uint8]

    @property
    def unknown(self) -> NDArray[np.bool_]:
        """Which reviews too little is known of, bool [n]."""
        return self.coverage != Coverage.OK

    @property
    def p_known(self) -> Floats:
        """The probabilities, NaN if too little is known."""
        return np.where(self.unknown, np.nan, self.p_positive)

    def take(self, rows: NDArray[np.integer]) -> "Scores":
        """Return the scores of some reviews."""
        return Scores(self.p_positive[rows], self.coverage[rows])


class Decision(NamedTuple):
    """Where *positive* begins, and where the model abstains.

    Attributes:
        threshold: the lowest probability of *positive* that is answered `positive`.
        abstention_interval: probabilities strictly between these two are answered `uncertain`;
            None for none.
    """

    threshold: float = 0.5
    abstention_interval: tuple[float, float] | None = None

    def at(self, threshold: float) -> "Decision":
        """Return a decision with another threshold and no abstention."""
        return Decision(threshold)

    def answers(
        self,
        p_positive: Floats,
        coverage: NDArray[np.uint8] | None = None,
        labels: LabelSet = SENTIMENT,
    ) -> list[str]:
        """Return the answer to each review; an empty review, NaN, has the empty answer.

        Args:
            p_positive: float64 [n].
            coverage: as in `Scores`; None if enough of each is known.
            labels: the names of the answers.
        """
        words = np.array(labels.names, object)[(p_positive >= self.threshold).astype(np.intp)]
        if self.abstention_interval is not None:
            low, high = self.abstention_interval
            words[(p_positive > low) & (p_positive < high)] = UNCERTAIN
        if coverage is not None:
            words[coverage != Coverage.OK] = UNCERTAIN
        words[np.isnan(p_positive)] = NO_ANSWER
        return words.tolist()

    def reasons(self, answers: Sequence[str], coverage: NDArray[np.uint8]) -> list[str]:
        """Return why each answer is `uncertain`; nothing for other answers."""
        return [
            (Coverage(each).reason or self._interval()) if answer == UNCERTAIN else ""
            for answer, each in zip(answers, coverage.tolist(), strict=True)
        ]

    def _interval(self) -> str:
        low, high = self.abstention_interval or (0, 1)
        if low < 0:
            return f"below {high:.3g}"
        return f"above {low:.3g}" if high > 1 else f"between {low:.3g} and {high:.3g}"


@dataclass(frozen=True)
class Record:
    """The record of a training; answers do not need it.

    Attributes:
        history: one entry per epoch: `number`, `loss`, `validation_loss`, `validation_accuracy`.
        provenance: data, options, package versions, held-out figures.
        training_hashes: hashes of training and held-out reviews.
    """

    history: tuple[dict[str, float], ...] = ()
    provenance: Provenance | None = None
    training_hashes: TrainingHashes = TrainingHashes()


# The maximum number of components of a model.
MAX_DEPTH = 8

T = TypeVar("T")


@dataclass(frozen=True)
class Model:
    """Components whose log-odds add up (stacking: Wolpert, 1992), and a decision on the sum.

    Attributes:
        components: the model's own, that of its base, that of the base's base, and so on. Each
            weighs the sum of those after it.
        decision: probabilities → answers.
        record: of the training.
        labels: the names of the answers.
        below: the decision and the record of each base. They are kept in the file only.
    """

    components: tuple[Component, ...]
    decision: Decision = Decision()
    record: Record = Record()
    labels: LabelSet = SENTIMENT
    below: tuple[tuple[Decision, Record], ...] = ()

    @property
    def own(self) -> Component:
        """The first component, which is not of a base."""
        return self.components[0]

    @property
    def parts(self) -> Iterator[tuple[Component, Decision, Record]]:
        """Each component with its decision and record."""
        every = ((self.decision, self.record), *self.below)
        for component, (decision, record) in zip(self.components, every, strict=True):
            yield component, decision, record

    def on(self, base: "Model", weight: float) -> "Model":
        """Return this model, which has no base, with one: its log-odds are added · weight."""
        return replace(
            self,
            components=(replace(self.own, weight=weight), *base.components),
            below=((base.decision, base.record), *base.below),
        )

    def recalibrated(self, outer: Calibration) -> "Model":
        """Return the model with another calibration of the sum of its components.

        It is applied to the calibration and the weight of the first component.
        """
        inner = self.own.calibration
        calibration = Calibration(
            outer.slope * inner.slope, outer.slope * inner.intercept + outer.intercept
        )
        own = replace(self.own, calibration=calibration, weight=outer.slope * self.own.weight)
        return replace(self, components=(own, *self.components[1:]))

    def add_up(self, parts: Iterable[T], plus: Callable[[T, T, float], T]) -> T:
        """Add up a value of each component, from the last to the first.

        Args:
            parts: one of each component.
            plus: (that of a component, the sum of those after it, their weight) → the sum of both.
        """
        *others, total = parts
        weights = [component.weight for component in self.components[:-1]]
        for part, weight in zip(reversed(others), reversed(weights), strict=True):
            total = plus(part, total, weight)
        return total

    @property
    def repairs(self) -> bool:
        """Whether any component repairs damaged texts."""
        return any(component.encoder.repairs for component in self.components)

    def with_repair(self, repair: bool) -> "Model":
        """Return the model with repair of texts on or off, in all components."""
        return replace(self, components=tuple(each.with_repair(repair) for each in self.components))

    def probabilities(self, texts: Sequence[str]) -> Floats:
        """Return the probability of *positive*: float64 [n], NaN for a review without a token."""
        return self.scores(texts).p_positive

    def log_odds(self, texts: Sequence[str]) -> Floats:
        """Return the log-odds of *positive*: float64 [n], NaN for a review without a token."""
        return self._weighed(texts)[0]

    def scores(self, texts: Sequence[str]) -> Scores:
        """Return the probability of *positive* of each review, and how much of it is known."""
        log_odds, coverage = self._weighed(texts)
        return Scores(sigmoid(log_odds), coverage)

    def answers(self, scores: Scores) -> list[str]:
        """Return the answer to each review."""
        return self.decision.answers(scores.p_positive, scores.coverage, self.labels)

    @property
    def empty_logit(self) -> float:
        """The log-odds of *positive* of an empty review."""
        empty_logits = (component.empty_logit for component in self.components)
        return self.add_up(empty_logits, lambda own, base, weight: own + weight * base)

    def _weighed(self, texts: Sequence[str]) -> tuple[Floats, NDArray[np.uint8]]:
        """Return the log-odds and the coverage, the best of all components with a weight."""
        return self.add_up(
            [component.log_odds(texts) for component in self.components],
            lambda own, base, weight: (
                own[0] + weight * base[0],
                np.minimum(own[1], base[1]) if weight > 0 else own[1],
            ),
        )
