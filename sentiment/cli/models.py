"""Which model a command uses."""

import os
from dataclasses import replace
from pathlib import Path

from sentiment.cli.console import console
from sentiment.errors import ModelError
from sentiment.model import Model, load_model

DEFAULT_MODEL = Path("model.safetensors")
VARIABLE = "SENTIMENT_MODEL"
BUNDLED = "general"

_HOW_TO_CHOOSE = (
    f"`sentiment train reviews.csv` makes ./model.safetensors, -m FILE or ${VARIABLE} names another"
)


def open_model(
    named: Path | None, threshold: float | None = None, *, repair: bool | None = None
) -> tuple[Path, Model]:
    """Load the model named, else $SENTIMENT_MODEL, else ./model.safetensors, else the bundled one.

    Args:
        named: a file that the user named, or `general`.
        threshold: to answer by; None for the model's own.
        repair: whether to repair texts; None for what the model does.

    Raises:
        ModelError: there is none, or it cannot be loaded.
    """
    if named is not None:
        path = find_model(named)
        if console.verbose:
            console.detail(f"model: {path}")
    elif os.environ.get(VARIABLE):
        path = find_model(Path(os.environ[VARIABLE]))
        console.detail(f"model: {path} (from ${VARIABLE})")
    elif DEFAULT_MODEL.exists():
        path = DEFAULT_MODEL
        console.detail(f"model: ./{path}")
    elif (bundled := _bundled()) is not None:
        path = bundled
        console.detail(f"model: {BUNDLED}, which comes with the program; {_HOW_TO_CHOOSE}")
    else:
        raise ModelError(f"no model here yet: {_HOW_TO_CHOOSE}")
    model = load_model(path)
    if threshold is not None:
        model = replace(model, decision=model.decision.at(threshold))
    if repair is not None:
        model = model.repairing(repair)
    return path, model


def find_model(named: Path) -> Path:
    """Say which file is meant: `general` is the bundled model, unless something here is called so.

    Raises:
        ModelError: no model ships with this copy, or a public set of reviews is meant.
    """
    if named.suffix or os.path.exists(named):  # noqa: PTH110  # a name too long is not there
        return named
    from sentiment.general import find_bundled  # where a name is no file

    if (bundled := find_bundled(named)) is not None:
        return bundled
    name = str(named)
    from sentiment.datasets import find_dataset  # where a model is missing

    if find_dataset(name.partition(":")[0]):
        raise ModelError(
            f"{name}: a public set of reviews, not a model; "
            f"`sentiment train {name} -o {name.partition(':')[0]}.safetensors` makes one of it"
        )
    return named


def bundled_model() -> Model | None:
    """Load the model that ships with the package, if there is one."""
    path = _bundled()
    return None if path is None else load_model(path)


def _bundled() -> Path | None:
    """Where the model that ships with the package is, if it does."""
    from sentiment.general import MODEL  # where no other is named

    return MODEL if MODEL.is_file() else None
