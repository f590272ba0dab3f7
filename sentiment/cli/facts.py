"""What there is to know of a model."""

from collections.abc import Iterator, Mapping
from typing import Any

from sentiment.cli.held_out import CHANCE, HeldOut
from sentiment.cli.wording import describe, describe_band
from sentiment.model import Decision, Model, Provenance
from sentiment.model.decision import CLASSES
from sentiment.reviews.cells import count_of


def facts_of(model: Model) -> dict[str, Any]:
    """Gather what there is to know, as JSON values."""
    layers = [
        {
            "name": "output" if number == len(model.network.layers) else f"hidden {number}",
            "inputs": layer.kernel.shape[0],
            "units": layer.kernel.shape[1],
            "activation": "sigmoid" if number == len(model.network.layers) else "ReLU",
            "trainable_parameters": layer.kernel.size + layer.bias.size,
        }
        for number, layer in enumerate(model.network.layers, start=1)
    ]
    return {
        "labels": list(CLASSES),
        "vectorizer": {
            "features": int(model.vectorizer.keys.size),
            "kinds": describe(model.vectorizer.ngrams),
            **model.vectorizer.ngrams._asdict(),
        },
        "layers": layers,
        "trainable_parameters": sum(layer["trainable_parameters"] for layer in layers),
        "threshold": model.decision.threshold,
        "band": model.decision.band,
        "calibration": {
            "slope": model.calibration.slope,
            "intercept": model.calibration.intercept,
        },
        "history": list(model.history),
        "provenance": model.provenance.as_json() if model.provenance else None,
        "base": None
        if model.base is None
        else {
            "weight": model.base.weight,
            **facts_of(model.base.model),
        },
    }


def about_model(facts: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Say in words what a model is made of and where it came from: titles and texts.

    What the file itself says is in them as it is.

    Args:
        facts: what `facts_of` gives.
    """
    yield (
        "vectorizer",
        f"{facts['vectorizer']['features']:,} n-grams: {facts['vectorizer']['kinds']}",
    )
    decision = Decision(facts["threshold"], facts["band"])
    yield "labels", f"{', '.join(facts['labels'])}; {describe_band(decision)}"
    calibration = facts["calibration"]
    slope, intercept = calibration["slope"], calibration["intercept"]
    yield "calibration", f"p = σ({slope:.3f} · logit {intercept:+.3f})"
    if facts["base"] is not None:
        yield "base", _base(facts["base"])
    if facts["provenance"] is not None:
        yield from _origin(facts["provenance"])


def _base(base: Mapping[str, Any]) -> str:
    features = f"a model of {base['vectorizer']['features']:,} n-grams"
    if base["provenance"] is not None:
        rows = base["provenance"]["training"]
        features += (
            f", trained on {rows['positive']:,} positive and {rows['negative']:,} negative "
            f"reviews (hash {rows['hash'][:12]})"
        )
    return f"adds {base['weight']:.2f} times the log-odds of {features}"


def _origin(about: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    held_out = "cross-val." if about["in_turns"] else "held out"
    for name, title in (("training", "trained on"), ("validation", held_out)):
        rows = about[name]
        yield (
            title,
            (
                f"{rows['positive']:,} positive and {rows['negative']:,} negative reviews "
                f"(hash {rows['hash'][:12]})"
            ),
        )
    if about["accuracy"] is not None:
        figures = HeldOut.of(Provenance.from_json(about))
        chance = f": {CHANCE}" if figures and figures.is_chance else ""
        yield "right", f"{about['accuracy']:.1%} of the held-out reviews{chance}"
    if about["goal"]:
        from sentiment.evaluation import CONFIDENCE  # of calibrated models alone

        yield "goal", f"{about['goal']}, with {CONFIDENCE:.0%} confidence"
    if about["unlabeled"]:
        yield "unlabeled", f"{count_of(about['unlabeled'], 'review')} without labels"
    yield "epochs", _epochs(about)
    versions = ", ".join(f"{name} {number}" for name, number in about["versions"].items())
    yield "made with", versions


def _epochs(about: Mapping[str, Any]) -> str:
    """Say how many epochs were run, and by what they were chosen."""
    number = about["best_epoch"]
    if about["in_turns"]:
        return f"{number}, chosen by cross-validation"
    return f"{number}{f', then retrained for {number} on all reviews' * about['refitted']}"
