"""A model: features, network, calibration and decision; a review's probability and answer."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sentiment.features.rows import SparseRows
from sentiment.features.vectorizer import Vectorizer
from sentiment.missing import gives_no_opinion
from sentiment.model.network import Network
from sentiment.model.provenance import Provenance, Seen


class Calibration(NamedTuple):
    """Platt scaling: p = σ(slope · logit + intercept).

    Platt, "Probabilistic outputs for support vector machines" (1999). The identity by default.
    """

    slope: float = 1.0
    intercept: float = 0.0

    @classmethod
    def fit(cls, logits: NDArray[np.float64], labels: NDArray[np.integer]) -> "Calibration":
        """Fit by maximum likelihood on held-out rows, with Platt's smoothed targets.

        The targets, (n₊ + 1) / (n₊ + 2) and 1 / (n₋ + 2) in place of 1 and 0, keep the slope
        finite where few rows are perfectly separated.

        Args:
            logits: float64 [n], of rows that the network was not fitted on.
            labels: 0 or 1, [n].
        """
        positives = int(labels.sum())
        negatives = labels.size - positives
        targets = np.where(labels == 1, (positives + 1) / (positives + 2), 1 / (negatives + 2))
        scale = float(logits.std()) or 1.0
        design = np.stack([logits / scale, np.ones_like(logits)], axis=1)
        parameters = fit_logistic(design, targets, np.zeros(2), np.zeros(2), ridge=1e-9)
        slope, intercept = parameters[0] / scale, parameters[1]
        # A slope that is not positive would turn answers round: too few rows to calibrate on.
        return cls(float(slope), float(intercept)) if slope > 0 else cls()

    def log_odds(self, logits: NDArray[np.float64]) -> NDArray[np.float64]:
        """Turn logits into calibrated log-odds of *positive*, float64 of the same shape."""
        return self.slope * logits + self.intercept

    def probabilities(self, logits: NDArray[np.float64]) -> NDArray[np.float64]:
        """Turn logits into calibrated probabilities of *positive*, float64 of the same shape."""
        return sigmoid(self.log_odds(logits))


def fit_logistic(
    design: NDArray[np.float64],
    targets: NDArray[np.float64],
    expected: NDArray[np.float64],
    firmness: NDArray[np.float64],
    ridge: float = 0.0,
) -> NDArray[np.float64]:
    """Fit a logistic regression by Newton's method, which settles in ten steps.

    Args:
        design: [n, parameters], in standard units.
        targets: from 0 to 1, [n].
        expected: the means of the parameters' normal prior, where the search begins.
        firmness: one over the variance of each; 0 for no prior.
        ridge: added to the diagonal of the Hessian, which may be singular without a prior.

    Returns:
        The maximum of the posterior, [parameters].
    """
    parameters = expected.copy()
    for _ in range(100):
        p = sigmoid(design @ parameters)
        gradient = design.T @ (p - targets) + firmness * (parameters - expected)
        hessian = (design.T * (p * (1 - p))) @ design + np.diag(firmness + ridge)
        step = np.linalg.solve(hessian, gradient)
        parameters -= step / max(1.0, float(np.abs(step).max()))  # at most 1 at a time
        if np.abs(step).max() < 1e-10:
            break
    return parameters


def log_odds(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return log(p / (1 − p)), the inverse of `sigmoid`; finite for 0 and 1, too."""
    inside = np.clip(p, 1e-15, 1 - 1e-15)
    return np.log(inside / (1 - inside))


