"""What a model says to those who ask over HTTP: texts → records, a text → its explanation."""

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from sentiment.model.model import Model
from sentiment.reviews.cells import encode, json_probability, to_json
from sentiment.serving.batching import Batcher
from sentiment.serving.files import Answered

# What is said of a text beside the text itself: `predicted`, `p_positive`, and `reason` if any.
Answer = dict[str, Any]


class Service:
    """A model that many ask at once.

    Attributes:
        info: what there is to know of it, as JSON values.
    """

    def __init__(self, model: Model, info: Mapping[str, Any]) -> None:
        """Take a model, and what there is to know of it."""
        self.info = info
        self._model = model
        self._batcher = Batcher(partial(answer, model), ThreadPoolExecutor(1))
        # Explanations take far longer than answers, which do not wait for them.
        self._explaining = ThreadPoolExecutor(1)

    async def predict(self, texts: Sequence[str]) -> list[Answer]:
        """Answer texts, each with a dictionary of its own."""
        return [_record(answered) for answered in await self.answers(texts)]

    async def answers(self, texts: Sequence[str]) -> list[Answered]:
        """Answer texts."""
        return await self._batcher.answers(texts)

    async def explain(self, text: str) -> bytes:
        """Explain the answer to a text, as `sentiment explain --json` does: JSON."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._explaining, _explained, self._model, text)


def answer(model: Model, texts: Sequence[str]) -> list[Answered]:
    """Answer texts."""
    scores = model.scores(texts)
    words = model.answers(scores)
    reasons = model.decision.reasons(words, scores.evidence)
    return list(map(Answered, words, scores.p_positive.tolist(), reasons))


def _record(answered: Answered) -> Answer:
    """Give the fields that `sentiment predict --json` adds."""
    word, p_positive, reason = answered
    record: Answer = {"predicted": word or None, "p_positive": json_probability(p_positive)}
    return {**record, "reason": reason} if reason else record


def _explained(model: Model, text: str) -> bytes:
    from sentiment.model.explanation import (
        as_values,  # where nobody asks for it, it is not loaded
        explain,
        smallest_removal,
    )

    explanation = explain(model, text)
    values = as_values(explanation, smallest_removal(model, explanation))
    return encode(to_json(values)) + b"\n"
