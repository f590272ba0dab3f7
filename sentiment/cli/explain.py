"""`sentiment explain`: which words an answer rests on."""

import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from sentiment.cli.commands import TextCommand, TextOrFile
from sentiment.cli.console import console
from sentiment.cli.explained import Look, as_text
from sentiment.cli.inputs import open_inputs, sort_out
from sentiment.cli.models import open_model
from sentiment.cli.options import (
    json_option,
    model_option,
    read_options,
    repair_option,
    talk_options,
    threshold_option,
)
from sentiment.cli.paths import NAME, places_of
from sentiment.cli.tally import name_of_all
from sentiment.model.explained import as_values
from sentiment.model.explanation import explain
from sentiment.model.removal import smallest_removal
from sentiment.reviews import Opened, ReadOptions, texts_of
from sentiment.reviews.cells import encode, to_json

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
@talk_options
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
    places = [] if texts else places_of(inputs or ["-"], "answering")
    opened = open_inputs(texts, places, reading)
    _, model = open_model(model_path, threshold, repair=repair)
    look = _look()
    between: list[str] = []
    text = None
    for text in _texts(opened):
        explanation = explain(model, text)
        removal = smallest_removal(model, explanation, most)
        if as_json:
            lines = [to_json(as_values(explanation, removal))]
        else:
            lines = [*between, *as_text(explanation, removal, most, look)]
            between = [""]
        _write(lines)
    if text is None:
        console.warn(f"no rows in {name_of_all([str(place) for place in places])}")


def _look() -> Look:
    """Colors on a terminal that has them, by the convention of no-color.org."""
    colored = (
        sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    )
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 80
    return Look(min(width, _WIDEST), colored)


def _texts(opened: Iterable[Opened]) -> Iterator[str]:
    for each in opened:
        for batch in each.batches:
            yield from texts_of(batch, each.columns)


def _write(lines: Iterable[str]) -> None:
    """Write at once, as UTF-8 whatever the locale says."""
    sys.stdout.buffer.write(encode("".join(f"{line}\n" for line in lines)))
    sys.stdout.buffer.flush()
