"""Texts as callers from Python have them: lists, arrays, pandas Series."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sentiment.missing import is_missing


def as_texts(texts: Iterable[Any]) -> list[str]:
    """Make a list of texts, without turning anything into text that is none.

    Args:
        texts: a list, tuple, one-dimensional array, pandas Series, or anything else that gives one
            text after the other.

    Returns:
        The texts, [n].

    Raises:
        TypeError: it is a single text, has no order (a set, a dict), or holds something that is no
            text.
        ValueError: it holds a missing value (None, NaN, NA), or has two dimensions.
    """
    if isinstance(texts, str | bytes):
        raise TypeError(
            f"one {type(texts).__name__}, not several texts: put it into a list, [text]"
        )
    dimensions = getattr(texts, "ndim", 1)
    if dimensions != 1:
        raise ValueError(
            f"texts have one dimension, not {dimensions}: give one column, such as frame['text']"
        )
    values = list(_in_order(texts))
    for row, value in enumerate(values):
        if not isinstance(value, str):
            raise _no_text(row, value)
    return [str.__str__(value) for value in values]  # without what classes of their own add


def _in_order(texts: Iterable[Any]) -> Iterator[Any]:
    """Give one after the other; of a set nobody knew which is which, a dict's keys are no texts."""
    no_list = TypeError(f"a {type(texts).__name__}, not a list of texts")
    if isinstance(texts, Mapping | set | frozenset):
        raise no_list
    try:
        return iter(texts)
    except TypeError as error:
        raise no_list from error


def _no_text(row: int, value: object) -> Exception:
    if is_missing(value):
        return ValueError(f"text {row} is missing ({value!r}): leave it out, or make it ''")
    return TypeError(f"text {row} is a {type(value).__name__}, not a str")
