"""Which model a command uses."""

import os
from dataclasses import replace
from pathlib import Path

from sentiment.cli.console import console
from sentiment.errors import ModelError
from sentiment.model import Model, load_model

DEFAULT_MODEL = Path("model.safetensors")
VARIABLE = "SENTIMENT_MODEL"


def open_model(named: Path | None, threshold: float | None = None) -> tuple[Path, Model]:
    """Load the model named, else $SENTIMENT_MODEL, else ./model.safetensors.

    Args:
        named: a file that the user named.
        threshold: to answer by; None for the model's own.

    Raises:
        ModelError: there is none, or it cannot be loaded.
    """
    if named is not None:
        path = named
        if console.verbose:
            console.detail(f"model: {path}")
    elif os.environ.get(VARIABLE):
        path = Path(os.environ[VARIABLE])
        console.detail(f"model: {path} (from ${VARIABLE})")
    elif DEFAULT_MODEL.exists():
        path = DEFAULT_MODEL
        console.detail(f"model: ./{path}")
    else:
        raise ModelError(
            "no model here yet: `sentiment train reviews.csv` makes ./model.safetensors, "
            f"-m FILE or ${VARIABLE} names another"
        )
    model = load_model(path)
    if threshold is not None:
        model = replace(model, decision=model.decision.at(threshold))
    return path, model
