"""What the report shows: metrics, answers by threshold, slices, and its pictures."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sentiment.errors import DataError
from sentiment.evaluation.metrics import (
    Evaluation,
    Figures,
    Floats,
    Labels,
    calibration_noise,
    metrics_or_none,
    number,
    percent,
    reliability_of,
)
from sentiment.evaluation.mistakes import Mistake
from sentiment.evaluation.ranking import precision_recall_curve, roc_curve
from sentiment.evaluation.report.charts import (
    GUIDE,
    MAIN,
    OTHER,
    Axis,
    Bars,
    Cut,
    Dots,
    Here,
    Line,
    Picture,
    Table,
)
from sentiment.evaluation.selective import Abstention, abstention_of
from sentiment.evaluation.slices import Slice
from sentiment.labels import CLASSES, NEGATIVE, POSITIVE
from sentiment.model.explanation import Moves, strongest_phrases
from sentiment.model.model import NO_ANSWER, UNCERTAIN, Decision, Model

ANSWERS = (NEGATIVE, UNCERTAIN, POSITIVE)
_K = len(CLASSES)
_WORDS = 15


@dataclass(frozen=True, eq=False)
class Report:
    """A model and how good it is on some reviews.

    Attributes:
        model: the model, with the decision to measure.
        p_positive: its probabilities, float64 [n], no NaN.
        labels: 0 or 1, [n].
        slices: by column, the weakest first.
        mistakes: the most confident first.
        model_name, data_name: for display.
        about: titles and texts about the model and how the reviews were read.
        warnings: reasons to distrust the metrics.
        unknown: reviews left uncertain whatever the decision, bool [n]; None for none.
    """

    model: Model
    p_positive: Floats
    labels: Labels
    slices: Mapping[str, Sequence[Slice]]
    mistakes: Sequence[Mistake]
    model_name: str
    data_name: str
    about: Sequence[tuple[str, str]] = ()
    warnings: Sequence[str] = ()
    unknown: NDArray[np.bool_] | None = None

    @property
    def decision(self) -> Decision:
        """The model's threshold and abstention interval."""
        return self.model.binary

    @property
    def p_known(self) -> Floats:
        """The probabilities, NaN for `unknown` reviews."""
        if self.unknown is None:
            return self.p_positive
        return np.where(self.unknown, np.nan, self.p_positive)

    @cached_property
    def evaluation(self) -> Evaluation:
        """The metrics of all reviews, answered or not."""
        return Evaluation(self.p_positive, self.labels, self.decision.threshold)

    @cached_property
    def abstention(self) -> Abstention:
        """Coverage and selective accuracy."""
        return abstention_of(self.p_known, self.labels, self.decision)

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """The number of reviews by label and answer, int64 [K, K + 1]; the last is `uncertain`."""
        answers = np.array(self.decision.answers(self.p_known), dtype=object)
        answers[answers == NO_ANSWER] = UNCERTAIN
        names = (*CLASSES, UNCERTAIN)
        counts = [[(answers == name) & (self.labels == n) for name in names] for n in range(_K)]
        return np.count_nonzero(counts, axis=-1)

    @property
    def answered(self) -> dict[str, dict[str, int]]:
        """The same counts by name."""
        rows = (dict(zip((*CLASSES, UNCERTAIN), row, strict=True)) for row in self.counts.tolist())
        return dict(zip(CLASSES, rows, strict=True))

    @property
    def figures(self) -> Figures:
        """The metrics of what is answered; recall counts reviews left unanswered, too."""
        return metrics_or_none(self.counts)

    @cached_property
    def words(self) -> tuple[Moves, Moves]:
        """The strongest n-grams for each class, the last class first."""
        return strongest_phrases(self.model, _WORDS)

    @property
    def has_both_classes(self) -> bool:
        """Whether both classes occur among the labels."""
        return 0 < int(np.count_nonzero(self.labels)) < self.labels.size


STEPS = 1000  # of the page's threshold


