"""Reviews → a trained model: split, choose, fit, calibrate, refit."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from sentiment import __version__
from sentiment.errors import UsageError
from sentiment.labels import LabelSet
from sentiment.model.component import MIN_COVERAGE, Calibration, Component, probabilities_of
from sentiment.model.model import AnyDecision, Model, Record, confusion_matrix, even_decision
from sentiment.model.provenance import Provenance, TrainingHashes
from sentiment.reviews.dataset import LabelledReviews
from sentiment.training.architectures import ARCHITECTURES
from sentiment.training.backend import start_loading
from sentiment.training.decide import Floats, Numbers, choose_decision, enough_to_choose
from sentiment.training.learner import FitResult, Learner, TrainingData
from sentiment.training.options import Hyperparameters, Objective, TrainingOptions
from sentiment.training.run import Progress, Run
from sentiment.training.stacking import ASKED, FEW_ENOUGH, Stack, gain_from_base

# Held-out reviews to choose the least coverage by, and the share that may remain unanswered.
_COVERAGE_SAMPLE, _UNANSWERED = 500, 0.005
# Held-out reviews to check a refitted network with.
_REFIT_SAMPLE = 1_000


def train(
    reviews: LabelledReviews,
    options: TrainingOptions,
    validation: LabelledReviews | None = None,
    unlabeled: Sequence[str] = (),
    base: Model | None = None,
    run: Run | None = None,
) -> Model:
    """Train a model.

    A network is fitted without the held-out reviews, which choose epoch, calibration, threshold and
    the weight of a base; then all are fitted. Fewer than 5,000 are cross-validated: the networks of
    the folds and that of all reviews are fitted side by side, and out-of-fold answers choose (as in
    scikit-learn's `CalibratedClassifierCV(ensemble=False)`).

    Args:
        reviews: labelled reviews, of both classes.
        options: the user's choices.
        validation: reviews to hold out instead of a share of `reviews`; they are never fitted.
        unlabeled: similar reviews without labels.
        base: a model to add. One that knows all held-out reviews has its expected weight, and there
            are no held-out figures.
        run: progress, checkpoint, memory.

    Raises:
        DataError: there are too few different reviews, or a checkpoint is of others.
        UsageError: the training diverged, a checkpoint is of other options, or a base shares fewer
            than two classes with the reviews.
    """
    run = run or Run()
    start_loading()  # while we featurize
    if base is not None:
        base = _asked(base, reviews.label_set)
    if base is not None and not options.repair:
        base = base.with_repair(False)
    data = TrainingData.gather(reviews, validation, unlabeled, options)
    recipe = _choose(data, options, run)
    learner = Learner(data, options, recipe, run)
    selected = learner.fit_splits()
    run.progress.kept(selected.epochs, selected.best_epoch)
    held_out = _evaluate(selected, data, base, recipe.objective, run.progress)
    if base is None and len(reviews) < FEW_ENOUGH:
        _suggest_base(selected, data, held_out, recipe.objective, run)
    final = selected
    if validation is None and options.refit:
        final = _refit(learner, selected, data, held_out, base, run.progress)
    coverage, phrases = _min_coverage(selected, data), learner.phrases(final)
    own = Component(
        final.encoder,
        final.network,
        held_out.calibration,
        coverage,
        phrases,
        labels=data.label_set,
    )
    refitted = final is not selected or data.cross_validated
    record = _record(data, selected, held_out, options, recipe, base, refitted=refitted)
    model = Model((own,), held_out.decision, record, data.label_set)
    return model if base is None else model.on(base, held_out.weight)


def _asked(base: Model, labels: LabelSet) -> Model:
    """Return the base asked for the classes of the reviews."""
    if len(set(base.labels.names) & set(labels.names)) < 2:
        theirs, ours = (", ".join(each.names) for each in (base.labels, labels))
        raise UsageError(
            f"the base answers {theirs}, and the labels are {ours}: use a base with at least two "
            "classes of these"
        )
    return base.restricted(labels)


def _choose(data: TrainingData, options: TrainingOptions, run: Run) -> Hyperparameters:
    """Return all choices; resume a checkpoint, if it is of the same training."""
    if run.checkpoint is not None:
        # A base changes no network, only its weight: it is not among the choices.
        place = run.checkpoint.begin(data.identity(), asdict(options) | _versions())
        if run.checkpoint.resuming:
            run.progress.resumed(*place)
    choose = ARCHITECTURES[options.architecture].choose
    recipe = choose(data.sample(data.training), data.labels[data.training], options)
    counts = data.counts(data.training)
    run.progress.chosen(recipe, counts, data.held_out.size, data.cross_validated)
    return recipe


@dataclass(frozen=True)
class _HeldOut:
    """The held-out reviews, and what they decide.

    Attributes:
        rows: their numbers, without those that the base knows, int64 [n].
        labels: from 0 to K − 1, [n].
        weights: how much each counts, [n].
        calibrated: whether there are enough to calibrate on.
        calibration: of the new network.
        weight: of the base; 0 without one.
        probabilities: calibrated, float64 [n, K].
        decision: chosen by them.
    """

    rows: Numbers
    labels: NDArray[np.integer]
    weights: Floats
    calibrated: bool
    calibration: Calibration
    weight: float
    probabilities: Floats
    decision: AnyDecision

    @property
    def answers(self) -> Numbers:
        """The label that each is answered with, [n]."""
        return self.decision.choose(self.probabilities)

    @property
    def right(self) -> NDArray[np.bool_]:
        """Which are answered correctly, bool [n]."""
        return self.answers == self.labels

    @property
    def confusion(self) -> list[list[float]]:
        """Count the reviews, with their weights, by label (rows) and answer, K × K."""
        classes = self.probabilities.shape[1]
        counts = confusion_matrix(self.labels, self.answers, classes, self.weights)
        return counts.tolist()


def _evaluate(
    selected: FitResult,
    data: TrainingData,
    base: Model | None,
    objective: Objective,
    progress: Progress,
) -> _HeldOut:
    """Calibrate a fit on the held-out reviews, and choose the threshold and a base's weight."""
    rows, logits = data.held_out, selected.held_out
    if base is not None:
        new = data.new_to(base, rows)
        rows, logits = rows[new], logits[new]
    labels, weights = data.labels[rows], data.weights[rows]
    enough = enough_to_choose(labels, len(data.label_set))
    alone = Calibration.fit(logits, labels, weights) if enough else Calibration()
    if base is None:
        stack, probabilities = Stack(alone, 0.0), alone.probabilities(logits)
    elif not rows.size:
        stack, probabilities = Stack.prior(), probabilities_of(logits)
    else:
        enough, of_base = True, data.log_odds(base, rows)  # the prior makes up for few
        stack = Stack.fit(logits, of_base, labels, weights)
        together = stack.log_odds(logits, of_base)
        probabilities = probabilities_of(together)
        even = even_decision(len(data.label_set))
        accuracies = (
            float(np.mean(even.choose(probabilities_of(log_odds)) == labels))
            for log_odds in (of_base, alone.log_odds(logits), together)
        )
        progress.stacked(labels.size, *accuracies)
    decision = choose_decision(probabilities, objective, weights)
    return _HeldOut(rows, labels, weights, enough, *stack, probabilities, decision)


def _suggest_base(
    selected: FitResult, data: TrainingData, held_out: _HeldOut, objective: Objective, run: Run
) -> None:
    """Report whether another base would have helped, by some of the held-out reviews."""
    other = run.other_base()
    if other is None or not set(data.label_set.names) <= set(other.labels.names):
        return
    other = other.restricted(data.label_set)
    new = data.new_to(other, held_out.rows)
    some = new[:: max(-(-new.size // ASKED), 1)]
    if not some.size:
        return
    gain = gain_from_base(
        data.log_odds(other, held_out.rows[some]),
        selected.held_out[some],
        held_out.answers[some],
        held_out.labels[some],
        objective,
    )
    if gain is not None:
        run.progress.suggested(gain)


def _refit(
    learner: Learner,
    selected: FitResult,
    data: TrainingData,
    held_out: _HeldOut,
    base: Model | None,
    progress: Progress,
) -> FitResult:
    """Fit all reviews; return that fit, unless what was chosen does not suit it."""
    if not data.cross_validated:
        progress.refitting(data.labels.size, selected.best_epoch)
    final = learner.refit(selected)
    if _suits(final, base, data, held_out):
        return final
    progress.misfit(final is not selected)
    return selected


def _suits(final: FitResult, base: Model | None, data: TrainingData, held_out: _HeldOut) -> bool:
    """Return whether calibration and threshold suit a network fitted to the held-out reviews.

    They do not if it answers fewer of these correctly than were when they were held out.
    """
    some = held_out.rows[:: max(held_out.rows.size // _REFIT_SAMPLE, 1)]
    if not some.size:
        return True
    texts = data.texts_of(some)
    logits = final.network.logits(final.encoder.transform(texts))
    log_odds = held_out.calibration.log_odds(logits)
    if base is not None:
        log_odds += held_out.weight * np.nan_to_num(base.log_odds(texts))
    own = held_out.decision.choose(probabilities_of(log_odds)) == data.labels[some]
    right = held_out.right
    spread = np.sqrt(own.var() / own.size + right.var() / right.size)
    return bool(own.mean() >= right.mean() - 2 * spread)


def _min_coverage(selected: FitResult, data: TrainingData) -> float:
    """Return the coverage that nearly all held-out reviews have, or the usual least, if lower."""
    some = data.sample(data.splits[0].held_out, _COVERAGE_SAMPLE)
    shares = selected.first.coverage(some)
    least = np.quantile(shares[~np.isnan(shares)], _UNANSWERED, method="lower")
    return min(float(least), MIN_COVERAGE)


def _record(
    data: TrainingData,
    selected: FitResult,
    held_out: _HeldOut,
    options: TrainingOptions,
    recipe: Hyperparameters,
    base: Model | None,
    *,
    refitted: bool,
) -> Record:
    """Return what a model says of its training."""
    rows = data.unlabeled if selected.pseudo_labels is not None else data.unlabeled[:0]
    learned = islice(data.texts, data.labels.size, data.labels.size + rows.size)
    hashes = base.record.training_hashes if base else TrainingHashes()
    right = held_out.right
    recorded = asdict(options)
    del recorded["architecture"]  # the kind of the component says it
    provenance = Provenance(
        training=data.summary(data.training),
        validation=data.summary(held_out.rows),
        accuracy=float(np.average(right, weights=held_out.weights)) if right.size else None,
        right={
            name: int(right[held_out.labels == label].sum())
            for label, name in enumerate(data.label_set.names)
        },
        confusion=held_out.confusion if data.is_weighted or not data.label_set.is_binary else None,
        best_epoch=selected.best_epoch,
        calibrated=held_out.calibrated,
        refitted=refitted,
        cross_validated=data.cross_validated,
        unlabeled=rows.size,
        options=recorded,
        recipe=asdict(recipe),
        versions=_versions(),
    )
    return Record(
        history=tuple(asdict(epoch) for epoch in selected.epochs),
        provenance=provenance,
        training_hashes=hashes.adding(islice(data.texts, data.labels.size)).adding(learned),
    )


def _versions() -> dict[str, str]:
    packages = ("keras", "numpy", "tensorflow")
    return {"sentiment": __version__} | {package: version(package) for package in packages}
