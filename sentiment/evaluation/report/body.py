"""The text of a mistake, its words marked by what they add to the answer."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice

from sentiment.model.emphasis import Part, level_of, parts_of
from sentiment.model.explanation import Explanation

# Words that are shown at once, and characters that are in the page at all.
_AT_ONCE = 70
_LONGEST = 6000

# Characters, and the class that colors them.
Marked = tuple[str, str]


@dataclass(frozen=True)
class Body:
    """The text of a mistake.

    Attributes:
        beginning: what is shown at once.
        rest: what can be unfolded.
        words: how many words that holds.
        left_out: how many characters are not in the page.
    """

    beginning: Sequence[Marked]
    rest: Sequence[Marked]
    words: int
    left_out: int


def body_of(explanation: Explanation) -> Body:
    """Lay out a review with its words marked."""
    text = explanation.text[:_LONGEST]
    words = [word for word in explanation.words if word.end <= len(text)]
    parts = ((_space(part), share) for part, share in parts_of(text, words))
    # Words and what stands between them come in turns, so this is a bit more than half of them.
    beginning = list(islice(parts, 2 * _AT_ONCE))
    rest = list(parts)
    if len(rest) < _AT_ONCE:
        beginning, rest = beginning + rest, []
    return Body(
        list(_marked(beginning)),
        list(_marked(rest)),
        sum(not part.isspace() for part, _ in rest),
        len(explanation.text) - len(text),
    )


def _space(part: str) -> str:
    """Make one line break, or one space, of whatever space there is."""
    return ("\n" if "\n" in part else " ") if part.isspace() else part


def _marked(parts: Sequence[Part]) -> Iterator[Marked]:
    def mark(part: Part) -> str:
        level = level_of(part[1])
        return f"{'for' if part[1] > 0 else 'against'}-{level}" if level else ""

    # Every marked word by itself; what is between them in one piece.
    for name, run in groupby(parts, mark):
        if name:
            yield from ((text, name) for text, _ in run)
        else:
            yield "".join(text for text, _ in run), ""
