"""Reviews → a trained model: split, choose, vectorize, fit, calibrate, decide."""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version

import numpy as np
from numpy.typing import NDArray

from sentiment import __version__
from sentiment.errors import DataError
from sentiment.features import Vectorizer
from sentiment.features.hashing import Hashes
from sentiment.features.naming import name_features
from sentiment.model import SEEN_LIMIT, Calibration, Decision, Model, Network, Provenance, Rows
from sentiment.model.calibration import sigmoid
from sentiment.reviews import LabelledReviews, stratified_split
from sentiment.training.backend import start_loading
from sentiment.training.decide import choose_threshold, enough_to_choose
from sentiment.training.fitting import Example, fit
from sentiment.training.options import Recipe, TrainingOptions
from sentiment.training.progress import Epoch, Progress
from sentiment.training.recipe import choose_recipe

PHRASE_LIMIT = 2_000
# Rounds of learning from unlabeled reviews, at the most.
ROUNDS = 3


def train(
    reviews: LabelledReviews,
    options: TrainingOptions,
    validation: LabelledReviews | None = None,
    unlabeled: Sequence[str] = (),
    progress: Progress | None = None,
) -> Model:
    """Train a model.

    A first network is fitted on the training rows alone; the held-out rows say when to stop, and
    calibration and threshold are chosen on them. Then vectorizer and network are fitted once more,
    for as many epochs, on all rows; calibration and threshold stay.

    Args:
        reviews: training reviews of both classes.
        options: the user's choices.
        validation: held-out reviews, which are never fitted on; without them, a share of `reviews`
            is held out.
        unlabeled: more reviews of the same kind, without labels.
        progress: told about choices, batches and epochs.

    Raises:
        DataError: there are too few different reviews to hold some out.
        UsageError: the training diverged.
    """
    progress = progress or Progress()
    start_loading()  # while we featurize
    training, held_out = _split(reviews, validation, options)
    recipe = choose_recipe(training.texts, training.labels, options)
    progress.chosen(recipe, training, held_out)
    run = _Run(options, recipe, progress, held_out, unlabeled)
    trial = run.with_unlabeled(training, run.fit(_Rows(training.texts, training.labels)))
    enough = enough_to_choose(held_out.labels)
    calibration = Calibration.fit(trial.logits, held_out.labels) if enough else Calibration()
    p_positive = calibration.probabilities(trial.logits)
    threshold = choose_threshold(p_positive, held_out.labels, recipe.objective)
    final = trial
    if validation is None and options.refit:
        progress.refitting(len(reviews), trial.best_epoch)
        final = run.refit(reviews, trial)
    digests = training.digest(), held_out.digest()
    return Model(
        vectorizer=final.vectorizer,
        network=final.network,
        calibration=calibration,
        decision=Decision(threshold),
        history=tuple(asdict(epoch) for epoch in trial.epochs),
        provenance=Provenance(
            training=_about(training, digests[0]),
            validation=_about(held_out, digests[1]),
            accuracy=float(np.mean((p_positive >= threshold) == (held_out.labels == 1))),
            best_epoch=trial.best_epoch,
            calibrated=enough,
            refitted=final is not trial,
            unlabeled=len(unlabeled) if trial.soft_labels is not None else 0,
            options=asdict(options),
            recipe=asdict(recipe),
            versions=_versions(),
        ),
        seen=np.unique(np.concatenate(digests))[:SEEN_LIMIT],
        phrases=_phrases(final.vectorizer, final.network, training),
    )


@dataclass(frozen=True)
class _Rows:
    """What is fitted: texts, and how far each is positive."""

    texts: Sequence[str]
    labels: NDArray[np.integer] | NDArray[np.floating]


@dataclass(frozen=True)
class _Trained:
    """Everything that is fitted to one set of rows, the weights as the model file has them.

    Attributes:
        vectorizer, network: what was fitted.
        epochs, best_epoch: how it went.
        logits: of the held-out rows.
        soft_labels: how far each unlabeled review was taken to be positive; None if none was used.
    """

    vectorizer: Vectorizer
    network: Network
    epochs: list[Epoch]
    best_epoch: int
    logits: NDArray[np.float64]
    soft_labels: NDArray[np.float64] | None

    @property
    def loss(self) -> float:
        """The best validation loss."""
        return min(epoch.validation_loss for epoch in self.epochs)


