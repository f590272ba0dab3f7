"""The options that commands share.

A command declares its own by this module alone: it hands on the types of `param_types.py`, the
commands of `commands.py` and the checks of `paths.py`.
"""

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any

import click

from sentiment.cli.commands import Group, Text, TextCommand, TopicCommand
from sentiment.cli.console import console
from sentiment.cli.param_types import (
    COLUMN,
    FILE,
    MODEL,
    NAME,
    TARGET,
    Choice,
    Classes,
    Column,
    Languages,
    Number,
    Share,
    TextOrFile,
)
from sentiment.cli.paths import PARTS, STDOUT, check_targets, resolve_inputs
from sentiment.reviews.streams import INPUT_FORMATS, ReadOptions

__all__ = [
    "COLUMN",
    "FILE",
    "MODEL",
    "NAME",
    "PARTS",
    "STDOUT",
    "TARGET",
    "Choice",
    "Column",
    "Command",
    "Group",
    "Number",
    "Share",
    "Text",
    "TextCommand",
    "TextOrFile",
    "TopicCommand",
    "answered_classes",
    "answering_workers",
    "as_json",
    "check_targets",
    "force",
    "group",
    "languages",
    "languages_option",
    "measured_reading",
    "model",
    "on_bad_row",
    "reading",
    "rejects",
    "repair",
    "repair_option",
    "resolve_inputs",
    "summarized_reading",
    "summarizing_workers",
    "threshold",
    "training_reading",
    "verbosity",
    "words",
    "workers",
    "workers_option",
    "workers_or_files",
]  # fmt: skip

Command = Callable[..., None]


def group(
    into: Callable[..., Any], name: str, options: Sequence[Callable[[Command], Command]]
) -> Callable[[Command], Command]:
    """Return a decorator that declares options and passes them to the command as one object.

    Args:
        into: a dataclass or function with a parameter for each option.
        name: the command's parameter for the object.
        options: `click.option` declarations, in the order of the help text.
    """
    fields = inspect.signature(into).parameters

    def decorate(command: Command) -> Command:
        @functools.wraps(command)
        def run(**values: Any) -> None:
            chosen = {field: values.pop(field) for field in fields if field in values}
            command(**{name: into(**chosen)}, **values)

        decorated: Command = run
        for option in reversed(options):
            decorated = option(decorated)
        return decorated

    return decorate


_INPUT = [
    click.option(
        "--input-format",
        "format",
        type=Choice(INPUT_FORMATS),
        help="Format of the input. Default: detected.",
    ),
    click.option(
        "--sheet",
        metavar="NAME",
        help="Sheet of a workbook (.xlsx). Default: the first one with rows.",
    ),
    click.option(
        "--encoding",
        default="utf-8",
        show_default=True,
        metavar="NAME",
        help="Encoding of text files; auto finds it.",
    ),
    click.option(
        "--on-bad-bytes",
        type=Choice(["bad-row", "replace"]),
        default="bad-row",
        show_default=True,
        help="Bytes that cannot be decoded make a row bad, or become U+FFFD.",
    ),
    click.option(
        "--skip-lines",
        type=click.IntRange(0),
        default=0,
        metavar="N",
        help="Lines to leave out at the start of text files.",
    ),
    click.option(
        "--delimiter",
        metavar="CHAR",
        help="What separates columns of CSV: a character, tab, or '  ' for two spaces or more. "
        "Default: detected.",
    ),
    click.option(
        "--quote",
        metavar="CHAR",
        help="What quotes cells of CSV; or none. Default: the double quote.",
    ),
    click.option(
        "--comment",
        metavar="CHAR",
        help="Leave out lines of CSV and TSV that begin with this, such as '#'.",
    ),
    click.option(
        "--header/--no-header",
        default=None,
        help="Whether CSV and TSV files start with column names. Default: detected.",
    ),
    click.option(
        "--text-column",
        "text_columns",
        multiple=True,
        type=COLUMN,
        metavar="NAME",
        help="Column with the text, or a field as in review.text; repeat to join several.",
    ),
]
_LABELS = [
    click.option("--label-column", type=COLUMN, metavar="NAME", help="Column with the label."),
    click.option(
        "--labels",
        "label_files",
        multiple=True,
        type=NAME,
        metavar="FILE",
        help="Labels of DATA, a line or row for each text; repeat for several files.",
    ),
    click.option(
        "--positive",
        multiple=True,
        metavar="VALUE",
        help="A label that means positive, or a condition such as '>=7'; may be repeated.",
    ),
    click.option(
        "--negative",
        multiple=True,
        metavar="VALUE",
        help="A label that means negative, or a condition such as '<=4'; may be repeated.",
    ),
    click.option(
        "--neutral",
        multiple=True,
        metavar="VALUE",
        help="A label that means neutral, or a range such as 5..6; may be repeated.",
    ),
    click.option(
        "--strict",
        is_flag=True,
        help="Fail on missing labels, and on labels of no class, such as neutral where it is none.",
    ),
]


