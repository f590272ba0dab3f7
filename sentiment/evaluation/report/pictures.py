"""Which charts there are, and what is on each."""

from collections.abc import Callable

import numpy as np

from sentiment.errors import DataError
from sentiment.evaluation.calibration import reliability_of
from sentiment.evaluation.curves import precision_recall_curve, roc_curve
from sentiment.evaluation.report.content import Report
from sentiment.evaluation.report.picture import (
    GUIDE,
    MAIN,
    NEGATIVE,
    OTHER,
    POSITIVE,
    Axis,
    Bars,
    Cut,
    Dots,
    Here,
    Line,
    Picture,
    Table,
)
from sentiment.evaluation.wording import number, percent

_QUARTERS = (0, 0.25, 0.5, 0.75, 1)
_BINS = 40
# Of more epochs not each gets a number.
_NUMBERED = 10


def roc(report: Report) -> Picture:
    """Positive reviews found by negative ones taken for such."""
    _need_both_classes(report)
    curve = roc_curve(report.p_positive, report.labels)
    false, true = (report.metrics.confusion[:, 1] / report.metrics.confusion.sum(axis=1)).tolist()
    return Picture(
        "ROC curve",
        _share("negative reviews answered positive"),
        _share("positive reviews answered positive"),
        (
            Line(GUIDE, np.array([0.0, 1]), np.array([0.0, 1]), "chance"),
            Line(MAIN, curve.x, curve.y),
            Here(false, true, "at the threshold"),
        ),
        f"The area under it is {number(report.metrics.roc_auc)}. At the threshold {percent(true)} "
        f"of the positive reviews are found, with {percent(false)} of the negative ones.",
        square=True,
    )


def precision_recall(report: Report) -> Picture:
    """Precision of *positive* by its recall."""
    _need_both_classes(report)
    curve = precision_recall_curve(report.p_positive, report.labels)
    positive = report.metrics.positive
    rate = positive.support / report.metrics.n
    here: tuple[Here, ...] = ()
    said = "nothing is answered positive"
    if positive.precision is not None and positive.recall is not None:
        here = (Here(positive.recall, positive.precision, "at the threshold"),)
        said = (
            f"{percent(positive.precision)} of the answers positive are right, and "
            f"{percent(positive.recall)} of the positive reviews are found"
        )
    return Picture(
        "Precision–recall curve",
        _share("recall of positive"),
        _share("precision of positive"),
        (
            Line(GUIDE, np.array([0.0, 1]), np.array([rate, rate]), "chance"),
            Line(MAIN, curve.x, curve.y),
            *here,
        ),
        f"The area under it is {number(report.metrics.pr_auc)}. At the threshold {said}.",
        square=True,
    )


def reliability(report: Report) -> Picture:
    """Shares of positive reviews by the probability that was said."""
    bins = reliability_of(report.p_positive, report.labels)
    missed = int(np.count_nonzero((bins.low > bins.said) | (bins.high < bins.said)))
    return Picture(
        "Reliability",
        _share("probability of positive"),
        _share("positive reviews among them"),
        (
            Line(GUIDE, np.array([0.0, 1]), np.array([0.0, 1]), "perfect"),
            Dots(MAIN, bins.said, bins.found, bins.low, bins.high, "with 95% interval"),
        ),
        f"In {bins.n.size - missed} of {bins.n.size} bins the probability lies within the interval "
        f"of what was found. The expected calibration error is {number(report.metrics.ece)}; a "
        f"perfectly calibrated model would have {number(report.metrics.ece_floor)} by chance.",
        square=True,
    )


def scores(report: Report) -> Picture:
    """How many reviews of either class have which probability."""
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
        _share("probability of positive"),
        Axis("reviews", low, high, np.arange(low, high + step / 2, step).tolist(), "{:,.0f}"),
        (
            Bars(POSITIVE, edges, up, "positive reviews, upward"),
            Bars(NEGATIVE, edges, -down, "negative reviews, downward"),
            Cut(*(decision.band or (decision.threshold, decision.threshold)), "threshold"),
        ),
        f"{percent(float(np.mean(np.abs(report.p_positive - 0.5) > 0.4)))} of the reviews have a "
        "probability below 10% or above 90%.",
    )


def training(report: Report) -> Picture:
    """Loss by epoch."""
    epochs = report.model.history
    about = report.model.provenance
    if not epochs:
        raise DataError("this model keeps no record of its training")
    losses = {
        name: np.array([epoch.get(name, np.nan) for epoch in epochs])
        for name in ("loss", "validation_loss")
    }
    highest = float(np.nanmax([losses["loss"], losses["validation_loss"]], initial=1e-9))
    step = _round_step(highest)
    top = step * np.ceil(highest / step)
    numbers = np.arange(1.0, len(epochs) + 1)
    every = -(-len(epochs) // _NUMBERED)
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
    """Reviews by label and answer."""
    names = ("negative", "positive")
    return Table("Confusion matrix", report.metrics.confusion, names, names, "answered", "labelled")


# By the names that users pick them by.
CHARTS: dict[str, Callable[[Report], Picture]] = {
    "roc": roc,
    "precision_recall": precision_recall,
    "reliability": reliability,
    "scores": scores,
    "training": training,
}
PICTURES: dict[str, Callable[[Report], Picture | Table]] = {"confusion": confusion, **CHARTS}


def picture_of(name: str, report: Report) -> Picture | Table:
    """Make one of `PICTURES`.

    Raises:
        DataError: there is nothing to show on it.
    """
    try:
        return PICTURES[name](report)
    except DataError as error:
        raise DataError(f"no picture {name}: {error}") from error


def _share(label: str) -> Axis:
    return Axis(label, 0, 1, _QUARTERS)


def _round_step(most: float) -> float:
    """Give a round number that goes two to five times into a positive one."""
    power = 10.0 ** np.floor(np.log10(most))
    return float(
        next(step for step in (power / 5, power / 2, power, 2 * power) if most <= 5 * step)
    )


def _need_both_classes(report: Report) -> None:
    if not report.has_both_classes:
        raise DataError("all reviews have the same label")
