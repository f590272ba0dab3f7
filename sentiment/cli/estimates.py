"""Cross-validated metrics as text and as JSON."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment.cli.curve import Curve
from sentiment.cli.evaluate import side_by_side, slices_as_text
from sentiment.cli.tables import class_name, width_of
from sentiment.evaluation.metrics import Metric, Metrics, metrics_for
from sentiment.evaluation.slices import Slice
from sentiment.reviews.dataset import LabelledReviews
from sentiment.selection.estimates import Estimate

Estimates = Mapping[str, Estimate]


@dataclass(frozen=True, eq=False)
class Result:
    """What came of it.

    Attributes:
        measured: how many reviews of each class were measured, int64 [K].
        overall: the estimates of all of these.
        baselines: those of each baseline.
        ahead: how far ahead it is of the better baseline.
        slices: the metrics of each slice.
        curve: the learning curve, if it was asked for.
    """

    measured: NDArray[np.int64]
    overall: Estimates
    baselines: dict[str, Estimates]
    ahead: Estimates
    slices: dict[str, list[Slice]]
    curve: Curve | None = None


def result_as_text(found: Result, reviews: LabelledReviews) -> str:
    """Return all metrics, those of slices, and the learning curve as text."""
    metrics = metrics_for(reviews.label_set)
    parts = ["\n".join(_overall(metrics, found)), "\n".join(_classes(reviews, metrics, found))]
    parts += [slices_as_text(name, of, metrics.headline) for name, of in found.slices.items()]
    if found.curve is not None:
        parts.append(found.curve.as_text())
    return "\n\n".join(parts)


def result_as_json(found: Result) -> dict[str, Any]:
    """Return all metrics, those of slices, and the learning curve as JSON values."""
    facts: dict[str, Any] = {name: each.value for name, each in found.overall.items()}
    facts["measured"] = int(found.measured.sum())
    facts["intervals"] = {name: each.interval for name, each in found.overall.items()}
    if found.baselines:
        facts["baselines"] = {
            name: {metric: each.value for metric, each in of.items()}
            for name, of in found.baselines.items()
        }
        facts["ahead"] = {name: each.value for name, each in found.ahead.items()}
        facts["ahead_intervals"] = {name: each.interval for name, each in found.ahead.items()}
    if found.slices:
        facts["slices"] = {
            name: [each.as_json() for each in of] for name, of in found.slices.items()
        }
    if found.curve is not None:
        facts["curve"] = found.curve.as_json()
    return facts


def _overall(metrics: Metrics, found: Result) -> Iterator[str]:
    """Write the metrics of all reviews; with baselines, theirs and the difference."""
    width = max(9, *(len(metric.title) + 1 for metric in metrics.overall))
    heads = "".join(f"{name:>{len(name) + 3}}" for name in found.baselines)
    ahead = f"{'difference':>13}" if found.baselines else ""
    yield f"{'':{width}}{'':9}{'95% interval':>17}{heads}{ahead}"
    for metric in metrics.overall:
        own = found.overall[metric.name]
        line = f"{metric.title:<{width}}{metric.write(own.value):>9}"
        line += f"{metric.write_interval(own.interval):>17}"
        for name, theirs in found.baselines.items():
            line += f"{metric.write(theirs[metric.name].value):>{len(name) + 3}}"
        if found.baselines:
            line += f"   {_difference(metric, found.ahead[metric.name])}"
        yield line.rstrip()


def _difference(metric: Metric, estimate: Estimate) -> str:
    """Return a difference with its interval, in points for shares."""
    if estimate.value is None:
        return ""
    scale, form = (100, "+.1f") if metric.kind == "share" else (1, "+.4f")
    text = f"{scale * estimate.value:{form}}"
    if estimate.interval is not None:
        low, high = estimate.interval
        text += f" ({scale * low:{form}} to {scale * high:{form}})"
    return text.replace("-", "−")


def _classes(reviews: LabelledReviews, metrics: Metrics, found: Result) -> Iterator[str]:
    """Write the metrics of each class."""
    width = width_of(reviews.label_set)
    of_class = {
        name: [each for each in of if each.of_counts] for name, of in metrics.of_class.items()
    }
    titles = "".join(f"{metric.title:>9}{'':13}" for metric in next(iter(of_class.values())))
    yield f"{'':<{width}}{titles}{'reviews':>10}"
    figures = {name: each.value for name, each in found.overall.items()}
    intervals = {name: each.interval for name, each in found.overall.items()}
    for (name, of), n in zip(of_class.items(), found.measured.tolist(), strict=True):
        cells = side_by_side(of, figures, intervals, 9)
        yield f"{class_name(name):<{width}}{cells}{n:>10,}"
