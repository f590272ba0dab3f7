"""Forged model files: each is refused in one line with exit code 4, or is of use without a word.

Most are sealed again after they were changed, so that they are read to the end. None may take more
than 64 MB beside what the program takes for a good model and the size of the file.
"""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.conftest import ROOT
from tests.torture.forging import forged, originals
from tests.torture.outcome import Outcome

TITLE = "Hostile models"

FIXTURES = ROOT / "tests" / "fixtures"
REVIEWS = ROOT / "data" / "test.csv"
_IN_PROCESS, _BY_COMMAND = 10_000, 200
_BATCH = 500
_ROOM = 64 << 10  # KB
_COMMANDS = (
    "info MODEL",
    "predict -m MODEL good",
    "evaluate REVIEWS -m MODEL -q",
    "info MODEL --words 9 --history",
    "predict -m MODEL good bad film",
    "evaluate REVIEWS -m MODEL -q --json",
    "explain -m MODEL good",
    "report REVIEWS -m MODEL -q -o page.html --force",
)
# A process of its own, that is itself small, says how large its child became: a fork of this one
# would count as large as this one is.
_WATCH = """
import resource, subprocess, sys
code = subprocess.run(sys.argv[2:], timeout=60).returncode
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
open(sys.argv[1], "w").write(f"{code} {peak}")
"""


def run(share: float) -> Iterator[Outcome]:
    """Try a share of the forgeries."""
    yield _in_process(share)
    yield _by_command(share)


def _in_process(share: float) -> Outcome:
    outcome = Outcome("a forged model is refused or of use, within 64 MB")
    step = round(1 / share)
    for first in range(0, _IN_PROCESS, _BATCH * step):
        last = min(first + _BATCH * step, _IN_PROCESS)
        done = subprocess.run(
            [sys.executable, "-m", "tests.torture.loading", str(first), str(last), str(step)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        wrong = done.stdout.splitlines()
        if done.returncode or done.stderr:
            wrong.append(f"{first} to {last}: exit code {done.returncode} {done.stderr[-300:]!r}")
        outcome.cases += len(range(first, last, step))
        outcome.failures += wrong
    return outcome


def _by_command(share: float) -> Outcome:
    outcome = Outcome("… by info, predict, evaluate, explain, report: exit code 4, or 0")
    good = originals(FIXTURES)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "forged.safetensors"
        usual: dict[int, int] = {}
        for case in range(round(_BY_COMMAND * share)):
            chosen = case % len(_COMMANDS)
            if chosen not in usual:
                path.write_bytes(good[-1])
                code, said, usual[chosen] = _call(chosen, path)
                assert code == 0, said
            number = _IN_PROCESS + case
            what, data = forged(number, good)
            path.write_bytes(data)
            code, said, peak = _call(chosen, path)
            refused = (code, len(said)) == (4, 1) and said[0].startswith("error: ")
            of_use = code == 0 and all(line.startswith("warning: ") for line in said)
            within = peak <= usual[chosen] + _ROOM + (len(data) >> 10)
            outcome.check(
                (refused or of_use) and within and all(line.isprintable() for line in said),
                f"{number}, {what}, {_COMMANDS[chosen]}: {code}, {peak} KB, {said}",
            )
    return outcome


def _call(chosen: int, path: Path) -> tuple[int, list[str], int]:
    """Run a command: its exit code, the lines it said, and the KB that it took at the most."""
    figures = path.with_name("figures")
    names = {"MODEL": path, "REVIEWS": REVIEWS}
    arguments = [names.get(part, part) for part in _COMMANDS[chosen].split()]
    done = subprocess.run(
        [sys.executable, "-c", _WATCH, figures, sys.executable, "-m", "sentiment", *arguments],
        capture_output=True,
        text=True,
        cwd=path.parent,
        check=False,
    )
    code, peak = figures.read_text().split() if figures.exists() else (done.returncode, 0)
    figures.unlink(missing_ok=True)
    return int(code), done.stderr.splitlines(), int(peak)
