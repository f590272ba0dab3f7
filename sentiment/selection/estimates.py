"""Metrics of out-of-fold answers, with intervals that respect the dependence of folds."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import inf, sqrt
from typing import NamedTuple

import numpy as np

from sentiment.evaluation.intervals import LEVEL, Floats, Interval
from sentiment.evaluation.metrics import Figures
from sentiment.selection.folds import Rows


class Part(NamedTuple):
    """Some reviews of a repeat: its number, and their rows, int64."""

    repeat: int
    rows: Rows


_ANY = (-inf, inf)
Measure = Callable[[Part], Figures]


@dataclass(frozen=True)
class Estimate:
    """A metric of models trained on as many reviews as the folds', None where undefined."""

    value: float | None
    interval: Interval | None


NONE = Estimate(None, None)


def estimates_of(
    repeats: Sequence[tuple[Part, Rows]],
    measure: Measure,
    bounds: Mapping[str, Interval],
) -> dict[str, Estimate]:
    """Estimate each metric from all answers of a repeat together, the mean of the repeats.

    Together, since the mean of the F1 of small folds is biased (Forman and Scholz, SIGKDD
    Explorations 12, 2010). What a fold contributes is its pseudo-value: what leaving its answers
    out changes (the jackknife for groups of unequal size: Busing, Meijer and van der Leeden,
    Statistics and Computing 9, 1999); for the accuracy of equal folds that is the fold's accuracy.

    Args:
        repeats: the rows of each repeat, and the fold of each of these.
        measure: computes the metrics of some rows of a repeat.
        bounds: the range of each metric that has one, which its interval does not leave.
    """
    wholes = [measure(part) for part, _ in repeats]
    variances = [
        _variances(part, folds, whole, measure)
        for (part, folds), whole in zip(repeats, wholes, strict=True)
    ]
    degrees = min(len(np.unique(folds)) for _, folds in repeats) - 1
    found = {}
    for name in wholes[0]:
        values = [whole[name] for whole in wholes]
        if any(value is None for value in values):
            found[name] = NONE
            continue
        value = float(np.mean(np.array(values, np.float64)))
        spread = [each.get(name) for each in variances]
        interval = None
        if degrees > 0 and not any(each is None for each in spread):
            variance = float(np.mean(np.array(spread, np.float64)))
            interval = corrected_interval(
                value, variance, degrees, len(repeats), bounds.get(name, _ANY)
            )
        found[name] = Estimate(value, interval)
    return found


def corrected_interval(
    value: float, variance: float, degrees: int, repeats: int, bounds: Interval
) -> Interval:
    """Compute the 95% interval of a cross-validated metric: the corrected resampled t.

    Nadeau and Bengio (Machine Learning 52, 2003) multiply the variance of the folds by 1/J +
    n₂/n₁ for J folds that test n₂ of n₁ + n₂ reviews: the second term is the dependence. They
    draw each test set anew. Where the folds of a repeat share no review, and together test each
    once, the first term counts the same noise again, and n₂/n₁ = 1/(K − 1) alone is left;
    `make bench-folds` has the coverage of both.

    Args:
        value: the estimate.
        variance: of the folds of a repeat, the mean over repeats.
        degrees: K − 1, of freedom in each repeat.
        repeats: number of repeats; each adds as many degrees.
        bounds: the ends are not outside of these.
    """
    from scipy.special import stdtrit

    quantile = float(stdtrit(degrees * repeats, (1 + LEVEL) / 2))
    reach = quantile * sqrt(variance / degrees)
    return max(value - reach, min(bounds[0], value)), min(value + reach, max(bounds[1], value))


def pseudo_values(
    part: Part, folds: Rows, whole: Figures, measure: Measure
) -> tuple[dict[str, Floats | None], Floats]:
    """Compute what each fold contributes to each metric, [K]; None where that is undefined.

    Returns:
        The values, whose mean is about the metric, and n / n₂ of each fold, [K].
    """
    numbers, sizes = np.unique(folds, return_counts=True)
    ratios = folds.size / sizes
    if numbers.size < 2:
        return dict.fromkeys(whole), ratios
    without = [measure(Part(part.repeat, part.rows[folds != number])) for number in numbers]
    found: dict[str, Floats | None] = {}
    for name, value in whole.items():
        left = [each[name] for each in without]
        found[name] = None
        if value is not None and not any(each is None for each in left):
            found[name] = ratios * value - (ratios - 1) * np.array(left, np.float64)
    return found, ratios


def _variances(part: Part, folds: Rows, whole: Figures, measure: Measure) -> Figures:
    """Estimate the variance of the folds of each metric, as if they had the same size."""
    pseudo, ratios = pseudo_values(part, folds, whole, measure)
    found: Figures = {}
    for name, value in whole.items():
        values = pseudo[name]
        if value is None or values is None:
            found[name] = None
        else:
            found[name] = float(np.sum((values - value) ** 2 / (ratios - 1)))
    return found
