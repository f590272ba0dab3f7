"""Vectors of words that were trained before, read from text files as GloVe and word2vec write them.

A line is a word and its numbers. The first line of word2vec's files has how many words there are,
and how many numbers each has; those of GloVe have none (Pennington, Socher and Manning, "GloVe:
Global vectors for word representation", EMNLP 2014; Mikolov et al., "Distributed representations of
words and phrases", NIPS 2013).
"""

import re
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sentiment.digests import digest_of_file
from sentiment.errors import DataError, UsageError
from sentiment.features.hashing import Hashes, KeyIndex
from sentiment.features.words import WordReading
from sentiment.files import is_stream
from sentiment.reviews.batch import row_error
from sentiment.reviews.cells import count_of
from sentiment.reviews.streams import is_zip, open_stream

Floats = NDArray[np.float32]

# The most numbers that a vector may have.
LARGEST = 1_024
# Bytes of a line: the numbers of the largest vectors have about 25 each.
_LONGEST = 1 << 17
# Words that are looked up at once, and bytes of their lines.
_AT_ONCE, _BYTES = 4_096, 1 << 20
_BOM = b"\xef\xbb\xbf"
# What no text holds.
_BINARY = re.compile(rb"[\0-\x08\x0e-\x1f]")
_AGAIN = "the file is damaged or cut short: get it again"


class WordVectors(NamedTuple):
    """The vectors of some words.

    Attributes:
        keys: the hashes of the words, uint64 [words], sorted.
        rows: float32 [words, numbers].
    """

    keys: Hashes
    rows: Floats

    def find(self, keys: Hashes) -> tuple[NDArray[np.int64], Floats]:
        """Return which of some words have a vector, int64 [found], and these, [found, numbers]."""
        places = KeyIndex(self.keys).find(keys)
        known = np.flatnonzero(places >= 0)
        return known, self.rows[places[known]]

    def scaled(self, spread: float) -> "WordVectors":
        """Return the vectors times a factor, so that the root of their mean square is `spread`."""
        size = float(np.sqrt(np.mean(np.square(self.rows, dtype=np.float64))))
        return self._replace(rows=self.rows * np.float32(spread / size if size else 1.0))


class _Line(NamedTuple):
    """A line of the file: its number, from 1, the word, and the numbers as they are written."""

    row: int
    word: bytes
    numbers: bytes


