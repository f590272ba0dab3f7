"""The Python API: `load`, and texts as callers have them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sentiment.general import find_bundled
from sentiment.missing import is_missing
from sentiment.model.file import load_model
from sentiment.model.model import Model, Scores

if TYPE_CHECKING:
    from sentiment.model.explanation import Explanation


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


# Texts scored together: more would need memory, not less time.
_BATCH = 4096


def load(model: str | PathLike[str]) -> "LoadedModel":
    """Open a model file; nothing in it is code, and everything is checked.

    Args:
        model: its path, or `"general"` for the model that ships with the package (unless a file
            here is called so).

    Raises:
        sentiment.errors.ModelError: it is missing, damaged, newer than this program, or no model.

    >>> from sentiment import load
    >>> general = load("general")
    >>> general.predict(["Great coffee, lovely staff.", "Dreadful, avoid."]).tolist()
    ['positive', 'negative']
    """
    path = Path(model)
    return LoadedModel(load_model(find_bundled(path) or path))


@dataclass(frozen=True, eq=False)
class LoadedModel:
    """A model that answers as `sentiment predict` does.

    Attributes:
        model: its parts: components (each an encoder, a network, a calibration), decision, record.
    """

    model: Model

    @property
    def classes_(self) -> NDArray[np.object_]:
        """What the columns of `predict_proba` are: `negative`, `positive`."""
        return np.array(self.model.labels.names, object)

    def predict_proba(self, texts: Iterable[Any]) -> NDArray[np.float64]:
        """Say how likely each text is negative, and how likely positive.

        Args:
            texts: a list, pandas Series, one-dimensional array or the like of str, [n].

        Returns:
            float64 [n, 2], calibrated, the columns as in `classes_`. NaN where there is nothing to
            read, such as in `""`; that of an empty review where too little is known of it.

        Raises:
            TypeError, ValueError: these are no texts.

        >>> general = load("general")
        >>> general.predict_proba(["I loved it", ""]).round().tolist()
        [[0.0, 1.0], [nan, nan]]
        """
        positive = self._scores(as_texts(texts)).p_positive
        return np.stack([1 - positive, positive], axis=1)

    def predict(self, texts: Iterable[Any]) -> NDArray[np.object_]:
        """Answer each text as the command line does.

        Args:
            texts: as in `predict_proba`.

        Returns:
            str as object [n]: `positive` or `negative`, by the model's own threshold; `uncertain`
            where it knows too few of the words, or `sentiment calibrate` told it not to answer;
            `""` where there is nothing to read.

        >>> load("general").predict(["I loved it", "asdf qwer", ""]).tolist()
        ['positive', 'uncertain', '']
        """
        return np.array(self.model.answers(self._scores(as_texts(texts))), object)

    def explain(self, text: str) -> "Explanation":
        """Take one answer apart: what each word adds to the log-odds of *positive*.

        >>> found = load("general").explain("It was not good.")
        >>> found.answer, [word.text for word in found.words]
        ('negative', ['It', 'was', 'not', 'good', '.'])
        >>> total = found.base + sum(word.contribution for word in found.words)
        >>> abs(total - found.logit) < 1e-4
        True
        """
        if not isinstance(text, str):
            raise TypeError(f"a {type(text).__name__}, not a str: one text is explained at a time")
        from sentiment.model.explanation import explain  # answers start without it

        return explain(self.model, text)

    def _scores(self, texts: list[str]) -> Scores:
        parts = [
            self.model.scores(texts[first : first + _BATCH])
            for first in range(0, len(texts), _BATCH) or [0]
        ]
        return Scores(*(np.concatenate(each) for each in zip(*parts, strict=True)))

    def __repr__(self) -> str:
        """Name what it knows."""
        return f"LoadedModel({self.model.own.encoder.size:,} features)"
