"""`sentiment explain`: the words that led to an answer."""

import shutil
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from sentiment.cli import options
from sentiment.cli.console import COLORS, OTHER_COLOR, console, stdout_has_colors, two_sided
from sentiment.cli.inputs import Given, open_inputs, sort_arguments
from sentiment.cli.models import open_model
from sentiment.cli.reading import Repairs
from sentiment.errors import UsageError
from sentiment.labels import LabelSet, shown_probability
from sentiment.model.explanation import Explanation, Word, explain
from sentiment.model.model import Model
from sentiment.model.removal import Removal, smallest_removal
from sentiment.model.sentences import SentenceAnswer, mixed_sentences, sentence_values
from sentiment.model.shown import LEVELS, Part, as_values, level_of, parts_of
from sentiment.reviews.cells import and_more, encode, four_digits, printable, to_json
from sentiment.reviews.opening import Opened
from sentiment.reviews.streams import ReadOptions
from sentiment.reviews.texts import texts_of

# Backgrounds of the 256-color palette, faint to strong; black text is legible on all of them.
_BACKGROUNDS = {
    "green": (194, 157, 120, 77),
    "red": (224, 217, 210, 203),
    "blue": (189, 153, 117, 75),
    "magenta": (225, 219, 213, 207),
}
_BLACK = 16


def colors_of(explanation: Explanation, labels: LabelSet) -> tuple[str, str]:
    """Return the colors of words for a class and against it, those of the two classes compared."""
    toward, over = labels.names[explanation.toward], labels.names[explanation.over]
    if labels.is_binary:
        return ("green", "red") if explanation.toward else ("red", "green")
    other = "blue" if toward in COLORS else "magenta"
    return COLORS.get(toward, "blue"), COLORS.get(over, other)


def highlighted(
    text: str, words: Sequence[Word], width: int, colors: tuple[str, str] | None
) -> Iterator[str]:
    """Yield the lines of a wrapped text.

    Args:
        text: the original text; control characters are made visible.
        words: its words, in order.
        width: columns of a line.
        colors: of words for a class and against it; None for none.
    """
    line: list[Part] = []
    used = 0
    for between, unit in _units(text, words):
        size = sum(_columns(part) for part, _ in unit)
        if used and (between == "\n" or used + 1 + size > width):
            yield _styled(line, colors)
            line, used = [], 0
        if used:
            line.append((" ", 0.0))
            used += 1
        line += unit
        used += size
    if line:
        yield _styled(line, colors)


def _units(text: str, words: Sequence[Word]) -> Iterator[tuple[str, list[Part]]]:
    """Yield the parts between spaces, each with the space or line break before it."""
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


def _styled(line: Sequence[Part], colors: tuple[str, str] | None) -> str:
    return "".join(styled(text, share, colors) if colors else text for text, share in line)


def styled(text: str, share: float, colors: tuple[str, str]) -> str:
    """Color a word by its share of the strongest contribution."""
    level = level_of(share)
    if not level:
        return text
    backgrounds = _BACKGROUNDS[colors[share < 0]]
    return click.style(text, fg=_BLACK, bg=backgrounds[level - 1], bold=level == LEVELS)


