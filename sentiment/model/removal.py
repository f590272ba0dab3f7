"""The words without which the answer would be another: an explanation put to the test."""

from collections.abc import Iterable
from dataclasses import dataclass

from sentiment.model.decision import NO_ANSWER
from sentiment.model.explanation import Explanation, Word
from sentiment.model.model import Model


@dataclass(frozen=True)
class Removal:
    """Words whose removal changes the answer; none of them could stay.

    Attributes:
        words: numbers of the words in the explanation, in the order of the text.
        answer: what the review is answered without them.
        p_positive: the probability of *positive* without them.
    """

    words: tuple[int, ...]
    answer: str
    p_positive: float


def without(text: str, words: Iterable[Word]) -> str:
    """Put a space in the place of some words; their neighbors never run together."""
    kept, done = [], 0
    for word in sorted(words, key=lambda word: word.start):
        kept.append(text[done : word.start])
        done = word.end
    return " ".join([*kept, text[done:]])


def smallest_removal(model: Model, explanation: Explanation, most: int = 10) -> Removal | None:
    """Search for few words whose removal changes the answer; the model is asked again each time.

    Greedy: the words that speak for the answer are taken out, strongest first, until it changes;
    then each is put back that it changes without. A smaller set may be there that this misses.

    Args:
        model: the model that was explained.
        explanation: of the review.
        most: how many words to take out at the most.

    Returns:
        None where the answer stays whatever of these is taken out, and for an empty review.
    """
    sign = 1 if explanation.p_positive >= model.decision.threshold else -1
    ranked = explanation.toward(sign)[:most]
    flipping = _first_flip(
        model, explanation, (ranked[:count] for count in range(1, len(ranked) + 1))
    )
    while flipping is not None and len(flipping.words) > 1:
        # The weakest is put back first: the strongest explain best.
        smaller = (
            [word for word in flipping.words if word != weak]
            for weak in reversed(ranked)
            if weak in flipping.words
        )
        found = _first_flip(model, explanation, smaller)
        if found is None:
            break
        flipping = found
    return flipping


def _first_flip(
    model: Model, explanation: Explanation, sets: Iterable[list[int]]
) -> Removal | None:
    """Ask the model without each set of words, until one changes the answer."""
    for numbers in sets:
        text = without(explanation.text, (explanation.words[number] for number in numbers))
        scores = model.scores([text])
        (answer,) = model.decision.answers(*scores)
        if answer not in (explanation.answer, NO_ANSWER):
            return Removal(tuple(sorted(numbers)), answer, float(scores.p_positive[0]))
    return None
