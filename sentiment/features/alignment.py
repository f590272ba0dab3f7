"""Characters as they are read → where they stand in the review as it was written."""

import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sentiment.features.edits import Edit, edited
from sentiment.features.ratings import ratings
from sentiment.features.repair import repairs
from sentiment.features.tokens import LINE_BREAK_TAG, normalize

Places = NDArray[np.int64]

# Jamo that join the syllable before them, though they are no combining marks.
_JOINING_JAMO = ("\u1161", "\u11ff")


def aligned(text: str, *, repaired: bool = True, rated: bool = False) -> tuple[Places, Places]:
    """Say which characters of a review each character of `read(text)` came from.

    Where several became several, such as a letter and its accents, each came from all of them.

    Args:
        text: as it was written.
        repaired: as for `read`.
        rated: as for `read`.

    Returns:
        Where they start and end in `text`, int64 [characters read] each; both ascend.
    """
    starts, ends = np.arange(len(text)), np.arange(1, len(text) + 1)
    for edits in _steps(text, repaired=repaired, rated=rated):
        first, last = _kept(text, edits)
        starts, ends = starts[first], ends[last - 1]
        text = edited(text, edits)
    first, last = _normalized(text)
    return starts[first], ends[last - 1]


def _steps(text: str, *, repaired: bool, rated: bool) -> Iterator[Sequence[Edit]]:
    """The edits that reading makes before it normalizes, each in the text that is left by then."""
    for step in repairs(text) if repaired else ():
        yield step.edits
        text = step.text
    if rated:
        yield (edits := ratings(text))
        text = edited(text, edits)
    yield [Edit(*found.span(), "\n") for found in LINE_BREAK_TAG.finditer(text)]


def _kept(text: str, edits: Sequence[Edit]) -> tuple[Places, Places]:
    """Align an edited text; what was put in came from all that it took the place of."""
    starts, ends, done = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)], 0
    for start, end, put in [*edits, Edit(len(text), len(text), "")]:
        before = np.arange(done, start)
        starts += [before, np.full(len(put), start)]
        ends += [before + 1, np.full(len(put), end)]
        done = end
    return np.concatenate(starts), np.concatenate(ends)


def _normalized(text: str) -> tuple[Places, Places]:
    """Align the normal form of a text that has no HTML line breaks any more."""
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
