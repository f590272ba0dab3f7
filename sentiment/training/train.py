"""Reviews → a trained model: split, choose, fit, calibrate, refit."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from itertools import count, islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment import __version__
from sentiment.errors import UsageError
from sentiment.labels import LabelSet
from sentiment.model.cells import ScoreCells
from sentiment.model.component import Calibration, Component, probabilities_of
from sentiment.model.decision import AnyDecision, confusion_matrix, even_decision
from sentiment.model.model import Model, Record
from sentiment.model.own_words import OwnWords
from sentiment.model.provenance import Provenance, TrainingHashes
from sentiment.model.sketch import SKETCHED, HeldOutScores, TextSketch
from sentiment.reviews.dataset import LabelledReviews
from sentiment.training.architectures import ARCHITECTURES, Architecture
from sentiment.training.backend import start_loading
from sentiment.training.decide import Floats, Numbers, choose_decision, enough_to_choose
from sentiment.training.learner import FitResult, Learner, TrainingData
from sentiment.training.options import OF_NGRAMS, Hyperparameters, Objective, TrainingOptions
from sentiment.training.run import Progress, Run
from sentiment.training.stacking import ASKED, FEW_ENOUGH, Stack, gain_from_base

# Held-out reviews to check a refitted network with.
_REFIT_SAMPLE = 1_000


def train(
    reviews: LabelledReviews,
    options: TrainingOptions,
    validation: LabelledReviews | None = None,
    unlabeled: Sequence[str] = (),
    base: Model | None = None,
    run: Run | None = None,
    encoder: Model | None = None,
) -> Model:
    """Train a model.

    A network is fitted without the held-out reviews, which choose epoch, calibration, threshold and
    the weight of a base; then all are fitted. Fewer than 5,000 are cross-validated: the networks of
    the folds and that of all reviews are fitted side by side, and out-of-fold answers choose (as in
    scikit-learn's `CalibratedClassifierCV(ensemble=False)`). Beside an encoder, n-grams are fitted
    to the same splits, and both are weighed on the same held-out reviews.

    Args:
        reviews: labelled reviews, of both classes.
        options: the user's choices.
        validation: reviews to hold out instead of a share of `reviews`; they are never fitted.
        unlabeled: similar reviews without labels.
        base: a model to add. One that knows all held-out reviews has its expected weight, or that
            of its own figures on the same ones, and there are no held-out figures.
        run: progress, checkpoint, memory.
        encoder: a model whose encoder the architecture of that name begins with. Reviews that it
            knows are treated as those that a base knows.

    Raises:
        DataError: there are too few different reviews, or a checkpoint is of others.
        UsageError: the training diverged, a checkpoint is of other options, a base shares fewer
            than two classes with the reviews, or the architecture lacks an encoder or cannot do
            what was asked.
    """
    run = run or Run()
    kinds = ARCHITECTURES[options.architecture](encoder, options)
    if len(kinds) > 1 and (base is not None or len(unlabeled)):
        raise UsageError(
            f"--architecture {options.architecture} cannot be combined with --base or --unlabeled: "
            "leave these out, or use --architecture ngrams"
        )
    start_loading()  # while we featurize
    if base is not None:
        base = _asked(base, reviews.label_set)
    if base is not None and not options.repair:
        base = base.with_repair(False)
    data = TrainingData.gather(reviews, validation, unlabeled, options)
    _begin(kinds, data, options, run)
    numbers = count(1)
    parts: list[_Part] = []
    for kind in kinds:
        parts.append(_Part.fit(kind, data, options, run, numbers, first=not parts))
    own = parts[0]
    held_out = _evaluate(parts, data, base, encoder, run.progress)
    if base is None and len(parts) == 1 and len(reviews) < FEW_ENOUGH:
        _suggest_base(own.selected, data, held_out, own.recipe.objective, run)
    if validation is None and options.refit:
        _refit(parts, data, held_out, base, run.progress)
    refitted = data.cross_validated or own.final is not own.selected
    known = base or encoder
    record = _record(parts, data, held_out, options, known, refitted=refitted)
    component = own.component(held_out.calibration)
    model = Model(
        (component,), held_out.decision, record, data.label_set, languages=options.languages
    )
    if len(parts) > 1:
        base = _beside(parts[1])
    return model if base is None else model.on(base, held_out.weight)


def _asked(base: Model, labels: LabelSet) -> Model:
    """Return the base asked for the classes of the reviews."""
    if len(set(base.labels.names) & set(labels.names)) < 2:
        theirs, ours = (", ".join(each.names) for each in (base.labels, labels))
        raise UsageError(
            f"the base answers {theirs}, and the labels are {ours}: use a base with at least two "
            "classes of these"
        )
    # Which languages are answered, and which words of a user count, is for the new model to say.
    return base.restricted(labels).for_languages(()).with_words(OwnWords())


def _begin(
    kinds: Sequence[Architecture], data: TrainingData, options: TrainingOptions, run: Run
) -> None:
    """Begin a checkpoint, or resume it if it is of the same training."""
    if run.checkpoint is None:
        return
    # A base changes no network, only its weight: it is not among the choices.
    choices = options.as_json() | _versions()
    for kind in kinds:
        choices |= kind.identity()
    place = run.checkpoint.begin(data.identity(), choices)
    if run.checkpoint.resuming:
        run.progress.resumed(*place)


@dataclass
class _Part:
    """The fits of one component.

    Attributes:
        learner: that made them.
        recipe: all choices.
        selected: fitted without held-out reviews, or in cross-validation.
        final: the fit of the model, the same or one of all reviews.
        labels: the classes.
    """

    learner: Learner
    recipe: Hyperparameters
    selected: FitResult
    final: FitResult
    labels: LabelSet

    @classmethod
    def fit(
        cls,
        kind: Architecture,
        data: TrainingData,
        options: TrainingOptions,
        run: Run,
        numbers: Iterator[int],
        *,
        first: bool,
    ) -> "_Part":
        """Choose and fit; the first part is the model's own component."""
        training = data.training
        recipe = kind.choose(data.sample(training), data.labels[training], options)
        if first:
            held_out = data.held_out.size
            run.progress.chosen(recipe, data.counts(training), held_out, data.cross_validated)
        else:
            run.progress.beside(recipe)
        learner = Learner(data, options, recipe, run, kind, numbers)
        selected = learner.fit_splits()
        run.progress.kept(selected.epochs, selected.best_epoch)
        return cls(learner, recipe, selected, selected, data.label_set)

    def component(self, calibration: Calibration) -> Component:
        """Return the component of the model."""
        return Component(
            self.final.encoder,
            self.final.network,
            calibration,
            self.learner.min_coverage(self.selected),
            self.learner.phrases(self.final),
            labels=self.labels,
        )

    def history(self) -> tuple[dict[str, float], ...]:
        """Return the figures of each epoch."""
        return tuple(asdict(epoch) for epoch in self.selected.epochs)


def _beside(part: _Part) -> Model:
    """Return the model that the n-grams beside an encoder are, not calibrated."""
    component = part.component(Calibration())
    decision = even_decision(len(part.labels))
    return Model((component,), decision, Record(history=part.history()), part.labels)


@dataclass(frozen=True)
class _HeldOut:
    """The held-out reviews, and what they decide.

    Attributes:
        rows: their numbers, without those that base or encoder know, int64 [n].
        labels: from 0 to K − 1, [n].
        weights: how much each counts, [n].
        calibrated: whether there are enough to calibrate on.
        calibration: of the new network.
        weight: of the base, or of the n-grams beside an encoder; 0 without either.
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
    parts: Sequence[_Part],
    data: TrainingData,
    base: Model | None,
    encoder: Model | None,
    progress: Progress,
) -> _HeldOut:
    """Calibrate on the held-out reviews, and choose the threshold and what is added how much."""
    rows = data.held_out
    logits = [part.selected.held_out for part in parts]
    if known := base or encoder:
        new = data.new_to(known, rows)
        rows, logits = rows[new], [each[new] for each in logits]
    labels, weights = data.labels[rows], data.weights[rows]
    enough = enough_to_choose(labels, len(data.label_set))
    own = logits[0]
    alone = Calibration.fit(own, labels, weights) if enough else Calibration()
    even = even_decision(len(data.label_set))

    def accuracy(log_odds: Floats) -> float:
        return float(np.mean(even.choose(probabilities_of(log_odds)) == labels))

    stack, together = Stack(alone, 0.0), alone.log_odds(own)
    if known and not rows.size:
        stack, together = Stack.prior_beside(), own
        if base is not None:
            stack = _by_recalls(parts[0], data, base) or Stack.prior()
    elif len(logits) > 1:
        stack = Stack.beside(alone, own, logits[1], labels, weights)
        enough, together = True, stack.log_odds(own, logits[1])  # the prior makes up for few
        accuracies = (accuracy(each) for each in (alone.log_odds(own), logits[1], together))
        progress.joined(labels.size, *accuracies)
    elif base is not None:
        of_base = data.log_odds(base, rows)
        stack = Stack.fit(own, of_base, labels, weights)
        enough, together = True, stack.log_odds(own, of_base)
        accuracies = (accuracy(each) for each in (of_base, alone.log_odds(own), together))
        progress.stacked(labels.size, *accuracies)
    probabilities = probabilities_of(together)
    decision = choose_decision(probabilities, parts[0].recipe.objective, weights)
    return _HeldOut(rows, labels, weights, enough, *stack, probabilities, decision)


def _by_recalls(part: _Part, data: TrainingData, base: Model) -> Stack | None:
    """Return the stack on a base that knows all held-out reviews, if it was judged by them, too.

    It is by now fitted to them, but its record tells how many it answered correctly before.
    """
    record, rows = base.record.provenance, data.held_out
    labels, logits = data.labels[rows], part.selected.held_out
    if record is None or record.right is None or record.validation != data.summary(rows):
        return None  # it was judged by others
    if not data.label_set.is_binary or not enough_to_choose(labels, 2):
        return None
    weights = data.weights[rows]
    calibration = Calibration.fit(logits, labels, weights)
    probabilities = probabilities_of(calibration.log_odds(logits))
    decision = choose_decision(probabilities, part.recipe.objective, weights)
    own = decision.choose(probabilities) == labels
    counts = np.bincount(labels)
    of_base = np.array([record.right[name] for name in data.label_set.names])
    recalls = (np.bincount(labels, own), of_base)
    return Stack.of_accuracies(calibration, *(float(np.mean(each / counts)) for each in recalls))


def _suggest_base(
    selected: FitResult, data: TrainingData, held_out: _HeldOut, objective: Objective, run: Run
) -> None:
    """Report whether another base would have helped, by some of the held-out reviews."""
    other = run.other_base()
    if other is None or not set(data.label_set.names) <= set(other.labels.names):
        return
    other = _asked(other, data.label_set)
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
    parts: Sequence[_Part],
    data: TrainingData,
    held_out: _HeldOut,
    base: Model | None,
    progress: Progress,
) -> None:
    """Fit all reviews; keep these fits, unless what was chosen does not suit them."""
    for part in parts:
        if not data.cross_validated:
            progress.refitting(data.labels.size, part.selected.best_epoch)
        part.final = part.learner.refit(part.selected)
    if not _suits(parts, base, data, held_out):
        progress.misfit(parts[0].final is not parts[0].selected)
        for part in parts:
            part.final = part.selected


def _suits(
    parts: Sequence[_Part], base: Model | None, data: TrainingData, held_out: _HeldOut
) -> bool:
    """Return whether calibration and threshold suit networks fitted to the held-out reviews.

    They do not if these answer fewer of them correctly than were when they were held out.
    """
    some = held_out.rows[:: max(held_out.rows.size // _REFIT_SAMPLE, 1)]
    if not some.size:
        return True
    own, *others = (part.learner.logits(part.final, some) for part in parts)
    if base is not None:
        others = [np.nan_to_num(data.log_odds(base, some))]
    log_odds = held_out.calibration.log_odds(own)
    for other in others:
        log_odds = log_odds + held_out.weight * other
    right_now = held_out.decision.choose(probabilities_of(log_odds)) == data.labels[some]
    right = held_out.right
    spread = np.sqrt(right_now.var() / right_now.size + right.var() / right.size)
    return bool(right_now.mean() >= right.mean() - 2 * spread)


def _record(
    parts: Sequence[_Part],
    data: TrainingData,
    held_out: _HeldOut,
    options: TrainingOptions,
    known: Model | None,
    *,
    refitted: bool,
) -> Record:
    """Return what a model says of its training."""
    own, *beside = parts
    selected = own.selected
    rows = data.unlabeled if selected.pseudo_labels is not None else data.unlabeled[:0]
    labelled = islice(data.texts, data.labels.size)
    learned = islice(data.texts, data.labels.size, data.labels.size + rows.size)
    hashes = known.record.training_hashes if known else TrainingHashes()
    right = held_out.right
    cells = ScoreCells.of(held_out.probabilities, held_out.labels) if held_out.calibrated else None
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
        options=_recorded(options),
        recipe=own.recipe.as_json() | ({"beside": beside[0].recipe.as_json()} if beside else {}),
        versions=_versions(),
    )
    return Record(
        history=own.history(),
        provenance=provenance,
        training_hashes=hashes.adding(labelled, data.digests).adding(learned),
        cells=cells,
        sketch=_sketch(data, held_out),
    )


def _recorded(options: TrainingOptions) -> dict[str, Any]:
    """Return the options that nothing else in the model file tells, as JSON values."""
    recorded = options.as_json()
    del recorded["architecture"]  # the kinds of the components say it
    del recorded["embeddings"]  # the recipe says it
    for name in ("activation", "languages"):
        del recorded[name]  # the model says it
    if not options.fine_tune:
        del recorded["fine_tune"]  # of encoders only
    for name in OF_NGRAMS:  # younger than the format
        if recorded[name] is None:
            del recorded[name]
    return recorded


def _sketch(data: TrainingData, held_out: _HeldOut) -> TextSketch:
    """Sketch the labelled texts, evenly spaced, and the scores of those that were held out."""
    count = data.labels.size
    rows = np.linspace(0, count - 1, min(count, SKETCHED)).astype(np.int64)
    scores = HeldOutScores.of(held_out.probabilities, held_out.labels)
    return TextSketch.of(data.texts_of(rows), scores)


def _versions() -> dict[str, str]:
    packages = ("keras", "numpy", "tensorflow")
    return {"sentiment": __version__} | {package: version(package) for package in packages}
