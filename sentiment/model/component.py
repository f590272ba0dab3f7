"""A component of a model: encoder, network and calibration; the protocols of the first two."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from sentiment.features.language import LANGUAGES
from sentiment.labels import SENTIMENT, LabelSet
from sentiment.values import gives_no_opinion

if TYPE_CHECKING:
    from sentiment.features.places import Spans

Floats = NDArray[np.float64]


class Rows(Protocol):
    """Texts as a network takes them."""

    def __len__(self) -> int: ...

    def cleared(self, rows: NDArray[np.bool_]) -> Self:
        """Return the rows, those marked as the row of an empty text."""


class Encoder(Protocol):
    """Texts → rows. `sentiment.model.kinds` reads and writes each kind.

    Attributes:
        kind: its name in model files.
        unit: what it counts, for people.
    """

    kind: ClassVar[str]
    unit: ClassVar[str]

    @property
    def size(self) -> int:
        """The number of features."""

    @property
    def repairs(self) -> bool:
        """Whether damaged texts are repaired before they are read."""

    @property
    def judges(self) -> bool:
        """Whether it tells if enough of a text is known; if not, others of the model do."""

    def with_repair(self, repair: bool) -> Self:
        """Return the encoder with repair of texts on or off."""

    def describe(self) -> str:
        """Return what it looks for, for people."""

    def settings(self) -> dict[str, Any]:
        """Return what it looks for, as JSON values."""

    def transform(self, texts: Sequence[str]) -> Rows:
        """Return the rows of texts."""

    def empty(self) -> Rows:
        """Return the row of an empty text."""

    def single_rows(self, keys: Sequence[int]) -> tuple[NDArray[np.int64], Rows]:
        """Return the known ones among the features of `Component.phrases`, and the row of each."""

    def feature_names(self, phrases: Mapping[int, str]) -> list[str]:
        """Return a different name for each feature, the text of those in `Component.phrases`."""

    def coverage(self, texts: Sequence[str]) -> Floats:
        """Return the share of known words in each text, [n]; NaN for a text without a token."""

    def low_coverage(self, texts: Sequence[str], rows: Any, share: float) -> NDArray[np.int64]:
        """Return which texts may have a smaller share of known words: a cheap test."""

    def spans(self, text: str, row: Any) -> "Spans":
        """Return where in a text the entries of its row are."""


class Network(Protocol):
    """Rows → logits."""

    def logits(self, rows: Any) -> Floats:
        """Return the log-odds of rows, before calibration: float64 [rows, K − 1]."""

    def credit(self, row: Any) -> Floats:
        """Return what each entry of a row adds to its log-odds, float64 [entries, K − 1]."""

    def describe(self) -> str:
        """Return what it is, for people."""

    def summary(self) -> list[dict[str, Any]]:
        """Return what each layer is, as JSON values."""


class Coverage(IntEnum):
    """How much of a text a model knows; it answers only if that is enough.

    From `FOREIGN` on, a text is in another language than the model answers: in that of `LANGUAGES`
    whose index is added.
    """

    OK = 0
    LOW = 1
    NONE = 2
    NO_OPINION = 3  # such as "No comment", whatever its words mean elsewhere
    LEFT_OPEN = 4  # by a component whose encoder does not judge; the smallest of several counts
    FOREIGN = 5


_REASONS = ("", "few known words", "no known words", "no opinion", "")


def why_unknown(coverage: int) -> str:
    """Return why a text of this `Coverage` is `uncertain`; nothing if it is not for that."""
    if coverage >= Coverage.FOREIGN:
        return f"looks {language_of(coverage)}"
    return _REASONS[coverage]


def language_of(coverage: int) -> str:
    """Return the name of the language that a text of this `Coverage` looks to be in."""
    return tuple(LANGUAGES.values())[coverage - Coverage.FOREIGN]


def unknown(coverage: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Return of which texts too little is known, bool [n]."""
    return (coverage != Coverage.OK) & (coverage != Coverage.LEFT_OPEN)


# The smallest share of known words for an answer, unless the model says less.
MIN_COVERAGE = 0.25


