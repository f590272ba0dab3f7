"""Vectorizer and network, fitted to some rows or others of one material."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sentiment.features import EncodedRows, Vectorizer
from sentiment.features.hashing import Hashes
from sentiment.features.naming import name_features
from sentiment.model import Network
from sentiment.model.calibration import sigmoid
from sentiment.reviews import stratified_folds
from sentiment.training.featurizing import featurize
from sentiment.training.feed import Example, logits_of
from sentiment.training.fitting import Fitter
from sentiment.training.material import Material, Numbers
from sentiment.training.options import Recipe, TrainingOptions
from sentiment.training.progress import Epoch
from sentiment.training.recipe import gentler
from sentiment.training.run import Run

# Rounds of learning from unlabeled reviews, at the most.
ROUNDS = 3

# Soft labels are rounded to so small a step that sums of them are exact, in whatever order.
_STEP = 2.0**-20

Logits = NDArray[np.float64]


@dataclass(frozen=True)
class Trained:
    """Everything that is fitted to one set of rows, the weights as the model file has them.

    Attributes:
        vectorizer, network: what was fitted.
        epochs, best_epoch: how it went.
        judged: numbers of reviews that it was not fitted on.
        held_out, unlabeled: logits of these and of the unlabeled reviews; empty after a fit for so
            many epochs, where nobody asks.
        soft_labels: how far each unlabeled review was taken to be positive; None if none was used.
    """

    vectorizer: Vectorizer
    network: Network
    epochs: list[Epoch]
    best_epoch: int
    judged: Numbers
    held_out: Logits
    unlabeled: Logits
    soft_labels: NDArray[np.float64] | None

    @property
    def loss(self) -> float:
        """The best validation loss."""
        return min(epoch.validation_loss for epoch in self.epochs)


class Learner:
    """One training: what stays the same from fit to fit."""

    def __init__(
        self, material: Material, options: TrainingOptions, recipe: Recipe, run: Run
    ) -> None:
        """Find the n-grams of all reviews, once."""
        self._material = material
        self._options = options
        self._recipe = recipe
        self._progress = run.progress
        self._incidence = featurize(material.texts, recipe.ngrams, recipe.min_count, run)
        self._fitter = Fitter(options, run)
        self._width = 0  # of the network at the least

    def trial(self) -> Trained:
        """Fit the training rows; the held-out ones say when to stop, and whether unlabeled help."""
        return self._with_unlabeled(self._fit(self._material.training, None, None))

    def refit(self, trial: Trained) -> Trained:
        """Fit all labelled reviews the way the trial was fitted, for as many epochs."""
        everything = np.arange(self._material.labels.size)
        return self._fit(everything, trial.soft_labels, trial.best_epoch)

    def trial_in_turns(self, folds: int) -> Trained:
        """Fit all labelled reviews but a fold, and judge that; each fold once.

        Returns:
            The last fit, with the logits of all labelled reviews, each by the network that was not
            fitted on it.
        """
        material = self._material
        everything = np.arange(material.labels.size)
        logits = np.zeros(everything.size)
        # Each fold has some features more or less: of one width all share a compiled network.
        self._width = min(self._incidence.distinct, self._options.features)
        parts = stratified_folds(material.labels, folds, self._options.seed, material.digests)
        for number, fold in enumerate(parts, start=1):
            self._progress.fold(number, folds)
            rest = np.setdiff1d(everything, fold)
            last = self._fit(rest, None, self._recipe.epochs, ask=fold)
            logits[fold] = last.held_out
        return replace(last, judged=everything, held_out=logits)

    def names_of(self, keys: Hashes) -> dict[int, str]:
        """Spell n-grams out, as `name_features` does, from the first reviews that hold them."""
        holders = self._incidence.first_holders(keys)
        texts = self._material.texts_of(holders)
        return name_features(texts, self._recipe.ngrams, keys)

    def _with_unlabeled(self, best: Trained) -> Trained:
        """Learn from unlabeled reviews what the best model yet says of them, while that helps.

        Self-training with soft labels (Yarowsky, 1995; Xie et al., CVPR 2020): each round is kept
        if the held-out loss is lower for it.
        """
        count = self._material.unlabeled.size
        for number in range(1, ROUNDS + 1 if count else 1):
            self._progress.unlabeled(number, count)
            candidate = self._fit(self._material.training, _soft(best.unlabeled), None)
            better = candidate.loss < best.loss
            self._progress.judged(better, candidate.loss, best.loss)
            if not better:
                break
            best = candidate
        return best

    def _fit(
        self,
        rows: Numbers,
        soft_labels: NDArray[np.float64] | None,
        epochs: int | None,
        ask: Numbers | None = None,
    ) -> Trained:
        """Fit vectorizer and network to labelled rows, and to unlabeled ones with soft labels.

        Args:
            rows: numbers of labelled reviews; beside unlabeled ones they are counted twice, for
                being certain.
            soft_labels: how far each unlabeled review is positive; None leaves these out.
            epochs: how many to run; None to stop by the held-out rows.
            ask: rows whose logits are wanted after so many epochs.
        """
        material = self._material
        vectorizer, training = self._example(rows, soft_labels)
        features, labels = training.rows, material.labels.astype(np.float64)
        held_out = Example(features, material.held_out, labels[material.held_out])
        done = self._fitter.fit(
            self._recipe if soft_labels is None else gentler(self._recipe),
            training,
            held_out if epochs is None else None,
            epochs,
        )
        first, *rest = done.network.layers
        kernel = first.kernel[: vectorizer.keys.size]
        network = Network((replace(first, kernel=kernel).quantized(), *rest))
        nobody = material.unlabeled[:0]
        if epochs is None:
            asked = [material.held_out, material.unlabeled]
        else:
            asked = [nobody if ask is None else ask, nobody]
        known, unknown = (logits_of(network, features, numbers) for numbers in asked)
        return Trained(
            vectorizer, network, done.epochs, done.best_epoch, asked[0], known, unknown, soft_labels
        )

    def _example(
        self, rows: Numbers, soft_labels: NDArray[np.float64] | None
    ) -> tuple[Vectorizer, Example]:
        """Fit a vectorizer to what a network is to learn, and give both."""
        material = self._material
        labels = np.full(len(self._incidence), np.nan)  # of rows that are not to be looked at
        labels[rows] = material.labels[rows]
        if soft_labels is not None:
            labels[material.unlabeled] = soft_labels
            rows = np.concatenate((rows, rows, material.unlabeled))
        vectorizer = Vectorizer.fit(
            self._incidence,
            labels,
            np.bincount(rows, minlength=labels.size),
            limit=self._options.features,
            min_count=self._recipe.min_count,
            smoothing=self._recipe.smoothing,
        )
        features = EncodedRows.of(self._incidence, vectorizer)
        width = max(vectorizer.keys.size, self._width)
        return vectorizer, Example(replace(features, width=width), rows, labels[rows])


def _soft(logits: Logits) -> NDArray[np.float64]:
    """Say how far reviews are positive, by a network that has seen none of them labelled."""
    return np.rint(sigmoid(logits) / _STEP) * _STEP
