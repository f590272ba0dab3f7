"""Options that several commands share, gathered into the values the packages take."""

import dataclasses
import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import click

from sentiment.cli.commands import Choice
from sentiment.cli.console import console
from sentiment.cli.paths import FILE
from sentiment.reviews import INPUT_FORMATS, ReadOptions

Command = Callable[..., None]


def gathered(
    into: type, name: str, options: Sequence[Callable[[Command], Command]]
) -> Callable[[Command], Command]:
    """Declare options whose values reach the command as one dataclass.

    Args:
        into: the dataclass; the options are named as its fields.
        name: the command's argument that takes it.
        options: `click.option` declarations, in the order of the help text.
    """
    fields = [field.name for field in dataclasses.fields(into)]

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
        help="How files are read; by default decided by their names and first lines.",
    ),
    click.option("--encoding", default="utf-8", show_default=True, help="Encoding of text files."),
    click.option(
        "--header/--no-header",
        default=None,
        help="Whether CSV and TSV files begin with column names; by default found out.",
    ),
    click.option(
        "--text-column",
        "text_columns",
        multiple=True,
        metavar="NAME",
        help="Column of the text; repeat it to join several, such as title and body.",
    ),
]
_LABELS = [
    click.option("--label-column", metavar="NAME", help="Column of the label."),
    click.option(
        "--positive",
        multiple=True,
        metavar="VALUE",
        help="A label that means positive; may be repeated.",
    ),
    click.option(
        "--negative",
        multiple=True,
        metavar="VALUE",
        help="A label that means negative; may be repeated.",
    ),
    click.option("--strict", is_flag=True, help="Neutral or missing labels are an error."),
]

read_options = gathered(ReadOptions, "reading", _INPUT)
read_label_options = gathered(ReadOptions, "reading", _INPUT + _LABELS)


def model_option(command: Command) -> Command:
    """Declare `--model`."""
    return click.option(
        "-m",
        "--model",
        "model_path",
        type=FILE,
        metavar="MODEL",
        help="Model file, or general for the one that comes along; by default $SENTIMENT_MODEL, "
        "else ./model.safetensors, else general.",
    )(command)


class Number(click.FloatRange):
    """A finite number within bounds: `nan` passes every comparison that click makes."""

    def convert(self, value: Any, param: Any, ctx: Any) -> float:  # noqa: D102
        text = str(value).strip()
        try:
            number = float(text.removesuffix("%"))
        except ValueError:
            self.fail(f"{value!r} is no number.")
        if text.endswith("%"):
            self.fail(f"{value!r}: write {number / 100:g}.")
        if not math.isfinite(number):
            self.fail(f"{value!r} is not finite.")
        return float(super().convert(number, param, ctx))


def repair_option(command: Command, default: bool | None = None) -> Command:
    """Declare `--repair` and `--no-repair`; without a default, the model says which."""
    return click.option(
        "--repair/--no-repair",
        default=default,
        help="Whether to put apostrophes (doesn`t, doesn&#039;t) and misread characters (donâ€™t) "
        f"right before a text is read; by default {'yes' if default else 'as the model was made'}.",
    )(command)


def threshold_option(command: Command) -> Command:
    """Declare `--threshold`."""
    return click.option(
        "--threshold",
        type=Number(0, 1),
        metavar="P",
        help="Answer positive from this probability on; by default the model's own.",
    )(command)


def force_option(command: Command) -> Command:
    """Declare `--force`."""
    return click.option("--force", is_flag=True, help="Overwrite an existing file.")(command)


def json_option(command: Command) -> Command:
    """Declare `--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")(
        command
    )


def talk_options(command: Command) -> Command:
    """Declare `--quiet`, `--verbose` and `--debug`, and set the console by them."""

    def store(_: click.Context, parameter: click.Parameter, value: bool) -> None:
        if value:
            setattr(console, str(parameter.name), True)

    for name, flags, text in (
        ("debug", ("--debug",), "Show a traceback with an error."),
        ("verbose", ("-v", "--verbose"), "Say more on stderr."),
        ("quiet", ("-q", "--quiet"), "Only warnings and errors on stderr."),
    ):
        command = click.option(
            *flags, name, is_flag=True, expose_value=False, is_eager=True, callback=store, help=text
        )(command)
    return command
