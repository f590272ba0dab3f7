"""Cases are texts made to be slow, to be large, or to take over a terminal.

Slow: each is given to a piece of the program at one size and at four times that size, and must
take less than eight times as long; regular expressions are found in the code, each is given all.
Large: the peak memory of the command is held to the size of its file.
"""

import functools
import importlib
import inspect
import os
import pkgutil
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import sentiment
from sentiment import values
from sentiment.features.sentences import sentences
from sentiment.model.file import load_model
from sentiment.model.model import Model
from sentiment.reviews import cells
from sentiment.reviews.header import normal_name, reads_as_header
from sentiment.reviews.rules import is_number, key_of
from tests.torture.outcome import Outcome
from tests.torture.terminal import on_a_terminal

TITLE = "Hostile text"
MODEL = Path(__file__).resolve().parents[2] / "tests" / "fixtures" / "format-1.safetensors"
GROWTH = 4
MOST = 2 * GROWTH  # times as long
SOON = 0.1  # seconds: what takes less says nothing of growth
TRIES = 4
CHARACTERS = 1_000_000
EXPLAINED = 20_000
PER_BYTE = 30  # bytes of memory for each byte of the file
UNITS = {
    "a line break tag that never ends": "<br         ",
    "tags": "<br />",
    "angles": "<",
    "hearts": "<3",
    "eyes": ":",
    "noses": ":-",
    "smiles": ":-)",
    "mouths": "=d;p",
    "apostrophes": "a'",
    "digits": "1",
    "digits and dots": "1.",
    "spaces": " ",
    "kinds of space": " \t\n\u2003",
    "dashes": "_- ",
    "backslashes": "\\",
    "quotes": '"',
    "brackets": "[|",
    "trees": "(0 ",
    "slashes": "a/",
    "small and large": "aB",
    "one letter": "a",
    "marks": "\u0301",
    "marks in disorder": "\u0315\u0300",
    "marks in disorder that are letters": "\u0f73",
    "ligatures of eighteen letters": "\ufdfa",
    "sigmas": "Σ'",
    "jamo": "\u1112\u1161\u11ab",
    "Han": "好",
    "emoji": "👩\u200d👧",
    "variation selectors": "❤\ufe0f",
    "turns": "\u202e\u2066",
    "escapes": "\x1b[31m",
    "NULs": "\0",
    "not": "not ",
    "lone surrogates": "\ud800",
}
ENDS = ["", "x", ")", " end."]


def run(share: float) -> Iterator[Outcome]:
    """Try a share: of the sizes. Below a hundredth nothing is timed, and few commands are run."""
    model = load_model(MODEL)
    timed = share >= 0.01
    yield from _growths(model, max(64, int(share * CHARACTERS)), timed=timed)
    yield _memory(int(share * 100_000_000))
    yield on_a_terminal(MODEL, every=1 if timed else 6)


