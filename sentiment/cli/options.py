"""What the commands share: their options, the paths they name, and suggestions for typos."""

import functools
import inspect
import math
import os
import stat
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sentiment.cli.console import console
from sentiment.errors import UsageError, hint
from sentiment.files import is_stream
from sentiment.general import bundled
from sentiment.labels import can_be_class
from sentiment.reviews.streams import INPUT_FORMATS, ReadOptions

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from sentiment.reviews.streams import Where


class Group(click.Group):
    """A group of commands that suggests the nearest name for a mistyped one.

    Contexts hold the whole command line, a tuple, as their `obj`.
    """

    def make_context(  # noqa: D102
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        if parent is None:
            extra.setdefault("obj", tuple(args))
        return super().make_context(info_name, args, parent, **extra)

    def resolve_command(  # noqa: D102
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        is_option = name.startswith("-")
        if is_option or ctx.resilient_parsing or self.get_command(ctx, name) is not None:
            return super().resolve_command(ctx, args)
        near = hint(name, self.list_commands(ctx))
        raise click.UsageError(f"No such command {name!r}{near or self.without_command(args)}", ctx)

    def without_command(self, args: Sequence[str]) -> str:
        """Return a suggestion for arguments that name no command; empty for none."""
        return ""


class Choice(click.Choice):  # type: ignore[type-arg]  # generic from click 8.2 on
    """One of some words; suggests the nearest for a mistyped one."""

    def get_invalid_choice_message(self, value: Any, ctx: click.Context | None) -> str:  # noqa: D102
        message = super().get_invalid_choice_message(value, ctx)
        return f"{message.removesuffix('.')}{hint(str(value), map(str, self.choices))}."


class Text(str):
    """An argument after `--`: always a text, even if a file has its name."""

    __slots__ = ()


class TextOrFile(click.Path):
    """An argument left as it is; shells complete file names."""

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:  # noqa: D102
        return value


class TextCommand(click.Command):
    """A command whose arguments after `--` are `Text`."""

    def parse_args(self, ctx: click.Context, args: Sequence[str]) -> list[str]:  # noqa: D102
        args = list(args)
        if "--" in args:
            after = args.index("--") + 1
            args[after:] = map(Text, args[after:])
        return super().parse_args(ctx, args)


STDOUT = Path("/dev/stdout")

# The part of a public data set that each purpose reads.
PARTS = {
    "training": "train",
    "validation": "validation",
    "calibration": "validation",
    "evaluation": "test",
    "answering": "test",
    "unlabeled": "unlabeled",
}

# click does not check that a file is readable: models and reviews have different exit codes.
NAME = click.Path(readable=False)
FILE = click.Path(readable=False, path_type=Path)


class ModelPath(click.Path):
    """A model: a file, or the name of a bundled one; shells complete both."""

    def __init__(self) -> None:
        super().__init__(readable=False, path_type=Path)

    def shell_complete(  # noqa: D102
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list["CompletionItem"]:
        from glob import escape, glob  # no command needs them

        from click.shell_completion import CompletionItem

        files = glob(f"{escape(incomplete)}*.safetensors")  # noqa: PTH207  # as it was typed
        names = [name for name in bundled() if name.startswith(incomplete)]
        found = [CompletionItem(name) for name in (*names, *sorted(files))]
        return found or super().shell_complete(ctx, param, incomplete)


MODEL = ModelPath()


class TargetPath(click.Path):
    """A file to write; `-` is stdout."""

    def __init__(self) -> None:
        super().__init__(readable=False, path_type=Path)

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:  # noqa: D102
        return STDOUT if value == "-" else super().convert(value, param, ctx)


TARGET = TargetPath()


def resolve_inputs(names: Sequence[str], purpose: str) -> list["Where"]:
    """Return the files that names stand for.

    Args:
        names: files, globs, folders, public data sets, `-` for stdin.
        purpose: one of `PARTS`.

    Raises:
        DataError: a file does not exist.
        UsageError: a name is empty, stdin is named twice, or a data set has no such part.
    """
    from sentiment.datasets.cache import resolve  # answering a text starts without these
    from sentiment.reviews.opening import expand

    return expand(resolve(names, PARTS[purpose], whole=purpose == "answering"))


def check_targets(targets: Sequence[Path], read: Iterable["Where"], *, force: bool) -> None:
    """Check before the work starts that its results can be written, and overwrite no input.

    Args:
        targets: files to write.
        read: the inputs, see `resolve_inputs`; not even `--force` overwrites them.
        force: whether targets may exist.

    Raises:
        UsageError: a target is an input, exists without `--force`, is named twice, or cannot be
            written.
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
            raise UsageError(f"{target} would be written twice; choose another path")
        seen.add(place)


def _check(target: Path, read: Iterable["Where"], force: bool) -> None:
    there = _status(target)
    if there and stat.S_ISDIR(there.st_mode):
        raise UsageError(f"{target}: a folder, not a file")
    if there and any(_is_read(target, there, place) for place in read):
        raise UsageError(f"{target}: would overwrite an input; choose another path")
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
    """Return the file's status, None if it does not exist."""
    try:
        return path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None


def _is_read(target: Path, there: os.stat_result, place: "Where") -> bool:
    """Return whether a target is an input, under any name or as one of a folder's texts."""
    try:
        other = os.fstat(0) if place == "-" else Path(place).stat()
    except NotADirectoryError:  # a file in an archive
        archives = [parent for parent in Path(place).parents if parent.is_file()]
        return any(os.path.samestat(there, archive.stat()) for archive in archives)
    except OSError:  # reported when it is read
        return False
    if stat.S_ISDIR(other.st_mode):
        file = target.resolve()
        return file.suffix.lower() == ".txt" and file.is_relative_to(Path(place).resolve())
    return stat.S_ISREG(other.st_mode) and os.path.samestat(there, other)


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


class Classes(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.4 on
    """Names of classes, separated by commas; or `all` or `stars`."""

    name = "classes"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[str, ...]:  # noqa: D102
        if isinstance(value, tuple):
            return value
        names = tuple(name.strip() for name in value.split(","))
        if len({name.casefold() for name in names}) < len(names) or not all(names):
            self.fail(f"{value!r}: name each class once, as in negative,positive.")
        if len(names) == 1 and names[0] not in ("all", "stars"):
            self.fail(f"{value!r}: name at least two classes, as in negative,positive.")
        if none := [name for name in names if not can_be_class(name)]:
            self.fail(f"{value!r}: {none[0]} cannot be the name of a class.")
        return names


class Languages(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.4 on
    """Codes of languages, separated by commas; or `all`, an empty tuple."""

    name = "languages"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[str, ...]:  # noqa: D102
        if isinstance(value, tuple):
            return value
        from sentiment.features.language import languages_of  # no help needs it

        try:
            return languages_of(value)
        except ValueError as error:
            self.fail(f"{error}.")


_INPUT = [
    click.option(
        "--input-format",
        "format",
        type=Choice(INPUT_FORMATS),
        help="Format of the input. Default: detected from names and first lines.",
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
        help="Encoding of text files; auto finds it.",
    ),
    click.option(
        "--on-bad-bytes",
        type=Choice(["bad-row", "replace"]),
        default="bad-row",
        show_default=True,
        help="Whether bytes that cannot be decoded make a row bad, or become U+FFFD.",
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
        help="What parts the columns of CSV: a character, tab, or '  ' for two or more spaces. "
        "Default: detected.",
    ),
    click.option(
        "--quote",
        metavar="CHAR",
        help="What quotes cells of CSV, or none. Default: the double quote.",
    ),
    click.option(
        "--comment",
        metavar="CHAR",
        help="Leave out lines of CSV and TSV that begin so, such as '#'.",
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
        metavar="NAME",
        help="Column with the text, or a field as in review.text; repeat to join several.",
    ),
]
_LABELS = [
    click.option("--label-column", metavar="NAME", help="Column with the label."),
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
        help="Fail on missing labels, and on those of no class, such as neutral where it is none.",
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
    help="Model file, or a bundled model: general, or fast, of n-grams alone. Default: "
    "$SENTIMENT_MODEL, else ./model.safetensors, else general.",
)


def workers_option(default: str) -> Callable[[Command], Command]:
    """Return `--workers N`, with what its help says of the default."""
    return click.option(
        "--workers",
        type=click.IntRange(1),
        metavar="N",
        help=f"Processes that score large inputs. Default: {default}",
    )


_BY_MODEL = "one per core, at most six, but 1 for a model of n-grams."
_FILES = "With Ray, files at a time; default: one per core."
workers = workers_option(_BY_MODEL)
workers_or_files = workers_option(f"{_BY_MODEL} {_FILES}")
answering_workers = workers_option(f"one per core, at most six. {_FILES}")


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


class Number(click.FloatRange):
    """A finite number within bounds; click alone would accept `nan`."""

    def convert(self, value: Any, param: Any, ctx: Any) -> float:  # noqa: D102
        text = str(value).strip()
        try:
            number = float(text.removesuffix("%"))
        except ValueError:
            self.fail(f"{value!r} is not a number.")
        if text.endswith("%"):
            self.fail(f"{value!r}: write {number / 100:g}.")
        if not math.isfinite(number):
            self.fail(f"{value!r} is not finite.")
        return float(super().convert(number, param, ctx))


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
        help="Languages to answer, such as en or en,es; a text that looks to be in another one is "
        f"uncertain. Default: {'as the model was made' if default is None else 'all'}.",
    )


words = click.option(
    "--words",
    type=FILE,
    metavar="FILE",
    help="Your own words and phrases, each with a sign or a weight in log-odds, as in sick,+ or "
    "long queue,-1.5, one a line; added to what the model says.",
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
    help="Label a review positive (of other classes than negative and positive, the second of two) "
    "if its probability is at least P. Default: the model's threshold.",
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