@dataclass(frozen=True)
class Embeddings:
    """A file with vectors of words, of which only the first lines have been read.

    Attributes:
        path: of the file.
        size: how many numbers each vector has.
    """

    path: Path
    size: int

    @classmethod
    def of(cls, where: str | PathLike[str]) -> "Embeddings":
        """Open a file, compressed or not, and read how large its vectors are.

        Raises:
            DataError: it cannot be read, or has no vectors of words as text.
            UsageError: it is a pipe, which cannot be read twice.
        """
        path = Path(where)
        if is_stream(path) and not path.is_dir():
            raise UsageError(f"{path}: not a file; save the vectors to a file first")
        lines = _lines(path)
        with closing(lines):
            row, first = next(lines, (0, b""))
            if not first:
                raise DataError(f"{path}: no vectors; name a file with a word and numbers a line")
            size = _size_in_header(first)
            if size is None:
                size = _numbers_at_the_end(first)
            else:
                row, first = next(lines, (0, b""))
            if not row or not size:
                raise _no_vectors(path, max(row, 1), first)
            if size > LARGEST:
                what = f"vectors of {size:,} numbers; the most is {LARGEST:,}: name another file"
                raise row_error(str(path), 1, what)
            found = cls(path, size)
            found._numbers(found._split(row, first))
        return found

    @property
    def name(self) -> str:
        """The name of the file, without folders."""
        return self.path.name

    @cached_property
    def hash(self) -> str:
        """A hash of the file, hexadecimal.

        Raises:
            DataError: it cannot be read.
        """
        try:
            return digest_of_file(self.path)
        except OSError as error:
            raise DataError(f"{self.path}: {error.strerror or error}") from error

    def as_json(self) -> dict[str, Any]:
        """Return what makes another model of the same reviews, as JSON values."""
        return {"file": self.name, "hash": self.hash}

    def vectors(self, keys: Hashes, reading: WordReading) -> WordVectors:
        """Read the vectors of some words; of the others nothing is kept.

        A word in the file is read as in a review: in lower case, repaired. Of several that become
        the same, the first counts; what becomes several tokens is left out.

        Args:
            keys: the hashes of the words, uint64 [words], sorted.
            reading: how reviews are read.

        Returns:
            Those found.

        Raises:
            DataError: the file is damaged, or has none of the words.
        """
        index = KeyIndex(keys)
        found = np.zeros(keys.size, np.bool_)
        rows = np.zeros((keys.size, self.size), np.float32)
        for lines in self._batches():
            read = reading.read([line.word.decode("utf-8", "replace") for line in lines])
            single = np.flatnonzero(np.diff(read.bounds) == 1)
            places = index.find(read.keys[read.bounds[single]])
            wanted = np.flatnonzero(places >= 0)
            for number, place in zip(single[wanted].tolist(), places[wanted].tolist(), strict=True):
                if not found[place]:
                    rows[place] = self._numbers(lines[number])
                    found[place] = True
        if not found.any():
            raise DataError(
                f"{self.path}: none of the {count_of(keys.size, 'word')} of the reviews; name a "
                "file of their language, or leave out --embeddings"
            )
        return WordVectors(keys[found], rows[found])

    def _batches(self) -> Generator[list[_Line]]:
        """Yield the lines with vectors, at most some thousands, or megabytes, at a time."""
        with closing(_lines(self.path)) as lines:
            batch: list[_Line] = []
            size = 0
            for place, (row, line) in enumerate(lines):
                if place == 0 and _size_in_header(line) is not None:
                    continue
                batch.append(self._split(row, line))
                size += len(line)
                if len(batch) == _AT_ONCE or size > _BYTES:
                    yield batch
                    batch, size = [], 0
            if batch:
                yield batch

    def _split(self, row: int, line: bytes) -> _Line:
        """Return the word and the numbers of a line; the word may have spaces in it.

        Raises:
            DataError: it has more or fewer numbers than others.
        """
        word, _, numbers = line.partition(b" ")
        if numbers.count(b" ") == self.size - 1:
            return _Line(row, word, numbers)
        parts = line.rsplit(None, self.size)
        # A word of which all but the beginning are numbers is none.
        more = parts[0].split()[1:] if parts else []
        if len(parts) > self.size and not (more and all(map(_is_number, more))):
            return _Line(row, parts[0], b" ".join(parts[1:]))
        if _BINARY.search(line) or not _is_number(parts[-1]):
            raise _no_vectors(self.path, row, line)
        has = len(more) + len(parts) - 1
        what = f"{has:,} numbers, and other rows have {self.size:,}; {_AGAIN}"
        raise row_error(str(self.path), row, what)

    def _numbers(self, line: _Line) -> Floats:
        """Return the vector of a line, float32 [size].

        Raises:
            DataError: one is no number, or not finite.
        """
        try:
            numbers = np.array([*map(float, line.numbers.split())])
        except ValueError:
            numbers = np.zeros(0)
        if numbers.size != self.size:
            raise _no_vectors(self.path, line.row, line.word + b" " + line.numbers)
        with np.errstate(over="ignore"):
            found = numbers.astype(np.float32)
        if not np.isfinite(found).all():
            what = "a number is not finite; delete this row, or get the file again"
            raise row_error(str(self.path), line.row, what)
        return found


def _lines(path: Path) -> Generator[tuple[int, bytes]]:
    """Yield the lines of a file that are not empty, with their numbers, from 1.

    Raises:
        DataError: it cannot be read.
    """
    stream = open_stream(path)
    try:
        rest, row = b"", 0
        while block := stream.read():
            if not row and not rest:
                if is_zip(block):
                    what = "a zip archive; unpack it, and name a file in it"
                    raise DataError(f"{path}: {what}")
                block = block.removeprefix(_BOM)
            *whole, rest = (rest + block).split(b"\n")
            for line in whole:
                row += 1
                if line := line.rstrip():
                    yield row, line
            if len(rest) > _LONGEST:
                raise _no_vectors(path, row + 1, rest)
        if rest := rest.rstrip():
            yield row + 1, rest
    finally:
        stream.close()


def _size_in_header(line: bytes) -> int | None:
    """Return how many numbers vectors have, if this is word2vec's first line, else None."""
    parts = line.split()
    if len(parts) == 2 and all(part.isdigit() and len(part) < 20 for part in parts):
        return int(parts[1])
    return None


def _numbers_at_the_end(line: bytes) -> int:
    """Count the numbers at the end of a line, behind a word, which may be a number."""
    parts = line.split()[1:]
    text = next((place for place, part in enumerate(reversed(parts)) if not _is_number(part)), None)
    return len(parts) if text is None else text


def _is_number(text: bytes) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _no_vectors(path: Path, row: int, line: bytes) -> DataError:
    """Return the error of a line that is not a word with its numbers."""
    if _BINARY.search(line):
        what = (
            "not text; a binary file of word2vec or fastText must be written as text first: with "
            "gensim, save_word2vec_format('vectors.txt')"
        )
    else:
        what = "not a word and its numbers, as GloVe and word2vec write them; name another file"
    return row_error(str(path), row, what)
