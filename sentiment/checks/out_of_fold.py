"""Out-of-fold log-odds: what models say of reviews that they were not fitted on.

The models are logistic regressions on the n-grams that `train` would choose, weighted by naive
Bayes (Wang and Manning, "Baselines and bigrams", ACL 2012). Their loss is convex, so they need no
held-out rows to stop by, and ten of them are fitted in the time of one network.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment.features.matrix import CSRMatrix, DocumentTermMatrix
from sentiment.model.component import Calibration, probabilities_of
from sentiment.reviews.dataset import LabelledReviews, stratified_folds
from sentiment.training import ngrams
from sentiment.training.options import TrainingOptions
from sentiment.training.run import Run

Floats = NDArray[np.float64]

# More folds leave more reviews to each fit; of many, fewer are enough.
_FOLDS, _FOLDS_OF_MANY, _MANY = 10, 5, 20_000
# Texts from which the features are chosen, evenly spaced.
_SAMPLE = 1_000
# The share of labels that are taken to be wrong when models are fitted again.
_NOISE = 0.05
# What the loss of all rows weighs against half the squared length of the weights. On half A of
# multi-domain and of airline, with labels flipped, 3 finds as many of them, and 40 fewer.
_INVERSE_REGULARIZATION = 10.0
# Half as many n-grams as `train` keeps and a loss that is nearly the least rank reviews as well.
_FEATURES, _TOLERANCE, _MOST_STEPS = 100_000, 1e-5, 60


def folds_for(reviews: int) -> int:
    """Return into how many folds to divide so many reviews."""
    return _FOLDS if reviews <= _MANY else _FOLDS_OF_MANY


def out_of_fold(
    reviews: LabelledReviews,
    seed: int = 0,
    folds: int = _FOLDS,
    progress: Callable[[int], None] | None = None,
) -> Floats:
    """Return log-odds of each review by models that were not fitted on it, nor on an equal text.

    They are fitted twice. The second time, each review counts as much for each class as it is
    likely to have it, given its label and what the first models say: a step of expectation and
    maximization for labels with noise (Mnih and Hinton, ICML 2012). Both are added up.

    Args:
        reviews: n reviews of K classes that all occur.
        seed: of the folds, which are other ones the second time.
        folds: how many; more of them leave more reviews to each fit.
        progress: called with the number of fits done, of twice as many as there are folds.

    Returns:
        float64 [n, K − 1], against class 0; NaN in rows whose folds left a class without reviews.
    """
    fit = _Fits.of(reviews, seed)
    labels, every = fit.labels, np.arange(len(reviews))
    targets = np.eye(fit.classes)[labels]
    total = np.zeros((every.size, fit.classes - 1))
    done = 0
    for again in range(2):
        found = np.full(total.shape, np.nan)
        for fold in stratified_folds(labels, folds, seed + again, reviews.digest()):
            if fold.size:
                found[fold] = fit.log_odds(np.setdiff1d(every, fold), fold, targets)
            done += 1
            if progress is not None:
                progress(done)
        total += found
        targets = likely_classes(found, labels)
    return total


def likely_classes(log_odds: Floats, labels: NDArray[np.int64]) -> Floats:
    """Return how likely each class is, given a review's label and what models say, [n, K].

    A twentieth of the labels of each class is assumed to be wrong.

    Args:
        log_odds: out-of-fold, not calibrated, float64 [n, K − 1]; NaN leaves the label as it is.
        labels: from 0 to K − 1, [n].
    """
    classes = log_odds.shape[1] + 1
    likely = np.eye(classes)[labels]
    known = ~np.isnan(log_odds).any(axis=1)
    if known.any():
        calibration = Calibration.fit(log_odds[known], labels[known])
        said = probabilities_of(calibration.log_odds(log_odds[known]))
        noise = np.where(likely[known] > 0, 1 - _NOISE, _NOISE / (classes - 1))
        likely[known] = said * noise / (said * noise).sum(axis=1, keepdims=True)
    return likely


def held_out_log_odds(reviews: LabelledReviews, seed: int = 0) -> tuple[NDArray[np.int64], Floats]:
    """Fit a model on half of the reviews; return the numbers of the others, and their log-odds.

    Equal texts stay together.

    Returns:
        int64 [m] and float64 [m, K − 1]; no rows if a half lacks a class.
    """
    first, *others = stratified_folds(reviews.labels, 2, seed, reviews.digest())
    rest = np.concatenate(others)
    fit = _Fits.of(reviews, seed)
    log_odds = fit.log_odds(first, rest, np.eye(fit.classes)[fit.labels])
    known = ~np.isnan(log_odds).any(axis=1)
    return rest[known], log_odds[known]


@dataclass(frozen=True, eq=False)
class _Fits:
    """The n-grams of reviews, found once, and what models are fitted to.

    Attributes:
        labels: from 0 to K − 1, int64 [n].
        classes: K.
        indexed: the document-term matrix.
        recipe, options: what `train` would choose.
    """

    labels: NDArray[np.int64]
    classes: int
    indexed: DocumentTermMatrix
    recipe: ngrams.NGramHyperparameters
    options: TrainingOptions

    @classmethod
    def of(cls, reviews: LabelledReviews, seed: int) -> "_Fits":
        """Find the n-grams of reviews."""
        texts = [reviews.texts[row] for row in range(len(reviews))]
        labels = reviews.labels.astype(np.int64)
        options = TrainingOptions(seed=seed, features=_FEATURES)
        recipe = ngrams.choose(texts[:: max(len(texts) // _SAMPLE, 1)], labels, options)
        indexed = ngrams.index(texts, recipe, Run())
        return cls(labels, len(reviews.label_set), indexed, recipe, options)

    def log_odds(
        self, fitted: NDArray[np.int64], asked: NDArray[np.int64], targets: Floats
    ) -> Floats:
        """Fit a model to some reviews, and return its log-odds of others, [asked, K − 1].

        They are NaN if the reviews to fit lack a class.

        Args:
            fitted: the numbers of the reviews to fit.
            asked: the numbers of the others.
            targets: the probability of each class, of all reviews, [n, K].
        """
        if np.unique(self.labels[fitted]).size < self.classes:
            return np.full((asked.size, self.classes - 1), np.nan)
        counted = np.zeros(self.labels.size)
        counted[fitted] = 1
        encoder = ngrams.fit_encoder(self.indexed, targets, counted, self.recipe, self.options)
        rows = ngrams.encode(self.indexed, encoder)
        model = fit_logistic_regression(rows.take(fitted), targets[fitted])
        return model(rows.take(asked))


def fit_logistic_regression(rows: CSRMatrix, targets: Floats) -> Callable[[CSRMatrix], Floats]:
    """Fit a logistic regression with an L2 penalty, by L-BFGS (Liu and Nocedal, 1989).

    Args:
        rows: of n reviews, each of length 1.
        targets: the probability of each class, [n, K].

    Returns:
        A function from rows to log-odds against class 0, float64 [rows, K − 1].
    """
    from scipy.optimize import minimize

    matrix = _sparse(rows)
    outputs = 1 if targets.shape[1] == 2 else targets.shape[1]
    wanted = targets[:, -outputs:]
    shape = (rows.width + 1, outputs)  # the last row is the intercept, which is not penalized

    def loss(flat: Floats) -> tuple[float, Floats]:
        weights = flat.reshape(shape)
        logits = matrix @ weights[:-1] + weights[-1]
        every = np.concatenate((np.zeros((len(wanted), 1)), logits), axis=1)
        every = every if outputs == 1 else logits
        normal = np.logaddexp.reduce(every, axis=1)
        errors = np.exp(logits - normal[:, None]) - wanted
        value = float(normal.sum() - (logits * wanted).sum())
        slopes = np.concatenate((matrix.T @ errors, errors.sum(axis=0, keepdims=True)))
        slopes[:-1] += weights[:-1] / _INVERSE_REGULARIZATION
        penalty = float((weights[:-1] ** 2).sum()) / (2 * _INVERSE_REGULARIZATION)
        return value + penalty, slopes.ravel()

    start = np.zeros(shape).ravel()
    limits = {"maxiter": _MOST_STEPS, "ftol": _TOLERANCE}
    best = minimize(loss, start, jac=True, method="L-BFGS-B", options=limits).x.reshape(shape)

    def log_odds(some: CSRMatrix) -> Floats:
        logits: Floats = _sparse(some) @ best[:-1] + best[-1]
        return logits if outputs == 1 else logits[:, 1:] - logits[:, :1]

    return log_odds


def _sparse(rows: CSRMatrix) -> Any:
    """Return rows as scipy has them."""
    from scipy.sparse import csr_matrix

    data = rows.data.astype(np.float64)
    return csr_matrix((data, rows.indices, rows.indptr), (len(rows), rows.width))
