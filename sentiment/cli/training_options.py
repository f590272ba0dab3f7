"""How `sentiment train` is told to train: by what changes the model, and by what does not."""

import re
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, get_args

import click

from sentiment.cli.commands import Choice
from sentiment.cli.options import Number, gathered, repair_option
from sentiment.memory import LEAST
from sentiment.training import TrainingOptions
from sentiment.training.options import Objective

_SIZE = re.compile(r"(\d+(?:\.\d+)?) ?(?:([KMGT])(i)?)?B?", re.IGNORECASE | re.ASCII)


class _Size(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.4 on
    """A number of bytes: `800MB`, `1.5GB`, `1GiB`."""

    name = "size"

    def __init__(self, least: int) -> None:
        self.least = least

    def convert(self, value: Any, param: Any, ctx: Any) -> int:
        if isinstance(value, int):
            return value
        found = _SIZE.fullmatch(value.strip())
        if not found:
            return self.fail(f"{value!r}: give a size such as 800MB or 2GB.")
        number, unit, binary = found.groups()
        power = "KMGT".index(unit.upper()) + 1 if unit else 0
        size = int(float(number) * (1024 if binary else 1000) ** power)
        if size < self.least:
            return self.fail(f"{value!r} is too little: give {self.least // 10**6}MB or more.")
        return size


class _Units(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.4 on
    """Units of hidden layers: `16`, `64,32`, or nothing."""

    name = "units"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[int, ...]:
        if isinstance(value, tuple):
            return value
        parts = [part.strip() for part in value.split(",")] if value.strip() else []
        if all(part.isdecimal() and 0 < int(part) <= 4096 for part in parts) and len(parts) <= 16:
            return tuple(map(int, parts))
        return self.fail(f"{value!r}: give numbers such as 16 or 64,32, or '' for no hidden layer.")


training_options = gathered(
    TrainingOptions,
    "options",
    [
        click.option("--hidden", type=_Units(), metavar="UNITS",
                     help="Units of each ReLU layer, such as 64,32; '' for none. By default 16; "
                     "none for fewer than 1,000 reviews."),
        click.option("--dropout", type=Number(0, 1, max_open=True), default=0.0,
                     show_default=True, metavar="SHARE", help="Hidden activations to drop."),
        click.option("--epochs", type=click.IntRange(1), metavar="N",
                     help="Epochs at the most; by default 3 for long reviews, 5 for short, "
                     "10 for few; fewer beyond 100,000 reviews."),
        click.option("--patience", type=click.IntRange(1), default=3, show_default=True,
                     metavar="N", help="Epochs to wait for a better validation loss."),
        click.option("--batch-size", type=click.IntRange(1), metavar="N",
                     help="Rows a step; by default 32 to 1024, by the number of reviews."),
        click.option("--learning-rate", type=Number(0, min_open=True), metavar="R",
                     help="Adam's at the start; by default 0.02 at most, less for short, few, "
                     "or more than 100,000 reviews."),
        click.option("--features", type=click.IntRange(1), default=200_000, show_default=True,
                     metavar="N", help="N-grams to keep at the most."),
        partial(repair_option, default=True),
        click.option("--validation-share", type=Number(0, 1, min_open=True,
                     max_open=True), default=0.1, show_default=True, metavar="SHARE",
                     help="Rows to hold out where --validation is not given."),
        click.option("--refit/--no-refit", default=True, show_default=True,
                     help="Fit once more on all rows, held-out ones included, at the end."),
        click.option("--optimize", type=Choice(get_args(Objective)),
                     help="What the decision threshold is chosen for; by default accuracy, "
                     "macro-f1 where one label is rarer than 40%."),
        click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True,
                     metavar="N", help="Same data, options and seed: same file, byte for byte."),
    ],
)  # fmt: skip


@dataclass(frozen=True)
class Running:
    """What changes nothing about the model.

    Attributes:
        checkpoint: the folder to write down in how far the training has come.
        resume: whether to go on from what is there.
        log_dir: the folder to write curves to.
        memory: how many bytes of it to use; None for half of what there is.
    """

    checkpoint: Path | None
    resume: bool
    log_dir: Path | None
    memory: int | None


running_options = gathered(
    Running,
    "running",
    [
        click.option("--checkpoint", type=click.Path(path_type=Path), metavar="DIR",
                     help="Write down after each epoch how far the training has come; deleted "
                     "when it is done."),
        click.option("--resume", is_flag=True,
                     help="Go on from what is in --checkpoint, to the same model as without a "
                     "break."),
        click.option("--log-dir", type=click.Path(path_type=Path), metavar="DIR",
                     help="Write the curves of loss and accuracy here for TensorBoard."),
        click.option("--memory", type=_Size(LEAST), metavar="SIZE",
                     help="Use so much memory, such as 1GB, beside TensorFlow's own; by default "
                     "half of what there is. What does not fit goes to temporary files, and the "
                     "model is the same."),
    ],
)  # fmt: skip
