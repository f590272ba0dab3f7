"""The training's material, its features, and the networks fitted on them."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sentiment.errors import DataError
from sentiment.features.hashing import Hashes
from sentiment.features.vectorizer import Vectorizer
from sentiment.model.component import sigmoid
from sentiment.model.network import Network
from sentiment.model.provenance import Rows
from sentiment.reviews.dataset import LabelledReviews, stratified_folds, stratified_split
from sentiment.storage import concatenate
from sentiment.training.architectures import ARCHITECTURES
from sentiment.training.decide import Epoch
from sentiment.training.fitting import Fitter
from sentiment.training.network import EncodedSplit, logits_of
from sentiment.training.options import (
    FOLDS,
    Hyperparameters,
    TrainingOptions,
    cross_validates,
    for_pseudo_labels,
)
from sentiment.training.run import Run

Numbers = NDArray[np.int64]


class Split(NamedTuple):
    """Reviews by their numbers: those that a network fits, and those that it is judged by."""

    training: Numbers
    held_out: Numbers


@dataclass(frozen=True, eq=False)
class TrainingData:
    """Reviews by their numbers: labelled ones first, then those without labels.

    Attributes:
        texts: all reviews, [n].
        labels: 0 or 1, int8 [labelled].
        digests: hashes of the labelled texts, uint64 [labelled].
        splits: what each network of a trial fits and is judged by. One split where a share is held
            out; in cross-validation one for each fold, and a last one that fits all.
        unlabeled: numbers of the reviews without labels.
    """

    texts: Sequence[str]
    labels: NDArray[np.int8]
    digests: Hashes
    splits: Sequence[Split]
    unlabeled: Numbers

    @classmethod
    def gather(
        cls,
        reviews: LabelledReviews,
        validation: LabelledReviews | None,
        unlabeled: Sequence[str],
        options: TrainingOptions,
    ) -> "TrainingData":
        """Put all reviews together, and split them unless there are others to judge by.

        Raises:
            DataError: there are too few different reviews to hold some out.
        """
        texts, labels, digests = reviews.texts, reviews.labels, reviews.digest()
        if validation is not None:
            texts = concatenate(texts, validation.texts)
            labels = np.concatenate((labels, validation.labels))
            digests = np.concatenate((digests, validation.digest()))
            splits = [Split(*np.split(np.arange(labels.size), [len(reviews)]))]
        elif cross_validates(len(reviews), options):
            folds = stratified_folds(labels, FOLDS, options.seed, digests)
            everything = np.arange(labels.size)
            splits = [Split(np.setdiff1d(everything, fold), fold) for fold in folds if fold.size]
            splits.append(Split(everything, everything[:0]))
        else:
            share = options.validation_share
            splits = [Split(*stratified_split(labels, share, options.seed, groups=digests))]
        judged = np.concatenate([split.held_out for split in splits])
        if any(
            len(set(labels[rows].tolist())) < 2
            for rows in [*(split.training for split in splits), judged]
        ):
            positive, negative = (np.unique(digests[labels == label]).size for label in (1, 0))
            raise DataError(
                f"too few different reviews to hold some of each label out: {positive:,} positive, "
                f"{negative:,} negative; give more, or --validation"
            )
        last = labels.size + len(unlabeled)
        return cls(
            concatenate(texts, unlabeled), labels, digests, splits, np.arange(labels.size, last)
        )

    @property
    def cross_validated(self) -> bool:
        """Whether each review is held out from one network, and all are fitted by the last."""
        return len(self.splits) > 1

    @property
    def training(self) -> Numbers:
        """Numbers of the reviews that the last network of a trial fits."""
        return self.splits[-1].training

    @property
    def held_out(self) -> Numbers:
        """Numbers of the reviews that networks are judged by, in the order of the splits."""
        return np.concatenate([split.held_out for split in self.splits])

    def texts_of(self, rows: Numbers) -> list[str]:
        """Give the reviews with these numbers."""
        return [self.texts[row] for row in rows.tolist()]

    def some_of(self, rows: Numbers, enough: int = 1_000) -> list[str]:
        """Give about so many of these reviews, or all, taken evenly."""
        return self.texts_of(rows[:: max(rows.size // enough, 1)])

    def identity(self) -> str:
        """Hash all there is: texts, labels, and which reviews are for what; hexadecimal."""
        content = hashlib.blake2b(digest_size=16)
        for text in self.texts:
            data = text.encode("utf-8", "surrogatepass")
            content.update(len(data).to_bytes(8, "little"))
            content.update(data)
        every: list[NDArray[np.integer]] = [self.labels, self.unlabeled]
        for split in self.splits:
            every += [split.training, split.held_out]
        for numbers in every:
            content.update(numbers.size.to_bytes(8, "little"))
            content.update(numbers.astype("<i8").tobytes())
        return content.hexdigest()

    def about(self, rows: Numbers) -> Rows:
        """Count labelled reviews, and hash them with their labels."""
        labels = self.labels[rows]
        content = hashlib.blake2b(digest_size=16)
        content.update(self.digests[rows].astype("<u8").tobytes())
        content.update(labels.astype(np.int8).tobytes())
        positive = int(labels.sum())
        return Rows(positive, labels.size - positive, content.hexdigest())


# Rounds of learning from unlabeled reviews, at the most.
ROUNDS = 3

# Soft labels are rounded to so small a step that sums of them are exact, in whatever order.
_STEP = 2.0**-20

Logits = NDArray[np.float64]


@dataclass(frozen=True)
class FitResult:
    """Everything that is fitted to some splits, the weights as the model file has them.

    Attributes:
        vectorizer, network: what was fitted to the last split.
        first: the vectorizer that was fitted to the first split, and not to its held-out reviews.
        epochs, best_epoch: how it went.
        held_out: logits of the reviews held out, each by the network that was not fitted on it, in
            the order of `TrainingData.held_out`; empty after a fit for a given number of epochs.
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
        self, material: TrainingData, options: TrainingOptions, recipe: Hyperparameters, run: Run
    ) -> None:
        """Find the n-grams of all reviews, once."""
        self._material = material
        self._options = options
        self._recipe = recipe
        self._progress = run.progress
        self._kind = ARCHITECTURES[options.architecture]
        self._indexed = self._kind.index(material.texts, recipe, run)
        self._fitter = Fitter(options, run)

    def trial(self) -> FitResult:
        """Fit the splits; held-out reviews say when to stop, and whether unlabeled ones help."""
        return self._with_unlabeled(self._fit(self._material.splits, None, None))

    def refit(self, trial: FitResult) -> FitResult:
        """Fit all labelled reviews the way the trial was fitted, for as many epochs.

        In cross-validation the trial did that already.
        """
        if self._material.cross_validated:
            return trial
        everything = np.arange(self._material.labels.size)
        split = Split(everything, everything[:0])
        return self._fit([split], trial.soft_labels, trial.best_epoch)

    def names_of(self, keys: Hashes) -> dict[int, str]:
        """Spell features out by the texts that hold them."""
        return self._kind.names_of(self._indexed, self._material.texts_of, self._recipe, keys)

    def _with_unlabeled(self, best: FitResult) -> FitResult:
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
    ) -> FitResult:
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
            EncodedSplit(training.rows, split.held_out, labels[split.held_out])
            for (_, training), split in zip(fitted, splits, strict=True)
            if split.held_out.size and epochs is None
        ]
        done = self._fitter.fit(
            self._recipe if soft_labels is None else for_pseudo_labels(self._recipe),
            [training for _, training in fitted],
            validation,
            epochs,
        )
        networks = [self._kind.compact(network) for network in done.networks]
        held_out = [
            held.logits(network) for held, network in zip(validation, networks, strict=False)
        ]
        unlabeled = [
            logits_of(network, training.rows, self._material.unlabeled)
            for network, (_, training) in zip(networks, fitted, strict=True)
            if epochs is None
        ]
        return FitResult(
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
    ) -> tuple[Vectorizer, EncodedSplit]:
        """Fit a vectorizer to what a network is to learn, and give both."""
        material = self._material
        labels = np.full(len(self._indexed), np.nan)  # of rows that are not to be looked at
        labels[rows] = material.labels[rows]
        if soft_labels is not None:
            labels[material.unlabeled] = soft_labels
            rows = np.concatenate((rows, rows, material.unlabeled))
        times = np.bincount(rows, minlength=labels.size)
        vectorizer = self._kind.fit(self._indexed, labels, times, self._recipe, self._options)
        features = self._kind.encode(self._indexed, vectorizer)
        return vectorizer, EncodedSplit(features, rows, labels[rows])


def _soft(logits: Logits) -> NDArray[np.float64]:
    """Say how far reviews are positive, by a network that has seen none of them labelled."""
    return np.rint(sigmoid(logits) / _STEP) * _STEP