def _growths(model: Model, size: int, *, timed: bool) -> Iterator[Outcome]:
    from sentiment.model.explanation import explain
    from sentiment.model.shown import parts_of

    texts = {name: functools.partial(_repeated, unit, "") for name, unit in UNITS.items()}
    texts |= {f"{name}, then x": functools.partial(_repeated, unit, "x")
              for name, unit in UNITS.items()}  # fmt: skip
    texts["distinct tokens"] = lambda length: " ".join(f"w{n}" for n in range(length // 6))
    explained = min(size, EXPLAINED)
    for what, work, characters in (
        ("answering a text", lambda text: model.scores([text]), size),
        ("explaining a text", lambda text: explain(model, text), explained),
        ("cutting a text into sentences", sentences, size),
        ("cutting a text for display", lambda text: list(parts_of(text, ())), size // 4),
        ("writing a cell", _write, size),
        ("reading a value, a name, a header", _read, size),
    ):
        outcome = Outcome(f"{what}: {GROWTH} times as long takes less than {MOST} times the time")
        for name, made in texts.items():
            _grow(outcome, name, work, made, characters, timed=timed)
        yield outcome
    outcome = Outcome("each regular expression on each text, as the code uses it: the same")
    for name, use in _uses_of_patterns():
        for unit, end in ((unit, end) for unit in UNITS.values() for end in ENDS):
            made = functools.partial(_repeated, unit, end)
            _grow(outcome, f"{name}: {unit!r} … {end!r}", use, made, size // 10, timed=timed)
    yield outcome


def _grow(
    outcome: Outcome,
    name: str,
    work: Callable[[str], object],
    made: Callable[[int], str],
    size: int,
    *,
    timed: bool,
) -> None:
    """Hold the time for a text to that for one of a quarter of its size."""
    short, long = made(size // GROWTH), made(size)
    if not timed:
        work(long)
        outcome.check(True, name)
        return
    slow = _seconds(work, long)
    if slow < SOON:
        outcome.check(True, name)
        return
    quick = min(_seconds(work, short) for _ in range(2))
    for _ in range(TRIES):  # on a crowded machine a while may pass that nobody worked
        if slow > MOST * quick:
            slow = min(slow, _seconds(work, long))
    outcome.check(
        slow < max(MOST * quick, SOON),
        f"{name}: {quick:.3f} s for {len(short):,} characters, {slow:.3f} s for {len(long):,}",
    )


def _seconds(work: Callable[[str], object], text: str) -> float:
    """Give the processor time that a piece of work takes."""
    begin = time.process_time()
    work(text)
    return time.process_time() - begin


def _repeated(unit: str, end: str, size: int) -> str:
    return unit * (size // len(unit)) + end


def _write(text: str) -> None:
    for written in (values.visible, cells.printable, cells.csv_cell, cells.tsv_cell, cells.to_json):
        cells.encode(written(text))


def _read(text: str) -> None:
    is_number(text)
    key_of(text)
    normal_name(text)
    reads_as_header([text, text])


def _uses_of_patterns() -> Iterator[tuple[str, Callable[[str], object]]]:
    """Find the regular expressions that modules of the program hold, and what they do with them."""
    for found in pkgutil.walk_packages(sentiment.__path__, "sentiment."):
        if found.name.startswith(("sentiment.training", "sentiment.__main__")):
            continue
        module = importlib.import_module(found.name)
        patterns = {k: v for k, v in vars(module).items() if isinstance(v, re.Pattern)}
        source = inspect.getsource(module) if patterns else ""
        for name, pattern in patterns.items():
            for method in set(re.findall(rf"\b{name}\.(\w+)\(", source)) or {"fullmatch"}:
                yield f"{found.name}.{name}.{method}", functools.partial(_use, pattern, method)


def _use(pattern: re.Pattern[Any], method: str, text: str) -> None:
    given: Any = text if isinstance(pattern.pattern, str) else text.encode("utf-8", "surrogatepass")
    if method == "sub":
        pattern.sub(given[:0], given)
    else:
        found = getattr(pattern, method)(given)
        if method == "finditer":
            list(found)


def _memory(size: int) -> Outcome:
    """Answer a file of one long review, and one of many short ones."""
    outcome = Outcome(f"one review of 100 MB in a file: below {PER_BYTE} bytes of memory a byte")
    unit = "It was good, 😍 and so on; "
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "in")
        idle = _peak(path, "lines", "good\n")
        for format, head, end in (
            ("lines", "", "\n"),
            ("csv", 'text,n\n"', '",1\n'),
            ("jsonl", '{"text": "', '"}\n'),
            ("tsv", "text\tn\n", "\t1\n"),
        ):
            text = head + unit * (size // len(unit.encode())) + end
            peak = _peak(path, format, text)
            taken = peak - idle
            outcome.check(
                peak > 0 and taken < PER_BYTE * max(size, 1_000_000),
                f"{format}: {taken / 1e6:,.0f} MB for {size / 1e6:,.0f} MB",
            )
    return outcome


def _peak(path: Path, format: str, text: str) -> int:
    """Give the most memory that answering takes, in bytes; 0 if it fails."""
    path.write_text(text, encoding="utf-8", newline="")
    command = [sys.executable, "-m", "sentiment", "predict", "-q", "-m", str(MODEL), "-i",
               str(path), "--input-format", format, "--workers", "1"]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    unit = 1 if sys.platform == "darwin" else 1024
    return usage.ru_maxrss * unit if process.returncode == 0 else 0
