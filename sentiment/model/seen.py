"""What a model remembers of the reviews it was made with: they make every figure too good."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sentiment.digests import digests_of, passages_of
from sentiment.features.hashing import Hashes, among

# Enough to find reviews that another file shares with the training data, however large that was.
SEEN_LIMIT = 16_384

# Of reviews that cannot be checked, so small a share of known ones does not matter.
_FEW = 0.05
# A set of which no larger share is new for certain is known.
_FEWEST_NEW = 0.05
_AT_ONCE = 4096

Flags = NDArray[np.bool_]


class Overlap(NamedTuple):
    """How many of some reviews a model was trained, chosen or calibrated on.

    Attributes:
        found: reviews that it is known to have been made with.
        checked: reviews that could be checked; fewer than all where those it was made with are so
            many that it remembers only a part of them.
        new: reviews that it can be judged by, see `Seen.new`.
        reviews: all of them.
    """

    found: int
    checked: int
    new: int
    reviews: int

    @property
    def is_known_set(self) -> bool:
        """Whether hardly any review is new for certain: no figure of them means anything."""
        return self.found > 0 and self.new < _FEWEST_NEW * self.reviews


def _none() -> Hashes:
    return np.zeros(0, np.uint64)


@dataclass(frozen=True, eq=False)
class Seen:
    """Hashes of reviews: of each set of them all, or the `SEEN_LIMIT` smallest.

    The `SEEN_LIMIT` smallest of all sets are a bottom-k sketch (Cohen and Kaplan, 2007): whatever
    is not above the largest of them can be told for certain, and is a uniform sample of all
    reviews. Those above it are known, too: the few reviews that stand on a base of many, or that a
    model was calibrated on. Reviews are found by their longest sentence, so that it does not matter
    whether they are read with their titles.

    Attributes:
        whole: of whole texts, uint64, sorted.
        passages: of their longest sentences, uint64, sorted; None for a model of an older program,
            which finds whole texts alone.
    """

    whole: Hashes = field(default_factory=_none)
    passages: Hashes | None = field(default_factory=_none)

    def adding(self, texts: Iterable[str]) -> "Seen":
        """Return a memory of this set of texts, too; they are gone through once."""
        rest, whole, passages = iter(texts), [_none()], [_none()]
        while some := list(islice(rest, _AT_ONCE)):
            whole.append(digests_of(some))
            if self.passages is not None:
                passages.append(passages_of(some))
        if self.passages is None:  # it would be taken for all that there is
            return Seen(np.union1d(self.whole, _smallest(whole)), None)
        return Seen(
            np.union1d(self.whole, _smallest(whole)),
            np.union1d(self.passages, _smallest(passages)),
        )

    def digests(self, texts: Iterable[str]) -> Hashes:
        """Return the hashes by which this memory knows texts, uint64 [n]."""
        return digests_of(texts) if self.passages is None else passages_of(texts)

    def checkable(self, digests: Hashes) -> Flags:
        """Return which texts would surely be remembered if they were known, bool [n].

        Args:
            digests: hashes of n texts, from `digests`.
        """
        kept = self._kept
        if kept.size < SEEN_LIMIT:
            return np.ones(digests.size, np.bool_)
        return digests <= kept[SEEN_LIMIT - 1]

    def known(self, digests: Hashes) -> Flags:
        """Return which texts are remembered, bool [n]."""
        return among(digests, self._kept)

    def overlap(self, digests: Hashes) -> Overlap:
        """Count the texts that are remembered, that could be checked, and that are new."""
        known = self.known(digests)
        masks = known, known | self.checkable(digests), self.new(digests)
        found, checked, new = (int(np.count_nonzero(mask)) for mask in masks)
        return Overlap(found, checked, new, digests.size)

    def new(self, digests: Hashes) -> Flags:
        """Return which texts a model can be judged by, bool [n].

        Where hardly any that can be checked is known, all others are new; one may be known by
        chance, such as *Thank you*. Otherwise those that cannot be checked are as likely known, and
        only those that can be are new for certain.
        """
        known, checkable = self.known(digests), self.checkable(digests)
        found, checked = np.count_nonzero(known & checkable), np.count_nonzero(checkable)
        few = found <= max(_FEW * checked, 1 if checked > 1 else 0)
        return ~known if few else ~known & checkable

    def is_known_set(self, digests: Hashes) -> bool:
        """Return whether hardly any text is new for certain; see `Overlap`."""
        return self.overlap(digests).is_known_set

    @property
    def _kept(self) -> Hashes:
        return self.whole if self.passages is None else self.passages


def _smallest(parts: list[Hashes]) -> Hashes:
    return np.unique(np.concatenate(parts))[:SEEN_LIMIT]
