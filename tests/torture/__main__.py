"""Try hard to break the program, and count how often it breaks: `make torture`.

Each part is a module here with a `TITLE` and a function `run(share)` that yields an `Outcome` for
each thing that has to hold; `share` is how many of all cases to try. The whole writes
benchmarks/RELIABILITY.md; `make test` tries a small share of each part (tests/test_torture.py).
"""

import importlib
import sys

from benchmarks.results import Table

PARTS: tuple[str, ...] = (
    "concurrency",
    "crash",
    "degenerate",
    "determinism",
    "models",
    "outputs",
    "resume",
    "rows",
    "signals",
    "text",
)


def main() -> None:
    """Run the parts named, or all of them, and write what they found."""
    failed = False
    for name in sys.argv[1:] or PARTS:
        part = importlib.import_module(f"tests.torture.{name}")
        print(f"\n{part.TITLE}", flush=True)
        table = Table(
            part.TITLE, "make torture", part.__doc__.splitlines()[0].rstrip("."),
            ("what has to hold", "cases", "failures"), "RELIABILITY.md",
        )  # fmt: skip
        for outcome in part.run(1.0):
            table.row(outcome.what, f"{outcome.cases:,}", f"{len(outcome.failures):,}")
            for failure in outcome.failures[:10]:
                table.note(f"  failed: {failure}")
            failed |= bool(outcome.failures)
        table.write()
    sys.exit(failed)


if __name__ == "__main__":
    main()
