"""What drift found as an HTML page without external resources."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sentiment.checks.distributions import Distribution
from sentiment.checks.drift import LEVEL, TESTS, Drift
from sentiment.evaluation.metrics import percent
from sentiment.files import replacing
from sentiment.pages.charts import (
    MAIN,
    OTHER,
    Axis,
    Bars,
    Drawing,
    Floats,
    Layer,
    Line,
    Picture,
    draw,
)
from sentiment.pages.rendering import render

_TEMPLATES = Path(__file__).parent / "templates"
_MOST_CLASSES = 5  # whose scores are drawn, the furthest apart
_NAME = 200  # characters of a file's name


def write_page(
    found: Drift,
    distributions: Sequence[Distribution],
    reference: str,
    new: str,
    path: Path,
) -> None:
    """Write the page into a file, whole or not at all.

    Args:
        found: what was found.
        distributions: of lengths and scores.
        reference: the name of one side.
        new: that of the other.
        path: of the file.
    """
    content = page_of(found, distributions, reference, new)
    with replacing(path) as file:
        file.write(content)


def page_of(found: Drift, distributions: Sequence[Distribution], reference: str, new: str) -> bytes:
    """Render the page; the same values give the same bytes."""
    lengths, *scores = distributions
    furthest = sorted(scores, key=lambda each: -_apart(each))[:_MOST_CLASSES]
    shown = [each for each in scores if any(each is one for one in furthest)]
    return render(
        "drift.html.jinja",
        _TEMPLATES,
        styles=["drift.css"],
        scripts=[],
        filters={"percent": percent},
        found=found,
        reference=_shortened(reference),
        new=_shortened(new),
        level=f"{LEVEL:.0%}",
        tests=[(TESTS[name], p, p <= LEVEL) for name, p in found.p_values.items()],
        scores=[chart_of(each) for each in shown],
        left_out=len(scores) - len(shown),
        lengths=chart_of(lengths),
        moves=[("came", found.came), ("went", found.went)],
        most=max((max(move.old, move.new) for move in (*found.came, *found.went)), default=1.0),
    )


def chart_of(distribution: Distribution) -> Drawing:
    """Return the chart of both sides: bars of the old texts, a line of the new ones."""
    edges, old, new = distribution.edges, distribution.old, distribution.new
    highest = max(float(old.max()), float(new.max()), 0.05)
    step = next(step for step in (0.02, 0.05, 0.1, 0.2, 0.25) if highest <= 5 * step)
    ticks = np.arange(0, highest + step, step)
    if distribution.name:
        title = f"Probability of {distribution.name}"
        x = Axis("probability", 0, 1, [0, 0.25, 0.5, 0.75, 1])
    else:
        title = "Characters of a text"
        x = Axis("characters; the last bar has the longest", 0, float(edges[-1]),
                 np.linspace(0, edges[-1], 5).tolist(), "{:,.0f}")  # fmt: skip
    layers: list[Layer] = [
        Bars(OTHER, edges, old, "reference"),
        Line(MAIN, *_steps(edges, new), "new texts"),
    ]
    return draw(
        Picture(
            title,
            x,
            Axis("share of the texts", 0, float(ticks[-1]), ticks.tolist()),
            layers,
            f"Medians: {x.format.format(distribution.medians[0])} of the reference, "
            f"{x.format.format(distribution.medians[1])} of the new texts. "
            f"{percent(_apart(distribution))} of the texts would have to move to make them alike.",
        )
    )


def _steps(edges: Floats, heights: Floats) -> tuple[Floats, Floats]:
    """Return the outline of a histogram as points."""
    return np.repeat(edges, 2)[1:-1], np.repeat(heights, 2)


def _apart(distribution: Distribution) -> float:
    """Return the share of the texts that stand in other bins (the total variation)."""
    return float(np.abs(distribution.old - distribution.new).sum() / 2)


def _shortened(name: str) -> str:
    return name if len(name) <= _NAME else f"…{name[1 - _NAME :]}"
