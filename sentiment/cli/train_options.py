"""The options of `sentiment train`: what decides the model, and how it is trained."""

import re
from collections.abc import Callable, Sequence
from dataclasses import Field, fields, replace
from pathlib import Path
from typing import Any

import click

from sentiment.cli import options
from sentiment.cli.console import console
from sentiment.cli.models import BUNDLED, fast_model, find_model
from sentiment.cli.training import shown_progress
from sentiment.errors import UsageError
from sentiment.model.file import load_model
from sentiment.model.model import MAX_DEPTH, Model
from sentiment.model.provenance import LONGEST_NAME, LONGEST_NOTE
from sentiment.runtime import MIN_MEMORY, Memory
from sentiment.training.architectures import ARCHITECTURES
from sentiment.training.encoder import find_encoder
from sentiment.training.options import FEW, OneOf, TrainingOptions, Units, VectorFile
from sentiment.training.run import Checkpoint, Run
from sentiment.values import visible

_SIZE = re.compile(r"(\d+(?:\.\d+)?) ?(?:([KMGT])(i)?)?B?", re.IGNORECASE | re.ASCII)


class _Size(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.4 on
    """A number of bytes of memory: `800MB`, `1.5GB`, `1GiB`."""

    name = "size"

    def convert(self, value: Any, param: Any, ctx: Any) -> Memory:
        found = _SIZE.fullmatch(value.strip())
        if not found:
            return self.fail(f"{value!r}: give a size such as 800MB or 2GB.")
        number, unit, binary = found.groups()
        power = "KMGT".index(unit.upper()) + 1 if unit else 0
        size = int(float(number) * (1024 if binary else 1000) ** power)
        if size < MIN_MEMORY:
            return self.fail(f"{value!r} is too little: give {MIN_MEMORY // 10**6}MB or more.")
        return Memory(size)


class _Units(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.4 on
    """Units of hidden layers: `16`, `64,32`, or an empty string."""

    name = "units"

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        parts = value.split(",") if value.strip() else []
        try:
            return Units().convert([int(part) for part in parts])
        except ValueError:
            self.fail(f"{value!r}: give numbers such as 16 or 64,32, or '' for no hidden layer.")


def _declared(option: Field[Any]) -> Callable[[options.Command], options.Command]:
    """Return the click option that a field of `TrainingOptions` describes."""
    kind, default, name = option.metadata["kind"], option.default, option.name.replace("_", "-")
    if option.name == "repair":
        return options.repair_option(default=True)
    if option.name == "languages":
        return options.languages_option(default=())
    flags = f"--{name}"
    type_: Any = None
    if isinstance(default, bool):
        flags += f"/--no-{name}"
    elif isinstance(kind, Units):
        type_ = _Units()
    elif isinstance(kind, VectorFile):
        type_ = options.FILE
    elif isinstance(kind, OneOf):
        type_ = options.Choice(kind)
    elif kind.whole:
        type_ = click.IntRange(kind.min, kind.max)
    else:
        type_ = options.Number(kind.min, kind.max, kind.min_open, kind.max_open)
    return click.option(
        flags,
        type=type_,
        default=default,
        show_default=default is not None,
        metavar=kind.metavar,
        hidden=isinstance(kind, OneOf) and len(kind) < 2,
        help=option.metadata["help"],
    )


training_options = options.group(
    TrainingOptions, "options", [_declared(option) for option in fields(TrainingOptions)]
)


def base_options(command: options.Command) -> options.Command:
    """Declare `--base` and `--encoder`, the models that a training begins with."""
    of_encoder = click.option(
        "--encoder", "encoder_path", type=options.MODEL, metavar="MODEL",
        help="With --architecture encoder: take the encoder of this model. Default: general.",
    )  # fmt: skip
    of_base = click.option(
        "--base", "base_path", type=options.MODEL, metavar="MODEL",
        help="Start from an existing model, such as general, which is bundled; helps most when "
        "you have few reviews.",
    )  # fmt: skip
    return of_base(of_encoder(command))


def named_option(
    flag: str, longest: int, help: str
) -> Callable[[options.Command], options.Command]:
    """Return an option that the model file keeps: one line of at most so many characters."""

    def check(_: click.Context, __: click.Parameter, value: str) -> str:
        shown = value.strip()
        if len(shown) > longest:
            raise UsageError(f"{flag} has {len(shown):,} characters: at most {longest:,} are kept")
        if visible(shown) != shown or any("\ud800" <= char <= "\udfff" for char in shown):
            raise UsageError(f"{flag} {shown!r}: give one line of text, without control characters")
        return shown

    return click.option(flag, default="", metavar="TEXT", callback=check, help=help)


def identity_options(command: options.Command) -> options.Command:
    """Declare `--name` and `--note`."""
    name = named_option(
        "--name", LONGEST_NAME, "Name of the model, kept in it, such as 'shop reviews 2026-05'."
    )
    note = named_option("--note", LONGEST_NOTE, "A note, kept in the model, such as what is new.")
    return name(note(command))


def with_identity(model: Model, name: str, note: str) -> Model:
    """Return a trained model that keeps a name and a note."""
    about = model.record.provenance
    if about is None:
        return model
    about = replace(about, name=name, note=note)
    return replace(model, record=replace(model.record, provenance=about))


def load_base(path: Path | None) -> Model | None:
    """Return the model of `--base`, None without one.

    Raises:
        UsageError: too many models are stacked in it.
        ModelError: it cannot be loaded.
    """
    if path is None:
        return None
    base = load_model(find_model(path))
    if len(base.components) >= MAX_DEPTH:
        raise UsageError(f"{path}: at most {MAX_DEPTH} models can be stacked")
    return base


def load_encoder(
    chosen: TrainingOptions, path: Path | None, *, base: bool, unlabeled: Sequence[str] = ()
) -> Model | None:
    """Return the model with the encoder that the architecture needs, None if it needs none.

    Before any data is read, it is checked whether all options go with the architecture.

    Args:
        chosen: with the architecture.
        path: of `--encoder`.
        base: whether there is a base.
        unlabeled: reviews without labels.

    Raises:
        UsageError: it has none, or other options do not go with it.
        ModelError: it cannot be loaded.
    """
    if chosen.architecture != "encoder":
        if path is not None:
            raise UsageError("--encoder needs --architecture encoder")
        ARCHITECTURES[chosen.architecture](None, chosen)
        return None
    for option, given in (("--base", base), ("--unlabeled", unlabeled)):
        if given:
            raise UsageError(
                f"{option} cannot be combined with --architecture encoder: leave out one of the two"
            )
    model = load_model(find_model(path or Path(BUNDLED)))
    if find_encoder(model) is None:
        which = f"{path}: this model has no encoder of a language model"
        if path is None:
            which = "the bundled model of this copy has no encoder"
        raise UsageError(
            f"{which}; --encoder MODEL names one that has, --architecture ngrams needs none"
        )
    ARCHITECTURES[chosen.architecture](model, chosen)
    return model


def _run(checkpoint: Path | None, resume: bool, log_dir: Path | None, memory: Memory | None) -> Run:
    if resume and checkpoint is None:
        raise UsageError("--resume needs --checkpoint DIR, the folder to resume from")
    return Run(
        shown_progress(),
        Checkpoint(checkpoint, resume) if checkpoint else None,
        log_dir,
        memory or Memory.half(),
        fast_model,
    )


running_options = options.group(
    _run,
    "run",
    [
        click.option("--checkpoint", type=click.Path(path_type=Path), metavar="DIR",
                     help="Save progress here after each epoch; deleted when the model is "
                     "written."),
        click.option("--resume", is_flag=True,
                     help="Continue from --checkpoint, to the same model as without a break."),
        click.option("--log-dir", type=click.Path(path_type=Path), metavar="DIR",
                     help="Write curves of loss and accuracy here, for TensorBoard."),
        click.option("--memory", type=_Size(), metavar="SIZE",
                     help="Memory to use in addition to TensorFlow's, for example 1GB; what does "
                     "not fit goes to temporary files. Default: half of the machine's."),
    ],
)  # fmt: skip


def is_given(option: str) -> bool:
    """Return whether an option of the command was given, be it with its default."""
    source = click.get_current_context().get_parameter_source(option)
    return source is not click.core.ParameterSource.DEFAULT


def check_activation(chosen: TrainingOptions) -> None:
    """Raise UsageError if `--activation` is given with `--hidden ''`."""
    if chosen.hidden == () and is_given("activation"):
        raise UsageError("--activation needs hidden layers, --hidden '' has none: leave out one")


def warn_of_idle_options() -> None:
    """Warn of options that have no effect in cross-validation."""
    for name in ("patience", "validation_share"):
        if is_given(name):
            console.warn(
                f"--{name.replace('_', '-')} has no effect: fewer than {FEW:,} reviews are trained "
                "on by cross-validation"
            )


def warn_of_idle_activation(model: Model, chosen: TrainingOptions) -> None:
    """Warn of `--activation` if a new model has no hidden layers, nor n-grams beside it any."""
    about = model.record.provenance
    recipe = about.recipe if about is not None else {}
    layers = [recipe.get("hidden"), recipe.get("beside", {}).get("hidden")]
    if chosen.architecture != "cnn" and is_given("activation") and not any(layers):
        more = "" if chosen.fine_tune else "; --hidden 16 adds one"
        console.warn(
            "--activation has no effect: by default, so few reviews are trained on without a "
            f"hidden layer{more}"
        )
