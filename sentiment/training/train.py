"""Reviews → a trained model: split, choose, vectorize, fit, calibrate, decide."""

import hashlib
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version

import numpy as np

from sentiment import __version__
from sentiment.errors import DataError
from sentiment.features import Vectorizer
from sentiment.features.hashing import Hashes
from sentiment.features.naming import name_features
from sentiment.model import SEEN_LIMIT, Calibration, Decision, Model, Network, Provenance, Rows
from sentiment.reviews import LabelledReviews, stratified_split
from sentiment.training.backend import start_loading
from sentiment.training.decide import choose_threshold, enough_to_choose
from sentiment.training.fitting import Example, fit
from sentiment.training.options import Recipe, TrainingOptions
from sentiment.training.progress import Epoch, Progress
from sentiment.training.recipe import choose_recipe

PHRASE_LIMIT = 2_000


def train(
    reviews: LabelledReviews,
    options: TrainingOptions,
    validation: LabelledReviews | None = None,
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
    trial = _fit(training, held_out, options, recipe, progress)
    logits = trial.network.logits(trial.vectorizer.transform(held_out.texts))
    enough = enough_to_choose(held_out.labels)
    calibration = Calibration.fit(logits, held_out.labels) if enough else Calibration()
    p_positive = calibration.probabilities(logits)
    threshold = choose_threshold(p_positive, held_out.labels, recipe.objective)
    final = trial
    if validation is None and options.refit:
        progress.refitting(len(reviews), trial.best_epoch)
        final = _fit(reviews, None, options, replace(recipe, epochs=trial.best_epoch), progress)
    digests = training.digest(), held_out.digest()
    return Model(
        vectorizer=final.vectorizer,
        network=final.network,
        calibration=calibration,
        decision=Decision(threshold),
        history=tuple(asdict(epoch) for epoch in trial.epochs),
        provenance=Provenance(
            training=_rows(training, digests[0]),
            validation=_rows(held_out, digests[1]),
            accuracy=float(np.mean((p_positive >= threshold) == (held_out.labels == 1))),
            best_epoch=trial.best_epoch,
            calibrated=enough,
            refitted=final is not trial,
            options=asdict(options),
            recipe=asdict(recipe),
            versions=_versions(),
        ),
        seen=np.unique(np.concatenate(digests))[:SEEN_LIMIT],
        phrases=_phrases(final.vectorizer, final.network, training),
    )


@dataclass(frozen=True)
class _Trained:
    """Everything that is fitted to one set of reviews, the weights as the model file has them."""

    vectorizer: Vectorizer
    network: Network
    epochs: list[Epoch]
    best_epoch: int


def _fit(
    training: LabelledReviews,
    held_out: LabelledReviews | None,
    options: TrainingOptions,
    recipe: Recipe,
    progress: Progress,
) -> _Trained:
    """Fit vectorizer and network to training reviews; held-out ones only say when to stop."""
    vectorizer = Vectorizer.fit(
        training.texts,
        training.labels,
        recipe.ngrams,
        limit=options.features,
        min_count=recipe.min_count,
    )
    rows = Example(vectorizer.transform(training.texts), training.labels)
    stop_by = None
    if held_out is not None:
        stop_by = Example(vectorizer.transform(held_out.texts), held_out.labels)
    done = fit(rows, stop_by, options, recipe, progress)
    first, *rest = done.network.layers
    network = Network((first.quantized(), *rest))
    return _Trained(vectorizer, network, done.epochs, done.best_epoch)


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


def _rows(reviews: LabelledReviews, digest: Hashes) -> Rows:
    content = hashlib.blake2b(digest_size=16)
    content.update(digest.astype("<u8").tobytes())
    content.update(reviews.labels.astype(np.int8).tobytes())
    positive = int(reviews.labels.sum())
    return Rows(positive, len(reviews) - positive, content.hexdigest())


def _versions() -> dict[str, str]:
    packages = ("keras", "numpy", "tensorflow")
    return {"sentiment": __version__} | {package: version(package) for package in packages}
