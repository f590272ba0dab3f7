"""The reviews that a command is given as arguments, as files, or on stdin."""

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from sentiment.cli.console import console
from sentiment.errors import UsageError

if TYPE_CHECKING:
    from sentiment.reviews import Opened, ReadOptions
    from sentiment.reviews.stream import Where


def check_given(
    texts: Sequence[str], inputs: Sequence[str], *, command: str, verb: str
) -> tuple[str, ...]:
    """Check that there is something to do, and give the texts as they were meant.

    Args:
        texts: reviews given as arguments.
        inputs: files given with -i.
        command: which command this is.
        verb: what it does to a text.

    Raises:
        UsageError: there are both texts and files, or nothing at all.
    """
    if texts and inputs:
        raise UsageError("give either texts or -i files, not both")
    if not (texts or inputs) and (sys.stdin is None or sys.stdin.isatty()):
        raise UsageError(
            f"nothing to {verb}: give a text in quotes, a file with -i, or pipe reviews "
            f"in; see sentiment {command} --help"
        )
    # The shell's bytes are UTF-8 whatever the locale says.
    decoded = tuple(os.fsencode(text).decode("utf-8", "replace") for text in texts)
    for text in decoded:
        _point_to_file(text, verb)
    return decoded


def open_inputs(
    texts: Sequence[str], places: Sequence["Where"], reading: "ReadOptions"
) -> Iterator["Opened"]:
    """Open what is to be answered, one input after the other: texts, else what is at the places."""
    from sentiment.reviews import TextsSource, choose_columns, open_reviews

    if texts:
        return iter([choose_columns(TextsSource(texts), reading, need_label=False)])
    return _announced(open_reviews(where, reading, need_label=False) for where in places)


def _announced(opened: Iterable["Opened"]) -> Iterator["Opened"]:
    """Say of each input where its texts are, and leave out what is empty."""
    for each in opened:
        if not each.columns.text:
            continue  # an empty file has no columns to agree with the others'
        if each.source.format != "lines":
            for note in (each.columns.how, *each.source.notes):
                console.note(f"{each.source.name}: {note}")
        yield each


def _point_to_file(text: str, verb: str) -> None:
    """Say how to read a file, where a text looks as if one was meant."""
    doing = verb.removesuffix("e") + "ing"
    if text == "-":
        console.note(f"{doing} the text '-'; to {verb} stdin: -i -")
    elif os.path.isfile(text):  # noqa: PTH113  # of a text too long for a name, Path raises
        console.note(f"{doing} the text {text!r}; to {verb} the file of that name: -i {text}")