@dataclass(frozen=True)
class _Run:
    """One training: what stays the same from fit to fit."""

    options: TrainingOptions
    recipe: Recipe
    progress: Progress
    held_out: LabelledReviews
    unlabeled: Sequence[str]

    def fit(
        self,
        rows: _Rows,
        soft_labels: NDArray[np.float64] | None = None,
        epochs: int | None = None,
    ) -> _Trained:
        """Fit vectorizer and network to rows; the held-out ones only say when to stop.

        Args:
            rows: what to fit.
            soft_labels: those of the unlabeled reviews among the rows, to remember.
            epochs: how many to run; None to stop by the held-out rows.
        """
        vectorizer = Vectorizer.fit(
            rows.texts,
            rows.labels,
            self.recipe.ngrams,
            limit=self.options.features,
            min_count=self.recipe.min_count,
        )
        held_out = Example(vectorizer.transform(self.held_out.texts), self.held_out.labels)
        done = fit(
            Example(vectorizer.transform(rows.texts), rows.labels),
            held_out if epochs is None else None,
            self.options,
            self.recipe,
            self.progress,
            epochs,
        )
        first, *rest = done.network.layers
        network = Network((first.quantized(), *rest))
        logits = network.logits(held_out.rows)
        return _Trained(vectorizer, network, done.epochs, done.best_epoch, logits, soft_labels)

    def with_unlabeled(self, training: LabelledReviews, best: _Trained) -> _Trained:
        """Learn from unlabeled reviews what the best model yet says of them, while that helps.

        Self-training with soft labels (Yarowsky, 1995; Xie et al., CVPR 2020): each round fits the
        labelled reviews and the unlabeled ones, and is kept if the held-out loss is lower for it.
        """
        for number in range(1, ROUNDS + 1 if self.unlabeled else 1):
            rows = best.vectorizer.transform(self.unlabeled)
            soft_labels = sigmoid(best.network.logits(rows))
            self.progress.unlabeled(number, len(self.unlabeled))
            candidate = self.fit(self._mixed(training, soft_labels), soft_labels)
            better = candidate.loss < best.loss
            self.progress.judged(better, candidate.loss, best.loss)
            if not better:
                break
            best = candidate
        return best

    def refit(self, reviews: LabelledReviews, trial: _Trained) -> _Trained:
        """Fit all reviews the way the trial was fitted, for as many epochs."""
        rows = _Rows(reviews.texts, reviews.labels)
        if trial.soft_labels is not None:
            rows = self._mixed(reviews, trial.soft_labels)
        return self.fit(rows, trial.soft_labels, epochs=trial.best_epoch)

    def _mixed(self, labelled: LabelledReviews, soft_labels: NDArray[np.float64]) -> _Rows:
        """Labelled reviews, counted twice for being certain, and unlabeled ones."""
        certain = labelled.labels.astype(np.float64)
        labels = np.concatenate((certain, certain, soft_labels))
        return _Rows([*labelled.texts, *labelled.texts, *self.unlabeled], labels)


def _split(
    reviews: LabelledReviews, validation: LabelledReviews | None, options: TrainingOptions
) -> tuple[LabelledReviews, LabelledReviews]:
    if validation is not None:
        return reviews, validation
    kept, held_out = stratified_split(
        reviews.labels, options.validation_share, options.seed, groups=reviews.digest()
    )
    training, validation = reviews.take(kept), reviews.take(held_out)
    if any(len(set(part.labels.tolist())) < 2 for part in (training, validation)):
        raise DataError(
            "too few different reviews to hold some of each label out: give more, or --validation"
        )
    return training, validation


def _phrases(vectorizer: Vectorizer, network: Network, training: LabelledReviews) -> dict[int, str]:
    """Name the features that move a logit most: weight times the reach of the first layer."""
    reach = np.linalg.norm(network.layers[0].dense_kernel(), axis=1)
    influence = np.abs(vectorizer.weights) * reach
    top = np.argsort(-influence, kind="stable")[:PHRASE_LIMIT]
    return name_features(training.texts, vectorizer.ngrams, vectorizer.keys[top])


def _about(reviews: LabelledReviews, digest: Hashes) -> Rows:
    content = hashlib.blake2b(digest_size=16)
    content.update(digest.astype("<u8").tobytes())
    content.update(reviews.labels.astype(np.int8).tobytes())
    positive = int(reviews.labels.sum())
    return Rows(positive, len(reviews) - positive, content.hexdigest())


def _versions() -> dict[str, str]:
    packages = ("keras", "numpy", "tensorflow")
    return {"sentiment": __version__} | {package: version(package) for package in packages}