@dataclass(frozen=True)
class Cuts:
    """Numbers of reviews between cutoffs, from which the page computes any threshold.

    Attributes:
        places: the cutoffs, ascending: every thousandth, and the model's own.
        cells: by class, the reviews below the first cutoff, on it, between it and the second, on
            that … above the last.
        unknown: by class, the reviews left unanswered whatever the cutoff.
    """

    places: list[float]
    cells: dict[str, list[int]]
    unknown: dict[str, int]

    @classmethod
    def of(cls, report: Report) -> "Cuts":
        """Count the reviews of a report."""
        decision = report.decision
        own = (decision.threshold, *(decision.abstention_interval or ()))
        places = np.unique(np.concatenate((np.arange(STEPS + 1) / STEPS, own)))
        cells, unknown = {}, {}
        for label, name in enumerate(CLASSES):
            p_known = report.p_known[report.labels == label]
            known = p_known[~np.isnan(p_known)]
            below = np.searchsorted(places, known, "left")
            cell = below + np.searchsorted(places, known, "right")
            cells[name] = np.bincount(cell, minlength=2 * places.size + 1).tolist()
            unknown[name] = p_known.size - known.size
        return cls(places.tolist(), cells, unknown)


@dataclass(frozen=True)
class Forest:
    """The common x axis of the intervals of slices, from an accuracy of `low` to 1."""

    low: float
    width: float = 160.0

    @classmethod
    def of(cls, slices: Sequence[Slice]) -> "Forest":
        """Choose a round number below the intervals of all slices that are large enough."""
        intervals = [each.intervals["accuracy"] for each in slices if not each.too_small]
        ends = [interval[0] for interval in intervals if interval]
        return cls(min(int(min(ends, default=0.0) * 20), 19) / 20)

    def x(self, accuracy: float) -> str:
        """Return the x coordinate of an accuracy."""
        share = max((accuracy - self.low) / (1 - self.low), 0)
        return f"{4 + share * (self.width - 8):.1f}"


_QUARTERS = (0, 0.25, 0.5, 0.75, 1)
_DIAGONAL = np.array([0.0, 1])
_BINS = 40
_NUMBERED_EPOCHS = 10


def roc(report: Report) -> Picture:
    """Return the ROC curve."""
    _check_both_classes(report)
    evaluation = report.evaluation
    curve = roc_curve(evaluation.ranks)
    false, true = (evaluation.confusion[:, 1] / evaluation.confusion.sum(axis=1)).tolist()
    return Picture(
        "ROC curve",
        _share_axis(f"{NEGATIVE} reviews answered {POSITIVE}"),
        _share_axis(f"{POSITIVE} reviews answered {POSITIVE}"),
        (
            Line(GUIDE, _DIAGONAL, _DIAGONAL, "chance"),
            Line(MAIN, curve.x, curve.y),
            Here(false, true, "at the threshold"),
        ),
        f"The area under it is {number(evaluation.figures['roc_auc'])}. At the threshold "
        f"{percent(true)} of the {POSITIVE} reviews are found, along with {percent(false)} of the "
        f"{NEGATIVE} ones.",
        square=True,
    )


def precision_recall(report: Report) -> Picture:
    """Return the precision–recall curve of *positive*."""
    _check_both_classes(report)
    evaluation = report.evaluation
    curve = precision_recall_curve(evaluation.ranks)
    rate = evaluation.support[POSITIVE] / evaluation.n
    precision, recall = (
        evaluation.figures[f"{name}_{POSITIVE}"] for name in ("precision", "recall")
    )
    here: tuple[Here, ...] = ()
    outcome = f"nothing is answered {POSITIVE}"
    if precision is not None and recall is not None:
        here = (Here(recall, precision, "at the threshold"),)
        outcome = (
            f"{percent(precision)} of the answers {POSITIVE} are correct, and "
            f"{percent(recall)} of the {POSITIVE} reviews are found"
        )
    return Picture(
        "Precision–recall curve",
        _share_axis(f"recall of {POSITIVE}"),
        _share_axis(f"precision of {POSITIVE}"),
        (
            Line(GUIDE, _DIAGONAL, np.array([rate, rate]), "chance"),
            Line(MAIN, curve.x, curve.y),
            *here,
        ),
        f"The area under it is {number(evaluation.figures['pr_auc'])}. At the threshold {outcome}.",
        square=True,
    )


def reliability(report: Report) -> Picture:
    """Return the share of positive reviews by predicted probability."""
    bins = reliability_of(report.p_positive, report.labels)
    predicted = bins.mean_predicted
    ece, floor = report.evaluation.figures["ece"], calibration_noise(report.p_positive)
    missed = int(np.count_nonzero((bins.low > predicted) | (bins.high < predicted)))
    return Picture(
        "Reliability",
        _share_axis(f"predicted probability of {POSITIVE}"),
        _share_axis(f"fraction {POSITIVE}"),
        (
            Line(GUIDE, _DIAGONAL, _DIAGONAL, "perfect"),
            Dots(MAIN, predicted, bins.fraction_positive, bins.low, bins.high, "with 95% interval"),
        ),
        f"In {bins.n.size - missed} of {bins.n.size} bins the mean probability lies within the "
        f"interval of the observed fraction. The expected calibration error is {number(ece)}; a "
        f"perfectly calibrated model would show {number(floor)} by chance.",
        square=True,
    )