class Calibration(NamedTuple):
    """Platt scaling: log-odds = slope · logits + intercepts. The identity by default.

    Platt, "Probabilistic outputs for support vector machines" (1999); for more than two classes a
    temperature, 1 / slope, and a bias of each class (Guo et al., ICML 2017).

    Attributes:
        slope: above 0.
        intercepts: one for each class but the first, or one for all.
    """

    slope: float = 1.0
    intercepts: tuple[float, ...] = (0.0,)

    @classmethod
    def fit(
        cls, logits: Floats, labels: NDArray[np.integer], weights: Floats | None = None
    ) -> "Calibration":
        """Fit by maximum likelihood on held-out rows, with Platt's smoothed targets.

        The targets, (n₊ + 1) / (n₊ + 2) and 1 / (n₋ + 2) instead of 1 and 0, keep the slope finite
        if few rows are perfectly separated. Of more than two classes, that of a row has
        (n + 1) / (n + 2) if n rows have its label, and the others share the rest alike.

        Args:
            logits: float64 [n, K − 1], of rows that the network was not fitted on.
            labels: from 0 to K − 1, [n].
            weights: of the rows, [n]; None for 1 each.
        """
        weights = np.ones(labels.size) if weights is None else weights
        scale = float(logits.std()) or 1.0
        if logits.shape[1] == 1:
            negatives, positives = np.bincount(labels, weights, minlength=2)
            targets = np.where(labels == 1, (positives + 1) / (positives + 2), 1 / (negatives + 2))
            design = np.stack([logits[:, 0] / scale, np.ones(labels.size)], axis=1)
            found = fit_logistic(design, targets, np.zeros(2), np.zeros(2), weights, ridge=1e-9)
        else:
            outputs = logits.shape[1]
            biases = np.broadcast_to(np.eye(outputs), (*logits.shape, outputs))
            design = np.concatenate((logits[:, :, None] / scale, biases), axis=2)
            none = np.zeros(1 + outputs)
            targets = smoothed(labels, outputs + 1, weights)
            found = fit_softmax(design, targets, none, none, weights, ridge=1e-9)
        slope, *intercepts = found.tolist()
        # Any other slope would reverse the answers: too few rows to calibrate on.
        return cls(slope / scale, tuple(intercepts)) if slope > 0 else cls()

    def log_odds(self, logits: Floats) -> Floats:
        """Return calibrated log-odds, [n, K − 1]."""
        return self.slope * logits + np.array(self.intercepts)

    def probabilities(self, logits: Floats) -> Floats:
        """Return calibrated probabilities, [n, K]."""
        return probabilities_of(self.log_odds(logits))

    def as_json(self) -> dict[str, Any]:
        """Return JSON values; the intercept of two classes is a number, others are a list."""
        one = len(self.intercepts) == 1
        return {"slope": self.slope, "intercept": self.intercepts[0] if one else [*self.intercepts]}


def smoothed(labels: NDArray[np.integer], classes: int, weights: Floats) -> Floats:
    """Return Platt's targets for K classes, [n, K]: the label of n rows has (n + 1) / (n + 2)."""
    rest = 1 / (np.bincount(labels, weights, minlength=classes)[labels] + 2)
    targets = np.repeat(rest[:, None] / (classes - 1), classes, axis=1)
    targets[np.arange(labels.size), labels] = 1 - rest
    return targets


def fit_logistic(
    design: Floats,
    targets: Floats,
    prior_mean: Floats,
    prior_precision: Floats,
    weights: Floats,
    ridge: float = 0.0,
) -> Floats:
    """Fit a logistic regression by Newton's method, which converges in ten steps.

    Args:
        design: [n, parameters], in standard units.
        targets: from 0 to 1, [n].
        prior_mean: of the parameters' normal prior, and the start of the search, [parameters].
        prior_precision: the inverse variance of each; 0 for no prior.
        weights: of the rows, [n].
        ridge: added to the diagonal of the Hessian, which may be singular without a prior.

    Returns:
        The maximum of the posterior, [parameters].
    """

    def slopes(parameters: Floats) -> tuple[Floats, Floats]:
        p = sigmoid(design @ parameters)
        hessian = (design.T * (weights * p * (1 - p))) @ design
        return design.T @ (weights * (p - targets)), hessian

    return _newton(slopes, prior_mean, prior_precision, ridge)


