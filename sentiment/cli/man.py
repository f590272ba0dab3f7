"""`sentiment man`: manual pages, written from the help of the commands."""

import re
from collections.abc import Iterator, Mapping
from inspect import cleandoc
from pathlib import Path

import click

from sentiment import __version__
from sentiment.cli import options
from sentiment.cli.console import console
from sentiment.cli.topics import OTHERS, options_of
from sentiment.errors import UsageError
from sentiment.files import replacing

_EXIT_CODES = {
    "0": "Done.",
    "1": "Something unexpected; --debug shows where.",
    "2": "The command was called incorrectly.",
    "3": "The data cannot be read as asked.",
    "4": "The model is missing, damaged, or not a model.",
    "5": "An optional package is not installed; the message shows the command that installs it.",
    "6": "A goal that you set was not met.",
    "130, 141, 143": "Interrupted; the reader of stdout went away; terminated.",
}
_VARIABLES = {
    "SENTIMENT_MODEL": "The model to use without -m.",
    "SENTIMENT_CACHE": "Where data sets are kept.",
    "SENTIMENT_MIRROR": "The URL of a mirror to download data sets from.",
    "NO_COLOR": "If it is not empty, nothing is colored.",
}


@click.command(cls=options.TopicCommand, short_help="Write manual pages for man.")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), metavar="DIR")
@options.verbosity
@click.pass_context
def command(context: click.Context, folder: Path) -> None:
    """Write manual pages for man to DIR/man1, a page for each command; older ones are replaced.

    man looks below ~/.local/share/man, and beside the folders of $PATH. pip and pipx have put the
    pages there already; this is for other ways of installing.

    \b
    Examples:
      sentiment man ~/.local/share/man
      sentiment man pages
    """
    pages = pages_of(context.find_root())
    place = folder / "man1"
    try:
        place.mkdir(parents=True, exist_ok=True)
        for name, page in pages.items():
            with replacing(place / name) as file:
                file.write(page.encode())
    except OSError as error:
        raise UsageError(f"{place}: cannot write there: {error.strerror}") from error
    console.note(f"wrote {len(pages)} pages to {place}")


def pages_of(root: click.Context) -> dict[str, str]:
    """Return the manual pages of the program and of its commands: file names and roff."""
    found = {context.command_path: context for context in _contexts(root)}
    names = {path: path.replace(" ", "-") for path in found}
    return {
        f"{names[path]}.1": "\n".join(_page(context, [*names.values()])) + "\n"
        for path, context in found.items()
    }


def _contexts(context: click.Context) -> Iterator[click.Context]:
    yield context
    if isinstance(context.command, click.Group):
        for name in context.command.list_commands(context):
            if (command := context.command.get_command(context, name)) is not None:
                yield from _contexts(click.Context(command, context, name))


def _page(context: click.Context, names: list[str]) -> Iterator[str]:
    """Yield the lines of a page.

    Args:
        context: of the command.
        names: of all pages.
    """
    command, name = context.command, context.command_path.replace(" ", "-")
    text, _, examples = cleandoc(command.help or "").partition("\b\nExamples:\n")
    summary = command.get_short_help_str(200).removesuffix(".")
    yield f'.TH {_quoted(name.upper())} 1 "" "sentiment {__version__}" "sentiment"'
    yield ".nh"  # no hyphens within words, which would be copied, too
    yield ".ad l"
    yield from (".SH NAME", f"{_roff(name)} \\- {_roff(summary)}")
    yield ".SH SYNOPSIS"
    usage = " ".join(command.collect_usage_pieces(context))
    yield f".B {_roff(context.command_path)}\n{_roff(usage)}"
    yield from (".SH DESCRIPTION", *_paragraphs(text))
    yield from _commands(context)
    yield from _options(context)
    yield from _terms("ENVIRONMENT", _VARIABLES)
    yield from _terms("EXIT STATUS", _EXIT_CODES)
    code, _, after = examples.partition("\n\n")
    if code:
        yield from (".SH EXAMPLES", *_verbatim(code))
    yield from _paragraphs(after)
    yield ".SH SEE ALSO"
    near = [each for each in names if name.startswith(f"{each}-") or each.startswith(f"{name}-")]
    yield ", ".join(f"\\fB{_roff(each)}\\fP(1)" for each in near)


def _commands(context: click.Context) -> Iterator[str]:
    group = context.command
    if isinstance(group, click.Group):
        commands = {name: group.get_command(context, name) for name in group.list_commands(context)}
        short = {name: each.get_short_help_str(200) for name, each in commands.items() if each}
        yield from _terms("COMMANDS", short)


def _options(context: click.Context) -> Iterator[str]:
    yield ".SH OPTIONS"
    for topic, rows in options_of(context.command, context):
        if topic != OTHERS:
            yield f".SS {_roff(topic)}"
        for flags, text in rows:
            yield from (".TP", f".B {_roff(flags)}", _roff(text))


def _terms(title: str, terms: Mapping[str, str]) -> Iterator[str]:
    yield f".SH {title}"
    for term, text in terms.items():
        yield from (".TP", f".B {_roff(term)}", _roff(text))


def _paragraphs(text: str) -> Iterator[str]:
    """Yield paragraphs; after a backspace, as click has it, one is kept as it stands."""
    for each in re.split(r"\n\s*\n", text.strip()):
        if each.startswith("\b\n"):
            yield from _verbatim(each.removeprefix("\b\n"))
        elif each:
            yield from (".PP", _roff(" ".join(each.split())))


def _verbatim(text: str) -> Iterator[str]:
    yield from (".PP", ".nf")
    yield from map(_roff, text.rstrip().splitlines())
    yield ".fi"


def _quoted(text: str) -> str:
    return f'"{_roff(text)}"'


def _roff(text: str) -> str:
    """Return a text that roff shows as it is: hyphens to copy, no requests."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace("`", "\\(ga")
    escaped = escaped.replace("'", "\\(aq").replace("^", "\\(ha").replace("~", "\\(ti")
    return re.sub(r"^(?=\.)", r"\&", escaped, flags=re.MULTILINE)
