"""Reviews → a trained model: hold out, choose, fit, calibrate, decide, fit all."""

from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version

import numpy as np

from sentiment import __version__
from sentiment.features.hashing import Hashes
from sentiment.model import SEEN_LIMIT, Calibration, Decision, Model, Provenance
from sentiment.reviews import LabelledReviews
from sentiment.training.backend import start_loading
from sentiment.training.decide import choose_threshold, enough_to_choose
from sentiment.training.learner import Learner, Trained
from sentiment.training.material import Material
from sentiment.training.options import TrainingOptions
from sentiment.training.progress import Progress
from sentiment.training.recipe import choose_recipe

PHRASE_LIMIT = 2_000


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
    material = Material.gather(reviews, validation, unlabeled, options)
    labels, held_out = material.labels[material.training], material.labels[material.held_out]
    recipe = choose_recipe(material.texts_of(material.training), labels, options)
    progress.chosen(recipe, labels, held_out)
    learner = Learner(material, options, recipe, progress)
    trial = learner.trial()
    enough = enough_to_choose(held_out)
    calibration = Calibration.fit(trial.held_out, held_out) if enough else Calibration()
    p_positive = calibration.probabilities(trial.held_out)
    threshold = choose_threshold(p_positive, held_out, recipe.objective)
    final = trial
    if validation is None and options.refit:
        progress.refitting(len(reviews), trial.best_epoch)
        final = learner.refit(trial)
    learned = unlabeled if trial.soft_labels is not None else ()
    return Model(
        vectorizer=final.vectorizer,
        network=final.network,
        calibration=calibration,
        decision=Decision(threshold),
        history=tuple(asdict(epoch) for epoch in trial.epochs),
        provenance=Provenance(
            training=material.about(material.training),
            validation=material.about(material.held_out),
            accuracy=float(np.mean((p_positive >= threshold) == (held_out == 1))),
            best_epoch=trial.best_epoch,
            calibrated=enough,
            refitted=final is not trial,
            unlabeled=len(learned),
            options=asdict(options),
            recipe=asdict(recipe),
            versions=_versions(),
        ),
        seen=_seen(material, learned),
        phrases=_phrases(final, learner),
    )


def _seen(material: Material, learned: Sequence[str]) -> Hashes:
    """Remember labelled reviews, and those without labels that were learned from."""
    more = LabelledReviews(list(learned), np.zeros(len(learned), np.int8)).digest()
    return np.unique(np.concatenate((material.digests, more)))[:SEEN_LIMIT]


def _phrases(final: Trained, learner: Learner) -> dict[int, str]:
    """Name the features that move a logit most: weight times the reach of the first layer."""
    reach = np.linalg.norm(final.network.layers[0].dense_kernel(), axis=1)
    influence = np.abs(final.vectorizer.weights) * reach
    top = np.argsort(-influence, kind="stable")[:PHRASE_LIMIT]
    return learner.names_of(final.vectorizer.keys[top])


def _versions() -> dict[str, str]:
    packages = ("keras", "numpy", "tensorflow")
    return {"sentiment": __version__} | {package: version(package) for package in packages}
