"""Options of training, and its progress."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import Field, fields
from functools import partial
from itertools import zip_longest
from pathlib import Path
from typing import Any

import click

from sentiment.cli.commands import Choice
from sentiment.cli.console import Console, bar, console, progress_bar
from sentiment.cli.models import bundled_model
from sentiment.cli.options import Command, Number, gathered, repair_option
from sentiment.errors import UsageError
from sentiment.reviews.cells import count_of, printable
from sentiment.runtime import LEAST, Memory
from sentiment.training.decide import Epoch
from sentiment.training.options import UNBALANCED, Hyperparameters, OneOf, TrainingOptions, Units
from sentiment.training.run import Checkpoint, Labels, Progress, Run

_SIZE = re.compile(r"(\d+(?:\.\d+)?) ?(?:([KMGT])(i)?)?B?", re.IGNORECASE | re.ASCII)


class _Size(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.4 on
    """Memory of a number of bytes: `800MB`, `1.5GB`, `1GiB`."""

    name = "size"

    def convert(self, value: Any, param: Any, ctx: Any) -> Memory:
        found = _SIZE.fullmatch(value.strip())
        if not found:
            return self.fail(f"{value!r}: give a size such as 800MB or 2GB.")
        number, unit, binary = found.groups()
        power = "KMGT".index(unit.upper()) + 1 if unit else 0
        size = int(float(number) * (1024 if binary else 1000) ** power)
        if size < LEAST:
            return self.fail(f"{value!r} is too little: give {LEAST // 10**6}MB or more.")
        return Memory(size)


class _Units(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.4 on
    """Units of hidden layers: `16`, `64,32`, or nothing."""

    name = "units"

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        parts = value.split(",") if value.strip() else []
        try:
            return Units().convert([int(part) for part in parts])
        except ValueError:
            self.fail(f"{value!r}: give numbers such as 16 or 64,32, or '' for no hidden layer.")


def _declared(option: Field[Any]) -> Callable[[Command], Command]:
    """Declare an option of training, as its field says."""
    kind, default, name = option.metadata["kind"], option.default, option.name.replace("_", "-")
    if option.name == "repair":
        return partial(repair_option, default=True)
    flags = f"--{name}"
    type_: Any = None
    if isinstance(default, bool):
        flags += f"/--no-{name}"
    elif isinstance(kind, Units):
        type_ = _Units()
    elif isinstance(kind, OneOf):
        type_ = Choice(kind)
    elif kind.whole:
        type_ = click.IntRange(kind.min, kind.max)
    else:
        type_ = Number(kind.min, kind.max, kind.min_open, kind.max_open)
    return click.option(
        flags,
        type=type_,
        default=default,
        show_default=default is not None,
        metavar=kind.metavar,
        hidden=isinstance(kind, OneOf) and len(kind) < 2,
        help=option.metadata["help"],
    )


training_options = gathered(
    TrainingOptions, "options", [_declared(option) for option in fields(TrainingOptions)]
)


def _run(checkpoint: Path | None, resume: bool, log_dir: Path | None, memory: Memory | None) -> Run:
    """Make of options what changes nothing about a model."""
    if resume and checkpoint is None:
        raise UsageError("--resume goes on from what is in --checkpoint DIR: name that, too")
    return Run(
        ShownProgress(console),
        Checkpoint(checkpoint, resume) if checkpoint else None,
        log_dir,
        memory or Memory.half(),
        bundled_model,
    )


running_options = gathered(
    _run,
    "run",
    [
        click.option("--checkpoint", type=click.Path(path_type=Path), metavar="DIR",
                     help="Write down after each epoch how far the training has come; deleted "
                     "when it is done."),
        click.option("--resume", is_flag=True,
                     help="Go on from what is in --checkpoint, to the same model as without a "
                     "break."),
        click.option("--log-dir", type=click.Path(path_type=Path), metavar="DIR",
                     help="Write the curves of loss and accuracy here for TensorBoard."),
        click.option("--memory", type=_Size(), metavar="SIZE",
                     help="Use so much memory, such as 1GB, beside TensorFlow's own; by default "
                     "half of what there is. What does not fit goes to temporary files, and the "
                     "model is the same."),
    ],
)  # fmt: skip


_WORD = 24
_WORD_BAR = 6
_CURVE_BAR = 12

Move = tuple[str, float]


def words_beside(words: Mapping[str, Sequence[Move]]) -> Iterator[str]:
    """Show the n-grams that speak for either answer beside each other, the strongest first.

    Args:
        words: `positive` and `negative`, each n-grams with the change of the logit.
    """
    if not any(words.values()):
        yield "this model keeps no n-grams as text"
        return
    most = max(abs(moved) for side in words.values() for _, moved in side)
    width = 8 + _WORD_BAR + 2 + _WORD
    yield f"{'positive':<{width}}  negative"
    for pair in zip_longest(words["positive"], words["negative"]):
        left, right = (_move(move, most) if move else "" for move in pair)
        yield f"{left:<{width}}  {right}".rstrip()


def _move(move: Move, most: float) -> str:
    name, moved = move
    shown = printable(name)
    shown = shown if len(shown) <= _WORD else f"{shown[: _WORD - 1]}…"
    return f"{moved:+7.3f} {bar(abs(moved) / most, _WORD_BAR):<{_WORD_BAR}}  {shown}"


def epochs_as_text(facts: Mapping[str, Any]) -> Iterator[str]:
    """Show loss, validation loss and accuracy of each epoch, a bar each.

    Args:
        facts: `history`, and `provenance`, which says which epoch was kept, or None.
    """
    epochs: list[dict[str, float]] = facts["history"]
    about = facts["provenance"]
    if not epochs:
        in_turns = about is not None and about["in_turns"]
        yield (
            "no curve: this model was cross-validated by an older program, which kept none"
            if in_turns
            else "this model keeps no record of its training"
        )
        return
    losses = [epoch.get(name, 0.0) for epoch in epochs for name in ("loss", "validation_loss")]
    most = max(losses) or 1.0
    # Accuracies lie close together: their bars begin at a round number below the lowest.
    lowest = min(epoch.get("validation_accuracy", 0.0) for epoch in epochs)
    floor = min(int(lowest * 20), 19) / 20
    column = 8 + _CURVE_BAR
    kept = 0 if about is None else about["best_epoch"]
    yield (
        f"epoch  {'loss':<{column}} {'validation loss':<{column}} accuracy (bars from {floor:.0%})"
    )
    for number, epoch in enumerate(epochs, start=1):
        cells = [
            f"{loss:.4f}  {bar(loss / most, _CURVE_BAR):<{_CURVE_BAR}}"
            for loss in (epoch.get("loss", 0.0), epoch.get("validation_loss", 0.0))
        ]
        accuracy = epoch.get("validation_accuracy", 0.0)
        risen = bar((accuracy - floor) / (1 - floor), _CURVE_BAR)
        mark = "kept" if number == kept else ""
        line = f"{number:>5}  {' '.join(cells)} {accuracy:6.1%}  {risen:<{_CURVE_BAR}}  {mark}"
        yield line.rstrip()
    if 0 < kept <= len(epochs):
        losses = [epoch.get("validation_loss", 0.0) for epoch in epochs]
        yield f"kept: {why_kept(losses, kept)}"


def why_kept(losses: Sequence[float], number: int) -> str:
    """Return why an epoch was kept, by all validation losses; see `sentiment.training.decide`."""
    if losses[number - 1] == min(losses):
        return "the epoch of the lowest validation loss"
    return "the latest epoch within one standard error of the lowest validation loss"


class ShownProgress(Progress):
    """A bar that moves on a terminal, a line an epoch everywhere."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._diverged = False

    def chosen(
        self, recipe: Hyperparameters, training: Labels, held_out: Labels, cross_validated: bool
    ) -> None:
        """Say how the rows were split and what the data decided."""
        positive = int(training.sum())
        held = "5-fold cross-validation" if cross_validated else f"{len(held_out):,} held out"
        self._console.note(
            f"training on {count_of(len(training), 'review')} ({positive:,} positive, "
            f"{len(training) - positive:,} negative), {held}"
        )
        self._console.note(
            f"features: {recipe.ngrams.describe()}; batches of {recipe.batch_size}, "
            f"at most {count_of(recipe.epochs, 'epoch')}"
        )
        share = positive / len(training)
        if not UNBALANCED <= share <= 1 - UNBALANCED:
            self._console.note(
                f"unbalanced labels ({share:.1%} positive): the threshold is chosen for "
                f"{recipe.objective}"
            )
        self._console.status("featurizing, and starting TensorFlow …")

    def featurized(self, done: int, reviews: int) -> None:
        """Show how far it is."""
        self._console.status(f"featurizing: {done:,} of {reviews:,} reviews …")

    def resumed(self, network: int, epoch: int) -> None:
        """Say where it goes on."""
        if (network, epoch) == (1, 0):
            self._console.note("nothing to resume: starting from the beginning")
        else:
            after = f", after {count_of(epoch, 'epoch')}" if epoch else ""
            self._console.note(f"resuming with network {network}{after}")

    def unlabeled(self, number: int, rows: int) -> None:
        """Name the round."""
        self._console.note(f"round {number} with {count_of(rows, 'unlabeled review')}")

    def judged(self, better: bool, loss: float, before: float) -> None:
        """Say whether it helped."""
        verdict = "kept" if better else "no better, so it is left out"
        self._console.note(f"validation loss {before:.4f} before, {loss:.4f} with them: {verdict}")

    def stacked(self, reviews: int, base: float, alone: float, together: float) -> None:
        """Say what was gained."""
        self._console.note(
            f"accuracy at 0.5 on {count_of(reviews, 'held-out review')} new to the base: base "
            f"{base:.1%}, new network alone {alone:.1%}, combined {together:.1%}"
        )

    def kept(self, epochs: Sequence[Epoch], number: int) -> None:
        """Say which epoch, and why."""
        losses = [epoch.validation_loss for epoch in epochs]
        self._console.note(f"kept epoch {number} of {len(losses)}: {why_kept(losses, number)}")

    def refitting(self, rows: int, epochs: int) -> None:
        """Say that the held-out reviews are learned from too."""
        self._console.note(f"fitting all {rows:,} reviews for {count_of(epochs, 'epoch')}")

    def misfit(self, undone: bool) -> None:
        """Warn that calibration and threshold are not those of the last network."""
        instead = "; the network before it is kept" if undone else ""
        self._console.warn(
            "the network retrained on all reviews does not fit the calibration and threshold that "
            f"were chosen before{instead}"
        )

    def step(self, epoch: int, step: int, steps: int) -> None:
        """Move the bar."""
        self._console.status(f"epoch {epoch} {progress_bar(step, steps)} {step}/{steps}")

    def diverged(self, loss: float, constant: float) -> None:
        """Warn, once for all fits."""
        if not self._diverged:
            self._console.warn(
                f"training diverged: its loss came to {loss:.4f}, and one answer to all reviews "
                f"has {constant:.4f}; lower --learning-rate"
            )
        self._diverged = True

    def epoch(self, epoch: Epoch, epochs: int) -> None:
        """Write the epoch's line."""
        self._console.note(
            f"epoch {epoch.number}/{epochs}  loss {epoch.loss:.4f}  "
            f"validation loss {epoch.validation_loss:.4f}  "
            f"accuracy {epoch.validation_accuracy:.1%}"
        )