def sigmoid(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return 1 / (1 + e**−x), without overflow."""
    return 0.5 * (1 + np.tanh(0.5 * logits))


POSITIVE, NEGATIVE, UNCERTAIN, NO_ANSWER = "positive", "negative", "uncertain", ""

# By label: 0 and 1.
CLASSES = (NEGATIVE, POSITIVE)

# How much of its words a model knows of a review; only with enough it is answered.
ENOUGH, FEW, NOTHING, NO_OPINION = range(4)
_TOO_LITTLE = {
    FEW: "few known words",
    NOTHING: "no known words",
    NO_OPINION: "no opinion",  # "No comment", whatever a model makes of its words
}


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
        self, p_positive: NDArray[np.float64], evidence: NDArray[np.uint8] | None = None
    ) -> list[str]:
        """Answer each probability; NaN, an empty review, has the empty answer.

        Args:
            p_positive: float64 [n].
            evidence: as in `Scores`; None for enough of each.
        """
        words = np.where(p_positive >= self.threshold, POSITIVE, NEGATIVE).astype(object)
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
            return _TOO_LITTLE[evidence]
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


# The least share of its words that has to be known of a review, unless the model says less.
LEAST_KNOWN = 0.25


@dataclass(frozen=True)
class Model:
    """Vectorizer → network → calibration → decision, and where it all came from.

    A model may stand on another, its base: then the log-odds that the base gives are added to its
    own, by a weight (stacking: Wolpert, 1992).

    Attributes:
        vectorizer: reviews → sparse rows.
        network: sparse rows → logits.
        calibration: logits → log-odds of *positive*.
        decision: probabilities → answers.
        history: one record an epoch: `number`, `loss`, `validation_loss`, `validation_accuracy`.
        provenance: data, options, package versions, held-out figures.
        seen: what is remembered of training and held-out reviews.
        phrases: the most influential n-grams as text, since hashes cannot be turned back.
        base: the model that this one stands on, if any, and its weight.
        least_known: the share of its words that has to be known of a review to answer it, from 0 to
            1 (see `Vectorizer.poor`). One of which nothing is known is never answered.
    """

    vectorizer: Vectorizer
    network: Network
    calibration: Calibration = Calibration()
    decision: Decision = Decision()
    history: tuple[dict[str, float], ...] = ()
    provenance: Provenance | None = None
    seen: Seen = Seen()
    phrases: dict[int, str] = field(default_factory=dict)
    base: "Base | None" = None
    least_known: float = LEAST_KNOWN

    @property
    def depth(self) -> int:
        """How many models stand one on the other, this one included."""
        return 1 + (self.base.model.depth if self.base is not None else 0)

    @property
    def repairs(self) -> bool:
        """Whether damaged texts are repaired before they are read, be it by the base alone."""
        below = self.base is not None and self.base.model.repairs
        return below or self.vectorizer.ngrams.repair

    def repairing(self, repair: bool) -> "Model":
        """Return the model, and what it stands on, told whether to repair texts."""
        ngrams = self.vectorizer.ngrams._replace(repair=repair)
        base = self.base and Base(self.base.model.repairing(repair), self.base.weight)
        return replace(self, vectorizer=replace(self.vectorizer, ngrams=ngrams), base=base)

    def probabilities(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Say how likely each review is positive: float64 [n], NaN where one has no token."""
        return self.scores(texts).p_positive

    def log_odds(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Give the log-odds of *positive*: float64 [n], NaN where a review has no token."""
        return self._weighed(texts)[0]

    def scores(self, texts: Sequence[str]) -> Scores:
        """Say how likely each review is positive, and whether enough of it is known."""
        log_odds, evidence = self._weighed(texts)
        return Scores(sigmoid(log_odds), evidence)

    @cached_property
    def silent(self) -> float:
        """The log-odds of *positive* of which no feature says anything; the base's not added."""
        empty = SparseRows.empty(self.vectorizer.keys.size)
        return float(self.calibration.log_odds(self.network.logits(empty))[0])

    def evidence(
        self, texts: Sequence[str], rows: SparseRows
    ) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        """Say how much is known of some reviews, the base aside, and which have no token.

        Args:
            texts: reviews, [n].
            rows: what the vectorizer makes of them.

        Returns:
            `ENOUGH`, `FEW`, `NOTHING` or `NO_OPINION`, uint8 [n]; and bool [n].
        """
        evidence, blank = np.zeros(len(texts), np.uint8), np.zeros(len(texts), np.bool_)
        poor = self.vectorizer.poor(texts, rows, min(self.least_known / LEAST_KNOWN, 1))
        if poor.size:
            from sentiment.features.vectorizer import known_shares  # most answers do without

            shares = known_shares([texts[row] for row in poor.tolist()], self.vectorizer)
            evidence[poor[shares < self.least_known]] = FEW
            evidence[poor[shares == 0]] = NOTHING
            blank[poor] = np.isnan(shares)
        evidence[[gives_no_opinion(text) for text in texts]] = NO_OPINION
        return evidence, blank

    def _weighed(self, texts: Sequence[str]) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
        """Give the log-odds of each review, and how much of it is known.

        Of what it knows too little of, a model says what it says of an empty review; and so does
        its base.
        """
        rows = self.vectorizer.transform(texts)
        log_odds = self.calibration.log_odds(self.network.logits(rows))
        evidence, blank = self.evidence(texts, rows)
        log_odds[evidence != ENOUGH] = self.silent
        log_odds[blank] = np.nan
        if self.base is not None:
            of_base, known_to_base = self.base.model._weighed(texts)
            log_odds += self.base.weight * of_base
            if self.base.weight > 0:
                evidence = np.minimum(evidence, known_to_base)
        return log_odds, evidence


# How many models may stand one on the other.
DEEPEST = 8


class Base(NamedTuple):
    """A model that another stands on.

    Attributes:
        model: whose log-odds are added.
        weight: how much of them; at least 0.
    """

    model: Model
    weight: float
