"""Training data with little or nothing to learn from: one line says so, or a model answers.

By themselves, as validation reviews, and on a base: exit code 0 or 3, no traceback, no noise of
Keras or numpy, and no number in a model that is not one.
"""

import csv
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.torture.outcome import Outcome

TITLE = "Degenerate training data"

HERE = Path(__file__).resolve().parent
DATA = HERE.parents[1] / "data"
Rows = list[tuple[str, str]]

_GOOD, _BAD = "a warm and funny film", "a dull and endless film"


def _alternating(texts: list[str]) -> Rows:
    return [(text, str(number % 2)) for number, text in enumerate(texts)]


_SETS: dict[str, Rows] = {
    "no rows": [],
    "1 row": [(_GOOD, "1")],
    "2 rows": [(_GOOD, "1"), (_BAD, "0")],
    "3 rows": [(_GOOD, "1"), (_BAD, "0"), ("a fine day", "1")],
    "10 rows": _alternating([f"{_GOOD if n % 2 else _BAD}, part {n}" for n in range(10)]),
    "one class": [(f"{_GOOD}, part {n}", "1") for n in range(50)],
    "a label in one row only": [(f"{_GOOD}, part {n}", "1" if n == 7 else "") for n in range(50)],
    "one row of the other class": [(f"{_GOOD}, part {n}", str(int(n != 7))) for n in range(50)],
    "1 to 1,000": [(f"{_GOOD}, part {n}", str(int(n % 1001 != 7))) for n in range(2002)],
    "all texts empty": _alternating([""] * 50),
    "all texts blank": _alternating([" ", "\u200b", "\t", "\u3000"] * 12),
    "half of the texts empty": _alternating([_BAD, _GOOD, "", ""] * 12),
    "all texts identical, one label": [(_GOOD, "1")] * 50,
    "all texts identical, both labels": _alternating([_GOOD] * 50),
    "each text with both labels": [(f"part {n // 2}", str(n % 2)) for n in range(100)],
    "two texts, many times": _alternating([_BAD, _GOOD] * 50),
    "texts of numbers": _alternating([str(n * 37) for n in range(60)]),
    "stop words alone": _alternating(["the and", "of a", "it is", "to the", "and of"] * 12),
    "punctuation alone": _alternating(["!!!", "...", "?!", ";;", "--"] * 12),
    "emoji alone": _alternating(["😡😡", "😀", "👎🏽", "❤️"] * 15),
    "one huge row": _alternating([*(f"thing {n} here" for n in range(60)), "huge " * 200_000]),
    "huge words": _alternating([f"{n % 2}" + "abcdefg" * 20_000 + str(n) for n in range(20)]),
    "labels as texts": _alternating(["0", "1"] * 40),
    "one letter each": _alternating([chr(97 + n % 26) for n in range(60)]),
    "every text a word of its own": _alternating([f"w{n * 7919}" for n in range(60)]),
    "control characters": _alternating([f"\x1b[{n}m\x00\x07 {n}" for n in range(60)]),
    "labels at random": [(f"thing {n} {n % 5}", str(n * n % 7 % 2)) for n in range(80)],
}
_USUAL: Rows = _alternating([f"{_GOOD if n % 2 else _BAD}, {n}" for n in range(200)])
# How the set is used, and what else stands on the command line.
_WAYS = {
    "": "train DATA",
    ", with validation": "train DATA --validation USUAL",
    " as validation": "train USUAL --validation DATA",
    " on a base": "train DATA --base BASE",
}


def run(share: float) -> Iterator[Outcome]:
    """Try a share of the sets, each in every way."""
    step = round(1 / share)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        _write(place / "usual.csv", _USUAL)
        _write(place / "few.csv", [*_USUAL[:40]])
        done = _call("train few.csv --epochs 2 -o base.safetensors", place)
        assert done.returncode == 0, done.stderr
        cases = [(name, way) for way in _WAYS for name in _SETS][::step]
        outcome = Outcome("one line and exit code 3, or a model that answers and says how sure")
        for name, way in cases:
            outcome.check(not (wrong := complaint(name, way, place)), f"{name}{way}: {wrong}")
        yield outcome


def complaint(name: str, way: str, place: Path) -> str:
    """Train on a set in a way: say what is wrong with what came of it."""
    _write(place / "data.csv", _SETS[name])
    names = {"DATA": "data.csv", "USUAL": "usual.csv", "BASE": "base.safetensors"}
    command = " ".join(names.get(part, part) for part in _WAYS[way].split())
    (place / "m.safetensors").unlink(missing_ok=True)
    done = _call(f"{command} -q --epochs 2 -o m.safetensors", place)
    lines = done.stderr.splitlines()
    if done.returncode == 3:
        fits = len(lines) > 0 and lines[-1].startswith("error: ") and len(lines[-1]) < 300
        calm = all(line.startswith("warning: ") for line in lines[:-1])
        return "" if fits and calm else done.stderr
    if done.returncode or not all(line.startswith("warning: ") for line in lines):
        return f"exit code {done.returncode}: {done.stderr}"
    answer = _call("predict -m m.safetensors --json good bad", place)
    if answer.returncode or answer.stderr:
        return f"predict: {answer.stderr}"
    sure = [json.loads(line)["p_positive"] for line in answer.stdout.splitlines()]
    return "" if len(sure) == 2 and all(0 < p < 1 for p in sure) else f"predict: {answer.stdout}"


def _write(path: Path, rows: Rows) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("text", "label"), *rows])


def _call(command: str, place: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sentiment", *command.split()],
        capture_output=True,
        text=True,
        cwd=place,
        check=False,
    )
