"""How checks are written down: lists of sentences, frames with words, changes in brackets."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import cycle

from sentiment.model.decision import NEGATIVE, POSITIVE
from sentiment.probing.checks import Answered, Unmoved

_CHANGE = re.compile(r"\[([^\[|\]]*)\|([^\[|\]]*)\]")


def answered(positive: Iterable[str], negative: Iterable[str]) -> tuple[Answered, ...]:
    """Make a check of each sentence whose answer is known."""
    checks = [Answered((text,), POSITIVE) for text in positive]
    return (*checks, *(Answered((text,), NEGATIVE) for text in negative))


def listed(words: str) -> list[str]:
    """Take apart words that are written with commas."""
    return words.split(", ")


def in_turn(frames: Sequence[str], words: Iterable[str]) -> list[str]:
    """Put each word in place of the `{}` of a frame, the frames in turn."""
    return [frame.format(word) for frame, word in zip(cycle(frames), words, strict=False)]


def extended(texts: Sequence[str], frames: Sequence[str], tolerance: float) -> Iterator[Unmoved]:
    """Put each text into a frame that adds something beside the point, the frames in turn."""
    for text, after in zip(texts, in_turn(frames, texts), strict=True):
        yield Unmoved((text, after), tolerance)


def changed(text: str, tolerance: float) -> Unmoved:
    """Read a text with changes in it, each written as in `It is [really|realy] good`."""
    return Unmoved((_CHANGE.sub(r"\1", text), _CHANGE.sub(r"\2", text)), tolerance)


def swapped(frames: Sequence[str], words: Sequence[str], tolerance: float) -> Iterator[Unmoved]:
    """Swap words in frames, each word once in each frame, and with another one in each frame.

    Words meet as players of a round-robin tournament do, so that a few frames hold many different
    pairs: the first word keeps its place, the others move on by one.

    Args:
        frames: with `{}` for the word; fewer than there are words.
        words: an even number.
        tolerance: how far the probability may move.
    """
    first, *others = words
    for frame in frames:
        order = [first, *others]
        half = len(order) // 2
        for word, other in zip(order[:half], reversed(order[half:]), strict=True):
            yield Unmoved((frame.format(word), frame.format(other)), tolerance)
        others = [others[-1], *others[:-1]]
