"""Find, load and describe models; find the sample reviews."""

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from sentiment.cli.console import console
from sentiment.errors import DataError, ModelError, UsageError, command_line, hint_file
from sentiment.general import FAST, NAME, bundled, find_bundled
from sentiment.model.file import is_model_file, load_model
from sentiment.model.model import Model
from sentiment.reviews.streams import looks_like_file

_PACKAGE = Path(__file__).parent.parent

# The number of reviews in data/train.csv, and the hash of their texts and labels.
SAMPLE_SIZE = 1_600
SAMPLE_HASH = "b2f7f767f530edf2bef89de31d657684"


def bundled_reviews(name: str) -> str:
    """Return the path of `data/NAME` here, else of the copy that is part of the program.

    Raises:
        DataError: there is neither.
    """
    # An installed package contains the folder; in a checkout it is next to the package.
    for folder in (Path("data"), _PACKAGE / "data", _PACKAGE.parent / "data"):
        if (folder / name).is_file():
            return str(folder / name)
    raise DataError(f"no data/{name} here; name a file of reviews")


def test_reviews() -> tuple[str, ...]:
    """Return the default test reviews, with a warning that they are used.

    Raises:
        DataError: there are none.
    """
    path = bundled_reviews("test.csv")
    console.warn(f"no DATA was given: measuring on {path}")
    return (path,)


def is_of_sample(model: Model) -> bool:
    """Return whether a model was trained on the sample, with or without a base."""
    about = model.record.provenance
    return about is not None and about.training.hash == SAMPLE_HASH and not about.unlabeled


DEFAULT_MODEL = Path("model.safetensors")
VARIABLE = "SENTIMENT_MODEL"
BUNDLED = NAME  # the bundled model that answers if no other is named


def open_model(
    named: Path | None,
    threshold: float | None = None,
    *,
    classes: Sequence[str] = (),
    repair: bool | None = None,
    languages: Sequence[str] | None = None,
    words: Path | None = None,
) -> tuple[Path, Model]:
    """Load the model named, else $SENTIMENT_MODEL, else ./model.safetensors, else the bundled one.

    Prints which model was chosen, and whether it was trained on the sample.

    Args:
        named: a file, or the name of a bundled model.
        threshold: of the decision; None for the model's own.
        classes: those that it may answer; () for all.
        repair: whether to repair texts; None for what the model does.
        languages: codes of those that it may answer, () for all; None for what the model does.
        words: a file of a user's own words, in place of those of the model; None for these.

    Raises:
        ModelError: there is no model, or it cannot be loaded.
        UsageError: it lacks a class, or has too many for a threshold.
        DataError: the words cannot be read.
    """
    path, name = choose_model(named)
    model = load_model(path)
    if not note_sample(name, model) and (named is None or console.verbose):
        console.note(f"model: {name}")
    return path, adjusted(
        model, threshold, classes=classes, repair=repair, languages=languages, words=words
    )


def adjusted(
    model: Model,
    threshold: float | None = None,
    *,
    classes: Sequence[str] = (),
    repair: bool | None = None,
    languages: Sequence[str] | None = None,
    words: Path | None = None,
) -> Model:
    """Return a model that answers as options ask, see `open_model`.

    Raises:
        UsageError: it lacks a class, or has too many for a threshold.
        DataError: the words cannot be read.
    """
    if words is not None:
        from sentiment.cli.own_words import read_words  # most answers need none

        model = model.with_words(read_words(words, model.labels))
    if classes:
        model = restricted(model, classes)
    if threshold is not None:
        model = _at(model, threshold)
    if repair is not None:
        model = model.with_repair(repair)
    if languages is not None:
        model = model.for_languages(languages)
    return model


def restricted(model: Model, classes: Sequence[str]) -> Model:
    """Return the model that answers only some of its classes, as `--classes` asks.

    Raises:
        UsageError: it lacks one, or fewer than two are named.
    """
    try:
        return model.restricted(model.labels.subset(classes))
    except ValueError as error:
        raise UsageError(f"--classes {','.join(classes)}: {error}") from error


def _at(model: Model, threshold: float) -> Model:
    if not model.labels.is_binary:
        names = ", ".join(model.labels.names)
        raise UsageError(
            f"--threshold is for two classes, and this model has {len(model.labels)} ({names}); "
            "choose two with --classes negative,positive"
        )
    return model.at(threshold)


def note_sample(name: str, model: Model) -> bool:
    """Print a note if a model was trained on the sample; return whether it was."""
    of_sample = is_of_sample(model)
    if of_sample:
        alone = " only; -m general answers better"
        how = ", on a base" if len(model.components) > 1 else alone
        console.note(f"model: {name} (trained on the {SAMPLE_SIZE:,} sample reviews{how})")
    return of_sample


def choose_model(named: Path | None) -> tuple[Path, str]:
    """Return the path of a model, and what to call it.

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
    if (path := bundled()[BUNDLED]).is_file():
        return path, f"{BUNDLED}, the bundled model"
    raise ModelError(
        "no model here yet: `sentiment train reviews.csv` makes ./model.safetensors, -m FILE or "
        f"${VARIABLE} names another"
    )


def find_model(named: Path, *, or_reviews: bool = False) -> Path:
    """Return the path of a model, a file or a bundled one; a file goes first.

    Args:
        named: a file, or the name of a bundled model.
        or_reviews: whether a file of reviews is fine as well.

    Raises:
        ModelError: the name is that of reviews, or looks like a typo.
    """
    if os.path.exists(named):  # noqa: PTH110  # Path raises on names that are too long
        if not or_reviews and looks_like_file(str(named)) and not is_model_file(named):
            answering, training = command_line("predict", "-i", named), _training(named, named.stem)
            raise ModelError(
                f"{named}: a file of reviews, not a model; `{answering}` classifies them, "
                f"`{training}` trains a model on labelled ones"
            )
        return named
    if not named.suffix:
        if (path := find_bundled(named)) is not None:
            return path
        from sentiment.datasets.catalog import find_dataset  # only for a mistake

        name = str(named).partition(":")[0]
        if find_dataset(name):
            raise ModelError(
                f"{named}: a public data set, not a model; `{_training(named, name)}` trains one "
                "on it"
            )
    candidates = [*map(Path, bundled())]
    with suppress(OSError):
        candidates = [*sorted(named.parent.glob("*.safetensors")), *candidates]
    if near := hint_file(named, candidates):
        raise ModelError(f"{named}: no such model{near}")
    return named


def _training(reviews: object, stem: str) -> str:
    """Return the command that trains a model on reviews."""
    return command_line("train", reviews, "-o", f"{stem}.safetensors")


def fast_model() -> Model | None:
    """Load the quick bundled model, which judges reviews for hints; None if it is missing."""
    path = bundled()[FAST]
    return load_model(path) if path.is_file() else None
