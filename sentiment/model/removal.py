"""Few words of a review whose removal changes its answer."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from sentiment.labels import NO_ANSWER
from sentiment.model.explanation import Explanation, Word
from sentiment.model.model import Model


@dataclass(frozen=True)
class Removal:
    """Words whose removal changes the answer; all of them are needed.

    Attributes:
        words: their indices in the explanation, ascending.
        answer: the answer without them.
        probabilities: of the classes without them, [K].
    """

    words: tuple[int, ...]
    answer: str
    probabilities: tuple[float, ...]


def without(text: str, words: Iterable[Word]) -> str:
    """Return the text with a space instead of each word, so that its neighbors stay apart."""
    kept, done = [], 0
    for word in sorted(words, key=lambda word: word.start):
        kept.append(text[done : word.start])
        done = word.end
    return " ".join([*kept, text[done:]])


def smallest_removal(model: Model, explanation: Explanation, most: int = 10) -> Removal | None:
    """Search for few words whose removal changes the answer, by asking the model.

    Greedy: the words for the answer are removed, the strongest first, until it changes; then each
    is put back that it changes without. A smaller set may exist.

    Args:
        model: the model that was explained.
        explanation: of the review.
        most: the maximum number of words.

    Returns:
        None if the answer stays, and for an empty review.
    """
    answer = model.decision.choose(np.array([explanation.probabilities]))[0]
    ranked = explanation.strongest(1 if answer == explanation.toward else -1)[:most]
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
    """Return the first set of words without which the answer is another."""
    for numbers in sets:
        text = without(explanation.text, (explanation.words[number] for number in numbers))
        scores = model.scores([text])
        (answer,) = model.answers(scores)
        if answer not in (explanation.answer, NO_ANSWER):
            probabilities = tuple(scores.probabilities[0].tolist())
            return Removal(tuple(sorted(numbers)), answer, probabilities)
    return None
