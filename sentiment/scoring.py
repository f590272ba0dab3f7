"""Scores for batch after batch of reviews, by several processes where there are many."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeVar

from sentiment.errors import SentimentError
from sentiment.model import Model, Scores

if TYPE_CHECKING:
    from sentiment.worker import Pool

T = TypeVar("T")
Scored = tuple[T, Scores]

# Batches in a row that were there before they were asked for: then others are asked to help.
_IN_A_ROW = 2


class Scorer:
    """Scores batches in order, the first ones itself, more of them by other processes.

    Use it in a `with` block: on leaving it the processes end.

    Attributes:
        pool: the other processes, once there was need of them.
    """

    def __init__(self, model: Model, workers: int) -> None:
        """Take the model, and how many processes may help; with one, none does."""
        self._model = model
        self._workers = workers
        self._in_a_row = 0
        self.pool: Pool | None = None

    def scored(
        self,
        batches: Iterable[T],
        texts_of: Callable[[T], Sequence[str]],
        waits: Callable[[], bool],
    ) -> Iterator[Scored[T]]:
        """Give each batch with its scores.

        Args:
            batches: read as they are needed, a few ahead.
            texts_of: gives the texts of a batch.
            waits: whether the next batch has yet to be produced; then none is withheld for it.

        Raises:
            SentimentError: `batches` or `texts_of` raised it, and all before it were given; or a
                process died.
        """
        reader = iter(batches)
        for batch in reader:
            yield batch, self._model.scores(texts_of(batch))
            self._in_a_row = 0 if waits() else self._in_a_row + 1
            if self._workers > 1 and self._in_a_row >= _IN_A_ROW:
                break
        first = next(reader, None)
        if first is not None:
            yield from _pipelined(self._others(), chain([first], reader), texts_of, waits)

    def _others(self) -> "Pool":
        if self.pool is None:
            from sentiment.worker import Pool  # not needed, and not imported, for a few texts

            self.pool = Pool(self._model.scores, self._workers)
        return self.pool

    def __enter__(self) -> "Scorer":
        return self

    def __exit__(self, *_: object) -> None:
        if self.pool is not None:
            self.pool.close()


def _pipelined(
    pool: "Pool",
    batches: Iterator[T],
    texts_of: Callable[[T], Sequence[str]],
    waits: Callable[[], bool],
) -> Iterator[Scored[T]]:
    """Score two batches a worker ahead of the one that is given out."""
    pending: deque[tuple[T, Any]] = deque()
    failure: SentimentError | None = None
    while True:
        try:
            batch = next(batches, None)
            if batch is None:
                break
            texts = texts_of(batch)
        except SentimentError as error:
            failure = error
            break
        pending.append((batch, pool.submit(texts)))
        while pending and (len(pending) > 2 * pool.size or pending[0][1].done() or waits()):
            done, future = pending.popleft()
            yield done, future.result()
    for done, future in pending:
        yield done, future.result()
    if failure is not None:
        raise failure