def fit_softmax(
    design: Floats,
    targets: Floats,
    prior_mean: Floats,
    prior_precision: Floats,
    weights: Floats,
    ridge: float = 0.0,
) -> Floats:
    """Fit log-odds that are linear in parameters shared by the classes, by Newton's method.

    Args:
        design: [n, K − 1, parameters], in standard units.
        targets: probabilities of the classes, [n, K].
        prior_mean: as for `fit_logistic`.
        prior_precision: as for `fit_logistic`.
        weights: as for `fit_logistic`.
        ridge: as for `fit_logistic`.

    Returns:
        The maximum of the posterior, [parameters].
    """

    def slopes(parameters: Floats) -> tuple[Floats, Floats]:
        p = probabilities_of(design @ parameters)[:, 1:]
        gradient = np.einsum("nk,nkp->p", weights[:, None] * (p - targets[:, 1:]), design)
        weighted = p[:, :, None] * design
        mean = weighted.sum(axis=1)
        weighted *= weights[:, None, None]
        hessian = np.einsum("nkp,nkq->pq", weighted, design) - (weights[:, None] * mean).T @ mean
        return gradient, hessian

    return _newton(slopes, prior_mean, prior_precision, ridge)


def _newton(
    slopes: Callable[[Floats], tuple[Floats, Floats]],
    prior_mean: Floats,
    prior_precision: Floats,
    ridge: float,
) -> Floats:
    """Minimize a negative log-posterior by Newton's method, from the mean of its normal prior.

    Args:
        slopes: parameters → the gradient and the Hessian of the negative log-likelihood.
        prior_mean: as for `fit_logistic`.
        prior_precision: as for `fit_logistic`.
        ridge: as for `fit_logistic`.
    """
    parameters = prior_mean.copy()
    for _ in range(100):
        gradient, hessian = slopes(parameters)
        gradient = gradient + prior_precision * (parameters - prior_mean)
        step = np.linalg.solve(hessian + np.diag(prior_precision + ridge), gradient)
        parameters -= step / max(1.0, float(np.abs(step).max()))  # at most 1 at a time
        if np.abs(step).max() < 1e-10:
            break
    return parameters


