"""Answers for engines that pass pandas frames, such as Spark's `mapInPandas`."""

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
    """Return a function that adds `predicted` and `p_positive` to each pandas frame.

    It can be pickled, with the model in it, so that other processes need no model file. As with
    `sentiment predict`, the columns are a string (`positive`, `negative` or `uncertain`) and a
    double; both are missing for rows without a text. Rows and other columns do not change.

    Args:
        model: a model file, or `general`; it is loaded immediately.
        text_columns: the columns of texts; several are joined by line breaks.
        threshold: the lowest probability that is answered positive; None for the model's.
        prefix: of the names of the two columns.

    Raises:
        sentiment.errors.ModelError: the model is missing or damaged, or is not a model.

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
