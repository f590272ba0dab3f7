"""The reviews that a command is given as arguments, as files, or on stdin."""

import os
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from sentiment.cli.commands import Text
from sentiment.cli.console import console
from sentiment.errors import UsageError
from sentiment.reviews.formats import looks_like_file

if TYPE_CHECKING:
    from sentiment.reviews import Opened, ReadOptions
    from sentiment.reviews.stream import Where

# A name whose suffix is a pattern: `reviews.*`, `*.c*`, `reviews.[ct]sv`.
_PATTERN = re.compile(r"[^\s!]*[\w*?\]]\.(?:\*|(?=\w?[*\[])[\w*?\[\]]+)")
_SHOWN = 40  # characters of a text in a message


class Given(NamedTuple):
    """What a command is to work on: texts or files, not both; neither is stdin.

    Attributes:
        texts: reviews, as they were meant.
        files: names of files, as `-i` takes them.
    """

    texts: tuple[str, ...]
    files: tuple[str, ...]


def sort_out(arguments: Sequence[str], inputs: Sequence[str], *, command: str, verb: str) -> Given:
    """Tell files from texts among the arguments, and check that there is something to do.

    Args:
        arguments: texts; but those that name files of reviews are read, see `_names_file`.
        inputs: files given with -i.
        command: which command this is.
        verb: what it does to a text.

    Raises:
        UsageError: there are both texts and files, or nothing at all.
    """
    files = tuple(each for each in arguments if _names_file(each))
    texts = [each for each in arguments if not _names_file(each)]
    if texts and files:
        raise UsageError(
            f"{files[0]} is a file, and {_shortened(texts[0])!r} a text: give files or texts, not "
            "both; what follows -- is a text"
        )
    if texts and inputs:
        raise UsageError("give either texts or -i files, not both")
    if not (arguments or inputs) and (sys.stdin is None or sys.stdin.isatty()):
        raise UsageError(
            f"nothing to {verb}: give a text in quotes, a file with -i, or pipe reviews "
            f"in; see sentiment {command} --help"
        )
    if named := [file for file in files if file != "-"]:
        more = f" and {len(named) - 1} more" if len(named) > 1 else ""
        console.note(
            f"reading the file {named[0]}{more}; to {verb} the words themselves: sentiment "
            f"{command} -- {named[0]}"
        )
    for text in texts:
        _refuse_file(text)
        _point_to_file(text, verb)
    # The shell's bytes are UTF-8 whatever the locale says.
    decoded = (os.fsencode(text).decode("utf-8", "replace") for text in texts)
    return Given(tuple(decoded), files + tuple(inputs))


def _names_file(argument: str) -> bool:
    """Tell whether an argument is the name of a file, or of several, and no text.

    It is `-`; or a name like that of a file of reviews, whether it is there or not (nobody writes
    `reviews.csv` for a review); or something with a slash, or a pattern with a dot, that is there.
    """
    if isinstance(argument, Text):
        return False
    if argument == "-":
        return True
    there = os.path.exists(argument)  # noqa: PTH110  # of a text too long for a name, Path raises
    is_word = not re.search(r"\s", argument)
    if looks_like_file(argument):
        return there or is_word
    has_slash = re.search(r"[/\\]", argument)
    return bool(has_slash and there) or (
        is_word and ("." in argument or bool(has_slash)) and _matches(argument)
    )


def _refuse_file(text: str) -> None:
    """Refuse a text that can only be the name of files, and of none that are here.

    Raises:
        UsageError: It is a pattern, or a name with a blank before or behind it.
    """
    if isinstance(text, Text):
        return
    name = text.strip()
    is_word = not re.search(r"\s", name)
    if name != text and looks_like_file(name) and (is_word or os.path.exists(name)):  # noqa: PTH110
        raise UsageError(
            f"no such file: {text!r} (did you mean {name!r}?); -- before it makes it a text"
        )
    if is_word and _PATTERN.fullmatch(name):
        raise UsageError(f"no file matches {name!r}; -- before it makes it a text")


def _matches(argument: str) -> bool:
    """Whether a glob finds something."""
    from glob import glob, has_magic  # most texts have no slash

    return has_magic(argument) and bool(glob(argument))  # noqa: PTH207  # Path.glob: no absolute ones


def open_inputs(
    texts: Sequence[str], places: Sequence["Where"], reading: "ReadOptions"
) -> Iterator["Opened"]:
    """Open what is to be answered, one input after the other: texts, else what is at the places."""
    from sentiment.reviews import TextsSource, choose_columns, open_reviews

    if texts:
        return iter([choose_columns(TextsSource(texts), reading, need_label=False)])
    return _announced(open_reviews(where, reading, need_label=False) for where in places)


def _announced(opened: Iterable["Opened"]) -> Iterator["Opened"]:
    """Say of each input where its texts are."""
    for each in opened:
        if each.columns.text:
            how = [] if each.source.format == "lines" else [each.columns.how]
            for note in (*how, *each.source.notes):
                console.note(f"{each.source.name}: {note}")
        yield each


def _point_to_file(text: str, verb: str) -> None:
    """Say how to read what is there, where a text has the name of it."""
    if not isinstance(text, Text) and os.path.exists(text):  # noqa: PTH110
        doing = verb.removesuffix("e") + "ing"
        console.note(f"{doing} the text {text!r}; to {verb} what has that name: -i {text}")


def _shortened(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
