"""Reviews → a trained model: hold out, choose, fit, calibrate, decide, fit all."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version

import numpy as np
from numpy.typing import NDArray

from sentiment import __version__
from sentiment.errors import DataError
from sentiment.features.hashing import Hashes, among
from sentiment.features.known import known_shares
from sentiment.model import (
    LEAST_KNOWN,
    Base,
    Calibration,
    Decision,
    Model,
    Provenance,
    remembered,
)
from sentiment.model.calibration import sigmoid
from sentiment.model.influence import most_influential
from sentiment.reviews import LabelledReviews, digests_of
from sentiment.training.backend import start_loading
from sentiment.training.checkpoint import Checkpoint
from sentiment.training.decide import choose_threshold, enough_to_choose
from sentiment.training.learner import Learner, Trained
from sentiment.training.material import Material, Numbers, in_blocks
from sentiment.training.options import TrainingOptions
from sentiment.training.progress import Progress
from sentiment.training.recipe import choose_recipe
from sentiment.training.run import Run
from sentiment.training.stacking import Stack

PHRASE_LIMIT = 2_000

# With fewer reviews a base and what is new are weighed on all of them, held out in turns.
FEW_TO_TUNE = 5_000
FOLDS = 5

# How many held-out reviews tell how many words are known; and how few may be left unanswered.
_ENOUGH_TO_ASK = 500
_FEW_ASKED = 0.005


def train(
    reviews: LabelledReviews,
    options: TrainingOptions,
    validation: LabelledReviews | None = None,
    unlabeled: Sequence[str] = (),
    base: Model | None = None,
    run: Run | None = None,
) -> Model:
    """Train a model.

    A first network is fitted on the training rows alone; the held-out rows say when to stop, and
    calibration and threshold are chosen on them. Then vectorizer and network are fitted once more,
    for as many epochs, on all rows; calibration and threshold stay.

    With a base, held-out rows also say how much the new network counts beside it. Where rows are
    few, all of them are held out in turns for that.

    Args:
        reviews: training reviews of both classes.
        options: the user's choices.
        validation: held-out reviews, which are never fitted on; without them, a share of `reviews`
            is held out.
        unlabeled: more reviews of the same kind, without labels.
        base: a model to stand on; without it, the new network answers alone. Where texts are not
            to be repaired, it does not repair them either.
        run: who is told, what is written down on the way, and how much memory there is.

    Raises:
        DataError: there are too few different reviews to hold some out, the base was made with
            nearly all of them, or the checkpoint is of others.
        UsageError: the training diverged, or the checkpoint is of one with other options.
    """
    run = run or Run()
    progress = run.progress
    start_loading()  # while we featurize
    if base is not None and not options.repair:
        base = base.repairing(False)
    in_turns = base is not None and holds_out_in_turns(reviews, options, validation)
    material = Material.gather(reviews, validation, unlabeled, options)
    if in_turns:
        material = material.without_held_out()
    if run.checkpoint is not None:
        _resume(run.checkpoint, material, options, progress, in_turns=in_turns)
    labels, held_out = material.labels[material.training], material.labels[material.held_out]
    recipe = choose_recipe(material.some_of(material.training), labels, options)
    progress.chosen(recipe, labels, held_out)
    learner = Learner(material, options, recipe, run)
    trial = learner.trial_in_turns(FOLDS) if in_turns else learner.trial()
    verdict = _judge(trial, material, base, progress)
    threshold = choose_threshold(verdict.p_positive, verdict.labels, recipe.objective)
    final = trial
    if validation is None and options.refit:
        progress.refitting(len(reviews), trial.best_epoch)
        final = learner.refit(trial)
    learned = unlabeled if trial.soft_labels is not None else ()
    return Model(
        vectorizer=final.vectorizer,
        network=final.network,
        calibration=verdict.calibration,
        decision=Decision(threshold),
        history=tuple(asdict(epoch) for epoch in trial.epochs),
        provenance=Provenance(
            training=material.about(material.training),
            validation=material.about(verdict.judged),
            accuracy=float(np.mean((verdict.p_positive >= threshold) == (verdict.labels == 1))),
            best_epoch=trial.best_epoch,
            calibrated=verdict.enough,
            refitted=final is not trial,
            in_turns=in_turns,
            unlabeled=len(learned),
            options=asdict(options),
            recipe=asdict(recipe),
            versions=_versions(),
        ),
        seen=_seen(material, learned, base),
        phrases=_phrases(final, learner),
        base=verdict.base,
        least_known=_least_known(trial, material),
    )


def holds_out_in_turns(
    reviews: LabelledReviews, options: TrainingOptions, validation: LabelledReviews | None
) -> bool:
    """Whether a training with a base holds out every review in its turn: where they are few.

    Then nothing else is held out, nor does a training stop early. Without a last fit on all rows
    it cannot: of many networks none is the model.
    """
    return validation is None and len(reviews) < FEW_TO_TUNE and options.refit


def _resume(
    checkpoint: Checkpoint,
    material: Material,
    options: TrainingOptions,
    progress: Progress,
    *,
    in_turns: bool,
) -> None:
    """Go on from what a checkpoint holds, if that is of the same training."""
    # Which base there is changes no network, only that all reviews are held out in turns for one.
    choices = asdict(options) | _versions() | {"base": in_turns or None}
    network, epoch = checkpoint.begin(material.identity(), choices)
    if checkpoint.resuming:
        progress.resumed(network, epoch)


@dataclass(frozen=True)
class _Verdict:
    """What held-out reviews say of a trial.

    Attributes:
        judged: which these are, int64 [n]: held out, and not known to the base.
        labels: theirs, 0 or 1, int8 [n].
        enough: whether there are enough to calibrate on.
        calibration: of the network.
        base: what it stands on, if anything, with its weight.
        p_positive: what they are answered, float64 [n].
    """

    judged: NDArray[np.int64]
    labels: NDArray[np.int8]
    enough: bool
    calibration: Calibration
    base: Base | None
    p_positive: NDArray[np.float64]


def _judge(trial: Trained, material: Material, base: Model | None, progress: Progress) -> _Verdict:
    labels = material.labels[trial.judged]
    enough = enough_to_choose(labels)
    if base is None:
        alone = Calibration.fit(trial.held_out, labels) if enough else Calibration()
        p_positive = alone.probabilities(trial.held_out)
        return _Verdict(trial.judged, labels, enough, alone, None, p_positive)
    # Of reviews that it was made with, the base knows too well.
    new = np.flatnonzero(~among(material.digests[trial.judged], base.seen))
    judged, labels, logits = trial.judged[new], labels[new], trial.held_out[new]
    if len(set(labels.tolist())) < 2:
        raise DataError(
            f"the base was made with {trial.judged.size - new.size:,} of these "
            f"{trial.judged.size:,} reviews, which leaves too few to judge by: give others, or "
            "train without --base"
        )
    of_base = _log_odds_of(base, material, judged)
    stack = Stack.fit(logits, of_base, labels)
    together = stack.log_odds(logits, of_base)
    base_right, alone_right, both_right = (
        float(np.mean((log_odds >= 0) == (labels == 1))) for log_odds in (of_base, logits, together)
    )
    progress.stacked(labels.size, base_right, alone_right, both_right)
    stood_on = Base(base, stack.weight)
    return _Verdict(judged, labels, True, stack.calibration, stood_on, sigmoid(together))


def _log_odds_of(base: Model, material: Material, rows: Numbers) -> NDArray[np.float64]:
    """Ask the base, some reviews at a time."""
    return np.concatenate([base.log_odds(material.texts_of(some)) for some in in_blocks(rows)])


def _seen(material: Material, learned: Sequence[str], base: Model | None) -> Hashes:
    """Remember labelled reviews, those without labels that were learned from, and the base's."""
    more = digests_of(learned)
    of_base = [] if base is None else [base.seen]
    return remembered(material.digests, more, *of_base)


def _least_known(trial: Trained, material: Material) -> float:
    """Ask for no more known words than nearly all held-out reviews have, however few features."""
    shares = known_shares(material.some_of(trial.judged, _ENOUGH_TO_ASK), trial.vectorizer)
    least = np.quantile(shares[~np.isnan(shares)], _FEW_ASKED, method="lower")
    return min(float(least), LEAST_KNOWN)


def _phrases(final: Trained, learner: Learner) -> dict[int, str]:
    return learner.names_of(most_influential(final.vectorizer, final.network, PHRASE_LIMIT))


def _versions() -> dict[str, str]:
    packages = ("keras", "numpy", "tensorflow")
    return {"sentiment": __version__} | {package: version(package) for package in packages}
