"""The answers to the sentences of a mixed review."""

from dataclasses import dataclass
from typing import Any

from sentiment.features.sentences import sentences
from sentiment.labels import NEUTRAL
from sentiment.model.model import Model
from sentiment.model.shown import answer_values

_MOST = 100  # sentences of a review that are answered


@dataclass(frozen=True)
class SentenceAnswer:
    """The answer to a sentence by itself.

    Attributes:
        text: as written.
        start, end: its span, in characters of the review.
        answer: as `predict` gives it.
        probabilities: of the classes, [K].
    """

    text: str
    start: int
    end: int
    answer: str
    probabilities: tuple[float, ...]


def mixed_sentences(model: Model, text: str) -> tuple[SentenceAnswer, ...]:
    """Return the answers to the sentences of a review if they differ, else nothing.

    They differ if two are of different classes, of which neither is *neutral*. Of a long review
    the first sentences are answered.
    """
    spans = sentences(text)[:_MOST]
    if len(spans) < 2:
        return ()
    texts = [text[start:end] for start, end in spans]
    scores = model.scores(texts)
    answers = model.answers(scores)
    if len({*model.labels.names} & {*answers} - {NEUTRAL}) < 2:
        return ()
    found = zip(texts, spans, answers, scores.probabilities.tolist(), strict=True)
    return tuple(
        SentenceAnswer(each, start, end, answer, tuple(probabilities))
        for each, (start, end), answer, probabilities in found
    )


def sentence_values(model: Model, text: str) -> dict[str, Any]:
    """Return the answers of `mixed_sentences`, if there are any, as the JSON value `sentences`."""
    found = [
        {
            "text": each.text,
            "start": each.start,
            "end": each.end,
            **answer_values(each.answer, each.probabilities, model.labels),
        }
        for each in mixed_sentences(model, text)
    ]
    return {"sentences": found} if found else {}
