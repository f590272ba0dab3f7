"""An explanation as JSON values: what `sentiment explain --json` and the service give."""

from dataclasses import asdict
from typing import Any

from sentiment.model.explanation import Explanation
from sentiment.model.removal import Removal


def as_values(explanation: Explanation, removal: Removal | None) -> dict[str, Any]:
    """Turn an explanation into JSON values; `without` is None where nothing changes the answer.

    Args:
        explanation: of a review.
        removal: the words without which the answer would be another, if any.
    """
    blank = not explanation.words
    values: dict[str, Any] = {
        "text": explanation.text,
        "predicted": explanation.answer or None,
        "reason": explanation.reason or None,
        "p_positive": None if blank else round(explanation.p_positive, 6),
        "logit": None if blank else explanation.logit,
        "base": explanation.base,
        "words": [asdict(word) for word in explanation.words],
        "phrases": [asdict(phrase) for phrase in explanation.phrases],
        "without": None,
    }
    if removal is not None:
        values["without"] = {
            "words": [asdict(explanation.words[number]) for number in removal.words],
            "predicted": removal.answer,
            "p_positive": round(removal.p_positive, 6),
        }
    return values
