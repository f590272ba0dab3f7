"""Cross-validation: every review answered by models that were not trained on it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sentiment.evaluation.intervals import Floats, Interval
from sentiment.evaluation.metrics import Evaluation, Figures, metrics_for, metrics_or_none
from sentiment.labels import LabelSet
from sentiment.model.decision import confusion_matrix, even_decision
from sentiment.model.model import Model, answers_of
from sentiment.reviews.dataset import LabelledReviews
from sentiment.selection.estimates import Estimate, Part, estimates_of, pseudo_values
from sentiment.selection.folds import Fold, Rows


class Answered(NamedTuple):
    """What a model says of n reviews.

    Attributes:
        probabilities: of each class, float64 [n, K]; NaN for a review without anything to read.
        labels: the class that each is answered with by the threshold, int64 [n].
        words: the answers of `predict`, which may be `uncertain` or empty, [n].
    """

    probabilities: Floats
    labels: NDArray[np.int64]
    words: Sequence[str]


# Training reviews and texts to answer → the answers of a model of these reviews.
Fit = Callable[[LabelledReviews, Sequence[str]], Answered]
# Is told before each training: the number of the repeat and of the fold, both from 0.
Told = Callable[[int, int], None]


def answered_by(model: Model, texts: Sequence[str]) -> Answered:
    """Return the answers of a model."""
    scores = model.scores(texts)
    return Answered(
        scores.probabilities,
        model.decision.choose(scores.probabilities),
        answers_of(model.decision, scores, model.labels),
    )


@dataclass(frozen=True, eq=False)
class OutOfFold:
    """The out-of-fold answers of one repeat.

    Attributes:
        answered: of all n reviews; probabilities are NaN, and words empty, without an answer.
        fold: the number of the fold that each review was held out in, from 0; −1 for none,
            int64 [n].
        trained: the number of reviews that the model of each fold was trained on.
    """

    answered: Answered
    fold: Rows
    trained: tuple[int, ...]

    @cached_property
    def rows(self) -> Rows:
        """The reviews that have an answer, int64."""
        return np.flatnonzero(~np.isnan(self.answered.probabilities[:, 0]))


def answer_out_of_fold(
    reviews: LabelledReviews, folds: Sequence[Fold], fit: Fit, told: Callable[[int], None]
) -> OutOfFold:
    """Train a model for each fold, and let it answer the reviews held out in that fold."""
    n = len(reviews)
    probabilities = np.full((n, len(reviews.label_set)), np.nan)
    labels, words, number_of = np.full(n, -1), np.full(n, "", object), np.full(n, -1)
    for number, fold in enumerate(folds):
        told(number)
        texts = [reviews.texts[row] for row in fold.held_out.tolist()]
        answered = fit(reviews.take(fold.training), texts)
        probabilities[fold.held_out] = answered.probabilities
        labels[fold.held_out] = answered.labels
        words[fold.held_out] = answered.words
        number_of[fold.held_out] = number
    trained = tuple(fold.training.size for fold in folds)
    return OutOfFold(Answered(probabilities, labels, words.tolist()), number_of, trained)


def cross_validate(
    reviews: LabelledReviews, repeats: Sequence[Sequence[Fold]], fit: Fit, told: Told
) -> list[OutOfFold]:
    """Return the out-of-fold answers of each repeat."""
    return [
        answer_out_of_fold(reviews, folds, fit, partial(told, repeat))
        for repeat, folds in enumerate(repeats)
    ]


def evaluation_of(
    answered: Answered, labels: NDArray[np.integer], rows: Rows, label_set: LabelSet
) -> Evaluation:
    """Return the evaluation of some rows, each by the decision of its own model."""
    return Evaluation(
        answered.probabilities[rows],
        labels[rows],
        even_decision(len(label_set)),
        label_set,
        given=answered.labels[rows],
    )


def estimates(results: Sequence[OutOfFold], reviews: LabelledReviews) -> dict[str, Estimate]:
    """Estimate each metric of models of so many reviews, with its interval."""
    found = estimates_of(
        _parts(results), lambda part: _figures(part, results, reviews), _bounds(reviews)
    )
    return _without_biased(found, reviews)


def _without_biased(found: dict[str, Estimate], reviews: LabelledReviews) -> dict[str, Estimate]:
    """Return estimates without the intervals of metrics that leaving reviews out tells nothing of.

    A calibration error is larger, the fewer reviews there are.
    """
    biased = [metric.name for metric in metrics_for(reviews.label_set).all if metric.floor]
    return found | {name: replace(found[name], interval=None) for name in biased}


def count_estimates(
    results: Sequence[OutOfFold], reviews: LabelledReviews, some: NDArray[np.bool_]
) -> dict[str, Estimate]:
    """Estimate the metrics of counts, of some reviews, bool [n]."""
    label_set = reviews.label_set

    def figures(part: Part) -> Figures:
        answers = results[part.repeat].answered.labels[part.rows]
        labels = reviews.labels[part.rows]
        return metrics_or_none(confusion_matrix(labels, answers, len(label_set)), label_set)

    return estimates_of(_parts(results, some), figures, _bounds(reviews))


def fold_values(
    result: OutOfFold, reviews: LabelledReviews, metric: str
) -> tuple[float, Floats] | None:
    """Return a metric of the answers of a repeat, and what each fold contributes to it, [K].

    None if the metric is undefined for some of them.
    """
    ((part, folds),) = _parts([result])

    def measure(part: Part) -> Figures:
        return _figures(part, [result], reviews)

    whole = measure(part)
    value, pseudo = whole[metric], pseudo_values(part, folds, whole, measure)[0][metric]
    return None if value is None or pseudo is None else (value, pseudo)


def _bounds(reviews: LabelledReviews) -> dict[str, Interval]:
    """Return the range of each metric."""
    found = {}
    for metric in metrics_for(reviews.label_set).all:
        least = 0.0 if metric.kind == "share" or not metric.larger_is_better else -1.0
        found[metric.name] = (least, 1.0 if metric.larger_is_better else np.inf)
    return found


def differences(
    results: Sequence[OutOfFold], others: Sequence[OutOfFold], reviews: LabelledReviews
) -> dict[str, Estimate]:
    """Estimate how much each metric is above that of another model, which answers all texts."""

    def ahead(part: Part) -> Figures:
        own, other = (_figures(part, each, reviews) for each in (results, others))
        return {
            name: None if value is None or (theirs := other[name]) is None else value - theirs
            for name, value in own.items()
        }

    return _without_biased(estimates_of(_parts(results), ahead, {}), reviews)


def _figures(part: Part, results: Sequence[OutOfFold], reviews: LabelledReviews) -> Figures:
    """Compute each metric of some out-of-fold answers of a repeat."""
    answered = results[part.repeat].answered
    return evaluation_of(answered, reviews.labels, part.rows, reviews.label_set).figures


def _parts(
    results: Sequence[OutOfFold], some: NDArray[np.bool_] | None = None
) -> list[tuple[Part, Rows]]:
    """Return the measured rows of each repeat, and the fold of each."""
    found = []
    for repeat, result in enumerate(results):
        rows = result.rows if some is None else result.rows[some[result.rows]]
        found.append((Part(repeat, rows), result.fold[rows]))
    return found
