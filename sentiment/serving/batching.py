"""Texts of many requests, scored together.

A network of numpy answers sixty texts in three times the time of one. While a batch is scored, in
a thread, the texts that arrive wait; all of them are the next batch. Where none is being scored,
nobody waits.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from typing import Generic, TypeVar

T = TypeVar("T")

# What one batch has at the most, if it is not a single text.
_TEXTS = 256
_CHARACTERS = 20_000

# A request of no more than this is short: it goes before pieces of long ones.
_SHORT = 5_000


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
        """Give the answer to each text.

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
