"""The data of a training, and the encoders and networks fitted to its splits."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sentiment.errors import DataError
from sentiment.features.hashing import Hashes
from sentiment.labels import LabelSet
from sentiment.model.component import Encoder, Network, log_odds_of, probabilities_of
from sentiment.model.model import Model, Scores
from sentiment.model.provenance import DatasetSummary
from sentiment.reviews.cells import count_of_class
from sentiment.reviews.dataset import LabelledReviews, stratified_folds, stratified_split
from sentiment.storage import concatenate
from sentiment.training import ngrams
from sentiment.training.architectures import Architecture
from sentiment.training.decide import (
    EncodedSplit,
    Epoch,
    Floats,
    Numbers,
    in_blocks,
    logits_of,
    one_hot,
    spread_to_neighbors,
)
from sentiment.training.fitting import Fitter
from sentiment.training.options import (
    FOLDS,
    Hyperparameters,
    TrainingOptions,
    cross_validates,
    for_pseudo_labels,
)
from sentiment.training.run import Run
from sentiment.workers import Scorer, default_workers


class Split(NamedTuple):
    """The numbers of the reviews that a network fits, and of those it is evaluated on."""

    training: Numbers
    held_out: Numbers


@dataclass(frozen=True, eq=False)
class TrainingData:
    """All reviews, by number: labelled ones first, then those without labels.

    Attributes:
        texts: all reviews, [n].
        labels: from 0 to K − 1, [labelled].
        weights: how much each labelled review counts, float64 [labelled].
        digests: hashes of the labelled texts, uint64 [labelled].
        splits: one if a share is held out; in cross-validation one for each fold, and a last one
            that fits all.
        unlabeled: numbers of the reviews without labels.
        label_set: the classes.
    """

    texts: Sequence[str]
    labels: NDArray[np.integer]
    weights: Floats
    digests: Hashes
    splits: Sequence[Split]
    unlabeled: Numbers
    label_set: LabelSet

    @classmethod
    def gather(
        cls,
        reviews: LabelledReviews,
        validation: LabelledReviews | None,
        unlabeled: Sequence[str],
        options: TrainingOptions,
    ) -> "TrainingData":
        """Join all reviews, and split them unless there is a validation set.

        Raises:
            DataError: there are too few different reviews to hold some out.
        """
        texts, labels, digests = reviews.texts, reviews.labels, reviews.digest()
        weights = reviews.weights
        if validation is not None:
            texts = concatenate(texts, validation.texts)
            labels = np.concatenate((labels, validation.labels))
            weights = np.concatenate((weights, validation.weights))
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
        held_out = np.concatenate([split.held_out for split in splits])
        if any(
            len(set(labels[rows].tolist())) < len(reviews.label_set)
            for rows in [*(split.training for split in splits), held_out]
        ):
            counts = ", ".join(
                count_of_class(np.unique(digests[labels == label]).size, name)
                for label, name in reversed([*enumerate(reviews.label_set.names)])
            )
            raise DataError(
                f"too few different reviews to hold some of each label out: {counts}; give more, "
                "or --validation"
            )
        numbers = np.arange(labels.size, labels.size + len(unlabeled))
        every = concatenate(texts, unlabeled)
        return cls(every, labels, weights, digests, splits, numbers, reviews.label_set)

    @property
    def cross_validated(self) -> bool:
        """Whether each review is held out from one network, and the last fits all."""
        return len(self.splits) > 1

    @property
    def is_weighted(self) -> bool:
        """Whether some labelled review counts more than another."""
        return bool((self.weights != 1).any())

    @property
    def training(self) -> Numbers:
        """Numbers of the reviews that the last network fits."""
        return self.splits[-1].training

    @property
    def held_out(self) -> Numbers:
        """Numbers of the held-out reviews, in the order of the splits."""
        return np.concatenate([split.held_out for split in self.splits])

    def texts_of(self, rows: Numbers) -> list[str]:
        """Return the reviews with these numbers."""
        return [self.texts[row] for row in rows.tolist()]

    def sample(self, rows: Numbers, size: int = 1_000) -> list[str]:
        """Return about `size` of these reviews, evenly spaced."""
        return self.texts_of(rows[:: max(rows.size // size, 1)])

    def log_odds(self, base: Model, rows: Numbers) -> Floats:
        """Return the log-odds that a model gives these reviews, [rows, K − 1]."""
        if not base.reads_pieces:
            return np.concatenate([base.log_odds(self.texts_of(some)) for some in in_blocks(rows)])
        with Scorer(base, default_workers()) as scorer:
            scored = scorer.scored(in_blocks(rows), self.texts_of, lambda: False)
            return log_odds_of(Scores.joined(scores for _, scores in scored).probabilities)

    def new_to(self, base: Model, rows: Numbers) -> Numbers:
        """Return the places in `rows` of the reviews that a base can be evaluated on.

        None if the base knows the set, or if all that is new to it has the same label.
        """
        hashes = base.record.training_hashes
        digests = np.concatenate([hashes.digests(self.texts_of(some)) for some in in_blocks(rows)])
        new = np.flatnonzero(hashes.new(digests))
        classes = set(self.labels[rows[new]].tolist())
        if hashes.is_known_set(digests) or len(classes) < len(self.label_set):
            return new[:0]
        return new

    def identity(self) -> str:
        """Return a hash of texts, labels and splits, hexadecimal."""
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
        if self.is_weighted:
            content.update(self.weights.astype("<f8").tobytes())
        return content.hexdigest()

    def counts(self, rows: Numbers) -> dict[str, int]:
        """Return the number of labelled reviews of each class, by its name."""
        found = np.bincount(self.labels[rows], minlength=len(self.label_set)).tolist()
        return dict(zip(self.label_set.names, found, strict=True))

    def summary(self, rows: Numbers) -> DatasetSummary:
        """Return the counts and the hash of labelled reviews."""
        labels = self.labels[rows]
        content = hashlib.blake2b(digest_size=16)
        content.update(self.digests[rows].astype("<u8").tobytes())
        content.update(labels.astype(np.int8).tobytes())
        return DatasetSummary(self.counts(rows), content.hexdigest())


# The maximum number of rounds of pseudo-labels.
ROUNDS = 3

# Held-out reviews to choose the least coverage by, and the share that may remain unanswered.
_COVERAGE_SAMPLE, _UNANSWERED = 500, 0.005

# Pseudo-labels are multiples of this, so that sums of them are exact in any order.
_STEP = 2.0**-20


@dataclass(frozen=True)
class FitResult:
    """What was fitted to some splits, with weights as in the model file.

    Attributes:
        encoder, network: fitted to the last split.
        first: the encoder fitted to the first split, without its held-out reviews.
        epochs, best_epoch: of the fit.
        held_out: logits of the held-out reviews, each by the network not fitted on it, in the order
            of `TrainingData.held_out`; empty after a fit for a given number of epochs.
        unlabeled: logits of the unlabeled reviews by each network, [networks, unlabeled, K − 1].
        pseudo_labels: the probabilities used as labels of the unlabeled reviews, [networks,
            unlabeled, K]; None if unused.
    """

    encoder: Encoder
    network: Network
    first: Encoder
    epochs: list[Epoch]
    best_epoch: int
    held_out: Floats
    unlabeled: Floats
    pseudo_labels: Floats | None

    @property
    def loss(self) -> float:
        """The lowest validation loss."""
        return min(epoch.validation_loss for epoch in self.epochs)


def _pseudo_labels(logits: Floats) -> Floats:
    """Return probabilities of logits, [..., K − 1] → [..., K], in steps whose sums are exact."""
    every = probabilities_of(logits.reshape(-1, logits.shape[-1]))
    others = np.rint(every[:, 1:] / _STEP) * _STEP
    first = np.maximum(1 - others.sum(axis=1, keepdims=True), 0.0)
    return np.concatenate((first, others), axis=1).reshape(*logits.shape[:-1], -1)


class Learner:
    """The fits of one training."""

    def __init__(
        self,
        data: TrainingData,
        options: TrainingOptions,
        recipe: Hyperparameters,
        run: Run,
        kind: Architecture = ngrams,
        numbers: Iterator[int] | None = None,
    ) -> None:
        """Index all reviews, once; the arguments are those of a `Fitter`, and the data."""
        self._data = data
        self._options = options
        self._recipe = recipe
        self._progress = run.progress
        self._kind = kind
        indexed = recipe.for_weighted_texts() if data.is_weighted else recipe
        self._indexed = kind.index(data.texts, indexed, run)
        self._fitter = Fitter(options, run, kind, numbers)

    def fit_splits(self) -> FitResult:
        """Fit the splits, with pseudo-labels as long as they help.

        Self-training with soft labels (Yarowsky, 1995; Xie et al., CVPR 2020): the best model so
        far labels the unlabeled reviews, and a round is kept if it lowers the held-out loss.
        """
        best = self._fit(self._data.splits, None, None)
        count = self._data.unlabeled.size
        for number in range(1, ROUNDS + 1 if count else 1):
            self._progress.unlabeled(number, count)
            candidate = self._fit(self._data.splits, _pseudo_labels(best.unlabeled), None)
            better = candidate.loss < best.loss
            self._progress.judged(better, candidate.loss, best.loss)
            if not better:
                break
            best = candidate
        return best

    def refit(self, selected: FitResult) -> FitResult:
        """Fit all labelled reviews as `fit_splits` did, for as many epochs.

        In cross-validation that was done already.
        """
        if self._data.cross_validated:
            return selected
        everything = np.arange(self._data.labels.size)
        split = Split(everything, everything[:0])
        return self._fit([split], selected.pseudo_labels, selected.best_epoch)

    def phrases(self, fit: FitResult) -> dict[int, str]:
        """Return the text of the most influential features, by key."""
        return self._kind.phrases(self._indexed, self._data.texts_of, fit.encoder, fit.network)

    def logits(self, fit: FitResult, rows: Numbers) -> Floats:
        """Return the logits that a fit gives some reviews, [rows, K − 1]."""
        texts_of = self._data.texts_of
        return self._kind.logits(self._indexed, texts_of, fit.encoder, fit.network, rows)

    def min_coverage(self, fit: FitResult) -> float:
        """Return the coverage that nearly all held-out reviews have, or the usual least, if lower.

        Args:
            fit: to the splits, which did not see the first held-out reviews.
        """
        some = self._data.sample(self._data.splits[0].held_out, _COVERAGE_SAMPLE)
        shares = fit.first.coverage(some)
        least = np.quantile(shares[~np.isnan(shares)], _UNANSWERED, method="lower")
        return min(float(least), self._kind.least_known)

    def _fit(
        self, splits: Sequence[Split], pseudo_labels: Floats | None, epochs: int | None
    ) -> FitResult:
        """Fit an encoder and a network to each split, all networks side by side.

        Args:
            splits: with pseudo-labels, labelled reviews count twice, since they are certain.
            pseudo_labels: of the unlabeled reviews for each network, [splits, unlabeled, K]; None
                leaves these out.
            epochs: how many; None to select by the held-out rows.
        """
        of_each = [None] * len(splits) if pseudo_labels is None else list(pseudo_labels)
        fitted = [
            self._fit_encoder(split.training, labels)
            for split, labels in zip(splits, of_each, strict=True)
        ]
        labels, classes = self._data.labels, len(self._data.label_set)
        validation = [
            EncodedSplit(
                training.rows,
                split.held_out,
                one_hot(labels[split.held_out], classes),
                self._data.weights[split.held_out],
            )
            for (_, training), split in zip(fitted, splits, strict=True)
            if split.held_out.size and epochs is None
        ]
        done = self._fitter.fit(
            self._recipe if pseudo_labels is None else for_pseudo_labels(self._recipe),
            [training for _, training in fitted],
            validation,
            epochs,
        )
        networks = [self._kind.compact(network) for network in done.networks]
        held_out = [
            split.logits(network) for split, network in zip(validation, networks, strict=False)
        ]
        unlabeled = [
            logits_of(network, training.rows, self._data.unlabeled)
            for network, (_, training) in zip(networks, fitted, strict=True)
            if epochs is None
        ]
        parts = (self._kind.parts_of(fitted[place][0], networks[place]) for place in (-1, 0))
        (encoder, network), (first, _) = parts
        return FitResult(
            encoder,
            network,
            first,
            done.epochs,
            done.best_epoch,
            np.concatenate([np.zeros((0, classes - 1)), *held_out]),
            np.array(unlabeled),
            pseudo_labels,
        )

    def _fit_encoder(self, rows: Numbers, pseudo_labels: Floats | None) -> tuple[Any, EncodedSplit]:
        """Fit an encoder to the reviews that a network is to fit; return it, and these reviews."""
        data = self._data
        classes = len(data.label_set)
        targets = np.full((len(self._indexed), classes), np.nan)  # of the rows that do not count
        targets[rows] = one_hot(data.labels[rows], classes)
        if pseudo_labels is not None:
            targets[data.unlabeled] = pseudo_labels
            rows = np.concatenate((rows, rows, data.unlabeled))
        own = np.concatenate((data.weights, np.ones(data.unlabeled.size)))
        weight = np.bincount(rows, minlength=len(targets)) * own
        indexed, recipe, options = self._indexed, self._recipe, self._options
        encoder = self._kind.fit_encoder(indexed, targets, weight, recipe, options)
        encoded, fitted = self._kind.encode(indexed, encoder), targets[rows]
        if data.label_set.ordered and not data.label_set.is_binary:
            fitted = spread_to_neighbors(fitted)
        return encoder, EncodedSplit(encoded, rows, fitted, own[rows])
