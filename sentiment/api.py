"""Trained models from Python: `load`, and what it returns."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sentiment.features.language import languages_of
from sentiment.general import find_bundled
from sentiment.model.file import load_model, save_model
from sentiment.model.model import Model, Scores
from sentiment.values import is_missing

if TYPE_CHECKING:
    from sentiment.model.explanation import Explanation

# Texts scored at a time: more need memory, and no less time.
BATCH = 4096


def texts_or_none(texts: Iterable[Any]) -> list[str | None]:
    """Return texts as a list, None for missing ones (None, NaN, NA).

    Args:
        texts: a list, tuple, one-dimensional array, pandas Series or other iterable of str, [n].

    Raises:
        TypeError: it is a single text, has no order (a set, a dict), or holds another type.
        ValueError: it has two dimensions.
    """
    kind = type(texts).__name__
    if isinstance(texts, str | bytes):
        raise TypeError(f"one {kind}, not several texts: put it into a list, [text]")
    dimensions = getattr(texts, "ndim", 1)
    if dimensions != 1:
        raise ValueError(
            f"texts have one dimension, not {dimensions}: pass one column, such as frame['text']"
        )
    if isinstance(texts, Mapping | set | frozenset) or not hasattr(texts, "__iter__"):
        raise TypeError(f"a {kind}, not a list of texts")
    return [_text_or_none(row, value) for row, value in enumerate(texts)]


def _text_or_none(row: int, value: object) -> str | None:
    if isinstance(value, str):
        return str.__str__(value)  # a plain str, also of a subclass with its own __str__
    if is_missing(value):
        return None
    raise TypeError(f"text {row} is a {type(value).__name__}, not a str")


def load(model: str | PathLike[str]) -> "LoadedModel":
    """Read and check a model file; no code in it is run.

    Args:
        model: its path, or `"general"` or `"fast"` for a bundled model (unless a file here has
            that name).

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
        """The classes of the columns of `predict_proba`, such as `negative`, `positive`."""
        return np.array(self.model.labels.names, object)

    def restricted(self, classes: Sequence[str]) -> "LoadedModel":
        """Return the model that answers only some of its classes; the others are left out.

        Raises:
            ValueError: it lacks one, or fewer than two are named.
        """
        return LoadedModel(self.model.restricted(self.model.labels.subset(classes)))

    def for_languages(self, languages: str | Sequence[str]) -> "LoadedModel":
        """Return the model that answers texts in these languages alone.

        Args:
            languages: codes such as `"en"` or `["en", "es"]`, or `"all"`.

        Raises:
            ValueError: there is none of that code.

        >>> texts = ["Muy bueno, lo recomiendo"]
        >>> load("fast").predict(texts), load("fast").for_languages("all").predict(texts)
        (array(['uncertain'], dtype=object), array(['neutral'], dtype=object))
        """
        return LoadedModel(self.model.for_languages(languages_of(languages)))

    def save(self, path: str | PathLike[str]) -> None:
        """Write the model file; replace an existing one.

        Raises:
            OSError: it cannot be written.
        """
        save_model(self.model, Path(path))

    def predict_proba(self, texts: Iterable[Any]) -> NDArray[np.float64]:
        """Return the probability of each class.

        Args:
            texts: a list, pandas Series, one-dimensional array or other iterable of str, [n]. They
                may be missing: None, NaN or NA.

        Returns:
            float64 [n, K], calibrated, the columns as in `classes_`. NaN where there is nothing to
            read: a text is missing, or empty. A text with too few known words, or in a language
            that the model does not answer, has the probability of an empty review.

        Raises:
            TypeError, ValueError: these are not texts.

        >>> two = load("fast").restricted(["negative", "positive"])
        >>> two.predict_proba(["I loved it", "", None]).round().tolist()
        [[0.0, 1.0], [nan, nan], [nan, nan]]
        """
        return self.scores(texts_or_none(texts)).probabilities

    def predict(self, texts: Iterable[Any]) -> NDArray[np.object_]:
        """Answer each text as the command line does.

        Args:
            texts: as in `predict_proba`.

        Returns:
            str as object [n]: one of `classes_`, by the model's decision; `uncertain` if the model
            knows too few of the words, the text looks to be in another language than it answers, or
            it leaves this probability open (`sentiment calibrate`);
            `""` if there is nothing to read; None if the text is missing.

        >>> load("fast").predict(["I loved it", "asdf qwer", "", None]).tolist()
        ['positive', 'uncertain', '', None]
        """
        given = texts_or_none(texts)
        answers = np.array(self.model.answers(self.scores(given)), object)
        answers[[text is None for text in given]] = None
        return answers

    def explain(self, text: str, toward: str | None = None) -> "Explanation":
        """Explain one answer: the contribution of each word to the log-odds of *positive*.

        Of more than two classes, to those of the answer over the likeliest other class; or to those
        of the class `toward`.

        Raises:
            ValueError: there is no such class.

        >>> found = load("fast").explain("It was not good.")
        >>> found.answer, [word.text for word in found.words]
        ('negative', ['It', 'was', 'not', 'good', '.'])
        >>> total = found.base + sum(word.contribution for word in found.words)
        >>> abs(total - found.logit) < 1e-4
        True
        """
        if not isinstance(text, str):
            raise TypeError(f"a {type(text).__name__}, not a str: one text is explained at a time")
        from sentiment.model.explanation import explain  # answers start without it

        label = None if toward is None else self.model.labels.label_of(toward)
        return explain(self.model, text, label)

    def scores(self, texts: Sequence[str | None]) -> Scores:
        """Return the scores of n texts, [n], computed `BATCH` by `BATCH`."""
        filled = [text or "" for text in texts]
        firsts = range(0, len(filled), BATCH) or [0]
        return Scores.joined(self.model.scores(filled[first : first + BATCH]) for first in firsts)

    def _repr_html_(self) -> str:
        """Return what notebooks show: a card of the model."""
        from sentiment.model.html import model_html  # answers start without it

        return model_html(self.model)

    def __repr__(self) -> str:
        return f"LoadedModel({self.model.own.encoder.size:,} features)"
