"""A text in parts, each with how far it moves the answer: what is shown in color."""

import re
from collections.abc import Iterator, Sequence

from sentiment.model.explanation import Word

# From which share of the strongest contribution on each level begins.
_BOUNDS = (0.06, 0.2, 0.45, 0.75)
LEVELS = len(_BOUNDS)

_BREAK = re.compile(r"<br\s{0,9}/?>|\r\n|[\n\r]", re.IGNORECASE)
_SPACE = re.compile(r"(\s+)")

# Characters that are shown, and what they add to the answer, as a share of the strongest.
Part = tuple[str, float]


def parts_of(text: str, words: Sequence[Word]) -> Iterator[Part]:
    """Cut a text into words, spaces, and what else stands between; line breaks become `\\n`.

    Args:
        text: as it was written.
        words: its words, in order.
    """
    most = max((abs(word.contribution) for word in words), default=0.0) or 1.0
    done = 0
    for word in words:
        yield from _gap(text[done : word.start])
        yield text[word.start : word.end], word.contribution / most
        done = word.end
    yield from _gap(text[done:])


def level_of(share: float) -> int:
    """Give the strength of a color, from 0, none, to `LEVELS`."""
    return sum(abs(share) >= bound for bound in _BOUNDS)


def _gap(text: str) -> Iterator[Part]:
    return ((part, 0.0) for part in _SPACE.split(_BREAK.sub("\n", text)) if part)
