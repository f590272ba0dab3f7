"""Trainings killed with SIGKILL and resumed, as often as it takes: the model's file, byte for byte.

Each way of training in turn: one that refits, one with unlabeled reviews, one that stands on a base
and holds reviews out in turns, one with its own held-out reviews, and one without a hidden layer. A
training is killed at a line that writes a checkpoint, or anywhere; some are killed once more while
they resume.
"""

import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.torture.forked import Program
from tests.torture.outcome import Outcome
from tests.torture.samples import share_of, write_model, write_reviews

TITLE = "Killed and resumed"
EACH = 20
WATCH = ("sentiment/training/run.py", "sentiment/files.py")


def run(share: float) -> Iterator[Outcome]:
    """Kill and resume each way of training; of a small share, those that take the most fits."""
    with TemporaryDirectory() as name, Program() as program:
        folder = Path(name)
        ways = _ways(folder)
        for way in list(ways)[: share_of(len(ways), share * EACH)]:
            arguments = ("--features", "400", *ways[way], "-q")
            yield _resumed(way, arguments, folder, program, share_of(EACH, share))


def _ways(folder: Path) -> dict[str, tuple[str | Path, ...]]:
    """Name ways to train, each with its arguments."""
    few = write_reviews(folder / "few.csv", 80)
    more = write_reviews(folder / "more.csv", 60, seed=1)
    base = write_model(folder / "base", seed=2)
    quick = ("--epochs", "2")
    return {
        "unlabeled": (few, *quick, "--unlabeled", more, "--dropout", "0.3"),
        "in turns, on a base": (few, *quick, "--base", base),
        "refitted, two hidden layers": (few, "--epochs", "4", "--hidden", "8,4", "--patience", "1"),
        "own held-out reviews": (few, "--epochs", "3", "--validation", more, "--dropout", "0.5"),
        "no hidden layer, not refitted": (few, "--epochs", "4", "--hidden", "", "--no-refit"),
    }


def _resumed(
    way: str, arguments: tuple[str | Path, ...], folder: Path, program: Program, cases: int
) -> Outcome:
    outcome = Outcome(f"{way}: the same bytes as without a break, and no checkpoint left")
    draw = random.Random(way)
    target, checkpoint = folder / "model", folder / "checkpoint"
    plain = program.run("train", *arguments, "-o", target, "--force")
    wanted = target.read_bytes()
    train = ("train", *arguments, "-o", target, "--checkpoint", checkpoint, "--resume")
    target.unlink()
    whole = program.run(*train, watch=WATCH)
    same = target.read_bytes() == wanted and not checkpoint.exists()
    outcome.check(not plain.code and same, f"with checkpoints, undisturbed: {whole}")
    for number in range(cases):
        target.unlink(missing_ok=True)
        shutil.rmtree(checkpoint, ignore_errors=True)
        breaks = []
        for _ in range(1 + number % 2):
            if number % 4 < 3:
                at = {"line": draw.randint(1, whole.lines), "watch": WATCH}
            else:
                at = {"seconds": draw.uniform(0.3, 1) * whole.seconds}
            breaks.append((at, program.run(*train, "--force", **at)))
        ended = program.run(*train, "--force")
        holds = not ended.code and target.read_bytes() == wanted and not checkpoint.exists()
        outcome.check(holds, f"{breaks}, then {ended}")
    return outcome
