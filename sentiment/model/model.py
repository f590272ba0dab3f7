"""A model: components whose log-odds add up, and a decision."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from sentiment.features.language import foreign
from sentiment.labels import NO_ANSWER, SENTIMENT, UNCERTAIN, LabelSet
from sentiment.model.cells import ScoreCells
from sentiment.model.component import (
    Calibration,
    Component,
    Coverage,
    Floats,
    language_of,
    probabilities_of,
    unknown,
    why_unknown,
)
from sentiment.model.decision import AnyDecision, Decision, even_decision
from sentiment.model.own_words import OwnWords
from sentiment.model.provenance import Provenance, TrainingHashes

if TYPE_CHECKING:
    from sentiment.model.sketch import TextSketch

# Texts that a model which reads words or pieces of words in their order scores together, at most.
_PORTION = 256


class Scores(NamedTuple):
    """The scores of some reviews, before the decision.

    Attributes:
        probabilities: of each class, float64 [n, K]; NaN for a review without a token, those of an
            empty review if too little is known.
        coverage: the `Coverage` of each, uint8 [n].
    """

    probabilities: Floats
    coverage: NDArray[np.uint8]

    @property
    def p_known(self) -> Floats:
        """The probability of the second of two classes, NaN if too little is known, [n]."""
        return self.known[:, 1]

    @property
    def p_positive(self) -> Floats:
        """The probability of the second of two classes, float64 [n]."""
        return self.probabilities[:, 1]

    @property
    def unknown(self) -> NDArray[np.bool_]:
        """Which reviews too little is known of, bool [n]."""
        return unknown(self.coverage)

    @property
    def known(self) -> Floats:
        """The probabilities, NaN if too little is known, [n, K]."""
        return np.where(self.unknown[:, None], np.nan, self.probabilities)

    @property
    def languages(self) -> Counter[str]:
        """The names of other languages that reviews look to be in, with how many there are."""
        return Counter(map(language_of, self.coverage[self.coverage >= Coverage.FOREIGN].tolist()))

    def of_columns(self, labels: LabelSet) -> Floats:
        """Return the probabilities of `LabelSet.columns`, float64 [n, C]."""
        return self.probabilities[:, [label for _, label in labels.columns]]

    @classmethod
    def joined(cls, parts: Iterable["Scores"]) -> "Scores":
        """Return the scores of all parts, in order; there is at least one."""
        return cls(*(np.concatenate(each) for each in zip(*parts, strict=True)))

    def take(self, rows: NDArray[np.integer]) -> "Scores":
        """Return the scores of some reviews."""
        return Scores(self.probabilities[rows], self.coverage[rows])


def answers_of(decision: AnyDecision, scores: Scores, labels: LabelSet) -> list[str]:
    """Return the answer to each review; one without a token has the empty answer."""
    words = np.array(labels.names, object)[decision.choose(scores.probabilities)]
    words[decision.abstains(scores.probabilities)] = UNCERTAIN
    words[scores.unknown] = UNCERTAIN
    words[np.isnan(scores.probabilities[:, 0])] = NO_ANSWER
    return words.tolist()


def reasons_of(
    decision: AnyDecision, answers: Sequence[str], coverage: NDArray[np.uint8]
) -> list[str]:
    """Return why each answer is `uncertain`; nothing for other answers."""
    return [
        (why_unknown(each) or decision.reason()) if answer == UNCERTAIN else ""
        for answer, each in zip(answers, coverage.tolist(), strict=True)
    ]


def without(texts: Sequence[str], foreign: NDArray[np.uint8]) -> Sequence[str]:
    """Return texts, empty ones in place of those that `Model.foreign` found."""
    if not foreign.any():
        return texts
    return ["" if other else text for text, other in zip(texts, foreign.tolist(), strict=True)]


@dataclass(frozen=True)
class Record:
    """The record of a training; answers do not need it.

    Attributes:
        history: one entry per epoch: `number`, `loss`, `validation_loss`, `validation_accuracy`.
        provenance: data, options, package versions, held-out figures.
        training_hashes: hashes of training and held-out reviews.
        cells: held-out reviews by class and score of the whole model; None where not known.
        sketch: of the training texts; None in older files.
    """

    history: tuple[dict[str, float], ...] = ()
    provenance: Provenance | None = None
    training_hashes: TrainingHashes = TrainingHashes()
    cells: ScoreCells | None = None
    sketch: "TextSketch | None" = None

    def without_scores(self) -> "Record":
        """Return the record of a model whose scores have become others."""
        sketch = None if self.sketch is None else self.sketch.without_scores()
        return replace(self, cells=None, sketch=sketch)

    def of_base(self) -> "Record":
        """Return the record of a model that another one stands on."""
        return replace(self, cells=None, sketch=None)


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
        languages: codes of `LANGUAGES`: texts that look to be in another one are `uncertain`. () to
            answer all, and for a base, which leaves this to the model above it.
        words: words that a user weighs; none for a base, as above.
    """

    components: tuple[Component, ...]
    decision: AnyDecision = Decision()
    record: Record = Record()
    labels: LabelSet = SENTIMENT
    below: tuple[tuple[AnyDecision, Record], ...] = ()
    languages: tuple[str, ...] = ()
    words: OwnWords = OwnWords()

    def __repr__(self) -> str:
        size = sum(component.encoder.size for component in self.components)
        return f"Model({', '.join(self.labels.names)}; {size:,} features)"

    def _repr_html_(self) -> str:
        """Return what notebooks show."""
        from sentiment.model.html import model_html

        return model_html(self)

    @property
    def own(self) -> Component:
        """The first component, which is not of a base."""
        return self.components[0]

    @property
    def binary(self) -> Decision:
        """The decision of a model of two classes.

        Raises:
            TypeError: it has more.
        """
        if not isinstance(self.decision, Decision):
            raise TypeError(f"a model of {len(self.labels)} classes has no threshold")
        return self.decision

    def at(self, threshold: float) -> "Model":
        """Return the model of two classes with another threshold and no abstention.

        Raises:
            TypeError: it has more classes.
        """
        return replace(self, decision=self.binary.at(threshold))

    @property
    def parts(self) -> Iterator[tuple[Component, AnyDecision, Record]]:
        """Each component with its decision and record."""
        every = ((self.decision, self.record), *self.below)
        for component, (decision, record) in zip(self.components, every, strict=True):
            yield component, decision, record

    def on(self, base: "Model", weight: float) -> "Model":
        """Return this model, which has no base, with one: its log-odds are added · weight.

        Classes that only the base has are left out; see `Component.for_labels`.
        """
        base = base.restricted(self.labels)
        return replace(
            self,
            components=(replace(self.own, weight=weight), *base.components),
            below=((base.decision, base.record.of_base()), *base.below),
        )

    def restricted(self, labels: LabelSet) -> "Model":
        """Return the model that is asked for some of its classes; the others are left out.

        The most likely of those left is the answer. The same classes are the same model.
        """
        if labels.names == self.labels.names:
            return self
        even = even_decision(len(labels))
        return replace(
            self,
            components=tuple(each.for_labels(labels) for each in self.components),
            decision=even,
            record=self.record.without_scores(),
            labels=labels,
            below=tuple((even, record) for _, record in self.below),
            words=self.words.restricted(self.labels.indices_of(labels.names)),
        )

    def for_languages(self, languages: Sequence[str]) -> "Model":
        """Return the model that answers texts in these languages alone; () for all."""
        return replace(self, languages=tuple(languages))

    def with_words(self, words: OwnWords) -> "Model":
        """Return the model with these words of a user in place of those it has."""
        return replace(self, words=words)

    def recalibrated(self, outer: Calibration) -> "Model":
        """Return the model with another calibration of the sum of its components.

        It is applied to the calibration and the weight of the first component, and to the words of
        a user.
        """
        slope, intercepts = self.own.calibration
        moved = outer.slope * np.array(intercepts) + np.array(outer.intercepts)
        calibration = Calibration(outer.slope * slope, tuple(moved.tolist()))
        own = replace(self.own, calibration=calibration, weight=outer.slope * self.own.weight)
        components = (own, *self.components[1:])
        return replace(
            self,
            components=components,
            record=self.record.without_scores(),
            words=self.words.scaled(outer.slope),
        )

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
    def reads_pieces(self) -> bool:
        """Whether any component reads pieces of words: then a text takes milliseconds."""
        return any(component.encoder.kind == "pieces" for component in self.components)

    @property
    def reads_order(self) -> bool:
        """Whether any component reads words or pieces in their order, not as a bag of n-grams."""
        return any(component.encoder.kind != "ngrams" for component in self.components)

    @property
    def repairs(self) -> bool:
        """Whether any component repairs damaged texts."""
        return any(component.encoder.repairs for component in self.components)

    def with_repair(self, repair: bool) -> "Model":
        """Return the model with repair of texts on or off, in all components."""
        return replace(self, components=tuple(each.with_repair(repair) for each in self.components))

    def probabilities(self, texts: Sequence[str]) -> Floats:
        """Return the probability of each class: float64 [n, K], NaN without a token."""
        return self.scores(texts).probabilities

    def log_odds(self, texts: Sequence[str]) -> Floats:
        """Return the log-odds: float64 [n, K − 1], NaN for a review without a token."""
        return self._weighed(texts)[0]

    def scores(self, texts: Sequence[str]) -> Scores:
        """Return the probabilities of each review, and how much of it is known."""
        log_odds, coverage = self._weighed(texts)
        return Scores(probabilities_of(log_odds), coverage)

    def answers(self, scores: Scores) -> list[str]:
        """Return the answer to each review."""
        return answers_of(self.decision, scores, self.labels)

    def reasons(self, answers: Sequence[str], scores: Scores) -> list[str]:
        """Return why each answer is `uncertain`; nothing for other answers."""
        return reasons_of(self.decision, answers, scores.coverage)

    @property
    def empty_logits(self) -> Floats:
        """The log-odds of an empty review, [K − 1]."""
        empty = (component.empty_logits for component in self.components)
        return self.add_up(empty, lambda own, base, weight: own + weight * base)

    def portions(self, texts: Sequence[str]) -> list[Sequence[str]]:
        """Return texts in portions that are scored one by one, here or in several processes.

        Products of matrices of other sizes have other last digits. So what is scored together does
        not depend on where it is scored. Of n-grams all texts are.
        """
        if not self.reads_order or len(texts) <= _PORTION:
            return [texts]
        return [texts[first : first + _PORTION] for first in range(0, len(texts), _PORTION)]

    def coverage_of(self, coverages: Iterable[NDArray[np.uint8]]) -> NDArray[np.uint8]:
        """Return the best `Coverage` of all components with a weight, from that of each: [n]."""
        return self.add_up(
            coverages, lambda own, base, weight: np.minimum(own, base) if weight > 0 else own
        )

    def _weighed(self, texts: Sequence[str]) -> tuple[Floats, NDArray[np.uint8]]:
        """Return the log-odds and the coverage, the best of all components with a weight."""
        log_odds, coverage = zip(*map(self._weighed_together, self.portions(texts)), strict=True)
        return np.concatenate(log_odds), np.concatenate(coverage)

    def _weighed_together(self, texts: Sequence[str]) -> tuple[Floats, NDArray[np.uint8]]:
        others = self.foreign(texts)
        texts, is_other = without(texts, others), others > 0
        each = [component.log_odds(texts) for component in self.components]
        coverage = self.coverage_of(coverage for _, coverage in each)
        log_odds = self.add_up(
            (log_odds for log_odds, _ in each), lambda own, base, weight: own + weight * base
        )
        # What those that do not judge said of a text counts only if another one knows enough of it.
        log_odds[unknown(coverage) & ~np.isnan(log_odds[:, 0])] = self.empty_logits
        coverage[coverage == Coverage.LEFT_OPEN] = Coverage.OK
        log_odds[is_other] = self.empty_logits
        coverage[is_other] = others[is_other]
        if self.words:
            added, found = self.words.added(texts, repaired=self.repairs)
            log_odds += added
            coverage[found] = Coverage.OK  # a text with such a word is known
        return log_odds, coverage

    def foreign(self, texts: Sequence[str]) -> NDArray[np.uint8]:
        """Return the coverage of texts in other languages than those it answers, 0 for the rest."""
        if not self.languages:
            return np.zeros(len(texts), np.uint8)
        found = foreign(texts, self.languages, repaired=self.repairs)
        return np.where(found < 0, 0, Coverage.FOREIGN + found).astype(np.uint8)
