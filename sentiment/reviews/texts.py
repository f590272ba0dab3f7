"""Texts in memory, or in a temporary file where there are too many of them for that."""

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from itertools import accumulate, chain, pairwise
from typing import overload

import numpy as np
from numpy.typing import NDArray

from sentiment.spill import Spill, Spilled

Numbers = NDArray[np.int64]

# A text may hold half of a surrogate pair, which JSON can name, and which is no UTF-8.
_LENIENT = "surrogatepass"
_AT_ONCE = 1024


class _Kept(Sequence[str]):
    """Texts that are no list: how they are asked for is the same wherever they are."""

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        rows = range(len(self))[index]
        return self._some(rows) if isinstance(rows, range) else self._some(range(rows, rows + 1))[0]

    @abstractmethod
    def _some(self, rows: range) -> list[str]:
        """Give the texts of these rows, all of which are there."""


class SpilledTexts(_Kept):
    """Texts in a file, as UTF-8; each is read when it is asked for.

    Args:
        content: bytes, uint8.
        starts, sizes: where each text begins there and how long it is, in bytes, int64 [n].
    """

    def __init__(self, content: Spilled, starts: Numbers, sizes: Numbers) -> None:
        self.sizes = sizes
        self._content = content
        self._starts = starts

    def __len__(self) -> int:
        return self.sizes.size

    def __iter__(self) -> Iterator[str]:
        for rows in _in_blocks(np.arange(len(self))):
            yield from self._read(rows)

    def take(self, rows: Numbers) -> "SpilledTexts":
        """Give the texts with these 0-based numbers; they stay where they are."""
        return SpilledTexts(self._content, self._starts[rows], self.sizes[rows])

    def _some(self, rows: range) -> list[str]:
        return [text for block in _in_blocks(np.array(rows)) for text in self._read(block)]

    def _read(self, rows: Numbers) -> list[str]:
        """Read a few; those that stand side by side, as nearly always, at once."""
        starts, sizes = self._starts[rows], self.sizes[rows]
        ends = np.cumsum(sizes)
        first, total = int(starts[0]), int(ends[-1])
        if np.array_equal(starts - first, ends - sizes):
            data = self._content[first : first + total].tobytes()
        else:
            data = b"".join(
                self._content[start : start + size].tobytes()
                for start, size in zip(starts.tolist(), sizes.tolist(), strict=True)
            )
        bounds = [0, *ends.tolist()]
        return [data[start:end].decode("utf-8", _LENIENT) for start, end in pairwise(bounds)]


class GrowingTexts:
    """Texts as they come: a list at first, a file once there are too many."""

    def __init__(self, room: int | None = None) -> None:
        """Begin without texts.

        Args:
            room: how many characters to keep in memory at the most; None for all.
        """
        self._room = room
        self._chars = 0
        self._list: list[str] = []
        self._spill: Spill | None = None
        self._sizes: list[NDArray[np.int64]] = [np.zeros(0, np.int64)]

    def extend(self, texts: Sequence[str]) -> None:
        """Add texts at the end."""
        self._list += texts
        self._chars += sum(map(len, texts))
        if self._room is None or self._chars <= self._room:
            return
        self._spill = self._spill or Spill()
        for first in range(0, len(self._list), _AT_ONCE):
            some = self._list[first : first + _AT_ONCE]
            data = [text.encode("utf-8", _LENIENT) for text in some]
            self._spill.put(np.frombuffer(b"".join(data), np.uint8))
            self._sizes.append(np.fromiter(map(len, data), np.int64, len(data)))
        self._list = []

    def done(self) -> Sequence[str]:
        """Give all that were added."""
        if self._spill is None:
            return self._list
        sizes = np.concatenate(self._sizes)
        return SpilledTexts(self._spill.whole(np.uint8), np.cumsum(sizes) - sizes, sizes)


class JoinedTexts(_Kept):
    """Texts that are kept in several places, as one sequence."""

    def __init__(self, parts: Sequence[Sequence[str]]) -> None:
        self.parts = parts
        self._ends = list(accumulate(map(len, parts)))

    def __len__(self) -> int:
        return self._ends[-1]

    def _some(self, rows: range) -> list[str]:
        if rows.step != 1:
            return [text for row in rows for text in self._some(range(row, row + 1))]
        texts: list[str] = []
        first = 0
        for part, end in zip(self.parts, self._ends, strict=True):
            if rows.start < end and first < rows.stop:
                texts += part[max(rows.start - first, 0) : rows.stop - first]
            first = end
        return texts

    def __iter__(self) -> Iterator[str]:
        return chain.from_iterable(self.parts)


def joined(*parts: Sequence[str]) -> Sequence[str]:
    """Put texts one behind the other."""
    if all(isinstance(part, list) for part in parts):
        return list(chain.from_iterable(parts))
    return JoinedTexts([part for part in parts if len(part)] or [[]])


def taken(texts: Sequence[str], rows: Numbers) -> Sequence[str]:
    """Give the texts with these 0-based numbers."""
    if isinstance(texts, SpilledTexts):
        return texts.take(rows)
    return [texts[row] for row in rows.tolist()]


def sizes_of(texts: Sequence[str]) -> Numbers:
    """Say how long each text is: in characters, or in bytes if it is in a file; int64 [n]."""
    if isinstance(texts, SpilledTexts):
        return texts.sizes
    if isinstance(texts, JoinedTexts):
        return np.concatenate([sizes_of(part) for part in texts.parts])
    return np.fromiter(map(len, texts), np.int64, len(texts))


def _in_blocks(rows: Numbers) -> Iterator[Numbers]:
    """Cut numbers into blocks of some."""
    for first in range(0, rows.size, _AT_ONCE):
        yield rows[first : first + _AT_ONCE]
