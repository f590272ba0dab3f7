"""An explanation in words and bars, for people."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import click

from sentiment.cli.bars import two_sided
from sentiment.cli.highlight import highlighted
from sentiment.model.explanation import Explanation
from sentiment.model.removal import Removal
from sentiment.reviews.cells import printable

_WORDS = 8
_PHRASES = 5
_BAR = 12
_NAME = 32
_LEAST = 0.0005
_COLORS = {"positive": "green", "negative": "red", "uncertain": "yellow"}

Row = tuple[str, float]


@dataclass(frozen=True)
class Look:
    """How much room there is, and whether colors are welcome.

    Attributes:
        width: columns of a line.
        colored: whether to color words and bars.
    """

    width: int = 80
    colored: bool = False

    def style(self, text: str, color: str | None = None, *, bold: bool = False) -> str:
        """Color a text where that is welcome; without a color it is dimmed."""
        if not self.colored:
            return text
        return click.style(text, fg=color, bold=bold or None, dim=color is None or None)


def as_text(
    explanation: Explanation, removal: Removal | None, most: int, look: Look
) -> Iterator[str]:
    """Lay an explanation out, line by line.

    Args:
        explanation: what to show.
        removal: what would change the answer, if anything was found.
        most: how many words were tried out at the most.
        look: the room and the colors.
    """
    if not explanation.words:
        yield "no answer: there is nothing to read in this text"
        return
    answer = explanation.answer
    why = f"  {explanation.reason}" if explanation.reason else ""
    yield f"{look.style(answer, _COLORS[answer], bold=True)}  {explanation.p_positive:.4f}{why}"
    yield ""
    width = max(look.width - 2, 20)
    for line in highlighted(explanation.text, explanation.words, width, colored=look.colored):
        yield f"  {line}"
    words = _strongest(_merged(explanation), _WORDS)
    phrases = _strongest(((p.text, p.contribution) for p in explanation.phrases), _PHRASES)
    most_moved = max((abs(moved) for _, moved in [*words, *phrases]), default=1.0)
    yield from _table("words", words, most_moved, look)
    yield from _table("phrases, by themselves", phrases, most_moved, look)
    yield ""
    yield look.style("  " + _sum(explanation))
    if most:
        yield f"  {_flip(explanation, removal, most, look)}"


def _merged(explanation: Explanation) -> list[Row]:
    return [
        (f"{word.text} ×{word.times}" if word.times > 1 else word.text, word.contribution)
        for word in explanation.by_word()
    ]


def _strongest(rows: Iterable[Row], count: int) -> list[Row]:
    """The rows that move most either way, without those that would be shown as 0."""
    moving = [row for row in rows if abs(row[1]) >= _LEAST]
    return sorted(moving, key=lambda row: -abs(row[1]))[:count]


def _table(title: str, rows: list[Row], most: float, look: Look) -> Iterator[str]:
    """A bar to the right for *positive*, to the left against it, and the name."""
    if not rows:
        return
    room = min(_NAME, max(look.width - 2 * _BAR - 15, 8))
    yield ""
    yield look.style(f"  {title}")
    for name, moved in sorted(rows, key=lambda row: -row[1]):
        drawn = two_sided(moved / most, _BAR).ljust(2 * _BAR + 1)
        color = "green" if moved > 0 else "red"
        shown = printable(name)
        shown = shown if len(shown) <= room else f"{shown[: room - 1]}…"
        yield f"  {moved:+8.3f}  {look.style(drawn, color)}  {shown}"


def _sum(explanation: Explanation) -> str:
    words = explanation.logit - explanation.base
    return (
        f"logit {explanation.logit:+.3f} = {explanation.base:+.3f} of an empty review "
        f"{words:+.3f} of these words"
    )


def _flip(explanation: Explanation, removal: Removal | None, most: int, look: Look) -> str:
    """Say without which words the answer would be another."""
    if removal is None:
        tried = min(most, len(explanation.words))
        words = "strongest word" if tried == 1 else f"{tried} strongest words"
        return f"without its {words} the answer would be the same"
    names = [f"“{printable(explanation.words[number].text)}”" for number in removal.words]
    named = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    answer = look.style(removal.answer, _COLORS[removal.answer], bold=True)
    return f"without {named} it would be {answer} ({removal.p_positive:.4f})"