def probabilities_of(log_odds: Floats) -> Floats:
    """Return the probabilities of log-odds against the first class: [n, K − 1] → [n, K]."""
    if log_odds.shape[1] == 1:
        second = sigmoid(log_odds)
        return np.concatenate((1 - second, second), axis=1)
    every = np.concatenate((np.zeros((len(log_odds), 1)), log_odds), axis=1)
    exponentials = np.exp(every - every.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


def log_odds_of(probabilities: Floats) -> Floats:
    """Return the log-odds against the first class: [n, K] → [n, K − 1], finite for 0 and 1."""
    if probabilities.shape[1] == 2:
        return log_odds(probabilities[:, 1])[:, None]
    logs = np.log(np.maximum(probabilities, 1e-15))
    return logs[:, 1:] - logs[:, :1]


def log_odds(p: Floats) -> Floats:
    """Return log(p / (1 − p)), the inverse of `sigmoid`; finite for 0 and 1 as well."""
    inside = np.clip(p, 1e-15, 1 - 1e-15)
    return np.log(inside / (1 - inside))


def sigmoid(logits: Floats) -> Floats:
    """Return 1 / (1 + e**−x), without overflow."""
    return 0.5 * (1 + np.tanh(0.5 * logits))


def _projection(known: LabelSet, asked: LabelSet) -> Floats:
    """Return what turns log-odds of known classes into those of others, [K − 1, K − 1]."""
    wanted = np.array(known.indices_of(asked.names))
    every = np.eye(len(known))[:, wanted]
    every[:, wanted < 0] = 1 / len(known)
    return (every[:, 1:] - every[:, :1])[1:]


@dataclass(frozen=True)
class Component:
    """Encoder → network → calibration: texts → log-odds.

    Attributes:
        encoder: texts → rows.
        network: rows → logits.
        calibration: logits of the classes asked for → log-odds.
        min_coverage: the smallest share of known words for an answer, from 0 to 1. A text without
            known words is never answered.
        phrases: the text of the most influential features, which are hashes otherwise, by key.
        weight: the factor of the sum of the components after this one, at least 0.
        labels: the classes that the network tells apart.
        asked: the classes that it is asked for, which may be others; None for the same.
    """

    encoder: Encoder
    network: Network
    calibration: Calibration = Calibration()
    min_coverage: float = MIN_COVERAGE
    phrases: dict[int, str] = field(default_factory=dict)
    weight: float = 0.0
    labels: LabelSet = SENTIMENT
    asked: LabelSet | None = None

    def encode(self, texts: Sequence[str]) -> tuple[Rows, NDArray[np.uint8], NDArray[np.bool_]]:
        """Return the rows of texts, and how much of each is known.

        Returns:
            Rows, empty if too little is known; the `Coverage` of each text, uint8 [n]; and which
            texts have no token, bool [n].
        """
        rows = self.encoder.transform(texts)
        coverage, blank = np.zeros(len(texts), np.uint8), np.zeros(len(texts), np.bool_)
        # Of an encoder that does not judge, only texts without a token are looked for.
        least = self.min_coverage if self.encoder.judges else 0.0
        low = self.encoder.low_coverage(texts, rows, least)
        if low.size:
            shares = self.encoder.coverage([texts[row] for row in low.tolist()])
            coverage[low[shares < self.min_coverage]] = Coverage.LOW
            coverage[low[shares == 0]] = Coverage.NONE
            blank[low] = np.isnan(shares)
        if not self.encoder.judges:
            coverage[~blank] = Coverage.LEFT_OPEN
        coverage[[gives_no_opinion(text) for text in texts]] = Coverage.NO_OPINION
        if coverage.any():
            rows = rows.cleared(unknown(coverage))
        return rows, coverage, blank

    def log_odds(self, texts: Sequence[str]) -> tuple[Floats, NDArray[np.uint8]]:
        """Return the log-odds of the classes asked for, [n, K − 1], and the `Coverage` of texts.

        A text of which too little is known has the log-odds of an empty one, a text without a token
        NaN.
        """
        rows, coverage, blank = self.encode(texts)
        log_odds = self.log_odds_of(rows)
        log_odds[unknown(coverage)] = self.empty_logits
        log_odds[blank] = np.nan
        return log_odds, coverage

    def log_odds_of(self, rows: Rows) -> Floats:
        """Return the log-odds of the classes asked for, [rows, K − 1]."""
        return self.calibration.log_odds(self._projected(self.network.logits(rows)))

    def credit(self, row: Rows) -> Floats:
        """Return what each entry of a row adds to its log-odds, [entries, K − 1]."""
        return self._projected(self.network.credit(row)) * self.calibration.slope

    def for_labels(self, labels: LabelSet) -> "Component":
        """Return the component asked for other classes.

        Its others are left out, which is to say that the rest is renormalised. A class that it does
        not know gets the geometric mean of the probabilities of all that it does.
        """
        now = self.asked or self.labels
        if labels.names == now.names:
            return self
        slope, intercepts = self.calibration
        every = np.broadcast_to(intercepts, len(now) - 1) @ _projection(now, labels)
        calibration = Calibration(slope, tuple(every.tolist()))
        return replace(self, calibration=calibration, asked=labels)

    @cached_property
    def projection(self) -> Floats | None:
        """What turns logits of the network into those of the classes asked for; None for nothing.

        float64 [K − 1 of the network, K − 1 asked for].
        """
        if self.asked is None or self.asked.names == self.labels.names:
            return None
        return _projection(self.labels, self.asked)

    def _projected(self, logits: Floats) -> Floats:
        """Return the logits of the classes asked for, [n, K − 1]."""
        return logits if self.projection is None else logits @ self.projection

    @cached_property
    def empty_logits(self) -> Floats:
        """The log-odds of an empty text, [K − 1]."""
        return self.log_odds_of(self.encoder.empty())[0]

    def with_repair(self, repair: bool) -> "Component":
        """Return the component with repair of texts on or off."""
        return replace(self, encoder=self.encoder.with_repair(repair))
