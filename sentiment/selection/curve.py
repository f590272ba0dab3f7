"""Learning curves: a metric by the number of labelled reviews, and what more of them would give."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from sentiment.errors import DataError
from sentiment.evaluation.intervals import Floats, Interval
from sentiment.evaluation.metrics import constant_confusion, metrics_or_none
from sentiment.reviews.dataset import MIN_OF_CLASS, LabelledReviews
from sentiment.selection.crossing import OutOfFold, fold_values
from sentiment.selection.folds import Fold, Rows

# Of the training reviews of a fold; all of them are the cross-validation itself.
SHARES = (1 / 16, 1 / 8, 1 / 4, 1 / 2)
LEVEL = 0.9
_Z = NormalDist().inv_cdf((1 + LEVEL) / 2)

# What is known of learning curves before any is measured: the error falls as a power of the number
# of reviews (Hestness et al., 2017), and an asymptote fitted to few sizes foretells too little. The
# mean and deviation of the exponent, how far the logarithm of the error strays from the law within
# a factor of e, and which sizes are left out were chosen on other sets (benchmarks/FINDINGS.md). A
# steep slope soon after the first words are learned does not last, so the exponent varies little.
_EXPONENT, _EXPONENT_DEVIATION = 0.19, 0.06
_STRAYS = 0.07
_OF_CHANCE = 0.95  # of the error of one answer for all: more is no law yet
_VAGUE = 10.0  # deviation of the logarithm of the error, before it is measured
_CORRELATION = 0.5  # of values of neighboring sizes, before it is measured
_LEAST_ERROR = 1e-4
_FARTHEST = 100.0  # times as many reviews; nothing is said of more
_STEPS = 2000


def subsets(reviews: LabelledReviews, folds: Sequence[Fold], seed: int) -> dict[float, list[Fold]]:
    """Return folds with fewer training reviews, by share: nested, each class by its share.

    Shares that leave a class too few different texts are left out.

    Raises:
        DataError: fewer than two are left.
    """
    quantiles = [_quantiles(reviews, fold.training, seed + n) for n, fold in enumerate(folds)]
    found = {}
    for share in SHARES:
        smaller = [
            Fold(fold.training[each < share], fold.held_out)
            for fold, each in zip(folds, quantiles, strict=True)
        ]
        if all(_is_enough(reviews, fold.training) for fold in smaller):
            found[share] = smaller
    if len(found) < 2:
        raise DataError(
            f"too few reviews for --curve: a quarter of them would have fewer than {MIN_OF_CLASS} "
            "different texts of a class; add more, or leave out --curve"
        )
    return found


def _quantiles(reviews: LabelledReviews, rows: Rows, seed: int) -> Floats:
    """Return a random place between 0 and 1 of each row among those of its class, [rows].

    Equal texts follow each other.
    """
    random = np.random.default_rng(seed)
    _, texts = np.unique(reviews.digest()[rows], return_inverse=True)
    order = random.permutation(texts.max() + 1)[texts]
    found = np.empty(rows.size)
    labels = reviews.labels[rows]
    for label in np.unique(labels):
        of_class = np.flatnonzero(labels == label)
        ranks = np.argsort(np.argsort(order[of_class], kind="stable"))
        found[of_class] = (ranks + 0.5) / of_class.size
    return found


def _is_enough(reviews: LabelledReviews, rows: Rows) -> bool:
    labels, digests = reviews.labels[rows], reviews.digest()[rows]
    return all(
        np.unique(digests[labels == label]).size >= MIN_OF_CLASS
        for label in range(len(reviews.label_set))
    )


def _prior(one: Floats, other: Floats) -> NDArray[np.float64]:
    """Return the covariance of log errors at two arrays of log sizes before any is known."""
    near = np.minimum(np.abs(one)[:, None], np.abs(other)[None])
    strays = _STRAYS**2 * near * (np.sign(one)[:, None] == np.sign(other)[None])
    return _VAGUE**2 + _EXPONENT_DEVIATION**2 * np.outer(one, other) + strays


@dataclass(frozen=True, eq=False)
class LearningCurve:
    """A metric between 0 and 1 by the number of training reviews, and the law fitted to it.

    The error, 1 − metric, is b · n^−c, up to deviations that grow with the distance from the
    largest number (Brownian motion in log n): what small numbers say counts for less. The exponent
    c has a prior. All is normal in log n and log error, so the fit is a Gaussian process
    regression (Rasmussen and Williams, 2006) with few parameters.

    Attributes:
        sizes: numbers of training reviews, ascending, float64 [s].
        values: of the metric, the mean of the folds, [s].
        folds: of each fold, [K, s].
        tested: the number of reviews that all models answered.
        constant: the metric of one answer for all. The law begins where the error is clearly lower.
    """

    sizes: Floats
    values: Floats
    folds: Floats
    tested: int
    constant: float = 0.0

    @classmethod
    def of(
        cls, results: Sequence[OutOfFold], reviews: LabelledReviews, metric: str
    ) -> "LearningCurve":
        """Return the curve of out-of-fold answers, each of models of more reviews than the last.

        Raises:
            DataError: the metric is undefined for a fold.
        """
        found = [fold_values(result, reviews, metric) for result in results]
        if any(each is None for each in found):
            raise DataError("--curve needs reviews of each class in every fold: try fewer --folds")
        values, folds = zip(*filter(None, found), strict=True)
        sizes = np.array([np.mean(result.trained) for result in results])
        constant = metrics_or_none(
            constant_confusion(np.diag(np.bincount(reviews.labels))), reviews.label_set
        )[metric]
        return cls(
            sizes, np.array(values), np.stack(folds, axis=1), results[-1].rows.size, constant or 0.0
        )

    @cached_property
    def _first(self) -> int:
        """The first size that the law is fitted to; there are two at least."""
        known = 1 - self.values < _OF_CHANCE * (1 - self.constant)
        return min(int(known.argmax()) if known.any() else len(known), len(known) - 2)

    @cached_property
    def _fitted(self) -> tuple[Floats, Floats, NDArray[np.float64]]:
        """The log sizes relative to the largest, [f], log errors, [f], and their covariance."""
        some = slice(self._first, None)
        errors = np.maximum(1 - self.values[some], _LEAST_ERROR)
        deviations = self._deviations(some) / errors
        noise = np.outer(deviations, deviations) * self._correlation(some)
        return np.log(self.sizes[some] / self.sizes[-1]), np.log(errors), noise

    def _deviations(self, some: slice) -> Floats:
        """Return the standard errors of the values, [f], as training sets overlap.

        That is the corrected variance of Nadeau and Bengio (2003). Few folds may agree by chance,
        so it is no less than that of a share of so many reviews.
        """
        count = len(self.folds)
        of_folds = self.folds[:, some].var(axis=0, ddof=1) * (1 / count + 1 / (count - 1))
        value = np.clip(self.values[some], _LEAST_ERROR, 1 - _LEAST_ERROR)
        return np.sqrt(np.maximum(of_folds, value * (1 - value) / self.tested))

    def _correlation(self, some: slice) -> NDArray[np.float64]:
        """Return how values that are measured on the same reviews go together, [f, f].

        Half of it is estimated from the folds, of which there are too few for more.
        """
        centred = self.folds[:, some] - self.folds[:, some].mean(axis=0)
        lengths = np.maximum(np.linalg.norm(centred, axis=0), 1e-12)
        usual = np.full((lengths.size, lengths.size), _CORRELATION)
        mean = ((centred / lengths).T @ (centred / lengths) + usual) / 2
        np.fill_diagonal(mean, 1.0)
        return mean

    def _log_errors(self, sizes: Floats) -> tuple[Floats, Floats]:
        """Return mean and deviation of the log error at some numbers of reviews."""
        known, errors, noise = self._fitted
        asked = np.log(sizes / self.sizes[-1])
        across = _prior(asked, known)
        observed = _prior(known, known) + noise + 1e-9 * np.eye(known.size)
        weights = np.linalg.solve(observed, across.T).T
        mean = weights @ (errors + _EXPONENT * known) - _EXPONENT * asked
        variance = np.diag(_prior(asked, asked)) - (weights * across).sum(axis=1)
        return mean, np.sqrt(np.maximum(variance, 0))

    def at(self, size: float) -> tuple[float, Interval]:
        """Return the metric to expect with so many training reviews, and its 90% interval."""
        (mean,), (deviation,) = self._log_errors(np.array([float(size)]))
        worst, expected, best = np.exp(mean + _Z * deviation * np.array([1, 0, -1]))
        worst, expected, best = 1 - np.minimum([worst, expected, best], 1)
        return float(expected), (float(worst), float(best))

    def size_for(self, gain: float) -> tuple[float | None, tuple[float | None, float | None]]:
        """Return how many training reviews raise the metric by a gain above that of the most.

        Returns:
            The number, and a 90% interval of it; None for more than a hundred times as many.
        """
        sizes = self.sizes[-1] * np.geomspace(1, _FARTHEST, _STEPS)
        mean, deviation = self._log_errors(sizes)
        wanted = np.exp(mean[0]) - gain
        ends: list[float | None] = []
        for shift in (0, -1, 1):
            # The level of all of them is that of now: what is asked is how the curve goes on.
            grown = np.sqrt(np.maximum(deviation**2 - deviation[0] ** 2, 0))
            reached = np.exp(mean + shift * _Z * grown) <= wanted
            ends.append(float(sizes[reached.argmax()]) if reached.any() else None)
        return ends[0], (ends[1], ends[2])
