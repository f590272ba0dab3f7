"""A component of a model: encoder, network and calibration; the protocols of the first two."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol, Self

import numpy as np
from numpy.typing import NDArray

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
    """Texts → rows. `sentiment.model.file` reads and writes each kind."""

    kind: ClassVar[str]

    @property
    def size(self) -> int:
        """The number of features."""

    @property
    def repairs(self) -> bool:
        """Whether damaged texts are repaired before they are read."""

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

    def coverage(self, texts: Sequence[str]) -> Floats:
        """Return the share of known words in each text, [n]; NaN for a text without a token."""

    def low_coverage(self, texts: Sequence[str], rows: Any, share: float) -> NDArray[np.int64]:
        """Return which texts may have a smaller share of known words: a cheap test."""

    def spans(self, text: str, row: Any) -> "Spans":
        """Return where in a text the entries of its row are."""


class Network(Protocol):
    """Rows → logits."""

    def logits(self, rows: Any) -> Floats:
        """Return the log-odds of *positive* of rows, before calibration: float64 [rows]."""

    def credit(self, row: Any) -> Floats:
        """Return what each entry of a row adds to its logit, float64 [entries]."""

    def summary(self) -> list[dict[str, Any]]:
        """Return what each layer is, as JSON values."""


class Coverage(IntEnum):
    """How much of a text a model knows; it answers only if that is enough."""

    OK = 0
    LOW = 1
    NONE = 2
    NO_OPINION = 3  # such as "No comment", whatever its words mean elsewhere

    @property
    def reason(self) -> str:
        """Why the answer is `uncertain`."""
        return ("", "few known words", "no known words", "no opinion")[self]


# The smallest share of known words for an answer, unless the model says less.
MIN_COVERAGE = 0.25


class Calibration(NamedTuple):
    """Platt scaling: p = σ(slope · logit + intercept).

    Platt, "Probabilistic outputs for support vector machines" (1999). The identity by default.
    """

    slope: float = 1.0
    intercept: float = 0.0

    @classmethod
    def fit(cls, logits: Floats, labels: NDArray[np.integer]) -> "Calibration":
        """Fit by maximum likelihood on held-out rows, with Platt's smoothed targets.

        The targets, (n₊ + 1) / (n₊ + 2) and 1 / (n₋ + 2) instead of 1 and 0, keep the slope finite
        if few rows are perfectly separated.

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
        # Any other slope would reverse the answers: too few rows to calibrate on.
        return cls(float(slope), float(intercept)) if slope > 0 else cls()

    def log_odds(self, logits: Floats) -> Floats:
        """Return calibrated log-odds of *positive*."""
        return self.slope * logits + self.intercept

    def probabilities(self, logits: Floats) -> Floats:
        """Return calibrated probabilities of *positive*."""
        return sigmoid(self.log_odds(logits))


def fit_logistic(
    design: Floats,
    targets: Floats,
    prior_mean: Floats,
    prior_precision: Floats,
    ridge: float = 0.0,
) -> Floats:
    """Fit a logistic regression by Newton's method, which converges in ten steps.

    Args:
        design: [n, parameters], in standard units.
        targets: from 0 to 1, [n].
        prior_mean: of the parameters' normal prior, and the start of the search, [parameters].
        prior_precision: the inverse variance of each; 0 for no prior.
        ridge: added to the diagonal of the Hessian, which may be singular without a prior.

    Returns:
        The maximum of the posterior, [parameters].
    """
    parameters = prior_mean.copy()
    for _ in range(100):
        p = sigmoid(design @ parameters)
        gradient = design.T @ (p - targets) + prior_precision * (parameters - prior_mean)
        hessian = (design.T * (p * (1 - p))) @ design + np.diag(prior_precision + ridge)
        step = np.linalg.solve(hessian, gradient)
        parameters -= step / max(1.0, float(np.abs(step).max()))  # at most 1 at a time
        if np.abs(step).max() < 1e-10:
            break
    return parameters


def log_odds(p: Floats) -> Floats:
    """Return log(p / (1 − p)), the inverse of `sigmoid`; finite for 0 and 1 as well."""
    inside = np.clip(p, 1e-15, 1 - 1e-15)
    return np.log(inside / (1 - inside))


def sigmoid(logits: Floats) -> Floats:
    """Return 1 / (1 + e**−x), without overflow."""
    return 0.5 * (1 + np.tanh(0.5 * logits))


@dataclass(frozen=True)
class Component:
    """Encoder → network → calibration: texts → log-odds.

    Attributes:
        encoder: texts → rows.
        network: rows → logits.
        calibration: logits → log-odds of *positive*.
        min_coverage: the smallest share of known words for an answer, from 0 to 1. A text without
            known words is never answered.
        phrases: the text of the most influential features, which are hashes otherwise, by key.
        weight: the factor of the sum of the components after this one, at least 0.
    """

    encoder: Encoder
    network: Network
    calibration: Calibration = Calibration()
    min_coverage: float = MIN_COVERAGE
    phrases: dict[int, str] = field(default_factory=dict)
    weight: float = 0.0

    def encode(self, texts: Sequence[str]) -> tuple[Rows, NDArray[np.uint8], NDArray[np.bool_]]:
        """Return the rows of texts, and how much of each is known.

        Returns:
            Rows, empty if too little is known; the `Coverage` of each text, uint8 [n]; and which
            texts have no token, bool [n].
        """
        rows = self.encoder.transform(texts)
        coverage, blank = np.zeros(len(texts), np.uint8), np.zeros(len(texts), np.bool_)
        low = self.encoder.low_coverage(texts, rows, self.min_coverage)
        if low.size:
            shares = self.encoder.coverage([texts[row] for row in low.tolist()])
            coverage[low[shares < self.min_coverage]] = Coverage.LOW
            coverage[low[shares == 0]] = Coverage.NONE
            blank[low] = np.isnan(shares)
        coverage[[gives_no_opinion(text) for text in texts]] = Coverage.NO_OPINION
        if coverage.any():
            rows = rows.cleared(coverage != Coverage.OK)
        return rows, coverage, blank

    def log_odds(self, texts: Sequence[str]) -> tuple[Floats, NDArray[np.uint8]]:
        """Return the log-odds of *positive* and the `Coverage` of each text.

        A text of which too little is known has the log-odds of an empty one, a text without a token
        NaN.
        """
        rows, coverage, blank = self.encode(texts)
        log_odds = self.calibration.log_odds(self.network.logits(rows))
        log_odds[coverage != Coverage.OK] = self.empty_logit
        log_odds[blank] = np.nan
        return log_odds, coverage

    @cached_property
    def empty_logit(self) -> float:
        """The log-odds of *positive* of an empty text."""
        return float(self.calibration.log_odds(self.network.logits(self.encoder.empty()))[0])

    def with_repair(self, repair: bool) -> "Component":
        """Return the component with repair of texts on or off."""
        return replace(self, encoder=self.encoder.with_repair(repair))
