"""The learning curve of `cross-validate --curve`: trainings, text, JSON and picture."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sentiment.evaluation.metrics import percent
from sentiment.files import replacing
from sentiment.pages.charts import (
    GUIDE,
    MAIN,
    Axis,
    Dots,
    Line,
    Picture,
)
from sentiment.pages.plotting import format_of, plot
from sentiment.reviews.cells import count_of
from sentiment.reviews.dataset import LabelledReviews
from sentiment.runtime import require
from sentiment.selection.crossing import Fit, OutOfFold, answer_out_of_fold
from sentiment.selection.curve import LEVEL, LearningCurve
from sentiment.selection.folds import Fold

_TITLES = {"accuracy": "accuracy", "macro_f1": "macro F1"}
_TIMES = (2, 4)
_GAIN = 0.01
_POINTS = 60  # of a line in the picture


def check_plot(path: Path) -> None:
    """Check the name of a picture, and that matplotlib is installed.

    Raises:
        UsageError: its suffix is not that of a picture.
        MissingDependencyError: matplotlib is missing.
    """
    format_of(path)
    require("pictures need matplotlib", "matplotlib")


@dataclass(frozen=True, eq=False)
class Curve:
    """A learning curve, and the metric it is of."""

    metric: str
    law: LearningCurve

    @classmethod
    def measure(
        cls,
        metric: str,
        reviews: LabelledReviews,
        smaller: dict[float, list[Fold]],
        whole: OutOfFold,
        fit: Callable[[float], tuple[Fit, Callable[[int], None]]],
    ) -> "Curve":
        """Train on the smaller subsets of each fold.

        Args:
            metric: its name.
            reviews: the reviews.
            smaller: folds by the share that is trained on, see `subsets`.
            whole: the answers of models of all training reviews.
            fit: returns for a share what is trained, and what is told of each fold.
        """
        results = [
            answer_out_of_fold(reviews, folds, *fit(share)) for share, folds in smaller.items()
        ]
        return cls(metric, LearningCurve.of([*results, whole], reviews, metric))

    def as_text(self) -> str:
        """Return sizes and values as a table, and in words what more labels would give."""
        title, law = _TITLES[self.metric], self.law
        lines = [f"{'trained on':>10}{title:>12}"]
        lines += [
            f"{size:>10,.0f}{percent(value):>12}"
            for size, value in zip(law.sizes, law.values, strict=True)
        ]
        forecasts = ", ".join(
            f"{times} times as many {percent(value)} ({100 * low:.1f}–{high:.1%})"
            for times, (value, (low, high)) in ((each, self._ahead(each)) for each in _TIMES)
        )
        lines += ["", f"expected {title} ({LEVEL:.0%} interval): {forecasts}", self._in_words()]
        return "\n".join(lines)

    def _ahead(self, times: float) -> tuple[float, tuple[float, float]]:
        return self.law.at(times * self.law.sizes[-1])

    def _more(self) -> list[int | None]:
        """Return how many more labels one point takes, with the ends of the interval."""
        needed, ends = self.law.size_for(_GAIN)
        now = self.law.sizes[-1]
        return [None if each is None else _rounded(each - now) for each in (needed, *ends)]

    def _in_words(self) -> str:
        more, fewest, most = self._more()
        what = f"one more point of {_TITLES[self.metric]}"
        if more is None:
            return f"{what} would take more than a hundred times as many labels"
        if fewest is None:  # never, if the expected number is known
            fewest = more
        upper = f"{most:,}" if most is not None else "more than a hundred times as many"
        return f"{what} takes about {count_of(more, 'more label')} ({fewest:,} to {upper})"

    def as_json(self) -> dict[str, Any]:
        """Return a JSON object."""
        more, *ends = self._more()
        forecasts = [(times, *self._ahead(times)) for times in _TIMES]
        return {
            "metric": self.metric,
            "trained_on": self.law.sizes.tolist(),
            "values": self.law.values.tolist(),
            "expected": [
                {"trained_on": times * float(self.law.sizes[-1]), "value": value, "interval": ends_}
                for times, value, ends_ in forecasts
            ],
            "labels_for_one_point": more,
            "labels_for_one_point_interval": ends,
        }

    def draw(self, path: Path) -> None:
        """Draw the measured values, and the expected ones with their interval."""
        with replacing(path) as file:
            plot(self._picture(), file, format_of(path))

    def _picture(self) -> Picture:
        law, title = self.law, _TITLES[self.metric]
        sizes = np.geomspace(law.sizes[0], _TIMES[-1] * law.sizes[-1], _POINTS)
        expected = [law.at(size) for size in sizes]
        low, high = (np.array([ends[place] for _, ends in expected]) for place in (0, 1))
        middle = np.array([value for value, _ in expected])
        bottom = np.floor(10 * min(low.min(), law.values.min())) / 10
        top = min(np.ceil(10 * max(high.max(), law.values.max())) / 10, 1.0)
        y = Axis(
            title, bottom, top, np.linspace(bottom, top, round((top - bottom) * 10) + 1).tolist()
        )
        end = sizes[-1]
        x = Axis("reviews trained on", 0, end, np.linspace(0, end, 5).tolist(), "{:,.0f}")
        count = len(law.folds)
        reach = 2 * law.folds.std(axis=0, ddof=1) / np.sqrt(count)
        layers: Sequence[Line | Dots] = (
            Line(GUIDE, sizes, low),
            Line(GUIDE, sizes, high, f"{LEVEL:.0%} interval"),
            Line(MAIN, sizes, middle, "power law"),
            Dots(MAIN, law.sizes, law.values, law.values - reach, law.values + reach, "measured"),
        )
        return Picture(f"{title} by number of labels", x, y, layers, self._in_words())


def _rounded(number: float) -> int:
    """Return a whole number with two digits: more would pretend to know more."""
    return int(float(f"{max(number, 1):.2g}"))
