"""Answers for engines that bring their own rows, a frame at a time, as Spark's `mapInPandas`."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from os import PathLike
from typing import TYPE_CHECKING

from sentiment.api import load
from sentiment.reviews.columns import Columns, text_of

if TYPE_CHECKING:
    from pandas import DataFrame

FrameScorer = Callable[[Iterable["DataFrame"]], Iterator["DataFrame"]]


def frame_scorer(
    model: str | PathLike[str] = "general",
    text_columns: Sequence[str] = ("text",),
    *,
    threshold: float | None = None,
    prefix: str = "",
) -> FrameScorer:
    """Give a function that adds `predicted` and `p_positive` to each pandas frame it is given.

    It goes to other processes by pickle, with the model in it; they read no file. What it adds is
    what `sentiment predict` adds: a string, `positive`, `negative` or `uncertain`, and a double;
    both are missing where there is nothing to read. Rows and other columns stay as they are.

    Args:
        model: a model file, or `general`; it is loaded here and now.
        text_columns: where the texts are; several are joined by line breaks.
        threshold: answer positive from this probability on; None for the model's own.
        prefix: put before the names of the two columns.

    Raises:
        sentiment.errors.ModelError: the model is missing, damaged, or no model.

    >>> import pandas
    >>> score = frame_scorer()
    >>> (scored,) = score([pandas.DataFrame({"text": ["I loved it", None]})])
    >>> scored["predicted"].tolist()[0], scored["p_positive"].isna().tolist()
    ('positive', [False, True])
    """
    loaded = load(model).model
    if threshold is not None:
        loaded = replace(loaded, decision=loaded.decision.at(threshold))
    columns = Columns(tuple(text_columns), None, "")

    def score(frames: Iterable["DataFrame"]) -> Iterator["DataFrame"]:
        for frame in frames:
            if taken := {f"{prefix}predicted", f"{prefix}p_positive"} & set(frame.columns):
                raise ValueError(f'there is a column "{min(taken)}" already; give a prefix')
            rows = frame[list(columns.text)].to_dict("records")
            scores = loaded.scores([text_of(row, columns) for row in rows])
            answers = loaded.answers(scores)
            added = {
                f"{prefix}predicted": [answer or None for answer in answers],
                f"{prefix}p_positive": scores.p_positive,
            }
            yield frame.assign(**added)

    return score
