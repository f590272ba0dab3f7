"""Answers and explanations for many clients at once.

With n-grams, scoring sixty texts takes three times as long as scoring one. So while a batch is
scored in a thread, arriving texts wait and form the next batch. Otherwise a text is scored at once.
That thread and the one of the connections are all that compute: a matrix product has one thread.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import partial
from typing import Any, Generic, NamedTuple, TypeVar

from sentiment.model.model import Model
from sentiment.reviews.cells import encode, json_probability, to_json
from sentiment.serving.files import Answered
from sentiment.serving.metrics import ModelCounts, unknown_words

# `predicted`, the probabilities, and `reason` if there is one.
Answer = dict[str, Any]
T = TypeVar("T")


class BatchSize(NamedTuple):
    """Limits of a batch, unless it is a single text."""

    texts: int
    characters: int


# A network over pieces of words takes milliseconds a text, and is no faster with more texts at once
# than it computes together; others would only wait longer.
QUICK, SLOW = BatchSize(256, 20_000), BatchSize(64, 5_000)

SHORT_HASH = 12  # characters
_SHORT = 5_000  # characters; shorter requests go before pieces of long ones
_LITTLE_JSON = 100_000  # bytes that are read or written in a few milliseconds

_json_thread = ThreadPoolExecutor(1)  # more would slow down the event loop


async def offload(size: int, function: Callable[[], T]) -> T:
    """Call a function that reads or writes `size` bytes of JSON, in a thread if they are many."""
    if size <= _LITTLE_JSON:
        return function()
    return await asyncio.get_running_loop().run_in_executor(_json_thread, function)


class _Piece(Generic[T]):
    """Texts of one request, and a future with their answers."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.texts = texts
        self.characters = sum(map(len, texts))
        self.answers: asyncio.Future[Sequence[T]] = asyncio.get_running_loop().create_future()


class Batcher(Generic[T]):
    """Calls a function, one answer per text, with the texts of all waiting requests."""

    def __init__(
        self,
        function: Callable[[Sequence[str]], Sequence[T]],
        thread: Executor,
        size: BatchSize = QUICK,
    ) -> None:
        self._function = function
        self._thread = thread
        self._size = size
        self._short: deque[_Piece[T]] = deque()
        self._long: deque[_Piece[T]] = deque()
        self._busy = False

    async def answers(self, texts: Sequence[str]) -> list[T]:
        """Return the answer to each text.

        A long request is split. Each piece queues only after the previous one is answered, so
        other requests get their turn in between.
        """
        answers: list[T] = []
        for part in _split(texts, self._size):
            piece: _Piece[T] = _Piece(part)
            short = len(part) == len(texts) and piece.characters <= _SHORT
            (self._short if short else self._long).append(piece)
            if not self._busy:
                self._start()
            answers += await piece.answers
        return answers

    def _start(self) -> None:
        pieces = self._next_batch()
        if pieces:
            self._busy = True
            texts = [text for piece in pieces for text in piece.texts]
            loop = asyncio.get_running_loop()
            running = loop.run_in_executor(self._thread, self._function, texts)
            running.add_done_callback(lambda done: self._finish(done, pieces))

    def _next_batch(self) -> list[_Piece[T]]:
        """Remove and return waiting pieces: short ones while there is room, and one long one."""
        batch: list[_Piece[T]] = []
        most_texts, most_characters = self._size
        texts = characters = 0
        for waiting in (self._short, self._long):
            at_least_one = waiting is self._long  # so that long requests always progress
            while waiting and (
                at_least_one or (texts < most_texts and characters < most_characters)
            ):
                piece = waiting.popleft()
                batch.append(piece)
                texts += len(piece.texts)
                characters += piece.characters
                at_least_one = False
        return batch

    def _finish(self, done: "asyncio.Future[Sequence[T]]", pieces: Sequence[_Piece[T]]) -> None:
        """Deliver the answers, and start the next batch."""
        self._busy = False
        self._start()
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


def _split(texts: Sequence[str], size: BatchSize) -> Iterator[Sequence[str]]:
    """Split texts into pieces within the limits of a batch."""
    begin = characters = 0
    for number, text in enumerate(texts):
        full = number - begin == size.texts or characters + len(text) > size.characters
        if full and number > begin:
            yield texts[begin:number]
            begin, characters = number, 0
        characters += len(text)
    if begin < len(texts):
        yield texts[begin:]


class Service:
    """A model for many clients.

    Attributes:
        info: facts about the model, as JSON values.
        labels: the classes of the model.
        counts: of what it is asked and answers; a later version of the model may go on with them.
        stamp: the header of responses that tells which model it is.
    """

    def __init__(self, model: Model, info: Mapping[str, Any]) -> None:
        self.info = info
        self.labels = model.labels
        self.counts = ModelCounts()
        self.stamp = b"x-model", str(info["hash"])[:SHORT_HASH].encode()
        self._model = model
        size = SLOW if model.reads_pieces else QUICK
        self._batcher = Batcher(self._counted, ThreadPoolExecutor(1), size)
        # Explanations take far longer than answers, which do not wait for them.
        self._explaining = ThreadPoolExecutor(1)

    def check(self) -> None:
        """Answer a text; raise what is raised by a model that cannot."""
        answer(self._model, ["A fine day."])

    async def predict(self, texts: Sequence[str]) -> list[Answer]:
        """Return a dictionary for each text."""
        names = [name for name, _ in self.labels.columns]
        return [_record(names, answered) for answered in await self.answers(texts)]

    async def answers(self, texts: Sequence[str]) -> list[Answered]:
        """Return the answer to each text."""
        return await self._batcher.answers(texts)

    def _counted(self, texts: Sequence[str]) -> list[Answered]:
        """Return the answer to each text, and count them."""
        answers = answer(self._model, texts)
        words, _, reasons = zip(*answers, strict=True)
        self.counts.add(texts, words, reasons, partial(unknown_words, self._model))
        return answers

    async def explain(self, text: str, toward: int | None = None) -> bytes:
        """Return the JSON of `sentiment explain --json`, with `--toward` a label if not None."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._explaining, _explained, self._model, text, toward)


def answer(model: Model, texts: Sequence[str]) -> list[Answered]:
    """Return the answer to each text."""
    scores = model.scores(texts)
    words = model.answers(scores)
    reasons = model.reasons(words, scores)
    return list(map(Answered, words, scores.of_columns(model.labels).tolist(), reasons))


def _record(names: Sequence[str], answered: Answered) -> Answer:
    """Return the fields that `sentiment predict --json` adds."""
    word, probabilities, reason = answered
    record: Answer = {"predicted": word or None}
    record |= zip(names, map(json_probability, probabilities), strict=True)
    return {**record, "reason": reason} if reason else record


def _explained(model: Model, text: str, toward: int | None = None) -> bytes:
    from sentiment.model.explanation import explain  # all on demand
    from sentiment.model.removal import smallest_removal
    from sentiment.model.sentences import sentence_values
    from sentiment.model.shown import as_values

    explanation = explain(model, text, toward)
    values = as_values(explanation, smallest_removal(model, explanation))
    return encode(to_json(values | sentence_values(model, text))) + b"\n"
