"""A model: components that add up, and a decision; a review's probability and answer."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from sentiment.labels import SENTIMENT, LabelSet
from sentiment.model.component import Calibration, Component, Floats, sigmoid
from sentiment.model.coverage import ENOUGH, REASONS
from sentiment.model.provenance import Provenance, Seen

UNCERTAIN, NO_ANSWER = "uncertain", ""


class Scores(NamedTuple):
    """What a model makes of some reviews, before it decides.

    Attributes:
        p_positive: float64 [n]; NaN where a review has no token, that of an empty review where too
            little of it is known.
        evidence: `ENOUGH`, `FEW`, `NOTHING` or `NO_OPINION`, uint8 [n].
    """

    p_positive: NDArray[np.float64]
    evidence: NDArray[np.uint8]

    @property
    def unknown(self) -> NDArray[np.bool_]:
        """Of which reviews too little is known, bool [n]."""
        return self.evidence != ENOUGH

    @property
    def p_known(self) -> NDArray[np.float64]:
        """The probabilities, NaN where too little is known as well."""
        return np.where(self.unknown, np.nan, self.p_positive)

    def take(self, rows: NDArray[np.integer]) -> "Scores":
        """Give those of some reviews."""
        return Scores(self.p_positive[rows], self.evidence[rows])


class Decision(NamedTuple):
    """Where *positive* begins, and where the model would rather not say.

    Attributes:
        threshold: the least probability of *positive* that is answered `positive`.
        band: probabilities strictly between these two are answered `uncertain`; None for never.
    """

    threshold: float = 0.5
    band: tuple[float, float] | None = None

    def at(self, threshold: float) -> "Decision":
        """Move the threshold; a band set for another threshold goes."""
        return Decision(threshold)

    def answers(
        self,
        p_positive: NDArray[np.float64],
        evidence: NDArray[np.uint8] | None = None,
        labels: LabelSet = SENTIMENT,
    ) -> list[str]:
        """Answer each probability; NaN, an empty review, has the empty answer.

        Args:
            p_positive: float64 [n].
            evidence: as in `Scores`; None for enough of each.
            labels: what the answers are called.
        """
        words = np.array(labels.names, object)[(p_positive >= self.threshold).astype(np.intp)]
        if self.band is not None:
            low, high = self.band
            words[(p_positive > low) & (p_positive < high)] = UNCERTAIN
        if evidence is not None:
            words[evidence != ENOUGH] = UNCERTAIN
        words[np.isnan(p_positive)] = NO_ANSWER
        answers: list[str] = words.tolist()
        return answers

    def reason(self, evidence: int) -> str:
        """Say why the answer is `uncertain`, by what is known of the review: `few known words`."""
        if evidence != ENOUGH:
            return REASONS[evidence]
        low, high = self.band or (0, 1)
        if low < 0:
            return f"below {high:.3g}"
        return f"above {low:.3g}" if high > 1 else f"between {low:.3g} and {high:.3g}"

    def reasons(self, answers: Sequence[str], evidence: NDArray[np.uint8]) -> list[str]:
        """Give the reason of each answer that is `uncertain`, of others nothing."""
        return [
            self.reason(each) if answer == UNCERTAIN else ""
            for answer, each in zip(answers, evidence.tolist(), strict=True)
        ]


@dataclass(frozen=True)
class Record:
    """What is told of a training; no answer needs it.

    Attributes:
        history: one record an epoch: `number`, `loss`, `validation_loss`, `validation_accuracy`.
        provenance: data, options, package versions, held-out figures.
        seen: what is remembered of training and held-out reviews.
    """

    history: tuple[dict[str, float], ...] = ()
    provenance: Provenance | None = None
    seen: Seen = Seen()


# How many components a model may have.
MAX_DEPTH = 8

T = TypeVar("T")


@dataclass(frozen=True)
class Model:
    """Components whose log-odds add up, and what is decided by their sum.

    A model that stands on another, its base, has the components of that behind its own (stacking:
    Wolpert, 1992). Each is weighed by the one before it.

    Attributes:
        components: the model's own, that of its base, that of the base's base, and so on.
        decision: probabilities → answers.
        record: where it came from.
        labels: what the answers are called.
        below: the decision and the record that each component but the first had when it was the
            own one of a model. They are kept, and decide nothing.
    """

    components: tuple[Component, ...]
    decision: Decision = Decision()
    record: Record = Record()
    labels: LabelSet = SENTIMENT
    below: tuple[tuple[Decision, Record], ...] = ()

    @property
    def own(self) -> Component:
        """The component that is not of a base."""
        return self.components[0]

    @property
    def parts(self) -> Iterator[tuple[Component, Decision, Record]]:
        """Each component with its decision and record."""
        told = ((self.decision, self.record), *self.below)
        for component, (decision, record) in zip(self.components, told, strict=True):
            yield component, decision, record

    def on(self, base: "Model", weight: float) -> "Model":
        """Return this model, which has no base yet, standing on another.

        Args:
            base: whose log-odds are added.
            weight: how much of them; at least 0.
        """
        return replace(
            self,
            components=(replace(self.own, weight=weight), *base.components),
            below=((base.decision, base.record), *base.below),
        )

    def recalibrated(self, outer: Calibration) -> "Model":
        """Return the model with another calibration on top of the sum of its components.

        The first component takes it on: its calibration is followed by the outer one, and its
        weight of those behind it multiplied by the outer slope.
        """
        inner = self.own.calibration
        calibration = Calibration(
            outer.slope * inner.slope, outer.slope * inner.intercept + outer.intercept
        )
        own = replace(self.own, calibration=calibration, weight=outer.slope * self.own.weight)
        return replace(self, components=(own, *self.components[1:]))

    def add_up(self, parts: Iterable[T], plus: Callable[[T, T, float], T]) -> T:
        """Add up what the components give, from the last to the first.

        Args:
            parts: of each component.
            plus: from the part of a component, the sum of those behind it, and their weight, to
                the sum of both.
        """
        *others, total = parts
        weights = [component.weight for component in self.components[:-1]]
        for part, weight in zip(reversed(others), reversed(weights), strict=True):
            total = plus(part, total, weight)
        return total

    @property
    def repairs(self) -> bool:
        """Whether damaged texts are repaired before they are read, be it by the base alone."""
        return any(component.encoder.ngrams.repair for component in self.components)

    def repairing(self, repair: bool) -> "Model":
        """Return the model, and what it stands on, told whether to repair texts."""
        return replace(self, components=tuple(each.repairing(repair) for each in self.components))

    def probabilities(self, texts: Sequence[str]) -> Floats:
        """Return how likely each review is positive: float64 [n], NaN where one has no token."""
        return self.scores(texts).p_positive

    def log_odds(self, texts: Sequence[str]) -> Floats:
        """Return the log-odds of *positive*: float64 [n], NaN where a review has no token."""
        return self._weighed(texts)[0]

    def scores(self, texts: Sequence[str]) -> Scores:
        """Return how likely each review is positive, and whether enough of it is known."""
        log_odds, evidence = self._weighed(texts)
        return Scores(sigmoid(log_odds), evidence)

    def answers(self, scores: Scores) -> list[str]:
        """Answer reviews by their scores; see `Decision.answers`."""
        return self.decision.answers(*scores, self.labels)

    @property
    def empty_logit(self) -> float:
        """The log-odds of *positive* of an empty review."""
        empty_logit = (component.empty_logit for component in self.components)
        return self.add_up(empty_logit, lambda own, base, weight: own + weight * base)

    def _weighed(self, texts: Sequence[str]) -> tuple[Floats, NDArray[np.uint8]]:
        """Return the log-odds of each review, and how much of it is known, by any that counts."""
        return self.add_up(
            [component.log_odds(texts) for component in self.components],
            lambda own, base, weight: (
                own[0] + weight * base[0],
                np.minimum(own[1], base[1]) if weight > 0 else own[1],
            ),
        )
