"""Which model answers, and where it comes from."""

import os
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from sentiment.cli.console import console
from sentiment.errors import DataError, ModelError, command_line, hint_file
from sentiment.model.file import is_model_file, load_model
from sentiment.model.model import Decision, Model
from sentiment.reviews.formats import looks_like_file


def describe_band(decision: Decision) -> str:
    """Say from which probability of *positive* on what is answered."""
    if decision.abstention_interval is None:
        return f"positive from {decision.threshold:.3g} on"
    low, high = decision.abstention_interval
    negative = "never negative" if low < 0 else f"negative up to {min(low, 1):.3g}"
    positive = "never positive" if high > 1 else f"positive from {max(high, 0):.3g} on"
    return f"{negative}, {positive}"


_PACKAGE = Path(__file__).parent.parent

# Of data/train.csv: how many reviews there are, and the hash of their texts and labels.
SAMPLE_SIZE = 1_600
SAMPLE_HASH = "b2f7f767f530edf2bef89de31d657684"


def bundled_reviews(name: str) -> str:
    """Find `data/NAME` here, else the file of that name that comes with the program.

    Raises:
        DataError: there is neither.
    """
    # An installed package holds its copy; in a checkout the folder stands beside the package.
    for folder in (Path("data"), _PACKAGE / "data", _PACKAGE.parent / "data"):
        if (folder / name).is_file():
            return str(folder / name)
    raise DataError(f"no data/{name} here; name a file of reviews")


def test_reviews() -> tuple[str, ...]:
    """Find the reviews that are measured where none are named, and say so, `-q` or not.

    Raises:
        DataError: there are none.
    """
    path = bundled_reviews("test.csv")
    console.warn(f"no DATA was given: measuring on {path}")
    return (path,)


def is_of_sample(model: Model) -> bool:
    """Tell whether a model was trained on the sample, on a base or not, whatever its options."""
    about = model.record.provenance
    return about is not None and about.training.hash == SAMPLE_HASH and not about.unlabeled


DEFAULT_MODEL = Path("model.safetensors")
VARIABLE = "SENTIMENT_MODEL"
BUNDLED = "general"


def open_model(
    named: Path | None, threshold: float | None = None, *, repair: bool | None = None
) -> tuple[Path, Model]:
    """Load the model named, else $SENTIMENT_MODEL, else ./model.safetensors, else the bundled one.

    What was not named is said; so is what a model of the sample is, named or not.

    Args:
        named: a file that the user named, or `general`.
        threshold: to answer by; None for the model's own.
        repair: whether to repair texts; None for what the model does.

    Raises:
        ModelError: there is none, or it cannot be loaded.
    """
    path, name = _choose(named)
    model = load_model(path)
    if not say_of_sample(name, model) and (named is None or console.verbose):
        console.note(f"model: {name}")
    if threshold is not None:
        model = replace(model, decision=model.decision.at(threshold))
    if repair is not None:
        model = model.with_repair(repair)
    return path, model


def say_of_sample(name: str, model: Model) -> bool:
    """Say so of a model that was trained on the sample; return whether it was."""
    of_sample = is_of_sample(model)
    if of_sample:
        alone = " only; -m general answers better"
        how = ", on a base" if len(model.components) > 1 else alone
        console.note(f"model: {name} (trained on the {SAMPLE_SIZE:,} sample reviews{how})")
    return of_sample


def _choose(named: Path | None) -> tuple[Path, str]:
    """Choose a model, and say in a few words which it is.

    Raises:
        ModelError: there is none.
    """
    if named is not None:
        path = find_model(named)
        return path, str(path)
    if of_environment := os.environ.get(VARIABLE):
        path = find_model(Path(of_environment))
        return path, f"{path}, from ${VARIABLE}"
    if DEFAULT_MODEL.exists():
        return DEFAULT_MODEL, f"./{DEFAULT_MODEL}"
    if (bundled := _bundled()) is not None:
        return bundled, f"{BUNDLED}, which comes with the program"
    raise ModelError(
        "no model here yet: `sentiment train reviews.csv` makes ./model.safetensors, -m FILE or "
        f"${VARIABLE} names another"
    )


def find_model(named: Path, *, or_reviews: bool = False) -> Path:
    """Say which file is meant: `general` is the bundled model, unless something here is called so.

    Raises:
        ModelError: no model ships with this copy, a public set of reviews is meant, or another
            model may be.
    """
    if os.path.exists(named):  # noqa: PTH110  # a name too long is not there
        if not or_reviews and looks_like_file(str(named)) and not is_model_file(named):
            answering, training = command_line("predict", "-i", named), _training(named, named.stem)
            raise ModelError(
                f"{named}: a file of reviews, not a model; `{answering}` answers them, "
                f"`{training}` makes a model of labelled ones"
            )
        return named
    if not named.suffix:
        from sentiment.general import find_bundled  # where a name is no file

        if (bundled := find_bundled(named)) is not None:
            return bundled
        _refuse_dataset(str(named))
    if near := hint_file(named, _models_beside(named)):
        raise ModelError(f"{named}: no such model{near}")
    return named


def _refuse_dataset(name: str) -> None:
    """Refuse the name of a public set of reviews.

    Raises:
        ModelError: it is one.
    """
    from sentiment.datasets.catalog import find_dataset  # where a model is missing

    if find_dataset(name.partition(":")[0]):
        raise ModelError(
            f"{name}: a public set of reviews, not a model; "
            f"`{_training(name, name.partition(':')[0])}` makes one of it"
        )


def _training(reviews: object, stem: str) -> str:
    """Return the command that makes a model of some reviews."""
    return command_line("train", reviews, "-o", f"{stem}.safetensors")


def _models_beside(named: Path) -> list[Path]:
    """Name the models that may have been meant: those in the same folder, and the bundled one."""
    beside: list[Path] = []
    with suppress(OSError):
        beside += sorted(named.parent.glob("*.safetensors"))
    return [*beside, Path(BUNDLED)]


def bundled_model() -> Model | None:
    """Load the model that ships with the package, if there is one."""
    path = _bundled()
    return None if path is None else load_model(path)


def _bundled() -> Path | None:
    """Where the model that ships with the package is, if it does."""
    from sentiment.general import MODEL  # where no other is named

    return MODEL if MODEL.is_file() else None
