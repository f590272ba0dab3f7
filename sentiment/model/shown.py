"""An explanation as it is shown: characters with a level of color each, and JSON values."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from sentiment.labels import LabelSet
from sentiment.model.explanation import Explanation, Word
from sentiment.model.removal import Removal

# The share of the strongest contribution at which each level of color begins.
_BOUNDS = (0.06, 0.2, 0.45, 0.75)
LEVELS = len(_BOUNDS)

_BREAK = re.compile(r"<br\s{0,9}/?>|\r\n|[\n\r]", re.IGNORECASE)
_SPACE = re.compile(r"(\s+)")

# Characters to show, and their contribution as a share of the strongest.
Part = tuple[str, float]


def parts_of(text: str, words: Sequence[Word]) -> Iterator[Part]:
    """Split a text into its words, in order, and what is between; line breaks become `\\n`."""
    most = max((abs(word.contribution) for word in words), default=0.0) or 1.0
    done = 0
    for word in words:
        yield from _gap(text[done : word.start])
        yield text[word.start : word.end], word.contribution / most
        done = word.end
    yield from _gap(text[done:])


def level_of(share: float) -> int:
    """Return the level of color, from 0, none, to `LEVELS`."""
    return sum(abs(share) >= bound for bound in _BOUNDS)


def _gap(text: str) -> Iterator[Part]:
    return ((part, 0.0) for part in _SPACE.split(_BREAK.sub("\n", text)) if part)


def as_values(explanation: Explanation, removal: Removal | None) -> dict[str, Any]:
    """Return an explanation as JSON values; `without` is None if there is no removal."""
    labels = explanation.labels
    blank = not explanation.words
    values: dict[str, Any] = {
        "text": explanation.text,
        "predicted": explanation.answer or None,
        "reason": explanation.reason or None,
    }
    values |= answer_values(
        explanation.answer if not blank else "", explanation.probabilities, labels
    )
    if not labels.is_binary or explanation.toward != 1:
        pair = (labels.names[label] for label in (explanation.toward, explanation.over))
        values |= dict(zip(("toward", "over"), pair, strict=True))
    values |= {
        "logit": None if blank else explanation.logit,
        "base": explanation.base,
        "words": [asdict(word) for word in explanation.words],
        "phrases": [asdict(phrase) for phrase in explanation.phrases],
        **({"own": [asdict(phrase) for phrase in explanation.own]} if explanation.own else {}),
        "without": None,
    }
    if removal is not None:
        values["without"] = {
            "words": [asdict(explanation.words[number]) for number in removal.words],
            **answer_values(removal.answer, removal.probabilities, labels),
        }
    return values


def answer_values(
    answer: str, probabilities: Sequence[float], labels: LabelSet
) -> dict[str, str | float | None]:
    """Return an answer as JSON values: `predicted`, and the columns of probabilities.

    They are null for the empty answer.
    """
    columns = {
        name: round(probabilities[label], 6) if answer else None for name, label in labels.columns
    }
    return {"predicted": answer or None, **columns}
