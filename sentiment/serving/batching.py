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

# What a request scores before others have their turn, and what one batch has at the most.
_TEXTS = 256
_CHARACTERS = 50_000


class Batcher(Generic[T]):
    """Calls a function with the texts of whoever waits."""

    def __init__(self, function: Callable[[Sequence[str]], Sequence[T]], thread: Executor) -> None:
        """Take what answers texts, one answer a text, and the thread that calls it."""
        self._function = function
        self._thread = thread
        self._waiting: deque[tuple[Sequence[str], asyncio.Future[Sequence[T]]]] = deque()
        self._busy = False

    async def answers(self, texts: Sequence[str]) -> list[T]:
        """Give the answer to each text.

        Many texts go in pieces, and the next piece waits in line once the one before is answered:
        so a short request never waits for all of a long one.
        """
        answers: list[T] = []
        for piece in _pieces(texts):
            future: asyncio.Future[Sequence[T]] = asyncio.get_running_loop().create_future()
            self._waiting.append((piece, future))
            if not self._busy:
                self._begin()
            answers += await future
        return answers

    def _begin(self) -> None:
        """Send the thread as many of the waiting texts as make a batch."""
        pieces, texts = [self._waiting.popleft()], 0
        texts += len(pieces[0][0])
        characters = sum(map(len, pieces[0][0]))
        while self._waiting and texts < _TEXTS and characters < _CHARACTERS:
            piece = self._waiting.popleft()
            pieces.append(piece)
            texts += len(piece[0])
            characters += sum(map(len, piece[0]))
        self._busy = True
        loop = asyncio.get_running_loop()
        batch = [text for piece, _ in pieces for text in piece]
        running = loop.run_in_executor(self._thread, self._function, batch)
        running.add_done_callback(lambda done: self._end(done, pieces))

    def _end(
        self,
        done: "asyncio.Future[Sequence[T]]",
        pieces: Sequence[tuple[Sequence[str], "asyncio.Future[Sequence[T]]"]],
    ) -> None:
        """Give each request its answers, and begin with the next batch."""
        self._busy = False
        if self._waiting:
            self._begin()
        error = done.exception()
        first = 0
        for texts, future in pieces:
            if future.cancelled():
                pass
            elif error is not None:
                future.set_exception(error)
            else:
                future.set_result(done.result()[first : first + len(texts)])
            first += len(texts)


def _pieces(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    """Cut a list of texts where it has too many, or too many characters."""
    begin = characters = 0
    for number, text in enumerate(texts):
        if number > begin and (number - begin == _TEXTS or characters + len(text) > _CHARACTERS):
            yield texts[begin:number]
            begin, characters = number, 0
        characters += len(text)
    if begin < len(texts):
        yield texts[begin:]