def _classes(help: str, name: str = "classes") -> Callable[[Command], Command]:
    return click.option("--classes", name, type=Classes(), default=(), metavar="NAMES", help=help)


reading = group(ReadOptions, "reading", _INPUT)
training_reading = group(ReadOptions, "reading", [*_INPUT, *_LABELS, _classes(
    "Classes to keep, as in negative,positive; other rows are left out. Or stars: a class for each "
    "rating; or all: one for each label."
)])  # fmt: skip
measured_reading = group(ReadOptions, "reading", [*_INPUT, *_LABELS, _classes(
    "Measure only these classes of the model, as in negative,positive; rows of others are left out."
)])  # fmt: skip


summarized_reading = group(ReadOptions, "reading", [*_INPUT, _LABELS[0], *_LABELS[2:-1], _classes(
    "Answer only these classes of the model, as in negative,positive."
)])  # fmt: skip


model = click.option(
    "-m",
    "--model",
    "model_path",
    type=MODEL,
    metavar="MODEL",
    help="Model file, or a bundled model: general or fast. Default: $SENTIMENT_MODEL, else "
    "./model.safetensors, else general.",
)


def workers_option(default: str) -> Callable[[Command], Command]:
    """Return `--workers N`, with what its help says of the default."""
    return click.option(
        "--workers",
        type=click.IntRange(1),
        metavar="N",
        help=f"Processes that score large inputs. Default: {default}",
    )


_PER_CORE = "one per core, at most six"
_BY_MODEL = f"{_PER_CORE}; 1 for a model of n-grams."
_FILES = "With Ray: files at a time."
workers = workers_option(_BY_MODEL)
workers_or_files = workers_option(f"{_BY_MODEL} {_FILES}")
answering_workers = workers_option(f"{_PER_CORE}. {_FILES}")
summarizing_workers = workers_option(f"{_PER_CORE}.")


def on_bad_row(*policies: str) -> Callable[[Command], Command]:
    """Return `--on-bad-row` with these policies, the first by default."""
    return click.option(
        "--on-bad-row",
        type=Choice(policies),
        default=policies[0],
        show_default=True,
        help="What to do with a row that cannot be read.",
    )


rejects = click.option(
    "--rejects",
    type=TARGET,
    metavar="FILE",
    help="List skipped rows here: CSV, TSV or JSONL.",
)
force = click.option("--force", is_flag=True, help="Overwrite an existing file.")
as_json = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")


def repair_option(default: bool | None = None) -> Callable[[Command], Command]:
    """Return `--repair/--no-repair`; without a default, the model decides."""
    return click.option(
        "--repair/--no-repair",
        default=default,
        help="Whether to repair apostrophes (doesn`t, doesn&#039;t) and misread characters "
        f"(donâ€™t). Default: {'yes' if default else 'as the model was trained'}.",
    )


def languages_option(default: tuple[str, ...] | None = None) -> Callable[[Command], Command]:
    """Return `--languages`; without a default, the model decides."""
    return click.option(
        "--languages",
        type=Languages(),
        default=default,
        metavar="CODES",
        help="Languages to answer, such as en or en,es; texts that look to be in others are "
        f"uncertain. Default: {'as the model was made' if default is None else 'all'}.",
    )


words = click.option(
    "--words",
    type=FILE,
    metavar="FILE",
    help="Your own words and phrases, one a line, each with a sign or a weight in log-odds, as in "
    "sick,+ or long queue,-1.5.",
)
repair = repair_option()
languages = languages_option()
answered_classes = _classes(
    "Answer only these classes of the model, as in negative,positive.", "only"
)
threshold = click.option(
    "--threshold",
    type=Number(0, 1),
    metavar="P",
    help="Label a review positive, or the second of two other classes, if its probability is at "
    "least P. Default: the model's threshold.",
)


def verbosity(command: Command) -> Command:
    """Declare `--quiet`, `--verbose` and `--debug`, and set the console by them."""

    def store(_: click.Context, parameter: click.Parameter, value: bool) -> None:
        if value:
            setattr(console, str(parameter.name), True)

    for name, flags, text in (
        ("debug", ("--debug",), "Show tracebacks."),
        ("verbose", ("-v", "--verbose"), "Print more detail."),
        ("quiet", ("-q", "--quiet"), "Print only warnings and errors."),
    ):
        command = click.option(
            *flags, name, is_flag=True, expose_value=False, is_eager=True, callback=store, help=text
        )(command)
    return command
