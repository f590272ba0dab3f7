"""The reviews that a command is given as arguments, as files, or on stdin."""

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sentiment.cli.console import console
from sentiment.errors import UsageError

if TYPE_CHECKING:
    from sentiment.reviews import Batch, Columns, ReadOptions, Source


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


def open_sources(
    texts: Sequence[str], inputs: Sequence[str], reading: "ReadOptions"
) -> Iterator["Source"]:
    """Open what is to be answered, one input after the other: texts, else files, else stdin."""
    from sentiment.reviews import TextsSource, expand, open_source

    if texts:
        return iter([TextsSource(texts)])
    return (
        open_source(
            where,
            format=reading.format,
            encoding=reading.encoding,
            header=reading.header,
            columns=reading.text_columns,
        )
        for where in expand(inputs or ["-"])
    )


def _point_to_file(text: str, verb: str) -> None:
    """Say how to read a file, where a text looks as if one was meant."""
    doing = verb.removesuffix("e") + "ing"
    if text == "-":
        console.note(f"{doing} the text '-'; to {verb} stdin: -i -")
    elif len(text) < 256 and "\0" not in text and Path(text).is_file():
        console.note(f"{doing} the text {text!r}; to {verb} the file of that name: -i {text}")


def with_columns(
    sources: Iterator["Source"], reading: "ReadOptions"
) -> Iterator[tuple["Source", "Columns", Iterator["Batch"]]]:
    """Find the columns of text in each source, say which they are, and begin to read."""
    from sentiment.reviews import find_columns, peek

    for source in sources:
        first_rows, batches = peek(source)
        if not source.columns and not first_rows:
            continue  # an empty file has no columns to agree with the others'
        columns = find_columns(
            source.columns,
            first_rows,
            text_columns=reading.text_columns,
            need_label=False,
            name=source.name,
        )
        if source.format != "lines":
            for note in (columns.how, *source.notes):
                console.note(f"{source.name}: {note}")
        yield source, columns, batches
