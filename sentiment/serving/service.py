"""What a model says to many who ask at once: texts → answers, a text → its explanation.

A network of numpy answers sixty texts in three times the time of one. While a batch is scored, in
a thread, the texts that arrive wait; all of them are the next batch. Where none is being scored,
nobody waits.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import partial
from typing import Any, Generic, TypeVar

from sentiment.model.model import Model
from sentiment.reviews.cells import encode, json_probability, to_json
from sentiment.serving.files import Answered

# What is said of a text beside the text itself: `predicted`, `p_positive`, and `reason` if any.
Answer = dict[str, Any]
T = TypeVar("T")

# What one batch has at the most, if it is not a single text.
_TEXTS = 256
_CHARACTERS = 20_000

# A request of no more than this is short: it goes before pieces of long ones.
_SHORT = 5_000

# Bytes of JSON that are read or written in a few milliseconds, be they as intricate as can be.
_LITTLE = 100_000

# One, for each that computes takes its share of the time from the loop that answers.
_json_thread = ThreadPoolExecutor(1)


async def aside(size: int, function: Callable[[], T]) -> T:
    """Call a function, in a thread if it has much to do: who asks for little does not wait for it.

    Args:
        size: bytes of JSON that it reads or writes.
        function: is called once.
    """
    if size <= _LITTLE:
        return function()
    return await asyncio.get_running_loop().run_in_executor(_json_thread, function)


class _Piece(Generic[T]):
    """Texts of one request, and where their answers are awaited."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.texts = texts
        self.characters = sum(map(len, texts))
        self.answers: asyncio.Future[Sequence[T]] = asyncio.get_running_loop().create_future()


class Batcher(Generic[T]):
    """Calls a function with the texts of whoever waits."""

    def __init__(self, function: Callable[[Sequence[str]], Sequence[T]], thread: Executor) -> None:
        """Take what answers texts, one answer a text, and the thread that calls it."""
        self._function = function
        self._thread = thread
        self._short: deque[_Piece[T]] = deque()
        self._long: deque[_Piece[T]] = deque()
        self._busy = False

    async def answers(self, texts: Sequence[str]) -> list[T]:
        """Return the answer to each text.

        Many texts go in pieces, and the next piece waits in line once the one before is answered:
        so nobody waits for all of a long request.
        """
        answers: list[T] = []
        for part in _parts(texts):
            piece: _Piece[T] = _Piece(part)
            short = len(part) == len(texts) and piece.characters <= _SHORT
            (self._short if short else self._long).append(piece)
            if not self._busy:
                self._begin()
            answers += await piece.answers
        return answers

    def _begin(self) -> None:
        """Have a batch of what waits answered, if anything does."""
        pieces = self._next_batch()
        if pieces:
            self._busy = True
            texts = [text for piece in pieces for text in piece.texts]
            loop = asyncio.get_running_loop()
            running = loop.run_in_executor(self._thread, self._function, texts)
            running.add_done_callback(lambda done: self._end(done, pieces))

    def _next_batch(self) -> list[_Piece[T]]:
        """Take what waits, short requests first, as long as there is room; and one long piece."""
        batch: list[_Piece[T]] = []
        texts = characters = 0
        for waiting in (self._short, self._long):
            at_least_one = waiting is self._long  # with each batch a long request goes on
            while waiting and (at_least_one or (texts < _TEXTS and characters < _CHARACTERS)):
                piece = waiting.popleft()
                batch.append(piece)
                texts += len(piece.texts)
                characters += piece.characters
                at_least_one = False
        return batch

    def _end(self, done: "asyncio.Future[Sequence[T]]", pieces: Sequence[_Piece[T]]) -> None:
        """Give each request its answers, and begin with the next batch."""
        self._busy = False
        self._begin()
        error = done.exception()
        first = 0
        for piece in pieces:
            if piece.answers.cancelled():
                pass
            elif error is not None:
                piece.answers.set_exception(error)
            else:
                piece.answers.set_result(done.result()[first : first + len(piece.texts)])
            first += len(piece.texts)


def _parts(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    """Cut a list of texts where it has too many, or too many characters."""
    begin = characters = 0
    for number, text in enumerate(texts):
        full = number - begin == _TEXTS or characters + len(text) > _CHARACTERS
        if full and number > begin:
            yield texts[begin:number]
            begin, characters = number, 0
        characters += len(text)
    if begin < len(texts):
        yield texts[begin:]


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
    reasons = model.decision.reasons(words, scores.coverage)
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
