"""The same data, options, seed and machine give the same bytes, wherever and however it is run.

Each command runs once as it is, and then once in each of the surroundings. On a machine with more
cores than these two, TensorFlow may add in another order: that is not tried here.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.torture.outcome import Outcome

TITLE = "Determinism"

HERE = Path(__file__).resolve().parent
DATA = HERE.parents[1] / "data"

# Each writes OUT or stdout. The first ones make what the later ones use.
_COMMANDS = {
    "train on a folder": "train folder --epochs 2 --json -o OUT",
    "predict": "predict -m folder.safetensors -i shards/*.csv --json",
    "evaluate": "evaluate shards/*.csv -m folder.safetensors --json --slice length",
    "train": "train shards/*.csv --json -o OUT",
    "train --base, in turns": "train few.csv --base folder.safetensors --epochs 2 --json -o OUT",
    "train --unlabeled": "train few.csv --unlabeled shards/*.csv --epochs 2 --json -o OUT",
    "probe": "probe -m folder.safetensors --json",
    "explain": "explain -m folder.safetensors --json -i few.csv",
    "report": "report shards/*.csv -m folder.safetensors -o OUT",
}
_FAILED = b"failed"
_QUICK = 3  # commands that a share of the torture tries


@dataclass(frozen=True)
class Surroundings:
    """What may be otherwise from one run to the next.

    Attributes:
        environment: variables set.
        shuffled: the seed of the order in which folders list their files; None for as it is.
        workers: of `predict`.
    """

    environment: dict[str, str]
    shuffled: int | None = None
    workers: int = 1


def run(share: float) -> Iterator[Outcome]:
    """Try a share of the surroundings: at the least, all that may be otherwise at once."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        _write_reviews(place)
        surroundings = _surroundings(place)
        tried = dict([*surroundings.items()][: max(1, round(len(surroundings) * share))])
        for name, command in [*_COMMANDS.items()][: _QUICK if share < 1 else None]:
            outcome = Outcome(f"{name}: the same bytes")
            expected = _bytes_of(command, place, Surroundings({}))
            assert _FAILED not in expected, expected
            if "folder -" in command:
                shutil.copy(place / "out.safetensors", place / "folder.safetensors")
            for what, where in tried.items():
                if name != "predict" and what == "six workers":
                    continue
                outcome.check(_bytes_of(command, place, where) == expected, what)
            yield outcome


def _surroundings(place: Path) -> dict[str, Surroundings]:
    """What is otherwise, by its name; all of it together comes first."""
    turkish = _turkish(place)
    single = {
        "locale C": {"LC_ALL": "C"},
        f"locale {turkish['LC_ALL']}": turkish,
        "another seed of hashes": {"PYTHONHASHSEED": "1"},
        "another time zone": {"TZ": "Asia/Kathmandu"},
        "one thread in BLAS and OpenMP": {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        "one thread in TensorFlow": {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"},
    }
    together: dict[str, str] = {}
    for environment in single.values():
        together |= environment
    return {
        "all at once": Surroundings(together, shuffled=3, workers=3),
        **{name: Surroundings(environment) for name, environment in single.items()},
        "folders in another order": Surroundings({}, shuffled=1),
        "six workers": Surroundings({}, workers=6),
    }


def _turkish(place: Path) -> dict[str, str]:
    """Make the locale whose small i is not that of others; C.UTF-8, where it cannot be made."""
    made = shutil.which("localedef") and subprocess.run(
        ["localedef", "-i", "tr_TR", "-f", "UTF-8", place / "tr_TR.UTF-8"],
        capture_output=True,
        check=False,
    )
    if not (place / "tr_TR.UTF-8").exists() or not made:
        return {"LC_ALL": "C.UTF-8"}
    return {"LC_ALL": "tr_TR.UTF-8", "LOCPATH": str(place)}


def _write_reviews(place: Path) -> None:
    """Write the reviews of data/ as a folder, as files to be found by a glob, and a few of them."""
    header, *rows = (DATA / "train.csv").read_text(encoding="utf-8").splitlines()
    (place / "few.csv").write_text("\n".join([header, *rows[::8]]), encoding="utf-8")
    (place / "shards").mkdir()
    for number in (3, 0, 2, 1):
        part = [header, *rows[number::4]]
        (place / "shards" / f"{number}.csv").write_text("\n".join(part), encoding="utf-8")
    for number, row in reversed([*enumerate(rows[:400])]):
        kind = "pos" if ",positive," in row else "neg"
        (place / "folder" / kind).mkdir(parents=True, exist_ok=True)
        (place / "folder" / kind / f"İı{number % 7}-{number}.txt").write_text(row, encoding="utf-8")


def _bytes_of(command: str, place: Path, where: Surroundings) -> tuple[bytes, bytes]:
    """Run a command: what it wrote to a file, and to stdout."""
    out = place / ("out.html" if command.startswith("report") else "out.safetensors")
    out.unlink(missing_ok=True)
    arguments = [out.name if part == "OUT" else part for part in command.split()]
    if arguments[0] == "predict":
        arguments += ["--workers", str(where.workers)]
    begin: Sequence[str | Path] = ["-m", "sentiment"]
    if where.shuffled is not None:
        begin = [HERE / "shuffled.py", str(where.shuffled)]
    done = subprocess.run(
        [sys.executable, *begin, *arguments],
        env={**os.environ, **where.environment},
        cwd=place,
        capture_output=True,
        check=False,
    )
    if done.returncode:
        return done.stderr, _FAILED
    return (out.read_bytes() if out.exists() else b""), done.stdout
