"""The input of a command: which arguments are texts, which are files, and opening either."""

import os
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import click

from sentiment.cli import options
from sentiment.cli.console import console
from sentiment.errors import UsageError, command_line
from sentiment.reviews.cells import and_more
from sentiment.reviews.streams import SUFFIXES, ReadOptions, looks_like_file

if TYPE_CHECKING:
    from sentiment.reviews.opening import Opened
    from sentiment.reviews.streams import Where

_SHOWN = 40  # characters of a text in a message
_FEW = 3  # files named in a message


class Given(NamedTuple):
    """The input of a command: texts or files; neither is stdin.

    Attributes:
        texts: reviews.
        files: names of files, as `-i` takes them.
    """

    texts: tuple[str, ...]
    files: tuple[str, ...]


def sort_arguments(
    arguments: Sequence[str], inputs: Sequence[str], *, command: str, verb: str
) -> Given:
    """Separate files from texts among the arguments.

    Args:
        arguments: texts, and names of files, see `_names_file`.
        inputs: files given with -i.
        command: the name of the command, for messages.
        verb: what it does to a text, for messages.

    Raises:
        UsageError: there are both texts and files, or nothing at all.
    """
    files = tuple(each for each in arguments if _names_file(each))
    texts = [each for each in arguments if not _names_file(each)]
    if texts and files:
        there = files[0] == "-" or os.path.exists(files[0]) or _matches(files[0])  # noqa: PTH110
        text = texts[0] if len(texts[0]) <= _SHOWN else f"{texts[0][:_SHOWN]}…"
        raise UsageError(
            f"{f'{files[0]} is a file' if there else f'no such file: {files[0]}'}, and {text!r} "
            "a text: give files or texts, not both; arguments after -- are texts"
        )
    if texts and inputs:
        raise UsageError(
            "give either texts or -i files, not both; put quotes around a pattern: -i '*.csv'"
        )
    if not (arguments or inputs) and (sys.stdin is None or sys.stdin.isatty()):
        raise UsageError(
            f"nothing to {verb}: give a text in quotes, a file with -i, or pipe reviews "
            f"in; see sentiment {command} --help"
        )
    if named := [file for file in files if file != "-"]:
        words = "" if inputs else f"; to {verb} the words themselves: {_again(files, named)}"
        console.note(f"reading the file {and_more(named, 1)}{words}")
    for text in texts:
        if not isinstance(text, options.Text):
            _refuse_file(text)
            _suggest_file(text, texts, verb)
    # The shell's bytes are UTF-8 whatever the locale says.
    decoded = (os.fsencode(text).decode("utf-8", "replace") for text in texts)
    return Given(tuple(decoded), _in_order([*files, *inputs]))


def _in_order(files: Sequence[str]) -> tuple[str, ...]:
    """Sort names as they were given: a shell turns `-i *.csv` into an option and arguments."""
    left, found = Counter(files), []
    for word in click.get_current_context().obj:
        for name in (word, word.removeprefix("--input="), word.removeprefix("-i")):
            if left[name]:
                left[name] -= 1
                found.append(name)
                break
    return (*found, *left.elements())


def _again(gone: Iterable[str], texts: Sequence[str], *options: str) -> str:
    """Return the command with other texts in place of these arguments."""
    words = list(click.get_current_context().obj)
    for each in (*gone, *["--"] * ("--" in words)):
        del words[len(words) - 1 - words[::-1].index(each)]
    few = [*texts[:_FEW], "…"] if len(texts) > _FEW else texts
    return command_line(*words, *options, *(["--", *few] if few else []))


def _names_file(argument: str) -> bool:
    """Return whether an argument names one or more files.

    It does if it is `-`; if it looks like a file of reviews, even one that does not exist (a
    review is never `reviews.csv`); or if it exists and has a slash, or is a pattern with a dot.
    """
    if isinstance(argument, options.Text):
        return False
    if argument == "-":
        return True
    there = os.path.exists(argument)  # noqa: PTH110  # Path raises on a text too long for a name
    is_word = not re.search(r"\s", argument)
    if looks_like_file(argument):
        return there or is_word
    has_slash = re.search(r"[/\\]", argument)
    return bool(has_slash and there) or (
        is_word and ("." in argument or bool(has_slash)) and _matches(argument)
    )


def _refuse_file(text: str) -> None:
    """Refuse a text that can only be a file name, but of a file that does not exist.

    Raises:
        UsageError: it is a pattern, or a name with white space around it.
    """
    name = text.strip()
    is_word = not re.search(r"\s", name)
    if name != text and looks_like_file(name) and (is_word or os.path.exists(name)):  # noqa: PTH110
        raise UsageError(
            f"no such file: {text!r} (did you mean {name!r}?); -- before it makes it a text"
        )
    if is_word and _is_pattern(name):
        raise UsageError(f"no file matches {name!r}; -- before it makes it a text")


def _is_pattern(word: str) -> bool:
    """Return whether a word is a pattern of file names: `reviews.*`, `*.c*`, `reviews.[ct]sv`.

    In *great.** the stars are emphasis.
    """
    stem, dot, suffix = word.rpartition(".")
    if not (stem and dot and re.search(r"[*?\[]", suffix)):
        return False
    from fnmatch import fnmatch  # most words have no star

    from sentiment.reviews.header import is_text_name

    if suffix.strip("*?!"):
        return any(fnmatch(each, f".{suffix}") for each in SUFFIXES)
    return suffix == "*" and (not stem.strip("*?") or is_text_name(stem))


def _matches(argument: str) -> bool:
    from glob import glob, has_magic  # most texts have no slash

    return has_magic(argument) and bool(glob(argument))  # noqa: PTH207  # Path.glob: no absolute ones


def _suggest_file(text: str, texts: Sequence[str], verb: str) -> None:
    """Print how to read a file whose name a text happens to be."""
    if os.path.exists(text):  # noqa: PTH110
        doing = verb.removesuffix("e") + "ing"
        instead = _again(texts, (), "-i", text)
        console.note(f"{doing} the text {text!r}; to {verb} the file of that name: {instead}")


def open_inputs(
    texts: Sequence[str], places: Sequence["Where"], reading: ReadOptions
) -> Iterator["Opened"]:
    """Open texts, or else files, one after the other."""
    from sentiment.reviews.batch import TextsSource
    from sentiment.reviews.opening import choose_columns, open_reviews

    if texts:
        return iter([choose_columns(TextsSource(texts), reading, need_label=False)])
    return _announced(open_reviews(where, reading, need_label=False) for where in places)


def _announced(opened: Iterable["Opened"]) -> Iterator["Opened"]:
    """Print which column has the texts of each input, and at its end what else was found."""
    for each in opened:
        source, known = each.source, 0
        if each.columns.text:
            how = [] if source.format == "lines" else [each.columns.how]
            known = len(source.notes)
            for note in (*how, *source.notes):
                console.note(f"{source.name}: {note}")
        yield each
        for note in source.notes[known:] if each.columns.text else ():
            console.note(f"{source.name}: {note}")
