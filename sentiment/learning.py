"""`train` and `evaluate` from Python, on pandas DataFrames or files of labelled reviews."""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any

import numpy as np

from sentiment.api import LoadedModel, load
from sentiment.datasets.cache import resolve
from sentiment.errors import DataError, UsageError
from sentiment.evaluation.metrics import Evaluation
from sentiment.evaluation.selective import abstention_of
from sentiment.frames import asked_model
from sentiment.general import NAME
from sentiment.model.model import MAX_DEPTH, Model
from sentiment.reviews.dataset import LabelledReviews, require_classes, without_neutral
from sentiment.reviews.frame import FRAME, FrameSource
from sentiment.reviews.labelled import label_tables, read_labelled
from sentiment.reviews.opening import choose_columns
from sentiment.reviews.streams import ReadOptions
from sentiment.reviews.tables import table_of
from sentiment.storage import GrowingTexts

if TYPE_CHECKING:
    from pandas import DataFrame

Path = str | PathLike[str]
Values = str | Sequence[Any]
# What the advice of errors calls the parameters.
_FLAGS = {
    "--text-column": "text=",
    "--label-column": "label=",
    "--positive VALUE": "positive=[…]",
    "--negative VALUE": "negative=[…]",
    "--classes ": "classes=",
}


def train(
    data: "DataFrame | Path | Sequence[Path]",
    *,
    text: Values = (),
    label: str | None = None,
    positive: Values = (),
    negative: Values = (),
    neutral: Values = (),
    classes: Values = (),
    validation: "DataFrame | Path | Sequence[Path] | None" = None,
    base: Path | LoadedModel | None = None,
    encoder: Path | LoadedModel = "general",
    verbose: int = 0,
    **options: Any,
) -> LoadedModel:
    """Train a model, as `sentiment train` does: the same reviews and options give the same model.

    Rows without a text or a label are left out, with a warning.

    Args:
        data: a pandas DataFrame, or files as on the command line.
        text: the column of texts, or several to join; found by name and content if left out.
        label: the column of labels; found likewise.
        positive: labels that mean positive, or a condition such as `">=4"`.
        negative: labels that mean negative.
        neutral: labels that mean neutral.
        classes: the classes to keep; or `"all"`, a class for each label, or `"stars"`.
        validation: reviews to hold out, like `data`, instead of a share of it.
        base: a model to start from.
        encoder: for the architecture `encoder`, a model that has one.
        verbose: 1 shows on stderr how the training progresses, in one line; 0 nothing.
        options: other options of `train`, such as `seed=1`, `epochs=3`; see `TrainingOptions`.

    Returns:
        The model; its `save` writes the file.

    Raises:
        TypeError: there is no such option, or this is no data.
        sentiment.errors.DataError: the columns or labels cannot be determined, or are too few.

    >>> import pandas
    >>> rows = [(f"{word} item {n}", word == "good") for word in ("good", "bad") for n in range(99)]
    >>> reviews = pandas.DataFrame(rows, columns=["review", "liked"])
    >>> model = train(reviews, label="liked", epochs=4)
    >>> model.predict(["a good item", "a bad item", None]).tolist()
    ['positive', 'negative', None]
    """
    from sentiment.training.options import TrainingOptions
    from sentiment.training.progress import shown_run
    from sentiment.training.train import train as fit

    chosen = TrainingOptions(**options)
    reading = _reading(text, label, positive, negative, neutral, classes)
    with _in_python():
        reviews = _read(data, reading, "train")
        require_classes(reviews, _name_of(data))
        held_out = None
        if validation is not None:
            like = replace(reading, label_set=reviews.label_set)
            held_out = _read(validation, like, "validation", rules_from=reviews)
            require_classes(held_out, _name_of(validation), "validation")
        stacked = None if base is None else _loaded(base)
        if stacked and len(stacked.components) >= MAX_DEPTH:
            raise UsageError(f"base: at most {MAX_DEPTH} models can be stacked")
        of_encoder = _loaded(encoder) if chosen.architecture == "encoder" else None
        with shown_run(verbose) as run:
            model: Model = fit(reviews, chosen, held_out, base=stacked, run=run, encoder=of_encoder)
    return LoadedModel(model)


