"""Looking ahead: the one place where what was read to know how to read on is held back."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import count
from typing import TypeVar

from sentiment.errors import DataError

T = TypeVar("T")


class Unreadable(Exception):  # noqa: N818
    """From the next row on, nothing can be read; whoever counts rows makes it a DataError.

    Args:
        what: What is wrong, and the way out.
        line: The line it is on, where that is not the number of the row.
    """

    def __init__(self, what: str, line: int | None = None) -> None:
        super().__init__(what)
        self.line = line


class Ahead(Iterator[T]):
    """An iterator in which one can look ahead without losing anything.

    An error that comes up meanwhile is raised in its place, after what was there before it.

    Args:
        items: What is iterated over.
    """

    def __init__(self, items: Iterable[T]) -> None:
        self._items = iter(items)
        self._held: deque[T] = deque()
        self._failure: DataError | Unreadable | None = None

    def __next__(self) -> T:
        """Give the next item.

        Raises:
            DataError, Unreadable: What the items raise.
        """
        if self._held:
            return self._held.popleft()
        if self._failure:
            raise self._failure
        return next(self._items)

    def ahead(self, ready: Callable[[], bool] = lambda: True) -> Iterator[T]:
        """Give the next items, and read on only as far as somebody asks.

        Args:
            ready: Whether to read on, asked before each that is not held back yet.

        Raises:
            DataError, Unreadable: What the items raise, if there is none before it.
        """
        for place in count():
            if place == len(self._held) and not (ready() and self._read_on()):
                if self._failure and not self._held:
                    raise self._failure
                return
            yield self._held[place]

    def _read_on(self) -> bool:
        """Hold one more item back; tell whether there was one."""
        if self._failure:
            return False
        try:
            self._held.append(next(self._items))
        except StopIteration:
            return False
        except (DataError, Unreadable) as error:
            self._failure = error
            return False
        return True
