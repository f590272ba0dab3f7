"""Which n-grams each review holds, found once; whatever is fitted to labels is arithmetic on it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sentiment.features.hashing import Hashes
from sentiment.features.lookup import KeyIndex
from sentiment.features.ngrams import NGrams
from sentiment.features.occurrences import Occurrences, occurrences
from sentiment.features.rows import by_row


@dataclass(frozen=True, eq=False)
class Incidence:
    """The n-grams of some reviews, without labels and without weights.

    Attributes:
        ngrams: which n-grams were looked for.
        keys: uint64 [n-grams], sorted, distinct.
        columns: int32 [pairs], numbers of n-grams, each once in a review.
        offsets: int64 [reviews + 1]; review i holds columns[offsets[i]:offsets[i + 1]].
    """

    ngrams: NGrams
    keys: Hashes
    columns: NDArray[np.int32]
    offsets: NDArray[np.int64]

    def __len__(self) -> int:
        """Return the number of reviews."""
        return self.offsets.size - 1

    def blocks(self, pairs: int = 1 << 19) -> Iterator[slice]:
        """Cut the reviews into blocks of some pairs each, of one review at least."""
        first = 0
        while first < len(self):
            bound = self.offsets[first] + pairs
            last = max(int(np.searchsorted(self.offsets, bound, side="right")) - 1, first + 1)
            yield slice(first, last)
            first = last

    def pairs(self, reviews: slice) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Give the columns of consecutive reviews, and offsets into these."""
        offsets = self.offsets[reviews.start : reviews.stop + 1]
        return self.columns[offsets[0] : offsets[-1]], offsets - offsets[0]

    def first_holders(self, wanted: Hashes) -> NDArray[np.int64]:
        """Give reviews that hold, together, all of the wanted n-grams that there are: int64."""
        places = KeyIndex(self.keys).find(wanted)
        missing = np.zeros(self.keys.size, np.bool_)
        missing[places[places >= 0]] = True
        holders = []
        for block in self.blocks(1 << 14):
            columns, offsets = self.pairs(block)
            hits = np.flatnonzero(missing.take(columns))
            _, first = np.unique(columns.take(hits), return_index=True)
            missing[columns.take(hits)] = False
            holders.append(block.start + np.searchsorted(offsets, hits[first], side="right") - 1)
        return np.unique(np.concatenate([np.zeros(0, np.int64), *holders]))

    @classmethod
    def of(cls, texts: Sequence[str], ngrams: NGrams, min_count: int = 1) -> "Incidence":
        """Find the n-grams of each review.

        Args:
            texts: reviews, [n].
            ngrams: which n-grams to look for.
            min_count: n-grams that fewer reviews hold are left out.
        """
        waiting = [_Part.of(found) for found in occurrences(texts, ngrams)]
        index = KeyIndex(_frequent(waiting, min_count))
        columns = [np.zeros(0, np.int32)]
        lengths = [np.zeros(1, np.int64)]
        while waiting:
            part = waiting.pop(0)  # and let it go
            places = index.find(part.keys)
            known = np.flatnonzero(places >= 0)
            bounds, held = by_row(part.rows.take(known), places.take(known), part.reviews)
            lengths.append(np.diff(bounds))
            columns.append(held)
        offsets = np.cumsum(np.concatenate(lengths))
        return cls(ngrams, index.keys, np.concatenate(columns), offsets)


@dataclass(frozen=True, eq=False)
class _Part:
    """Pairs of feature and review, grouped by the highest byte of the key.

    Each group is counted with those of the other parts by a sort that fits the processor's cache,
    and looked up in a part of the keys that does.
    """

    reviews: int
    keys: Hashes
    rows: NDArray[np.uint16]
    bounds: NDArray[np.int64]

    @classmethod
    def of(cls, found: Occurrences) -> "_Part":
        highest = (found.keys >> np.uint64(56)).astype(np.uint8)
        order = np.argsort(highest, kind="stable")  # a radix sort
        bounds = np.concatenate(([0], np.cumsum(np.bincount(highest, minlength=256))))
        return cls(found.reviews, found.keys.take(order), found.rows.take(order), bounds)


def _frequent(parts: list[_Part], min_count: int) -> Hashes:
    """Find the keys that occur in enough reviews, sorted."""
    frequent = [np.zeros(0, np.uint64)]
    for group in range(256):
        keys = [part.keys[part.bounds[group] : part.bounds[group + 1]] for part in parts]
        together = np.concatenate([np.zeros(0, np.uint64), *keys])
        together.sort()
        starts = np.flatnonzero(
            np.concatenate(([together.size > 0], together[1:] != together[:-1]))
        )
        enough = np.diff(starts, append=together.size) >= min_count
        frequent.append(together.take(starts.compress(enough)))
    return np.concatenate(frequent)