def evaluate(
    data: "DataFrame | Path | Sequence[Path]",
    model: Path | LoadedModel | None = None,
    *,
    text: Values = (),
    label: str | None = None,
    positive: Values = (),
    negative: Values = (),
    neutral: Values = (),
    classes: Values = (),
    threshold: float | None = None,
) -> dict[str, Any]:
    """Measure a model on labelled reviews; return the metrics of `sentiment evaluate --json`.

    Rows without a text or a label are left out, with a warning. Like the command, it leaves out
    neutral where no review is neutral.

    Args:
        data: a pandas DataFrame, or files as on the command line.
        model: a model file, what `load` or `train` returned, or None for `general`.
        text: as in `train`; so are label, positive, negative and neutral.
        label: the column of labels.
        positive: labels that mean positive.
        negative: labels that mean negative.
        neutral: labels that mean neutral.
        classes: the classes of the model to measure; () for all.
        threshold: the lowest probability that is answered positive, of two classes.

    Raises:
        TypeError: this is no data.
        ValueError: the model lacks a class, or has too many for a threshold.
        sentiment.errors.DataError: the columns or labels cannot be determined, or none are left.
        sentiment.errors.ModelError: the model is missing or damaged.

    >>> import pandas
    >>> reviews = pandas.DataFrame({"review": ["I loved it", "Dreadful."], "stars": ["5/5", "1/5"]})
    >>> evaluate(reviews, "fast")["accuracy"]
    1.0
    """
    named = _strings(classes)
    measured = asked_model(LoadedModel(_loaded(NAME if model is None else model)), threshold, named)
    reading = _reading(text, label, positive, negative, neutral, named)
    with _in_python():
        reviews = _read(data, replace(reading, label_set=measured.labels), "test")
        if shared := without_neutral(reviews, named):
            reviews, measured = shared, measured.restricted(shared.label_set)
        scores = LoadedModel(measured).scores(reviews.texts)
        readable = np.flatnonzero(~np.isnan(scores.p_positive))
        if not readable.size:
            raise DataError("no reviews left: none of them has anything to read")
    reviews, scores = reviews.take(readable), scores.take(readable)
    found = Evaluation(scores.probabilities, reviews.labels, measured.decision, measured.labels)
    facts = found.as_json() | {"intervals": found.intervals}
    if measured.decision.may_abstain or scores.unknown.any():
        facts |= asdict(abstention_of(scores.known, reviews.labels, measured.decision))
    return facts


def _reading(
    text: Values, label: str | None, positive: Values, negative: Values, neutral: Values,
    classes: Values,
) -> ReadOptions:  # fmt: skip
    """Return how to read reviews."""
    return ReadOptions(
        text_columns=_strings(text),
        label_column=None if label is None else str(label),
        positive=_strings(positive),
        negative=_strings(negative),
        neutral=_strings(neutral),
        classes=_strings(classes),
    )


def _strings(values: Values) -> tuple[str, ...]:
    """Return one value or several as texts."""
    several = values if isinstance(values, list | tuple | set | frozenset) else (values,)
    return tuple(map(str, several))


def _read(
    data: Any, reading: ReadOptions, part: str, rules_from: LabelledReviews | None = None
) -> LabelledReviews:
    """Read a DataFrame or files, and warn of rows that are left out."""
    if isinstance(data, str | PathLike):
        data = [data]
    if isinstance(data, list | tuple) and all(isinstance(each, str | PathLike) for each in data):
        places = resolve(list(map(fspath, data)), part)
        reviews = read_labelled(places, reading, rules_from=rules_from)
    elif hasattr(data, "iloc") and hasattr(data, "columns"):
        texts = GrowingTexts()
        opened = choose_columns(FrameSource(data), reading, need_label=True)
        table = table_of(opened, reading, texts)
        reviews = label_tables([table], texts.done(), reading, rules_from=rules_from)
    else:
        raise TypeError(f"a {type(data).__name__}: pass a pandas DataFrame, or paths of files")
    for warning in reviews.warnings:
        warnings.warn(warning, stacklevel=3)
    return reviews


def _loaded(model: Path | LoadedModel) -> Model:
    return (model if isinstance(model, LoadedModel) else load(model)).model


def _name_of(data: Any) -> str:
    return str(data) if isinstance(data, str | PathLike) else FRAME


@contextmanager
def _in_python() -> Iterator[None]:
    """Give the advice of errors in the terms of these functions."""
    try:
        yield
    except (DataError, UsageError) as error:
        message = str(error)
        for flag, parameter in _FLAGS.items():
            message = message.replace(flag, parameter)
        raise type(error)(message) from error
