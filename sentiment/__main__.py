"""The program: `sentiment`, or `python -m sentiment`."""

import gc
import os
import sys
from typing import NoReturn

from sentiment.runtime import ONE_THREAD, stop


def main() -> NoReturn:
    """Run the command line; exit without a traceback if interrupted while importing it."""
    try:
        stop.listen()
        gc.set_threshold(50_000)  # imports create objects that stay
        # Starting threads takes longer than an answer, whose matrix products are small; and in the
        # service they would compete with the thread of the connections.
        for name, value in ONE_THREAD.items():
            os.environ.setdefault(name, value)
        from sentiment.cli import run
    except BaseException:
        if stop.code is None:
            raise
        sys.exit(stop.code)
    run()


if __name__ == "__main__":
    main()
