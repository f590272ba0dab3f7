"""Load forged models and use those that load: python -m tests.torture.loading FIRST LAST STEP.

Prints a line for each case that is neither refused nor of use. `models` starts it, under a limit of
memory; by itself it shows a case again.
"""

import io
import json
import resource
import signal
import sys
import tempfile
import warnings
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from sentiment import cli
from sentiment.errors import ModelError
from sentiment.model.file import load_model
from tests.torture.forging import forged, originals

FIXTURES = Path(__file__).parents[2] / "tests" / "fixtures"
ROOM = 64 << 20  # bytes beside the file and what was there at the start
_SECONDS = 20
_TEXT = "It was not a good film 映画, :) " * 3
_TEXTS = [_TEXT, "", "good", "bad film"]
_COMMANDS = (
    ("info",), ("info", "--json"), ("info", "--words", "9", "--history"),
    ("explain", _TEXT, "-m"), ("explain", "--json", _TEXT, "-m"), ("predict", _TEXT, "-m"),
)  # fmt: skip


def complaint(path: Path) -> str:
    """Say what is wrong with how a file is taken; nothing, if it is refused or of use."""
    try:
        model = load_model(path)
    except ModelError as error:
        return "" if str(error).isprintable() else f"not one line: {error!r}"
    p_positive = model.probabilities(_TEXTS)[:, 1]
    if np.isnan(p_positive).tolist() != [False, True, False, False]:
        return f"probabilities {p_positive}"
    for name, *arguments in _COMMANDS:
        last = [str(path)] if "-m" in arguments or not arguments else []
        wrong = _run([name, *arguments, *last] if last else [name, str(path), *arguments])
        if wrong:
            return f"{name} {arguments}: {wrong}"
    return ""


def _run(arguments: list[str]) -> str:
    """Run a command in this process: it is to succeed, with clean output."""
    written = io.TextIOWrapper(io.BytesIO(), "utf-8", "backslashreplace")  # as in `cli.run`
    with redirect_stdout(written), redirect_stderr(written):
        code = cli.main(arguments)
    written.flush()
    output = written.buffer.getvalue().decode()
    if code:
        return f"exit code {code}: {output}"
    if any(not char.isprintable() for char in output.replace("\n", "").replace("\t", "")):
        return f"raw characters in {output!r}"
    if "--json" in arguments:
        json.loads(output, parse_constant=_refuse)
    return "" if "nan" not in output.split() else "not a number"


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} in JSON")


def _taken() -> int:
    """Bytes of address space that this process takes; 0 where that cannot be told."""
    pages = Path("/proc/self/statm")
    return int(pages.read_text().split()[0]) * resource.getpagesize() if pages.exists() else 0


def _limit_memory(most: int) -> None:
    if Path("/proc/self/statm").exists():
        resource.setrlimit(resource.RLIMIT_AS, (most, resource.getrlimit(resource.RLIMIT_AS)[1]))


def _out_of_time(*_: Any) -> NoReturn:
    raise TimeoutError(f"more than {_SECONDS} seconds")


def main(first: int, last: int, step: int) -> None:
    """Try the forgeries of some numbers."""
    warnings.simplefilter("error")
    signal.signal(signal.SIGALRM, _out_of_time)
    good = originals(FIXTURES)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "forged.safetensors"
        for data in good:
            path.write_bytes(data)
            assert complaint(path) == "", complaint(path)
        start = _taken()
        for number in range(first, last, step):
            what, data = forged(number, good)
            path.write_bytes(data)
            size = len(data)
            del data
            _limit_memory(start + size + ROOM)
            signal.alarm(_SECONDS)
            try:
                wrong = complaint(path)
            except BaseException as error:  # whatever it is, it is what was looked for
                wrong = f"{type(error).__name__}: {error}"
            signal.alarm(0)
            _limit_memory(start + (1 << 32))
            if wrong:
                print(f"{number}, {what}, {size:,} bytes: {wrong[:300]!r}", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
