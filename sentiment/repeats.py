"""Texts that repeat an earlier one, word for word or nearly, found in one pass in bounded memory.

MinHash (Broder, 1997) by one permutation (Li, Owen and Zhang, 2012): a text is the set of its runs
of eight bytes, after case, punctuation and white space are evened out. The least hash in each of 32
parts of the hashes is its signature; the share of equal ones estimates how much of two sets is
shared. Texts that agree in one of eight bands of four are compared.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Flags = NDArray[np.bool_]
_Hashes = NDArray[np.uint64]
_Signatures = NDArray[np.uint16]

# Shorter texts are said by many people, each for themselves: *Great service, thank you!*
LEAST_WORDS = 8

_RUN, _PARTS, _BANDS = 8, 32, 8
_ALIKE = 26  # equal parts of two texts that say the same: about four fifths of their runs
_KEPT = 1 << 17  # texts that later ones are compared with
_SLOTS = 1 << 18  # of each band
_NAMED = 2_000  # repeated texts whose number is kept
_LONGEST = 2_000  # characters of a text that are looked at
_NOTHING = np.uint16(0xFFFF)
_GAPS = bytes(code if chr(code).isalnum() or code >= 0x80 else 0x20 for code in range(256))
_MIX = np.uint64(0x9E3779B97F4A7C15)
_BETWEEN = b"\xff" * _RUN  # not in UTF-8


class Repeats:
    """Finds repeated texts among those given so far.

    A text is compared with the last 131,072 different ones.

    Attributes:
        found: how many repeat an earlier one.
    """

    def __init__(self) -> None:
        """Begin without any text."""
        self.found = 0
        self._signatures = np.zeros((_KEPT, _PARTS), np.uint16)
        self._slots = np.zeros((_BANDS, _SLOTS), np.int64)  # the number of a text; 0 for none
        self._last = 0
        self._named: dict[int, list[int | str]] = {}

    def add(self, texts: Sequence[str]) -> Flags:
        """Return which texts repeat an earlier one, bool [n]."""
        repeated = np.zeros(len(texts), np.bool_)
        evened = [_evened(text) for text in texts]
        rows = [row for row, text in enumerate(evened) if text.count(b" ") >= LEAST_WORDS - 1]
        if not rows:
            return repeated
        signatures = _signatures([evened[row] for row in rows])
        slots = _slots_of(signatures)
        numbers = self._earlier(slots, signatures)
        new = np.flatnonzero(numbers == 0)
        first = _first_alike(slots[new], signatures[new])
        numbers[new] = -1 - first
        kept = new[first == np.arange(new.size)]
        given = self._remember(slots[kept], signatures[kept])
        numbers[kept] = 0
        for place in np.flatnonzero(numbers).tolist():
            number = int(numbers[place])
            if number < 0:
                number = int(given[np.searchsorted(kept, new[-1 - number])])
            repeated[rows[place]] = True
            self._count(number, texts[rows[place]])
        self.found += int(repeated.sum())
        return repeated

    def most(self, number: int) -> list[tuple[str, int]]:
        """Return the texts that stand most often, with how often."""
        every = sorted(self._named.values(), key=lambda each: (-int(each[1]), str(each[0])))
        return [(str(text), int(times)) for text, times in every[:number]]

    def _earlier(self, slots: NDArray[np.int64], signatures: _Signatures) -> NDArray[np.int64]:
        """Return the number of a text like each that was added before; 0 for none."""
        found = np.zeros(len(slots), np.int64)
        for band in range(_BANDS):
            numbers = self._slots[band][slots[:, band]]
            alike = _are_alike(self._signatures[numbers % _KEPT], signatures)
            near = (numbers > max(self._last - _KEPT, 0)) & alike & (found == 0)
            found[near] = numbers[near]
        return found

    def _remember(self, slots: NDArray[np.int64], signatures: _Signatures) -> NDArray[np.int64]:
        """Keep texts, the latest in each slot; return their numbers."""
        numbers = self._last + 1 + np.arange(len(slots))
        self._last += len(slots)
        self._signatures[numbers % _KEPT] = signatures
        for band in range(_BANDS):
            self._slots[band, slots[:, band]] = numbers
        return numbers

    def _count(self, number: int, text: str) -> None:
        if number in self._named:
            self._named[number][1] = int(self._named[number][1]) + 1
            return
        if len(self._named) >= _NAMED:  # forget those that stand least often
            kept = sorted(self._named.items(), key=lambda each: (-int(each[1][1]), each[0]))
            self._named = dict(kept[: _NAMED // 2])
        self._named[number] = [text, 2]


def _are_alike(ones: _Signatures, others: _Signatures) -> Flags:
    return np.count_nonzero(ones == others, axis=1) >= _ALIKE


def _first_alike(slots: NDArray[np.int64], signatures: _Signatures) -> NDArray[np.int64]:
    """Return for each text the first of the same batch that is like it, or itself, int64 [n]."""
    first = np.arange(len(slots))
    for band in range(_BANDS):
        _, begin, group = np.unique(slots[:, band], return_index=True, return_inverse=True)
        other = begin[group]
        alike = _are_alike(signatures[other], signatures)
        first = np.where(alike, np.minimum(first, first[other]), first)
    while (first[first] != first).any():
        first = first[first]
    return first


def _evened(text: str) -> bytes:
    """Return a text without case, ASCII punctuation and runs of spaces, in UTF-8."""
    return b" ".join(text[:_LONGEST].lower().encode("utf-8", "replace").translate(_GAPS).split())


def _signatures(parts: Sequence[bytes]) -> _Signatures:
    """Return the signature of each text, uint16 [n, parts]."""
    runs = _runs(_BETWEEN.join([*parts, b""]))
    lengths = np.array([len(part) for part in parts])
    ends = np.cumsum(lengths + _RUN) - _RUN
    # The upper bits of a product are hash enough (Dietzfelbinger et al., 1997).
    hashes = runs * _MIX
    value = (hashes >> np.uint64(43)).astype(np.uint16)
    beyond = (ends[:, None] + np.arange(1 - _RUN, _RUN)).ravel()  # runs not within one text
    value[beyond[(beyond >= 0) & (beyond < value.size)]] = _NOTHING
    owner = np.repeat(np.arange(len(parts)), lengths + _RUN)[: value.size]
    place = owner * _PARTS + (hashes >> np.uint64(59)).astype(np.int64)
    least = np.full(len(parts) * _PARTS, _NOTHING)
    np.minimum.at(least, place, value)
    return least.reshape(-1, _PARTS)


def _runs(data: bytes) -> _Hashes:
    """Return the eight bytes at each place as a number, uint64 [bytes − 7]."""
    runs = np.empty(len(data) - _RUN + 1, np.uint64)
    for first in range(_RUN):
        count = (runs.size - first + _RUN - 1) // _RUN
        runs[first::_RUN] = np.frombuffer(data, "<u8", count, first)
    return runs


def _slots_of(signatures: _Signatures) -> NDArray[np.int64]:
    """Return the slot of each band of each signature, int64 [n, bands]."""
    words = np.ascontiguousarray(signatures).view("<u8").astype(np.uint64)
    each = words.reshape(len(words), _BANDS, -1)
    folded = np.zeros(each.shape[:2], np.uint64)
    for column in range(each.shape[2]):
        folded = _hashed(folded ^ each[:, :, column])
    return (folded % np.uint64(_SLOTS)).astype(np.int64)


def _hashed(values: _Hashes) -> _Hashes:
    """Return well mixed values (SplitMix64: Steele, Lea and Flood, 2014)."""
    mixed = values + _MIX
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))
