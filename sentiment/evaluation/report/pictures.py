"""The pictures of the report: curves, reliability, scores, losses, and the confusion matrix."""

from collections.abc import Callable, Iterator

import numpy as np

from sentiment.errors import DataError
from sentiment.evaluation.intervals import MIN_LOSSES
from sentiment.evaluation.metrics import number, percent
from sentiment.evaluation.ranking import Curve, Ranks, precision_recall_curve, roc_curve
from sentiment.evaluation.reliability import calibration_noise, reliability_of
from sentiment.evaluation.report.content import Report
from sentiment.labels import NEGATIVE, POSITIVE
from sentiment.pages.charts import (
    GUIDE,
    LINES,
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

_QUARTERS = (0, 0.25, 0.5, 0.75, 1)
_DIAGONAL = np.array([0.0, 1])
_BINS = 40
_NUMBERED_EPOCHS = 10


def roc(report: Report) -> Picture:
    """Return the ROC curve, of more than two classes one for each against the others."""
    _check_both_classes(report)
    if not report.label_set.is_binary:
        return _rankings(
            report, "ROC curves", ("share of other reviews answered so", "recall of the class"),
            "roc_auc", roc_curve, (Line(GUIDE, _DIAGONAL, _DIAGONAL, "chance"),),
        )  # fmt: skip
    evaluation, (first, second) = report.evaluation, report.label_set.names
    curve = roc_curve(evaluation.ranks[0])
    false, true = (evaluation.confusion[:, 1] / evaluation.confusion.sum(axis=1)).tolist()
    return Picture(
        "ROC curve",
        _share_axis(f"{first} reviews answered {second}"),
        _share_axis(f"{second} reviews answered {second}"),
        (
            Line(GUIDE, _DIAGONAL, _DIAGONAL, "chance"),
            Line(MAIN, curve.x, curve.y),
            Here(false, true, "at the threshold"),
        ),
        f"The area under it is {number(evaluation.figures['roc_auc'])}. At the threshold "
        f"{percent(true)} of the {second} reviews are found, along with {percent(false)} of the "
        f"{first} ones.",
        square=True,
    )


def precision_recall(report: Report) -> Picture:
    """Return the precision–recall curve of *positive*, or of each of more than two classes."""
    _check_both_classes(report)
    if not report.label_set.is_binary:
        return _rankings(
            report, "Precision–recall curves", ("recall of the class", "precision of the class"),
            "pr_auc", precision_recall_curve, (),
        )  # fmt: skip
    evaluation, second = report.evaluation, report.label_set.names[1]
    curve = precision_recall_curve(evaluation.ranks[0])
    rate = evaluation.support[second] / evaluation.n
    precision, recall = (evaluation.figures[f"{name}_{second}"] for name in ("precision", "recall"))
    here: tuple[Here, ...] = ()
    outcome = f"nothing is answered {second}"
    if precision is not None and recall is not None:
        here = (Here(recall, precision, "at the threshold"),)
        outcome = (
            f"{percent(precision)} of the answers {second} are correct, and "
            f"{percent(recall)} of the {second} reviews are found"
        )
    return Picture(
        "Precision–recall curve",
        _share_axis(f"recall of {second}"),
        _share_axis(f"precision of {second}"),
        (
            Line(GUIDE, _DIAGONAL, np.array([rate, rate]), "chance"),
            Line(MAIN, curve.x, curve.y),
            *here,
        ),
        f"The area under it is {number(evaluation.figures['pr_auc'])}. At the threshold {outcome}.",
        square=True,
    )


def _rankings(
    report: Report,
    title: str,
    axes: tuple[str, str],
    area: str,
    curve_of: Callable[[Ranks], Curve],
    guides: tuple[Line, ...],
) -> Picture:
    """Return one curve for each class, ranked by its probability against all other classes."""
    evaluation = report.evaluation
    lines = []
    for role, label, name in _shown(report):
        ranks = evaluation.ranks[label]
        if ranks.has_both_classes:
            curve = curve_of(ranks)
            lines.append(Line(role, curve.x, curve.y, name))
    mean = number(evaluation.figures[area])
    return Picture(
        title,
        _share_axis(axes[0]),
        _share_axis(axes[1]),
        (*guides, *lines),
        f"Each class against all others. The mean area below the curves is {mean}."
        f"{_left_out(report)}",
        square=True,
    )


def reliability(report: Report) -> Picture:
    """Return how often probabilities came true: of *positive*, or of the answer and each class."""
    p, outcomes = report.evaluation.claims
    bins = reliability_of(p, outcomes)
    predicted = bins.mean_predicted
    ece, floor = report.evaluation.figures["ece"], calibration_noise(p)
    missed = int(np.count_nonzero((bins.low > predicted) | (bins.high < predicted)))
    of = report.label_set.names[1]
    came_true, dots = f"fraction {of}", "with 95% interval"
    lines: list[Line] = []
    if not report.label_set.is_binary:
        of, came_true, dots = "a class", "fraction of that class", "the answer, with 95% interval"
        lines = list(_reliability_by_class(report))
    return Picture(
        "Reliability",
        _share_axis(f"predicted probability of {of}"),
        _share_axis(came_true),
        (
            Line(GUIDE, _DIAGONAL, _DIAGONAL, "perfect"),
            *lines,
            Dots(MAIN, predicted, bins.fraction_positive, bins.low, bins.high, dots),
        ),
        f"In {bins.n.size - missed} of {bins.n.size} bins the mean probability lies within the "
        f"interval of the observed fraction. The expected calibration error is {number(ece)}; a "
        f"perfectly calibrated model would show {number(floor)} by chance."
        f"{_left_out(report) if lines else ''}",
        square=True,
    )


def _reliability_by_class(report: Report) -> Iterator[Line]:
    """Yield a line through the bins of each class that have enough reviews."""
    for role, label, name in _shown(report):
        bins = reliability_of(report.probabilities[:, label], report.labels == label)
        enough = bins.n >= MIN_LOSSES
        yield Line(role, bins.mean_predicted[enough], bins.fraction_positive[enough], name)


def _shown(report: Report) -> Iterator[tuple[str, int, str]]:
    """Yield the role, the label and the name of each class that has a line."""
    for role, label in zip(LINES, report.shown_classes, strict=False):
        yield role, label, report.label_set.names[label]


def _left_out(report: Report) -> str:
    shown, classes = len(report.shown_classes), len(report.label_set)
    return f" Shown are the {shown} most frequent of {classes} classes." if shown < classes else ""


def scores(report: Report) -> Picture:
    """Return histograms of the probabilities: of both classes, or right and wrong answers."""
    edges = np.linspace(0, 1, _BINS + 1)
    p, outcomes = report.evaluation.claims
    up, down = (
        np.histogram(p[outcomes == outcome], edges)[0].astype(np.float64) for outcome in (1, 0)
    )
    step = _round_step(max(up.max(), down.max()))
    low, high = -step * np.ceil(down.max() / step), step * np.ceil(up.max() / step)
    sides, of = ("correct answers", "wrong answers"), "the answer"
    cut: tuple[Cut, ...] = ()
    summary = f"{percent(float(np.mean(p > 0.9)))} of the answers have a probability above 90%."
    if report.label_set.is_binary:
        first, of = report.label_set.names
        sides = (f"{of} reviews", f"{first} reviews")
        decision = report.model.binary
        ends = decision.abstention_interval or (decision.threshold, decision.threshold)
        cut = (Cut(*ends, "threshold"),)
        summary = (
            f"{percent(float(np.mean(np.abs(p - 0.5) > 0.4)))} of the reviews have a probability "
            "below 10% or above 90%."
        )
    return Picture(
        "Scores",
        _share_axis(f"probability of {of}"),
        Axis("reviews", low, high, np.arange(low, high + step / 2, step).tolist(), "{:,.0f}"),
        (
            Bars(POSITIVE, edges, up, f"{sides[0]}, upward"),
            Bars(NEGATIVE, edges, -down, f"{sides[1]}, downward"),
            *cut,
        ),
        summary,
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
    counts, names = report.evaluation.confusion, report.label_set.names
    return Table("Confusion matrix", counts, names, names, "answered", "labelled")


def matrix(report: Report) -> Table:
    """Return the confusion matrix, with a column for reviews without an answer if there may be."""
    names = report.label_set.names
    if not report.leaves_out:
        return confusion(report)
    columns = (*names, "not answered")
    return Table("Confusion matrix", report.counts, names, columns, "answered", "labelled")


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
