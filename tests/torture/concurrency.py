"""Several processes at one file: each sees a whole one, and none breaks another's.

Many write it at once, some of them killed; trainings write it at once; predictions read a model
while it is replaced over and over.
"""

import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.torture.forked import ROOT
from tests.torture.outcome import Outcome
from tests.torture.samples import share_of, write_model, write_reviews
from tests.torture.started import TARGET, Workshop, workshop

TITLE = "Several at once"
WRITERS, WRITES = 4, 300
PREDICTIONS, TRAININGS = 60, 10
SMALL = 0.1

# Write one letter over and over, so many times as there is a second argument, else for ever.
_WRITER = """
import sys
from pathlib import Path
from sentiment.files import replacing
target, letter, times = Path(sys.argv[1]), sys.argv[2].encode(), int(sys.argv[3])
while times:
    with replacing(target) as file:
        for _ in range(20):
            file.write(letter * 997)
    times -= 1
"""

# Replace a model by one of two, in turns, for ever.
_REPLACER = """
import sys
from pathlib import Path
from sentiment.model.file import load_model, save_model
target, models = Path(sys.argv[1]), [load_model(Path(path)) for path in sys.argv[2:]]
while True:
    for model in models:
        save_model(model, target)
"""


def run(share: float) -> Iterator[Outcome]:
    """Write and read at once; of a small share, without trainings."""
    with workshop() as here:
        yield _writing(here, share_of(WRITES, share))
        yield _predicting(here, share_of(PREDICTIONS, share))
        if share >= SMALL:
            yield _training(here, share_of(TRAININGS, share))


def _python(code: str, *arguments: object) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=ROOT, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


@contextmanager
def _meanwhile(code: str, *arguments: object) -> "Iterator[subprocess.Popen[str]]":
    """Let another process do something, and kill it in the end."""
    process = _python(code, *arguments)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def _writing(here: Workshop, writes: int) -> Outcome:
    """Let some write a file at once, while others that write it are killed."""
    outcome = Outcome(f"{WRITERS} write a file at once, others are killed: it is always whole")
    here.reset()
    draw = random.Random(0)
    wholes = {letter.encode() * 997 * 20 for letter in "abcdz"} | {here.target.read_bytes()}
    writers = [_python(_WRITER, here.target, letter, writes) for letter in "abcd"[:WRITERS]]
    while any(writer.poll() is None for writer in writers):
        with _meanwhile(_WRITER, here.target, "z", -1):
            until = time.monotonic() + draw.uniform(0.1, 0.5)
            while time.monotonic() < until:
                found = here.target.read_bytes()
                outcome.check(found in wholes, f"{len(found)} bytes, {set(found)}")
                time.sleep(0.001)
    for writer in writers:
        _, said = writer.communicate()
        outcome.check(writer.returncode == 0, said)
    last = _python(_WRITER, here.target, "a", 1)
    last.communicate()
    outcome.check(list(here.there()) == [here.target.name], f"left: {sorted(here.there())}")
    return outcome


def _predicting(here: Workshop, cases: int) -> Outcome:
    outcome = Outcome("predictions while the model is replaced over and over: by one or the other")
    models = [write_model(here.folder / f"large-{seed}", seed, 20_000) for seed in (5, 6)]
    text = "a warm and funny film with a dull plot"

    def answer(model) -> tuple[int, str]:
        program = here.starting("predict", text, "-m", model, stdout=subprocess.PIPE)
        output = program.process.stdout.read()
        code, said, _ = program.ended()
        return code, output or said

    answers = [answer(model) for model in models]
    outcome.check(answers[0] != answers[1], f"both models give {answers[0]}")
    here.reset()
    here.target.write_bytes(models[0].read_bytes())
    with _meanwhile(_REPLACER, here.target, *models) as replacer:
        for _ in range(cases):
            found = answer(here.target)
            outcome.check(found in answers and found[0] == 0, f"{found}")
        outcome.check(replacer.poll() is None, "whoever replaces it ended")
    return outcome


def _training(here: Workshop, cases: int) -> Outcome:
    """Train two models to one target at once, and to one folder of checkpoints."""
    outcome = Outcome("two trainings to one target at once: the whole model of one of them")
    few = write_reviews(here.folder / "pair.csv", 60)
    train = ("train", few, "--epochs", "1", "--hidden", "", "--no-refit", "-q", "--force")
    models = []
    for seed in ("1", "2"):
        here.reset()
        here.starting(*train, "--seed", seed, "-o", TARGET).ended()
        models.append(here.target.read_bytes())
    outcome.check(models[0] != models[1], "both seeds give the same model")
    for number in range(cases):
        here.reset()
        shared = ("--checkpoint", here.folder / "shared") if number % 2 else ()
        pair = [here.starting(*train, "--seed", seed, "-o", TARGET, *shared) for seed in ("1", "2")]
        ended = [program.ended() for program in pair]
        done = [code == 0 for code, *_ in ended]
        refused = [code == 2 and "another training writes" in said for code, said, _ in ended]
        holds = all(done) or (bool(shared) and any(done) and any(refused))
        holds &= list(here.there()) == [here.target.name] and here.target.read_bytes() in models
        outcome.check(holds, f"{shared}: {ended}, {sorted(here.there())}")
    return outcome
