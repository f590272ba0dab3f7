"""Answers added to pandas frames: a whole frame, or frame by frame as Spark passes them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np

from sentiment.api import BATCH, LoadedModel, load
from sentiment.errors import hint
from sentiment.general import NAME
from sentiment.model.model import Model, Scores
from sentiment.progress import ProgressLine
from sentiment.reviews.cells import and_more
from sentiment.reviews.columns import Columns
from sentiment.reviews.fields import is_nested
from sentiment.reviews.texts import text_of

if TYPE_CHECKING:
    from pandas import DataFrame

FrameScorer = Callable[[Iterable["DataFrame"]], Iterator["DataFrame"]]
_SHOWN_COLUMNS = 20


def annotate(
    frame: "DataFrame",
    text: str | Sequence[str],
    model: str | PathLike[str] | LoadedModel | None = None,
    *,
    threshold: float | None = None,
    classes: Sequence[str] = (),
    prefix: str = "",
    verbose: int = 0,
) -> "DataFrame":
    """Return a copy of a pandas DataFrame with two more columns, `predicted` and `p_positive`.

    These are `positive`, `negative` or `uncertain`, and a calibrated probability (float64), as from
    `sentiment predict`; missing if a text is missing (None, NaN, NA, "", or `N/A` and the like).
    A model of more than two classes adds the probability of each, such as `p_neutral`.

    Args:
        frame: the reviews, a row each.
        text: the column of texts; several columns are joined by line breaks.
        model: a model file, `fast`, what `load` returned, or None for `general`.
        threshold: the lowest probability that is answered positive, of two classes; None for the
            model's.
        classes: those that the model may answer; () for all.
        prefix: put before the names of the added columns.
        verbose: 1 shows on stderr how many rows are done, in one line; 0 nothing.

    Raises:
        TypeError: this is not a pandas DataFrame.
        ValueError: it lacks a column, has two of that name, or already has one that would be added;
            a text is an object or a list; or the model lacks a class, or has too many for a
            threshold.
        sentiment.errors.ModelError: the model is missing or damaged.

    >>> import pandas
    >>> reviews = pandas.DataFrame({"review": ["I loved it", None]})
    >>> annotate(reviews, text="review")["predicted"].fillna("none").tolist()
    ['positive', 'none']
    """
    names: list[Any] = list(text) if isinstance(text, list | tuple) else [text]
    loaded = model if isinstance(model, LoadedModel) else load(NAME if model is None else model)
    scorer = asked_model(loaded, threshold, classes)
    columns = scorer.labels.columns
    added = [f"{prefix}predicted", *(f"{prefix}{name}" for name, _ in columns)]
    _check(frame, names, added)
    answers: list[str | None] = []
    probabilities = np.empty((len(frame), len(columns)))
    with ProgressLine(verbose) as line:
        for scores in _scores(frame[names], names, scorer):
            probabilities[len(answers) : len(answers) + BATCH] = scores.of_columns(scorer.labels)
            answers += [found or None for found in scorer.answers(scores)]
            line.rows(len(answers), len(frame))
    values = [_strings(answers), *probabilities.T]
    return frame.assign(**dict(zip(added, values, strict=True)))


def frame_scorer(
    model: str | PathLike[str] = NAME,
    text_columns: str | Sequence[str] = ("text",),
    *,
    threshold: float | None = None,
    classes: Sequence[str] = (),
    prefix: str = "",
) -> FrameScorer:
    """Return a function that annotates pandas frames one by one, for Spark's `mapInPandas`.

    It can be pickled, with the model in it, so that other processes need no model file. The model
    is loaded immediately.

    Args:
        model: a model file, `general` or `fast`.
        text_columns: the column of texts, or several to join.
        threshold: as in `annotate`.
        classes: as in `annotate`.
        prefix: as in `annotate`.

    Raises:
        ValueError: the model lacks a class, or has too many for a threshold.
        sentiment.errors.ModelError: the model is missing or damaged, or is not a model.
    """
    asked = LoadedModel(asked_model(load(model), threshold, classes))

    def score(frames: Iterable["DataFrame"]) -> Iterator["DataFrame"]:
        for frame in frames:
            yield annotate(frame, text_columns, asked, prefix=prefix)

    return score


def asked_model(loaded: LoadedModel, threshold: float | None, classes: Sequence[str]) -> Model:
    """Return the model with the classes and the threshold that are asked for."""
    model = (loaded.restricted(classes) if classes else loaded).model
    if threshold is None:
        return model
    if not model.labels.is_binary:
        raise ValueError(
            f"threshold is for two classes, and this model has {len(model.labels)} "
            f"({', '.join(model.labels.names)}); choose two with classes=['negative', 'positive']"
        )
    return model.at(threshold)


def _check(frame: Any, names: Sequence[Any], added: Sequence[str]) -> None:
    """Raise the errors of `annotate` about its frame."""
    from pandas import DataFrame

    if not isinstance(frame, DataFrame):
        kind = type(frame)
        raise TypeError(f"a {kind.__module__}.{kind.__name__}, not a pandas DataFrame")
    if not names:
        raise ValueError("no text column is named")
    there = list(frame.columns)
    for name in names:
        if name not in there:
            meant = hint(str(name), map(str, there), '"')
            shown = and_more(there, _SHOWN_COLUMNS, lambda each: f'"{each}"') or "none"
            raise ValueError(f'there is no column "{name}"{meant}; the columns are: {shown}')
        if (count := there.count(name)) > 1:
            raise ValueError(f'there are {count} columns "{name}"; rename one')
    if taken := [name for name in added if name in there]:
        raise ValueError(f'there is a column "{taken[0]}" already; choose other names with prefix')


def _scores(frame: Any, names: Sequence[Any], model: Model) -> Iterator[Scores]:
    """Score the rows of a frame, batch by batch."""
    columns = Columns(tuple(names), None, "")
    for first in range(0, len(frame), BATCH):
        rows = frame.iloc[first : first + BATCH].to_dict("records")
        if any(is_nested(row[name]) for row in rows for name in names):
            raise ValueError(f"the text column {names[0]!r} holds an object or a list, not texts")
        yield model.scores([text_of(row, columns) for row in rows])


def _strings(values: Sequence[str | None]) -> Any:
    """Return an array of the type that pandas has for strings, even if all are missing."""
    from pandas import Series

    return Series(values, dtype=Series([""]).dtype).array
