"""A trained model from Python: texts in, arrays out; numpy is all it needs."""

from collections.abc import Iterable
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sentiment.general import find_bundled
from sentiment.model import Model, Scores, load_model
from sentiment.model.decision import CLASSES
from sentiment.texts import as_texts

if TYPE_CHECKING:
    from sentiment.model.explanation import Explanation

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
        model: its parts: vectorizer, network, calibration, decision, provenance.
    """

    model: Model

    @property
    def classes_(self) -> NDArray[np.object_]:
        """What the columns of `predict_proba` are: `negative`, `positive`."""
        return np.array(CLASSES, object)

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
        scores = self._scores(as_texts(texts))
        answers = self.model.decision.answers(scores.p_positive, scores.evidence)
        return np.array(answers, object)

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
        return f"LoadedModel({self.model.vectorizer.keys.size:,} features)"
