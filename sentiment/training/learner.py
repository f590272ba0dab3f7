"""Vectorizer and network, fitted to some rows or others of one material."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sentiment.features import EncodedRows, Vectorizer
from sentiment.features.hashing import Hashes
from sentiment.features.naming import name_features
from sentiment.model import Network
from sentiment.model.calibration import sigmoid
from sentiment.training.featurizing import featurize
from sentiment.training.feed import Example, logits_of
from sentiment.training.fitting import Fitter
from sentiment.training.judge import Epoch
from sentiment.training.material import Material, Numbers, Split
from sentiment.training.options import Recipe, TrainingOptions
from sentiment.training.recipe import gentler
from sentiment.training.run import Run

# Rounds of learning from unlabeled reviews, at the most.
ROUNDS = 3

# Soft labels are rounded to so small a step that sums of them are exact, in whatever order.
_STEP = 2.0**-20

Logits = NDArray[np.float64]


@dataclass(frozen=True)
class Trained:
    """Everything that is fitted to some splits, the weights as the model file has them.

    Attributes:
        vectorizer, network: what was fitted to the last split.
        first: the vectorizer that was fitted to the first split, and not to its held-out reviews.
        epochs, best_epoch: how it went.
        held_out: logits of the reviews held out, each by the network that was not fitted on it, in
            the order of `Material.held_out`; empty after a fit for a given number of epochs.
        unlabeled: logits of the unlabeled reviews by each network, [networks, unlabeled].
        soft_labels: how far each network took each unlabeled review to be positive, of the same
            shape; None if none was used.
    """

    vectorizer: Vectorizer
    network: Network
    first: Vectorizer
    epochs: list[Epoch]
    best_epoch: int
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

    def trial(self) -> Trained:
        """Fit the splits; held-out reviews say when to stop, and whether unlabeled ones help."""
        return self._with_unlabeled(self._fit(self._material.splits, None, None))

    def refit(self, trial: Trained) -> Trained:
        """Fit all labelled reviews the way the trial was fitted, for as many epochs.

        In cross-validation the trial did that already.
        """
        if self._material.cross_validated:
            return trial
        everything = np.arange(self._material.labels.size)
        split = Split(everything, everything[:0])
        return self._fit([split], trial.soft_labels, trial.best_epoch)

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
            candidate = self._fit(self._material.splits, _soft(best.unlabeled), None)
            better = candidate.loss < best.loss
            self._progress.judged(better, candidate.loss, best.loss)
            if not better:
                break
            best = candidate
        return best

    def _fit(
        self,
        splits: Sequence[Split],
        soft_labels: NDArray[np.float64] | None,
        epochs: int | None,
    ) -> Trained:
        """Fit a vectorizer and a network to each split, all networks side by side.

        Args:
            splits: what each fits and is judged by; beside unlabeled reviews, labelled ones are
                counted twice, for being certain.
            soft_labels: how far each network takes each unlabeled review to be positive,
                [splits, unlabeled]; None leaves these out.
            epochs: how many to run; None to stop by the held-out rows.
        """
        given = [None] * len(splits) if soft_labels is None else list(soft_labels)
        fitted = [
            self._example(split.training, soft) for split, soft in zip(splits, given, strict=True)
        ]
        labels = self._material.labels.astype(np.float64)
        validation = [
            Example(training.rows, split.held_out, labels[split.held_out])
            for (_, training), split in zip(fitted, splits, strict=True)
            if split.held_out.size and epochs is None
        ]
        done = self._fitter.fit(
            self._recipe if soft_labels is None else gentler(self._recipe),
            [training for _, training in fitted],
            validation,
            epochs,
        )
        networks = [
            Network((network.layers[0].quantized(), *network.layers[1:]))
            for network in done.networks
        ]
        held_out = [
            held.logits(network) for held, network in zip(validation, networks, strict=False)
        ]
        unlabeled = [
            logits_of(network, training.rows, self._material.unlabeled)
            for network, (_, training) in zip(networks, fitted, strict=True)
            if epochs is None
        ]
        return Trained(
            fitted[-1][0],
            networks[-1],
            fitted[0][0],
            done.epochs,
            done.best_epoch,
            np.concatenate([np.zeros(0), *held_out]),
            np.array(unlabeled),
            soft_labels,
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
        return vectorizer, Example(features, rows, labels[rows])


def _soft(logits: Logits) -> NDArray[np.float64]:
    """Say how far reviews are positive, by a network that has seen none of them labelled."""
    return np.rint(sigmoid(logits) / _STEP) * _STEP
