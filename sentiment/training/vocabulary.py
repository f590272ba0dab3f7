"""The words of all reviews of a training: read once, and numbered by a vocabulary for each fit."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sentiment.features.hashing import Hashes
from sentiment.features.sequences import Numbers, Sequences, bounds_of
from sentiment.features.words import WordEncoder, WordReading
from sentiment.storage import ArrayFile, ArrayList
from sentiment.training.embeddings import Embeddings, WordVectors
from sentiment.training.run import Progress, Run

# Texts read at once, and words counted at once.
_AT_ONCE, _COUNTED = 4_096, 1 << 22


@dataclass(frozen=True, eq=False)
class IndexedWords:
    """The words of all reviews, perhaps in files.

    Attributes:
        keys, beginnings: the hashes of words and of their first letters, uint64 [words] each.
        kinds: uint8 [words].
        bounds: where each review begins, and the last ends, int64 [reviews + 1].
        in_files: whether numbers of these words, too, do not fit into memory.
        vectors: of some words, to begin with; None for none.
    """

    keys: Hashes
    beginnings: Hashes
    kinds: NDArray[np.uint8]
    bounds: Numbers
    in_files: bool
    vectors: WordVectors | None = None

    def __len__(self) -> int:
        """Return the number of reviews."""
        return self.bounds.size - 1

    def blocks(self) -> list[slice]:
        """Return the words in blocks of some millions."""
        size = self.keys.size
        return [slice(first, min(first + _COUNTED, size)) for first in range(0, size, _COUNTED)]

    def numbers(self, encoder: WordEncoder, block: slice) -> NDArray[np.int32]:
        """Return the numbers of a block of words, int32 [words]."""
        keys, beginnings = (np.asarray(each[block]) for each in (self.keys, self.beginnings))
        return encoder.numbers_of(keys, beginnings)


class FittedWords(NamedTuple):
    """What was fitted to reviews.

    Attributes:
        encoder: texts → words.
        beginnings: the number of the bucket that each word of the vocabulary shares with others, −1
            for a bucket, int32 [encoder.size].
    """

    encoder: WordEncoder
    beginnings: NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class WordRows(Sequences):
    """Some reviews as numbers of words.

    Attributes:
        beginnings: of each number, as in `FittedWords`.
    """

    beginnings: NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class EncodedWords:
    """The numbers of the words of all reviews as rows of a training.

    Attributes:
        words: the numbers.
        beginnings: of each number, as in `FittedWords`.
        keys: the hashes of the words of the vocabulary, uint64 [words].
        vectors: as in `IndexedWords`.
    """

    words: Sequences
    beginnings: NDArray[np.int32]
    keys: Hashes
    vectors: WordVectors | None

    @property
    def width(self) -> int:
        """The number of vectors."""
        return self.beginnings.size

    def __len__(self) -> int:
        """Return the number of reviews."""
        return len(self.words)

    def take(self, rows: NDArray[np.integer]) -> WordRows:
        """Return some reviews."""
        some = self.words.take(rows)
        return WordRows(some.ids, some.bounds, self.beginnings)


def index_words(texts: Sequence[str], reading: WordReading, run: Run) -> IndexedWords:
    """Read the words of all reviews, into files if they do not fit into memory."""
    parts: tuple[Any, ...] = (ArrayList(), ArrayList(), ArrayList())
    size, in_files, lengths = 0, False, [np.zeros(0, np.int64)]
    for first in range(0, len(texts), _AT_ONCE):
        read = reading.read(texts[first : first + _AT_ONCE])
        lengths.append(np.diff(read.bounds))
        arrays = read.keys, read.beginnings, read.kinds
        size += sum(each.nbytes for each in arrays)
        if not in_files and size > run.memory.bytes // 4:
            parts, in_files = _moved(parts), True
        for part, values in zip(parts, arrays, strict=True):
            part.append(values)
        run.progress.featurized(min(first + _AT_ONCE, len(texts)), len(texts))
    keys, beginnings, kinds = parts
    joined = keys.joined(np.uint64), beginnings.joined(np.uint64), kinds.joined(np.uint8)
    return IndexedWords(*joined, bounds_of(np.concatenate(lengths)), in_files)


def _moved(lists: tuple[ArrayList, ...]) -> tuple[ArrayFile, ...]:
    """Return files of what is in lists."""
    files = tuple(ArrayFile() for _ in lists)
    for each, file in zip(lists, files, strict=True):
        for values in each:
            file.append(values)
    return files


def with_vectors(
    indexed: IndexedWords,
    embeddings: Embeddings,
    reading: WordReading,
    progress: Progress,
    *,
    min_count: int,
    most: int,
    spread: float,
) -> IndexedWords:
    """Return the words with the vectors of those that a vocabulary of all reviews has.

    Args:
        indexed: the words of all reviews.
        embeddings: the file of the vectors.
        reading: how texts are read.
        progress: is told how many have a vector.
        min_count: how often a word occurs at least.
        most: the largest number of words.
        spread: the root mean square of the numbers of the vectors.

    Raises:
        DataError: the file is damaged, or has none of the words.
    """
    every = np.ones(len(indexed), np.bool_)
    keys = _vocabulary(indexed, every, min_count, most)
    found = embeddings.vectors(keys, reading)
    progress.embedded(found.keys.size, keys.size, embeddings.name)
    return replace(indexed, vectors=found.scaled(spread))


def fit_words(
    indexed: IndexedWords,
    counting: NDArray[np.bool_],
    reading: WordReading,
    *,
    buckets: int,
    min_count: int,
    most: int,
) -> FittedWords:
    """Take the most frequent words of the reviews that count as the vocabulary.

    Args:
        indexed: the words of all reviews.
        counting: which reviews count, bool [reviews].
        reading: how texts are read.
        buckets: how many there are for other words.
        min_count: how often a word occurs at least.
        most: the largest number of words.
    """
    keys = _vocabulary(indexed, counting, min_count, most)
    kinds = np.zeros(keys.size, np.uint8)
    encoder = WordEncoder(reading, keys, kinds, buckets)
    beginnings = np.full(encoder.size, -1, np.int32)
    for block in indexed.blocks():
        numbers = indexed.numbers(encoder, block)
        known = np.flatnonzero(numbers < keys.size)
        kinds[numbers[known]] = indexed.kinds[block][known]
        beginnings[numbers[known]] = encoder.buckets_of(indexed.beginnings[block][known])
    return FittedWords(encoder, beginnings)


def _vocabulary(
    indexed: IndexedWords, counting: NDArray[np.bool_], min_count: int, most: int
) -> Hashes:
    """Return the hashes of the most frequent words, see `fit_words`: uint64 [words], sorted."""
    keys, counts = _counted(indexed, counting)
    kept = np.flatnonzero(counts >= min_count)
    chosen = np.argsort(-counts[kept], kind="stable")[:most]
    found: Hashes = keys[np.sort(kept[chosen])]
    return found


def _counted(indexed: IndexedWords, counting: NDArray[np.bool_]) -> tuple[Hashes, Numbers]:
    """Return the different words of the reviews that count, and how often each occurs."""
    keys, counts = np.zeros(0, np.uint64), np.zeros(0, np.int64)
    used = np.repeat(counting, np.diff(indexed.bounds))
    for block in indexed.blocks():
        found, times = np.unique(indexed.keys[block][used[block]], return_counts=True)
        every = np.concatenate((keys, found))
        keys, places = np.unique(every, return_inverse=True)
        added = np.bincount(places, np.concatenate((counts, times)), keys.size)
        counts = added.astype(np.int64)
    return keys, counts


def encode_words(indexed: IndexedWords, encoder: FittedWords) -> EncodedWords:
    """Return the rows of all reviews."""
    found = ArrayFile() if indexed.in_files else ArrayList()
    for block in indexed.blocks():
        found.append(indexed.numbers(encoder.encoder, block))
    words = Sequences(found.joined(np.int32), indexed.bounds)
    return EncodedWords(words, encoder.beginnings, encoder.encoder.keys, indexed.vectors)


def first_rows(indexed: IndexedWords, keys: Hashes) -> Numbers:
    """Return the first review with each of some words, sorted keys: int64 [found]."""
    first = np.full(keys.size, -1)
    for block in indexed.blocks():
        places = np.minimum(np.searchsorted(keys, indexed.keys[block]), keys.size - 1)
        hits = np.flatnonzero(keys[places] == indexed.keys[block])[::-1]
        new = hits[first[places[hits]] < 0]
        first[places[new]] = new + block.start
    return np.searchsorted(indexed.bounds, first[first >= 0], side="right") - 1
