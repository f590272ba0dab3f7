"""`sentiment explain`: the words that an answer rests on."""

import os
import shutil
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from sentiment.cli.commands import TextCommand, TextOrFile
from sentiment.cli.console import console, two_sided
from sentiment.cli.models import open_model
from sentiment.cli.options import (
    NAME,
    json_option,
    model_option,
    read_options,
    repair_option,
    resolve_inputs,
    threshold_option,
    verbosity_options,
)
from sentiment.cli.predict import open_inputs, sort_out
from sentiment.cli.reading import Repairs
from sentiment.model.explanation import (
    LEVELS,
    Explanation,
    Part,
    Removal,
    Word,
    as_values,
    explain,
    level_of,
    parts_of,
    smallest_removal,
)
from sentiment.reviews.cells import and_more, encode, printable, to_json
from sentiment.reviews.columns import texts_of
from sentiment.reviews.opening import Opened
from sentiment.reviews.streams import ReadOptions

# Backgrounds of the 256-color palette from faint to strong; black letters are legible on each,
# whether the terminal itself is light or dark.
_GREENS = (194, 157, 120, 77)
_REDS = (224, 217, 210, 203)
_BLACK = 16


def highlighted(text: str, words: Sequence[Word], width: int, *, colored: bool) -> Iterator[str]:
    """Wrap a text into lines, with green behind words that speak for *positive*, red against.

    Args:
        text: as it was written; nothing in it reaches the terminal as a control character.
        words: its words, in order.
        width: columns of a line.
        colored: False leaves the words as they are.
    """
    line: list[Part] = []
    used = 0
    for between, unit in _units(text, words):
        size = sum(_columns(part) for part, _ in unit)
        if used and (between == "\n" or used + 1 + size > width):
            yield _styled(line, colored)
            line, used = [], 0
        if used:
            line.append((" ", 0.0))
            used += 1
        line += unit
        used += size
    if line:
        yield _styled(line, colored)


def _units(text: str, words: Sequence[Word]) -> Iterator[tuple[str, list[Part]]]:
    """What stands between spaces, each with the space or the line break before it."""
    between, unit = "", list[Part]()
    for shown, share in parts_of(text, words):
        if shown.isspace():
            if unit:
                yield between, unit
                between, unit = "", []
            between = "\n" if "\n" in (*between, *shown) else " "
        else:
            unit.append((printable(shown), share))
    if unit:
        yield between, unit


def _styled(line: Sequence[Part], colored: bool) -> str:
    return "".join(styled(text, share) if colored else text for text, share in line)


def styled(text: str, share: float) -> str:
    """Color a word: stronger as its share of the strongest contribution grows."""
    level = level_of(share)
    if not level:
        return text
    backgrounds = _GREENS if share > 0 else _REDS
    return click.style(text, fg=_BLACK, bg=backgrounds[level - 1], bold=level == LEVELS)


def _columns(text: str) -> int:
    """How many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(char) else 1 + (unicodedata.east_asian_width(char) in "WF")
        for char in text
    )


_WORDS = 8
_PHRASES = 5
_BAR = 12
_NAME = 32
_LEAST = 0.0005
_COLORS = {"positive": "green", "negative": "red", "uncertain": "yellow"}

Row = tuple[str, float]


@dataclass(frozen=True)
class Style:
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
    explanation: Explanation, removal: Removal | None, most: int, look: Style
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
    yield f"{look.style(answer, _COLORS.get(answer), bold=True)}  {explanation.p_positive:.4f}{why}"
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


def _table(title: str, rows: list[Row], most: float, look: Style) -> Iterator[str]:
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


def _flip(explanation: Explanation, removal: Removal | None, most: int, look: Style) -> str:
    """Say without which words the answer would be another."""
    if removal is None:
        tried = min(most, len(explanation.words))
        words = "strongest word" if tried == 1 else f"{tried} strongest words"
        return f"without its {words} the answer would be the same"
    names = [f"“{printable(explanation.words[number].text)}”" for number in removal.words]
    named = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    answer = look.style(removal.answer, _COLORS.get(removal.answer), bold=True)
    return f"without {named} it would be {answer} ({removal.p_positive:.4f})"


_WIDEST = 100


@click.command(cls=TextCommand, short_help="Show which words an answer rests on.")
@click.argument("arguments", nargs=-1, type=TextOrFile(), metavar="[TEXT]...")
@model_option
@click.option("-i", "--input", "inputs", multiple=True, type=NAME, metavar="FILE",
              help="File, glob or folder of reviews, - for stdin; may be repeated.")  # fmt: skip
@threshold_option
@repair_option
@click.option("--remove", "most", type=click.IntRange(0), default=10, show_default=True,
              metavar="N", help="Words to take out at the most to change the answer.")  # fmt: skip
@json_option
@read_options
@verbosity_options
def command(
    arguments: tuple[str, ...],
    model_path: Path | None,
    inputs: tuple[str, ...],
    threshold: float | None,
    repair: bool | None,
    most: int,
    as_json: bool,
    reading: ReadOptions,
) -> None:
    """Show which words an answer rests on.

    For each text: the answer and the probability that it is positive, and why it is uncertain where
    it is (where the model knows few words or none, no word counts); the text, on a terminal with
    green behind what speaks for positive and red behind what speaks against it; the words and the
    phrases that count most; and the words without which the answer would be another, found by
    asking the model again without them.

    The numbers are parts of the logit, log(p / (1 − p)): that of an empty review and those of all
    words add up to it. They are integrated gradients (Sundararajan, Taly and Yan, 2017) of the
    n-grams that the model knows, each shared equally by the words it is made of, at each place. So
    what a phrase does by itself is contained in its words. They say how this model came to its
    answer, not what is true of the words.

    A TEXT that is the name of a file of reviews is read like one of -i, and that is said; what
    stands after -- is always a text.

    \b
    Examples:
      sentiment explain "The room was spotless but the staff were rude."
      sentiment explain --json "Great coffee, lovely staff."
      head -3 reviews.txt | sentiment explain
      sentiment explain reviews.csv | less
    """
    texts, inputs = sort_out(arguments, inputs, command="explain", verb="explain")
    places = [] if texts else resolve_inputs(inputs or ["-"], "answering")
    opened = open_inputs(texts, places, reading)
    _, model = open_model(model_path, threshold, repair=repair)
    look = _look()
    between: list[str] = []
    text = None
    repairs = Repairs(wanted=model.repairs)
    for text in _texts(opened):
        repairs.counted([text])
        explanation = explain(model, text)
        removal = smallest_removal(model, explanation, most)
        if as_json:
            lines = [to_json(as_values(explanation, removal))]
        else:
            lines = [*between, *as_text(explanation, removal, most, look)]
            between = [""]
        _write(lines)
    repairs.say()
    if text is None:
        console.warn(f"no rows in {and_more(places, 1)}")


def _look() -> Style:
    """Colors on a terminal that has them, by the convention of no-color.org."""
    colored = (
        sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    )
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 80
    return Style(min(width, _WIDEST), colored)


def _texts(opened: Iterable[Opened]) -> Iterator[str]:
    for each in opened:
        for batch in each.batches:
            yield from texts_of(batch, each.columns)


def _write(lines: Iterable[str]) -> None:
    """Write at once, as UTF-8 whatever the locale says."""
    sys.stdout.buffer.write(encode("".join(f"{line}\n" for line in lines)))
    sys.stdout.buffer.flush()