def scores(report: Report) -> Picture:
    """Return histograms of the probabilities of both classes."""
    edges = np.linspace(0, 1, _BINS + 1)
    up, down = (
        np.histogram(report.p_positive[report.labels == label], edges)[0].astype(np.float64)
        for label in (1, 0)
    )
    step = _round_step(max(up.max(), down.max()))
    low, high = -step * np.ceil(down.max() / step), step * np.ceil(up.max() / step)
    decision = report.decision
    return Picture(
        "Scores",
        _share_axis(f"probability of {POSITIVE}"),
        Axis("reviews", low, high, np.arange(low, high + step / 2, step).tolist(), "{:,.0f}"),
        (
            Bars(POSITIVE, edges, up, f"{POSITIVE} reviews, upward"),
            Bars(NEGATIVE, edges, -down, f"{NEGATIVE} reviews, downward"),
            Cut(
                *(decision.abstention_interval or (decision.threshold, decision.threshold)),
                "threshold",
            ),
        ),
        f"{percent(float(np.mean(np.abs(report.p_positive - 0.5) > 0.4)))} of the reviews have a "
        "probability below 10% or above 90%.",
    )


def training(report: Report) -> Picture:
    """Return the losses by epoch."""
    epochs = report.model.record.history
    about = report.model.record.provenance
    if not epochs:
        raise DataError("this model has no record of its training")
    losses = {
        name: np.array([epoch.get(name, np.nan) for epoch in epochs])
        for name in ("loss", "validation_loss")
    }
    highest = float(np.nanmax([losses["loss"], losses["validation_loss"]], initial=1e-9))
    step = _round_step(highest)
    top = step * np.ceil(highest / step)
    numbers = np.arange(1.0, len(epochs) + 1)
    every = -(-len(epochs) // _NUMBERED_EPOCHS)
    best = about.best_epoch if about and about.best_epoch <= len(epochs) else None
    lowest = losses["validation_loss"][best - 1] if best else np.nan
    kept = (Here(best, float(lowest), "kept"),) if best and np.isfinite(lowest) else ()
    return Picture(
        "Loss by epoch",
        Axis("epoch", 0.5, len(epochs) + 0.5, numbers[::every].tolist(), "{:.0f}"),
        Axis("loss", 0, top, np.arange(0, top + step / 2, step).tolist(), "{:.3g}"),
        (
            Line(OTHER, numbers, losses["loss"], "training reviews", marked=True),
            Line(MAIN, numbers, losses["validation_loss"], "held-out reviews", marked=True),
            *kept,
        ),
        f"{len(epochs)} {'epoch' if len(epochs) == 1 else 'epochs'}"
        + (f"; the weights of epoch {best} were kept." if best else "."),
    )


def confusion(report: Report) -> Table:
    """Return the confusion matrix."""
    counts = report.evaluation.confusion
    return Table("Confusion matrix", counts, CLASSES, CLASSES, "answered", "labelled")


# By their names on the command line.
CHARTS: dict[str, Callable[[Report], Picture]] = {
    "roc": roc,
    "precision_recall": precision_recall,
    "reliability": reliability,
    "scores": scores,
    "training": training,
}
PICTURES: dict[str, Callable[[Report], Picture | Table]] = {"confusion": confusion, **CHARTS}


def picture_of(name: str, report: Report) -> Picture | Table:
    """Return one of `PICTURES`.

    Raises:
        DataError: there is nothing to show.
    """
    try:
        return PICTURES[name](report)
    except DataError as error:
        raise DataError(f"no picture {name}: {error}") from error


def _share_axis(label: str) -> Axis:
    return Axis(label, 0, 1, _QUARTERS)


def _round_step(most: float) -> float:
    """Return a round number that divides a positive one into two to five steps."""
    power = 10.0 ** np.floor(np.log10(most))
    steps = (power / 5, power / 2, power, 2 * power)
    return float(next(step for step in steps if most <= 5 * step))


def _check_both_classes(report: Report) -> None:
    if not report.has_both_classes:
        raise DataError("all reviews have the same label")
