"""Reviews → a trained model: hold out, choose, fit, calibrate, decide, fit all."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment import __version__
from sentiment.model.attribution import most_influential
from sentiment.model.component import Calibration, Component, sigmoid
from sentiment.model.coverage import LEAST_KNOWN, known_shares
from sentiment.model.model import Decision, Model, Record
from sentiment.model.provenance import Provenance, Right, Seen
from sentiment.reviews.dataset import LabelledReviews
from sentiment.training.architectures import ARCHITECTURES
from sentiment.training.backend import start_loading
from sentiment.training.decide import (
    ASKED,
    FEW_ENOUGH,
    Stack,
    choose_threshold,
    enough_to_choose,
    gain_of,
)
from sentiment.training.learner import FitResult, Learner, Numbers, TrainingData
from sentiment.training.network import in_blocks
from sentiment.training.options import Objective, TrainingOptions
from sentiment.training.run import Checkpoint, Progress, Run

PHRASE_LIMIT = 2_000

# How many held-out reviews tell how many words are known; and how few may be left unanswered.
_ENOUGH_TO_ASK = 500
# How many of them tell whether the last network fits what was chosen.
_ENOUGH_TO_FIT = 1_000
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
    for as many epochs, on all rows; calibration and threshold stay. With a base, held-out rows also
    say how much the new network counts beside it.

    Fewer than 5,000 rows are all held out, by 5-fold cross-validation: the networks of the folds
    and the one that fits all rows train side by side, and the out-of-fold answers of the former
    choose the epoch, calibration and threshold of the latter (as `CalibratedClassifierCV` of
    scikit-learn with `ensemble=False`).

    Args:
        reviews: training reviews of both classes.
        options: the user's choices.
        validation: held-out reviews, which are never fitted on; without them, a share of `reviews`
            is held out.
        unlabeled: more reviews of the same kind, without labels.
        base: a model to stand on; without it, the new network answers alone. Where texts are not
            to be repaired, it does not repair them either.
        run: who is told, what is written down on the way, and how much memory there is.

    A base that was made with these reviews cannot be judged by them: then it counts as expected,
    and there are no held-out figures.

    Raises:
        DataError: there are too few different reviews to hold some out, or the checkpoint is of
            others.
        UsageError: the training diverged, or the checkpoint is of one with other options.
    """
    run = run or Run()
    progress = run.progress
    start_loading()  # while we featurize
    if base is not None and not options.repair:
        base = base.repairing(False)
    material = TrainingData.gather(reviews, validation, unlabeled, options)
    if run.checkpoint is not None:
        _resume(run.checkpoint, material, options, progress)
    labels, held_out = material.labels[material.training], material.labels[material.held_out]
    choose = ARCHITECTURES[options.architecture].choose
    recipe = choose(material.some_of(material.training), labels, options)
    progress.chosen(recipe, labels, held_out, material.cross_validated)
    learner = Learner(material, options, recipe, run)
    trial = learner.trial()
    progress.kept(trial.epochs, trial.best_epoch)
    verdict = _judge(trial, material, base, progress)
    threshold = choose_threshold(verdict.p_positive, recipe.objective)
    right = (verdict.p_positive >= threshold) == (verdict.labels == 1)
    if base is None and len(reviews) < FEW_ENOUGH:
        _suggest(trial, material, recipe.objective, verdict, threshold, run)
    final = trial
    if validation is None and options.refit:
        if not material.cross_validated:
            progress.refitting(len(reviews), trial.best_epoch)
        final = learner.refit(trial)
    if not _fits(final, base, material, verdict, threshold, right):
        progress.misfit(final is not trial)
        final = trial
    learned = unlabeled if trial.soft_labels is not None else ()
    own = Component(
        encoder=final.vectorizer,
        network=final.network,
        calibration=verdict.calibration,
        least_known=_least_known(trial, material),
        phrases=_phrases(final, learner),
    )
    record = Record(
        history=tuple(asdict(epoch) for epoch in trial.epochs),
        provenance=Provenance(
            training=material.about(material.training),
            validation=material.about(verdict.judged),
            accuracy=float(right.mean()) if right.size else None,
            right=Right(*(int(right[verdict.labels == label].sum()) for label in (0, 1))),
            best_epoch=trial.best_epoch,
            calibrated=verdict.enough,
            refitted=final is not trial or material.cross_validated,
            in_turns=material.cross_validated,
            unlabeled=len(learned),
            options=_recorded(options),
            recipe=asdict(recipe),
            versions=_versions(),
        ),
        seen=_seen(material, learned, base),
    )
    model = Model((own,), Decision(threshold), record)
    return model if base is None else model.on(base, verdict.weight)


