"""Fuzz the reader of models, led by coverage, while developing it.

    pip install atheris
    python -m tests.torture.fuzz [FOLDER] -max_total_time=1000 -rss_limit_mb=0

On Linux, with Python 3.11 or what atheris runs on; it is no dependency, and `make torture` does
without. Each input is sealed, so that a wrong checksum does not end the search, and half of the
mutations are those of `forging`, which keep a file whole enough to be read on.
"""

import resource
import sys
import tempfile
import warnings
from contextlib import suppress
from pathlib import Path
from random import Random

import atheris

with atheris.instrument_imports(include=["sentiment"]):
    from tests.torture.forging import MUTATIONS, originals, sealed
    from tests.torture.loading import FIXTURES, ROOM, complaint

_MOST = 4 << 30
_PATH = Path(tempfile.mkdtemp()) / "fuzzed.safetensors"


def try_one(data: bytes) -> None:
    """Load what the fuzzer made up, and use it if it loads, in little memory."""
    _PATH.write_bytes(sealed(data))
    before = _memory("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the peak so far is that of making things up
    wrong = complaint(_PATH)
    if wrong:
        raise AssertionError(wrong)
    taken = _memory("VmHWM") - before
    if taken > ROOM + len(data):
        raise AssertionError(f"{taken:,} bytes of memory")


def _memory(name: str) -> int:
    """Give a figure of this process, in bytes (Linux)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith(f"{name}:"))


def mutate(data: bytes, most: int, seed: int) -> bytes:
    """Change an input: as `forging` does where it can still be taken apart, else byte by byte."""
    random = Random(seed)
    if random.random() < 0.5 and len(data) < 1 << 13:
        with suppress(Exception):
            return random.choice(MUTATIONS)(data, random)[:most]
    return atheris.Mutate(data, len(data))


if __name__ == "__main__":
    warnings.simplefilter("error")
    # A forgery of a forgery may ask for all memory that there is; a model must never.
    resource.setrlimit(resource.RLIMIT_AS, (_MOST, resource.RLIM_INFINITY))
    for number, good in enumerate(originals(FIXTURES)):
        if len(sys.argv) > 1 and Path(sys.argv[1]).is_dir():
            (Path(sys.argv[1]) / f"original-{number}").write_bytes(good)
    atheris.Setup(sys.argv, try_one, custom_mutator=mutate)
    atheris.Fuzz()
