"""Reviews → a trained model: split, choose, vectorize, fit, calibrate, decide."""

import hashlib
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

import numpy as np

from sentiment import __version__
from sentiment.features import Vectorizer
from sentiment.features.naming import name_features
from sentiment.model import SEEN_LIMIT, Calibration, Decision, Model, Network
from sentiment.reviews import LabelledReviews, stratified_split
from sentiment.training.backend import start_loading
from sentiment.training.decide import choose_threshold
from sentiment.training.fitting import Example, Fit, fit
from sentiment.training.options import Recipe, TrainingOptions
from sentiment.training.progress import Progress
from sentiment.training.recipe import choose_recipe

PHRASE_LIMIT = 2_000


def train(
    reviews: LabelledReviews,
    options: TrainingOptions,
    validation: LabelledReviews | None = None,
    progress: Progress | None = None,
) -> Model:
    """Train a model.

    Everything that looks at labels is fitted on the training rows; calibration and threshold are
    chosen on the held-out rows, which the network sees only to know when to stop.

    Args:
        reviews: training reviews of both classes.
        options: the user's choices.
        validation: held-out reviews; without them, a share of `reviews` is held out.
        progress: told about choices, batches and epochs.
    """
    progress = progress or Progress()
    start_loading()  # while we featurize
    training, validation = _split(reviews, validation, options)
    recipe = choose_recipe(training.texts, training.labels, options)
    progress.chosen(recipe, training, validation)
    vectorizer = Vectorizer.fit(
        training.texts,
        training.labels,
        recipe.ngrams,
        limit=options.features,
        min_count=recipe.min_count,
    )
    held_out = Example(vectorizer.transform(validation.texts), validation.labels)
    done = fit(
        Example(vectorizer.transform(training.texts), training.labels),
        held_out,
        options,
        recipe,
        progress,
    )
    first, *rest = done.network.layers
    network = Network((first.quantized(), *rest))
    logits = network.logits(held_out.rows)
    calibration = Calibration.fit(logits, held_out.labels)
    p_positive = calibration.probabilities(logits)
    threshold = choose_threshold(p_positive, held_out.labels, recipe.objective)
    accuracy = float(np.mean((p_positive >= threshold) == (held_out.labels == 1)))
    return Model(
        vectorizer=vectorizer,
        network=network,
        calibration=calibration,
        decision=Decision(threshold),
        history=tuple(asdict(epoch) for epoch in done.epochs),
        provenance=_provenance(training, validation, options, recipe, done, accuracy),
        seen=np.unique(np.concatenate((training.digest(), validation.digest())))[:SEEN_LIMIT],
        phrases=_phrases(vectorizer, network, training),
    )


def _split(
    reviews: LabelledReviews, validation: LabelledReviews | None, options: TrainingOptions
) -> tuple[LabelledReviews, LabelledReviews]:
    if validation is not None:
        return reviews, validation
    kept, held_out = stratified_split(
        reviews.labels, options.validation_share, options.seed, groups=reviews.digest()
    )
    return reviews.take(kept), reviews.take(held_out)


def _phrases(vectorizer: Vectorizer, network: Network, training: LabelledReviews) -> dict[int, str]:
    """Name the features that move a logit most: weight times the reach of the first layer."""
    reach = np.linalg.norm(network.layers[0].dense_kernel(), axis=1)
    influence = np.abs(vectorizer.weights) * reach
    top = np.argsort(-influence, kind="stable")[:PHRASE_LIMIT]
    return name_features(training.texts, vectorizer.ngrams, vectorizer.keys[top])


def _provenance(
    training: LabelledReviews,
    validation: LabelledReviews,
    options: TrainingOptions,
    recipe: Recipe,
    done: Fit,
    accuracy: float,
) -> dict[str, Any]:
    """Say where the model came from; nothing in it varies between two equal runs."""
    return {
        "training": _summary(training),
        "validation": _summary(validation) | {"accuracy": round(accuracy, 6)},
        "best_epoch": done.best_epoch,
        "options": asdict(options),
        "recipe": asdict(recipe),
        "versions": {"sentiment": __version__}
        | {package: version(package) for package in ("keras", "numpy", "tensorflow")},
    }


def _summary(reviews: LabelledReviews) -> dict[str, Any]:
    content = hashlib.blake2b(digest_size=16)
    content.update(reviews.digest().astype("<u8").tobytes())
    content.update(reviews.labels.astype(np.int8).tobytes())
    positive = int(reviews.labels.sum())
    return {
        "positive": positive,
        "negative": len(reviews.texts) - positive,
        "hash": content.hexdigest(),
    }