def _resume(
    checkpoint: Checkpoint, material: TrainingData, options: TrainingOptions, progress: Progress
) -> None:
    """Go on from what a checkpoint holds, if that is of the same training."""
    # A base changes no network, only how much it counts: it is not among the choices.
    network, epoch = checkpoint.begin(material.identity(), asdict(options) | _versions())
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
        weight: of what it stands on; 0 where that is nothing.
        p_positive: what they are answered, float64 [n].
    """

    judged: NDArray[np.int64]
    labels: NDArray[np.int8]
    enough: bool
    calibration: Calibration
    weight: float
    p_positive: NDArray[np.float64]


def _judge(
    trial: FitResult, material: TrainingData, base: Model | None, progress: Progress
) -> _Verdict:
    held_out = material.held_out
    labels = material.labels[held_out]
    enough = enough_to_choose(labels)
    if base is None:
        alone = Calibration.fit(trial.held_out, labels) if enough else Calibration()
        p_positive = alone.probabilities(trial.held_out)
        return _Verdict(held_out, labels, enough, alone, 0.0, p_positive)
    new = _new_to(base, material, held_out)
    judged, labels, logits = held_out[new], labels[new], trial.held_out[new]
    if not new.size:
        stack = Stack.expected()
        return _Verdict(judged, labels, False, stack.calibration, stack.weight, logits)
    of_base = _log_odds_of(base, material, judged)
    stack = Stack.fit(logits, of_base, labels)
    together = stack.log_odds(logits, of_base)
    alone = Calibration.fit(logits, labels) if enough_to_choose(labels) else Calibration()
    base_right, alone_right, both_right = (
        float(np.mean((log_odds >= 0) == (labels == 1)))
        for log_odds in (of_base, alone.log_odds(logits), together)
    )
    progress.stacked(labels.size, base_right, alone_right, both_right)
    return _Verdict(judged, labels, True, stack.calibration, stack.weight, sigmoid(together))


def _fits(
    final: FitResult,
    base: Model | None,
    material: TrainingData,
    verdict: _Verdict,
    threshold: float,
    right: NDArray[np.bool_],
) -> bool:
    """Return whether the last network may take over what was chosen by others.

    It has learned these reviews: if it answers fewer of them right than were answered right when
    they were held out, calibration and threshold are not its own. Some reviews, evenly taken, tell.
    """
    some = verdict.judged[:: max(verdict.judged.size // _ENOUGH_TO_FIT, 1)]
    if not some.size:
        return True
    texts = material.texts_of(some)
    log_odds = verdict.calibration.log_odds(final.network.logits(final.vectorizer.transform(texts)))
    if base is not None:
        log_odds += verdict.weight * np.nan_to_num(base.log_odds(texts))
    own = (sigmoid(log_odds) >= threshold) == (material.labels[some] == 1)
    spread = np.sqrt(own.var() / own.size + right.var() / right.size)
    return bool(own.mean() >= right.mean() - 2 * spread)


def _suggest(
    trial: FitResult,
    material: TrainingData,
    objective: Objective,
    verdict: _Verdict,
    threshold: float,
    run: Run,
) -> None:
    """Tell whether another base would have helped, by some of the reviews, evenly taken."""
    other = run.other_base()
    if other is None:
        return
    new = _new_to(other, material, verdict.judged)
    some = new[:: max(-(-new.size // ASKED), 1)]
    if not some.size:
        return
    of_base = _log_odds_of(other, material, verdict.judged[some])
    answers = verdict.p_positive[some] >= threshold
    gain = gain_of(of_base, trial.held_out[some], answers, verdict.labels[some], objective)
    if gain is not None:
        run.progress.suggested(gain)


def _log_odds_of(base: Model, material: TrainingData, rows: Numbers) -> NDArray[np.float64]:
    """Ask the base, some reviews at a time."""
    return np.concatenate([base.log_odds(material.texts_of(some)) for some in in_blocks(rows)])


def _new_to(base: Model, material: TrainingData, rows: Numbers) -> Numbers:
    """Return places in `rows` of what the base can be judged by: it was not made with these.

    There are none where it knows the set, or where what is new is all of one label.
    """
    seen = base.record.seen
    digests = np.concatenate([seen.digests(material.texts_of(some)) for some in in_blocks(rows)])
    new = np.flatnonzero(seen.new(digests))
    if seen.is_known_set(digests) or len(set(material.labels[rows[new]].tolist())) < 2:
        return new[:0]
    return new


def _seen(material: TrainingData, learned: Sequence[str], base: Model | None) -> Seen:
    """Remember labelled reviews, those without labels that were learned from, and the base's."""
    labelled = islice(material.texts, material.labels.size)
    return (base.record.seen if base else Seen()).adding(labelled).adding(learned)


def _least_known(trial: FitResult, material: TrainingData) -> float:
    """Ask for no more known words than nearly all held-out reviews have, however few features."""
    some = material.some_of(material.splits[0].held_out, _ENOUGH_TO_ASK)
    shares = known_shares(some, trial.first)
    least = np.quantile(shares[~np.isnan(shares)], _FEW_ASKED, method="lower")
    return min(float(least), LEAST_KNOWN)


def _phrases(final: FitResult, learner: Learner) -> dict[int, str]:
    return learner.names_of(most_influential(final.vectorizer, final.network, PHRASE_LIMIT))


def _recorded(options: TrainingOptions) -> dict[str, Any]:
    """Return the options as a model file has them: its parts say what architecture they are of."""
    return {name: value for name, value in asdict(options).items() if name != "architecture"}


def _versions() -> dict[str, str]:
    packages = ("keras", "numpy", "tensorflow")
    return {"sentiment": __version__} | {package: version(package) for package in packages}
