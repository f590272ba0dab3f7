"""Normalized characters → where they stand in the review as it was written."""

import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sentiment.features.tokens import LINE_BREAK_TAG, normalize

Places = NDArray[np.int64]

# Jamo that join the syllable before them, though they are no combining marks.
_JOINING_JAMO = ("\u1161", "\u11ff")


def aligned(text: str) -> tuple[Places, Places]:
    """Say which characters of a review each character of `normalize(text)` came from.

    Where several became several, such as a letter and its accents, each came from all of them.

    Returns:
        Where they start and end in `text`, int64 [normalized characters] each; both ascend.
    """
    starts, ends = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    done = 0
    for first, last in [*_tags(text), (len(text), len(text))]:
        stretch_starts, stretch_ends = _stretch(text[done:first])
        tag = [first] if last > first else []
        starts += [stretch_starts + done, np.array(tag, np.int64)]
        ends += [stretch_ends + done, np.array([last] if tag else [], np.int64)]
        done = last
    return np.concatenate(starts), np.concatenate(ends)


def _tags(text: str) -> Iterator[tuple[int, int]]:
    """Where HTML line breaks stand; each becomes one character."""
    return (found.span() for found in LINE_BREAK_TAG.finditer(text))


def _stretch(text: str) -> tuple[Places, Places]:
    """Align a text without HTML line breaks."""
    if text.isascii():
        places = np.arange(len(text))
        return places, places + 1
    bounds = [place for place, char in enumerate(text) if place == 0 or _begins_unit(char)]
    bounds.append(len(text))
    lengths = [_normalized_length(text[start:end]) for start, end in pairwise(bounds)]
    return np.repeat(bounds[:-1], lengths), np.repeat(bounds[1:], lengths)


@lru_cache(maxsize=1 << 14)
def _begins_unit(character: str) -> bool:
    """Whether normal forms never join a character with those before it."""
    first = unicodedata.normalize("NFKD", character)[0]
    low, high = _JOINING_JAMO
    return unicodedata.category(first)[0] != "M" and not low <= first <= high


@lru_cache(maxsize=1 << 14)
def _normalized_length(unit: str) -> int:
    return len(normalize(unit))
