"""Options that several commands share, and the paths they name."""

import functools
import inspect
import math
import os
import stat
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sentiment.cli.commands import Choice
from sentiment.cli.console import console
from sentiment.errors import UsageError
from sentiment.files import is_stream
from sentiment.reviews.streams import INPUT_FORMATS, ReadOptions

if TYPE_CHECKING:
    from sentiment.reviews.streams import Where


STDOUT = Path("/dev/stdout")

# Which part of a published set each purpose means.
PARTS = {
    "training": "train",
    "validation": "validation",
    "calibration": "validation",
    "evaluation": "test",
    "answering": "test",
    "unlabeled": "unlabeled",
}

# Whether a file may be read, reading it tells: a model has another exit code than reviews have.
NAME = click.Path(readable=False)
FILE = click.Path(readable=False, path_type=Path)


class TargetPath(click.Path):
    """A file to write; `-` is stdout, as of what is read it is stdin."""

    def __init__(self) -> None:
        super().__init__(readable=False, path_type=Path)

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:  # noqa: D102
        return STDOUT if value == "-" else super().convert(value, param, ctx)


TARGET = TargetPath()


def resolve_inputs(names: Sequence[str], purpose: str) -> list["Where"]:
    """Find what is read where these names are given.

    Args:
        names: files, globs, folders, names of sets, `-` for stdin.
        purpose: one of `PARTS`.

    Raises:
        DataError: one is not there.
        UsageError: one is empty, stdin is named twice, or a set has no such part.
    """
    from sentiment.datasets.cache import resolve  # answering a text starts without these
    from sentiment.reviews.opening import expand

    return expand(resolve(names, PARTS[purpose]))


def check_targets(targets: Sequence[Path], read: Iterable["Where"], *, force: bool) -> None:
    """Stop before work is done that could not be kept, or that would cost what it was done on.

    Args:
        targets: what is to be written.
        read: all that is read, see `resolve_inputs`: `--force` replaces none of it.
        force: whether they may be there already.

    Raises:
        UsageError: one is among what is read, is there and `--force` was not given, is to be
            written twice, or cannot be written.
    """
    read = list(read)
    seen = set()
    for target in targets:
        try:
            _check(target, read, force)
            place = target.resolve()
        except OSError as error:
            raise UsageError(f"{target}: cannot write there: {error.strerror}") from error
        if place in seen:
            raise UsageError(f"{target} would be written to twice: name another")
        seen.add(place)


def _check(target: Path, read: Iterable["Where"], force: bool) -> None:
    """Check a target.

    Raises:
        OSError: it cannot be written.
        UsageError: it is not to be written.
    """
    there = _status(target)
    if there and stat.S_ISDIR(there.st_mode):
        raise UsageError(f"{target}: a folder, not a file")
    if there and any(_is_read(target, there, place) for place in read):
        raise UsageError(f"{target} is one of the files that are read: name another")
    if is_stream(target):
        return
    if there and not force:
        raise UsageError(f"{target} exists; --force overwrites it")
    folder = target.resolve().parent
    if not folder.is_dir():
        raise UsageError(f"{target.parent}: no such folder")
    from tempfile import TemporaryFile  # predict starts without it

    with TemporaryFile(dir=folder):
        pass


def _status(path: Path) -> os.stat_result | None:
    """Say what is there, None for nothing."""
    try:
        return path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None


def _is_read(target: Path, there: os.stat_result, place: "Where") -> bool:
    """Whether a target is a file that is read: by whatever name, or as one of a folder's texts."""
    try:
        other = os.fstat(0) if place == "-" else Path(place).stat()
    except OSError:  # reading it will tell
        return False
    if stat.S_ISDIR(other.st_mode):
        file = target.resolve()
        return file.suffix.lower() == ".txt" and file.is_relative_to(Path(place).resolve())
    return stat.S_ISREG(other.st_mode) and os.path.samestat(there, other)


Command = Callable[..., None]


def gathered(
    into: Callable[..., Any], name: str, options: Sequence[Callable[[Command], Command]]
) -> Callable[[Command], Command]:
    """Declare options whose values reach the command as one object.

    Args:
        into: a dataclass, or a function; the options are named as its parameters.
        name: the command's argument that takes it.
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


def verbosity_options(command: Command) -> Command:
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
