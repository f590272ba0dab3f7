"""Stable 64-bit hashes of strings and sequences, computed for whole arrays at once.

Everything is arithmetic modulo 2**64 on numpy arrays, so the same text has the same hashes on
every machine, in every process, whatever PYTHONHASHSEED says. The hashes are part of the model
file format: changing a constant here makes old models unreadable.
"""

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]

_BASE = 0x9E3779B97F4A7C15
_BASE_INVERSE = pow(_BASE, -1, 2**64)


def mix(values: Hashes) -> Hashes:
    """Scatter 64-bit integers so that every bit of the result depends on every bit of the input.

    A bijection: the finalizer of SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom
    number generators", OOPSLA 2014).

    Args:
        values: any shape, uint64; overwritten and returned, because the arrays are large.
    """
    values ^= values >> np.uint64(30)
    values *= np.uint64(0xBF58476D1CE4E5B9)
    values ^= values >> np.uint64(27)
    values *= np.uint64(0x94D049BB133111EB)
    values ^= values >> np.uint64(31)
    return values


def combine(left: Hashes, right: Hashes) -> Hashes:
    """Hash pairs: the order of the two matters, and chains of calls hash sequences."""
    combined: Hashes = left * np.uint64(0xD6E8FEB86659FD93)
    combined += right
    return mix(combined)


def among(hashes: Hashes, others: Hashes) -> NDArray[np.bool_]:
    """Say which hashes are among others: bool, of the shape of the first."""
    # By default numpy 2.0 takes large ones for signed numbers, and stops.
    return np.isin(hashes, others, kind="sort")


def salt(name: str) -> Hashes:
    """Give a constant that tells families of features apart: uint64 [1]."""
    codes = np.frombuffer(name.encode("ascii"), dtype=np.uint8)
    return SubstringHasher(codes).hash(np.array([0]), np.array([codes.size]))


class SubstringHasher:
    """Hashes any number of substrings of one character array in constant time each.

    The polynomial hash of Karp and Rabin (1987) over prefix sums: with P[i] the sum of
    c[j]·B**j for j < i, the substring [s, e) has the hash (P[e] − P[s])·B**−s modulo 2**64, equal
    for equal substrings wherever they stand; `mix` then spreads it over all bits.
    """

    def __init__(self, codes: NDArray[np.uint8] | NDArray[np.uint32]) -> None:
        """Take the code points of the characters, shape [n]."""
        self._prefix = np.zeros(codes.size + 1, dtype=np.uint64)
        # One is added so that a leading U+0000 does not vanish.
        terms = np.add(codes, 1, dtype=np.uint64)
        terms *= _powers(_BASE, codes.size)
        np.cumsum(terms, out=self._prefix[1:])

    def hash(self, starts: NDArray[np.int64], ends: NDArray[np.int64]) -> Hashes:
        """Return the hashes of the substrings [start, end), shape [len(starts)]."""
        hashes = self._prefix[ends]
        hashes -= self._prefix[starts]
        hashes *= _powers(_BASE_INVERSE, self._prefix.size)[starts]
        return mix(hashes)


_power_tables: dict[int, Hashes] = {}


def _powers(base: int, count: int) -> Hashes:
    """The first `count` powers of an odd base, from a table that grows as needed."""
    table = _power_tables.get(base)
    if table is None or table.size < count:
        size = 1 << max(10, (count - 1).bit_length())
        table = np.full(size, base, dtype=np.uint64)
        table[0] = 1
        np.cumprod(table, out=table)
        _power_tables[base] = table
    return table[:count]