def _columns(text: str) -> int:
    """Return the width of a text on a terminal."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(char) else 1 + (unicodedata.east_asian_width(char) in "WF")
        for char in text
    )


_WORDS = 8
_PHRASES = 5
_CLASSES = 5
_BAR = 12
_NAME = 32
_LEAST = 0.0005
_WIDEST = 100

Row = tuple[str, float]


@dataclass(frozen=True)
class Style:
    """The width of lines, in columns, and whether to use colors."""

    width: int = 80
    colored: bool = False

    def style(self, text: str, color: str | None = None, *, bold: bool = False) -> str:
        """Color a text, or dim it if no color is given."""
        if not self.colored:
            return text
        return click.style(text, fg=color, bold=bold or None, dim=color is None or None)


def as_text(
    explanation: Explanation, removal: Removal | None, most: int, labels: LabelSet, style: Style
) -> Iterator[str]:
    """Yield the lines of an explanation.

    Args:
        explanation: what to show.
        removal: the words whose removal changes the answer, if found.
        most: how many words were removed at most.
        labels: the classes of the model.
        style: width and colors.
    """
    if not explanation.words:
        yield "no answer: this text has no words"
        return
    answer = explanation.answer
    why = f"  {explanation.reason}" if explanation.reason else ""
    shown = style.style(answer, COLORS.get(answer, OTHER_COLOR), bold=True)
    yield f"{shown}  {_probabilities(explanation.probabilities, labels)}{why}"
    yield ""
    width, colors = max(style.width - 2, 20), colors_of(explanation, labels)
    in_color = colors if style.colored else None
    for line in highlighted(explanation.text, explanation.words, width, in_color):
        yield f"  {line}"
    words = _strongest(
        (
            (f"{word.text} ×{word.times}" if word.times > 1 else word.text, word.contribution)
            for word in explanation.by_word()
        ),
        _WORDS,
    )
    phrases = _strongest(((p.text, p.contribution) for p in explanation.phrases), _PHRASES)
    own = [(phrase.text, phrase.contribution) for phrase in explanation.own]
    most_moved = max((abs(moved) for _, moved in [*words, *phrases, *own]), default=1.0)
    yield from _table("words", words, most_moved, colors, style)
    yield from _table("phrases (contained in the words above)", phrases, most_moved, colors, style)
    yield from _table("your words (contained in the words above)", own, most_moved, colors, style)
    yield ""
    yield style.style(f"  {_sum(explanation, labels)}")
    if most:
        yield f"  {_flip(explanation, removal, most, labels, style)}"


def _probabilities(probabilities: Sequence[float], labels: LabelSet) -> str:
    """Return the probability of the second of two classes, or those of the likeliest of more."""
    if labels.is_binary:
        return f"{probabilities[1]:.4f}"
    ranked = sorted(zip(probabilities, labels.names, strict=True), reverse=True)
    return and_more([f"{name} {p:.4f}" for p, name in ranked], _CLASSES)


def _sum(explanation: Explanation, labels: LabelSet) -> str:
    """Return the sum that an explanation is, and which classes it compares."""
    logit, base = explanation.logit, explanation.base
    what = "log-odds"
    if not labels.is_binary or explanation.toward != 1:
        what += f" of {labels.names[explanation.toward]} over {labels.names[explanation.over]}"
    return f"{what} {logit:+.3f} = baseline {base:+.3f}, words {logit - base:+.3f}"


def _strongest(rows: Iterable[Row], count: int) -> list[Row]:
    """Return the rows that move most either way, without those that would show as 0."""
    moving = [row for row in rows if abs(row[1]) >= _LEAST]
    return sorted(moving, key=lambda row: -abs(row[1]))[:count]


def _table(
    title: str, rows: list[Row], most: float, colors: tuple[str, str], style: Style
) -> Iterator[str]:
    """Yield a line for each name: a bar to the right for the class, to the left against it."""
    if not rows:
        return
    room = min(_NAME, max(style.width - 2 * _BAR - 15, 8))
    yield ""
    yield style.style(f"  {title}")
    for name, moved in sorted(rows, key=lambda row: -row[1]):
        drawn = two_sided(moved / most, _BAR).ljust(2 * _BAR + 1)
        color = colors[moved < 0]
        shown = printable(name)
        shown = shown if len(shown) <= room else f"{shown[: room - 1]}…"
        yield f"  {moved:+8.3f}  {style.style(drawn, color)}  {shown}"


def _flip(
    explanation: Explanation, removal: Removal | None, most: int, labels: LabelSet, style: Style
) -> str:
    """Return which words change the answer when they are removed."""
    if removal is None:
        tried = min(most, sum(word.contribution != 0 for word in explanation.words))
        if not tried:
            return "no word changes the answer"
        words = "strongest word" if tried == 1 else f"{tried} strongest words"
        return f"without its {words} the answer would be the same"
    names = [f"“{printable(explanation.words[number].text)}”" for number in removal.words]
    named = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    answer = style.style(removal.answer, COLORS.get(removal.answer, OTHER_COLOR), bold=True)
    return f"without {named} it would be {answer} ({_probabilities(removal.probabilities, labels)})"


def _by_sentence(
    answers: Sequence[SentenceAnswer], labels: LabelSet, style: Style
) -> Iterator[str]:
    """Yield a line for each sentence of a mixed review: its answer, and where it begins."""
    if not answers:
        return
    yield ""
    yield style.style("  sentences by themselves")
    answer_width = max(len(each.answer) for each in answers)
    shown = shown_probability(labels)
    for each in answers:
        columns = [each.probabilities[label] for _, label in labels.columns]
        probability = four_digits(shown(each.answer, columns)) if each.answer else ""
        room = max(style.width - answer_width - 14, 20)
        text = printable(" ".join(each.text.split()))
        text = text if len(text) <= room else f"{text[: room - 1]}…"
        answer = style.style(each.answer.ljust(answer_width), COLORS.get(each.answer, OTHER_COLOR))
        yield f"    {answer}  {probability:6}  {text}"


@dataclass(frozen=True)
class _Job:
    """What `explain` was asked to do; fields are named like its options."""

    model_path: Path | None
    threshold: float | None
    only: tuple[str, ...]
    toward: str | None
    repair: bool | None
    languages: tuple[str, ...] | None
    words: Path | None
    most: int
    as_json: bool
    reading: ReadOptions


@click.command(cls=options.TextCommand, short_help="Show which words led to an answer.")
@click.argument("arguments", nargs=-1, type=options.TextOrFile(), metavar="[TEXT]...")
@options.model
@click.option("-i", "--input", "inputs", multiple=True, type=options.NAME, metavar="FILE",
              help="File, glob or folder of reviews, - for stdin; may be repeated.")  # fmt: skip
@options.answered_classes
@options.threshold
@click.option("--toward", metavar="CLASS",
              help="Explain this class. Default: positive, or the answer of three classes or "
              "more.")  # fmt: skip
@options.repair
@options.languages
@options.words
@click.option("--remove", "most", type=click.IntRange(0), default=10, show_default=True,
              metavar="N", help="Remove at most N words to change the answer.")  # fmt: skip
@options.as_json
@options.reading
@options.verbosity
def command(arguments: tuple[str, ...], inputs: tuple[str, ...], **chosen: Any) -> None:
    """Show which words led to an answer.

    For each text: the answer, the probability that it is positive, and the reason if the answer is
    uncertain; the text, on a terminal with positive words green and negative words red; the words
    and phrases that count most; and the words whose removal changes the answer, found by asking the
    model again without them.

    Of a mixed review, whose sentences are of different classes, the last lines have the answer to
    each sentence by itself; in JSON they are `sentences`, which other reviews lack.

    Of more than two classes, the answer is compared with the likeliest other class, or --toward
    CLASS with the likeliest other: the numbers are parts of the log-odds of the one over the other,
    log(p / q). The last lines say which two these are.

    The numbers are parts of the log-odds, log(p / (1 − p)): the baseline, which is that of an empty
    review, and all words add up to it. They are integrated gradients (Sundararajan, Taly and Yan,
    2017) of the n-grams that the model knows, each shared equally by its words, or of the pieces of
    words that it reads. So the effect of a phrase is contained in that of its words. They explain
    how this model came to its answer, not what the words mean.

    A TEXT that is the name of a file of reviews is read like -i, with a message; arguments after --
    are always texts.

    \b
    Examples:
      sentiment explain "The room was spotless but the staff were rude."
      sentiment explain --json "Great coffee, lovely staff."
      head -3 reviews.txt | sentiment explain
      sentiment explain reviews.csv | less
    """
    given = sort_arguments(arguments, inputs, command="explain", verb="explain")
    _explain(_Job(**chosen), given)


def _explain(job: _Job, given: Given) -> None:
    """Write an explanation for each text."""
    places = [] if given.texts else options.resolve_inputs(given.files or ["-"], "answering")
    opened = open_inputs(given.texts, places, job.reading)
    _, model = open_model(
        job.model_path,
        job.threshold,
        classes=job.only,
        repair=job.repair,
        languages=job.languages,
        words=job.words,
    )
    toward = None if job.toward is None else _label(model, job.toward)
    style = _style()
    repairs = Repairs(wanted=model.repairs)
    count = 0
    for count, text in enumerate(_texts(opened), start=1):
        repairs.count([text])
        explanation = explain(model, text, toward)
        removal = smallest_removal(model, explanation, job.most)
        if job.as_json:
            values = as_values(explanation, removal)
            lines = [to_json(values | sentence_values(model, text))]
        else:
            lines = [
                *[""] * (count > 1),
                *as_text(explanation, removal, job.most, model.labels, style),
                *_by_sentence(mixed_sentences(model, text), model.labels, style),
            ]
        # UTF-8 whatever the locale is, and at once.
        sys.stdout.buffer.write(encode("".join(f"{line}\n" for line in lines)))
        sys.stdout.buffer.flush()
    repairs.report()
    if not count:
        console.warn(f"no rows in {and_more(places, 1)}")


def _label(model: Model, name: str) -> int:
    """Return the label of a class.

    Raises:
        UsageError: the model has none of that name.
    """
    try:
        return model.labels.label_of(name)
    except ValueError as error:
        raise UsageError(f"--toward: {error}") from None


def _style() -> Style:
    """Return a style with colors if the terminal has them, by the convention of no-color.org."""
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 80
    return Style(min(width, _WIDEST), stdout_has_colors())


def _texts(opened: Iterable[Opened]) -> Iterator[str]:
    for each in opened:
        for batch in each.batches:
            yield from texts_of(batch, each.columns)
