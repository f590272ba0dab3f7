"""Which n-grams each review holds, found once; whatever is fitted to labels is arithmetic on it.

Reviews that memory does not hold come in shards, each with n-grams of its own. What follows from
all shards together is what would follow from one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sentiment.features.hashing import Hashes
from sentiment.features.lookup import KeyIndex
from sentiment.features.ngrams import NGrams
from sentiment.features.rows import runs
from sentiment.features.shard import Shard

# Of many shards, so many keys are put together at once, counted before repeats are dropped.
_KEYS_AT_ONCE = 1 << 21


@dataclass(frozen=True, eq=False)
class Incidence:
    """The n-grams of some reviews, without labels and without weights.

    Attributes:
        ngrams: which n-grams were looked for.
        shards: the reviews, in order.
    """

    ngrams: NGrams
    shards: Sequence[Shard]

    @classmethod
    def of(cls, texts: Sequence[str], ngrams: NGrams, min_count: int = 1) -> "Incidence":
        """Find the n-grams of each review, in one shard.

        Args:
            texts: reviews, [n].
            ngrams: which n-grams to look for.
            min_count: n-grams that fewer reviews hold are left out.
        """
        return cls(ngrams, [Shard.of(texts, ngrams, min_count)])

    def __len__(self) -> int:
        """Return the number of reviews."""
        return sum(map(len, self.shards))

    def placed(self) -> Iterator[tuple[Shard, slice]]:
        """Give each shard, and which of all reviews it has."""
        first = 0
        for shard in self.shards:
            yield shard, slice(first, first + len(shard))
            first += len(shard)

    def together(self) -> Iterator[tuple[Hashes, list[tuple[slice, NDArray[np.int32]]]]]:
        """Put the n-grams of all shards together, some at a time, in ascending order.

        Yields:
            Keys, sorted and distinct, with what each shard has of them: a slice of its own keys,
            and where each of these is among the keys given.
        """
        if len(self.shards) == 1:
            keys = self.shards[0].keys[:]
            yield keys, [(slice(0, keys.size), np.arange(keys.size, dtype=np.int32))]
            return
        bounds = np.stack([shard.bounds for shard in self.shards])
        for some in runs(bounds.sum(axis=0), _KEYS_AT_ONCE):
            parts = [slice(int(each[some.start]), int(each[some.stop])) for each in bounds]
            every = [shard.keys[part] for shard, part in zip(self.shards, parts, strict=True)]
            found = np.concatenate(every)
            keys = np.sort(found)
            keys = keys.compress(np.concatenate(([True], keys[1:] != keys[:-1]))[: keys.size])
            places = KeyIndex(keys).find(found)
            ends = np.cumsum([part.size for part in every])
            yield keys, list(zip(parts, np.split(places, ends[:-1]), strict=True))

    def first_holders(self, wanted: Hashes) -> NDArray[np.int64]:
        """Give reviews that hold, together, all of the wanted n-grams that there are: int64.

        Args:
            wanted: uint64, sorted, distinct.
        """
        holders = [np.zeros(0, np.int64)]
        left = wanted
        for shard, rows in self.placed():
            if not left.size:
                break
            found, held = shard.first_holders(left)
            holders.append(rows.start + held)
            left = np.delete(left, found)
        return np.unique(np.concatenate(holders))
