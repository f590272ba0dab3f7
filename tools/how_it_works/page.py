"""The page and its pictures: what `walk` computes, put into a template."""

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, StrictUndefined

from sentiment.labels import NEGATIVE, POSITIVE
from sentiment.model.model import Model
from sentiment.pages.charts import GUIDE, MAIN, Axis, Bars, Here, Line, Picture
from sentiment.pages.plotting import plot
from tools.how_it_works.walk import BETA_1, BETA_2, EPSILON, Feature, Walk, sigmoid, walk

# For whoever reads the page: a fault and praise, and what a word near them means.
TEXT = "The soup was cold, but the staff were lovely and we will be back."
LABEL = 1
# Rows of the table of features.
_SHOWN = 10
_TEMPLATE = Path(__file__).with_name("page.md.jinja")


def documents(model: Model) -> dict[str, bytes]:
    """Return the page and its pictures, by the names of their files.

    Args:
        model: the demo model, with its record.

    Raises:
        ValueError: the model is of another kind.
    """
    about = model.record.provenance
    if about is None:
        raise ValueError("the model does not say how it was trained")
    rate = float(about.recipe["learning_rate"])
    done = walk(model, TEXT, LABEL, rate)
    pictures = {"units": _units(done), "sigmoid": _curve(done), "epochs": _epochs(model)}
    drawn = {f"how-it-works-{name}.svg": _drawn(each) for name, each in pictures.items()}
    return {"how-it-works.md": _page(model, done, pictures).encode(), **drawn}


def _drawn(picture: Picture) -> bytes:
    file = BytesIO()
    plot(picture, file, "svg")
    return file.getvalue()


def _page(model: Model, done: Walk, pictures: dict[str, Picture]) -> str:
    environment = Environment(
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    environment.filters["signed"] = lambda value, digits=4: f"{value:+.{digits}f}"
    environment.filters["fixed"] = lambda value, digits=4: f"{value:.{digits}f}"
    environment.filters["small"] = lambda value: f"{value:+.2e}"
    environment.filters["code"] = lambda name: f"`{name}`"
    about = model.record.provenance
    assert about is not None
    strongest = sorted(done.features, key=lambda feature: (-abs(feature.value), feature.place))
    calibration = model.own.calibration
    return environment.from_string(_TEMPLATE.read_text(encoding="utf-8")).render(
        done=done,
        model=model,
        strongest=strongest[:_SHOWN],
        norm=float(np.sqrt(sum(feature.weight**2 for feature in done.features))),
        contributions=done.forward.hidden * done.weights.output,
        size=model.own.encoder.size,
        reviews=about.training.total,
        recipe=about.recipe,
        best_epoch=about.best_epoch,
        steps=-(-about.training.total // int(about.recipe["batch_size"])),
        calibration=calibration,
        calibrated=sigmoid(calibration.slope * done.forward.logit + calibration.intercepts[0]),
        moved=_moved(done, strongest[0]),
        betas=(BETA_1, BETA_2, EPSILON),
        pictures=pictures,
        version=about.versions,
    )


def _moved(done: Walk, feature: Feature) -> list[dict[str, Any]]:
    """Return some weights with what the step does to them: before, gradient, means, behind."""
    unit = int(np.argmax(done.forward.hidden * np.abs(done.weights.output)))
    place = [each.place for each in done.features].index(feature.place)
    some: dict[str, tuple[int, tuple[int, ...]]] = {
        f"`{feature.name}` → unit {unit + 1}": (0, (place, unit)),
        f"bias of unit {unit + 1}": (1, (unit,)),
        f"unit {unit + 1} → output": (2, (unit,)),
        "bias of the output": (3, ()),
    }
    return [
        {
            "name": name,
            "before": float(done.weights.parts()[part][index]),
            "gradient": (slope := float(done.gradient.parts()[part][index])),
            "mean": (1 - BETA_1) * slope,
            "square": (1 - BETA_2) * slope**2,
            "after": float(done.stepped.parts()[part][index]),
        }
        for name, (part, index) in some.items()
    ]


def _units(done: Walk) -> Picture:
    """Return what each hidden unit passes on, by what it speaks for."""
    count = done.forward.hidden.size
    most = float(np.ceil(done.forward.hidden.max() * 13) / 10) or 0.1  # with room for the legend
    edges = np.arange(count + 1, dtype=np.float64) + 0.5
    layers = [
        Bars(role, edges, np.where(sign * done.weights.output > 0, done.forward.hidden, 0.0), name)
        for role, sign, name in (
            (POSITIVE, 1, "positive weight in the output"),
            (NEGATIVE, -1, "negative weight in the output"),
        )
    ]
    return Picture(
        "What the hidden units pass on",
        Axis("hidden unit", 0.5, count + 0.5, range(1, count + 1), "{:.0f}"),
        Axis("sum behind ReLU", 0, most, [0, most / 2, most], "{:.2f}"),
        layers,
        f"Bars of {count} units; those with a positive weight in the output add to the log-odds.",
    )


def _curve(done: Walk) -> Picture:
    """Return the sigmoid with the review on it, before the step."""
    logits = np.linspace(-8, 8, 161)
    return Picture(
        "From log-odds to probability",
        Axis("log-odds", -8, 8, range(-8, 9, 4), "{:.0f}", signed=True),
        Axis("probability of positive", 0, 1, [0, 0.5, 1]),
        [
            Line(GUIDE, np.array([-8, 8]), np.array([0.5, 0.5]), "threshold"),
            Line(MAIN, logits, 1 / (1 + np.exp(-logits)), "sigmoid"),
            Here(done.forward.logit, done.forward.probability, "this review"),
        ],
        f"The sigmoid; the review is at {done.forward.logit:.2f}, {done.forward.probability:.1%}.",
    )


def _epochs(model: Model) -> Picture:
    """Return the losses of the training, epoch by epoch."""
    epochs = model.record.history
    numbers = np.arange(1, len(epochs) + 1, dtype=np.float64)
    losses = {
        name: np.array([epoch[key] for epoch in epochs])
        for name, key in (("reviews fitted", "loss"), ("reviews held out", "validation_loss"))
    }
    most = float(np.ceil(max(values.max() for values in losses.values()) * 10) / 10)
    return Picture(
        "Loss while training",
        Axis("epoch", 1, numbers.size, numbers.tolist(), "{:.0f}"),
        Axis("mean loss", 0, most, [0, most / 2, most], "{:.2f}"),
        [
            Line(role, numbers, values, name, marked=True)
            for role, (name, values) in zip((MAIN, POSITIVE), losses.items(), strict=True)
        ],
        "Two falling lines; that of the reviews held out levels off first.",
    )
