"""Where labels and a model disagree: its most confident mistakes, and labels that look swapped."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sentiment.evaluation.intervals import Floats, Labels
from sentiment.evaluation.ranking import Ranks, roc_auc, roc_auc_interval
from sentiment.labels import SENTIMENT
from sentiment.model.component import log_odds
from sentiment.model.decision import AnyDecision, Decision
from sentiment.model.explanation import Explanation, WordSum, explain
from sentiment.model.model import Model
from sentiment.reviews.dataset import LabelledReviews

MAX_MISTAKES = 100  # explaining takes a few milliseconds a review
_MAX_DRIVERS = 8
_MIN_CONTRIBUTION = 0.005  # smaller ones round to 0.00


@dataclass(frozen=True)
class Mistake:
    """A review that is answered wrongly, whether uncertain or not.

    Attributes:
        number: its index among the reviews.
        file: where it was read, "" if not from a file.
        row: its row there, from 1.
        label: its label.
        labelled: the name of its label.
        explanation: text, answer (`uncertain` where the model abstains), probabilities and
            contributions of all words.
    """

    number: int
    file: str
    row: int
    label: int
    labelled: str
    explanation: Explanation

    @property
    def drivers(self) -> list[WordSum]:
        """The up to eight words that pushed it most to the wrong side, strongest first."""
        sign = -1 if self.label == self.explanation.toward else 1
        words = self.explanation.by_word()
        wrong = [word for word in words if sign * word.contribution >= _MIN_CONTRIBUTION]
        return sorted(wrong, key=lambda word: -abs(word.contribution))[:_MAX_DRIVERS]


def rank_mistakes(
    probabilities: Floats, labels: Labels, decision: AnyDecision
) -> NDArray[np.int64]:
    """Return the rows that are answered wrongly, most confident first.

    Confidence is how far the log-odds of the answer against the label would have to move: with two
    classes, the distance from the threshold. Uncertain answers count by their probability, as in
    all metrics.

    Args:
        probabilities: float64 [n, K], no NaN.
        labels: [n].
        decision: what is answered.
    """
    answers = decision.choose(probabilities)
    wrong = np.flatnonzero(answers != labels)
    p = probabilities[wrong]
    if isinstance(decision, Decision):
        margins = np.abs(log_odds(p[:, 1]) - log_odds(np.array(decision.threshold)))
    else:
        preferences = decision.preferences(np.maximum(p, np.finfo(np.float64).tiny))
        rows = np.arange(wrong.size)
        margins = preferences[rows, answers[wrong]] - preferences[rows, labels[wrong]]
    return wrong[np.argsort(-margins, kind="stable")]


def explain_mistakes(
    model: Model, reviews: LabelledReviews, rows: NDArray[np.int64]
) -> list[Mistake]:
    """Explain the mistakes in the given rows, a few milliseconds each."""
    return [
        Mistake(
            row,
            *reviews.place(row),
            int(reviews.labels[row]),
            model.labels.names[reviews.labels[row]],
            explain(model, reviews.texts[row]),
        )
        for row in rows.tolist()
    ]


# Fewer readable reviews of a label are not enough to judge.
_MIN_PER_LABEL = 20
# Reviews scored of each label, at most.
_SAMPLE = 150
_MAX_CHARACTERS = 2_000  # of a review
# A text is readable if this share of its words is known, a data set if this share of its texts is.
_MIN_KNOWN, _MIN_READABLE = 0.5, 0.5
# Labels are swapped if the AUC is below the first and surely below one half; unrelated to sentiment
# if it is surely between the other two: of 300 reviews with labels drawn by lot, in 19 of 20 draws.
_SWAPPED, _UNRELATED, _LEVEL = 0.4, (0.35, 0.65), 0.99

Verdict = Literal["fits", "turned", "unrelated"]


@dataclass(frozen=True)
class Orientation:
    """How labels relate to sentiment.

    Attributes:
        verdict: `turned` if texts labelled positive read negative, `unrelated` if labels do not
            depend on sentiment, else `fits`.
        auc: how often a text labelled positive reads more positive than one labelled negative.
        read: number of texts scored.
    """

    verdict: Verdict
    auc: float
    read: int


def orientation_of(model: Model, texts: Sequence[str], labels: Labels) -> Orientation | None:
    """Compare 0/1 labels [n] with what a model says of at most 300 of the texts [n].

    Args:
        model: with other classes than negative and positive, these are left out.
        texts: n texts.
        labels: 1 for positive.

    Returns:
        None if the model can read too few of the texts.
    """
    rows = [np.flatnonzero(labels == label) for label in (0, 1)]
    if min(map(len, rows)) < _MIN_PER_LABEL:
        return None
    sample = np.concatenate([_spread(of_label, _SAMPLE) for of_label in rows])
    chosen = [texts[row][:_MAX_CHARACTERS] for row in sample.tolist()]
    return _orientation(model.restricted(SENTIMENT), chosen, labels[sample])


def _spread(rows: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """Return at most `count` rows, evenly spaced."""
    return rows[np.linspace(0, rows.size - 1, min(count, rows.size)).astype(np.int64)]


def _orientation(model: Model, texts: list[str], labels: Labels) -> Orientation | None:
    readable = model.own.encoder.coverage(texts) >= _MIN_KNOWN  # False for NaN
    readable &= model.foreign(texts) == 0
    fewest = min(np.count_nonzero(readable & (labels == label)) for label in (0, 1))
    if fewest < _MIN_PER_LABEL or readable.mean() < _MIN_READABLE:
        return None
    kept = [text for text, keep in zip(texts, readable, strict=True) if keep]
    ranks = Ranks.of(model.log_odds(kept)[:, 0], labels[readable])
    auc = roc_auc(ranks)
    if auc is None:
        return None
    low, high = roc_auc_interval([ranks], _LEVEL) or (auc, auc)  # None for an AUC of 0 or 1
    swapped = auc < _SWAPPED and high < 0.5
    unrelated = _UNRELATED[0] < low and high < _UNRELATED[1]
    return Orientation(
        "turned" if swapped else "unrelated" if unrelated else "fits", auc, len(kept)
    )
