"""Commands told to stop, and processes of theirs killed, at random moments.

A signal comes after the program has begun (before that it is Python's own start, which nobody can
mend here), and before it is done. Afterwards there has to be an exit code, at the most one line, no
process, and the old file or a whole new one.
"""

import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress

from tests.torture.forked import PATIENCE, living
from tests.torture.outcome import Outcome
from tests.torture.samples import share_of, write_reviews
from tests.torture.started import HANG, OLD, TARGET, Arguments, Started, Workshop, workshop

TITLE = "Signals"
EACH = 20
FEW = ("predict -o", "datasets get")
CODES = {signal.SIGINT: 130, signal.SIGTERM: 143}


def run(share: float) -> Iterator[Outcome]:
    """Signal each command, and kill workers; of a small share, what takes no training."""
    small = share < 1 / EACH
    with workshop() as here:
        for told in CODES:
            for command in FEW if small else here.commands:
                yield _signalled(told, command, here, share_of(EACH, share))
        many = write_reviews(here.folder / "many.csv", 60_000, seed=3)
        to = ("-o", TARGET, "--force")
        predict = ("predict", "-i", many, "-m", here.folder / "model", "--workers", "3", *to)
        yield _orphaned("a worker of predict", predict, here, share_of(EACH, share))
        if not small:
            train = ("train", many, *to)
            yield _orphaned("the process that featurizes", train, here, share_of(EACH, share / 5))


def _signalled(told: signal.Signals, command: str, here: Workshop, cases: int) -> Outcome:
    """Send a signal at random moments."""
    outcome = Outcome("")
    draw = random.Random(f"{command} {told.name}")
    here.reset()
    whole = here.starting(*here.commands[command])
    whole.ended()
    lasts, new, slow = time.monotonic() - whole.begun, here.there(), 0
    for _ in range(10 * cases):
        if outcome.cases == cases:
            break
        here.reset()
        wait = draw.uniform(0, 0.9) * lasts
        program = here.starting(*here.commands[command])
        with suppress(subprocess.TimeoutExpired):
            program.process.wait(max(program.begun + wait - time.monotonic(), 0))
            lasts = time.monotonic() - program.begun  # it was done: the machine is less busy now
        program.process.send_signal(told)
        code, said, took = program.ended()
        if code == 0 and took < 1:
            continue  # it was as good as done
        holds = (
            # Before it has a handler of its own a termination ends it as it ends any program.
            code in (CODES[told], -signal.SIGTERM)
            and len(said.splitlines()) <= len(whole.said.splitlines()) + 1
            and "Traceback" not in said
            and "Exception" not in said
            and took <= PATIENCE
            and not program.orphans()
            and here.there() in ({here.target.name: OLD}, new)
        )
        slow += took > 1
        left = sorted(here.there())
        outcome.check(holds, f"after {wait:.3f} s: {code} in {took:.1f} s, {left}, {said[-500:]!r}")
    late = f" ({slow} of them after more than a second)" if slow else ""
    outcome.what = f"{told.name} during {command}: it ends with {CODES[told]}, tidily{late}"
    return outcome


def _orphaned(who: str, arguments: Arguments, here: Workshop, cases: int) -> Outcome:
    """Kill one of the processes that the program started, some time after it started them."""
    outcome = Outcome(f"{who} is killed: 1, one line, and the old file")
    draw = random.Random(who)
    for _ in range(cases):
        here.reset()
        program = here.starting(*arguments)
        deadline = time.monotonic() + HANG
        while not (others := _children(program)) and time.monotonic() < deadline:
            time.sleep(0.005)
        wait = draw.uniform(0, 0.2)
        time.sleep(wait)
        if others:
            with suppress(ProcessLookupError):
                os.kill(draw.choice(others), signal.SIGKILL)
        code, said, took = program.ended()
        holds = (
            code == 1
            and sum(line.startswith("error: ") for line in said.splitlines()) == 1
            and "a worker process died (killed by signal 9)" in said
            and ("--workers" in said) == ("--workers" in arguments)
            and not program.orphans()
            and here.there() == {here.target.name: OLD}
        )
        outcome.check(holds, f"{wait:.3f} s after they began: {code} in {took:.1f} s, {said!r}")
    return outcome


def _children(program: Started) -> list[int]:
    return [each for each in living(program.process.pid) if each != program.process.pid]
